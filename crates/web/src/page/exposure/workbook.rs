//! `/exposures/{id}/workbook`: the dashboards and sheets inside a workbook, and the data sources that they read.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_core::id::PartId;
use tailwater_core::inventory::{Completeness, Part, PartKind};
use tailwater_engine::catalog::{AssetView, DataSourceView};

use super::subject::{Subject, Tab, catalog, is_web};
use crate::context::Context;
use crate::error::Error;
use crate::view::name::{cut, name};
use crate::view::number::grouped;
use crate::view::time::ago_or_dash;

/// More parts, tables or queries than these are only counted.
const MOST_SHOWN: usize = 500;

/// `GET /exposures/{id}/workbook`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let body = subject.asset().map_or_else(
        || html! { p.muted { "What was inside is not known any more." } },
        |view| body(&subject, &view),
    );
    Ok(subject.page(Tab::Workbook, &body).into_response())
}

fn body(subject: &Subject<'_>, view: &AssetView<'_>) -> Markup {
    let parts = &view.asset.parts;
    let by_id: BTreeMap<&PartId, &Part> = parts.iter().map(|part| (&part.id, part)).collect();
    let sources = subject.catalog.data_sources(subject.exposure);
    html! {
        section.card {
            h2 { "Dashboards and sheets " span.muted { "(" (parts.len()) ")" } }
            @if parts.is_empty() { p.muted { "The BI tool tells of none." } }
            @else { div.scroll tabindex="0" role="region" aria-label="Dashboards and sheets" { table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Kind" } th scope="col" { "Shows" } th.number scope="col" { "Views" } } }
                tbody { @for part in parts.iter().take(MOST_SHOWN) { (one_part(part, &by_id)) } }
            } } }
            (more(parts.len()))
        }
        section.card {
            h2 { "Data sources " span.muted { "(" (sources.len()) ")" } }
            @if sources.is_empty() { p.muted { "The BI tool tells of none." } }
            @for source in sources.iter().take(MOST_SHOWN) { (one_source(subject, view, source)) }
            (more(sources.len()))
        }
        (completeness(&view.asset.lineage))
    }
}

fn one_part(part: &Part, by_id: &BTreeMap<&PartId, &Part>) -> Markup {
    let kind = match part.kind {
        PartKind::Dashboard => "dashboard",
        PartKind::Sheet => "sheet",
        PartKind::Story => "story",
    };
    html! {
        tr {
            td { @match part.url.as_deref().filter(|url| is_web(url)) {
                Some(url) => a href=(url) target="_blank" rel="noopener noreferrer" { (name(&part.name)) },
                None => (name(&part.name)),
            } }
            td { (kind) @if part.is_hidden { span.muted { ", hidden" } } }
            td { @for (at, id) in part.contains.iter().take(20).enumerate() {
                @if at > 0 { ", " }
                @match by_id.get(id) { Some(inner) => (name(&inner.name)), None => span.muted { "(hidden)" } }
            } }
            td.number { @match part.total_views { Some(views) => (grouped(views)), None => "–" } }
        }
    }
}

fn one_source(subject: &Subject<'_>, view: &AssetView<'_>, shown: &DataSourceView<'_>) -> Markup {
    let (inventory, source) = (view.integration.inventory(), shown.data_source);
    let mut tables: Vec<&str> = source
        .tables
        .iter()
        .filter_map(|used| inventory.tables.get(&used.table))
        .map(|table| {
            table
                .full_name
                .as_deref()
                .or(table.name.as_deref())
                .unwrap_or("(hidden from the token)")
        })
        .collect();
    tables.sort_unstable();
    tables.dedup();
    html! {
        h3 { @match source.url.as_deref().filter(|url| is_web(url)) {
            Some(url) => a href=(url) target="_blank" rel="noopener noreferrer" { (name(&source.name)) },
            None => (name(&source.name)),
        } }
        p.muted {
            @if source.is_published { "Published" } @else { "Embedded" }
            @match source.has_extract { Some(true) => ", extract", Some(false) => ", live", None => "" }
            @if !shown.is_direct { ", behind another data source" }
            @if let Some(at) = source.extract_refreshed_at { ", refreshed " (ago_or_dash(Some(at), subject.context.now)) }
        }
        @if !tables.is_empty() {
            ul { @for table in tables.iter().take(MOST_SHOWN) { li { code { (name(table)) } } } }
            (more(tables.len()))
        }
        @for sql in source.custom_sql.iter().filter_map(|id| inventory.custom_sql.get(id)).take(50) {
            details {
                summary { "Custom SQL" @if let Some(title) = &sql.name { " “" (name(title)) "”" } }
                @match &sql.query { Some(query) => pre { (cut(query, 50_000)) }, None => p.muted { "Its text is hidden from the token." } }
            }
        }
        (completeness(&source.lineage))
    }
}

fn completeness(state: &Completeness) -> Markup {
    match state {
        Completeness::Complete => html! {},
        Completeness::Pending => {
            html! { p.muted { "The BI tool has not indexed its last change yet; the next sync looks again." } }
        }
        Completeness::Partial { reason } => html! {
            div.notice.caution role="note" { p { "Not all of it is known: " (cut(reason, 500)) "." } }
        },
    }
}

fn more(count: usize) -> Markup {
    html! { @if count > MOST_SHOWN { p.muted { "and " (grouped((count - MOST_SHOWN) as u64)) " more" } } }
}
