//! Webhooks: delivered to where a switch says, more than once, and again when nobody took them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, Uri};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::{Client, NOON, small};

/// What a receiver was sent: the path, and the body.
type Deliveries = UnboundedReceiver<(String, String)>;

/// A receiver that refuses the first deliveries, so many.
async fn receiver(refused: usize) -> (String, Deliveries) {
    let (sender, deliveries) = unbounded_channel();
    let left = Arc::new(AtomicUsize::new(refused));
    let app = Router::new().fallback(move |uri: Uri, body: String| async move {
        let _ = sender.send((uri.to_string(), body));
        let is_refused = left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if is_refused.is_ok() {
            StatusCode::BAD_GATEWAY
        } else {
            StatusCode::NO_CONTENT
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), deliveries)
}

async fn next(deliveries: &mut Deliveries) -> (String, Value) {
    let next = tokio::time::timeout(Duration::from_mins(1), deliveries.recv()).await;
    let (path, body) = next.expect("a delivery").expect("a receiver");
    (path, serde_json::from_str(&body).unwrap())
}

fn register(client: &Client, event: &str) {
    let url = format!("https://exposures.acme.example/hooks/{event}?secret=1");
    let body = json!({"webhook": {"name": event, "event": event, "webhook-destination":
        {"webhook-destination-http": {"method": "POST", "url": url}}}});
    let answer = client.call("POST", "webhooks", &body.to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
}

fn at(seconds: i64) -> DateTime<Utc> {
    NOON.parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_told_of_twice_with_the_same_body() {
    let client = Client::start(small(), "tailwater").await;
    let (to, mut deliveries) = receiver(0).await;
    client.running.set_switches(|switches| {
        switches.webhooks_to = Some(to);
        switches.webhook_copies = 2;
    });
    for event in [
        "DatasourceRefreshStarted",
        "DatasourceRefreshSucceeded",
        "WorkbookRefreshFailed",
    ] {
        register(&client, event);
    }
    let source = client.get("datasources").json()["datasources"]["datasource"][0].clone();
    let id = source["id"].as_str().unwrap();
    let started = client.call("POST", &format!("datasources/{id}/refresh"), "{}");
    assert_eq!(started.status, 202);
    client.running.clock().set(at(300));
    client.get("jobs");
    for event in ["DatasourceRefreshStarted", "DatasourceRefreshSucceeded"] {
        let first = next(&mut deliveries).await;
        assert_eq!(first, next(&mut deliveries).await, "the same once more");
        let (path, body) = first;
        assert_eq!(path, format!("/hooks/{event}?secret=1"));
        assert_eq!(body["event_type"], event);
        assert_eq!(body["resource"], "EXTRACTS");
        assert_eq!(body["resource_luid"], source["id"]);
        assert_eq!(body["resource_name"], source["name"]);
        assert_eq!(body["site_luid"], client.site);
        let told: DateTime<Utc> = body["created_at"].as_str().unwrap().parse().unwrap();
        assert!(at(0) < told && told < at(300), "{told}");
    }
    client.get("jobs");
    assert!(deliveries.try_recv().is_err(), "each is told once, that is twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_is_delivered_again_three_times() {
    let client = Client::start(small(), "tailwater").await;
    let (to, mut deliveries) = receiver(3).await;
    client
        .running
        .set_switches(|switches| switches.webhooks_to = Some(to));
    register(&client, "WorkbookDeleted");
    register(&client, "WorkbookUpdated");
    let mut file = small();
    let gone = file.sites[0].workbooks.remove(0);
    client.running.replace_sites(&file).unwrap();
    let first = next(&mut deliveries).await;
    assert_eq!(first.1["event_type"], "WorkbookDeleted");
    assert_eq!(first.1["resource"], "WORKBOOK");
    assert_eq!(first.1["resource_name"], gone.name);
    for _ in 0..3 {
        assert_eq!(next(&mut deliveries).await, first);
    }
    // Taken: what comes next is something else.
    file.sites[0].workbooks[0].updated_at = Some(Instant(at(-60)));
    client.running.replace_sites(&file).unwrap();
    let (_, body) = next(&mut deliveries).await;
    assert_eq!(body["event_type"], "WorkbookUpdated");
    assert_eq!(body["resource_name"], file.sites[0].workbooks[0].name);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_delivered_unasked() {
    let client = Client::start(small(), "tailwater").await;
    let (to, mut deliveries) = receiver(0).await;
    register(&client, "WorkbookDeleted");
    register(&client, "WorkbookCreated");
    let mut file = small();
    file.sites[0].workbooks.remove(0);
    client.running.replace_sites(&file).unwrap();
    client
        .running
        .set_switches(|switches| switches.webhooks_to = Some(to));
    // Only what happens from now on.
    client.running.replace_sites(&small()).unwrap();
    let (_, body) = next(&mut deliveries).await;
    assert_eq!(body["event_type"], "WorkbookCreated");
    assert!(deliveries.try_recv().is_err());
}
