//! Parts that workbooks and published data sources share: fields, refreshes, schedules.

use serde::{Deserialize, Serialize};

use super::Instant;

/// A field that a sheet uses: `amount`, or `orders.amount` when several tables have a column of that name.
pub type FieldEntry = String;

/// How an extract refresh of this content goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refresh {
    /// How it ends.
    pub outcome: Outcome,
    /// Seconds in the queue before it starts.
    pub queued_seconds: u32,
    /// Seconds it runs.
    pub seconds: u32,
    /// The notes of the finished job, as Tableau gives for failures.
    pub notes: String,
}

/// How an extract refresh ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The data is new.
    #[default]
    Success,
    /// It failed, with the notes given.
    Failed,
    /// Someone else cancelled it.
    Cancelled,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            outcome: Outcome::Success,
            queued_seconds: 5,
            seconds: 30,
            notes: String::new(),
        }
    }
}

/// A scheduled extract refresh.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The schedule's name.
    pub name: String,
    /// `Hourly`, `Daily`, `Weekly` or `Monthly`.
    #[serde(default = "daily")]
    pub frequency: String,
    /// When it runs next.
    pub next_run_at: Option<Instant>,
    /// Failures in a row.
    #[serde(default)]
    pub consecutive_failures: u32,
}

fn daily() -> String {
    "Daily".to_owned()
}
