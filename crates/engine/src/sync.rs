//! Syncing one integration: read the site, join it with what was known, resolve, land.
//!
//! Everything up to landing happens in memory; landing is one transaction. Whatever fails or is stopped
//! before it leaves the store as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_bi::Progress;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::exposure::{Exposure, Stale};
use tailwater_core::id::{AssetId, IntegrationName, NodeId};
use tailwater_core::inventory::{Completeness, Inventory, Notice};
use tailwater_core::manual::twins;
use tailwater_core::merge::{Known, Merged, merge};
use tailwater_core::naming::{Unnamed, assign_names};
use tailwater_core::project::Project;
use tailwater_core::resolve::{GivenName, Input, Resolution, Tally, resolve};
use tailwater_core::selection::Selection;
use tailwater_store::{
    Error as StoreError, ExposureName, Landing, MOST_NAMED, NamedExposure, SyncCause, SyncCounts, SyncDetail,
    SyncFailure, SyncId, SyncOutcome, SyncRecord,
};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::integration::{Integration, selection_digest};
use crate::progress::{Quiet, Stage, SyncProgress};
use crate::settings::DeclaredIn;
use crate::sql_reader::read_custom_sql;
use crate::workspace::Workspace;

/// How long ending the session may take.
const LONGEST_SIGN_OUT: Duration = Duration::from_secs(5);

/// How to sync.
#[derive(Debug, Clone, Copy, Default)]
pub struct SyncOptions {
    /// Do everything but write.
    pub is_dry_run: bool,
}

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

/// What a sync came to.
#[derive(Debug, Clone, Serialize)]
pub struct SyncReport {
    /// The integration.
    pub integration: IntegrationName,
    /// Whether nothing was written because nothing should be.
    pub dry_run: bool,
    /// How it went.
    pub outcome: SyncOutcome,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Exposures that are new.
    pub added: Vec<ExposureTitle>,
    /// Exposures that say something else now.
    pub changed: Vec<ExposureChange>,
    /// Exposures whose asset is gone or no longer selected.
    pub removed: Vec<ExposureTitle>,
    /// Exposures of which something was kept because an answer was partial, and why.
    pub kept: Vec<KeptExposure>,
    /// Exposures of which only usage or times moved.
    pub usage_updated: usize,
    /// All exposures of the integration now.
    pub exposures: usize,
    /// Distinct tables, linked and not.
    pub tables: Tally,
    /// What the reader should know.
    pub notices: Vec<Notice>,
    /// Selected patterns that choose no collection.
    pub patterns_without_match: Vec<String>,
}

/// An exposure, named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExposureTitle {
    /// Its `unique_id`.
    pub unique_id: NodeId,
    /// The name for people.
    pub label: String,
}

impl ExposureTitle {
    /// The title of an exposure.
    pub fn of(exposure: &Exposure) -> Self {
        Self {
            unique_id: exposure.unique_id.clone(),
            label: exposure.label.clone(),
        }
    }

    /// The order in which people look things up.
    fn by_label(&self, other: &Self) -> std::cmp::Ordering {
        (&self.label, &self.unique_id).cmp(&(&other.label, &other.unique_id))
    }
}

/// What changed in an exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExposureChange {
    /// The exposure.
    #[serde(flatten)]
    pub title: ExposureTitle,
    /// Nodes that it stands on now and did not.
    pub gained: BTreeSet<NodeId>,
    /// Nodes that it stood on and does not.
    pub lost: BTreeSet<NodeId>,
}

/// An exposure of which something was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptExposure {
    /// The exposure.
    #[serde(flatten)]
    pub title: ExposureTitle,
    /// Since when and why.
    pub stale: Stale,
}

impl SyncReport {
    /// Whether anything about the exposures is new.
    pub fn has_changes(&self) -> bool {
        !(self.added.is_empty()
            && self.changed.is_empty()
            && self.removed.is_empty()
            && self.usage_updated == 0)
    }

