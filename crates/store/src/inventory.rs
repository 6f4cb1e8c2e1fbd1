//! The inventory of the last landing, an item a row.
//!
//! ```text
//! kind          id     body
//! frame                {"site": …, "listing": …, "notices": …}
//! collection    luid   {"name": "Finance", "parent": null, …}
//! asset         luid   {"name": "Weekly sales", …}
//! data_source   id     …
//! table         id     …
//! custom_sql    id     …
//! ```

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::exposure::Stale;
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::inventory::{Completeness, Inventory, Notice, Site};

use crate::database::{Row, to_json};
use crate::error::Result;
use crate::store::Store;

/// What the last landing of an integration left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredInventory {
    /// The inventory; empty before the first landing.
    pub inventory: Inventory,
    /// The assets that the last sync could not read whole.
    pub stale: BTreeMap<AssetId, Stale>,
    /// When each asset was seen. Assets that have gone are not among them.
    pub seen: BTreeMap<AssetId, Seen>,
    /// When the last sync that landed came to its end; `None` before the first.
    pub synced_at: Option<DateTime<Utc>>,
}

/// When an asset was seen, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The end of the first sync that found it.
    pub first: DateTime<Utc>,
    /// The end of the last sync that read it whole.
    pub last: DateTime<Utc>,
}

/// What is known of the snapshot as a whole.
#[derive(Serialize, Deserialize)]
struct Frame<'a> {
    site: Cow<'a, Site>,
    listing: Cow<'a, Completeness>,
    notices: Cow<'a, BTreeSet<Notice>>,
}

/// An item as it is stored.
pub(crate) struct Item {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) body: String,
}

const FRAME: &str = "frame";
const COLLECTION: &str = "collection";
const ASSET: &str = "asset";
const DATA_SOURCE: &str = "data_source";
const TABLE: &str = "table";
const CUSTOM_SQL: &str = "custom_sql";

/// The inventory as rows.
pub(crate) fn to_items(action: &'static str, inventory: &Inventory) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let frame = Frame {
        site: Cow::Borrowed(&inventory.site),
        listing: Cow::Borrowed(&inventory.listing),
        notices: Cow::Borrowed(&inventory.notices),
    };
    items.push(Item {
        kind: FRAME,
        id: String::new(),
        body: to_json(action, &frame)?,
    });
    push(&mut items, action, COLLECTION, &inventory.collections)?;
    push(&mut items, action, ASSET, &inventory.assets)?;
    push(&mut items, action, DATA_SOURCE, &inventory.data_sources)?;
    push(&mut items, action, TABLE, &inventory.tables)?;
    push(&mut items, action, CUSTOM_SQL, &inventory.custom_sql)?;
    Ok(items)
}

fn push<I: AsRef<str>, T: Serialize>(
    items: &mut Vec<Item>,
    action: &'static str,
    kind: &'static str,
    map: &BTreeMap<I, T>,
) -> Result<()> {
    for (id, value) in map {
        items.push(Item {
            kind,
            id: id.as_ref().to_owned(),
            body: to_json(action, value)?,
        });
    }
    Ok(())
}

impl Store {
    /// What the last landing of an integration left; nothing when there was none.
    pub async fn load_inventory(&self, integration: &IntegrationName) -> Result<StoredInventory> {
        let mut transaction = self.db.begin_reading("read the inventory").await?;
        let key = || vec![integration.as_str().into()];
        let mut stored = StoredInventory::default();

        let sql = "select synced_at from integration where name = $1";
        if let Some(row) = transaction.fetch(sql, key()).await?.first() {
            stored.synced_at = row.optional_instant(0)?;
        }
        let sql = "select kind, id, body from inventory_item where integration = $1";
        for row in transaction.fetch(sql, key()).await? {
            read_item(&row, &mut stored.inventory)?;
        }
        let sql = "select id, first_seen, stale from asset where integration = $1 and gone_at is null";
        for row in transaction.fetch(sql, key()).await? {
            let id = AssetId::new(row.text(0)?);
            let stale: Option<Stale> = row.optional_json(2)?;
            let first = row.instant(1)?;
            let last = last_seen(None, stale.as_ref(), stored.synced_at).unwrap_or(first);
            stored.seen.insert(id.clone(), Seen { first, last });
            if let Some(stale) = stale {
                stored.stale.insert(id, stale);
            }
        }
        Ok(stored)
    }
}

fn read_item(row: &Row<'_>, inventory: &mut Inventory) -> Result<()> {
    let id = row.text(1)?;
    match row.text(0)?.as_str() {
        FRAME => {
            let frame: Frame<'_> = row.json(2)?;
            inventory.site = frame.site.into_owned();
            inventory.listing = frame.listing.into_owned();
            inventory.notices = frame.notices.into_owned();
        }
        COLLECTION => {
            inventory.collections.insert(id.into(), row.json(2)?);
        }
        ASSET => {
            inventory.assets.insert(id.into(), row.json(2)?);
        }
        DATA_SOURCE => {
            inventory.data_sources.insert(id.into(), row.json(2)?);
        }
        TABLE => {
            inventory.tables.insert(id.into(), row.json(2)?);
        }
        CUSTOM_SQL => {
            inventory.custom_sql.insert(id.into(), row.json(2)?);
        }
        other => return Err(row.damaged(format!("`{other}` is no kind of inventory item"))),
    }
    Ok(())
}

/// When something was last seen: as noted when it went, else when it was last read whole, else in the last
/// sync that landed. Derived, so that a sync that finds nothing new need not touch every row.
pub(crate) fn last_seen(
    noted: Option<DateTime<Utc>>,
    stale: Option<&Stale>,
    synced_at: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    noted.or(stale.map(|stale| stale.since)).or(synced_at)
}
