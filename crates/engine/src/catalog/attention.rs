//! What a person should look at, in figures and lists.

use std::collections::BTreeSet;

use serde::Serialize;
use tailwater_core::health::{HealthState, RefreshState};
use tailwater_core::id::{IntegrationName, NodeId, ProjectName};
use tailwater_core::project::ResourceType;

use super::model::Catalog;

/// What needs attention. Lists are sorted by id or name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// Exposures whose data is degraded.
    pub degraded_exposures: Vec<NodeId>,
    /// Models, seeds and snapshots that are degraded.
    pub degraded_models: Vec<NodeId>,
    /// Exposures of which an extract failed its last refresh.
    pub failed_refreshes: Vec<NodeId>,
    /// Exposures of which an extract is older than it may be.
    pub stale_refreshes: Vec<NodeId>,
    /// Integrations whose last sync failed.
    pub failed_syncs: Vec<IntegrationName>,
    /// Integrations that were never synced.
    pub unsynced: Vec<IntegrationName>,
    /// Exposures of which something was kept because an answer was partial.
    pub stale_exposures: Vec<NodeId>,
    /// Exposures with at least one table that found no node.
    pub exposures_with_gaps: Vec<NodeId>,
    /// Distinct tables that found no node.
    pub unmatched_tables: usize,
    /// Automatic exposures whose owner has no e-mail address.
    pub without_owner_email: Vec<NodeId>,
    /// Projects of which an artifact cannot be read, is missing, or no successful run is known.
    pub unready_projects: Vec<ProjectName>,
}

impl Attention {
    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn of(catalog: &Catalog) -> Self {
        let mut attention = Self::default();
        let mut tables = BTreeSet::new();
        for (at, exposure) in catalog.exposures().iter().enumerate() {
            let id = || exposure.unique_id.clone();
            if catalog.health(exposure.unique_id.as_str()).state == HealthState::Degraded {
                attention.degraded_exposures.push(id());
            }
            match catalog.refreshes[at].state {
                RefreshState::Failed => attention.failed_refreshes.push(id()),
                RefreshState::Stale => attention.stale_refreshes.push(id()),
                _ => {}
            }
            if exposure.stale.is_some() {
                attention.stale_exposures.push(id());
            }
            if !exposure.gaps.is_empty() {
                attention.exposures_with_gaps.push(id());
                let keys = exposure.gaps.iter();
                let keys = keys.map(|gap| (&exposure.integration, crate::unmatched::key(gap, exposure)));
                tables.extend(keys);
            }
            if exposure.integration.is_some() && exposure.owner.email.is_none() {
                attention.without_owner_email.push(id());
            }
        }
        attention.unmatched_tables = tables.len();
        for kind in [ResourceType::Model, ResourceType::Seed, ResourceType::Snapshot] {
            let nodes = catalog.nodes_of(kind).map(|node| &node.unique_id);
            let degraded = nodes.filter(|id| catalog.health(id.as_str()).state == HealthState::Degraded);
            attention.degraded_models.extend(degraded.cloned());
        }
        attention.degraded_models.sort();
        for integration in catalog.integrations() {
            let name = || integration.integration().name.clone();
            if integration.is_failing() {
                attention.failed_syncs.push(name());
            }
            if integration.synced_at().is_none() {
                attention.unsynced.push(name());
            }
        }
        for project in catalog.projects() {
            if !project.readiness().is_ready() || !project.problems().is_empty() {
                attention.unready_projects.push(project.entry().name.clone());
            }
        }
        attention
    }
}
