//! What changed in the exposures of an integration, edition by edition.
//!
//! ```text
//! sync 1 ─▶ edition 1: 40 exposures added          one row for each exposure that changed
//! sync 2      (edition 1 still: nothing changed, so nothing is written)
//! mapping ─▶ edition 2: 3 exposures gained links
//! by hand ─▶ edition 3: 1 exposure lost a link
//! sync 3 ─▶ edition 4: …
//! ```
//!
//! Whatever changes what is shown of an integration writes its changes in its own transaction, under the lock of the
//! integration's row: a sync, another reading of what a sync left, a curation. What is compared are the exposures
//! with their curation, so that a link undone by hand is lost once, and not again when the BI tool drops it.
//! Adding the rows up is [`tailwater_core::diff`]'s.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::curation::{Curation, KnownNode, apply};
use tailwater_core::diff::Delta;
use tailwater_core::exposure::Exposure;
use tailwater_core::id::{AssetId, IntegrationName};

use crate::database::{Row, Transaction, Value, to_json};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::sync::{SyncId, SyncOutcome};

/// What one edition changed in one exposure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureChange {
    /// The edition that it brought.
    pub edition: i64,
    /// The asset behind the exposure.
    pub asset: AssetId,
    /// When.
    pub at: DateTime<Utc>,
    /// The sync that brought it; `None` when no sync did.
    pub sync: Option<SyncId>,
    /// Who did it by hand, in words for people; `None` when nobody did.
    pub by: Option<String>,
    /// What it did.
    pub delta: Delta,
}

/// A sync and the edition that it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncMark {
    /// The sync.
    pub id: SyncId,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: SyncOutcome,
    /// The edition that it left; `None` of syncs before editions were kept.
    pub edition: Option<i64>,
}

/// The editions of an integration's exposures of which something is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Editions {
    /// The edition of now; 0 before anything was imported.
    pub current: i64,
    /// The first edition from which on every change is known.
    pub kept_from: i64,
    /// Since when there was that edition; `None` when nothing was ever forgotten, so that edition 0 is nothing at all.
    pub kept_since: Option<DateTime<Utc>>,
    /// The syncs that are remembered, the newest first.
    pub syncs: Vec<SyncMark>,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncsForgotten {
    /// Syncs.
    pub syncs: u64,
    /// Changes of exposures.
    pub changes: u64,
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author<'a> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) sync: Option<SyncId>,
    pub(crate) hand: Option<&'a str>,
}

impl Store {
    /// The editions of an integration that are known, and which sync left which.
    ///
    /// # Errors
    /// [`Error::UnknownIntegration`] when it is not stored.
    pub async fn editions(&self, integration: &IntegrationName) -> Result<Editions> {
        let mut transaction = self.db.begin_reading("read the history of syncs").await?;
        let key = || vec![integration.as_str().into()];
        let sql = "select edition, edition_kept, kept_since from integration where name = $1";
        let rows = transaction.fetch(sql, key()).await?;
        let row = rows.first().ok_or_else(|| Error::UnknownIntegration {
            name: integration.clone(),
        })?;
        let mut editions = Editions {
            current: row.integer(0)?,
            kept_from: row.integer(1)?,
            kept_since: row.optional_instant(2)?,
            syncs: Vec::new(),
        };
        let sql = "select id, started_at, outcome, edition from sync where integration = $1 \
                   order by started_at desc, id desc";
        for row in transaction.fetch(sql, key()).await? {
            editions.syncs.push(read_mark(&row)?);
        }
        Ok(editions)
    }

    /// The edition that there was at an instant. Meaningless before [`Editions::kept_since`].
    pub async fn edition_at(&self, integration: &IntegrationName, at: DateTime<Utc>) -> Result<i64> {
        let sql = "select coalesce((select max(edition) from exposure_change \
                   where integration = $1 and changed_at <= $2), \
                   (select edition_kept from integration where name = $3), 0)";
        let name: Value = integration.as_str().into();
        let values = vec![name.clone(), at.into(), name];
        let rows = self.db.fetch("look for an edition", sql, values).await?;
        rows.first().map_or(Ok(0), |row| row.integer(0))
    }

    /// What changed after one edition and up to another, in the order in which it did.
    pub async fn changes_between(
        &self,
        integration: &IntegrationName,
        after: i64,
        upto: i64,
    ) -> Result<Vec<ExposureChange>> {
        let sql = "select edition, asset, changed_at, sync, hand, body from exposure_change \
                   where integration = $1 and edition > $2 and edition <= $3 order by edition, asset";
        let values = vec![integration.as_str().into(), after.into(), upto.into()];
        let rows = self
            .db
            .fetch("read what changed in exposures", sql, values)
            .await?;
        rows.iter().map(read_change).collect()
    }

