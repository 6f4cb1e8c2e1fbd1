//! Values of secret variables, sealed. They are given out to a run alone.

use std::collections::BTreeMap;

use secrecy::SecretString;
use tailwater_core::id::JobName;

use crate::account::{AuditEntry, insert_audit};
use crate::error::{Error, Result};
use crate::key::{SealingKey, Unsealing};
use crate::seal::seal;
use crate::store::Store;

impl Store {
    /// Seals and stores the value of a job's variable, in place of an earlier one.
    pub async fn put_job_secret(
        &self,
        job: &JobName,
        name: &str,
        value: &SecretString,
        key: &SealingKey,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.db.begin("store the job's secret").await?;
        let sealed = seal(&mut transaction, key, &place(job, name), value).await?;
        let sql = "insert into job_secret (job, name, sealed, updated_at) values ($1, $2, $3, $4) \
                   on conflict (job, name) do update set sealed = excluded.sealed, \
                   updated_at = excluded.updated_at";
        let values = vec![
            job.as_str().into(),
            name.into(),
            sealed.into(),
            self.clock.now().into(),
        ];
        transaction.execute(sql, values).await?;
        insert_audit(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// Forgets the value of a job's variable; says whether there was one.
    pub async fn remove_job_secret(&self, job: &JobName, name: &str, audit: &AuditEntry) -> Result<bool> {
        let mut transaction = self.db.begin("remove the job's secret").await?;
        let sql = "delete from job_secret where job = $1 and name = $2";
        let was_there = transaction
            .execute(sql, vec![job.as_str().into(), name.into()])
            .await?
            > 0;
        if was_there {
            insert_audit(&mut transaction, audit).await?;
        }
        transaction.commit().await?;
        Ok(was_there)
    }

    /// The names of a job's variables whose values are stored.
    pub async fn job_secret_names(&self, job: &JobName) -> Result<Vec<String>> {
        let sql = "select name from job_secret where job = $1 order by name";
        let rows = self
            .db
            .fetch("read the job's secrets", sql, vec![job.as_str().into()])
            .await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The values of a job's secret variables, for a run of it.
    ///
    /// # Errors
    /// [`Error::SettingSealed`] when one was sealed with another key, or was changed.
    pub async fn load_job_secrets(
        &self,
        job: &JobName,
        key: &SealingKey,
    ) -> Result<BTreeMap<String, SecretString>> {
        let sql = "select name, sealed from job_secret where job = $1 order by name";
        let rows = self
            .db
            .fetch("read the job's secrets", sql, vec![job.as_str().into()])
            .await?;
        let mut values = BTreeMap::new();
        for row in &rows {
            let name = row.text(0)?;
            let value =
                key.unseal(&place(job, &name), &row.text(1)?)
                    .map_err(|problem| Error::SettingSealed {
                        name: format!("{job} {name}"),
                        reason: match problem {
                            Unsealing::WrongKey => "was sealed with another key",
                            Unsealing::Damaged => "is damaged",
                        },
                    })?;
            values.insert(name, value);
        }
        Ok(values)
    }
}

/// What is authenticated with the value.
pub(crate) fn place(job: &JobName, name: &str) -> String {
    format!("tailwater job secret {job} {name}")
}
