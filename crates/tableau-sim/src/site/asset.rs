//! What workbooks and data sources have in common.

use chrono::{DateTime, Utc};

use super::Identity;
use crate::site_file;

/// When something was made and last changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Freshness {
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// An extract's times; absent for live connections.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extract {
    pub(crate) refreshed_at: Option<DateTime<Utc>>,
    pub(crate) incremental_at: Option<DateTime<Utc>>,
}

impl Extract {
    /// The later of both times.
    pub(crate) fn updated_at(&self) -> Option<DateTime<Utc>> {
        self.refreshed_at.max(self.incremental_at)
    }
}

/// How a refresh goes; see [`site_file::Refresh`].
pub(crate) type RefreshPlan = site_file::Refresh;

/// A scheduled refresh task.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Identity of the schedule.
    pub(crate) identity: Identity,
    /// Identity of the task that the content has on it.
    pub(crate) task: Identity,
    pub(crate) name: String,
    pub(crate) frequency: String,
    pub(crate) next_run_at: Option<DateTime<Utc>>,
    pub(crate) consecutive_failures: u32,
}
