//! Reading the site for a sync: as little as what is known allows.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_bi::{Before, Connector, Fetched, Survey};
use tailwater_core::id::IntegrationName;
use tailwater_core::project::Project;
use tailwater_core::selection::Selection;
use tailwater_store::StoredInventory;
use tokio_util::sync::CancellationToken;

use super::SyncOptions;
use super::standing::{Basis, Noted};
use crate::error::Error;
use crate::integration::Integration;
use crate::progress::SyncProgress;
use crate::workspace::Workspace;

/// So old a full read may be for the next sync to read only what moved. A sync once a day always reads everything.
const FULL_READ_HOLDS: TimeDelta = TimeDelta::hours(20);

/// What a sync begins with.
pub(super) struct Ground {
    pub(super) selection: Selection,
    /// When the site was last read; `None` when everything is to be read again.
    pub(super) last_read: Option<LastRead>,
    pub(super) basis: Option<Basis>,
    /// What the last landing stands on, when that may be used.
    pub(super) noted: Option<Noted>,
    /// The manifests, when they are needed in any case, and whether they are those that lie there now.
    pub(super) projects: Option<(Vec<Arc<Project>>, bool)>,
}

/// What came of asking the tool.
pub(super) enum Read<'c> {
    /// All is as it was when the last landing was noted.
    AsBefore(Box<dyn Survey + 'c>),
    /// What was read, and what was known.
    Site(Box<(Fetched, StoredInventory)>),
}

/// When a site was last read.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastRead {
    /// When the last sync that landed began, by the BI tool's clock.
    pub(super) read_at: DateTime<Utc>,
    /// When the last one that read everything began.
    pub(super) full_at: DateTime<Utc>,
}

impl Workspace {
    /// What is known before the tool is asked. Manifests that are needed in any case are read here, so that it is not
    /// asked when one of them cannot be.
    pub(super) async fn ground(
        &self,
        integration: &Integration,
        options: SyncOptions,
    ) -> Result<Ground, Error> {
        let name = &integration.name;
        let selection = self.selection(integration).await?;
        let last_read = if options.is_full {
            None
        } else {
            self.last_read(name).await?
        };
        let basis = self.basis(integration, &selection).await?;
        let noted = self.standing(name, basis.as_ref(), last_read).await?;
        let projects = match noted {
            Some(_) => None,
            None => Some(self.load_projects_as_they_are(&integration.projects).await?),
        };
        Ok(Ground {
            selection,
            last_read,
            basis,
            noted,
            projects,
        })
    }

    /// When the site was last read, if that and the last full read are such that what did not move since need not be
    /// read again.
    async fn last_read(&self, name: &IntegrationName) -> Result<Option<LastRead>, Error> {
        /// More failures in a row than this, and everything is read again.
        const MOST_FAILURES: u32 = 30;
        let syncs = self.store().syncs(Some(name), MOST_FAILURES).await?;
        let landed = syncs.iter().find(|record| record.outcome.has_landed());
        let now = self.clock().now();
        Ok(landed.and_then(|record| {
            let full_at = record.detail.full_read_at?;
            (full_at <= now && now - full_at < FULL_READ_HOLDS).then_some(LastRead {
                read_at: record.detail.read_at.unwrap_or(record.started_at),
                full_at,
            })
        }))
    }

    /// Reads the site, and what the last sync left of it, which nothing else replaces while this integration's
    /// session is held. Stopping is heard here alone: what follows takes little time and is not stopped half-way.
    pub(super) async fn fetch<'c>(
        &self,
        integration: &Integration,
        connector: &'c dyn Connector,
        ground: &'c Ground,
        progress: &'c dyn SyncProgress,
        cancel: &CancellationToken,
    ) -> Result<Read<'c>, Error> {
        let fetching = async {
            let mut survey = connector.survey(&ground.selection, progress).await?;
            if let Some(noted) = &ground.noted
                && survey.is_as(&noted.standing.glance).await?
            {
                return Ok(Read::AsBefore(survey));
            }
            let read = self.finish(integration, survey, ground.last_read, cancel).await?;
            Ok(Read::Site(Box::new(read)))
        };
        let fetched = tokio::select! {
            fetched = fetching => fetched,
            () = cancel.cancelled() => Err(Error::Cancelled),
        };
        self.note_token(&integration.name, connector.token_expires_at().await)
            .await;
        fetched
    }

    /// Reads what the lists of the site do not tell, and what the last sync left.
    pub(super) async fn finish(
        &self,
        integration: &Integration,
        survey: Box<dyn Survey + '_>,
        last_read: Option<LastRead>,
        cancel: &CancellationToken,
    ) -> Result<(Fetched, StoredInventory), Error> {
        let known = self.store().load_inventory(&integration.name).await?;
        let before = last_read.map(|last| Before {
            inventory: &known.inventory,
            stale: &known.stale,
            read_at: last.read_at,
        });
        let fetched = tokio::select! {
            fetched = survey.finish(before) => fetched?,
            () = cancel.cancelled() => return Err(Error::Cancelled),
        };
        Ok((fetched, known))
    }
}
