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

pub mod curation;
pub mod description;
pub mod exposure;
pub mod integration;
pub mod lineage;
pub mod paging;
pub mod project;
pub mod resource;
pub mod summary;
