//! Drafts: connections that somebody has begun to describe, and may come back to.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::database::{Row, Value};
use crate::error::{Error, Result};
use crate::key::{SealingKey, Unsealing};
use crate::seal::seal;
use crate::store::Store;

/// The id of a draft, drawn at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DraftId(Uuid);

impl DraftId {
    /// Draws a new id.
    pub fn draw() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for DraftId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for DraftId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A draft as it is stored. What the body says is its writer's affair; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRecord {
    /// Its id.
    pub id: DraftId,
    /// What was said so far, as JSON.
    pub body: String,
    /// When it was last changed, to the microsecond.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// Stores a draft, in place of an earlier one of the same id. Its secret stays.
    pub async fn put_draft(&self, draft: &DraftRecord) -> Result<()> {
        let sql = "insert into integration_draft (id, body, sealed, updated_at) values ($1, $2, null, $3) \
                   on conflict (id) do update set body = excluded.body, updated_at = excluded.updated_at";
        let values: Vec<Value> = vec![
            draft.id.to_string().into(),
            draft.body.as_str().into(),
            draft.updated_at.into(),
        ];
        self.db.execute("store the draft", sql, values).await?;
        Ok(())
    }

    /// Seals and stores a draft's secret in place of an earlier one; `None` forgets it.
    pub async fn put_draft_secret(
        &self,
        id: DraftId,
        secret: Option<&SecretString>,
        key: &SealingKey,
    ) -> Result<()> {
        let mut transaction = self.db.begin("store the draft's secret").await?;
        let sealed = match secret {
            Some(secret) => Some(seal(&mut transaction, key, &place(id), secret).await?),
            None => None,
        };
        let sql = "update integration_draft set sealed = $2 where id = $1";
        let values: Vec<Value> = vec![id.to_string().into(), sealed.into()];
        transaction.execute(sql, values).await?;
        transaction.commit().await
    }

    /// The draft of the given id.
    pub async fn find_draft(&self, id: DraftId) -> Result<Option<DraftRecord>> {
        let sql = "select id, body, updated_at from integration_draft where id = $1";
        let values: Vec<Value> = vec![id.to_string().into()];
        let rows = self.db.fetch("read the draft", sql, values).await?;
        rows.first().map(read).transpose()
    }

    /// A draft's secret, when there is one.
    ///
    /// # Errors
    /// When it was sealed with another key, or was changed.
    pub async fn find_draft_secret(&self, id: DraftId, key: &SealingKey) -> Result<Option<SecretString>> {
        let sql = "select sealed from integration_draft where id = $1 and sealed is not null";
        let values: Vec<Value> = vec![id.to_string().into()];
        let rows = self.db.fetch("read the draft's secret", sql, values).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let integration = "(draft)".into();
        key.unseal(&place(id), &row.text(0)?)
            .map(Some)
            .map_err(|problem| match problem {
                Unsealing::WrongKey => Error::WrongKey { integration },
                Unsealing::Damaged => Error::SecretDamaged { integration },
            })
    }

    /// Every draft, the last changed first.
    pub async fn drafts(&self) -> Result<Vec<DraftRecord>> {
        let sql = "select id, body, updated_at from integration_draft order by updated_at desc, id";
        let rows = self.db.fetch("read the drafts", sql, vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// Forgets a draft; says whether it was there.
    pub async fn remove_draft(&self, id: DraftId) -> Result<bool> {
        let sql = "delete from integration_draft where id = $1";
        let values: Vec<Value> = vec![id.to_string().into()];
        Ok(self.db.execute("remove the draft", sql, values).await? > 0)
    }

    /// Forgets the drafts that were last changed before the given instant.
    pub async fn remove_drafts_before(&self, before: DateTime<Utc>) -> Result<u64> {
        let sql = "delete from integration_draft where updated_at < $1";
        self.db
            .execute("remove old drafts", sql, vec![before.into()])
            .await
    }
}

fn read(row: &Row<'_>) -> Result<DraftRecord> {
    let id = row.text(0)?;
    Ok(DraftRecord {
        id: id
            .parse()
            .map_err(|_| row.damaged(format!("`{id}` is no id of a draft")))?,
        body: row.text(1)?,
        updated_at: row.instant(2)?,
    })
}

/// What is authenticated with the secret.
pub(crate) fn place(id: DraftId) -> String {
    format!("tailwater draft secret {id}")
}
