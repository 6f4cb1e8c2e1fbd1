//! Tableau Server and Tableau Cloud.
//!
//! REST says what exists: projects, workbooks, views, data sources, people. The Metadata API (GraphQL)
//! says what it stands on. Neither is trusted to be whole: each list is counted against what Tableau
//! says it holds, and each warning of the Metadata API lands on the assets that it concerns.
//!
//! ```text
//! connector ─▶ session ─▶ rest ──▶ listing ─┐
//!                   └───▶ metadata ▶ lineage ┴▶ assemble ─▶ Inventory
//! ```
//!
//! The facts behind this code are Tableau's REST API reference (3.29) and its Metadata API guide.

pub mod address;
pub mod connector;
pub mod settings;

mod assemble;
mod check;
mod chunk;
mod columns;
mod connected_app;
mod custom_sql;
mod dates;
mod fault;
mod glance;
mod graph;
mod large;
mod lineage;
mod listing;
mod metadata;
mod notice;
mod part;
mod place;
mod query;
mod refresh;
mod rest;
mod session;
mod sign_in;
mod skew;
mod survey;
mod tree;
mod unmoved;
mod version;
mod warning;
mod wire;

pub(crate) use connected_app::advice as advice_for_app;
