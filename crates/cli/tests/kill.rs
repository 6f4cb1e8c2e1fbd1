//! The real program, killed and stopped in the middle of refreshes: started again, it asks for each of them once.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

#[path = "../../store/tests/suite/postgres.rs"]
mod postgres;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::SiteFile;
use tailwater_tableau_sim::{Options, Running, Simulator};
use tempfile::TempDir;

const SECRET: &str = "the-secret-of-the-token";

/// A site with so many workbooks with extracts, a dbt project that has built what they stand on, and a store that knows
/// both. Everything is due.
struct Scene {
    directory: TempDir,
    site: Running,
    targets: usize,
}

/// A program under way, which does not outlive its test.
struct Program(Child);

impl Program {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.0.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    fn is_over(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Scene {
    async fn new(targets: usize, store: Option<String>) -> Self {
        let mut text = format!(
            "[[site]]\ncontent_url = \"acme\"\n[[site.user]]\nname = \"ada@acme.example\"\n\
             role = \"SiteAdministratorExplorer\"\n[[site.token]]\nname = \"tailwater\"\nsecret = \"{SECRET}\"\n\
             user = \"ada@acme.example\"\n[[site.connection]]\nkey = \"warehouse\"\nclass = \"postgres\"\n\
             database = \"shop\"\n"
        );
        for number in 0..targets {
            let _ = write!(
                text,
                "[[site.workbook]]\nname = \"Book {number}\"\nproject = \"P\"\n\
                 datasources = [{{ connection = \"warehouse\", tables = [\"m.t{number}\"], extract = true, \
                 extract_refreshed_at = 2020-01-01T00:00:00Z }}]\nrefresh = {{ seconds = 1, queued_seconds = 0 }}\n"
            );
        }
        let file = SiteFile::from_toml(&text).unwrap();
        let scene = Self {
            directory: tempfile::tempdir().unwrap(),
            site: Simulator::start(file, Options::default()).await.unwrap(),
            targets,
        };
        let store = store.map_or_else(String::new, |url| format!("[store]\nurl = \"{url}\"\n"));
        let settings = format!(
            "{store}[[project]]\nname = \"shop\"\n[[integration]]\nname = \"main\"\nkind = \"tableau\"\n\
             server = \"{}\"\nsite = \"acme\"\ntoken_name = \"tailwater\"\ntoken_secret_env = \"TOKEN\"\n\
             collections = [\"P/**\"]\n[refresh]\nsearch_seconds = 4\nenabled = true\nat_once = 4\n",
            scene.site.base_url()
        );
        std::fs::write(scene.path("tailwater.toml"), settings).unwrap();
        scene.write_artifacts();
        scene.tell(&["ingest", "target"]);
        scene.tell(&["sync", "main"]);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write_artifacts(&self) {
        let metadata = |kind: &str| {
            json!({
                "dbt_schema_version": format!("https://schemas.getdbt.com/dbt/{kind}.json"), "dbt_version": "1.11.16",
                "generated_at": "2026-01-15T06:00:00Z", "invocation_id": "one", "project_name": "shop",
                "adapter_type": "postgres",
            })
        };
        let id = |number: usize| format!("model.shop.t{number}");
        let node = |number: usize| {
            json!({
                "unique_id": id(number), "resource_type": "model", "name": format!("t{number}"),
                "package_name": "shop", "original_file_path": format!("models/t{number}.sql"),
                "raw_code": "select 1 as one", "database": "shop", "schema": "m", "alias": format!("t{number}"),
                "config": { "materialized": "table" },
            })
        };
        let nodes: serde_json::Map<String, Value> = (0..self.targets)
            .map(|number| (id(number), node(number)))
            .collect();
        let results: Vec<Value> = (0..self.targets)
            .map(|number| {
                let timing = json!([{
                    "name": "execute", "started_at": "2026-01-15T05:59:00Z", "completed_at": "2026-01-15T05:59:01Z",
                }]);
                json!({
                    "unique_id": id(number), "status": "success", "execution_time": 1.0, "timing": timing,
                    "message": "OK",
                })
            })
            .collect();
        let manifest = json!({ "metadata": metadata("manifest/v12"), "nodes": nodes });
        let run = json!({
            "metadata": metadata("run-results/v6"), "results": results, "elapsed_time": 2.0,
            "args": { "which": "build" },
        });
        std::fs::create_dir(self.path("target")).unwrap();
        std::fs::write(self.path("target/manifest.json"), manifest.to_string()).unwrap();
        std::fs::write(self.path("target/run_results.json"), run.to_string()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tailwater"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("TOKEN", SECRET)
            .env_remove("TAILWATER_KEY")
            .stdin(Stdio::null());
        command
    }

    fn tell(&self, arguments: &[&str]) -> String {
        let ended = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{arguments:?}: {said}");
        String::from_utf8(ended.stdout).unwrap()
    }

    fn start(&self, arguments: &[&str]) -> Program {
        let mut command = self.command(arguments);
        Program(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    /// The outcomes of all refreshes that were decided, but those that said that one is under way.
    fn outcomes(&self) -> Vec<String> {
        let told = self.tell(&["refreshes", "--limit", "500", "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        let refreshes = told["refreshes"].as_array().unwrap();
        let outcomes = refreshes
            .iter()
            .map(|refresh| refresh["outcome"].as_str().unwrap().to_owned());
        outcomes.filter(|outcome| outcome != "skipped").collect()
    }

    fn calls(&self) -> usize {
        self.site.refresh_calls().values().sum()
    }

    /// Waits until so many refreshes were asked for, or the program ends, which one that is late may do.
    async fn until_asked(&self, least: usize, program: &mut Program) {
        self.until("a call", || self.calls() >= least || program.is_over())
            .await;
    }

    async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let waited = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_mins(2), waited).await;
        assert!(
            waited.is_ok(),
            "{what} never came: {:?}",
            self.site.refresh_calls()
        );
    }

    /// Waits until all is over, and looks that all of it ended well and was asked for once.
    async fn ends_well(&self) {
        self.until("the end", || {
            let outcomes = self.outcomes();
            outcomes.len() == self.targets && outcomes.iter().all(|outcome| outcome == "succeeded")
        })
        .await;
        let (calls, jobs) = (self.site.refresh_calls(), self.site.refresh_jobs());
        assert_eq!((calls.len(), jobs.len()), (self.targets, self.targets));
        assert!(
            calls.values().chain(jobs.values()).all(|count| *count == 1),
            "{calls:?} {jobs:?}"
        );
    }
}

#[rstest]
#[case::sqlite(false)]
#[case::postgres(true)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_asks_for_each_refresh_once(#[case] is_postgres: bool) {
    const TARGETS: usize = 16;
    let scene = Scene::new(TARGETS, is_postgres.then(postgres::new_database)).await;
    let refresh: &[&str] = &["refresh", "--artifacts", "target", "--wait"];
    let programs: [&[&str]; 3] = [
        refresh,
        &["worker", "--quiet"],
        &["serve", "--listen", "127.0.0.1:0"],
    ];
    for kill in 0..6_u64 {
        let mut program = scene.start(programs[usize::try_from(kill % 3).unwrap()]);
        // Each gets a little further; at which step it dies is left to chance.
        let further = scene.calls() + 1;
        scene.until_asked(further.min(TARGETS), &mut program).await;
        tokio::time::sleep(Duration::from_micros(kill * 7_919 * 31 % 60_000)).await;
        drop(program);
    }
    let _heir = scene.start(&["worker", "--quiet"]);
    scene.ends_well().await;
}

/// With one token, which only one of them can use at a time: whoever has it is killed; another one stands still for longer
/// than a claim, and the lease on the token, live. It takes as long as these do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_workers_one_is_killed_and_one_stands_still() {
    const TARGETS: usize = 18;
    let scene = Scene::new(TARGETS, Some(postgres::new_database())).await;
    let mut workers: Vec<Program> = (0..3).map(|_| scene.start(&["worker", "--quiet"])).collect();
    // It queues all and sends the first itself.
    let mut asking = scene.start(&["refresh", "--artifacts", "target"]);
    scene.until_asked(2, &mut asking).await;
    drop(workers.remove(0));
    scene.until("the fifth call", || scene.calls() >= 5).await;
    workers[0].signal("-STOP");
    tokio::time::sleep(Duration::from_secs(36)).await;
    workers[0].signal("-CONT");
    scene.ends_well().await;
    drop(asking);
}
