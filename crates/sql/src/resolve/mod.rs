//! Stage three: from a syntax tree to tables and columns.
//!
//! Every query is resolved to a [`shape::Shape`]: its columns, each with the columns of upstream
//! tables that it comes from. A table whose columns nobody knows is *open*: any name may be one of
//! its columns, so `select x from t` says that `t` has an `x`.
//!
//! ```text
//! statement ─▶ query ─▶ from ─▶ scope of bindings ─▶ projection ─▶ shape
//!                        │                              │
//!                        └── tables, into the ledger ◀──┴── expressions: columns, subqueries
//! ```
//!
//! Start with `statement.rs`, then `query.rs`. The ledger is what is left at the end.

mod column;
mod expression;
mod from;
mod ledger;
mod pipe;
mod pivot;
mod projection;
mod pseudo;
mod query;
mod rows;
mod scope;
mod shape;
mod statement;
mod table;
mod write;

pub(crate) use statement::Resolver;
