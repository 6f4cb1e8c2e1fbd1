//! Keyword search over everything that a catalog holds: names, labels, columns, descriptions, relations,
//! tags, owners, and code where it is given.
//!
//! ```text
//! Documents ─▶ Index: all text in one folded buffer, field after field, document after document
//! a line of text ─▶ Query: groups of terms ─▶ one scan of the buffer a term ─▶ ranked hits, facets
//! ```
//!
//! There is no inverted index: a term may stand anywhere inside a word (`order` finds `fct_orders_daily`),
//! and a buffer of tens of megabytes is searched in a few milliseconds. Nothing has to be kept in step, and
//! what is found is exactly what contains the text.
//!
//! Start reading at [`Document`], then [`Index::search`].

mod answer;
mod document;
mod excerpt;
mod facet;
mod fold;
mod index;
mod query;
mod scan;

pub use answer::{Answer, Cursor, Excerpt, Hit, NotACursor, Request};
pub use document::{Document, DocumentColumn, Field};
pub use excerpt::Marked;
pub use facet::{Facet, FacetCounts, FacetValue, Filters};
pub use index::Index;
pub use query::{Group, Query};
