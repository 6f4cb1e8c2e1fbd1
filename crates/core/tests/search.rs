//! The search against one that looks at every text, and what it promises about order, pages and facets.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;
use tailwater_core::search::{
    Answer, Document, DocumentColumn, Facet, Field, Filters, Index, Query, Request,
};

fn document(kind: &str, name: &str) -> Document {
    Document {
        id: format!("{kind}.shop.{name}"),
        kind: kind.to_owned(),
        name: name.to_owned(),
        ..Document::default()
    }
}

fn column(name: &str, description: &str) -> DocumentColumn {
    DocumentColumn {
        name: name.to_owned(),
        description: (!description.is_empty()).then(|| description.to_owned()),
    }
}

fn shop() -> Index {
    Index::new([
        Document {
            label: Some("Weekly Sales – Überblick".to_owned()),
            owners: vec!["Ana Moreno".to_owned(), "ana@example.com".to_owned()],
            tags: vec!["finance".to_owned()],
            facets: vec![
                (Facet::Tool, "tableau".to_owned()),
                (Facet::Health, "caution".to_owned()),
            ],
            usage: 1204,
            ..document("exposure", "weekly_sales")
        },
        Document {
            description: Some("One row per order,\n net of refunds.".to_owned()),
            relation: Some("analytics.marts.fct_orders".to_owned()),
            columns: vec![
                column("order_id", ""),
                column("amount", "Gross amount in EUR, see weekly sales"),
            ],
            tags: vec!["finance".to_owned(), "daily".to_owned()],
            facets: vec![
                (Facet::Health, "healthy".to_owned()),
                (Facet::Layer, "marts".to_owned()),
            ],
            usage: 41,
            ..document("model", "fct_orders")
        },
        Document {
            facets: vec![(Facet::Health, "healthy".to_owned())],
            ..document("model", "orders")
        },
        document("source", "orders"),
        Document {
            code: Some("select * from {{ ref('fct_orders') }}".to_owned()),
            ..document("model", "reorders_by_day")
        },
        document("test", "unique_orders_order_id"),
    ])
}

fn request(line: &str) -> Request {
    Request {
        query: Query::parse(line),
        first: 50,
        facet_values: 10,
        ..Request::default()
    }
}

fn ids(answer: &Answer) -> Vec<&str> {
    answer.hits.iter().map(|hit| hit.id.as_str()).collect()
}

#[rstest]
// Exact name, start of the name, start of a word, elsewhere; of equals models before sources before tests.
#[case("orders", &["model.shop.orders", "source.shop.orders", "model.shop.fct_orders", "test.shop.unique_orders_order_id", "model.shop.reorders_by_day"])]
#[case("ORD", &["model.shop.orders", "source.shop.orders", "model.shop.fct_orders", "test.shop.unique_orders_order_id", "model.shop.reorders_by_day"])]
#[case("uberblick", &["exposure.shop.weekly_sales"])]
#[case("WEEKLY sales", &["exposure.shop.weekly_sales", "model.shop.fct_orders"])]
#[case("\"order, net\"", &["model.shop.fct_orders"])]
#[case("\"net order\"", &[])]
#[case("orders -fct", &["model.shop.orders", "source.shop.orders", "test.shop.unique_orders_order_id"])]
#[case("uberblick OR amount", &["exposure.shop.weekly_sales", "model.shop.fct_orders"])]
#[case("moreno finance", &["exposure.shop.weekly_sales"])]
#[case("ref( AND select", &["model.shop.reorders_by_day"])]
#[case("MODEL.shop.orders", &["model.shop.orders"])]
#[case("analytics.marts", &["model.shop.fct_orders"])]
#[case("nothing_like_it", &[])]
fn hits_come_in_order(#[case] line: &str, #[case] expected: &[&str]) {
    assert_eq!(ids(&shop().search(&request(line))), expected);
}

