//! A picture of lineage: what is drawn for a question, where it stands, and what its colours mean.
//!
//! ```text
//! Query ─▶ choice    which resources: a selector, or a node with what is around it
//!       ─▶ sketch    vertices and edges; data_source and part put the BI tool's side in between
//!       ─▶ middle    models between the chosen ones and the dashboards become pills: `+7 models`
//!       ─▶ group     large drawings: one vertex a folder, schema, project, owner or kind
//!       ─▶ fold      small drawings: the many on one side become `+388 more`
//!       ─▶ layout    where everything stands
//!       ─▶ Picture   columns of numbers: JSON, table, CSV and SVG all come from this one answer
//! ```
//!
//! Pure: what is known beside the graph (health, last results, dashboards, inventories) is asked of
//! [`Surroundings`], by the universe's positions.

mod choice;
mod csv;
mod data_source;
mod error;
mod fold;
mod glyph;
mod group;
mod kind;
mod lens;
mod middle;
mod part;
mod query;
mod sketch;
pub mod svg;
mod table;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use error::PictureError;
pub use kind::Kind;
pub use lens::LegendEntry;
pub use query::{DataSourceView, Grouping, LensName, PictureQuery, Preset};
pub use table::Row;

use crate::exposure::Exposure;
use crate::health::{HealthState, Refresh};
use crate::history::NodeState;
use crate::id::IntegrationName;
use crate::inventory::Inventory;
use crate::layout::{Item, Spacing, layout};
use crate::selector::Universe;
use choice::Choice;
use lens::Lens;
use sketch::Sketch;

/// Drawings of more vertices than this come grouped, unless all of them are asked for.
pub const MOST_UNGROUPED: usize = 1_500;

/// The height of every node, in pixels.
pub const NODE_HEIGHT: u32 = 28;

/// What is known beside the graph, by the universe's positions.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The health of a resource.
    pub health: &'a dyn Fn(usize) -> HealthState,
    /// How a node ended last.
    pub state: &'a dyn Fn(usize) -> Option<&'a NodeState>,
    /// The exposure at a position.
    pub exposure: &'a dyn Fn(usize) -> Option<&'a Exposure>,
    /// The BI side's badge of an exposure.
    pub refresh: &'a dyn Fn(usize) -> Option<&'a Refresh>,
    /// What an integration's last sync left.
    pub inventory: &'a dyn Fn(&IntegrationName) -> Option<&'a Inventory>,
    /// The moment for which ages are told.
    pub now: DateTime<Utc>,
}

/// What is drawn. Its JSON is read by the browser; lists of one length stand for the columns of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// What it is of.
    pub title: String,
    /// What was asked, in words, with the number of resources.
    pub echo: String,
    /// The selector that chooses this; what a search box shows.
    pub select: String,
    /// What was taken out.
    pub exclude: String,
    /// How much is drawn.
    pub counts: Counts,
    /// Whether resources are drawn as groups.
    pub grouped: bool,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The words that `nodes.kind` points into.
    pub kinds: Vec<&'static str>,
    /// The words that `nodes.health` points into.
    pub healths: [&'static str; 4],
    /// The words that `nodes.tool` points into.
    pub tools: Vec<String>,
    /// What the colours mean.
    pub lens: Legend,
    /// Where the page of a node stands, by kind, without the base path: its id follows, percent-encoded.
    pub paths: BTreeMap<&'static str, &'static str>,
    /// The nodes, in columns.
    pub nodes: Nodes,
    /// The edges, in columns.
    pub edges: Edges,
    /// The place of the node in focus, or -1.
    pub focus: i64,
    /// What the reader should know, in sentences.
    pub notes: Vec<String>,
}

/// How much is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Drawn nodes, groups and pills as one each.
    pub nodes: usize,
    /// Drawn edges.
    pub edges: usize,
    /// Resources that were chosen, whether drawn by themselves or not.
    pub resources: usize,
}

/// A lens with the values that occur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Legend {
    /// The lens.
    pub name: &'static str,
    /// The values, in order; `nodes.lens` points into them.
    pub legend: Vec<LegendEntry>,
}

/// The nodes. All lists have one length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Nodes {
    /// dbt's `unique_id`; of others an id of their own, `pill:…`, `group:…`, `data_source:…`, `part:…`.
    pub id: Vec<String>,
    /// The name that is shown. Untrusted.
    pub name: Vec<String>,
    /// Place in [`Picture::kinds`].
    pub kind: Vec<usize>,
    /// Place in [`Picture::healths`].
    pub health: Vec<usize>,
    /// Place in the legend.
    pub lens: Vec<usize>,
    /// Place in [`Picture::tools`], or -1.
    pub tool: Vec<i64>,
    /// Left edge.
    pub x: Vec<u32>,
    /// Upper edge.
    pub y: Vec<u32>,
    /// Width.
    pub w: Vec<u32>,
    /// Height of all.
    pub h: u32,
    /// Of a pill or a group the number of its members, else 0.
    pub members: Vec<usize>,
    /// How many resources it reads, drawn or not; of others than resources, drawn ones.
    pub up: Vec<usize>,
    /// How many resources read it, likewise.
    pub down: Vec<usize>,
}

/// The edges, by places of nodes. Both lists have one length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Edges {
    /// What is read.
    pub from: Vec<usize>,
    /// What reads it.
    pub to: Vec<usize>,
}

