//! Loading what a catalog is made of: from the store and from artifacts.
//!
//! What has not changed since the last time is not loaded again: an inventory is known by the end of the sync
//! that landed it, last results by the store's count of changes, a file by its size and time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use tailwater_core::history::NodeStates;
use tailwater_core::id::{EnvironmentName, IntegrationName, ProjectName};
use tailwater_core::run::{RunResults, RunStatus};
use tailwater_dbt::ArtifactKind;
use tailwater_store::{ArtifactRecord, StoreRevision, StoredExposure, StoredInventory};

use super::artifact::{ArtifactOrigin, ArtifactProblem, ArtifactState};
use super::input::{CatalogInput, IntegrationInput, ProjectArtifacts, ProjectInput};
use super::model::Catalog;
use crate::artifact_cache::{ArtifactCache, Loaded, Parsed};
use crate::environment::Environment;
use crate::error::Error;
use crate::file_stamp::FileStamp;
use crate::integration::Integration;
use crate::policy::DbtVariables;
use crate::workspace::Workspace;

/// How many syncs of each integration are shown.
const SYNCS: u32 = 30;

/// How many runs of each project's environment are shown.
const RUNS: u32 = 50;

/// What catalogs were made of last.
#[derive(Debug, Default)]
pub(crate) struct CatalogCache {
    landed: Mutex<HashMap<IntegrationName, Landed>>,
    recorded: Mutex<HashMap<(ProjectName, EnvironmentName), (i64, Recorded)>>,
}

/// What the last landing of an integration left.
#[derive(Debug, Clone)]
struct Landed {
    at: Option<(DateTime<Utc>, i64)>,
    stored: Arc<StoredInventory>,
    exposures: Arc<Vec<StoredExposure>>,
    gone: Arc<Vec<StoredExposure>>,
}

/// What the store knows of an environment.
#[derive(Debug, Clone)]
struct Recorded {
    artifacts: Arc<Vec<ArtifactRecord>>,
    states: Arc<NodeStates>,
    runs: Arc<Vec<tailwater_store::RunRecord>>,
    has_successful_run: bool,
}

impl Workspace {
    /// The catalog of every project's production, as it is now. A manifest that cannot be read leaves its
    /// project out and is reported in [`Catalog::unreadable`].
    pub async fn catalog(&self) -> Result<Catalog, Error> {
        self.catalog_of(None).await
    }

    /// The catalog of an environment; of projects that do not have it, of their production.
    pub async fn catalog_of(&self, environment: Option<&EnvironmentName>) -> Result<Catalog, Error> {
        let input = self.catalog_input(environment).await?;
        blocking(move || Catalog::build(input)).await
    }

    /// What the catalog of an environment is made of.
    pub async fn catalog_input(&self, environment: Option<&EnvironmentName>) -> Result<CatalogInput, Error> {
        // Asked first: what changes while the rest is read is read again the next time.
        let revision = self.store().revision().await?;
        // Artifacts are read from files, integrations from the store: a large manifest and a large inventory at once.
        let (projects, integrations) = futures::try_join!(
            Box::pin(self.project_inputs(environment, &revision)),
            Box::pin(self.integration_inputs(&revision))
        )?;
        // Before what it counts: a change in between is then seen by the next look at the number.
        let curation_revision = self.curation_revision().await?;
        let curations = Arc::new(self.load_curations().await?);
        let variables = DbtVariables::read(|name| std::env::var(name).ok());
        let book = self.policy_overview(variables).await?;
        let policies = book.of_landed(&integrations);
        Ok(CatalogInput {
            environment: environment.cloned(),
            revision: format!(
                "{} {curation_revision}",
                mark(&revision, &projects, &integrations)
            ),
            projects,
            integrations,
            curations,
            refreshes: Arc::new(self.store().last_refreshes(None).await?),
            policies: Arc::new(policies),
            now: self.clock().now(),
        })
    }

    async fn project_inputs(
        &self,
        environment: Option<&EnvironmentName>,
        revision: &StoreRevision,
    ) -> Result<Vec<ProjectInput>, Error> {
        let mut projects = Vec::new();
        for entry in self.projects().await? {
            let environments = self.environments(&entry).await?;
            let Some(shown) = pick(&environments, environment).cloned() else {
                continue;
            };
            let artifacts = self.load_artifacts_at(&shown, revision).await?;
            projects.push(ProjectInput {
                entry,
                environments,
                environment: shown,
                artifacts,
            });
        }
        Ok(projects)
    }