#[test]
fn without_a_query_everything_is_there_most_used_first() {
    let answer = shop().search(&request(""));
    assert_eq!(answer.total, 6);
    assert_eq!(
        ids(&answer)[..3],
        [
            "exposure.shop.weekly_sales",
            "model.shop.fct_orders",
            "model.shop.orders"
        ]
    );
    assert!(
        answer
            .hits
            .iter()
            .all(|hit| hit.field.is_none() && hit.excerpt.is_none())
    );
}

#[test]
fn a_hit_says_where_the_words_stand() {
    let answer = shop().search(&request("fct gross"));
    let [hit] = &answer.hits[..] else {
        panic!("one hit");
    };
    assert_eq!(hit.field, Some(Field::Name));
    assert_eq!(
        hit.title.pieces().collect::<Vec<_>>(),
        [("fct", true), ("_orders", false)]
    );
    let excerpt = hit.excerpt.as_ref().unwrap();
    assert_eq!(excerpt.field, Field::ColumnDescription);
    assert_eq!(excerpt.column.as_deref(), Some("amount"));
    assert_eq!(
        excerpt.text.pieces().collect::<Vec<_>>(),
        [("Gross", true), (" amount in EUR, see weekly sales", false)]
    );
    let label = shop().search(&request("UBER"));
    assert_eq!(
        label.hits[0].title.pieces().collect::<Vec<_>>(),
        [("Weekly Sales – ", false), ("Über", true), ("blick", false)]
    );
}

#[test]
fn facets_count_what_each_choice_would_leave() {
    let values = |answer: &Answer, facet: Facet| {
        let found = answer.facets.iter().find(|counts| counts.facet == facet);
        found.map_or(Vec::new(), |counts| {
            counts
                .values
                .iter()
                .map(|value| (value.value.clone(), value.count, value.is_chosen))
                .collect()
        })
    };
    let index = shop();
    let all = index.search(&request("orders"));
    assert_eq!(
        values(&all, Facet::Kind),
        [
            ("model".to_owned(), 3, false),
            ("source".to_owned(), 1, false),
            ("test".to_owned(), 1, false)
        ]
    );
    let narrowed = index.search(&Request {
        filters: Filters::default()
            .with(Facet::Kind, "model")
            .with(Facet::Health, "healthy"),
        ..request("orders")
    });
    assert_eq!(ids(&narrowed), ["model.shop.orders", "model.shop.fct_orders"]);
    // Of kinds those that are healthy, of healths those of models.
    assert_eq!(values(&narrowed, Facet::Kind), [("model".to_owned(), 2, true)]);
    assert_eq!(
        values(&narrowed, Facet::Health),
        [("healthy".to_owned(), 2, true)]
    );
    assert_eq!(values(&narrowed, Facet::Layer), [("marts".to_owned(), 1, false)]);
    let either = index.search(&Request {
        filters: Filters::default()
            .with(Facet::Tag, "daily")
            .with(Facet::Tag, "gone")
            .with(Facet::Kind, ""),
        ..request("")
    });
    assert_eq!(ids(&either), ["model.shop.fct_orders"]);
    assert_eq!(
        values(&either, Facet::Tag),
        [
            ("daily".to_owned(), 1, true),
            ("gone".to_owned(), 0, true),
            ("finance".to_owned(), 2, false)
        ]
    );
}

#[test]
fn long_lists_of_values_are_cut_with_a_count() {
    let documents = (0..30).map(|number| Document {
        tags: vec![format!("tag{number:02}")],
        ..document("model", &format!("m{number:02}"))
    });
    let answer = Index::new(documents).search(&request(""));
    let tags = answer
        .facets
        .iter()
        .find(|counts| counts.facet == Facet::Tag)
        .unwrap();
    assert_eq!((tags.values.len(), tags.more), (10, 20));
    assert_eq!(tags.values[0].value, "tag00");
}

#[test]
fn an_empty_index_answers() {
    let answer = Index::new([]).search(&request("orders"));
    assert_eq!(answer, Answer::default());
}

/// Texts that share many pieces, with the odd ones among them.
fn text() -> impl Strategy<Value = String> {
    "[abAB_ é\n\u{202e}ßİ.-]{0,8}|.{0,6}"
}

