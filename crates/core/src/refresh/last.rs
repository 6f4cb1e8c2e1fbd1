//! What is known of the refreshes of a target so far.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::{RefreshOutcome, RefreshRecord};
use crate::id::RefreshId;

/// The last refreshes of one target that the tool was asked for. Those that were skipped or held are not
/// among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastRefresh {
    /// The last one that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<RefreshEnd>,
    /// The last one that failed; it may have been mended since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<RefreshEnd>,
    /// The last one that ended, however it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<RefreshEnd>,
}

/// How a refresh ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshEnd {
    /// Which one.
    pub id: RefreshId,
    /// How.
    pub outcome: RefreshOutcome,
    /// From when its data are at least: when the tool began, or else when it was asked. What was rebuilt
    /// later may not be in them.
    pub data_from: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// A stable code of what went wrong or of what is worth knowing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The tool's own words. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl LastRefresh {
    /// Takes a refresh into account, in any order. One that is not over, or was never sent, says nothing.
    pub fn add(&mut self, record: &RefreshRecord) {
        let (true, Some(sent_at)) = (record.outcome.is_over(), record.sent_at) else {
            return;
        };
        let end = RefreshEnd {
            id: record.id.clone(),
            outcome: record.outcome,
            // The tool tells whole seconds, cut off: it cannot have begun before it was asked.
            data_from: record.started_at.map_or(sent_at, |began| began.max(sent_at)),
            finished_at: record.finished_at.unwrap_or(sent_at),
            code: record.code.clone(),
            message: record.message.clone(),
        };
        match record.outcome {
            RefreshOutcome::Succeeded => newer(&mut self.succeeded, &end),
            RefreshOutcome::Failed => newer(&mut self.failed, &end),
            _ => {}
        }
        newer(&mut self.ended, &end);
    }

    /// The failure, unless a refresh has succeeded since.
    pub fn failure(&self) -> Option<&RefreshEnd> {
        let failed = self.failed.as_ref()?;
        let is_mended = self
            .succeeded
            .as_ref()
            .is_some_and(|succeeded| succeeded.finished_at >= failed.finished_at);
        (!is_mended).then_some(failed)
    }
}

fn newer(known: &mut Option<RefreshEnd>, end: &RefreshEnd) {
    let is_older = known
        .as_ref()
        .is_none_or(|known| (known.finished_at, &known.id) <= (end.finished_at, &end.id));
    if is_older {
        *known = Some(end.clone());
    }
}
