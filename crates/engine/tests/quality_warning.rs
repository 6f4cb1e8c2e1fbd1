//! Data quality warnings in a simulated Tableau: put, kept over restarts, taken back, others' left alone.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]
#![expect(dead_code, reason = "this suite needs a part of the stage alone")]

mod acme;

use std::sync::Arc;

use acme::{SECRET, Workbook};
use camino::Utf8PathBuf;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
use tailwater_bi::http::{Call, HttpClient, HttpSettings};
use tailwater_bi::warning::{Content, ContentKind, MARKER, Warner};
use tailwater_bi::{Connector as _, Credential, TableauConnector, TableauSettings};
use tailwater_core::clock::SystemClock;
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_engine::bi::NoProgress;
use tailwater_engine::settings::Settings;
use tailwater_engine::signal::{CatalogSource, Signals};
use tailwater_engine::sync::SyncOptions;
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::Running;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

struct Bench {
    directory: TempDir,
    simulator: Running,
}

/// One dashboard on `orders`, one on `customers`.
fn workbooks() -> [Workbook<'static>; 2] {
    let book = |number, name, table| Workbook {
        number,
        day: 1,
        project: "Sales",
        name,
        table,
    };
    [
        book(1, "Weekly", "shop.main.orders"),
        book(2, "People", "shop.main.customers"),
    ]
}

impl Bench {
    async fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let simulator = acme::start(workbooks()).await;
        let bench = Self { directory, simulator };
        bench.write("secret", SECRET);
        bench.write("target/manifest.json", &manifest());
        bench
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    fn test_ended(&self, status: &str, minute: u32) {
        let run = json!({
            "metadata": {
                "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "dbt_version": "1.11.0",
                "generated_at": format!("2026-01-10T06:{minute:02}:00Z"), "invocation_id": format!("run {minute}"),
            },
            "results": [{
                "unique_id": "test.shop.not_null_orders_id.x", "status": status, "execution_time": 1.0, "timing": [],
                "failures": 3,
            }],
            "elapsed_time": 1.0, "args": {"which": "test"},
        });
        self.write("target/run_results.json", &run.to_string());
    }

    async fn workspace(&self, is_on: bool) -> Workspace {
        let root = Utf8PathBuf::from_path_buf(self.directory.path().to_owned()).expect("UTF-8");
        let mut settings = Settings {
            projects: vec![acme::project("target/manifest.json".into())],
            integrations: vec![acme::integration(&self.simulator)],
            ..Settings::default()
        };
        if is_on {
            settings.signals.quality_warnings = vec!["main".into()];
        }
        Workspace::open(Options {
            root,
            settings,
            key: None,
            clock: Arc::new(SystemClock),
        })
        .await
        .expect("a workspace")
    }

    /// The tool, asked past Tailwater.
    fn tool(&self) -> TableauConnector {
        let settings = TableauSettings::new(
            "main".into(),
            self.simulator.base_url(),
            "acme",
            Credential::PersonalAccessToken {
                name: "tailwater".to_owned(),
                secret: SecretString::from(SECRET),
            },
        );
        tailwater_bi::tableau(settings, Arc::new(SystemClock)).expect("a connector")
    }

    /// The tool is one of an older version.
    fn is_of(&self, version: Option<&str>) {
        let version = version.map(str::to_owned);
        self.simulator
            .set_switches(|switches| switches.rest_version = version);
    }

    /// Somebody puts a warning on the content in the tool, perhaps to switch it on later.
    async fn put_by_hand(&self, content: &Content, is_active: bool) {
        let http = HttpClient::new(HttpSettings::default(), Arc::new(SystemClock)).expect("a client");
        let send = async |method: &str, path: &str, token: Option<&str>, body: Value| {
            let url = format!("{}/api/3.20/{path}", self.simulator.base_url());
            let url = url.parse().expect("an address");
            let mut call = Call::post("a call by hand", url, "application/json", body.to_string())
                .header("accept", "application/json".parse().expect("a value"));
            call.method = method.parse().expect("a method");
            if let Some(token) = token {
                call = call.header("x-tableau-auth", token.parse().expect("a token"));
            }
            let answer = http.send_with_policy(&call).await.expect("an answer");
            assert!(answer.is_success(), "{}", String::from_utf8_lossy(&answer.body));
            serde_json::from_slice::<Value>(&answer.body).expect("JSON")
        };
        let credentials = json!({"credentials": {
            "personalAccessTokenName": "tailwater", "personalAccessTokenSecret": SECRET,
            "site": {"contentUrl": "acme"},
        }});
        let session = send("POST", "auth/signin", None, credentials).await;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let token = text(&session["credentials"]["token"]);
        let site = text(&session["credentials"]["site"]["id"]);
        let body = json!({
            "contentList": {"content": [{"contentType": content.kind.name(), "id": content.id}]},
            "label": {"value": "warning", "message": "by hand", "active": is_active},
        });
        send("PUT", &format!("sites/{site}/labels"), Some(&token), body).await;
    }

