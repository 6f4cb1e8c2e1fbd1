//! Refreshing: decisions become rows, rows become calls, calls become ends.
//!
//! ```text
//! plan ─▶ ask_refreshes ─▶ rows in the store ─▶ Refresher: claim ─▶ send ─▶ watch ─▶ over
//!                                                             └──▶ recover: was it sent?
//! ```
//!
//! The row is written before the call ("sending"), the tool's job right after. Whoever finds a row that says
//! "sending" and names no job looks among the tool's jobs before anything is sent again; see
//! `docs/decisions/0002-a-refresh-is-a-row-before-it-is-a-call.md`.

mod adopt;
mod ask;
mod code;
mod end;
mod intent;
mod recover;
mod refresher;
mod send;
mod tuning;
mod watch;
mod work;

pub use ask::AskedRefreshes;
pub use refresher::{RefreshMetrics, Refresher, Until};
pub use tailwater_store::{
    AskOutcome, CancelOutcome, RefreshCursor, RefreshFilter, RefreshPage, RefreshPause,
};
pub use tuning::Tuning;