    async fn integration_inputs(&self, revision: &StoreRevision) -> Result<Vec<IntegrationInput>, Error> {
        let mut integrations = Vec::new();
        for integration in self.integrations().await? {
            integrations.push(self.load_integration(integration, revision).await?);
        }
        Ok(integrations)
    }

    async fn load_integration(
        &self,
        integration: Integration,
        revision: &StoreRevision,
    ) -> Result<IntegrationInput, Error> {
        let name = &integration.name;
        let syncs = self.store().syncs(Some(name), SYNCS).await?;
        let at = revision.landed_at.get(name).copied().flatten();
        let cache = || {
            self.catalog_cache()
                .landed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let held = cache()
            .get(name)
            .filter(|held| held.at == at && at.is_some())
            .cloned();
        let landed = if let Some(held) = held {
            held
        } else {
            let gone = self.store().load_gone_exposures().await?;
            let landed = Landed {
                at,
                stored: Arc::new(self.store().load_inventory(name).await?),
                exposures: Arc::new(self.store().load_exposures(Some(name)).await?),
                gone: Arc::new(gone.into_iter().filter(|row| row.integration == *name).collect()),
            };
            cache().insert(name.clone(), landed.clone());
            landed
        };
        Ok(IntegrationInput {
            integration,
            syncs,
            stored: landed.stored,
            exposures: landed.exposures,
            gone: landed.gone,
        })
    }

    /// What dbt wrote in an environment. Files are read off this thread, and only when they have changed.
    pub(crate) async fn load_artifacts(&self, environment: &Environment) -> Result<ProjectArtifacts, Error> {
        let revision = self.store().revision().await?;
        self.load_artifacts_at(environment, &revision).await
    }

    async fn load_artifacts_at(
        &self,
        environment: &Environment,
        revision: &StoreRevision,
    ) -> Result<ProjectArtifacts, Error> {
        let recorded = self.load_recorded(environment, revision).await?;
        let cache = Arc::clone(self.artifacts());
        let environment = environment.clone();
        let root = self.artifacts_directory();
        self.fetch_shared(&root, &recorded).await;
        blocking(move || read_artifacts(&cache, &environment, &root, &recorded)).await
    }

    /// Copies files here that another machine took over. What cannot be copied is told of where it is read.
    async fn fetch_shared(&self, root: &Utf8Path, recorded: &Recorded) {
        if self.settings().artifacts.url.is_none() {
            return;
        }
        let Ok(archive) = self.archive() else { return };
        for record in recorded.artifacts.iter() {
            let path = root.join(&record.file);
            if path.is_file() {
                continue;
            }
            let key = crate::ingest::shared_key(&record.file);
            if let Err(error) = archive.fetch_file(&key, &path).await {
                tracing::warn!(%error, file = %record.file, "an artifact could not be copied here");
            }
        }
    }

    async fn load_recorded(
        &self,
        environment: &Environment,
        revision: &StoreRevision,
    ) -> Result<Recorded, Error> {
        let (project, name) = (&environment.project, &environment.name);
        let key = (project.clone(), name.clone());
        let cache = || {
            self.catalog_cache()
                .recorded
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((at, held)) = cache().get(&key)
            && *at == revision.artifacts
        {
            return Ok(held.clone());
        }
        let recorded = Recorded {
            artifacts: Arc::new(self.store().artifacts(project, name).await?),
            states: Arc::new(self.store().node_states(project, name).await?),
            runs: Arc::new(self.store().runs(project, name, RUNS).await?),
            has_successful_run: self.store().has_successful_run(project, name).await?,
        };
        cache().insert(key, (revision.artifacts, recorded.clone()));
        Ok(recorded)
    }

    /// Run results and freshness at a path that is watched, as far as they can be read.
    pub(crate) async fn watched_artifacts(&self, environment: &Environment) -> Result<Vec<Parsed>, Error> {
        let cache = Arc::clone(self.artifacts());
        let environment = environment.clone();
        blocking(move || {
            let watched = watched_files(&environment, &cache);
            let wanted = watched
                .into_iter()
                .filter(|(kind, _)| matches!(kind, ArtifactKind::RunResults | ArtifactKind::Sources));
            let load = |(kind, path): (ArtifactKind, Utf8PathBuf)| {
                let loaded = cache.load(kind, &path, &environment.project);
                loaded
                    .good
                    .filter(|_| loaded.error.is_none())
                    .map(|(_, parsed)| parsed)
            };
            wanted.filter_map(load).collect()
        })
        .await
    }
}

/// The environment of that name, else production, else the first.
pub(crate) fn pick<'a>(
    environments: &'a [Environment],
    wanted: Option<&EnvironmentName>,
) -> Option<&'a Environment> {
    let named = wanted.and_then(|wanted| environments.iter().find(|known| known.name == *wanted));
    named
        .or_else(|| environments.iter().find(|known| known.is_production))
        .or_else(|| environments.first())
}

