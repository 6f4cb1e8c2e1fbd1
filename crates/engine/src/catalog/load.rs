//! Loading what a catalog is made of: from the store and from artifacts.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::history::NodeStates;
use tailwater_core::id::{EnvironmentName, IntegrationName, ProjectName};
use tailwater_core::run::{RunResults, RunStatus};
use tailwater_dbt::ArtifactKind;

use super::artifact::{ArtifactOrigin, ArtifactProblem, ArtifactState};
use super::input::{CatalogInput, IntegrationInput, ProjectArtifacts, ProjectInput};
use super::model::Catalog;
use crate::artifact_cache::{ArtifactCache, Parsed};
use crate::environment::Environment;
use crate::error::Error;
use crate::workspace::Workspace;

/// How many syncs of each integration are shown.
const SYNCS: u32 = 30;

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
        let mut projects = Vec::new();
        for entry in self.projects().await? {
            let environments = self.environments(&entry).await?;
            let Some(shown) = pick(&environments, environment).cloned() else {
                continue;
            };
            let artifacts = self.load_artifacts(&shown).await?;
            projects.push(ProjectInput {
                entry,
                environments,
                environment: shown,
                artifacts,
            });
        }
        let mut integrations = Vec::new();
        let gone = self.store().load_gone_exposures().await?;
        for integration in self.integrations().await? {
            let name: &IntegrationName = &integration.name;
            let syncs = self.store().syncs(Some(name), SYNCS).await?;
            let stored = Arc::new(self.store().load_inventory(name).await?);
            let exposures = Arc::new(self.store().load_exposures(Some(name)).await?);
            let own = gone.iter().filter(|row| row.integration == *name);
            integrations.push(IntegrationInput {
                gone: Arc::new(own.cloned().collect()),
                integration,
                syncs,
                stored,
                exposures,
            });
        }
        // Before what it counts: a change in between is then seen by the next look at the number.
        let curation_revision = self.curation_revision().await?;
        let curations = Arc::new(self.load_curations().await?);
        Ok(CatalogInput {
            environment: environment.cloned(),
            revision: format!("{} {curation_revision}", revision(&projects, &integrations)),
            projects,
            integrations,
            curations,
            stale_after: None,
            now: self.clock().now(),
        })
    }

    /// What dbt wrote in an environment. Files are read off this thread, and only when they have changed.
    pub(crate) async fn load_artifacts(&self, environment: &Environment) -> Result<ProjectArtifacts, Error> {
        let cache = Arc::clone(self.artifacts());
        let environment = environment.clone();
        blocking(move || read_artifacts(&cache, &environment)).await
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

fn read_artifacts(cache: &ArtifactCache, environment: &Environment) -> ProjectArtifacts {
    let mut artifacts = ProjectArtifacts::default();
    let Some(path) = &environment.path else {
        return artifacts;
    };
    let manifest = match tailwater_dbt::locate(path, ArtifactKind::Manifest) {
        Ok(manifest) => manifest,
        Err(error) => {
            artifacts.unreadable = Some(Arc::new(error.into()));
            return artifacts;
        }
    };
    let mut states = NodeStates::default();
    for kind in ArtifactKind::ALL {
        let path = match kind {
            ArtifactKind::Manifest => manifest.clone(),
            // A manifest under another name was put there alone.
            _ if manifest.file_name() != Some(ArtifactKind::Manifest.file_name()) => continue,
            _ => manifest.with_file_name(kind.file_name()),
        };
        if kind != ArtifactKind::Manifest && !path.is_file() {
            continue;
        }
        let loaded = cache.load(kind, &path, &environment.project);
        if let Some(error) = &loaded.error {
            let showing = loaded
                .good
                .as_ref()
                .and_then(|(_, good)| good.metadata().generated_at);
            artifacts.problems.push(problem(kind, error, showing));
            if kind == ArtifactKind::Manifest && loaded.good.is_none() {
                artifacts.unreadable = Some(Arc::clone(error));
            }
        }
        let Some((stamp, parsed)) = loaded.good else {
            continue;
        };
        let metadata = parsed.metadata();
        artifacts.present.push(ArtifactState {
            kind,
            generated_at: metadata.generated_at,
            invocation_id: metadata.invocation_id,
            dbt_version: metadata.dbt_version,
            size: stamp.size,
            origin: ArtifactOrigin::Watched {
                path: path.clone(),
                modified_at: stamp.modified.map(DateTime::<Utc>::from),
            },
            path,
        });
        match parsed {
            Parsed::Manifest(project) => artifacts.project = Some(project),
            Parsed::RunResults(run) => {
                artifacts.has_successful_run |= is_successful(&run);
                states.add_run(&run);
            }
            Parsed::Sources(sources) => states.add_freshness(&sources),
            Parsed::Catalog(catalog) => artifacts.warehouse = Some(catalog),
        }
    }
    artifacts.states = Arc::new(states);
    artifacts
}

fn problem(kind: ArtifactKind, error: &Error, showing: Option<DateTime<Utc>>) -> ArtifactProblem {
    ArtifactProblem {
        kind,
        code: error.code(),
        message: error.to_string(),
        remedy: error.hint(),
        showing,
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
fn revision(projects: &[ProjectInput], integrations: &[IntegrationInput]) -> String {
    let artifact = |state: &ArtifactState| {
        let invocation = state.invocation_id.as_deref().unwrap_or_default();
        format!(
            "{:?} {invocation} {:?} {}",
            state.kind, state.generated_at, state.size
        )
    };
    let project = |project: &ProjectInput| {
        let name: &ProjectName = &project.entry.name;
        let artifacts: Vec<String> = project.artifacts.present.iter().map(artifact).collect();
        let problems: BTreeSet<&str> = project
            .artifacts
            .problems
            .iter()
            .map(|it| it.message.as_str())
            .collect();
        format!("{name} {} {artifacts:?} {problems:?}", project.environment.name)
    };
    let integration = |input: &IntegrationInput| {
        let last = input.syncs.first().map(|sync| sync.id.to_string());
        format!("{:?} {last:?} {:?}", input.integration, input.stored.synced_at)
    };
    let projects: Vec<String> = projects.iter().map(project).collect();
    let integrations: Vec<String> = integrations.iter().map(integration).collect();
    format!("{projects:?} {integrations:?}")
}
