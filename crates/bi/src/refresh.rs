//! What a connector offers for refreshing extracts, whatever the BI tool.
//!
//! Asking for a refresh is the one call that must not be sent twice. So its outcome says, beside what the tool
//! answered, whether the call may have come through without an answer: [`Start::Unanswered`]. An error means that
//! it surely did not.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tailwater_core::refresh::TargetKind;
use tokio::time::Instant;

use crate::error::Error;

/// Refreshes extracts and tells how that goes. Signs in like [`Connector`](crate::Connector), with its session.
/// Whatever the tool's clock shows, instants are by this machine's.
#[async_trait]
pub trait ExtractRefresher: Send + Sync {
    /// Asks for a refresh, once. With `incremental` only new rows are taken over, where the tool can. Everything that
    /// the call needs, such as a session, is made ready first; then the clearance is asked.
    ///
    /// # Errors
    /// When the call was surely not accepted, so that it may be sent again: the server is not reached, or the
    /// sign-in fails.
    async fn start_refresh(
        &self,
        target: &TargetRef,
        incremental: bool,
        clearance: &mut dyn Clearance,
    ) -> Result<Start, Error>;

    /// How a job stands.
    async fn fetch_job(&self, job: &str) -> Result<JobAnswer, Error>;

    /// The jobs that refresh a target and were made at that instant or later; the newest first.
    async fn find_jobs(&self, target: &TargetRef, since: DateTime<Utc>) -> Result<FoundJobs, Error>;

    /// Asks the tool to cancel a job, which it does in its own time.
    async fn cancel_job(&self, job: &str) -> Result<CancelAnswer, Error>;

    /// When the extract of a target was last refreshed, of several the oldest; `None` when that is not told.
    async fn fetch_extract_time(&self, target: &TargetRef) -> Result<Option<DateTime<Utc>>, Error>;
}

/// Who says whether the call may go out. Asked directly before it does, and again before it is repeated because the
/// session was refused: minutes may lie between the two, and others may have taken over meanwhile.
#[async_trait]
pub trait Clearance: Send {
    /// Until when the call must be over; it is broken off then. `None` when it must not be made.
    async fn clear(&mut self) -> Option<Instant>;
}

/// What is to be refreshed, as the tool knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRef {
    /// What it is.
    pub kind: TargetKind,
    /// The tool's id (Tableau: the LUID).
    pub id: String,
    /// Its name, by which jobs are found.
    pub name: String,
}

/// What came of asking for a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The tool has taken it.
    Started {
        /// Its job.
        job: String,
        /// When the job was made.
        created_at: Option<DateTime<Utc>>,
    },
    /// A job for the target is waiting or at work already; which one, the tool does not say.
    AlreadyQueued {
        /// The tool's own words.
        message: String,
    },
    /// The tool will not do it.
    Refused(Refusal),
    /// The tool takes no more for now; it was not accepted.
    Throttled {
        /// For how long, when told.
        retry_after: Option<Duration>,
        /// The tool's own words.
        message: String,
    },
    /// No answer that says whether it came through. It must not be sent again before that is known.
    Unanswered(Error),
    /// The call was not made: it was not cleared.
    Withheld,
}

/// Why a tool refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of reason it is.
    pub kind: RefusalKind,
    /// The tool's code.
    pub code: String,
    /// The tool's own words.
    pub message: String,
    /// What mends it.
    pub hint: Option<String>,
}

/// Kinds of reasons to refuse a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// It holds no extract.
    NoExtract,
    /// The token's user may not.
    Forbidden,
    /// It is not there any more.
    Gone,
    /// The site does not allow refreshes on demand.
    Disabled,
    /// Anything else.
    Other,
}

/// A job of the tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolJob {
    /// Its id.
    pub id: String,
    /// What it refreshes, by kind and the tool's id, when told.
    pub target: Option<(TargetKind, String)>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When and how it ended, once it has.
    pub end: Option<JobEnd>,
    /// What the tool says about it.
    pub message: Option<String>,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobEnd {
    /// When.
    pub at: DateTime<Utc>,
    /// How.
    pub how: JobOutcome,
}

/// The ways in which a job ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// The data are there.
    Succeeded,
    /// It failed.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// It ended with a code that is not known, or with none.
    Unclear,
}

/// The answer to the question how a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobAnswer {
    /// It is there.
    Known(ToolJob),
    /// The tool does not know it (any more).
    Unknown,
    /// The token's user may not see it.
    Hidden {
        /// The tool's own words.
        message: String,
    },
}

/// The jobs that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundJobs {
    /// These; the newest first.
    Listed {
        /// The jobs of the target.
        jobs: Vec<ToolJob>,
        /// Whether the list was told to its end: where it was not, a job that is not among these may be there.
        is_whole: bool,
    },
    /// The token's user may not see the list.
    Hidden {
        /// The tool's own words.
        message: String,
    },
}

/// The answer to the wish to cancel a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// The tool will do it in its own time.
    Asked,
    /// The job is over, or not there.
    Over,
    /// The tool will not.
    Refused {
        /// The tool's own words.
        message: String,
    },
}
