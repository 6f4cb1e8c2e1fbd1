//! Sending refreshes to a simulated Tableau: once each, whatever happens on the way.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

#[path = "../../store/tests/suite/postgres.rs"]
mod postgres;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use camino::Utf8PathBuf;
use futures::StreamExt as _;
use futures::future::poll_fn;
use rstest::rstest;
use tailwater_core::clock::SystemClock;
use tailwater_core::refresh::{
    Decision, Hold, Policy, RefreshCause, RefreshId, RefreshOrigin, RefreshOutcome, RefreshPlan,
    RefreshRecord, Refreshability, Skip, Target, TargetId, TargetKind, Verdict,
};
use tailwater_engine::refresh::{CancelOutcome, RefreshFilter, Refresher, Tuning, Until};
use tailwater_engine::settings::{IntegrationSettings, Kind, Settings};
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::{Running, Simulator, SiteFile, Switches};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The secret of the site's tokens.
const SECRET: &str = "the-secret-of-the-token";

/// Where the workspace keeps its state.
#[derive(Debug, Clone, Copy)]
enum Engine {
    Sqlite,
    Postgres,
}

/// A site with so many workbooks, each with an extract, and one that is live; jobs take so many seconds.
async fn site(books: usize, seconds: u32) -> Running {
    let mut text = format!(
        r#"
        [[site]]
        content_url = "acme"
        [[site.user]]
        name = "ada@acme.example"
        role = "SiteAdministratorExplorer"
        [[site.token]]
        name = "tailwater"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.token]]
        name = "second"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.connection]]
        key = "warehouse"
        class = "genericjdbc"
        database = "shop"
        [[site.workbook]]
        luid = "{live}"
        name = "Live"
        project = "P"
        datasources = [{{ connection = "warehouse", tables = ["M.T"] }}]
        "#,
        live = luid(99),
    );
    for number in 0..books {
        let _ = write!(
            text,
            r#"
            [[site.workbook]]
            luid = "{}"
            name = "Book {number}"
            project = "P"
            datasources = [{{ connection = "warehouse", tables = ["M.T{number}"], extract = true }}]
            refresh = {{ seconds = {seconds}, queued_seconds = 0 }}
            "#,
            luid(number)
        );
    }
    let file = SiteFile::from_toml(&text).expect("a site file");
    Simulator::start(file, tailwater_tableau_sim::Options::default())
        .await
        .expect("a simulator")
}

fn integration(simulator: &Running, name: &str, token: &str) -> IntegrationSettings {
    IntegrationSettings {
        name: name.into(),
        kind: Kind::Tableau,
        server: simulator.base_url().to_owned(),
        site: Some("acme".to_owned()),
        token_name: token.to_owned(),
        token_secret_env: None,
        token_secret_file: Some("secret".into()),
        allow_http: false,
        collections: vec!["P/**".to_owned()],
        projects: vec![],
        mapping: vec![],
        schedule: None,
    }
}

fn luid(number: usize) -> String {
    format!("000000{number:02}-0000-4000-8000-000000000000")
}

fn target(integration: &str, number: usize) -> TargetId {
    TargetId {
        integration: integration.into(),
        kind: TargetKind::Workbook,
        id: luid(number),
    }
}

fn tuning() -> Tuning {
    Tuning {
        lifetime: Duration::from_millis(900),
        heartbeat: Duration::from_millis(150),
        idle_poll: Duration::from_millis(100),
        first_poll: Duration::from_millis(100),
        longest_poll: Duration::from_millis(300),
        longest_watch: Duration::from_mins(1),
        grace: Duration::from_millis(1_200),
        longest_doubt: Duration::from_millis(1_500),
        rest: Duration::from_mins(1),
        first_retry: Duration::from_millis(200),
        most_tries: 4,
        most_in_hand: 100,
    }
}

/// A place whose settings declare the simulated site; every workspace that is opened in it is a node.
struct Bench {
    directory: TempDir,
    settings: Settings,
}

impl Bench {
    fn new(simulator: &Running, engine: Engine) -> Self {
        let directory = TempDir::new().expect("a directory");
        std::fs::write(directory.path().join("secret"), SECRET).expect("a file");
        let mut settings = Settings {
            integrations: vec![
                integration(simulator, "main", "tailwater"),
                integration(simulator, "other", "second"),
            ],
            ..Settings::default()
        };
        if matches!(engine, Engine::Postgres) {
            settings.store.url = postgres::new_database();
        }
        Self { directory, settings }
    }

