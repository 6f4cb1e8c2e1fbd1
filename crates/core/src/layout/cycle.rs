//! Which edges to turn round so that no cycle is left.
//!
//! A graph of dbt nodes has no cycles, but folders, schemas or owners drawn as one node each may. Only edges
//! inside a strongly connected component are looked at, so an edge that is on no cycle never turns. There the
//! greedy order of Eades, Lin and Smyth is used: take away what nothing is read by and what reads nothing,
//! else the node that has most edges out over edges in; edges against the order turn.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::graph::{Adjacency, components};

/// The edges that are to be turned, sorted. `edges` are sorted, without repeats and without loops.
pub(super) fn turned(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let found = components(count, &Adjacency::new(count, edges.to_vec()));
    if found.count == count {
        return Vec::new();
    }
    let inner: Vec<(usize, usize)> = edges
        .iter()
        .copied()
        .filter(|&(from, to)| found.of_node[from] == found.of_node[to])
        .collect();
    let place = greedy_order(count, &inner);
    inner
        .into_iter()
        .filter(|&(from, to)| place[from] > place[to])
        .collect()
}

/// Each node's place in an order that few edges run against.
fn greedy_order(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let readers = Adjacency::new(count, edges.to_vec());
    let read = Adjacency::new(count, edges.iter().map(|&(from, to)| (to, from)).collect());
    let mut edges_out: Vec<usize> = (0..count).map(|node| readers.of(node).len()).collect();
    let mut edges_in: Vec<usize> = (0..count).map(|node| read.of(node).len()).collect();
    let mut place = vec![usize::MAX; count];
    let (mut first_free, mut end_free) = (0, count);
    // What is read by nothing or reads nothing, smallest last because it is taken from the end.
    let mut at_an_end: Vec<usize> = (0..count)
        .rev()
        .filter(|&node| edges_out[node] == 0 || edges_in[node] == 0)
        .collect();
    // Entries are left behind when degrees change, and passed over when they come up.
    let surplus = |node: usize, edges_out: &[usize], edges_in: &[usize]| {
        // At least as good as any other when nothing is read: written without negative numbers.
        (edges_out[node] + count).saturating_sub(edges_in[node])
    };
    let mut candidates: BinaryHeap<(usize, Reverse<usize>)> = (0..count)
        .map(|node| (surplus(node, &edges_out, &edges_in), Reverse(node)))
        .collect();
    loop {
        let node = if let Some(node) = at_an_end.pop() {
            node
        } else if let Some((value, Reverse(node))) = candidates.pop() {
            if place[node] == usize::MAX && value != surplus(node, &edges_out, &edges_in) {
                continue;
            }
            node
        } else {
            break;
        };
        if place[node] != usize::MAX {
            continue;
        }
        if edges_out[node] == 0 && edges_in[node] > 0 {
            end_free -= 1;
            place[node] = end_free;
        } else {
            place[node] = first_free;
            first_free += 1;
        }
        for &reader in readers.of(node) {
            if place[reader] == usize::MAX {
                edges_in[reader] -= 1;
                if edges_in[reader] == 0 {
                    at_an_end.push(reader);
                }
                candidates.push((surplus(reader, &edges_out, &edges_in), Reverse(reader)));
            }
        }
        for &parent in read.of(node) {
            if place[parent] == usize::MAX {
                edges_out[parent] -= 1;
                if edges_out[parent] == 0 {
                    at_an_end.push(parent);
                }
                candidates.push((surplus(parent, &edges_out, &edges_in), Reverse(parent)));
            }
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edge_of_a_ring_turns_and_none_beside_it() {
        // 0 → 1 → 2 → 3 → 1, 3 → 4
        let edges = [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)];
        assert_eq!(turned(5, &edges).len(), 1);
        assert!(!turned(5, &edges).contains(&(0, 1)));
        assert_eq!(turned(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]), []);
    }

    #[test]
    fn of_two_that_read_each_other_the_first_by_name_stands_left() {
        assert_eq!(turned(2, &[(0, 1), (1, 0)]), [(1, 0)]);
    }
}
