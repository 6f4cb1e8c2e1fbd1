//! The simulated site, and the workspace that syncs it.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::clock::{Clock, SystemClock};
use tailwater_engine::Error;
use tailwater_engine::bi::NoProgress;
use tailwater_engine::settings::{IntegrationSettings, SecuritySettings, Settings, StoreSettings};
use tailwater_engine::sync::{SyncOptions, SyncReport};
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::Running;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::acme::{self, Engine, SECRET, Workbook};
use crate::postgres;

/// A workbook of the simulated site: its name, and the table that it stands on.
pub(crate) type Book = (&'static str, &'static str);

pub(crate) const BOOKS: [Book; 3] = [
    ("Orders", "shop.marts.fct_orders"),
    ("Customers", "shop.staging.customers"),
    ("Stray", "prod.marts.fct_orders"),
];

/// A site with a workbook in `Sales` for each name and table.
pub(crate) async fn start(books: &[Book]) -> Running {
    let workbook = |(number, (name, table)): (usize, &Book)| Workbook {
        number,
        day: number + 1,
        project: "Sales",
        name,
        table,
    };
    acme::start(books.iter().enumerate().map(workbook)).await
}

/// A workspace in a directory of its own whose settings declare the simulated site.
pub(crate) struct Bench {
    directory: TempDir,
    pub(crate) settings: Settings,
}

pub(crate) fn demo() -> &'static Utf8Path {
    Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo"))
}

impl Bench {
    pub(crate) fn new(simulator: &Running) -> Self {
        let directory = TempDir::new().expect("a directory");
        std::fs::write(directory.path().join("secret"), SECRET).expect("a file");
        let settings = Settings {
            store: StoreSettings::default(),
            security: SecuritySettings::default(),
            projects: vec![acme::project(&demo().join("dbt/target/manifest.json"))],
            integrations: vec![acme::integration(simulator)],
            ..Settings::default()
        };
        Self { directory, settings }
    }

    pub(crate) fn on(simulator: &Running, engine: Engine) -> Self {
        let mut bench = Self::new(simulator);
        if matches!(engine, Engine::Postgres) {
            bench.settings.store.url = postgres::new_database();
        }
        bench
    }

    pub(crate) fn integration(&mut self) -> &mut IntegrationSettings {
        &mut self.settings.integrations[0]
    }

    /// The same site on another server, as if it had changed meanwhile.
    pub(crate) fn point_at(&mut self, simulator: &Running) {
        simulator.base_url().clone_into(&mut self.integration().server);
    }

    pub(crate) async fn open(&self) -> Workspace {
        self.open_at(Arc::new(SystemClock)).await
    }

    pub(crate) async fn open_at(&self, clock: Arc<dyn Clock>) -> Workspace {
        let options = Options {
            root: self.path(""),
            settings: self.settings.clone(),
            key: None,
            clock,
        };
        Workspace::open(options).await.expect("a workspace")
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.directory.path().join(name)).expect("a path in UTF-8")
    }

    pub(crate) async fn try_sync(&self) -> Result<SyncReport, Error> {
        let workspace = self.open().await;
        let synced = workspace
            .sync(
                &"main".into(),
                SyncOptions::default(),
                &NoProgress,
                &CancellationToken::new(),
            )
            .await;
        workspace.close().await;
        synced
    }

    pub(crate) async fn sync(&self) -> SyncReport {
        self.try_sync().await.expect("a sync")
    }

    /// What is stored: name, what it depends on, whether it is stale.
    pub(crate) async fn stored(&self) -> Vec<(String, Vec<String>, bool)> {
        let workspace = self.open().await;
        let exposures = workspace.store().load_exposures(None).await.expect("exposures");
        workspace.close().await;
        let mut rows: Vec<_> = exposures
            .into_iter()
            .map(|row| {
                let depends_on = row.exposure.depends_on.iter().map(ToString::to_string).collect();
                (row.exposure.name, depends_on, row.exposure.stale.is_some())
            })
            .collect();
        rows.sort();
        rows
    }
}