    async fn open(&self) -> Arc<Workspace> {
        let root = Utf8PathBuf::from_path_buf(self.directory.path().to_owned()).expect("a path in UTF-8");
        let options = Options {
            root,
            settings: self.settings.clone(),
            key: None,
            clock: Arc::new(SystemClock),
        };
        Arc::new(Workspace::open(options).await.expect("a workspace"))
    }
}

fn node(workspace: &Arc<Workspace>) -> Refresher {
    Refresher::with_tuning(Arc::clone(workspace), CancellationToken::new(), tuning())
}

fn due(target: TargetId) -> Decision {
    Decision {
        name: format!("Book {}", target.id[6..8].trim_start_matches('0')),
        target,
        verdict: Verdict::Refresh {
            because: vec!["model.shop.orders".into()],
            not_before: None,
            incremental: false,
            priority: 50,
            deadline: None,
        },
    }
}

fn origin() -> RefreshOrigin {
    RefreshOrigin {
        cause: RefreshCause::ByHand,
        project: None,
        environment: None,
        invocation_id: None,
        job_run: None,
        by: Some("a test".to_owned()),
    }
}

async fn ask_with(workspace: &Workspace, decisions: Vec<Decision>, policy: Policy) -> Vec<RefreshRecord> {
    let policies: BTreeMap<TargetId, Policy> = decisions
        .iter()
        .map(|decision| (decision.target.clone(), policy.clone()))
        .collect();
    let targets: Vec<Target> = decisions
        .iter()
        .map(|decision| Target {
            id: decision.target.clone(),
            name: decision.name.clone(),
            url: None,
            collection: None,
            exposures: ["exposure.shop.main_book".into()].into(),
            upstream: ["model.shop.orders".into()].into(),
            can: Refreshability::Yes,
            refreshed_at: None,
        })
        .collect();
    let plan = RefreshPlan { decisions };
    let asked = workspace
        .ask_refreshes(&plan, &targets, &policies, &origin())
        .await
        .expect("the decisions land");
    asked.records
}

async fn ask(workspace: &Workspace, numbers: impl IntoIterator<Item = usize>) -> Vec<RefreshId> {
    let decisions = numbers
        .into_iter()
        .map(|number| due(target("main", number)))
        .collect();
    let policy = Policy {
        at_once: 50,
        ..Policy::default()
    };
    let records = ask_with(workspace, decisions, policy).await;
    records.into_iter().map(|record| record.id).collect()
}

/// Works until all of these are over.
async fn drain(workspace: &Arc<Workspace>, ids: &[RefreshId]) -> Vec<RefreshRecord> {
    drain_with(&node(workspace), ids).await
}

async fn drain_with(refresher: &Refresher, ids: &[RefreshId]) -> Vec<RefreshRecord> {
    let drained = tokio::time::timeout(Duration::from_mins(2), refresher.drain(ids, Until::Over)).await;
    drained.expect("it ends").expect("the store works")
}

fn outcomes(records: &[RefreshRecord]) -> Vec<RefreshOutcome> {
    records.iter().map(|record| record.outcome).collect()
}

/// One refresh with the switches set; its end and how often it was asked for and got a job.
async fn one(change: impl FnOnce(&mut Switches)) -> (RefreshRecord, usize, usize) {
    // Dates are told in whole seconds: a job that takes two ends surely after it was asked for.
    let simulator = site(1, 2).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(change);
    let ids = ask(&workspace, [0]).await;
    let patient = Tuning {
        longest_doubt: Duration::from_mins(1),
        ..tuning()
    };
    let refresher = Refresher::with_tuning(workspace, CancellationToken::new(), patient);
    let record = drain_with(&refresher, &ids).await.remove(0);
    let calls = simulator.refresh_calls().values().sum();
    let jobs = simulator.refresh_jobs().values().sum();
    (record, calls, jobs)
}

