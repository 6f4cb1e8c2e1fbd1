//! Channels that were made by command.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::database::{Row, Value};
use crate::error::{Error, Result};
use crate::key::{SealingKey, Unsealing};
use crate::seal::seal;
use crate::store::Store;

/// A channel as it is stored. What the body says is its writer's affair; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRecord {
    /// Its name.
    pub name: String,
    /// How it is reached and what it is told, as JSON.
    pub body: String,
    /// When it was last changed, to the microsecond.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// Stores a channel with its secret sealed, in place of an earlier one of the same name.
    pub async fn put_channel(
        &self,
        channel: &ChannelRecord,
        secret: Option<&SecretString>,
        key: &SealingKey,
    ) -> Result<()> {
        let mut transaction = self.db.begin("store the channel").await?;
        let sealed = match secret {
            Some(secret) => Some(seal(&mut transaction, key, &place(&channel.name), secret).await?),
            None => None,
        };
        let sql = "insert into signal_channel (name, body, sealed, updated_at) values ($1, $2, $3, $4) \
                   on conflict (name) do update set body = excluded.body, sealed = excluded.sealed, \
                   updated_at = excluded.updated_at";
        let values: Vec<Value> = vec![
            channel.name.as_str().into(),
            channel.body.as_str().into(),
            sealed.into(),
            channel.updated_at.into(),
        ];
        transaction.execute(sql, values).await?;
        transaction.commit().await
    }

    /// Every channel, by name.
    pub async fn channels(&self) -> Result<Vec<ChannelRecord>> {
        let sql = "select name, body, updated_at from signal_channel order by name";
        let rows = self.db.fetch("read the channels", sql, vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// A channel's secret, when there is one.
    ///
    /// # Errors
    /// When it was sealed with another key, or was changed.
    pub async fn find_channel_secret(&self, name: &str, key: &SealingKey) -> Result<Option<SecretString>> {
        let sql = "select sealed from signal_channel where name = $1 and sealed is not null";
        let rows = self
            .db
            .fetch("read the channel's secret", sql, vec![name.into()])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let integration = format!("(channel {name})").into();
        key.unseal(&place(name), &row.text(0)?)
            .map(Some)
            .map_err(|problem| match problem {
                Unsealing::WrongKey => Error::WrongKey { integration },
                Unsealing::Damaged => Error::SecretDamaged { integration },
            })
    }

    /// Forgets a channel; says whether it was there. What waits for it is given up when its turn comes.
    pub async fn remove_channel(&self, name: &str) -> Result<bool> {
        let sql = "delete from signal_channel where name = $1";
        let values = vec![name.into()];
        Ok(self.db.execute("remove the channel", sql, values).await? > 0)
    }
}

fn read(row: &Row<'_>) -> Result<ChannelRecord> {
    Ok(ChannelRecord {
        name: row.text(0)?,
        body: row.text(1)?,
        updated_at: row.instant(2)?,
    })
}

/// What is authenticated with the secret.
pub(crate) fn place(name: &str) -> String {
    format!("tailwater channel secret {name}")
}