    async fn messages(&self, content: &Content) -> Vec<String> {
        let tool = self.tool();
        let found = tool.fetch_warnings(content).await.expect("warnings");
        tool.sign_out().await;
        found.into_iter().map(|warning| warning.message).collect()
    }
}

fn manifest() -> String {
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0",
            "generated_at": "2026-01-10T05:00:00Z", "invocation_id": "m", "project_name": "shop",
            "adapter_type": "duckdb",
        },
        "nodes": {
            "model.shop.orders": {
                "unique_id": "model.shop.orders", "resource_type": "model", "name": "orders", "package_name": "shop",
                "original_file_path": "models/orders.sql", "raw_code": "select 1", "schema": "main",
                "alias": "orders", "database": "shop", "relation_name": "\"shop\".\"main\".\"orders\"",
            },
            "model.shop.customers": {
                "unique_id": "model.shop.customers", "resource_type": "model", "name": "customers",
                "package_name": "shop", "original_file_path": "models/customers.sql", "raw_code": "select 1",
                "schema": "main", "alias": "customers", "database": "shop",
                "relation_name": "\"shop\".\"main\".\"customers\"",
            },
            "test.shop.not_null_orders_id.x": {
                "unique_id": "test.shop.not_null_orders_id.x", "resource_type": "test",
                "name": "not_null_orders_id", "package_name": "shop", "original_file_path": "models/orders.yml",
                "raw_code": "", "schema": "main", "alias": "x", "database": "shop",
                "attached_node": "model.shop.orders", "column_name": "id", "config": {"severity": "ERROR"},
                "test_metadata": {"name": "not_null", "kwargs": {}},
                // As of a test of relationships: it is declared on one, and compares with the other.
                "depends_on": {"nodes": ["model.shop.customers", "model.shop.orders"], "macros": []},
            },
        },
    })
    .to_string()
}

async fn sync(workspace: &Workspace) {
    let report = workspace
        .sync(
            &"main".into(),
            SyncOptions::default(),
            &NoProgress,
            &CancellationToken::new(),
        )
        .await
        .expect("a sync");
    assert!(report.outcome.has_landed());
}

#[rstest]
#[case::labels(None)]
#[case::before_there_were_labels(Some("3.16"))]
#[tokio::test]
async fn a_failed_test_warns_on_its_table_until_it_passes(#[case] version: Option<&str>) {
    let bench = Bench::new().await;
    bench.is_of(version);
    bench.test_ended("fail", 1);
    let workspace = bench.workspace(true).await;
    sync(&workspace).await;
    let main = "main".into();
    let update = async |workspace: &Workspace, is_dry_run| {
        workspace.record_watched_runs().await.expect("runs");
        let catalog = workspace.catalog().await.expect("a catalog");
        workspace
            .update_warnings(&main, &catalog, is_dry_run)
            .await
            .expect("warnings")
    };
    let planned = update(&workspace, true).await;
    assert_eq!(planned.put.len(), 1, "on no other table: {planned:?}");
    assert_eq!(planned.put[0].name, "orders");
    assert_eq!(planned.put[0].text, "dbt test not_null_orders_id failed");
    let content = Content {
        kind: ContentKind::from_name(&planned.put[0].content_kind).expect("a kind"),
        id: planned.put[0].content.clone(),
    };
    assert_eq!(
        bench.messages(&content).await,
        [] as [&str; 0],
        "a dry run does nothing"
    );

    let done = update(&workspace, false).await;
    assert_eq!(done.put, planned.put);
    let expected = format!("dbt test not_null_orders_id failed {MARKER}");
    assert_eq!(bench.messages(&content).await, [expected.as_str()]);
    // Again, and after a restart: nothing to do.
    assert_eq!(update(&workspace, false).await.put, []);
    drop(workspace);
    let workspace = bench.workspace(true).await;
    assert_eq!(update(&workspace, false).await.put, []);
    assert_eq!(bench.messages(&content).await.len(), 1);
    // The process died between the tool's answer and the note of it: it is found again, not put twice.
    let mut stored = workspace
        .store()
        .warnings(&main)
        .await
        .expect("warnings")
        .remove(0);
    stored.tool_id = None;
    workspace.store().put_warning(&stored).await.expect("a row");
    assert_eq!(update(&workspace, false).await.put, planned.put);
    assert_eq!(bench.messages(&content).await.len(), 1);
    // Or before the tool was asked at all.
    workspace.store().put_warning(&stored).await.expect("a row");

    bench.test_ended("pass", 2);
    let done = update(&workspace, false).await;
    assert_eq!(done.taken_back.len(), 1, "{done:?}");
    assert_eq!(bench.messages(&content).await, [] as [&str; 0]);
    assert_eq!(update(&workspace, false).await.taken_back, []);
}

