//! Exposures as they were last landed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::exposure::{Exposure, Stale};
use tailwater_core::id::{AssetId, IntegrationName, NodeId};

use crate::database::{Row, Value, search_key};
use crate::error::Result;
use crate::inventory::last_seen;
use crate::store::Store;

/// A stored exposure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredExposure {
    /// The integration that imported it.
    pub integration: IntegrationName,
    /// The asset behind it.
    pub asset: AssetId,
    /// The exposure as it was landed.
    pub exposure: Exposure,
    /// The end of the first sync that found its asset.
    pub first_seen: DateTime<Utc>,
    /// The end of the last sync that read its asset whole.
    pub last_seen: DateTime<Utc>,
    /// The end of the sync that found it gone.
    pub gone_at: Option<DateTime<Utc>>,
}

/// Selects the columns that [`read`] takes; the condition follows.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "select exposure.integration, exposure.asset, exposure.body, asset.first_seen, \
             exposure.last_seen, asset.stale, integration.synced_at, exposure.gone_at \
             from exposure \
             join asset on asset.integration = exposure.integration and asset.id = exposure.asset \
             join integration on integration.name = exposure.integration \
             where ",
            $condition,
            " order by exposure.integration, exposure.asset"
        )
    };
}

impl Store {
    /// The exposures of one integration or of all, sorted by integration and asset.
    pub async fn load_exposures(&self, integration: Option<&IntegrationName>) -> Result<Vec<StoredExposure>> {
        const ACTION: &str = "read the exposures";
        match integration {
            None => {
                let sql = select!("exposure.gone_at is null");
                self.fetch_exposures(ACTION, sql, vec![]).await
            }
            Some(name) => {
                let sql = select!("exposure.gone_at is null and exposure.integration = $1");
                self.fetch_exposures(ACTION, sql, vec![name.as_str().into()])
                    .await
            }
        }
    }

    /// The exposures that have gone, as they last were. They are kept for [`crate::TOMBSTONE_DAYS`].
    pub async fn load_gone_exposures(&self) -> Result<Vec<StoredExposure>> {
        let sql = select!("exposure.gone_at is not null");
        self.fetch_exposures("read the exposures that have gone", sql, vec![])
            .await
    }

    /// The exposure of an asset, one that has gone too.
    pub async fn find_exposure_of(
        &self,
        integration: &IntegrationName,
        asset: &AssetId,
    ) -> Result<Option<StoredExposure>> {
        let sql = select!("exposure.integration = $1 and exposure.asset = $2");
        let values = vec![integration.as_str().into(), asset.as_str().into()];
        let mut found = self.fetch_exposures("read an exposure", sql, values).await?;
        Ok(found.pop())
    }

    /// The exposures of the given unique id, name, or label (compared without case).
    pub async fn find_exposures(&self, text: &str) -> Result<Vec<StoredExposure>> {
        let sql = select!(
            "exposure.gone_at is null and \
             (exposure.unique_id = $1 or exposure.name = $1 or exposure.label = $2)"
        );
        let values = vec![search_key(text).into(), label_key(text).into()];
        self.fetch_exposures("look an exposure up", sql, values).await
    }

    /// The exposures that stand on a node.
    pub async fn load_exposures_on(&self, node: &NodeId) -> Result<Vec<StoredExposure>> {
        let sql = select!(
            "exposure.gone_at is null and exists (select 1 from exposure_link \
             where exposure_link.integration = exposure.integration \
             and exposure_link.asset = exposure.asset and exposure_link.node = $1)"
        );
        self.fetch_exposures(
            "read the exposures of a node",
            sql,
            vec![search_key(node.as_str()).into()],
        )
        .await
    }

    async fn fetch_exposures(
        &self,
        action: &'static str,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<StoredExposure>> {
        let rows = self.db.fetch(action, sql, values).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &Row<'_>) -> Result<StoredExposure> {
    let first_seen = row.instant(3)?;
    let stale: Option<Stale> = row.optional_json(5)?;
    let last_seen = last_seen(row.optional_instant(4)?, stale.as_ref(), row.optional_instant(6)?);
    Ok(StoredExposure {
        integration: row.text(0)?.into(),
        asset: row.text(1)?.into(),
        exposure: row.json(2)?,
        first_seen,
        last_seen: last_seen.unwrap_or(first_seen),
        gone_at: row.optional_instant(7)?,
    })
}

/// A label as it is searched: without case, cut where it is too long for an index.
pub(crate) fn label_key(label: &str) -> String {
    search_key(&label.to_lowercase())
}
