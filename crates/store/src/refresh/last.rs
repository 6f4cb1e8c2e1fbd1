//! How the refreshes of each target ended last.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tailwater_core::id::IntegrationName;
use tailwater_core::refresh::{LastRefresh, RefreshRecord, TargetId};

use super::row::target_values;
use crate::database::{Transaction, to_json};
use crate::error::Result;
use crate::store::Store;

/// As it is stored, with the target in full.
#[derive(Serialize, Deserialize)]
struct StoredLast {
    target: TargetId,
    #[serde(flatten)]
    last: LastRefresh,
}

impl Store {
    /// How the refreshes of every target ended last, of one integration or of all.
    pub async fn last_refreshes(
        &self,
        integration: Option<&IntegrationName>,
    ) -> Result<BTreeMap<TargetId, LastRefresh>> {
        let sql = "select body from refresh_last where cast($1 as text) is null or integration = $1";
        let values = vec![integration.map(|name| name.as_str().to_owned()).into()];
        let rows = self.db.fetch("read the last refreshes", sql, values).await?;
        rows.iter()
            .map(|row| {
                row.json::<StoredLast>(0)
                    .map(|stored| (stored.target, stored.last))
            })
            .collect()
    }
}

/// How the refreshes of a record's target ended last.
pub(super) async fn of_target(
    transaction: &mut Transaction<'_>,
    record: &RefreshRecord,
) -> Result<LastRefresh> {
    let sql = "select body from refresh_last where integration = $1 and target_kind = $2 and target = $3";
    let rows = transaction
        .fetch(sql, target_values(&record.target).to_vec())
        .await?;
    Ok(match rows.first() {
        Some(row) => row.json::<StoredLast>(0)?.last,
        None => LastRefresh::default(),
    })
}

/// Takes a refresh that is over into account.
pub(super) async fn fold(transaction: &mut Transaction<'_>, record: &RefreshRecord) -> Result<()> {
    const ACTION: &str = "record the refresh";
    let mut last = of_target(transaction, record).await?;
    let before = last.clone();
    last.add(record);
    if last == before {
        return Ok(());
    }
    let stored = StoredLast {
        target: record.target.clone(),
        last,
    };
    let sql = "insert into refresh_last (integration, target_kind, target, body) values ($1, $2, $3, $4) \
               on conflict (integration, target_kind, target) do update set body = excluded.body";
    let mut values = target_values(&record.target).to_vec();
    values.push(to_json(ACTION, &stored)?.into());
    transaction.execute(sql, values).await?;
    Ok(())
}
