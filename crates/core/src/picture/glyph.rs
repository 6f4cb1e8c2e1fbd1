//! Small drawings for kinds and states, our own, as SVG path data in a square of 16.

use super::kind::Kind;
use crate::project::ResourceType;

/// The drawing of a kind; strokes without filling.
pub(super) const fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Resource(resource) => match resource {
            // A cylinder.
            ResourceType::Source => "M3 4.5c0-3 10-3 10 0s-10 3-10 0v7c0 3 10 3 10 0v-7",
            // A sprout.
            ResourceType::Seed => "M8 14v-6M8 9c-4 0-5-2-5-5 4 0 5 2 5 5c0-3 1-5 5-5 0 3-1 5-5 5",
            // Stacked frames.
            ResourceType::Snapshot => "M5 5h8v8h-8zM3 11v-8h8",
            // A gauge.
            ResourceType::Metric => "M2.5 12a6 6 0 1 1 11 0M8 11l3-4",
            // A hexagon.
            ResourceType::SemanticModel => "M8 2l5.2 3v6l-5.2 3l-5.2-3v-6z",
            // Lines with a bookmark.
            ResourceType::SavedQuery => "M3 4h5M3 8h5M3 12h10M10 2h3v7l-1.5-1.5l-1.5 1.5z",
            // A panel with bars.
            ResourceType::Exposure => "M2.5 2.5h11v11h-11zM5.5 11v-3M8 11v-6M10.5 11v-4.5",
            // A tick in a shield.
            ResourceType::Test | ResourceType::UnitTest => {
                "M8 2l5 2v4c0 3-2 5-5 6c-3-1-5-3-5-6v-4zM5.8 8l1.6 1.6l2.8-3"
            }
            // Braces.
            ResourceType::Analysis
            | ResourceType::Function
            | ResourceType::Operation
            | ResourceType::SqlOperation => {
                "M6 2.5c-3 0-1 5-3.5 5.5c2.5 .5 .5 5.5 3.5 5.5M10 2.5c3 0 1 5 3.5 5.5c-2.5 .5-.5 5.5-3.5 5.5"
            }
            // A cube.
            ResourceType::Model => "M8 2l5.2 3v6l-5.2 3l-5.2-3v-6zM2.8 5l5.2 3l5.2-3M8 8v6",
        },
        // A cylinder with a plug.
        Kind::DataSource => "M3 4c0-2.5 8-2.5 8 0s-8 2.5-8 0v6c0 2.5 8 2.5 8 0v-6M11 8h3M14 6v4",
        // A panel in four.
        Kind::Dashboard => "M2.5 2.5h11v11h-11zM2.5 7h11M7 7v6.5",
        // Bars.
        Kind::Sheet => "M3 13.5h10M4.5 11v-4M8 11v-8M11.5 11v-6",
        // A folder.
        Kind::Group => "M2 4h4l1.5 2h6.5v7h-12z",
        // Three points.
        Kind::Pill => "M4 8h.01M8 8h.01M12 8h.01",
    }
}

/// The mark of a state of health, by its word: tick in a disc, triangle, cross in an octagon, dashed ring.
pub(super) fn of_health(state: &str) -> &'static str {
    match state {
        "healthy" => "M8 2a6 6 0 1 0 .01 0zM5.3 8.2l1.9 1.9l3.5-3.9",
        "caution" => "M8 2.2l6.2 11.3h-12.4zM8 6.5v3M8 11.5v.01",
        "degraded" => "M5.5 2h5l3.5 3.5v5l-3.5 3.5h-5l-3.5-3.5v-5zM6 6l4 4M10 6l-4 4",
        _ => {
            "M6 2.4a6 6 0 0 1 4 0M12.5 4.2a6 6 0 0 1 1.5 3.3M13.4 10.6a6 6 0 0 1-2.7 2.8M7.2 14a6 6 0 0 1-3.6-1.8M2.2 9.4a6 6 0 0 1 .9-4.1"
        }
    }
}
