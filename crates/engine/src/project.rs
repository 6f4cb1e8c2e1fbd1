//! dbt projects: registering them and reading their manifests.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use tailwater_core::id::ProjectName;
use tailwater_core::project::{Project, ResourceType};
use tailwater_dbt::ArtifactKind;
use tailwater_store::{ProjectLocation, ProjectRecord};

use crate::catalog::pick;
use crate::environment::{location_of, remove_directory};
use crate::error::Error;
use crate::settings::{DeclaredIn, ProjectSettings};
use crate::workspace::{Workspace, check_name};

/// A project that Tailwater knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProjectEntry {
    /// Its name in Tailwater.
    pub name: ProjectName,
    /// The manifest, or the directory that holds it; `None` where artifacts are handed over.
    pub path: Option<Utf8PathBuf>,
    /// Where it was declared.
    pub declared_in: DeclaredIn,
}

/// What a project's manifest says, in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProjectSummary {
    /// Its name in Tailwater.
    pub name: ProjectName,
    /// dbt's root package.
    pub package: String,
    /// dbt's adapter, such as `snowflake`.
    pub adapter: String,
    /// The version of dbt that wrote the manifest.
    pub dbt_version: String,
    /// The number in `dbt_schema_version`.
    pub artifact_schema: u32,
    /// When the manifest was written.
    pub generated_at: Option<chrono::DateTime<chrono::Utc>>,
    /// How many nodes there are of each kind, under dbt's word for the kind.
    pub counts: BTreeMap<&'static str, usize>,
    /// What the reader of the manifest met that it did not expect, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The manifest, or the directory that holds it; `None` where artifacts are handed over.
    pub path: Option<Utf8PathBuf>,
    /// Where the project was declared.
    pub declared_in: DeclaredIn,
}

impl Workspace {
    /// Every project that is declared or registered, sorted by name; the file wins over the store.
    pub async fn projects(&self) -> Result<Vec<ProjectEntry>, Error> {
        let mut entries = BTreeMap::new();
        for record in self.store().projects().await? {
            let path = record.location.path().map(Utf8Path::to_owned);
            let declared_in = DeclaredIn::Store;
            entries.insert(
                record.name.clone(),
                ProjectEntry {
                    name: record.name,
                    path,
                    declared_in,
                },
            );
        }
        for declared in &self.settings().projects {
            let path = declared_path(declared)?.map(|path| self.path(path));
            let declared_in = DeclaredIn::File;
            entries.insert(
                declared.name.clone(),
                ProjectEntry {
                    name: declared.name.clone(),
                    path,
                    declared_in,
                },
            );
        }
        Ok(entries.into_values().collect())
    }

    /// Registers a project. Its manifest is read first, so that a wrong path is refused here.
    pub async fn add_project(&self, name: ProjectName, path: &Utf8Path) -> Result<ProjectSummary, Error> {
        self.check_free(&name).await?;
        let location = location_of(Some(path));
        let path = location.path().unwrap_or(path).to_owned();
        let project = self.artifacts().load_manifest(&path, &name)?;
        let entry = self.register(name, location).await?;
        Ok(summarize(&project, &entry))
    }

    /// Registers a project whose artifacts are handed over ([`crate::ingest`]).
    pub async fn add_project_without_path(&self, name: ProjectName) -> Result<ProjectEntry, Error> {
        self.check_free(&name).await?;
        self.register(name, ProjectLocation::HandedOver).await
    }

    async fn check_free(&self, name: &ProjectName) -> Result<(), Error> {
        check_name("a project", name.as_str())?;
        if self.projects().await?.iter().any(|known| known.name == *name) {
            return Err(Error::AlreadyExists {
                what: "project",
                name: name.to_string(),
            });
        }
        Ok(())
    }

    async fn register(&self, name: ProjectName, location: ProjectLocation) -> Result<ProjectEntry, Error> {
        let entry = ProjectEntry {
            name: name.clone(),
            path: location.path().map(Utf8Path::to_owned),
            declared_in: DeclaredIn::Store,
        };
        let record = ProjectRecord {
            name,
            location,
            added_at: self.clock().now(),
        };
        self.store().put_project(&record).await?;
        Ok(entry)
    }

    /// Forgets a project. Refused while an integration names it.
    pub async fn remove_project(&self, name: &ProjectName) -> Result<(), Error> {
        self.writable_project(name).await?;
        let integrations: Vec<String> = self
            .integrations()
            .await?
            .into_iter()
            .filter(|integration| integration.projects.contains(name))
            .map(|integration| integration.name.to_string())
            .collect();
        if !integrations.is_empty() {
            return Err(Error::ProjectInUse {
                name: name.clone(),
                integrations,
            });
        }
        self.store().remove_project(name).await?;
        remove_directory(&self.artifacts_directory().join(name.as_str()));
        Ok(())
    }

