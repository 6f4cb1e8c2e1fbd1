//! The plan: one decision for every target.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::decision::{Decision, Verdict};
use super::target::TargetId;

/// What was decided of every target: what is refreshed first, in the order in which it is to be asked for, then
/// what waits, what is held and what is skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshPlan {
    /// One decision for each target.
    pub decisions: Vec<Decision>,
    /// Whether a person asked for it no matter when the last refresh was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_interval: bool,
}

/// How many targets are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCounts {
    /// To be refreshed.
    pub refresh: usize,
    /// Waiting for the build.
    pub wait: usize,
    /// Held.
    pub hold: usize,
    /// Skipped.
    pub skip: usize,
}

impl RefreshPlan {
    /// Puts decisions in order.
    pub fn new(mut decisions: Vec<Decision>) -> Self {
        if !decisions.is_sorted_by(|left, right| left.target <= right.target) {
            decisions.sort_by(|left, right| left.target.cmp(&right.target));
        }
        // Equals stay in the order of their ids.
        decisions.sort_by_key(|decision| rank(&decision.verdict));
        Self {
            decisions,
            ignores_interval: false,
        }
    }

    /// What was decided of a target.
    pub fn find(&self, target: &TargetId) -> Option<&Decision> {
        self.decisions.iter().find(|decision| decision.target == *target)
    }

    /// The decisions to refresh, in the order in which they are to be asked for.
    pub fn refreshes(&self) -> impl Iterator<Item = &Decision> {
        self.decisions
            .iter()
            .take_while(|decision| matches!(decision.verdict, Verdict::Refresh { .. }))
    }

    /// How many targets are in each state.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        for decision in &self.decisions {
            *match decision.verdict {
                Verdict::Refresh { .. } => &mut counts.refresh,
                Verdict::Wait { .. } => &mut counts.wait,
                Verdict::Hold { .. } => &mut counts.hold,
                Verdict::Skip { .. } => &mut counts.skip,
            } += 1;
        }
        counts
    }
}

/// Which comes first: the kind of verdict; of refreshes the higher priority, then the nearer deadline.
fn rank(verdict: &Verdict) -> (u8, Reverse<u8>, bool, i64) {
    match verdict {
        Verdict::Refresh {
            priority, deadline, ..
        } => (
            0,
            Reverse(*priority),
            deadline.is_none(),
            deadline.map_or(0, |at| at.timestamp_millis()),
        ),
        Verdict::Wait { .. } => (1, Reverse(0), false, 0),
        Verdict::Hold { .. } => (2, Reverse(0), false, 0),
        Verdict::Skip { .. } => (3, Reverse(0), false, 0),
    }
}
