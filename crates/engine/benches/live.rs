//! From the end of a node in dbt's log to the call for the refresh that stands on it, while dbt runs.
//!
//! `cargo bench -p tailwater-engine --bench live` makes a dbt project up, and a simulated Tableau site with a workbook on each
//! model. A script in place of dbt goes on until it is told; meanwhile this program writes the ends of nodes to
//! dbt's log, one after the other, and waits each time until the site was asked. Between the two lie the look at the
//! file, the plan, the row in the store and the call. The figures stand in `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints what it measured"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use tailwater_core::clock::{Clock as _, SystemClock};
use tailwater_core::job::Mask;
use tailwater_core::refresh::{PolicyPart, RefreshCause};
use tailwater_dbt::command::{DbtCommand, Stop};
use tailwater_engine::bi::NoProgress;
use tailwater_engine::dbt_run::{DbtRunRequest, RefreshRequest, Silent};
use tailwater_engine::ingest::IngestRequest;
use tailwater_engine::policy::DbtVariables;
use tailwater_engine::refresh::Refresher;
use tailwater_engine::settings::{IntegrationSettings, Kind, Settings};
use tailwater_engine::sync::SyncOptions;
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::{Running, Simulator, SiteFile};
use tokio_util::sync::CancellationToken;

const SECRET: &str = "the-secret-of-the-token";
/// How many models, with a workbook on each.
const SIZES: [usize; 2] = [50, 2_000];
/// How many ends of nodes are measured.
const ENDS: usize = 40;

/// Goes on until it is told to end; answers what is going to run by the manifest alone.
const DBT: &str = r#"#!/bin/sh
here=$(dirname "$0")
mkdir -p "$here/target"
cp "$here/manifest.json" "$here/target/manifest.json"
cat "$here/begin" >> "$DBT_LOG_PATH/dbt.log"
while [ ! -e "$here/over" ]; do sleep 0.05; done
"#;

fn luid(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

async fn site(count: usize) -> Running {
    let mut text = format!(
        "[[site]]\ncontent_url = \"acme\"\n[[site.user]]\nname = \"ada@acme.example\"\n\
         role = \"SiteAdministratorExplorer\"\n[[site.token]]\nname = \"tailwater\"\nsecret = \"{SECRET}\"\n\
         user = \"ada@acme.example\"\n[[site.connection]]\nkey = \"warehouse\"\nclass = \"postgres\"\n\
         database = \"shop\"\n"
    );
    for number in 0..count {
        let _ = write!(
            text,
            "[[site.workbook]]\nluid = \"{}\"\nname = \"Book {number}\"\nproject = \"P\"\n\
             datasources = [{{ connection = \"warehouse\", tables = [\"m.t{number}\"], extract = true, \
             extract_refreshed_at = 2020-01-01T00:00:00Z }}]\nrefresh = {{ seconds = 3600, queued_seconds = 0 }}\n",
            luid(number)
        );
    }
    let file = SiteFile::from_toml(&text).unwrap();
    Simulator::start(file, tailwater_tableau_sim::Options::default())
        .await
        .unwrap()
}

fn manifest(count: usize) -> Value {
    let nodes: BTreeMap<String, Value> = (0..count)
        .map(|number| {
            let node = json!({
                "unique_id": format!("model.shop.t{number}"), "resource_type": "model",
                "name": format!("t{number}"), "package_name": "shop",
                "original_file_path": format!("models/t{number}.sql"), "raw_code": "select 1 as one",
                "database": "shop", "schema": "m", "alias": format!("t{number}"),
                "config": { "materialized": "table" },
            });
            (format!("model.shop.t{number}"), node)
        })
        .collect();
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.16",
            "generated_at": "2026-01-15T06:00:00Z", "invocation_id": "one", "project_name": "shop",
            "adapter_type": "postgres",
        },
        "nodes": nodes,
    })
}

/// A line of dbt's log.
fn line(name: &str, data: &Value) -> String {
    let now = SystemClock.now().to_rfc3339();
    let info = json!({
        "name": name, "code": "Q", "level": "debug", "msg": "", "ts": now, "invocation_id": "made-up",
    });
    format!("{}\n", json!({ "info": info, "data": data }))
}

