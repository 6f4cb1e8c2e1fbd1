//! Jobs from the queue to their end: steps, log, artifacts, secrets, retries, cancelling, and a long day.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use serde_json::json;
use tailwater_core::clock::{Clock, SystemClock};
use tailwater_core::id::JobRunId;
use tailwater_core::job::{AfterJob, CompletionOn, Job, JobRunCause, JobRunState, JobSchedule, StepState};
use tailwater_engine::account::Actor;
use tailwater_engine::job::{
    DbtStepRunner, JobRunQuery, JobRuntime, StepEnd, StepHeard, StepRequest, StepRunner, WorkerOptions,
};
use tailwater_engine::settings::Settings;
use tailwater_engine::workspace::{Options, Workspace};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod clockwork;

const SECRET: &str = "s3cret-of/the warehouse";

/// Prints and writes what it is told, the secret too; fails while there is a file `fail`.
const DBT: &str = r#"
here=$(dirname "$0")
echo "running dbt $*"
echo "connecting with $WAREHOUSE_PASSWORD"
if [ -e "$here/sleep" ]; then touch "$here/asleep"; sleep 60; fi
mkdir -p "$DBT_TARGET_PATH" "$DBT_LOG_PATH"
[ "$1" != retry ] || [ -s "$DBT_TARGET_PATH/run_results.json" ] || exit 2
status=success
[ ! -e "$here/fail" ] || status=error
for file in manifest run_results; do
  sed -e "s#STATUS#$status#" -e "s#SECRET#$WAREHOUSE_PASSWORD#" "$here/$file.json" >"$DBT_TARGET_PATH/$file.json"
done
[ $status = success ]
"#;

struct Bench {
    directory: TempDir,
    workspace: Arc<Workspace>,
}

impl Bench {
    async fn new(clock: Arc<dyn Clock>) -> Self {
        let directory = TempDir::new().expect("a directory");
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).expect("a path");
        let options = Options {
            root: root.clone(),
            settings: Settings::default(),
            key: None,
            clock,
        };
        let workspace = Arc::new(Workspace::open(options).await.expect("a workspace"));
        workspace
            .add_project_without_path("shop".into())
            .await
            .expect("a project");
        let write = |name: &str, text: String| std::fs::write(root.join(name), text).expect("a file");
        write("dbt.sh", DBT.to_owned());
        let metadata = |kind: &str| {
            json!({
                "dbt_schema_version": format!("https://schemas.getdbt.com/dbt/{kind}.json"),
                "dbt_version": "1.11.16", "generated_at": "2025-01-01T00:00:00Z",
                "invocation_id": "one", "project_name": "shop",
            })
        };
        let node = json!({
            "unique_id": "model.shop.orders", "resource_type": "model", "name": "orders", "package_name": "shop",
            "original_file_path": "models/orders.sql", "raw_code": "select 'SECRET'", "schema": "main",
            "alias": "orders", "database": "shop",
        });
        let manifest =
            json!({ "metadata": metadata("manifest/v12"), "nodes": { "model.shop.orders": node } });
        write("manifest.json", manifest.to_string());
        let result = json!({
            "unique_id": "model.shop.orders", "status": "STATUS", "execution_time": 1.5, "timing": [],
            "message": "said SECRET",
        });
        let results = json!({
            "metadata": metadata("run-results/v6"), "results": [result], "elapsed_time": 2.0,
            "args": { "which": "build" },
        });
        write("run_results.json", results.to_string());
        Self { directory, workspace }
    }

    fn root(&self) -> &Utf8Path {
        self.directory.path().try_into().expect("a path")
    }

    fn job(&self, name: &str, steps: &[&str]) -> Job {
        let job = json!({
            "name": name, "project": "shop", "directory": self.root(), "steps": steps,
            "program": ["sh", self.root().join("dbt.sh")],
        });
        serde_json::from_value(job).expect("a job")
    }

    async fn add(&self, job: &Job) {
        self.workspace
            .add_job(job, &Actor::CommandLine)
            .await
            .expect("a job");
    }

    async fn ask(&self, name: &str) -> JobRunId {
        let name = name.into();
        let asked = self
            .workspace
            .run_job(&name, JobRunCause::ByHand, &Actor::CommandLine);
        asked.await.expect("a run").id
    }

    fn runtime(&self, runner: Arc<dyn StepRunner>) -> JobRuntime {
        let options = WorkerOptions {
            slots: 2,
            patience: Duration::ZERO,
        };
        JobRuntime::new(Arc::clone(&self.workspace), runner, options)
    }

    fn dbt(&self) -> JobRuntime {
        self.runtime(Arc::new(DbtStepRunner))
    }

    async fn log(&self, id: &JobRunId) -> String {
        let piece = self.workspace.job_run_log(id, 0, 1_000_000).await.expect("a log");
        String::from_utf8(piece.bytes).expect("text")
    }

    /// Every file that holds the text, but the scripts of the test.
    fn files_with(&self, text: &str) -> Vec<Utf8PathBuf> {
        let mut found = Vec::new();
        let mut directories = vec![self.root().to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in directory.read_dir_utf8().expect("a directory").flatten() {
                let path = entry.path().to_owned();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    let bytes = std::fs::read(&path).expect("a file");
                    if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                        found.push(path);
                    }
                }
            }
        }
        found
    }
}

