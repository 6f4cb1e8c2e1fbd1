//! The pieces of a node's result that stand alike in `run_results.json` and in the structured log.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::artifact::instant;
use crate::lenient::{Entries, Scalar};

/// One step of a node, `compile` or `execute`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireTiming<'a> {
    #[serde(borrow)]
    started_at: Scalar<'a>,
    #[serde(borrow)]
    completed_at: Scalar<'a>,
}

/// What the warehouse's adapter answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireAdapterResponse<'a> {
    #[serde(borrow)]
    rows_affected: Scalar<'a>,
}

/// When the first step began and when the last one ended, as far as the steps say.
pub(crate) fn span(steps: &Entries<'_, WireTiming<'_>>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let instants = |pick: fn(&WireTiming<'_>) -> Option<DateTime<Utc>>| {
        steps.0.iter().filter_map(move |(_, step)| pick(step))
    };
    (
        instants(|step| step.started_at.as_text().and_then(instant)).min(),
        instants(|step| step.completed_at.as_text().and_then(instant)).max(),
    )
}

impl WireAdapterResponse<'_> {
    /// How many rows were written. Some adapters write -1 for "not known".
    pub(crate) fn rows_affected(&self) -> Option<i64> {
        self.rows_affected.to_integer().filter(|&rows| rows >= 0)
    }
}
