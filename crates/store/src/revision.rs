//! The store's revision: a cheap answer to "has anything changed since".

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use tailwater_core::id::IntegrationName;

use crate::database::Transaction;
use crate::error::Result;
use crate::store::Store;

/// The state of everything that the catalog shows, without reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreRevision {
    /// Equal as long as nothing has changed.
    pub mark: String,
    /// Grows with every change of environments, artifacts that were handed over, and runs.
    pub artifacts: i64,
    /// When the last sync of each integration landed, and how often what landed was read anew. An inventory and
    /// its exposures change with these alone.
    pub landed_at: BTreeMap<IntegrationName, Option<(DateTime<Utc>, i64)>>,
}

/// Gives numbers for so many changes: the first of them. `sql` adds `$1` to a counter's one row and returns it. Other
/// writers wait until this transaction ends.
pub(crate) async fn take_numbers(
    transaction: &mut Transaction<'_>,
    sql: &'static str,
    changes: usize,
) -> Result<i64> {
    let count = i64::try_from(changes).unwrap_or(i64::MAX);
    let rows = transaction.fetch(sql, vec![count.into()]).await?;
    let number = rows.first().map(|row| row.integer(0)).transpose()?.unwrap_or(0);
    Ok(number - count + 1)
}

impl Store {
    /// The revision of now. Takes a few look-ups in indexes, so that it can be asked every few seconds.
    pub async fn revision(&self) -> Result<StoreRevision> {
        const ACTION: &str = "look for changes";
        let mut transaction = self.db.begin_reading(ACTION).await?;
        let sql = "select (select number from artifact_revision where id = 1), \
                   (select count(*) from project), \
                   (select coalesce(max(added_at), 0) from project), \
                   (select count(*) from sync), \
                   (select coalesce(max(started_at), 0) from sync), \
                   (select number from curation_revision where id = 1), \
                   (select number from refresh_revision where id = 1)";
        let mut mark = String::new();
        let mut artifacts = 0;
        for row in transaction.fetch(sql, vec![]).await? {
            artifacts = row.integer(0)?;
            for column in 0..7 {
                // Writing to a string cannot fail.
                let _ = write!(mark, "{} ", row.integer(column)?);
            }
        }
        let sql = "select name, updated_at, synced_at, \
                   coalesce((select cast(integration_fact.body as bigint) from integration_fact \
                   where integration_fact.integration = integration.name \
                   and integration_fact.kind = 'landed_again'), 0) \
                   from integration order by name";
        let mut landed_at = BTreeMap::new();
        for row in transaction.fetch(sql, vec![]).await? {
            let name = row.text(0)?;
            let synced_at = row.optional_instant(2)?;
            let moment = synced_at.map(|at| at.timestamp_micros());
            let again = row.integer(3)?;
            let _ = write!(mark, "{name:?} {} {moment:?} {again} ", row.integer(1)?);
            landed_at.insert(IntegrationName::new(name), synced_at.map(|at| (at, again)));
        }
        Ok(StoreRevision {
            mark,
            artifacts,
            landed_at,
        })
    }
}
