//! What pages are made of.

pub mod badge;
pub mod chrome;
pub mod filter;
pub mod form;
pub mod glyph;
pub mod job_run;
pub mod lineage;
pub mod list;
pub mod markdown;
pub mod name;
pub mod number;
pub mod policy;
pub mod problem;
pub mod readiness;
pub mod reason;
pub mod refresh;
pub mod resource;
pub mod run;
pub mod time;
pub mod timeline;
