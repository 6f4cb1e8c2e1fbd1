//! `/runs/{id}`: one run of a job: what was run, what it built and refreshed, and what dbt said; live while it runs.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunMode, JobRunState};
use tailwater_core::refresh::RefreshRecord;
use tailwater_engine::account::Role;
use tailwater_engine::job::KeptArtifact;

use super::{log, node, timeline};
use crate::api::job_run::artifact_address;
use crate::context::Context;
use crate::error::Error;
use crate::page::refresh::list::table as refresh_table;
use crate::view::chrome::{Page, notice};
use crate::view::form;
use crate::view::job_run;
use crate::view::name::{cut, marked, name};
use crate::view::number::{bytes, counted};
use crate::view::time::{ago, clock, duration, exact};

/// How often the page is fetched again while the run is under way, in milliseconds.
const PAUSE: &str = "1500";
/// A run in the queue is looked at less often.
const PAUSE_IN_QUEUE: &str = "3000";
/// More refreshes than these are listed on their own page.
const MOST_REFRESHES: usize = 100;

/// The run that the address names.
pub(super) async fn find(context: &Context, id: &str) -> Result<JobRun, Error> {
    let found = context
        .app
        .workspace()
        .store()
        .find_job_run(&JobRunId::new(id))
        .await?;
    found.ok_or_else(|| {
        Error::not_found("run", id)
            .with_hint("each job keeps its newest runs; the list shows those that are kept")
    })
}

/// `GET /runs/{id}`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let run = find(&context, &id).await?;
    let workspace = context.app.workspace();
    let catalog = context.catalog()?;
    let nodes = workspace.store().job_run_nodes(&run.id).await?;
    let refreshes = workspace.refreshes_of_run(&run.id).await?;
    // The refreshes go on when the run is over.
    let is_open = !run.state.is_over() || refreshes.iter().any(|refresh| !refresh.outcome.is_over());
    let pause = if run.state == JobRunState::Queued {
        PAUSE_IN_QUEUE
    } else {
        PAUSE
    };
    let artifacts = artifacts(&context, &run).await;
    let body = html! {
        div #run data-poll=[is_open.then_some(pause)] {
            (status(&context, &run))
            (steps(&context, &run, &artifacts))
            (timeline::card(&context, &catalog, &run, &nodes, &refreshes))
            (refreshed(&context, &run, &refreshes))
            (node::card(&context, &catalog, &run, &nodes))
        }
        (log::card(&context, &run).await?)
    };
    let started = run.started_at.unwrap_or(run.queued_at);
    let job = cut(run.job.as_str(), 120).into_owned();
    Ok(Page::new(&context, format!("{job}, {}", exact(started)))
        .crumb("Runs", context.links.to("/runs"))
        .crumb(job.as_str(), context.links.to("/jobs").segment(run.job.as_str()))
        .heading(html! { bdi { (job) } span.muted { (exact(started)) } })
        .live_actions(actions(&context, &run))
        .body(&body)
        .into_response())
}

fn actions(context: &Context, run: &JobRun) -> Markup {
    let form = |rest: &'static str, words: &str| {
        html! {
            form method="post" action=(job_run::address(context, run).then(rest).anywhere()) { (form::csrf(context)) button type="submit" { (words) } }
        }
    };
    let has_failed = matches!(
        run.state,
        JobRunState::Failed | JobRunState::TimedOut | JobRunState::Lost
    );
    html! {
        @if context.may(Role::Operator) {
            @if !run.state.is_over() { (form("/cancel", "Cancel")) }
            @else {
                @if has_failed { (form("/retry", "Run again from what failed")) }
                (form("/again", "Run again"))
            }
        }
    }
}

