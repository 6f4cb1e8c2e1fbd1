//! Jobs: dbt run again and again, at set times or when asked, by any node that has a free slot.
//!
//! ```text
//! tailwater.toml, store ─▶ JobEntry ─▶ clockwork, a person, the API, a webhook, another job's end
//!                                              │
//!                                              ▼ one row of the queue
//!            JobRuntime: slots ─▶ claim ─▶ run: each step by a StepRunner ─▶ log, nodes, artifacts ─▶ end
//!                          └─▶ signs of life; runs whose node gave none are ended as lost
//! ```
//!
//! The rules are pure and stand in `tailwater_core::job`; what only one may do is decided in the store. Here
//! are the processes, the files and the clock. Start reading at [`JobRuntime`], then `run.rs`.

mod definition;
mod error;
mod log;
mod queue;
mod run;
mod runtime;
mod schedule;
mod step;

pub(crate) use definition::check_declared;
pub use definition::{JobEntry, JobSecretState};
pub use error::JobError;
pub use log::{LogPiece, MOST_LOG_BYTES};
pub use queue::{JobRunQuery, KeptArtifact, QueueState};
pub use runtime::{JobRuntime, WorkerOptions};
pub use schedule::NextJobRun;
pub use step::{DbtStepRunner, StepEnd, StepHeard, StepRequest, StepRunner};

/// Below which path of the catalog's address webhooks stand; the secret follows.
pub const WEBHOOKS: &str = "/hooks";
/// How often a sign of life is given.
pub const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(5);
/// After how long without one a node is taken for dead.
pub const LIFETIME: std::time::Duration = std::time::Duration::from_secs(30);
