//! Measures the layout of graphs as dbt projects have them.

mod sample;

use divan::Bencher;
use tailwater_core::layout::{Item, Spacing, layout};

fn main() {
    divan::main();
}

fn input(nodes: &[sample::Made]) -> (Vec<Item<'_>>, Vec<(usize, usize)>) {
    let items = nodes.iter().map(|node| Item {
        name: &node.name,
        id: node.kind,
        width: 120 + u32::try_from(node.area % 5).unwrap_or(0) * 10,
        height: 28,
    });
    let edges = nodes
        .iter()
        .enumerate()
        .flat_map(|(reader, node)| node.reads.iter().map(move |&read| (read, reader)));
    (items.collect(), edges.collect())
}

#[divan::bench(args = [500, 5_000, 20_000], sample_count = 10)]
fn nodes(bencher: Bencher<'_, '_>, count: usize) {
    let nodes = sample::graph(count);
    let (items, edges) = input(&nodes);
    bencher.bench_local(|| layout(&items, &edges, Spacing::default()));
}
