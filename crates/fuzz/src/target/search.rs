//! The line of the search: the first line is looked for in the rest.

use tailwater_core::search::{Cursor, Document, DocumentColumn, Index, Marked, Query, Request};

use super::{Target, first_line};

pub const TARGET: Target = Target {
    name: "search",
    run,
    words: &[
        "\"", " OR ", " AND ", "-", "ß", "İ", "ﬁ", "Å", "\u{301}", "\u{200d}", "Σ", "ς", "orders", "_", " ",
        "\n",
    ],
    mutations: 12_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (line, rest) = first_line(&text);
    let (name, rest) = first_line(rest);
    let index = Index::new([
        Document {
            id: format!("model.p.{name}"),
            kind: "model".to_owned(),
            name: name.to_owned(),
            label: Some(rest.chars().take(40).collect()),
            description: Some(rest.to_owned()),
            columns: vec![DocumentColumn {
                name: name.to_owned(),
                description: Some(rest.to_owned()),
            }],
            tags: rest.split('\n').map(str::to_owned).collect(),
            code: Some(format!("select {rest}")),
            ..Document::default()
        },
        Document {
            id: "model.p.orders".to_owned(),
            kind: "model".to_owned(),
            name: "orders".to_owned(),
            ..Document::default()
        },
    ]);
    let request = Request {
        query: Query::parse(line),
        first: 1,
        facet_values: 3,
        ..Request::default()
    };
    let answer = index.search(&request);
    assert!(answer.total <= index.len() && answer.hits.len() <= 1);
    for hit in &answer.hits {
        check(&hit.title);
        if let Some(excerpt) = &hit.excerpt {
            check(&excerpt.text);
        }
    }
    let next = answer.next.map(|cursor| cursor.to_string());
    if let Some(Ok(after)) = next.map(|text| text.parse::<Cursor>()) {
        let second = index.search(&Request {
            after: Some(after),
            ..request
        });
        assert_eq!(second.total, answer.total);
        assert!(
            second
                .hits
                .iter()
                .all(|hit| answer.hits.iter().all(|first| first.id != hit.id))
        );
    }
    let _ = line.parse::<Cursor>();
}

fn check(marked: &Marked) {
    let joined: String = marked.pieces().map(|piece| piece.0).collect();
    assert_eq!(joined, marked.text);
    let mut last = 0;
    for &(from, to) in &marked.marks {
        assert!(
            last <= from && from < to && marked.text.get(from..to).is_some(),
            "{marked:?}"
        );
        last = to;
    }
}
