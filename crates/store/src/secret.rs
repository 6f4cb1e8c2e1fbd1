//! The secrets of integrations, sealed.

use secrecy::SecretString;
use tailwater_core::id::IntegrationName;

use crate::error::{Error, Result};
use crate::key::{SealingKey, Unsealing};
use crate::seal::seal;
use crate::store::Store;

impl Store {
    /// Seals and stores the secret of an integration's token, in place of an earlier one.
    ///
    /// # Errors
    /// [`Error::KeyChanged`] when the key was changed since it was read, here and wherever something is sealed.
    pub async fn put_secret(
        &self,
        integration: &IntegrationName,
        secret: &SecretString,
        key: &SealingKey,
    ) -> Result<()> {
        let mut transaction = self.db.begin("store the secret").await?;
        let sealed = seal(&mut transaction, key, &place(integration), secret).await?;
        let sql = "select name from integration where name = $1";
        let known = transaction.fetch(sql, vec![integration.as_str().into()]).await?;
        if known.is_empty() {
            return Err(Error::UnknownIntegration {
                name: integration.clone(),
            });
        }
        let sql = "insert into secret (integration, sealed) values ($1, $2) \
                   on conflict (integration) do update set sealed = excluded.sealed";
        transaction
            .execute(sql, vec![integration.as_str().into(), sealed.into()])
            .await?;
        transaction.commit().await
    }

    /// The secret of an integration's token, when one is stored.
    ///
    /// # Errors
    /// When it was sealed with another key, or for another integration, or was changed.
    pub async fn find_secret(
        &self,
        integration: &IntegrationName,
        key: &SealingKey,
    ) -> Result<Option<SecretString>> {
        let sql = "select sealed from secret where integration = $1";
        let rows = self
            .db
            .fetch("read the secret", sql, vec![integration.as_str().into()])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        key.unseal(&place(integration), &row.text(0)?)
            .map(Some)
            .map_err(|problem| match problem {
                Unsealing::WrongKey => Error::WrongKey {
                    integration: integration.clone(),
                },
                Unsealing::Damaged => Error::SecretDamaged {
                    integration: integration.clone(),
                },
            })
    }
}

/// What is authenticated with the secret.
pub(crate) fn place(integration: &IntegrationName) -> String {
    format!("tailwater integration secret {integration}")
}
