//! Our own small pictures: one for each kind of resource, one for each state of health, letters for BI tools.
//!
//! Every shape is drawn in a box of 16 by 16 with the colour of its surroundings, so the style sheet's tokens
//! colour it in both themes. None of them is a trademark, or looks like one.

use maud::{Markup, PreEscaped, html};
use tailwater_core::project::ResourceType;

/// The name of a kind's glyph and colour token.
pub const fn tone(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Source => "source",
        ResourceType::Seed => "seed",
        ResourceType::Snapshot => "snapshot",
        ResourceType::Metric => "metric",
        ResourceType::SemanticModel => "semantic_model",
        ResourceType::SavedQuery => "saved_query",
        ResourceType::Exposure => "exposure",
        ResourceType::Test | ResourceType::UnitTest => "test",
        ResourceType::Model
        | ResourceType::Analysis
        | ResourceType::Operation
        | ResourceType::SqlOperation
        | ResourceType::Function => "model",
    }
}

/// The words for one resource of a kind, in lower case.
pub const fn title(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Model => "model",
        ResourceType::Source => "source",
        ResourceType::Seed => "seed",
        ResourceType::Snapshot => "snapshot",
        ResourceType::Test => "test",
        ResourceType::UnitTest => "unit test",
        ResourceType::Analysis => "analysis",
        ResourceType::Operation => "operation",
        ResourceType::SqlOperation => "SQL operation",
        ResourceType::Function => "function",
        ResourceType::Metric => "metric",
        ResourceType::SemanticModel => "semantic model",
        ResourceType::SavedQuery => "saved query",
        ResourceType::Exposure => "exposure",
    }
}

/// The shapes inside the box, by the token's name; what is not known is a macro's braces.
pub fn shape(tone: &str) -> &'static str {
    match tone {
        "source" => {
            r#"<path d="M2.5 4v8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2V4M2.5 4c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2-2.5-2-5.5-2-5.5.9-5.5 2zM2.5 8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2"/>"#
        }
        "seed" => {
            r#"<path d="M8 14V8M8 9C8 6 6 4 2.5 4 2.5 7 4.5 9 8 9zM8 7.5C8 5 9.7 3 13.5 3c0 3-2 4.5-5.5 4.500z"/>"#
        }
        "model" => {
            r#"<path d="M8 1.800 13.500 4.800v6.400L8 14.200l-5.500-3V4.800zM2.500 4.800 8 7.900l5.500-3.100M8 7.900v6.300"/>"#
        }
        "snapshot" => r#"<path d="M2 5h9v9H2zM4 5V3.500h8.500V12H11M6 3.500V2h8v8.500h-1.500"/>"#,
        "metric" => r#"<path d="M2 12a6 6 0 1 1 12 0M8 12l3-4.500M2 12h2M12 12h2"/>"#,
        "semantic_model" => r#"<path d="M5 2.500h6L14 8l-3 5.500H5L2 8z"/>"#,
        "saved_query" => {
            r#"<path d="M2.500 4h6M2.500 8h6M2.500 12h6M10.500 2.500h3V10L12 8.700 10.500 10z"/>"#
        }
        "exposure" => r#"<path d="M2 2.500h12v11H2zM5 11V8M8 11V5.500M11 11V7"/>"#,
        "test" => {
            r#"<path d="M8 1.800 13.500 4v4c0 3-2.300 5.300-5.500 6.200C4.800 13.300 2.500 11 2.500 8V4zM5.500 8l2 2 3.500-3.800"/>"#
        }
        "healthy" => {
            r#"<circle cx="8" cy="8" r="6.500" fill="currentColor" stroke="none"/><path class="knock" d="m5 8.200 2.200 2.200L11.200 6"/>"#
        }
        "caution" => {
            r#"<path d="M8 1.500 15 14H1z" fill="currentColor" stroke="none"/><path class="knock" d="M8 6v4M8 12v.2"/>"#
        }
        "degraded" => {
            r#"<path d="M5.300 1.500h5.400l3.800 3.800v5.400l-3.800 3.800H5.300l-3.800-3.800V5.300z" fill="currentColor" stroke="none"/><path class="knock" d="m5.700 5.700 4.600 4.600M10.300 5.700l-4.600 4.600"/>"#
        }
        "unknown" => r#"<circle cx="8" cy="8" r="6" stroke-dasharray="3 2.300"/>"#,
        _ => {
            r#"<path d="M6 2.500C4 2.500 5 7.500 3 8c2 .5 1 5.500 3 5.500M10 2.500c2 0 1 5 3 5.500-2 .5-1 5.500-3 5.500"/>"#
        }
    }
}

/// A glyph with its colour, hidden from readers of the page's text: its name always stands beside it.
pub fn glyph(tone: &str) -> Markup {
    html! {
        svg.glyph.{ "tone-" (tone) } viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false" { (PreEscaped(shape(tone))) }
    }
}

/// The glyph of a kind.
pub fn of_kind(kind: ResourceType) -> Markup {
    glyph(tone(kind))
}

/// A BI tool's tile: two letters, with the whole name for those who do not see it.
pub fn tool(name: &str) -> Markup {
    let (letters, title) = match name {
        "tableau" => ("Tb", "Tableau"),
        "powerbi" => ("PB", "Power BI"),
        "superset" => ("Su", "Apache Superset"),
        _ => ("BI", "BI tool"),
    };
    html! { span.tile role="img" aria-label=(title) title=(title) { (letters) } }
}

/// A tool's name in full.
pub fn tool_title(name: &str) -> &'static str {
    match name {
        "tableau" => "Tableau",
        "powerbi" => "Power BI",
        "superset" => "Apache Superset",
        _ => "BI tool",
    }
}
