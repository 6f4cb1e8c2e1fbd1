//! The work of a serving process: syncs in the background, drafts, and what is due.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tailwater_core::clock::Clock;
use tailwater_core::collection_tree::CollectionTree;
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::mapping::MappingRule;
use tailwater_core::selection::Selection;
use tailwater_engine::bi::CheckState;
use tailwater_engine::connection::ConnectionChange;
use tailwater_engine::draft::DraftChange;
use tailwater_engine::progress::Stage;
use tailwater_engine::runtime::{LiveState, Runtime, Subject};
use tailwater_engine::settings::{Kind, ProjectSettings, Settings};
use tailwater_engine::store::{SyncCause, SyncOutcome};
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::{Running, Simulator, SiteFile};
use tempfile::TempDir;

const SECRET: &str = "demo-secret";
const APP_SECRET: &str = "demo-app-secret-4b1f";

/// A clock that is set by hand.
#[derive(Debug)]
struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    fn pass(&self, time: TimeDelta) {
        *self.0.lock().expect("a clock") += time;
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("a clock")
    }
}

/// A server process over the demo's project and site, in a directory of its own.
struct Bench {
    directory: TempDir,
    simulator: Running,
    clock: Arc<HandClock>,
    landings: Arc<AtomicUsize>,
}

fn demo() -> &'static Utf8Path {
    Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo"))
}

impl Bench {
    async fn new() -> Self {
        let site = SiteFile::load(demo().join("site.toml").as_std_path()).expect("a site");
        let simulator = Simulator::start(site, tailwater_tableau_sim::Options::default())
            .await
            .expect("a simulator");
        Self {
            directory: TempDir::new().expect("a directory"),
            simulator,
            clock: Arc::new(HandClock(Mutex::new(
                "2025-06-10T12:00:00Z".parse().expect("an instant"),
            ))),
            landings: Arc::default(),
        }
    }

    async fn start(&self) -> Runtime {
        let project = ProjectSettings {
            environments: Vec::new(),
            name: "shop".into(),
            manifest: Some(demo().join("dbt/target/manifest.json")),
            target_dir: None,
        };
        let root = self.directory.path().to_owned();
        let options = Options {
            root: Utf8PathBuf::from_path_buf(root).expect("a path in UTF-8"),
            settings: Settings {
                projects: vec![project],
                ..Settings::default()
            },
            key: None,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        };
        let workspace = Workspace::open(options).await.expect("a workspace");
        let landings = Arc::clone(&self.landings);
        Runtime::new(Arc::new(workspace), move |_| {
            landings.fetch_add(1, Ordering::SeqCst);
        })
    }

    fn connection(&self) -> DraftChange {
        DraftChange {
            name: Some(String::new()),
            address: Some(format!("{}/#/site/shop/home", self.simulator.base_url())),
            credential: Some(CredentialName::token("tailwater")),
            secret: Some(SecretString::from(SECRET)),
            ..DraftChange::default()
        }
    }

