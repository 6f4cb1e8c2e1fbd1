//! How something ended: dbt's own word, with the shape of the state that it means.

use maud::{Markup, html};
use tailwater_core::run::RunStatus;

use crate::context::Context;
use crate::view::glyph::glyph;
use crate::view::time::ago_or_dash;

/// dbt's word for how a run of a node ended.
pub fn status(status: &RunStatus) -> Markup {
    let tone = tone(status);
    html! { span.badge.{ "tone-" (tone) } { (glyph(tone)) (status.name()) } }
}

/// The same with when it was.
pub fn status_at(context: &Context, status: &RunStatus, at: Option<chrono::DateTime<chrono::Utc>>) -> Markup {
    html! { (self::status(status)) " " span.muted.nowrap { (ago_or_dash(at, context.now)) } }
}

/// The state of health that it means.
pub const fn tone(status: &RunStatus) -> &'static str {
    match status {
        RunStatus::Success | RunStatus::Pass | RunStatus::NoOp => "healthy",
        RunStatus::Warn | RunStatus::Skipped => "caution",
        RunStatus::Error | RunStatus::Fail | RunStatus::RuntimeError | RunStatus::PartialSuccess => {
            "degraded"
        }
        RunStatus::Other(_) => "unknown",
    }
}
