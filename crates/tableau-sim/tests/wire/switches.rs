//! Misbehaviour on demand.

use crate::support::{Client, send, small};
use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::SiteBuilder;
use tailwater_tableau_sim::{MetadataAvailability, Switches};

const NAMES: &str = "{ workbooks { name } }";

async fn client() -> Client {
    Client::start(small(), "tailwater").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_limit_cuts_and_warns() {
    let client = Client::start(SiteBuilder::new("acme").workbooks(50).build(), "tailwater").await;
    client.running.set_switches(|switches| switches.node_limit = 30);
    let answer = client.query("{ workbooks { name sheets { name } } }");
    let workbooks = answer["data"]["workbooks"].as_array().unwrap();
    assert_eq!(workbooks.len(), 15);
    assert_eq!(
        answer["errors"],
        json!([{
            "message": "Showing partial results. The request exceeded the 30 node limit. Use pagination, additional filtering, or both in the query to adjust results.",
            "path": null,
            "extensions": {"severity": "WARNING", "code": "NODE_LIMIT_EXCEEDED", "properties": {"nodeLimit": 30}},
        }])
    );
    // A smaller page passes.
    let page = client.data("{ workbooksConnection(first: 10) { nodes { name sheets { name } } } }");
    assert_eq!(page["workbooksConnection"]["nodes"].as_array().unwrap().len(), 10);

    client
        .running
        .set_switches(|switches| switches.node_limit_nulls_out = true);
    let answer = client.query("{ workbooksConnection(first: 50) { nodes { name sheets { name } } } }");
    assert_eq!(answer["data"], json!({"workbooksConnection": null}));
    let classes: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["extensions"]["classification"])
        .collect();
    assert!(
        classes.contains(&&json!("NullValueInNonNullableField")),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counted_switches_strike_that_often() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.rate_exceeded_times = 2);
    assert_eq!(client.codes(NAMES), ["RATE_EXCEEDED"]);
    assert_eq!(client.codes(NAMES), ["RATE_EXCEEDED"]);
    assert!(client.codes(NAMES).is_empty());

    client
        .running
        .set_switches(|switches| switches.sporadic_unauthorized_times = 1);
    let refused = client.ask(&json!({"query": NAMES}));
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["path"], "/relationship-service-war/graphql");
    assert_eq!(client.ask(&json!({"query": NAMES})).status, 200);

    client
        .running
        .set_switches(|switches| switches.unexpected_error_times = 1);
    assert_eq!(
        client.query(NAMES)["errors"][0]["message"],
        "Unexpected error occurred"
    );

    client.running.set_switches(|switches| {
        switches.server_error_times = 1;
        switches.server_error_status = 503;
    });
    let failed = client.get("workbooks");
    assert!(failed.status == 503 && failed.body.starts_with("<html>"));

    client.running.set_switches(|switches| {
        switches.throttled_times = 1;
        switches.retry_after_seconds = Some(7);
    });
    let throttled = client.get("workbooks");
    assert_eq!((throttled.status, throttled.code().as_str()), (429, "429000"));
    assert!(throttled.head.contains("retry-after: 7"));
    assert_eq!(client.get("workbooks").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_api_may_be_off() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.metadata = MetadataAvailability::FeatureDisabled);
    assert_eq!(client.codes(NAMES), ["FEATURE_DISABLED"]);
    client
        .running
        .set_switches(|switches| switches.metadata = MetadataAvailability::NotFound);
    let answer = client.ask(&json!({"query": NAMES}));
    assert!(answer.status == 404 && answer.body.contains("<html>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_knows_a_share_of_the_workbooks() {
    let client = Client::start(SiteBuilder::new("acme").workbooks(200).build(), "tailwater").await;
    client.running.set_switches(|switches| {
        switches.backfill_running = true;
        switches.backfill_percent = 40;
    });
    let answer = client.query(NAMES);
    assert_eq!(answer["data"]["workbooks"].as_array().unwrap().len(), 80);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BACKFILL_RUNNING");
    assert_eq!(answer["errors"][0]["extensions"]["severity"], "WARNING");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_pages_may_take_too_long() {
    let client = Client::start(SiteBuilder::new("acme").workbooks(30).build(), "tailwater").await;
    client
        .running
        .set_switches(|switches| switches.time_limit_page = Some(10));
    let page = |first: u32| format!("{{ workbooksConnection(first: {first}) {{ nodes {{ name }} }} }}");
    assert_eq!(client.codes(&page(20)), ["TIME_LIMIT_EXCEEDED"]);
    assert!(client.codes(&page(10)).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_server_does_not_know_younger_fields() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.unknown_fields = vec!["Workbook.projectLuid".to_owned()]);
    let answer = client.query("{ workbooks { projectLuid } }");
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Validation error of type FieldUndefined: Field 'projectLuid'"),
        "{message}"
    );
    client.running.set_switches(|switches| {
        *switches = Switches {
            rest_version: Some("3.16".to_owned()),
            ..Switches::default()
        };
    });
    assert!(client.query("{ workbooks { projectLuid } }")["errors"].is_array());
    assert!(client.query("{ workbooks { projectName } }")["errors"].is_null());
    // The REST version of the path is too new for it as well.
    assert_eq!(client.get("workbooks").code(), "404001");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_lags_behind() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.index_lag_seconds = 60);
    let orders =
        client.get("workbooks?filter=name:eq:Orders").json()["workbooks"]["workbook"][0]["id"].clone();
    let path = format!("workbooks/{}", orders.as_str().unwrap());
    assert_eq!(
        client
            .call("PUT", &path, r#"{"workbook": {"name": "Orders 2"}}"#)
            .status,
        200
    );
    let seen = |client: &Client| client.data(NAMES).to_string().contains("\"Orders 2\"");
    assert!(client.get("workbooks").body.contains("\"Orders 2\""));
    assert!(!seen(&client));
    client.running.clock().advance(chrono::TimeDelta::seconds(59));
    assert!(!seen(&client));
    client.running.clock().advance(chrono::TimeDelta::seconds(1));
    assert!(seen(&client));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_answers_in_html() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.not_tableau = true);
    let answer = send(client.running.base_url(), "GET", "/api/2.4/serverinfo", &[], "");
    assert!(answer.status == 200 && answer.head.contains("text/html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_break_off() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.cut_answer_times = 1);
    let cut = client.get("workbooks");
    assert!(serde_json::from_str::<Value>(&cut.body).is_err());
    assert_eq!(client.get("workbooks").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn very_long_id_lists_get_an_empty_body() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.empty_body_from_ids = Some(3));
    let ask = |ids: &[&str]| {
        client.ask(&json!({
            "query": "query($ids: [ID]) { workbooks(filter: {idWithin: $ids}) { name } }",
            "variables": {"ids": ids},
        }))
    };
    assert!(!ask(&["a", "b"]).body.is_empty());
    let empty = ask(&["a", "b", "c"]);
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_address_sets_switches_and_clock() {
    let client = client().await;
    let control =
        |method: &str, path: &str, body: &str| send(client.running.base_url(), method, path, &[], body);
    let set = control("PUT", "/-/sim/switches", r#"{"node_limit": 3}"#);
    assert_eq!((set.status, &set.json()["node_limit"]), (200, &json!(3)));
    assert_eq!(client.running.switches().node_limit, 3);
    assert_eq!(control("PUT", "/-/sim/switches", r#"{"nothing": 3}"#).status, 400);
    assert_eq!(
        control("DELETE", "/-/sim/switches", "").json()["node_limit"],
        20_000
    );
    let moved = control("PUT", "/-/sim/clock", r#"{"advance_seconds": 90}"#);
    assert_eq!(
        moved.json(),
        json!({"mode": "standing", "now": "2025-03-04T12:01:30Z"})
    );
    assert_eq!(control("GET", "/-/sim/nothing", "").status, 404);
    // Control calls are not in the log of requests; sign-in is.
    let log = client.running.requests();
    assert!(log.len() == 1 && log[0].path.ends_with("/auth/signin"), "{log:?}");
    client.query(NAMES);
    let recorded = client.running.requests().pop().unwrap().graphql.unwrap();
    assert_eq!(recorded.text, NAMES);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sites_hold_can_be_replaced() {
    let client = Client::start(SiteBuilder::new("acme").workbooks(3).build(), "tailwater").await;
    let count = |client: &Client| client.data(NAMES)["workbooks"].as_array().unwrap().len();
    assert_eq!(count(&client), 3);
    client
        .running
        .replace_sites(&SiteBuilder::new("acme").workbooks(5).build())
        .unwrap();
    // The session is still good, since the users are the same.
    assert_eq!(count(&client), 5);
    let broken = "[[site]]\ncontent_url = \"acme\"";
    let refused = send(client.running.base_url(), "PUT", "/-/sim/sites", &[], broken);
    assert_eq!(refused.status, 400);
    assert_eq!(count(&client), 5);
    let other = "[[site]]\ncontent_url = \"acme\"\n[[site.user]]\nname = \"someone\"";
    assert_eq!(
        send(client.running.base_url(), "PUT", "/-/sim/sites", &[], other).status,
        200
    );
    assert_eq!(client.get("workbooks").code(), "401002");
}
