//! Server time of pages with 20,000 resources of dbt and 20,000 exposures on them.
//!
//! `cargo bench -p tailwater-web --bench page` asks each page many times, as a browser does, and prints the median and
//! the 95th percentile of the time until the whole answer is there: routing, sign-in, the catalog, HTML. No network,
//! and no compression, since the requests do not accept any. The figures stand in `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints what it measured"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, HOST};
use axum::http::{Request, StatusCode};
use camino::Utf8Path;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tailwater_core::clock::SystemClock;
use tailwater_core::id::ProjectName;
use tailwater_engine::Workspace;
use tailwater_engine::hub::CatalogHub;
use tailwater_engine::settings::Settings;
use tailwater_engine::workspace::Options;
use tailwater_web::{App, AppOptions, router};
use tower::ServiceExt as _;

const SOURCES: usize = 2_000;
const MODELS: usize = 8_000;
const TESTS: usize = 10_000;
const EXPOSURES: usize = 20_000;
const COLUMNS: usize = 10;

/// How often each page is asked for.
const ROUNDS: usize = 100;

/// The pages, and what is measured by each.
const PAGES: [(&str, &str); 16] = [
    ("/", "home"),
    ("/models", "list of models, first page"),
    ("/models?page=80", "list of models, last page"),
    ("/models?sort=name&desc=1", "list of models, sorted by name"),
    (
        "/models?sort=exposures&desc=1",
        "list of models, sorted by dashboards",
    ),
    (
        "/models?q=fct&layer=marts&health=caution",
        "list of models, filtered",
    ),
    ("/sources", "list of sources"),
    ("/tests", "list of tests"),
    ("/health", "health, everything not healthy"),
    ("/search?q=fct_", "search for a prefix"),
    ("/search?q=customer%20amount", "search for two words"),
    ("/tree/files", "tree of files"),
    ("/tree/database?in=analytics", "tree of the database"),
    ("/models/model.shop.fct_0", "page of a model"),
    ("/models/model.shop.fct_0/downstream", "what stands on a model"),
    ("/models/model.shop.stg_1", "page of a model near the sources"),
];

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(directory.path()).unwrap();
    let target = root.join("target");
    std::fs::create_dir(&target).unwrap();
    std::fs::write(target.join("manifest.json"), manifest().to_string()).unwrap();
    std::fs::write(target.join("run_results.json"), run_results().to_string()).unwrap();
    let workspace = Workspace::open(Options {
        root: root.to_owned(),
        settings: Settings::default(),
        key: None,
        clock: Arc::new(SystemClock),
    });
    let workspace = Arc::new(workspace.await.unwrap());
    workspace
        .add_project(ProjectName::new("shop"), &target)
        .await
        .unwrap();
    let began = Instant::now();
    let hub = CatalogHub::open(Arc::clone(&workspace)).await.unwrap();
    println!(
        "catalog of {} resources read and built in {:.0?}",
        hub.current(None).graph().len(),
        began.elapsed()
    );
    let began = Instant::now();
    let words = hub.current(None).search_index().len();
    println!(
        "search index of {words} documents built in {:.0?}",
        began.elapsed()
    );
    let options = AppOptions {
        is_local: true,
        ..AppOptions::default()
    };
    let service = router::router(&App::new(hub, options));
    println!("| page | median | 95th percentile | kB |\n| --- | --- | --- | --- |");
    for (address, title) in PAGES {
        let mut times = Vec::with_capacity(ROUNDS);
        let mut size = 0;
        ask(&service, address).await;
        for _ in 0..ROUNDS {
            let (time, bytes) = ask(&service, address).await;
            times.push(time);
            size = bytes;
        }
        times.sort_unstable();
        let (median, late) = (times[ROUNDS / 2], times[ROUNDS * 95 / 100]);
        println!(
            "| {title} (`{address}`) | {median:.1?} | {late:.1?} | {} |",
            size / 1000
        );
    }
}

async fn ask(service: &Router, address: &str) -> (Duration, usize) {
    let request = Request::builder()
        .uri(address)
        .header(HOST, "localhost")
        .header(ACCEPT, "text/html");
    let request = request.body(Body::empty()).unwrap();
    let began = Instant::now();
    let response = service.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{address}");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (began.elapsed(), bytes.len())
}

