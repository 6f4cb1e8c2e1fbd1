//! What people said of exposures. It is kept apart from what syncs land, which never touch it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tailwater_core::curation::{Change, Curation, Field};
use tailwater_core::diff::Delta;
use tailwater_core::exposure::Exposure;
use tailwater_core::id::{AssetId, IntegrationName, NodeId};

use crate::account::{AuditEntry, insert_audit};
use crate::change::{self, Author};
use crate::database::{Row, Transaction, to_json};
use crate::error::{Error, Result};
use crate::landing::lock;
use crate::store::Store;

/// The curation of every asset of which anything was said, by integration and asset.
pub type Curations = BTreeMap<(IntegrationName, AssetId), Curation>;

/// The longest key that both engines can index together with an asset's id.
const LONGEST_KEY: usize = 1_000;

const PRESENCE: &str = "presence";
const FIELD: &str = "field";
const LINK: &str = "link";

impl Store {
    /// What was said of the exposures of one integration, or of all.
    pub async fn load_curations(&self, integration: Option<&IntegrationName>) -> Result<Curations> {
        const ACTION: &str = "read the curation";
        let (sql, values) = match integration {
            None => ("select integration, asset, kind, key, body from curation", vec![]),
            Some(name) => (
                "select integration, asset, kind, key, body from curation where integration = $1",
                vec![name.as_str().into()],
            ),
        };
        let mut curations = Curations::new();
        for row in self.db.fetch(ACTION, sql, values).await? {
            let key = (IntegrationName::new(row.text(0)?), AssetId::new(row.text(1)?));
            let change = read(&row)?;
            curations.entry(key).or_default().change(change);
        }
        Ok(curations)
    }

    /// Changes what was said of an asset's exposure, and writes down the act and what it changed in what is shown:
    /// all of it, or nothing.
    ///
    /// # Errors
    /// When the integration is not stored, or an id is too long to be a key; and whatever the database says.
    pub async fn curate(
        &self,
        integration: &IntegrationName,
        asset: &AssetId,
        changes: &[Change],
        audit: &AuditEntry,
    ) -> Result<()> {
        const ACTION: &str = "store the curation";
        let mut transaction = self.db.begin(ACTION).await?;
        let (_, edition) = lock(&mut transaction, integration).await?;
        let before = load(&mut transaction, integration.as_str()).await?.remove(asset);
        for change in changes {
            match change {
                Change::Presence(value) => {
                    put(
                        &mut transaction,
                        integration,
                        asset,
                        (PRESENCE, ""),
                        value.as_ref(),
                    )
                    .await?;
                }
                Change::Field(field, value) => {
                    put(
                        &mut transaction,
                        integration,
                        asset,
                        (FIELD, field.name()),
                        value.as_ref(),
                    )
                    .await?;
                }
                Change::Link(node, value) => {
                    put(
                        &mut transaction,
                        integration,
                        asset,
                        (LINK, node.as_str()),
                        value.as_ref(),
                    )
                    .await?;
                }
            }
        }
        let sql = "select body from exposure where integration = $1 and asset = $2 and gone_at is null";
        let key = vec![integration.as_str().into(), asset.as_str().into()];
        if let Some(row) = transaction.fetch(sql, key).await?.first() {
            let exposure: Exposure = row.json(0)?;
            let mut after = before.clone().unwrap_or_default();
            for change in changes {
                after.change(change.clone());
            }
            let was = change::shown(Some(&exposure), before.as_ref());
            let is = change::shown(Some(&exposure), Some(&after));
            let delta = Delta::between(was.as_deref(), is.as_deref());
            let delta = delta.map(|delta| (asset.clone(), delta));
            let by = audit.actor.title();
            let author = Author {
                at: self.clock.now(),
                sync: None,
                hand: Some(&by),
            };
            let changes = Vec::from_iter(delta);
            change::record(&mut transaction, integration.as_str(), edition, author, &changes).await?;
        }
        let sql = "update curation_revision set number = number + 1";
        transaction.execute(sql, vec![]).await?;
        insert_audit(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// A number that grows with every change of curation, whoever makes it.
    pub async fn curation_revision(&self) -> Result<i64> {
        let sql = "select number from curation_revision";
        let rows = self
            .db
            .fetch("read the revision of the curation", sql, vec![])
            .await?;
        rows.first().map_or(Ok(0), |row| row.integer(0))
    }
}

/// The curation of an integration's assets, by asset.
pub(crate) async fn load(
    transaction: &mut Transaction<'_>,
    integration: &str,
) -> Result<BTreeMap<AssetId, Curation>> {
    let sql = "select integration, asset, kind, key, body from curation where integration = $1";
    let mut curations: BTreeMap<AssetId, Curation> = BTreeMap::new();
    for row in transaction.fetch(sql, vec![integration.into()]).await? {
        let asset = AssetId::new(row.text(1)?);
        curations.entry(asset).or_default().change(read(&row)?);
    }
    Ok(curations)
}

async fn put<T: Serialize>(
    transaction: &mut Transaction<'_>,
    integration: &IntegrationName,
    asset: &AssetId,
    (kind, key): (&'static str, &str),
    value: Option<&T>,
) -> Result<()> {
    const ACTION: &str = "store the curation";
    for id in [asset.as_str(), key] {
        if id.len() > LONGEST_KEY {
            return Err(Error::BadName {
                name: id.chars().take(40).collect(),
                of: "something curated",
                reason: "it is longer than 1,000 bytes",
            });
        }
    }
    let mut values = vec![
        integration.as_str().into(),
        asset.as_str().into(),
        kind.into(),
        key.into(),
    ];
    let Some(value) = value else {
        let sql = "delete from curation \
                   where integration = $1 and asset = $2 and kind = $3 and key = $4";
        transaction.execute(sql, values).await?;
        return Ok(());
    };
    values.push(to_json(ACTION, value)?.into());
    let sql = "insert into curation (integration, asset, kind, key, body) values ($1, $2, $3, $4, $5) \
               on conflict (integration, asset, kind, key) do update set body = excluded.body";
    transaction.execute(sql, values).await?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Change> {
    fn body<T: DeserializeOwned>(row: &Row<'_>) -> Result<Option<T>> {
        row.json(4).map(Some)
    }
    let key = row.text(3)?;
    match row.text(2)?.as_str() {
        PRESENCE => body(row).map(Change::Presence),
        FIELD => {
            let field = Field::from_name(&key).map_err(|error| row.damaged(error.to_string()))?;
            Ok(Change::Field(field, body(row)?))
        }
        LINK => Ok(Change::Link(NodeId::new(key), body(row)?)),
        other => Err(row.damaged(format!("`{other}` is no kind of curation"))),
    }
}
