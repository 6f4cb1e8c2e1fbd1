//! The end of a run: how it ended, what follows it, and what is forgotten with it.

use chrono::{DateTime, Utc};
use tailwater_core::diagnostic::with_causes;
use tailwater_core::id::JobRunId;
use tailwater_core::job::{
    AfterEnd, Job, JobRun, JobRunCause, JobRunState, StepState, WhenLost, after_end, set_off_by,
};
use tailwater_store::{LostJobRun, new_job_run_id};

use super::{Going, Halt};
use crate::error::Error;
use crate::job::log;
use crate::workspace::Workspace;

impl Going<'_> {
    /// Ends the run and queues what follows.
    pub(super) async fn end(
        mut self,
        worked: Result<Option<String>, Error>,
        halted: Option<Halt>,
    ) -> Result<Option<JobRunState>, Error> {
        let now = self.workspace.clock().now();
        let (state, message) = match (halted, worked) {
            (_, Ok(None)) if self.is_complete() => (JobRunState::Succeeded, None),
            (Some(Halt::Cancelled { by }), _) => {
                self.run.cancel_asked_by = Some(by.clone());
                (JobRunState::Cancelled, Some(format!("cancelled by {by}")))
            }
            (Some(Halt::TimedOut), _) => (
                JobRunState::TimedOut,
                Some(format!(
                    "it took longer than its time limit of {} minutes",
                    self.run.definition.time_limit_minutes
                )),
            ),
            (Some(Halt::Stopping), _) => (
                JobRunState::Lost,
                Some("the process that ran it was stopped".to_owned()),
            ),
            (Some(Halt::Lost), _) => return Ok(None),
            (None, Ok(failure)) => (JobRunState::Failed, failure),
            (None, Err(error)) => (JobRunState::Failed, Some(with_causes(&error))),
        };
        close_steps(&mut self.run, now, None);
        self.run.state = state;
        self.run.message = message.map(|text| self.mask.text(&text).into_owned());
        self.run.ended_at = Some(now);
        let is_stopped = state == JobRunState::Lost;
        let following = following(self.workspace, &mut self.run, is_stopped).await?;
        let said = self
            .run
            .message
            .clone()
            .unwrap_or_else(|| "every step ended well".to_owned());
        self.log.line(&format!("{}: {said}", state.title()));
        if let Ok(archive) = self.workspace.archive()
            && let Err(error) = self.log.close(archive).await
        {
            tracing::warn!(run = %self.run.id, %error, "the end of the log could not be written");
        }
        self.run.log_bytes = self.log.len();
        let nodes = std::mem::take(&mut self.nodes);
        let store = self.workspace.store();
        let is_ended = store
            .end_job_run(self.claim, &self.run, &nodes, &following)
            .await?;
        if is_ended {
            forget_old(self.workspace, &self.run).await?;
        }
        Ok(is_ended.then_some(state))
    }

    fn is_complete(&self) -> bool {
        !self.run.steps.is_empty()
            && self
                .run
                .steps
                .iter()
                .all(|step| step.state == StepState::Succeeded)
    }
}

/// What is queued with the end of a run: it once more, or the jobs that its end sets off.
async fn following(workspace: &Workspace, run: &mut JobRun, is_stopped: bool) -> Result<Vec<JobRun>, Error> {
    let now = workspace.clock().now();
    // Whoever stops a process in good order means the process, not the run: it goes on elsewhere.
    let mut judged = run.clone();
    if is_stopped && judged.definition.when_lost == WhenLost::Retry {
        judged.definition.when_lost = WhenLost::RunAgain;
    }
    match after_end(&judged, run.state, now) {
        AfterEnd::Retry { not_before, attempt } => {
            let cause = JobRunCause::Retry { of: run.id.clone() };
            let mut next = JobRun::queued(new_job_run_id(now), &run.definition, cause, run.by.clone(), now);
            next.attempt = attempt;
            next.not_before = not_before;
            next.mode = run.mode.clone();
            run.next_attempt = Some(next.id.clone());
            let words = format!("try {attempt} is queued");
            run.message = Some(match run.message.take() {
                Some(message) => format!("{message}; {words}"),
                None => words,
            });
            Ok(vec![next])
        }
        AfterEnd::Over => {
            let jobs = workspace.job_definitions().await?;
            let set_off = set_off_by(&run.job, run.state, &jobs)
                .into_iter()
                .map(|job: &Job| {
                    let cause = JobRunCause::After {
                        job: run.job.clone(),
                        run: run.id.clone(),
                    };
                    JobRun::queued(new_job_run_id(now), job, cause, None, now)
                });
            Ok(set_off.collect())
        }
    }
}

/// Ends the runs whose node gave no sign of life for too long; answers which.
pub(in crate::job) async fn end_lost(workspace: &Workspace) -> Result<Vec<JobRunId>, Error> {
    let mut ended = Vec::new();
    for lost in workspace.store().lost_job_runs().await? {
        if end_one_lost(workspace, &lost).await? {
            ended.push(lost.run.id.clone());
        }
    }
    Ok(ended)
}

async fn end_one_lost(workspace: &Workspace, lost: &LostJobRun) -> Result<bool, Error> {
    let now = workspace.clock().now();
    let mut run = lost.run.clone();
    let worker = run.worker.clone().unwrap_or_else(|| "the process".to_owned());
    run.state = JobRunState::Lost;
    run.ended_at = Some(now);
    run.message = Some(format!(
        "{worker}, which ran it, gave no sign of life for 30 seconds"
    ));
    close_steps(&mut run, now, Some("its machine died"));
    let following = following(workspace, &mut run, false).await?;
    let is_ended = workspace.store().end_lost_job_run(lost, &run, &following).await?;
    if is_ended {
        tracing::warn!(run = %run.id, job = %run.job, message = run.message, "run lost");
        // What was written of its log stays readable.
        if let Err(error) = log::join(workspace.archive()?, &run.id).await {
            tracing::warn!(run = %run.id, %error, "its log could not be put together");
        }
    }
    Ok(is_ended)
}

/// Ends the steps of a run that is over: those that had not begun, and the one that ran, with the reason.
fn close_steps(run: &mut JobRun, now: DateTime<Utc>, reason: Option<&str>) {
    for step in &mut run.steps {
        match step.state {
            StepState::Waiting => step.state = StepState::Skipped,
            StepState::Running => {
                step.state = StepState::Failed;
                step.ended_at = Some(now);
                step.message = reason.map(str::to_owned).or(step.message.take());
            }
            _ => {}
        }
    }
}

/// Forgets runs that are more than is kept, with their files.
async fn forget_old(workspace: &Workspace, run: &JobRun) -> Result<(), Error> {
    let keep = workspace.settings().runs.keep;
    let old = workspace.store().forget_old_job_runs(&run.job, keep).await?;
    for id in old {
        let archive = workspace.archive()?;
        let listed = archive.list(&format!("job-runs/{id}")).await?;
        let keys: Vec<String> = listed.into_iter().map(|(key, _)| key).collect();
        archive.remove(&keys).await?;
    }
    Ok(())
}
