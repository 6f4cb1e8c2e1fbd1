//! Handing artifacts over: what is taken, what is refused, and what stays when something goes wrong.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use flate2::Compression;
use flate2::write::GzEncoder;
use rstest::rstest;
use serde_json::{Value, json};
use tailwater_core::clock::{Clock as _, SystemClock};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::run::RunStatus;
use tailwater_engine::Error;
use tailwater_engine::catalog::Readiness;
use tailwater_engine::dbt::ArtifactKind;
use tailwater_engine::hub::CatalogHub;
use tailwater_engine::ingest::{IngestOutcome, IngestReport, IngestRequest};
use tailwater_engine::settings::Settings;
use tailwater_engine::workspace::{Options, Workspace};
use tempfile::TempDir;

struct Bench {
    directory: TempDir,
    workspace: Workspace,
}

impl Bench {
    /// A workspace that knows the project `shop`, whose artifacts are handed over.
    async fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let workspace = open(directory.path().try_into().expect("a path")).await;
        workspace
            .add_project_without_path("shop".into())
            .await
            .expect("a project");
        Self { directory, workspace }
    }

    fn root(&self) -> &Utf8Path {
        self.directory.path().try_into().expect("a path")
    }

    async fn bring(&self, files: &[(&str, Vec<u8>)], is_forced: bool) -> Result<IngestReport, Error> {
        self.bring_to(None, files, is_forced).await
    }

    async fn bring_to(
        &self,
        environment: Option<&str>,
        files: &[(&str, Vec<u8>)],
        is_forced: bool,
    ) -> Result<IngestReport, Error> {
        let environment = environment.map(Into::into);
        let shop = "shop".into();
        let mut intake = self
            .workspace
            .begin_ingest(&shop, environment.as_ref(), "test")
            .await?;
        for (name, bytes) in files {
            intake.receive(name, &bytes[..]).await?;
        }
        intake.finish(is_forced).await
    }

    /// The models that production has, and the files that are kept.
    async fn models(&self) -> Vec<String> {
        let catalog = self.workspace.catalog().await.expect("a catalog");
        let nodes = catalog.nodes().map(|node| node.name.clone());
        nodes.collect()
    }

    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut waiting = vec![self.root().join(".tailwater/artifacts")];
        while let Some(directory) = waiting.pop() {
            for entry in directory.read_dir_utf8().into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    waiting.push(entry.path().to_owned());
                } else {
                    found.push(entry.file_name().to_owned());
                }
            }
        }
        found.sort();
        found
    }
}

async fn open(root: &Utf8Path) -> Workspace {
    let options = Options {
        root: root.to_owned(),
        settings: Settings::default(),
        key: None,
        clock: Arc::new(SystemClock),
    };
    Workspace::open(options).await.expect("a workspace")
}

fn metadata(kind: &str, minute: u32) -> Value {
    json!({
        "dbt_schema_version": format!("https://schemas.getdbt.com/dbt/{kind}.json"),
        "dbt_version": "1.11.16",
        "generated_at": format!("2026-01-15T06:{minute:02}:00Z"),
        "invocation_id": format!("invocation-{minute}"),
        "adapter_type": "duckdb",
        "project_name": "shop",
    })
}

fn manifest(minute: u32, package: &str, models: &[&str]) -> Vec<u8> {
    let mut metadata = metadata("manifest/v12", minute);
    metadata["project_name"] = package.into();
    let nodes: serde_json::Map<String, Value> = models
        .iter()
        .map(|name| {
            let id = format!("model.{package}.{name}");
            let node = json!({
                "unique_id": id, "resource_type": "model", "name": name, "package_name": package,
                "original_file_path": format!("models/{name}.sql"), "raw_code": format!("select '{name}'"),
                "schema": "main", "alias": name, "database": "shop",
            });
            (id, node)
        })
        .collect();
    json!({ "metadata": metadata, "nodes": nodes })
        .to_string()
        .into_bytes()
}

fn run_results(minute: u32, status: &str) -> Vec<u8> {
    run_results_of(minute, "model.shop.orders", status)
}

