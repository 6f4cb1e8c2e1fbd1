//! Webhooks and chats: once, signed, over crashes and restarts; retries, refusals, private addresses.

use serde_json::json;
use tailwater_core::clock::Clock as _;
use tailwater_engine::signal::DeliveryState;
use wiremock::ResponseTemplate;

use crate::stage::{Bench, KEY, hmac_of, receiver, told, webhook};

#[tokio::test]
async fn a_degraded_dashboard_is_told_once_signed_and_its_recovery_too() {
    let server = receiver(vec![ResponseTemplate::new(200)]).await;
    let bench = Bench::new(&[&webhook(&server, "allow_private = true")]);
    let (_, mut signals) = bench.process().await;
    bench.build("success");
    assert_eq!(signals.turn().await.expect("a turn").expect("a look").notices, []);
    bench.pass(5);
    bench.build("error");
    signals.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    let (_, body) = told(&requests[0]);
    assert_eq!(body["event"], "exposure_degraded");
    assert_eq!(body["state"], "raised");
    assert_eq!(body["subject"]["subject_id"], "exposure.shop.weekly");
    assert_eq!(
        body["link"],
        "https://data.acme.com/exposures/exposure.shop.weekly"
    );
    assert_eq!(body["about"]["owners"], json!(["ada@acme.com"]));
    assert!(body["causes"]["build_failed"]["sentence"].is_string(), "{body}");

    let header = requests[0].headers["tailwater-signature"].to_str().expect("text");
    let moment = bench.clock.now().timestamp();
    let signed = [format!("{moment}.").as_bytes(), &requests[0].body].concat();
    assert_eq!(
        header,
        format!("t={moment},v1={}", hmac_of(KEY.as_bytes(), &signed))
    );

    // Another process tells nothing while this one lives, and nothing twice when it takes over.
    let (_, mut other) = bench.process().await;
    assert_eq!(other.turn().await.expect("a turn"), None);
    signals.let_go().await;
    bench.pass(5);
    bench.build("error");
    other.turn().await.expect("a turn");
    assert_eq!(server.received_requests().await.expect("requests").len(), 1);

    bench.pass(5);
    bench.build("success");
    other.turn().await.expect("a turn");
    assert_eq!(
        server.received_requests().await.expect("requests").len(),
        1,
        "not settled"
    );
    bench.pass(10);
    other.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    let (_, body) = told(requests.last().expect("a request"));
    assert_eq!((requests.len(), &body["state"]), (2, &json!("recovered")));
}

#[tokio::test]
async fn what_was_landed_is_sent_after_a_crash_under_the_same_id() {
    let server = receiver(vec![ResponseTemplate::new(503), ResponseTemplate::new(200)]).await;
    let bench = Bench::new(&[&webhook(&server, "allow_private = true")]);
    bench.build("error");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    let waiting = workspace.deliveries(10).await.expect("deliveries");
    assert_eq!((waiting.len(), waiting[0].state), (1, DeliveryState::Waiting));
    assert!(waiting[0].error.as_deref().expect("why").contains("503"));
    // The process dies with its lease; another takes over when that has ended.
    drop(signals);
    let (workspace, mut signals) = bench.process().await;
    assert_eq!(
        signals.turn().await.expect("a turn"),
        None,
        "the lease still holds"
    );
    bench.pass(1);
    signals.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    assert_eq!(requests.len(), 2);
    assert_eq!(told(&requests[0]).0, told(&requests[1]).0);
    assert_eq!(told(&requests[1]).0, waiting[0].id.as_str());
    let done = workspace.deliveries(10).await.expect("deliveries");
    assert_eq!((done.len(), done[0].state), (1, DeliveryState::Delivered));
}

#[tokio::test]
async fn a_refused_message_is_given_up_visibly_and_private_addresses_are_not_called() {
    let server = receiver(vec![
        ResponseTemplate::new(400).set_body_string("no\u{7} such thing"),
    ])
    .await;
    let allowed = webhook(&server, "allow_private = true");
    let forbidden = webhook(&server, "").replace("'hook'", "'other'");
    let bench = Bench::new(&[&allowed, &forbidden]);
    bench.build("error");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    assert_eq!(server.received_requests().await.expect("requests").len(), 1);
    let mut given_up = workspace.deliveries(10).await.expect("deliveries");
    given_up.sort_by(|left, right| left.channel.cmp(&right.channel));
    assert!(
        given_up
            .iter()
            .all(|delivery| delivery.state == DeliveryState::GivenUp)
    );
    let errors: Vec<&str> = given_up
        .iter()
        .filter_map(|delivery| delivery.error.as_deref())
        .collect();
    assert!(errors[0].ends_with("status 400: no such thing"), "{errors:?}");
    assert!(errors[1].contains("private network"), "{errors:?}");
    let refused = workspace.test_channel("other").await.expect_err("a refusal");
    assert!(!refused.to_string().contains("/hook"), "{refused}");
}