#[rstest]
#[tokio::test]
async fn what_is_due_is_sent_watched_and_remembered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = site(3, 1).await;
    let bench = Bench::new(&simulator, engine);
    let workspace = bench.open().await;
    let ids = ask(&workspace, 0..3).await;
    let records = drain(&workspace, &ids).await;
    assert_eq!(outcomes(&records), [RefreshOutcome::Succeeded; 3]);
    for record in &records {
        assert!(record.tool_job.is_some() && record.sent_at.is_some() && record.started_at.is_some());
        assert!(record.finished_at >= record.started_at, "{record:?}");
        assert_eq!(record.code, None);
    }
    assert_eq!(simulator.refresh_calls().len(), 3);
    assert!(simulator.refresh_calls().values().all(|calls| *calls == 1));
    assert_eq!(simulator.count("/auth/signin"), 1, "one session for all");
    let last = workspace.store().last_refreshes(None).await.expect("last ones");
    assert_eq!(last.len(), 3);
    let filter = RefreshFilter {
        exposure: Some("exposure.shop.main_book".into()),
        outcomes: vec![RefreshOutcome::Succeeded],
        ..RefreshFilter::default()
    };
    let page = workspace.store().refreshes(&filter, 10).await.expect("a page");
    assert_eq!(page.refreshes.len(), 3);
}

/// Without looking into the store from time to time: the asking itself wakes the sender.
#[tokio::test]
async fn asking_wakes_the_sender() {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let tuning = Tuning {
        idle_poll: Duration::from_hours(1),
        ..tuning()
    };
    let stop = CancellationToken::new();
    let refresher = Refresher::with_tuning(Arc::clone(&workspace), stop.clone(), tuning);
    let mut heard = refresher.subscribe();
    refresher.start();
    // It has looked once in vain.
    tokio::time::sleep(Duration::from_millis(300)).await;
    ask(&workspace, [0]).await;
    let over = async {
        loop {
            let record = heard.recv().await.expect("a change");
            if record.outcome.is_over() {
                return record.outcome;
            }
        }
    };
    let over = tokio::time::timeout(Duration::from_secs(30), over).await;
    assert_eq!(over.expect("it was sent"), RefreshOutcome::Succeeded);
    assert_eq!(refresher.metrics().sent, 1);
    refresher.shut_down().await;
    assert_eq!(simulator.session_count(), 0, "signed out");
}

#[rstest]
#[case::lost(|switches: &mut Switches| switches.refresh_answer_lost_times = 1)]
#[case::failed_after(|switches: &mut Switches| switches.refresh_error_after_times = 1)]
#[case::gateway(|switches: &mut Switches| { switches.refresh_error_after_times = 1; switches.server_error_status = 503; })]
#[case::lost_and_listed_late(|switches: &mut Switches| { switches.refresh_answer_lost_times = 1; switches.job_list_lag_seconds = 1; })]
#[case::stolen(|switches: &mut Switches| switches.session_stolen_times = 1)]
#[case::hidden(|switches: &mut Switches| switches.jobs_hidden = true)]
#[case::lost_and_hidden(|switches: &mut Switches| { switches.refresh_answer_lost_times = 1; switches.jobs_hidden = true; })]
#[tokio::test]
async fn it_is_asked_for_once_and_found_again(#[case] change: fn(&mut Switches)) {
    let (record, calls, jobs) = one(change).await;
    assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
    assert_eq!((calls, jobs), (1, 1));
}

#[tokio::test]
async fn hidden_jobs_are_said_to_be_hidden() {
    let (record, ..) = one(|switches| switches.jobs_hidden = true).await;
    assert_eq!(record.code.as_deref(), Some("TW-REFRESH-JOBS-HIDDEN"));
    assert!(
        record
            .hint
            .expect("a hint")
            .contains("Site Administrator Explorer")
    );
}

/// The call of a server that failed before it did anything is made again, after the jobs were searched in vain.
#[tokio::test]
async fn what_did_nothing_is_sent_again() {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let ids = ask(&workspace, [0]).await;
    // Signing in is repeated; a whole round of it fails as well as the call behind it.
    simulator.set_switches(|switches| switches.session_stolen_times = 0);
    let refresher = node(&workspace);
    let mut heard = refresher.subscribe();
    let breaking = async {
        loop {
            let record = heard.recv().await.expect("a change");
            if record.outcome == RefreshOutcome::Sending {
                simulator.set_switches(|switches| switches.server_error_times = 1);
                return;
            }
        }
    };
    let (drained, ()) = tokio::join!(refresher.drain(&ids, Until::Over), breaking);
    let record = drained.expect("the store works").remove(0);
    assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
    assert_eq!(simulator.refresh_jobs().values().sum::<usize>(), 1);
}

