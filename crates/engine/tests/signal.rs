//! Signals, from what dbt left to what a receiver gets: once, signed, over crashes and restarts.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tailwater_core::clock::Clock;
use tailwater_core::refresh::{
    RefreshCause, RefreshId, RefreshOrigin, RefreshOutcome, RefreshRecord, TargetId, TargetKind, Verdict,
};
use tailwater_engine::settings::{ChannelSettings, ProjectSettings, Settings};
use tailwater_engine::signal::{CatalogSource, DeliveryState, Signals};
use tailwater_engine::workspace::{Options, Workspace};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const KEY: &str = "the-key-of-the-webhook";

/// A clock that is set by hand.
#[derive(Debug)]
struct HandClock(Mutex<DateTime<Utc>>);

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("a clock")
    }
}

/// A directory with a dbt project whose dashboard `weekly` stands on the model `orders`.
struct Bench {
    directory: TempDir,
    clock: Arc<HandClock>,
    channels: Vec<ChannelSettings>,
}

impl Bench {
    fn new(channels: &[&str]) -> Self {
        let directory = TempDir::new().expect("a directory");
        let now: DateTime<Utc> = "2026-01-10T06:00:00Z".parse().expect("an instant");
        let channels = channels
            .iter()
            .map(|channel| toml::from_str(channel).expect("a channel"))
            .collect();
        let bench = Self {
            directory,
            clock: Arc::new(HandClock(Mutex::new(now))),
            channels,
        };
        bench.write("secret", KEY);
        bench.write("target/manifest.json", &manifest().to_string());
        bench
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    fn pass(&self, minutes: i64) {
        *self.clock.0.lock().expect("a clock") += TimeDelta::minutes(minutes);
    }

    /// What `dbt build` leaves when the model ended so.
    fn build(&self, status: &str) {
        let at = self.clock.now().to_rfc3339();
        let run = json!({
            "metadata": {
                "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "dbt_version": "1.11.0",
                "generated_at": at, "invocation_id": format!("run at {at}"),
            },
            "results": [{
                "unique_id": "model.shop.orders", "status": status, "execution_time": 1.0, "timing": [],
                "message": "boom",
            }],
            "elapsed_time": 1.0, "args": {"which": "build"},
        });
        self.write("target/run_results.json", &run.to_string());
    }

    /// A process of its own on the same store.
    async fn process(&self) -> (Arc<Workspace>, Signals) {
        let root = Utf8PathBuf::from_path_buf(self.directory.path().to_owned()).expect("UTF-8");
        let mut settings = Settings {
            projects: vec![ProjectSettings {
                environments: Vec::new(),
                name: "shop".into(),
                manifest: Some("target/manifest.json".into()),
                target_dir: None,
            }],
            channels: self.channels.clone(),
            ..Settings::default()
        };
        settings.serve.public_url = Some("https://data.acme.com".to_owned());
        let workspace = Workspace::open(Options {
            root,
            settings,
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

fn manifest() -> Value {
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0",
            "generated_at": "2026-01-10T05:00:00Z", "invocation_id": "m", "project_name": "shop",
            "adapter_type": "duckdb",
        },
        "nodes": {"model.shop.orders": {
            "unique_id": "model.shop.orders", "resource_type": "model", "name": "orders", "package_name": "shop",
            "original_file_path": "models/orders.sql", "raw_code": "select 1", "schema": "main", "alias": "orders",
            "database": "shop", "relation_name": "\"shop\".\"main\".\"orders\"",
        }},
        "exposures": {"exposure.shop.weekly": {
            "unique_id": "exposure.shop.weekly", "resource_type": "exposure", "name": "weekly", "package_name": "shop",
            "label": "Weekly <sales>\r\nBcc: eve@evil.example", "type": "dashboard",
            "original_file_path": "models/exposures.yml", "owner": {"name": "Ada", "email": "Ada@acme.com"},
            "depends_on": {"nodes": ["model.shop.orders"], "macros": []},
        }},
    })
}

fn webhook(server: &MockServer, more: &str) -> String {
    format!(
        "name = 'hook'\nkind = 'webhook'\nurl = '{}/hook'\nsecret_file = 'secret'\n{more}",
        server.uri()
    )
}

async fn receiver(templates: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let last = templates.len() - 1;
    for (at, template) in templates.into_iter().enumerate() {
        let mock = Mock::given(path("/hook")).respond_with(template);
        let mock = if at == last { mock } else { mock.up_to_n_times(1) };
        mock.mount(&server).await;
    }
    server
}

fn told(request: &Request) -> (String, Value) {
    let id = request.headers["tailwater-delivery"].to_str().expect("text");
    (
        id.to_owned(),
        serde_json::from_slice(&request.body).expect("JSON"),
    )
}

/// HMAC-SHA256 as RFC 2104 writes it down, without the library that signs.
fn hmac_of(key: &[u8], message: &[u8]) -> String {
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

#[tokio::test]
async fn a_degraded_dashboard_is_told_once_signed_and_its_recovery_too() {
    let server = receiver(vec![ResponseTemplate::new(200)]).await;
    let bench = Bench::new(&[&webhook(&server, "allow_private = true")]);
    let (_, mut signals) = bench.process().await;
    bench.build("success");
    assert_eq!(signals.turn().await.expect("a turn").expect("a look").notices, []);
    bench.pass(5);
    bench.build("error");
    signals.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    let (_, body) = told(&requests[0]);
    assert_eq!(body["event"], "exposure_degraded");
    assert_eq!(body["state"], "raised");
    assert_eq!(body["subject"]["subject_id"], "exposure.shop.weekly");
    assert_eq!(
        body["link"],
        "https://data.acme.com/exposures/exposure.shop.weekly"
    );
    assert_eq!(body["about"]["owners"], json!(["ada@acme.com"]));
    assert!(body["causes"]["build_failed"]["sentence"].is_string(), "{body}");

    let header = requests[0].headers["tailwater-signature"].to_str().expect("text");
    let moment = bench.clock.now().timestamp();
    let signed = [format!("{moment}.").as_bytes(), &requests[0].body].concat();
    assert_eq!(
        header,
        format!("t={moment},v1={}", hmac_of(KEY.as_bytes(), &signed))
    );

    // Another process tells nothing while this one lives, and nothing twice when it takes over.
    let (_, mut other) = bench.process().await;
    assert_eq!(other.turn().await.expect("a turn"), None);
    signals.let_go().await;
    bench.pass(5);
    bench.build("error");
    other.turn().await.expect("a turn");
    assert_eq!(server.received_requests().await.expect("requests").len(), 1);

    bench.pass(5);
    bench.build("success");
    other.turn().await.expect("a turn");
    assert_eq!(
        server.received_requests().await.expect("requests").len(),
        1,
        "not settled"
    );
    bench.pass(10);
    other.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    let (_, body) = told(requests.last().expect("a request"));
    assert_eq!((requests.len(), &body["state"]), (2, &json!("recovered")));
}

#[tokio::test]
async fn what_was_landed_is_sent_after_a_crash_under_the_same_id() {
    let server = receiver(vec![ResponseTemplate::new(503), ResponseTemplate::new(200)]).await;
    let bench = Bench::new(&[&webhook(&server, "allow_private = true")]);
    bench.build("error");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    let waiting = workspace.deliveries(10).await.expect("deliveries");
    assert_eq!((waiting.len(), waiting[0].state), (1, DeliveryState::Waiting));
    assert!(waiting[0].error.as_deref().expect("why").contains("503"));
    // The process dies with its lease; another takes over when that has ended.
    drop(signals);
    let (workspace, mut signals) = bench.process().await;
    assert_eq!(
        signals.turn().await.expect("a turn"),
        None,
        "the lease still holds"
    );
    bench.pass(1);
    signals.turn().await.expect("a turn");
    let requests = server.received_requests().await.expect("requests");
    assert_eq!(requests.len(), 2);
    assert_eq!(told(&requests[0]).0, told(&requests[1]).0);
    assert_eq!(told(&requests[1]).0, waiting[0].id.as_str());
    let done = workspace.deliveries(10).await.expect("deliveries");
    assert_eq!((done.len(), done[0].state), (1, DeliveryState::Delivered));
}

#[tokio::test]
async fn a_refused_message_is_given_up_visibly_and_private_addresses_are_not_called() {
    let server = receiver(vec![
        ResponseTemplate::new(400).set_body_string("no\u{7} such thing"),
    ])
    .await;
    let allowed = webhook(&server, "allow_private = true");
    let forbidden = webhook(&server, "").replace("'hook'", "'other'");
    let bench = Bench::new(&[&allowed, &forbidden]);
    bench.build("error");
    let (workspace, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    assert_eq!(server.received_requests().await.expect("requests").len(), 1);
    let mut given_up = workspace.deliveries(10).await.expect("deliveries");
    given_up.sort_by(|left, right| left.channel.cmp(&right.channel));
    assert!(
        given_up
            .iter()
            .all(|delivery| delivery.state == DeliveryState::GivenUp)
    );
    let errors: Vec<&str> = given_up
        .iter()
        .filter_map(|delivery| delivery.error.as_deref())
        .collect();
    assert!(errors[0].ends_with("status 400: no such thing"), "{errors:?}");
    assert!(errors[1].contains("private network"), "{errors:?}");
    let refused = workspace.test_channel("other").await.expect_err("a refusal");
    assert!(!refused.to_string().contains("/hook"), "{refused}");
}

/// Takes letters on this machine: what was said in `MAIL`, `RCPT` and `DATA`.
async fn mail_catcher() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let letters = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&letters);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let mut letter = String::new();
            let mut in_data = false;
            let _ = writer.write_all(b"220 catcher\r\n").await;
            while let Ok(Some(line)) = lines.next_line().await {
                letter.push_str(&line);
                letter.push('\n');
                let answer: &[u8] = match line.as_str() {
                    "." if in_data => {
                        in_data = false;
                        kept.lock().expect("letters").push(std::mem::take(&mut letter));
                        b"250 taken\r\n"
                    }
                    _ if in_data => continue,
                    "DATA" => {
                        in_data = true;
                        b"354 go on\r\n"
                    }
                    "QUIT" => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                };
                if writer.write_all(answer).await.is_err() {
                    break;
                }
            }
        }
    });
    (port, letters)
}

