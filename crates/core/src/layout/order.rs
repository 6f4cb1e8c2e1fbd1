//! Who stands above whom in a column.
//!
//! A column's order is good when few edges cross. The best order is hard to find, so a start is improved:
//! first depth first from the left in the order of names, which puts what belongs together side by side; then
//! sweeps to the right and to the left, each column sorted by the mean place of its neighbours in the column
//! just passed; then swaps of neighbours. Of all orders met, the one with the fewest crossings is kept.

use super::crossing::crossings;
use super::proper::{Proper, Side};
use super::swap::swap_neighbours;

/// The order in each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// From top to bottom.
    pub columns: Vec<Vec<usize>>,
    /// The place of each node or trunk place in its column.
    pub place: Vec<usize>,
}

/// Sweeps stop after this many that bring nothing.
const IDLE_SWEEPS: usize = 5;
/// Small graphs are swept more often than large ones: there it shows, and costs little.
const MOST_SWEEPS: usize = 24;
const SWEEPS_OF_LARGE: usize = 16;
const LARGE: usize = 8_000;

impl Order {
    /// Columns from top to bottom, each node in its own column.
    pub fn new(proper: &Proper, columns: Vec<Vec<usize>>) -> Self {
        let mut place = vec![0; proper.len()];
        for column in &columns {
            for (at, &node) in column.iter().enumerate() {
                place[node] = at;
            }
        }
        Self { columns, place }
    }

    /// Depth first from the given side in the order of the nodes, which is that of their names.
    fn depth_first(proper: &Proper, side: Side) -> Self {
        let (ahead, behind) = match side {
            Side::Left => (&proper.right, &proper.left),
            Side::Right => (&proper.left, &proper.right),
        };
        let mut columns = vec![Vec::new(); proper.layer_count()];
        let mut is_met = vec![false; proper.len()];
        let mut path = Vec::new();
        let starts = (0..proper.len()).filter(|&node| behind.of(node).is_empty());
        // Every node can be reached from one that nothing leads to: there are no cycles.
        for start in starts {
            path.push(start);
            while let Some(node) = path.pop() {
                if std::mem::replace(&mut is_met[node], true) {
                    continue;
                }
                columns[proper.layer[node]].push(node);
                path.extend(ahead.of(node).iter().rev().filter(|&&next| !is_met[next]));
            }
        }
        Self::new(proper, columns)
    }

    /// Sorts every column by the mean place of its neighbours on one side, coming from that side. What has
    /// no neighbour there keeps its place.
    fn sweep(&mut self, proper: &Proper, from: Side) {
        let beside = proper.beside(from);
        let mut means: Vec<(f64, usize)> = Vec::new();
        let mut seats: Vec<usize> = Vec::new();
        let count = self.columns.len();
        for step in 1..count {
            let at = match from {
                Side::Left => step,
                Side::Right => count - 1 - step,
            };
            means.clear();
            seats.clear();
            for (seat, &node) in self.columns[at].iter().enumerate() {
                let neighbours = beside.of(node);
                if !neighbours.is_empty() {
                    let sum: usize = neighbours.iter().map(|&other| self.place[other]).sum();
                    means.push((ratio(sum, neighbours.len()), node));
                    seats.push(seat);
                }
            }
            // Stable: what has the same mean keeps its order.
            means.sort_by(|left, right| left.0.total_cmp(&right.0));
            for (&seat, &(_, node)) in seats.iter().zip(&means) {
                self.columns[at][seat] = node;
                self.place[node] = seat;
            }
        }
    }
}

/// The best order that is found, and its crossings.
pub(super) fn best(proper: &Proper) -> (Order, u64) {
    let is_large = proper.len() > LARGE;
    let mut best = improve(proper, Order::depth_first(proper, Side::Left), is_large);
    if !is_large && best.1 > 0 {
        let other = improve(proper, Order::depth_first(proper, Side::Right), is_large);
        if other.1 < best.1 {
            best = other;
        }
    }
    best
}

fn improve(proper: &Proper, mut order: Order, is_large: bool) -> (Order, u64) {
    let mut fewest = crossings(proper, &order);
    let mut best = order.clone();
    let mut idle = 0;
    let most = if is_large { SWEEPS_OF_LARGE } else { MOST_SWEEPS };
    for sweep in 0..most {
        if fewest == 0 || idle == IDLE_SWEEPS {
            break;
        }
        let from = if sweep % 2 == 0 { Side::Left } else { Side::Right };
        order.sweep(proper, from);
        let found = crossings(proper, &order);
        if found < fewest {
            fewest = found;
            best.clone_from(&order);
            idle = 0;
        } else {
            idle += 1;
        }
    }
    if fewest > 0 {
        fewest -= swap_neighbours(proper, &mut best);
    }
    (best, fewest)
}

/// A mean of places. Places are far below the 2^52 up to which a float is exact.
#[expect(
    clippy::cast_precision_loss,
    reason = "sums of places of a drawing are below 2^52"
)]
fn ratio(sum: usize, count: usize) -> f64 {
    sum as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_that_can_be_undone_are() {
        // Two chains whose names lie crosswise: 0 → 3 → 4, 1 → 2 → 5.
        let proper = Proper::new(&[0, 0, 1, 1, 2, 2], vec![(0, 3), (1, 2), (3, 4), (2, 5)]);
        let (order, found) = best(&proper);
        assert_eq!(found, 0);
        assert_eq!(order.columns, [[0, 1], [3, 2], [4, 5]]);
        let start = Order::new(&proper, vec![vec![0, 1], vec![2, 3], vec![4, 5]]);
        assert_eq!(crossings(&proper, &start), 2);
    }
}
