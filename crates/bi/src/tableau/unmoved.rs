//! What did not move since it was last read, so that its lineage need not be read again.
//!
//! A workbook has not moved when the lists tell the same date of its last change as before, for it and for every
//! published data source under it, when that date is so old that Tableau's index had surely taken the change in when
//! the lineage was read, and when what was read then was all there is. When extracts were refreshed is asked all the
//! same: whether a refresh moves the date of the workbook is not documented.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::id::{AssetId, DataSourceId, TableId};
use tailwater_core::inventory::{Asset, DataSource, Inventory, Table};
use tailwater_core::reference::reachable_sources;

use super::address::Links;
use super::assemble::last_refresh;
use super::dates::ExtractDates;
use super::graph::filled;
use super::listing::Listing;
use super::metadata::Metadata;
use super::part::is_known;
use super::skew::Skew;
use super::wire::Workbook;
use crate::connector::{Before, Progress};
use crate::error::Error;

/// How long Tableau's index may lag behind a change: minutes as a rule, longer after much was published at once.
pub(super) const SETTLED: TimeDelta = TimeDelta::hours(2);

/// The workbooks that did not move.
#[derive(Debug, Default)]
pub(crate) struct Unmoved<'a> {
    before: Option<&'a Inventory>,
    /// As they were read, by LUID.
    assets: BTreeMap<String, &'a Asset>,
    /// What was told now of the extracts under them.
    extracts: BTreeMap<DataSourceId, Extract>,
}

/// The state of an extract.
#[derive(Debug)]
struct Extract {
    is_there: Option<bool>,
    refreshed_at: Option<DateTime<Utc>>,
}

impl<'a> Unmoved<'a> {
    /// Finds them among the listed workbooks. `dates` are asked for where they were not yet; those that are given are of
    /// all listed workbooks, and of all published data sources that were known before.
    ///
    /// # Errors
    /// When no other call can go through either.
    pub(crate) async fn find(
        listing: &Listing,
        before: Before<'a>,
        links: &Links,
        metadata: &Metadata<'_>,
        dates: Option<ExtractDates>,
        skew: Skew,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        // Another version may tell more.
        if before.inventory.site != listing.inventory.site {
            return Ok(Self::default());
        }
        let assets: BTreeMap<String, &Asset> = listing
            .workbooks
            .iter()
            .filter_map(|(luid, workbook)| Some((luid.clone(), unmoved(listing, workbook, before, links)?)))
            .collect();
        if assets.is_empty() {
            return Ok(Self::default());
        }
        let dates = if dates.is_some() {
            dates
        } else {
            let workbooks = assets.keys().cloned().collect();
            let published = published(before.inventory, &assets);
            ExtractDates::fetch(metadata, workbooks, published, progress).await?
        };
        let Some(dates) = dates else {
            return Ok(Self::default());
        };
        let mut found = Self {
            before: Some(before.inventory),
            assets,
            extracts: BTreeMap::new(),
        };
        found.keep_told(before.inventory, &dates, skew);
        Ok(found)
    }

    /// Keeps those of which everything that was asked was told.
    fn keep_told(&mut self, before: &Inventory, dates: &ExtractDates, skew: Skew) {
        self.assets.retain(|luid, asset| {
            let Some(told) = dates.workbook(luid) else {
                return false;
            };
            let told = &told.embedded_datasources.items;
            let ids: BTreeSet<&str> = told
                .iter()
                .filter_map(|source| filled(source.id.as_ref()))
                .collect();
            ids == asset.data_sources.iter().map(DataSourceId::as_str).collect()
                && reachable_sources(before, asset)
                    .into_iter()
                    .filter(|(_, source)| source.is_published)
                    .all(|(id, _)| dates.published(id.as_str()).is_some())
        });
        let embedded = self
            .assets
            .keys()
            .filter_map(|luid| dates.workbook(luid))
            .flat_map(|workbook| &workbook.embedded_datasources.items)
            .filter_map(|source| Some((filled(source.id.as_ref())?, source)));
        let published = dates.of_published.found.iter();
        let published = published.map(|(luid, source)| (luid.as_str(), source));
        self.extracts = embedded
            .chain(published)
            .map(|(id, source)| {
                let extract = Extract {
                    is_there: source.has_extracts,
                    refreshed_at: last_refresh(source).map(|at| skew.ours(at)),
                };
                (DataSourceId::from(id), extract)
            })
            .collect();
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.assets.len()
    }

