//! How often edges cross, counted with a Fenwick tree in `edges × log nodes` steps.

use super::order::Order;
use super::proper::Proper;

/// The crossings between all neighbouring columns.
pub(super) fn crossings(proper: &Proper, order: &Order) -> u64 {
    let widest = order.columns.iter().map(Vec::len).max().unwrap_or_default();
    let mut tree = Tree::new(widest);
    order
        .columns
        .iter()
        .map(|column| {
            tree.clear();
            let mut found = 0;
            let mut above = 0;
            for &node in column {
                let readers = proper.right.of(node);
                // Edges that began higher up and end lower down.
                for &reader in readers {
                    found += above - tree.count_up_to(order.place[reader]);
                }
                for &reader in readers {
                    tree.add(order.place[reader]);
                    above += 1;
                }
            }
            found
        })
        .sum()
}

/// Counts of places, with sums over all places up to one.
struct Tree {
    sums: Vec<u64>,
}

impl Tree {
    fn new(length: usize) -> Self {
        Self {
            sums: vec![0; length + 1],
        }
    }

    fn clear(&mut self) {
        self.sums.fill(0);
    }

    fn add(&mut self, place: usize) {
        let mut at = place + 1;
        while at < self.sums.len() {
            self.sums[at] += 1;
            at += at & at.wrapping_neg();
        }
    }

    fn count_up_to(&self, place: usize) -> u64 {
        let mut at = place + 1;
        let mut sum = 0;
        while at > 0 {
            sum += self.sums[at];
            at &= at - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_counts_what_comparing_all_pairs_counts(
            edges in prop::collection::btree_set((0_usize..9, 9_usize..20), 0..40),
        ) {
            let edges: Vec<(usize, usize)> = edges.into_iter().collect();
            let mut layers = vec![0; 9];
            layers.extend([1; 11]);
            let proper = Proper::new(&layers, edges.clone());
            let order = Order::new(&proper, vec![(0..9).collect(), (9..20).collect()]);
            let naive = edges.iter().enumerate().flat_map(|(at, left)| edges[at..].iter().map(move |right| (left, right)));
            let naive = naive.filter(|(left, right)| (left.0 < right.0 && left.1 > right.1) || (left.0 > right.0 && left.1 < right.1));
            prop_assert_eq!(crossings(&proper, &order), naive.count() as u64);
        }
    }
}
