//! A column for each node.
//!
//! Columns by the longest path keep every edge pointing to the right, but leave a node far from its only
//! reader. So, from the right, each node that has more readers than it reads moves as far right as its
//! readers allow, which shortens more edges than it lengthens.

use crate::graph::Adjacency;

/// The column of each node, from 0. The edges make no cycle.
pub(super) fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let readers = Adjacency::new(count, edges.to_vec());
    let mut edges_in = vec![0_usize; count];
    for &(_, to) in edges {
        edges_in[to] += 1;
    }
    let mut waiting = edges_in.clone();
    let mut order: Vec<usize> = (0..count).filter(|&node| waiting[node] == 0).collect();
    let mut layer = vec![0; count];
    let mut at = 0;
    while at < order.len() {
        let node = order[at];
        for &reader in readers.of(node) {
            layer[reader] = layer[reader].max(layer[node] + 1);
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                order.push(reader);
            }
        }
        at += 1;
    }
    for &node in order.iter().rev() {
        let nearest = readers.of(node).iter().map(|&reader| layer[reader]).min();
        if let Some(nearest) = nearest.filter(|_| readers.of(node).len() > edges_in[node]) {
            layer[node] = layer[node].max(nearest - 1);
        }
    }
    // Moving may have emptied the first columns.
    let first = layer.iter().copied().min().unwrap_or_default();
    for layer in &mut layer {
        *layer -= first;
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_stands_beside_its_only_reader() {
        // 0 → 1 → 2 → 3, and 4 → 3
        assert_eq!(layers(5, &[(0, 1), (1, 2), (2, 3), (4, 3)]), [0, 1, 2, 3, 2]);
    }

    #[test]
    fn a_node_that_reads_more_than_reads_it_stays() {
        // 0 and 1 → 2 → 5; 0 → 3 → 4 → 5
        let edges = [(0, 2), (0, 3), (1, 2), (2, 5), (3, 4), (4, 5)];
        assert_eq!(layers(6, &edges), [0, 0, 1, 1, 2, 3]);
    }
}
