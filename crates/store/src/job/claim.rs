//! Claiming: who runs which run, and its signs of life.

use std::time::Duration;

use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunState, NodeRunSummary};
use uuid::Uuid;

use super::row::{self, ACTION, Change};
use crate::database::{Engine, Value, to_json};
use crate::error::Result;
use crate::lease::add;
use crate::name::is_taken_meanwhile;
use crate::store::Store;

/// A run in hand. Whoever has it gives signs of life, or loses it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRunClaim {
    /// The run as it was claimed.
    pub run: JobRun,
    /// Drawn for this claim alone.
    pub(super) token: String,
}

/// What a sign of life heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRunSign {
    /// The run is still in hand.
    InHand {
        /// Who asked for its end, once somebody did.
        cancel_asked_by: Option<String>,
    },
    /// Somebody else has ended it, because no sign of life came for too long.
    Lost,
}

/// The run that has waited longest of those that may start: its time has come, no other run of its job runs,
/// and none of its job stands before it in the queue. In PostgreSQL rows that another process is claiming are
/// passed over; then the next job's run is taken, never the next run of the same job.
const NEXT: &str = "select candidate.body from job_run candidate \
     where candidate.state = 'queued' and candidate.not_before <= $1 \
     and not exists (select 1 from job_run other where other.job = candidate.job and other.state = 'running') \
     and not exists (select 1 from job_run other where other.job = candidate.job and other.state = 'queued' \
     and other.not_before <= $1 and (other.queued_at < candidate.queued_at \
     or (other.queued_at = candidate.queued_at and other.id < candidate.id))) \
     order by candidate.queued_at, candidate.id limit 1";

impl Store {
    /// Takes the next run in hand; `None` when none may start. `worker` is what others are told, such as
    /// host and process.
    pub async fn claim_job_run(&self, worker: &str, lifetime: Duration) -> Result<Option<JobRunClaim>> {
        // Clocks that differ may let two processes see different heads of one job's queue. The index over
        // running jobs lets the second one fail; it looks again.
        const ATTEMPTS: usize = 5;
        let mut attempt = 1;
        loop {
            match self.try_claim(worker, lifetime).await {
                Err(error) if is_taken_meanwhile(&error) && attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    async fn try_claim(&self, worker: &str, lifetime: Duration) -> Result<Option<JobRunClaim>> {
        let now = self.clock.now();
        // Most of the time there is nothing to do; that is seen without making a writer wait.
        let sql = "select 1 from job_run where state = 'queued' and not_before <= $1 limit 1";
        if self.db.fetch(ACTION, sql, vec![now.into()]).await?.is_empty() {
            return Ok(None);
        }
        let sql = match self.db.engine {
            Engine::Sqlite { .. } => NEXT.to_owned(),
            Engine::Postgres(_) => format!("{NEXT} for update of candidate skip locked"),
        };
        let mut transaction = self.db.begin(ACTION).await?;
        let rows = transaction
            .fetch(sqlx::AssertSqlSafe(sql), vec![now.into()])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let mut run: JobRun = row.json(0)?;
        run.state = JobRunState::Running;
        run.started_at = Some(now);
        run.worker = Some(worker.to_owned());
        let token = Uuid::new_v4().to_string();
        let number = row::next_change(&mut transaction, 1).await?;
        let change = Change {
            run: &run,
            token: Some(&token),
            until: Some(add(now, lifetime)),
            number,
        };
        row::update(&mut transaction, &change).await?;
        transaction.commit().await?;
        Ok(Some(JobRunClaim { run, token }))
    }

    /// Gives a sign of life, and hears whether somebody asked for the run's end. `log_bytes` is how long its
    /// log is by now.
    pub async fn renew_job_run(&self, claim: &JobRunClaim, lifetime: Duration) -> Result<JobRunSign> {
        const ACTION: &str = "give a sign of life of a run";
        let mut transaction = self.db.begin(ACTION).await?;
        let sql = "update job_run set until = $3 where id = $1 and token = $2 and state = 'running'";
        let values = vec![
            claim.run.id.as_str().into(),
            claim.token.as_str().into(),
            add(self.clock.now(), lifetime).into(),
        ];
        if transaction.execute(sql, values).await? == 0 {
            return Ok(JobRunSign::Lost);
        }
        let sql = "select cancelled_by from job_run where id = $1";
        let rows = transaction.fetch(sql, vec![claim.run.id.as_str().into()]).await?;
        let cancel_asked_by = rows.first().map_or(Ok(None), |row| row.optional_text(0))?;
        transaction.commit().await?;
        Ok(JobRunSign::InHand { cancel_asked_by })
    }

    /// Writes how a run in hand stands, and how nodes of it ended; says whether it is still in hand. When it is
    /// not, nothing is written.
    pub async fn note_job_run(
        &self,
        claim: &JobRunClaim,
        run: &JobRun,
        nodes: &[NodeRunSummary],
    ) -> Result<bool> {
        let mut transaction = self.db.begin(ACTION).await?;
        let held = row::hold(&mut transaction, &claim.run.id).await?;
        let Some((_, held)) = held.filter(|(_, held)| {
            held.state == JobRunState::Running && held.token.as_deref() == Some(&claim.token)
        }) else {
            return Ok(false);
        };
        put_nodes(&mut transaction, &claim.run.id, nodes).await?;
        let number = row::next_change(&mut transaction, 1).await?;
        let change = Change {
            run,
            token: held.token.as_deref(),
            until: held.until,
            number,
        };
        row::update(&mut transaction, &change).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

pub(super) async fn put_nodes(
    transaction: &mut crate::database::Transaction<'_>,
    run: &JobRunId,
    nodes: &[NodeRunSummary],
) -> Result<()> {
    // One statement cannot touch a row twice: of a node that is told of twice the last counts.
    let by_key: std::collections::BTreeMap<(usize, &str), &NodeRunSummary> = nodes
        .iter()
        .map(|node| ((node.step, node.unique_id.as_str()), node))
        .collect();
    let mut rows: Vec<[Value; 4]> = Vec::with_capacity(by_key.len());
    for ((step, node), summary) in by_key {
        rows.push([
            run.as_str().into(),
            i64::try_from(step).unwrap_or(i64::MAX).into(),
            node.into(),
            to_json(ACTION, summary)?.into(),
        ]);
    }
    let head = "insert into job_run_node (run, step, node, body)";
    let tail = "on conflict (run, step, node) do update set body = excluded.body";
    transaction.insert(head, tail, rows).await
}
