//! `/integrations/{name}/syncs` and `/syncs/{id}`: the history, and one sync: live while it runs, afterwards what came
//! of it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::id::IntegrationName;
use tailwater_engine::catalog::CatalogIntegration;
use tailwater_engine::runtime::{LiveState, LiveSync};
use tailwater_engine::store::{NamedExposure, SyncCause, SyncId, SyncOutcome, SyncRecord};

use super::{diff, find, history, landed, page, progress, see, tabs};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome;
use crate::view::name::name;
use crate::view::number::counted;
use crate::view::time::{ago, duration, exact};

/// How often the page asks how far the sync is, in milliseconds.
const PAUSE: &str = "1000";
/// So many syncs are listed.
const MOST_LISTED: u32 = 100;

/// `GET /integrations/{name}/syncs`
pub async fn list(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let state = context
        .app
        .workspace()
        .integration_state(&integration.name, MOST_LISTED)
        .await?;
    let running = context.app.runtime().running(&integration.name);
    let body = html! {
        (tabs(&context, &integration, "/syncs"))
        @if let Some(running) = &running {
            (chrome::notice("info", &html! { p { "A sync runs now. " a href=(address(&context, &integration.name, running.id)) { "Watch it" } } }))
        }
        @if state.syncs.is_empty() {
            (chrome::empty("Nothing was synced yet.", &html! {}))
        } @else {
            (history::table(&context, &integration.name, &state.syncs))
        }
    };
    Ok(page(&context, &integration, "Syncs").body(&body).into_response())
}

/// `POST /integrations/{name}/sync`: on demand.
pub async fn start(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let by = context.principal.as_ref().map(|principal| principal.name.clone());
    let id = context
        .app
        .runtime()
        .start_sync(&integration.name, SyncCause::Asked, by.as_deref())
        .await?;
    context
        .record("integration.sync", integration.name.as_str(), "")
        .await?;
    Ok(see(&address(&context, &integration.name, id)))
}

/// `POST /integrations/{name}/syncs/{id}/stop`
pub async fn stop(context: Context, Path((wanted, id)): Path<(String, String)>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let id = parsed(&id)?;
    let is_its_own = context
        .app
        .runtime()
        .snapshot(id)
        .is_some_and(|live| live.integration == integration.name);
    if is_its_own && context.app.runtime().cancel(id) {
        context
            .record("integration.sync.stop", integration.name.as_str(), "")
            .await?;
    }
    Ok(see(&address(&context, &integration.name, id)))
}

/// `GET /integrations/{name}/syncs/{id}`
pub async fn get(context: Context, Path((wanted, id)): Path<(String, String)>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let id = parsed(&id)?;
    let runtime = context.app.runtime();
    let live = runtime
        .snapshot(id)
        .filter(|live| live.integration == integration.name);
    let record = runtime
        .find_sync(id)
        .await?
        .filter(|record| record.integration == integration.name);
    if live.is_none() && record.is_none() {
        return Err(Error::not_found("sync", &id.to_string()).with_hint(
            "one that was stopped before it began leaves no trace once the server was started again",
        ));
    }
    let landed = match &record {
        Some(record) if record.outcome.has_landed() => {
            // The page of a sync shows what stands now; older syncs show what they did alone.
            let is_newest = context
                .app
                .workspace()
                .integration_state(&integration.name, 1)
                .await?
                .syncs
                .first()
                .is_some_and(|newest| newest.id == record.id);
            if is_newest {
                // What has just landed may not be in the catalog yet.
                let synced_at = context
                    .catalog()?
                    .integration(&wanted)
                    .and_then(CatalogIntegration::synced_at);
                if synced_at.is_none_or(|synced_at| synced_at < record.finished_at) {
                    context.app.refresh().await?;
                }
                Some(landed::first_view(&context, &integration, record).await?)
            } else {
                None
            }
        }
        _ => None,
    };
    let title = format!(
        "Sync of {}",
        exact(started_at(live.as_ref(), record.as_ref(), &context))
    );
    let body = html! {
        // The whole of it is swapped while the sync runs, so that what came of it shows as soon as it is done.
        div #sync data-poll=[live.as_ref().filter(|live| !live.state.is_over()).map(|_| PAUSE)] {
            @match (&live, &record) {
                (Some(live), _) if !matches!(live.state, LiveState::Done { .. }) => (progress::live(&context, live)),
                (_, Some(record)) => {
                    (outcome(&context, record))
                    @if let Some(landed) = &landed { (landed) }
                    (what_it_did(&context, record))
                }
                // It has just landed, and the store has not told yet.
                (Some(live), None) => (progress::live(&context, live)),
                (None, None) => {}
            }
        }
    };
    Ok(page(&context, &integration, &title).body(&body).into_response())
}

