//! OpenLineage: runs of jobs, invocations and refreshes, to a collector and to a file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use tailwater_core::clock::Clock as _;
use tailwater_core::job::{Job, JobRunCause, JobRunState};
use tailwater_core::refresh::{
    RefreshCause, RefreshId, RefreshOrigin, RefreshOutcome, RefreshRecord, TargetId, TargetKind, Verdict,
};
use tailwater_engine::account::Actor;
use tailwater_engine::job::{DbtStepRunner, JobRuntime, WorkerOptions};
use tailwater_engine::signal::DeliveryState;
use tailwater_engine::workspace::Workspace;
use tailwater_store::{ClaimRequest, RefreshAsk, RefreshClaim};
use tokio_util::sync::CancellationToken;
use wiremock::{MockServer, ResponseTemplate};

use crate::stage::{Bench, receiver, webhook};

const FILE: &str = "name = 'lineage'\nkind = 'openlineage-file'\npath = 'lineage.ndjson'";
const TEST: &str = "test.shop.relationships_orders_customer.x";

fn collector(server: &MockServer) -> String {
    format!(
        "name = 'marquez'\nkind = 'openlineage-http'\nurl = '{}/hook'\nsecret_file = 'secret'\nallow_private = true",
        server.uri()
    )
}

/// What the collector was asked to take, whatever it answered.
async fn received(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.expect("requests");
    for request in &requests {
        let key = request.headers["authorization"].to_str().expect("text");
        assert_eq!(key, format!("Bearer {}", crate::stage::KEY));
    }
    let bodies = requests
        .iter()
        .map(|request| serde_json::from_slice(&request.body));
    bodies.map(|body| body.expect("JSON")).collect()
}

