//! Landing a sync: the whole new state of one integration, in one transaction.
//!
//! ```text
//! encode everything (no lock held)
//! begin ─▶ lock the integration's row
//!       ─▶ inventory items ─▶ assets ─▶ exposures and their links ─▶ names
//!       ─▶ what changed, as the next edition ─▶ record in the history ─▶ old tombstones
//! commit
//! ```
//!
//! Each step reads what is stored (digests, not bodies), and writes only the rows that differ. A sync that
//! found nothing new adds its record, notes the time of the landing, and writes nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::curation::Curation;
use tailwater_core::diff::Delta;
use tailwater_core::exposure::{Exposure, Stale};
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::inventory::Inventory;

use crate::change::{self, Author};
use crate::curation;
use crate::database::{Transaction, Value, digest, search_key, to_json};
use crate::error::{Error, Result};
use crate::exposure::label_key;
use crate::inventory::{Item, last_seen, to_items};
use crate::name::{self, ExposureName, Names};
use crate::standing;
use crate::store::Store;
use crate::sync::{self, SyncId, SyncRecord};

/// For how many days an exposure that has gone is kept.
pub const TOMBSTONE_DAYS: i64 = 90;

/// The longest id that both engines can index.
const LONGEST_ID: usize = 1_000;

const ACTION: &str = "land the sync";

/// Everything that a sync leaves. Whatever of this integration is stored and not in here has gone, except
/// names, which stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Landing {
    /// The integration.
    pub integration: IntegrationName,
    /// The whole inventory, merged with what a partial answer kept.
    pub inventory: Inventory,
    /// Every exposure of the integration, at most one for an asset.
    pub exposures: Vec<(AssetId, Exposure)>,
    /// The names that were given out, at least the new ones.
    pub names: Vec<ExposureName>,
    /// Every asset that could not be read whole. Its last-seen time is `since`.
    pub stale: BTreeMap<AssetId, Stale>,
    /// The history's record. Its `finished_at` is the time at which everything in here was seen.
    pub record: SyncRecord,
    /// What a later sync may know this state by ([`Store::find_standing`]), when there is such a thing.
    pub standing: Option<String>,
}

/// What a landing wrote beside the history's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The sync's id.
    pub sync: SyncId,
    /// Items of the inventory that are new, different or gone.
    pub items: usize,
    /// Exposures that are new, different or gone.
    pub exposures: usize,
    /// Assets that came, went, or are stale in another way than before.
    pub assets: usize,
    /// Names that are new or different.
    pub names: usize,
}

impl Written {
    /// Whether all was there already.
    pub const fn is_nothing(&self) -> bool {
        self.items + self.exposures + self.assets + self.names == 0
    }
}

/// As what a landing comes.
#[derive(Debug, Clone, Copy)]
enum When {
    /// As news of the BI tool.
    Now,
    /// As another reading of what the sync of this time left.
    Again(DateTime<Utc>),
}

/// A landing in the form in which it is compared and written.
struct Encoded<'a> {
    integration: &'a str,
    at: DateTime<Utc>,
    items: Vec<Item>,
    assets: BTreeMap<&'a str, Option<String>>,
    exposures: BTreeMap<&'a str, (&'a Exposure, String)>,
    names: Names<'a>,
}

impl Store {
    /// Lands a sync: all of it, or nothing.
    ///
    /// # Errors
    /// When the integration is not stored, the landing contradicts itself, or a name was taken in the
    /// meantime ([`Error::NameTaken`]: load the names again and land anew); and whatever the database says.
    pub async fn land_sync(&self, landing: &Landing) -> Result<Written> {
        self.land(landing, When::Now).await
    }