fn run_results_of(minute: u32, node: &str, status: &str) -> Vec<u8> {
    let results = json!([{ "unique_id": node, "status": status, "execution_time": 1.5, "timing": [] }]);
    let text = json!({
        "metadata": metadata("run-results/v6", minute), "results": results, "elapsed_time": 2.0,
        "args": { "which": "build" },
    });
    text.to_string().into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn nothing_yet_a_manifest_then_a_run() {
    let bench = Bench::new().await;
    let readiness = |catalog: tailwater_engine::catalog::Catalog| catalog.projects()[0].readiness().clone();
    let command = "dbt build && tailwater ingest target --project shop".to_owned();
    let before = readiness(bench.workspace.catalog().await.expect("a catalog"));
    assert_eq!(
        before,
        Readiness::NoArtifacts {
            command: command.clone()
        }
    );
    let refused = bench
        .workspace
        .load_projects(&[])
        .await
        .expect_err("nothing there");
    assert_eq!(refused.code(), "TW-PROJECT-NO-ARTIFACTS");

    bench
        .bring(&[("m", manifest(1, "shop", &["orders"]))], false)
        .await
        .expect("taken");
    let manifest_only = readiness(bench.workspace.catalog().await.expect("a catalog"));
    assert_eq!(manifest_only, Readiness::NoSuccessfulRun { command });

    let report = bench
        .bring(&[("r", gzip(&run_results(2, "success")))], false)
        .await
        .expect("taken");
    assert_eq!((report.new_runs, report.artifacts[0].entries), (1, 1));
    let catalog = bench.workspace.catalog().await.expect("a catalog");
    let project = &catalog.projects()[0];
    assert_eq!(*project.readiness(), Readiness::Ready);
    assert_eq!(project.runs()[0].command, "build");
    let state = catalog.state("model.shop.orders").expect("a state");
    assert_eq!(state.build.as_ref().expect("built").status, RunStatus::Success);
    let code = bench
        .workspace
        .node_code(&catalog, "model.shop.orders")
        .await
        .expect("readable");
    assert_eq!(code.expect("code").raw.as_deref(), Some("select 'orders'"));
}

#[tokio::test]
async fn the_same_again_is_there_already_and_older_is_refused() {
    let bench = Bench::new().await;
    let first = [
        ("m", manifest(5, "shop", &["a"])),
        ("r", run_results(5, "success")),
    ];
    assert!(bench.bring(&first, false).await.expect("taken").has_changes());
    let again = bench.bring(&first, false).await.expect("there");
    assert!(!again.has_changes());
    assert_eq!(again.new_runs, 0);
    // The same invocation in other clothes.
    let packed = [("m", gzip(&manifest(5, "shop", &["a"])))];
    assert!(!bench.bring(&packed, false).await.expect("there").has_changes());

    // One of two is older: neither is taken.
    let mixed = [("m", manifest(6, "shop", &["b"])), ("r", run_results(4, "error"))];
    let refused = bench.bring(&mixed, false).await.expect_err("older");
    assert_eq!(refused.code(), "TW-INGEST-OLDER");
    assert_eq!(bench.models().await, ["a"]);

    let forced = bench
        .bring(&[("m", manifest(4, "shop", &["c"]))], true)
        .await
        .expect("forced");
    assert_eq!(forced.artifacts[0].outcome, IngestOutcome::Forced);
    assert_eq!(bench.models().await, ["c"]);
    // From here on, that one is what others are compared with.
    bench
        .bring(&[("m", manifest(5, "shop", &["a"]))], false)
        .await
        .expect("newer than the forced one");
    assert_eq!(bench.models().await, ["a"]);
}

#[rstest]
#[case("another project", manifest(9, "fleet", &["x"]), "TW-INGEST-OTHER-PROJECT")]
#[case(
    "runs of another project",
    run_results_of(9, "model.fleet.x", "success"),
    "TW-INGEST-OTHER-PROJECT"
)]
#[case("cut off", manifest(9, "shop", &["x"])[..90].to_vec(), "TW-DBT-TRUNCATED")]
#[case("a page", b"<html>sign in</html>".to_vec(), "TW-DBT-OTHER-FORMAT")]
#[case("empty", Vec::new(), "TW-DBT-EMPTY")]
#[case("no artifact", b"{\"a\": 1}".to_vec(), "TW-DBT-NOT-AN-ARTIFACT")]
#[case("half a packed file", gzip(&manifest(9, "shop", &["x"]))[..80].to_vec(), "TW-INGEST-GZIP")]
#[tokio::test]
async fn what_is_refused_changes_nothing(#[case] name: &str, #[case] bytes: Vec<u8>, #[case] code: &str) {
    let bench = Bench::new().await;
    bench
        .bring(&[("m", manifest(5, "shop", &["a"]))], false)
        .await
        .expect("taken");
    let files = bench.files();
    let refused = bench.bring(&[(name, bytes)], false).await.expect_err(name);
    assert_eq!(refused.code(), code, "{refused}");
    assert_eq!(bench.models().await, ["a"]);
    assert_eq!(bench.files(), files, "nothing is left behind");
}

