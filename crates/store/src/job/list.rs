//! Reading runs: one, pages of them, what changed.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use tailwater_core::id::{JobName, JobRunId, ProjectName};
use tailwater_core::job::{JobRun, JobRunState, NodeRunSummary};

use super::row::{COLUMNS, read};
use crate::database::Value;
use crate::error::Result;
use crate::store::Store;

const ACTION: &str = "read the runs of jobs";

/// Which runs to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobRunFilter {
    /// Only those of this job.
    pub job: Option<JobName>,
    /// Only those of this project.
    pub project: Option<ProjectName>,
    /// Only those in this state.
    pub state: Option<JobRunState>,
    /// Only those older than the one at which an earlier page ended.
    pub before: Option<JobRunCursor>,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRunCursor {
    queued_at: DateTime<Utc>,
    id: JobRunId,
}

impl fmt::Display for JobRunCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.queued_at.timestamp_micros(), self.id)
    }
}

impl FromStr for JobRunCursor {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let refused = || format!("`{text}` is no place in the list of runs");
        let (micros, id) = text.split_once('.').ok_or_else(refused)?;
        let micros: i64 = micros.parse().map_err(|_| refused())?;
        Ok(Self {
            queued_at: DateTime::from_timestamp_micros(micros).ok_or_else(refused)?,
            id: id.into(),
        })
    }
}

/// A page of runs, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRunPage {
    /// The runs.
    pub runs: Vec<JobRun>,
    /// Where to read on; `None` at the end.
    pub next: Option<JobRunCursor>,
}

/// How many runs wait and run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobQueueCounts {
    /// In the queue.
    pub queued: u64,
    /// Running.
    pub running: u64,
}

impl Store {
    /// The run of the given id.
    pub async fn find_job_run(&self, id: &JobRunId) -> Result<Option<JobRun>> {
        Ok(self.find_job_run_with_change(id).await?.map(|(run, _)| run))
    }

    /// The run of the given id with the number of its last change.
    pub async fn find_job_run_with_change(&self, id: &JobRunId) -> Result<Option<(JobRun, i64)>> {
        let sql = "select body, cancelled_by, change from job_run where id = $1";
        let rows = self.db.fetch(ACTION, sql, vec![id.as_str().into()]).await?;
        rows.first().map(read).transpose()
    }

    /// A page of runs, the newest first.
    pub async fn job_runs(&self, filter: &JobRunFilter, limit: u32) -> Result<JobRunPage> {
        let sql = "select body, cancelled_by, change from job_run \
                   where (cast($1 as text) is null or job = $1) \
                   and (cast($2 as text) is null or project = $2) \
                   and (cast($3 as text) is null or state = $3) \
                   and (queued_at < $4 or (queued_at = $4 and id < $5)) \
                   order by queued_at desc, id desc limit $6";
        let (queued_at, id) = filter.before.as_ref().map_or((i64::MAX, ""), |before| {
            (before.queued_at.timestamp_micros(), before.id.as_str())
        });
        let values: Vec<Value> = vec![
            filter.job.as_ref().map(ToString::to_string).into(),
            filter.project.as_ref().map(ToString::to_string).into(),
            filter.state.map(|state| state.name().to_owned()).into(),
            queued_at.into(),
            id.into(),
            // One more shows whether there is another page.
            (i64::from(limit) + 1).into(),
        ];
        let rows = self.db.fetch(ACTION, sql, values).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let runs = rows
            .iter()
            .take(limit)
            .map(|row| read(row).map(|(run, _)| run))
            .collect::<Result<Vec<_>>>()?;
        let next = runs
            .last()
            .filter(|_| rows.len() > limit)
            .map(|run| JobRunCursor {
                queued_at: run.queued_at,
                id: run.id.clone(),
            });
        Ok(JobRunPage { runs, next })
    }

    /// The newest run of each job that has one.
    pub async fn last_job_runs(&self) -> Result<Vec<JobRun>> {
        let sql = "select newest.body, newest.cancelled_by, newest.change from job_run newest \
                   where not exists (select 1 from job_run newer where newer.job = newest.job \
                   and (newer.queued_at > newest.queued_at \
                   or (newer.queued_at = newest.queued_at and newer.id > newest.id))) order by newest.job";
        let rows = self.db.fetch(ACTION, sql, vec![]).await?;
        rows.iter().map(|row| read(row).map(|(run, _)| run)).collect()
    }

    /// How the nodes of a run ended, by step and node.
    pub async fn job_run_nodes(&self, id: &JobRunId) -> Result<Vec<NodeRunSummary>> {
        let sql = "select body from job_run_node where run = $1 order by step, node";
        let rows = self.db.fetch(ACTION, sql, vec![id.as_str().into()]).await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// The runs that changed after a number of a change, in the order of their changes, at most so many.
    pub async fn job_runs_since(&self, change: i64, limit: u32) -> Result<Vec<(JobRun, i64)>> {
        let sql = format!("select {COLUMNS} from job_run where change > $1 order by change limit $2");
        let mut transaction = self.db.begin_reading(ACTION).await?;
        let rows = transaction
            .fetch(
                sqlx::AssertSqlSafe(sql),
                vec![change.into(), i64::from(limit).into()],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    /// The number of the last change of any run.
    pub async fn job_revision(&self) -> Result<i64> {
        let sql = "select number from job_revision where id = 1";
        let rows = self.db.fetch(ACTION, sql, vec![]).await?;
        rows.first().map_or(Ok(0), |row| row.integer(0))
    }

    /// How many runs wait and run.
    pub async fn job_queue_counts(&self) -> Result<JobQueueCounts> {
        let sql = "select (select count(*) from job_run where state = 'queued'), \
                   (select count(*) from job_run where state = 'running')";
        let rows = self.db.fetch(ACTION, sql, vec![]).await?;
        let Some(row) = rows.first() else {
            return Ok(JobQueueCounts::default());
        };
        let count = |column| row.integer(column).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(JobQueueCounts {
            queued: count(0)?,
            running: count(1)?,
        })
    }

    /// When the next run that waits for its time may start, after now.
    pub async fn next_job_run_at(&self) -> Result<Option<DateTime<Utc>>> {
        let sql = "select min(not_before) from job_run where state = 'queued' and not_before > $1";
        let rows = self.db.fetch(ACTION, sql, vec![self.clock.now().into()]).await?;
        rows.first().map_or(Ok(None), |row| row.optional_instant(0))
    }

    /// Forgets the runs of a job that are over, but the newest so many; answers which.
    pub async fn forget_old_job_runs(&self, job: &JobName, keep: u32) -> Result<Vec<JobRunId>> {
        let mut transaction = self.db.begin("forget old runs").await?;
        let sql = "select id from job_run where job = $1 and state not in ('queued', 'running') \
                   order by queued_at desc, id desc limit 1000 offset $2";
        let values = vec![job.as_str().into(), i64::from(keep).into()];
        let mut ids = Vec::new();
        for row in transaction.fetch(sql, values).await? {
            ids.push(JobRunId::new(row.text(0)?));
        }
        let keys = ids.iter().map(|id| id.as_str().into()).collect();
        transaction
            .execute_in("delete from job_run_node where run in", &[], keys)
            .await?;
        let keys = ids.iter().map(|id| id.as_str().into()).collect();
        transaction
            .execute_in("delete from job_run where id in", &[], keys)
            .await?;
        transaction.commit().await?;
        Ok(ids)
    }
}
