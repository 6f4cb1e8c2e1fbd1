//! Refreshes: what was decided of each target, who works at it, and what came of it.
//!
//! ```text
//! ask_refreshes ─▶ queued ─▶ claim_refreshes ─▶ note_refresh: sending ─▶ running ─▶ over
//!                    ▲          │ lease             (each only with the lease in hand)
//!                    └──────────┴─ a holder that gives no sign of life loses it: somebody else goes on
//! ```
//!
//! Three things are kept here and nowhere else, because only a transaction can keep them: one target has at
//! most one open refresh, one refresh has at most one holder, and a site gets no more refreshes at once and in
//! an hour than it may, however many processes claim. Every transaction that changes a refresh first takes the
//! one row of `refresh_revision`; so they come one after the other, and numbers of changes grow in the order
//! in which the changes are seen.

mod ask;
mod cancel;
mod claim;
mod last;
mod list;
mod note;
mod pause;
mod row;

pub use ask::{AskOutcome, RefreshAsk, new_refresh_id};
pub use cancel::CancelOutcome;
pub use claim::{ClaimRequest, Claimed, RefreshClaim};
pub use list::{RefreshCursor, RefreshFilter, RefreshPage};
pub use note::{Noted, SignOfLife};
pub use pause::RefreshPause;
pub use row::RefreshStand;
