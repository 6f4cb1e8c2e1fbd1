//! What came of a decision: one row of the history of refreshes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::decision::Verdict;
use super::target::TargetId;
use crate::id::{EnvironmentName, NodeId, ProjectName, RefreshId};

/// Who or what asked for a refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshOrigin {
    /// What set it off.
    pub cause: RefreshCause,
    /// The project whose build it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    /// The environment of that build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// dbt's id of the invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// The run of a job, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_run: Option<String>,
    /// Who, in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What set a refresh off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshCause {
    /// Artifacts of a run of dbt that was made elsewhere.
    Artifacts,
    /// A run of dbt with this program around it.
    DbtRun,
    /// A run of a job.
    Job,
    /// A person asked.
    ByHand,
}

/// How a refresh stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshOutcome {
    /// Decided, not sent yet.
    Queued,
    /// About to be sent, or sent without an answer yet: after a crash the tool is asked whether it came through.
    Sending,
    /// The tool has it; its job is watched.
    Running,
    /// Done.
    Succeeded,
    /// The tool failed at it, or refused it.
    Failed,
    /// It was cancelled, here or in the tool.
    Cancelled,
    /// The tool took longer than is waited for; nobody knows the end.
    TimedOut,
    /// It was not asked for, because there was nothing to do.
    Skipped,
    /// It was not asked for, because the data are bad.
    Held,
}

impl RefreshOutcome {
    /// Every outcome, in the order of a refresh's life.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Sending,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::TimedOut,
        Self::Skipped,
        Self::Held,
    ];

    /// The word in JSON and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::Skipped => "skipped",
            Self::Held => "held",
        }
    }

    /// Whether nothing more will happen.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Sending | Self::Running)
    }
}

/// One refresh, from the decision to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRecord {
    /// Its id.
    pub id: RefreshId,
    /// What is refreshed.
    pub target: TargetId,
    /// Its name then. Untrusted.
    pub name: String,
    /// The exposures whose data came from it then.
    pub exposures: Vec<NodeId>,
    /// Who or what asked.
    pub origin: RefreshOrigin,
    /// What was decided.
    pub verdict: Verdict,
    /// How it stands.
    pub outcome: RefreshOutcome,
    /// When it was decided.
    pub asked_at: DateTime<Utc>,
    /// When the tool was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// The tool's id of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_job: Option<String>,
    /// When the tool began, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended: as the tool says, else when that was learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// A stable code of what went wrong or of what is worth knowing, such as `TW-REFRESH-FORBIDDEN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The tool's own words. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
