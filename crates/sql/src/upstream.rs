//! What is answered: upstream tables, the lineage of the output columns, and how sure it all is.

use serde::Serialize;
use tailwater_core::confidence::Confidence;

use crate::name::TableName;

/// What a piece of SQL stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// The relations that are read, sorted, each once (by folded name). Only relations that exist
    /// outside of the text: no CTEs, aliases, table functions, files, temporary tables of the same
    /// text, and no targets of INSERT, MERGE or CREATE unless they are read too.
    pub tables: Vec<TableUse>,
    /// The columns of the final projection in their order, each with the columns it comes from.
    /// Empty when the text was scanned, or ends in a statement that yields no rows.
    pub columns: Vec<OutputColumn>,
    /// How the text gave up its tables. The worst of all statements.
    pub confidence: Confidence,
    /// Whether Tableau parameters, Jinja or M escapes were neutralised first.
    pub templated: bool,
    /// Why the text's own dialect refused it: the parser's message, at most
    /// [`Self::MAX_ERROR_LENGTH`] bytes. `None` when parsed.
    pub error: Option<String>,
    /// What the reader should know about the answer, in order of appearance, each once, at most
    /// [`Self::MAX_NOTES`].
    pub notes: Vec<Note>,
}

impl Upstream {
    /// The longest error text in bytes.
    pub const MAX_ERROR_LENGTH: usize = 400;
    /// The most notes that an answer carries.
    pub const MAX_NOTES: usize = 50;

    /// The answer in the shape of one line of `tailwater sql --jsonl`.
    pub fn to_json_line<'u>(&'u self, id: &'u serde_json::Value) -> JsonLine<'u> {
        JsonLine {
            id,
            tables: self.tables.iter().map(|table| &table.name).collect(),
            columns: &self.columns,
            confidence: self.confidence,
            error: self.error.as_deref(),
        }
    }
}

/// One relation that is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableUse {
    /// Its name, with the request's defaults applied.
    pub name: TableName,
    /// The columns of it that the text names, sorted, each once. Empty when unknown.
    pub columns: Vec<String>,
    /// Whether all its columns are read through a `*` that could not be expanded.
    pub all_columns: bool,
    /// Whether the name is a pattern for many tables: BigQuery's `events_*`.
    pub wildcard: bool,
}

/// One column of the final projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputColumn {
    /// Its name; `*` for the columns of a relation whose columns are not known; empty for an
    /// expression without a name.
    pub name: String,
    /// The columns it is computed from, sorted, each once. Empty for constants and for what could
    /// not be traced.
    pub sources: Vec<ColumnRef>,
}

/// A column of an upstream relation. JSON has it as the dotted `db.schema.table.column`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnRef {
    /// The relation.
    pub table: TableName,
    /// The column as the text has it; `*` for all columns of a relation whose columns are not
    /// known.
    pub column: String,
}

impl std::fmt::Display for ColumnRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.table, self.column)
    }
}

impl Serialize for ColumnRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Something about the answer that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// An unqualified column that two or more relations could own; it was given to none.
    AmbiguousColumn {
        /// The column as written.
        column: String,
    },
    /// A column that no relation in scope has.
    UnknownColumn {
        /// The column as written.
        column: String,
    },
    /// A `ref` or `source` of dbt in a template: a table that dbt names, not the text.
    TemplateRelation {
        /// The expression between the braces, trimmed.
        expression: String,
    },
    /// A relation whose name is computed when the statement runs.
    DynamicName {
        /// The expression or variable.
        expression: String,
    },
    /// A file, a stage or a path that is read in place of a relation.
    FileRead {
        /// The path as written.
        path: String,
    },
    /// A temporary table that an earlier session must have made.
    TemporaryTable {
        /// Its name as written.
        name: String,
    },
    /// A table reached through a database link; the link is not part of the answer.
    DatabaseLink {
        /// The table's own name as written.
        table: String,
        /// The link's name.
        link: String,
    },
    /// A statement that no grammar accepted, read by scanning its tokens.
    StatementScanned {
        /// Its position in the text, counted from one.
        statement: usize,
    },
    /// The tracing of columns stopped at its bound; the tables are complete.
    LineageCutShort,
}

/// One line of `tailwater sql --jsonl`.
#[derive(Debug, Clone, Serialize)]
pub struct JsonLine<'u> {
    /// What the caller gave to recognise the answer.
    pub id: &'u serde_json::Value,
    /// Dotted names, sorted.
    pub tables: Vec<&'u TableName>,
    /// `[{"name": "total", "sources": ["db.schema.orders.amount"]}]`.
    pub columns: &'u [OutputColumn],
    /// `parsed`, `retried` or `scanned`.
    pub confidence: Confidence,
    /// The parser's message, or `null`.
    pub error: Option<&'u str>,
}
