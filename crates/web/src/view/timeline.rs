//! A timeline as a picture: steps, nodes and refreshes on one axis, drawn on the server.
//!
//! The picture is for the eye alone: the tables of the page say the same, with the same links, so it is hidden from
//! screen readers and takes no stop of the tab key.

use maud::{Markup, html};
use tailwater_core::timeline::{BAR, Bar, HEAD, ROW, Timeline};

use crate::link::Address;
use crate::view::name::cut;
use crate::view::number::grouped;

/// The width of the axis, in pixels.
pub const WIDTH: i64 = 880;
/// The width of the column of names at the left, and of the room at the right for the last mark.
const NAMES: i64 = 250;
const RIGHT: i64 = 60;
/// So many letters fit into the column of names.
const LETTERS: usize = 34;
/// About the width of a letter, in pixels.
const LETTER: i64 = 8;

/// What a bar shows, in the order of the entries that were laid out.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its name. Untrusted.
    pub name: String,
    /// The state of health that fits how it ended, or the tone of its kind while it runs.
    pub tone: &'static str,
    /// What is told of it when the mouse rests on it. Untrusted.
    pub title: String,
    /// Where it leads.
    pub address: Option<Address>,
}

/// The picture. `about` says what it shows.
pub fn picture(timeline: &Timeline, labels: &[Label], about: &str) -> Markup {
    let (width, height) = (NAMES + timeline.width + RIGHT, timeline.height + 4);
    html! {
        div.scroll.timeline tabindex="0" role="region" aria-label=(about) {
            svg aria-hidden="true" focusable="false" width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
                @for tick in &timeline.ticks {
                    line.tick x1=(NAMES + tick.x) x2=(NAMES + tick.x) y1=(HEAD) y2=(timeline.height) {}
                    text.tick x=(NAMES + tick.x) y=(HEAD - 8) { (tick.label) }
                }
                @for lane in &timeline.lanes {
                    text.lane x="0" y=(lane.y + HEAD - 8) { (lane.lane.title())
                        @if lane.left_out > 0 { " (" (grouped(lane.left_out as u64)) " shorter ones are not drawn)" } }
                    line.lane x1="0" x2=(width) y1=(lane.y) y2=(lane.y) {}
                }
                @for bar in &timeline.bars {
                    @if let Some(label) = labels.get(bar.entry) {
                        @let has_own_row = timeline.lanes.iter().any(|lane| lane.has_own_rows && (lane.y..lane.y + lane.height).contains(&bar.y));
                        @match &label.address {
                            Some(address) => a href=(address) tabindex="-1" { (drawn(bar, label, has_own_row)) },
                            None => g { (drawn(bar, label, has_own_row)) },
                        }
                    }
                }
            }
        }
    }
}

fn drawn(bar: &Bar, label: &Label, has_own_row: bool) -> Markup {
    let (x, middle) = (NAMES + bar.x, bar.y + BAR / 2);
    let letters = usize::try_from(bar.width / LETTER).unwrap_or(0);
    html! {
        title { (cut(&label.title, 600)) }
        @if has_own_row {
            // The whole row can be pressed.
            rect.row x="0" y=(bar.y - (ROW - BAR) / 2) width=(NAMES + bar.x + bar.width) height=(ROW) {}
            text.name x="0" y=(middle + 4) { (cut(&label.name, LETTERS)) }
        }
        @if let Some(from) = bar.waits_from { line.wait x1=(NAMES + from) x2=(x) y1=(middle) y2=(middle) {} }
        @if bar.width > 0 { rect.bar.{ "tone-" (label.tone) } x=(x) y=(bar.y) width=(bar.width) height=(BAR) rx="3" {} }
        @if !has_own_row && letters > 4 { text.inside x=(x + 4) y=(middle + 4) { (cut(&label.name, letters - 1)) } }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use tailwater_core::timeline::{Entry, Lane, lay_out};

    use super::*;

    #[test]
    fn hostile_names_stay_names_and_nothing_takes_the_tab_key() {
        let start = DateTime::from_timestamp(0, 0).unwrap();
        let entry = Entry {
            lane: Lane::Node,
            waited_since: None,
            started_at: Some(start),
            ended_at: Some(start + TimeDelta::seconds(3)),
        };
        let label = Label {
            name: "</text><script>x</script>".to_owned(),
            tone: "healthy",
            title: "\"><svg onload=x>".to_owned(),
            address: Some(crate::link::Links::new("".into()).to("/models")),
        };
        let timeline = lay_out(&[entry], WIDTH, start).unwrap();
        let drawn = picture(&timeline, &[label], "Nodes").into_string();
        assert!(
            !drawn.contains("<script") && !drawn.contains("<svg onload"),
            "{drawn}"
        );
        assert_eq!(
            drawn.matches("<a ").count(),
            drawn.matches("tabindex=\"-1\"").count()
        );
    }
}
