//! Asking for runs: by hand, over the API, by webhook, once more, from the nodes that failed; and their end.

use serde::Serialize;
use tailwater_core::id::{JobName, JobRunId, ProjectName};
use tailwater_core::job::{JobRun, JobRunCause, JobRunMode, JobRunState, NodeRunSummary, Step, StepState};
use tailwater_store::{
    JobCancelOutcome, JobRunCursor, JobRunFilter, JobRunPage, WorkerRecord, new_job_run_id,
};

use super::error::JobError;
use super::log::{self, LogPiece};
use crate::account::{Actor, AuditEvent};
use crate::error::Error;
use crate::workspace::Workspace;

/// Which runs to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobRunQuery {
    /// Only those of this job.
    pub job: Option<JobName>,
    /// Only those of this project.
    pub project: Option<ProjectName>,
    /// Only those in this state.
    pub state: Option<JobRunState>,
    /// Only those older than the one at which an earlier page ended.
    pub before: Option<JobRunCursor>,
    /// How many at most; 0 for the usual 50.
    pub limit: u32,
}

/// A file of dbt's that is kept of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptArtifact {
    /// The step, counted from 0.
    pub step: usize,
    /// Its name, such as `run_results.json`.
    pub file: String,
    /// How large it is.
    pub bytes: u64,
}

/// How the queue stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueState {
    /// How many runs wait.
    pub queued: u64,
    /// How many run.
    pub running: u64,
    /// The processes that run jobs and gave a sign of life a short while ago.
    pub workers: Vec<WorkerRecord>,
}

impl Workspace {
    /// Queues a run of a job.
    pub async fn run_job(&self, name: &JobName, cause: JobRunCause, actor: &Actor) -> Result<JobRun, Error> {
        let entry = self.find_job(name).await?;
        let now = self.clock().now();
        let by = Some(actor.title().into_owned());
        let run = JobRun::queued(new_job_run_id(now), &entry.job, cause, by, now);
        self.store().enqueue_job_run(&run).await?;
        let event = AuditEvent::new("job.run", name.as_str(), run.id.as_str());
        self.record_audit(actor, event).await?;
        Ok(run)
    }

    /// Queues a run once more, as its job is now: all of it, or from the nodes that failed.
    ///
    /// # Errors
    /// When it is not over, or nothing in it failed that `dbt retry` could begin at.
    pub async fn rerun_job(&self, id: &JobRunId, from_failed: bool, actor: &Actor) -> Result<JobRun, Error> {
        let old = self.find_job_run(id).await?;
        let refused = |reason| JobError::RunState {
            id: id.clone(),
            reason,
        };
        if !old.state.is_over() {
            return Err(refused("is not over").into());
        }
        let entry = self.find_job(&old.job).await?;
        let now = self.clock().now();
        let by = Some(actor.title().into_owned());
        let cause = JobRunCause::Again { of: id.clone() };
        let mut run = JobRun::queued(new_job_run_id(now), &entry.job, cause, by, now);
        if from_failed {
            let step = failed_step(&old).ok_or_else(|| {
                refused("has no step that failed and that `dbt retry` can begin at; run it again as a whole")
            })?;
            // The steps behind the failed one are those of then.
            run.definition.steps.clone_from(&old.definition.steps);
            run.mode = JobRunMode::FromFailed { of: id.clone(), step };
        }
        self.store().enqueue_job_run(&run).await?;
        let event = AuditEvent::new(
            "job.run",
            old.job.as_str(),
            format!("{} again after {id}", run.id),
        );
        self.record_audit(actor, event).await?;
        Ok(run)
    }

    /// Asks for a run's end: one that waits is over at once, one that runs within seconds, on whatever node.
    ///
    /// # Errors
    /// When it is over already.
    pub async fn cancel_job_run(&self, id: &JobRunId, actor: &Actor) -> Result<JobRun, Error> {
        let run = match self.store().cancel_job_run(id, &actor.title()).await? {
            JobCancelOutcome::Ended(run) | JobCancelOutcome::Asked(run) => run,
            JobCancelOutcome::Over(_) => {
                return Err(JobError::RunState {
                    id: id.clone(),
                    reason: "is over already",
                }
                .into());
            }
            JobCancelOutcome::Unknown => return Err(JobError::UnknownRun { id: id.clone() }.into()),
        };
        let event = AuditEvent::new("job.cancel", run.job.as_str(), id.as_str());
        self.record_audit(actor, event).await?;
        Ok(*run)
    }

