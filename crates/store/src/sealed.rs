//! All sealed values of a store at once: to see whether they open, and to seal them anew with another key.
//!
//! | table | what is sealed |
//! | --- | --- |
//! | `secret` | the secret of an integration's token |
//! | `integration_draft` | the same, of a connection that is still being described |
//! | `job_secret` | the value of a job's variable |
//! | `signal_channel` | where a channel goes, and what it signs with |
//! | `setting` | what the installation drew for itself, such as the key of tiles; other settings are plain |
//!
//! A column that holds sealed text is called `sealed` everywhere but in `setting`. A test asks the schema for
//! those columns, so that a new one is not left out here.

use tailwater_core::id::{IntegrationName, JobName};

use crate::account::{AuditEntry, insert_audit};
use crate::database::{Transaction, Value};
use crate::error::{Error, Result};
use crate::job::secret as job_secret;
use crate::key::{SealingKey, Unsealing, is_sealed};
use crate::signal::channel;
use crate::store::Store;
use crate::{draft, seal, secret, setting};

const READING: &str = "read the sealed values";
const SEALING: &str = "seal the stored values anew";

/// A sealed value where it stands.
#[derive(Debug)]
pub(crate) struct Sealed {
    /// For people, such as "the secret of integration `main`".
    pub subject: String,
    /// What mends it when it does not open.
    pub remedy: String,
    /// What is authenticated with it.
    place: String,
    /// The statement that replaces it: the new text, the earlier text, then the row's key.
    update: &'static str,
    key: Vec<String>,
    text: String,
}

impl Sealed {
    /// Why it does not open with the key; `None` when it does.
    pub(crate) fn find_problem(&self, key: &SealingKey) -> Option<&'static str> {
        match key.unseal(&self.place, &self.text) {
            Ok(_) => None,
            Err(problem) => Some(in_words(problem)),
        }
    }
}

const fn in_words(problem: Unsealing) -> &'static str {
    match problem {
        Unsealing::WrongKey => "was sealed with another key",
        Unsealing::Damaged => "is damaged, or was moved from another place",
    }
}

impl Store {
    /// Seals everything with the first of the keys that is not sealed with it already, all in one transaction;
    /// answers how many values that were. Whoever reads meanwhile needs both keys; whoever seals something with one of
    /// the earlier keys alone is refused from then on.
    ///
    /// # Errors
    /// [`Error::Unopened`] when a value opens with none of the keys: nothing is then changed.
    pub async fn seal_anew(&self, key: &SealingKey, audit: &AuditEntry) -> Result<u64> {
        let mut transaction = self.db.begin(SEALING).await?;
        // First: whoever seals something from here on waits, and is then refused with an earlier key.
        seal::change(&mut transaction, key).await?;
        let mut changed = 0;
        for sealed in find_all(&mut transaction).await? {
            if key.is_first_of(&sealed.text) {
                // It may still be damaged; whoever looks the store over is told.
                continue;
            }
            let opened = key
                .unseal(&sealed.place, &sealed.text)
                .map_err(|problem| Error::Unopened {
                    subject: sealed.subject.clone(),
                    reason: in_words(problem),
                    remedy: sealed.remedy.clone(),
                })?;
            let text = key.seal(&sealed.place, &opened)?;
            let mut values: Vec<Value> = vec![text.into(), sealed.text.into()];
            values.extend(sealed.key.into_iter().map(Value::from));
            changed += transaction.execute(sealed.update, values).await?;
        }
        insert_audit(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Refuses a key that does not open everything.
    ///
    /// # Errors
    /// [`Error::Unopened`] for the first value that it does not open.
    pub async fn require_opens(&self, key: &SealingKey) -> Result<()> {
        for sealed in self.sealed_values().await? {
            if let Some(reason) = sealed.find_problem(key) {
                return Err(Error::Unopened {
                    subject: sealed.subject,
                    reason,
                    remedy: sealed.remedy,
                });
            }
        }
        Ok(())
    }

    /// Every sealed value.
    pub(crate) async fn sealed_values(&self) -> Result<Vec<Sealed>> {
        let mut transaction = self.db.begin_reading(READING).await?;
        find_all(&mut transaction).await
    }
}

async fn find_all(transaction: &mut Transaction<'_>) -> Result<Vec<Sealed>> {
    let mut found = Vec::new();
    let sql = "select integration, sealed from secret order by integration";
    for row in transaction.fetch(sql, vec![]).await? {
        let name = row.text(0)?;
        found.push(Sealed {
            subject: format!("the secret of integration `{name}`"),
            remedy: "give the integration's secret again".to_owned(),
            place: secret::place(&IntegrationName::new(name.clone())),
            update: "update secret set sealed = $1 where sealed = $2 and integration = $3",
            text: row.text(1)?,
            key: vec![name],
        });
    }
    let sql = "select id, sealed from integration_draft where sealed is not null order by id";
    for row in transaction.fetch(sql, vec![]).await? {
        let id = row.text(0)?;
        let parsed = id
            .parse()
            .map_err(|_| row.damaged(format!("`{id}` is no id of a draft")))?;
        found.push(Sealed {
            subject: "the secret of a connection that is not finished".to_owned(),
            remedy: "finish or discard the draft under Integrations".to_owned(),
            place: draft::place(parsed),
            update: "update integration_draft set sealed = $1 where sealed = $2 and id = $3",
            text: row.text(1)?,
            key: vec![id],
        });
    }
    let sql = "select job, name, sealed from job_secret order by job, name";
    for row in transaction.fetch(sql, vec![]).await? {
        let (job, name) = (row.text(0)?, row.text(1)?);
        found.push(Sealed {
            subject: format!("the variable `{name}` of job `{job}`"),
            remedy: format!("set it again with `tailwater job secret {job} {name}`"),
            place: job_secret::place(&JobName::new(job.clone()), &name),
            update: "update job_secret set sealed = $1 where sealed = $2 and job = $3 and name = $4",
            text: row.text(2)?,
            key: vec![job, name],
        });
    }
    let sql = "select name, sealed from signal_channel where sealed is not null order by name";
    for row in transaction.fetch(sql, vec![]).await? {
        let name = row.text(0)?;
        found.push(Sealed {
            subject: format!("the secret of channel `{name}`"),
            remedy: "set the channel's address again".to_owned(),
            place: channel::place(&name),
            update: "update signal_channel set sealed = $1 where sealed = $2 and name = $3",
            text: row.text(1)?,
            key: vec![name],
        });
    }
    let sql = "select name, value from setting order by name";
    for row in transaction.fetch(sql, vec![]).await? {
        let (name, text) = (row.text(0)?, row.text(1)?);
        if !is_sealed(&text) {
            continue;
        }
        found.push(Sealed {
            subject: format!("the setting `{name}`"),
            remedy: "draw it anew, or give the key that was in use when it was stored".to_owned(),
            place: setting::place(&name),
            update: "update setting set value = $1 where value = $2 and name = $3",
            text,
            key: vec![name],
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::database::layout;

    #[tokio::test]
    async fn every_column_of_sealed_text_is_known_here() {
        let tables = layout::tables().await.unwrap();
        let with_sealed: Vec<&str> = tables
            .iter()
            .filter(|table| table.columns.iter().any(|column| column.name == "sealed"))
            .map(|table| table.name.as_str())
            .collect();
        let source = include_str!("sealed.rs");
        assert!(with_sealed.len() >= 4, "{with_sealed:?}");
        for table in with_sealed {
            assert!(
                source.contains(&format!("update {table} set sealed = $1")),
                "{table} is not sealed anew"
            );
        }
    }
}