/// How it stands, why, and since when.
fn status(context: &Context, run: &JobRun) -> Markup {
    html! {
        p.status-line {
            // What changes is spoken, the seconds that pass are not.
            span data-say { (job_run::badge(run.state)) } " · " (job_run::cause(context, run))
            @if let JobRunMode::FromFailed { of, .. } = &run.mode { " · from what failed in " a href=(context.links.to("/runs").segment(of.as_str())) { "an earlier run" } }
            @if run.attempt > 1 { " · try " (run.attempt) }
            " · queued " (ago(run.queued_at, context.now))
            @if run.state == JobRunState::Queued && run.not_before > context.now { ", not before " (exact(run.not_before)) }
            @else if let Some(waited) = job_run::waited(context, run) { " · waited " (waited) }
            @if run.started_at.is_some() { " · took " (job_run::length(context, run)) @if !run.state.is_over() { " so far" } }
            @if let Some(worker) = &run.worker { " · on " (name(worker)) }
        }
        @if let (Some(by), false) = (&run.cancel_asked_by, run.state.is_over()) {
            (notice("info", &html! { p { (name(by)) " asked for its end; it ends within seconds." } }))
        }
        @if let Some(message) = &run.message {
            @let tone = match run.state { JobRunState::Succeeded | JobRunState::Running | JobRunState::Queued => "info", JobRunState::Cancelled | JobRunState::Replaced => "caution", _ => "degraded" };
            (notice(tone, &html! { p { (marked(message, 2_000)) } }))
        }
        @if let Some(next) = &run.next_attempt {
            (notice("info", &html! { p { "It is tried again: " a href=(context.links.to("/runs").segment(next.as_str())) { "see the next try" } "." } }))
        }
    }
}

/// dbt's files that are kept of the steps. A store of files that is away is no reason to show nothing else.
async fn artifacts(context: &Context, run: &JobRun) -> Vec<KeptArtifact> {
    if run.steps.iter().all(|step| step.ended_at.is_none()) {
        return Vec::new();
    }
    let found = context.app.workspace().job_run_artifacts(&run.id).await;
    found.unwrap_or_else(|error| {
        tracing::warn!(run = %run.id, error = &error as &dyn std::error::Error, "the artifacts of a run could not be listed");
        Vec::new()
    })
}

fn steps(context: &Context, run: &JobRun, artifacts: &[KeptArtifact]) -> Markup {
    let of_step = |step: usize| artifacts.iter().filter(move |kept| kept.step == step);
    html! {
        @if !run.steps.is_empty() { section.card { h2 { "Steps" }
            div.scroll tabindex="0" role="region" aria-label="Steps" { table {
                thead { tr { th scope="col" { "Step" } th scope="col" { "State" } th scope="col" { "Began" } th.number scope="col" { "Took" } th scope="col" { "Ended with" } @if !artifacts.is_empty() { th scope="col" { "Artifacts" } } } }
                tbody { @for (at, step) in run.steps.iter().enumerate() { tr {
                    td { code { (cut(&step.text, 400)) } @if let Some(message) = &step.message { span.path { (marked(message, 400)) } } }
                    td { (job_run::step_badge(step.state)) }
                    td.nowrap { @match step.started_at { Some(at) => (clock(at)), None => "–" } }
                    td.number { @match step.started_at { Some(at) => (duration(step.ended_at.or(run.ended_at).unwrap_or(context.now) - at)), None => "–" } }
                    td { @match step.exit_code { Some(code) => { "exit code " (code) }, None => "–" } }
                    @if !artifacts.is_empty() { td { ul.plain-inline { @for kept in of_step(at) { li.nowrap {
                        a href=(artifact_address(context, &run.id, kept)) download { (kept.file) } " " span.muted { (bytes(kept.bytes)) }
                    } } } } }
                } } }
            } }
        } }
    }
}

/// What the run asked the BI tool for, and what it left alone.
fn refreshed(context: &Context, run: &JobRun, refreshes: &[RefreshRecord]) -> Markup {
    html! {
        @if !refreshes.is_empty() { section.card { h2 { "Refreshes" }
            (refresh_table(context, &refreshes[..refreshes.len().min(MOST_REFRESHES)]))
            @if refreshes.len() > MOST_REFRESHES {
                p { a href=(context.links.to("/refreshes").query("run", run.id.as_str())) { "All " (counted(refreshes.len(), "refresh", "refreshes")) } }
            }
        } }
    }
}
