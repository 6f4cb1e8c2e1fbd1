//! `tailwater run -- dbt …` against the demo's Tableau site: with real dbt, and with a program in its place that says
//! what a test wants when the test wants it.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up should stop"
)]

mod project_copy;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::SiteFile;
use tailwater_tableau_sim::{Options, Running, Simulator};
use tempfile::TempDir;

use crate::project_copy::copy;

/// A directory with a configuration, the site, and a dbt project below it.
struct Scene {
    directory: TempDir,
    site: Running,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

impl Scene {
    /// Everything is synced, and nothing was refreshed yet.
    async fn new() -> Self {
        let mut file = SiteFile::load(&root().join("demo/site.toml")).unwrap();
        // Nobody learns anything from waiting for the simulator.
        for site in &mut file.sites {
            let published = site.datasources.iter_mut().map(|source| &mut source.refresh);
            let workbooks = site.workbooks.iter_mut().map(|workbook| &mut workbook.refresh);
            for refresh in published.chain(workbooks) {
                (refresh.queued_seconds, refresh.seconds) = (0, 0);
            }
        }
        let scene = Self {
            directory: tempfile::tempdir().unwrap(),
            site: Simulator::start(file, Options::default()).await.unwrap(),
        };
        let expected: Value =
            serde_json::from_slice(&std::fs::read(root().join("demo/expected-exposures.json")).unwrap())
                .unwrap();
        let settings = format!(
            "[[project]]\nname = \"shop\"\n\n\
             [[integration]]\nname = \"main\"\nkind = \"tableau\"\nserver = {server}\nsite = \"shop\"\n\
             token_name = \"tailwater\"\ntoken_secret_env = \"DEMO_TOKEN_SECRET\"\ncollections = {collections}\n\n\
             [refresh]\npoll_seconds = 1\n",
            server = json!(scene.site.base_url()),
            collections = expected["collections"],
        );
        std::fs::write(scene.path("tailwater.toml"), settings).unwrap();
        let target = root().join("demo/dbt/target");
        scene.tell(&["ingest", target.to_str().unwrap()]);
        scene.tell(&["sync"]);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tailwater"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("DEMO_TOKEN_SECRET", "demo-secret")
            .env("DBT_ACTIVE_EXPOSURES", "1")
            .env("DBT_ACTIVE_EXPOSURES_BUILD_AFTER", "0")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    fn tell(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A program `dbt` of these lines, which may say `say FILE` to let dbt's log say what is in a file.
    fn fake(&self, script: &str) -> String {
        let program = self.path("dbt");
        let head = "#!/bin/sh\nset -e\nsay() { cat \"$1\" >> \"$DBT_LOG_PATH/dbt.log\"; }\n\
                    until_there() { while [ ! -e \"$1\" ]; do sleep 0.01; done; }\n\
                    case \" $* \" in *' ls '*) exec cat listed;; esac\n";
        std::fs::write(&program, format!("{head}{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        program.to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Waits until the site was asked for a refresh; ends when the program does.
    async fn asked(&self, program: &mut Child) -> BTreeMap<String, usize> {
        loop {
            let calls = self.site.refresh_calls();
            if !calls.is_empty() || program.try_wait().unwrap().is_some() {
                return calls;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn told(output: &Output) -> String {
    format!(
        "{:?}\n{}\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn manifest() -> Value {
    serde_json::from_slice(&std::fs::read(root().join("demo/dbt/target/manifest.json")).unwrap()).unwrap()
}

/// The nodes that a build ends, those that are built before tests.
fn built_nodes() -> Vec<String> {
    let manifest = manifest();
    let nodes = manifest["nodes"].as_object().unwrap();
    let units = manifest["unit_tests"].as_object().unwrap();
    let mut ids: Vec<String> = nodes
        .iter()
        .filter(|(id, node)| !id.starts_with("analysis.") && node["config"]["materialized"] != "ephemeral")
        .map(|(id, _)| id.clone())
        .chain(units.keys().cloned())
        .collect();
    ids.sort_by_key(|id| {
        (
            id.starts_with("test.") || id.starts_with("unit_test."),
            id.clone(),
        )
    });
    ids
}

/// A line of dbt's log.
fn line(name: &str, data: &Value) -> String {
    let info = json!({"name": name, "code": "Q", "level": "debug", "msg": "", "ts": moment(), "invocation_id": "fake"});
    format!("{}\n", json!({"info": info, "data": data}))
}

fn moment() -> String {
    chrono::DateTime::<chrono::Utc>::from(std::fs::metadata("/proc/self").unwrap().modified().unwrap())
        .to_rfc3339()
}

fn finished(id: &str, status: &str) -> String {
    let kind = id.split('.').next().unwrap();
    line(
        "NodeFinished",
        &json!({
            "node_info": {"unique_id": id, "resource_type": kind, "node_status": status, "node_finished_at": moment()},
            "run_result": {"status": status, "message": "", "num_failures": 0},
        }),
    )
}

fn good(id: &str) -> String {
    finished(id, if id.contains("test.") { "pass" } else { "success" })
}

/// What Tailwater says of the run, on standard output.
fn answer(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("the answer is JSON")
}

fn names(answer: &Value, outcome: &str) -> BTreeSet<String> {
    answer["refreshes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|refresh| refresh["outcome"] == outcome)
        .map(|refresh| refresh["name"].as_str().unwrap().to_owned())
        .collect()
}

/// What the fake dbt does first and last: the manifest before the first node, the results are in the log alone.
const BEGIN: &str = "mkdir -p target; cp manifest.json target/manifest.json; say begin";

fn begin(scene: &Scene) {
    std::fs::copy(
        root().join("demo/dbt/target/manifest.json"),
        scene.path("manifest.json"),
    )
    .unwrap();
    scene.write(
        "begin",
        &line(
            "ArtifactWritten",
            &json!({"artifact_path": "target/manifest.json"}),
        ),
    );
}

/// "A target whose inputs were done at second 5 is asked for before the build ends at second 20", by the order of
/// events: the build ends when the site was asked, and not before.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_refreshed_while_the_build_goes_on() {
    let scene = Scene::new().await;
    begin(&scene);
    let late = "model.shop.rpt_revenue_by_region";
    let nodes = built_nodes();
    let first: String = nodes.iter().filter(|id| *id != late).map(|id| good(id)).collect();
    scene.write("first", &first);
    scene.write("last", &good(late));
    let dbt = scene.fake(&format!(
        "{BEGIN}\nsay first\necho building\nuntil_there go\nsay last"
    ));
    let mut program = scene
        .command(&["--json", "run", "--wait", "--", &dbt, "build"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let early = scene.asked(&mut program).await;
    let is_running = program.try_wait().unwrap().is_none();
    std::fs::write(scene.path("go"), "").unwrap();
    let output = program.wait_with_output().unwrap();
    assert!(is_running && !early.is_empty(), "{}", told(&output));
    let answer = answer(&output);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(answer["live"].as_u64().unwrap() > 0, "{answer:#}");
    let all = scene.site.refresh_calls();
    assert!(all.values().all(|calls| *calls == 1), "each once: {all:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("building"));
    insta::assert_json_snapshot!("live", {
        let queued = |refresh: &&Value| refresh["outcome"] == "succeeded";
        let refreshes = answer["refreshes"].as_array().unwrap();
        let live = usize::try_from(answer["live"].as_u64().unwrap()).unwrap();
        let listed = |refreshes: &[Value]| -> BTreeSet<String> {
            refreshes
                .iter()
                .filter(queued)
                .map(|refresh| refresh["name"].as_str().unwrap().to_owned())
                .collect()
        };
        json!({"while dbt ran": listed(&refreshes[..live]), "at its end": listed(&refreshes[live..])})
    });
}

/// With a selection, what is going to run is known from `dbt ls`; where that fails, everything waits for the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_selection_is_asked_of_dbt_and_without_an_answer_everything_waits() {
    for (listed, is_live) in [(true, true), (false, false)] {
        let scene = Scene::new().await;
        begin(&scene);
        let nodes = built_nodes();
        if listed {
            let lines: Vec<String> = nodes
                .iter()
                .map(|id| json!({"unique_id": id}).to_string())
                .collect();
            scene.write("listed", &format!("{}\n", lines.join("\n")));
        }
        scene.write("all", &nodes.iter().map(|id| good(id)).collect::<String>());
        let wait = if is_live { "until_there go" } else { "" };
        let dbt = scene.fake(&format!("{BEGIN}\nsay all\n{wait}"));
        let mut program = scene
            .command(&["--json", "run", "--", &dbt, "build", "--select", "shop"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if is_live {
            scene.asked(&mut program).await;
            std::fs::write(scene.path("go"), "").unwrap();
        }
        let output = program.wait_with_output().unwrap();
        let answer = answer(&output);
        assert_eq!(answer["live"].as_u64().unwrap() > 0, is_live, "{}", told(&output));
        assert!(!scene.site.refresh_calls().is_empty(), "{}", told(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_dbt_refreshes_only_what_was_ready() {
    let scene = Scene::new().await;
    begin(&scene);
    let late = "model.shop.fct_orders";
    let first: String = built_nodes()
        .iter()
        .filter(|id| *id != late)
        .map(|id| good(id))
        .collect();
    scene.write("first", &first);
    let dbt = scene.fake(&format!("{BEGIN}\nsay first\nkill -KILL $$"));
    let output = scene.run(&["--json", "run", "--", &dbt, "build"]);
    assert_eq!(output.status.code(), Some(137), "{}", told(&output));
    let answer = answer(&output);
    assert!(!names(&answer, "held").is_empty(), "{answer:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_is_handed_on_and_a_second_one_ends_dbt() {
    let scene = Scene::new().await;
    let dbt =
        scene.fake("trap 'echo heard > heard' INT\nset +e\necho ready > ready\nwhile :; do sleep 0.01; done");
    let mut program = scene
        .command(&["run", "--", &dbt, "build"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let until = async |name: &str| {
        while !scene.path(name).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    until("ready").await;
    let interrupt = || {
        let sent = Command::new("kill")
            .args(["-INT", &program.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    };
    interrupt();
    until("heard").await;
    interrupt();
    let status = program.wait().unwrap();
    assert_eq!(status.code(), Some(137));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_dbt_is_refused_and_its_failure_is_its_own() {
    let scene = Scene::new().await;
    let refused = scene.run(&["run", "--", "make", "all"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("TW-DBT-NOT-DBT"),
        "{}",
        told(&refused)
    );
    let missing = scene.run(&["run", "--", "/no/such/dbt", "build"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&missing.stderr).contains("TW-DBT-NO-PROGRAM"),
        "{}",
        told(&missing)
    );
    let dbt = scene.fake("echo text; echo broken >&2; exit 2");
    let failed = scene.run(&["run", "--", &dbt, "build"]);
    assert_eq!(failed.status.code(), Some(2), "{}", told(&failed));
    assert_eq!(String::from_utf8_lossy(&failed.stdout), "text\n");
    assert!(
        String::from_utf8_lossy(&failed.stderr).starts_with("broken\n"),
        "{}",
        told(&failed)
    );
    assert_eq!(scene.site.refresh_calls(), BTreeMap::new());
    // Under another name.
    std::fs::rename(scene.path("dbt"), scene.path("dbtx")).unwrap();
    let other = scene.run(&[
        "run",
        "--dbt",
        "dbtx",
        "--",
        scene.path("dbtx").to_str().unwrap(),
        "build",
    ]);
    assert_eq!(other.status.code(), Some(2), "{}", told(&other));
}

/// The demo project, built by real dbt in `.venv`, with one test more that fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_build_with_a_failing_test_holds_what_stands_on_it_and_lets_the_rest_go() {
    let scene = Scene::new().await;
    let dbt = &real_project(&scene);
    // The project loads its raw tables from where dbt is called.
    copy(&root().join("demo/dbt/raw_data"), &scene.path("raw_data"));
    let test = "select * from {{ ref('rpt_revenue_by_region') }} limit 1\n";
    scene.write("dbt-project/tests/revenue_is_wrong.sql", test);
    let project = ["--project-dir", "dbt-project", "--profiles-dir", "dbt-project"];
    let deps = scene.run(&[&["run", "--no-refresh", "--", dbt, "deps"], &project[..]].concat());
    assert!(deps.status.success(), "{}", told(&deps));
    let output = scene.run(&[&["--json", "run", "--wait", "--", dbt, "build"], &project[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let answer = answer(&output);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("Completed with 1 error"),
        "{}",
        told(&output)
    );
    insta::assert_json_snapshot!(
        "real_build",
        json!({
            "refreshed": names(&answer, "succeeded"),
            "held": names(&answer, "held"),
            "problems": answer["problems"],
            "dbt_version": answer["dbt_version"],
        })
    );
    assert!(answer["live"].as_u64().unwrap() > 0, "{answer:#}");
    let calls = scene.site.refresh_calls();
    assert!(calls.values().all(|calls| *calls == 1), "{calls:?}");

    // Mended: `dbt test` alone lets go of what was held, and of nothing else.
    scene.write(
        "dbt-project/tests/revenue_is_wrong.sql",
        "select 1 where 1 = 0 and exists (select 1 from {{ ref('rpt_revenue_by_region') }})\n",
    );
    scene.site.clear_requests();
    let output = scene.run(
        &[
            &[
                "--json",
                "run",
                "--wait",
                "--",
                dbt,
                "test",
                "--select",
                "revenue_is_wrong",
            ],
            &project[..],
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    insta::assert_json_snapshot!(
        "mended",
        json!({"refreshed": names(&self::answer(&output), "succeeded")})
    );
}

/// The same as a job: what it builds is refreshed once, by the job's own variables, and the log tells of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_refreshes_what_stands_on_what_it_built() {
    let scene = Scene::new().await;
    let dbt = &real_project(&scene);
    let common = [
        "--project",
        "shop",
        "--directory",
        "dbt-project",
        "--profiles-dir",
        "dbt-project",
    ];
    let add = |name: &str, options: &[&str], steps: &[&str]| {
        let steps: Vec<&str> = steps.iter().flat_map(|step| ["--step", step]).collect();
        let program = ["--program", dbt];
        scene.tell(&[&["job", "add", name][..], &common, &program, options, &steps].concat());
    };
    // Builds what an extract stands on that is due.
    add(
        "off",
        &["--refresh", "false"],
        &[
            "dbt deps",
            "dbt build --select +fct_revenue --indirect-selection cautious",
        ],
    );
    add("on", &[], &["dbt build", "dbt docs generate"]);
    let log = scene.tell(&["job", "run", "off", "--here"]);
    assert!(!log.contains(": queued"), "{log}");
    assert!(scene.site.refresh_calls().is_empty());
    let log = scene.tell(&["job", "run", "on", "--here"]);
    assert!(log.contains(": queued"), "{log}");
    let calls = scene.site.refresh_calls();
    assert!(
        !calls.is_empty() && calls.values().all(|calls| *calls == 1),
        "{calls:?}"
    );
    // Decided while dbt built: told of before dbt ended.
    let asked = log.find(": queued").unwrap();
    let ended = log.find("==> dbt docs generate").unwrap();
    assert!(asked < ended, "{log}");
}

/// The demo project in the scene; answers the path of the real dbt in `.venv`.
fn real_project(scene: &Scene) -> String {
    let dbt = root().join(".venv/bin/dbt");
    assert!(
        dbt.exists(),
        "no dbt at {}: run scripts/setup-python",
        dbt.display()
    );
    copy(&root().join("demo/dbt"), &scene.path("dbt-project"));
    copy(&root().join("demo/dbt-packages"), &scene.path("dbt-packages"));
    dbt.to_str().unwrap().to_owned()
}
