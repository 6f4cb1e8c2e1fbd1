//! How a refresh stands, as a badge and in words.

use maud::{Markup, html};
use tailwater_core::refresh::{RefreshCause, RefreshOutcome, RefreshRecord, TargetKind};

use crate::context::Context;
use crate::link::Address;
use crate::view::glyph::glyph;
use crate::view::name::name;

/// The word for how a refresh stands.
pub const fn word(outcome: RefreshOutcome) -> &'static str {
    match outcome {
        RefreshOutcome::Queued => "Queued",
        RefreshOutcome::Sending => "Being sent",
        RefreshOutcome::Running => "Running",
        RefreshOutcome::Succeeded => "Refreshed",
        RefreshOutcome::Failed => "Failed",
        RefreshOutcome::Cancelled => "Cancelled",
        RefreshOutcome::TimedOut => "Timed out",
        RefreshOutcome::Skipped => "Skipped",
        RefreshOutcome::Held => "Held",
    }
}

/// The state of health that fits.
pub const fn tone(outcome: RefreshOutcome) -> &'static str {
    match outcome {
        RefreshOutcome::Succeeded => "healthy",
        RefreshOutcome::Failed | RefreshOutcome::TimedOut => "degraded",
        RefreshOutcome::Held | RefreshOutcome::Cancelled => "caution",
        RefreshOutcome::Queued
        | RefreshOutcome::Sending
        | RefreshOutcome::Running
        | RefreshOutcome::Skipped => "unknown",
    }
}

/// The badge.
pub fn badge(outcome: RefreshOutcome) -> Markup {
    html! {
        span.badge.{ "tone-" (tone(outcome)) } {
            @if outcome.is_over() { (glyph(tone(outcome))) } @else { span.spinner aria-hidden="true" {} }
            (word(outcome))
        }
    }
}

/// What set a refresh off, in words.
pub const fn cause(cause: RefreshCause) -> &'static str {
    match cause {
        RefreshCause::Artifacts => "after a dbt run",
        RefreshCause::DbtRun => "during a dbt run",
        RefreshCause::Job => "by a job",
        RefreshCause::ByHand => "by hand",
    }
}

/// The address of a refresh.
pub fn address(context: &Context, refresh: &RefreshRecord) -> Address {
    context.links.to("/refreshes").segment(refresh.id.as_str())
}

/// The target by name, with what it is.
pub fn target(context: &Context, refresh: &RefreshRecord) -> Markup {
    html! {
        a.name href=(address(context, refresh)) { (name(&refresh.name)) }
        span.path { (kind(refresh.target.kind)) " in " (name(refresh.target.integration.as_str())) }
    }
}

/// The word for what is refreshed.
pub const fn kind(kind: TargetKind) -> &'static str {
    kind.title()
}

/// Since when, for how long it was or is at work: from its sending to its end or now.
pub fn length(context: &Context, refresh: &RefreshRecord) -> String {
    let started = refresh.started_at.or(refresh.sent_at);
    started.map_or_else(
        || "–".to_owned(),
        |started| {
            let until = refresh.finished_at.unwrap_or(context.now);
            crate::view::time::duration(until - started)
        },
    )
}
