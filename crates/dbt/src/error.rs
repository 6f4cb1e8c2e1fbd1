//! Everything that can be wrong with a file that should be a dbt artifact, or with a command that should run dbt.

use camino::Utf8PathBuf;
use tailwater_core::diagnostic::Diagnostic;

use crate::artifact::ArtifactKind;

/// Why an artifact could not be read or dbt not be run. Every variant names the file or text it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at the path.
    #[error("no file or directory at `{path}`")]
    NotFound {
        /// Where it should have been.
        path: Utf8PathBuf,
        /// What was looked for.
        wanted: ArtifactKind,
    },
    /// The directory is there, but dbt did not leave the artifact in it.
    #[error("directory `{directory}` holds no `{}`, nor does a `target` directory inside it", .wanted.file_name())]
    NotInDirectory {
        /// The directory that was searched.
        directory: Utf8PathBuf,
        /// What was looked for.
        wanted: ArtifactKind,
    },
    /// The operating system refused to hand the file over.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// The file or directory.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file has no content.
    #[error("`{origin}` is empty")]
    Empty {
        /// The file.
        origin: String,
    },
    /// The JSON stops before its end.
    #[error("`{origin}` is cut off: its JSON stops unfinished after {length} bytes")]
    Truncated {
        /// The file.
        origin: String,
        /// How many bytes there are.
        length: usize,
    },
    /// It is not well-formed JSON.
    #[error("`{origin}` is not valid JSON at line {line}, byte {offset}")]
    Malformed {
        /// The file.
        origin: String,
        /// The line, from 1.
        line: usize,
        /// The byte from the file's start, from 0.
        offset: usize,
        /// What the parser found wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It is not JSON at all, but something recognisable.
    #[error("`{origin}` is {seems}, not the JSON of a dbt {wanted}")]
    OtherFormat {
        /// The file.
        origin: String,
        /// What it seems to be, with its article: `an HTML page`.
        seems: &'static str,
        /// What was wanted.
        wanted: ArtifactKind,
    },
    /// It is JSON, but no dbt artifact.
    #[error("`{origin}` is not a dbt artifact: {seems}")]
    NotAnArtifact {
        /// The file.
        origin: String,
        /// What it seems to be.
        seems: String,
        /// What was wanted.
        wanted: ArtifactKind,
    },
    /// It is an artifact, but another one.
    #[error("`{origin}` is a dbt {found}, not a {wanted}")]
    WrongArtifact {
        /// The file.
        origin: String,
        /// What it says it is.
        found: String,
        /// What was wanted.
        wanted: ArtifactKind,
    },
    /// Its schema is older than what this release reads.
    #[error(
        "`{origin}` is a dbt {wanted} of schema v{version}, written by {writer}; v{oldest} is the oldest that can be read"
    )]
    TooOld {
        /// The file.
        origin: String,
        /// What was wanted.
        wanted: ArtifactKind,
        /// The schema's version in the file.
        version: u32,
        /// The oldest version that can be read.
        oldest: u32,
        /// The dbt that wrote it.
        writer: String,
    },
    /// A file of the project is not YAML, or not of the shape that dbt gives it.
    #[error("`{origin}` cannot be read as YAML: {problem}")]
    Yaml {
        /// The file.
        origin: String,
        /// What the reader found wrong, and where.
        problem: String,
    },
    /// The program that should run dbt is not there.
    #[error("there is no program `{program}` to run")]
    ProgramNotFound {
        /// Its name or path.
        program: String,
    },
    /// The program that should run dbt is there, but cannot be started.
    #[error("`{program}` cannot be started")]
    NotStarted {
        /// Its name or path.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The directory that dbt should run in is not there.
    #[error("there is no directory `{path}` to run dbt in")]
    NoDirectory {
        /// The directory.
        path: Utf8PathBuf,
    },
    /// Among the words of a command none calls dbt.
    #[error("`{line}` does not seem to run dbt: none of its words is `{name}`")]
    NotDbt {
        /// The command.
        line: String,
        /// The word that was looked for.
        name: String,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "TW-DBT-NOT-FOUND",
            Self::NotInDirectory { .. } => "TW-DBT-NOT-IN-DIRECTORY",
            Self::Unreadable { .. } => "TW-DBT-UNREADABLE",
            Self::Empty { .. } => "TW-DBT-EMPTY",
            Self::Truncated { .. } => "TW-DBT-TRUNCATED",
            Self::Malformed { .. } => "TW-DBT-MALFORMED",
            Self::OtherFormat { .. } => "TW-DBT-OTHER-FORMAT",
            Self::NotAnArtifact { .. } => "TW-DBT-NOT-AN-ARTIFACT",
            Self::WrongArtifact { .. } => "TW-DBT-WRONG-ARTIFACT",
            Self::TooOld { .. } => "TW-DBT-TOO-OLD",
            Self::Yaml { .. } => "TW-DBT-YAML",
            Self::ProgramNotFound { .. } => "TW-DBT-NO-PROGRAM",
            Self::NotStarted { .. } => "TW-DBT-NOT-STARTED",
            Self::NoDirectory { .. } => "TW-DBT-NO-DIRECTORY",
            Self::NotDbt { .. } => "TW-DBT-NOT-DBT",
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotFound { wanted, .. } | Self::NotInDirectory { wanted, .. } => format!(
                "Run {} in the dbt project, then give the path of `{}` or of the directory that holds it.",
                wanted.command(),
                wanted.file_name()
            ),
            Self::Unreadable { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    "Let the user that runs Tailwater read the file and enter its directories.".to_owned()
                }
                _ => "Check the path and the disk it is on.".to_owned(),
            },
            Self::Empty { .. } | Self::Truncated { .. } => {
                "dbt may still be writing it, or a download or a full disk cut it short. Let dbt finish, or copy \
                 the file again."
                    .to_owned()
            }
            Self::Malformed { .. } => {
                "The file was changed or damaged after dbt wrote it. Let dbt write it again.".to_owned()
            }
            Self::OtherFormat { seems, wanted, .. } => {
                if seems.contains("HTML") {
                    format!(
                        "A download that needs a sign-in often leaves such a page. Fetch `{}` again, or take it from \
                         the target directory.",
                        wanted.file_name()
                    )
                } else if seems.contains("compressed") || seems.contains("archive") {
                    format!("Unpack it and give the path of `{}`.", wanted.file_name())
                } else {
                    format!(
                        "Give the path of `{}` in dbt's target directory; {} writes it.",
                        wanted.file_name(),
                        wanted.command()
                    )
                }
            }
            Self::NotAnArtifact { wanted, .. } | Self::WrongArtifact { wanted, .. } => format!(
                "Give the path of `{}` in dbt's target directory; {} writes it.",
                wanted.file_name(),
                wanted.command()
            ),
            Self::TooOld { .. } => {
                "Upgrade dbt to 1.0 or newer in the project and let it write its artifacts again.".to_owned()
            }
            Self::Yaml { .. } => "`dbt parse` says what is wrong with it as well; mend it there.".to_owned(),
            Self::ProgramNotFound { .. } => {
                "Install dbt, or activate its virtual environment, or give the whole path of `dbt`.".to_owned()
            }
            Self::NotStarted { .. } => "Check that it is a program and may be executed.".to_owned(),
            Self::NoDirectory { .. } => "Give the directory of the dbt project.".to_owned(),
            Self::NotDbt { .. } => "If dbt has another name there, say which with `--dbt NAME` or `TAILWATER_DBT`: \
                                    everything after that word is dbt's."
                .to_owned(),
        };
        Some(text)
    }
}
