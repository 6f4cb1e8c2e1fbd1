//! What was read out of a piece of custom SQL, in the words that resolving needs.

use serde::{Deserialize, Serialize};

use crate::confidence::Confidence;
use crate::relation::fold;

/// The upstream tables of one SQL text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlReading {
    /// The tables that it reads, as written.
    pub tables: Vec<SqlTable>,
    /// How they were found.
    pub confidence: Confidence,
    /// The parser's complaint, when its own dialect's grammar refused the text.
    pub error: Option<String>,
    /// What it reads beside tables of the warehouse, or under a name that the text alone does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<SqlRemark>,
}

/// Something that SQL text reads and that is no table by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SqlRemark {
    /// A table behind a database link: it is also among the tables, under its own name.
    Linked {
        /// The table's own name.
        table: String,
        /// The link.
        link: String,
    },
    /// A file or a stage.
    File {
        /// Its path.
        path: String,
    },
    /// A relation whose name the text does not tell.
    Untold {
        /// What stands in the name's place.
        expression: String,
        /// Why it is no name, in words.
        why: String,
    },
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

impl SqlReading {
    /// Whether every table of the text is among [`Self::tables`].
    pub fn is_whole(&self) -> bool {
        self.confidence != Confidence::Scanned && self.remarks.is_empty()
    }

    /// Whether the table may be one behind a database link.
    pub fn is_linked(&self, table: &SqlTable) -> bool {
        self.remarks
            .iter()
            .any(|remark| matches!(remark, SqlRemark::Linked { table: own, .. } if table.is_called(own)))
    }
}

impl SqlTable {
    /// The table's own name.
    pub fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// Whether the table's own name is this one, whatever its schema.
    pub fn is_called(&self, name: &str) -> bool {
        fold(self.name()) == fold(name)
    }
}
