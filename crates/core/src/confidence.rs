//! How sure an answer read out of SQL text is.

use serde::{Deserialize, Serialize};

/// The way in which SQL text gave up its tables, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Parsed in its own dialect; scopes resolved.
    Parsed,
    /// Its own dialect refused it, another accepted it; scopes resolved.
    Retried,
    /// No grammar accepted it; tables were found by scanning its tokens.
    Scanned,
}

impl Confidence {
    /// The word used in JSON and on pages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parsed => "parsed",
            Self::Retried => "retried",
            Self::Scanned => "scanned",
        }
    }
}
