//! Jobs: what runs dbt again and again, and the rules of when.
//!
//! ```text
//! Job ─▶ is it due? asked for? set off? ─▶ JobRun, queued ─▶ may it start? ─▶ running ─▶ over
//!                                             │                                    │
//!                               a newer one replaces it              again? what does it set off?
//! ```
//!
//! A *job* is a definition: the steps of dbt in a project's directory, what surrounds them, and when. A *job
//! run* is one time. Everything here is a value or a pure function: the queue is the store's, the processes
//! and clocks are the engine's. Start reading at [`Job`], then `rule.rs`.

mod definition;
mod mask;
mod rule;
mod run;
mod step;
mod trigger;

pub use definition::{
    Job, JobProblem, JobSchedule, LONGEST_TIME_LIMIT_MINUTES, MOST_RETRIES, MOST_STEPS, SHORTEST_SECRET,
    WhenLost, check_secret, check_variable_name,
};
pub use mask::{MASK, Mask, MaskedStream};
pub use rule::{AfterEnd, Candidate, Due, after_end, due, next_due, replaced_by, set_off_by, startable};
pub use run::{JobRun, JobRunCause, JobRunMode, JobRunState, NodeCounts, NodeRunSummary, StepRun, StepState};
pub use step::{Step, StepProblem};
pub use trigger::{AfterJob, CompletionOn, find_loop};
