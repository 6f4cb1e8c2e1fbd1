//! `/search`: everything by keyword, narrowed by facets, as one types.

use std::str::FromStr as _;

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_core::health::is_judged;
use tailwater_core::project::{Node, ResourceType};
use tailwater_core::search::{
    Answer, Cursor, Facet, FacetCounts, Field, Filters, Hit, Marked, Query, Request,
};
use tailwater_engine::catalog::{Catalog, MACRO_KIND};

use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::name::{cut, name};
use crate::view::number::{counted, grouped};
use crate::view::{badge, glyph, readiness};

/// How many hits a page has.
const HITS: usize = 30;
/// How many values of a facet are offered.
const VALUES: usize = 12;
/// Longer lines are cut before they are read, in characters.
const LONGEST_QUERY: usize = 400;
/// More choices than these are not taken.
const MOST_CHOICES: usize = 50;

/// `GET /search`
pub async fn get(context: Context) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let words: String = context
        .parameter("q")
        .unwrap_or_default()
        .chars()
        .take(LONGEST_QUERY)
        .collect();
    let filters = chosen(&context);
    let after = match context.parameter("after").filter(|after| !after.is_empty()) {
        None => None,
        Some(after) => Some(Cursor::from_str(&after).map_err(|_| {
            Error::bad_request("`after` is not the end of a page of this search")
                .with_hint("leave it out to begin at the first page")
        })?),
    };
    let request = Request {
        query: Query::parse(&words),
        filters,
        first: HITS,
        after,
        facet_values: VALUES,
    };
    let answer = catalog.search(&request);
    if context.parameter("format").as_deref() == Some("json") {
        return Ok(axum::Json(answer).into_response());
    }
    let title = if words.trim().is_empty() {
        "Search".to_owned()
    } else {
        format!("{} – Search", cut(&words, 60))
    };
    let page = readiness::page(&context, &catalog, title).heading(html! { "Search" });
    let body = html! {
        form method="get" action=(context.uri.path()) data-live="results" role="search" aria-label="Search everything" {
            @if let Some(environment) = &context.environment { input type="hidden" name="env" value=(environment); }
            div.row {
                div.field.grow {
                    label for="search-q" { "Search for" }
                    input id="search-q" type="search" name="q" value=(words) autocomplete="off" maxlength="400" autofocus
                        aria-describedby="search-advice";
                    p.advice id="search-advice" { "Any part of a name, column, description, owner or relation. " code { "-word" } " leaves out, " code { "OR" } " takes either, " code { "\"quotes\"" } " keep words together." }
                }
                button.primary type="submit" { "Search" }
            }
            div #results {
                @if request.query.is_cut { p.muted { "Only the first words were looked for." } }
                div.columns {
                    div { (results(&context, &catalog, &request, &answer)) }
                    div { @for facet in &answer.facets { (choices(facet)) } }
                }
            }
        }
    };
    Ok(page.body(&body).into_response())
}

/// What the address narrows by.
fn chosen(context: &Context) -> Filters {
    let query = context.uri.query().unwrap_or_default().as_bytes();
    let mut filters = Filters::default();
    for (key, value) in url::form_urlencoded::parse(query).take(MOST_CHOICES) {
        if let Some(facet) = Facet::from_name(&key) {
            filters = filters.with(facet, value);
        }
    }
    filters
}

fn results(context: &Context, catalog: &Catalog, request: &Request, answer: &Answer) -> Markup {
    html! {
        p.muted data-say { (counted(answer.total, "resource", "resources")) @if request.query.is_empty() && request.filters.is_empty() { ", those that are used most first" } }
        @if answer.hits.is_empty() {
            div.empty {
                p { "Nothing is like that." }
                p { @if !request.filters.is_empty() { a href=(address(context, &Filters::default(), None)) { "Search everything" } } @else { "Try a part of the word: names and columns are found by any piece of them." } }
            }
        } @else {
            ul.plain-list { @for hit in &answer.hits { li { (row(context, catalog, hit)) } } }
        }
        nav.pages aria-label="Pages" {
            @if request.after.is_some() { a href=(address(context, &request.filters, None)) data-swap="results" { "First page" } }
            @if let Some(next) = &answer.next { a rel="next" href=(address(context, &request.filters, Some(next))) data-swap="results" { "Next page" } }
        }
    }
}