#[tokio::test]
async fn an_owner_gets_a_letter_and_no_name_adds_a_reader() {
    let (port, letters) = mail_catcher().await;
    let mail = |name: &str, more: &str| {
        format!(
            "name = '{name}'\nkind = 'email'\nhost = '127.0.0.1'\nport = {port}\ntls = 'none'\n\
             from = 'Tailwater <data@acme.com>'\nto_owners = true\n{more}"
        )
    };
    let bench = Bench::new(&[
        &mail("owners", ""),
        &mail("elsewhere", "owner_domains = ['other.example']"),
    ]);
    bench.build("error");
    let (_, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    let letters = letters.lock().expect("letters").clone();
    assert_eq!(letters.len(), 1, "{letters:?}");
    let readers: Vec<&str> = letters[0]
        .lines()
        .filter(|line| line.starts_with("RCPT"))
        .collect();
    assert_eq!(readers, ["RCPT TO:<ada@acme.com>"]);
    let (head, _) = letters[0].split_once("\n\n").expect("a body");
    assert!(
        head.contains("Subject: Degraded: Weekly <sales> Bcc: eve@evil.example"),
        "{head}"
    );
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(letters[0].contains("Weekly &lt;sales&gt;"), "{}", letters[0]);
}

#[tokio::test]
async fn a_refresh_is_two_lines_of_lineage() {
    let bench = Bench::new(&["name = 'lineage'\nkind = 'openlineage-file'\npath = 'lineage.ndjson'"]);
    bench.build("success");
    let (workspace, mut signals) = bench.process().await;
    // What happened before the first look is history.
    land(&workspace, "w0", RefreshOutcome::Succeeded, &bench).await;
    signals.turn().await.expect("a turn");
    land(&workspace, "w1", RefreshOutcome::Succeeded, &bench).await;
    land(&workspace, "w2", RefreshOutcome::Failed, &bench).await;
    signals.turn().await.expect("a turn");
    signals.turn().await.expect("a turn");
    let text = std::fs::read_to_string(bench.directory.path().join("lineage.ndjson")).expect("a file");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event["eventType"].as_str())
        .collect();
    assert_eq!(kinds, ["START", "COMPLETE", "START", "FAIL"]);
    for event in &events {
        assert_fits_the_specification(event);
    }
    assert_eq!(events[0]["run"]["runId"], events[1]["run"]["runId"]);
    assert_eq!(events[0]["inputs"][0]["name"], "shop.main.orders");
    assert_eq!(events[0]["inputs"][0]["namespace"], "duckdb");
    let facet = &events[1]["outputs"][0]["facets"]["tailwater_exposure"];
    assert_eq!(facet["unique_id"], "exposure.shop.weekly");
    assert_eq!(
        events[3]["run"]["facets"]["errorMessage"]["message"],
        "login failed"
    );
}

