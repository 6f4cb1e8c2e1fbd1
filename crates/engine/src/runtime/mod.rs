//! The work of a serving process, without HTTP: syncs in the background that can be watched and stopped,
//! checks of connections line by line, and the clockwork that starts what is due.
//!
//! ```text
//! a page, the API ─▶ start_sync ─┐                       ┌─▶ snapshot, subscribe: LiveSync
//! the clockwork ───▶ next_due ───┴─▶ one run at a time ──┤
//!                                    per integration     └─▶ after landing: who wants to know (the catalog)
//! ```
//!
//! Asking for a sync while one runs joins it, unless the selection has changed since it began: then one more
//! waits behind it. Several processes on one store keep from running twice by the lease on the token, and by
//! looking at the history again once they hold it.

mod check;
mod clockwork;
mod live;
mod run;

pub use check::{CheckId, CheckLine, LiveCheck, Subject};
pub use live::{LiveStage, LiveState, LiveSync, LogLine, StageState};
pub use run::Runtime;
