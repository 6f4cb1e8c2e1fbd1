//! Jobs: definitions, sealed variables, the queue of runs and who works at it.
//!
//! ```text
//! enqueue ─▶ queued ─▶ claim (lease) ─▶ running ─▶ note … note ─▶ end ─▶ what follows is queued
//!              │ a newer scheduled run        │                     ▲       in the same transaction
//!              ▼                              └─ no sign of life ───┘
//!           replaced                             somebody else ends it as lost
//! ```
//!
//! Three things only a transaction can keep, and it does: a set time is answered by one run, runs of one job
//! follow one another, and a run has one holder. Rules are asked of `tailwater_core::job`.

mod claim;
mod clock;
mod definition;
mod end;
mod list;
mod queue;
mod row;
pub(crate) mod secret;
mod worker;

pub use claim::{JobRunClaim, JobRunSign};
pub use end::{JobCancelOutcome, LostJobRun};
pub use list::{JobQueueCounts, JobRunCursor, JobRunFilter, JobRunPage};
pub use queue::{JobEnqueued, new_job_run_id};
pub use worker::WorkerRecord;