/// Its text is not held, unless only all of it can tell what is odd about it.
#[tokio::test]
async fn a_manifest_that_only_a_whole_look_understands_is_taken() {
    let bench = Bench::new().await;
    let text = |minute, model: &str| String::from_utf8(manifest(minute, "shop", &[model])).expect("a text");
    let marked = format!("\u{feff}{}", text(1, "a"));
    let python = text(2, "b").replacen("\"raw_code\":", "\"share\":NaN,\"raw_code\":", 1);
    assert!(python.contains("NaN"));
    for (text, model) in [(marked, "a"), (python, "b")] {
        bench
            .bring(&[("m", text.into_bytes())], false)
            .await
            .expect("taken");
        assert_eq!(bench.models().await, [model]);
    }
    let mut cut = manifest(3, "shop", &["c"]);
    cut.truncate(cut.len() - 5);
    let refused = bench
        .bring(&[("the upload", cut)], false)
        .await
        .expect_err("cut off");
    assert_eq!(refused.code(), "TW-DBT-TRUNCATED");
    assert!(refused.to_string().contains("the upload"), "{refused}");
    assert_eq!(bench.models().await, ["b"]);
}

#[tokio::test]
async fn one_of_the_future_is_refused_and_hinders_no_later_one() {
    let bench = Bench::new().await;
    let dated = |ahead: chrono::TimeDelta, model: &str| {
        let mut text: Value = serde_json::from_slice(&manifest(5, "shop", &[model])).expect("JSON");
        let at = SystemClock.now() + ahead;
        text["metadata"]["generated_at"] = json!(at);
        text["metadata"]["invocation_id"] = json!(format!("invocation of {model}"));
        [("m", text.to_string().into_bytes())]
    };
    let hours = chrono::TimeDelta::hours;
    let refused = bench
        .bring(&dated(hours(2), "a"), false)
        .await
        .expect_err("of the future");
    assert_eq!(refused.code(), "TW-INGEST-AHEAD");
    assert!(refused.hint().is_some_and(|hint| hint.contains("--force")));
    // A clock may be a little ahead.
    bench
        .bring(&dated(chrono::TimeDelta::minutes(50), "b"), false)
        .await
        .expect("taken");
    let forced = bench.bring(&dated(hours(48), "c"), true).await.expect("forced");
    assert_eq!(forced.artifacts[0].outcome, IngestOutcome::Forced);
    // What is there is of no measure now.
    bench
        .bring(&dated(hours(0), "d"), false)
        .await
        .expect("taken although older by its word");
    assert_eq!(bench.models().await, ["d"]);
}

#[tokio::test]
async fn one_file_more_than_there_are_kinds_is_named_as_what_it_is() {
    let bench = Bench::new().await;
    let junk = |name| (name, b"{\"note\": \"no artifact\"}".to_vec());
    let files = [
        ("m", manifest(5, "shop", &["a"])),
        ("r", run_results(5, "success")),
        junk("1"),
        junk("2"),
        junk("3"),
    ];
    let refused = bench.bring(&files, false).await.expect_err("junk");
    assert_ne!(refused.code(), "TW-INGEST-TWICE");
    assert!(refused.to_string().contains("`1`"), "{refused}");
}

#[tokio::test]
async fn two_of_one_kind_and_unknown_environments_are_refused() {
    let bench = Bench::new().await;
    let two = [
        ("one", manifest(5, "shop", &["a"])),
        ("two", manifest(6, "shop", &["b"])),
    ];
    assert_eq!(
        bench.bring(&two, false).await.expect_err("two").code(),
        "TW-INGEST-TWICE"
    );
    let one = [("m", manifest(5, "shop", &["a"]))];
    let refused = bench
        .bring_to(Some("staging"), &one, false)
        .await
        .expect_err("unknown");
    assert_eq!(refused.code(), "TW-ENVIRONMENT-UNKNOWN");
    assert_eq!(
        bench.bring(&[], false).await.expect_err("nothing").code(),
        "TW-INGEST-EMPTY"
    );
}

