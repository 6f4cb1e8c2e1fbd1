//! What the selected workbooks stand on, by the Metadata API.
//!
//! ```text
//! workbooks (by LUID) ─┬▶ published data sources (by LUID) ─┐
//!                      └▶ custom SQL (whole site) ──────────┴▶ columns, where lists are empty or
//!                                                              custom SQL fits several data sources
//!                                                            ─▶ virtual tables, tables, hosts (by id)
//! ```
//!
//! No single field tells all: a workbook lists only tables whose fields are used, a data source all that
//! are connected, and at times neither although the columns know. So all are read, and which of them
//! told is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::chunk::{ById, ByIdCall, fetch_inner_pages, fetch_pages};
use super::graph::{self, filled};
use super::metadata::{Flaw, Metadata};
use super::query;
use crate::connector::{Progress, Step};
use crate::error::Error;

/// Everything the Metadata API told.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    /// By LUID.
    pub(crate) workbooks: BTreeMap<String, graph::Workbook>,
    /// Published data sources by LUID.
    pub(crate) published: BTreeMap<String, graph::DataSource>,
    /// Custom SQL under any of these, by id.
    pub(crate) custom_sql: BTreeMap<String, graph::CustomSql>,
    /// Which data source holds which custom SQL: embedded by id, published by LUID.
    pub(crate) custom_sql_of: BTreeMap<String, BTreeSet<String>>,
    /// What the columns of a data source told: embedded by id, published by LUID.
    pub(crate) columns: BTreeMap<String, ColumnSources>,
    /// Tables of virtual connections by id.
    pub(crate) virtual_tables: BTreeMap<String, graph::VirtualTable>,
    /// Tables that only columns told of, by id.
    pub(crate) tables: BTreeMap<String, graph::Table>,
    /// Hosts by the id of the database.
    pub(crate) hosts: BTreeMap<String, String>,
    /// Why a workbook's lineage may lack something.
    pub(crate) workbook_flaws: BTreeMap<String, BTreeSet<Flaw>>,
    /// The same of published data sources.
    pub(crate) published_flaws: BTreeMap<String, BTreeSet<Flaw>>,
    /// The same of every workbook and data source alike.
    pub(crate) site_flaws: BTreeSet<Flaw>,
    /// Workbooks that came without being asked for.
    pub(crate) strangers: usize,
    /// Fields that this server does not know.
    pub(crate) unknown_fields: BTreeSet<String>,
}

/// The tables behind a data source's columns, by kind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ColumnSources {
    pub(crate) tables: BTreeSet<String>,
    pub(crate) custom_sql: BTreeSet<String>,
    pub(crate) virtual_tables: BTreeSet<String>,
}

const WORKBOOKS: ByIdCall<graph::Workbook> = ByIdCall {
    query: query::WORKBOOKS,
    start: 50,
    most: 200,
    id: |workbook| filled(workbook.luid.as_ref()),
    phase: Some("lineage"),
};

const WORKBOOK_PARTS: ByIdCall<graph::Workbook> = ByIdCall {
    query: query::WORKBOOK_PARTS,
    start: 1,
    most: 1,
    id: |workbook| filled(workbook.luid.as_ref()),
    phase: None,
};

const PUBLISHED: ByIdCall<graph::DataSource> = ByIdCall {
    query: query::PUBLISHED,
    start: 50,
    most: 200,
    id: |source| filled(source.luid.as_ref()),
    phase: Some("data source lineage"),
};

const EMBEDDED_COLUMNS: ByIdCall<graph::Columns> = ByIdCall {
    query: query::EMBEDDED_COLUMNS,
    start: 10,
    most: 50,
    id: |columns| filled(columns.id.as_ref()),
    phase: Some("columns"),
};

const PUBLISHED_COLUMNS: ByIdCall<graph::Columns> = ByIdCall {
    query: query::PUBLISHED_COLUMNS,
    start: 10,
    most: 50,
    id: |columns| filled(columns.luid.as_ref()),
    phase: Some("columns"),
};

const VIRTUAL_TABLES: ByIdCall<graph::VirtualTable> = ByIdCall {
    query: query::VIRTUAL_TABLES,
    start: 50,
    most: 200,
    id: |table| filled(table.id.as_ref()),
    phase: None,
};

const TABLES: ByIdCall<graph::Table> = ByIdCall {
    query: query::TABLES,
    start: 200,
    most: 500,
    id: |table| filled(table.id.as_ref()),
    phase: None,
};

