//! What is known of dbt's artifacts, and what is missing.

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::EnvironmentName;
use tailwater_core::project::Project;
use tailwater_dbt::ArtifactKind;
use tailwater_store::RunRecord;

use super::input::ProjectInput;
use crate::environment::Environment;
use crate::error::Error;
use crate::project::ProjectEntry;

/// One artifact as it is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArtifactState {
    /// Which of dbt's files it is.
    pub kind: ArtifactKind,
    /// When dbt wrote it.
    pub generated_at: Option<DateTime<Utc>>,
    /// dbt's id of the invocation that wrote it.
    pub invocation_id: Option<String>,
    /// The version of dbt that wrote it.
    pub dbt_version: String,
    /// The file, as it is read.
    #[serde(skip)]
    pub path: Utf8PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// How it came.
    pub origin: ArtifactOrigin,
}

/// How an artifact came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ArtifactOrigin {
    /// It lies at a path that is watched.
    Watched {
        /// The file.
        path: Utf8PathBuf,
        /// When the file was last written.
        modified_at: Option<DateTime<Utc>>,
    },
    /// It was handed over, by command or by upload.
    Ingested {
        /// By whom or what, such as `command line` or `token ci`.
        by: String,
        /// When.
        received_at: DateTime<Utc>,
        /// Whether it was taken although something spoke against it.
        forced: bool,
    },
}

/// An artifact that is there and cannot be used now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArtifactProblem {
    /// Which of dbt's files it is.
    pub kind: ArtifactKind,
    /// The error's stable code.
    pub code: &'static str,
    /// What is wrong. Untrusted: it may quote the file.
    pub message: String,
    /// What mends it.
    pub remedy: Option<String>,
    /// When the artifact that is shown instead was written; `None` where there is none.
    pub showing: Option<DateTime<Utc>>,
}

impl ArtifactProblem {
    pub(crate) fn new(kind: ArtifactKind, error: &Error, showing: Option<DateTime<Utc>>) -> Self {
        Self {
            kind,
            code: error.code(),
            message: error.to_string(),
            remedy: error.hint(),
            showing,
        }
    }
}

/// Whether a project has what pages need, and the one command that brings what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Readiness {
    /// A manifest, and at least one successful run.
    Ready,
    /// There is no manifest yet.
    NoArtifacts {
        /// The command that brings it.
        command: String,
    },
    /// There is one and it cannot be read, nor was it ever.
    Unreadable {
        /// What is wrong. Untrusted.
        message: String,
        /// The command that writes it anew.
        command: String,
    },
    /// There is a manifest, and no successful run is known.
    NoSuccessfulRun {
        /// The command that brings one.
        command: String,
    },
}

impl Readiness {
    /// Whether nothing is missing.
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// What is missing, as a sentence without a full stop; `None` when nothing is.
    pub fn title(&self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::NoArtifacts { .. } => Some("no dbt artifacts have arrived yet"),
            Self::Unreadable { .. } => Some("the manifest cannot be read"),
            Self::NoSuccessfulRun { .. } => Some("no successful run of dbt is known yet"),
        }
    }

    /// The one command that brings what is missing.
    pub fn command(&self) -> Option<&str> {
        match self {
            Self::Ready => None,
            Self::NoArtifacts { command }
            | Self::Unreadable { command, .. }
            | Self::NoSuccessfulRun { command } => Some(command),
        }
    }
}

/// A dbt project in the environment that the catalog shows.
#[derive(Debug, Clone)]
pub struct CatalogProject {
    input: ProjectInput,
    readiness: Readiness,
}

impl CatalogProject {
    pub(super) fn new(input: ProjectInput) -> Self {
        let readiness = readiness(&input);
        Self { input, readiness }
    }

    pub(crate) const fn input(&self) -> &ProjectInput {
        &self.input
    }

    /// Its name in Tailwater.
    pub fn name(&self) -> &str {
        self.input.entry.name.as_str()
    }

    /// Where it was declared, and its path.
    pub const fn entry(&self) -> &ProjectEntry {
        &self.input.entry
    }

    /// The index of its manifest; `None` while there is none that can be read.
    pub fn project(&self) -> Option<&Project> {
        self.input.artifacts.project.as_deref()
    }

    /// All its environments, production first, then by name.
    pub fn environments(&self) -> &[Environment] {
        &self.input.environments
    }

    /// The environment that is shown. Where the project does not have the one that was asked for it is
    /// production.
    pub const fn environment(&self) -> &Environment {
        &self.input.environment
    }

    /// Its artifacts, in the order manifest, run results, sources, catalog.
    pub fn artifacts(&self) -> &[ArtifactState] {
        &self.input.artifacts.present
    }

    /// One of them.
    pub fn artifact(&self, kind: ArtifactKind) -> Option<&ArtifactState> {
        self.artifacts().iter().find(|state| state.kind == kind)
    }

    /// The last invocations of dbt in this environment, newest first.
    pub fn runs(&self) -> &[RunRecord] {
        &self.input.artifacts.runs
    }

    /// What could not be read, and what is shown instead.
    pub fn problems(&self) -> &[ArtifactProblem] {
        &self.input.artifacts.problems
    }

    /// Whether some invocation is known that built something and in which nothing failed.
    pub const fn has_successful_run(&self) -> bool {
        self.input.artifacts.has_successful_run
    }

    /// Whether pages have what they need, and the one command that brings what is missing.
    pub const fn readiness(&self) -> &Readiness {
        &self.readiness
    }
}

fn readiness(input: &ProjectInput) -> Readiness {
    let artifacts = &input.artifacts;
    if artifacts.project.is_none() {
        return match &artifacts.unreadable {
            Some(error) => Readiness::Unreadable {
                message: error.to_string(),
                command: bringing("dbt parse", input),
            },
            None => Readiness::NoArtifacts {
                command: bringing("dbt build", input),
            },
        };
    }
    if artifacts.has_successful_run {
        Readiness::Ready
    } else {
        Readiness::NoSuccessfulRun {
            command: bringing("dbt build", input),
        }
    }
}

/// A watched path needs dbt alone; else what dbt wrote must be handed over.
fn bringing(dbt: &str, input: &ProjectInput) -> String {
    if input.environment.path.is_some() {
        return dbt.to_owned();
    }
    let environment: &EnvironmentName = &input.environment.name;
    let option = if input.environment.is_production {
        String::new()
    } else {
        format!(" --environment {environment}")
    };
    format!(
        "{dbt} && tailwater ingest target --project {}{option}",
        input.entry.name
    )
}