fn started_at(
    live: Option<&LiveSync>,
    record: Option<&SyncRecord>,
    context: &Context,
) -> chrono::DateTime<chrono::Utc> {
    live.map(|live| live.started_at)
        .or(record.map(|record| record.started_at))
        .unwrap_or(context.now)
}

/// The address of one sync.
pub fn address(context: &Context, name: &IntegrationName, id: SyncId) -> crate::link::Address {
    context
        .links
        .integration(name)
        .then("/syncs")
        .segment(&id.to_string())
}

fn parsed(id: &str) -> Result<SyncId, Error> {
    id.parse().map_err(|_| Error::not_found("sync", id))
}

/// How it ended, in one line, and what went wrong.
fn outcome(context: &Context, record: &SyncRecord) -> Markup {
    html! {
        p.status-line {
            (history::outcome(record.outcome)) " · " (record.detail.cause.map_or("by command", SyncCause::title))
            @if let Some(by) = &record.detail.by { " by " (name(by)) }
            " · " (ago(record.finished_at, context.now)) " · took " (duration(record.finished_at - record.started_at))
        }
        @if let Some(error) = &record.error {
            (chrome::notice("degraded", &html! {
                p { strong { "The sync failed. " } (name(&error.message)) }
                p.muted { "Nothing was changed: what the sync before it left still holds. " code { (error.code) } }
            }))
        }
        @if record.outcome == SyncOutcome::Stopped {
            (chrome::notice("info", &html! { p { "The sync was stopped before it landed. Nothing was changed." } }))
        }
        @if record.outcome == SyncOutcome::Partial {
            (chrome::notice("caution", &html! { p {
                strong { "An answer was cut short. " }
                "What it did not show was kept as it was; nothing was removed for that."
            } }))
        }
    }
}

/// Everything that the sync changed, by name.
fn what_it_did(context: &Context, record: &SyncRecord) -> Markup {
    let detail = &record.detail;
    let counts = &record.counts;
    html! {
        section.card { h2 { "What this sync did" }
            @if record.outcome.has_landed() { p { (history::summary(record)) "; " (counted(counts.exposures, "exposure", "exposures")) " in all." } }
            @else { p { "Nothing." } }
            @if counts.added + counts.changed + counts.removed > 0 {
                p { a href=(diff::address(context, &record.integration, record.id)) { "Links and gaps that came and went" } }
            }
            (named(context, "Added", &detail.added, counts.added, true))
            (named(context, "Changed", &detail.changed, counts.changed, true))
            (named(context, "Removed", &detail.removed, counts.removed, false))
            (named(context, "Kept as they were", &detail.kept, counts.kept, true))
            @if detail.unread > 0 { p { "Lineage that could not be read: " (counted(detail.unread, "workbook", "workbooks")) ". What was known of it is kept, and it is read again by itself." } }
            @if detail.pending > 0 { p.muted { "Not yet in the BI tool's index: " (counted(detail.pending, "item", "items")) ". They are read again by themselves." } }
        }
        @if !record.notices.is_empty() {
            section.card { h2 { "To know" }
                ul.plain-list { @for notice in &record.notices { li {
                    (name(&notice.message)) " " code.muted { (notice.code) }
                    @if let Some(remedy) = &notice.remedy { p.hint { (remedy) } }
                } } }
            }
        }
    }
}

fn named(
    context: &Context,
    title: &str,
    exposures: &[NamedExposure],
    count: usize,
    is_there: bool,
) -> Markup {
    html! {
        @if count > 0 {
            details open[count <= 12] {
                summary { (title) " (" (count) ")" }
                ul.plain-list {
                    @for exposure in exposures { li {
                        @if is_there { a href=(context.links.exposure(&exposure.unique_id.as_str().into())) { (name(&exposure.label)) } } @else { (name(&exposure.label)) }
                        @if !exposure.note.is_empty() { span.path { (crate::view::name::cut(&exposure.note, 500)) } }
                    } }
                    @if count > exposures.len() { li.muted { "and " (count - exposures.len()) " more" } }
                }
            }
        }
    }
}
