//! Giving manual exposures the id of the dashboard that they declare.
//!
//! A manual exposure that is told by its address is lost when the address changes. With `meta.tailwater.id` it is
//! told for good. The edit itself, and why it can be trusted, is [`tailwater_dbt::yaml`]'s.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::exposure::{Exposure, Mode};
use tailwater_core::exposure_yaml::mark::claimed_asset;
use tailwater_core::exposure_yaml::{FileHead, Place};
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::project::Project;
use tailwater_dbt::yaml::{read_exposures, with_asset_id};

use super::RefusedEdit;
use super::change::PlannedFile;
use super::error::ExportError;
use super::survey::Survey;
use crate::catalog::Catalog;

/// A file with what it says and what it should say.
struct Edited {
    before: String,
    after: String,
    count: usize,
}

/// Adds the files to which ids are put, and what could not be edited.
pub(super) fn plan(
    catalog: &Catalog,
    project: &Project,
    integrations: &[IntegrationName],
    survey: &Survey,
    place: &Place<'_>,
    files: &mut Vec<PlannedFile>,
    refused: &mut Vec<RefusedEdit>,
) -> Result<(), ExportError> {
    let around = survey
        .project
        .as_ref()
        .ok_or_else(|| ExportError::NoProjectFile {
            directory: survey.shown.clone(),
        })?;
    let mut edited: BTreeMap<Utf8PathBuf, Edited> = BTreeMap::new();
    for (exposure, path, asset) in without_id(catalog, project, integrations) {
        let shown = survey.shown(&around.root.join(path));
        let mut refuse = |reason: &str, lines: String| {
            refused.push(RefusedEdit {
                exposure: exposure.unique_id.clone(),
                path: shown.clone(),
                reason: reason.to_owned(),
                lines,
            });
        };
        let Some(path) = inside(&around.root, path) else {
            refuse("the file is not there, or not in the project", String::new());
            continue;
        };
        let file = match edited.entry(path) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                let Ok(text) = std::fs::read_to_string(vacant.key()) else {
                    refuse("the file cannot be read", String::new());
                    continue;
                };
                vacant.insert(Edited {
                    after: text.clone(),
                    before: text,
                    count: 0,
                })
            }
        };
        if FileHead::of(&file.before).is_some() || has_id(&file.before, &exposure.name) {
            // The manifest is older than the file.
            continue;
        }
        match with_asset_id(&file.after, &exposure.name, &asset, place.dbt()) {
            Ok(text) => {
                file.after = text;
                file.count += 1;
            }
            Err(refusal) => refuse(&refusal.reason, refusal.lines),
        }
    }
    for (path, Edited { before, after, count }) in edited {
        if count > 0 {
            let shown = survey.shown(&path);
            files.push(PlannedFile::edit(path, shown, before, after, count));
        }
    }
    Ok(())
}

/// Manual exposures that are told by their address alone, with their file and asset.
fn without_id<'c>(
    catalog: &'c Catalog,
    project: &'c Project,
    integrations: &'c [IntegrationName],
) -> impl Iterator<Item = (&'c Exposure, &'c str, AssetId)> {
    catalog.exposures().iter().filter_map(move |exposure| {
        let is_both = exposure.mode == Mode::Manual && exposure.modes.contains(&Mode::Auto);
        let integration = exposure.integration.as_ref()?;
        let is_wanted = integrations.is_empty() || integrations.contains(integration);
        let node = project.find(exposure.unique_id.as_str())?;
        let is_own = node.package == project.metadata.package && claimed_asset(&node.meta).is_none();
        if !(is_both && is_wanted && is_own) {
            return None;
        }
        let view = catalog.asset(exposure)?;
        Some((exposure, node.path.as_str(), view.id.clone()))
    })
}

/// The file's true path, when it is inside the project. A manifest comes from outside and could say anything.
fn inside(root: &Utf8Path, path: &str) -> Option<Utf8PathBuf> {
    let root = root.canonicalize_utf8().ok()?;
    let path = root.join(path).canonicalize_utf8().ok()?;
    path.starts_with(&root).then_some(path)
}

fn has_id(text: &str, name: &str) -> bool {
    let declared = read_exposures(text, "").unwrap_or_default();
    declared
        .iter()
        .any(|exposure| exposure.name == name && exposure.asset.is_some())
}