    /// Lands what is stored anew, because it is read in another way: under other mapping rules, or against
    /// other nodes. The BI tool was not asked, so neither the history nor the time of the last sync change.
    /// Says whether it was done; it is not when another sync landed since `synced_at`.
    pub async fn land_again(&self, landing: &Landing, synced_at: DateTime<Utc>) -> Result<bool> {
        match self.land(landing, When::Again(synced_at)).await {
            Ok(_) => Ok(true),
            Err(Error::Overtaken { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn land(&self, landing: &Landing, when: When) -> Result<Written> {
        let mut encoded = encode(landing)?;
        let mut transaction = self.db.begin(ACTION).await?;
        let (landed_before, edition) = lock(&mut transaction, &landing.integration).await?;
        match when {
            When::Now => {}
            When::Again(synced_at) if landed_before == Some(synced_at) => encoded.at = synced_at,
            When::Again(_) => {
                return Err(Error::Overtaken {
                    integration: landing.integration.clone(),
                });
            }
        }
        let items = land_items(&mut transaction, &encoded).await?;
        let assets = land_assets(&mut transaction, &encoded, landed_before).await?;
        let (exposures, changes) = land_exposures(&mut transaction, &encoded, landed_before).await?;
        let names = match name::land(&mut transaction, encoded.integration, &encoded.names).await {
            Ok(names) => names,
            Err(error) if name::is_taken_meanwhile(&error) => {
                // Another integration's landing gave one of the names out at this very moment. Which one
                // can be asked once this transaction is undone.
                drop(transaction);
                let mut reading = self.db.begin_reading(ACTION).await?;
                let wanted: Vec<_> = encoded.names.values().copied().collect();
                name::refuse_taken(&mut reading, encoded.integration, &wanted).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let author = match when {
            When::Now => Author {
                at: encoded.at,
                sync: Some(landing.record.id),
                hand: None,
            },
            When::Again(_) => Author {
                at: self.clock.now(),
                sync: None,
                hand: None,
            },
        };
        let edition =
            change::record(&mut transaction, encoded.integration, edition, author, &changes).await?;
        match when {
            When::Now => {
                sync::insert(&mut transaction, &landing.record, edition).await?;
                let noted = landing.standing.as_deref();
                standing::note(&mut transaction, &landing.record, edition, noted).await?;
            }
            When::Again(_) => {
                count_again(&mut transaction, encoded.integration, author.at).await?;
                standing::forget(&mut transaction, encoded.integration).await?;
            }
        }
        finish(&mut transaction, encoded.integration, encoded.at).await?;
        transaction.commit().await?;
        Ok(Written {
            sync: landing.record.id,
            items,
            exposures,
            assets,
            names,
        })
    }
}

fn encode(landing: &Landing) -> Result<Encoded<'_>> {
    let refused = |reason: String| Error::Landing {
        integration: landing.integration.clone(),
        reason,
    };
    if landing.record.integration != landing.integration {
        return Err(refused(format!(
            "its record is of `{}`",
            landing.record.integration
        )));
    }
    let items = to_items(ACTION, &landing.inventory)?;
    if let Some(item) = items.iter().find(|item| item.id.len() > LONGEST_ID) {
        let beginning: String = item.id.chars().take(40).collect();
        return Err(refused(format!(
            "the id of {} `{beginning}…` has {} bytes, more than {LONGEST_ID}",
            item.kind.replace('_', " "),
            item.id.len()
        )));
    }

    let mut assets: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for asset in landing.inventory.assets.keys() {
        assets.insert(asset.as_str(), None);
    }
    let mut exposures = BTreeMap::new();
    for (asset, exposure) in &landing.exposures {
        let body = to_json(ACTION, exposure)?;
        if exposures.insert(asset.as_str(), (exposure, body)).is_some() {
            return Err(refused(format!("asset `{asset}` has two exposures")));
        }
        assets.entry(asset.as_str()).or_default();
    }
    for (asset, stale) in &landing.stale {
        assets.insert(asset.as_str(), Some(to_json(ACTION, stale)?));
    }
    let mut names = BTreeMap::new();
    for name in &landing.names {
        if name.integration != landing.integration {
            return Err(refused(format!("it holds a name of `{}`", name.integration)));
        }
        let key = (name.asset.as_str(), name.project.as_str());
        if names
            .insert(key, name)
            .is_some_and(|other| other.name != name.name)
        {
            return Err(refused(format!(
                "asset `{}` has two names in one project",
                name.asset
            )));
        }
    }
    if let Some(asset) = assets
        .keys()
        .chain(names.keys().map(|(asset, _)| asset))
        .find(|id| id.len() > LONGEST_ID)
    {
        let beginning: String = asset.chars().take(40).collect();
        return Err(refused(format!(
            "the id of asset `{beginning}…` has more than {LONGEST_ID} bytes"
        )));
    }
    Ok(Encoded {
        integration: landing.integration.as_str(),
        at: landing.record.finished_at,
        items,
        assets,
        exposures,
        names,
    })
}

/// Makes other landings of the same integration wait: an update that changes nothing locks the row in
/// PostgreSQL; in SQLite the transaction holds the only lock already. Answers when one landed last, and the edition
/// that there is.
pub(crate) async fn lock(
    transaction: &mut Transaction<'_>,
    integration: &IntegrationName,
) -> Result<(Option<DateTime<Utc>>, i64)> {
    let sql = "update integration set name = name where name = $1 returning synced_at, edition";
    let rows = transaction.fetch(sql, vec![integration.as_str().into()]).await?;
    match rows.first() {
        Some(row) => Ok((row.optional_instant(0)?, row.integer(1)?)),
        None => Err(Error::UnknownIntegration {
            name: integration.clone(),
        }),
    }
}

async fn land_items(transaction: &mut Transaction<'_>, landing: &Encoded<'_>) -> Result<usize> {
    let sql = "select kind, id, digest from inventory_item where integration = $1";
    let mut stored: HashMap<(String, String), String> = HashMap::new();
    for row in transaction.fetch(sql, vec![landing.integration.into()]).await? {
        stored.insert((row.text(0)?, row.text(1)?), row.text(2)?);
    }

    let mut rows = Vec::new();
    for item in &landing.items {
        let digest = digest(&item.body);
        let known = stored.remove(&(item.kind.to_owned(), item.id.clone()));
        if known.as_ref() != Some(&digest) {
            rows.push([
                landing.integration.into(),
                item.kind.into(),
                item.id.as_str().into(),
                digest.into(),
                item.body.as_str().into(),
            ]);
        }
    }
    let mut gone: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (kind, id) in stored.into_keys() {
        gone.entry(kind).or_default().push(id.into());
    }

    let written = rows.len() + gone.values().map(Vec::len).sum::<usize>();
    transaction
        .insert(
            "insert into inventory_item (integration, kind, id, digest, body)",
            "on conflict (integration, kind, id) do update set digest = excluded.digest, body = excluded.body",
            rows,
        )
        .await?;
    for (kind, ids) in gone {
        transaction
            .execute_in(
                "delete from inventory_item where integration = $1 and kind = $2 and id in",
                &[landing.integration.into(), kind.into()],
                ids,
            )
            .await?;
    }
    Ok(written)
}

async fn land_assets(
    transaction: &mut Transaction<'_>,
    landing: &Encoded<'_>,
    landed_before: Option<DateTime<Utc>>,
) -> Result<usize> {
    let sql = "select id, first_seen, stale, gone_at from asset where integration = $1";
    let mut rows = Vec::new();
    let mut stored = BTreeSet::new();
    for row in transaction.fetch(sql, vec![landing.integration.into()]).await? {
        let id = row.text(0)?;
        let first_seen = row.instant(1)?;
        let is_gone = row.optional_instant(3)?.is_some();
        match landing.assets.get(id.as_str()) {
            Some(stale) if is_gone || *stale != row.optional_text(2)? => {
                rows.push(asset_row(landing, &id, first_seen, None, stale.clone()));
            }
            None if !is_gone => {
                let stale: Option<Stale> = row.optional_json(2)?;
                let last = last_seen(None, stale.as_ref(), landed_before).unwrap_or(first_seen);
                rows.push(asset_row(landing, &id, first_seen, Some(last), None));
            }
            Some(_) | None => {}
        }
        stored.insert(id);
    }
    for (id, stale) in &landing.assets {
        if !stored.contains(*id) {
            rows.push(asset_row(landing, id, landing.at, None, stale.clone()));
        }
    }
    let written = rows.len();
    transaction
        .insert(
            "insert into asset (integration, id, first_seen, last_seen, gone_at, stale)",
            "on conflict (integration, id) do update set last_seen = excluded.last_seen, \
             gone_at = excluded.gone_at, stale = excluded.stale",
            rows,
        )
        .await?;
    Ok(written)
}

/// `last_seen` is given for an asset that has gone, and for no other.
fn asset_row(
    landing: &Encoded<'_>,
    id: &str,
    first_seen: DateTime<Utc>,
    last_seen: Option<DateTime<Utc>>,
    stale: Option<String>,
) -> [Value; 6] {
    [
        landing.integration.into(),
        id.into(),
        first_seen.into(),
        last_seen.into(),
        last_seen.map(|_| landing.at).into(),
        stale.into(),
    ]
}

/// Writes the exposures that differ; answers how many they are, and what they gained and lost.
async fn land_exposures(
    transaction: &mut Transaction<'_>,
    landing: &Encoded<'_>,
    landed_before: Option<DateTime<Utc>>,
) -> Result<(usize, Vec<(AssetId, Delta)>)> {
    let sql = "select exposure.asset, exposure.digest, exposure.gone_at, asset.last_seen, asset.stale \
               from exposure \
               join asset on asset.integration = exposure.integration and asset.id = exposure.asset \
               where exposure.integration = $1";
    // Those that are there and as they should be.
    let mut same = BTreeSet::new();
    // Those that are there and are to be otherwise, or to go.
    let mut replaced = Vec::new();
    let mut with_links = Vec::new();
    // Those that have gone, by the time they were last seen, which is mostly one and the same.
    let mut gone: BTreeMap<Option<DateTime<Utc>>, Vec<Value>> = BTreeMap::new();
    for row in transaction.fetch(sql, vec![landing.integration.into()]).await? {
        let asset = row.text(0)?;
        let is_gone = row.optional_instant(2)?.is_some();
        match landing.exposures.get(asset.as_str()) {
            Some((_, body)) if !is_gone && digest(body) == row.text(1)? => {
                same.insert(asset);
            }
            Some(_) => {
                if !is_gone {
                    replaced.push(asset.as_str().into());
                }
                with_links.push(asset);
            }
            None if !is_gone => {
                replaced.push(asset.as_str().into());
                let stale: Option<Stale> = row.optional_json(4)?;
                let last = last_seen(row.optional_instant(3)?, stale.as_ref(), landed_before);
                gone.entry(last).or_default().push(asset.as_str().into());
                with_links.push(asset);
            }
            None => {}
        }
    }

    let changes = compare(transaction, landing, &same, replaced).await?;
    let mut rows = Vec::new();
    let mut links = Vec::new();
    for (asset, (exposure, body)) in &landing.exposures {
        if same.contains(*asset) {
            continue;
        }
        rows.push([
            landing.integration.into(),
            (*asset).into(),
            digest(body).into(),
            search_key(exposure.unique_id.as_str()).into(),
            search_key(&exposure.name).into(),
            label_key(&exposure.label).into(),
            body.as_str().into(),
            Value::Integer(None),
            Value::Integer(None),
        ]);
        let nodes = exposure.links.iter().map(|link| &link.node);
        let nodes: BTreeSet<_> = nodes.chain(&exposure.depends_on).collect();
        for node in nodes {
            links.push([
                landing.integration.into(),
                (*asset).into(),
                search_key(node.as_str()).into(),
            ]);
        }
    }

    let written = rows.len() + gone.values().map(Vec::len).sum::<usize>();
    transaction
        .execute_in(
            "delete from exposure_link where integration = $1 and asset in",
            &[landing.integration.into()],
            with_links.into_iter().map(Value::from).collect(),
        )
        .await?;
    transaction
        .insert(
            "insert into exposure \
             (integration, asset, digest, unique_id, name, label, body, last_seen, gone_at)",
            "on conflict (integration, asset) do update set digest = excluded.digest, \
             unique_id = excluded.unique_id, name = excluded.name, label = excluded.label, \
             body = excluded.body, last_seen = excluded.last_seen, gone_at = excluded.gone_at",
            rows,
        )
        .await?;
    transaction
        .insert("insert into exposure_link (integration, asset, node)", "", links)
        .await?;
    for (last_seen, assets) in gone {
        transaction
            .execute_in(
                "update exposure set last_seen = $2, gone_at = $3 where integration = $1 and asset in",
                &[landing.integration.into(), last_seen.into(), landing.at.into()],
                assets,
            )
            .await?;
    }
    Ok((written, changes))
}

/// What is shown otherwise from now on. `same` are those that stay as they are, `replaced` the others that are there.
async fn compare(
    transaction: &mut Transaction<'_>,
    landing: &Encoded<'_>,
    same: &BTreeSet<String>,
    replaced: Vec<Value>,
) -> Result<Vec<(AssetId, Delta)>> {
    if replaced.is_empty() && same.len() == landing.exposures.len() {
        return Ok(Vec::new());
    }
    let curations = curation::load(transaction, landing.integration).await?;
    let sql = "select asset, body from exposure where integration = $1 and asset in";
    let mut changes = Vec::new();
    let mut known = BTreeSet::new();
    let mut compare = |asset: &str, before: Option<&Exposure>, after: Option<&Exposure>| {
        let id = AssetId::new(asset);
        let curation: Option<&Curation> = curations.get(&id);
        let (before, after) = (change::shown(before, curation), change::shown(after, curation));
        if let Some(delta) = Delta::between(before.as_deref(), after.as_deref()) {
            changes.push((id, delta));
        }
    };
    for row in transaction
        .fetch_in(sql, &[landing.integration.into()], replaced)
        .await?
    {
        let asset = row.text(0)?;
        let before: Exposure = row.json(1)?;
        let after = landing
            .exposures
            .get(asset.as_str())
            .map(|(exposure, _)| *exposure);
        compare(&asset, Some(&before), after);
        known.insert(asset);
    }
    for (asset, (exposure, _)) in &landing.exposures {
        if !same.contains(*asset) && !known.contains(*asset) {
            compare(asset, None, Some(exposure));
        }
    }
    Ok(changes)
}

/// Counts that the landing was read anew, so that others notice.
async fn count_again(transaction: &mut Transaction<'_>, integration: &str, now: DateTime<Utc>) -> Result<()> {
    let sql = "insert into integration_fact (integration, kind, body, updated_at) \
               values ($1, 'landed_again', '1', $2) on conflict (integration, kind) do update \
               set body = cast(cast(integration_fact.body as bigint) + 1 as text), \
               updated_at = excluded.updated_at";
    transaction
        .execute(sql, vec![integration.into(), now.into()])
        .await?;
    Ok(())
}

/// Drops tombstones that are old enough, and notes the time of the landing.
pub(crate) async fn finish(
    transaction: &mut Transaction<'_>,
    integration: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let too_old = at - TimeDelta::days(TOMBSTONE_DAYS);
    for sql in [
        "delete from exposure where integration = $1 and gone_at < $2",
        "delete from asset where integration = $1 and gone_at < $2",
    ] {
        transaction
            .execute(sql, vec![integration.into(), too_old.into()])
            .await?;
    }
    let sql = "update integration set synced_at = $2 where name = $1";
    transaction
        .execute(sql, vec![integration.into(), at.into()])
        .await?;
    Ok(())
}
