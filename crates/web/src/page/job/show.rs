//! `/jobs/{name}`: one job: its runs, what it runs and when, and what can be done with it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::job::next_due;
use tailwater_engine::account::Role;
use tailwater_engine::job::JobEntry;
use tailwater_engine::settings::DeclaredIn;
use tailwater_engine::store::JobRunFilter;

use super::form::when_lost;
use super::list::{run_button, when};
use super::{address, find, read_only_note, secret, webhook};
use crate::context::Context;
use crate::error::Error;
use crate::page::run::list::table;
use crate::view::chrome::{Page, card, empty};
use crate::view::form;
use crate::view::name::{cut, name};
use crate::view::time::{ago, duration, exact};

/// So many runs are shown; the rest are behind a link.
const MOST_RUNS: u32 = 20;
/// How often the runs are fetched again while one is under way, in milliseconds.
const PAUSE: &str = "2000";

/// `GET /jobs/{name}`
pub async fn get(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    let filter = JobRunFilter {
        job: Some(entry.job.name.clone()),
        ..JobRunFilter::default()
    };
    let runs = context
        .app
        .workspace()
        .store()
        .job_runs(&filter, MOST_RUNS)
        .await?;
    let is_open = runs.runs.iter().any(|run| !run.state.is_over());
    let body = html! {
        (status(&context, &entry))
        div #runs data-poll=[is_open.then_some(PAUSE)] { section.card { h2 { "Runs" }
            @if runs.runs.is_empty() { (empty("It has not run yet.", &html! {})) } @else { (table(&context, &runs.runs)) }
            @if runs.next.is_some() { p { a href=(context.links.to("/runs").query("job", entry.job.name.as_str())) { "All runs of this job" } } }
        } }
        div.columns {
            (definition(&entry))
            div {
                (secret::card(&context, &entry))
                (webhook::card(&context, &entry, None))
            }
        }
    };
    let title = cut(entry.job.name.as_str(), 120).into_owned();
    let page = Page::new(&context, title.clone())
        .crumb("Jobs", context.links.to("/jobs"))
        .heading(html! { bdi { (title) } })
        .actions(actions(&context, &entry));
    let page = match read_only_note(&entry) {
        Some(note) => page.notice(note),
        None => page,
    };
    Ok(page.body(&body).into_response())
}

fn actions(context: &Context, entry: &JobEntry) -> Markup {
    let may_change = context.may(Role::Admin) && entry.declared_in == DeclaredIn::Store;
    let place = || address(context, &entry.job.name);
    html! {
        @if context.may(Role::Operator) { (run_button(context, entry)) }
        @if may_change {
            a.button href=(place().then("/edit")) { "Change" }
            form method="post" action=(place().then("/pause").anywhere()) {
                (form::csrf(context))
                input type="hidden" name="paused" value=(if entry.job.paused { "0" } else { "1" });
                button type="submit" { @if entry.job.paused { "Resume" } @else { "Pause" } }
            }
        }
    }
}

fn status(context: &Context, entry: &JobEntry) -> Markup {
    html! {
        p.status-line {
            @if entry.job.paused { "Paused: neither its schedule nor another job sets it off." }
            @else { @match next_due(&entry.job, context.now) {
                Ok(Some(at)) => { "Runs next " (ago(at, context.now)) " (" (exact(at)) ")" },
                _ => "Runs only when something sets it off",
            } }
            " · " (when(entry))
        }
    }
}

/// What it is, whole.
fn definition(entry: &JobEntry) -> Markup {
    let job = &entry.job;
    card(
        "What it runs",
        &html! {
            dl.facts {
                dt { "Project" } dd { (name(job.project.as_str())) @if let Some(environment) = &job.environment { ", " (name(environment.as_str())) } @else { ", production" } }
                dt { "Directory" } dd { code { (cut(&job.directory, 400)) } }
                @if let Some(profiles) = &job.profiles_dir { dt { "Profiles" } dd { code { (cut(profiles, 400)) } } }
                dt { "Program" } dd { code { (cut(&job.program.join(" "), 400)) } }
                dt { "Steps" } dd { ol { @for step in &job.steps { li { code { (cut(step.text(), 400)) } } } } }
                @if let Some(target) = &job.target { dt { "Target" } dd { code { (cut(target, 100)) } } }
                @if let Some(threads) = job.threads { dt { "Threads" } dd { (threads) } }
                @if !job.variables.is_empty() {
                    dt { "Variables" } dd { @for (variable, value) in &job.variables { div { code { (cut(variable, 100)) "=" (cut(value, 200)) } } } }
                }
                dt { "Time limit" } dd { (duration(job.time_limit())) }
                dt { "Tried again" } dd { @match job.retries { 0 => "never", 1 => { "once, after " (duration(job.retry_delay())) }, _ => { (job.retries) " times, after " (duration(job.retry_delay())) } } }
                dt { "When its machine dies" } dd { (when_lost(job.when_lost)) }
                dt { "Refreshes" } dd { @match job.refresh { None => "as the policy says", Some(true) => "yes, as nodes are built", Some(false) => "no" } }
            }
        },
    )
}
