//! Taking over what dbt wrote: manifest, run results, freshness of sources, catalog.
//!
//! ```text
//! bytes ─▶ Intake::receive: to disk, unpacked, counted ─▶ recognised by content and read
//!        ─▶ judged against what is there: newer? same project? ─▶ renamed into place ─▶ rows in the store
//! ```
//!
//! All artifacts of one hand-over land together or not at all. A file is in its place before its row names
//! it, so that a process that is killed at any point leaves what was there in use; files without a row are
//! swept at the next hand-over. What lies at a path that is watched is not copied: only its runs are recorded.
//!
//! Start reading at [`Intake`], then `judge.rs`.

mod error;
mod intake;
mod judge;
mod land;
mod receive;
mod watched;

pub use error::IngestError;
pub use intake::{IngestOutcome, IngestReport, IngestRequest, IngestedArtifact, Intake};
pub(crate) use land::shared_key;
pub use receive::LARGEST;
pub(crate) use receive::{hexadecimal, make_directory};
