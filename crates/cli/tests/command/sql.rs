//! `tailwater sql`, one text and many lines.

use serde_json::{Value, json};

use crate::scene::{Scene, steadily};

const QUERY: &str = "with paid as (select order_id, amount from raw.payments where status = 'paid')\n\
    select o.id, sum(p.amount) as total, now() from analytics.marts.orders o join paid p on p.order_id = o.id group by 1";

#[test]
fn tables_and_columns_are_shown_with_the_confidence() {
    let scene = Scene::new();
    scene.write("query.sql", QUERY);
    let arguments = [
        "sql",
        "--dialect",
        "postgres",
        "--default-database",
        "shop",
        "query.sql",
    ];
    steadily(|| {
        insta::assert_snapshot!("sql_text", scene.tell(&arguments));
        insta::assert_json_snapshot!("sql_json", scene.tell_json(&arguments));
    });
}

#[test]
fn text_that_no_grammar_accepts_is_told_to_be_scanned() {
    let scene = Scene::new();
    let ended = scene.feed(
        &["sql", "--dialect", "snowflake", "-"],
        b"select !! from a.b.c where (((",
    );
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.output.starts_with("confidence: scanned"), "{ended:#?}");
    assert!(ended.output.contains("a.b.c"), "{ended:#?}");
}

#[test]
fn no_configuration_is_needed_or_read() {
    let scene = Scene::new();
    scene.write("tailwater.toml", "this is no configuration");
    let ended = scene.feed(&["sql", "--dialect", "duckdb", "-"], b"select 1 from a.b");
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(!scene.path().join(".tailwater").exists());
}

#[test]
fn lines_are_answered_in_order_and_bad_ones_with_their_error() {
    let scene = Scene::new();
    let input = [
        json!({ "id": 1, "dialect": "snowflake", "sql": "select a from db.s.t" }).to_string(),
        "no json".to_owned(),
        json!({ "id": "x", "dialect": "bigquery", "sql": "select * from `p.d.events_*`" }).to_string(),
        json!({ "id": 3, "dialect": "nix", "sql": "select 1" }).to_string(),
        json!({ "id": [4], "dialect": "sqlserver", "sql": "select b from t", "default_db": "d", "default_schema": "dbo" })
            .to_string(),
    ]
    .join("\n");
    let ended = scene.feed(&["sql", "--jsonl"], input.as_bytes());
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let lines: Vec<Value> = ended
        .output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    steadily(|| insta::assert_json_snapshot!("sql_jsonl", lines));
    let from_file = scene.run(&["sql", "--jsonl", "input"]);
    assert_eq!(from_file.output, ended.output);
}

#[test]
fn many_lines_are_all_answered() {
    let scene = Scene::new();
    let input: String = (0..20_000)
        .map(|id| {
            json!({ "id": id, "dialect": "duckdb", "sql": format!("select a from s.t{id}") }).to_string()
                + "\n"
        })
        .collect();
    let ended = scene.feed(&["sql", "--jsonl"], input.as_bytes());
    assert_eq!(ended.code, Some(0));
    let mut count = 0;
    for (id, line) in ended.output.lines().enumerate() {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["id"], id);
        assert_eq!(answer["tables"], json!([format!("s.t{id}")]));
        count += 1;
    }
    assert_eq!(count, 20_000);
}

#[test]
fn synonyms_of_dialects_are_understood_and_strangers_are_not() {
    let scene = Scene::new();
    scene.write("query.sql", "select top 3 a from [d].[dbo].[t]");
    let told = scene.tell(&["sql", "--dialect", "T-SQL", "query.sql"]);
    assert!(told.contains("d.dbo.t"), "{told}");
    let ended = scene.run(&["sql", "--dialect", "klingon", "query.sql"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.complaints.contains("snowflake"), "{ended:#?}");
}
