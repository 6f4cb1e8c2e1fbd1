//! `/sources`: tables that dbt reads and does not build, with their freshness.

use std::borrow::Cow;

use axum::response::Response;
use maud::html;
use tailwater_core::history::LastFreshness;
use tailwater_core::project::{FreshnessCriteria, Node, ResourceType};
use tailwater_engine::catalog::Catalog;

use super::facet::{self, Row};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::time::ago_or_dash;
use crate::view::{readiness, run};

/// `GET /sources`
pub async fn get(context: Context) -> Result<Response, Error> {
    let context = &context;
    let catalog = context.catalog()?;
    let catalog = catalog.as_ref();
    let mut filter = facet::filter_with_health(context, catalog)
        .one("source", "Source", |node| {
            node.source_name.as_deref().map(Cow::Borrowed)
        })
        .one("freshness", "Freshness", |node| {
            Some(Cow::Owned(freshness_word(catalog, node)))
        });
    let rows = filter.apply(catalog.nodes_of(ResourceType::Source));
    let nothing = if filter.is_used() {
        empty(
            "No source is like that.",
            &html! { a href=(context.uri.path()) { "Show all sources" } },
        )
    } else {
        empty(
            "The project declares no sources.",
            &html! { p { "Declare the tables that you load in a `sources:` block of dbt." } },
        )
    };
    let mut list = List::new(context, "sources", rows, nothing);
    list = facet::with_name(list, context);
    list = facet::with_health(list, catalog);
    let loaded = |node: &Row<'_>| last(catalog, node).and_then(|last| last.max_loaded_at);
    list = list
        .column(
            Column::new("freshness", "Freshness", |node: &Row<'_>| {
                freshness_word(catalog, node)
            })
            .shown(|node| {
                last(catalog, node).map_or_else(
                    || html! { span.muted { (freshness_word(catalog, node)) } },
                    |last| run::status_at(context, &last.status, last.at),
                )
            }),
        )
        .column(
            Column::new("max_loaded_at", "Newest row", move |node: &Row<'_>| {
                loaded(node).map_or_else(String::new, |at| at.to_rfc3339())
            })
            .shown(move |node| html! { span.nowrap { (ago_or_dash(loaded(node), context.now)) } })
            .sorted_by(loaded),
        )
        .column(Column::new("criteria", "Allowed age", |node: &Row<'_>| {
            node.freshness
                .as_ref()
                .map_or_else(String::new, criteria_in_words)
        }));
    list = facet::with_tests(list, context, catalog);
    list = facet::with_use(list, context, catalog);
    list = list.column(
        Column::new("relation", "Relation", |node: &Row<'_>| rendered(node).to_owned()).in_files_only(),
    );
    list = facet::with_description(list);
    list.respond(|table| {
        readiness::page(context, catalog, "Sources").body(&html! {
            (filter.form("sources"))
            div #list { (filter.count("source", "sources")) (table) }
        })
    })
}

fn rendered(node: &Node) -> &str {
    let relation = node.relation.as_ref();
    relation
        .and_then(|relation| relation.rendered.as_deref())
        .unwrap_or_default()
}

fn last<'a>(catalog: &'a Catalog, node: &Node) -> Option<&'a LastFreshness> {
    catalog.state(node.unique_id.as_str())?.freshness.as_ref()
}

/// dbt's word for the last check, or why there is none.
fn freshness_word(catalog: &Catalog, node: &Node) -> String {
    match (last(catalog, node), &node.freshness) {
        (Some(last), _) => last.status.name().to_owned(),
        (None, Some(_)) => "never checked".to_owned(),
        (None, None) => "not configured".to_owned(),
    }
}

/// "warn after 12 h, error after 2 days"
pub fn criteria_in_words(criteria: &FreshnessCriteria) -> String {
    let words =
        |what: &str, seconds: Option<u64>| seconds.map(|seconds| format!("{what} after {}", age(seconds)));
    let both = [
        words("warn", criteria.warn_after_seconds),
        words("error", criteria.error_after_seconds),
    ];
    both.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// In the largest unit that divides it, as people configure it.
fn age(seconds: u64) -> String {
    for (unit, length) in [("day", 86_400), ("h", 3_600), ("min", 60)] {
        if seconds >= length && seconds.is_multiple_of(length) {
            let number = seconds / length;
            let ending = if unit == "day" && number != 1 { "s" } else { "" };
            return format!("{number} {unit}{ending}");
        }
    }
    format!("{seconds} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_as_they_were_set() {
        let criteria = FreshnessCriteria {
            warn_after_seconds: Some(43_200),
            error_after_seconds: Some(172_800),
        };
        assert_eq!(
            criteria_in_words(&criteria),
            "warn after 12 h, error after 2 days"
        );
        assert_eq!(
            (age(86_400).as_str(), age(90).as_str(), age(0).as_str()),
            ("1 day", "90 s", "0 s")
        );
    }
}
