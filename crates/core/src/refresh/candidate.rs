//! What is asked of the planner for one target.

use chrono::{DateTime, Utc};

use super::last::LastRefresh;
use super::policy::Policy;
use super::target::Target;
use crate::clock::SAME_INSTANT;

/// A target with the policy that holds for it and what our own records tell of its refreshes.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The target.
    pub target: Target,
    /// Every layer of policy folded.
    pub policy: Policy,
    /// What our own records tell of its refreshes. The tool's own word is [`Target::refreshed_at`].
    pub last: LastRefresh,
    /// Whether a refresh of it is on its way.
    pub is_open: bool,
}

/// Which rules a person waives who asks by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiver {
    /// The target was named: it need not be due, nor be enabled.
    pub is_named: bool,
    /// The interval and the quiet hours do not count.
    pub timing: bool,
    /// Neither failed tests nor failed builds hold.
    pub gate: bool,
}

impl Candidate {
    /// Up to when what was built is in the extract; `None` where no refresh is known.
    pub fn data_as_of(&self) -> Option<DateTime<Utc>> {
        let told = self.target.refreshed_at;
        let own = self.last.succeeded.as_ref();
        // What the tool tells of a refresh of ours is when that ended.
        match own {
            Some(own) if told <= own.finished_at.checked_add_signed(SAME_INSTANT) => Some(own.data_from),
            _ => told,
        }
    }

    /// When it was last refreshed.
    pub fn refreshed_at(&self) -> Option<DateTime<Utc>> {
        let own = self.last.succeeded.as_ref().map(|end| end.finished_at);
        own.max(self.target.refreshed_at)
    }
}
