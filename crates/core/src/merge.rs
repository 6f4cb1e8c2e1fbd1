//! Joining a fresh snapshot with what was known, so that a partial answer removes nothing.
//!
//! | the answer | what happens |
//! | --- | --- |
//! | the list of assets is complete | what it leaves out is gone |
//! | the list was cut off | what it leaves out is kept, marked stale |
//! | an asset's lineage is complete | it replaces what was known |
//! | it is partial or pending | what was known stays beside what is new, marked stale: tables, hidden sheets, the owner's name |
//! | the collection above an asset's own is not visible any more | the asset is kept, marked stale |
//! | a table's names are hidden now and were known | the known names stay, marked stale |
//!
//! What the person no longer selects, or leaves out, is gone in any case.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::clock::SAME_INSTANT;
use crate::exposure::Stale;
use crate::id::{AssetId, CollectionId};
use crate::inventory::{Asset, Completeness, DataSource, Inventory, Part};
use crate::reference::reachable_sources;
use crate::selection::Selection;

/// What was known before.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The inventory that the last sync left.
    pub inventory: &'a Inventory,
    /// What was stale in it.
    pub stale: &'a BTreeMap<AssetId, Stale>,
    /// When that sync ended.
    pub synced_at: DateTime<Utc>,
}

/// The joined inventory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// All that is known now.
    pub inventory: Inventory,
    /// The assets of which something may be out of date.
    pub stale: BTreeMap<AssetId, Stale>,
}

/// Joins a fresh snapshot with what was known.
pub fn merge(known: Option<Known<'_>>, fresh: Inventory, selection: &Selection) -> Merged {
    let Some(known) = known else {
        return Merged {
            inventory: fresh,
            stale: BTreeMap::new(),
        };
    };
    let mut merger = Merger {
        known,
        merged: Merged {
            inventory: fresh,
            stale: BTreeMap::new(),
        },
    };
    if !merger.merged.inventory.listing.is_complete() {
        merger.keep_unlisted(selection);
    }
    merger.keep_orphaned(selection);
    merger.keep_incomplete_lineage();
    merger.keep_tables();
    merger.keep_dates();
    merger.keep_hidden_names();
    merger.drop_unreachable();
    merger.merged
}

struct Merger<'a> {
    known: Known<'a>,
    merged: Merged,
}

