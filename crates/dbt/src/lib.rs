//! dbt artifacts in, Tailwater's project index out.
//!
//! This crate reads the JSON files that dbt leaves in its target directory into the shapes of
//! [`tailwater_core::project`] and [`tailwater_core::run`]. It does not resolve tables or keep anything; it
//! holds no more of a file than those shapes name. It runs dbt too ([`command`]) and reads what dbt says while it
//! runs ([`log`]).
//!
//! ```text
//! path ─ file ─▶ bytes ─▶ wire structs that borrow from them ─▶ Project, RunResults, …
//!                  └─ not an artifact? sniff says what it seems to be ─▶ Error
//! ```
//!
//! The flow of a manifest, which may have hundreds of megabytes: [`load_manifest`] finds the file, and
//! `manifest::window` moves over it, so that its text is never held; `manifest::document` walks its sections;
//! `manifest::wire` names the few fields that are needed and tolerates odd shapes (`lenient`); `manifest::node`
//! turns each entry into a `Node` at once, so that the wire form of only one entry is alive at a time. A file that
//! is refused so is read again as a whole, by which it is explained or mended. What was read can be written as an index
//! ([`write_index`]), from which it is read again in a fraction of the time.
//!
//! Start reading in `manifest/document.rs`.

mod artifact;
mod catalog;
mod code;
pub mod command;
mod error;
mod file;
mod lenient;
pub mod log;
mod manifest;
mod node_result;
mod recognize;
mod run_results;
mod sniff;
mod sources;
mod target;
pub mod yaml;

pub use artifact::ArtifactKind;
pub use catalog::{load_catalog, read_catalog};
pub use code::{NodeCode, load_node_code};
pub use error::Error;
pub use file::locate;
pub use manifest::index::{IndexReader, write_index};
pub use manifest::{load_manifest, load_manifest_as, read_manifest};
pub use recognize::{is_manifest, recognize};
pub use run_results::{load_run_results, read_run_results};
pub use sources::{load_sources, read_sources};
pub use target::{Artifacts, load_target};
