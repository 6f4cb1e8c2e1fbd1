//! A hand-over: files arrive one after the other, then land together.

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::id::{EnvironmentName, JobRunId, ProjectName};
use tailwater_dbt::ArtifactKind;
use tokio::io::AsyncRead;

use super::error::IngestError;
use super::judge::examine;
use super::receive::{LARGEST, Received, receive};
use crate::catalog::blocking;
use crate::environment::Environment;
use crate::error::Error;
use crate::workspace::Workspace;

/// A hand-over of files on this machine.
#[derive(Debug, Clone)]
pub struct IngestRequest {
    /// The project.
    pub project: ProjectName,
    /// The environment; production when not said.
    pub environment: Option<EnvironmentName>,
    /// dbt's target directory, a directory with a `target` inside, or one file.
    pub path: Utf8PathBuf,
    /// Take it also when it is older than what is there, or of another dbt project.
    pub is_forced: bool,
    /// Who brings it, for people: `command line`.
    pub by: String,
}

/// What a hand-over came to. Its JSON is a public format: fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IngestReport {
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What became of each artifact, in the order manifest, run results, sources, catalog.
    pub artifacts: Vec<IngestedArtifact>,
    /// How many invocations of dbt are new in the history.
    pub new_runs: usize,
}

impl IngestReport {
    /// Whether anything is in use now that was not before.
    pub fn has_changes(&self) -> bool {
        self.artifacts
            .iter()
            .any(|artifact| artifact.outcome != IngestOutcome::AlreadyThere)
    }
}

/// What became of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IngestedArtifact {
    /// Which of dbt's files it is.
    pub kind: ArtifactKind,
    /// The file or upload, as it was named. Untrusted.
    pub origin: String,
    /// What became of it.
    pub outcome: IngestOutcome,
    /// When dbt wrote it.
    pub generated_at: Option<DateTime<Utc>>,
    /// dbt's id of the invocation that wrote it.
    pub invocation_id: Option<String>,
    /// The version of dbt that wrote it.
    pub dbt_version: String,
    /// Its size in bytes, unpacked.
    pub size: u64,
    /// How many entries it has: nodes, results, sources or tables.
    pub entries: usize,
}

/// What became of an artifact that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IngestOutcome {
    /// It is in use now.
    Taken,
    /// It is in use now, although it is older or of another project.
    Forced,
    /// The same was there already.
    AlreadyThere,
}

/// A hand-over that is under way. Dropping it leaves everything as it was.
#[derive(Debug)]
pub struct Intake<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) environment: Environment,
    pub(super) by: String,
    pub(super) job_run: Option<JobRunId>,
    pub(super) received: Vec<Received>,
    limit: u64,
}

impl Workspace {
    /// Begins a hand-over to an environment of a project; to its production when none is said. `by` says who
    /// brings it, for people.
    pub async fn begin_ingest(
        &self,
        project: &ProjectName,
        environment: Option<&EnvironmentName>,
        by: &str,
    ) -> Result<Intake<'_>, Error> {
        let environment = self.find_environment(project, environment).await?;
        Ok(Intake {
            workspace: self,
            environment,
            by: by.to_owned(),
            job_run: None,
            received: Vec::new(),
            limit: LARGEST,
        })
    }

    /// Takes over the artifacts in a directory, or one file.
    pub async fn ingest(&self, request: &IngestRequest) -> Result<IngestReport, Error> {
        let files = find_artifacts(&request.path)?;
        let by = &request.by;
        let mut intake = self
            .begin_ingest(&request.project, request.environment.as_ref(), by)
            .await?;
        for file in files {
            let opened = tokio::fs::File::open(&file).await;
            let reader = opened.map_err(|source| tailwater_dbt::Error::Unreadable {
                path: file.clone(),
                source,
            })?;
            intake.receive(file.as_str(), reader).await?;
        }
        intake.finish(request.is_forced).await
    }
}

impl Intake<'_> {
    /// The environment that it goes to.
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The same, of what a step of a run of a job wrote.
    #[must_use]
    pub(crate) fn of_job_run(self, job_run: Option<JobRunId>) -> Self {
        Self { job_run, ..self }
    }

    /// Takes one file in, packed with gzip or not, at most [`LARGEST`] bytes unpacked. What it is is looked at
    /// in [`Self::finish`]. `origin` names it in messages.
    pub async fn receive(
        &mut self,
        origin: &str,
        reader: impl AsyncRead + Send + Unpin,
    ) -> Result<(), Error> {
        let incoming = self.workspace.artifacts_directory().join("incoming");
        let received = receive(&incoming, origin, self.limit, reader).await?;
        self.received.push(received);
        if self.received.len() <= ArtifactKind::ALL.len() {
            return Ok(());
        }
        // One more than there are kinds: one is no artifact, or two are of a kind. Nothing further is taken in.
        let received = std::mem::take(&mut self.received);
        let project = self.environment.project.clone();
        blocking(move || examine(received, &project)).await??;
        Err(IngestError::Empty.into())
    }
}

/// The artifacts of a target directory, or the file itself.
fn find_artifacts(path: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Error> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Err(tailwater_dbt::Error::NotFound {
            path: path.to_owned(),
            wanted: ArtifactKind::Manifest,
        }
        .into());
    }
    for directory in [path.to_owned(), path.join("target")] {
        let there: Vec<Utf8PathBuf> = ArtifactKind::ALL
            .into_iter()
            .map(|kind| directory.join(kind.file_name()))
            .filter(|file| file.is_file())
            .collect();
        if !there.is_empty() {
            return Ok(there);
        }
    }
    Err(IngestError::Nothing {
        directory: path.to_owned(),
    }
    .into())
}