/// Where nobody can tell, it is not sent again.
#[tokio::test]
async fn in_doubt_nothing_is_sent_again() {
    let simulator = site(1, 3_600).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| {
        switches.refresh_answer_lost_times = 1;
        switches.jobs_hidden = true;
    });
    let ids = ask(&workspace, [0]).await;
    let record = drain(&workspace, &ids).await.remove(0);
    assert_eq!(record.outcome, RefreshOutcome::TimedOut);
    assert_eq!(record.code.as_deref(), Some("TW-REFRESH-UNKNOWN"));
    assert_eq!(simulator.refresh_calls()[&luid(0)], 1);
}

#[rstest]
#[case::live(99, false, "TW-REFRESH-NO-EXTRACT", "409090")]
#[case::gone(77, false, "TW-REFRESH-GONE", "404006")]
#[case::disabled(0, true, "TW-REFRESH-DISABLED", "409082")]
#[tokio::test]
async fn a_refusal_ends_it_with_the_tools_own_words(
    #[case] number: usize,
    #[case] is_disabled: bool,
    #[case] code: &str,
    #[case] words: &str,
) {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| switches.run_now_disabled = is_disabled);
    let ids = ask(&workspace, [number]).await;
    let record = drain(&workspace, &ids).await.remove(0);
    assert_eq!(record.outcome, RefreshOutcome::Failed);
    assert_eq!(record.code.as_deref(), Some(code));
    assert!(
        record.message.as_ref().expect("words").contains(words),
        "{record:?}"
    );
    assert!(record.hint.is_some());
    assert_eq!(simulator.refresh_calls().values().sum::<usize>(), 1);
    let last = &workspace.store().last_refreshes(None).await.expect("last ones")[&target("main", number)];
    assert_eq!(last.failure().and_then(|end| end.code.as_deref()), Some(code));
}

#[tokio::test]
async fn a_site_that_takes_no_more_rests_as_a_whole() {
    let simulator = site(4, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| switches.refreshes_per_hour = Some(1));
    let first = ask(&workspace, [0]).await;
    drain(&workspace, &first).await;
    let ids = ask(&workspace, [1]).await;
    let stop = CancellationToken::new();
    let refresher = Refresher::with_tuning(Arc::clone(&workspace), stop, tuning());
    let mut heard = refresher.subscribe();
    refresher.start();
    let throttled = async {
        loop {
            let record = heard.recv().await.expect("a change");
            if record.code.as_deref() == Some("TW-REFRESH-THROTTLED") {
                return record;
            }
        }
    };
    let record = tokio::time::timeout(Duration::from_secs(30), throttled)
        .await
        .expect("throttled");
    assert_eq!(
        (record.id.clone(), record.outcome),
        (ids[0].clone(), RefreshOutcome::Queued)
    );
    assert_eq!(record.sent_at, None);
    let pauses = workspace.store().refresh_pauses().await.expect("pauses");
    assert_eq!(pauses.len(), 1);
    assert!(pauses[0].reason.contains("60 minutes"), "{pauses:?}");
    ask(&workspace, [2, 3]).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        simulator.refresh_calls().values().sum::<usize>(),
        2,
        "nothing more is sent"
    );
    refresher.shut_down().await;
}

/// Another's job for the same workbook is watched, and since it was at work before, another refresh follows.
#[tokio::test]
async fn a_job_that_was_there_is_watched_and_followed_by_one_of_our_own() {
    let simulator = site(1, 5).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let refresher = node(&workspace);
    refresher.start();
    let first = ask(&workspace, [0]).await;
    refresher.wait_for(&first, Until::Sent).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let second = ask_with(&workspace, vec![due(target("other", 0))], Policy::default()).await;
    let second = vec![second[0].id.clone()];
    let adopted = refresher
        .wait_for(&second, Until::Over)
        .await
        .expect("over")
        .remove(0);
    assert_eq!(adopted.outcome, RefreshOutcome::Succeeded);
    assert_eq!(adopted.code.as_deref(), Some("TW-REFRESH-ADOPTED"), "{adopted:?}");
    let filter = RefreshFilter {
        target: Some(target("other", 0)),
        ..RefreshFilter::default()
    };
    let page = workspace
        .store()
        .refreshes(&filter, 10)
        .await
        .expect("a page")
        .refreshes;
    assert_eq!(page.len(), 2, "one follows");
    let follows = vec![page[0].id.clone()];
    let record = refresher
        .wait_for(&follows, Until::Over)
        .await
        .expect("over")
        .remove(0);
    assert_eq!(record.outcome, RefreshOutcome::Succeeded);
    assert_eq!(simulator.refresh_jobs()[&luid(0)], 2);
    refresher.shut_down().await;
}