/// Runs work that takes a while on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Cancelled),
        },
    }
}

/// The files at the path that is watched, the manifest first, whether or not the manifest is there now.
pub(crate) fn watched_files(
    environment: &Environment,
    cache: &ArtifactCache,
) -> Vec<(ArtifactKind, Utf8PathBuf)> {
    let Some(path) = &environment.path else {
        return Vec::new();
    };
    let kind = ArtifactKind::Manifest;
    let manifest = tailwater_dbt::locate(path, kind).unwrap_or_else(|_| {
        // `dbt clean` takes it away: what was read before is known by the place where it was.
        let name = kind.file_name();
        let places = [path.clone(), path.join(name), path.join("target").join(name)];
        let known = |place: &Utf8PathBuf| cache.remembered(kind, place, &environment.project).good.is_some();
        places.into_iter().find(known).unwrap_or_else(|| path.clone())
    });
    // A manifest under another name was put there alone.
    let has_company = manifest.file_name() == Some(kind.file_name());
    let beside = |kind: ArtifactKind| (kind, manifest.with_file_name(kind.file_name()));
    let others = ArtifactKind::ALL
        .into_iter()
        .filter(|other| *other != kind && has_company);
    let others: Vec<_> = others.map(beside).filter(|(_, path)| path.is_file()).collect();
    std::iter::once((kind, manifest)).chain(others).collect()
}

/// An artifact that may be used, and what speaks for it.
struct Candidate {
    path: Utf8PathBuf,
    origin: ArtifactOrigin,
    loaded: Loaded,
}

impl Candidate {
    fn generated_at(&self) -> Option<DateTime<Utc>> {
        let (_, parsed) = self.loaded.good.as_ref()?;
        parsed.metadata().generated_at
    }

    /// Whether what was handed over comes before what lies at the path that is watched: the newer of both does,
    /// and what was taken by force as long as the file was not written again.
    fn wins_over(&self, watched: &Self) -> bool {
        let ArtifactOrigin::Ingested {
            received_at, forced, ..
        } = &self.origin
        else {
            return false;
        };
        if self.loaded.good.is_none() || watched.loaded.good.is_none() {
            return self.loaded.good.is_some();
        }
        if *forced && let ArtifactOrigin::Watched { modified_at, .. } = &watched.origin {
            return modified_at.is_none_or(|modified| modified <= *received_at);
        }
        self.generated_at() > watched.generated_at()
    }
}

