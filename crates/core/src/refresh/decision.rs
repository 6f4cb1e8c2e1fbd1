//! What was decided of a target, and why.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::target::TargetId;
use crate::id::NodeId;

/// What was decided of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The target.
    pub target: TargetId,
    /// Its name. Untrusted.
    pub name: String,
    /// What is to be done.
    pub verdict: Verdict,
}

/// What is to be done with a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Verdict {
    /// Ask the tool to refresh it.
    Refresh {
        /// The nodes whose rebuilding makes it due, sorted.
        because: Vec<NodeId>,
        /// Not before this instant, because of quiet hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<DateTime<Utc>>,
        /// Only new rows.
        incremental: bool,
        /// Which goes first; higher first.
        priority: u8,
        /// By when it is to be done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<DateTime<Utc>>,
    },
    /// The build that decides is still running.
    Wait {
        /// What has not ended yet, at most a few, sorted.
        on: Vec<NodeId>,
    },
    /// Nothing to do.
    Skip {
        /// Why.
        reason: Skip,
    },
    /// Due, but not on such data.
    Hold {
        /// Why, worst first. Never empty.
        reasons: Vec<Hold>,
    },
}

/// Why there is nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Skip {
    /// Refreshing is off by policy.
    Disabled,
    /// Nothing that it stands on was rebuilt since its last refresh.
    NotRebuilt,
    /// It was refreshed a short while ago.
    WithinInterval {
        /// When it was refreshed last.
        refreshed_at: DateTime<Utc>,
        /// The shortest time between two refreshes, in minutes.
        interval_minutes: u32,
    },
    /// It asks the warehouse each time.
    Live,
    /// The tool cannot refresh it, for the reason given in words.
    NotRefreshable {
        /// In words for people.
        because: String,
    },
    /// It stands on sources alone, which dbt does not build and of which nothing new is known.
    SourcesOnly,
    /// No node is known that it stands on.
    NoUpstream,
    /// A refresh of it is already on its way.
    UnderWay,
}

/// Why a target that is due is not refreshed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Hold {
    /// A test of error severity failed.
    TestFailed {
        /// The test.
        test: NodeId,
        /// What it tests.
        node: NodeId,
    },
    /// Something that it stands on could not be built.
    BuildFailed {
        /// The node.
        node: NodeId,
    },
    /// Something that it stands on was skipped, because something before it failed.
    Skipped {
        /// The node.
        node: NodeId,
    },
    /// Only a part of something that it stands on was built.
    PartlyBuilt {
        /// The node.
        node: NodeId,
    },
}
