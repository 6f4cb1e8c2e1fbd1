//! `/models`, `/seeds`, `/snapshots`: what dbt builds.

use std::borrow::Cow;

use axum::response::Response;
use maud::html;
use tailwater_core::history::LastResult;
use tailwater_core::layer::Layer;
use tailwater_core::project::{Node, ResourceType};
use tailwater_engine::catalog::Catalog;

use super::facet::{self, Row};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::{readiness, run};

/// `GET /models`
pub async fn models(context: Context) -> Result<Response, Error> {
    respond(&context, ResourceType::Model, ["Models", "model", "models"])
}

/// `GET /seeds`
pub async fn seeds(context: Context) -> Result<Response, Error> {
    respond(&context, ResourceType::Seed, ["Seeds", "seed", "seeds"])
}

/// `GET /snapshots`
pub async fn snapshots(context: Context) -> Result<Response, Error> {
    respond(
        &context,
        ResourceType::Snapshot,
        ["Snapshots", "snapshot", "snapshots"],
    )
}

fn respond(context: &Context, kind: ResourceType, words: [&'static str; 3]) -> Result<Response, Error> {
    let [title, one, many] = words;
    let catalog = context.catalog()?;
    let catalog = catalog.as_ref();
    let is_model = kind == ResourceType::Model;
    let mut filter = facet::filter_with_health(context, catalog);
    if is_model {
        filter = filter
            .one("materialized", "Materialization", |node| {
                node.materialized().map(Cow::Borrowed)
            })
            .one("layer", "Layer", |node| {
                Layer::of(node).map(|layer| Cow::Borrowed(layer.name()))
            })
            .one("access", "Access", |node| {
                node.access.as_deref().map(Cow::Borrowed)
            })
            .one("group", "Group", |node| node.group.as_deref().map(Cow::Borrowed));
    }
    let rows = filter.apply(catalog.nodes_of(kind));
    let nothing = if filter.is_used() {
        empty(
            &format!("No {one} is like that."),
            &html! { a href=(context.uri.path()) { "Show all " (many) } },
        )
    } else {
        empty(
            &format!("The project has no {many}."),
            &html! { p { "What dbt declares appears here as soon as its manifest arrives." } },
        )
    };
    let mut list = List::new(context, many, rows, nothing);
    list = facet::with_name(list, context);
    list = facet::with_health(list, catalog);
    if is_model {
        list = list
            .column(Column::new("materialized", "Materialized", |node: &Row<'_>| {
                node.materialized().unwrap_or_default().to_owned()
            }))
            .column(Column::new("layer", "Layer", |node: &Row<'_>| {
                Layer::of(node).map_or("", Layer::name).to_owned()
            }));
    }
    list = with_last_run(list, context, catalog);
    list = facet::with_tests(list, context, catalog);
    list = facet::with_use(list, context, catalog);
    if is_model {
        list = facet::with_group(list).column(
            Column::new("access", "Access", |node: &Row<'_>| {
                node.access.clone().unwrap_or_default()
            })
            .in_files_only(),
        );
    }
    list = facet::with_description(list);
    list.respond(|table| {
        readiness::page(context, catalog, title).body(&html! {
            (filter.form(many))
            div #list { (filter.count(one, many)) (table) }
        })
    })
}

fn last_build<'a>(catalog: &'a Catalog, node: &Node) -> Option<&'a LastResult> {
    catalog.state(node.unique_id.as_str())?.build.as_ref()
}

fn with_last_run<'a>(
    list: List<'a, Row<'a>>,
    context: &'a Context,
    catalog: &'a Catalog,
) -> List<'a, Row<'a>> {
    let at = |node: &Row<'a>| last_build(catalog, node).and_then(|last| last.at);
    list.column(
        Column::new("last_run", "Last run", |node: &Row<'a>| {
            last_build(catalog, node).map_or_else(String::new, |last| last.status.name().to_owned())
        })
        .shown(|node| {
            last_build(catalog, node).map_or_else(
                || html! { span.muted { "–" } },
                |last| run::status_at(context, &last.status, last.at),
            )
        })
        .sorted_by(at),
    )
    .column(
        Column::new("last_run_at", "Last run at", move |node: &Row<'a>| {
            at(node).map_or_else(String::new, |at| at.to_rfc3339())
        })
        .in_files_only(),
    )
}
