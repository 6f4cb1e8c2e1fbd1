//! Joins what REST and the Metadata API told into one inventory. Pure.
//!
//! REST decides what exists. A workbook that the Metadata API does not know yet is pending; one that
//! only the Metadata API knows is gone. Flaws of an answer land on everything that was read from it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use tailwater_core::id::{AssetId, CollectionId, CustomSqlId, DataSourceId, TableId};
use tailwater_core::inventory::{
    Asset, AssetKind, Completeness, CustomSql, DataSource, Inventory, Owner, Table, TableUse, TableVia,
};

use super::address::Links;
use super::graph::{self, filled};
use super::lineage::{Lineage, parents};
use super::listing::Listing;
use super::metadata::Flaw;
use super::notice::{add_notices, completeness};
use super::part::{parts, parts_with_views};
use super::skew::Skew;
use super::tree::parse_instant;
use super::unmoved::Unmoved;
use super::wire::{PublishedSource, User, View, Workbook};

/// Joins both halves. `links` makes addresses where Tableau sent none, `skew` brings dates of extracts to our clock; of the
/// workbooks that did not move there is no lineage.
pub(crate) fn assemble(
    listing: &Listing,
    lineage: &Lineage,
    links: &Links,
    unmoved: &Unmoved<'_>,
    skew: Skew,
) -> Inventory {
    let mut assembly = Assembly {
        inventory: listing.inventory.clone(),
        lineage,
        links,
        skew,
        data_sources: &listing.data_sources,
        users: &listing.users,
        nameless: 0,
    };
    assembly.add_custom_sql();
    assembly.add_published();
    for (luid, workbook) in &listing.workbooks {
        let views = listing.views.get(luid).map_or(&[][..], Vec::as_slice);
        match unmoved.asset(luid) {
            Some(before) => assembly.add_unmoved(workbook, views, before),
            None => assembly.add_workbook(workbook, views),
        }
    }
    unmoved.add_sources(&mut assembly.inventory);
    let Assembly {
        mut inventory,
        nameless,
        ..
    } = assembly;
    add_notices(&mut inventory, lineage, nameless);
    inventory
}

/// The owners of whom neither the list of workbooks nor the Metadata API told a name or an address.
pub(crate) fn unknown_owners(listing: &Listing, lineage: &Lineage, unmoved: &Unmoved<'_>) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (luid, workbook) in &listing.workbooks {
        if let Some(owner) = &workbook.owner {
            seen.insert(owner.id.clone());
            if owner.full_name.is_some() || owner.email.is_some() {
                known.insert(owner.id.clone());
            }
        }
        if let Some(owner) = unmoved.asset(luid).and_then(|asset| asset.owner.as_ref())
            && (owner.name.is_some() || owner.email.is_some())
        {
            known.insert(owner.id.clone());
        }
        let told = lineage.workbooks.get(luid).and_then(|told| told.owner.as_ref());
        if let Some(owner) = told
            && let Some(id) = filled(owner.luid.as_ref())
            && (filled(owner.name.as_ref()).is_some() || filled(owner.email.as_ref()).is_some())
        {
            known.insert(id.to_owned());
        }
    }
    seen.difference(&known).cloned().collect()
}

struct Assembly<'a> {
    inventory: Inventory,
    lineage: &'a Lineage,
    links: &'a Links,
    skew: Skew,
    data_sources: &'a BTreeMap<String, PublishedSource>,
    users: &'a BTreeMap<String, User>,
    /// Tables of which not even an id is told.
    nameless: usize,
}

