//! What is wrong with a job, or with a run of one.

use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{JobName, JobRunId};
use tailwater_core::job::JobProblem;

/// What is wrong with a job, or with a run of one.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// No job of this name is known.
    #[error("no job is called `{name}`")]
    Unknown {
        /// The name.
        name: JobName,
    },
    /// A job of this name exists.
    #[error("a job `{name}` already exists")]
    Exists {
        /// The name.
        name: JobName,
    },
    /// The job is declared in the file.
    #[error("the job `{name}` is declared in `tailwater.toml`")]
    FromFile {
        /// The name.
        name: JobName,
    },
    /// What is said of it makes no job.
    #[error("the job `{name}` cannot be: {problem}")]
    Invalid {
        /// The name.
        name: JobName,
        /// Why.
        problem: Box<JobProblem>,
    },
    /// It waits for a job that is not there.
    #[error("the job `{name}` runs after `{after}`, and no job is called so")]
    UnknownBefore {
        /// The name.
        name: JobName,
        /// The other.
        after: JobName,
    },
    /// No run has this id.
    #[error("there is no run `{id}`")]
    UnknownRun {
        /// The id.
        id: JobRunId,
    },
    /// The run is over, or not over yet.
    #[error("the run `{id}` {reason}")]
    RunState {
        /// The run.
        id: JobRunId,
        /// Why not.
        reason: &'static str,
    },
    /// A secret variable has no value anywhere.
    #[error("the secret variable `{variable}` of the job `{name}` has no value")]
    NoSecret {
        /// The job.
        name: JobName,
        /// The variable.
        variable: String,
    },
    /// The address of the storage is none.
    #[error("`[artifacts] url` is no storage: {problem}")]
    ArchiveAddress {
        /// Why; never the address, which may hold a password in an unexpected place.
        problem: String,
    },
    /// The storage failed.
    #[error("cannot {action} the storage {place}")]
    Archive {
        /// Which.
        place: String,
        /// What was tried.
        action: &'static str,
        /// What it says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file of a run on this machine.
    #[error("cannot use `{path}` for the run")]
    Work {
        /// The file or directory.
        path: camino::Utf8PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Diagnostic for JobError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "TW-JOB-UNKNOWN",
            Self::Exists { .. } => "TW-JOB-EXISTS",
            Self::FromFile { .. } => "TW-JOB-FROM-FILE",
            Self::Invalid { .. } => "TW-JOB-INVALID",
            Self::UnknownBefore { .. } => "TW-JOB-UNKNOWN-BEFORE",
            Self::UnknownRun { .. } => "TW-JOB-UNKNOWN-RUN",
            Self::RunState { .. } => "TW-JOB-RUN-STATE",
            Self::NoSecret { .. } => "TW-JOB-NO-SECRET",
            Self::ArchiveAddress { .. } => "TW-ARCHIVE-ADDRESS",
            Self::Archive { .. } => "TW-ARCHIVE-FAILED",
            Self::Work { .. } => "TW-JOB-WORK",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown { .. } | Self::UnknownBefore { .. } => {
                "`tailwater job list` shows the jobs that there are"
            }
            Self::Exists { .. } => "choose another name, or change it with `tailwater job set`",
            Self::FromFile { .. } => "change it there; it is read when the server starts",
            Self::Invalid { .. } => "docs/jobs.md says what a job can be",
            Self::UnknownRun { .. } => "`tailwater job runs` shows the runs that are kept",
            Self::RunState { .. } => return None,
            Self::NoSecret { name, variable } => {
                return Some(format!(
                    "store it with `tailwater job secret {name} {variable}`, or set it in the environment of \
                     every process that runs jobs"
                ));
            }
            Self::ArchiveAddress { .. } => "write `s3://BUCKET/PREFIX`, or leave `url` out for a directory",
            Self::Archive { .. } => {
                "check the address, the credentials in the environment (`AWS_…`) and that the bucket exists; \
                 docs/high-availability.md has the details"
            }
            Self::Work { .. } => "make room and the directory of `[artifacts] dir` writable",
        };
        Some(hint.to_owned())
    }
}
