//! Everything that dbt declares, kind by kind: a [`list`] and a page for each.
//!
//! ```text
//! /models            list/relation.rs      /models/{id}             overview.rs    /models/{id}/tests       test.rs
//! /sources           list/source.rs        /models/{id}/columns     column.rs      /models/{id}/runs        run.rs
//! /tests             list/test.rs          /models/{id}/code        code.rs        /models/{id}/downstream  downstream.rs
//! ```
//!
//! The pages of one resource share their head and their tabs: `subject.rs`. Kinds differ in which tabs they have.

pub mod code;
pub mod column;
pub mod downstream;
mod fact;
pub mod list;
pub mod macros;
pub mod overview;
pub mod run;
mod subject;
pub mod test;