#[tokio::test]
async fn what_may_be_mended_is_tried_again_later_and_later() {
    let server = receiver(vec![
        ResponseTemplate::new(500),
        ResponseTemplate::new(404),
        ResponseTemplate::new(429).insert_header("retry-after", "600"),
        ResponseTemplate::new(204),
    ])
    .await;
    let bench = Bench::new(&[&webhook(&server, "allow_private = true")]);
    bench.build("error");
    let (workspace, mut signals) = bench.process().await;
    let began = bench.clock.now();
    let mut waits = Vec::new();
    for tries in 1..=3 {
        signals.turn().await.expect("a turn");
        let head = workspace.deliveries(1).await.expect("deliveries").remove(0);
        assert_eq!((head.state, head.attempts), (DeliveryState::Waiting, tries));
        let next = head.next_at.expect("an instant");
        waits.push((next - bench.clock.now()).num_seconds());
        // A look before its time sends nothing.
        signals.turn().await.expect("a turn");
        *bench.clock.0.lock().expect("a clock") = next;
    }
    assert_eq!(waits, [30, 60, 600]);
    signals.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    assert_eq!(requests.len(), 4);
    let ids: Vec<String> = requests.iter().map(|request| told(request).0).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // Each attempt is signed anew, with its own moment.
    let last = requests[3].headers["tailwater-signature"].to_str().expect("text");
    assert!(
        last.starts_with(&format!(
            "t={},v1=",
            (began + chrono::TimeDelta::seconds(690)).timestamp()
        )),
        "{last}"
    );
    let state = workspace.channel_states().await.expect("states").remove(0);
    assert_eq!((state.failing_since, state.waiting), (None, 0));
    assert_eq!(state.delivered_at, Some(bench.clock.now()));
}

#[tokio::test]
async fn a_redirect_leads_nowhere_else() {
    let elsewhere = receiver(vec![ResponseTemplate::new(200)]).await;
    let away = format!("{}/hook", elsewhere.uri());
    let server = receiver(vec![
        ResponseTemplate::new(307).insert_header("location", away.as_str()),
    ])
    .await;
    let bench = Bench::new(&[&webhook(&server, "allow_private = true")]);
    bench.build("error");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    assert!(elsewhere.received_requests().await.expect("requests").is_empty());
    let given_up = workspace.deliveries(1).await.expect("deliveries").remove(0);
    assert_eq!(given_up.state, DeliveryState::GivenUp);
    assert!(given_up.error.expect("why").contains("redirects to"));
}

#[tokio::test]
async fn a_chat_gets_one_message_whose_names_call_nobody() {
    let server = receiver(vec![ResponseTemplate::new(200).set_body_string("ok")]).await;
    let chat = "name = 'chat'\nkind = 'slack'\nurl_file = 'chat'\nmentions = ['here']\nallow_private = true";
    let bench = Bench::new(&[chat]);
    bench.write("chat", &format!("{}/hook\n", server.uri()));
    bench.ran(&[("model.shop.orders", "error"), ("model.shop.customers", "error")]);
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    assert_eq!(requests.len(), 1, "both dashboards in one message");
    let body: serde_json::Value = serde_json::from_slice(&requests[0].body).expect("JSON");
    let text = body.to_string();
    assert!(text.contains("Weekly &lt;sales&gt;"), "{text}");
    assert!(text.contains("<!here>") && text.contains("People"), "{text}");
    // The address is a secret: nothing that is kept or shown holds it.
    for delivery in workspace.deliveries(10).await.expect("deliveries") {
        assert!(!format!("{delivery:?}").contains("/hook"));
    }
    bench.pass(5);
    bench.ran(&[
        ("model.shop.orders", "success"),
        ("model.shop.customers", "success"),
    ]);
    signals.turn().await.expect("a turn");
    bench.pass(10);
    signals.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    assert_eq!(requests.len(), 2);
    let text = String::from_utf8_lossy(&requests[1].body).into_owned();
    assert!(text.contains("Recovered") && !text.contains("<!here>"), "{text}");
}