/// Draws the answer to a question.
///
/// # Errors
/// A selector that cannot be read or that finds nothing; a node in focus that is not there.
pub fn draw(
    query: &PictureQuery,
    universe: &Universe<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Picture, PictureError> {
    let choice = Choice::new(query, universe)?;
    let mut notes = choice.notes.clone();
    let mut lens = Lens::new(query.lens, &choice.drawn, universe);
    let mut sketch = Sketch::of_nodes(&choice, universe, surroundings, &mut lens);

    let may_be_large = sketch.vertices.len() > MOST_UNGROUPED && !query.draw_all;
    let is_collapsed = query.collapses();
    let view = query.data_sources.unwrap_or_default();
    // Groups have no data sources between: there would be as many as there are dashboards.
    let is_grouped_anyway = query.group.is_some() || (may_be_large && !is_collapsed);
    if !is_grouped_anyway {
        data_source::insert(&mut sketch, view, surroundings, &mut lens);
        if query.has_parts {
            part::insert(&mut sketch, surroundings, &mut lens);
        }
    }
    if is_collapsed {
        middle::collapse(&mut sketch, &query.open, &mut lens, &mut notes);
    }
    let is_large = sketch.vertices.len() > MOST_UNGROUPED && !query.draw_all;
    let grouping = query.group.or(is_large.then_some(Grouping::Folder));
    if let Some(grouping) = grouping {
        group::group(
            &mut sketch,
            grouping,
            &query.open,
            universe,
            surroundings,
            &mut lens,
        );
        if query.group.is_none() {
            notes.push(format!(
                "{} resources are drawn as groups. A group opens in place; all can be drawn too.",
                choice.drawn.len()
            ));
        }
    }
    if let Some(most) = query.most_each_side {
        fold::fold(&mut sketch, most, &mut lens);
    }
    Ok(finish(query, choice, sketch, lens, notes, grouping.is_some()))
}

/// Places everything and writes it into columns.
fn finish(
    query: &PictureQuery,
    choice: Choice,
    sketch: Sketch,
    lens: Lens,
    notes: Vec<String>,
    grouped: bool,
) -> Picture {
    let widths: Vec<u32> = sketch.vertices.iter().map(|vertex| width(&vertex.name)).collect();
    let items: Vec<Item<'_>> = sketch
        .vertices
        .iter()
        .zip(&widths)
        .map(|(vertex, &width)| Item {
            name: &vertex.name,
            id: &vertex.id,
            width,
            height: NODE_HEIGHT,
        })
        .collect();
    let placed = layout(&items, &sketch.edges, Spacing::default());
    let (mut drawn_up, mut drawn_down) = (vec![0; items.len()], vec![0; items.len()]);
    for &(from, to) in &sketch.edges {
        drawn_down[from] += 1;
        drawn_up[to] += 1;
    }
    let (legend, place_of_value) = lens.legend(sketch.vertices.iter().map(|vertex| vertex.lens));
    let counts = Counts {
        nodes: sketch.vertices.len(),
        edges: sketch.edges.len(),
        resources: choice.drawn.len(),
    };
    let mut nodes = Nodes {
        h: NODE_HEIGHT,
        x: placed.x,
        y: placed.y,
        w: widths,
        ..Nodes::default()
    };
    let focus = sketch.focus;
    for (at, vertex) in sketch.vertices.into_iter().enumerate() {
        nodes.kind.push(vertex.kind.index());
        nodes.health.push(health_index(vertex.health));
        nodes.lens.push(place_of_value[vertex.lens]);
        nodes.tool.push(index_or_minus_one(vertex.tool));
        nodes.members.push(vertex.members);
        let (up, down) = vertex.neighbours.unwrap_or((drawn_up[at], drawn_down[at]));
        nodes.up.push(up);
        nodes.down.push(down);
        nodes.id.push(vertex.id);
        nodes.name.push(vertex.name);
    }
    let (from, to) = sketch.edges.into_iter().unzip();
    let plural = if counts.resources == 1 { "" } else { "s" };
    Picture {
        title: choice.title,
        echo: format!("{}: {} resource{plural}", choice.phrase, counts.resources),
        select: choice.select,
        exclude: query.exclude.clone(),
        counts,
        grouped,
        width: placed.width,
        height: placed.height,
        kinds: Kind::ALL.map(Kind::name).to_vec(),
        healths: HEALTHS.map(HealthState::name),
        tools: sketch.tools,
        lens: Legend {
            name: query.lens.name(),
            legend,
        },
        paths: Kind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind.name(), kind.path()?)))
            .collect(),
        nodes,
        edges: Edges { from, to },
        focus: index_or_minus_one(focus),
        notes,
    }
}

/// In the order of [`Picture::healths`].
const HEALTHS: [HealthState; 4] = [
    HealthState::Unknown,
    HealthState::Healthy,
    HealthState::Caution,
    HealthState::Degraded,
];

fn health_index(state: HealthState) -> usize {
    HEALTHS.iter().position(|&own| own == state).unwrap_or_default()
}

fn index_or_minus_one(at: Option<usize>) -> i64 {
    at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)
}

/// The width of a node with this name, in pixels: about 7 a cell, and room for glyph and health.
fn width(name: &str) -> u32 {
    let cells: usize = name.chars().take(40).map(cells).sum();
    u32::try_from(cells).map_or(240, |cells| (cells * 7 + 64).clamp(96, 240))
}

/// How many letters wide a letter is: those of East Asia and pictures are about two, from Hangul on.
fn cells(letter: char) -> usize {
    if letter < '\u{1100}' { 1 } else { 2 }
}

#[cfg(test)]
mod tests;