    /// Whether the sync is done but something in it failed: an answer was cut short, or a selected
    /// collection was not found.
    pub fn has_failures(&self) -> bool {
        self.outcome == SyncOutcome::Partial || !self.patterns_without_match.is_empty()
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
            let projects = self.load_projects(&integration.projects).await?;
            // On the heap: what reads a whole site is large for a future.
            let fetched = Box::pin(self.fetch_and_land(
                &integration,
                &projects,
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
            self.under_lease(&integration, work).await
        };
        let synced = work.await;
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
            };
            let report = self
                .resolve_into(
                    &mut landing,
                    &integration,
                    &projects,
                    SyncOptions::default(),
                    &stored,
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

    async fn fetch_and_land(
        &self,
        integration: &Integration,
        projects: &[Arc<Project>],
        options: SyncOptions,
        progress: &dyn SyncProgress,
        cancel: &CancellationToken,
        record: SyncRecord,
    ) -> Result<SyncReport, Error> {
        let selection = self.selection(integration).await?;
        let fresh = self.fetch(integration, &selection, progress, cancel).await?;
        progress.reached(Stage::Projects, fresh.collections.len());
        progress.reached(Stage::Workbooks, fresh.assets.len());
        progress.reached(Stage::Tables, fresh.tables.len());
        let before = self.store().load_inventory(&integration.name).await?;
        let known = before.synced_at.map(|synced_at| Known {
            inventory: &before.inventory,
            stale: &before.stale,
            synced_at,
        });
        let Merged { inventory, stale } = merge(known, fresh, &selection);
        let stored = self.store().load_exposures(Some(&integration.name)).await?;
        let stored: BTreeMap<AssetId, Exposure> =
            stored.into_iter().map(|row| (row.asset, row.exposure)).collect();
        let mut landing = Landing {
            integration: integration.name.clone(),
            inventory,
            exposures: Vec::new(),
            names: Vec::new(),
            stale,
            record,
        };
        // Reading the site took its time: rules that were given meanwhile count.
        let mapping = self.find_integration(&integration.name).await?.mapping;
        let integration = &Integration {
            mapping,
            ..integration.clone()
        };
        let mut may_retry = true;
        loop {
            let report = self
                .resolve_into(&mut landing, integration, projects, options, &stored)
                .await?;
            progress.reached(Stage::Matched, report.tables.linked);
            if options.is_dry_run {
                return Ok(report);
            }
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
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
    ) -> Result<SyncReport, Error> {
        let names = self.names(integration, projects, &landing.inventory).await?;
        let mut resolution = resolve_inventory(integration, projects, &landing.inventory, &names);
        mark_stale(&mut resolution, &landing.stale);
        let report = self.report(integration, options, landing, &resolution, stored);
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

    /// Reads the site. Stopping is heard here alone: what follows takes little time and is not stopped half-way.
    async fn fetch(
        &self,
        integration: &Integration,
        selection: &Selection,
        progress: &dyn SyncProgress,
        cancel: &CancellationToken,
    ) -> Result<Inventory, Error> {
        let connector = self.connector(integration).await?;
        let progress: &dyn Progress = progress;
        let fetched = tokio::select! {
            fetched = connector.fetch_inventory(selection, progress) => fetched.map_err(Error::from),
            () = cancel.cancelled() => Err(Error::Cancelled),
        };
        self.note_token(&integration.name, connector.token_expires_at().await)
            .await;
        // A server that does not answer must not keep the person who stops waiting.
        if tokio::time::timeout(LONGEST_SIGN_OUT, connector.sign_out())
            .await
            .is_err()
        {
            tracing::info!("the session was left open: the server did not answer in time");
        }
        fetched
    }

    /// The name of each asset's exposure: the one it was given earlier, else a new one.
    async fn names(
        &self,
        integration: &Integration,
        projects: &[Arc<Project>],
        inventory: &Inventory,
    ) -> Result<BTreeMap<AssetId, GivenName>, Error> {
        let mut given = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for row in self.store().load_names().await? {
            if row.integration == integration.name {
                given.insert(
                    row.asset,
                    GivenName {
                        project: row.project,
                        name: row.name,
                    },
                );
            } else {
                taken.insert(row.name);
            }
        }
        // A dashboard that is also declared by hand may have the name it has there.
        let twins: BTreeSet<NodeId> =
            twins(&projects.iter().map(AsRef::as_ref).collect::<Vec<_>>(), inventory)
                .into_values()
                .collect();
        let manual = projects.iter().flat_map(|project| project.exposures());
        let manual: BTreeSet<String> = manual
            .filter(|node| !twins.contains(&node.unique_id))
            .map(|node| node.name.clone())
            .collect();
        // A name that the project's authors gave to another dashboard since is theirs.
        given.retain(|_, given| !manual.contains(&given.name));
        taken.extend(manual);
        let unnamed: Vec<Unnamed<'_>> = inventory
            .assets
            .iter()
            .map(|(id, asset)| Unnamed {
                asset: id,
                label: &asset.name,
                created_at: asset.created_at,
            })
            .collect();
        let known = given
            .iter()
            .map(|(id, given)| (id.clone(), given.name.clone()))
            .collect();
        let project = projects
            .first()
            .map(|project| project.name.clone())
            .unwrap_or_default();
        for (id, name) in assign_names(&unnamed, &known, &taken) {
            given.insert(
                id,
                GivenName {
                    project: project.clone(),
                    name,
                },
            );
        }
        given.retain(|id, _| inventory.assets.contains_key(id));
        Ok(given)
    }

    fn report(
        &self,
        integration: &Integration,
        options: SyncOptions,
        landing: &Landing,
        resolution: &Resolution,
        stored: &BTreeMap<AssetId, Exposure>,
    ) -> SyncReport {
        let mut report = SyncReport {
            integration: integration.name.clone(),
            dry_run: options.is_dry_run,
            outcome: SyncOutcome::Unchanged,
            started_at: landing.record.started_at,
            finished_at: self.clock().now(),
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            kept: Vec::new(),
            usage_updated: 0,
            exposures: resolution.exposures.len(),
            tables: resolution.tally.clone(),
            notices: landing.inventory.notices.iter().cloned().collect(),
            patterns_without_match: integration.collections.without_match(&landing.inventory),
        };
        for (id, exposure) in &resolution.exposures {
            match stored.get(id) {
                None => report.added.push(ExposureTitle::of(exposure)),
                Some(before) if before == exposure => {}
                Some(before) if without_usage(before) == without_usage(exposure) => report.usage_updated += 1,
                Some(before) => report.changed.push(ExposureChange {
                    title: ExposureTitle::of(exposure),
                    gained: exposure
                        .depends_on
                        .difference(&before.depends_on)
                        .cloned()
                        .collect(),
                    lost: before
                        .depends_on
                        .difference(&exposure.depends_on)
                        .cloned()
                        .collect(),
                }),
            }
            if let Some(stale) = &exposure.stale {
                report.kept.push(KeptExposure {
                    title: ExposureTitle::of(exposure),
                    stale: stale.clone(),
                });
            }
        }
        let gone = stored
            .iter()
            .filter(|(id, _)| !resolution.exposures.contains_key(*id));
        report
            .removed
            .extend(gone.map(|(_, exposure)| ExposureTitle::of(exposure)));
        report.added.sort_by(ExposureTitle::by_label);
        report
            .changed
            .sort_by(|left, right| left.title.by_label(&right.title));
        report.removed.sort_by(ExposureTitle::by_label);
        report
            .kept
            .sort_by(|left, right| left.title.by_label(&right.title));
        report.outcome = match (is_partial(&landing.inventory), report.has_changes()) {
            (true, _) => SyncOutcome::Partial,
            (false, true) => SyncOutcome::Changed,
            (false, false) => SyncOutcome::Unchanged,
        };
        report
    }

    async fn record_failure(
        &self,
        integration: &Integration,
        options: SyncOptions,
        record: SyncRecord,
        error: &Error,
    ) -> Result<(), Error> {
        // A sync that could not even begin, since nothing was ever selected, is no part of the history.
        let is_no_sync = matches!(
            error,
            Error::Cancelled | Error::Busy { .. } | Error::NothingSelected { .. }
        );
        if options.is_dry_run || is_no_sync {
            return Ok(());
        }
        self.ensure_parent(integration).await?;
        let record = SyncRecord {
            finished_at: self.clock().now(),
            outcome: SyncOutcome::Failed,
            error: Some(SyncFailure {
                code: error.code().to_owned(),
                message: error.to_string(),
            }),
            ..record
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

/// Whether some answer was cut short. What is merely not indexed yet is no failure.
fn is_partial(inventory: &Inventory) -> bool {
    let is_cut = |state: &Completeness| matches!(state, Completeness::Partial { .. });
    is_cut(&inventory.listing)
        || inventory.assets.values().any(|asset| is_cut(&asset.lineage))
        || inventory
            .data_sources
            .values()
            .any(|source| is_cut(&source.lineage))
}

/// How many assets and data sources the tool has not indexed yet.
fn pending(inventory: &Inventory) -> usize {
    let is_pending = |state: &&Completeness| matches!(state, Completeness::Pending);
    let assets = inventory.assets.values().map(|asset| &asset.lineage);
    let sources = inventory.data_sources.values().map(|source| &source.lineage);
    assets.chain(sources).filter(is_pending).count()
}

/// The exposure without what moves by mere use.
fn without_usage(exposure: &Exposure) -> Exposure {
    let mut exposure = exposure.clone();
    if let Some(workbook) = &mut exposure.workbook {
        workbook.total_views = None;
        workbook.updated_at = None;
    }
    exposure
}

/// A record of a sync that did nothing yet.
fn new_record(integration: &IntegrationName, started_at: DateTime<Utc>) -> SyncRecord {
    SyncRecord {
        id: SyncId::new(started_at),
        integration: integration.clone(),
        started_at,
        finished_at: started_at,
        outcome: SyncOutcome::Unchanged,
        counts: SyncCounts::default(),
        unlinked_by_reason: BTreeMap::new(),
        notices: Vec::new(),
        error: None,
        detail: SyncDetail::default(),
    }
}

fn fill_record(record: &mut SyncRecord, report: &SyncReport) {
    record.finished_at = report.finished_at;
    record.outcome = report.outcome;
    record.counts = SyncCounts {
        added: report.added.len(),
        changed: report.changed.len(),
        removed: report.removed.len(),
        kept: report.kept.len(),
        exposures: report.exposures,
        tables_linked: report.tables.linked,
        tables_unlinked: report.tables.unlinked_total(),
    };
    record.unlinked_by_reason.clone_from(&report.tables.unlinked);
    record.notices.clone_from(&report.notices);
    let detail = &mut record.detail;
    detail.added = named(report.added.iter().map(|title| (title, String::new())));
    detail.removed = named(report.removed.iter().map(|title| (title, String::new())));
    detail.changed = named(
        report
            .changed
            .iter()
            .map(|change| (&change.title, in_words(change))),
    );
    detail.kept = named(
        report
            .kept
            .iter()
            .map(|kept| (&kept.title, kept.stale.reason.clone())),
    );
}

/// The first exposures of a list, for the history.
fn named<'a>(titles: impl Iterator<Item = (&'a ExposureTitle, String)>) -> Vec<NamedExposure> {
    let name = |(title, note): (&ExposureTitle, String)| NamedExposure {
        unique_id: title.unique_id.to_string(),
        label: title.label.clone(),
        note,
    };
    titles.take(MOST_NAMED).map(name).collect()
}

/// `+ model.shop.orders, - model.shop.old`, for the nodes that were gained and lost.
fn in_words(change: &ExposureChange) -> String {
    /// More nodes than this are only counted.
    const MOST_NODES: usize = 12;
    let gained = change.gained.iter().map(|node| format!("+ {node}"));
    let lost = change.lost.iter().map(|node| format!("- {node}"));
    let mut words: Vec<String> = gained.chain(lost).collect();
    let rest = words.len().saturating_sub(MOST_NODES);
    words.truncate(MOST_NODES);
    if rest > 0 {
        words.push(format!("and {rest} more"));
    }
    words.join(", ")
}
