//! Health: whether what stands behind a resource is good, with the reason for every state in words.
//!
//! ```text
//! nodes + graph + last results + now ─▶ assess ─▶ Health for each node: state, reasons, checks
//! data sources of an exposure        ─▶ refresh ─▶ Refresh: the BI side, never merged into Health
//! ```
//!
//! The rules are dbt's own, written down with every choice in `docs/health.md`. All of it is pure: the
//! moment comes in as `now`, the results as [`crate::history::NodeStates`].
//!
//! Start reading at [`HealthState`], then [`assess`].

mod age;
mod assess;
mod check;
mod exposure;
mod freshness;
mod limit;
mod model;
mod reason;
mod refresh;
mod scene;
mod source;
mod state;
mod tests_of;
mod tile;
mod upstream;
mod verdict;
mod word;

pub use age::{DataAge, data_age, newest_build};
pub use assess::{Input, assess, is_judged};
pub use check::{Check, CheckKind};
pub use limit::{GRACE, stale_at};
pub use reason::{Phrase, Reason, ReasonKey};
pub use refresh::{ExtractSource, Failure, Refresh, RefreshState, SourceRefresh, extract_sources, refresh};
pub use scene::tested_nodes;
pub use state::{Health, HealthCounts, HealthState};
pub use tile::{FreshnessStatus, Quality};

use chrono::TimeDelta;

/// How long a build and a check of freshness count: the 30 days of dbt's rules. A result exactly as old
/// still counts.
pub const VALID_FOR: TimeDelta = TimeDelta::days(30);

/// How many of the nodes that caused a reason are named; the rest are counted.
pub const LONGEST_LIST: usize = 10;
