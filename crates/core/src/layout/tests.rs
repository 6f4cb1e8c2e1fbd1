use proptest::prelude::*;

use super::*;

type Sizes = Vec<(u32, u32)>;
type Edges = Vec<(usize, usize)>;

/// Items `n00`, `n01`, … of the given sizes.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("n{at:02}")).collect()
}

fn items<'a>(names: &'a [String], sizes: &[(u32, u32)]) -> Vec<Item<'a>> {
    names
        .iter()
        .zip(sizes)
        .map(|(name, &(width, height))| Item {
            name,
            id: name,
            width,
            height,
        })
        .collect()
}

fn draw(count: usize, edges: &[(usize, usize)]) -> Layout {
    let names = names(count);
    layout(&items(&names, &vec![(100, 28); count]), edges, Spacing::default())
}

fn sizes(count: usize) -> impl Strategy<Value = Sizes> {
    prop::collection::vec((0_u32..300, 0_u32..60), count)
}

fn edges(count: usize) -> impl Strategy<Value = Edges> {
    prop::collection::vec((0..count, 0..count), 0..60)
}

/// Drawings with cycles, loops, repeats, several parts and single nodes.
fn drawings() -> impl Strategy<Value = (Sizes, Edges)> {
    (1_usize..30).prop_flat_map(|count| (sizes(count), edges(count)))
}

proptest! {
    #[test]
    fn nodes_do_not_overlap_and_lie_inside((sizes, edges) in drawings()) {
        let names = names(sizes.len());
        let found = layout(&items(&names, &sizes), &edges, Spacing::default());
        for (at, &(width, height)) in sizes.iter().enumerate() {
            prop_assert!(found.x[at] + width <= found.width && found.y[at] + height <= found.height);
            for (other, &(other_width, other_height)) in sizes.iter().enumerate().skip(at + 1) {
                let apart = found.x[at] + width <= found.x[other]
                    || found.x[other] + other_width <= found.x[at]
                    || found.y[at] + height <= found.y[other]
                    || found.y[other] + other_height <= found.y[at];
                prop_assert!(apart, "{} and {}", names[at], names[other]);
            }
        }
    }

    #[test]
    fn without_cycles_every_edge_leads_to_the_right((sizes, edges) in drawings()) {
        let names = names(sizes.len());
        let edges: Vec<_> = edges
            .into_iter()
            .filter(|(from, to)| from != to)
            .map(|(from, to)| (from.max(to), from.min(to)))
            .collect();
        let found = layout(&items(&names, &sizes), &edges, Spacing::default());
        prop_assert_eq!(&found.reversed, &Vec::<usize>::new());
        for (from, to) in edges {
            prop_assert!(found.x[from] + sizes[from].0 < found.x[to]);
        }
    }

    #[test]
    fn edges_lead_to_the_left_exactly_where_it_is_reported((sizes, edges) in drawings()) {
        let names = names(sizes.len());
        let found = layout(&items(&names, &sizes), &edges, Spacing::default());
        let to_the_left: Vec<usize> = (0..edges.len())
            .filter(|&at| found.x[edges[at].1] < found.x[edges[at].0])
            .collect();
        prop_assert_eq!(to_the_left, found.reversed);
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        (sizes, edges, order) in drawings().prop_flat_map(|(sizes, edges)| {
            let order: Vec<usize> = (0..sizes.len()).collect();
            (Just(sizes), Just(edges).prop_shuffle(), Just(order).prop_shuffle())
        }),
    ) {
        let names = names(sizes.len());
        let given = items(&names, &sizes);
        let found = layout(&given, &edges, Spacing::default());
        prop_assert_eq!(&layout(&given, &edges, Spacing::default()), &found);

        let shuffled: Vec<Item<'_>> = order.iter().map(|&at| given[at]).collect();
        let mut now_at = vec![0; order.len()];
        for (place, &at) in order.iter().enumerate() {
            now_at[at] = place;
        }
        let moved: Vec<_> = edges.iter().map(|&(from, to)| (now_at[from], now_at[to])).collect();
        let again = layout(&shuffled, &moved, Spacing::default());
        for (at, &now) in now_at.iter().enumerate() {
            prop_assert_eq!((found.x[at], found.y[at]), (again.x[now], again.y[now]));
        }
        prop_assert_eq!((found.width, found.height), (again.width, again.height));
        prop_assert_eq!((found.crossings, found.reversed), (again.crossings, again.reversed));
    }
}

#[test]
fn loops_repeats_and_ends_that_do_not_exist_take_no_part() {
    let plain = draw(3, &[(0, 1)]);
    assert_eq!(draw(3, &[(0, 1), (2, 2), (0, 1), (0, 9), (9, 0)]), plain);
    assert_eq!(draw(0, &[]), Layout::default());
}

#[test]
fn a_chain_stands_in_one_line() {
    let found = draw(4, &[(0, 1), (1, 2), (2, 3)]);
    assert_eq!(found.y, [0, 0, 0, 0]);
    assert_eq!(found.x, [0, 164, 328, 492]);
    assert_eq!((found.width, found.height, found.crossings), (592, 28, 0));
}

#[test]
fn single_nodes_stand_in_a_grid_below_the_rest() {
    let found = draw(14, &[(0, 1)]);
    assert!(found.y[2..].iter().all(|&y| y >= 28 + 32) || found.x[2..].iter().all(|&x| x >= 264 + 32));
    assert!(found.width < 6 * 124 && found.height < 400, "{found:?}");
}

#[test]
fn a_column_of_nodes_that_belong_together_is_not_torn() {
    // Two stars, their leaves' names mixed.
    let edges: Vec<_> = (2..12)
        .map(|leaf| (leaf % 2, leaf))
        .chain([(0, 12), (1, 12)])
        .collect();
    let found = draw(13, &edges);
    let mut leaves: Vec<usize> = (2..12).collect();
    leaves.sort_by_key(|&leaf| found.y[leaf]);
    let changes = leaves
        .windows(2)
        .filter(|pair| pair[0] % 2 != pair[1] % 2)
        .count();
    assert_eq!(changes, 1);
    assert_eq!(found.crossings, 0);
}

#[test]
fn hostile_shapes_take_no_time_of_their_own() {
    // A chain with an edge from each node to the last; a node that all read; a long cycle; huge sizes.
    let count = 4_000;
    let names: Vec<String> = (0..count).map(|at| format!("n{at:05}")).collect();
    let given = items(&names, &vec![(u32::MAX, u32::MAX); count]);
    let chain = (0..count - 1).flat_map(|at| [(at, at + 1), (at, count - 1)]);
    let star = (1..count).flat_map(|at| [(0, at), (at, (at * 7) % count)]);
    let ring = (0..count).map(|at| (at, (at + 1) % count));
    for edges in [chain.collect::<Vec<_>>(), star.collect(), ring.collect()] {
        let found = layout(&given, &edges, Spacing::default());
        assert!(found.width > 0 && found.height > 0);
    }
}
