//! The lists: one file for kinds that show the same columns.

pub mod definition;
mod facet;
pub mod macros;
pub mod relation;
pub mod source;
pub mod test;