async fn land(workspace: &Workspace, target: &str, outcome: RefreshOutcome, bench: &Bench) {
    let now = bench.clock.now();
    let record = RefreshRecord {
        id: RefreshId::new(uuid::Uuid::new_v4().to_string()),
        target: TargetId {
            integration: "main".into(),
            kind: TargetKind::Workbook,
            id: target.to_owned(),
        },
        name: "Weekly".to_owned(),
        exposures: vec!["exposure.shop.weekly".into()],
        origin: RefreshOrigin {
            cause: RefreshCause::Job,
            project: Some("shop".into()),
            environment: None,
            invocation_id: None,
            job_run: Some(uuid::Uuid::new_v4().to_string()),
            by: None,
        },
        verdict: Verdict::Refresh {
            because: vec!["model.shop.orders".into()],
            not_before: None,
            incremental: false,
            priority: 50,
            deadline: None,
        },
        outcome,
        asked_at: now,
        sent_at: Some(now),
        tool_job: None,
        started_at: Some(now),
        finished_at: Some(now + TimeDelta::seconds(20)),
        code: None,
        message: (outcome == RefreshOutcome::Failed).then(|| "login failed".to_owned()),
        hint: None,
    };
    let ask = tailwater_store::RefreshAsk {
        record,
        site: "acme".to_owned(),
        at_once: 1,
        per_hour: None,
        interval: TimeDelta::zero(),
    };
    workspace.store().ask_refreshes(vec![ask]).await.expect("landed");
}