#[rstest]
#[case(true, true)]
#[case(true, false)]
#[case(false, false)]
#[tokio::test]
async fn what_somebody_else_put_is_left_alone_and_off_means_off(
    #[case] is_others: bool,
    #[case] is_active: bool,
) {
    let bench = Bench::new().await;
    bench.test_ended("fail", 1);
    let workspace = bench.workspace(is_others).await;
    sync(&workspace).await;
    let main = "main".into();
    workspace.record_watched_runs().await.expect("runs");
    let catalog = workspace.catalog().await.expect("a catalog");
    let planned = workspace
        .update_warnings(&main, &catalog, true)
        .await
        .expect("a plan");
    let content = Content {
        kind: ContentKind::from_name(&planned.put[0].content_kind).expect("a kind"),
        id: planned.put[0].content.clone(),
    };
    if is_others {
        bench.put_by_hand(&content, is_active).await;
    }
    let done = workspace.update_warnings(&main, &catalog, false).await;
    let done = done.map_err(|error| error.code()).expect("warnings");
    assert_eq!(done.put, []);
    let expected: &[&str] = if is_others { &["by hand"] } else { &[] };
    assert_eq!(bench.messages(&content).await, expected);
    assert_eq!(done.skipped.len(), usize::from(is_others));
}

/// Without Data Management, or the right to change the content, nothing is put, and looking for signals goes on.
#[tokio::test]
async fn a_refusal_is_told_with_what_to_do_and_keeps_nothing_from_going_on() {
    let bench = Bench::new().await;
    bench.test_ended("fail", 1);
    let workspace = Arc::new(bench.workspace(true).await);
    sync(&workspace).await;
    workspace.record_watched_runs().await.expect("runs");
    let catalog = workspace.catalog().await.expect("a catalog");
    let main = "main".into();
    let forbid = |role: &str| {
        let file = acme::site_file(workbooks(), role);
        bench.simulator.replace_sites(&file).expect("a site");
        bench.simulator.end_sessions();
    };
    forbid("Explorer");
    let refused = workspace.update_warnings(&main, &catalog, false).await;
    let refused = refused.expect_err("a refusal");
    assert_eq!(refused.code(), "TW-SIGNAL-DATA-MANAGEMENT");
    assert!(refused.hint().expect("a hint").contains("Data Management"));
    assert_eq!(workspace.store().warnings(&main).await.expect("warnings"), []);
    // The loop that looks for signals goes on, and does not ask again and again.
    let mut signals = Signals::new(Arc::clone(&workspace), CatalogSource::Own);
    assert!(signals.turn().await.expect("a turn").is_some());
    bench.simulator.clear_requests();
    bench.test_ended("fail", 2);
    assert!(signals.turn().await.expect("a turn").is_some());
    assert!(bench.simulator.requests().is_empty(), "not within the hour");
    signals.let_go().await;

    forbid("SiteAdministratorExplorer");
    let done = workspace.update_warnings(&main, &catalog, false).await;
    assert_eq!(done.expect("warnings").put.len(), 1);
}
