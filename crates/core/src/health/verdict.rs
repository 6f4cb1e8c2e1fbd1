//! What the last results of one node mean: dbt's words turned into the few cases that the rules tell apart.

use chrono::{DateTime, Utc};

use super::VALID_FOR;
use crate::history::NodeState;
use crate::project::{Node, ResourceType};
use crate::run::RunStatus;

/// How the last build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildVerdict {
    /// Nothing is ever built: an ephemeral model.
    NotBuildable,
    /// No result is known.
    NotKnown,
    /// With success, within 30 days; of a seed with success at any time.
    Built,
    /// With success, longer ago.
    Old,
    /// Not run, because something before it failed.
    Skipped,
    /// With an error, wholly or in some batches. dbt counts both as failures of the run.
    Failed,
    /// With a word that is new to this release.
    Odd,
}

/// How the last run of a test ended. dbt has applied the test's severity and thresholds when it
/// writes the status, so the configured severity is not looked at again: `fail` on a test that only warns
/// means that the run was told to treat warnings as errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestVerdict {
    /// No result is known.
    NotRun,
    /// It found nothing.
    Passed,
    /// Not run, because something before it failed.
    Skipped,
    /// It found rows, and warns.
    Warned,
    /// It found rows, or could not be run.
    Failed,
    /// With a word that is new to this release.
    Odd,
}

/// How a source's freshness stands, for sources that configure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreshnessVerdict {
    /// The last check errored, or could not be made, however long ago.
    Errored,
    /// The last check warned, more than 30 days ago.
    WarnedLongAgo,
    /// No check is known, or one more than 30 days ago that neither warned nor errored.
    NotChecked,
    /// The last check warned, within 30 days.
    Warned,
    /// The last check ended with a word that is new to this release, within 30 days.
    Odd,
    /// The last check passed, within 30 days.
    Passed,
}

impl FreshnessVerdict {
    pub const ALL: [Self; 6] = [
        Self::Errored,
        Self::WarnedLongAgo,
        Self::NotChecked,
        Self::Warned,
        Self::Odd,
        Self::Passed,
    ];
}

fn is_old(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    // A result without a date cannot be shown to count.
    at.is_none_or(|at| now.signed_duration_since(at) > VALID_FOR)
}

pub fn build(node: &Node, state: Option<&NodeState>, now: DateTime<Utc>) -> BuildVerdict {
    if node.is_ephemeral() {
        return BuildVerdict::NotBuildable;
    }
    let Some(last) = state.and_then(|state| state.build.as_ref()) else {
        return BuildVerdict::NotKnown;
    };
    match &last.status {
        // A seed changes with the code, so that its age says nothing.
        RunStatus::Success | RunStatus::NoOp
            if node.resource_type != ResourceType::Seed && is_old(last.at, now) =>
        {
            BuildVerdict::Old
        }
        RunStatus::Success | RunStatus::NoOp => BuildVerdict::Built,
        RunStatus::Skipped => BuildVerdict::Skipped,
        RunStatus::Error | RunStatus::Fail | RunStatus::RuntimeError | RunStatus::PartialSuccess => {
            BuildVerdict::Failed
        }
        RunStatus::Pass | RunStatus::Warn | RunStatus::Other(_) => BuildVerdict::Odd,
    }
}

pub fn test(state: Option<&NodeState>) -> TestVerdict {
    let Some(last) = state.and_then(|state| state.test.as_ref()) else {
        return TestVerdict::NotRun;
    };
    match &last.status {
        RunStatus::Pass | RunStatus::Success => TestVerdict::Passed,
        RunStatus::Warn => TestVerdict::Warned,
        RunStatus::Fail | RunStatus::Error | RunStatus::RuntimeError => TestVerdict::Failed,
        RunStatus::Skipped => TestVerdict::Skipped,
        RunStatus::NoOp | RunStatus::PartialSuccess | RunStatus::Other(_) => TestVerdict::Odd,
    }
}

/// `None` for a source that configures no freshness. What an old check said of a source whose
/// configuration is gone does not count.
pub fn freshness(node: &Node, state: Option<&NodeState>, now: DateTime<Utc>) -> Option<FreshnessVerdict> {
    let criteria = node.freshness?;
    if criteria.warn_after_seconds.is_none() && criteria.error_after_seconds.is_none() {
        return None;
    }
    let Some(last) = state.and_then(|state| state.freshness.as_ref()) else {
        return Some(FreshnessVerdict::NotChecked);
    };
    Some(match (&last.status, is_old(last.at, now)) {
        (RunStatus::Error | RunStatus::RuntimeError | RunStatus::Fail, _) => FreshnessVerdict::Errored,
        (RunStatus::Warn, true) => FreshnessVerdict::WarnedLongAgo,
        (RunStatus::Warn, false) => FreshnessVerdict::Warned,
        (_, true) => FreshnessVerdict::NotChecked,
        (RunStatus::Pass | RunStatus::Success, false) => FreshnessVerdict::Passed,
        (_, false) => FreshnessVerdict::Odd,
    })
}
