//! The catalog: everything that is known at one moment, in the shape in which it is asked.
//!
//! A [`Catalog`] is immutable. It is built whole from a [`CatalogInput`] whenever a sync, an artifact, a
//! curation or a change of settings lands ([`crate::hub`]), and then only read: pages, API, exports and
//! commands all ask the same one, so that a table, a picture and a number cannot disagree.
//!
//! ```text
//! store ─▶ integrations, inventories, exposures, last results ─┐
//!                                                              ├─▶ CatalogInput ─▶ Catalog::build ─▶ Arc<Catalog>
//! artifacts ─▶ projects, warehouse catalogs ───────────────────┘
//! ```
//!
//! Inside, every resource is a position of one graph: projects' nodes, automatic and manual exposures. What
//! lists need is sorted and counted at the building; a look-up by id takes one binary search.
//!
//! Start reading at [`Catalog`], then `build.rs`.

mod artifact;
mod attention;
mod build;
mod code;
mod complete;
mod exposure;
mod history;
mod input;
mod integration;
mod load;
mod model;
mod nearest;
mod node;
mod picture;
mod reach;
mod search;
mod tree;

pub use artifact::{ArtifactOrigin, ArtifactProblem, ArtifactState, CatalogProject, Readiness};
pub use attention::Attention;
pub use build::IMPORTED_FOLDER;
pub use complete::Suggestion;
pub use exposure::{AssetView, DataSourceView, Footing, GoneExposure};
pub use input::{CatalogInput, IntegrationInput, ProjectArtifacts, ProjectInput};
pub use integration::CatalogIntegration;
pub use model::Catalog;
pub use node::ColumnView;
pub use search::MACRO_KIND;
pub use tree::Folder;

pub(crate) use load::{CatalogCache, blocking, is_successful, pick, watched_files};
