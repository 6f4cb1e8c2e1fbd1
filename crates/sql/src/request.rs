//! What is asked: a text, its dialect, and what is known around it.

use tailwater_core::dialect::Dialect;

use crate::name::TableName;

/// One piece of SQL to read.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The text: one statement or several, possibly with Tableau parameters, Jinja or the escapes
    /// of Power Query's M.
    pub sql: &'a str,
    /// The SQL that the text is written in.
    pub dialect: Dialect,
    /// The database that a connection is set to; put in front of names that have none.
    /// Empty means unknown.
    pub default_database: Option<&'a str>,
    /// The schema that a connection is set to; put in front of names of one part.
    /// Empty means unknown.
    pub default_schema: Option<&'a str>,
    /// The columns of relations, where someone knows them.
    pub known_columns: Option<&'a dyn KnownColumns>,
}

impl<'a> Request<'a> {
    /// A request without defaults and known columns.
    pub const fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            sql,
            dialect,
            default_database: None,
            default_schema: None,
            known_columns: None,
        }
    }
}

/// Someone who knows the columns of relations: a dbt manifest, a catalog.
pub trait KnownColumns {
    /// The columns of `table` in their order, as the warehouse or the manifest spells them, or
    /// `None` when the relation is not known or its columns are not.
    ///
    /// Used to expand `*` and to place columns that the text does not qualify, so a list that is
    /// not complete must be answered with `None`. The case need not fit the text: a column that no
    /// exact spelling matches is matched without case.
    fn columns_of(&self, table: &TableName) -> Option<Vec<String>>;
}