fn written(bench: &Bench) -> Vec<Value> {
    let text = std::fs::read_to_string(bench.directory.path().join("lineage.ndjson")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// `START job`, `COMPLETE job`, …
fn words(events: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let word = |event: &Value| format!("{} {}", text(&event["eventType"]), text(&event["job"]["name"]));
    events.iter().map(word).collect()
}

fn parent_of(event: &Value) -> (Option<&str>, Option<&str>) {
    let parent = &event["run"]["facets"]["parent"];
    (parent["run"]["runId"].as_str(), parent["job"]["name"].as_str())
}

/// Every run begins once and ends once at most, under one id, and no two events are the same.
fn assert_told_once(events: &[Value]) {
    let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events {
        assert_fits_the_specification(event);
        let run = event["run"]["runId"].as_str().expect("an id");
        told.entry(run)
            .or_default()
            .push(event["eventType"].as_str().expect("a type"));
    }
    for (run, types) in told {
        assert_eq!(types[0], "START", "{run}: {types:?}");
        assert!(types.len() <= 2, "{run}: {types:?}");
        assert!(!types[1..].contains(&"START"), "{run}: {types:?}");
    }
}

#[tokio::test]
async fn a_refresh_begins_when_it_is_sent_and_ends_once_over_a_crash() {
    let bench = Bench::new(&[FILE]);
    bench.build("success");
    let (workspace, mut signals) = bench.process().await;
    // What happened before the first look is history.
    land_on(&workspace, "w0", RefreshOutcome::Succeeded, &bench).await;
    signals.turn().await.expect("a turn");
    land_on(&workspace, "w1", RefreshOutcome::Queued, &bench).await;
    let mut claim = claim(&workspace).await;
    signals.turn().await.expect("a turn");
    assert_eq!(
        written(&bench),
        [] as [Value; 0],
        "only decided, or about to be sent"
    );

    claim.record.outcome = RefreshOutcome::Running;
    claim.record.sent_at = Some(bench.clock.now());
    note(&workspace, &mut claim).await;
    signals.turn().await.expect("a turn");
    let events = written(&bench);
    assert_eq!(words(&events), ["START refresh/main/workbook/w1"]);
    assert_eq!(events[0]["inputs"][0]["name"], "shop.main.orders");
    assert_eq!(events[0]["inputs"][0]["namespace"], "duckdb");
    let facet = &events[0]["outputs"][0]["facets"]["tailwater_exposure"];
    assert_eq!(facet["unique_id"], "exposure.shop.weekly");
    let invocation = parent_of(&events[0]);
    assert_eq!(invocation.1, Some("dbt/shop/production"));

    // The process dies, and what it noted last is noted again.
    drop(signals);
    bench.pass(1);
    let (workspace, mut signals) = bench.process().await;
    note(&workspace, &mut claim).await;
    signals.turn().await.expect("a turn");
    claim.record.outcome = RefreshOutcome::Failed;
    claim.record.message = Some("login failed".to_owned());
    claim.record.finished_at = Some(bench.clock.now());
    note(&workspace, &mut claim).await;
    land_on(&workspace, "w2", RefreshOutcome::Succeeded, &bench).await;
    signals.turn().await.expect("a turn");
    signals.turn().await.expect("a turn");
    let events = written(&bench);
    assert_eq!(
        words(&events),
        [
            "START refresh/main/workbook/w1",
            "FAIL refresh/main/workbook/w1",
            "START refresh/main/workbook/w2",
            "COMPLETE refresh/main/workbook/w2",
        ]
    );
    assert_told_once(&events);
    assert_eq!(
        events[1]["run"]["facets"]["errorMessage"]["message"],
        "login failed"
    );
}

#[tokio::test]
async fn an_invocation_is_a_run_with_its_nodes_and_tests_within() {
    let server = receiver(vec![ResponseTemplate::new(201)]).await;
    let bench = Bench::new(&[&collector(&server)]);
    bench.build("success");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    bench.pass(5);
    bench.ran(&[
        ("model.shop.orders", "success"),
        ("model.shop.customers", "skipped"),
        (TEST, "fail"),
        ("operation.shop.hook", "success"),
        ("model.shop.gone", "error"),
    ]);
    signals.turn().await.expect("a turn");
    let events = received(&server).await;
    assert_eq!(
        words(&events),
        [
            "START dbt/shop/production",
            "START dbt/shop/production/model.shop.gone",
            "FAIL dbt/shop/production/model.shop.gone",
            "START dbt/shop/production/model.shop.orders",
            "COMPLETE dbt/shop/production/model.shop.orders",
            &format!("START dbt/shop/production/{TEST}"),
            &format!("FAIL dbt/shop/production/{TEST}"),
            "FAIL dbt/shop/production",
        ]
    );
    assert_told_once(&events);
    let whole = events[0]["run"]["runId"].as_str();
    assert_eq!(events[7]["run"]["runId"].as_str(), whole);
    assert_eq!(
        events[7]["run"]["facets"]["errorMessage"]["message"],
        "2 nodes and tests failed"
    );
    let engine = &events[0]["run"]["facets"]["processing_engine"];
    assert_eq!(
        (&engine["name"], &engine["version"]),
        (&json!("dbt"), &json!("1.11.0"))
    );
    for event in &events[1..7] {
        assert_eq!(parent_of(event), (whole, Some("dbt/shop/production")));
    }
    // Through the model that is no table.
    let built = &events[4];
    assert_eq!(built["inputs"][0]["name"], "shop.raw.orders");
    assert_eq!(built["outputs"][0]["name"], "shop.main.orders");
    assert_eq!(
        built["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"],
        42
    );
    // The test says something of the table that it is declared on, and only reads the other.
    let tested = events[6]["inputs"].as_array().expect("inputs");
    let found = &tested[0]["inputFacets"]["dataQualityAssertions"]["assertions"];
    assert_eq!(tested[0]["name"], "shop.main.orders");
    assert_eq!(
        found,
        &json!([{"assertion": "relationships", "success": false, "column": "customer"}])
    );
    assert_eq!(tested[1]["name"], "shop.main.customers");
    assert_eq!(tested[1].get("inputFacets"), None);

    // What is handed over beside being watched, or looked at again, is no news; nor after a crash.
    let request = tailwater_engine::ingest::IngestRequest {
        project: "shop".into(),
        environment: None,
        path: Utf8Path::from_path(bench.directory.path())
            .expect("UTF-8")
            .join("target/run_results.json"),
        is_forced: true,
        by: "a test".to_owned(),
    };
    let _ = workspace.ingest(&request).await;
    drop(signals);
    bench.pass(1);
    let (_, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    assert_eq!(received(&server).await.len(), 8);
}

#[tokio::test]
async fn a_failing_collector_gets_the_rest_later_and_one_refusal_keeps_nothing_back() {
    let answers = [201, 201, 201, 503, 201, 422, 201]
        .map(ResponseTemplate::new)
        .to_vec();
    let server = receiver(answers).await;
    let bench = Bench::new(&[&collector(&server)]);
    bench.build("success");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    bench.pass(5);
    bench.ran(&[
        ("model.shop.orders", "success"),
        ("model.shop.customers", "success"),
        (TEST, "pass"),
    ]);
    signals.turn().await.expect("a turn");
    assert_eq!(received(&server).await.len(), 4, "the fourth was not taken");
    let states = workspace.channel_states().await.expect("states");
    assert_eq!(states[0].failing_since, Some(bench.clock.now()));
    assert_eq!(
        states[0].next_try_at,
        Some(bench.clock.now() + TimeDelta::seconds(30))
    );
    bench.pass(1);
    signals.turn().await.expect("a turn");
    let mut events = received(&server).await;
    assert_eq!(events.len(), 9, "{:?}", words(&events));
    // The one that was answered with 503 came twice, every other once, the refused one among them.
    assert_eq!(events[3], events[4]);
    events.remove(3);
    assert_told_once(&events);
    assert_eq!(
        words(&events).last().expect("an event"),
        "COMPLETE dbt/shop/production"
    );
    let left: BTreeSet<DeliveryState> = workspace
        .deliveries(10)
        .await
        .expect("deliveries")
        .iter()
        .map(|delivery| delivery.state)
        .collect();
    assert_eq!(left, [DeliveryState::Delivered].into());

    // A bound on the attempts: then it is given up, and what is behind it goes on.
    server.reset().await;
    bench.pass(5);
    bench.build("success");
    for _ in 0..40 {
        signals.turn().await.expect("a turn");
        bench.pass(7 * 60);
    }
    let given_up = workspace.deliveries(10).await.expect("deliveries");
    assert!(
        given_up
            .iter()
            .all(|delivery| delivery.state != DeliveryState::Waiting),
        "{given_up:?}"
    );
}

/// dbt as a script: it logs and waits until it may go on; `deps` leaves nothing.
const DBT: &str = r#"
here=$(dirname "$0")
mkdir -p "$DBT_TARGET_PATH" "$DBT_LOG_PATH"
say() {
  echo '{"info": {"name": "MainReportVersion", "code": "A001", "level": "info", "msg": "Running with dbt=1.11.16", "ts": "2026-01-10T06:00:00Z", "invocation_id": "'"$1"'"}, "data": {"version": "=1.11.16"}}' >>"$DBT_LOG_PATH/dbt.log"
}
if [ "$1" = deps ]; then say "invocation of deps"; exit 0; fi
say "build at 2026-01-10T06:00:00+00:00"
while [ ! -e "$here/go" ]; do sleep 0.05; done
cp "$here/manifest.json" "$here/run_results.json" "$DBT_TARGET_PATH"
"#;

#[tokio::test]
async fn a_run_of_a_job_is_told_while_it_runs_and_is_the_parent_of_its_steps() {
    let mut bench = Bench::new(&[FILE]);
    bench.settings.projects.clear();
    bench.write("dbt.sh", DBT);
    bench.write("manifest.json", &crate::stage::manifest().to_string());
    let results = bench.results(&[("model.shop.orders", "success")], "build");
    bench.write("run_results.json", &results.to_string());
    let (workspace, mut signals) = bench.process().await;
    workspace
        .add_project_without_path("shop".into())
        .await
        .expect("a project");
    signals.turn().await.expect("a turn");
    let root = Utf8Path::from_path(bench.directory.path()).expect("UTF-8");
    let job: Job = serde_json::from_value(json!({
        "name": "nightly", "project": "shop", "directory": root, "steps": ["dbt deps", "dbt build"],
        "program": ["sh", root.join("dbt.sh")],
    }))
    .expect("a job");
    workspace.add_job(&job, &Actor::CommandLine).await.expect("a job");
    let asked = workspace
        .run_job(&job.name, JobRunCause::ByHand, &Actor::CommandLine)
        .await
        .expect("a run");
    let options = WorkerOptions {
        slots: 1,
        patience: Duration::ZERO,
    };
    let runtime = JobRuntime::new(Arc::clone(&workspace), Arc::new(DbtStepRunner), options);
    let working = tokio::spawn(async move { runtime.work_once().await });

    // The second step's beginning is told while dbt still works.
    let begun = async {
        loop {
            signals.turn().await.expect("a turn");
            let starts = words(&written(&bench))
                .iter()
                .filter(|words| *words == "START dbt/shop/production")
                .count();
            if starts == 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let begun = tokio::time::timeout(Duration::from_mins(1), begun).await;
    let run = workspace.find_job_run(&asked.id).await.expect("a run");
    assert!(begun.is_ok(), "{:?} {run:?}", words(&written(&bench)));
    assert!(!words(&written(&bench)).contains(&"COMPLETE job/nightly".to_owned()));
    bench.write("go", "");
    let ended = working.await.expect("a task").expect("a run");
    assert_eq!(ended, Some(JobRunState::Succeeded));
    signals.turn().await.expect("a turn");
    signals.turn().await.expect("a turn");

    let events = written(&bench);
    assert_told_once(&events);
    let mut all = words(&events);
    all.sort();
    assert_eq!(
        all,
        [
            "COMPLETE dbt/shop/production",
            "COMPLETE dbt/shop/production",
            "COMPLETE dbt/shop/production/model.shop.orders",
            "COMPLETE job/nightly",
            "START dbt/shop/production",
            "START dbt/shop/production",
            "START dbt/shop/production/model.shop.orders",
            "START job/nightly",
        ]
    );
    for event in &events {
        let name = event["job"]["name"].as_str().expect("a name");
        match name {
            "job/nightly" => {
                assert_eq!(event["run"]["runId"].as_str(), Some(asked.id.as_str()));
                assert_eq!(parent_of(event), (None, None));
            }
            "dbt/shop/production" => {
                assert_eq!(parent_of(event), (Some(asked.id.as_str()), Some("job/nightly")));
            }
            _ => assert_eq!(parent_of(event).1, Some("dbt/shop/production")),
        }
    }
}

#[tokio::test]
async fn a_collector_that_never_answers_keeps_nobody_else_waiting() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = silent.local_addr().expect("an address");
    let (reached, mut is_reached) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
            let _ = reached.send(());
        }
    });
    let server = receiver(vec![ResponseTemplate::new(200)]).await;
    let silent = format!(
        "name = 'silent'\nkind = 'openlineage-http'\nurl = 'http://{address}/'\nallow_private = true"
    );
    let bench = Bench::new(&[&silent, &webhook(&server, "allow_private = true")]);
    bench.build("success");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    signals.let_go().await;
    land_on(&workspace, "w1", RefreshOutcome::Succeeded, &bench).await;
    let (_, signals) = bench.process().await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(signals.run(stop.clone()));
    is_reached.recv().await.expect("a call to the collector");
    bench.pass(5);
    bench.build("error");
    let told = async {
        while server.received_requests().await.expect("requests").is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), told)
        .await
        .expect("the webhook is told");
    let waiting = workspace.deliveries(10).await.expect("deliveries");
    let silent = waiting.iter().find(|delivery| delivery.channel == "silent");
    assert_eq!(
        silent.map(|delivery| delivery.attempts),
        Some(0),
        "it is still asked"
    );
    stop.cancel();
    running.await.expect("an end");
}