    /// Forgets the syncs of an integration that began before the given instant, all but the newest `at_least` and
    /// the last one that landed; and the changes before it that no remembered sync needs.
    pub async fn forget_syncs(
        &self,
        integration: &IntegrationName,
        before: DateTime<Utc>,
        at_least: u32,
    ) -> Result<SyncsForgotten> {
        const ACTION: &str = "forget old syncs";
        let name = || -> Value { integration.as_str().into() };
        let sql = "select (select count(*) from sync where integration = $1 and started_at < $2) \
                   + (select count(*) from exposure_change where integration = $3 and changed_at < $4)";
        let values = vec![name(), before.into(), name(), before.into()];
        let rows = self.db.fetch(ACTION, sql, values).await?;
        let old = rows.first().map_or(Ok(0), |row| row.integer(0))?;
        if old == 0 {
            // As nearly always: nobody has to wait for a lock.
            return Ok(SyncsForgotten::default());
        }
        let mut transaction = self.db.begin(ACTION).await?;
        let sql = "update integration set name = name where name = $1 returning edition_kept";
        let rows = transaction.fetch(sql, vec![name()]).await?;
        let Some(row) = rows.first() else {
            return Ok(SyncsForgotten::default());
        };
        let kept_from = row.integer(0)?;
        let sql = "delete from sync where integration = $1 and started_at < $2 \
                   and id not in (select id from sync where integration = $3 \
                   order by started_at desc, id desc limit $4) \
                   and id not in (select id from sync where integration = $5 \
                   and outcome in ('changed', 'unchanged', 'partial') \
                   order by started_at desc, id desc limit 1)";
        let values = vec![name(), before.into(), name(), i64::from(at_least).into(), name()];
        let mut forgotten = SyncsForgotten {
            syncs: transaction.execute(sql, values).await?,
            changes: 0,
        };
        let sql = "select (select max(edition) from exposure_change where integration = $1 and changed_at < $2), \
                   (select min(edition) from sync where integration = $3)";
        let rows = transaction
            .fetch(sql, vec![name(), before.into(), name()])
            .await?;
        let (old, needed) = match rows.first() {
            Some(row) => (row.optional_integer(0)?, row.optional_integer(1)?),
            None => (None, None),
        };
        let upto = old.map(|old| needed.map_or(old, |needed| old.min(needed)));
        if let Some(upto) = upto.filter(|upto| *upto > kept_from) {
            let sql = "update integration set edition_kept = $2, kept_since = (select max(changed_at) \
                       from exposure_change where exposure_change.integration = integration.name \
                       and exposure_change.edition <= $3) where name = $1";
            transaction
                .execute(sql, vec![name(), upto.into(), upto.into()])
                .await?;
            let sql = "delete from exposure_change where integration = $1 and edition <= $2";
            forgotten.changes = transaction.execute(sql, vec![name(), upto.into()]).await?;
        }
        transaction.commit().await?;
        Ok(forgotten)
    }
}

/// Writes changes as the next edition; answers the edition that there is then, which is another one only if
/// something changed. The transaction holds the integration's row, whose edition is given.
pub(crate) async fn record(
    transaction: &mut Transaction<'_>,
    integration: &str,
    edition: i64,
    author: Author<'_>,
    changes: &[(AssetId, Delta)],
) -> Result<i64> {
    if changes.is_empty() {
        return Ok(edition);
    }
    let next = edition + 1;
    let sync = author.sync.map(|id| id.to_string());
    let mut rows = Vec::with_capacity(changes.len());
    for (asset, delta) in changes {
        rows.push([
            integration.into(),
            next.into(),
            asset.as_str().into(),
            author.at.into(),
            sync.clone().into(),
            author.hand.map(ToOwned::to_owned).into(),
            to_json("record what changed", delta)?.into(),
        ]);
    }
    transaction
        .insert(
            "insert into exposure_change (integration, edition, asset, changed_at, sync, hand, body)",
            "",
            rows,
        )
        .await?;
    let sql = "update integration set edition = $2 where name = $1";
    transaction
        .execute(sql, vec![integration.into(), next.into()])
        .await?;
    Ok(next)
}

/// An exposure as it is shown: with its curation, and not at all when it is left out. Whether dbt still has a node
/// that was linked by hand is not known here; it counts as linked.
pub(crate) fn shown<'e>(
    exposure: Option<&'e Exposure>,
    curation: Option<&Curation>,
) -> Option<Cow<'e, Exposure>> {
    match (exposure, curation) {
        (None, _) => None,
        (Some(exposure), None) => Some(Cow::Borrowed(exposure)),
        (Some(_), Some(curation)) if curation.is_left_out() => None,
        (Some(exposure), Some(curation)) => Some(Cow::Owned(apply(exposure.clone(), curation, |_| {
            KnownNode::Unknowable
        }))),
    }
}

fn read_mark(row: &Row<'_>) -> Result<SyncMark> {
    let outcome = row.text(2)?;
    Ok(SyncMark {
        id: read_id(row, &row.text(0)?)?,
        started_at: row.instant(1)?,
        outcome: SyncOutcome::from_name(&outcome)
            .ok_or_else(|| row.damaged(format!("`{outcome}` is no outcome of a sync")))?,
        edition: row.optional_integer(3)?,
    })
}

fn read_change(row: &Row<'_>) -> Result<ExposureChange> {
    let sync = row.optional_text(3)?;
    Ok(ExposureChange {
        edition: row.integer(0)?,
        asset: row.text(1)?.into(),
        at: row.instant(2)?,
        sync: sync.map(|id| read_id(row, &id)).transpose()?,
        by: row.optional_text(4)?,
        delta: row.json(5)?,
    })
}

fn read_id(row: &Row<'_>, id: &str) -> Result<SyncId> {
    id.parse()
        .map_err(|_| row.damaged(format!("`{id}` is no id of a sync")))
}
