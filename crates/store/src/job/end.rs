//! Ending runs: by the one who has it, by the one who finds it lost, or on somebody's wish.

use chrono::{DateTime, Utc};
use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunState, NodeRunSummary};

use super::claim::{JobRunClaim, put_nodes};
use super::queue::enqueue;
use super::row::{self, ACTION, Change};
use crate::error::Result;
use crate::store::Store;

/// A run whose holder gave no sign of life for too long.
#[derive(Debug, Clone, PartialEq)]
pub struct LostJobRun {
    /// The run as it was last written.
    pub run: JobRun,
    token: String,
}

/// What came of asking for a run's end.
#[derive(Debug, Clone, PartialEq)]
pub enum JobCancelOutcome {
    /// It waited in the queue, and is over.
    Ended(Box<JobRun>),
    /// It runs; whoever has it ends it within seconds.
    Asked(Box<JobRun>),
    /// It was over before.
    Over(Box<JobRun>),
    /// There is no such run.
    Unknown,
}

impl Store {
    /// Ends a run in hand and queues what follows, together. Says whether it was still in hand; when it was
    /// not, nothing is written.
    pub async fn end_job_run(
        &self,
        claim: &JobRunClaim,
        run: &JobRun,
        nodes: &[NodeRunSummary],
        following: &[JobRun],
    ) -> Result<bool> {
        self.end(&claim.token, None, run, nodes, following).await
    }

    /// The runs whose holder gave no sign of life for too long.
    pub async fn lost_job_runs(&self) -> Result<Vec<LostJobRun>> {
        let sql = "select body, cancelled_by, change, token from job_run where state = 'running' and until <= $1 \
                   order by until limit 100";
        let now = self.clock.now();
        let rows = self.db.fetch("look for lost runs", sql, vec![now.into()]).await?;
        let lost = rows.iter().map(|row| {
            Ok(LostJobRun {
                run: row::read(row)?.0,
                token: row.text(3)?,
            })
        });
        lost.collect()
    }

    /// Ends a lost run and queues what follows, together. Says whether it was done: not when its holder gave a
    /// sign of life after all, or somebody else was first.
    pub async fn end_lost_job_run(
        &self,
        lost: &LostJobRun,
        run: &JobRun,
        following: &[JobRun],
    ) -> Result<bool> {
        self.end(&lost.token, Some(self.clock.now()), run, &[], following)
            .await
    }

    async fn end(
        &self,
        token: &str,
        lost_at: Option<DateTime<Utc>>,
        run: &JobRun,
        nodes: &[NodeRunSummary],
        following: &[JobRun],
    ) -> Result<bool> {
        let mut transaction = self.db.begin(ACTION).await?;
        let Some((_, held)) = row::hold(&mut transaction, &run.id).await? else {
            return Ok(false);
        };
        let is_in_hand = held.state == JobRunState::Running && held.token.as_deref() == Some(token);
        let is_lost = lost_at.is_none_or(|now| held.until.is_some_and(|until| until <= now));
        if !is_in_hand || !is_lost {
            return Ok(false);
        }
        put_nodes(&mut transaction, &run.id, nodes).await?;
        let number = row::next_change(&mut transaction, 1).await?;
        let change = Change {
            run,
            token: None,
            until: None,
            number,
        };
        row::update(&mut transaction, &change).await?;
        for next in following {
            enqueue(&mut transaction, next, self.clock.now()).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends a run that waits, or asks for the end of one that runs.
    pub async fn cancel_job_run(&self, id: &JobRunId, by: &str) -> Result<JobCancelOutcome> {
        let mut transaction = self.db.begin("cancel the run").await?;
        let Some((mut run, held)) = row::hold(&mut transaction, id).await? else {
            return Ok(JobCancelOutcome::Unknown);
        };
        if held.state.is_over() {
            return Ok(JobCancelOutcome::Over(Box::new(run)));
        }
        if run.cancel_asked_by.is_none() {
            run.cancel_asked_by = Some(by.to_owned());
        }
        let sql = "update job_run set cancelled_by = $2 where id = $1 and cancelled_by is null";
        transaction
            .execute(sql, vec![id.as_str().into(), by.into()])
            .await?;
        let is_waiting = held.state == JobRunState::Queued;
        if is_waiting {
            run.state = JobRunState::Cancelled;
            run.message = Some(format!("cancelled by {by} while it waited"));
            run.ended_at = Some(self.clock.now());
        }
        let number = row::next_change(&mut transaction, 1).await?;
        let change = Change {
            run: &run,
            token: held.token.as_deref(),
            until: held.until,
            number,
        };
        row::update(&mut transaction, &change).await?;
        transaction.commit().await?;
        let run = Box::new(run);
        Ok(if is_waiting {
            JobCancelOutcome::Ended(run)
        } else {
            JobCancelOutcome::Asked(run)
        })
    }
}