#[tokio::test]
async fn environments_have_their_own_artifacts_and_production_can_move() {
    let bench = Bench::new().await;
    let workspace = &bench.workspace;
    let shop = "shop".into();
    workspace
        .add_environment(&shop, "staging".into(), None, false)
        .await
        .expect("added");
    bench
        .bring(&[("m", manifest(5, "shop", &["live"]))], false)
        .await
        .expect("taken");
    // Older than production's, which is another environment.
    let staging = [("m", manifest(4, "shop", &["tried"]))];
    bench
        .bring_to(Some("staging"), &staging, false)
        .await
        .expect("taken");

    let hub = CatalogHub::open(Arc::new(open(bench.root()).await))
        .await
        .expect("a hub");
    let names = |environment: Option<&str>| -> Vec<String> {
        let catalog = hub.current(environment);
        catalog.nodes().map(|node| node.name.clone()).collect()
    };
    assert_eq!(names(None), ["live"]);
    assert_eq!(names(Some("production")), ["live"]);
    assert_eq!(names(Some("staging")), ["tried"]);
    assert_eq!(names(Some("nowhere")), ["live"]);

    let mut versions = hub.subscribe();
    versions.mark_unchanged();
    workspace
        .set_production(&shop, &"staging".into())
        .await
        .expect("moved");
    hub.refresh().await.expect("refreshed");
    assert!(versions.has_changed().expect("open"));
    assert_eq!(names(None), ["tried"]);
    workspace
        .set_production(&shop, &"production".into())
        .await
        .expect("moved back");
    workspace
        .remove_environment(&shop, &"staging".into())
        .await
        .expect("removed");
    hub.refresh().await.expect("refreshed");
    assert_eq!(names(None), ["live"]);
    assert_eq!(names(Some("staging")), ["live"]);
    let refused = workspace.remove_environment(&shop, &"production".into()).await;
    assert_eq!(refused.expect_err("its own").code(), "TW-ENVIRONMENT-OWN");
}

/// Drops a future after it was polled a number of times, as a process does that ends there.
struct Stopped<F> {
    inner: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for Stopped<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(context).map(Some)
    }
}