/// What the public specification (2-0-2) asks of a run's event, written down by hand.
fn assert_fits_the_specification(event: &Value) {
    let is_instant = |value: &Value| {
        let text = value.as_str().expect("an instant");
        DateTime::parse_from_rfc3339(text).expect("RFC 3339");
    };
    let is_uri = |value: &Value| url::Url::parse(value.as_str().expect("a URI")).expect("a URI");
    let has_name = |value: &Value| {
        assert!(
            value["namespace"].as_str().is_some_and(|text| !text.is_empty()),
            "{value}"
        );
        assert!(
            value["name"].as_str().is_some_and(|text| !text.is_empty()),
            "{value}"
        );
    };
    let fits_facets = |facets: &Value| {
        for facet in facets.as_object().expect("facets").values() {
            is_uri(&facet["_producer"]);
            is_uri(&facet["_schemaURL"]);
        }
    };
    is_instant(&event["eventTime"]);
    is_uri(&event["producer"]);
    is_uri(&event["schemaURL"]);
    assert!(
        event["schemaURL"]
            .as_str()
            .expect("text")
            .ends_with("/2-0-2/OpenLineage.json#/$defs/RunEvent")
    );
    event["run"]["runId"]
        .as_str()
        .expect("an id")
        .parse::<uuid::Uuid>()
        .expect("a UUID");
    fits_facets(&event["run"]["facets"]);
    if let Some(parent) = event["run"]["facets"].get("parent") {
        parent["run"]["runId"]
            .as_str()
            .expect("an id")
            .parse::<uuid::Uuid>()
            .expect("a UUID");
        has_name(&parent["job"]);
    }
    if let Some(error) = event["run"]["facets"].get("errorMessage") {
        assert!(error["message"].is_string() && error["programmingLanguage"].is_string());
    }
    has_name(&event["job"]);
    fits_facets(&event["job"]["facets"]);
    let kind = &event["job"]["facets"]["jobType"];
    assert!(kind["processingType"].is_string() && kind["integration"].is_string());
    for dataset in ["inputs", "outputs"] {
        for dataset in event[dataset].as_array().expect("datasets") {
            has_name(dataset);
            fits_facets(&dataset["facets"]);
        }
    }
}
