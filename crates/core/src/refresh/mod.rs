//! Refreshing extracts: what is refreshed as one, when it may be, what was decided and what came of it.
//!
//! ```text
//! inventory + exposures ─▶ Target ─┐
//!        policies ─▶ Policy ───────┼─▶ plan ─▶ Decision ─▶ RefreshRecord ─▶ the refresher asks the BI tool
//! what dbt built, last refreshes ──┘
//! ```
//!
//! A target is what the BI tool refreshes in one go: a workbook with its embedded extracts, or a published data
//! source, once, however many workbooks use it. The plan decides of each target alone: refresh it, wait, skip
//! it or hold it, always with a reason. It is a pure function, so the same question has the same answer on
//! the command line, in a job and on a page.
//!
//! Start reading at [`targets`], then [`Planner`].

mod build_state;
mod candidate;
#[cfg(test)]
mod case;
mod decision;
mod last;
mod layer;
mod moment;
mod plan;
mod planner;
mod policy;
mod record;
mod target;
mod targets;
mod verdict;
mod word;

pub use crate::id::RefreshId;
pub use build_state::BuildState;
pub use candidate::{Candidate, Waiver};
pub use decision::{Decision, Hold, Skip, Verdict};
pub use last::{LastRefresh, RefreshEnd};
pub use layer::{EffectivePolicy, NoPolicyScope, POLICY_FIELDS, PolicyLayer, PolicyPlace, PolicySource};
pub use moment::{deadline, end_of_quiet_hours};
pub use plan::{PlanCounts, RefreshPlan};
pub use planner::Planner;
pub use policy::{Policy, PolicyPart, PolicyScope, QuietHours};
pub use record::{RefreshCause, RefreshOrigin, RefreshOutcome, RefreshRecord};
pub use target::{Refreshability, Target, TargetId, TargetKind};
pub use targets::targets;
pub use word::{hold_words, outcome_words, skip_words, span_words, verdict_words};
