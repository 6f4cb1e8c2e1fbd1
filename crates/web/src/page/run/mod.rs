//! Runs of jobs: the queue, what runs, and what came of each.
//!
//! ```text
//! /runs ─▶ /runs/{id}        steps, timeline of nodes and refreshes, node results, log; live while it runs
//!              ├▶ /log       the log as text
//!              └▶ /cancel, /again, /retry
//! ```

pub mod act;
pub mod list;
pub mod log;
mod node;
pub mod show;
mod timeline;
