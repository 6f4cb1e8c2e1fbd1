//! How a run of a job and its steps stand, as badges and in words.

use chrono::TimeDelta;
use maud::{Markup, html};
use tailwater_core::job::{JobRun, JobRunCause, JobRunState, NodeCounts, StepState};

use crate::context::Context;
use crate::link::Address;
use crate::view::glyph::glyph;
use crate::view::name::name;
use crate::view::number::grouped;
use crate::view::time::duration;

/// The state of health that fits how a run stands.
pub const fn tone(state: JobRunState) -> &'static str {
    match state {
        JobRunState::Succeeded => "healthy",
        JobRunState::Failed | JobRunState::TimedOut | JobRunState::Lost => "degraded",
        JobRunState::Cancelled => "caution",
        JobRunState::Queued | JobRunState::Running | JobRunState::Replaced => "unknown",
    }
}

/// The badge of a run.
pub fn badge(state: JobRunState) -> Markup {
    let word = match state {
        JobRunState::Queued => "Queued",
        JobRunState::Running => "Running",
        JobRunState::Succeeded => "Succeeded",
        JobRunState::Failed => "Failed",
        JobRunState::Cancelled => "Cancelled",
        JobRunState::Replaced => "Replaced",
        JobRunState::TimedOut => "Timed out",
        JobRunState::Lost => "Lost",
    };
    html! {
        span.badge.{ "tone-" (tone(state)) } {
            @if state == JobRunState::Running { span.spinner aria-hidden="true" {} } @else { (glyph(tone(state))) }
            (word)
        }
    }
}

/// The tone of a step.
pub const fn step_tone(state: StepState) -> &'static str {
    match state {
        StepState::Succeeded => "healthy",
        StepState::Failed => "degraded",
        StepState::Cancelled => "caution",
        StepState::Waiting | StepState::Running | StepState::Skipped => "unknown",
    }
}

/// The badge of a step.
pub fn step_badge(state: StepState) -> Markup {
    let word = match state {
        StepState::Waiting => "Waiting",
        StepState::Running => "Running",
        StepState::Succeeded => "Succeeded",
        StepState::Failed => "Failed",
        StepState::Cancelled => "Cancelled",
        StepState::Skipped => "Not run",
    };
    html! {
        span.badge.{ "tone-" (step_tone(state)) } {
            @if state == StepState::Running { span.spinner aria-hidden="true" {} } @else { (glyph(step_tone(state))) }
            (word)
        }
    }
}

/// The address of a run.
pub fn address(context: &Context, run: &JobRun) -> Address {
    context.links.to("/runs").segment(run.id.as_str())
}

/// Why it ran, with a link to what it followed.
pub fn cause(context: &Context, run: &JobRun) -> Markup {
    let to_run = |id: &str| context.links.to("/runs").segment(id);
    html! {
        @match &run.cause {
            JobRunCause::After { job, run } => { "after " a href=(to_run(run.as_str())) { (name(job.as_str())) } },
            JobRunCause::Retry { of } => a href=(to_run(of.as_str())) { "tried again" },
            JobRunCause::Again { of } => a href=(to_run(of.as_str())) { "run again" },
            other => (other.title()),
        }
        @if let Some(by) = &run.by { ", " (name(by)) }
    }
}

/// How long it took so far, or a dash.
pub fn length(context: &Context, run: &JobRun) -> String {
    run.ran_for(context.now).map_or_else(|| "–".to_owned(), duration)
}

/// How long it waited, when that is worth a word.
pub fn waited(context: &Context, run: &JobRun) -> Option<String> {
    let waited = run.waited(context.now);
    (waited >= TimeDelta::seconds(1)).then(|| duration(waited))
}

/// `41 good, 2 warned, 1 failed, 3 skipped`: what is none is left out.
pub fn counts(counts: &NodeCounts) -> Markup {
    let parts = [
        (counts.failed, "failed", "degraded"),
        (counts.warned, "warned", "caution"),
        (counts.skipped, "skipped", "caution"),
        (counts.good, "good", "healthy"),
    ];
    let parts: Vec<_> = parts.iter().filter(|(count, ..)| *count > 0).collect();
    html! {
        @if parts.is_empty() { span.muted { "–" } }
        @for (at, (count, word, tone)) in parts.iter().enumerate() {
            @if at > 0 { ", " }
            span.nowrap.{ "tone-" (tone) } { (grouped(u64::from(*count))) " " (word) }
        }
    }
}
