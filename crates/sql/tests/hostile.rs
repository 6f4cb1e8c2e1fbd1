//! Text that means harm: every answer comes back, in bounded work, on the small stack of a test
//! thread.

use std::fmt::Write as _;

use tailwater_core::confidence::Confidence;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, Upstream, upstream};

fn names(answer: &Upstream) -> Vec<String> {
    answer.tables.iter().map(|table| table.name.to_string()).collect()
}

fn read(sql: &str, dialect: Dialect) -> Upstream {
    let answer = upstream(&Request::new(sql, dialect));
    assert!(
        answer
            .error
            .as_ref()
            .is_none_or(|error| error.len() <= Upstream::MAX_ERROR_LENGTH)
    );
    assert!(answer.notes.len() <= Upstream::MAX_NOTES);
    answer
}

/// The dialects that differ most in how they cut and parse text.
const SOME: [Dialect; 2] = [Dialect::Postgres, Dialect::SqlServer];

#[test]
fn a_hundred_thousand_brackets() {
    let deep = format!("select {}1{} from t", "(".repeat(100_000), ")".repeat(100_000));
    for dialect in SOME {
        let answer = read(&deep, dialect);
        assert_eq!(names(&answer), ["t"], "{dialect}");
        assert_eq!(answer.confidence, Confidence::Scanned);
    }
    for open in [
        "(",
        "[",
        "{",
        "(select ",
        "case when ",
        "f(",
        "a[",
        "not ",
        "- ",
        "array<",
        "((select 1) union ",
    ] {
        for dialect in SOME {
            read(&format!("select {}", open.repeat(100_000)), dialect);
        }
    }
}

/// Beginnings of constructs that a rule looks ahead from, without their ends.
#[test]
fn ten_thousand_beginnings_of_constructs() {
    for (dialect, beginning) in [
        (Dialect::Oracle, "model partition "),
        (Dialect::ClickHouse, "? b "),
        (Dialect::Spark, "lateral view explode(a) e as "),
        (Dialect::Teradata, "reset when "),
        (Dialect::Trino, "using external ;"),
        (Dialect::DuckDb, "[x for x in "),
        (Dialect::MySql, "into @x "),
    ] {
        let answer = read(&format!("select a from t {}", beginning.repeat(10_000)), dialect);
        assert!(names(&answer).contains(&"t".to_owned()), "{dialect}");
    }
}

#[test]
fn a_hundred_thousand_ands() {
    let chain = format!("select a from t where {}x = 1", "y = 2 and ".repeat(100_000));
    for dialect in SOME {
        let answer = read(&chain, dialect);
        assert_eq!(names(&answer), ["t"]);
        assert_eq!(answer.confidence, Confidence::Parsed);
        assert_eq!(answer.tables[0].columns, ["a", "x", "y"]);
    }
}

#[test]
fn a_hundred_thousand_sums_concatenations_and_casts() {
    for link in ["1 + ", "a || ", "a - b * ", "x or "] {
        let chain = format!("select {}a as s from t", link.repeat(50_000));
        let answer = read(&chain, Dialect::Postgres);
        assert_eq!(names(&answer), ["t"], "{link}");
        assert_eq!(answer.confidence, Confidence::Parsed, "{link} {:?}", answer.error);
    }
    let casts = format!("select a{} from t", "::int".repeat(100_000));
    assert_eq!(names(&read(&casts, Dialect::Postgres)), ["t"]);
    let nulls = format!("select a{} from t", " is null".repeat(100_000));
    assert_eq!(names(&read(&nulls, Dialect::Postgres)), ["t"]);
    let subscripts = format!("select a{} from t", "[1]".repeat(100_000));
    assert_eq!(names(&read(&subscripts, Dialect::Postgres)), ["t"]);
    let zones = format!("select a{} from t", " at time zone 'UTC'".repeat(50_000));
    assert_eq!(names(&read(&zones, Dialect::Postgres)), ["t"]);
}

#[test]
fn fifty_thousand_unions() {
    let unions = format!(
        "select a from t0 {}",
        "union all select b from t1 ".repeat(50_000)
    );
    for dialect in SOME {
        let answer = read(&unions, dialect);
        assert_eq!(names(&answer), ["t0", "t1"]);
        assert_eq!(answer.confidence, Confidence::Parsed);
        assert_eq!(answer.columns.len(), 1);
        assert_eq!(answer.columns[0].sources.len(), 2);
    }
}