pub async fn land_on(workspace: &Workspace, target: &str, outcome: RefreshOutcome, bench: &Bench) {
    let now = bench.clock.now();
    let is_sent = outcome != RefreshOutcome::Queued;
    let record = RefreshRecord {
        id: RefreshId::new(uuid::Uuid::new_v4().to_string()),
        target: TargetId {
            integration: "main".into(),
            kind: TargetKind::Workbook,
            id: target.to_owned(),
        },
        name: "Weekly".to_owned(),
        exposures: vec!["exposure.shop.weekly".into()],
        origin: RefreshOrigin {
            cause: RefreshCause::DbtRun,
            project: Some("shop".into()),
            environment: None,
            invocation_id: Some("run 1".to_owned()),
            // A run that was forgotten is nobody's parent.
            job_run: Some(uuid::Uuid::new_v4().to_string()),
            by: None,
        },
        verdict: Verdict::Refresh {
            because: vec!["model.shop.orders".into()],
            not_before: None,
            incremental: false,
            priority: 50,
            deadline: None,
        },
        outcome,
        asked_at: now,
        sent_at: is_sent.then_some(now),
        tool_job: None,
        started_at: is_sent.then_some(now),
        finished_at: is_sent.then(|| now + TimeDelta::seconds(20)),
        code: None,
        message: None,
        hint: None,
    };
    let ask = RefreshAsk {
        record,
        site: "acme".to_owned(),
        at_once: 1,
        per_hour: None,
        interval: TimeDelta::zero(),
        ignores_interval: false,
    };
    workspace.store().ask_refreshes(vec![ask]).await.expect("landed");
}

