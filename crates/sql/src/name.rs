//! Names: the parts of a table's name, and when two names mean the same thing.
//!
//! ```text
//! "Sales".Orders   PostgreSQL   parts ["Sales", "Orders"]   folded "Sales" . "orders"
//! "Sales".Orders   Snowflake    parts ["Sales", "Orders"]   folded "Sales" . "ORDERS"
//! [Sales].Orders   SQL Server   parts ["Sales", "Orders"]   folded "sales" . "orders"
//! ```
//!
//! A name is shown as its author wrote it, without quotes; it is compared folded.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use tailwater_core::dialect::Dialect;

/// The name of a relation: one to four parts, outermost first, without quotes, in the case in
/// which the text has them, with the defaults of the request put in front.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The parts, outermost first: `["analytics", "public", "orders"]`.
    pub parts: Vec<String>,
}

impl TableName {
    /// A name of these parts, outermost first.
    pub fn new<P: Into<String>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self {
            parts: parts.into_iter().map(Into::into).collect(),
        }
    }

    /// The last part: the relation's own name. Empty only for a name without parts.
    pub fn table(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }
}

impl fmt::Display for TableName {
    /// Writes the parts with dots between them. A part that itself holds a dot is not quoted:
    /// the dotted form is for people and for comparison with other dotted forms.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.parts.iter().enumerate() {
            if position > 0 {
                formatter.write_str(".")?;
            }
            formatter.write_str(part)?;
        }
        Ok(())
    }
}

impl Serialize for TableName {
    /// A name is its dotted form in JSON.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a dialect treats the case of names when it compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// Unquoted names become lower case, quoted ones stay.
    Lower,
    /// Unquoted names become upper case, quoted ones stay.
    Upper,
    /// Case never matters, quoted or not.
    Ignored,
    /// Case always matters.
    Kept,
}

/// The folding rules of one dialect: one rule for relations, one for everything else (columns,
/// aliases, CTE names).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folding {
    relations: Case,
    names: Case,
}

impl Folding {
    /// The rules of `dialect`.
    ///
    /// Sources: the manuals' chapters on identifiers. PostgreSQL folds to lower, Snowflake and
    /// Oracle to upper; Redshift, Spark, Databricks, DuckDB, SQLite, Trino, Athena and Teradata
    /// compare even quoted names without case; SQL Server and MySQL do so under their usual
    /// collations. BigQuery's tables keep their case while its columns, aliases and CTEs do not.
    /// ClickHouse keeps case everywhere.
    pub(crate) const fn of(dialect: Dialect) -> Self {
        let (relations, names) = match dialect {
            Dialect::Postgres => (Case::Lower, Case::Lower),
            Dialect::Snowflake | Dialect::Oracle => (Case::Upper, Case::Upper),
            Dialect::BigQuery => (Case::Kept, Case::Ignored),
            Dialect::ClickHouse => (Case::Kept, Case::Kept),
            Dialect::Redshift
            | Dialect::Databricks
            | Dialect::Spark
            | Dialect::SqlServer
            | Dialect::MySql
            | Dialect::Athena
            | Dialect::Trino
            | Dialect::DuckDb
            | Dialect::Sqlite
            | Dialect::Teradata
            | Dialect::Generic => (Case::Ignored, Case::Ignored),
        };
        Self { relations, names }
    }

    /// One part of a relation's name, folded for comparison.
    pub(crate) fn relation(self, name: &str, quoted: bool) -> Cow<'_, str> {
        fold(self.relations, name, quoted)
    }

    /// The name of a column, an alias or a CTE, folded for comparison.
    pub(crate) fn name(self, name: &str, quoted: bool) -> Cow<'_, str> {
        fold(self.names, name, quoted)
    }
}

fn fold(case: Case, name: &str, quoted: bool) -> Cow<'_, str> {
    match case {
        Case::Kept => Cow::Borrowed(name),
        Case::Lower | Case::Upper if quoted => Cow::Borrowed(name),
        Case::Upper => to_upper(name),
        Case::Lower | Case::Ignored => to_lower(name),
    }
}

fn to_lower(name: &str) -> Cow<'_, str> {
    if !name.is_ascii() {
        Cow::Owned(name.to_lowercase())
    } else if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn to_upper(name: &str) -> Cow<'_, str> {
    if !name.is_ascii() {
        Cow::Owned(name.to_uppercase())
    } else if name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Cow::Owned(name.to_ascii_uppercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// One part of a relation's name as the text has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'n> {
    /// The text without quotes.
    pub(crate) text: &'n str,
    /// Whether it stood in quotes of any kind.
    pub(crate) quoted: bool,
}

