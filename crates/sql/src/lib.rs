//! SQL text and a dialect in; upstream tables and columns out, with a confidence.
//!
//! This crate answers one question: which relations, and which of their columns, does a piece of
//! SQL stand on? It is the only user of sqlparser, and no type of it leaves the crate. It does not
//! check SQL, does not format or translate it, and knows nothing of dbt nodes: matching a
//! [`TableName`] to one is the work of `tailwater-core`.
//!
//! ```text
//! text ─▶ template ─▶ parse ─▶ resolve ─▶ Upstream
//!           │           │  refused by every grammar
//!           │           └────▶ scan ─────▲
//!           └ Tableau parameters, Jinja and M escapes become something neutral
//! ```
//!
//! Start reading at [`upstream()`] in `read.rs`, which calls the four stages in turn; each stage is
//! a folder of its own. [`Request`] is what goes in, [`Upstream`] what comes out.

mod name;
mod parse;
mod read;
mod request;
mod resolve;
mod rule;
mod scan;
mod template;
mod text;
mod upstream;

pub use name::TableName;
pub use read::upstream;
pub use request::{KnownColumns, Request};
pub use upstream::{ColumnRef, JsonLine, Note, OutputColumn, TableUse, Upstream};
