//! One run of a job: from the queue to its end, with its steps and what they built.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::definition::Job;
use crate::id::{EnvironmentName, JobName, JobRunId, NodeId, ProjectName};
use crate::run::RunStatus;

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRun {
    /// Its id.
    pub id: JobRunId,
    /// The job.
    pub job: JobName,
    /// The project whose artifacts it makes.
    pub project: ProjectName,
    /// The environment they belong to; production when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The job as it was when the run was queued.
    pub definition: Job,
    /// What set it off.
    pub cause: JobRunCause,
    /// Who asked for it, in words for people; `None` when nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What of the job it runs.
    #[serde(default)]
    pub mode: JobRunMode,
    /// The first try is 1.
    pub attempt: u32,
    /// How it stands.
    pub state: JobRunState,
    /// Why it stands so, in words for people. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// Not before this instant.
    pub not_before: DateTime<Utc>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// The process that runs it, or ran it, in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Who asked for its end before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_asked_by: Option<String>,
    /// Its steps, in order.
    #[serde(default)]
    pub steps: Vec<StepRun>,
    /// How its nodes ended so far.
    #[serde(default)]
    pub nodes: NodeCounts,
    /// How many bytes its log has so far.
    #[serde(default)]
    pub log_bytes: u64,
    /// The run that tried it again, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<JobRunId>,
}

impl JobRun {
    /// A run that waits in the queue.
    pub fn queued(
        id: JobRunId,
        job: &Job,
        cause: JobRunCause,
        by: Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            job: job.name.clone(),
            project: job.project.clone(),
            environment: job.environment.clone(),
            definition: job.clone(),
            cause,
            by,
            mode: JobRunMode::Whole,
            attempt: 1,
            state: JobRunState::Queued,
            message: None,
            queued_at: now,
            not_before: now,
            started_at: None,
            ended_at: None,
            worker: None,
            cancel_asked_by: None,
            steps: Vec::new(),
            nodes: NodeCounts::default(),
            log_bytes: 0,
            next_attempt: None,
        }
    }

    /// How long it waited for its start since it might have begun, until now or its start.
    pub fn waited(&self, now: DateTime<Utc>) -> TimeDelta {
        let until = self.started_at.or(self.ended_at).unwrap_or(now);
        (until - self.not_before.max(self.queued_at)).max(TimeDelta::zero())
    }

    /// How long it ran, until now or its end; `None` when it has not begun.
    pub fn ran_for(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let started = self.started_at?;
        Some((self.ended_at.unwrap_or(now) - started).max(TimeDelta::zero()))
    }
}

/// What set a run off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum JobRunCause {
    /// Its time had come.
    Scheduled {
        /// The set time that it answers.
        slot: DateTime<Utc>,
    },
    /// A person asked, in the pages or by command.
    ByHand,
    /// A program asked over the API.
    Api,
    /// Somebody called the job's webhook.
    Webhook,
    /// A run of another job had ended.
    After {
        /// The other job.
        job: JobName,
        /// The run that had ended.
        run: JobRunId,
    },
    /// A run that failed, or whose machine died, is tried again.
    Retry {
        /// The run before it.
        of: JobRunId,
    },
    /// A person asked to run it once more.
    Again {
        /// The run before it.
        of: JobRunId,
    },
}

impl JobRunCause {
    /// The word in the store and in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "scheduled",
            Self::ByHand => "by_hand",
            Self::Api => "api",
            Self::Webhook => "webhook",
            Self::After { .. } => "after",
            Self::Retry { .. } => "retry",
            Self::Again { .. } => "again",
        }
    }

    /// The words for people.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "scheduled",
            Self::ByHand => "by hand",
            Self::Api => "by API",
            Self::Webhook => "by webhook",
            Self::After { .. } => "after another job",
            Self::Retry { .. } => "tried again",
            Self::Again { .. } => "run again",
        }
    }
}