/// This search with other choices, on another page.
fn address(context: &Context, filters: &Filters, after: Option<&Cursor>) -> Address {
    let mut address = context
        .links
        .to("/search")
        .query_if("q", context.parameter("q").as_deref());
    for (facet, values) in filters.iter() {
        for value in values {
            address = address.query(facet.name(), value);
        }
    }
    address.query_if("after", after.map(ToString::to_string).as_deref())
}

fn row(context: &Context, catalog: &Catalog, hit: &Hit) -> Markup {
    let node = catalog.node(&hit.id);
    let kind = hit.id.split('.').next().unwrap_or_default();
    let address = match node {
        Some(node) => context.links.node(node.resource_type, &node.unique_id),
        None => context.links.to("/macros").segment(&hit.id),
    };
    html! {
        div.row.spread {
            span.name { @match node { Some(node) => (glyph::of_kind(node.resource_type)), None => (glyph::glyph("macro")) }
                a href=(address) { (marked(&hit.title)) } }
            @if let Some(node) = node { @if is_judged(node.resource_type) { (badge::health(catalog.health(&hit.id).state.name())) } }
        }
        span.path { (kind.replace('_', " ")) " · " @match node { Some(node) => (place(catalog, node)), None => "macro" } }
        @if let Some(excerpt) = &hit.excerpt {
            span.path { (field_title(excerpt.field))
                @if let Some(column) = excerpt.column.as_deref().filter(|_| excerpt.field == Field::ColumnDescription) { " " code { (name(column)) } }
                ": " (marked(&excerpt.text)) }
        }
    }
}

/// Where people would look for it: of dashboards the project and the owner, of others the file.
fn place(catalog: &Catalog, node: &Node) -> Markup {
    let exposure = catalog
        .exposure(node.unique_id.as_str())
        .filter(|_| node.resource_type == ResourceType::Exposure);
    if let Some(exposure) = exposure {
        let folder = catalog.collection_path(exposure).join(" / ");
        let owner = exposure.owner.name.as_deref().or(exposure.owner.email.as_deref());
        return html! { (name(&folder)) @if let Some(owner) = owner { @if !folder.is_empty() { " · " } (name(owner)) } };
    }
    html! { (name(&node.package)) @if !node.path.is_empty() { " · " (name(&node.path)) } }
}

/// A text with its finds marked.
fn marked(text: &Marked) -> Markup {
    html! { bdi {
        @if text.is_cut_before { "…" }
        @for (piece, is_marked) in text.pieces() { @if is_marked { mark { (piece) } } @else { (piece) } }
        @if text.is_cut_after { "…" }
    } }
}

const fn field_title(field: Field) -> &'static str {
    match field {
        Field::Name => "name",
        Field::Label => "label",
        Field::Tag => "tag",
        Field::Owner => "owner",
        Field::Relation => "relation",
        Field::Column => "column",
        Field::Description => "description",
        Field::ColumnDescription => "description of the column",
        Field::Code => "code",
    }
}

const fn facet_title(facet: Facet) -> &'static str {
    match facet {
        Facet::Kind => "Kind",
        Facet::Tool => "Tool",
        Facet::Project => "Project",
        Facet::Tag => "Tag",
        Facet::Owner => "Owner",
        Facet::Health => "Health",
        Facet::Layer => "Layer",
        Facet::Materialization => "Materialization",
        Facet::Access => "Access",
    }
}

fn choices(counts: &FacetCounts) -> Markup {
    let is_useful = counts.values.len() > 1 || counts.values.iter().any(|value| value.is_chosen);
    html! {
        @if is_useful {
            fieldset {
                legend { (facet_title(counts.facet)) }
                @for value in &counts.values {
                    div { label.inline {
                        input type="checkbox" name=(counts.facet.name()) value=(value.value) checked[value.is_chosen]; " "
                        (name(&value_title(counts.facet, &value.value))) " " span.muted { (grouped(value.count as u64)) }
                    } }
                }
                @if counts.more > 0 { p.muted { "and " (counts.more) " more" } }
            }
        }
    }
}

fn value_title(facet: Facet, value: &str) -> String {
    match facet {
        Facet::Kind if value == MACRO_KIND => "macro".to_owned(),
        Facet::Kind => ResourceType::from_name(value)
            .map_or_else(|| value.to_owned(), |kind| glyph::title(kind).to_owned()),
        Facet::Tool => glyph::tool_title(value).to_owned(),
        Facet::Health => badge::title(value).to_owned(),
        _ => value.to_owned(),
    }
}
