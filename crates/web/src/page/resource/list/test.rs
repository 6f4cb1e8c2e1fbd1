//! `/tests`: data tests and unit tests, with how they ended last.

use std::borrow::Cow;

use axum::response::Response;
use maud::html;
use tailwater_core::history::LastResult;
use tailwater_core::project::{Node, ResourceType, Severity, TestKind};
use tailwater_engine::catalog::Catalog;

use super::facet::{self, Row};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::name::name;
use crate::view::{readiness, resource, run};

/// `GET /tests`
pub async fn get(context: Context) -> Result<Response, Error> {
    let context = &context;
    let catalog = context.catalog()?;
    let catalog = catalog.as_ref();
    let mut filter = facet::filter(context)
        .one("status", "Last result", |node| {
            Some(Cow::Owned(status_word(catalog, node)))
        })
        .one("type", "Type", |node| Some(Cow::Borrowed(type_word(node))))
        .one("severity", "Severity", |node| {
            severity_word(node).map(Cow::Borrowed)
        })
        .one("test", "Test", |node| {
            node.test.as_ref()?.name.as_deref().map(Cow::Borrowed)
        });
    let both = catalog
        .nodes_of(ResourceType::Test)
        .chain(catalog.nodes_of(ResourceType::UnitTest));
    let rows = filter.apply(both);
    let nothing = if filter.is_used() {
        empty(
            "No test is like that.",
            &html! { a href=(context.uri.path()) { "Show all tests" } },
        )
    } else {
        empty(
            "The project has no tests.",
            &html! { p { "A model without tests can at best be in the state caution." } },
        )
    };
    let list = facet::with_name(List::new(context, "tests", rows, nothing), context);
    let list = facet::with_description(columns(list, context, catalog, true));
    list.respond(|table| {
        readiness::page(context, catalog, "Tests").body(&html! {
            (filter.form("tests"))
            div #list { (filter.count("test", "tests")) (table) }
        })
    })
}

/// What every list of tests says of a test: its result, and, unless that is clear, what it tests.
pub fn columns<'a>(
    list: List<'a, Row<'a>>,
    context: &'a Context,
    catalog: &'a Catalog,
    has_tested: bool,
) -> List<'a, Row<'a>> {
    let at = |node: &Row<'a>| last(catalog, node).and_then(|last| last.at);
    let mut list = list.column(
        Column::new("status", "Last result", |node: &Row<'a>| {
            status_word(catalog, node)
        })
        .shown(|node| {
            last(catalog, node).map_or_else(
                || html! { span.muted { "never run" } },
                |last| run::status_at(context, &last.status, last.at),
            )
        })
        .sorted_by(|node| facet::state(catalog, node)),
    );
    list = list
        .column(
            Column::new("last_run_at", "Last run at", move |node: &Row<'a>| {
                at(node).map_or_else(String::new, |at| at.to_rfc3339())
            })
            .in_files_only(),
        )
        .column(
            Column::new("failures", "Failures", |node: &Row<'a>| {
                let failures = last(catalog, node).and_then(|last| last.failures);
                failures.map_or_else(String::new, |failures| failures.to_string())
            })
            .number(|node| last(catalog, node).and_then(|last| last.failures)),
        );
    if has_tested {
        list = list.column(
            Column::new("tests", "Tests", |node: &Row<'a>| {
                let tested = tested(catalog, node).into_iter();
                tested
                    .map(|node| node.unique_id.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .shown(|node| {
                let tested = tested(catalog, node);
                let more = tested.len().saturating_sub(3);
                html! {
                    @for node in tested.into_iter().take(3) { div { (resource::link(context, node)) } }
                    @if more > 0 { div.muted { "and " (more) " more" } }
                }
            }),
        );
    }
    list.column(
        Column::new("column", "Column", |node: &Row<'a>| {
            column(node).unwrap_or_default().to_owned()
        })
        .shown(|node| html! { @if let Some(column) = column(node) { code { (name(column)) } } }),
    )
    .column(Column::new("type", "Type", |node: &Row<'a>| {
        type_word(node).to_owned()
    }))
    .column(Column::new("severity", "Severity", |node: &Row<'a>| {
        severity_word(node).unwrap_or_default().to_owned()
    }))
}

/// How a test ended last.
pub fn last<'a>(catalog: &'a Catalog, node: &Node) -> Option<&'a LastResult> {
    catalog.state(node.unique_id.as_str())?.test.as_ref()
}

fn status_word(catalog: &Catalog, node: &Node) -> String {
    last(catalog, node).map_or_else(|| "never run".to_owned(), |last| last.status.name().to_owned())
}

/// `generic`, `singular` or `unit`.
pub const fn type_word(node: &Node) -> &'static str {
    match &node.test {
        Some(test) => match test.kind {
            TestKind::Generic => "generic",
            TestKind::Singular => "singular",
            TestKind::Unit => "unit",
        },
        None => "unit",
    }
}

/// `error` or `warn`; unit tests have none.
pub fn severity_word(node: &Node) -> Option<&'static str> {
    let test = node.test.as_ref().filter(|test| test.kind != TestKind::Unit)?;
    Some(match test.severity {
        Severity::Error => "error",
        Severity::Warn => "warn",
    })
}

/// The column that it is declared on.
pub fn column(node: &Node) -> Option<&str> {
    node.test.as_ref()?.column.as_deref()
}

/// What it tests: the node that it is declared on, else everything that it reads.
pub fn tested<'a>(catalog: &'a Catalog, node: &Node) -> Vec<&'a Node> {
    let attached = node.test.as_ref().and_then(|test| test.attached_node.as_ref());
    match attached.and_then(|id| catalog.node(id.as_str())) {
        Some(attached) => vec![attached],
        None => catalog.parents(node.unique_id.as_str()).collect(),
    }
}
