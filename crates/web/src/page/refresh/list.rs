//! `/refreshes`: what was decided of each target and what came of it, newest first.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::id::NodeId;
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord, outcome_words};
use tailwater_engine::store::{RefreshCursor, RefreshFilter};

use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome::{Page, empty};
use crate::view::list::{Column, FORMATS, List, is_file};
use crate::view::name::{cut, name};
use crate::view::number::grouped;
use crate::view::refresh;
use crate::view::time::{ago, for_files};

/// So many on a page.
const PAGE: u32 = 100;
/// A file has so many at most, the newest.
const MOST_IN_A_FILE: u32 = 10_000;
/// How often the list is fetched again while something is under way, in milliseconds.
const PAUSE: &str = "3000";
/// More exposures than these are only counted.
const MOST_EXPOSURES: usize = 3;

/// The ways to narrow the list: the word in the address, its title, the outcomes.
const STATES: [(&str, &str, &[RefreshOutcome]); 6] = [
    (
        "open",
        "Under way",
        &[
            RefreshOutcome::Queued,
            RefreshOutcome::Sending,
            RefreshOutcome::Running,
        ],
    ),
    ("succeeded", "Refreshed", &[RefreshOutcome::Succeeded]),
    (
        "failed",
        "Failed",
        &[RefreshOutcome::Failed, RefreshOutcome::TimedOut],
    ),
    ("held", "Held", &[RefreshOutcome::Held]),
    ("skipped", "Skipped", &[RefreshOutcome::Skipped]),
    ("cancelled", "Cancelled", &[RefreshOutcome::Cancelled]),
];

/// `GET /refreshes`
pub async fn get(context: Context) -> Result<Response, Error> {
    let state = context.parameter("state").filter(|state| !state.is_empty());
    let outcomes = match &state {
        None => Vec::new(),
        Some(state) => {
            let known = STATES.iter().find(|(word, ..)| word == state);
            let (.., outcomes) = known.ok_or_else(|| {
                let words = STATES.map(|(word, ..)| word).join(", ");
                Error::bad_request(format!("there is no state `{}`", cut(state, 60)))
                    .with_hint(format!("there are {words}"))
            })?;
            outcomes.to_vec()
        }
    };
    let before = context
        .parameter("before")
        .map(|before| before.parse::<RefreshCursor>());
    let filter = RefreshFilter {
        outcomes,
        integration: context
            .parameter("integration")
            .filter(|name| !name.is_empty())
            .map(Into::into),
        job_run: context.parameter("run").filter(|run| !run.is_empty()),
        before: before
            .transpose()
            .map_err(|_| Error::bad_request("`before` is no place in this list"))?,
        ..RefreshFilter::default()
    };
    let workspace = context.app.workspace();
    if is_file(&context) {
        let found = workspace.refreshes(&filter, MOST_IN_A_FILE).await?;
        return file(&context, found.refreshes);
    }
    let page = workspace.refreshes(&filter, PAGE).await?;
    let of_all = RefreshFilter {
        outcomes: Vec::new(),
        ..filter.clone()
    };
    let counts = workspace.refresh_counts_of(&of_all).await?;
    let count = |outcomes: &[RefreshOutcome]| -> u64 {
        outcomes.iter().filter_map(|outcome| counts.get(outcome)).sum()
    };
    let is_open = page.refreshes.iter().any(|refresh| !refresh.outcome.is_over());
    let here = |state: Option<&str>| -> Address {
        let address = context.links.to("/refreshes").query_if("state", state);
        address
            .query_if("integration", filter.integration.as_ref().map(AsRef::as_ref))
            .query_if("run", filter.job_run.as_deref())
    };
    let body = html! {
        div #refreshes data-poll=[is_open.then_some(PAUSE)] {
            nav aria-label="States" { ul.row.plain-list {
                li { a.tag.sentence href=(here(None)) aria-current=[state.is_none().then_some("true")] { "All" } }
                @for (word, title, outcomes) in STATES { li {
                    a.tag.sentence href=(here(Some(word))) aria-current=[(state.as_deref() == Some(word)).then_some("true")] { (title) " (" (grouped(count(outcomes))) ")" }
                } }
            } }
            @if page.refreshes.is_empty() {
                (nothing(&context, state.is_some() || filter.integration.is_some() || filter.job_run.is_some()))
            } @else {
                (table(&context, &page.refreshes))
            }
            @if !page.refreshes.is_empty() { nav.pages aria-label="Pages" {
                @if let Some(next) = &page.next { a rel="next" href=(here(state.as_deref()).query("before", &next.to_string())) { "Older" } }
                span.formats { @for (format, title) in FORMATS { a href=(here(state.as_deref()).query("format", format)) { (title) } " " } }
            } }
        }
    };
    let actions = html! { a.button href=(context.links.to("/settings/refresh")) { "Policy" } };
    Ok(Page::new(&context, "Refreshes")
        .actions(actions)
        .body(&body)
        .into_response())
}

