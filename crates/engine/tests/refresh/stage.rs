//! A simulated site, places that declare it, and what is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use tailwater_core::clock::{Clock, SystemClock};
use tailwater_core::refresh::{
    Decision, Policy, RefreshCause, RefreshId, RefreshOrigin, RefreshOutcome, RefreshPlan, RefreshRecord,
    Refreshability, Target, TargetId, TargetKind, Verdict,
};
use tailwater_engine::refresh::{Refresher, Tuning, Until};
use tailwater_engine::settings::{IntegrationSettings, Kind, Settings};
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::{Running, Simulator, SiteFile, Switches};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::postgres;

/// The secret of the site's tokens.
pub(crate) const SECRET: &str = "the-secret-of-the-token";

/// Where the workspace keeps its state.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A site with so many workbooks, each with an extract, and one that is live; jobs take so many seconds.
pub(crate) async fn site(books: usize, seconds: u32) -> Running {
    let mut text = format!(
        r#"
        [[site]]
        content_url = "acme"
        [[site.user]]
        name = "ada@acme.example"
        role = "SiteAdministratorExplorer"
        [[site.token]]
        name = "tailwater"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.token]]
        name = "second"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.token]]
        name = "third"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.connection]]
        key = "warehouse"
        class = "genericjdbc"
        database = "shop"
        [[site.workbook]]
        luid = "{live}"
        name = "Live"
        project = "P"
        datasources = [{{ connection = "warehouse", tables = ["M.T"] }}]
        "#,
        live = luid(99),
    );
    for number in 0..books {
        let _ = write!(
            text,
            r#"
            [[site.workbook]]
            luid = "{}"
            name = "Book {number}"
            project = "P"
            datasources = [{{ connection = "warehouse", tables = ["M.T{number}"], extract = true }}]
            refresh = {{ seconds = {seconds}, queued_seconds = 0 }}
            "#,
            luid(number)
        );
    }
    let file = SiteFile::from_toml(&text).expect("a site file");
    Simulator::start(file, tailwater_tableau_sim::Options::default())
        .await
        .expect("a simulator")
}

pub(crate) fn integration(simulator: &Running, name: &str, token: &str) -> IntegrationSettings {
    IntegrationSettings {
        name: name.into(),
        kind: Kind::Tableau,
        server: simulator.base_url().to_owned(),
        site: Some("acme".to_owned()),
        token_name: Some(token.to_owned()),
        connected_app: None,
        http: tailwater_engine::settings::HttpSettings::default(),
        token_secret_env: None,
        token_secret_file: Some("secret".into()),
        allow_http: false,
        collections: vec!["P/**".to_owned()],
        projects: vec![],
        mapping: vec![],
        schedule: None,
    }
}

pub(crate) fn luid(number: usize) -> String {
    format!("000000{number:02}-0000-4000-8000-000000000000")
}

pub(crate) fn target(integration: &str, number: usize) -> TargetId {
    TargetId {
        integration: integration.into(),
        kind: TargetKind::Workbook,
        id: luid(number),
    }
}

pub(crate) fn tuning() -> Tuning {
    Tuning {
        lifetime: Duration::from_millis(900),
        heartbeat: Duration::from_millis(150),
        idle_poll: Duration::from_millis(100),
        first_poll: Duration::from_millis(100),
        longest_poll: Duration::from_millis(300),
        longest_watch: Duration::from_mins(1),
        call_limit: Duration::from_millis(600),
        grace: Duration::from_millis(1_200),
        longest_doubt: Duration::from_millis(1_500),
        rest: Duration::from_mins(1),
        first_retry: Duration::from_millis(200),
        most_tries: 4,
        most_in_hand: 100,
    }
}

/// A place whose settings declare the simulated site; every workspace that is opened in it is a node.
pub(crate) struct Bench {
    pub(crate) directory: TempDir,
    pub(crate) settings: Settings,
}

impl Bench {
    pub(crate) fn new(simulator: &Running, engine: Engine) -> Self {
        let directory = TempDir::new().expect("a directory");
        std::fs::write(directory.path().join("secret"), SECRET).expect("a file");
        let mut settings = Settings {
            integrations: vec![
                integration(simulator, "main", "tailwater"),
                integration(simulator, "other", "second"),
            ],
            ..Settings::default()
        };
        if matches!(engine, Engine::Postgres) {
            settings.store.url = postgres::new_database();
        }
        Self { directory, settings }
    }

