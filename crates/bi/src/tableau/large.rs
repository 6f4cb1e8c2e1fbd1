//! Workbooks that are too large for one answer, read piece by piece: parts, data sources, then the tables
//! under each, every list by its own pages.

use std::collections::{BTreeMap, BTreeSet};

use super::chunk::{ByIdCall, fetch_inner_pages};
use super::graph::{self, filled};
use super::lineage::{Lineage, flaw_of};
use super::metadata::{Flaw, Metadata};
use super::query;
use crate::connector::NoProgress;
use crate::error::Error;

const WORKBOOK_PARTS: ByIdCall<graph::Workbook> = ByIdCall {
    query: query::WORKBOOK_PARTS,
    start: 1,
    most: 1,
    id: |workbook| filled(workbook.luid.as_ref()),
    phase: None,
};

/// Workbooks in a row of which nothing could be read, after which the others are not asked for: each takes twenty
/// queries to find out.
const MOST_FRUITLESS: usize = 3;
/// Pages inside one workbook or data source that was too large for one answer.
const INNER_PAGE: usize = 50;

impl Lineage {
    /// Reads workbooks that are too large for one answer piece by piece: parts, data sources, then the
    /// tables under each.
    pub(super) async fn read_large_workbooks(
        &mut self,
        metadata: &Metadata<'_>,
        large: BTreeMap<String, Flaw>,
    ) -> Result<(), Error> {
        let mut fruitless = 0;
        for (luid, flaw) in large {
            if fruitless == MOST_FRUITLESS {
                self.workbook_flaws.entry(luid).or_default().insert(flaw);
                continue;
            }
            match read_large_workbook(metadata, &luid).await {
                Ok((workbook, flaws)) => {
                    let is_fruitless = !flaws.is_empty()
                        && workbook.embedded_datasources.items.is_empty()
                        && workbook.upstream_tables.items.is_empty();
                    fruitless = if is_fruitless { fruitless + 1 } else { 0 };
                    self.workbook_flaws.remove(&luid);
                    if !flaws.is_empty() {
                        self.workbook_flaws.insert(luid.clone(), flaws);
                    }
                    self.workbooks.insert(luid, workbook);
                }
                Err(error) => {
                    fruitless += 1;
                    let flaws = self.workbook_flaws.entry(luid).or_default();
                    flaws.insert(flaw);
                    flaws.insert(flaw_of(error)?);
                }
            }
        }
        Ok(())
    }
}

/// Reads one workbook piece by piece, and what is still lacking.
async fn read_large_workbook(
    metadata: &Metadata<'_>,
    luid: &str,
) -> Result<(graph::Workbook, BTreeSet<Flaw>), Error> {
    let mut flaws = BTreeSet::new();
    let mut workbook = match WORKBOOK_PARTS
        .fetch(metadata, BTreeSet::from([luid.to_owned()]), &NoProgress)
        .await
    {
        Ok(mut read) => {
            flaws.extend(read.failed.into_values());
            flaws.extend(read.abandoned.into_values());
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

fn source_id(source: &graph::DataSource) -> Option<&str> {
    filled(source.id.as_ref())
}

fn table_id(table: &graph::Table) -> Option<&str> {
    filled(table.id.as_ref())
}