#[tokio::test]
async fn a_run_lands_its_artifacts_and_hides_its_secrets_everywhere() {
    let bench = Bench::new(Arc::new(SystemClock)).await;
    bench.add(&bench.job("nightly", &["dbt deps", "dbt build"])).await;
    let set = |value: &'static str| {
        let (workspace, value) = (Arc::clone(&bench.workspace), value.into());
        async move {
            let name = "nightly".into();
            workspace
                .set_job_secret(&name, "WAREHOUSE_PASSWORD", &value, &Actor::CommandLine)
                .await
        }
    };
    let refused = set("short").await.expect_err("too short").to_string();
    assert!(
        refused.contains("shorter than 8") && !refused.contains("short\""),
        "{refused}"
    );
    set(SECRET).await.expect("a secret");

    let id = bench.ask("nightly").await;
    let state = bench.dbt().work_once().await.expect("a run");
    let log = bench.log(&id).await;
    assert_eq!(state, Some(JobRunState::Succeeded), "{log}");
    assert!(
        log.contains("==> dbt build") && log.contains("connecting with *****"),
        "{log}"
    );
    let run = bench.workspace.find_job_run(&id).await.expect("a run");
    assert_eq!(run.log_bytes, u64::try_from(log.len()).expect("a length"));
    assert!(run.steps.iter().all(|step| step.state == StepState::Succeeded));
    assert!(log[usize::try_from(run.steps[1].log_offset).expect("a length")..].starts_with("==> dbt build"));
    let kept = bench.workspace.job_run_artifacts(&id).await.expect("artifacts");
    let results = kept
        .iter()
        .find(|kept| kept.step == 1 && kept.file == "run_results.json")
        .unwrap_or_else(|| panic!("no results: {kept:?}"));
    let piece = async |file: &str, from| {
        let read = bench.workspace.job_run_artifact(&id, 1, file, from, 10).await;
        read.expect("an artifact")
    };
    assert_eq!(
        piece("run_results.json", 0).await.map(|piece| piece.len()),
        Some(10)
    );
    let end = piece("run_results.json", results.bytes - 3).await;
    assert_eq!(end.map(|piece| piece.len()), Some(3));
    for outside in ["../1/run_results.json", "..", "nothing.json", "a\\b"] {
        assert_eq!(piece(outside, 0).await, None, "{outside}");
    }
    let landed = bench
        .workspace
        .environment_states(None)
        .await
        .expect("environments");
    assert!(landed[0].last_run.is_some());
    assert_eq!(bench.files_with("s3cret-of"), Vec::<Utf8PathBuf>::new());
    assert!(!bench.files_with("said *****").is_empty());
}

