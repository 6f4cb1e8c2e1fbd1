//! How far down each node stands.
//!
//! The order in a column is fixed; what is free is the room between. Each node wishes to stand at the mean
//! height of its neighbours. Take from each wish the room that those above need at least: what is then asked
//! is the rising sequence nearest to the wishes in least squares, and the "pool adjacent violators" method
//! finds it in one pass. Passes go to the right and to the left in turn.

use super::order::Order;
use super::proper::{Proper, Side};

/// Passes over all columns.
const PASSES: usize = 8;
/// The room of a trunk's place, in pixels: enough to leave a way, not enough to tear columns apart.
const TRUNK: i64 = 4;

/// The upper edge of each node, from 0; `heights` are those of the nodes.
pub(super) fn tops(proper: &Proper, order: &Order, heights: &[i64], gap: i64) -> Vec<i64> {
    let height = |node: usize| heights.get(node).copied().unwrap_or_default();
    let room = |node: usize| heights.get(node).map_or(TRUNK, |height| height + gap);
    let mut tops = vec![0; proper.len()];
    let column_heights: Vec<i64> = order
        .columns
        .iter()
        .map(|column| column.iter().map(|&node| room(node)).sum())
        .collect();
    let highest = column_heights.iter().copied().max().unwrap_or_default();
    for (column, own) in order.columns.iter().zip(&column_heights) {
        let mut top = (highest - own) / 2;
        for &node in column {
            tops[node] = top;
            top += room(node);
        }
    }
    let mut pools = Pools::default();
    let mut move_column = |tops: &mut [i64], column: &[usize], sides: &[Side]| {
        pools.clear();
        let mut above = 0;
        for &node in column {
            let (mut sum, mut count) = (0, 0);
            for &side in sides {
                for &other in proper.beside(side).of(node) {
                    sum += 2 * tops[other] + height(other);
                    count += 1;
                }
            }
            if count == 0 {
                // Free to give way.
                pools.push(real(tops[node] - above), 0.05);
            } else {
                let centre = real(sum) / real(2 * count);
                pools.push(
                    centre - real(height(node)) / 2.0 - real(above),
                    real(count).sqrt(),
                );
            }
            above += room(node);
        }
        above = 0;
        pools.each(|at, value| {
            let node = column[at];
            tops[node] = value + above;
            above += room(node);
        });
    };
    let count = order.columns.len();
    for pass in 0..PASSES {
        let is_last = pass + 1 == PASSES;
        for step in 0..count {
            let (at, side) = if pass % 2 == 0 {
                (step, Side::Left)
            } else {
                (count - 1 - step, Side::Right)
            };
            let sides: &[Side] = if is_last || order.columns[at].len() == 1 {
                &[Side::Left, Side::Right]
            } else if side == Side::Left {
                &[Side::Left]
            } else {
                &[Side::Right]
            };
            move_column(&mut tops, &order.columns[at], sides);
        }
    }
    straighten(proper, order, &mut tops, &height, &room);
    tops.truncate(proper.real);
    let first = tops.iter().copied().min().unwrap_or_default();
    for top in &mut tops {
        *top -= first;
    }
    tops
}

/// Means of whole pixels leave chains with kinks of a pixel or two: a node that has one neighbour on its left
/// moves to that one's height when it is as near as that and nothing stands in the way.
fn straighten(
    proper: &Proper,
    order: &Order,
    tops: &mut [i64],
    height: &dyn Fn(usize) -> i64,
    room: &dyn Fn(usize) -> i64,
) {
    const KINK: u64 = 3;
    for column in &order.columns {
        for (at, &node) in column.iter().enumerate() {
            let &[other] = proper.left.of(node) else {
                continue;
            };
            let wished = tops[other] + (height(other) - height(node)) / 2;
            let above = at.checked_sub(1).map(|above| column[above]);
            let below = column.get(at + 1);
            let is_free = above.is_none_or(|above| tops[above] + room(above) <= wished)
                && below.is_none_or(|&below| wished + room(node) <= tops[below]);
            if is_free && tops[node].abs_diff(wished) <= KINK {
                tops[node] = wished;
            }
        }
    }
}

/// Wishes in order, pooled where they would not rise.
#[derive(Default)]
struct Pools {
    /// Weight, weighted sum and number of the wishes.
    pools: Vec<(f64, f64, usize)>,
}

impl Pools {
    fn clear(&mut self) {
        self.pools.clear();
    }

    fn push(&mut self, wish: f64, weight: f64) {
        let mut pool = (weight, wish * weight, 1);
        while let Some(&(weight, sum, count)) = self.pools.last() {
            if sum / weight < pool.1 / pool.0 {
                break;
            }
            pool = (pool.0 + weight, pool.1 + sum, pool.2 + count);
            self.pools.pop();
        }
        self.pools.push(pool);
    }

    /// The rising sequence, rounded: what rises still does after rounding.
    fn each(&self, mut action: impl FnMut(usize, i64)) {
        let mut at = 0;
        for &(weight, sum, count) in &self.pools {
            let value = whole(sum / weight);
            for _ in 0..count {
                action(at, value);
                at += 1;
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "coordinates of a drawing are below 2^52"
)]
fn real(value: i64) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float as large as a coordinate fits, and the cast saturates"
)]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_that_fall_are_pooled_to_their_mean() {
        let mut pools = Pools::default();
        for wish in [1.0, 5.0, 3.0, 4.0, 9.0] {
            pools.push(wish, 1.0);
        }
        let mut found = Vec::new();
        pools.each(|_, value| found.push(value));
        assert_eq!(found, [1, 4, 4, 4, 9]);
    }

    #[test]
    fn a_reader_stands_between_what_it_reads() {
        let proper = Proper::new(&[0, 0, 1], vec![(0, 2), (1, 2)]);
        let order = Order::new(&proper, vec![vec![0, 1], vec![2]]);
        assert_eq!(tops(&proper, &order, &[28, 28, 28], 12), [0, 40, 20]);
    }
}
