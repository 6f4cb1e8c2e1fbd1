//! Small values of the installation as a whole, such as keys that it made for itself.

use secrecy::SecretString;

use crate::database::Value;
use crate::error::{Error, Result};
use crate::key::{SealingKey, Unsealing};
use crate::seal::seal;
use crate::store::Store;

impl Store {
    /// The value under a name.
    pub async fn find_setting(&self, name: &str) -> Result<Option<String>> {
        let sql = "select value from setting where name = $1";
        let rows = self.db.fetch("read the setting", sql, vec![name.into()]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    /// Stores a value under a name, in place of an earlier one.
    pub async fn put_setting(&self, name: &str, value: &str) -> Result<()> {
        let sql = "insert into setting (name, value) values ($1, $2) \
                   on conflict (name) do update set value = excluded.value";
        let values: Vec<Value> = vec![name.into(), value.into()];
        self.db.execute("store the setting", sql, values).await?;
        Ok(())
    }

    /// The sealed value under a name.
    ///
    /// # Errors
    /// [`Error::SettingSealed`] when it was sealed with another key, or was changed.
    pub async fn find_sealed_setting(&self, name: &str, key: &SealingKey) -> Result<Option<SecretString>> {
        let Some(sealed) = self.find_setting(name).await? else {
            return Ok(None);
        };
        key.unseal(&place(name), &sealed)
            .map(Some)
            .map_err(|problem| Error::SettingSealed {
                name: name.to_owned(),
                reason: match problem {
                    Unsealing::WrongKey => "was sealed with another key",
                    Unsealing::Damaged => "is damaged",
                },
            })
    }

    /// Seals and stores a value under a name. With `is_first_only`, one that is there already stays.
    pub async fn put_sealed_setting(
        &self,
        name: &str,
        value: &SecretString,
        key: &SealingKey,
        is_first_only: bool,
    ) -> Result<()> {
        let mut transaction = self.db.begin("store the setting").await?;
        let sealed = seal(&mut transaction, key, &place(name), value).await?;
        let sql = if is_first_only {
            "insert into setting (name, value) values ($1, $2) on conflict (name) do nothing"
        } else {
            "insert into setting (name, value) values ($1, $2) \
             on conflict (name) do update set value = excluded.value"
        };
        let values: Vec<Value> = vec![name.into(), sealed.into()];
        transaction.execute(sql, values).await?;
        transaction.commit().await
    }
}

/// What is authenticated with the value.
pub(crate) fn place(name: &str) -> String {
    format!("tailwater setting {name}")
}