fn nothing(context: &Context, is_narrowed: bool) -> Markup {
    if is_narrowed {
        return empty(
            "There is no such refresh.",
            &html! { p { a href=(context.links.to("/refreshes")) { "Show all refreshes" } } },
        );
    }
    empty(
        "Nothing was refreshed yet.",
        &html! {
            p { "Extracts are refreshed after a build when the " a href=(context.links.to("/settings/refresh")) { "policy" } " says so: by "
                code { "tailwater refresh --artifacts target" } " after any dbt run, by " code { "tailwater run -- dbt build" } ", or by a "
                a href=(context.links.to("/jobs")) { "job" } "." }
        },
    )
}

/// Refreshes as a file.
fn file(context: &Context, refreshes: Vec<RefreshRecord>) -> Result<Response, Error> {
    type Row = RefreshRecord;
    let some = |text: Option<&str>| text.unwrap_or_default().to_owned();
    List::new(context, "refreshes", refreshes, html! {})
        .column(Column::new("refresh", "Refresh", |row: &Row| row.id.to_string()))
        .column(Column::new("target", "Target", |row: &Row| {
            row.target.to_string()
        }))
        .column(Column::new("name", "Name", |row: &Row| row.name.clone()))
        .column(Column::new("outcome", "State", |row: &Row| {
            row.outcome.name().to_owned()
        }))
        .column(Column::new("words", "What came of it", |row: &Row| {
            outcome_words(row, context.now)
        }))
        .column(Column::new("why", "Asked", |row: &Row| {
            refresh::cause(row.origin.cause).to_owned()
        }))
        .column(Column::new("by", "By", |row: &Row| {
            some(row.origin.by.as_deref())
        }))
        .column(Column::new("run", "Run", |row: &Row| {
            some(row.origin.job_run.as_deref())
        }))
        .column(Column::new("asked_at", "When", |row: &Row| {
            for_files(Some(row.asked_at))
        }))
        .column(Column::new("started_at", "Started", |row: &Row| {
            for_files(row.started_at)
        }))
        .column(Column::new("ended_at", "Ended", |row: &Row| {
            for_files(row.finished_at)
        }))
        .column(Column::new("exposures", "For", |row: &Row| {
            row.exposures
                .iter()
                .map(NodeId::as_str)
                .collect::<Vec<_>>()
                .join(" ")
        }))
        .column(Column::new("code", "Code", |row: &Row| some(row.code.as_deref())))
        .respond(|table| table)
}

/// Refreshes as a table, with a link to each.
pub fn table(context: &Context, refreshes: &[RefreshRecord]) -> Markup {
    rows(context, refreshes, true)
}

/// The same where the page itself says whose data they are.
pub fn table_of_one(context: &Context, refreshes: &[RefreshRecord]) -> Markup {
    rows(context, refreshes, false)
}

fn rows(context: &Context, refreshes: &[RefreshRecord], names_exposures: bool) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Refreshes" { table {
            thead { tr { th scope="col" { "Target" } th scope="col" { "State" } th scope="col" { "What came of it" } th scope="col" { "Asked" } th scope="col" { "When" } th.number scope="col" { "Took" } @if names_exposures { th scope="col" { "For" } } } }
            tbody { @for refresh in refreshes { tr {
                td { (refresh::target(context, refresh)) }
                td { (refresh::badge(refresh.outcome)) }
                td.says { bdi { (cut(&outcome_words(refresh, context.now), 300)) } }
                td.who { (asked(context, refresh)) }
                td.nowrap { (ago(refresh.asked_at, context.now)) }
                td.number { (refresh::length(context, refresh)) }
                @if names_exposures { td.who { (exposures(context, &refresh.exposures)) } }
            } } }
        } }
    }
}

/// What set it off; of a job's run, the run.
fn asked(context: &Context, refresh: &RefreshRecord) -> Markup {
    let by = refresh.origin.by.as_deref();
    match (&refresh.origin.job_run, by) {
        (Some(run), _) => {
            html! { "by " a href=(context.links.to("/runs").segment(run)) { (name(by.unwrap_or("a job"))) } }
        }
        (None, by) => {
            html! { (refresh::cause(refresh.origin.cause)) @if let Some(by) = by { span.path { (name(by)) } } }
        }
    }
}

/// The first few exposures by name.
fn exposures(context: &Context, ids: &[NodeId]) -> Markup {
    let catalog = context.catalog().ok();
    let label = |id: &NodeId| {
        let found = catalog.as_ref().and_then(|catalog| catalog.exposure(id.as_str()));
        found.map(|exposure| exposure.label.clone())
    };
    html! {
        @if ids.is_empty() { span.muted { "–" } }
        @for (at, id) in ids.iter().take(MOST_EXPOSURES).enumerate() {
            @if at > 0 { ", " }
            @match label(id) {
                Some(label) => a href=(context.links.exposure(id)) { (name(&label)) },
                None => (name(id.as_str())),
            }
        }
        @if ids.len() > MOST_EXPOSURES { " and " (grouped((ids.len() - MOST_EXPOSURES) as u64)) " more" }
    }
}