#[tokio::test]
async fn stopped_anywhere_it_leaves_the_old_or_the_new() {
    let mut endings = Vec::new();
    for polls in 1.. {
        let bench = Bench::new().await;
        bench
            .bring(&[("m", manifest(5, "shop", &["old"]))], false)
            .await
            .expect("taken");
        let files = [
            ("m", manifest(6, "shop", &["new"])),
            ("r", run_results(6, "success")),
        ];
        let stopped = Stopped {
            inner: Box::pin(bench.bring(&files, false)),
            polls,
        };
        let is_done = stopped.await.is_some();
        // As another process sees it.
        let other = open(bench.root()).await;
        let catalog = other.catalog().await.expect("a catalog");
        let names: Vec<&str> = catalog.nodes().map(|node| node.name.as_str()).collect();
        let project = &catalog.projects()[0];
        assert!(project.problems().is_empty(), "{:?}", project.problems());
        match names[..] {
            ["old"] => assert!(project.runs().is_empty() && !is_done, "after {polls} polls"),
            ["new"] => assert_eq!(project.runs().len(), 1, "after {polls} polls"),
            _ => panic!("{names:?} after {polls} polls"),
        }
        // And whatever was left in the way is no hindrance.
        let again = bench.bring(&files, false).await.expect("taken in the end");
        assert_eq!(again.artifacts.len(), 2);
        assert_eq!(bench.models().await, ["new"]);
        endings.push(names[0].to_owned());
        if is_done {
            break;
        }
    }
    assert!(endings.len() > 5, "{endings:?}");
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_later() {
    let bench = Bench::new().await;
    bench
        .bring(&[("m", manifest(5, "shop", &["a"]))], false)
        .await
        .expect("taken");
    let artifacts = bench.root().join(".tailwater/artifacts");
    let left = [
        artifacts.join("shop/production/manifest-0000.json"),
        artifacts.join("incoming/half.part"),
    ];
    let young = artifacts.join("incoming/young.part");
    let hours_ago = std::fs::metadata(bench.root())
        .expect("a directory")
        .modified()
        .expect("a time")
        - Duration::from_hours(3);
    for path in &left {
        let file = std::fs::File::create(path).expect("a file");
        file.set_modified(hours_ago).expect("a time");
    }
    std::fs::write(&young, "").expect("a file");
    assert_eq!(bench.models().await, ["a"]);
    bench
        .bring(&[("m", manifest(6, "shop", &["b"]))], false)
        .await
        .expect("taken");
    assert!(!left.iter().any(|path| path.exists()));
    assert!(young.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_the_newest_stays() {
    let bench = Arc::new(Bench::new().await);
    let mut tasks = Vec::new();
    for minute in 1..=8 {
        let bench = Arc::clone(&bench);
        tasks.push(tokio::spawn(async move {
            let name = format!("m{minute}");
            let files = [
                ("m", manifest(minute, "shop", &[&name])),
                ("r", run_results(minute, "success")),
            ];
            bench.bring(&files, false).await
        }));
    }
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(report) => assert_eq!(report.artifacts.len(), 2),
            Err(error) => assert_eq!(error.code(), "TW-INGEST-OLDER", "{error}"),
        }
    }
    assert_eq!(bench.models().await, ["m8"]);
    let catalog = bench.workspace.catalog().await.expect("a catalog");
    let project = &catalog.projects()[0];
    let manifest = project.artifact(ArtifactKind::Manifest).expect("there");
    let results = project.artifact(ArtifactKind::RunResults).expect("there");
    assert_eq!(manifest.invocation_id, results.invocation_id);
}

#[tokio::test]
async fn a_directory_is_handed_over_and_a_watched_path_builds_history() {
    let bench = Bench::new().await;
    let target = bench.root().join("dbt/target");
    std::fs::create_dir_all(&target).expect("a directory");
    let write = |name: &str, bytes: &[u8]| std::fs::write(target.join(name), bytes).expect("a file");
    let request = |path: Utf8PathBuf| IngestRequest {
        project: "shop".into(),
        environment: None,
        path,
        is_forced: false,
        by: "test".to_owned(),
    };
    let nothing = bench.workspace.ingest(&request(bench.root().join("dbt"))).await;
    assert_eq!(nothing.expect_err("empty").code(), "TW-INGEST-NOTHING");
    write("manifest.json", &manifest(5, "shop", &["orders"]));
    write("run_results.json", &run_results(5, "success"));
    write("graph_summary.json", b"{}");
    let report = bench
        .workspace
        .ingest(&request(bench.root().join("dbt")))
        .await
        .expect("taken");
    assert_eq!(report.artifacts.len(), 2);

    // The same files, watched by another project.
    let watched = "watched".into();
    bench
        .workspace
        .add_project("watched".into(), &target)
        .await
        .expect("added");
    for (minute, status) in [(5, "success"), (6, "error"), (7, "success")] {
        write("run_results.json", &run_results(minute, status));
        assert_eq!(bench.workspace.record_watched_runs().await.expect("recorded"), 1);
        assert_eq!(bench.workspace.record_watched_runs().await.expect("recorded"), 0);
    }
    let production = "production".into();
    let store = bench.workspace.store();
    let node = "model.shop.orders".into();
    let history = store
        .node_runs(&watched, &production, &node, 10)
        .await
        .expect("a history");
    let statuses: Vec<_> = history
        .iter()
        .filter_map(|run| Some(run.result.as_ref()?.status.name()))
        .collect();
    assert_eq!(statuses, ["success", "error", "success"]);

    // While dbt writes, and after `dbt clean`, what was last readable holds.
    bench.workspace.catalog().await.expect("a catalog");
    let name =
        |catalog: &tailwater_engine::catalog::Catalog| catalog.project("watched").expect("known").clone();
    write("manifest.json", &manifest(8, "shop", &["orders", "more"])[..100]);
    let halfway = name(&bench.workspace.catalog().await.expect("a catalog"));
    assert_eq!(halfway.problems()[0].code, "TW-DBT-TRUNCATED");
    assert!(halfway.problems()[0].showing.is_some());
    assert_eq!(halfway.project().expect("the last good one").nodes().len(), 1);
    std::fs::remove_file(target.join("manifest.json")).expect("removed");
    let cleaned = name(&bench.workspace.catalog().await.expect("a catalog"));
    assert_eq!(cleaned.project().expect("the last good one").nodes().len(), 1);
    write("manifest.json", &manifest(8, "shop", &["orders", "more"]));
    let healed = name(&bench.workspace.catalog().await.expect("a catalog"));
    assert!(healed.problems().is_empty());
    assert_eq!(healed.project().expect("the new one").nodes().len(), 2);
}
