//! What people are told of: jobs, tests, dashboards, deadlines; once when it begins, once when it has recovered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tailwater_core::clock::Clock as _;
use tailwater_core::id::JobName;
use tailwater_core::job::{Job, JobRunCause, JobRunState};
use tailwater_core::refresh::RefreshOutcome;
use tailwater_engine::account::Actor;
use tailwater_engine::bi::NoProgress;
use tailwater_engine::job::{JobRuntime, StepEnd, StepHeard, StepRequest, StepRunner, WorkerOptions};
use tailwater_engine::settings::{IntegrationSettings, Kind};
use tailwater_engine::sync::SyncOptions;
use tailwater_engine::workspace::Workspace;
use tailwater_tableau_sim::{Running, Simulator, SiteFile};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wiremock::{MockServer, ResponseTemplate};

use crate::lineage::{claim, land_on, note};
use crate::stage::{Bench, KEY, receiver, webhook};

/// `raised job_failed nightly`, in the order in which it was told.
async fn notices(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("requests");
    let told = requests.iter().map(|request| {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        format!(
            "{} {} {}",
            text(&body["state"]),
            text(&body["event"]),
            text(&body["subject"]["name"])
        )
    });
    told.collect()
}

/// A step that ends as it is told.
#[derive(Debug, Default)]
struct Told(AtomicI32);

impl StepRunner for Told {
    fn run_step<'a>(
        &'a self,
        _: &'a Workspace,
        _: StepRequest,
        _: mpsc::UnboundedSender<StepHeard>,
        _: CancellationToken,
    ) -> BoxFuture<'a, Result<StepEnd, tailwater_engine::Error>> {
        Box::pin(async move {
            Ok(StepEnd {
                exit_code: self.0.load(Ordering::Relaxed),
                words: "ended as it was told".to_owned(),
                problems: Vec::new(),
            })
        })
    }
}

#[tokio::test]
async fn a_failed_job_is_told_once_and_so_is_that_it_succeeds_again() {
    let server = receiver(vec![ResponseTemplate::new(200)]).await;
    let bench = Bench::new(&[&webhook(&server, "allow_private = true")]);
    bench.build("success");
    let (workspace, mut signals) = bench.process().await;
    let job: Job = serde_json::from_value(json!({
        "name": "nightly", "project": "shop", "directory": bench.directory.path(), "steps": ["dbt build"],
    }))
    .expect("a job");
    workspace.add_job(&job, &Actor::CommandLine).await.expect("a job");
    let runner = Arc::new(Told::default());
    let options = WorkerOptions {
        slots: 1,
        patience: Duration::ZERO,
    };
    let runtime = JobRuntime::new(
        Arc::clone(&workspace),
        Arc::clone(&runner) as Arc<dyn StepRunner>,
        options,
    );
    let name: JobName = "nightly".into();
    let ask = || workspace.run_job(&name, JobRunCause::ByHand, &Actor::CommandLine);
    let run = async |code: i32| {
        runner.0.store(code, Ordering::Relaxed);
        ask().await.expect("a run");
        runtime.work_once().await.expect("a run").expect("an end")
    };
    signals.turn().await.expect("a turn");
    assert_eq!(run(1).await, JobRunState::Failed);
    signals.turn().await.expect("a turn");
    bench.pass(1);
    assert_eq!(run(1).await, JobRunState::Failed);
    signals.turn().await.expect("a turn");
    assert_eq!(notices(&server).await, ["raised job_failed nightly"]);
    let requests = server.received_requests().await.expect("requests");
    let body: Value = serde_json::from_slice(&requests[0].body).expect("JSON");
    let sentence = body["causes"]["failed"]["sentence"].as_str().expect("a sentence");
    assert!(
        sentence.contains("`dbt build` ended as it was told"),
        "{sentence}"
    );

    // While a newer one waits, nothing new is known.
    bench.pass(20);
    ask().await.expect("a run");
    signals.turn().await.expect("a turn");
    bench.pass(20);
    signals.turn().await.expect("a turn");
    assert_eq!(notices(&server).await.len(), 1);
    runner.0.store(0, Ordering::Relaxed);
    let ended = runtime.work_once().await.expect("a run");
    assert_eq!(ended, Some(JobRunState::Succeeded));
    signals.turn().await.expect("a turn");
    assert_eq!(notices(&server).await.len(), 1, "not settled");
    bench.pass(10);
    signals.turn().await.expect("a turn");
    bench.pass(30);
    signals.turn().await.expect("a turn");
    assert_eq!(
        notices(&server).await,
        ["raised job_failed nightly", "recovered job_failed nightly"]
    );
}

