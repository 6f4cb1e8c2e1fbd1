//! The code of a node or macro, read from the manifest when it is asked for.

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_dbt::{ArtifactKind, NodeCode};

use super::artifact::CatalogProject;
use super::load::blocking;
use super::model::Catalog;
use crate::error::Error;
use crate::workspace::Workspace;

impl Catalog {
    /// The manifest that holds the code of a node or macro.
    pub fn code_file(&self, id: &str) -> Option<&Utf8Path> {
        let of = |project: &CatalogProject| {
            project
                .project()
                .is_some_and(|known| known.find_macro(id).is_some())
        };
        let project = match self.project_of(id) {
            Some(project) => project,
            None => self.projects.iter().find(|project| of(project))?,
        };
        Some(project.artifact(ArtifactKind::Manifest)?.path.as_path())
    }
}

impl Workspace {
    /// The code of a node or macro: as written and as compiled. `None` for what has none, such as a source, and
    /// where the manifest is no longer there.
    pub async fn node_code(&self, catalog: &Catalog, id: &str) -> Result<Option<NodeCode>, Error> {
        let Some(path) = catalog.code_file(id).map(Utf8PathBuf::from) else {
            return Ok(None);
        };
        let id = id.to_owned();
        match blocking(move || tailwater_dbt::load_node_code(&path, &id)).await? {
            Ok(code) => Ok(code),
            // It was replaced since the catalog was built; the next one knows where the new one is.
            Err(tailwater_dbt::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