#[tokio::test]
async fn cancelling_is_at_once_in_the_queue_and_asked_of_the_tool_later() {
    let simulator = site(2, 3_600).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let refresher = node(&workspace);
    refresher.start();
    let policy = Policy {
        at_once: 1,
        ..Policy::default()
    };
    let decisions = vec![due(target("main", 0)), due(target("main", 1))];
    let records = ask_with(&workspace, decisions, policy).await;
    let (running, queued) = (records[0].id.clone(), records[1].id.clone());
    refresher
        .wait_for(std::slice::from_ref(&running), Until::Sent)
        .await
        .expect("sent");
    let cancelled = workspace.cancel_refresh(&queued, "ada").await.expect("heard");
    assert!(matches!(cancelled, CancelOutcome::Cancelled(_)), "{cancelled:?}");
    let asked = workspace.cancel_refresh(&running, "ada").await.expect("heard");
    assert!(matches!(asked, CancelOutcome::Asked(_)), "{asked:?}");
    let both = refresher
        .wait_for(&[running.clone(), queued], Until::Over)
        .await
        .expect("over");
    assert_eq!(outcomes(&both), [RefreshOutcome::Cancelled; 2]);
    assert_eq!(both[0].message.as_deref(), Some("cancelled by ada"));
    assert_eq!(simulator.refresh_calls().len(), 1);
    assert!(matches!(
        workspace.cancel_refresh(&running, "ada").await.expect("heard"),
        CancelOutcome::Over(_)
    ));
    refresher.shut_down().await;
}

#[tokio::test]
async fn what_is_open_is_not_asked_for_again_and_bad_data_hold_what_is_queued() {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let first = ask(&workspace, [0]).await;
    let again = ask_with(&workspace, vec![due(target("main", 0))], Policy::default()).await;
    assert_eq!(
        again[0].verdict,
        Verdict::Skip {
            reason: Skip::UnderWay
        }
    );
    let hold = Verdict::Hold {
        reasons: vec![Hold::BuildFailed {
            node: "model.shop.orders".into(),
        }],
    };
    let held = Decision {
        verdict: hold.clone(),
        ..due(target("main", 0))
    };
    ask_with(&workspace, vec![held], Policy::default()).await;
    let record = workspace
        .store()
        .find_refresh(&first[0])
        .await
        .expect("read")
        .expect("there");
    assert_eq!((record.outcome, record.verdict), (RefreshOutcome::Held, hold));
    assert!(simulator.refresh_calls().is_empty());
}

