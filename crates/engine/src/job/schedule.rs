//! The clockwork of jobs: answers set times with runs, over all nodes once each.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::id::{JobName, JobRunId};
use tailwater_core::job::{JobRun, JobRunCause, due, next_due};
use tailwater_store::new_job_run_id;

use crate::error::Error;
use crate::workspace::Workspace;

/// When a job runs next by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextJobRun {
    /// The job.
    pub job: JobName,
    /// When.
    pub at: DateTime<Utc>,
}

impl Workspace {
    /// Queues the scheduled runs whose time has come, unless another node did; answers which, and when the next
    /// time comes.
    pub async fn answer_due_jobs(&self) -> Result<(Vec<JobRunId>, Option<DateTime<Utc>>), Error> {
        let now = self.clock().now();
        let (mut queued, mut next) = (Vec::new(), None::<DateTime<Utc>>);
        for job in self.job_definitions().await? {
            let Some(schedule) = &job.schedule else { continue };
            let since = self.store().job_answered_at(&job.name, schedule).await?;
            let slot = match due(&job, since, now) {
                Ok(slot) => slot,
                Err(error) => {
                    // One job that makes no sense keeps no other from its time.
                    tracing::warn!(job = %job.name, %error, "its schedule cannot be read");
                    continue;
                }
            };
            if let Some(due) = slot {
                let cause = JobRunCause::Scheduled { slot: due.slot };
                let run = JobRun::queued(new_job_run_id(now), &job, cause, None, now);
                let answered = self.store().answer_job_slot(schedule, due.slot, &run).await?;
                if let Some(enqueued) = answered {
                    tracing::info!(job = %job.name, run = %run.id, replaced = enqueued.replaced.len(), "run queued");
                    queued.push(run.id);
                }
            }
            if let Ok(Some(at)) = next_due(&job, now) {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        Ok((queued, next))
    }

    /// The newest run of each job that has one, by name of the job.
    pub async fn last_job_runs(&self) -> Result<Vec<JobRun>, Error> {
        Ok(self.store().last_job_runs().await?)
    }

    /// When each job runs next by itself, the soonest first.
    pub async fn next_job_runs(&self) -> Result<Vec<NextJobRun>, Error> {
        let now = self.clock().now();
        let mut next: Vec<NextJobRun> = self
            .job_definitions()
            .await?
            .iter()
            .filter_map(|job| {
                let at = next_due(job, now).ok().flatten()?;
                Some(NextJobRun {
                    job: job.name.clone(),
                    at,
                })
            })
            .collect();
        next.sort_by(|one, two| (one.at, &one.job).cmp(&(two.at, &two.job)));
        Ok(next)
    }
}