pub async fn claim(workspace: &Workspace) -> RefreshClaim {
    let request = ClaimRequest {
        holder: "a test",
        lifetime: Duration::from_hours(1),
        most: 1,
    };
    let claimed = workspace.store().claim_refreshes(&request).await;
    claimed.expect("claims").claims.remove(0)
}

pub async fn note(workspace: &Workspace, claim: &mut RefreshClaim) {
    let noted = workspace
        .store()
        .note_refresh(claim, Duration::from_hours(1))
        .await;
    noted.expect("noted");
}

/// What the public specification (2-0-2) asks of a run's event, written down by hand.
fn assert_fits_the_specification(event: &Value) {
    let is_instant = |value: &Value| {
        let text = value.as_str().expect("an instant");
        DateTime::parse_from_rfc3339(text).expect("RFC 3339");
    };
    let is_uri = |value: &Value| url::Url::parse(value.as_str().expect("a URI")).expect("a URI");
    let is_uuid = |value: &Value| {
        let text = value.as_str().expect("an id");
        text.parse::<uuid::Uuid>().expect("a UUID");
    };
    let has_name = |value: &Value| {
        for member in ["namespace", "name"] {
            assert!(
                value[member].as_str().is_some_and(|text| !text.is_empty()),
                "{value}"
            );
        }
    };
    let fits_facets = |facets: &Value| {
        for facet in facets.as_object().expect("facets").values() {
            is_uri(&facet["_producer"]);
            is_uri(&facet["_schemaURL"]);
        }
    };
    is_instant(&event["eventTime"]);
    is_uri(&event["producer"]);
    is_uri(&event["schemaURL"]);
    let kind = event["eventType"].as_str().expect("a type");
    assert!(["START", "COMPLETE", "FAIL", "ABORT"].contains(&kind), "{kind}");
    let schema = event["schemaURL"].as_str().expect("text");
    assert!(
        schema.ends_with("/2-0-2/OpenLineage.json#/$defs/RunEvent"),
        "{schema}"
    );
    is_uuid(&event["run"]["runId"]);
    fits_facets(&event["run"]["facets"]);
    if let Some(parent) = event["run"]["facets"].get("parent") {
        is_uuid(&parent["run"]["runId"]);
        has_name(&parent["job"]);
    }
    if let Some(error) = event["run"]["facets"].get("errorMessage") {
        assert!(error["message"].is_string() && error["programmingLanguage"].is_string());
    }
    assert!(event["run"]["facets"]["processing_engine"]["version"].is_string());
    has_name(&event["job"]);
    fits_facets(&event["job"]["facets"]);
    let kind = &event["job"]["facets"]["jobType"];
    assert!(kind["processingType"].is_string() && kind["integration"].is_string());
    for (member, more) in [("inputs", "inputFacets"), ("outputs", "outputFacets")] {
        for dataset in event[member].as_array().expect("datasets") {
            has_name(dataset);
            fits_facets(&dataset["facets"]);
            fits_facets(dataset.get(more).unwrap_or(&json!({})));
        }
    }
}
