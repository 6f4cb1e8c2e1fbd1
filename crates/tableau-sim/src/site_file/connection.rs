//! Connections: the databases, files and connectors that tables live in.

use serde::{Deserialize, Serialize};

/// A connection that data sources name by its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// The name by which data sources and tables refer to it.
    pub key: String,
    /// Tableau's connection class: `snowflake`, `postgres`, `bigquery`, `sqlserver`, `genericjdbc`,
    /// `excel-direct`, `textscan`, `hyper`, `google-sheets`, `webdata-direct:…`.
    pub class: String,
    /// The server's host name; empty for files.
    #[serde(default)]
    pub server: String,
    /// The server's port, when one is set.
    pub port: Option<u16>,
    /// The user name in the connection.
    #[serde(default)]
    pub user: String,
    /// The database that tables without one of their own belong to; for files, the file's name.
    #[serde(default)]
    pub database: String,
    /// What the Metadata API answers as the database's name where that differs from `database`, as
    /// BigQuery's friendly project name does.
    pub display_name: Option<String>,
    /// The Metadata API answers null for the database's name.
    #[serde(default)]
    pub database_name_is_null: bool,
    /// The Metadata API answers null for the whole `database` of tables on this connection.
    #[serde(default)]
    pub database_is_null: bool,
    /// How `fullName` is written for tables without one of their own.
    #[serde(default)]
    pub full_name: NameParts,
}

/// How a table's `fullName` is put together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameParts {
    /// `[table]`.
    Table,
    /// `[schema].[table]`, or `[table]` when the schema is empty; recorded for PostgreSQL.
    #[default]
    SchemaTable,
    /// `[database].[schema].[table]`.
    DatabaseSchemaTable,
}
