//! What is written down of a resource: the list at the right of its page.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;
use tailwater_core::project::{Group, Node, Project, ResourceType};
use tailwater_engine::catalog::Catalog;

use super::list::source::criteria_in_words;
use super::subject::{Subject, has_contract};
use crate::view::badge::tag;
use crate::view::name::{cut, name};
use crate::view::number::{bytes, grouped};
use crate::view::resource;

/// A value of `config` or `meta` is cut here, in characters.
const LONGEST_VALUE: usize = 400;

/// The facts of any kind.
pub fn facts(subject: &Subject<'_>) -> Markup {
    let Subject {
        context,
        catalog,
        node,
    } = *subject;
    let table = catalog.warehouse_table(subject.id());
    let group = group_of(catalog, node);
    let versions = versions(catalog, node);
    html! {
        dl.facts {
            @if let Some(relation) = subject.relation() {
                dt { "Relation" }
                dd { code id="relation" { (cut(relation, 1_000)) } " " button.plain type="button" data-copy-from="relation" { "Copy" } }
            } @else if node.is_ephemeral() {
                dt { "Relation" } dd { span.muted { "none: it is ephemeral, inlined into what reads it" } }
            }
            @if let Some(table) = table {
                dt { "In the warehouse" }
                dd { (name(&table.kind.to_lowercase()))
                    @if let Some(rows) = table.row_count { ", " (grouped(rows)) " rows" }
                    @if let Some(size) = table.bytes { ", " (bytes(size)) }
                    @if let Some(owner) = &table.owner { ", owned by " (name(owner)) }
                }
            }
            @if let Some(materialized) = node.materialized().filter(|_| node.resource_type == ResourceType::Model) { dt { "Materialized" } dd { (materialized) } }
            @if let Some(criteria) = &node.freshness { dt { "Allowed age" } dd { (criteria_in_words(criteria)) } }
            @if let Some(field) = node.config.get("loaded_at_field").and_then(Value::as_str) { dt { "Loaded at" } dd { code { (cut(field, LONGEST_VALUE)) } } }
            @if let Some(loader) = node.config.get("loader").and_then(Value::as_str) { dt { "Loader" } dd { (name(loader)) } }
            @if let Some(group_name) = &node.group {
                dt { "Group" }
                dd { (name(group_name)) @if let Some(group) = group { (owner(group)) } }
            }
            @if let Some(access) = &node.access { dt { "Access" } dd { (access) } }
            @if node.resource_type == ResourceType::Model { dt { "Contract" } dd { @if has_contract(node) { "enforced" } @else { "not enforced" } } }
            @if versions.len() > 1 {
                dt { "Versions" }
                dd { @for other in &versions {
                    @if other.unique_id == node.unique_id { strong { (name(&resource::label(other))) } } @else { (resource::link(context, other)) }
                    " "
                } }
            }
            @if !node.tags.is_empty() { dt { "Tags" } dd { @for word in &node.tags { (tag(&cut(word, 80))) " " } } }
            dt { "Package" } dd { (name(&node.package)) }
            @if !node.path.is_empty() { dt { "File" } dd { code { (cut(&node.path, LONGEST_VALUE)) } } }
            @if let Some(path) = &node.patch_path { dt { "Described in" } dd { code { (cut(path, LONGEST_VALUE)) } } }
            dt { "Id" } dd { code { (node.unique_id) } }
        }
        (settings("Meta", &node.meta))
        (settings("Configuration", &node.config))
    }
}

/// Name and address of the people who own a group.
fn owner(group: &Group) -> Markup {
    html! {
        @if let Some(owner) = &group.owner_name { ", " (name(owner)) }
        @if let Some(email) = &group.owner_email { " " (mail(email)) }
    }
}

/// An address to write to.
pub fn mail(address: &str) -> Markup {
    html! {
        @if is_address(address) { a href={ "mailto:" (address) } { (name(address)) } } @else { (name(address)) }
    }
}

/// Whether it can stand in a `mailto:` as it is, with no subject or second receiver smuggled in.
fn is_address(text: &str) -> bool {
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '@' | '.' | '-' | '_' | '+' | '\'')
    };
    text.contains('@') && text.chars().all(is_plain)
}

/// The declaration of a node's group.
pub fn group_of<'a>(catalog: &'a Catalog, node: &Node) -> Option<&'a Group> {
    let wanted = node.group.as_deref()?;
    let groups = catalog.manifests().flat_map(Project::groups);
    let named: Vec<&Group> = groups.filter(|group| group.name == wanted).collect();
    let own = named.iter().find(|group| group.package == node.package);
    own.or_else(|| named.first()).copied()
}

/// The versions of a model, itself among them, in the order of their versions.
fn versions<'a>(catalog: &'a Catalog, node: &Node) -> Vec<&'a Node> {
    if node.version.is_none() {
        return Vec::new();
    }
    let is_sibling =
        |other: &&Node| other.name == node.name && other.package == node.package && other.version.is_some();
    let mut versions: Vec<&Node> = catalog.nodes_of(node.resource_type).filter(is_sibling).collect();
    let number = |node: &Node| {
        node.version
            .as_deref()
            .and_then(|version| version.parse::<u32>().ok())
    };
    versions.sort_by_key(|node| number(node));
    versions
}

/// A folded table of settings; nothing for none.
fn settings(title: &str, values: &serde_json::Map<String, Value>) -> Markup {
    let values: BTreeMap<&String, &Value> = values.iter().take(100).collect();
    html! {
        @if !values.is_empty() {
            details {
                summary { (title) }
                dl.facts {
                    @for (key, value) in values { dt { (name(key)) } dd { code { (value_text(value)) } } }
                }
            }
        }
    }
}

fn value_text(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    cut(&text, LONGEST_VALUE).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_receiver_comes_into_an_address() {
        assert!(is_address("ana.moreno+bi@shop.example"));
        for text in [
            "ana",
            "ana@x.example?cc=all@x.example",
            "a@b,c@d",
            "a@b\nc",
            "ana @x",
        ] {
            assert!(!is_address(text), "{text}");
            assert!(!mail(text).into_string().contains("mailto:"), "{text}");
        }
    }
}
