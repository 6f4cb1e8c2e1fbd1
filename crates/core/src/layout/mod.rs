//! Where each node of a drawing stands: a layered layout, from left to right.
//!
//! The method is Sugiyama's, each step linear or nearly so, for drawings of 20,000 nodes:
//!
//! ```text
//! edges ─▶ cycle      turn some edges round, so that all others point to the right
//!       ─▶ weak parts laid out apart
//!            layer    a column for each node: the longest path, then toward the side with more links
//!            proper   long edges run over one trunk per source node, a place in every column between
//!            order    up and down in a column: depth first by name, barycentre sweeps, adjacent swaps;
//!                     crossing counts crossings with a Fenwick tree, the best order is kept
//!            height   pixels: least squares toward the neighbours, by isotonic regression
//!       ─▶ shelf      the parts packed on shelves, single nodes in a grid
//! ```
//!
//! Nothing depends on the order in which nodes and edges are given, nor on chance: nodes start in the order
//! of their names, so that a drawing made again after a small change looks much as it did before.

mod crossing;
mod cycle;
mod height;
mod layer;
mod order;
mod proper;
mod shelf;
mod swap;

use crate::graph::Adjacency;
use proper::Proper;

/// A node to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// What it is sorted by at the start.
    pub name: &'a str,
    /// What tells nodes of one name apart. Nodes that share both keep the order in which they are given.
    pub id: &'a str,
    /// Pixels; at most [`LARGEST_SIDE`] count.
    pub width: u32,
    /// Pixels; at most [`LARGEST_SIDE`] count.
    pub height: u32,
}

/// Larger sides are taken for this, in pixels, so that sums stay far from the limits of the numbers.
pub const LARGEST_SIDE: u32 = 10_000;

/// Room between things, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spacing {
    /// Between two columns.
    pub columns: u32,
    /// Between two nodes of a column.
    pub nodes: u32,
    /// Between two parts that no edge joins.
    pub parts: u32,
}

impl Default for Spacing {
    fn default() -> Self {
        Self {
            columns: 64,
            nodes: 12,
            parts: 32,
        }
    }
}

/// A drawing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The left edge of each node, in pixels.
    pub x: Vec<u32>,
    /// The upper edge of each node, in pixels.
    pub y: Vec<u32>,
    /// The whole drawing's width, in pixels.
    pub width: u32,
    /// The whole drawing's height, in pixels.
    pub height: u32,
    /// The edges, by their place in the list, that lead to the left because a cycle had to be broken. Edges
    /// from a node to itself lead nowhere and are not among them.
    pub reversed: Vec<usize>,
    /// How often edges cross, long ones of one node counted as one where they run together.
    pub crossings: u64,
}