#[test]
fn longer_chains_than_a_stack_should_hold_are_scanned() {
    let chain = format!("select {}1 from t", "1+".repeat(400_000));
    let answer = read(&chain, Dialect::Generic);
    assert_eq!(names(&answer), ["t"]);
    assert_eq!(answer.confidence, Confidence::Scanned);
}

#[test]
fn many_ctes_joins_columns_and_tables() {
    let mut sql = String::from("with c0 as (select a0, a1 from base)");
    for i in 1..3_000 {
        let _ = write!(sql, ", c{i} as (select a0, a1 from c{})", i - 1);
    }
    sql.push_str(" select a0 from c2999");
    let answer = read(&sql, Dialect::Postgres);
    assert_eq!(names(&answer), ["base"]);
    assert_eq!(answer.columns[0].sources.len(), 1);

    let tables: Vec<String> = (0..20_000).map(|i| format!("t{i}")).collect();
    assert_eq!(
        read(&format!("select 1 from {}", tables.join(", ")), Dialect::Postgres)
            .tables
            .len(),
        20_000
    );

    let columns: Vec<String> = (0..20_000).map(|i| format!("c{i}")).collect();
    let wide = format!(
        "with w as (select {} from t) select {} from w",
        columns.join(", "),
        columns.join(", ")
    );
    assert_eq!(read(&wide, Dialect::Postgres).columns.len(), 20_000);
}

#[test]
fn sources_that_multiply_are_cut_short_and_tables_stay() {
    // Each CTE has 300 columns, each the sum of all 300 of the one before.
    let columns: Vec<String> = (0..300).map(|i| format!("c{i}")).collect();
    let sum = columns.join("+");
    let mut sql = format!("with x0 as (select {} from base)", columns.join(", "));
    for i in 1..200 {
        let list: Vec<String> = columns
            .iter()
            .map(|column| format!("{sum} as {column}"))
            .collect();
        let _ = write!(sql, ", x{i} as (select {} from x{})", list.join(", "), i - 1);
        if sql.len() > 1_500_000 {
            let _ = write!(sql, " select * from x{i}, other");
            break;
        }
    }
    let answer = read(&sql, Dialect::Postgres);
    assert_eq!(names(&answer), ["base", "other"]);
    assert!(
        answer
            .notes
            .iter()
            .any(|note| matches!(note, tailwater_sql::Note::LineageCutShort))
    );
}

#[test]
fn stars_that_double_are_cut_short() {
    let mut sql = String::from("with x0 as (select a, b, c, d from base)");
    for i in 1..60 {
        let _ = write!(sql, ", x{i} as (select l.*, r.* from x{p} l, x{p} r)", p = i - 1);
    }
    sql.push_str(" select * from x59");
    let answer = read(&sql, Dialect::Postgres);
    assert_eq!(names(&answer), ["base"]);
}

#[test]
fn text_of_one_kind_of_character() {
    for piece in [
        "'",
        "\"",
        "`",
        "[",
        "]",
        "{",
        "}",
        "{{",
        "{%",
        "{#",
        "#(",
        "<",
        "<<",
        "<[Parameters].[",
        "--",
        "/*",
        "*/",
        "$",
        "$$",
        "$a$",
        "\\",
        ";",
        ".",
        ",",
        "a.",
        "a,",
        "\u{0}",
        "\u{feff}",
        "é",
        "😀",
        "select ",
        "from ",
        "with ",
        "join ",
        "a b ",
        "with a as ",
        "select * from a, ",
        "for system_time as of ",
        "limit 1 by ",
        "array join a, ",
        "locking ",
        "with x ",
        "union ",
        "e'",
        "q'[",
        "b'",
        "0x",
        "1e",
        "@",
        "@a/",
        "go\n",
        "create table ",
        "option(",
        "case ",
        "when ",
        "values (",
        "pivot on ",
        "(+)",
        "-- \n",
        "# ",
        "// ",
        "''",
        "\"\"",
        "x'",
        "u&'",
        "select a from b where c in (",
        "explain ",
        "not ",
        "interval ",
        "date ",
        "cast(",
        "exists(",
        "lateral ",
        "from (",
        "sel ",
        "::",
        "->",
        "=>",
        "|>",
        "?",
        ":a",
        "{a:b}",
    ] {
        for dialect in Dialect::ALL {
            read(&piece.repeat(500), dialect);
        }
    }
}

#[test]
fn error_texts_are_short_and_whole() {
    let sql = format!("select from where \"{}\" (", "é".repeat(10_000));
    let answer = read(&sql, Dialect::Postgres);
    assert!(answer.error.is_some());
}
