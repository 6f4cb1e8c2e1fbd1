//! The connector for Tableau.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::clock::Clock;
use tailwater_core::id::IntegrationName;
use tailwater_core::inventory::Inventory;
use tailwater_core::selection::Selection;

use super::listing::fetch_tree;
use super::refresh;
use super::session::Gate;
use super::settings::TableauSettings;
use super::survey::TableauSurvey;
use crate::connector::{AssetTitle, Check, Connector, NoProgress, Progress, Survey};
use crate::error::Error;
use crate::refresh::{CancelAnswer, Clearance, ExtractRefresher, FoundJobs, JobAnswer, Start, TargetRef};
use crate::warning::Warner;

/// Reads one Tableau site. Its `Debug` shows no secret.
#[derive(Debug)]
pub struct TableauConnector {
    integration: IntegrationName,
    gate: Gate,
}

/// Makes a connector. Nothing is called yet.
///
/// # Errors
/// When the address cannot be used, would send the token over plain http to another machine without leave,
/// or the certificate file or proxy cannot be used.
pub fn tableau(settings: TableauSettings, clock: Arc<dyn Clock>) -> Result<TableauConnector, Error> {
    Ok(TableauConnector {
        gate: Gate::new(&settings, clock)?,
        integration: settings.integration,
    })
}

impl TableauConnector {
    pub(super) const fn gate(&self) -> &Gate {
        &self.gate
    }
}

#[async_trait]
impl Connector for TableauConnector {
    fn integration(&self) -> &IntegrationName {
        &self.integration
    }

    async fn check(&self, progress: &dyn Progress) -> Vec<Check> {
        super::check::check(&self.gate, progress).await
    }

    async fn fetch_collections(&self) -> Result<Inventory, Error> {
        Ok(fetch_tree(&self.gate, &NoProgress).await?.inventory)
    }

    async fn fetch_titles(&self) -> Result<Vec<AssetTitle>, Error> {
        Ok(fetch_tree(&self.gate, &NoProgress).await?.titles())
    }

    async fn survey<'c>(
        &'c self,
        selection: &'c Selection,
        progress: &'c dyn Progress,
    ) -> Result<Box<dyn Survey + 'c>, Error> {
        Ok(Box::new(
            TableauSurvey::begin(&self.gate, selection, progress).await?,
        ))
    }

    fn refresher(&self) -> Option<&dyn ExtractRefresher> {
        Some(self)
    }

    async fn token_expires_at(&self) -> Option<DateTime<Utc>> {
        self.gate.token_expires_at().await
    }

    fn clock_ahead(&self) -> TimeDelta {
        self.gate.http().server_ahead()
    }

    fn warner(&self) -> Option<&dyn Warner> {
        Some(self)
    }

    async fn sign_out(&self) {
        self.gate.sign_out().await;
    }
}

#[async_trait]
impl ExtractRefresher for TableauConnector {
    async fn start_refresh(
        &self,
        target: &TargetRef,
        incremental: bool,
        clearance: &mut dyn Clearance,
    ) -> Result<Start, Error> {
        refresh::start_refresh(&self.gate, target, incremental, clearance).await
    }

    async fn fetch_job(&self, job: &str) -> Result<JobAnswer, Error> {
        refresh::fetch_job(&self.gate, job).await
    }

    async fn find_jobs(&self, target: &TargetRef, since: DateTime<Utc>) -> Result<FoundJobs, Error> {
        refresh::find_jobs(&self.gate, target, since).await
    }

    async fn cancel_job(&self, job: &str) -> Result<CancelAnswer, Error> {
        refresh::cancel_job(&self.gate, job).await
    }

    async fn fetch_extract_time(&self, target: &TargetRef) -> Result<Option<DateTime<Utc>>, Error> {
        refresh::fetch_extract_time(&self.gate, target).await
    }
}
