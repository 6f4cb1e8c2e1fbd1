//! Syncing one integration: read the site, join it with what was known, resolve, land.
//!
//! Everything up to landing happens in memory; landing is one transaction. Whatever fails or is stopped
//! before it leaves the store as it was.

mod diff;
pub mod moment;
mod naming;
mod read;
mod record;
mod report;
mod standing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tailwater_bi::{Connector, Fetched, Progress};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::exposure::{Exposure, Stale};
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::inventory::{Completeness, Inventory};
use tailwater_core::merge::{Known, Merged, merge};
use tailwater_core::project::Project;
use tailwater_core::resolve::{GivenName, Input, Resolution, resolve};
use tailwater_store::{
    Error as StoreError, ExposureName, Landing, SyncCause, SyncDetail, SyncFailure, SyncId, SyncOutcome,
    SyncRecord,
};
use tokio_util::sync::CancellationToken;

pub use self::diff::{ChangeOrigin, DiffCounts, ExposureDiff, GapDiff, LinkDiff, SyncDiff};
use self::naming::{NamingInput, name_assets};
use self::read::{Ground, Read};
use self::record::{fill_record, new_record};
pub use self::report::{ExposureChange, ExposureTitle, KeptExposure, SyncReport};
use self::standing::Standing;
use crate::error::Error;
use crate::integration::{Integration, connector_of, selection_digest};
use crate::progress::{Quiet, Stage, SyncProgress};
use crate::session::Use;
use crate::settings::DeclaredIn;
use crate::sql_reader::read_custom_sql;
use crate::workspace::Workspace;

/// How to sync.
#[derive(Debug, Clone, Copy, Default)]
pub struct SyncOptions {
    /// Do everything but write.
    pub is_dry_run: bool,
    /// Read everything again, not only what moved.
    pub is_full: bool,
}

/// So many syncs of an integration are remembered, however old they are.
const ALWAYS_KEPT: u32 = 50;

/// A sync that is to be: how, why, and for whom.
#[derive(Debug, Clone)]
pub struct SyncRequest {
    /// The id that it gets in the history; drawn when nothing is said.
    pub id: Option<SyncId>,
    /// How to sync.
    pub options: SyncOptions,
    /// What set it off.
    pub cause: SyncCause,
    /// Who asked for it, in words for people.
    pub by: Option<String>,
    /// Whether to leave it when, once it is this process's turn, the history says that it is not due:
    /// another process of the deployment was faster.
    pub only_if_due: bool,
}

impl SyncRequest {
    /// A sync by command.
    pub const fn command(options: SyncOptions) -> Self {
        Self {
            id: None,
            options,
            cause: SyncCause::Command,
            by: None,
            only_if_due: false,
        }
    }
}

