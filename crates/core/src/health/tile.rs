//! The two words of a dashboard's tile: is its data fresh, is it good.

use serde::{Deserialize, Serialize};

use super::check::CheckKind;
use super::state::{Health, HealthState};

/// Whether the sources are fresh, by the check of freshness alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreshnessStatus {
    /// All of them.
    Fresh,
    /// One warned, errored, or was not checked in time.
    Stale,
    /// Nothing is known, or no source says how fresh it should be.
    Unknown,
}

impl FreshnessStatus {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the models were built and their tests passed, by these two checks alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Built, and every test passed.
    Passed,
    /// A model was skipped, or a test warned.
    Warned,
    /// A model failed to build, or a test failed.
    Degraded,
    /// Nothing is known.
    Unknown,
}

impl Quality {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
        }
    }
}

impl Health {
    /// Whether the sources are fresh.
    pub fn freshness_status(&self) -> FreshnessStatus {
        match self.check(CheckKind::Freshness).and_then(|check| check.state) {
            Some(HealthState::Healthy) => FreshnessStatus::Fresh,
            Some(HealthState::Caution | HealthState::Degraded) => FreshnessStatus::Stale,
            Some(HealthState::Unknown) | None => FreshnessStatus::Unknown,
        }
    }

    /// Whether what was built is good.
    pub fn quality(&self) -> Quality {
        let states = [CheckKind::Build, CheckKind::Tests]
            .into_iter()
            .filter_map(|kind| self.check(kind)?.state);
        match HealthState::worst(states) {
            Some(HealthState::Healthy) => Quality::Passed,
            Some(HealthState::Caution) => Quality::Warned,
            Some(HealthState::Degraded) => Quality::Degraded,
            Some(HealthState::Unknown) | None => Quality::Unknown,
        }
    }
}