const HOSTS: ByIdCall<graph::Host> = ByIdCall {
    query: query::HOSTS,
    start: 200,
    most: 500,
    id: |host| filled(host.id.as_ref()),
    phase: None,
};

/// Pages of custom SQL: the texts may be long.
const CUSTOM_SQL_PAGE: usize = 50;
/// Pages inside one workbook or data source that was too large for one answer.
const INNER_PAGE: usize = 50;

/// Reads the lineage of the given workbooks.
///
/// # Errors
/// When the Metadata API is off or nothing at all could be read from it.
pub(crate) async fn fetch_lineage(
    metadata: &Metadata<'_>,
    workbooks: BTreeSet<String>,
    progress: &dyn Progress,
) -> Result<Lineage, Error> {
    if workbooks.is_empty() {
        return Ok(Lineage::default());
    }
    let mut read = WORKBOOKS.fetch(metadata, workbooks, progress).await?;
    let large = std::mem::take(&mut read.failed);
    let mut lineage = Lineage {
        strangers: read.strangers,
        workbooks: read.found,
        workbook_flaws: read.flawed,
        ..Lineage::default()
    };
    lineage.read_large_workbooks(metadata, large, progress).await?;
    let published: BTreeSet<String> = lineage
        .workbooks
        .values()
        .flat_map(|workbook| &workbook.embedded_datasources.items)
        .flat_map(parents)
        .collect();
    let (published, custom_sql) = futures::join!(
        PUBLISHED.fetch(metadata, published.clone(), progress),
        fetch_custom_sql(metadata, progress)
    );
    lineage.take_published(published)?;
    lineage.take_custom_sql(custom_sql)?;
    lineage.read_columns(metadata, progress).await?;
    lineage.read_virtual_tables(metadata, progress).await?;
    lineage.read_tables(metadata, progress).await?;
    lineage.read_hosts(metadata, progress).await?;
    lineage.unknown_fields = metadata.unknown_fields();
    Ok(lineage)
}

/// The LUIDs of the published data sources that an embedded one stands for. Tableau tells them in two
/// fields, at times in one only.
pub(crate) fn parents(source: &graph::DataSource) -> impl Iterator<Item = String> {
    let told = source
        .parent_published_datasources
        .items
        .iter()
        .chain(&source.upstream_datasources.items);
    told.filter_map(|parent| filled(parent.luid.as_ref()).map(str::to_owned))
}

async fn fetch_custom_sql(
    metadata: &Metadata<'_>,
    progress: &dyn Progress,
) -> Result<super::chunk::Pages<graph::CustomSql>, Error> {
    let report = |done, total| {
        progress.report(Step {
            phase: "custom SQL",
            done,
            total,
        });
    };
    fetch_pages(
        metadata,
        query::CUSTOM_SQL,
        CUSTOM_SQL_PAGE,
        custom_sql_id,
        &report,
    )
    .await
}

fn custom_sql_id(sql: &graph::CustomSql) -> Option<&str> {
    filled(sql.id.as_ref())
}

fn source_id(source: &graph::DataSource) -> Option<&str> {
    filled(source.id.as_ref())
}

fn table_id(table: &graph::Table) -> Option<&str> {
    filled(table.id.as_ref())
}

/// What a side question that failed means: nothing for errors that end the work, else a flaw.
fn flaw_of(error: Error) -> Result<Flaw, Error> {
    if error.ends_session() {
        return Err(error);
    }
    Ok(Flaw {
        code: "unknown".to_owned(),
        message: error.to_string(),
    })
}

impl Lineage {
    /// Reads workbooks that are too large for one answer piece by piece: parts, data sources, then the
    /// tables under each.
    async fn read_large_workbooks(
        &mut self,
        metadata: &Metadata<'_>,
        large: BTreeMap<String, Flaw>,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        for (luid, flaw) in large {
            match read_large_workbook(metadata, &luid, progress).await {
                Ok((workbook, flaws)) => {
                    self.workbook_flaws.remove(&luid);
                    if !flaws.is_empty() {
                        self.workbook_flaws.insert(luid.clone(), flaws);
                    }
                    self.workbooks.insert(luid, workbook);
                }
                Err(error) => {
                    let flaws = self.workbook_flaws.entry(luid).or_default();
                    flaws.insert(flaw);
                    flaws.insert(flaw_of(error)?);
                }
            }
        }
        Ok(())
    }

