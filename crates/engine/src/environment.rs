//! Environments: where a project's artifacts come from. One of them is production.
//!
//! A project has the environment `production` of itself, fed by the project's own path. Others are declared or
//! registered beside it; when one of those is said to be production, it is that in its place. Integrations
//! resolve against production, whatever environment a page shows.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_dbt::ArtifactKind;
use tailwater_store::{EnvironmentRecord, ProjectLocation, RunRecord};

use crate::catalog::{ArtifactProblem, ArtifactState, pick};
use crate::error::Error;
use crate::ingest::IngestError;
use crate::project::ProjectEntry;
use crate::settings::{DeclaredIn, EnvironmentSettings};
use crate::workspace::{Workspace, check_name};

/// The environment that a project has without being told.
pub const DEFAULT_ENVIRONMENT: &str = "production";

/// An environment of a project, such as production or staging: one target of dbt, with its own artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// The project.
    pub project: ProjectName,
    /// Its name.
    pub name: EnvironmentName,
    /// Whether it is the one that integrations resolve against and that pages show unless told otherwise.
    pub is_production: bool,
    /// The manifest or the target directory that is watched; `None` where artifacts are handed over.
    pub path: Option<Utf8PathBuf>,
    /// Where it was declared.
    pub declared_in: DeclaredIn,
}

/// An environment with what has arrived there.
#[derive(Debug, Clone, Serialize)]
pub struct EnvironmentState {
    /// The environment.
    #[serde(flatten)]
    pub environment: Environment,
    /// Its artifacts, in the order manifest, run results, sources, catalog.
    pub artifacts: Vec<ArtifactState>,
    /// What could not be read.
    pub problems: Vec<ArtifactProblem>,
    /// Whether some invocation is known that built something and in which nothing failed.
    pub has_successful_run: bool,
    /// The last invocation that is recorded.
    pub last_run: Option<RunRecord>,
}

impl Workspace {
    /// The environments of a project, or of all, with what has arrived there; by project, production first.
    pub async fn environment_states(
        &self,
        project: Option<&ProjectName>,
    ) -> Result<Vec<EnvironmentState>, Error> {
        let entries = match project {
            Some(name) => vec![self.find_project(name).await?],
            None => self.projects().await?,
        };
        let mut states = Vec::new();
        for entry in entries {
            for environment in self.environments(&entry).await? {
                let artifacts = self.load_artifacts(&environment).await?;
                let mut problems = artifacts.problems;
                if let Some(error) = artifacts.unreadable.filter(|_| problems.is_empty()) {
                    problems.push(ArtifactProblem::new(ArtifactKind::Manifest, &error, None));
                }
                states.push(EnvironmentState {
                    environment,
                    artifacts: artifacts.present,
                    problems,
                    has_successful_run: artifacts.has_successful_run,
                    last_run: artifacts.runs.first().cloned(),
                });
            }
        }
        Ok(states)
    }

    /// A project's environments, production first, then by name. There is always one at least, and exactly one
    /// is production.
    pub async fn environments(&self, entry: &ProjectEntry) -> Result<Vec<Environment>, Error> {
        let mut environments: Vec<Environment> = match entry.declared_in {
            DeclaredIn::File => {
                let settings = self.settings().projects.iter();
                let own = settings
                    .filter(|settings| settings.name == entry.name)
                    .flat_map(|settings| &settings.environments);
                own.map(|declared| self.declared(entry, declared))
                    .collect::<Result<_, _>>()?
            }
            DeclaredIn::Store => {
                let records = self.store().environments().await?;
                let own = records.into_iter().filter(|record| record.project == entry.name);
                own.map(|record| Environment {
                    path: record.location.path().map(Utf8Path::to_owned),
                    project: record.project,
                    name: record.name,
                    is_production: record.is_production,
                    declared_in: DeclaredIn::Store,
                })
                .collect()
            }
        };
        complete(&mut environments, entry);
        Ok(environments)
    }

    /// Looks an environment up; production without a name.
    pub async fn find_environment(
        &self,
        project: &ProjectName,
        name: Option<&EnvironmentName>,
    ) -> Result<Environment, Error> {
        let entry = self.find_project(project).await?;
        let environments = self.environments(&entry).await?;
        let found = match name {
            None => pick(&environments, None),
            Some(name) => environments.iter().find(|known| known.name == *name),
        };
        found.cloned().ok_or_else(|| {
            IngestError::UnknownEnvironment {
                project: project.clone(),
                name: name.cloned().unwrap_or_else(|| DEFAULT_ENVIRONMENT.into()),
                known: environments.into_iter().map(|known| known.name).collect(),
            }
            .into()
        })
    }

    /// Registers an environment. Without a path its artifacts are handed over.
    pub async fn add_environment(
        &self,
        project: &ProjectName,
        name: EnvironmentName,
        path: Option<&Utf8Path>,
        is_production: bool,
    ) -> Result<Environment, Error> {
        check_name("an environment", name.as_str())?;
        let entry = self.writable_project(project).await?;
        let known = self.environments(&entry).await?;
        if known.iter().any(|environment| environment.name == name) {
            return Err(Error::AlreadyExists {
                what: "environment",
                name: format!("{project} {name}"),
            });
        }
        let location = location_of(path);
        if let Some(path) = location.path() {
            self.artifacts().load_manifest(path, project)?;
        }
        let record = EnvironmentRecord {
            project: project.clone(),
            name: name.clone(),
            is_production,
            location,
            added_at: self.clock().now(),
        };
        self.store().put_environment(&record).await?;
        self.find_environment(project, Some(&name)).await
    }

