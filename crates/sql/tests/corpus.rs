//! Every query of `tests/corpus/*.sql`, with the tables and the columns that it stands on.
//!
//! A file is one dialect. A case is a comment block and the SQL up to the next line of dashes:
//!
//! ```text
//! -- what it shows
//! -- tables: db.orders, items
//! -- columns: id = db.orders.id; total = db.orders.price, items.quantity
//! -- confidence: parsed
//! -- defaults: database.schema
//! -- reads: db.orders (id, price); items (quantity)
//! select …
//! ----
//! ```
//!
//! `tables` is required (empty: none), `confidence` is `parsed` unless given, `columns` (the result
//! columns with their sources) and `reads` (the columns read of each table) are checked when given.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, Upstream, upstream};

#[derive(Debug, Default)]
struct Case {
    place: String,
    sql: String,
    tables: Vec<String>,
    columns: Option<String>,
    reads: Option<String>,
    confidence: String,
    database: Option<String>,
    schema: Option<String>,
}

fn parse_cases(name: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut line_number = 1;
    for block in text.split("\n----\n") {
        let lines = block.lines().count() + 1;
        if !block.trim().is_empty() {
            let mut case = Case {
                place: format!("{name}:{line_number}"),
                confidence: "parsed".to_owned(),
                ..Case::default()
            };
            let mut has_tables = false;
            let mut in_head = true;
            for line in block.lines() {
                let head = line
                    .strip_prefix("-- ")
                    .or_else(|| line.strip_prefix("--"))
                    .filter(|_| in_head);
                match head.map(|head| head.split_once(':').unwrap_or((head, ""))) {
                    Some(("tables", list)) => {
                        has_tables = true;
                        case.tables = list
                            .split(',')
                            .map(str::trim)
                            .filter(|table| !table.is_empty())
                            .map(str::to_owned)
                            .collect();
                    }
                    Some(("columns", list)) => case.columns = Some(list.trim().to_owned()),
                    Some(("reads", list)) => case.reads = Some(list.trim().to_owned()),
                    Some(("confidence", word)) => word.trim().clone_into(&mut case.confidence),
                    Some(("defaults", path)) => match path.trim().split_once('.') {
                        Some((database, schema)) => {
                            case.database = Some(database.to_owned());
                            case.schema = Some(schema.to_owned());
                        }
                        None => case.database = Some(path.trim().to_owned()),
                    },
                    Some(_) if !has_tables => {}
                    _ => {
                        in_head = false;
                        case.sql.push_str(line);
                        case.sql.push('\n');
                    }
                }
            }
            assert!(has_tables, "{}: no `tables:` line", case.place);
            cases.push(case);
        }
        line_number += lines;
    }
    cases
}

fn describe_columns(answer: &Upstream) -> String {
    let columns: Vec<String> = answer
        .columns
        .iter()
        .map(|column| {
            let sources: Vec<String> = column.sources.iter().map(ToString::to_string).collect();
            let name = if column.name.is_empty() { "?" } else { &column.name };
            if sources.is_empty() {
                name.to_owned()
            } else {
                format!("{name} = {}", sources.join(", "))
            }
        })
        .collect();
    columns.join("; ")
}

fn describe_reads(answer: &Upstream) -> String {
    let tables: Vec<String> = answer
        .tables
        .iter()
        .map(|table| format!("{} ({})", table.name, table.columns.join(", ")))
        .collect();
    tables.join("; ")
}

fn check(case: &Case, dialect: Dialect, failures: &mut String) {
    let answer = upstream(&Request {
        default_database: case.database.as_deref(),
        default_schema: case.schema.as_deref(),
        ..Request::new(&case.sql, dialect)
    });
    let expected: BTreeSet<&str> = case.tables.iter().map(String::as_str).collect();
    let found: BTreeSet<String> = answer.tables.iter().map(|table| table.name.to_string()).collect();
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let mut wrong = String::new();
    if expected != found {
        let _ = writeln!(wrong, "  tables   {found:?}\n  expected {expected:?}");
    }
    if answer.confidence.name() != case.confidence {
        let _ = writeln!(
            wrong,
            "  confidence {} ({}), expected {}",
            answer.confidence.name(),
            answer.error.as_deref().unwrap_or_default(),
            case.confidence
        );
    }
    let found = describe_columns(&answer);
    if case.columns.as_ref().is_some_and(|expected| *expected != found) {
        let _ = writeln!(
            wrong,
            "  columns  {found}\n  expected {}",
            case.columns.as_deref().unwrap_or_default()
        );
    }
    let found = describe_reads(&answer);
    if case.reads.as_ref().is_some_and(|expected| *expected != found) {
        let _ = writeln!(
            wrong,
            "  reads    {found}\n  expected {}",
            case.reads.as_deref().unwrap_or_default()
        );
    }
    if !wrong.is_empty() {
        let first: String = case.sql.chars().take(110).collect();
        let _ = writeln!(
            failures,
            "{} {}\n{wrong}  notes {:?}",
            case.place,
            first.replace('\n', " "),
            answer.notes
        );
    }
}

