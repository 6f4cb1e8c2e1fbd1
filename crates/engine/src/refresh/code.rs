//! The codes of refreshes, one place for all.

/// The tool holds no extract of it.
pub(super) const NO_EXTRACT: &str = "TW-REFRESH-NO-EXTRACT";
/// The token's user may not refresh it.
pub(super) const FORBIDDEN: &str = "TW-REFRESH-FORBIDDEN";
/// It is not there any more.
pub(super) const GONE: &str = "TW-REFRESH-GONE";
/// The site does not allow refreshes on demand.
pub(super) const DISABLED: &str = "TW-REFRESH-DISABLED";
/// The tool refused for another reason.
pub(super) const REFUSED: &str = "TW-REFRESH-REFUSED";
/// The tool's job failed.
pub(super) const JOB_FAILED: &str = "TW-REFRESH-JOB-FAILED";
/// The tool's job was cancelled.
pub(super) const CANCELLED: &str = "TW-REFRESH-CANCELLED";
/// The tool's job ended with a code that is not known.
pub(super) const UNCLEAR: &str = "TW-REFRESH-UNCLEAR";
/// The tool's job took longer than is waited for.
pub(super) const TIMED_OUT: &str = "TW-REFRESH-TIMED-OUT";
/// Nobody can tell whether the tool took it.
pub(super) const UNKNOWN: &str = "TW-REFRESH-UNKNOWN";
/// The tool does not know its job any more.
pub(super) const JOB_GONE: &str = "TW-REFRESH-JOB-GONE";
/// A job was there already, and is watched in place of one of ours.
pub(super) const ADOPTED: &str = "TW-REFRESH-ADOPTED";
/// A job was there already, but cannot be found.
pub(super) const ALREADY_QUEUED: &str = "TW-REFRESH-ALREADY-QUEUED";
/// The tool takes no more for now.
pub(super) const THROTTLED: &str = "TW-REFRESH-THROTTLED";
/// The jobs are hidden from the token's user, so that the extract's date is watched.
pub(super) const JOBS_HIDDEN: &str = "TW-REFRESH-JOBS-HIDDEN";
/// The integration, or its side that refreshes, is not there.
pub(super) const NO_INTEGRATION: &str = "TW-REFRESH-NO-INTEGRATION";
