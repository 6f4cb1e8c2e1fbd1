//! Measures the search: 20,000 models with ten columns each, and 20,000 exposures.

use divan::Bencher;
use tailwater_core::search::{Document, DocumentColumn, Facet, Filters, Index, Query, Request};

const MODELS: usize = 20_000;
const EXPOSURES: usize = 20_000;
const WORDS: [&str; 12] = [
    "order", "customer", "amount", "region", "daily", "net", "gross", "refund", "channel", "currency",
    "plan", "session",
];

fn main() {
    divan::main();
}

fn word(number: usize) -> &'static str {
    WORDS[number % WORDS.len()]
}

fn documents() -> Vec<Document> {
    let model = |number: usize| {
        let name = format!("fct_{}_{}_{number}", word(number), word(number / 12));
        Document {
            id: format!("model.shop.{name}"),
            kind: "model".to_owned(),
            description: Some(format!(
                "One row per {} and {}, built every night out of the {} events of all shops. {}",
                word(number / 3),
                word(number / 5),
                word(number / 7),
                "It leaves out what was cancelled within the hour."
            )),
            relation: Some(format!("analytics.marts.{name}")),
            columns: (0..10)
                .map(|column| DocumentColumn {
                    name: format!(
                        "{}_{}_{column}",
                        word(number + column),
                        word(number / 12 + column)
                    ),
                    description: (column % 2 == 0).then(|| format!("The {} of the row.", word(column))),
                })
                .collect(),
            tags: vec![word(number).to_owned()],
            owners: vec![format!("Owner {}", number % 200)],
            facets: vec![
                (Facet::Owner, format!("Owner {}", number % 200)),
                (Facet::Health, "healthy".to_owned()),
                (Facet::Layer, "marts".to_owned()),
                (Facet::Project, "shop".to_owned()),
            ],
            usage: u32::try_from(number % 97).unwrap_or_default(),
            name,
            ..Document::default()
        }
    };
    let exposure = |number: usize| Document {
        id: format!("exposure.shop.{}_{number}", word(number)),
        kind: "exposure".to_owned(),
        name: format!("{}_{number}", word(number)),
        label: Some(format!("Weekly {} Überblick {number}", word(number))),
        owners: vec![format!("Owner {}", number % 500)],
        facets: vec![
            (Facet::Tool, "tableau".to_owned()),
            (Facet::Health, "caution".to_owned()),
        ],
        ..Document::default()
    };
    (0..MODELS)
        .map(model)
        .chain((0..EXPOSURES).map(exposure))
        .collect()
}

#[divan::bench(sample_count = 5)]
fn build(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(documents).bench_local_values(Index::new);
}

#[divan::bench(args = ["", "order", "e", "fct_order_net_12", "weekly refund OR currency -plan", "nothing_like_it", "\"of all shops\""])]
fn search(bencher: Bencher<'_, '_>, line: &str) {
    let index = Index::new(documents());
    let request = Request {
        query: Query::parse(line),
        filters: Filters::default(),
        first: 50,
        after: None,
        facet_values: 20,
    };
    bencher.bench_local(|| index.search(&request));
}
