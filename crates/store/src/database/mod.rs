//! One way to speak to two engines.
//!
//! ```text
//! open ─▶ schema (check, migrate) ─▶ Db ─▶ fetch / execute / begin ─▶ Transaction
//!                                          one SQL text, `$1` parameters, texts and integers only
//! ```
//!
//! What differs between the engines stays in `sqlite.rs` and `postgres.rs`: how to open, and what to ask
//! about their health. Every other query is the same text for both.

pub(crate) mod connection;
pub(crate) mod layout;
pub(crate) mod postgres;
pub(crate) mod schema;
pub(crate) mod sqlite;
pub(crate) mod value;

pub(crate) use connection::{Db, Engine, Transaction};
pub(crate) use value::{Row, Value, digest, search_key, to_json};