#[tokio::test]
async fn a_failed_test_is_of_the_model_that_it_is_declared_on_alone() {
    let server = receiver(vec![ResponseTemplate::new(200)]).await;
    let tell = "allow_private = true\n[tell]\nevents = ['test_failed', 'exposure_degraded']";
    let bench = Bench::new(&[&webhook(&server, tell)]);
    let (_, mut signals) = bench.process().await;
    bench.ran(&[
        ("model.shop.orders", "success"),
        ("model.shop.customers", "success"),
        ("test.shop.relationships_orders_customer.x", "fail"),
    ]);
    signals.turn().await.expect("a turn");
    let mut told = notices(&server).await;
    told.sort();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("raised exposure_degraded Weekly"),
        "not of the one that it compares with: {told:?}"
    );
    assert_eq!(told[1], "raised test_failed relationships_orders_customer");
    let requests = server.received_requests().await.expect("requests");
    let bodies = requests
        .iter()
        .map(|request| serde_json::from_slice(&request.body));
    let bodies: Vec<Value> = bodies.map(|body| body.expect("JSON")).collect();
    let test = bodies.iter().find(|body| body["event"] == "test_failed");
    let test = test.expect("a notice");
    assert_eq!(test["about"]["owners"], json!(["ada@acme.com"]));
    assert_eq!(
        test["link"],
        "https://data.acme.com/models/model.shop.orders/tests"
    );
}

/// A site with one dashboard whose extract was refreshed yesterday at five.
async fn site() -> Running {
    let text = format!(
        r#"
        [[site]]
        content_url = "acme"
        [[site.user]]
        name = "ada@acme.com"
        full_name = "Ada"
        email = "ada@acme.com"
        role = "SiteAdministratorExplorer"
        [[site.token]]
        name = "tailwater"
        secret = "{KEY}"
        user = "ada@acme.com"
        [[site.connection]]
        key = "shop"
        class = "genericjdbc"
        server = "warehouse"
        database = "shop"
        [[site.project]]
        path = "Sales"
        [[site.workbook]]
        luid = "{LUID}"
        name = "Stock"
        project = "Sales"
        owner = "ada@acme.com"
        [[site.workbook.datasource]]
        name = "Stock data"
        connection = "shop"
        tables = ["main.orders"]
        extract = true
        extract_refreshed_at = 2026-01-09T05:00:00Z
        "#
    );
    let file = SiteFile::from_toml(&text).expect("a site file");
    let options = tailwater_tableau_sim::Options {
        clock_stands_at: Some("2026-01-10T06:00:00Z".parse().expect("an instant")),
        ..tailwater_tableau_sim::Options::default()
    };
    Simulator::start(file, options).await.expect("a simulator")
}

const LUID: &str = "00000001-0000-4000-8000-000000000000";

#[tokio::test]
async fn a_missed_deadline_is_told_when_it_has_passed_and_when_the_data_are_fresh_again() {
    let simulator = site().await;
    let server = receiver(vec![ResponseTemplate::new(200)]).await;
    let tell = "allow_private = true\n[tell]\nevents = ['deadline_missed', 'refresh_failed']";
    let mut bench = Bench::new(&[&webhook(&server, tell)]);
    bench.settings.integrations = vec![IntegrationSettings {
        name: "main".into(),
        kind: Kind::Tableau,
        server: simulator.base_url().to_owned(),
        site: Some("acme".to_owned()),
        token_name: Some("tailwater".to_owned()),
        connected_app: None,
        http: tailwater_engine::settings::HttpSettings::default(),
        token_secret_env: None,
        token_secret_file: Some("secret".into()),
        allow_http: false,
        collections: vec!["Sales/**".to_owned()],
        projects: vec![],
        mapping: vec![],
        schedule: None,
    }];
    bench.settings.refresh.defaults.enabled = Some(true);
    bench.settings.refresh.defaults.fresh_by = Some("07:00:00".parse().expect("a time"));
    bench.build("success");
    let (workspace, mut signals) = bench.process().await;
    let synced = workspace
        .sync(
            &"main".into(),
            SyncOptions::default(),
            &NoProgress,
            &CancellationToken::new(),
        )
        .await
        .expect("a sync");
    assert!(synced.outcome.has_landed());
    signals.turn().await.expect("a turn");
    bench.pass(59);
    signals.turn().await.expect("a turn");
    assert_eq!(notices(&server).await, [] as [&str; 0], "it is not seven yet");
    // Nothing has happened but that time went by; more than one look, and another process, tell it once.
    bench.pass(1);
    signals.turn().await.expect("a turn");
    signals.let_go().await;
    bench.pass(5);
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    assert_eq!(notices(&server).await, ["raised deadline_missed Stock"]);

    // A refresh that fails is another trouble; one that succeeds ends both.
    for (outcome, told) in [(RefreshOutcome::Failed, 2), (RefreshOutcome::Succeeded, 4)] {
        land_on(&workspace, LUID, RefreshOutcome::Queued, &bench).await;
        let mut claim = claim(&workspace).await;
        claim.record.outcome = RefreshOutcome::Running;
        claim.record.sent_at = Some(bench.clock.now());
        note(&workspace, &mut claim).await;
        claim.record.outcome = outcome;
        claim.record.finished_at = Some(bench.clock.now());
        note(&workspace, &mut claim).await;
        signals.turn().await.expect("a turn");
        bench.pass(10);
        signals.turn().await.expect("a turn");
        bench.pass(10);
        signals.turn().await.expect("a turn");
        let notices = notices(&server).await;
        assert_eq!(notices.len(), told, "{notices:?}");
    }
    let mut all = notices(&server).await;
    all.sort();
    assert_eq!(
        all,
        [
            "raised deadline_missed Stock",
            "raised refresh_failed Stock",
            "recovered deadline_missed Stock",
            "recovered refresh_failed Stock",
        ]
    );
}
