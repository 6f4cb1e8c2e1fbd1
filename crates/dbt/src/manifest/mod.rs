//! `manifest.json`: everything that a dbt project declares.

mod config;
mod document;
mod load;
mod node;
mod package;
mod window;
mod wire;

pub use load::{load_manifest, read_manifest};
pub(crate) use wire::WireFreshness;