    /// Looks a run up.
    pub async fn find_job_run(&self, id: &JobRunId) -> Result<JobRun, Error> {
        let found = self.store().find_job_run(id).await?;
        found.ok_or_else(|| JobError::UnknownRun { id: id.clone() }.into())
    }

    /// A page of runs, the newest first.
    pub async fn job_runs(&self, query: &JobRunQuery) -> Result<JobRunPage, Error> {
        let filter = JobRunFilter {
            job: query.job.clone(),
            project: query.project.clone(),
            state: query.state,
            before: query.before.clone(),
        };
        let limit = if query.limit == 0 {
            50
        } else {
            query.limit.min(1_000)
        };
        Ok(self.store().job_runs(&filter, limit).await?)
    }

    /// How the nodes of a run ended, by step and node.
    pub async fn job_run_nodes(&self, id: &JobRunId) -> Result<Vec<NodeRunSummary>, Error> {
        Ok(self.store().job_run_nodes(id).await?)
    }

    /// The log of a run from an offset, at most so many bytes; also while it runs, on whatever node. A log
    /// that is over ends where the run's `log_bytes` say.
    pub async fn job_run_log(&self, id: &JobRunId, offset: u64, most: u64) -> Result<LogPiece, Error> {
        Ok(log::read(self.archive()?, id, offset, most).await?)
    }

    /// The artifacts of a run that are kept, by step and name.
    pub async fn job_run_artifacts(&self, id: &JobRunId) -> Result<Vec<KeptArtifact>, Error> {
        let prefix = format!("job-runs/{id}/steps/");
        let listed = self.archive()?.list(&prefix).await?;
        let read = |(key, bytes): (String, u64)| {
            let (step, file) = key.strip_prefix(&prefix)?.split_once('/')?;
            Some(KeptArtifact {
                step: step.parse().ok()?,
                file: Some(file).filter(|file| is_file_name(file))?.to_owned(),
                bytes,
            })
        };
        let mut kept: Vec<KeptArtifact> = listed.into_iter().filter_map(read).collect();
        kept.sort_by(|one, other| (one.step, &one.file).cmp(&(other.step, &other.file)));
        Ok(kept)
    }

    /// A piece of an artifact of a run, from an offset, at most so many bytes; shorter at its end. `None` when
    /// it is not kept.
    pub async fn job_run_artifact(
        &self,
        id: &JobRunId,
        step: usize,
        file: &str,
        from: u64,
        most: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        if !is_file_name(file) {
            return Ok(None);
        }
        let key = artifact_key(id, step, file);
        Ok(self.archive()?.get_range(&key, from, most).await?)
    }

    /// How the queue stands, with the processes that work at it.
    pub async fn job_queue(&self) -> Result<QueueState, Error> {
        let counts = self.store().job_queue_counts().await?;
        let now = self.clock().now();
        let mut workers = self.store().workers().await?;
        workers.retain(|worker| {
            (now - worker.seen_at)
                .to_std()
                .map_or(true, |silence| silence <= super::LIFETIME)
        });
        Ok(QueueState {
            queued: counts.queued,
            running: counts.running,
            workers,
        })
    }
}

/// Whether a text can be the name of an artifact: of letters, digits, `-`, `_` and `.`, which leads nowhere else.
fn is_file_name(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    !text.is_empty() && !text.starts_with('.') && text.chars().all(is_plain)
}

/// Where an artifact of a step is kept.
pub(super) fn artifact_key(run: &JobRunId, step: usize, file: &str) -> String {
    format!("job-runs/{run}/steps/{step}/{file}")
}

/// The step at which `dbt retry` can begin.
fn failed_step(run: &JobRun) -> Option<usize> {
    let failed = |step: &&tailwater_core::job::StepRun| {
        matches!(step.state, StepState::Failed | StepState::Cancelled) && step.started_at.is_some()
    };
    let text = run.steps.iter().find(failed)?.text.clone();
    let index = run.steps.iter().position(|step| failed(&step))?;
    // A run that itself began at a failed step has fewer steps than its job.
    let offset = match run.mode {
        JobRunMode::Whole => 0,
        JobRunMode::FromFailed { step, .. } => step,
    };
    Step::parse(&text).ok()?.can_retry().then_some(index + offset)
}
