//! Swaps of neighbours in a column, as long as edges cross less often for it.

use super::order::Order;
use super::proper::{Proper, Side};

/// Passes over all columns.
const PASSES: usize = 6;
/// Comparisons in all, for each edge and node: one that has thousands of edges could otherwise be carried
/// through a long column at its full price for every step.
const STEPS_EACH: usize = 24;

/// Swaps neighbours; answers how many crossings are gone.
pub(super) fn swap_neighbours(proper: &Proper, order: &mut Order) -> u64 {
    let mut steps_left = STEPS_EACH * (proper.len() + proper.edge_count);
    let mut gone = 0;
    for _ in 0..PASSES {
        let before = gone;
        for at in 0..order.columns.len() {
            let left = Places::new(proper, order, at, Side::Left);
            let right = Places::new(proper, order, at, Side::Right);
            let column = &mut order.columns[at];
            // Where each node of the column stood when the places were read.
            let mut seats: Vec<usize> = (0..column.len()).collect();
            for upper in 1..column.len() {
                let (above, below) = (seats[upper - 1], seats[upper]);
                let price = left.count(above) + left.count(below) + right.count(above) + right.count(below);
                if price > steps_left {
                    return gone;
                }
                steps_left -= price;
                let (left_now, left_then) = crossed(left.of(above), left.of(below));
                let (right_now, right_then) = crossed(right.of(above), right.of(below));
                let (now, then) = (left_now + right_now, left_then + right_then);
                if then < now {
                    gone += now - then;
                    column.swap(upper - 1, upper);
                    seats.swap(upper - 1, upper);
                }
            }
            for (place, &node) in column.iter().enumerate() {
                order.place[node] = place;
            }
        }
        if gone == before {
            break;
        }
    }
    gone
}

/// The places of the neighbours of each seat of a column, sorted.
struct Places {
    starts: Vec<usize>,
    places: Vec<usize>,
}

impl Places {
    fn new(proper: &Proper, order: &Order, at: usize, side: Side) -> Self {
        let beside = proper.beside(side);
        let column = &order.columns[at];
        let mut starts = Vec::with_capacity(column.len() + 1);
        let mut places = Vec::new();
        starts.push(0);
        for &node in column {
            let from = places.len();
            places.extend(beside.of(node).iter().map(|&other| order.place[other]));
            places[from..].sort_unstable();
            starts.push(places.len());
        }
        Self { starts, places }
    }

    fn of(&self, seat: usize) -> &[usize] {
        &self.places[self.starts[seat]..self.starts[seat + 1]]
    }

    fn count(&self, seat: usize) -> usize {
        self.of(seat).len()
    }
}

/// How often the edges of two nodes cross with the first above the second, and the other way round.
fn crossed(above: &[usize], below: &[usize]) -> (u64, u64) {
    let (mut now, mut then) = (0, 0);
    // For each edge of the upper node: how many of the lower one end higher, and how many lower.
    let (mut higher, mut not_lower) = (0, 0);
    for &place in above {
        while higher < below.len() && below[higher] < place {
            higher += 1;
        }
        while not_lower < below.len() && below[not_lower] <= place {
            not_lower += 1;
        }
        now += higher as u64;
        then += (below.len() - not_lower) as u64;
    }
    (now, then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_to_one_place_do_not_cross() {
        assert_eq!(crossed(&[1, 2], &[1, 2]), (1, 1));
        assert_eq!(crossed(&[4, 5], &[1, 4]), (3, 0));
        assert_eq!(crossed(&[], &[1]), (0, 0));
    }

    #[test]
    fn what_is_gone_is_counted_right() {
        let edges: Vec<(usize, usize)> = (0..40).map(|at| (at * 7 % 20, 20 + at * 11 % 20)).collect();
        let layers: Vec<usize> = (0..40).map(|at| at / 20).collect();
        let proper = Proper::new(&layers, edges);
        let mut order = Order::new(&proper, vec![(0..20).collect(), (20..40).collect()]);
        let before = super::super::crossing::crossings(&proper, &order);
        let gone = swap_neighbours(&proper, &mut order);
        assert!(gone > 0);
        assert_eq!(super::super::crossing::crossings(&proper, &order), before - gone);
    }
}
