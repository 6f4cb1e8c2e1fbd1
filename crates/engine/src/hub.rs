//! The hub: always the newest catalog, built once for everybody who asks.
//!
//! ```text
//! a sync, an artifact, a curation lands ─▶ refresh() ─▶ one build at a time, off the async threads
//!                                                          └▶ current() answers the new Arc<Catalog>
//!                                                          └▶ subscribe() tells the new version
//! ```
//!
//! Whoever changes something calls [`CatalogHub::refresh`]; several calls at once share one build. What other
//! processes change is noticed by [`CatalogHub::watch`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use tailwater_core::id::EnvironmentName;
use tokio::sync::{Mutex, watch};

use crate::catalog::{Catalog, CatalogProject};
use crate::error::Error;
use crate::policy::{UnheardPolicy, unheard};
use crate::workspace::Workspace;

/// The newest catalogs of all environments.
#[derive(Debug)]
pub struct CatalogHub {
    workspace: Arc<Workspace>,
    catalogs: ArcSwap<Catalogs>,
    version: watch::Sender<u64>,
    /// How many refreshes were asked for.
    asked: AtomicU64,
    /// How many of those are answered by the catalogs that are there. Whoever holds it builds.
    answered: Mutex<u64>,
    /// The policies that apply to nothing, which the log was told of.
    unheard: std::sync::Mutex<Vec<UnheardPolicy>>,
}

/// One moment's catalogs.
#[derive(Debug)]
struct Catalogs {
    production: Arc<Catalog>,
    /// Environments other than production; projects that do not have one show their production in it.
    others: BTreeMap<EnvironmentName, Arc<Catalog>>,
}

impl CatalogHub {
    /// Builds the first catalogs.
    pub async fn open(workspace: Arc<Workspace>) -> Result<Arc<Self>, Error> {
        let catalogs = load(&workspace).await?;
        prepare(&catalogs.production);
        let unheard = std::sync::Mutex::default();
        tell_unheard(&workspace, &catalogs.production, &unheard);
        Ok(Arc::new(Self {
            workspace,
            unheard,
            catalogs: ArcSwap::from_pointee(catalogs),
            version: watch::Sender::new(1),
            asked: AtomicU64::new(0),
            answered: Mutex::new(0),
        }))
    }

    /// The workspace behind it.
    pub const fn workspace(&self) -> &Arc<Workspace> {
        &self.workspace
    }

    /// The newest catalog of an environment; of production without a name, and for a name that no project
    /// has. Waits for nothing.
    pub fn current(&self, environment: Option<&str>) -> Arc<Catalog> {
        let catalogs = self.catalogs.load();
        let named = environment.and_then(|name| catalogs.others.get(name));
        Arc::clone(named.unwrap_or(&catalogs.production))
    }

    /// Builds the catalogs anew from what is there now. Calls that come while a build runs share the next
    /// one. When it fails, what was there stays.
    pub async fn refresh(&self) -> Result<(), Error> {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = self.answered.lock().await;
        if *answered >= ticket {
            return Ok(());
        }
        // Everything that was asked before the build begins is answered by it.
        let upto = self.asked.load(Ordering::SeqCst);
        let catalogs = load(&self.workspace).await?;
        prepare(&catalogs.production);
        tell_unheard(&self.workspace, &catalogs.production, &self.unheard);
        self.catalogs.store(Arc::new(catalogs));
        *answered = upto;
        self.version.send_modify(|version| *version += 1);
        Ok(())
    }

    /// Tells the version of the catalogs, a number that grows with each build.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}

/// Builds the search index beside everything else, so that the first search does not wait for it. Nobody waits
/// for this either: whoever searches before it is done builds it, or waits for the one that is under way.
fn prepare(catalog: &Arc<Catalog>) {
    let catalog = Arc::clone(catalog);
    tokio::task::spawn_blocking(move || {
        catalog.search_index();
    });
}

/// Logs each policy of the file that applies to nothing, once while it does.
fn tell_unheard(workspace: &Workspace, catalog: &Catalog, told: &std::sync::Mutex<Vec<UnheardPolicy>>) {
    let found = unheard(&workspace.settings().refresh, catalog);
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    for policy in found.iter().filter(|policy| !told.contains(policy)) {
        tracing::warn!(hint = policy.hint, "{policy}");
    }
    *told = found;
}

async fn load(workspace: &Workspace) -> Result<Catalogs, Error> {
    // What dbt left at watched paths is history as soon as it is seen. A store that cannot be written to now
    // is no reason to show nothing.
    if let Err(error) = workspace.record_watched_runs().await {
        tracing::warn!(%error, "the runs at watched paths could not be recorded");
    }
    let production = Arc::new(workspace.catalog().await?);
    let mut others = BTreeMap::new();
    let is_production_everywhere = |name: &EnvironmentName| {
        let projects = production.projects().iter();
        projects
            .flat_map(CatalogProject::environments)
            .all(|environment| environment.name != *name || environment.is_production)
    };
    for name in production.environments() {
        if !is_production_everywhere(name) {
            let catalog = workspace.catalog_of(Some(name)).await?;
            others.insert(name.clone(), Arc::new(catalog));
        }
    }
    Ok(Catalogs { production, others })
}
