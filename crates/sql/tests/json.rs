//! The shapes that leave the crate as JSON.

use serde_json::{Value, json};
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, upstream};

const SQL: &str = "
    with recent as (select customer_id, amount, region from Orders where ordered_at > <[Parameters].[From]>)
    select c.name, sum(r.amount * f.rate) as total, status, e.*
    from recent r
    join crm.customers c on c.id = r.customer_id
    join fx f on true
    cross join events_raw e";

#[test]
fn an_answer_is_written_whole() {
    let answer = upstream(&Request {
        default_database: Some("shop"),
        default_schema: Some("public"),
        ..Request::new(SQL, Dialect::Snowflake)
    });
    insta::assert_json_snapshot!(answer);
}

#[test]
fn a_json_line_has_the_five_fields_of_the_command() {
    let answer = upstream(&Request::new("select a from x.t where (", Dialect::Postgres));
    let id = json!(7);
    let line = serde_json::to_value(answer.to_json_line(&id)).unwrap();
    assert_eq!(line["id"], 7);
    assert_eq!(line["tables"], json!(["x.t"]));
    assert_eq!(line["columns"], json!([]));
    assert_eq!(line["confidence"], "scanned");
    assert!(matches!(&line["error"], Value::String(error) if error.contains("EOF")));
    assert_eq!(line.as_object().unwrap().len(), 5);
}

#[test]
fn a_json_line_of_a_parsed_query_has_dotted_sources_and_no_error() {
    let answer = upstream(&Request::new(
        "select t.a + u.b as c from d.t t, u",
        Dialect::BigQuery,
    ));
    let id = Value::String("q1".to_owned());
    insta::assert_json_snapshot!(answer.to_json_line(&id));
}
