//! Properties over generated text: token soups never panic, and of a generated query exactly the
//! tables come back that it was generated from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use tailwater_core::confidence::Confidence;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{KnownColumns, Request, TableName, upstream};

fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(&Dialect::ALL[..])
}

/// The pieces that SQL is made of, and some that it is not.
const PIECES: &[&str] = &[
    "select",
    "from",
    "where",
    "join",
    "left",
    "on",
    "using",
    "group by",
    "order by",
    "having",
    "union all",
    "except",
    "with",
    "recursive",
    "as",
    "(",
    ")",
    ",",
    ".",
    ";",
    "*",
    "a",
    "b",
    "t1",
    "t2",
    "db.t3",
    "\"q t\"",
    "`b t`",
    "[c t]",
    "'s'",
    "1",
    "1.5",
    "=",
    "<",
    "<<",
    ">>",
    "+",
    "||",
    "::",
    "->",
    "case",
    "when",
    "then",
    "else",
    "end",
    "exists",
    "in",
    "not",
    "null",
    "is distinct",
    "lateral",
    "unnest",
    "values",
    "insert into",
    "update",
    "set",
    "delete",
    "merge into",
    "matched",
    "create table",
    "view",
    "pivot",
    "for",
    "over",
    "partition by",
    "qualify",
    "limit",
    "{{",
    "}}",
    "{%",
    "%}",
    "<[Parameters].[p]>",
    "#(lf)",
    "--",
    "/*",
    "*/",
    "\n",
    "'",
    "\"",
    "`",
    "[",
    "]",
    "{",
    "}",
    "@s",
    "$1",
    "?",
    "\\",
    "é",
    "😀",
    "extract",
    "interval",
    "date",
    "cast",
    "array join",
    "final",
    "sample",
    "locking row for access",
    "sel",
    "(+)",
    "option",
    "with (nolock)",
    "|>",
    "asof",
    "match_recognize",
    "explain",
    "begin",
    "declare",
    "go",
    "table",
    "replace",
    "exclude",
];

/// A query, as far as its relations matter.
#[derive(Debug, Clone)]
enum Source {
    Table(u8),
    Join(Box<Source>, Box<Source>),
    Derived(Box<Source>),
    /// A CTE around the second, defined by the first and read by it.
    Cte(Box<Source>, Box<Source>),
    /// A CTE with the name of the table that it reads.
    Shadow(u8),
    Union(Box<Source>, Box<Source>),
    Exists(Box<Source>, Box<Source>),
    Scalar(Box<Source>, Box<Source>),
}

fn source() -> impl Strategy<Value = Source> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(|n| Source::Table(n % 12)),
        any::<u8>().prop_map(|n| Source::Shadow(n % 12))
    ];
    leaf.prop_recursive(5, 24, 2, |inner| {
        let pair = (inner.clone(), inner.clone()).prop_map(|(left, right)| (Box::new(left), Box::new(right)));
        prop_oneof![
            pair.clone().prop_map(|(left, right)| Source::Join(left, right)),
            inner.prop_map(|inner| Source::Derived(Box::new(inner))),
            pair.clone().prop_map(|(left, right)| Source::Cte(left, right)),
            pair.clone().prop_map(|(left, right)| Source::Union(left, right)),
            pair.clone().prop_map(|(left, right)| Source::Exists(left, right)),
            pair.prop_map(|(left, right)| Source::Scalar(left, right)),
        ]
    })
}

#[derive(Default)]
struct Text {
    next: usize,
    tables: BTreeSet<String>,
}

impl Text {
    fn fresh(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }

    fn table(&mut self, number: u8) -> String {
        let name = if number.is_multiple_of(3) {
            format!("s{}.t{number}", number % 2)
        } else {
            format!("t{number}")
        };
        self.tables.insert(name.clone());
        name
    }