impl Workspace {
    /// Syncs one integration.
    ///
    /// A failure is recorded in the history of syncs and changes nothing else. `cancel` stops it before
    /// landing; landing itself is not stopped.
    pub async fn sync(
        &self,
        name: &IntegrationName,
        options: SyncOptions,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<SyncReport, Error> {
        let request = SyncRequest::command(options);
        let synced = self.sync_as(name, &request, &Quiet(progress), cancel).await?;
        // A command is never left for another process's sync.
        synced.ok_or(Error::Cancelled)
    }

    /// Syncs one integration as requested; `None` when it was only to run if due, and is not.
    pub async fn sync_as(
        &self,
        name: &IntegrationName,
        request: &SyncRequest,
        progress: &dyn SyncProgress,
        cancel: &CancellationToken,
    ) -> Result<Option<SyncReport>, Error> {
        let started_at = self.clock().now();
        let integration = self.find_integration(name).await?;
        let record = SyncRecord {
            id: request.id.unwrap_or_else(|| SyncId::new(started_at)),
            detail: SyncDetail {
                cause: Some(request.cause),
                by: request.by.clone(),
                selection: Some(selection_digest(&self.selection(&integration).await?)),
                ..SyncDetail::default()
            },
            ..new_record(name, started_at)
        };
        let work = async {
            self.check_selection(&integration).await?;
            let ground = self.ground(&integration, request.options).await?;
            let session = self.enter(&integration, Use::Sync, Duration::ZERO).await?;
            let connector = connector_of(&session)?;
            // On the heap: what reads a whole site is large for a future.
            let fetched = Box::pin(self.fetch_and_land(
                &integration,
                connector.as_ref(),
                &ground,
                request.options,
                progress,
                cancel,
                record.clone(),
            ));
            let work = async {
                if request.only_if_due && !self.is_due(&integration).await? {
                    return Ok(None);
                }
                fetched.await.map(Some)
            };
            let done = session.run(work).await;
            session.leave(Duration::ZERO).await;
            done
        };
        let synced = work.await;
        if !request.options.is_dry_run {
            self.forget_old_syncs(name).await;
        }
        if let Err(error) = &synced {
            let recorded = self
                .record_failure(&integration, request.options, record, error)
                .await;
            if let Err(unrecorded) = recorded {
                // The failure itself matters more than its record.
                tracing::warn!(error = %unrecorded, "the failed sync could not be recorded");
            }
        }
        synced
    }

    /// Resolves what the last sync left anew, under the mapping rules and manifests of now, and lands it. The
    /// BI tool is not contacted. Says how many exposures say something else now; `None` when the integration
    /// was never synced.
    pub async fn reresolve(&self, name: &IntegrationName) -> Result<Option<usize>, Error> {
        self.reresolve_under(name, &BTreeMap::new()).await
    }

    /// The same, with names that exposures are to have from now on; names that another exposure has are not
    /// given again.
    pub(crate) async fn reresolve_under(
        &self,
        name: &IntegrationName,
        renamed: &BTreeMap<AssetId, String>,
    ) -> Result<Option<usize>, Error> {
        /// A sync that lands meanwhile may overtake it; then it starts at what that sync left.
        const MOST_TRIES: usize = 4;
        for _ in 0..MOST_TRIES {
            let integration = self.find_integration(name).await?;
            let projects = self.load_projects(&integration.projects).await?;
            let before = self.store().load_inventory(name).await?;
            let Some(synced_at) = before.synced_at else {
                return Ok(None);
            };
            let stored = self.store().load_exposures(Some(name)).await?;
            let stored: BTreeMap<AssetId, Exposure> =
                stored.into_iter().map(|row| (row.asset, row.exposure)).collect();
            let mut landing = Landing {
                integration: name.clone(),
                inventory: before.inventory,
                exposures: Vec::new(),
                names: Vec::new(),
                stale: before.stale,
                record: new_record(name, synced_at),
                standing: None,
            };
            let report = self
                .resolve_into(
                    &mut landing,
                    &integration,
                    &projects,
                    SyncOptions::default(),
                    &stored,
                    renamed,
                )
                .await?;
            match self.store().land_again(&landing, synced_at).await {
                Ok(true) => {
                    return Ok(Some(
                        report.changed.len() + report.added.len() + report.removed.len(),
                    ));
                }
                Ok(false) | Err(StoreError::NameTaken { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Overtaken {
            integration: name.clone(),
        }
        .into())
    }

    /// Refuses an integration of which nothing was ever selected. Who takes the last collection out by command
    /// wants its exposures gone; a file that names none is more likely to be unfinished.
    async fn check_selection(&self, integration: &Integration) -> Result<(), Error> {
        if !integration.collections.is_empty() || self.selection(integration).await?.has_brought_in() {
            return Ok(());
        }
        let name = &integration.name;
        let is_taken_out = integration.declared_in == DeclaredIn::Store
            && !self.store().load_exposures(Some(name)).await?.is_empty();
        if is_taken_out {
            Ok(())
        } else {
            Err(Error::NothingSelected { name: name.clone() })
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what one sync is made of; only the caller above has it"
    )]
    async fn fetch_and_land(
        &self,
        integration: &Integration,
        connector: &dyn Connector,
        ground: &Ground,
        options: SyncOptions,
        progress: &dyn SyncProgress,
        cancel: &CancellationToken,
        record: SyncRecord,
    ) -> Result<SyncReport, Error> {
        let read = self
            .fetch(integration, connector, ground, progress, cancel)
            .await?;
        let mut record = record;
        record.detail.read_at = record.started_at.checked_add_signed(connector.clock_ahead());
        record.detail.full_read_at = match ground.last_read {
            Some(last) => Some(last.full_at),
            None => Some(record.started_at),
        };
        let (fetched, before) = match read {
            Read::Site(read) => *read,
            Read::AsBefore(survey) => {
                let landed = self
                    .land_unchanged(integration, ground, options, progress, &record)
                    .await?;
                if let Some(report) = landed {
                    return Ok(report);
                }
                // Rules or names were given meanwhile.
                self.finish(integration, survey, ground.last_read, cancel).await?
            }
        };
        let Fetched {
            inventory: fresh,
            unmoved,
            unread,
            glance,
        } = fetched;
        record.detail.unmoved = unmoved;
        if let Some(error) = unread {
            let known = &before.inventory.assets;
            // Lists alone are worth something beside the lineage that is known, and nothing without.
            if !fresh.assets.keys().any(|id| known.contains_key(id)) {
                return Err(error.into());
            }
            record.detail.unread = fresh.assets.len() - unmoved;
        }
        progress.reached(Stage::Projects, fresh.collections.len());
        progress.reached(Stage::Workbooks, fresh.assets.len());
        progress.reached(Stage::Tables, fresh.tables.len());
        let known = before.synced_at.map(|synced_at| Known {
            inventory: &before.inventory,
            stale: &before.stale,
            synced_at,
        });
        let Merged { inventory, stale } = merge(known, fresh, &ground.selection);
        let stored = self.store().load_exposures(Some(&integration.name)).await?;
        let stored: BTreeMap<AssetId, Exposure> =
            stored.into_iter().map(|row| (row.asset, row.exposure)).collect();
        let (projects, are_current) = match &ground.projects {
            Some((projects, are_current)) => (projects.clone(), *are_current),
            None => self.load_projects_as_they_are(&integration.projects).await?,
        };
        let mut landing = Landing {
            integration: integration.name.clone(),
            inventory,
            exposures: Vec::new(),
            names: Vec::new(),
            stale,
            record,
            standing: None,
        };
        // Reading the site took its time: rules that were given meanwhile count.
        let mapping = self.find_integration(&integration.name).await?.mapping;
        let basis = ground
            .basis
            .as_ref()
            .filter(|_| are_current && mapping == integration.mapping);
        let integration = &Integration {
            mapping,
            ..integration.clone()
        };
        let mut may_retry = true;
        loop {
            let report = self
                .resolve_into(
                    &mut landing,
                    integration,
                    &projects,
                    options,
                    &stored,
                    &BTreeMap::new(),
                )
                .await?;
            progress.reached(Stage::Matched, report.tables.linked);
            if options.is_dry_run {
                return Ok(report);
            }
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let read_at = landing.record.detail.read_at;
            let standing = Standing::of(basis, glance.as_ref(), &landing.inventory, &report, read_at);
            landing.standing = standing.and_then(|standing| standing.to_text());
            self.ensure_parent(integration).await?;
            match self.store().land_sync(&landing).await {
                Ok(_) => {
                    progress.reached(Stage::Published, report.exposures);
                    return Ok(report);
                }
                // Another integration gave one of the names out meanwhile: give names out anew.
                Err(StoreError::NameTaken { .. }) if may_retry => may_retry = false,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Fills in the landing's names, exposures and record, and says what is new.
    async fn resolve_into(
        &self,
        landing: &mut Landing,
        integration: &Integration,
        projects: &[Arc<Project>],
        options: SyncOptions,
        stored: &BTreeMap<AssetId, Exposure>,
        renamed: &BTreeMap<AssetId, String>,
    ) -> Result<SyncReport, Error> {
        let names = self
            .names(integration, projects, &landing.inventory, renamed)
            .await?;
        let mut resolution = resolve_inventory(integration, projects, &landing.inventory, &names);
        mark_stale(&mut resolution, &landing.stale);
        let finished_at = self.clock().now();
        let report = SyncReport::of(integration, options, landing, &resolution, stored, finished_at);
        let name_of = |(asset, given): (AssetId, GivenName)| ExposureName {
            integration: integration.name.clone(),
            asset,
            project: given.project,
            name: given.name,
        };
        landing.names = names.into_iter().map(name_of).collect();
        landing.exposures = resolution.exposures.into_iter().collect();
        landing.record.detail.pending = pending(&landing.inventory);
        fill_record(&mut landing.record, &report);
        Ok(report)
    }

    /// The name of each asset's exposure: the one it was given earlier, else the one that it has in generated
    /// YAML, else a new one.
    async fn names(
        &self,
        integration: &Integration,
        projects: &[Arc<Project>],
        inventory: &Inventory,
        renamed: &BTreeMap<AssetId, String>,
    ) -> Result<BTreeMap<AssetId, GivenName>, Error> {
        let integrations = self.integrations().await?;
        let given = self.store().load_names().await?;
        let input = NamingInput {
            integration: &integration.name,
            others: integrations
                .iter()
                .map(|other| &other.name)
                .filter(|name| **name != integration.name)
                .collect(),
            projects: projects.iter().map(AsRef::as_ref).collect(),
            inventory,
            given: &given,
            renamed,
        };
        Ok(name_assets(&input))
    }

    /// Forgets syncs that are older than is to be kept, with what they changed.
    async fn forget_old_syncs(&self, name: &IntegrationName) {
        let days = self.settings().history.keep_sync_days.max(1);
        let before = self.clock().now() - TimeDelta::days(i64::from(days));
        match self.store().forget_syncs(name, before, ALWAYS_KEPT).await {
            Ok(forgotten) if forgotten.syncs + forgotten.changes == 0 => {}
            Ok(forgotten) => tracing::info!(
                syncs = forgotten.syncs,
                changes = forgotten.changes,
                "forgot old syncs"
            ),
            Err(error) => tracing::warn!(%error, "old syncs could not be forgotten"),
        }
    }

    async fn record_failure(
        &self,
        integration: &Integration,
        options: SyncOptions,
        record: SyncRecord,
        error: &Error,
    ) -> Result<(), Error> {
        // A sync that could not even begin, since nothing was ever selected, is no part of the history.
        let is_no_sync = matches!(error, Error::Busy { .. } | Error::NothingSelected { .. });
        if options.is_dry_run || is_no_sync {
            return Ok(());
        }
        self.ensure_parent(integration).await?;
        let finished_at = self.clock().now();
        let record = if matches!(error, Error::Cancelled) {
            SyncRecord {
                finished_at,
                outcome: SyncOutcome::Stopped,
                ..record
            }
        } else {
            SyncRecord {
                finished_at,
                outcome: SyncOutcome::Failed,
                error: Some(SyncFailure {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                }),
                ..record
            }
        };
        self.store().record_failed_sync(&record).await?;
        Ok(())
    }
}

/// Resolves an inventory with its SQL read anew. Reading SQL takes less time than storing what it said.
pub(crate) fn resolve_inventory(
    integration: &Integration,
    projects: &[Arc<Project>],
    inventory: &Inventory,
    names: &BTreeMap<AssetId, GivenName>,
) -> Resolution {
    let readings = read_custom_sql(inventory);
    let projects: Vec<&Project> = projects.iter().map(AsRef::as_ref).collect();
    resolve(&Input {
        integration: &integration.name,
        inventory,
        readings: &readings,
        projects: &projects,
        mapping: &integration.mapping,
        names,
    })
}

fn mark_stale(resolution: &mut Resolution, stale: &BTreeMap<AssetId, Stale>) {
    for (id, stale) in stale {
        if let Some(exposure) = resolution.exposures.get_mut(id) {
            exposure.stale = Some(stale.clone());
        }
    }
}

/// How many assets and data sources the tool has not indexed yet.
fn pending(inventory: &Inventory) -> usize {
    let is_pending = |state: &&Completeness| matches!(state, Completeness::Pending);
    let assets = inventory.assets.values().map(|asset| &asset.lineage);
    let sources = inventory.data_sources.values().map(|source| &source.lineage);
    assets.chain(sources).filter(is_pending).count()
}