/// Places nodes. `edges` are pairs of places in `nodes`, from what is read to what reads it; edges of a node
/// to itself, repeated edges and ends that do not exist take no part.
pub fn layout(nodes: &[Item<'_>], edges: &[(usize, usize)], spacing: Spacing) -> Layout {
    // From here on a node is its rank: its place in the order of names.
    let mut by_rank: Vec<usize> = (0..nodes.len()).collect();
    by_rank.sort_by(|&left, &right| {
        let key = |at: usize| (nodes[at].name, nodes[at].id);
        key(left).cmp(&key(right))
    });
    let mut rank = vec![0; nodes.len()];
    for (place, &node) in by_rank.iter().enumerate() {
        rank[node] = place;
    }
    let is_drawn = |&(from, to): &(usize, usize)| from != to && from < nodes.len() && to < nodes.len();
    let mut ranked: Vec<(usize, usize)> = edges
        .iter()
        .filter(|edge| is_drawn(edge))
        .map(|&(from, to)| (rank[from], rank[to]))
        .collect();
    ranked.sort_unstable();
    ranked.dedup();

    let turned = cycle::turned(nodes.len(), &ranked);
    let reversed = edges
        .iter()
        .enumerate()
        .filter(|(_, edge)| is_drawn(edge))
        .filter(|&(_, &(from, to))| turned.binary_search(&(rank[from], rank[to])).is_ok())
        .map(|(at, _)| at)
        .collect();
    for edge in &mut ranked {
        if turned.binary_search(edge).is_ok() {
            *edge = (edge.1, edge.0);
        }
    }

    let size = |node: usize| {
        let item = &nodes[by_rank[node]];
        (side(item.width), side(item.height))
    };
    let (placed, crossings) = place_parts(nodes.len(), ranked, &size, spacing);
    let mut drawing = Layout {
        x: vec![0; nodes.len()],
        y: vec![0; nodes.len()],
        width: pixels(placed.width),
        height: pixels(placed.height),
        reversed,
        crossings,
    };
    for (node, &(x, y)) in placed.corners.iter().enumerate() {
        drawing.x[by_rank[node]] = pixels(x);
        drawing.y[by_rank[node]] = pixels(y);
    }
    drawing
}

/// Corners of nodes by rank, and the size of what they fill. Signed, because heights are found by moving.
struct Placed {
    corners: Vec<(i64, i64)>,
    width: i64,
    height: i64,
}

/// Lays out each weak part by itself and puts all on shelves.
fn place_parts(
    count: usize,
    edges: Vec<(usize, usize)>,
    size: &dyn Fn(usize) -> (i64, i64),
    spacing: Spacing,
) -> (Placed, u64) {
    let readers = Adjacency::new(count, edges);
    let backwards = (0..count)
        .flat_map(|from| readers.of(from).iter().map(move |&to| (to, from)))
        .collect();
    let read = Adjacency::new(count, backwards);

    let mut blocks = Vec::new();
    let mut singles = Vec::new();
    let mut crossings = 0;
    // A node's place inside its part.
    let mut local = vec![usize::MAX; count];
    for start in 0..count {
        if local[start] != usize::MAX {
            continue;
        }
        let mut members = vec![start];
        local[start] = 0;
        let mut at = 0;
        while at < members.len() {
            for &other in readers.of(members[at]).iter().chain(read.of(members[at])) {
                if local[other] == usize::MAX {
                    local[other] = 0;
                    members.push(other);
                }
            }
            at += 1;
        }
        if members.len() == 1 {
            singles.push(start);
            continue;
        }
        members.sort_unstable();
        for (place, &member) in members.iter().enumerate() {
            local[member] = place;
        }
        let inner: Vec<(usize, usize)> = members
            .iter()
            .enumerate()
            .flat_map(|(from, &member)| readers.of(member).iter().map(move |&to| (from, to)))
            .map(|(from, to)| (from, local[to]))
            .collect();
        let (corners, found) = place_part(&members, inner, size, spacing);
        crossings += found;
        blocks.push(shelf::Block::new(members, corners, size));
    }
    let room = i64::from(spacing.parts.min(LARGEST_SIDE));
    let gap = i64::from(spacing.nodes.min(LARGEST_SIDE));
    let grid = (!singles.is_empty()).then(|| shelf::grid(singles, size, gap));
    (shelf::pack(count, blocks, grid, room), crossings)
}

/// Lays out one weak part; corners in the order of `members`, from (0, 0).
fn place_part(
    members: &[usize],
    edges: Vec<(usize, usize)>,
    size: &dyn Fn(usize) -> (i64, i64),
    spacing: Spacing,
) -> (Vec<(i64, i64)>, u64) {
    let layers = layer::layers(members.len(), &edges);
    let proper = Proper::new(&layers, edges);
    let (order, crossings) = order::best(&proper);

    let mut column_widths = vec![0; proper.layer_count()];
    for (place, &member) in members.iter().enumerate() {
        let widest = &mut column_widths[layers[place]];
        *widest = size(member).0.max(*widest);
    }
    let mut column_x = Vec::with_capacity(column_widths.len());
    let mut x = 0;
    for width in column_widths {
        column_x.push(x);
        x += width + i64::from(spacing.columns.min(LARGEST_SIDE));
    }
    let heights: Vec<i64> = members.iter().map(|&member| size(member).1).collect();
    let gap = i64::from(spacing.nodes.min(LARGEST_SIDE));
    let tops = height::tops(&proper, &order, &heights, gap);
    let corners = (0..members.len())
        .map(|place| (column_x[layers[place]], tops[place]))
        .collect();
    (corners, crossings)
}

fn side(pixels: u32) -> i64 {
    i64::from(pixels.clamp(1, LARGEST_SIDE))
}

/// Coordinates are never negative here; a drawing that is larger than the type is cut at its limit.
fn pixels(coordinate: i64) -> u32 {
    u32::try_from(coordinate.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