    pub(crate) async fn open(&self) -> Arc<Workspace> {
        self.open_by(Arc::new(SystemClock)).await
    }

    pub(crate) async fn open_by(&self, clock: Arc<dyn Clock>) -> Arc<Workspace> {
        open(self.directory.path(), self.settings.clone(), clock).await
    }

    /// Opens a place whose settings are known, as another process does.
    pub(crate) async fn open_in(directory: &Path, settings: Settings) -> Arc<Workspace> {
        open(directory, settings, Arc::new(SystemClock)).await
    }
}

async fn open(directory: &Path, settings: Settings, clock: Arc<dyn Clock>) -> Arc<Workspace> {
    let options = Options {
        root: Utf8PathBuf::from_path_buf(directory.to_owned()).expect("a path in UTF-8"),
        settings,
        key: None,
        clock,
    };
    Arc::new(Workspace::open(options).await.expect("a workspace"))
}

pub(crate) fn node(workspace: &Arc<Workspace>) -> Refresher {
    Refresher::with_tuning(Arc::clone(workspace), CancellationToken::new(), tuning())
}

pub(crate) fn due(target: TargetId) -> Decision {
    Decision {
        name: format!("Book {}", target.id[6..8].trim_start_matches('0')),
        target,
        verdict: Verdict::Refresh {
            because: vec!["model.shop.orders".into()],
            not_before: None,
            incremental: false,
            priority: 50,
            deadline: None,
        },
    }
}

pub(crate) fn origin() -> RefreshOrigin {
    RefreshOrigin {
        cause: RefreshCause::ByHand,
        project: None,
        environment: None,
        invocation_id: None,
        job_run: None,
        by: Some("a test".to_owned()),
    }
}

pub(crate) async fn ask_with(
    workspace: &Workspace,
    decisions: Vec<Decision>,
    policy: Policy,
) -> Vec<RefreshRecord> {
    let policies: BTreeMap<TargetId, Policy> = decisions
        .iter()
        .map(|decision| (decision.target.clone(), policy.clone()))
        .collect();
    let targets: Vec<Target> = decisions
        .iter()
        .map(|decision| Target {
            id: decision.target.clone(),
            name: decision.name.clone(),
            url: None,
            collection: None,
            exposures: ["exposure.shop.main_book".into()].into(),
            upstream: ["model.shop.orders".into()].into(),
            can: Refreshability::Yes,
            refreshed_at: None,
        })
        .collect();
    let plan = RefreshPlan::new(decisions);
    let asked = workspace
        .ask_refreshes(&plan, &targets, &policies, &origin())
        .await
        .expect("the decisions land");
    asked.records
}

pub(crate) async fn ask(workspace: &Workspace, numbers: impl IntoIterator<Item = usize>) -> Vec<RefreshId> {
    let decisions = numbers
        .into_iter()
        .map(|number| due(target("main", number)))
        .collect();
    let policy = Policy {
        at_once: 50,
        ..Policy::default()
    };
    let records = ask_with(workspace, decisions, policy).await;
    records.into_iter().map(|record| record.id).collect()
}

/// Works until all of these are over.
pub(crate) async fn drain(workspace: &Arc<Workspace>, ids: &[RefreshId]) -> Vec<RefreshRecord> {
    drain_with(&node(workspace), ids).await
}

pub(crate) async fn drain_with(refresher: &Refresher, ids: &[RefreshId]) -> Vec<RefreshRecord> {
    let drained = tokio::time::timeout(Duration::from_mins(2), refresher.drain(ids, Until::Over)).await;
    drained.expect("it ends").expect("the store works")
}

pub(crate) fn outcomes(records: &[RefreshRecord]) -> Vec<RefreshOutcome> {
    records.iter().map(|record| record.outcome).collect()
}

/// One refresh with the switches set; its end and how often it was asked for and got a job.
pub(crate) async fn one(change: impl FnOnce(&mut Switches)) -> (RefreshRecord, usize, usize) {
    // Dates are told in whole seconds: a job that takes two ends surely after it was asked for.
    let simulator = site(1, 2).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(change);
    let ids = ask(&workspace, [0]).await;
    let patient = Tuning {
        longest_doubt: Duration::from_mins(1),
        ..tuning()
    };
    let refresher = Refresher::with_tuning(workspace, CancellationToken::new(), patient);
    let record = drain_with(&refresher, &ids).await.remove(0);
    let calls = simulator.refresh_calls().values().sum();
    let jobs = simulator.refresh_jobs().values().sum();
    (record, calls, jobs)
}
