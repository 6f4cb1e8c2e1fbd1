//! The demo as one story: a manifest that real dbt built, a Tableau site, and the exposures that somebody
//! wrote down by hand (`demo/expected-exposures.json`) before the program said anything about them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up should stop"
)]

mod project_copy;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::SiteFile;
use tailwater_tableau_sim::{Options, Running, Simulator};
use tempfile::TempDir;

use crate::project_copy::copy;

const TOKEN_SECRET: &str = "demo-secret";

/// A scratch directory with a configuration, and the site that it speaks of.
struct Demo {
    directory: TempDir,
    site: Running,
    expected: Value,
}

impl Demo {
    async fn start() -> Self {
        let file = SiteFile::load(&demo_directory().join("site.toml")).unwrap();
        Self::serving(file).await
    }

    async fn serving(file: SiteFile) -> Self {
        let expected = std::fs::read(demo_directory().join("expected-exposures.json")).unwrap();
        let story = Self {
            directory: tempfile::tempdir().unwrap(),
            site: Simulator::start(file, Options::default()).await.unwrap(),
            expected: serde_json::from_slice(&expected).unwrap(),
        };
        story.configure(&[]);
        story
    }

    /// Writes `tailwater.toml`, with the given mapping rules.
    fn configure(&self, rules: &[&Value]) {
        let mut settings = format!(
            "[[project]]\nname = \"shop\"\ntarget_dir = {target}\n\n\
             [[integration]]\nname = \"main\"\nkind = \"tableau\"\nserver = {server}\nsite = \"shop\"\n\
             token_name = \"tailwater\"\ntoken_secret_env = \"DEMO_TOKEN_SECRET\"\ncollections = {collections}\n",
            target = json!(demo_directory().join("dbt/target")),
            server = json!(self.site.base_url()),
            collections = self.expected["collections"],
        );
        for rule in rules {
            let (database, to) = (&rule["database"], &rule["to"]);
            write!(
                settings,
                "\n[[integration.map]]\ndatabase = {database}\nto = {to}\n"
            )
            .unwrap();
        }
        std::fs::write(self.directory.path().join("tailwater.toml"), settings).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::cargo_bin("tailwater")
            .unwrap()
            .args(arguments)
            .current_dir(self.directory.path())
            .env("DEMO_TOKEN_SECRET", TOKEN_SECRET)
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    /// What came of each target that was decided, with the words that people read.
    fn refreshes(&self) -> BTreeMap<String, String> {
        let told: Value = serde_json::from_str(&self.tell(&["refreshes", "--json"])).unwrap();
        let refreshes = told["refreshes"].as_array().unwrap().iter().rev();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        refreshes
            .map(|refresh| (text(&refresh["name"]), text(&refresh["outcome"])))
            .collect()
    }

    /// Runs a command that must do its work, and answers what it printed.
    #[track_caller]
    fn tell(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let printed = String::from_utf8(output.stdout).unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "`tailwater {}` ended with {:?}\n{printed}\n{complaints}",
            arguments.join(" "),
            output.status.code()
        );
        for text in [&printed, &complaints] {
            assert!(
                !text.contains(TOKEN_SECRET),
                "the secret is in what {arguments:?} printed"
            );
        }
        printed
    }

    /// What is told of each exposure, by its name, in the form of the expectations.
    fn exposures(&self) -> BTreeMap<String, Value> {
        let printed = self.tell(&["exposures", "--json"]);
        let exposures: Vec<Value> = serde_json::from_str(&printed).unwrap();
        exposures
            .iter()
            .map(|exposure| {
                let name = exposure["name"].as_str().unwrap_or_default().to_owned();
                (name, condensed(exposure))
            })
            .collect()
    }