    /// Looks up a project that commands may change.
    pub(crate) async fn writable_project(&self, name: &ProjectName) -> Result<ProjectEntry, Error> {
        let entry = self.find_project(name).await?;
        if entry.declared_in == DeclaredIn::File {
            return Err(Error::DeclaredInFile {
                what: "project",
                name: name.to_string(),
            });
        }
        Ok(entry)
    }

    /// The name of the only project that is known, for commands that may leave it out.
    pub async fn only_project(&self) -> Result<ProjectName, Error> {
        let mut names: Vec<ProjectName> = self
            .projects()
            .await?
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        match (names.pop(), names.is_empty()) {
            (None, _) => Err(Error::NoProjects),
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                names.push(last);
                Err(Error::SeveralProjects { known: names })
            }
        }
    }

    /// Looks a project up by name.
    pub async fn find_project(&self, name: &ProjectName) -> Result<ProjectEntry, Error> {
        let entries = self.projects().await?;
        let known = entries.iter().map(|entry| entry.name.clone()).collect();
        entries
            .into_iter()
            .find(|entry| entry.name == *name)
            .ok_or_else(|| Error::UnknownProject {
                name: name.clone(),
                known,
            })
    }

    /// Reads the manifests of the named projects, in that order; of all projects when no name is given.
    ///
    /// They are those of each project's production. Of one that cannot be read now, but could be earlier in this
    /// process, the earlier state is answered.
    pub async fn load_projects(&self, names: &[ProjectName]) -> Result<Vec<Arc<Project>>, Error> {
        let (projects, _) = self.load_projects_as_they_are(names).await?;
        Ok(projects)
    }

    /// The same, and whether each manifest is the one that lies there now.
    pub(crate) async fn load_projects_as_they_are(
        &self,
        names: &[ProjectName],
    ) -> Result<(Vec<Arc<Project>>, bool), Error> {
        let mut projects = Vec::new();
        let mut are_current = true;
        for entry in &self.entries_of(names).await? {
            let (project, is_current) = self.load_production(entry).await?;
            projects.push(project);
            are_current &= is_current;
        }
        Ok((projects, are_current))
    }

    /// The named projects, in that order; all projects when no name is given.
    pub(crate) async fn entries_of(&self, names: &[ProjectName]) -> Result<Vec<ProjectEntry>, Error> {
        let entries = self.projects().await?;
        if entries.is_empty() {
            return Err(Error::NoProjects);
        }
        if names.is_empty() {
            return Ok(entries);
        }
        let mut named = Vec::new();
        for name in names {
            named.push(self.find_project(name).await?);
        }
        Ok(named)
    }

    /// The manifest of a project's production, and whether it is the one that lies there now.
    async fn load_production(&self, entry: &ProjectEntry) -> Result<(Arc<Project>, bool), Error> {
        let environments = self.environments(entry).await?;
        let no_artifacts = || Error::NoArtifacts {
            project: entry.name.clone(),
        };
        let production = pick(&environments, None).ok_or_else(no_artifacts)?;
        let artifacts = self.load_artifacts(production).await?;
        let mut problems = artifacts.problems.iter();
        let is_current = !problems.any(|problem| problem.kind == ArtifactKind::Manifest);
        match (artifacts.project, artifacts.unreadable) {
            (Some(project), _) => Ok((project, is_current)),
            (None, Some(error)) => Err(Error::Shared(error)),
            (None, None) => Err(no_artifacts()),
        }
    }

    /// What each known project's manifest says, or why it cannot be read.
    pub async fn summarize_projects(
        &self,
    ) -> Result<Vec<(ProjectEntry, Result<ProjectSummary, Error>)>, Error> {
        let mut summaries = Vec::new();
        for entry in self.projects().await? {
            let loaded = self.load_production(&entry).await;
            let summary = loaded.map(|(project, _)| summarize(&project, &entry));
            summaries.push((entry, summary));
        }
        Ok(summaries)
    }
}

fn declared_path(declared: &ProjectSettings) -> Result<Option<&Utf8Path>, Error> {
    match (&declared.manifest, &declared.target_dir) {
        (Some(path), None) | (None, Some(path)) => Ok(Some(path)),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Error::ProjectLocation {
            name: declared.name.clone(),
        }),
    }
}

fn summarize(project: &Project, entry: &ProjectEntry) -> ProjectSummary {
    let metadata = &project.metadata;
    ProjectSummary {
        name: entry.name.clone(),
        package: metadata.package.clone(),
        adapter: metadata.adapter_type.clone(),
        dbt_version: metadata.dbt_version.clone(),
        artifact_schema: metadata.schema_version,
        generated_at: metadata.generated_at,
        counts: project
            .counts()
            .into_iter()
            .map(|(kind, count): (ResourceType, usize)| (kind.name(), count))
            .collect(),
        notes: metadata.notes.clone(),
        path: entry.path.clone(),
        declared_in: entry.declared_in,
    }
}
