//! `/metrics`, `/semantic-models`, `/saved-queries`: what dbt declares and does not build.

use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::response::Response;
use maud::html;
use tailwater_core::project::ResourceType;

use super::facet::{self, Row};
use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::number::counted;
use crate::view::{readiness, resource};

/// `GET /metrics`: dbt's metrics for a browser and for whoever asks for a format; for everybody else what this
/// program counts, since Prometheus looks for it under this address.
pub async fn metrics(State(app): State<App>, context: Context) -> Result<Response, Error> {
    let accept = context
        .headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    let is_page = accept.is_some_and(|accept| accept.contains("text/html"));
    if !is_page && context.parameter("format").is_none() {
        return crate::metrics::get(&app).await;
    }
    respond(&context, ResourceType::Metric, ["Metrics", "metric", "metrics"])
}

/// `GET /semantic-models`
pub async fn semantic_models(context: Context) -> Result<Response, Error> {
    let words = ["Semantic models", "semantic model", "semantic models"];
    respond(&context, ResourceType::SemanticModel, words)
}

/// `GET /saved-queries`
pub async fn saved_queries(context: Context) -> Result<Response, Error> {
    let words = ["Saved queries", "saved query", "saved queries"];
    respond(&context, ResourceType::SavedQuery, words)
}

fn respond(context: &Context, kind: ResourceType, words: [&'static str; 3]) -> Result<Response, Error> {
    let [title, one, many] = words;
    let catalog = context.catalog()?;
    let catalog = catalog.as_ref();
    let mut filter = facet::filter(context);
    let rows = filter.apply(catalog.nodes_of(kind));
    let nothing = if filter.is_used() {
        empty(
            &format!("No {one} is like that."),
            &html! { a href=(context.uri.path()) { "Show all " (many) } },
        )
    } else {
        empty(&format!("The project has no {many}."), &html! {})
    };
    let mut list = facet::with_name(List::new(context, many, rows, nothing), context);
    list = list.column(
        Column::new("stands_on", "Stands on", |node: &Row<'_>| {
            let parents = catalog.parents(node.unique_id.as_str());
            parents
                .map(|parent| parent.unique_id.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .shown(|node| {
            let mut parents = catalog.parents(node.unique_id.as_str());
            let first = parents.next();
            let more = parents.count();
            html! {
                @if let Some(first) = first { (resource::link(context, first)) }
                @if more > 0 { div.muted { "and " (counted(more, "more", "more")) } }
            }
        }),
    );
    list = facet::with_group(facet::with_use(list, context, catalog));
    list = facet::with_description(list);
    list.respond(|table| {
        readiness::page(context, catalog, title).body(&html! {
            (filter.form(many))
            div #list { (filter.count(one, many)) (table) }
        })
    })
}