/// What of a job a run runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum JobRunMode {
    /// All steps.
    #[default]
    Whole,
    /// From the nodes that failed: `dbt retry` on what an earlier run left, then the steps behind it.
    FromFailed {
        /// The earlier run.
        of: JobRunId,
        /// The step that failed there, counted from 0.
        step: usize,
    },
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobRunState {
    /// It waits for a free slot, or for its time.
    Queued,
    /// It runs.
    Running,
    /// Every step ended well.
    Succeeded,
    /// A step failed, or could not be run.
    Failed,
    /// Somebody asked for its end.
    Cancelled,
    /// A newer scheduled run of the job took its place in the queue.
    Replaced,
    /// It took longer than it may.
    TimedOut,
    /// Its machine died.
    Lost,
}

impl JobRunState {
    /// Every state, in the order of a run's life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Replaced,
        Self::TimedOut,
        Self::Lost,
    ];

    /// The word in the store and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Replaced => "replaced",
            Self::TimedOut => "timed_out",
            Self::Lost => "lost",
        }
    }

    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::TimedOut => "timed out",
            other => other.name(),
        }
    }

    /// The state of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == word)
    }

    /// Whether nothing more will happen.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRun {
    /// The command, as it was written or, for `dbt retry`, made.
    pub text: String,
    /// How it stands.
    pub state: StepState,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// What dbt's process ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// dbt's id of the invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// Where its part of the log begins, in bytes.
    #[serde(default)]
    pub log_offset: u64,
    /// Why it ended so, in words for people. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl StepRun {
    /// A step that waits for those before it.
    pub fn waiting(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            state: StepState::Waiting,
            started_at: None,
            ended_at: None,
            exit_code: None,
            invocation_id: None,
            log_offset: 0,
            message: None,
        }
    }
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Those before it run.
    Waiting,
    /// It runs.
    Running,
    /// dbt ended with 0.
    Succeeded,
    /// dbt ended with something else, or could not be run.
    Failed,
    /// It was ended before its time.
    Cancelled,
    /// It was not run, because the run was over before.
    Skipped,
}

impl StepState {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// How one node of a run ended, or that it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeRunSummary {
    /// The node.
    pub unique_id: NodeId,
    /// The step that ran it, counted from 0.
    pub step: usize,
    /// How it ended; `None` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it took, in seconds, by dbt's own count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What dbt or the warehouse said. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How many nodes of a run ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeCounts {
    /// Built, or a test that passed.
    pub good: u32,
    /// A test or source that warned.
    pub warned: u32,
    /// Failed, or built in part.
    pub failed: u32,
    /// Not run because something before it failed.
    pub skipped: u32,
}

impl NodeCounts {
    /// Counts one node.
    pub fn add(&mut self, status: &RunStatus) {
        let count = match status {
            RunStatus::Success | RunStatus::Pass | RunStatus::NoOp => &mut self.good,
            RunStatus::Warn => &mut self.warned,
            RunStatus::Skipped => &mut self.skipped,
            RunStatus::Error
            | RunStatus::Fail
            | RunStatus::PartialSuccess
            | RunStatus::RuntimeError
            | RunStatus::Other(_) => &mut self.failed,
        };
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::definition::tests::job;

    #[test]
    fn states_keep_their_words() {
        for state in JobRunState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(JobRunState::of(state.name()), Some(state));
        }
    }

    #[test]
    fn waiting_counts_from_when_it_might_have_begun() {
        let second = |second| DateTime::from_timestamp(second, 0).unwrap();
        let mut run = JobRun::queued("1".into(), &job("a"), JobRunCause::ByHand, None, second(0));
        assert_eq!(run.waited(second(10)).num_seconds(), 10);
        assert_eq!(run.ran_for(second(10)), None);
        run.not_before = second(60);
        assert_eq!(run.waited(second(10)).num_seconds(), 0);
        run.started_at = Some(second(65));
        assert_eq!(run.waited(second(1000)).num_seconds(), 5);
        run.ended_at = Some(second(70));
        assert_eq!(run.ran_for(second(1000)).unwrap().num_seconds(), 5);
    }

    #[test]
    fn a_run_of_an_older_release_is_read() {
        let run = JobRun::queued(
            "1".into(),
            &job("a"),
            JobRunCause::Api,
            None,
            DateTime::UNIX_EPOCH,
        );
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<JobRun>(&json).unwrap(), run);
    }
}
