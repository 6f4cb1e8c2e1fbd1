//! A directory with a dbt project, a clock that is set by hand, and receivers of signals.

use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tailwater_core::clock::Clock;
use tailwater_engine::settings::{ProjectSettings, Settings};
use tailwater_engine::signal::{CatalogSource, Signals};
use tailwater_engine::workspace::{Options, Workspace};
use tempfile::TempDir;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub const KEY: &str = "the-key-of-the-webhook";

/// A clock that is set by hand.
#[derive(Debug)]
pub struct HandClock(pub Mutex<DateTime<Utc>>);

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("a clock")
    }
}

/// A directory with a dbt project whose dashboard `weekly` stands on the model `orders`.
pub struct Bench {
    pub directory: TempDir,
    pub clock: Arc<HandClock>,
    pub settings: Settings,
}

impl Bench {
    pub fn new(channels: &[&str]) -> Self {
        let directory = TempDir::new().expect("a directory");
        let now: DateTime<Utc> = "2026-01-10T06:00:00Z".parse().expect("an instant");
        let channels = channels
            .iter()
            .map(|channel| toml::from_str(channel).expect("a channel"))
            .collect();
        let mut settings = Settings {
            projects: vec![ProjectSettings {
                environments: Vec::new(),
                name: "shop".into(),
                manifest: Some("target/manifest.json".into()),
                target_dir: None,
            }],
            channels,
            ..Settings::default()
        };
        settings.serve.public_url = Some("https://data.acme.com".to_owned());
        let bench = Self {
            directory,
            clock: Arc::new(HandClock(Mutex::new(now))),
            settings,
        };
        bench.write("secret", KEY);
        bench.write("target/manifest.json", &manifest().to_string());
        bench
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    pub fn pass(&self, minutes: i64) {
        *self.clock.0.lock().expect("a clock") += TimeDelta::minutes(minutes);
    }

    /// What `dbt build` leaves when the model ended so.
    pub fn build(&self, status: &str) {
        let tested = if status == "success" { "pass" } else { "skipped" };
        self.ran(&[
            ("model.shop.orders", status),
            ("model.shop.customers", "success"),
            ("test.shop.relationships_orders_customer.x", tested),
        ]);
    }

    /// What dbt leaves when its nodes ended so.
    pub fn ran(&self, nodes: &[(&str, &str)]) {
        self.write("target/run_results.json", &self.results(nodes, "run").to_string());
    }

    /// `run_results.json` as it is written now. The invocation's id follows from the moment.
    pub fn results(&self, nodes: &[(&str, &str)], invocation: &str) -> Value {
        let at = self.clock.now().to_rfc3339();
        let results: Vec<Value> = nodes
            .iter()
            .map(|(node, status)| {
                json!({
                    "unique_id": node, "status": status, "execution_time": 1.0, "timing": [], "message": "boom",
                    "adapter_response": {"rows_affected": 42},
                })
            })
            .collect();
        json!({
            "metadata": {
                "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "dbt_version": "1.11.0",
                "generated_at": at, "invocation_id": format!("{invocation} at {at}"),
            },
            "results": results, "elapsed_time": 1.0, "args": {"which": "build"},
        })
    }

    /// A process of its own on the same store.
    pub async fn process(&self) -> (Arc<Workspace>, Signals) {
        let root = Utf8PathBuf::from_path_buf(self.directory.path().to_owned()).expect("UTF-8");
        let workspace = Workspace::open(Options {
            root,
            settings: self.settings.clone(),
            key: None,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        })
        .await
        .expect("a workspace");
        let workspace = Arc::new(workspace);
        let signals = Signals::new(Arc::clone(&workspace), CatalogSource::Own);
        (workspace, signals)
    }
}

pub fn manifest() -> Value {
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0",
            "generated_at": "2026-01-10T05:00:00Z", "invocation_id": "m", "project_name": "shop",
            "adapter_type": "duckdb",
        },
        "nodes": {
            "model.shop.stg_orders": model("stg_orders", "ephemeral", &["source.shop.raw.orders"]),
            "model.shop.orders": model("orders", "table", &["model.shop.stg_orders"]),
            "model.shop.customers": model("customers", "table", &[]),
            // Declared on `orders`, and compares with `customers`.
            "test.shop.relationships_orders_customer.x": {
                "unique_id": "test.shop.relationships_orders_customer.x", "resource_type": "test",
                "name": "relationships_orders_customer", "package_name": "shop",
                "original_file_path": "models/orders.yml", "raw_code": "", "schema": "main", "alias": "x",
                "database": "shop", "attached_node": "model.shop.orders", "column_name": "customer",
                "config": {"severity": "ERROR"}, "test_metadata": {"name": "relationships", "kwargs": {}},
                "depends_on": {"nodes": ["model.shop.customers", "model.shop.orders"], "macros": []},
            },
        },
        "sources": {"source.shop.raw.orders": {
            "unique_id": "source.shop.raw.orders", "resource_type": "source", "name": "orders",
            "source_name": "raw", "package_name": "shop", "original_file_path": "models/raw.yml",
            "schema": "raw", "identifier": "orders", "database": "shop",
            "relation_name": "\"shop\".\"raw\".\"orders\"",
        }},
        "exposures": {"exposure.shop.weekly": {
            "unique_id": "exposure.shop.weekly", "resource_type": "exposure", "name": "weekly", "package_name": "shop",
            "label": "Weekly <sales>\r\nBcc: eve@evil.example", "type": "dashboard",
            "original_file_path": "models/exposures.yml", "owner": {"name": "Ada", "email": "Ada@acme.com"},
            "depends_on": {"nodes": ["model.shop.orders"], "macros": []},
        }, "exposure.shop.people": {
            "unique_id": "exposure.shop.people", "resource_type": "exposure", "name": "people", "package_name": "shop",
            "label": "People", "type": "dashboard", "original_file_path": "models/exposures.yml",
            "owner": {"name": "Bob", "email": "bob@acme.com"},
            "depends_on": {"nodes": ["model.shop.customers"], "macros": []},
        }},
    })
}