fn end_of(number: usize) -> String {
    let now = SystemClock.now().to_rfc3339();
    let data = json!({
        "node_info": {
            "unique_id": format!("model.shop.t{number}"), "resource_type": "model", "node_status": "success",
            "node_finished_at": now,
        },
        "run_result": { "status": "success", "message": "", "num_failures": 0 },
    });
    line("NodeFinished", &data)
}

async fn workspace(root: &Utf8Path, simulator: &Running) -> Arc<Workspace> {
    let integration = IntegrationSettings {
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
        collections: vec!["P/**".to_owned()],
        projects: vec![],
        mapping: vec![],
        schedule: None,
    };
    let mut settings = Settings {
        integrations: vec![integration],
        ..Settings::default()
    };
    settings.refresh.defaults = PolicyPart {
        enabled: Some(true),
        interval_minutes: Some(0),
        at_once: Some(500),
        ..PolicyPart::default()
    };
    let options = Options {
        root: root.to_owned(),
        settings,
        key: None,
        clock: Arc::new(SystemClock),
    };
    let workspace = Arc::new(Workspace::open(options).await.unwrap());
    workspace.add_project_without_path("shop".into()).await.unwrap();
    let ingest = IngestRequest {
        project: "shop".into(),
        environment: None,
        path: root.join("manifest.json"),
        is_forced: false,
        by: "the benchmark".to_owned(),
    };
    workspace.ingest(&ingest).await.unwrap();
    let cancel = CancellationToken::new();
    let name = "main".into();
    let sync = workspace.sync(&name, SyncOptions::default(), &NoProgress, &cancel);
    sync.await.unwrap();
    workspace
}

/// The times from line to call, sorted.
async fn measure(count: usize) -> Vec<Duration> {
    let directory = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    let write = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
    write("secret", SECRET);
    write("dbt.sh", DBT);
    write("manifest.json", &manifest(count).to_string());
    let begin = json!({ "artifact_path": "target/manifest.json" });
    write("begin", &line("ArtifactWritten", &begin));
    let simulator = site(count).await;
    let workspace = workspace(&root, &simulator).await;
    let refresher = Refresher::new(Arc::clone(&workspace), CancellationToken::new());
    refresher.start();
    let logs = root.join("logs");
    std::fs::create_dir(&logs).unwrap();
    let request = DbtRunRequest {
        project: "shop".into(),
        environment: None,
        command: DbtCommand {
            program: vec!["sh".to_owned(), root.join("dbt.sh").into_string()],
            arguments: vec!["build".to_owned()],
            directory: root.clone(),
            environment: BTreeMap::new(),
            withheld: Vec::new(),
            target_path: None,
            log_path: Some(logs.clone()),
        },
        artifacts: None,
        by: "the benchmark".to_owned(),
        refresh: Some(RefreshRequest {
            cause: RefreshCause::DbtRun,
            job_run: None,
            variables: DbtVariables::default(),
        }),
        mask: Mask::default(),
        job_run: None,
    };
    let stop = Stop::new(CancellationToken::new(), Duration::from_secs(5));
    let mut silent = Silent;
    let running = tailwater_engine::dbt_run::run(&workspace, &request, &stop, &mut silent);
    let log = logs.join("dbt.log");
    let telling = async {
        while !log.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut times = Vec::new();
        // The first few stand for the sign-in and for what is made ready once for a build.
        for number in 0..ENDS + 2 {
            let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
            file.write_all(end_of(number).as_bytes()).unwrap();
            let began = Instant::now();
            while !simulator.refresh_calls().contains_key(&luid(number)) {
                assert!(began.elapsed() < Duration::from_mins(1), "it was never asked for");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            times.push(began.elapsed());
            // As chance has it between two looks at the log.
            tokio::time::sleep(Duration::from_millis(u64::try_from(number * 37 % 200).unwrap())).await;
        }
        std::fs::write(root.join("over"), "").unwrap();
        times
    };
    let (ran, times) = tokio::join!(running, telling);
    assert_eq!(ran.unwrap().live, ENDS + 2);
    refresher.shut_down().await;
    println!(
        "{count} models: the first, with all that is made ready for it, after {:.0?}",
        times[0]
    );
    let mut times = times[2..].to_vec();
    times.sort();
    times
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for count in SIZES {
        let times = runtime.block_on(measure(count));
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        println!(
            "{count} models with a workbook on each: median {:.0?}, 95th percentile {:.0?}, longest {:.0?}",
            at(50),
            at(95),
            at(100)
        );
    }
}