    /// A workbook as it was read before; `None` when it moved.
    pub(crate) fn asset(&self, luid: &str) -> Option<&'a Asset> {
        self.assets.get(luid).copied()
    }

    /// Adds what they stand on, where it was not read now for another workbook.
    pub(crate) fn add_sources(&self, inventory: &mut Inventory) {
        let Some(before) = self.before else {
            return;
        };
        for asset in self.assets.values() {
            for (id, source) in reachable_sources(before, asset) {
                if !inventory.data_sources.contains_key(id) {
                    let source = self.with_extract(id, source);
                    inventory.data_sources.insert(id.clone(), source);
                }
            }
            for (id, table) in tables_under(before, asset) {
                inventory
                    .tables
                    .entry(id.clone())
                    .or_insert_with(|| table.clone());
            }
            for id in reachable_sources(before, asset)
                .values()
                .flat_map(|source| &source.custom_sql)
            {
                if let Some(sql) = before.custom_sql.get(id) {
                    inventory
                        .custom_sql
                        .entry(id.clone())
                        .or_insert_with(|| sql.clone());
                }
            }
        }
    }

    fn with_extract(&self, id: &DataSourceId, source: &DataSource) -> DataSource {
        let mut source = source.clone();
        if let Some(extract) = self.extracts.get(id) {
            source.has_extract = extract.is_there.or(source.has_extract);
            source.extract_refreshed_at = extract.refreshed_at.or(source.extract_refreshed_at);
        }
        source
    }
}

/// The published data sources under assets, by LUID.
fn published(inventory: &Inventory, assets: &BTreeMap<String, &Asset>) -> BTreeSet<String> {
    assets
        .values()
        .flat_map(|asset| reachable_sources(inventory, asset).into_values())
        .filter_map(|source| source.luid.clone().filter(|_| source.is_published))
        .collect()
}

/// A listed workbook as it was read before, when the lists show no change of it or of what is under it.
pub(super) fn unmoved<'a>(
    listing: &Listing,
    workbook: &Workbook,
    before: Before<'a>,
    links: &Links,
) -> Option<&'a Asset> {
    let id = AssetId::from(workbook.id.as_str());
    let asset = before.inventory.assets.get(&id)?;
    let is_same = |now: Option<DateTime<Utc>>, then: Option<DateTime<Utc>>| {
        now == then && now.is_some_and(|at| at + SETTLED <= before.read_at)
    };
    let is_source_same = |id: &DataSourceId, source: &DataSource| {
        let listed = listing.data_sources.get(id.as_str());
        let is_listed_same = !source.is_published
            || listed.is_some_and(|listed| is_same(listed.updated_at, source.updated_at));
        source.lineage.is_complete() && is_listed_same && is_sql_told(before.inventory, source)
    };
    let mut views = listing.views.get(&workbook.id).into_iter().flatten();
    let is_unmoved = is_same(workbook.updated_at, asset.updated_at)
        && asset.lineage.is_complete()
        && !before.stale.contains_key(&id)
        && views.all(|view| is_known(view, &asset.parts, links))
        && !asset.data_sources.iter().any(|id| !before.inventory.data_sources.contains_key(id))
        && reachable_sources(before.inventory, asset)
            .into_iter()
            .all(|(id, source)| is_source_same(id, source))
        // The token may be told more by now.
        && !tables_under(before.inventory, asset).any(|(_, table)| table.is_hidden());
    is_unmoved.then_some(asset)
}

fn is_sql_told(inventory: &Inventory, source: &DataSource) -> bool {
    source.custom_sql.iter().all(|id| {
        inventory
            .custom_sql
            .get(id)
            .is_some_and(|sql| sql.query.is_some())
    })
}

/// Every table under an asset, by whatever way.
fn tables_under<'a>(
    inventory: &'a Inventory,
    asset: &'a Asset,
) -> impl Iterator<Item = (&'a TableId, &'a Table)> {
    let sources = reachable_sources(inventory, asset);
    let of_sql: Vec<_> = sources
        .values()
        .flat_map(|source| &source.custom_sql)
        .filter_map(|id| inventory.custom_sql.get(id))
        .flat_map(|sql| &sql.tables)
        .collect();
    let of_sources = sources.into_values().flat_map(|source| &source.tables);
    asset
        .tables
        .iter()
        .chain(of_sources)
        .map(|used| &used.table)
        .chain(of_sql)
        .filter_map(|id| inventory.tables.get_key_value(id))
}