/// Polls a future so often at most; `None` when it is not done by then.
async fn poll_times<T>(future: impl Future<Output = T>, times: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Dies after so many steps, and lets another go on; answers whether it died before its end.
async fn die_after(steps: usize, engine: Engine) -> bool {
    let simulator = site(2, 1).await;
    let bench = Bench::new(&simulator, engine);
    let doomed = bench.open().await;
    let ids = ask(&doomed, 0..2).await;
    let refresher = node(&doomed);
    let is_dead = poll_times(refresher.drain(&ids, Until::Over), steps)
        .await
        .is_none();
    drop(refresher);
    let heir = bench.open().await;
    let records = drain(&heir, &ids).await;
    assert_eq!(
        outcomes(&records),
        [RefreshOutcome::Succeeded; 2],
        "{steps}: {records:#?}"
    );
    let calls = simulator.refresh_calls();
    assert_eq!(
        (calls[&luid(0)], calls[&luid(1)]),
        (1, 1),
        "after {steps} steps: {records:#?}"
    );
    is_dead
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_at_any_step_repeats_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    // The steps are the same with either; the one that takes longer takes fewer of them.
    let stride = match engine {
        Engine::Sqlite => 1,
        Engine::Postgres => 3,
    };
    let died: Vec<bool> = futures::stream::iter((1..90).step_by(stride).chain((90..200).step_by(7)))
        .map(|steps| die_after(steps, engine))
        .buffer_unordered(12)
        .collect()
        .await;
    assert!(died.iter().filter(|is_dead| **is_dead).count() > 20, "{died:?}");
}

#[rstest]
#[case(2)]
#[case(3)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_ask_for_each_target_once_though_one_dies(#[case] nodes: usize) {
    let simulator = site(24, 1).await;
    let bench = Bench::new(&simulator, Engine::Postgres);
    let mut workspaces = Vec::new();
    for _ in 0..nodes {
        workspaces.push(bench.open().await);
    }
    let ids = ask(&workspaces[0], 0..24).await;
    let (doomed, others) = workspaces.split_first().expect("nodes");
    // None takes all, so that each has its part.
    let modest = |workspace: &Arc<Workspace>| {
        let tuning = Tuning {
            most_in_hand: 6,
            ..tuning()
        };
        Refresher::with_tuning(Arc::clone(workspace), CancellationToken::new(), tuning)
    };
    let doomed_node = modest(doomed);
    let mut heard = doomed_node.subscribe();
    let dying = async {
        // Dies in the middle of its work.
        let run = doomed_node.run();
        let some = async {
            for _ in 0..7 {
                let _ = heard.recv().await;
            }
        };
        tokio::select! {
            _ = run => {}
            () = some => {}
        }
    };
    let survivors = futures::future::join_all(others.iter().map(|workspace| {
        let (refresher, ids) = (modest(workspace), &ids);
        async move { drain_with(&refresher, ids).await }
    }));
    let ((), ended) = tokio::join!(dying, survivors);
    for record in &ended[0] {
        assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
    }
    let calls = simulator.refresh_calls();
    assert_eq!(calls.len(), 24);
    assert!(calls.values().all(|calls| *calls == 1), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_together_keep_the_limits() {
    let simulator = site(8, 0).await;
    let bench = Bench::new(&simulator, Engine::Postgres);
    let (one, two) = (bench.open().await, bench.open().await);
    let policy = Policy {
        at_once: 2,
        per_hour: Some(3),
        ..Policy::default()
    };
    let decisions = (0..8).map(|number| due(target("main", number))).collect();
    ask_with(&one, decisions, policy).await;
    let (first, second) = (node(&one), node(&two));
    first.start();
    second.start();
    let three_are_over = async {
        loop {
            let counts = one.store().refresh_counts().await.expect("counts");
            if counts.get("succeeded") == Some(&3) {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let counts = tokio::time::timeout(Duration::from_secs(30), three_are_over)
        .await
        .expect("three are sent");
    assert_eq!(counts.get("queued"), Some(&5));
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(simulator.refresh_calls().len(), 3, "no more within the hour");
    first.shut_down().await;
    second.shut_down().await;
}

/// A process that ends in order leaves what runs to the next one.
#[tokio::test]
async fn ending_in_order_leaves_what_runs_to_the_next() {
    let simulator = site(1, 5).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let refresher = node(&workspace);
    refresher.start();
    let ids = ask(&workspace, [0]).await;
    refresher.wait_for(&ids, Until::Sent).await.expect("sent");
    refresher.shut_down().await;
    let record = workspace
        .store()
        .find_refresh(&ids[0])
        .await
        .expect("read")
        .expect("there");
    assert_eq!(record.outcome, RefreshOutcome::Running);
    assert_eq!(
        drain(&workspace, &ids).await[0].outcome,
        RefreshOutcome::Succeeded
    );
    assert_eq!(simulator.refresh_calls()[&luid(0)], 1);
}

/// While a sync reads the site, refreshes share its session.
#[tokio::test]
async fn a_sync_and_refreshes_share_one_session() {
    let simulator = site(3, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| switches.delay_milliseconds = 30);
    let ids = ask(&workspace, 0..3).await;
    let cancel = CancellationToken::new();
    let (name, quiet) = ("main".into(), tailwater_engine::bi::NoProgress);
    let sync = workspace.sync(
        &name,
        tailwater_engine::sync::SyncOptions::default(),
        &quiet,
        &cancel,
    );
    let (synced, records) = tokio::join!(sync, drain(&workspace, &ids));
    // Nothing is matched without a project, but the site is read.
    drop(synced);
    assert_eq!(outcomes(&records), [RefreshOutcome::Succeeded; 3]);
    assert!(simulator.refresh_calls().values().all(|calls| *calls == 1));
    let unauthorized = simulator
        .requests()
        .iter()
        .filter(|request| request.status == 401)
        .count();
    assert_eq!(unauthorized, 0, "nobody ended another's session");
}