    /// Makes an environment a project's production.
    pub async fn set_production(
        &self,
        project: &ProjectName,
        name: &EnvironmentName,
    ) -> Result<Environment, Error> {
        self.writable_project(project).await?;
        self.find_environment(project, Some(name)).await?;
        // The one that the project has of itself is production when no other is.
        if !self.store().set_production(project, Some(name)).await? {
            self.store().set_production(project, None).await?;
        }
        self.find_environment(project, Some(name)).await
    }

    /// Forgets an environment with its artifacts and history.
    pub async fn remove_environment(
        &self,
        project: &ProjectName,
        name: &EnvironmentName,
    ) -> Result<(), Error> {
        self.writable_project(project).await?;
        self.find_environment(project, Some(name)).await?;
        if !self.store().remove_environment(project, name).await? {
            return Err(IngestError::OwnEnvironment {
                project: project.clone(),
                name: name.clone(),
            }
            .into());
        }
        let directory = self
            .artifacts_directory()
            .join(project.as_str())
            .join(name.as_str());
        remove_directory(&directory);
        Ok(())
    }

    /// The directory in which artifacts that were handed over are kept.
    pub fn artifacts_directory(&self) -> Utf8PathBuf {
        self.path(&self.settings().artifacts.dir)
    }

    fn declared(&self, entry: &ProjectEntry, declared: &EnvironmentSettings) -> Result<Environment, Error> {
        let path = match (&declared.manifest, &declared.target_dir) {
            (Some(_), Some(_)) => {
                return Err(Error::ProjectLocation {
                    name: entry.name.clone(),
                });
            }
            (Some(path), None) | (None, Some(path)) => Some(self.path(path)),
            (None, None) => None,
        };
        Ok(Environment {
            project: entry.name.clone(),
            name: declared.name.clone(),
            is_production: declared.production,
            path,
            declared_in: DeclaredIn::File,
        })
    }
}

/// Files without a row are nobody's; what cannot be removed does no harm.
pub(crate) fn remove_directory(directory: &Utf8Path) {
    let _ = std::fs::remove_dir_all(directory);
}

/// Where a path that a person gave leads.
pub(crate) fn location_of(path: Option<&Utf8Path>) -> ProjectLocation {
    let Some(path) = path else {
        return ProjectLocation::HandedOver;
    };
    let path = camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        ProjectLocation::TargetDir(path)
    } else {
        ProjectLocation::Manifest(path)
    }
}

/// Adds the environment that the project has of itself, makes sure that exactly one is production, and sorts.
fn complete(environments: &mut Vec<Environment>, entry: &ProjectEntry) {
    let default = EnvironmentName::new(DEFAULT_ENVIRONMENT);
    let has_production = environments.iter().any(|environment| environment.is_production);
    match environments.iter_mut().find(|known| known.name == default) {
        Some(named) => named.path = named.path.take().or_else(|| entry.path.clone()),
        // With another production and no path of its own it would only be an empty name. (By command the
        // production may be moved at any time, with artifacts left behind.)
        None if has_production && entry.path.is_none() && entry.declared_in == DeclaredIn::File => {}
        None => environments.push(Environment {
            project: entry.name.clone(),
            name: default.clone(),
            is_production: false,
            path: entry.path.clone(),
            declared_in: entry.declared_in,
        }),
    }
    if !has_production {
        for environment in environments.iter_mut() {
            environment.is_production = environment.name == default;
        }
    }
    environments
        .sort_by(|left, right| (!left.is_production, &left.name).cmp(&(!right.is_production, &right.name)));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], true, &["production*"])]
    #[case(&[], false, &["production*"])]
    #[case(&["staging"], true, &["production*", "staging"])]
    #[case(&["staging", "ci"], false, &["production*", "ci", "staging"])]
    #[case(&["live*", "staging"], false, &["live*", "production", "staging"])]
    #[case(&["live*"], true, &["live*", "production"])]
    #[case(&["production", "live*"], true, &["live*", "production"])]
    #[case(&["production"], true, &["production*"])]
    #[case(&["live*", "of a file"], false, &["live*", "of a file"])]
    fn exactly_one_is_production(#[case] given: &[&str], #[case] has_path: bool, #[case] expected: &[&str]) {
        let entry = ProjectEntry {
            name: "shop".into(),
            path: has_path.then(|| "target".into()),
            declared_in: if given.contains(&"of a file") {
                DeclaredIn::File
            } else {
                DeclaredIn::Store
            },
        };
        let mut environments: Vec<Environment> = given
            .iter()
            .map(|name| Environment {
                project: "shop".into(),
                name: name.trim_end_matches('*').into(),
                is_production: name.ends_with('*'),
                path: None,
                declared_in: DeclaredIn::Store,
            })
            .collect();
        complete(&mut environments, &entry);
        let shown: Vec<String> = environments
            .iter()
            .map(|known| format!("{}{}", known.name, if known.is_production { "*" } else { "" }))
            .collect();
        assert_eq!(shown, expected);
    }
}