/// A project in the shape of a large real one: sources, four layers of models, tests, dashboards.
fn manifest() -> Value {
    let mut nodes = serde_json::Map::new();
    let mut sources = serde_json::Map::new();
    let mut exposures = serde_json::Map::new();
    for at in 0..SOURCES {
        let id = source_id(at);
        let (source, table) = (format!("raw_{}", at / 20), format!("table_{at}"));
        sources.insert(
            id.clone(),
            json!({
                "unique_id": id, "resource_type": "source", "name": table, "source_name": source, "package_name": "shop",
                "fqn": ["shop", source, table], "path": "models/sources.yml",
                "original_file_path": format!("models/staging/{source}/_sources.yml"),
                "description": "A table that is loaded every hour from the shop.", "tags": ["raw"],
                "database": "raw", "schema": source, "identifier": table, "relation_name": format!("\"raw\".\"{source}\".\"{table}\""),
                "columns": columns(at), "config": {"enabled": true},
                "freshness": {"warn_after": {"count": 12, "period": "hour"}, "error_after": {"count": 24, "period": "hour"}},
            }),
        );
    }
    for at in 0..MODELS {
        let id = model_id(at);
        let name = id.rsplit('.').next().unwrap();
        let (folder, parents) = match at % 4 {
            0 => (
                "marts",
                vec![
                    model_id((at + 2).min(MODELS - 2)),
                    model_id(1),
                    model_id((at * 7) % MODELS / 4 * 4 + 3),
                ],
            ),
            2 => (
                "intermediate",
                vec![model_id(at - 1), model_id((at * 5) % MODELS / 4 * 4 + 1)],
            ),
            _ => ("staging", vec![source_id(at % SOURCES)]),
        };
        nodes.insert(
            id.clone(),
            json!({
                "unique_id": id, "resource_type": "model", "name": name, "package_name": "shop", "fqn": ["shop", folder, name],
                "path": format!("{folder}/area_{}/{name}.sql", at % 40),
                "original_file_path": format!("models/{folder}/area_{}/{name}.sql", at % 40),
                "description": format!("Model number {at}: one row per order of a customer, with amounts in euro."),
                "tags": [format!("team_{}", at % 12), "nightly"], "group": format!("group_{}", at % 8), "access": "protected",
                "database": "analytics", "schema": folder, "alias": name, "relation_name": format!("\"analytics\".\"{folder}\".\"{name}\""),
                "config": {"materialized": if at % 3 == 0 { "table" } else { "view" }},
                "columns": columns(at), "depends_on": {"nodes": parents, "macros": []},
            }),
        );
    }
    for at in 0..TESTS {
        let (id, model) = (test_id(at), model_id(at % MODELS));
        nodes.insert(
            id.clone(),
            json!({
                "unique_id": id, "resource_type": "test", "name": format!("not_null_{at}"), "package_name": "shop",
                "fqn": ["shop", "marts", format!("not_null_{at}")], "path": format!("not_null_{at}.sql"),
                "original_file_path": format!("models/marts/_models_{}.yml", at % 200), "attached_node": model,
                "column_name": "column_1", "test_metadata": {"name": "not_null", "kwargs": {}},
                "config": {"severity": "ERROR"}, "depends_on": {"nodes": [model]},
            }),
        );
    }
    for at in 0..EXPOSURES {
        let id = format!("exposure.shop.dashboard_{at}");
        exposures.insert(
            id.clone(),
            json!({
                "unique_id": id, "resource_type": "exposure", "name": format!("dashboard_{at}"), "label": format!("Dashboard {at}"),
                "type": "dashboard", "package_name": "shop", "fqn": ["shop", format!("dashboard_{at}")],
                "path": "exposures.yml", "original_file_path": format!("models/exposures/area_{}.yml", at % 100),
                "owner": {"name": format!("Owner {}", at % 300), "email": format!("owner.{}@shop.example", at % 300)},
                "url": format!("https://bi.shop.example/#/workbooks/{at}"), "description": "What people look at every morning.",
                "tags": ["bi"], "depends_on": {"nodes": [model_id(at % 2_000 / 4 * 4), model_id((at * 11) % MODELS / 4 * 4)]},
            }),
        );
    }
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.16",
            "generated_at": "2026-11-21T06:00:00Z", "invocation_id": "00000000-0000-0000-0000-000000000001",
            "adapter_type": "postgres", "project_name": "shop",
        },
        "nodes": nodes, "sources": sources, "exposures": exposures, "macros": {}, "groups": {}, "metrics": {},
        "semantic_models": {}, "saved_queries": {}, "unit_tests": {}, "disabled": {}, "docs": {}, "selectors": {},
        "parent_map": {}, "child_map": {}, "group_map": {},
    })
}

/// A build in which most went well.
fn run_results() -> Value {
    let result = |id: String, status: &str| {
        json!({
            "unique_id": id, "status": status, "execution_time": 1.5, "message": "done", "failures": null,
            "timing": [{"name": "execute", "started_at": "2026-11-21T06:00:00Z", "completed_at": "2026-11-21T06:00:01Z"}],
            "adapter_response": {},
        })
    };
    let models = (0..MODELS).map(|at| result(model_id(at), if at % 97 == 0 { "error" } else { "success" }));
    let tests = (0..TESTS).map(|at| result(test_id(at), if at % 61 == 0 { "warn" } else { "pass" }));
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "dbt_version": "1.11.16",
            "generated_at": "2026-11-21T06:30:00Z", "invocation_id": "00000000-0000-0000-0000-000000000002",
        },
        "args": {"which": "build"}, "elapsed_time": 1800.0, "results": models.chain(tests).collect::<Vec<_>>(),
    })
}

fn source_id(at: usize) -> String {
    format!("source.shop.raw_{}.table_{at}", at / 20)
}

fn model_id(at: usize) -> String {
    let prefix = ["fct", "stg", "int", "base"][at % 4];
    format!("model.shop.{prefix}_{at}")
}

fn test_id(at: usize) -> String {
    format!("test.shop.not_null_{at}.{:010x}", at * 7_919)
}

fn columns(of: usize) -> Value {
    let column = |at: usize| {
        let name = ["id", "customer_id", "amount", "ordered_at", "country"][at % 5];
        let name = format!("{name}_{}", of % 50 + at);
        (
            name.clone(),
            json!({"name": name, "description": "What it is called.", "data_type": "integer"}),
        )
    };
    (0..COLUMNS).map(column).collect()
}
