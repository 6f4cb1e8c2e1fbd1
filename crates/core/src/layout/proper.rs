//! The graph whose every edge leads to the next column: long edges get a place in each column between.
//!
//! All long edges of one node share one trunk, so that a source that twenty marts read costs one place a
//! column and not twenty:
//!
//! ```text
//! a ─ · ─┬─ b          · the trunk of a
//!        └─ · ─── c
//! ```

use crate::graph::Adjacency;

/// Nodes first (`0..real`), then places of trunks; edges lead from a column to the next.
#[derive(Debug)]
pub(super) struct Proper {
    /// How many are nodes.
    pub real: usize,
    /// The column of each.
    pub layer: Vec<usize>,
    /// Neighbours in the next column.
    pub right: Adjacency,
    /// Neighbours in the column before.
    pub left: Adjacency,
    /// How many edges there are.
    pub edge_count: usize,
    layer_count: usize,
}

/// Trunks have at most this many places for each node and edge together. A graph that needs more is one long
/// chain with edges over much of its length, where places would grow with the square of the nodes; its longest
/// edges then take no part in the order.
const PLACES_EACH: usize = 8;

impl Proper {
    /// Builds it from nodes with columns and edges that lead to the right.
    pub fn new(layers: &[usize], edges: Vec<(usize, usize)>) -> Self {
        let real = layers.len();
        let mut farthest: Vec<usize> = layers.to_vec();
        for &(from, to) in &edges {
            farthest[from] = farthest[from].max(layers[to]);
        }
        let length = |node: usize| (farthest[node] - layers[node]).saturating_sub(1);
        let mut with_trunk: Vec<usize> = (0..real).filter(|&node| length(node) > 0).collect();
        with_trunk.sort_by_key(|&node| length(node));
        let mut places_left = PLACES_EACH * (real + edges.len());
        // Where the trunk of each node begins among the places.
        let mut trunk: Vec<Option<usize>> = vec![None; real];
        let mut layer = layers.to_vec();
        let mut segments = Vec::with_capacity(edges.len());
        for node in with_trunk {
            if length(node) > places_left {
                break;
            }
            places_left -= length(node);
            trunk[node] = Some(layer.len());
            let mut before = node;
            for column in layers[node] + 1..farthest[node] {
                segments.push((before, layer.len()));
                before = layer.len();
                layer.push(column);
            }
        }
        for (from, to) in edges {
            let gap = layers[to] - layers[from];
            if gap == 1 {
                segments.push((from, to));
            } else if let Some(start) = trunk[from] {
                segments.push((start + gap - 2, to));
            }
        }
        let backwards = segments.iter().map(|&(from, to)| (to, from)).collect();
        Self {
            real,
            edge_count: segments.len(),
            layer_count: layer.iter().max().map_or(0, |last| last + 1),
            right: Adjacency::new(layer.len(), segments),
            left: Adjacency::new(layer.len(), backwards),
            layer,
        }
    }

    /// How many nodes and places there are.
    pub fn len(&self) -> usize {
        self.layer.len()
    }

    /// How many columns there are.
    pub fn layer_count(&self) -> usize {
        self.layer_count
    }

    /// Neighbours on one side.
    pub fn beside(&self, side: Side) -> &Adjacency {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }
}

/// One side of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_edges_of_a_node_share_one_trunk() {
        // 0 → 1 → 2 → 3, 0 → 2, 0 → 3
        let proper = Proper::new(&[0, 1, 2, 3], vec![(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)]);
        assert_eq!(proper.len(), 6);
        assert_eq!(proper.right.of(0), [1, 4]);
        assert_eq!(proper.right.of(4), [2, 5]);
        assert_eq!(proper.left.of(3), [2, 5]);
    }

    #[test]
    fn places_do_not_grow_with_the_square_of_the_nodes() {
        let count = 2_000;
        let layers: Vec<usize> = (0..count).collect();
        let edges = (0..count - 1).flat_map(|node| [(node, node + 1), (node, count - 1)]);
        let proper = Proper::new(&layers, edges.collect());
        assert!(proper.len() < 30 * count, "{}", proper.len());
    }
}
