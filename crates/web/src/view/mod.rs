//! What pages are made of.

pub mod badge;
pub mod chrome;
pub mod form;
pub mod glyph;
pub mod list;
pub mod markdown;
pub mod number;
pub mod problem;
pub mod time;