impl Merger<'_> {
    /// The list of assets was cut off: what it leaves out may well exist.
    fn keep_unlisted(&mut self, selection: &Selection) {
        let Completeness::Partial { reason } = self.merged.inventory.listing.clone() else {
            return;
        };
        for (id, collection) in &self.known.inventory.collections {
            self.merged
                .inventory
                .collections
                .entry(id.clone())
                .or_insert_with(|| collection.clone());
        }
        for (id, asset) in &self.known.inventory.assets {
            let is_in_selected = asset.collection.as_ref().is_some_and(|collection| {
                selection.includes(
                    &self.merged.inventory.ancestors(collection),
                    &asset.collection_path,
                )
            });
            let is_selected = selection.includes_asset(id.as_str(), is_in_selected);
            if is_selected && !self.merged.inventory.assets.contains_key(id) {
                self.keep_asset(
                    id,
                    asset,
                    &format!("the list of workbooks was incomplete ({reason})"),
                );
            }
        }
    }

    /// A collection came back without the one above it, which the token sees no more: a selection from
    /// further up no longer reaches it, though nothing says that its assets moved or went.
    fn keep_orphaned(&mut self, selection: &Selection) {
        let known = self.known.inventory;
        for (id, asset) in &known.assets {
            let Some(collection) = asset
                .collection
                .as_ref()
                .filter(|collection| self.is_orphaned(collection))
            else {
                continue;
            };
            let was_in_selected = selection.includes(&known.ancestors(collection), &asset.collection_path);
            let was_selected = selection.includes_asset(id.as_str(), was_in_selected);
            if was_selected && !self.merged.inventory.assets.contains_key(id) {
                self.keep_asset(id, asset, "the collection above its own is no longer visible");
            }
        }
    }

    fn is_orphaned(&self, collection: &CollectionId) -> bool {
        let fresh = &self.merged.inventory.collections;
        let parent = self
            .known
            .inventory
            .collections
            .get(collection)
            .and_then(|known| known.parent.as_ref());
        let is_at_top = fresh.get(collection).is_some_and(|fresh| fresh.parent.is_none());
        is_at_top && parent.is_some_and(|parent| !fresh.contains_key(parent))
    }

    fn keep_asset(&mut self, id: &AssetId, asset: &Asset, reason: &str) {
        self.merged.inventory.assets.insert(id.clone(), asset.clone());
        self.keep_sources(asset);
        self.mark_stale(id, reason);
    }

    fn keep_incomplete_lineage(&mut self) {
        let incomplete: Vec<(AssetId, String)> = self
            .merged
            .inventory
            .assets
            .iter()
            .filter_map(|(id, asset)| Some((id.clone(), incompleteness(&self.merged.inventory, asset)?)))
            .collect();
        for (id, reason) in incomplete {
            let Some(before) = self.known.inventory.assets.get(&id) else {
                continue;
            };
            if before.data_sources.is_empty() && before.tables.is_empty() {
                continue; // Nothing was known that could be out of date.
            }
            self.keep_sources(before);
            if let Some(asset) = self.merged.inventory.assets.get_mut(&id) {
                asset.data_sources.extend(before.data_sources.iter().cloned());
                asset.tables.extend(before.tables.iter().cloned());
                keep_parts(&mut asset.parts, &before.parts);
                keep_names(asset, before);
            }
            self.mark_stale(&id, &reason);
        }
    }

    /// Brings the data sources that an asset stood on back. Of a source that was read again, but not
    /// wholly, the union stays.
    fn keep_sources(&mut self, before: &Asset) {
        for (id, source) in reachable_sources(self.known.inventory, before) {
            match self.merged.inventory.data_sources.get_mut(id) {
                None => {
                    self.merged
                        .inventory
                        .data_sources
                        .insert(id.clone(), source.clone());
                }
                Some(fresh) if !fresh.lineage.is_complete() => unite(fresh, source),
                Some(_) => {}
            }
        }
    }

    /// Brings back the tables and SQL under what was kept; what nothing stands on is dropped at the end.
    fn keep_tables(&mut self) {
        let inventory = &mut self.merged.inventory;
        for (id, table) in &self.known.inventory.tables {
            inventory
                .tables
                .entry(id.clone())
                .or_insert_with(|| table.clone());
        }
        for (id, sql) in &self.known.inventory.custom_sql {
            inventory
                .custom_sql
                .entry(id.clone())
                .or_insert_with(|| sql.clone());
        }
    }

    /// A date that is seconds from the known one is the same, brought to our clock by another measure: no extract is
    /// refreshed twice within seconds, and nothing changed for it.
    fn keep_dates(&mut self) {
        for (id, source) in &mut self.merged.inventory.data_sources {
            let known = self.known.inventory.data_sources.get(id);
            let then = known.and_then(|known| known.extract_refreshed_at);
            if let (Some(now), Some(then)) = (&mut source.extract_refreshed_at, then)
                && (*now - then).abs() <= SAME_INSTANT
            {
                *now = then;
            }
        }
    }

    /// The token sees less than an earlier one did: names once known are still true.
    fn keep_hidden_names(&mut self) {
        let mut restored = BTreeSet::new();
        for (id, table) in &mut self.merged.inventory.tables {
            if let Some(before) = self
                .known
                .inventory
                .tables
                .get(id)
                .filter(|before| table.is_hidden() && !before.is_hidden())
            {
                table.clone_from(before);
                restored.insert(id.clone());
            }
        }
        let mut restored_sql = BTreeSet::new();
        for (id, sql) in &mut self.merged.inventory.custom_sql {
            let before = self.known.inventory.custom_sql.get(id);
            if let Some(before) = before.filter(|before| sql.query.is_none() && before.query.is_some()) {
                sql.query.clone_from(&before.query);
                restored_sql.insert(id.clone());
            }
        }
        if restored.is_empty() && restored_sql.is_empty() {
            return;
        }
        let inventory = &self.merged.inventory;
        let is_affected = |asset: &&Asset| {
            asset.tables.iter().any(|used| restored.contains(&used.table))
                || reachable_sources(inventory, asset).values().any(|source| {
                    source.tables.iter().any(|used| restored.contains(&used.table))
                        || source.custom_sql.iter().any(|sql| restored_sql.contains(sql))
                })
        };
        let affected: Vec<AssetId> = inventory
            .assets
            .iter()
            .filter(|(_, asset)| is_affected(asset))
            .map(|(id, _)| id.clone())
            .collect();
        for id in affected {
            self.mark_stale(&id, "the token may no longer see names that an earlier sync read");
        }
    }

    fn mark_stale(&mut self, id: &AssetId, reason: &str) {
        let since = self
            .known
            .stale
            .get(id)
            .map_or(self.known.synced_at, |stale| stale.since);
        self.merged.stale.entry(id.clone()).or_insert_with(|| Stale {
            since,
            reason: reason.to_owned(),
        });
    }

    /// Drops what no asset stands on any more.
    fn drop_unreachable(&mut self) {
        let inventory = &self.merged.inventory;
        let mut sources = BTreeSet::new();
        let mut tables = BTreeSet::new();
        for asset in inventory.assets.values() {
            tables.extend(asset.tables.iter().map(|used| used.table.clone()));
            sources.extend(reachable_sources(inventory, asset).into_keys().cloned());
        }
        let kept: Vec<&DataSource> = sources
            .iter()
            .filter_map(|id| inventory.data_sources.get(id))
            .collect();
        let custom_sql: BTreeSet<_> = kept
            .iter()
            .flat_map(|source| source.custom_sql.iter().cloned())
            .collect();
        tables.extend(
            kept.iter()
                .flat_map(|source| source.tables.iter().map(|used| used.table.clone())),
        );
        tables.extend(
            custom_sql
                .iter()
                .filter_map(|id| inventory.custom_sql.get(id))
                .flat_map(|sql| sql.tables.clone()),
        );
        let inventory = &mut self.merged.inventory;
        inventory.data_sources.retain(|id, _| sources.contains(id));
        inventory.tables.retain(|id, _| tables.contains(id));
        inventory.custom_sql.retain(|id, _| custom_sql.contains(id));
    }
}

