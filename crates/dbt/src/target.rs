//! A target directory as a whole.

use camino::Utf8Path;
use tailwater_core::id::ProjectName;
use tailwater_core::project::Project;
use tailwater_core::run::{RunResults, SourceFreshness, WarehouseCatalog};

use crate::artifact::ArtifactKind;
use crate::error::Error;
use crate::file::{locate, locate_optional};
use crate::{load_catalog, load_manifest, load_run_results, load_sources};

/// What dbt left in its target directory. Only the manifest is always there.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// `manifest.json`.
    pub project: Project,
    /// `run_results.json`, of the newest invocation.
    pub run_results: Option<RunResults>,
    /// `sources.json`.
    pub sources: Option<SourceFreshness>,
    /// `catalog.json`.
    pub catalog: Option<WarehouseCatalog>,
}

/// Reads all artifacts of a target directory, or of the `target` inside the given directory.
///
/// # Errors
/// A missing manifest, and any artifact that is there and cannot be read.
pub fn load_target(directory: &Utf8Path, name: ProjectName) -> Result<Artifacts, Error> {
    let manifest = locate(directory, ArtifactKind::Manifest)?;
    let beside = manifest.parent().unwrap_or(directory);
    let optional = |kind| locate_optional(beside, kind);
    Ok(Artifacts {
        project: load_manifest(&manifest, name)?,
        run_results: optional(ArtifactKind::RunResults)?
            .map(|path| load_run_results(&path))
            .transpose()?,
        sources: optional(ArtifactKind::Sources)?
            .map(|path| load_sources(&path))
            .transpose()?,
        catalog: optional(ArtifactKind::Catalog)?
            .map(|path| load_catalog(&path))
            .transpose()?,
    })
}