    fn take_published(&mut self, read: Result<ById<graph::DataSource>, Error>) -> Result<(), Error> {
        match read {
            Ok(read) => {
                self.published = read.found;
                self.published_flaws = read.flawed;
                for (luid, flaw) in read.failed {
                    self.published_flaws.entry(luid).or_default().insert(flaw);
                }
            }
            Err(error) => {
                self.site_flaws.insert(flaw_of(error)?);
            }
        }
        Ok(())
    }

    fn take_custom_sql(
        &mut self,
        read: Result<super::chunk::Pages<graph::CustomSql>, Error>,
    ) -> Result<(), Error> {
        match read {
            Ok(pages) => {
                self.site_flaws.extend(pages.flaws);
                for sql in pages.items {
                    if let Some(id) = filled(sql.id.as_ref()) {
                        self.custom_sql.insert(id.to_owned(), sql);
                    }
                }
            }
            Err(error) => {
                self.site_flaws.insert(flaw_of(error)?);
            }
        }
        Ok(())
    }

    /// Asks for columns where the lists leave a question open, and settles which data source holds which
    /// custom SQL.
    async fn read_columns(&mut self, metadata: &Metadata<'_>, progress: &dyn Progress) -> Result<(), Error> {
        let open = self.settle_custom_sql();
        let embedded: BTreeSet<String> = self
            .embedded()
            .filter(|(id, source)| open.contains(*id) || self.is_silent(id, source))
            .map(|(id, _)| id.to_owned())
            .collect();
        let published: BTreeSet<String> = self
            .published
            .iter()
            .filter(|(luid, source)| self.is_silent(luid, source))
            .map(|(luid, _)| luid.clone())
            .collect();
        for (call, ids) in [(EMBEDDED_COLUMNS, embedded), (PUBLISHED_COLUMNS, published)] {
            if ids.is_empty() {
                continue;
            }
            match call.fetch(metadata, ids, progress).await {
                Ok(read) => {
                    for (source, columns) in &read.found {
                        self.columns.insert(source.clone(), column_sources(columns));
                    }
                    // A question beside the main one: when it fails, the lists stand as they are, but
                    // what they lack is not known to be absent.
                    for (source, flaw) in read.failed {
                        self.note_source(&source, flaw);
                    }
                    for (source, flaws) in read.flawed {
                        for flaw in flaws {
                            self.note_source(&source, flaw);
                        }
                    }
                }
                Err(error) => {
                    self.site_flaws.insert(flaw_of(error)?);
                }
            }
        }
        self.settle_custom_sql();
        let held: BTreeSet<String> = self.custom_sql_of.values().flatten().cloned().collect();
        self.custom_sql.retain(|id, _| held.contains(id));
        Ok(())
    }

    /// Notes a flaw on whatever holds the data source.
    fn note_source(&mut self, source: &str, flaw: Flaw) {
        if self.published.contains_key(source) {
            self.published_flaws
                .entry(source.to_owned())
                .or_default()
                .insert(flaw);
            return;
        }
        let holders: Vec<String> = self
            .workbooks
            .iter()
            .filter(|(_, workbook)| {
                let sources = &workbook.embedded_datasources.items;
                sources.iter().any(|own| own.id.as_deref() == Some(source))
            })
            .map(|(luid, _)| luid.clone())
            .collect();
        for luid in holders {
            self.workbook_flaws.entry(luid).or_default().insert(flaw.clone());
        }
    }

    fn embedded(&self) -> impl Iterator<Item = (&str, &graph::DataSource)> {
        self.workbooks
            .values()
            .flat_map(|workbook| &workbook.embedded_datasources.items)
            .filter_map(|source| Some((filled(source.id.as_ref())?, source)))
    }

    /// Whether no list tells of anything under a data source.
    fn is_silent(&self, id: &str, source: &graph::DataSource) -> bool {
        let has_told_parent = parents(source).any(|parent| self.published.contains_key(&parent));
        source.upstream_tables.is_empty()
            && source.upstream_virtual_connection_tables.is_empty()
            && !self.custom_sql_of.contains_key(id)
            && !has_told_parent
    }