fn unite(fresh: &mut DataSource, before: &DataSource) {
    fresh.parents.extend(before.parents.iter().cloned());
    fresh.tables.extend(before.tables.iter().cloned());
    fresh.custom_sql.extend(before.custom_sql.iter().cloned());
}

/// Brings back the parts that were not told of, such as hidden sheets. Where lists alone were read, a part comes under
/// another id than with its lineage; its page tells that it is the same.
fn keep_parts(fresh: &mut Vec<Part>, before: &[Part]) {
    let is_told = |known: &Part| fresh.iter().any(|part| part.id == known.id);
    if before.iter().all(is_told) {
        return;
    }
    let mut told = std::mem::take(fresh);
    let mut take = |is_it: &dyn Fn(&Part) -> bool| {
        let at = told.iter().position(is_it)?;
        Some(told.remove(at))
    };
    for known in before {
        let same = take(&|part| part.id == known.id);
        let page = |part: &Part| part.url.is_some() && part.url == known.url;
        let part = same.or_else(|| {
            let listed = take(&page)?;
            Some(Part {
                name: listed.name,
                total_views: listed.total_views,
                ..known.clone()
            })
        });
        fresh.push(part.unwrap_or_else(|| known.clone()));
    }
    fresh.append(&mut told);
}

/// Keeps the address, and the name and address of an owner, that only an answer about the lineage tells.
fn keep_names(asset: &mut Asset, before: &Asset) {
    if asset.url.is_none() {
        asset.url.clone_from(&before.url);
    }
    let (Some(owner), Some(known)) = (&mut asset.owner, &before.owner) else {
        return;
    };
    if owner.id == known.id {
        if known.email.is_some() && owner.email.is_none() {
            // Without the address the name may be a login alone.
            owner.name = known.name.clone().or(owner.name.take());
            owner.email.clone_from(&known.email);
        }
        if owner.name.is_none() {
            owner.name.clone_from(&known.name);
        }
    }
}

