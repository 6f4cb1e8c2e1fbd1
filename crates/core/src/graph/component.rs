//! Strongly connected components, by Tarjan's algorithm without recursion.
//!
//! A dbt graph has no cycles, but one that is put together from several projects and a BI tool may, and
//! a chain may be longer than the stack is deep.

use super::adjacency::Adjacency;

/// Which component each node belongs to. Components are numbered so that along every edge between two
/// components the number falls (Tarjan's order: a component is finished after all that it leads to).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Components {
    pub of_node: Vec<usize>,
    pub count: usize,
}

const UNSEEN: usize = usize::MAX;

/// Finds the components of a graph of `length` nodes.
pub(crate) fn components(length: usize, edges: &Adjacency) -> Components {
    let mut order_of = vec![UNSEEN; length];
    let mut lowest = vec![0; length];
    let mut of_node = vec![UNSEEN; length];
    let mut path: Vec<usize> = Vec::new();
    // What recursion would keep: a node, and how many of its edges were followed.
    let mut calls: Vec<(usize, usize)> = Vec::new();
    let mut next_order = 0;
    let mut count = 0;
    for root in 0..length {
        if order_of[root] != UNSEEN {
            continue;
        }
        calls.push((root, 0));
        while let Some((node, followed)) = calls.pop() {
            if followed == 0 {
                order_of[node] = next_order;
                lowest[node] = next_order;
                next_order += 1;
                path.push(node);
            }
            let neighbours = edges.of(node);
            if let Some(last) = followed.checked_sub(1) {
                // Back from a neighbour: what it can reach, this node can.
                let back = neighbours[last];
                if of_node[back] == UNSEEN {
                    lowest[node] = lowest[node].min(lowest[back]);
                }
            }
            let mut at = followed;
            while at < neighbours.len() && order_of[neighbours[at]] != UNSEEN {
                if of_node[neighbours[at]] == UNSEEN {
                    lowest[node] = lowest[node].min(order_of[neighbours[at]]);
                }
                at += 1;
            }
            if let Some(&next) = neighbours.get(at) {
                calls.push((node, at + 1));
                calls.push((next, 0));
            } else if lowest[node] == order_of[node] {
                while let Some(member) = path.pop() {
                    of_node[member] = count;
                    if member == node {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    Components { of_node, count }
}
