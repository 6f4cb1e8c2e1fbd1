//! Tables that only the columns of a data source tell of.
//!
//! At times a data source's lists of tables are empty although its fields have columns, and columns
//! belong to tables. Fields are many, so they are asked for only where the lists leave a question open.

use std::collections::BTreeSet;

use super::chunk::{ByIdCall, fetch_inner_pages};
use super::graph::{self, filled};
use super::lineage::{Lineage, flaw_of, parents};
use super::metadata::{Flaw, Metadata};
use super::query::{self, Query};
use crate::connector::Progress;
use crate::error::Error;

/// The tables behind a data source's columns, by kind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ColumnSources {
    pub(crate) tables: BTreeSet<String>,
    pub(crate) custom_sql: BTreeSet<String>,
    pub(crate) virtual_tables: BTreeSet<String>,
}

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

/// Pages of the fields of one data source that has too many for one answer.
const FIELDS_PAGE: usize = 100;

impl Lineage {
    /// Asks for columns where the lists leave a question open, and settles which data source holds which
    /// custom SQL.
    pub(super) async fn read_columns(
        &mut self,
        metadata: &Metadata<'_>,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
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
        self.ask_columns(
            metadata,
            EMBEDDED_COLUMNS,
            query::EMBEDDED_FIELDS,
            embedded,
            progress,
        )
        .await?;
        self.ask_columns(
            metadata,
            PUBLISHED_COLUMNS,
            query::PUBLISHED_FIELDS,
            published,
            progress,
        )
        .await?;
        self.settle_custom_sql();
        let held: BTreeSet<String> = self.custom_sql_of.values().flatten().cloned().collect();
        self.custom_sql.retain(|id, _| held.contains(id));
        Ok(())
    }

    /// Asks for the columns of some data sources; of those that are too large for one answer, page by page.
    /// What that lacks is a flaw of whatever holds the data source.
    async fn ask_columns(
        &mut self,
        metadata: &Metadata<'_>,
        call: ByIdCall<graph::Columns>,
        by_page: Query,
        sources: BTreeSet<String>,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        if sources.is_empty() {
            return Ok(());
        }
        let mut read = match call.fetch(metadata, sources, progress).await {
            Ok(read) => read,
            Err(error) => {
                self.site_flaws.insert(flaw_of(error)?);
                return Ok(());
            }
        };
        for (source, flaw) in std::mem::take(&mut read.failed) {
            read.found.remove(&source);
            let flaws = match fetch_inner_pages(metadata, by_page, FIELDS_PAGE, &source, field_id).await {
                Ok(pages) => {
                    let (told, gaps) = column_sources(pages.items.iter());
                    self.columns.insert(source.clone(), told);
                    pages.flaws.into_iter().chain(gaps).collect()
                }
                Err(error) => BTreeSet::from([flaw, flaw_of(error)?]),
            };
            read.flawed.insert(source, flaws);
        }
        for (source, flaw) in read.abandoned {
            read.flawed.entry(source).or_default().insert(flaw);
        }
        for (source, columns) in &read.found {
            let (told, gaps) = column_sources(columns.fields.items.iter());
            self.columns.insert(source.clone(), told);
            let of_list = columns.fields.has_gaps().then(empty_entries);
            if let Some(flaw) = gaps.or(of_list) {
                read.flawed.entry(source.clone()).or_default().insert(flaw);
            }
        }
        for (source, flaws) in read.flawed {
            self.note_source(&source, &flaws);
        }
        Ok(())
    }

    /// Notes flaws on whatever holds the data source.
    fn note_source(&mut self, source: &str, flaws: &BTreeSet<Flaw>) {
        if flaws.is_empty() {
            return;
        }
        if self.published.contains_key(source) {
            let noted = self.published_flaws.entry(source.to_owned()).or_default();
            noted.extend(flaws.iter().cloned());
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
            let noted = self.workbook_flaws.entry(luid).or_default();
            noted.extend(flaws.iter().cloned());
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
}

fn field_id(field: &graph::Field) -> Option<&str> {
    filled(field.id.as_ref())
}

/// The tables that fields tell of, and the flaw of an answer in which null stands where one may be.
fn column_sources<'a>(fields: impl Iterator<Item = &'a graph::Field>) -> (ColumnSources, Option<Flaw>) {
    let mut sources = ColumnSources::default();
    let mut has_gaps = false;
    for field in fields {
        has_gaps |= field.upstream_columns.has_gaps();
        for column in &field.upstream_columns.items {
            let table = column.table.as_ref();
            let Some((table, id)) = table.and_then(|table| Some((table, filled(table.id.as_ref())?))) else {
                has_gaps = true;
                continue;
            };
            let of_kind = match table.kind.as_deref() {
                Some("CustomSQLTable") => &mut sources.custom_sql,
                Some("VirtualConnectionTable") => &mut sources.virtual_tables,
                _ => &mut sources.tables,
            };
            of_kind.insert(id.to_owned());
        }
    }
    (sources, has_gaps.then(empty_entries))
}

fn empty_entries() -> Flaw {
    Flaw::unknown("the columns of a data source hold empty entries")
}