    /// What must be told of each exposure, before or after the mapping rule.
    fn expectations(&self, with_rule: bool) -> BTreeMap<String, Value> {
        let imported = self.expected["exposures"].as_array().unwrap();
        let declared = self.expected["declared_only"].as_array().unwrap();
        imported
            .iter()
            .chain(declared)
            .map(|expected| {
                let changed = &expected["after_map"];
                let now = |field: &str| {
                    if with_rule && !changed[field].is_null() {
                        changed[field].clone()
                    } else {
                        expected[field].clone()
                    }
                };
                let name = expected["name"].as_str().unwrap_or_default().to_owned();
                let gaps = now("gaps");
                let expectation = json!({
                    "unique_id": format!("exposure.shop.{name}"),
                    "label": expected["label"],
                    "mode": expected["mode"],
                    "luid": expected["luid"],
                    "project_path": expected["project_path"],
                    "depends_on": now("depends_on"),
                    "gaps": if gaps.is_null() { json!([]) } else { gaps },
                });
                (name, expectation)
            })
            .collect()
    }
}

/// What `scripts/demo` makes beside it: the project with tonight's failing test, and the job in the settings. Answers
/// the directory of real dbt.
fn prepare_job(demo: &Demo) -> PathBuf {
    let dbt = demo_directory().join("../.venv/bin").canonicalize();
    let dbt = dbt.expect("no dbt in .venv: run scripts/setup-python");
    let directory = demo.directory.path();
    for part in ["dbt", "dbt-packages"] {
        copy(&demo_directory().join(part), &directory.join(part));
    }
    let failing = std::fs::read_to_string(demo_directory().join("failing-test.sql")).unwrap();
    std::fs::write(
        directory.join("dbt/tests/assert_no_region_falls_short.sql"),
        failing,
    )
    .unwrap();
    demo.configure(&[&demo.expected["map"]]);
    let settings = directory.join("tailwater.toml");
    let own = std::fs::read_to_string(demo_directory().join("tailwater.toml")).unwrap();
    // The project's artifacts are those that the job makes.
    let declared = std::fs::read_to_string(&settings).unwrap();
    let declared: Vec<&str> = declared
        .lines()
        .filter(|line| !line.starts_with("target_dir"))
        .collect();
    std::fs::write(&settings, format!("{own}\n{}\n", declared.join("\n"))).unwrap();
    dbt
}

fn demo_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

