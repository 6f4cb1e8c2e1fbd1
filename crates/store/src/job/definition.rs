//! Definitions of jobs, and the webhooks that set them off.

use tailwater_core::id::JobName;
use tailwater_core::job::Job;

use crate::account::{AuditEntry, insert_audit};
use crate::database::{Value, to_json};
use crate::error::Result;
use crate::store::{Store, check_name};

impl Store {
    /// Every job that was made in the pages or by command, by name.
    pub async fn jobs(&self) -> Result<Vec<Job>> {
        let rows = self
            .db
            .fetch("read the jobs", "select body from job order by name", vec![])
            .await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// The job of this name.
    pub async fn find_job(&self, name: &JobName) -> Result<Option<Job>> {
        let sql = "select body from job where name = $1";
        let rows = self
            .db
            .fetch("look a job up", sql, vec![name.as_str().into()])
            .await?;
        rows.first().map(|row| row.json(0)).transpose()
    }

    /// Stores a job, in place of one of the same name.
    pub async fn put_job(&self, job: &Job, audit: &AuditEntry) -> Result<()> {
        const ACTION: &str = "store the job";
        check_name(job.name.as_str(), "a job")?;
        let mut transaction = self.db.begin(ACTION).await?;
        let sql = "insert into job (name, body, updated_at) values ($1, $2, $3) \
                   on conflict (name) do update set body = excluded.body, updated_at = excluded.updated_at";
        let values = vec![
            job.name.as_str().into(),
            to_json(ACTION, job)?.into(),
            self.clock.now().into(),
        ];
        transaction.execute(sql, values).await?;
        insert_audit(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// Forgets a job with its secrets and its webhook; its runs stay. Says whether it was there.
    pub async fn remove_job(&self, name: &JobName, audit: &AuditEntry) -> Result<bool> {
        let mut transaction = self.db.begin("remove the job").await?;
        let key = || vec![Value::from(name.as_str())];
        let was_there = transaction
            .execute("delete from job where name = $1", key())
            .await?
            > 0;
        for sql in [
            "delete from job_clock where job = $1",
            "delete from job_secret where job = $1",
            "delete from job_webhook where job = $1",
        ] {
            transaction.execute(sql, key()).await?;
        }
        if was_there {
            insert_audit(&mut transaction, audit).await?;
        }
        transaction.commit().await?;
        Ok(was_there)
    }

    /// Makes a webhook's secret, by its digest, set a job off, in place of an earlier one; with `None` no more.
    pub async fn put_job_webhook(
        &self,
        job: &JobName,
        digest: Option<&str>,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.db.begin("store the webhook").await?;
        let sql = "delete from job_webhook where job = $1";
        transaction.execute(sql, vec![job.as_str().into()]).await?;
        if let Some(digest) = digest {
            let sql = "insert into job_webhook (job, digest, made_at) values ($1, $2, $3)";
            let values = vec![job.as_str().into(), digest.into(), self.clock.now().into()];
            transaction.execute(sql, values).await?;
        }
        insert_audit(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// The job that a webhook's secret sets off, by its digest.
    pub async fn find_job_of_webhook(&self, digest: &str) -> Result<Option<JobName>> {
        let sql = "select job from job_webhook where digest = $1";
        let rows = self
            .db
            .fetch("look a webhook up", sql, vec![digest.into()])
            .await?;
        rows.first().map(|row| Ok(row.text(0)?.into())).transpose()
    }

    /// The jobs that have a webhook.
    pub async fn jobs_with_webhook(&self) -> Result<Vec<JobName>> {
        let sql = "select job from job_webhook order by job";
        let rows = self.db.fetch("read the webhooks", sql, vec![]).await?;
        rows.iter().map(|row| Ok(row.text(0)?.into())).collect()
    }
}
