//! Which set time of each job was answered last.

use chrono::{DateTime, Utc};
use tailwater_core::id::JobName;
use tailwater_core::job::{JobRun, JobSchedule};

use super::queue::{JobEnqueued, enqueue};
use super::row::ACTION;
use crate::error::Result;
use crate::store::Store;

impl Store {
    /// The set time of a job that was answered last, or since when it has its schedule. A schedule that is new
    /// or another than before begins now.
    pub async fn job_answered_at(&self, job: &JobName, schedule: &JobSchedule) -> Result<DateTime<Utc>> {
        const ACTION: &str = "read the job's clock";
        let text = text_of(schedule);
        let now = self.clock.now();
        let sql = "select schedule, answered_at from job_clock where job = $1";
        let rows = self.db.fetch(ACTION, sql, vec![job.as_str().into()]).await?;
        if let Some(row) = rows.first()
            && row.text(0)? == text
        {
            return row.instant(1);
        }
        // Of two processes that see it new at the same time the first says since when.
        let sql = "insert into job_clock (job, schedule, answered_at) values ($1, $2, $3) \
                   on conflict (job) do update set schedule = excluded.schedule, \
                   answered_at = excluded.answered_at where job_clock.schedule <> excluded.schedule";
        let values = vec![job.as_str().into(), text.into(), now.into()];
        self.db.execute(ACTION, sql, values).await?;
        Ok(now)
    }

    /// Answers a set time with a run, unless another process has; then nothing is queued.
    pub async fn answer_job_slot(
        &self,
        schedule: &JobSchedule,
        slot: DateTime<Utc>,
        run: &JobRun,
    ) -> Result<Option<JobEnqueued>> {
        let mut transaction = self.db.begin(ACTION).await?;
        let sql =
            "update job_clock set answered_at = $3 where job = $1 and schedule = $2 and answered_at < $3";
        let values = vec![run.job.as_str().into(), text_of(schedule).into(), slot.into()];
        if transaction.execute(sql, values).await? == 0 {
            return Ok(None);
        }
        let enqueued = enqueue(&mut transaction, run, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(Some(enqueued))
    }
}

fn text_of(schedule: &JobSchedule) -> String {
    format!("{} {}", schedule.time_zone, schedule.cron)
}
