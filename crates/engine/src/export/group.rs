//! Which exposures are exported, and into which file each belongs.

use tailwater_core::exposure::{Exposure, Mode};
use tailwater_core::exposure_yaml::{FileHead, FileKey};
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::project::Project;

use crate::catalog::Catalog;

/// An automatic exposure of the project.
#[derive(Debug, Clone)]
pub(super) struct Automatic<'c> {
    /// The exposure as the catalog shows it: curated.
    pub exposure: &'c Exposure,
    /// Its name, which may differ from the catalog's in a dry run.
    pub name: String,
    /// The integration that imported it.
    pub integration: &'c IntegrationName,
    /// The asset behind it.
    pub asset: &'c AssetId,
    /// The file that it belongs to.
    pub head: FileHead,
}

/// The automatic exposures of a project and of these integrations, or of all when none is named. One that people
/// declare too is a manual one in the catalog.
pub(super) fn automatic<'c>(
    catalog: &'c Catalog,
    project: &Project,
    integrations: &[IntegrationName],
) -> Vec<Automatic<'c>> {
    let exposure = |exposure: &'c Exposure| {
        let integration = exposure.integration.as_ref()?;
        let is_wanted = integrations.is_empty() || integrations.contains(integration);
        if exposure.mode != Mode::Auto || exposure.project != project.name || !is_wanted {
            return None;
        }
        let view = catalog.asset(exposure)?;
        Some(Automatic {
            exposure,
            name: exposure.name.clone(),
            integration,
            asset: view.id,
            head: head(catalog, integration, exposure)?,
        })
    };
    catalog.exposures().iter().filter_map(exposure).collect()
}

/// The head of the file of an exposure: by the collection at the top of those in which its asset stands.
fn head(catalog: &Catalog, integration: &IntegrationName, exposure: &Exposure) -> Option<FileHead> {
    let view = catalog.asset(exposure)?;
    let inventory = view.integration.inventory();
    let own = view.asset.collection.as_ref();
    let top = own.and_then(|own| inventory.ancestors(own).into_iter().next());
    let known = top.as_ref().and_then(|top| inventory.collections.get(top));
    let title = known.map(|collection| collection.name.clone());
    let title = title.or_else(|| view.asset.collection_path.first().cloned());
    Some(FileHead {
        key: FileKey {
            integration: integration.to_string(),
            collection: top.map(|top| top.to_string()),
        },
        title: title.unwrap_or_default(),
    })
}
