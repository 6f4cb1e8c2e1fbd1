//! The REST API: what pages show, as JSON.
//!
//! ```text
//! GET /api/v1/exposures?limit=100&cursor=…&health=degraded ─▶ {"items": […], "next_cursor": "…", "total": 187}
//! anything wrong                                           ─▶ application/problem+json (RFC 9457)
//! ```
//!
//! The shapes here are the API's own: fields are added, never renamed. Where dbt's Discovery API says the same
//! thing it is said with the same word, in snake case. One file is one family of addresses, with the same parts in
//! the same order: shapes, parameters, handlers.

pub mod account;
pub mod artifact;
pub mod connection;
pub mod curation;
pub mod description;
pub mod diff;
pub mod exposure;
pub mod health;
pub mod history;
pub mod hook;
pub mod integration;
pub mod job;
pub mod job_run;
pub mod lineage;
pub mod macros;
pub mod paging;
pub mod parameter;
pub mod policy;
pub mod project;
pub mod read;
pub mod refresh;
pub mod resource;
pub mod search;
pub mod summary;
pub mod sync;
pub mod tree;