    /// A server with the demo's site connected.
    async fn start_connected(&self, patterns: &[&str]) -> Runtime {
        let runtime = self.start().await;
        let workspace = runtime.workspace();
        let draft = workspace
            .begin_draft(Kind::Tableau, "Ada")
            .await
            .expect("a draft");
        let change = DraftChange {
            collections: Some(Selection::new(patterns.iter().copied())),
            ..self.connection()
        };
        workspace.change_draft(draft.id, change).await.expect("a change");
        workspace.finish_draft(draft.id).await.expect("an integration");
        runtime
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_described_tried_and_saved() {
    let bench = Bench::new().await;
    let runtime = bench.start().await;
    let workspace = runtime.workspace();
    let draft = workspace
        .begin_draft(Kind::Tableau, "Ada")
        .await
        .expect("a draft");
    let error = workspace
        .collections_of_draft(draft.id)
        .await
        .expect_err("nothing was said");
    assert_eq!(error.code(), "TW-DRAFT-INCOMPLETE");

    let wrong = DraftChange {
        secret: Some(SecretString::from("not the secret at all")),
        ..bench.connection()
    };
    let changed = workspace.change_draft(draft.id, wrong).await.expect("a change");
    assert_eq!(
        (changed.said.site.as_str(), changed.said.name.as_str()),
        ("shop", "shop")
    );
    let subject = Subject::Draft(draft.id);
    runtime.start_check(subject.clone());
    let state = over(&runtime, &subject).await;
    let line = |name: &str| state.lines.iter().find(|line| line.name == name).expect("a line");
    assert_eq!(line("reachable").state, CheckState::Ok);
    assert_eq!(line("sign-in").state, CheckState::Failed);
    assert!(line("sign-in").remedy.is_some());
    assert_eq!(line("projects").state, CheckState::Skipped);

    let changed = workspace
        .change_draft(draft.id, bench.connection())
        .await
        .expect("a change");
    assert!(changed.said.missing().is_none());
    runtime.start_check(subject.clone());
    let state = over(&runtime, &subject).await;
    assert!(state.is_passed(), "{state:?}");

    let listing = workspace
        .collections_of_draft(draft.id)
        .await
        .expect("collections");
    let tree = CollectionTree::new(&listing, &Selection::new(["Finance/**"]));
    assert!(tree.assets_chosen > 0 && tree.assets_chosen < tree.assets);

    // The draft survives the process, and its secret is nowhere in what is shown.
    runtime.shut_down().await;
    let runtime = bench.start().await;
    let workspace = runtime.workspace();
    let kept = workspace.drafts().await.expect("drafts");
    assert_eq!(kept.len(), 1);
    assert!(!format!("{kept:?}").contains(SECRET));
    let chosen = DraftChange {
        collections: Some(Selection::new(["Finance/**"])),
        ..DraftChange::default()
    };
    workspace.change_draft(draft.id, chosen).await.expect("a change");
    let integration = workspace.finish_draft(draft.id).await.expect("an integration");
    assert_eq!(integration.collections.patterns(), ["Finance/**"]);
    assert!(workspace.drafts().await.expect("drafts").is_empty());
    let token = workspace.token_state(&integration.name).await.expect("a token");
    assert!(token.secret.is_some());
}

async fn over(runtime: &Runtime, subject: &Subject) -> tailwater_engine::runtime::LiveCheck {
    loop {
        if let Some(state) = runtime.check_state(subject).filter(|state| state.is_over) {
            return state;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_does_not_get_to_see_a_secret() {
    let bench = Bench::new().await;
    let runtime = bench.start_connected(&["**"]).await;
    let workspace = runtime.workspace();
    let error = workspace
        .update_connection(
            &"shop".into(),
            ConnectionChange {
                address: Some("https://elsewhere.example".to_owned()),
                ..ConnectionChange::default()
            },
        )
        .await
        .expect_err("another server");
    assert_eq!(error.code(), "TW-SECRET-OTHER-SERVER");

    let draft = workspace
        .begin_draft(Kind::Tableau, "Ada")
        .await
        .expect("a draft");
    workspace
        .change_draft(
            draft.id,
            DraftChange {
                name: None,
                ..bench.connection()
            },
        )
        .await
        .expect("a change");
    let moved = DraftChange {
        address: Some("https://elsewhere.example".to_owned()),
        ..DraftChange::default()
    };
    let draft = workspace.change_draft(draft.id, moved).await.expect("a change");
    assert_eq!(draft.said.secret, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_app_is_described_tried_saved_and_changed() {
    let bench = Bench::new().await;
    let runtime = bench.start().await;
    let workspace = runtime.workspace();
    let draft = workspace
        .begin_draft(Kind::Tableau, "Ada")
        .await
        .expect("a draft");
    // A token's secret is no connected app's.
    workspace
        .change_draft(draft.id, bench.connection())
        .await
        .expect("a change");
    let app = |user: &str| {
        CredentialName::ConnectedApp(ConnectedApp {
            client_id: " demo-client ".to_owned(),
            secret_id: "demo-secret-id".to_owned(),
            user: user.to_owned(),
        })
    };
    let change = DraftChange {
        credential: Some(app("tailwater@shop.example")),
        ..DraftChange::default()
    };
    let draft = workspace.change_draft(draft.id, change).await.expect("a change");
    assert_eq!(draft.said.missing(), Some("the connected app's secret"));
    let change = DraftChange {
        secret: Some(SecretString::from(APP_SECRET)),
        collections: Some(Selection::new(["**"])),
        ..DraftChange::default()
    };
    let draft = workspace.change_draft(draft.id, change).await.expect("a change");
    assert_eq!(draft.said.missing(), None);
    let subject = Subject::Draft(draft.id);
    runtime.start_check(subject.clone());
    assert!(over(&runtime, &subject).await.is_passed());
    let made = workspace.finish_draft(draft.id).await.expect("an integration");
    let credential = made.credential.connected_app().expect("a connected app");
    assert_eq!(
        credential.client_id, "demo-client",
        "without the blanks that came with it"
    );

    let id = runtime
        .start_sync(&made.name, SyncCause::Asked, None)
        .await
        .expect("a sync");
    let done = runtime.wait_for(id).await.expect("a sync");
    assert!(matches!(done.state, LiveState::Done { .. }), "{done:?}");
    // Nobody is told to use it lest it be forgotten.
    bench.clock.pass(TimeDelta::days(40));
    let token = workspace.token_state(&made.name).await.expect("a state");
    assert_eq!((token.warning, token.expires_at), (None, None));

    let to_token = ConnectionChange {
        credential: Some(CredentialName::token("tailwater")),
        ..ConnectionChange::default()
    };
    let error = workspace
        .update_connection(&made.name, to_token)
        .await
        .expect_err("no secret");
    assert_eq!(error.code(), "TW-SECRET-OTHER-KIND");
    let incomplete = ConnectionChange {
        credential: Some(app("")),
        ..ConnectionChange::default()
    };
    let error = workspace
        .update_connection(&made.name, incomplete)
        .await
        .expect_err("no user");
    assert_eq!(error.code(), "TW-CREDENTIAL-INCOMPLETE");
    let to_token = ConnectionChange {
        credential: Some(CredentialName::token("tailwater")),
        secret: Some(SecretString::from(SECRET)),
        ..ConnectionChange::default()
    };
    let changed = workspace
        .update_connection(&made.name, to_token)
        .await
        .expect("a token");
    assert_eq!(changed.credential, CredentialName::token("tailwater"));
    let token = workspace.token_state(&made.name).await.expect("a state");
    assert!(token.warning.is_some(), "unused for long");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_in_the_background_can_be_watched_and_is_joined() {
    let bench = Bench::new().await;
    let runtime = bench.start_connected(&["Finance/**", "Sales/**"]).await;
    let name = "shop".into();
    let asked = |cause| runtime.start_sync(&name, cause, Some("Ada"));
    let (first, joined) = (
        asked(SyncCause::Asked).await.expect("a sync"),
        asked(SyncCause::Asked).await.expect("a sync"),
    );
    assert_eq!(first, joined);
    // Another selection is not what the running one reads: one more waits behind it.
    let everything = Selection::new(["**"]);
    runtime
        .workspace()
        .set_selection(&name, &everything)
        .await
        .expect("a selection");
    let second = asked(SyncCause::SelectionChanged).await.expect("a sync");
    assert_ne!(first, second);

    let first = runtime.wait_for(first).await.expect("a sync");
    assert_eq!(
        first.state,
        LiveState::Done {
            outcome: SyncOutcome::Changed
        }
    );
    let count = |stage| {
        let stage = first.stages.iter().find(|live| live.stage == stage);
        stage.and_then(|live| live.count).unwrap_or_default()
    };
    assert!(count(Stage::Workbooks) > 0 && count(Stage::Published) == count(Stage::Workbooks));
    let second = runtime.wait_for(second).await.expect("a sync");
    // Where the first one came to read the selection only after it was changed, it has done the second one's work.
    let landings = match second.state {
        LiveState::Done { .. } => 2,
        LiveState::Needless => 1,
        _ => panic!("{second:?}"),
    };
    assert_eq!(bench.landings.load(Ordering::SeqCst), landings);

    let record = runtime
        .find_sync(first.id)
        .await
        .expect("the history")
        .expect("a record");
    assert_eq!(record.detail.cause, Some(SyncCause::Asked));
    assert_eq!(record.detail.by.as_deref(), Some("Ada"));
    assert_eq!(record.detail.added.len(), record.counts.added);
    runtime.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_sync_changes_nothing() {
    let bench = Bench::new().await;
    let runtime = bench.start_connected(&["**"]).await;
    let name = "shop".into();
    let id = runtime
        .start_sync(&name, SyncCause::Asked, None)
        .await
        .expect("a sync");
    runtime.cancel(id);
    let live = runtime.wait_for(id).await.expect("a sync");
    assert_eq!(live.state, LiveState::Stopped);
    assert!(!runtime.cancel(id));
    assert_eq!(bench.landings.load(Ordering::SeqCst), 0);
    let state = runtime
        .workspace()
        .integration_state(&name, 9)
        .await
        .expect("a state");
    let record = &state.syncs[0];
    assert_eq!((record.id, record.outcome), (id, SyncOutcome::Stopped));
    assert!(record.error.is_none() && record.counts.exposures == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_started_once_in_the_whole_deployment() {
    let bench = Bench::new().await;
    let runtime = bench.start_connected(&["Finance/**"]).await;
    let other_node = bench.start().await;
    let run_due = async |runtime: &Runtime| {
        let (started, next) = runtime.start_due().await.expect("what is due");
        let mut causes = Vec::new();
        for id in started {
            let live = runtime.wait_for(id).await.expect("a sync");
            causes.push((live.cause, live.state));
        }
        (causes, next)
    };
    let done = |cause, outcome| vec![(cause, LiveState::Done { outcome })];

    let (causes, _) = run_due(&runtime).await;
    assert_eq!(causes, done(SyncCause::First, SyncOutcome::Changed));
    let (causes, next) = run_due(&other_node).await;
    assert_eq!(causes, []);
    // One workbook of the site is not indexed yet, so it is read again soon, and not only tomorrow.
    assert_eq!(next, Some(bench.clock.now() + TimeDelta::minutes(15)));

    bench.clock.pass(TimeDelta::days(2));
    // Both nodes find it due at one moment; whoever comes second finds it done.
    let name = "shop".into();
    let ids = [
        runtime
            .start_sync(&name, SyncCause::Scheduled, None)
            .await
            .expect("a sync"),
        other_node
            .start_sync(&name, SyncCause::Scheduled, None)
            .await
            .expect("a sync"),
    ];
    let ends = [
        runtime.wait_for(ids[0]).await.expect("a sync").state,
        other_node.wait_for(ids[1]).await.expect("a sync").state,
    ];
    let landed = |state: &&LiveState| matches!(state, LiveState::Done { .. });
    assert_eq!(ends.iter().filter(landed).count(), 1, "{ends:?}");

    // The other process changes the selection; this one notices by itself.
    bench.clock.pass(TimeDelta::minutes(1));
    other_node
        .workspace()
        .set_selection(&name, &Selection::new(["Sales/**"]))
        .await
        .expect("a selection");
    let (causes, _) = run_due(&runtime).await;
    assert_eq!(causes, done(SyncCause::SelectionChanged, SyncOutcome::Changed));
    assert_eq!(run_due(&runtime).await.0, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applied_mapping_shows_without_asking_the_tool() {
    let bench = Bench::new().await;
    let runtime = bench
        .start_connected(&["Finance/**", "Sales/**", "Operations/**"])
        .await;
    let workspace = runtime.workspace();
    let name = "shop".into();
    assert_eq!(runtime.reresolve(&name).await.expect("nothing yet"), None);
    let id = runtime
        .start_sync(&name, SyncCause::Asked, None)
        .await
        .expect("a sync");
    runtime.wait_for(id).await.expect("a sync");
    let gaps = async || {
        let unmatched = workspace.unmatched(&name).await.expect("gaps");
        let tables = unmatched.groups.iter().map(|group| group.tables.len());
        tables.sum::<usize>()
    };
    let (before, landings) = (gaps().await, bench.landings.load(Ordering::SeqCst));
    let synced_at = workspace
        .integration_state(&name, 9)
        .await
        .expect("a state")
        .syncs;

    bench.clock.pass(TimeDelta::hours(1));
    bench.simulator.clear_requests();
    let rule = MappingRule::new(Some("shop_prod"), None, "shop").expect("a rule");
    workspace.add_mapping(&name, rule).await.expect("a rule");
    let changed = runtime.reresolve(&name).await.expect("a landing");
    assert!(changed.is_some_and(|changed| changed > 0), "{changed:?}");
    assert!(gaps().await < before);
    assert_eq!(bench.simulator.requests().len(), 0, "the tool was not asked");
    assert_eq!(bench.landings.load(Ordering::SeqCst), landings + 1);
    let state = workspace.integration_state(&name, 9).await.expect("a state");
    assert_eq!(state.syncs, synced_at, "the history is that of syncs");

    // What ending the connection takes away.
    let loss = workspace.preview_disconnect(&name).await.expect("a preview");
    assert!(!loss.exposures.is_empty() && !loss.nodes_without_dashboard.is_empty());
    assert_eq!(loss.syncs, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_daily_sync_is_tried_again_later() {
    let bench = Bench::new().await;
    let runtime = bench.start_connected(&["**"]).await;
    let (started, _) = runtime.start_due().await.expect("what is due");
    runtime.wait_for(started[0]).await.expect("a sync");
    bench.clock.pass(TimeDelta::days(1));
    std::fs::remove_file(bench.directory.path().join(".tailwater/key")).expect("a key");

    let (started, _) = runtime.start_due().await.expect("what is due");
    let live = runtime.wait_for(started[0]).await.expect("a sync");
    assert!(matches!(&live.state, LiveState::Failed { .. }), "{live:?}");
    let (started, next) = runtime.start_due().await.expect("what is due");
    assert_eq!(started, []);
    assert_eq!(next, Some(bench.clock.now() + TimeDelta::minutes(15)));
}