    /// Finds the data sources that hold each custom SQL. Tableau tells the published data source and the
    /// workbook downstream, but not which embedded data source of the workbook. Returns the embedded ones
    /// for which that stays open.
    fn settle_custom_sql(&mut self) -> BTreeSet<String> {
        let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut open = BTreeSet::new();
        for (sql_id, sql) in &self.custom_sql {
            let mut hold = |source: &str| {
                held.entry(source.to_owned()).or_default().insert(sql_id.clone());
            };
            let published: BTreeSet<&str> = sql
                .downstream_datasources
                .items
                .iter()
                .filter_map(|source| filled(source.luid.as_ref()))
                .collect();
            for luid in &published {
                if self.published.contains_key(*luid) {
                    hold(luid);
                }
            }
            let workbooks = sql
                .downstream_workbooks
                .items
                .iter()
                .filter_map(|workbook| self.workbooks.get(filled(workbook.luid.as_ref())?));
            for workbook in workbooks {
                let sources = &workbook.embedded_datasources.items;
                let stands_for = |source: &graph::DataSource| {
                    parents(source).any(|parent| published.contains(parent.as_str()))
                };
                if sources.iter().any(stands_for) {
                    continue;
                }
                let candidates = holders(sql_id, sql, sources, &self.columns);
                if candidates.len() > 1 {
                    open.extend(candidates.iter().map(|source| (*source).to_owned()));
                }
                candidates.into_iter().for_each(&mut hold);
            }
        }
        for (source, columns) in &self.columns {
            for sql_id in columns
                .custom_sql
                .iter()
                .filter(|id| self.custom_sql.contains_key(*id))
            {
                held.entry(source.clone()).or_default().insert(sql_id.clone());
            }
        }
        self.custom_sql_of = held;
        open
    }

    async fn read_virtual_tables(
        &mut self,
        metadata: &Metadata<'_>,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let from_workbooks = self
            .workbooks
            .values()
            .flat_map(|workbook| &workbook.upstream_virtual_connection_tables.items);
        let from_published = self
            .published
            .values()
            .flat_map(|source| &source.upstream_virtual_connection_tables.items);
        let ids: BTreeSet<String> = from_workbooks
            .chain(from_published)
            .filter_map(|table| filled(table.id.as_ref()).map(str::to_owned))
            .chain(
                self.columns
                    .values()
                    .flat_map(|columns| columns.virtual_tables.iter().cloned()),
            )
            .collect();
        let read = self.read_side(VIRTUAL_TABLES, ids, metadata, progress).await?;
        self.virtual_tables = read;
        Ok(())
    }

    async fn read_tables(&mut self, metadata: &Metadata<'_>, progress: &dyn Progress) -> Result<(), Error> {
        let known: BTreeSet<&str> = self
            .inline_tables()
            .filter_map(|table| table.id.as_deref())
            .collect();
        let ids: BTreeSet<String> = self
            .columns
            .values()
            .flat_map(|columns| &columns.tables)
            .filter(|id| !known.contains(id.as_str()))
            .cloned()
            .collect();
        let read = self.read_side(TABLES, ids, metadata, progress).await?;
        self.tables = read;
        Ok(())
    }

    /// Hosts help to tell databases apart; without them everything else still stands.
    async fn read_hosts(&mut self, metadata: &Metadata<'_>, progress: &dyn Progress) -> Result<(), Error> {
        let ids: BTreeSet<String> = self
            .inline_tables()
            .chain(self.tables.values())
            .filter_map(|table| filled(table.database.as_ref()?.id.as_ref()).map(str::to_owned))
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        match HOSTS.fetch(metadata, ids, progress).await {
            Ok(read) => {
                self.hosts = read
                    .found
                    .into_iter()
                    .filter_map(|(id, host)| Some((id, filled(host.host_name.as_ref())?.to_owned())))
                    .collect();
            }
            Err(error) if error.ends_session() => return Err(error),
            Err(error) => tracing::debug!(%error, "hosts could not be read"),
        }
        Ok(())
    }

    /// Every table that came inside another answer.
    pub(crate) fn inline_tables(&self) -> impl Iterator<Item = &graph::Table> {
        let of_workbooks = self.workbooks.values().flat_map(|workbook| {
            let own = &workbook.upstream_tables.items;
            let of_sources = workbook
                .embedded_datasources
                .items
                .iter()
                .flat_map(|source| &source.upstream_tables.items);
            own.iter().chain(of_sources)
        });
        let of_published = self
            .published
            .values()
            .flat_map(|source| &source.upstream_tables.items);
        let of_sql = self.custom_sql.values().flat_map(|sql| &sql.tables.items);
        let of_virtual = self
            .virtual_tables
            .values()
            .flat_map(|table| &table.upstream_tables.items);
        of_workbooks.chain(of_published).chain(of_sql).chain(of_virtual)
    }

