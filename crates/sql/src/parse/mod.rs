//! Stage two: from text to syntax trees, in the text's own dialect or in one that accepts it.

mod alphabet;
mod attempt;
mod cut;
mod grammar;
mod rewrite;

pub(crate) use attempt::{Parsed, Prepared, Refusal, parse, parse_otherwise, prepare};
