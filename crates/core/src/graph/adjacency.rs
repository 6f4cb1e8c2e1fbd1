//! Edges in compressed sparse rows: the neighbours of all nodes in one array, and where each node's begin.

/// The neighbours of each node in one direction, each list sorted and without repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Adjacency {
    /// `starts[node]..starts[node + 1]` are the node's places in `neighbours`.
    starts: Vec<usize>,
    neighbours: Vec<usize>,
}

impl Adjacency {
    /// Sorts `(from, to)` pairs into rows. All positions must be below `length`; repeats count once.
    pub fn new(length: usize, mut edges: Vec<(usize, usize)>) -> Self {
        edges.sort_unstable();
        edges.dedup();
        let mut starts = vec![0; length + 1];
        for &(from, _) in &edges {
            starts[from + 1] += 1;
        }
        for at in 0..length {
            starts[at + 1] += starts[at];
        }
        Self {
            starts,
            neighbours: edges.into_iter().map(|(_, to)| to).collect(),
        }
    }

    /// The neighbours of a node, sorted; none for a position that does not exist.
    pub fn of(&self, node: usize) -> &[usize] {
        match (self.starts.get(node), self.starts.get(node + 1)) {
            (Some(&start), Some(&end)) => &self.neighbours[start..end],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_without_repeats() {
        let rows = Adjacency::new(4, vec![(2, 1), (0, 3), (2, 0), (2, 1)]);
        assert_eq!(rows.of(0), [3]);
        assert_eq!(rows.of(1), [] as [usize; 0]);
        assert_eq!(rows.of(2), [0, 1]);
        assert_eq!(rows.of(9), [] as [usize; 0]);
    }
}
