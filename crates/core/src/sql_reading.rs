//! What was read out of a piece of custom SQL, in the words that resolving needs.

use serde::{Deserialize, Serialize};

use crate::confidence::Confidence;

/// The upstream tables of one SQL text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlReading {
    /// The tables that it reads, as written.
    pub tables: Vec<SqlTable>,
    /// How they were found.
    pub confidence: Confidence,
    /// The parser's complaint, when its own dialect's grammar refused the text.
    pub error: Option<String>,
}

/// A table in SQL text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SqlTable {
    /// The name's parts as written, unquoted, outermost first.
    pub parts: Vec<String>,
    /// The columns of it that are read, sorted; empty when unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}