/// Why an asset's lineage is not wholly known, in words.
fn incompleteness(inventory: &Inventory, asset: &Asset) -> Option<String> {
    let sources = reachable_sources(inventory, asset);
    let states = std::iter::once(&asset.lineage).chain(sources.values().map(|source| &source.lineage));
    states.into_iter().find_map(|state| match state {
        Completeness::Complete => None,
        Completeness::Pending => Some("the BI tool has not indexed its last change yet".to_owned()),
        Completeness::Partial { reason } => Some(reason.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Collection, Owner, PartKind, Table, TableUse, TableVia};

    const THEN: &str = "2026-01-01T00:00:00Z";

    /// Two assets in one collection, each with a data source on a table of its own.
    fn site() -> Inventory {
        let mut inventory = Inventory::default();
        let collection = Collection {
            name: "Sales".into(),
            path: vec!["Sales".into()],
            ..Collection::default()
        };
        inventory.collections.insert("c".into(), collection);
        for name in ["one", "two"] {
            let used = TableUse {
                table: format!("table-{name}").into(),
                via: TableVia::TableList,
            };
            inventory.tables.insert(
                used.table.clone(),
                Table {
                    name: Some(name.into()),
                    ..Table::default()
                },
            );
            let source = DataSource {
                tables: BTreeSet::from([used]),
                ..DataSource::default()
            };
            inventory
                .data_sources
                .insert(format!("source-{name}").into(), source);
            let asset = Asset {
                name: name.into(),
                collection: Some("c".into()),
                collection_path: vec!["Sales".into()],
                data_sources: BTreeSet::from([format!("source-{name}").into()]),
                ..Asset::default()
            };
            inventory.assets.insert(name.into(), asset);
        }
        inventory
    }

    fn merged(known: &Inventory, fresh: Inventory, selection: &str) -> Merged {
        let known = Known {
            inventory: known,
            stale: &BTreeMap::new(),
            synced_at: THEN.parse().unwrap(),
        };
        merge(Some(known), fresh, &Selection::new([selection]))
    }

    fn part(id: &str, page: Option<&str>, total_views: u64) -> Part {
        Part {
            id: id.into(),
            kind: PartKind::Sheet,
            name: id.to_owned(),
            url: page.map(str::to_owned),
            is_hidden: page.is_none(),
            total_views: Some(total_views),
            contains: Vec::new(),
        }
    }

    #[test]
    fn a_date_that_was_measured_anew_is_the_same() {
        let dated = |seconds: i64| {
            let mut inventory = site();
            let then: DateTime<Utc> = THEN.parse().unwrap();
            let source = inventory.data_sources.get_mut("source-one").unwrap();
            source.extract_refreshed_at = Some(then + chrono::TimeDelta::seconds(seconds));
            inventory
        };
        for (seconds, is_same) in [(-5, true), (1, true), (6, false)] {
            let now = merged(&dated(0), dated(seconds), "**").inventory;
            assert_eq!(now == dated(0), is_same, "{seconds}");
        }
    }

    /// Lists tell views under other ids, no hidden sheets, and owners by their login alone.
    #[test]
    fn lists_without_lineage_take_no_sheets_and_names_away() {
        let owner = |name: &str, email: Option<&str>| {
            Some(Owner {
                id: "u".into(),
                name: Some(name.into()),
                email: email.map(str::to_owned),
            })
        };
        let mut known = site();
        let one = known.assets.get_mut("one").unwrap();
        one.parts = vec![
            part("dashboard", Some("/d"), 1),
            part("hidden", None, 1),
            part("sheet", Some("/s"), 1),
        ];
        one.owner = owner("Ada Admin", Some("ada@acme.example"));
        one.url = Some("/one".into());
        let lists = |lineage: Completeness| {
            let mut fresh = site();
            let one = fresh.assets.get_mut("one").unwrap();
            one.lineage = lineage;
            one.data_sources.clear();
            one.parts = vec![part("view-1", Some("/s"), 5), part("view-2", Some("/new"), 7)];
            one.owner = owner("ada", None);
            fresh
        };
        let now = merged(&known, lists(Completeness::partial("off")), "**");
        let one = &now.inventory.assets["one"];
        let told: Vec<(&str, Option<u64>)> = one
            .parts
            .iter()
            .map(|part| (part.id.as_str(), part.total_views))
            .collect();
        assert_eq!(
            told,
            [
                ("dashboard", Some(1)),
                ("hidden", Some(1)),
                ("sheet", Some(5)),
                ("view-2", Some(7))
            ]
        );
        assert_eq!(one.owner, owner("Ada Admin", Some("ada@acme.example")));
        assert_eq!(one.url.as_deref(), Some("/one"));
        assert_eq!(now.stale["one"].reason, "off");
        // What is told wholly counts.
        let now = merged(&known, lists(Completeness::Complete), "**");
        assert_eq!(now.inventory.assets["one"].parts.len(), 2);
        assert_eq!(now.inventory.assets["one"].owner, owner("ada", None));
    }

    fn without_two(listing: Completeness) -> Inventory {
        let mut fresh = site();
        fresh.assets.remove("two");
        fresh.data_sources.remove("source-two");
        fresh.tables.remove("table-two");
        fresh.listing = listing;
        fresh
    }

    #[test]
    fn a_complete_list_removes_what_it_leaves_out() {
        let merged = merged(&site(), without_two(Completeness::Complete), "Sales");
        assert!(!merged.inventory.assets.contains_key("two"));
        assert!(!merged.inventory.tables.contains_key("table-two"));
        assert!(merged.stale.is_empty());
    }

    #[test]
    fn a_list_that_was_cut_off_removes_nothing() {
        let merged = merged(
            &site(),
            without_two(Completeness::partial("page 2 failed")),
            "Sales",
        );
        assert_eq!(merged.inventory.assets, site().assets);
        assert!(merged.inventory.tables.contains_key("table-two"));
        assert_eq!(
            merged.stale[&AssetId::from("two")].since,
            THEN.parse::<DateTime<Utc>>().unwrap()
        );
        assert!(!merged.stale.contains_key("one"));
    }

    #[test]
    fn single_assets_are_kept_and_left_out_whatever_their_collection() {
        let cut_off = || without_two(Completeness::partial("page 2 failed"));
        let merged_with = |selection: Selection| {
            let inventory = site();
            let known = Known {
                inventory: &inventory,
                stale: &BTreeMap::new(),
                synced_at: THEN.parse().unwrap(),
            };
            merge(Some(known), cut_off(), &selection)
        };
        let brought_in = merged_with(Selection::new(["Finance"]).with_assets(["two".into()], []));
        assert!(brought_in.inventory.assets.contains_key("two") && brought_in.stale.contains_key("two"));
        let left_out = merged_with(Selection::new(["Sales"]).with_assets([], ["two".into()]));
        assert!(!left_out.inventory.assets.contains_key("two"));
        assert!(!left_out.inventory.tables.contains_key("table-two"));
    }

    #[test]
    fn what_is_no_longer_selected_goes_even_then() {
        let merged = merged(
            &site(),
            without_two(Completeness::partial("page 2 failed")),
            "Finance",
        );
        assert!(!merged.inventory.assets.contains_key("two"));
    }

    #[test]
    fn a_collection_whose_parent_is_no_longer_visible_keeps_its_assets() {
        let mut before = site();
        let top = Collection {
            name: "Top".into(),
            path: vec!["Top".into()],
            ..Collection::default()
        };
        before.collections.insert("t".into(), top);
        before.collections.get_mut("c").unwrap().parent = Some("t".into());
        for asset in before.assets.values_mut() {
            asset.collection_path = vec!["Top".into(), "Sales".into()];
        }
        let mut orphaned = site();
        orphaned.assets.clear();
        let kept = merged(&before, orphaned.clone(), "Top/**");
        assert_eq!((kept.inventory.assets.len(), kept.stale.len()), (2, 2));
        // It was moved to the top, and what is above it is still there to see.
        orphaned
            .collections
            .insert("t".into(), before.collections["t"].clone());
        assert!(merged(&before, orphaned, "Top/**").inventory.assets.is_empty());
    }

    #[test]
    fn pending_lineage_keeps_what_was_known() {
        let mut fresh = site();
        let asset = fresh.assets.get_mut("one").unwrap();
        asset.lineage = Completeness::Pending;
        asset.data_sources.clear();
        asset.name = "renamed".into();
        fresh.data_sources.remove("source-one");
        fresh.tables.remove("table-one");
        let merged = merged(&site(), fresh, "Sales");
        let asset = &merged.inventory.assets["one"];
        assert_eq!(asset.name, "renamed");
        assert!(asset.data_sources.contains("source-one"));
        assert!(merged.inventory.tables.contains_key("table-one"));
        assert!(merged.stale.contains_key("one"));
    }

    #[test]
    fn what_was_never_read_is_not_stale() {
        let mut pending = site();
        let asset = pending.assets.get_mut("one").unwrap();
        asset.lineage = Completeness::Pending;
        asset.data_sources.clear();
        assert!(merged(&pending, pending.clone(), "Sales").stale.is_empty());
    }

    #[test]
    fn a_source_read_in_part_keeps_the_tables_it_had() {
        let mut fresh = site();
        let source = fresh.data_sources.get_mut("source-one").unwrap();
        source.tables.clear();
        source.lineage = Completeness::partial("node limit");
        let merged = merged(&site(), fresh, "Sales");
        assert_eq!(merged.inventory.data_sources["source-one"].tables.len(), 1);
        assert!(merged.stale.contains_key("one"));
    }

    #[test]
    fn names_hidden_now_stay_as_they_were_known() {
        let mut fresh = site();
        fresh.tables.get_mut("table-one").unwrap().name = None;
        let merged = merged(&site(), fresh, "Sales");
        assert_eq!(merged.inventory.tables["table-one"].name.as_deref(), Some("one"));
        assert!(merged.stale.contains_key("one"));
        assert!(!merged.stale.contains_key("two"));
    }

    #[test]
    fn a_good_answer_heals() {
        let mut before = site();
        before.assets.get_mut("one").unwrap().lineage = Completeness::Pending;
        assert_eq!(
            merged(&before, site(), "Sales"),
            Merged {
                inventory: site(),
                stale: BTreeMap::new()
            }
        );
    }

    #[test]
    fn stale_since_is_the_first_time() {
        let mut fresh = site();
        fresh.assets.get_mut("one").unwrap().lineage = Completeness::Pending;
        let since: DateTime<Utc> = "2025-12-01T00:00:00Z".parse().unwrap();
        let stale = BTreeMap::from([(
            "one".into(),
            Stale {
                since,
                reason: "earlier".into(),
            },
        )]);
        let inventory = site();
        let known = Known {
            inventory: &inventory,
            stale: &stale,
            synced_at: THEN.parse().unwrap(),
        };
        assert_eq!(
            merge(Some(known), fresh, &Selection::new(["Sales"])).stale[&AssetId::from("one")].since,
            since
        );
    }
}
