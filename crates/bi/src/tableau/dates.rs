//! When extracts were refreshed, asked for by itself. Whether a refresh moves the date that the lists tell of a workbook
//! is not documented.

use std::collections::BTreeSet;

use super::chunk::{ById, ByIdCall};
use super::graph::{self, filled};
use super::metadata::Metadata;
use super::query;
use crate::connector::Progress;
use crate::error::Error;

const OF_WORKBOOKS: ByIdCall<graph::Workbook> = ByIdCall {
    query: query::WORKBOOK_DATES,
    start: 500,
    most: 1_000,
    id: |workbook| filled(workbook.luid.as_ref()),
    phase: Some("dates of extracts"),
};

const OF_PUBLISHED: ByIdCall<graph::DataSource> = ByIdCall {
    query: query::PUBLISHED_DATES,
    start: 500,
    most: 1_000,
    id: |source| filled(source.luid.as_ref()),
    phase: None,
};

/// What was told of extracts.
#[derive(Debug)]
pub(crate) struct ExtractDates {
    /// The data sources inside workbooks, by the workbook's LUID.
    pub(crate) of_workbooks: ById<graph::Workbook>,
    /// Published data sources, by LUID.
    pub(crate) of_published: ById<graph::DataSource>,
}

impl ExtractDates {
    /// Asks for the extracts in workbooks and in published data sources; `None` when they are not told.
    ///
    /// # Errors
    /// When no other call can go through either.
    pub(crate) async fn fetch(
        metadata: &Metadata<'_>,
        workbooks: BTreeSet<String>,
        published: BTreeSet<String>,
        progress: &dyn Progress,
    ) -> Result<Option<Self>, Error> {
        let told = futures::join!(
            OF_WORKBOOKS.fetch(metadata, workbooks, progress),
            OF_PUBLISHED.fetch(metadata, published, progress)
        );
        match told {
            (Ok(of_workbooks), Ok(of_published)) => Ok(Some(Self {
                of_workbooks,
                of_published,
            })),
            (Err(error), _) | (_, Err(error)) if error.ends_session() => Err(error),
            // Reading everything will tell what is amiss.
            _ => Ok(None),
        }
    }

    /// A workbook of which everything that was asked was told.
    pub(crate) fn workbook(&self, luid: &str) -> Option<&graph::Workbook> {
        whole(&self.of_workbooks, luid).filter(|workbook| !workbook.embedded_datasources.has_gaps())
    }

    /// A published data source, likewise.
    pub(crate) fn published(&self, luid: &str) -> Option<&graph::DataSource> {
        whole(&self.of_published, luid)
    }
}

/// What was told of an id, when nothing was lacking.
fn whole<'a, T>(read: &'a ById<T>, id: &str) -> Option<&'a T> {
    let is_lacking =
        read.flawed.contains_key(id) || read.failed.contains_key(id) || read.abandoned.contains_key(id);
    read.found.get(id).filter(|_| !is_lacking)
}
