//! What a catalog is made of. Loading it is another matter: see [`crate::hub`].

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tailwater_core::history::NodeStates;
use tailwater_core::id::EnvironmentName;
use tailwater_core::project::Project;
use tailwater_core::refresh::{LastRefresh, Policy, TargetId};
use tailwater_core::run::WarehouseCatalog;
use tailwater_store::{Curations, RunRecord, StoredExposure, StoredInventory, SyncRecord};

use super::artifact::{ArtifactProblem, ArtifactState};
use crate::environment::Environment;
use crate::error::Error;
use crate::integration::Integration;
use crate::project::ProjectEntry;

/// Everything that [`super::Catalog::build`] needs.
#[derive(Debug, Clone, Default)]
pub struct CatalogInput {
    /// The environment that is shown; `None` for each project's production.
    pub environment: Option<EnvironmentName>,
    /// The dbt projects, sorted by name.
    pub projects: Vec<ProjectInput>,
    /// The integrations, sorted by name.
    pub integrations: Vec<IntegrationInput>,
    /// What people said of their exposures.
    pub curations: Arc<Curations>,
    /// What our own history says of each target of refreshes.
    pub refreshes: Arc<BTreeMap<TargetId, LastRefresh>>,
    /// What holds for refreshing each target; a target that is missing is not refreshed by policy.
    pub policies: Arc<BTreeMap<TargetId, Policy>>,
    /// Names the state of everything that this was read from: equal revisions make equal catalogs, but for
    /// what depends on the moment.
    pub revision: String,
    /// The moment for which health is judged.
    pub now: DateTime<Utc>,
}

/// One dbt project.
#[derive(Debug, Clone)]
pub struct ProjectInput {
    /// The project.
    pub entry: ProjectEntry,
    /// All its environments, production first, then by name.
    pub environments: Vec<Environment>,
    /// The one of them that is shown.
    pub environment: Environment,
    /// What dbt wrote there.
    pub artifacts: ProjectArtifacts,
}

/// What dbt wrote in one environment, as it was last readable.
#[derive(Debug, Clone, Default)]
pub struct ProjectArtifacts {
    /// The manifest.
    pub project: Option<Arc<Project>>,
    /// What `dbt docs generate` found in the warehouse.
    pub warehouse: Option<Arc<WarehouseCatalog>>,
    /// How each node ended last.
    pub states: Arc<NodeStates>,
    /// The last invocations, newest first.
    pub runs: Arc<Vec<RunRecord>>,
    /// Each artifact that is there: when, by whom, from where.
    pub present: Vec<ArtifactState>,
    /// What could not be read, and what holds instead.
    pub problems: Vec<ArtifactProblem>,
    /// Why there is no manifest at all.
    pub unreadable: Option<Arc<Error>>,
    /// Whether some invocation is known that built something and in which nothing failed.
    pub has_successful_run: bool,
}

/// One integration with what its last syncs left.
#[derive(Debug, Clone)]
pub struct IntegrationInput {
    /// The integration.
    pub integration: Integration,
    /// Its last syncs, newest first.
    pub syncs: Vec<SyncRecord>,
    /// What the last landing left.
    pub stored: Arc<StoredInventory>,
    /// Its exposures as they were landed.
    pub exposures: Arc<Vec<StoredExposure>>,
    /// Its exposures that have gone, kept for a while.
    pub gone: Arc<Vec<StoredExposure>>,
}
