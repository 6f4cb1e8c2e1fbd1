//! A sync's line in the history: the report in short, with caps on its lists.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tailwater_core::id::IntegrationName;
use tailwater_store::{MOST_NAMED, NamedExposure, SyncCounts, SyncDetail, SyncId, SyncOutcome, SyncRecord};

use super::report::{ExposureChange, ExposureTitle, SyncReport};

/// A record of a sync that did nothing yet.
pub(super) fn new_record(integration: &IntegrationName, started_at: DateTime<Utc>) -> SyncRecord {
    SyncRecord {
        id: SyncId::new(started_at),
        integration: integration.clone(),
        started_at,
        finished_at: started_at,
        outcome: SyncOutcome::Unchanged,
        counts: SyncCounts::default(),
        unlinked_by_reason: BTreeMap::new(),
        notices: Vec::new(),
        error: None,
        detail: SyncDetail::default(),
    }
}

/// Takes over what the report says.
pub(super) fn fill_record(record: &mut SyncRecord, report: &SyncReport) {
    record.finished_at = report.finished_at;
    record.outcome = report.outcome;
    record.counts = SyncCounts {
        added: report.added.len(),
        changed: report.changed.len(),
        removed: report.removed.len(),
        kept: report.kept.len(),
        exposures: report.exposures,
        tables_linked: report.tables.linked,
        tables_unlinked: report.tables.unlinked_total(),
    };
    record.unlinked_by_reason.clone_from(&report.tables.unlinked);
    record.notices.clone_from(&report.notices);
    let detail = &mut record.detail;
    detail.added = named(report.added.iter().map(|title| (title, String::new())));
    detail.removed = named(report.removed.iter().map(|title| (title, String::new())));
    detail.changed = named(
        report
            .changed
            .iter()
            .map(|change| (&change.title, in_words(change))),
    );
    detail.kept = named(
        report
            .kept
            .iter()
            .map(|kept| (&kept.title, kept.stale.reason.clone())),
    );
}

/// The first exposures of a list, for the history.
fn named<'a>(titles: impl Iterator<Item = (&'a ExposureTitle, String)>) -> Vec<NamedExposure> {
    let name = |(title, note): (&ExposureTitle, String)| NamedExposure {
        unique_id: title.unique_id.to_string(),
        label: title.label.clone(),
        note,
    };
    titles.take(MOST_NAMED).map(name).collect()
}

/// `+ model.shop.orders, - model.shop.old`, for the nodes that were gained and lost.
fn in_words(change: &ExposureChange) -> String {
    /// More nodes than this are only counted.
    const MOST_NODES: usize = 12;
    let gained = change.gained.iter().map(|node| format!("+ {node}"));
    let lost = change.lost.iter().map(|node| format!("- {node}"));
    let mut words: Vec<String> = gained.chain(lost).collect();
    let rest = words.len().saturating_sub(MOST_NODES);
    words.truncate(MOST_NODES);
    if rest > 0 {
        words.push(format!("and {rest} more"));
    }
    words.join(", ")
}
