//! What an integration's exposures stand on: a note by which a later sync tells that it would leave everything as it is.
//!
//! The note is written with the landing that it is about, and holds as long as nothing else changed the exposures: a
//! landing without one, and one that only reads anew what is stored, take it away; it names the edition of exposures that
//! it is about, for versions of this program that do not know it. What it says is its writer's business.

use tailwater_core::id::IntegrationName;

use crate::database::{Transaction, Value};
use crate::error::Result;
use crate::landing::{finish, lock};
use crate::store::Store;
use crate::sync::{self, SyncRecord};

const KIND: &str = "standing";
const FIND: &str = "select integration_fact.body, integration.edition from integration_fact \
                    join integration on integration.name = integration_fact.integration \
                    where integration_fact.integration = $1 and integration_fact.kind = $2";

impl Store {
    /// What was noted with the last landing; `None` when nothing was, or the exposures changed since.
    pub async fn find_standing(&self, integration: &IntegrationName) -> Result<Option<String>> {
        let rows = self
            .db
            .fetch(
                "read what the exposures stand on",
                FIND,
                key(integration.as_str()),
            )
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(of_edition(&row.text(0)?, row.integer(1)?).map(str::to_owned))
    }

    /// Lands a sync that found everything as it was: its record, and the time. Says whether it was done; it is not when
    /// what was noted is not `standing` any more.
    ///
    /// # Errors
    /// When the integration is not stored, and whatever the database says.
    pub async fn land_unchanged(&self, record: &SyncRecord, standing: &str) -> Result<bool> {
        let mut transaction = self.db.begin("land the sync").await?;
        let (_, edition) = lock(&mut transaction, &record.integration).await?;
        let integration = record.integration.as_str();
        let rows = transaction.fetch(FIND, key(integration)).await?;
        let noted = rows.first().map(|row| row.text(0)).transpose()?;
        if noted.as_deref().and_then(|noted| of_edition(noted, edition)) != Some(standing) {
            return Ok(false);
        }
        sync::insert(&mut transaction, record, edition).await?;
        finish(&mut transaction, integration, record.finished_at).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Notes what the exposures of an edition stand on, or that nothing is known of it.
pub(crate) async fn note(
    transaction: &mut Transaction<'_>,
    record: &SyncRecord,
    edition: i64,
    standing: Option<&str>,
) -> Result<()> {
    let integration = record.integration.as_str();
    let Some(standing) = standing else {
        return forget(transaction, integration).await;
    };
    let sql = "insert into integration_fact (integration, kind, body, updated_at) values ($1, $2, $3, $4) \
               on conflict (integration, kind) do update \
               set body = excluded.body, updated_at = excluded.updated_at";
    let mut values = key(integration);
    values.push(format!("{edition} {standing}").into());
    values.push(record.finished_at.into());
    transaction.execute(sql, values).await?;
    Ok(())
}

/// Forgets what was noted.
pub(crate) async fn forget(transaction: &mut Transaction<'_>, integration: &str) -> Result<()> {
    let sql = "delete from integration_fact where integration = $1 and kind = $2";
    transaction.execute(sql, key(integration)).await?;
    Ok(())
}

fn key(integration: &str) -> Vec<Value> {
    vec![integration.into(), KIND.into()]
}

/// The note itself, when it is about that edition.
fn of_edition(noted: &str, edition: i64) -> Option<&str> {
    let (about, standing) = noted.split_once(' ')?;
    (about.parse() == Ok(edition)).then_some(standing)
}