    /// The source as a query.
    fn query(&mut self, source: &Source) -> String {
        match source {
            Source::Table(number) => format!("select id, v from {}", self.table(*number)),
            Source::Join(left, right) => {
                let (left, right) = (self.query(left), self.query(right));
                let (l, r) = (self.fresh("l"), self.fresh("r"));
                format!("select {l}.id, {r}.v from ({left}) {l} join ({right}) {r} on {l}.id = {r}.id")
            }
            Source::Derived(inner) => {
                let inner = self.query(inner);
                let alias = self.fresh("d");
                format!("select {alias}.id, {alias}.v from ({inner}) as {alias} where {alias}.v > 1")
            }
            Source::Cte(definition, body) => {
                let (definition, body) = (self.query(definition), self.query(body));
                let name = self.fresh("c");
                format!("with {name} as ({definition}) select {name}.id, b.v from {name}, ({body}) b")
            }
            Source::Shadow(number) => {
                let table = self.table(*number);
                let name = table.rsplit('.').next().unwrap_or_default().to_owned();
                format!("with {name} as (select id, v from {table}) select id, v from {name}")
            }
            Source::Union(left, right) => {
                let (left, right) = (self.query(left), self.query(right));
                format!("select id, v from ({left}) u1 union all select id, v from ({right}) u2")
            }
            Source::Exists(outer, inner) => {
                let (outer, inner) = (self.query(outer), self.query(inner));
                let alias = self.fresh("e");
                format!(
                    "select {alias}.id, {alias}.v from ({outer}) {alias} where exists (select 1 from ({inner}) x where x.id = {alias}.id)"
                )
            }
            Source::Scalar(outer, inner) => {
                let (outer, inner) = (self.query(outer), self.query(inner));
                let alias = self.fresh("o");
                format!("select {alias}.id, (select max(y.v) from ({inner}) y) as v from ({outer}) {alias}")
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_soup_of_tokens_never_panics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60), dialect in dialect()) {
        let sql = pieces.join(" ");
        let answer = upstream(&Request::new(&sql, dialect));
        prop_assert_eq!(answer.error.is_none(), answer.confidence == Confidence::Parsed);
        prop_assert!(answer.tables.iter().all(|table| !table.name.parts.is_empty()));
    }

    #[test]
    fn any_characters_never_panic(sql in "\\PC{0,80}", dialect in dialect()) {
        upstream(&Request::new(&sql, dialect));
    }

    #[test]
    fn a_generated_query_gives_the_tables_it_was_generated_from(source in source(), dialect in dialect()) {
        let mut text = Text::default();
        let sql = text.query(&source);
        let answer = upstream(&Request::new(&sql, dialect));
        let found: BTreeSet<String> = answer.tables.iter().map(|table| table.name.to_string()).collect();
        prop_assert_eq!(&found, &text.tables, "{}", sql);
        prop_assert_eq!(answer.confidence, Confidence::Parsed, "{}", sql);
        prop_assert_eq!(answer.columns.len(), 2);
        prop_assert!(answer.notes.is_empty(), "{:?} {}", answer.notes, sql);
    }

    /// What the parser does not take, the scan reads: the same query with its tail broken.
    #[test]
    fn a_broken_query_still_gives_its_tables(source in source(), dialect in dialect()) {
        let mut text = Text::default();
        let mut sql = text.query(&source);
        sql.push_str(" order by )) (");
        let answer = upstream(&Request::new(&sql, dialect));
        let found: BTreeSet<String> = answer.tables.iter().map(|table| table.name.to_string()).collect();
        prop_assert_eq!(&found, &text.tables, "{}", sql);
        prop_assert_eq!(answer.confidence, Confidence::Scanned, "{}", sql);
    }

    /// Every result column of a chain of derived tables comes from the column it is named after.
    #[test]
    fn columns_keep_their_source_through_any_depth(depth in 1_usize..30, dialect in dialect()) {
        let mut sql = String::from("select a as x0, b as y0 from base.t");
        for level in 1..depth {
            sql = format!("select x{p} as x{level}, y{p} as y{level} from ({sql}) d{level}", p = level - 1);
        }
        let answer = upstream(&Request::new(&sql, dialect));
        let mut lineage = String::new();
        for column in &answer.columns {
            for source in &column.sources {
                let _ = write!(lineage, "{source} ");
            }
        }
        prop_assert_eq!(lineage, "base.t.a base.t.b ");
    }
}

/// Knows every table `k…` to have the columns `id` and `only_<table>`.
struct Catalog;

impl KnownColumns for Catalog {
    fn columns_of(&self, table: &TableName) -> Option<Vec<String>> {
        let name = table.table();
        name.starts_with('k')
            .then(|| vec!["id".to_owned(), format!("only_{name}")])
    }
}

fn with_catalog(sql: &str) -> Vec<(String, Vec<String>)> {
    let answer = upstream(&Request {
        known_columns: Some(&Catalog),
        ..Request::new(sql, Dialect::Postgres)
    });
    answer
        .columns
        .iter()
        .map(|column| {
            (
                column.name.clone(),
                column.sources.iter().map(ToString::to_string).collect(),
            )
        })
        .collect()
}

#[test]
fn known_columns_expand_a_star() {
    assert_eq!(
        with_catalog("select * from s.k1"),
        [
            ("id".to_owned(), vec!["s.k1.id".to_owned()]),
            ("only_k1".to_owned(), vec!["s.k1.only_k1".to_owned()]),
        ]
    );
}

#[test]
fn known_columns_place_what_the_text_does_not_qualify() {
    assert_eq!(
        with_catalog(
            "select only_k1, ONLY_K2, other from k1 join k2 on k1.id = k2.id join t on t.id = k1.id"
        ),
        [
            ("only_k1".to_owned(), vec!["k1.only_k1".to_owned()]),
            ("ONLY_K2".to_owned(), vec!["k2.only_k2".to_owned()]),
            ("other".to_owned(), vec!["t.other".to_owned()]),
        ]
    );
}

#[test]
fn a_column_of_two_known_tables_is_ambiguous() {
    let answer = upstream(&Request {
        known_columns: Some(&Catalog),
        ..Request::new("select id from k1, k2", Dialect::Postgres)
    });
    assert!(answer.columns[0].sources.is_empty());
    assert_eq!(answer.notes.len(), 1);
}

#[test]
fn natural_joins_of_known_tables_merge_what_they_share() {
    assert_eq!(
        with_catalog("select * from k1 natural join k2"),
        [
            ("id".to_owned(), vec!["k1.id".to_owned(), "k2.id".to_owned()]),
            ("only_k1".to_owned(), vec!["k1.only_k1".to_owned()]),
            ("only_k2".to_owned(), vec!["k2.only_k2".to_owned()]),
        ]
    );
}

#[test]
fn a_correlated_name_skips_a_known_table_that_lacks_it() {
    let answer = upstream(&Request {
        known_columns: Some(&Catalog),
        ..Request::new(
            "select id from k1 where exists (select 1 from k2 where k2.id = only_k1)",
            Dialect::Postgres,
        )
    });
    assert!(answer.notes.is_empty());
    assert_eq!(answer.tables[0].columns, ["id", "only_k1"]);
    assert_eq!(answer.tables[1].columns, ["id"]);
}