fn model(name: &str, materialized: &str, reads: &[&str]) -> Value {
    let relation = (materialized != "ephemeral").then(|| format!("\"shop\".\"main\".\"{name}\""));
    json!({
        "unique_id": format!("model.shop.{name}"), "resource_type": "model", "name": name, "package_name": "shop",
        "original_file_path": format!("models/{name}.sql"), "raw_code": "select 1", "schema": "main", "alias": name,
        "database": "shop", "relation_name": relation, "config": {"materialized": materialized},
        "depends_on": {"nodes": reads, "macros": []},
    })
}

pub fn webhook(server: &MockServer, more: &str) -> String {
    format!(
        "name = 'hook'\nkind = 'webhook'\nurl = '{}/hook'\nsecret_file = 'secret'\n{more}",
        server.uri()
    )
}

pub async fn receiver(templates: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let last = templates.len() - 1;
    for (at, template) in templates.into_iter().enumerate() {
        let mock = Mock::given(path("/hook")).respond_with(template);
        let mock = if at == last { mock } else { mock.up_to_n_times(1) };
        mock.mount(&server).await;
    }
    server
}

pub fn told(request: &Request) -> (String, Value) {
    let id = request.headers["tailwater-delivery"].to_str().expect("text");
    (
        id.to_owned(),
        serde_json::from_slice(&request.body).expect("JSON"),
    )
}

/// HMAC-SHA256 as RFC 2104 writes it down, without the library that signs.
pub fn hmac_of(key: &[u8], message: &[u8]) -> String {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let padded = |byte: u8| block.iter().map(|one| one ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36), message.to_vec()].concat());
    let outer = Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    outer.iter().fold(String::new(), |mut text, byte| {
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}
