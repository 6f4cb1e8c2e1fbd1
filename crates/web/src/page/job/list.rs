//! `/jobs`: every job with its last run and its next.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use std::collections::BTreeMap;
use tailwater_core::id::JobName;
use tailwater_core::job::{JobRun, JobRunState, next_due};
use tailwater_engine::account::Role;
use tailwater_engine::job::JobEntry;

use super::address;
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::{Page, empty};
use crate::view::form;
use crate::view::job_run;
use crate::view::name::{cut, name};
use crate::view::time::{ago, ago_or_dash, exact};

/// How often the list is fetched again while a run is under way, in milliseconds.
const PAUSE: &str = "3000";

/// `GET /jobs`
pub async fn get(context: Context) -> Result<Response, Error> {
    let workspace = context.app.workspace();
    let jobs = workspace.jobs().await?;
    let last: BTreeMap<JobName, JobRun> = workspace
        .store()
        .last_job_runs()
        .await?
        .into_iter()
        .map(|run| (run.job.clone(), run))
        .collect();
    let workers = workspace.job_queue().await?.workers;
    let is_open = last.values().any(|run| !run.state.is_over());
    let body = html! {
        @if jobs.is_empty() { (nothing(&context)) } @else { div #jobs data-poll=[is_open.then_some(PAUSE)] {
            div.scroll tabindex="0" role="region" aria-label="Jobs" { table {
                thead { tr { th scope="col" { "Job" } th scope="col" { "Last run" } th.number scope="col" { "Took" } th scope="col" { "Next run" } th scope="col" { "When" } th scope="col" { "Steps" } @if context.may(Role::Operator) { th scope="col" { span.hidden { "Run" } } } } }
                tbody { @for entry in &jobs { (row(&context, entry, last.get(&entry.job.name))) } }
            } }
        } }
        section.card { h2 { "Who runs them" }
            @if workers.is_empty() { p.muted { "No process runs jobs now. A server does so by itself, and " code { "tailwater worker" } " beside it." } }
            @else { ul.plain-list { @for worker in &workers { li {
                (name(&worker.name)) span.path { (worker.running) " of " (worker.slots) " slots in use · seen " (ago(worker.seen_at, context.now))
                    @if worker.is_stopping { " · stops" } }
            } } } }
        }
    };
    let actions = html! {
        a.button href=(context.links.to("/runs")) { "Runs" }
        @if context.may(Role::Admin) { a.button.primary href=(context.links.to("/jobs/new")) { "New job" } }
    };
    Ok(Page::new(&context, "Jobs")
        .actions(actions)
        .body(&body)
        .into_response())
}

fn nothing(context: &Context) -> Markup {
    empty(
        "There is no job yet.",
        &html! {
            p { "A job runs dbt in a project's directory by a schedule, by hand or by webhook, and refreshes what stands on what it built." }
            @if context.may(Role::Admin) { p { a.button.primary href=(context.links.to("/jobs/new")) { "Make a job" } } }
            @else { p { "An administrator of this Tailwater can make one." } }
            p.muted { "Where another scheduler runs dbt, no job is needed: " code { "tailwater run -- dbt build" } " or "
                code { "tailwater refresh --artifacts target" } " does the same around it." }
        },
    )
}

fn row(context: &Context, entry: &JobEntry, last: Option<&JobRun>) -> Markup {
    let job = &entry.job;
    html! { tr {
        td { a.name href=(address(context, &job.name)) { (name(job.name.as_str())) }
            span.path { (name(job.project.as_str())) @if let Some(environment) = &job.environment { ", " (name(environment.as_str())) } } }
        td { @match last {
            None => span.muted { "never" },
            Some(run) => { a href=(job_run::address(context, run)) { (job_run::badge(run.state)) } span.path {
                @if run.state == JobRunState::Queued && run.not_before > context.now { "not before " (exact(run.not_before)) }
                @else { (ago(run.started_at.unwrap_or(run.queued_at), context.now)) }
            } },
        } }
        td.number { @if let Some(run) = last { (job_run::length(context, run)) } @else { "–" } }
        td.nowrap { @if job.paused { span.muted { "paused" } } @else { (ago_or_dash(next_due(job, context.now).ok().flatten(), context.now)) } }
        td { (when(entry)) }
        td { @for (at, step) in job.steps.iter().take(4).enumerate() { @if at > 0 { br; } code { (cut(step.text(), 80)) } }
            @if job.steps.len() > 4 { span.muted { " and " (job.steps.len() - 4) " more" } } }
        @if context.may(Role::Operator) { td { (run_button(context, entry)) } }
    } }
}

/// The button that runs a job now.
pub(super) fn run_button(context: &Context, entry: &JobEntry) -> Markup {
    html! {
        form method="post" action=(address(context, &entry.job.name).then("/run").anywhere()) {
            (form::csrf(context))
            button type="submit" id={ "run-" (entry.job.name.as_str()) } { "Run now" span.hidden { ": " (entry.job.name.as_str()) } }
        }
    }
}

/// When it runs by itself, in a few words.
pub(super) fn when(entry: &JobEntry) -> Markup {
    let job = &entry.job;
    html! {
        @if let Some(schedule) = &job.schedule { code { (cut(&schedule.cron, 60)) } " " (name(&schedule.time_zone)) }
        @for (at, after) in job.after.iter().enumerate() { @if at > 0 || job.schedule.is_some() { "; " } "after " (name(after.job.as_str())) }
        @if job.schedule.is_none() && job.after.is_empty() { span.muted { "only when asked" } }
    }
}
