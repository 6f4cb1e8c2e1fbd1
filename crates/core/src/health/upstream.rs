//! Which sources stand upstream of each node, and how fresh they are.
//!
//! A walk per node would go over the whole graph tens of thousands of times. Instead each source is a bit,
//! and the bits flow down the graph once, 256 sources at a time, so that memory grows with the nodes alone.
//! Within a pass the sources are in the order of their last check, newest first, so that the first bits of a
//! node are the ones to name.

use chrono::{DateTime, Utc};

use super::LONGEST_LIST;
use super::verdict::FreshnessVerdict;
use crate::graph::Graph;

const WORDS: usize = 4;
const BITS: usize = WORDS * 64;
const KINDS: usize = FreshnessVerdict::ALL.len();
type Block = [u64; WORDS];

/// A source that configures its freshness.
#[derive(Debug, Clone, Copy)]
pub struct Checked {
    pub position: usize,
    pub verdict: FreshnessVerdict,
    pub at: Option<DateTime<Utc>>,
}

/// The sources upstream of one node that stand alike.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    /// How many there are.
    pub count: usize,
    /// The first of them, those checked last, sorted by position.
    pub named: Vec<usize>,
    /// When the last of them was checked.
    pub at: Option<DateTime<Utc>>,
}

/// The sources upstream of one node that configure their freshness, by how they stand.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    kinds: [Alike; KINDS],
}

impl Upstream {
    /// Those that stand in any of the given ways.
    pub fn of(&self, verdicts: &[FreshnessVerdict]) -> Alike {
        let mut all = Alike::default();
        for &verdict in verdicts {
            let one = &self.kinds[verdict as usize];
            all.count += one.count;
            all.named.extend(&one.named);
            all.at = all.at.max(one.at);
        }
        all.named.sort_unstable();
        all.named.truncate(LONGEST_LIST);
        all
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.kinds.iter().map(|alike| alike.count).sum()
    }
}

/// The upstream sources of each node that is asked about, by the graph's positions; of a source, itself.
pub fn upstream(graph: &Graph, mut sources: Vec<Checked>, is_asked: impl Fn(usize) -> bool) -> Vec<Upstream> {
    let mut found = vec![Upstream::default(); graph.len()];
    if sources.is_empty() {
        return found;
    }
    sources.sort_by_key(|source| (std::cmp::Reverse(source.at), source.position));
    let asked: Vec<usize> = (0..graph.len()).filter(|&node| is_asked(node)).collect();
    let mut order = groups(graph);
    // Most of a project's nodes are tests, and nothing is downstream of them.
    order.retain(|group| {
        group
            .iter()
            .any(|&node| is_asked(node) || !graph.children(node).is_empty())
    });
    for block in sources.chunks(BITS) {
        let mut bits: Vec<Block> = vec![[0; WORDS]; graph.len()];
        let mut masks: [Block; KINDS] = [[0; WORDS]; KINDS];
        for (at, source) in block.iter().enumerate() {
            let bit = 1 << (at % 64);
            bits[source.position][at / 64] |= bit;
            masks[source.verdict as usize][at / 64] |= bit;
        }
        for group in &order {
            let mut reached: Block = [0; WORDS];
            for &node in group {
                unite(&mut reached, &bits[node]);
                for &parent in graph.parents(node) {
                    unite(&mut reached, &bits[parent]);
                }
            }
            for &node in group {
                bits[node] = reached;
            }
        }
        for &node in &asked {
            let reached = &bits[node];
            if *reached == [0; WORDS] {
                continue;
            }
            for (alike, mask) in found[node].kinds.iter_mut().zip(&masks) {
                take(alike, reached, mask, block);
            }
        }
    }
    for alike in found.iter_mut().flat_map(|upstream| &mut upstream.kinds) {
        alike.named.sort_unstable();
    }
    found
}