impl Assembly<'_> {
    fn add_workbook(&mut self, workbook: &Workbook, views: &[View]) {
        let luid = workbook.id.clone();
        let told = self.lineage.workbooks.get(&luid);
        let flaws = self.workbook_flaws(&luid, told);
        let lineage = match (told, completeness(&flaws)) {
            (None, Completeness::Complete) => Completeness::Pending,
            (_, state) => state,
        };
        let mut asset = Asset {
            owner: self.owner(workbook, told),
            lineage: lineage.clone(),
            ..self.listed(workbook, views)
        };
        if let Some(told) = told {
            if asset.url.is_none() {
                asset.url = filled(told.vizportal_url_id.as_ref()).map(|id| self.links.workbook(id));
            }
            for source in &told.embedded_datasources.items {
                if let Some(id) = self.add_embedded(source, &lineage) {
                    asset.data_sources.insert(id);
                }
            }
            asset.tables = self.uses(&told.upstream_tables, TableVia::TableList);
            let virtual_tables = &told.upstream_virtual_connection_tables.items;
            for id in virtual_tables
                .iter()
                .filter_map(|table| filled(table.id.as_ref()))
            {
                asset.tables.extend(self.virtual_uses(id));
            }
        }
        asset.parts = parts(told, views, self.links);
        self.inventory.assets.insert(AssetId::from(luid), asset);
    }

    /// What the lists tell of a workbook.
    fn listed(&self, workbook: &Workbook, views: &[View]) -> Asset {
        let collection = workbook.project.as_ref();
        let collection = collection.map(|(project, _)| CollectionId::from(project.as_str()));
        let place = collection
            .as_ref()
            .and_then(|id| self.inventory.collections.get(id));
        Asset {
            kind: AssetKind::Workbook,
            name: workbook.name.clone(),
            description: workbook.description.clone(),
            url: workbook.url.clone(),
            collection_path: place.map_or_else(Vec::new, |place| place.path.clone()),
            collection,
            tags: workbook.tags.clone(),
            created_at: workbook.created_at,
            updated_at: workbook.updated_at,
            total_views: total_views(views),
            ..Asset::default()
        }
    }

    /// Adds a workbook as it was read before, with what the lists tell of it now.
    fn add_unmoved(&mut self, workbook: &Workbook, views: &[View], before: &Asset) {
        let id = AssetId::from(workbook.id.as_str());
        let owner = match (self.owner(workbook, None), &before.owner) {
            (Some(now), Some(then)) if now.id == then.id => Some(Owner {
                name: then.name.clone().or(now.name),
                email: now.email.or_else(|| then.email.clone()),
                id: now.id,
            }),
            (now, _) => now,
        };
        let listed = self.listed(workbook, views);
        let asset = Asset {
            owner,
            url: listed.url.clone().or_else(|| before.url.clone()),
            parts: parts_with_views(&before.parts, views, self.links),
            data_sources: before.data_sources.clone(),
            tables: before.tables.clone(),
            lineage: before.lineage.clone(),
            ..listed
        };
        self.inventory.assets.insert(id, asset);
    }

    /// Everything that may be lacking under a workbook: its own flaws, those of the site as a whole, and
    /// those of the published data sources that it uses.
    fn workbook_flaws(&self, luid: &str, told: Option<&graph::Workbook>) -> BTreeSet<Flaw> {
        let own = self.lineage.workbook_flaws.get(luid).into_iter().flatten();
        let mut flaws: BTreeSet<Flaw> = own.cloned().collect();
        let Some(told) = told else {
            return flaws;
        };
        flaws.extend(self.lineage.site_flaws.iter().cloned());
        if told.embedded_datasources.has_gaps() {
            flaws.insert(Flaw::unknown("Tableau does not tell which data source it is"));
        }
        flaws.extend(
            self.lineage
                .flaws_of_virtual(&told.upstream_virtual_connection_tables),
        );
        for source in &told.embedded_datasources.items {
            if let Some(key) = filled(source.id.as_ref()) {
                flaws.extend(self.lineage.side_flaws(key, source));
            }
            for parent in parents(source) {
                if let Some(told) = self.lineage.published.get(&parent) {
                    flaws.extend(self.lineage.side_flaws(&parent, told));
                }
                let of_parent = self.lineage.published_flaws.get(&parent);
                flaws.extend(of_parent.into_iter().flatten().cloned());
                let is_untold = !self.lineage.published.contains_key(&parent);
                if is_untold && source.upstream_tables.is_empty() && of_parent.is_none() {
                    flaws.insert(Flaw::unknown("a published data source is not told of yet"));
                }
            }
        }
        flaws
    }

    fn owner(&self, workbook: &Workbook, told: Option<&graph::Workbook>) -> Option<Owner> {
        let listed = workbook.owner.as_ref();
        let told = told.and_then(|told| told.owner.as_ref());
        let id = listed
            .map(|owner| owner.id.clone())
            .or_else(|| Some(filled(told?.luid.as_ref())?.to_owned()))?;
        let looked_up = self.users.get(&id);
        let told = told.filter(|owner| filled(owner.luid.as_ref()).is_none_or(|luid| luid == id));
        let people = [listed, looked_up];
        let first = |field: fn(&User) -> Option<&String>, told: Option<&String>| {
            let rest = people.into_iter().flatten().find_map(field);
            filled(rest).or_else(|| filled(told)).map(str::to_owned)
        };
        let full_name = first(
            |user| user.full_name.as_ref(),
            told.and_then(|owner| owner.name.as_ref()),
        );
        let login = first(
            |user| user.name.as_ref(),
            told.and_then(|owner| owner.username.as_ref()),
        );
        let email = first(
            |user| user.email.as_ref(),
            told.and_then(|owner| owner.email.as_ref()),
        );
        Some(Owner {
            id,
            name: full_name.or(login),
            email,
        })
    }

    fn add_embedded(&mut self, source: &graph::DataSource, lineage: &Completeness) -> Option<DataSourceId> {
        let key = filled(source.id.as_ref())?;
        let id = DataSourceId::from(key);
        let mut entry = self.data_source(key, source);
        entry.lineage = lineage.clone();
        for parent in parents(source) {
            let parent_id = DataSourceId::from(parent.as_str());
            if !self.inventory.data_sources.contains_key(&parent_id) {
                self.add_untold_parent(&parent, source);
            }
            entry.parents.insert(parent_id);
        }
        self.inventory.data_sources.insert(id.clone(), entry);
        Some(id)
    }

    /// A published data source that the Metadata API names but does not tell of: too new, or hidden.
    fn add_untold_parent(&mut self, luid: &str, child: &graph::DataSource) {
        let listed = self.data_sources.get(luid);
        let named = child.parent_published_datasources.items.iter();
        let name = named
            .chain(&child.upstream_datasources.items)
            .find(|parent| parent.luid.as_deref() == Some(luid))
            .and_then(|parent| filled(parent.name.as_ref()));
        let flaws = self.lineage.published_flaws.get(luid);
        let lineage = match (flaws, listed) {
            (Some(flaws), _) => completeness(flaws),
            (None, Some(_)) => Completeness::Pending,
            (None, None) => Completeness::partial("the published data source is not visible to this token"),
        };
        let entry = DataSource {
            name: listed
                .map(|listed| listed.name.as_str())
                .or(name)
                .unwrap_or_default()
                .to_owned(),
            is_published: true,
            luid: Some(luid.to_owned()),
            url: listed.and_then(|listed| listed.url.clone()),
            has_extract: listed.and_then(|listed| listed.has_extracts),
            lineage,
            ..DataSource::default()
        };
        self.inventory
            .data_sources
            .insert(DataSourceId::from(luid), entry);
    }

    fn add_published(&mut self) {
        for (luid, source) in &self.lineage.published {
            let mut entry = self.data_source(luid, source);
            let listed = self.data_sources.get(luid);
            entry.is_published = true;
            entry.luid = Some(luid.clone());
            entry.url = listed
                .and_then(|listed| listed.url.clone())
                .or_else(|| filled(source.vizportal_url_id.as_ref()).map(|id| self.links.data_source(id)));
            entry.has_extract = entry
                .has_extract
                .or_else(|| listed.and_then(|listed| listed.has_extracts));
            if let Some(listed) = listed {
                entry.name.clone_from(&listed.name);
            }
            entry.updated_at = listed.and_then(|listed| listed.updated_at);
            let mut flaws = self
                .lineage
                .published_flaws
                .get(luid)
                .cloned()
                .unwrap_or_default();
            flaws.extend(self.lineage.site_flaws.iter().cloned());
            flaws.extend(self.lineage.side_flaws(luid, source));
            entry.lineage = completeness(&flaws);
            self.inventory
                .data_sources
                .insert(DataSourceId::from(luid.as_str()), entry);
        }
    }

    /// What embedded and published data sources have in common.
    fn data_source(&mut self, key: &str, source: &graph::DataSource) -> DataSource {
        let lineage = self.lineage;
        let mut tables = self.uses(&source.upstream_tables, TableVia::TableList);
        for table in &source.upstream_virtual_connection_tables.items {
            if let Some(id) = filled(table.id.as_ref()) {
                tables.extend(self.virtual_uses(id));
            }
        }
        let custom_sql = lineage.custom_sql_of.get(key).cloned().unwrap_or_default();
        for id in &custom_sql {
            let read = self.inventory.custom_sql.get(id.as_str());
            let of_sql = read.into_iter().flat_map(|sql| &sql.tables);
            tables.extend(of_sql.map(|table| TableUse {
                table: table.clone(),
                via: TableVia::ToolReadSql,
            }));
        }
        if let Some(columns) = lineage.columns.get(key) {
            for id in &columns.tables {
                if let Some(table) = lineage.tables.get(id) {
                    self.add_table(table);
                }
                tables.insert(TableUse {
                    table: TableId::from(id.as_str()),
                    via: TableVia::UpstreamColumn,
                });
            }
            for id in &columns.virtual_tables {
                tables.extend(self.virtual_uses(id));
            }
        }
        // A table that a column led to, but that could not be looked up, stays with its names unknown.
        for used in &tables {
            self.inventory.tables.entry(used.table.clone()).or_default();
        }
        let is_unread = |id: &String| {
            let sql = lineage.custom_sql.get(id);
            sql.is_some_and(|sql| sql.is_unsupported == Some(true))
        };
        DataSource {
            name: source.name.clone().unwrap_or_default(),
            has_extract: source.has_extracts,
            extract_refreshed_at: last_refresh(source).map(|at| self.skew.ours(at)),
            has_unread_sql: source.contains_unsupported_custom_sql == Some(true)
                || custom_sql.iter().any(is_unread),
            custom_sql: custom_sql.into_iter().map(CustomSqlId::from).collect(),
            tables,
            ..DataSource::default()
        }
    }

    fn add_custom_sql(&mut self) {
        for (id, sql) in &self.lineage.custom_sql {
            let tables = self.uses(&sql.tables, TableVia::ToolReadSql);
            let database = sql.database.as_ref();
            let entry = CustomSql {
                name: sql.name.clone(),
                query: sql.query.clone(),
                is_unsupported: sql.is_unsupported == Some(true),
                connection_type: filled(sql.connection_type.as_ref())
                    .or_else(|| filled(database?.connection_type.as_ref()))
                    .map(str::to_owned),
                database: database
                    .and_then(|database| filled(database.name.as_ref()))
                    .map(str::to_owned),
                tables: tables.into_iter().map(|used| used.table).collect(),
            };
            self.inventory
                .custom_sql
                .insert(CustomSqlId::from(id.as_str()), entry);
        }
    }

    /// Adds tables, and says through which list they were told.
    fn uses(&mut self, tables: &graph::Items<graph::Table>, via: TableVia) -> BTreeSet<TableUse> {
        self.nameless += tables.nulls;
        let mut uses = BTreeSet::new();
        for table in &tables.items {
            if let Some(table) = self.add_table(table) {
                uses.insert(TableUse { table, via });
            }
        }
        uses
    }

    fn add_table(&mut self, told: &graph::Table) -> Option<TableId> {
        let Some(id) = filled(told.id.as_ref()).map(TableId::from) else {
            self.nameless += 1;
            return None;
        };
        let known = |text: Option<&String>| filled(text).map(str::to_owned);
        let database = told.database.as_ref();
        let host = database
            .and_then(|database| self.lineage.hosts.get(database.id.as_deref()?))
            .cloned();
        let table = Table {
            luid: known(told.luid.as_ref()),
            name: known(told.name.as_ref()),
            schema: known(told.schema.as_ref()),
            full_name: known(told.full_name.as_ref()),
            database: known(database.and_then(|database| database.name.as_ref())),
            connection_type: known(told.connection_type.as_ref())
                .or_else(|| known(database.and_then(|database| database.connection_type.as_ref()))),
            host,
        };
        self.keep_table(id.clone(), table);
        Some(id)
    }

    /// Keeps a table; of two tellings the fuller one, so that their order does not matter.
    fn keep_table(&mut self, id: TableId, table: Table) {
        let kept = self.inventory.tables.entry(id).or_default();
        let fullness = |table: &Table| {
            let texts = [&table.name, &table.full_name, &table.schema, &table.database];
            texts.into_iter().filter(|text| text.is_some()).count()
        };
        if *kept == Table::default() || fullness(&table) > fullness(kept) {
            *kept = table;
        }
    }

    /// The database tables under a virtual connection's table, or that table itself where none are told.
    fn virtual_uses(&mut self, id: &str) -> BTreeSet<TableUse> {
        let Some(told) = self.lineage.virtual_tables.get(id) else {
            return BTreeSet::new();
        };
        let uses = self.uses(&told.upstream_tables, TableVia::VirtualConnection);
        if !uses.is_empty() {
            return uses;
        }
        let table = Table {
            luid: filled(told.luid.as_ref()).map(str::to_owned),
            name: filled(told.name.as_ref()).map(str::to_owned),
            database: told
                .virtual_connection
                .as_ref()
                .and_then(|connection| filled(connection.name.as_ref()))
                .map(str::to_owned),
            connection_type: Some("publishedConnection".to_owned()),
            ..Table::default()
        };
        let id = TableId::from(id);
        self.keep_table(id.clone(), table);
        BTreeSet::from([TableUse {
            table: id,
            via: TableVia::VirtualConnection,
        }])
    }
}

fn total_views(views: &[View]) -> Option<u64> {
    views
        .iter()
        .filter_map(|view| view.total_views)
        .reduce(u64::saturating_add)
}

/// When the extract of a data source was last refreshed, by the server's clock.
pub(super) fn last_refresh(source: &graph::DataSource) -> Option<DateTime<Utc>> {
    let times = [
        &source.extract_last_refresh_time,
        &source.extract_last_incremental_update_time,
        &source.extract_last_update_time,
    ];
    times
        .into_iter()
        .flatten()
        .filter_map(|time| parse_instant(time))
        .max()
}