/// The parts of an exposure that are written down by hand.
fn condensed(exposure: &Value) -> Value {
    let mut gaps: Vec<&str> = exposure["gaps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|gap| gap["reason"].as_str())
        .collect();
    gaps.sort_unstable();
    json!({
        "unique_id": exposure["unique_id"],
        "label": exposure["label"],
        "mode": exposure["mode"],
        "luid": exposure["workbook"]["luid"],
        "project_path": exposure["workbook"]["project_path"],
        "depends_on": exposure["depends_on"],
        "gaps": gaps,
    })
}

/// Every difference at once: with dozens of exposures the first alone tells little.
#[track_caller]
fn assert_equal(actual: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    let names: BTreeSet<&String> = actual.keys().chain(expected.keys()).collect();
    let differences: Vec<String> = names
        .into_iter()
        .filter(|name| actual.get(*name) != expected.get(*name))
        .map(|name| {
            let shown = |side: Option<&Value>| side.map_or("absent".to_owned(), |value| format!("{value:#}"));
            format!(
                "{name}: is {}\nbut must be {}",
                shown(actual.get(name)),
                shown(expected.get(name))
            )
        })
        .collect();
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_comes_out_as_written_down_by_hand() {
    let demo = Demo::start().await;

    demo.tell(&["sync", "main"]);
    assert_equal(&demo.exposures(), &demo.expectations(false));

    demo.configure(&[&demo.expected["map"]]);
    demo.tell(&["sync", "main"]);
    assert_equal(&demo.exposures(), &demo.expectations(true));

    let before = demo.exposures();
    let again = demo.tell(&["sync", "main"]);
    assert!(again.to_lowercase().contains("nothing changed"), "{again}");
    assert_equal(&demo.exposures(), &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_has_evidence_and_every_gap_a_remedy() {
    let demo = Demo::start().await;
    demo.tell(&["sync", "main"]);
    let exposures: Vec<Value> = serde_json::from_str(&demo.tell(&["exposures", "--json"])).unwrap();
    for exposure in &exposures {
        let nodes: Vec<&Value> = exposure["links"]
            .as_array()
            .unwrap()
            .iter()
            .map(|link| &link["node"])
            .collect();
        assert_eq!(json!(nodes), exposure["depends_on"], "{}", exposure["name"]);
        for link in exposure["links"].as_array().unwrap() {
            assert!(!link["evidence"].as_array().unwrap().is_empty(), "{link:#}");
        }
        for gap in exposure["gaps"].as_array().unwrap() {
            assert!(
                gap["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()),
                "{gap:#}"
            );
            assert!(gap["candidates"].is_array(), "{gap:#}");
        }
    }
}

/// One extract goes, one was refreshed today already, one is held for the test that fails; mended, that goes too.
#[tokio::test(flavor = "multi_thread")]
async fn the_job_of_the_demo_refreshes_skips_and_holds() {
    let text = std::fs::read_to_string(demo_directory().join("site.toml")).unwrap();
    // As scripts/demo does.
    let placeholder = "2026-01-15T07:00:00Z";
    assert_eq!(text.matches(placeholder).count(), 1);
    let now = chrono::DateTime::<chrono::Utc>::from(
        tempfile::NamedTempFile::new()
            .unwrap()
            .as_file()
            .metadata()
            .unwrap()
            .modified()
            .unwrap(),
    );
    let text = text.replace(placeholder, &now.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let file = SiteFile::from_toml(&text).unwrap();
    let demo = Demo::serving(file).await;
    let dbt = prepare_job(&demo);
    let target = demo_directory().join("dbt/target");
    demo.tell(&["ingest", target.to_str().unwrap()]);
    demo.tell(&["sync", "main"]);

    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(dbt).chain(std::env::split_paths(&path))).unwrap();
    let run = || {
        let mut command = Command::cargo_bin("tailwater").unwrap();
        let command = command.args(["--json", "job", "run", "nightly", "--here"]);
        let command = command.current_dir(demo.directory.path()).env("PATH", &path);
        let output = command.env("DEMO_TOKEN_SECRET", TOKEN_SECRET).output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let run: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{log}"));
        (run["state"].clone(), log)
    };
    let (state, log) = run();
    assert_eq!(state, "failed", "{log}");
    for words in [
        "Revenue (certified): held (test assert_no_region_falls_short failed)",
        "Best sellers: skipped (refreshed ",
        "Monthly report: queued",
    ] {
        assert!(log.contains(words), "no `{words}` in:\n{log}");
    }
    let refreshes = demo.refreshes();
    assert_eq!(refreshes["Revenue (certified)"], "held", "{refreshes:?}");
    assert_eq!(refreshes["Best sellers"], "skipped", "{refreshes:?}");
    assert_eq!(demo.site.refresh_calls().len(), 1);

    let failing = demo
        .directory
        .path()
        .join("dbt/tests/assert_no_region_falls_short.sql");
    let mended = std::fs::read_to_string(&failing).unwrap();
    assert!(
        mended.trim_end().ends_with("< 30"),
        "docs/demo.md tells how to mend it"
    );
    std::fs::write(&failing, mended.trim_end().replace("< 30", "< 20")).unwrap();
    let (state, log) = run();
    assert_eq!(state, "succeeded", "{log}");
    assert!(log.contains("Revenue (certified): queued"), "{log}");
    // The other was refreshed just now, and is not asked for once more.
    let calls = demo.site.refresh_calls();
    assert_eq!(calls.values().copied().collect::<Vec<_>>(), [1, 1], "{log}");
}
