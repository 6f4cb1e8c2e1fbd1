//! What can go wrong, and how much it matters.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// The last refresh of a target failed.
    RefreshFailed,
    /// What an exposure stands on is degraded.
    ExposureDegraded,
    /// An exposure was not fresh by the time that its policy names.
    DeadlineMissed,
    /// A test found failing rows or could not be run.
    TestFailed,
    /// The last run of a job failed.
    JobFailed,
}

impl SignalKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::RefreshFailed,
        Self::ExposureDegraded,
        Self::DeadlineMissed,
        Self::TestFailed,
        Self::JobFailed,
    ];

    /// The word in JSON, settings and the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RefreshFailed => "refresh_failed",
            Self::ExposureDegraded => "exposure_degraded",
            Self::DeadlineMissed => "deadline_missed",
            Self::TestFailed => "test_failed",
            Self::JobFailed => "job_failed",
        }
    }

    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::RefreshFailed => "Refresh failed",
            Self::ExposureDegraded => "Degraded",
            Self::DeadlineMissed => "Deadline missed",
            Self::TestFailed => "Test failed",
            Self::JobFailed => "Job failed",
        }
    }

    /// Whether a channel that names no kinds is told. A failed test is told by way of the exposures that it
    /// degrades, so that one broken model is not two messages.
    pub const fn is_told_unasked(self) -> bool {
        !matches!(self, Self::TestFailed)
    }
}

impl fmt::Display for SignalKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How much it matters. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing, such as a test of warn severity.
    Warning,
    /// Somebody should look at it.
    #[default]
    Error,
}

impl Severity {
    /// The word in JSON and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