#[tokio::test]
async fn a_failed_run_goes_on_where_it_failed() {
    let bench = Bench::new(Arc::new(SystemClock)).await;
    std::fs::write(bench.root().join("fail"), "").expect("a file");
    bench
        .add(&bench.job("nightly", &["dbt build", "dbt docs generate"]))
        .await;
    let id = bench.ask("nightly").await;
    let runtime = bench.dbt();
    assert_eq!(
        runtime.work_once().await.expect("a run"),
        Some(JobRunState::Failed)
    );
    let failed = bench.workspace.find_job_run(&id).await.expect("a run");
    assert_eq!(failed.steps[0].exit_code, Some(1));
    assert_eq!(failed.steps[1].state, StepState::Skipped);
    assert!(
        failed
            .message
            .expect("a message")
            .contains("`dbt build` ended with code 1")
    );

    std::fs::remove_file(bench.root().join("fail")).expect("a file");
    let again = bench
        .workspace
        .rerun_job(&id, true, &Actor::CommandLine)
        .await
        .expect("a run");
    assert_eq!(
        runtime.work_once().await.expect("a run"),
        Some(JobRunState::Succeeded)
    );
    let again = bench.workspace.find_job_run(&again.id).await.expect("a run");
    let steps: Vec<&str> = again.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(steps, ["dbt retry", "dbt docs generate"]);
    let nothing = bench
        .workspace
        .rerun_job(&again.id, true, &Actor::CommandLine)
        .await;
    assert!(
        nothing
            .expect_err("nothing failed")
            .to_string()
            .contains("no step that failed")
    );
}

#[tokio::test]
async fn retries_come_first_and_other_jobs_after_the_end() {
    let bench = Bench::new(Arc::new(SystemClock)).await;
    std::fs::write(bench.root().join("fail"), "").expect("a file");
    let first = Job {
        retries: 1,
        retry_delay_seconds: 0,
        ..bench.job("first", &["dbt build"])
    };
    bench.add(&first).await;
    let second = Job {
        after: vec![AfterJob {
            job: "first".into(),
            on: CompletionOn::Any,
        }],
        ..bench.job("second", &["dbt test"])
    };
    bench.add(&second).await;
    let turned = Job {
        after: vec![AfterJob {
            job: "second".into(),
            on: CompletionOn::Success,
        }],
        ..first.clone()
    };
    let refused = bench.workspace.set_job(&turned, &Actor::CommandLine).await;
    assert!(refused.expect_err("a loop").to_string().contains("for ever"));

    let id = bench.ask("first").await;
    let runtime = bench.dbt();
    for expected in [Some("first"), Some("first"), Some("second"), None] {
        let query = JobRunQuery {
            state: Some(JobRunState::Queued),
            ..JobRunQuery::default()
        };
        let queued = bench.workspace.job_runs(&query);
        let queued = queued.await.expect("runs").runs;
        assert_eq!(queued.first().map(|run| run.job.as_str()), expected);
        runtime.work_once().await.expect("a run");
    }
    let run = bench.workspace.find_job_run(&id).await.expect("a run");
    assert!(run.message.expect("a message").ends_with("try 2 is queued"));
    let next = bench
        .workspace
        .find_job_run(&run.next_attempt.expect("a run"))
        .await
        .expect("a run");
    assert_eq!((next.attempt, next.state), (2, JobRunState::Failed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_cancelled_while_it_runs() {
    let bench = Bench::new(Arc::new(SystemClock)).await;
    std::fs::write(bench.root().join("sleep"), "").expect("a file");
    bench.add(&bench.job("nightly", &["dbt build"])).await;
    let id = bench.ask("nightly").await;
    let runtime = bench.dbt();
    runtime.start();
    while !bench.root().join("asleep").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What was printed so far can be read while it runs.
    while !bench.log(&id).await.contains("running dbt build") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bench
        .workspace
        .cancel_job_run(&id, &Actor::CommandLine)
        .await
        .expect("a run");
    let run = loop {
        let run = bench.workspace.find_job_run(&id).await.expect("a run");
        if run.state.is_over() {
            break run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(run.state, JobRunState::Cancelled);
    assert_eq!(run.message.as_deref(), Some("cancelled by command line"));
    runtime.shut_down().await;
    assert!(
        bench
            .workspace
            .job_queue()
            .await
            .expect("a queue")
            .workers
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_stopped_leaves_its_run_to_others() {
    let bench = Bench::new(Arc::new(SystemClock)).await;
    std::fs::write(bench.root().join("sleep"), "").expect("a file");
    bench.add(&bench.job("nightly", &["dbt build"])).await;
    let id = bench.ask("nightly").await;
    let runtime = bench.dbt();
    runtime.start();
    while !bench.root().join("asleep").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    runtime.shut_down().await;
    let run = bench.workspace.find_job_run(&id).await.expect("a run");
    assert_eq!(run.state, JobRunState::Lost);
    std::fs::remove_file(bench.root().join("sleep")).expect("a file");
    let other = bench.dbt().work_once().await.expect("a run");
    assert_eq!(other, Some(JobRunState::Succeeded));
}

/// A clock that is set.
#[derive(Debug)]
struct FastClock(Mutex<DateTime<Utc>>);

impl FastClock {
    fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().expect("an instant"))))
    }

    fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("a clock") += by;
    }
}

impl Clock for FastClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("a clock")
    }
}