fn documents() -> impl Strategy<Value = Vec<Document>> {
    let columns = prop::collection::vec((text(), prop::option::of(text())), 0..3);
    let one = (
        (
            text(),
            prop::option::of(text()),
            prop::option::of(text()),
            prop::option::of(text()),
        ),
        (
            columns,
            prop::collection::vec(text(), 0..2),
            prop::collection::vec(text(), 0..2),
            0_u32..3,
        ),
        (
            prop::option::of(text()),
            "[abé.]{0,3}",
            prop::sample::select(vec!["model", "test", "source"]),
        ),
    );
    let whole = one.prop_map(
        |((name, label, description, relation), (columns, tags, owners, usage), (code, id, kind))| Document {
            id,
            kind: kind.to_owned(),
            name,
            label,
            description,
            relation,
            columns: columns
                .into_iter()
                .map(|(name, description)| DocumentColumn { name, description })
                .collect(),
            tags,
            owners,
            code,
            facets: Vec::new(),
            usage,
        },
    );
    prop::collection::vec(whole, 0..12)
}

/// What a term is compared with: the search's own words for a text, by way of a query for it.
fn folded(text: &str) -> String {
    let phrase = text.replace('"', " ");
    let query = Query::parse(&format!("\"{phrase}\""));
    query.groups.into_iter().flat_map(|group| group.with).collect()
}

fn has(document: &Document, term: &str) -> bool {
    let columns = document
        .columns
        .iter()
        .flat_map(|column| column.description.iter().chain([&column.name]));
    let mut texts = [&document.name]
        .into_iter()
        .chain(&document.label)
        .chain(&document.description)
        .chain(&document.relation)
        .chain(&document.code)
        .chain(&document.tags)
        .chain(&document.owners)
        .chain(columns);
    texts.any(|text| folded(text).contains(term)) || folded(&document.id) == term
}

proptest! {
    #[test]
    fn it_finds_what_a_naive_search_finds(
        documents in documents(),
        line in "[abAB_é \"-]{0,6}|(a|b|-a|OR|AND|\"b a\"| |é)( (a|b_|-ab|OR|AND|ß)){0,4}",
    ) {
        // A quotation mark in a text cannot be looked for as part of a phrase, here or by the naive search.
        prop_assume!(documents.iter().all(|document| !format!("{document:?}").contains("\\\"")));
        let query = Query::parse(&line);
        let index = Index::new(documents.clone());
        let mut seen = BTreeSet::new();
        let kept: Vec<&Document> = documents.iter().filter(|document| seen.insert(document.id.clone())).collect();
        let expected: BTreeSet<&str> = kept
            .iter()
            .filter(|document| {
                query.is_empty() || query.groups.iter().any(|group| {
                    group.with.iter().all(|term| has(document, term)) && !group.without.iter().any(|term| has(document, term))
                })
            })
            .map(|document| document.id.as_str())
            .collect();
        let answer = index.search(&Request { query: query.clone(), first: 100, facet_values: 5, ..Request::default() });
        prop_assert_eq!(answer.total, expected.len());
        prop_assert_eq!(ids(&answer).into_iter().collect::<BTreeSet<_>>(), expected);
        // Page by page the same comes in the same order, with nothing twice.
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = index.search(&Request { query: query.clone(), first: 2, after, ..Request::default() });
            prop_assert_eq!(page.total, answer.total);
            paged.extend(page.hits);
            match page.next {
                Some(next) => after = Some(next.to_string().parse().unwrap()),
                None => break,
            }
        }
        prop_assert_eq!(paged, answer.hits);
    }

    #[test]
    fn hostile_queries_and_cursors_do_no_harm(line in any::<String>(), after in any::<String>(), first in 0_usize..3) {
        let answer = shop().search(&Request {
            query: Query::parse(&line),
            first,
            after: after.parse().ok(),
            facet_values: 3,
            filters: Filters::default().with(Facet::Owner, line),
        });
        prop_assert!(answer.hits.len() <= first);
    }
}
