//! Badges: a word with a shape, so that colour alone never says anything.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use tailwater_core::health::{Refresh, RefreshState};

use crate::view::glyph::glyph;
use crate::view::time::ago;

/// A state of health: `healthy`, `caution`, `degraded` or `unknown`.
pub fn health(state: &str) -> Markup {
    html! { span.badge.{ "tone-" (state) } { (glyph(state)) (title(state)) } }
}

/// The same as a mark alone, with its word for those who do not see it.
pub fn health_mark(state: &str) -> Markup {
    html! { span.mark.{ "tone-" (state) } title=(title(state)) { (glyph(state)) span.hidden { (title(state)) } } }
}

/// The BI side's badge: the state of the refresh, and since when the data is as it is.
pub fn refresh(refresh: &Refresh, now: DateTime<Utc>) -> Markup {
    let tone = match refresh.state {
        RefreshState::Live | RefreshState::Refreshed => "healthy",
        RefreshState::Unknown => "unknown",
        RefreshState::Stale => "caution",
        RefreshState::Failed => "degraded",
    };
    html! {
        span.badge.{ "tone-" (tone) } title=(refresh.sentence) { (glyph(tone)) (refresh.state.title()) }
        @if let Some(at) = refresh.data_as_of { " " span.muted.nowrap { (ago(at, now)) } }
    }
}

/// The word for a state.
pub fn title(state: &str) -> &'static str {
    match state {
        "healthy" => "Healthy",
        "caution" => "Caution",
        "degraded" => "Degraded",
        _ => "Unknown",
    }
}

/// A word in a quiet frame, such as a tag.
pub fn tag(text: &str) -> Markup {
    html! { span.tag { (text) } }
}
