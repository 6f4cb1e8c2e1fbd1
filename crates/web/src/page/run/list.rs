//! `/runs`: the runs of jobs, newest first, live while any is under way.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::job::{JobRun, JobRunState};
use tailwater_engine::store::{JobRunCursor, JobRunFilter};

use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome::{Page, empty};
use crate::view::job_run;
use crate::view::list::{Column, FORMATS, List, is_file};
use crate::view::name::{cut, marked, name};
use crate::view::number::counted;
use crate::view::time::{ago, exact, for_files};

/// So many on a page.
const PAGE: u32 = 50;
/// A file has so many at most, the newest.
const MOST_IN_A_FILE: u32 = 10_000;
/// How often the list is fetched again while a run is under way, in milliseconds.
const PAUSE: &str = "2000";

/// `GET /runs`
pub async fn get(context: Context) -> Result<Response, Error> {
    let word = context.parameter("state").filter(|state| !state.is_empty());
    let state = word.as_deref().map(|word| {
        JobRunState::of(word).ok_or_else(|| {
            let words = JobRunState::ALL.map(JobRunState::name).join(", ");
            Error::bad_request(format!("there is no state `{}`", cut(word, 60)))
                .with_hint(format!("there are {words}"))
        })
    });
    let before = context
        .parameter("before")
        .map(|before| before.parse::<JobRunCursor>());
    let filter = JobRunFilter {
        job: context
            .parameter("job")
            .filter(|job| !job.is_empty())
            .map(Into::into),
        state: state.transpose()?,
        before: before
            .transpose()
            .map_err(|_| Error::bad_request("`before` is no place in this list"))?,
        ..JobRunFilter::default()
    };
    let store = context.app.workspace().store();
    if is_file(&context) {
        return file(&context, store.job_runs(&filter, MOST_IN_A_FILE).await?.runs);
    }
    let page = store.job_runs(&filter, PAGE).await?;
    let counts = store.job_queue_counts().await?;
    let is_open = counts.queued + counts.running > 0;
    let here = |state: Option<JobRunState>| -> Address {
        let address = context
            .links
            .to("/runs")
            .query_if("state", state.map(JobRunState::name));
        address.query_if("job", filter.job.as_ref().map(AsRef::as_ref))
    };
    let body = html! {
        div #runs data-poll=[is_open.then_some(PAUSE)] {
            p.status-line { (counted(usize::try_from(counts.running).unwrap_or(0), "run is", "runs are")) " at work, " (counts.queued) " in the queue." }
            nav aria-label="States" { ul.row.plain-list {
                li { a.tag.sentence href=(here(None)) aria-current=[filter.state.is_none().then_some("true")] { "All" } }
                @for state in JobRunState::ALL { li {
                    a.tag.sentence href=(here(Some(state))) aria-current=[(filter.state == Some(state)).then_some("true")] { (state.title()) }
                } }
            } }
            @if page.runs.is_empty() { (nothing(&context, &filter)) } @else { (table(&context, &page.runs)) }
            @if !page.runs.is_empty() { nav.pages aria-label="Pages" {
                @if let Some(next) = &page.next { a rel="next" href=(here(filter.state).query("before", &next.to_string())) { "Older" } }
                span.formats { @for (format, title) in FORMATS { a href=(here(filter.state).query("format", format)) { (title) } " " } }
            } }
        }
    };
    let actions = html! {
        a.button href=(context.links.to("/jobs")) { "Jobs" }
        a.button href=(context.links.to("/refreshes")) { "Refreshes" }
    };
    Ok(Page::new(&context, "Runs")
        .actions(actions)
        .body(&body)
        .into_response())
}

fn nothing(context: &Context, filter: &JobRunFilter) -> Markup {
    if *filter != JobRunFilter::default() {
        return empty(
            "There is no such run.",
            &html! { p { a href=(context.links.to("/runs")) { "Show all runs" } } },
        );
    }
    empty(
        "No job has run yet.",
        &html! {
            p { "A job runs dbt by a schedule, by hand, or when another system asks. "
                a href=(context.links.to("/jobs")) { "See the jobs" } "." }
            p { "Builds that another scheduler runs show in " a href=(context.links.to("/settings/projects")) { "Projects" }
                " once their artifacts are handed over." }
        },
    )
}

/// Runs as a file.
fn file(context: &Context, runs: Vec<JobRun>) -> Result<Response, Error> {
    let some = |text: Option<&str>| text.unwrap_or_default().to_owned();
    List::new(context, "runs", runs, html! {})
        .column(Column::new("run", "Run", |run: &JobRun| run.id.to_string()))
        .column(Column::new("job", "Job", |run: &JobRun| run.job.to_string()))
        .column(Column::new("project", "Project", |run: &JobRun| {
            run.project.to_string()
        }))
        .column(Column::new("state", "State", |run: &JobRun| {
            run.state.name().to_owned()
        }))
        .column(Column::new("why", "Why", |run: &JobRun| {
            run.cause.name().to_owned()
        }))
        .column(Column::new("by", "By", |run: &JobRun| some(run.by.as_deref())))
        .column(Column::new("try", "Try", |run: &JobRun| run.attempt.to_string()))
        .column(Column::new("queued_at", "Queued", |run: &JobRun| {
            for_files(Some(run.queued_at))
        }))
        .column(Column::new("started_at", "Started", |run: &JobRun| {
            for_files(run.started_at)
        }))
        .column(Column::new("ended_at", "Ended", |run: &JobRun| {
            for_files(run.ended_at)
        }))
        .column(Column::new("good", "Good", |run: &JobRun| {
            run.nodes.good.to_string()
        }))
        .column(Column::new("warned", "Warned", |run: &JobRun| {
            run.nodes.warned.to_string()
        }))
        .column(Column::new("failed", "Failed", |run: &JobRun| {
            run.nodes.failed.to_string()
        }))
        .column(Column::new("skipped", "Skipped", |run: &JobRun| {
            run.nodes.skipped.to_string()
        }))
        .column(Column::new("message", "Message", |run: &JobRun| {
            some(run.message.as_deref())
        }))
        .respond(|table| table)
}

/// Runs as a table, with a link to each.
pub fn table(context: &Context, runs: &[JobRun]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Runs" { table {
            thead { tr { th scope="col" { "Run" } th scope="col" { "State" } th scope="col" { "Why" } th scope="col" { "Queued" } th.number scope="col" { "Waited" } th.number scope="col" { "Took" } th scope="col" { "Nodes" } } }
            tbody { @for run in runs { (row(context, run)) } }
        } }
    }
}

fn row(context: &Context, run: &JobRun) -> Markup {
    html! { tr {
        td { a.name href=(job_run::address(context, run)) { (name(run.job.as_str())) }
            span.path { (name(run.project.as_str())) @if run.attempt > 1 { ", try " (run.attempt) } } }
        td { (job_run::badge(run.state))
            @if run.state == JobRunState::Queued && run.not_before > context.now { span.path { "not before " (exact(run.not_before)) } }
            @if let Some(message) = &run.message { span.path { (marked(message, 200)) } } }
        td { (job_run::cause(context, run)) }
        td.nowrap { (ago(run.queued_at, context.now)) }
        td.number { (job_run::waited(context, run).unwrap_or_else(|| "–".to_owned())) }
        td.number { (job_run::length(context, run)) }
        td { (job_run::counts(&run.nodes)) }
    } }
}
