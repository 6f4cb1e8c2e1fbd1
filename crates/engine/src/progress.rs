//! How far a sync has come, in the words that people follow it by.
//!
//! ```text
//! signed in ─▶ projects ─▶ workbooks ─▶ tables ─▶ matched ─▶ published
//! ```
//!
//! A connector tells of many phases in its own words ([`Step`]); each belongs to one stage.

use serde::Serialize;
use tailwater_bi::{Check, Progress, Step};

/// A stage of a sync, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The server let us in.
    SignedIn,
    /// The collections are known.
    Projects,
    /// The assets of the chosen collections are known.
    Workbooks,
    /// What they stand on is known.
    Tables,
    /// Tables are linked with dbt's nodes.
    Matched,
    /// The exposures are in the store.
    Published,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::SignedIn,
        Self::Projects,
        Self::Workbooks,
        Self::Tables,
        Self::Matched,
        Self::Published,
    ];

    /// The stage with the number of what it found: `14 projects`, or its name alone.
    pub fn title(self, count: Option<usize>) -> String {
        let (alone, one, many) = match self {
            Self::SignedIn => return "Signed in".to_owned(),
            Self::Projects => ("Projects", "project", "projects"),
            Self::Workbooks => ("Workbooks", "workbook", "workbooks"),
            Self::Tables => ("Tables", "table", "tables"),
            Self::Matched => ("Matched", "table matched", "tables matched"),
            Self::Published => ("Published", "exposure published", "exposures published"),
        };
        match count {
            None => alone.to_owned(),
            Some(1) => format!("1 {one}"),
            Some(count) => format!("{count} {many}"),
        }
    }

    /// The stage to which a connector's phase belongs.
    pub(crate) fn of_phase(phase: &str) -> Self {
        match phase {
            "projects" => Self::Projects,
            "workbooks" | "views" | "data sources" => Self::Workbooks,
            _ => Self::Tables,
        }
    }
}

/// Hears how far a sync has come.
pub trait SyncProgress: Progress {
    /// A stage is done, and found so much.
    fn reached(&self, stage: Stage, count: usize);
}

/// A listener that cares for the connector's steps alone.
pub(crate) struct Quiet<'p>(pub(crate) &'p dyn Progress);

impl Progress for Quiet<'_> {
    fn report(&self, step: Step) {
        self.0.report(step);
    }

    fn line(&self, check: &Check) {
        self.0.line(check);
    }
}

impl SyncProgress for Quiet<'_> {
    fn reached(&self, _: Stage, _: usize) {}
}
