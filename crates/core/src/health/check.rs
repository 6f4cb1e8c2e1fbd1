//! Checks: what was looked at, good or not.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::reason::Phrase;
use super::state::HealthState;

/// What a check looks at. The order is that of rows on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Whether the sources upstream, or the source itself, are fresh.
    Freshness,
    /// Whether it, or the models it stands on, were built.
    Build,
    /// Whether the tests passed.
    Tests,
    /// Whether it is described.
    Description,
}

impl CheckKind {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Freshness => "freshness",
            Self::Build => "build",
            Self::Tests => "tests",
            Self::Description => "description",
        }
    }
}

/// One row: what was looked at, how it stands, where and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub kind: CheckKind,
    /// Its name for people, such as "Freshness of sources".
    pub title: std::borrow::Cow<'static, str>,
    /// How it stands; `None` where there is nothing to look at, such as no source with a freshness.
    pub state: Option<HealthState>,
    /// Where, in pieces of which nodes can be linked: "2 of 2", "stg_orders, failed".
    pub phrases: Vec<Phrase>,
    /// When: of the results that decided the state, the last; `None` where nothing ran.
    pub at: Option<DateTime<Utc>>,
}

impl Check {
    /// Where, as plain text. Untrusted: it has names of nodes in it.
    pub fn place(&self) -> String {
        self.phrases.iter().map(Phrase::as_str).collect()
    }
}
