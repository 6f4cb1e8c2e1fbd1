//! `/refreshes/{id}`: one refresh: who asked and why, how it went, the tool's own words, and what mends it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::id::NodeId;
use tailwater_core::refresh::{
    Hold, RefreshId, RefreshOutcome, RefreshRecord, Verdict, hold_words, outcome_words,
};
use tailwater_engine::account::Role;
use tailwater_engine::store::RefreshFilter;

use super::list::table_of_one;
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::{Page, card, notice};
use crate::view::form;
use crate::view::name::{cut, name};
use crate::view::number::counted;
use crate::view::refresh;
use crate::view::resource;
use crate::view::time::{ago, exact, to_the_second};

/// How often the page is fetched again while the refresh is under way, in milliseconds.
const PAUSE: &str = "2000";
/// So many other refreshes of the target are listed, and so many nodes and exposures named.
const MOST_OTHERS: u32 = 20;
const MOST_NAMED: usize = 40;

/// The refresh that the address names.
pub async fn find(context: &Context, id: &str) -> Result<RefreshRecord, Error> {
    let found = context.app.workspace().find_refresh(&RefreshId::new(id)).await?;
    found.ok_or_else(|| {
        Error::not_found("refresh", id)
            .with_hint("refreshes are kept for a while; the list shows those that are")
    })
}

/// `GET /refreshes/{id}`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let refresh = find(&context, &id).await?;
    let of_target = RefreshFilter {
        target: Some(refresh.target.clone()),
        ..RefreshFilter::default()
    };
    let others = context.app.workspace().refreshes(&of_target, MOST_OTHERS).await?;
    let others: Vec<RefreshRecord> = others
        .refreshes
        .into_iter()
        .filter(|other| other.id != refresh.id)
        .collect();
    let is_open = !refresh.outcome.is_over();
    let body = html! {
        div #refresh data-poll=[is_open.then_some(PAUSE)] {
            p.status-line {
                span data-say { (refresh::badge(refresh.outcome)) } " · " (refresh::kind(refresh.target.kind)) " in "
                a href=(context.links.integration(&refresh.target.integration)) { (name(refresh.target.integration.as_str())) }
                " · asked " (ago(refresh.asked_at, context.now))
            }
            (said(&context, &refresh))
            div.columns {
                div {
                    (decision(&context, &refresh))
                    (exposures(&context, &refresh))
                }
                (card("How it went", &facts(&context, &refresh)))
            }
        }
        @if !others.is_empty() {
            section.card { h2 { "Other refreshes of this " (refresh::kind(refresh.target.kind)) } (table_of_one(&context, &others)) }
        }
    };
    let title = cut(&refresh.name, 300).into_owned();
    Ok(Page::new(&context, format!("Refresh of {title}"))
        .crumb("Refreshes", context.links.to("/refreshes"))
        .heading(html! { "Refresh of " bdi { (title) } })
        .live_actions(actions(&context, &refresh))
        .body(&body)
        .into_response())
}

fn actions(context: &Context, refresh: &RefreshRecord) -> Markup {
    let address = |rest| {
        context
            .links
            .to("/refreshes")
            .segment(refresh.id.as_str())
            .then(rest)
            .anywhere()
    };
    html! {
        @if context.may(Role::Operator) {
            @if refresh.outcome.is_over() {
                form method="post" action=(address("/again")) { (form::csrf(context)) button type="submit" { "Refresh again" } }
            } @else {
                form method="post" action=(address("/cancel")) { (form::csrf(context)) button type="submit" { "Cancel" } }
            }
        }
    }
}

/// What came of it, in the tool's own words where it said something.
fn said(context: &Context, refresh: &RefreshRecord) -> Markup {
    let tone = match refresh.outcome {
        RefreshOutcome::Failed | RefreshOutcome::TimedOut => "degraded",
        RefreshOutcome::Held | RefreshOutcome::Cancelled => "caution",
        RefreshOutcome::Succeeded => "healthy",
        _ => "info",
    };
    let words = match refresh.outcome {
        RefreshOutcome::Failed => "failed".to_owned(),
        _ => outcome_words(refresh, context.now),
    };
    notice(
        tone,
        &html! {
            p { strong { (capital(&words)) "." } }
            @if let Some(message) = &refresh.message { blockquote { (cut(message, 4_000)) } }
            @if let Some(hint) = &refresh.hint { p.hint { (name(hint)) } }
            @if let Some(code) = &refresh.code { p.muted { code { (code) } } }
        },
    )
}

