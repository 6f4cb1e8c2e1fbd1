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

use super::chunk::{ById, ByIdCall, Pages, fetch_pages};
use super::columns::ColumnSources;
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
    /// The same of tables, by the id of a table or of a virtual connection's table.
    pub(crate) table_flaws: BTreeMap<String, BTreeSet<Flaw>>,
    /// The same of every workbook and data source alike.
    pub(crate) site_flaws: BTreeSet<Flaw>,
    /// Workbooks that came without being asked for.
    pub(crate) strangers: usize,
    /// Fields that this server does not know.
    pub(crate) unknown_fields: BTreeSet<String>,
    /// Why nothing at all could be read. Then each workbook that was asked for has the flaw that says so.
    pub(crate) failure: Option<Error>,
}

const WORKBOOKS: ByIdCall<graph::Workbook> = ByIdCall {
    query: query::WORKBOOKS,
    start: 50,
    most: 200,
    id: |workbook| filled(workbook.luid.as_ref()),
    phase: Some("lineage"),
};

const PUBLISHED: ByIdCall<graph::DataSource> = ByIdCall {
    query: query::PUBLISHED,
    start: 50,
    most: 200,
    id: |source| filled(source.luid.as_ref()),
    phase: Some("data source lineage"),
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

/// Reads the lineage of the given workbooks. Where the Metadata API gives no answer at all that can be used, what it
/// was asked for is marked so: the lists still hold.
///
/// # Errors
/// When no other call can go through either.
pub(crate) async fn fetch_lineage(
    metadata: &Metadata<'_>,
    workbooks: BTreeSet<String>,
    progress: &dyn Progress,
) -> Result<Lineage, Error> {
    if workbooks.is_empty() {
        return Ok(Lineage::default());
    }
    let mut read = match WORKBOOKS.fetch(metadata, workbooks.clone(), progress).await {
        Ok(read) => read,
        Err(error) if error.ends_session() => return Err(error),
        Err(error) => return Ok(Lineage::unread(workbooks, error)),
    };
    let large = std::mem::take(&mut read.failed);
    let mut lineage = Lineage {
        strangers: read.strangers,
        workbooks: read.found,
        workbook_flaws: read.flawed,
        ..Lineage::default()
    };
    for (luid, flaw) in read.abandoned {
        lineage.workbook_flaws.entry(luid).or_default().insert(flaw);
    }
    lineage.read_large_workbooks(metadata, large).await?;
    if let (Some(error), true) = (read.unanswered, lineage.workbooks.is_empty()) {
        return Ok(Lineage::unread(workbooks, error));
    }
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
) -> Result<Pages<graph::CustomSql>, Error> {
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

/// The flaw of what stands on lineage of which nothing could be read.
pub(super) fn unread_flaw(error: &Error) -> Flaw {
    Flaw::unknown(format!("the lineage could not be read: {error}"))
}

/// What a side question that failed means: nothing for errors that end the work, else a flaw.
pub(super) fn flaw_of(error: Error) -> Result<Flaw, Error> {
    if error.ends_session() {
        return Err(error);
    }
    Ok(Flaw::unknown(error.to_string()))
}

impl Lineage {
    /// What is known when nothing could be read of these workbooks.
    fn unread(workbooks: BTreeSet<String>, error: Error) -> Self {
        let flaw = unread_flaw(&error);
        let flaws = workbooks
            .into_iter()
            .map(|luid| (luid, BTreeSet::from([flaw.clone()])));
        Self {
            workbook_flaws: flaws.collect(),
            failure: Some(error),
            ..Self::default()
        }
    }

    fn take_published(&mut self, read: Result<ById<graph::DataSource>, Error>) -> Result<(), Error> {
        match read {
            Ok(read) => {
                self.published = read.found;
                self.published_flaws = read.flawed;
                for (luid, flaw) in read.failed.into_iter().chain(read.abandoned) {
                    self.published_flaws.entry(luid).or_default().insert(flaw);
                }
            }
            Err(error) => {
                self.site_flaws.insert(flaw_of(error)?);
            }
        }
        Ok(())
    }

    fn take_custom_sql(&mut self, read: Result<Pages<graph::CustomSql>, Error>) -> Result<(), Error> {
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

    /// Asks a question beside the main ones; what it lacks is a flaw of the tables that were asked for.
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
        match call.fetch(metadata, ids.clone(), progress).await {
            Ok(read) => {
                for (id, flaws) in read.flawed {
                    self.table_flaws.entry(id).or_default().extend(flaws);
                }
                for (id, flaw) in read.failed.into_iter().chain(read.abandoned) {
                    self.table_flaws.entry(id).or_default().insert(flaw);
                }
                Ok(read.found)
            }
            Err(error) => {
                let flaw = flaw_of(error)?;
                for id in ids {
                    self.table_flaws.entry(id).or_default().insert(flaw.clone());
                }
                Ok(BTreeMap::new())
            }
        }
    }

    /// The flaws of what was asked for beside the main questions on behalf of one data source: embedded by
    /// id, published by LUID.
    pub(crate) fn side_flaws(&self, key: &str, source: &graph::DataSource) -> BTreeSet<Flaw> {
        let columns = self.columns.get(key);
        let by_columns = columns
            .into_iter()
            .flat_map(|columns| columns.tables.iter().chain(&columns.virtual_tables));
        let listed = self.flaws_of_virtual(&source.upstream_virtual_connection_tables);
        by_columns
            .filter_map(|id| self.table_flaws.get(id))
            .flatten()
            .cloned()
            .chain(listed)
            .collect()
    }

    /// The flaws of tables of virtual connections.
    pub(crate) fn flaws_of_virtual(&self, tables: &graph::Items<graph::Named>) -> BTreeSet<Flaw> {
        let ids = tables.items.iter().filter_map(|table| table.id.as_ref());
        ids.filter_map(|id| self.table_flaws.get(id))
            .flatten()
            .cloned()
            .collect()
    }
}
