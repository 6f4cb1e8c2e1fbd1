//! Why artifacts were not taken over.

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_dbt::ArtifactKind;

/// Why artifacts were not taken over. In every case nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// More bytes than a sound artifact has.
    #[error("`{origin}` is larger than {limit} MB when unpacked")]
    TooLarge {
        /// The file or upload.
        origin: String,
        /// The limit in megabytes.
        limit: u64,
    },
    /// The gzip stream is damaged or stops early.
    #[error("`{origin}` is compressed with gzip and cannot be unpacked: {reason}")]
    BrokenGzip {
        /// The file or upload.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The sender stopped, or a file cannot be read to its end.
    #[error("`{origin}` could not be read to its end")]
    Interrupted {
        /// The file or upload.
        origin: String,
        /// Why.
        source: std::io::Error,
    },
    /// The directory of artifacts cannot be written.
    #[error("cannot write to `{path}`")]
    Unwritable {
        /// The file or directory.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is none of dbt's artifacts.
    #[error("`{directory}` holds none of dbt's artifacts, nor does a `target` directory inside it")]
    Nothing {
        /// Where they were looked for.
        directory: Utf8PathBuf,
    },
    /// A hand-over without a file.
    #[error("no artifact was handed over")]
    Empty,
    /// Two of one kind.
    #[error("`{first}` and `{second}` are both a dbt {kind}")]
    Twice {
        /// The kind.
        kind: ArtifactKind,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// It is older than what is there.
    #[error("the {kind} `{origin}` was written {brought}, and the one that is there {there}")]
    Older {
        /// The kind.
        kind: ArtifactKind,
        /// The file or upload.
        origin: String,
        /// When what is brought was written.
        brought: DateTime<Utc>,
        /// When what is there was written.
        there: DateTime<Utc>,
    },
    /// It says that it is of the future.
    #[error("the {kind} `{origin}` says that it was written {brought}, and now it is {now}")]
    Ahead {
        /// The kind.
        kind: ArtifactKind,
        /// The file or upload.
        origin: String,
        /// When it says that it was written.
        brought: DateTime<Utc>,
        /// What our clock says.
        now: DateTime<Utc>,
    },
    /// It is of another dbt project.
    #[error(
        "the {kind} `{origin}` is of the dbt project `{brought}`, not of `{there}`, which `{project}` is"
    )]
    OtherProject {
        /// The kind.
        kind: ArtifactKind,
        /// The file or upload.
        origin: String,
        /// The project in Tailwater.
        project: ProjectName,
        /// Its package.
        there: String,
        /// The package that is brought.
        brought: String,
    },
    /// No environment of this name is known.
    #[error("project `{project}` has no environment `{name}`")]
    UnknownEnvironment {
        /// The project.
        project: ProjectName,
        /// The name.
        name: EnvironmentName,
        /// The names that are known.
        known: Vec<EnvironmentName>,
    },
    /// The environment that a project has of itself.
    #[error("`{name}` is the environment that project `{project}` has of itself")]
    OwnEnvironment {
        /// The project.
        project: ProjectName,
        /// The environment.
        name: EnvironmentName,
    },
    /// Others brought artifacts at the same time, again and again.
    #[error("other artifacts of `{project}` arrived at the same time, again and again")]
    Overtaken {
        /// The project.
        project: ProjectName,
    },
}

impl Diagnostic for IngestError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "TW-INGEST-TOO-LARGE",
            Self::BrokenGzip { .. } => "TW-INGEST-GZIP",
            Self::Interrupted { .. } => "TW-INGEST-INTERRUPTED",
            Self::Unwritable { .. } => "TW-INGEST-UNWRITABLE",
            Self::Nothing { .. } => "TW-INGEST-NOTHING",
            Self::Empty => "TW-INGEST-EMPTY",
            Self::Twice { .. } => "TW-INGEST-TWICE",
            Self::Older { .. } => "TW-INGEST-OLDER",
            Self::Ahead { .. } => "TW-INGEST-AHEAD",
            Self::OtherProject { .. } => "TW-INGEST-OTHER-PROJECT",
            Self::UnknownEnvironment { .. } => "TW-ENVIRONMENT-UNKNOWN",
            Self::OwnEnvironment { .. } => "TW-ENVIRONMENT-OWN",
            Self::Overtaken { .. } => "TW-INGEST-OVERTAKEN",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooLarge { .. } => "dbt's artifacts are smaller than that; check what was sent".to_owned(),
            Self::BrokenGzip { .. } | Self::Interrupted { .. } => {
                "nothing was changed; send the file again".to_owned()
            }
            Self::Unwritable { .. } => {
                "make the directory writable, or set `[artifacts] dir` to another; check that the disk is not full"
                    .to_owned()
            }
            Self::Nothing { .. } => {
                "run `dbt build` in the dbt project, then give the directory that it writes to, `target` by default"
                    .to_owned()
            }
            Self::Empty => "send at least a manifest.json".to_owned(),
            Self::Twice { .. } => "send one of each kind".to_owned(),
            Self::Older { .. } => {
                "nothing was changed; take it all the same with `--force` (API: `?force=true`)".to_owned()
            }
            Self::Ahead { .. } => {
                "nothing was changed; set the clock of the machine that ran dbt, or of this one; take it all the same \
                 with `--force` (API: `?force=true`)"
                    .to_owned()
            }
            Self::OtherProject { .. } => {
                "nothing was changed; name the right project, or, when the dbt project was renamed, take it with \
                 `--force` (API: `?force=true`)"
                    .to_owned()
            }
            Self::UnknownEnvironment { project, name, known } => {
                let known: Vec<&str> = known.iter().map(EnvironmentName::as_str).collect();
                format!(
                    "known are {}; make it with `tailwater environment add {project} {name}`",
                    known.join(", ")
                )
            }
            Self::OwnEnvironment { project, .. } => {
                format!("it goes with the project: `tailwater project remove {project}`")
            }
            Self::Overtaken { .. } => "send it again".to_owned(),
        })
    }
}
