//! The graph and its walks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::adjacency::Adjacency;
use super::component::{Components, components};
use super::node_set::NodeSet;
use crate::id::NodeId;
use crate::project::Node;

/// Which way a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To what a node reads: dbt's `+node`.
    Upstream,
    /// To what reads a node: dbt's `node+`.
    Downstream,
}

/// Nodes by position, in the order of their ids, and the edges between them in both directions.
///
/// Everything it answers depends on the nodes and edges alone, not on the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    ids: Vec<NodeId>,
    children: Adjacency,
    parents: Adjacency,
}

impl Graph {
    /// Builds the graph from nodes with the ids of what they read. An id that is given twice is one node with
    /// the edges of both. Edges to what is not among the nodes (disabled, of another project) are left out.
    pub fn new<'a>(nodes: impl IntoIterator<Item = (&'a NodeId, &'a [NodeId])>) -> Self {
        let given: Vec<_> = nodes.into_iter().collect();
        let mut ids: Vec<NodeId> = given.iter().map(|&(id, _)| id.clone()).collect();
        ids.sort();
        ids.dedup();
        let mut downstream = Vec::new();
        for (id, reads) in given {
            let Ok(reader) = ids.binary_search(id) else {
                continue;
            };
            downstream.extend(
                reads
                    .iter()
                    .filter_map(|read| ids.binary_search(read).ok().map(|read| (read, reader))),
            );
        }
        let upstream = downstream.iter().map(|&(read, reader)| (reader, read)).collect();
        Self {
            children: Adjacency::new(ids.len(), downstream),
            parents: Adjacency::new(ids.len(), upstream),
            ids,
        }
    }

    /// Builds the graph from dbt nodes (with automatic exposures among them) and their `depends_on`.
    pub fn from_nodes<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        Self::new(
            nodes
                .into_iter()
                .map(|node| (&node.unique_id, node.depends_on.as_slice())),
        )
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The ids by position, sorted.
    pub fn ids(&self) -> &[NodeId] {
        &self.ids
    }

    /// A node's position.
    pub fn position(&self, unique_id: &str) -> Option<usize> {
        self.ids.binary_search_by(|id| id.as_str().cmp(unique_id)).ok()
    }

    /// The set of the given nodes; ids that are not in the graph are left out.
    pub fn set_of<'a>(&self, ids: impl IntoIterator<Item = &'a NodeId>) -> NodeSet {
        NodeSet::from_positions(
            self.len(),
            ids.into_iter().filter_map(|id| self.position(id.as_str())),
        )
    }

    /// The positions of what a node reads, sorted.
    pub fn parents(&self, position: usize) -> &[usize] {
        self.parents.of(position)
    }

    /// The positions of what reads a node, sorted.
    pub fn children(&self, position: usize) -> &[usize] {
        self.children.of(position)
    }

    /// Everything that can be reached from the given nodes in one to `depth` steps; without a depth, in any
    /// number of steps. A starting node is in the answer only when it can be reached from one of them, itself
    /// included.
    pub fn walk(&self, from: &NodeSet, direction: Direction, depth: Option<usize>) -> NodeSet {
        let edges = match direction {
            Direction::Upstream => &self.parents,
            Direction::Downstream => &self.children,
        };
        let mut reached = NodeSet::new(self.len());
        let mut layer: Vec<usize> = from.iter().collect();
        let mut steps = 0;
        while !layer.is_empty() && depth.is_none_or(|depth| steps < depth) {
            let mut next = Vec::new();
            for node in layer {
                next.extend(
                    edges
                        .of(node)
                        .iter()
                        .copied()
                        .filter(|&other| reached.insert(other)),
                );
            }
            layer = next;
            steps += 1;
        }
        reached
    }

    /// The edges with both ends in the set, as `(read, reader)` positions, sorted.
    pub fn edges_within<'a>(&'a self, set: &'a NodeSet) -> impl Iterator<Item = (usize, usize)> + 'a {
        set.iter().flat_map(move |read| {
            self.children(read)
                .iter()
                .filter(|&&reader| set.contains(reader))
                .map(move |&reader| (read, reader))
        })
    }

    /// All positions, what is read before what reads it. Of nodes that could come next the one with the
    /// smallest id comes first. The nodes of a cycle stand together, by id.
    pub fn topological_order(&self) -> Vec<usize> {
        let Components { of_node, count } = components(self.len(), &self.children);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (node, &component) in of_node.iter().enumerate() {
            members[component].push(node);
        }
        let mut waits_for: Vec<usize> = vec![0; count];
        for node in 0..self.len() {
            for &reader in self.children(node) {
                if of_node[reader] != of_node[node] {
                    waits_for[of_node[reader]] += 1;
                }
            }
        }
        let mut ready: BinaryHeap<Reverse<(usize, usize)>> = (0..count)
            .filter(|&component| waits_for[component] == 0)
            .map(|component| Reverse((members[component][0], component)))
            .collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse((_, component))) = ready.pop() {
            for &node in &members[component] {
                order.push(node);
                for &reader in self.children(node) {
                    let other = of_node[reader];
                    if other == component {
                        continue;
                    }
                    waits_for[other] -= 1;
                    if waits_for[other] == 0 {
                        ready.push(Reverse((members[other][0], other)));
                    }
                }
            }
        }
        order
    }

    /// The cycles: each a sorted list of nodes that can all reach one another, or one node that reads itself.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let Components { of_node, count } = components(self.len(), &self.children);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (node, &component) in of_node.iter().enumerate() {
            members[component].push(node);
        }
        members
            .retain(|nodes| nodes.len() > 1 || nodes.iter().any(|&node| self.children(node).contains(&node)));
        members.sort();
        members
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::*;

    /// A graph of `n0`, `n1`, … from `(read, reader)` pairs.
    fn graph(length: usize, edges: &[(usize, usize)]) -> Graph {
        let ids: Vec<NodeId> = (0..length).map(|at| NodeId::new(format!("n{at:04}"))).collect();
        let reads: Vec<Vec<NodeId>> = (0..length)
            .map(|reader| {
                edges
                    .iter()
                    .filter(|&&(_, other)| other == reader)
                    .map(|&(read, _)| ids[read].clone())
                    .collect()
            })
            .collect();
        Graph::new(ids.iter().zip(reads.iter().map(Vec::as_slice)))
    }

    /// The walk by its definition: repeat single steps over all edges.
    fn naive_walk(edges: &[(usize, usize)], from: &BTreeSet<usize>, depth: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut layer = from.clone();
        for _ in 0..depth {
            layer = edges
                .iter()
                .filter(|(read, _)| layer.contains(read))
                .map(|&(_, reader)| reader)
                .collect();
            reached.extend(layer.iter().copied());
        }
        reached
    }

    #[test]
    fn unknown_parents_are_left_out_and_repeated_ids_joined() {
        let [a, b, gone] = ["a", "b", "gone"].map(NodeId::from);
        let graph = Graph::new([
            (&b, [a.clone(), gone].as_slice()),
            (&a, &[]),
            (&b, std::slice::from_ref(&b)),
        ]);
        assert_eq!(graph.ids(), [a, b]);
        assert_eq!(graph.parents(1), [0, 1]);
        assert_eq!(graph.children(0), [1]);
        assert_eq!(graph.position("gone"), None);
        assert_eq!(
            graph
                .set_of(&["b", "gone"].map(NodeId::from))
                .iter()
                .collect::<Vec<_>>(),
            [1]
        );
    }

    #[test]
    fn cycles_are_found_and_do_not_stop_the_order() {
        let graph = graph(6, &[(0, 1), (1, 2), (2, 1), (2, 3), (4, 4)]);
        assert_eq!(graph.cycles(), [vec![1, 2], vec![4]]);
        assert_eq!(graph.topological_order(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_chain_longer_than_the_stack_is_no_trouble() {
        let length = 200_000;
        let ids: Vec<NodeId> = (0..length).map(|at| NodeId::new(format!("{at:06}"))).collect();
        let graph = Graph::new(ids.iter().enumerate().map(|(at, id)| {
            let reads = if at == 0 { &[][..] } else { &ids[at - 1..at] };
            (id, reads)
        }));
        assert_eq!(graph.topological_order(), (0..length).collect::<Vec<_>>());
        let all = graph.walk(&NodeSet::from_positions(length, [0]), Direction::Downstream, None);
        assert_eq!(all.len(), length - 1);
    }

    fn edges() -> impl Strategy<Value = Vec<(usize, usize)>> {
        prop::collection::vec((0_usize..14, 0_usize..14), 0..30)
    }

    proptest! {
        #[test]
        fn walks_equal_repeated_steps(
            edges in edges(),
            from in prop::collection::btree_set(0_usize..14, 0..4),
            depth in 0_usize..6,
        ) {
            let graph = graph(14, &edges);
            let backwards: Vec<_> = edges.iter().map(|&(read, reader)| (reader, read)).collect();
            let starts = NodeSet::from_positions(14, from.iter().copied());
            for (direction, edges) in [(Direction::Downstream, &edges), (Direction::Upstream, &backwards)] {
                let limited = graph.walk(&starts, direction, Some(depth));
                prop_assert_eq!(limited.iter().collect::<BTreeSet<_>>(), naive_walk(edges, &from, depth));
                let whole = graph.walk(&starts, direction, None);
                prop_assert_eq!(whole.iter().collect::<BTreeSet<_>>(), naive_walk(edges, &from, 14));
            }
        }

        #[test]
        fn the_order_respects_every_edge_outside_cycles(edges in edges()) {
            let graph = graph(14, &edges);
            let order = graph.topological_order();
            prop_assert_eq!(order.iter().copied().collect::<BTreeSet<_>>().len(), 14);
            let place: HashMap<usize, usize> = order.iter().enumerate().map(|(place, &node)| (node, place)).collect();
            let reaches = |from, to| {
                graph
                    .walk(&NodeSet::from_positions(14, [from]), Direction::Downstream, None)
                    .contains(to)
            };
            for &(read, reader) in &edges {
                prop_assert!(place[&read] < place[&reader] || reaches(reader, read));
            }
            let in_cycles: BTreeSet<usize> = graph.cycles().into_iter().flatten().collect();
            let expected: BTreeSet<usize> = (0..14).filter(|&node| reaches(node, node)).collect();
            prop_assert_eq!(in_cycles, expected);
        }

        #[test]
        fn edges_within_a_set_are_those_with_both_ends_in_it(
            edges in edges(),
            kept in prop::collection::btree_set(0_usize..14, 0..10),
        ) {
            let graph = graph(14, &edges);
            let set = NodeSet::from_positions(14, kept.iter().copied());
            let expected: BTreeSet<_> = edges
                .into_iter()
                .filter(|(read, reader)| kept.contains(read) && kept.contains(reader))
                .collect();
            prop_assert_eq!(graph.edges_within(&set).collect::<BTreeSet<_>>(), expected);
        }
    }
}
