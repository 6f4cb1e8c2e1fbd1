//! Running one dbt command, with refreshes as soon as what they stand on is built and tested.
//!
//! ```text
//! DbtRunRequest ─▶ DbtCommand::start ─▶ Heard ─┬─ output, lines, events ─▶ RunSink
//!                                              └─ NodeFinished ─▶ BuildState ─▶ Planner ─▶ ask_refreshes, at once
//!                  at its end: artifacts ─▶ ingest ─▶ plan of everything else ─▶ ask_refreshes
//! ```
//!
//! During the build and after it one rule decides, [`tailwater_core::refresh::Planner`]: a target whose nodes and tests
//! have all ended is decided at once, every other one waits. Which nodes and tests are still going to end is known
//! from the manifest, which dbt writes before it runs the first node, and where the command selects from `dbt ls`,
//! which runs meanwhile. Where neither tells, everything waits for the end: late is better than on bad data.
//!
//! Start reading at [`run`].

mod artifact;
mod expectation;
mod live;
mod request;
mod run;
mod secret;
mod sink;

pub use request::{DbtRunOutcome, DbtRunRequest, RefreshRequest};
pub use run::run;
pub use sink::{RunSink, Silent};
pub use tailwater_dbt::command::{DbtCommand, DbtExit, DbtWords, Lines, Stop, Stream, Subcommand, find_dbt};
pub use tailwater_dbt::log::{DbtEvent, EndOfRun, Level, NodeEnd, NodeStart, Stats, plain};
