//! `manifest.json`: everything that a dbt project declares.

mod config;
mod document;
pub(crate) mod index;
mod load;
mod node;
mod package;
mod window;
mod wire;

pub(crate) use document::read_head;
pub use load::{load_manifest, load_manifest_as, read_manifest};
pub(crate) use wire::WireFreshness;
