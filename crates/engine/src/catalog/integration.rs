//! Integrations as the catalog shows them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tailwater_core::inventory::Inventory;
use tailwater_store::{StoredExposure, StoredInventory, SyncOutcome, SyncRecord};

use super::input::IntegrationInput;
use super::model::Catalog;
use crate::integration::Integration;

/// An integration with its last syncs and what they left.
#[derive(Debug, Clone)]
pub struct CatalogIntegration {
    input: IntegrationInput,
}

impl CatalogIntegration {
    pub(super) const fn new(input: IntegrationInput) -> Self {
        Self { input }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.input.integration.name.as_str()
    }

    /// The integration itself: server, site, selection, mapping rules.
    pub const fn integration(&self) -> &Integration {
        &self.input.integration
    }

    /// Its last syncs, newest first.
    pub fn syncs(&self) -> &[SyncRecord] {
        &self.input.syncs
    }

    /// The last sync, however it ended.
    pub fn last_sync(&self) -> Option<&SyncRecord> {
        self.syncs().first()
    }

    /// The end of the last sync that landed; what is shown is of then.
    pub fn synced_at(&self) -> Option<DateTime<Utc>> {
        self.input.stored.synced_at
    }

    /// Whether the last sync failed, so that what is shown is older than it should be.
    pub fn is_failing(&self) -> bool {
        self.last_sync()
            .is_some_and(|sync| sync.outcome == SyncOutcome::Failed)
    }

    /// What the last landing left: collections, assets, data sources, tables.
    pub fn inventory(&self) -> &Inventory {
        &self.input.stored.inventory
    }

    /// The same with what is stale and when each asset was seen.
    pub const fn stored(&self) -> &Arc<StoredInventory> {
        &self.input.stored
    }

    /// Its exposures as the last sync left them, before manual exposures and curation came to them.
    pub fn landed(&self) -> &[StoredExposure] {
        &self.input.exposures
    }
}

impl Catalog {
    /// Every integration, sorted by name.
    pub fn integrations(&self) -> &[CatalogIntegration] {
        &self.integrations
    }

    /// Looks an integration up.
    pub fn integration(&self, name: &str) -> Option<&CatalogIntegration> {
        self.integrations
            .binary_search_by(|integration| integration.name().cmp(name))
            .ok()
            .map(|at| &self.integrations[at])
    }
}
