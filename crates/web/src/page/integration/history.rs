//! The last syncs as bars: how long each took, how it ended, what it did.

use maud::{Markup, html};
use tailwater_core::id::IntegrationName;
use tailwater_engine::store::{SyncOutcome, SyncRecord};

use crate::context::Context;
use crate::view::badge;
use crate::view::number::{counted, grouped};
use crate::view::time::{ago, duration, exact};

/// So many bars.
pub const MOST_BARS: usize = 30;
/// The height of the highest bar, and the width of each with the gap after it, in pixels.
const HEIGHT: i64 = 48;
const STEP: usize = 14;

/// The state of health that fits an outcome.
pub const fn tone(outcome: SyncOutcome) -> &'static str {
    match outcome {
        SyncOutcome::Changed | SyncOutcome::Unchanged => "healthy",
        SyncOutcome::Partial => "caution",
        SyncOutcome::Stopped => "unknown",
        SyncOutcome::Failed => "degraded",
    }
}

/// The word for an outcome, with its mark.
pub fn outcome(outcome: SyncOutcome) -> Markup {
    let word = match outcome {
        SyncOutcome::Changed => "Done",
        SyncOutcome::Unchanged => "Done, nothing new",
        SyncOutcome::Partial => "Done in part",
        SyncOutcome::Failed => "Failed",
        SyncOutcome::Stopped => "Stopped",
    };
    html! { span.badge.{ "tone-" (tone(outcome)) } { (crate::view::glyph::glyph(tone(outcome))) (word) } }
}

/// `3 added, 1 changed, 2 removed`, or what went wrong.
pub fn summary(sync: &SyncRecord) -> String {
    if let Some(error) = &sync.error {
        return error.message.clone();
    }
    if sync.outcome == SyncOutcome::Stopped {
        return "stopped before it landed; nothing was changed".to_owned();
    }
    let counts = &sync.counts;
    let parts = [
        (counts.added, "added"),
        (counts.changed, "changed"),
        (counts.removed, "removed"),
        (counts.kept, "kept as they were"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", grouped(*count as u64)))
        .collect();
    if parts.is_empty() {
        "nothing new".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The last syncs as bars, oldest at the left, with one link each. The table beside says the same in words.
pub fn bars(context: &Context, name: &IntegrationName, syncs: &[SyncRecord]) -> Markup {
    let shown: Vec<&SyncRecord> = syncs.iter().take(MOST_BARS).rev().collect();
    let length = |sync: &SyncRecord| (sync.finished_at - sync.started_at).num_milliseconds().max(1);
    let longest = shown.iter().map(|sync| length(sync)).max().unwrap_or(1);
    let width = shown.len() * STEP;
    html! {
        svg.syncs viewBox={ "0 0 " (width.max(STEP)) " " (HEIGHT) } width=(width) height=(HEIGHT) role="group" aria-label=(format!("The last {}", counted(shown.len(), "sync", "syncs"))) {
            @for (at, sync) in shown.iter().enumerate() {
                @let height = (length(sync) * HEIGHT / longest).clamp(4, HEIGHT);
                @let words = format!("{}: {}, {}", exact(sync.started_at), summary(sync), duration(sync.finished_at - sync.started_at));
                a href=(context.links.integration(name).then("/syncs").segment(&sync.id.to_string())) aria-label=(words) {
                    rect.{ "tone-" (tone(sync.outcome)) } x=(at * STEP) y=(HEIGHT - height) width=(STEP - 3) height=(height) rx="2" fill="currentColor" { title { (words) } }
                }
            }
        }
    }
}

/// The last syncs as a table.
pub fn table(context: &Context, name: &IntegrationName, syncs: &[SyncRecord]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Syncs" { table {
            thead { tr { th { "When" } th { "State" } th { "What it did" } th { "Why" } th.number { "Took" } th.number { "Exposures" } } }
            tbody { @for sync in syncs { tr {
                td.nowrap { a href=(context.links.integration(name).then("/syncs").segment(&sync.id.to_string())) { (ago(sync.started_at, context.now)) } }
                td { (outcome(sync.outcome)) }
                td { (crate::view::name::cut(&summary(sync), 300))
                    @if sync.counts.added + sync.counts.changed + sync.counts.removed > 0 {
                        " · " a href=(super::diff::address(context, name, sync.id)) { "what changed" }
                    } }
                td { (sync.detail.cause.map_or("by command", |cause| cause.title()))
                    @if let Some(by) = &sync.detail.by { ", " (crate::view::name::name(by)) } }
                td.number { (duration(sync.finished_at - sync.started_at)) }
                td.number { (grouped(sync.counts.exposures as u64)) }
            } } }
        } }
    }
}

/// The badge of an integration: how its last sync ended.
pub fn state(sync: Option<&SyncRecord>) -> Markup {
    if let Some(sync) = sync {
        outcome(sync.outcome)
    } else {
        html! { (badge::health_mark("unknown")) " Never synced" }
    }
}
