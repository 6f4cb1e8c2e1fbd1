//! Why exposures could not be exported.

use camino::Utf8PathBuf;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{NodeId, ProjectName};

/// An export that was not made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A directory or file of the project cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The directory or file.
        path: Utf8PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file cannot be written or removed.
    #[error("cannot write `{path}`")]
    Unwritable {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The directory is in another dbt project.
    #[error("`{directory}` is the dbt project `{found}`, but project `{project}` is the package `{wanted}`")]
    OtherProject {
        /// The directory of the `dbt_project.yml`.
        directory: Utf8PathBuf,
        /// Its name there.
        found: String,
        /// The package of the manifest.
        wanted: String,
        /// The project's name in Tailwater.
        project: ProjectName,
    },
    /// The project holds generated files of the same exposures in another directory.
    #[error("`{path}` already holds the exposure `{exposure}`, which dbt lets the project declare only once")]
    Elsewhere {
        /// The generated file.
        path: Utf8PathBuf,
        /// One of the exposures.
        exposure: NodeId,
    },
    /// Manual exposures can only be edited where they are.
    #[error("no `dbt_project.yml` is above `{directory}`, so the files of manual exposures are not known")]
    NoProjectFile {
        /// The directory that was given.
        directory: Utf8PathBuf,
    },
}

impl Diagnostic for ExportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "TW-EXPORT-UNREADABLE",
            Self::Unwritable { .. } => "TW-EXPORT-UNWRITABLE",
            Self::OtherProject { .. } => "TW-EXPORT-OTHER-PROJECT",
            Self::Elsewhere { .. } => "TW-EXPORT-ELSEWHERE",
            Self::NoProjectFile { .. } => "TW-EXPORT-NO-PROJECT-FILE",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => {
                "check that it is a directory, or a text file in UTF-8, which this user may read".to_owned()
            }
            Self::Unwritable { .. } => {
                "check that there is room and that this user may write there; what was written before is whole".to_owned()
            }
            Self::OtherProject { .. } => {
                "run it in the directory of the other project, or name the project with `--project`".to_owned()
            }
            Self::Elsewhere { path, .. } => format!(
                "export to its directory, or move `{path}` and the other generated files to the new one first"
            ),
            Self::NoProjectFile { .. } => {
                "give a directory inside the dbt project, such as `--dir models/exposures` at its root".to_owned()
            }
        })
    }
}
