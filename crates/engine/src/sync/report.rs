//! What a sync came to: its report for people, made by comparing what is about to land with what is stored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::exposure::{Exposure, Stale};
use tailwater_core::id::{AssetId, IntegrationName, NodeId};
use tailwater_core::inventory::{Completeness, Inventory, Notice};
use tailwater_core::resolve::{Resolution, Tally};
use tailwater_store::{Landing, SyncOutcome};

use super::SyncOptions;
use crate::integration::Integration;

/// What a sync came to.
#[derive(Debug, Clone, Serialize)]
pub struct SyncReport {
    /// The integration.
    pub integration: IntegrationName,
    /// Whether nothing was written because nothing should be.
    pub dry_run: bool,
    /// How it went.
    pub outcome: SyncOutcome,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Exposures that are new.
    pub added: Vec<ExposureTitle>,
    /// Exposures that say something else now.
    pub changed: Vec<ExposureChange>,
    /// Exposures whose asset is gone or no longer selected.
    pub removed: Vec<ExposureTitle>,
    /// Exposures of which something was kept because an answer was partial, and why.
    pub kept: Vec<KeptExposure>,
    /// Exposures of which only usage or times moved.
    pub usage_updated: usize,
    /// Workbooks that had not moved, so that their lineage was not read again.
    pub unmoved: usize,
    /// All exposures of the integration now.
    pub exposures: usize,
    /// Distinct tables, linked and not.
    pub tables: Tally,
    /// What the reader should know.
    pub notices: Vec<Notice>,
    /// Selected patterns that choose no collection.
    pub patterns_without_match: Vec<String>,
}

/// An exposure, named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExposureTitle {
    /// Its `unique_id`.
    pub unique_id: NodeId,
    /// The name for people.
    pub label: String,
    /// The workbook, by which it is found when it was joined with an exposure of the project's YAML.
    #[serde(skip)]
    pub workbook: Option<String>,
}

impl ExposureTitle {
    /// The title of an exposure.
    pub fn of(exposure: &Exposure) -> Self {
        Self {
            unique_id: exposure.unique_id.clone(),
            label: exposure.label.clone(),
            workbook: exposure.workbook.as_ref().map(|workbook| workbook.luid.clone()),
        }
    }

    /// The order in which people look things up.
    fn by_label(&self, other: &Self) -> std::cmp::Ordering {
        (&self.label, &self.unique_id).cmp(&(&other.label, &other.unique_id))
    }
}

/// What changed in an exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExposureChange {
    /// The exposure.
    #[serde(flatten)]
    pub title: ExposureTitle,
    /// Nodes that it stands on now and did not.
    pub gained: BTreeSet<NodeId>,
    /// Nodes that it stood on and does not.
    pub lost: BTreeSet<NodeId>,
}

/// An exposure of which something was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptExposure {
    /// The exposure.
    #[serde(flatten)]
    pub title: ExposureTitle,
    /// Since when and why.
    pub stale: Stale,
}

impl SyncReport {
    /// Compares what is about to land with what is stored.
    pub(super) fn of(
        integration: &Integration,
        options: SyncOptions,
        landing: &Landing,
        resolution: &Resolution,
        stored: &BTreeMap<AssetId, Exposure>,
        finished_at: DateTime<Utc>,
    ) -> Self {
        let mut report = Self {
            integration: integration.name.clone(),
            dry_run: options.is_dry_run,
            outcome: SyncOutcome::Unchanged,
            started_at: landing.record.started_at,
            finished_at,
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            kept: Vec::new(),
            usage_updated: 0,
            unmoved: landing.record.detail.unmoved,
            exposures: resolution.exposures.len(),
            tables: resolution.tally.clone(),
            notices: landing.inventory.notices.iter().cloned().collect(),
            patterns_without_match: integration.collections.without_match(&landing.inventory),
        };
        for (id, exposure) in &resolution.exposures {
            match stored.get(id) {
                None => report.added.push(ExposureTitle::of(exposure)),
                Some(before) if before == exposure => {}
                Some(before) if without_usage(before) == without_usage(exposure) => report.usage_updated += 1,
                Some(before) => report.changed.push(ExposureChange {
                    title: ExposureTitle::of(exposure),
                    gained: exposure
                        .depends_on
                        .difference(&before.depends_on)
                        .cloned()
                        .collect(),
                    lost: before
                        .depends_on
                        .difference(&exposure.depends_on)
                        .cloned()
                        .collect(),
                }),
            }
            if let Some(stale) = &exposure.stale {
                report.kept.push(KeptExposure {
                    title: ExposureTitle::of(exposure),
                    stale: stale.clone(),
                });
            }
        }
        let gone = stored
            .iter()
            .filter(|(id, _)| !resolution.exposures.contains_key(*id));
        report
            .removed
            .extend(gone.map(|(_, exposure)| ExposureTitle::of(exposure)));
        report.added.sort_by(ExposureTitle::by_label);
        report
            .changed
            .sort_by(|left, right| left.title.by_label(&right.title));
        report.removed.sort_by(ExposureTitle::by_label);
        report
            .kept
            .sort_by(|left, right| left.title.by_label(&right.title));
        report.outcome = match (is_partial(&landing.inventory), report.has_changes()) {
            (true, _) => SyncOutcome::Partial,
            (false, true) => SyncOutcome::Changed,
            (false, false) => SyncOutcome::Unchanged,
        };
        report
    }

    /// Whether anything about the exposures is new.
    pub fn has_changes(&self) -> bool {
        !(self.added.is_empty()
            && self.changed.is_empty()
            && self.removed.is_empty()
            && self.usage_updated == 0)
    }

    /// Whether the sync is done but something in it failed: an answer was cut short, or a selected
    /// collection was not found.
    pub fn has_failures(&self) -> bool {
        self.outcome == SyncOutcome::Partial || !self.patterns_without_match.is_empty()
    }
}

/// Whether some answer was cut short. What is merely not indexed yet is no failure.
fn is_partial(inventory: &Inventory) -> bool {
    let is_cut = |state: &Completeness| matches!(state, Completeness::Partial { .. });
    is_cut(&inventory.listing)
        || inventory.assets.values().any(|asset| is_cut(&asset.lineage))
        || inventory
            .data_sources
            .values()
            .any(|source| is_cut(&source.lineage))
}

/// The exposure without what moves by mere use.
fn without_usage(exposure: &Exposure) -> Exposure {
    let mut exposure = exposure.clone();
    if let Some(workbook) = &mut exposure.workbook {
        workbook.total_views = None;
        workbook.updated_at = None;
    }
    exposure
}