/// Says a little, and counts how many steps are held at once.
#[derive(Debug, Default)]
struct Quick {
    steps: AtomicUsize,
    held: Arc<()>,
}

impl StepRunner for Quick {
    fn run_step<'a>(
        &'a self,
        _: &'a Workspace,
        _: StepRequest,
        heard: mpsc::UnboundedSender<StepHeard>,
        _: CancellationToken,
    ) -> BoxFuture<'a, Result<StepEnd, tailwater_engine::Error>> {
        let held = Arc::clone(&self.held);
        Box::pin(async move {
            self.steps.fetch_add(1, Ordering::Relaxed);
            let said = heard.send(StepHeard::Output(b"quick\n".to_vec()));
            drop((said, held));
            Ok(StepEnd {
                exit_code: 0,
                words: "did all of it".to_owned(),
                problems: Vec::new(),
            })
        })
    }
}

/// Fifty hourly jobs over a day by a clock that is set: every set time has its run, nothing is left in memory, and
/// the store keeps as many runs as it is told.
#[tokio::test]
async fn a_day_of_fifty_jobs_an_hour() {
    const JOBS: usize = 50;
    let start: DateTime<Utc> = "2025-07-01T00:00:30Z".parse().expect("an instant");
    let clock = Arc::new(FastClock(Mutex::new(start)));
    let bench = Bench::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    for number in 0..JOBS {
        let job = Job {
            schedule: Some(JobSchedule {
                cron: format!("{number} * * * *"),
                time_zone: "Europe/Berlin".to_owned(),
            }),
            ..bench.job(&format!("job{number}"), &["dbt build"])
        };
        bench.add(&job).await;
    }
    let runner = Arc::new(Quick::default());
    let runtime = bench.runtime(Arc::clone(&runner) as Arc<dyn StepRunner>);
    runtime.keep_time_once().await.expect("a clock");
    for _ in 0..24 * 6 {
        clock.advance(TimeDelta::minutes(10));
        runtime.keep_time_once().await.expect("a clock");
        while runtime.work_once().await.expect("a run").is_some() {}
        assert_eq!((Arc::strong_count(&runner.held), runtime.running()), (1, 0));
    }
    assert_eq!(runner.steps.load(Ordering::Relaxed), 24 * JOBS);
    let queue = bench.workspace.job_queue().await.expect("a queue");
    assert_eq!((queue.queued, queue.running), (0, 0));
    assert!(!bench.root().join(".tailwater/artifacts/work").join("x").exists());
    let left = bench.root().join(".tailwater/artifacts/work").read_dir_utf8();
    assert_eq!(left.map_or(0, Iterator::count), 0);
}