fn capital(words: &str) -> String {
    let words = cut(words, 600);
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn facts(context: &Context, refresh: &RefreshRecord) -> Markup {
    let origin = &refresh.origin;
    html! {
        dl.facts {
            dt { "Asked" } dd { (exact(refresh.asked_at)) ", " (refresh::cause(origin.cause)) }
            @if let Some(by) = &origin.by { dt { "By" } dd { (name(by)) } }
            @if let Some(run) = &origin.job_run { dt { "Run" } dd { a href=(context.links.to("/runs").segment(run)) { code { (name(run)) } } } }
            @if let Some(project) = &origin.project {
                dt { "Build of" } dd { (name(project.as_str())) @if let Some(environment) = &origin.environment { ", " (name(environment.as_str())) } }
            }
            @if let Some(invocation) = &origin.invocation_id { dt { "dbt invocation" } dd { code { (name(invocation)) } } }
            @if let Some(sent) = refresh.sent_at { dt { "Sent" } dd { (to_the_second(sent)) } }
            @if let Some(job) = &refresh.tool_job { dt { "The tool's job" } dd { code { (name(job)) } } }
            @if let Some(started) = refresh.started_at { dt { "Started" } dd { (to_the_second(started)) } }
            @if let Some(finished) = refresh.finished_at { dt { "Ended" } dd { (to_the_second(finished)) } }
            dt { "Took" } dd { (refresh::length(context, refresh)) }
            dt { "Id" } dd { code { (name(refresh.id.as_str())) } }
        }
    }
}

/// Why it was decided so.
fn decision(context: &Context, refresh: &RefreshRecord) -> Markup {
    let node = |id: &NodeId| html! { a href=(context.links.resource(id)) { code { (name(id.as_str())) } } };
    match &refresh.verdict {
        Verdict::Refresh {
            because,
            not_before,
            incremental,
            priority,
            deadline,
        } => card(
            "Why",
            &html! {
                @if because.is_empty() { p { "Somebody asked for it, whatever was rebuilt." } } @else {
                    p { "Rebuilt with success since its last refresh:" }
                    ul.plain-list {
                        @for id in because.iter().take(MOST_NAMED) { li { (node(id)) } }
                        @if because.len() > MOST_NAMED { li.muted { "and " (counted(because.len() - MOST_NAMED, "more node", "more nodes")) } }
                    }
                }
                p.muted {
                    @if *incremental { "New rows only. " }
                    "Priority " (priority) "."
                    @if let Some(at) = not_before { " Not before " (exact(*at)) " (quiet hours)." }
                    @if let Some(at) = deadline { " To be done by " (exact(*at)) "." }
                }
            },
        ),
        Verdict::Hold { reasons } => card(
            "Held back by",
            &html! { ul.plain-list { @for reason in reasons.iter().take(MOST_NAMED) {
                li { (name(&hold_words(reason))) span.path { (held_by(reason, &node)) } }
            } } },
        ),
        Verdict::Wait { on } => card(
            "Waits for",
            &html! { ul.plain-list { @for id in on.iter().take(MOST_NAMED) { li { (node(id)) } } } },
        ),
        Verdict::Skip { .. } => html! {},
    }
}

fn held_by(reason: &Hold, node: &impl Fn(&NodeId) -> Markup) -> Markup {
    match reason {
        Hold::TestFailed { test, node: tested } => html! { (node(test)) " on " (node(tested)) },
        Hold::BuildFailed { node: id } | Hold::Skipped { node: id } | Hold::PartlyBuilt { node: id } => {
            node(id)
        }
    }
}

fn exposures(context: &Context, refresh: &RefreshRecord) -> Markup {
    let catalog = context.catalog().ok();
    html! {
        @if !refresh.exposures.is_empty() { section.card {
            h2 { "Dashboards with its data" }
            ul.plain-list {
                @for id in refresh.exposures.iter().take(MOST_NAMED) { li {
                    @match catalog.as_deref().filter(|catalog| catalog.exposure(id.as_str()).is_some()) {
                        Some(catalog) => (resource::link_by_id(context, catalog, id)),
                        None => { (name(id.as_str())) " " span.muted { "(no longer there)" } },
                    }
                } }
                @if refresh.exposures.len() > MOST_NAMED { li.muted { "and " (counted(refresh.exposures.len() - MOST_NAMED, "more", "more")) } }
            }
        } }
    }
}
