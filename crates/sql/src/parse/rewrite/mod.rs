//! Constructs that no grammar of sqlparser knows, turned into ones that mean the same to us.
//!
//! The rules work on tokens, never on text, so strings and quoted names are safe from them. Most
//! take away what cannot change which tables and columns are read: hints, locks, samples.

mod bigquery;
mod clause;
mod clickhouse;
mod common;
mod create;
mod duckdb;
mod mysql;
mod oracle;
mod quantifier;
mod rule;
mod spark;
mod sqlserver;
mod tape;
mod teradata;
mod view;

pub(super) use rule::rewrite;
pub(super) use tape::Tape;