fn read_artifacts(
    cache: &ArtifactCache,
    environment: &Environment,
    root: &Utf8Path,
    recorded: &Recorded,
) -> ProjectArtifacts {
    let mut artifacts = ProjectArtifacts {
        runs: Arc::clone(&recorded.runs),
        has_successful_run: recorded.has_successful_run,
        ..ProjectArtifacts::default()
    };
    let watched = watched_files(environment, cache);
    let mut live = NodeStates::default();
    for kind in ArtifactKind::ALL {
        let lying = watched.iter().find(|(other, _)| *other == kind).map(|(_, path)| {
            let loaded = cache.load(kind, path, &environment.project);
            let modified = FileStamp::of(path).and_then(|stamp| stamp.modified);
            Candidate {
                path: path.clone(),
                origin: ArtifactOrigin::Watched {
                    path: path.clone(),
                    modified_at: modified.map(DateTime::from),
                },
                loaded,
            }
        });
        let brought = recorded
            .artifacts
            .iter()
            .find(|record| record.kind == kind.name())
            .map(|record| {
                let path = root.join(&record.file);
                Candidate {
                    loaded: cache.load(kind, &path, &environment.project),
                    path,
                    origin: ArtifactOrigin::Ingested {
                        by: record.by.clone(),
                        received_at: record.received_at,
                        forced: record.forced,
                    },
                }
            });
        let chosen = match (brought, lying) {
            (Some(brought), Some(lying)) if brought.wins_over(&lying) => Some(brought),
            (brought, lying) => lying.or(brought),
        };
        if let Some(chosen) = chosen {
            take(&mut artifacts, &mut live, kind, chosen);
        }
    }
    artifacts.states = if live.is_empty() {
        Arc::clone(&recorded.states)
    } else {
        // What lies at a watched path may not be recorded yet. Folding it in twice changes nothing.
        let mut all = (*recorded.states).clone();
        for (node, state) in live.iter() {
            all.add_state(node.clone(), state.clone());
        }
        Arc::new(all)
    };
    let files: Vec<Utf8PathBuf> = recorded
        .artifacts
        .iter()
        .map(|record| root.join(&record.file))
        .collect();
    if let Some(directory) = files.first().and_then(|file| file.parent()) {
        cache.forget_others(directory, &files);
    }
    artifacts
}

/// Uses an artifact, or says why it cannot be used.
fn take(artifacts: &mut ProjectArtifacts, live: &mut NodeStates, kind: ArtifactKind, chosen: Candidate) {
    let Candidate { path, origin, loaded } = chosen;
    if let Some(error) = &loaded.error {
        let showing = loaded
            .good
            .as_ref()
            .and_then(|(_, good)| good.metadata().generated_at);
        artifacts
            .problems
            .push(ArtifactProblem::new(kind, error, showing));
        if kind == ArtifactKind::Manifest && loaded.good.is_none() {
            artifacts.unreadable = Some(Arc::clone(error));
        }
    }
    let Some((stamp, parsed)) = loaded.good else {
        return;
    };
    let is_watched = matches!(origin, ArtifactOrigin::Watched { .. });
    let metadata = parsed.metadata();
    artifacts.present.push(ArtifactState {
        kind,
        generated_at: metadata.generated_at,
        invocation_id: metadata.invocation_id,
        dbt_version: metadata.dbt_version,
        size: stamp.size,
        origin,
        path,
    });
    match parsed {
        Parsed::Manifest(project) => artifacts.project = Some(project),
        Parsed::RunResults(run) => {
            artifacts.has_successful_run |= is_successful(&run);
            // Those that were handed over are among the recorded ones.
            if is_watched {
                live.add_run(&run);
            }
        }
        Parsed::Sources(sources) if is_watched => live.add_freshness(&sources),
        Parsed::Sources(_) => {}
        Parsed::Catalog(catalog) => artifacts.warehouse = Some(catalog),
    }
}

/// Whether an invocation built something and nothing in it failed.
pub(crate) fn is_successful(run: &RunResults) -> bool {
    let is_failure = |status: &RunStatus| {
        matches!(
            status,
            RunStatus::Error | RunStatus::Fail | RunStatus::RuntimeError | RunStatus::PartialSuccess
        )
    };
    let mut states = NodeStates::default();
    states.add_run(run);
    states.has_successful_build() && !run.results.iter().any(|result| is_failure(&result.status))
}

/// Names the state of what was read.
fn mark(revision: &StoreRevision, projects: &[ProjectInput], integrations: &[IntegrationInput]) -> String {
    let artifact = |state: &ArtifactState| {
        let invocation = state.invocation_id.as_deref().unwrap_or_default();
        format!(
            "{:?} {invocation} {:?} {}",
            state.kind, state.generated_at, state.size
        )
    };
    let project = |project: &ProjectInput| {
        let artifacts: Vec<String> = project.artifacts.present.iter().map(artifact).collect();
        let problems = project.artifacts.problems.iter();
        let problems: BTreeSet<&str> = problems.map(|it| it.message.as_str()).collect();
        format!(
            "{} {:?} {artifacts:?} {problems:?}",
            project.entry.name, project.environment
        )
    };
    let projects: Vec<String> = projects.iter().map(project).collect();
    let integrations: Vec<&Integration> = integrations.iter().map(|input| &input.integration).collect();
    format!("{} {projects:?} {integrations:?}", revision.mark)
}
