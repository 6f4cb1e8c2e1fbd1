//! Stage four: when no grammar accepts a text, its tokens still tell what it reads.
//!
//! The lexer never fails: a quote or a comment that is never closed is a character like any other.
//! The walk looks for the places where a relation can stand (after FROM, JOIN, a comma between
//! them, USING of a MERGE) and knows the places that only look like one (`EXTRACT(x FROM y)`,
//! `IS DISTINCT FROM`, the target of a DELETE, CTE names).

mod lexer;
mod split;
mod walk;
mod word;

pub(crate) use split::{embedded_sql, split_statements};
pub(crate) use walk::{Scan, scan};
