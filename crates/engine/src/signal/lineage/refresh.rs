//! Refreshes as runs.

use tailwater_bi::outgoing::open_lineage::{LineageEvent, LineageJob, LineageState};
use tailwater_core::id::NodeId;
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord};

use super::dataset::{dashboard, tables};
use super::{Parent, Told, run_id};
use crate::catalog::Catalog;
use crate::signal::settings::SignalSettings;

/// What there is to tell of a refresh: that it began, once the BI tool has it, and how it ended. One that was never sent
/// did not run, and has no events.
pub(super) fn events(
    record: &RefreshRecord,
    parent: Option<Parent>,
    catalog: &Catalog,
    settings: &SignalSettings,
) -> Vec<Told> {
    let Some(sent_at) = record.sent_at else {
        return Vec::new();
    };
    let said = || record.message.clone().or_else(|| record.code.clone());
    let (state, error) = match record.outcome {
        // Until the tool has taken it, it may still go back into the queue.
        RefreshOutcome::Queued | RefreshOutcome::Sending | RefreshOutcome::Skipped | RefreshOutcome::Held => {
            return Vec::new();
        }
        RefreshOutcome::Running => (LineageState::Start, None),
        RefreshOutcome::Succeeded => (LineageState::Complete, None),
        RefreshOutcome::Failed => (
            LineageState::Fail,
            Some(said().unwrap_or_else(|| "failed".to_owned())),
        ),
        RefreshOutcome::Cancelled | RefreshOutcome::TimedOut => (LineageState::Abort, said()),
    };
    let nodes: Vec<&NodeId> = record
        .exposures
        .iter()
        .filter_map(|id| catalog.exposure(id.as_str()))
        .flat_map(|exposure| &exposure.depends_on)
        .collect();
    let event = LineageEvent {
        state,
        at: record.finished_at.unwrap_or(sent_at),
        run: run_id("refresh", record.id.as_str()),
        job: LineageJob {
            namespace: settings.lineage_namespace.clone(),
            name: format!("refresh/{}", record.target),
            integration: "TABLEAU",
            kind: "REFRESH",
        },
        parent,
        engine: None,
        error,
        inputs: tables(catalog, nodes, settings),
        outputs: record
            .exposures
            .iter()
            .filter_map(|id| dashboard(catalog, id))
            .collect(),
    };
    if state == LineageState::Start {
        let event = LineageEvent { at: sent_at, ..event };
        return vec![Told::start(&event)];
    }
    Told::both(sent_at, &event).into()
}
