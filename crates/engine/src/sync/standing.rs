//! A sync of which nothing would come, known by little: the lists and extracts of the site are as they were, and so is
//! everything by which its tables are resolved.
//!
//! ```text
//! landing ─▶ note: glance at the site + basis (rules, manifests, selection, version) + what the sync came to
//! next sync ─▶ same basis? ─▶ lists ─▶ same glance? ─▶ land the record alone
//!                  │ no                   │ no
//!                  └──────────────────────┴─▶ load what is known, read what moved, resolve, compare, land
//! ```
//!
//! The note lies beside the exposures in the store, which forgets it when anything else changes them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tailwater_bi::Glance;
use tailwater_core::id::IntegrationName;
use tailwater_core::inventory::{Inventory, Notice};
use tailwater_core::resolve::Tally;
use tailwater_core::selection::Selection;
use tailwater_dbt::ArtifactKind;
use tailwater_store::{SyncOutcome, SyncRecord};

use super::SyncOptions;
use super::read::{Ground, LastRead};
use super::record::fill_record;
use super::report::SyncReport;
use crate::catalog::{pick, watched_files};
use crate::error::Error;
use crate::file_stamp::FileStamp;
use crate::ingest::hexadecimal;
use crate::integration::{Integration, selection_digest};
use crate::progress::{Stage, SyncProgress};
use crate::project::ProjectEntry;
use crate::workspace::Workspace;

/// What the last landing stands on, and what it came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    basis: Basis,
    pub(super) glance: Glance,
    collections: usize,
    assets: usize,
    listed_tables: usize,
    exposures: usize,
    tables: Tally,
    notices: Vec<Notice>,
    patterns_without_match: Vec<String>,
}

/// A digest of everything but the site that exposures are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Basis(String);

/// A [`Standing`] with the text that it was read from.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) standing: Standing,
    pub(super) text: String,
}

impl Standing {
    /// What is to be noted with a landing; `None` when a later sync is to look at everything again.
    pub(super) fn of(
        basis: Option<&Basis>,
        glance: Option<&Glance>,
        inventory: &Inventory,
        report: &SyncReport,
        read_at: Option<DateTime<Utc>>,
    ) -> Option<Self> {
        let (basis, glance) = (basis?.clone(), glance?.clone());
        let is_settled = read_at.is_some_and(|read_at| read_at >= glance.settled_at);
        let is_whole = report.outcome != SyncOutcome::Partial && report.kept.is_empty();
        (is_settled && is_whole).then(|| Self {
            basis,
            glance,
            collections: inventory.collections.len(),
            assets: inventory.assets.len(),
            listed_tables: inventory.tables.len(),
            exposures: report.exposures,
            tables: report.tables.clone(),
            notices: report.notices.clone(),
            patterns_without_match: report.patterns_without_match.clone(),
        })
    }

    /// The note as it is stored.
    pub(super) fn to_text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// The report of a sync that left all as it was.
    pub(super) fn report(
        &self,
        options: SyncOptions,
        record: &SyncRecord,
        finished_at: DateTime<Utc>,
    ) -> SyncReport {
        SyncReport {
            integration: record.integration.clone(),
            dry_run: options.is_dry_run,
            outcome: SyncOutcome::Unchanged,
            started_at: record.started_at,
            finished_at,
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            kept: Vec::new(),
            usage_updated: 0,
            unmoved: self.assets,
            exposures: self.exposures,
            tables: self.tables.clone(),
            notices: self.notices.clone(),
            patterns_without_match: self.patterns_without_match.clone(),
        }
    }

    /// Says how far the sync has come that found all as it was.
    pub(super) fn tell(&self, progress: &dyn SyncProgress) {
        progress.reached(Stage::Projects, self.collections);
        progress.reached(Stage::Workbooks, self.assets);
        progress.reached(Stage::Tables, self.listed_tables);
        progress.reached(Stage::Matched, self.tables.linked);
    }
}

impl Workspace {
    /// What the last landing stands on, when a sync on this basis may make use of it.
    pub(super) async fn standing(
        &self,
        name: &IntegrationName,
        basis: Option<&Basis>,
        last_read: Option<LastRead>,
    ) -> Result<Option<Noted>, Error> {
        let (Some(basis), Some(_)) = (basis, last_read) else {
            return Ok(None);
        };
        let Some(text) = self.store().find_standing(name).await? else {
            return Ok(None);
        };
        // One of another version may have another shape.
        let standing: Option<Standing> = serde_json::from_str(&text).ok();
        let standing = standing.filter(|standing| standing.basis == *basis);
        Ok(standing.map(|standing| Noted { standing, text }))
    }

    /// What exposures are made of beside the site; `None` when that cannot be told without reading it.
    pub(super) async fn basis(
        &self,
        integration: &Integration,
        selection: &Selection,
    ) -> Result<Option<Basis>, Error> {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        };
        add(env!("CARGO_PKG_VERSION"));
        add(&selection_digest(selection));
        for rule in &integration.mapping {
            add(&format!("{rule:?}"));
        }
        for entry in self.entries_of(&integration.projects).await? {
            let Some(manifest) = self.manifest_mark(&entry).await? else {
                return Ok(None);
            };
            add(&format!("{} {manifest}", entry.name));
        }
        Ok(Some(Basis(hexadecimal(&hash.finalize()))))
    }

    /// What tells the manifest of a project's production from another, without reading it; `None` when there is none
    /// where one is expected.
    async fn manifest_mark(&self, entry: &ProjectEntry) -> Result<Option<String>, Error> {
        let environments = self.environments(entry).await?;
        let Some(production) = pick(&environments, None) else {
            return Ok(None);
        };
        let handed_over = self.store().artifacts(&entry.name, &production.name).await?;
        let manifest = ArtifactKind::Manifest;
        let handed_over = handed_over
            .into_iter()
            .find(|record| record.kind == manifest.name());
        let watched = watched_files(production, self.artifacts());
        let watched = watched
            .into_iter()
            .find(|(kind, _)| *kind == manifest)
            .map(|(_, path)| (FileStamp::of(&path), path));
        if matches!(watched, Some((None, _))) || (watched.is_none() && handed_over.is_none()) {
            return Ok(None);
        }
        Ok(Some(format!("{} {watched:?} {handed_over:?}", production.name)))
    }

    /// Lands a sync that found all as it was; `None` when the exposures have changed since they were looked at.
    pub(super) async fn land_unchanged(
        &self,
        integration: &Integration,
        ground: &Ground,
        options: SyncOptions,
        progress: &dyn SyncProgress,
        record: &SyncRecord,
    ) -> Result<Option<SyncReport>, Error> {
        let Some(Noted { standing, text }) = &ground.noted else {
            return Ok(None);
        };
        let report = standing.report(options, record, self.clock().now());
        standing.tell(progress);
        if options.is_dry_run {
            return Ok(Some(report));
        }
        let mut record = record.clone();
        record.detail.unmoved = report.unmoved;
        fill_record(&mut record, &report);
        self.ensure_parent(integration).await?;
        if !self.store().land_unchanged(&record, text).await? {
            return Ok(None);
        }
        progress.reached(Stage::Published, report.exposures);
        Ok(Some(report))
    }
}
