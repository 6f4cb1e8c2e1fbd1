//! Putting runs into the queue.

use chrono::{DateTime, Utc};
use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunCause, JobRunState, replaced_by};

use super::row::{self, ACTION, COLUMNS, Change};
use crate::database::Transaction;
use crate::error::Result;
use crate::store::Store;
use crate::time_id::uuid_at;

/// A new id for the given instant.
pub fn new_job_run_id(at: DateTime<Utc>) -> JobRunId {
    JobRunId::new(uuid_at(at).to_string())
}

/// What came of queueing a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobEnqueued {
    /// The queued runs whose place it took.
    pub replaced: Vec<JobRunId>,
}

impl Store {
    /// Puts a run into the queue; a scheduled one takes the place of older scheduled ones of its job.
    pub async fn enqueue_job_run(&self, run: &JobRun) -> Result<JobEnqueued> {
        let mut transaction = self.db.begin(ACTION).await?;
        let enqueued = enqueue(&mut transaction, run, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(enqueued)
    }

    /// Puts many runs into the queue, none of which takes another's place.
    pub async fn enqueue_job_runs(&self, runs: &[JobRun]) -> Result<()> {
        let mut transaction = self.db.begin(ACTION).await?;
        let number = row::next_change(&mut transaction, runs.len()).await?;
        row::insert(&mut transaction, runs, number).await?;
        transaction.commit().await
    }
}

pub(super) async fn enqueue(
    transaction: &mut Transaction<'_>,
    run: &JobRun,
    now: DateTime<Utc>,
) -> Result<JobEnqueued> {
    let mut replaced = Vec::new();
    if let JobRunCause::Scheduled { slot } = run.cause {
        // The rows are taken in hand, so that none of them is claimed meanwhile.
        let sql = "update job_run set id = id where job = $1 and state = 'queued' and cause = 'scheduled'";
        transaction.execute(sql, vec![run.job.as_str().into()]).await?;
        let sql = format!(
            "select {COLUMNS} from job_run where job = $1 and state = 'queued' and cause = 'scheduled' \
             order by queued_at, id"
        );
        let rows = transaction
            .fetch(sqlx::AssertSqlSafe(sql), vec![run.job.as_str().into()])
            .await?;
        let queued = rows
            .iter()
            .map(|row| row::read(row).map(|(run, _)| run))
            .collect::<Result<Vec<_>>>()?;
        let wanted: Vec<JobRunId> = replaced_by(run, &queued).into_iter().cloned().collect();
        replaced.extend(
            queued
                .into_iter()
                .filter(|old| wanted.contains(&old.id))
                .map(|old| JobRun {
                    state: JobRunState::Replaced,
                    message: Some(format!(
                        "replaced by the run of {}: it was still waiting when the next set time came",
                        slot.format("%Y-%m-%d %H:%M UTC")
                    )),
                    ended_at: Some(now),
                    ..old
                }),
        );
    }
    let number = row::next_change(transaction, replaced.len() + 1).await?;
    for (old, number) in replaced.iter().zip(number..) {
        let change = Change {
            run: old,
            token: None,
            until: None,
            number,
        };
        row::update(transaction, &change).await?;
    }
    let last = number + i64::try_from(replaced.len()).unwrap_or(0);
    row::insert(transaction, std::slice::from_ref(run), last).await?;
    Ok(JobEnqueued {
        replaced: replaced.into_iter().map(|old| old.id).collect(),
    })
}
