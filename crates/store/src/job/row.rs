//! The row of a run: its body, and the columns that others may change while it runs.

use chrono::{DateTime, Utc};
use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunState};

use crate::database::{Row, Transaction, Value, to_json};
use crate::error::Result;
use crate::revision::take_numbers;

pub(super) const ACTION: &str = "record the run of a job";

/// What [`read`] reads.
pub(super) const COLUMNS: &str = "body, cancelled_by, change";

/// A run with the number of its last change.
pub(super) fn read(row: &Row<'_>) -> Result<(JobRun, i64)> {
    let mut run: JobRun = row.json(0)?;
    if run.cancel_asked_by.is_none() {
        run.cancel_asked_by = row.optional_text(1)?;
    }
    Ok((run, row.integer(2)?))
}

/// Gives numbers for so many changes: the first of them. Other writers wait until this transaction ends, so it
/// is asked for last, after the rows of runs are in hand.
pub(super) async fn next_change(transaction: &mut Transaction<'_>, changes: usize) -> Result<i64> {
    let sql = "update job_revision set number = number + $1 where id = 1 returning number";
    take_numbers(transaction, sql, changes).await
}

/// Adds runs to the queue.
pub(super) async fn insert(transaction: &mut Transaction<'_>, runs: &[JobRun], change: i64) -> Result<()> {
    let mut rows: Vec<[Value; 9]> = Vec::with_capacity(runs.len());
    for (run, change) in runs.iter().zip(change..) {
        rows.push([
            run.id.as_str().into(),
            run.job.as_str().into(),
            run.project.as_str().into(),
            run.state.name().into(),
            run.cause.name().into(),
            run.queued_at.into(),
            run.not_before.into(),
            change.into(),
            to_json(ACTION, run)?.into(),
        ]);
    }
    let head = "insert into job_run (id, job, project, state, cause, queued_at, not_before, change, body)";
    transaction.insert(head, "", rows).await
}

/// What changes with a claim, a note or an end.
pub(super) struct Change<'a> {
    pub run: &'a JobRun,
    pub token: Option<&'a str>,
    pub until: Option<DateTime<Utc>>,
    pub number: i64,
}

/// Writes a run whose row is in hand.
pub(super) async fn update(transaction: &mut Transaction<'_>, change: &Change<'_>) -> Result<()> {
    let sql = "update job_run set state = $2, token = $3, until = $4, change = $5, body = $6 where id = $1";
    let values = vec![
        change.run.id.as_str().into(),
        change.run.state.name().into(),
        change.token.map(str::to_owned).into(),
        change.until.into(),
        change.number.into(),
        to_json(ACTION, change.run)?.into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}

/// The run as it stands, its row in hand until the transaction ends. Touching the row takes its lock in
/// PostgreSQL; SQLite has the only one already.
pub(super) async fn hold(transaction: &mut Transaction<'_>, id: &JobRunId) -> Result<Option<(JobRun, Held)>> {
    let sql = "update job_run set id = id where id = $1";
    if transaction.execute(sql, vec![id.as_str().into()]).await? == 0 {
        return Ok(None);
    }
    let sql = "select body, cancelled_by, change, state, token, until from job_run where id = $1";
    let rows = transaction.fetch(sql, vec![id.as_str().into()]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let (run, _) = read(row)?;
    let word = row.text(3)?;
    let held = Held {
        state: JobRunState::of(&word).ok_or_else(|| row.damaged(format!("`{word}` is no state")))?,
        token: row.optional_text(4)?,
        until: row.optional_instant(5)?,
    };
    Ok(Some((run, held)))
}

/// Who has a run, as its columns say.
pub(super) struct Held {
    pub state: JobRunState,
    pub token: Option<String>,
    pub until: Option<DateTime<Utc>>,
}