/// Queries without anything of one dialect read the same in all of them.
#[test]
fn a_warehouse_query_reads_the_same_in_every_dialect() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/generic-warehouse.sql");
    let cases = parse_cases("generic-warehouse", &std::fs::read_to_string(path).unwrap());
    let mut failures = String::new();
    for dialect in Dialect::ALL {
        for case in &cases {
            let mut found = String::new();
            check(case, dialect, &mut found);
            if !found.is_empty() {
                let _ = writeln!(failures, "in {dialect}: {found}");
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn every_query_of_the_corpus_gives_its_tables_and_columns() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut failures = String::new();
    let mut count = 0;
    let mut dialects = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let name = stem.split('-').next().unwrap();
        let dialect: Dialect = name.parse().unwrap();
        dialects.insert(dialect);
        for case in parse_cases(&stem, &std::fs::read_to_string(&path).unwrap()) {
            count += 1;
            check(&case, dialect, &mut failures);
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert_eq!(dialects.len(), Dialect::ALL.len(), "every dialect has a file");
    assert!(count >= 250, "only {count} queries");
}

/// What a BI tool, a script or a file puts around a query, and the tables that it adds.
const WRAPPERS: &[(&str, &str, &str)] = &[
    ("select * from (\n", "\n) custom_sql_query", ""),
    ("with q9 as (\n", "\n) select * from q9", ""),
    (
        "select q9.* from zz.one z9 left join (\n",
        "\n) q9 on z9.k9 = q9.k9",
        "zz.one",
    ),
    ("-- from zz.no\n/* join zz.no */ ", "\n-- from zz.no", ""),
    ("insert into zz.dst ", "", ""),
    ("create view zz.v9 as ", "", ""),
    ("select a9 from zz.one;\n", ";\n", "zz.one"),
    (
        "select a9 from zz.one where k9 in (select k9 from (\n",
        "\n) q9)",
        "zz.one",
    ),
];

/// A query stands on the same tables wherever it stands.
#[test]
fn a_query_keeps_its_tables_whatever_is_around_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut failures = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let dialect: Dialect = stem.split('-').next().unwrap().parse().unwrap();
        for case in parse_cases(&stem, &std::fs::read_to_string(&path).unwrap()) {
            let sql = case.sql.trim_end();
            let is_query = ["select", "with", "sel "].iter().any(|word| {
                sql.get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            });
            if !is_query || case.database.is_some() || sql.contains(';') || case.confidence != "parsed" {
                continue;
            }
            for (before, after, added) in WRAPPERS {
                let text = format!("{before}{sql}{after}");
                let answer = upstream(&Request::new(&text, dialect));
                let mut expected: BTreeSet<String> = case.tables.iter().cloned().collect();
                if !added.is_empty() {
                    expected.insert((*added).to_owned());
                }
                let found: BTreeSet<String> =
                    answer.tables.iter().map(|table| table.name.to_string()).collect();
                if found != expected {
                    let _ = writeln!(
                        failures,
                        "{}: {text}\n  tables {found:?}, expected {expected:?}",
                        case.place
                    );
                }
                let columns = describe_columns(&answer);
                if after.ends_with("custom_sql_query")
                    && answer.confidence.name() == "parsed"
                    && case.columns.as_ref().is_some_and(|expected| *expected != columns)
                {
                    let _ = writeln!(
                        failures,
                        "{}: {text}\n  columns {columns}\n expected {}",
                        case.place,
                        case.columns.as_deref().unwrap_or_default()
                    );
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}
