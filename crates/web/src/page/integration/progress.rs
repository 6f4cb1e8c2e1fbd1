//! A sync while it runs: its stages, and what it said.

use maud::{Markup, html};
use tailwater_engine::account::Role;
use tailwater_engine::progress::Stage;
use tailwater_engine::runtime::{LiveStage, LiveState, LiveSync, StageState};

use crate::context::Context;
use crate::view::chrome;
use crate::view::form;
use crate::view::name::name;
use crate::view::time::{ago, duration};

/// How a sync stands that runs, waits, or did not land.
pub fn live(context: &Context, sync: &LiveSync) -> Markup {
    let is_over = sync.state.is_over();
    html! {
        div {
            (state(context, sync))
            (stages(sync))
            @if !is_over {
                div.row {
                    @if context.may(Role::Operator) {
                        form method="post" action=(context.links.integration(&sync.integration).then("/syncs").segment(&sync.id.to_string()).then("/stop").anywhere()) {
                            (form::csrf(context)) button type="submit" { "Stop" }
                        }
                    }
                    noscript { a.button href=(context.links.integration(&sync.integration).then("/syncs").segment(&sync.id.to_string())) { "Show how far it is" } }
                }
            }
            (log(sync))
        }
    }
}

fn state(context: &Context, sync: &LiveSync) -> Markup {
    let hint = |hint: &Option<String>| html! { @if let Some(hint) = hint { p.hint { (hint) } } };
    let retry = html! {
        @if context.may(Role::Operator) {
            form method="post" action=(context.links.integration(&sync.integration).then("/sync").anywhere()) { (form::csrf(context)) button type="submit" { "Try again" } }
        }
    };
    match &sync.state {
        LiveState::Waiting => {
            html! { p role="status" data-say { "Waits until the sync that runs is done." } }
        }
        LiveState::Running => {
            html! { p role="status" data-say { "Syncing, since " (ago(sync.started_at, context.now)) ". " (present(sync)) } }
        }
        LiveState::Done { .. } => {
            html! { p role="status" data-say { "Done in " (duration(sync.finished_at.unwrap_or(context.now) - sync.started_at)) "." } }
        }
        LiveState::Failed {
            code,
            message,
            hint: advice,
        } => chrome::notice(
            "degraded",
            &html! {
                p { strong { "The sync failed. " } (name(message)) }
                (hint(advice))
                p.muted { "Nothing was changed: what the sync before it left still holds. " code { (code) } }
                (retry)
            },
        ),
        LiveState::Stopped => chrome::notice(
            "info",
            &html! { p { "The sync was stopped. Nothing was changed." } (retry) },
        ),
        LiveState::Elsewhere {
            holder, hint: advice, ..
        } => chrome::notice(
            "caution",
            &html! {
                p { "Another process reads the same site: " (name(holder)) "." }
                (hint(advice))
                (retry)
            },
        ),
        LiveState::Needless => chrome::notice("info", &html! { p { "Another server had done it already." } }),
    }
}

/// What is being read now, in words.
fn present(sync: &LiveSync) -> String {
    let running = sync
        .stages
        .iter()
        .find(|stage| stage.state == StageState::Running);
    running.map_or_else(String::new, |stage| match (stage.stage, stage.total) {
        (Stage::SignedIn, _) => "Signing in.".to_owned(),
        (Stage::Matched, _) => "Matching tables with dbt.".to_owned(),
        (Stage::Published, _) => "Publishing.".to_owned(),
        (other, Some(total)) => format!("{}: {} of {total}.", other.title(None), stage.done),
        (other, None) => format!("Reading {}.", other.title(None).to_lowercase()),
    })
}

fn stages(sync: &LiveSync) -> Markup {
    html! {
        ol.stages { @for stage in &sync.stages {
            li.(class(stage.state)) aria-current=[(stage.state == StageState::Running).then_some("step")] {
                (mark(stage.state))
                span { (stage.stage.title(stage.count))
                    @if stage.state == StageState::Running { (bar(stage)) }
                }
            }
        } }
    }
}

fn bar(stage: &LiveStage) -> Markup {
    html! {
        @match stage.total {
            Some(total) if total > 0 => { " " progress max=(total) value=(stage.done) aria-label=(stage.stage.title(None)) {} " " span.muted { (stage.done) " of " (total) } }
            _ => span.muted { " …" }
        }
    }
}

const fn class(state: StageState) -> &'static str {
    match state {
        StageState::Waiting => "waiting",
        StageState::Running => "running",
        StageState::Done => "done",
        StageState::Broken => "broken",
    }
}

fn mark(state: StageState) -> Markup {
    let (tone, word) = match state {
        StageState::Waiting => ("unknown", "waiting"),
        StageState::Running => ("caution", "running"),
        StageState::Done => ("healthy", "done"),
        StageState::Broken => ("degraded", "broke off"),
    };
    html! { span.mark.{ "tone-" (tone) } { @if state == StageState::Running { span.spinner aria-hidden="true" {} } @else { (crate::view::glyph::glyph(tone)) } span.hidden { (word) ": " } } }
}

fn log(sync: &LiveSync) -> Markup {
    html! {
        details { summary { "What happened, line by line" }
            ol.log { @for line in &sync.log { li { time datetime=(line.at.to_rfc3339()) { (line.at.format("%H:%M:%S")) } " " (name(&line.text)) } } }
        }
    }
}
