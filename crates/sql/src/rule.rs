//! What the dialects differ in that more than one stage must know.

use tailwater_core::dialect::Dialect;

/// Whether a CTE may read itself without the word RECURSIVE.
pub(crate) const fn recursion_needs_no_mark(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::SqlServer
            | Dialect::Oracle
            | Dialect::Snowflake
            | Dialect::Sqlite
            | Dialect::Teradata
            | Dialect::Generic
    )
}