/// The nodes in topological order; those of a cycle together, since each is upstream of the others.
fn groups(graph: &Graph) -> Vec<Vec<usize>> {
    let mut cycle_of = vec![None; graph.len()];
    for (number, cycle) in graph.cycles().into_iter().enumerate() {
        for node in cycle {
            cycle_of[node] = Some(number);
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::with_capacity(graph.len());
    let mut last = None;
    for node in graph.topological_order() {
        match groups.last_mut() {
            Some(group) if cycle_of[node].is_some() && cycle_of[node] == last => group.push(node),
            _ => groups.push(vec![node]),
        }
        last = cycle_of[node];
    }
    groups
}

fn unite(into: &mut Block, other: &Block) {
    for (word, &theirs) in into.iter_mut().zip(other) {
        *word |= theirs;
    }
}

fn take(alike: &mut Alike, reached: &Block, mask: &Block, block: &[Checked]) {
    let count: u32 = (0..WORDS)
        .map(|word| (reached[word] & mask[word]).count_ones())
        .sum();
    let room = LONGEST_LIST.saturating_sub(alike.named.len()).min(count as usize);
    alike.count += count as usize;
    alike.named.reserve_exact(room);
    let mut taken = 0;
    for word in 0..WORDS {
        let mut rest = reached[word] & mask[word];
        while rest != 0 && taken < room {
            let source = &block[word * 64 + rest.trailing_zeros() as usize];
            alike.named.push(source.position);
            alike.at = alike.at.max(source.at);
            rest &= rest - 1;
            taken += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::graph::{Direction, NodeSet};
    use crate::id::NodeId;

    proptest! {
        #[test]
        fn it_finds_what_a_walk_from_each_node_finds(
            edges in prop::collection::vec((0_usize..40, 0_usize..40), 0..80),
            sources in prop::collection::btree_map(0_usize..40, 0_usize..KINDS, 0..40),
        ) {
            let ids: Vec<NodeId> = (0..40).map(|at| NodeId::new(format!("n{at:02}"))).collect();
            let reads: Vec<Vec<NodeId>> = (0..40)
                .map(|reader| edges.iter().filter(|edge| edge.1 == reader).map(|edge| ids[edge.0].clone()).collect())
                .collect();
            let graph = Graph::new(ids.iter().zip(reads.iter().map(Vec::as_slice)));
            let checked = sources
                .iter()
                .map(|(&position, &kind)| Checked { position, verdict: FreshnessVerdict::ALL[kind], at: None })
                .collect();
            let found = upstream(&graph, checked, |_| true);
            for (node, found) in found.iter().enumerate() {
                let start = NodeSet::from_positions(40, [node]);
                let mut reached = graph.walk(&start, Direction::Upstream, None);
                reached.unite(&start);
                for (kind, verdict) in FreshnessVerdict::ALL.into_iter().enumerate() {
                    let expected: Vec<usize> = reached
                        .iter()
                        .filter(|position| sources.get(position) == Some(&kind))
                        .collect();
                    let alike = found.of(&[verdict]);
                    prop_assert_eq!(alike.count, expected.len());
                    prop_assert_eq!(alike.named.len(), expected.len().min(LONGEST_LIST));
                    prop_assert!(alike.named.iter().all(|named| expected.contains(named)));
                }
            }
        }
    }

    #[test]
    fn more_sources_than_one_pass_holds_are_all_counted() {
        let length = 3 * BITS + 7;
        let ids: Vec<NodeId> = (0..=length).map(|at| NodeId::new(format!("n{at:05}"))).collect();
        let graph = Graph::new(
            ids.iter()
                .enumerate()
                .map(|(at, id)| (id, if at == length { &ids[..length] } else { &[] })),
        );
        let checked = (0..length)
            .map(|position| Checked {
                position,
                verdict: FreshnessVerdict::Passed,
                at: DateTime::from_timestamp_micros(i64::try_from(position).unwrap()),
            })
            .collect();
        let found = upstream(&graph, checked, |_| true);
        let all = found[length].of(&[FreshnessVerdict::Passed]);
        assert_eq!((all.count, found[length].count()), (length, length));
        assert_eq!(all.named, (length - LONGEST_LIST..length).collect::<Vec<_>>());
        assert_eq!(
            all.at.unwrap().timestamp_micros(),
            i64::try_from(length - 1).unwrap()
        );
    }
}