/// Splits what BigQuery allows inside one pair of backticks: `` `project.dataset.table` ``.
///
/// A legacy domain-scoped project (`example.com:project`) keeps the dots before its colon.
pub(crate) fn split_quoted_path<'n>(text: &'n str, into: &mut Vec<Part<'n>>) {
    let after_domain = text.find(':').map_or(0, |colon| colon + 1);
    let mut start = 0;
    for (dot, _) in text.match_indices('.') {
        if dot >= after_domain {
            into.push(Part {
                text: &text[start..dot],
                quoted: true,
            });
            start = dot + 1;
        }
    }
    into.push(Part {
        text: &text[start..],
        quoted: true,
    });
}

/// What the request's defaults add in front of a name that the text gives in part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults<'r> {
    database: Option<&'r str>,
    schema: Option<&'r str>,
    dialect: Dialect,
}

impl<'r> Defaults<'r> {
    /// The defaults of a request; empty text counts as not given, as Tableau writes it so.
    pub(crate) fn new(dialect: Dialect, database: Option<&'r str>, schema: Option<&'r str>) -> Self {
        let given = |text: Option<&'r str>| text.map(str::trim).filter(|text| !text.is_empty());
        Self {
            database: given(database),
            schema: given(schema),
            dialect,
        }
    }

    /// What stands in front of a name of `count` parts: nothing, a schema, a database, or both.
    ///
    /// In a two-level dialect what a BI tool calls the database is the schema, so it serves as
    /// one when no schema is given and is never put in front of two parts.
    pub(crate) fn prefix(&self, count: usize) -> [Option<&'r str>; 2] {
        match (count, self.dialect.is_two_level()) {
            (1, true) => [None, self.schema.or(self.database)],
            (1, false) if self.schema.is_some() => [self.database, self.schema],
            (2, false) => [self.database, None],
            _ => [None, None],
        }
    }

    /// The schema that `database..table` leaves out.
    ///
    /// Sources: SQL Server resolves it to the user's default schema, `dbo` unless set;
    /// Snowflake's "double-dot notation" means `PUBLIC`.
    pub(crate) fn omitted_schema(&self) -> &'r str {
        match (self.schema, self.dialect) {
            (Some(schema), _) => schema,
            (None, Dialect::Snowflake) => "PUBLIC",
            (None, _) => "dbo",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let mut parts = Vec::new();
        split_quoted_path(text, &mut parts);
        parts.into_iter().map(|part| part.text).collect()
    }

    #[test]
    fn names_fold_by_the_rules_of_their_dialect() {
        let postgres = Folding::of(Dialect::Postgres);
        assert_eq!(postgres.relation("Orders", false), "orders");
        assert_eq!(postgres.relation("Orders", true), "Orders");
        let snowflake = Folding::of(Dialect::Snowflake);
        assert_eq!(snowflake.relation("Orders", false), "ORDERS");
        assert_eq!(snowflake.relation("orders", true), "orders");
        let bigquery = Folding::of(Dialect::BigQuery);
        assert_eq!(bigquery.relation("Orders", false), "Orders");
        assert_eq!(bigquery.name("Orders", true), "orders");
        assert_eq!(Folding::of(Dialect::ClickHouse).name("Orders", false), "Orders");
        assert_eq!(Folding::of(Dialect::SqlServer).relation("ÄRZTE", true), "ärzte");
    }

    #[test]
    fn a_backticked_path_splits_on_dots_but_not_inside_a_domain() {
        assert_eq!(split("p.d.t"), ["p", "d", "t"]);
        assert_eq!(split("t"), ["t"]);
        assert_eq!(split("example.com:p.d.t"), ["example.com:p", "d", "t"]);
    }

    #[test]
    fn defaults_fill_the_levels_that_the_text_leaves_out() {
        let three = Defaults::new(Dialect::Postgres, Some("db"), Some("s"));
        assert_eq!(three.prefix(1), [Some("db"), Some("s")]);
        assert_eq!(three.prefix(2), [Some("db"), None]);
        assert_eq!(three.prefix(3), [None, None]);
        let two = Defaults::new(Dialect::MySql, Some("db"), Some(""));
        assert_eq!(two.prefix(1), [None, Some("db")]);
        assert_eq!(two.prefix(2), [None, None]);
        let no_schema = Defaults::new(Dialect::Postgres, Some("db"), None);
        assert_eq!(no_schema.prefix(1), [None, None]);
    }
}
