//! Badges: a word with a shape, so that colour alone never says anything.

use maud::{Markup, html};

use crate::view::glyph::glyph;

/// A state of health: `healthy`, `caution`, `degraded` or `unknown`.
pub fn health(state: &str) -> Markup {
    html! { span.badge.{ "tone-" (state) } { (glyph(state)) (title(state)) } }
}

/// The same as a mark alone, with its word for those who do not see it.
pub fn health_mark(state: &str) -> Markup {
    html! { span.mark.{ "tone-" (state) } title=(title(state)) { (glyph(state)) span.hidden { (title(state)) } } }
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
