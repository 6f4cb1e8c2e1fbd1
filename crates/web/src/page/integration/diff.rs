//! `/integrations/{name}/diff`: which exposures, links and gaps came and went between two moments.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::id::IntegrationName;
use tailwater_engine::catalog::Catalog;
use tailwater_engine::store::SyncId;
use tailwater_engine::sync::{ExposureDiff, SyncDiff};

use super::{find, page, tabs};
use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome;
use crate::view::name::{cut, name};
use crate::view::number::counted;

/// So many exposures of a kind are shown; the API has all.
const MOST_EXPOSURES: usize = 200;
/// So many links and gaps of one exposure.
const MOST_LINES: usize = 50;

/// The address of what one sync changed, with what was changed by hand since the sync before it.
pub fn address(context: &Context, integration: &IntegrationName, sync: SyncId) -> Address {
    context
        .links
        .integration(integration)
        .then("/diff")
        .query("from", &format!("{sync}~1"))
        .query("to", &sync.to_string())
}

/// `GET /integrations/{name}/diff`
pub async fn get(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let given = |field: &str| context.parameter(field).filter(|text| !text.trim().is_empty());
    let (from, to) = (given("from"), given("to"));
    let diff = context
        .app
        .workspace()
        .diff(&integration.name, from.as_deref(), to.as_deref())
        .await
        .map_err(Error::from);
    let catalog = context.catalog()?;
    let body = html! {
        (tabs(&context, &integration, "/syncs"))
        form method="get" action=(context.links.integration(&integration.name).then("/diff")) {
            label { "From " input type="text" name="from" value=[from.as_deref()] placeholder="previous"; }
            " "
            label { "to " input type="text" name="to" value=[to.as_deref()] placeholder="latest"; }
            " " button.button type="submit" { "Compare" }
            p.hint { "The id of a sync, " code { "latest" } ", " code { "~3" } " for the third before it, " code { "now" } ", or a time in UTC such as " code { "2026-11-01 08:30" } "." }
        }
        @match &diff {
            Ok(diff) => (shown(&context, &catalog, diff)),
            Err(error) => {
                (chrome::notice("caution", &html! {
                    p { (name(&error.message)) }
                    @if let Some(hint) = &error.hint { p.hint { (hint) } }
                }))
            }
        }
    };
    let status = diff.map_or_else(|error| error.status, |_| StatusCode::OK);
    let page = page(&context, &integration, "What changed").body(&body);
    Ok((status, page).into_response())
}

fn shown(context: &Context, catalog: &Catalog, diff: &SyncDiff) -> Markup {
    let counts = &diff.counts;
    html! {
        p.status-line { "From " (diff.from.title()) " to " (diff.to.title()) }
        @if diff.is_different {
            p { (counted(counts.added, "exposure", "exposures")) " added, " (counts.removed) " removed, " (counts.changed) " changed"
                @if counts.renamed > 0 { " (" (counts.renamed) " renamed)" }
                "; links: " (counts.links_gained) " gained, " (counts.links_lost) " lost; gaps: " (counts.gaps_opened) " opened, " (counts.gaps_closed) " closed." }
            (list(context, catalog, "Added", &diff.added))
            (list(context, catalog, "Removed", &diff.removed))
            (list(context, catalog, "Changed", &diff.changed))
        } @else {
            (chrome::empty("Nothing changed: no exposure, link or gap came or went.", &html! {}))
        }
    }
}

fn list(context: &Context, catalog: &Catalog, title: &str, exposures: &[ExposureDiff]) -> Markup {
    html! {
        @if !exposures.is_empty() {
            section.card { h2 { (title) " (" (exposures.len()) ")" }
                ul.plain-list.changes {
                    @for exposure in exposures.iter().take(MOST_EXPOSURES) { li { (one(context, catalog, exposure)) } }
                    @if exposures.len() > MOST_EXPOSURES { li.muted { "and " (exposures.len() - MOST_EXPOSURES) " more" } }
                }
            }
        }
    }
}

fn one(context: &Context, catalog: &Catalog, exposure: &ExposureDiff) -> Markup {
    let title = &exposure.title;
    let gained = exposure.links_gained.iter().map(|link| ("+", link));
    let lost = exposure.links_lost.iter().map(|link| ("−", link));
    let opened = exposure.gaps_opened.iter().map(|gap| ("Gap opened:", gap));
    let closed = exposure.gaps_closed.iter().map(|gap| ("Gap closed:", gap));
    let total = exposure.links_gained.len()
        + exposure.links_lost.len()
        + exposure.gaps_opened.len()
        + exposure.gaps_closed.len();
    let links: Vec<_> = gained.chain(lost).take(MOST_LINES).collect();
    let gaps: Vec<_> = opened.chain(closed).take(MOST_LINES - links.len()).collect();
    html! {
        @if catalog.exposure(title.unique_id.as_str()).is_some() { a href=(context.links.exposure(&title.unique_id)) { (name(&title.label)) } }
        @else { (name(&title.label)) }
        @if let Some(before) = &exposure.before {
            @if before.label != title.label { span.path { "was called " (cut(&before.label, 200)) } }
            @if before.unique_id != title.unique_id { span.path { "was " (name(before.unique_id.as_str())) } }
            @if before.path != title.path { span.path { "moved from " (cut(before.path.as_deref().unwrap_or("no collection"), 200)) } }
            @if before.url != title.url { span.path { "has another address" } }
        }
        @if total > 0 {
            details open[total <= 6] {
                summary { (counted(total, "link or gap", "links and gaps")) }
                ul.plain-list {
                    @for (sign, link) in &links { li { (sign) " "
                        @if catalog.node(link.node.as_str()).is_some() { a href=(context.links.resource(&link.node)) { (name(link.node.as_str())) } }
                        @else { (name(link.node.as_str())) }
                        @if let Some(by) = &link.origin.by { span.muted { " by hand: " (name(by)) } }
                    } }
                    @for (sign, gap) in &gaps { li { (sign) " " (cut(&gap.table, 200)) span.muted { " (" (gap.reason.title()) ")" } } }
                    @if total > links.len() + gaps.len() { li.muted { "and " (total - links.len() - gaps.len()) " more" } }
                }
            }
        }
    }
}