    /// Asks a question beside the main ones; what it lacks is a flaw of the whole.
    async fn read_side<T: serde::de::DeserializeOwned + Send>(
        &mut self,
        call: ByIdCall<T>,
        ids: BTreeSet<String>,
        metadata: &Metadata<'_>,
        progress: &dyn Progress,
    ) -> Result<BTreeMap<String, T>, Error> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        match call.fetch(metadata, ids, progress).await {
            Ok(read) => {
                self.site_flaws.extend(read.failed.into_values());
                self.site_flaws.extend(read.flawed.into_values().flatten());
                Ok(read.found)
            }
            Err(error) => {
                self.site_flaws.insert(flaw_of(error)?);
                Ok(BTreeMap::new())
            }
        }
    }
}

/// The embedded data sources of one workbook that may hold a custom SQL: those whose columns say so, else
/// those that stand for no published one, narrowed by what Tableau says about SQL that it could not read.
fn holders<'a>(
    sql_id: &str,
    sql: &graph::CustomSql,
    sources: &'a [graph::DataSource],
    columns: &BTreeMap<String, ColumnSources>,
) -> Vec<&'a str> {
    let all = || {
        sources
            .iter()
            .filter_map(|source| Some((filled(source.id.as_ref())?, source)))
    };
    let ids = |wanted: &dyn Fn(&str, &graph::DataSource) -> bool| -> Vec<&'a str> {
        all()
            .filter(|(id, source)| wanted(id, source))
            .map(|(id, _)| id)
            .collect()
    };
    let by_columns = ids(&|id, _| {
        let told = columns.get(id);
        told.is_some_and(|columns| columns.custom_sql.contains(sql_id))
    });
    if !by_columns.is_empty() {
        return by_columns;
    }
    if sql.is_unsupported_custom_sql == Some(true) {
        let unread = ids(&|_, source| {
            source.contains_unsupported_custom_sql == Some(true) && parents(source).next().is_none()
        });
        if !unread.is_empty() {
            return unread;
        }
    }
    let own = ids(&|_, source| parents(source).next().is_none());
    if own.is_empty() { ids(&|_, _| true) } else { own }
}

fn column_sources(columns: &graph::Columns) -> ColumnSources {
    let mut sources = ColumnSources::default();
    let tables = columns
        .fields
        .items
        .iter()
        .flat_map(|field| &field.upstream_columns.items)
        .filter_map(|column| column.table.as_ref());
    for table in tables {
        let Some(id) = filled(table.id.as_ref()) else {
            continue;
        };
        let of_kind = match table.kind.as_deref() {
            Some("CustomSQLTable") => &mut sources.custom_sql,
            Some("VirtualConnectionTable") => &mut sources.virtual_tables,
            _ => &mut sources.tables,
        };
        of_kind.insert(id.to_owned());
    }
    sources
}

/// Reads one workbook piece by piece, and what is still lacking.
async fn read_large_workbook(
    metadata: &Metadata<'_>,
    luid: &str,
    progress: &dyn Progress,
) -> Result<(graph::Workbook, BTreeSet<Flaw>), Error> {
    let mut flaws = BTreeSet::new();
    let mut workbook = match WORKBOOK_PARTS
        .fetch(metadata, BTreeSet::from([luid.to_owned()]), progress)
        .await
    {
        Ok(mut read) => {
            flaws.extend(read.failed.into_values());
            flaws.extend(read.flawed.into_values().flatten());
            read.found.remove(luid).unwrap_or_default()
        }
        Err(error) => {
            flaws.insert(flaw_of(error)?);
            graph::Workbook::default()
        }
    };
    workbook.luid = Some(luid.to_owned());
    let sources = fetch_inner_pages(metadata, query::WORKBOOK_SOURCES, INNER_PAGE, luid, source_id).await?;
    flaws.extend(sources.flaws);
    workbook.embedded_datasources.items = sources.items;
    for source in &mut workbook.embedded_datasources.items {
        let Some(id) = filled(source.id.as_ref()).map(str::to_owned) else {
            continue;
        };
        match fetch_inner_pages(metadata, query::EMBEDDED_TABLES, INNER_PAGE, &id, table_id).await {
            Ok(tables) => {
                flaws.extend(tables.flaws);
                source.upstream_tables.items = tables.items;
            }
            Err(error) => {
                flaws.insert(flaw_of(error)?);
            }
        }
    }
    match fetch_inner_pages(metadata, query::WORKBOOK_TABLES, INNER_PAGE, luid, table_id).await {
        Ok(tables) => {
            flaws.extend(tables.flaws);
            workbook.upstream_tables.items = tables.items;
        }
        Err(error) => {
            flaws.insert(flaw_of(error)?);
        }
    }
    Ok((workbook, flaws))
}
