//! The two ways in: a path or bytes.

use camino::Utf8Path;
use serde::de::IgnoredAny;
use tailwater_core::id::ProjectName;
use tailwater_core::project::{Project, ProjectMetadata};

use crate::artifact::{ArtifactKind, Head as Checked};
use crate::error::Error;
use crate::file;
use crate::manifest::document::{self, Document};
use crate::manifest::package;
use crate::sniff;

/// Reads a manifest from a file, or from a directory that holds `manifest.json` or
/// `target/manifest.json`.
///
/// Manifests of dbt 1.0 (v4) to 1.11 (v12) and of dbt 2 (v20) are known; a newer one is read as far as it is
/// understood, and a note in [`ProjectMetadata::notes`] says so.
///
/// # Errors
/// What is not there, cannot be read, or is no such manifest is refused with what it seems to be.
pub fn load_manifest(path: &Utf8Path, name: ProjectName) -> Result<Project, Error> {
    let path = file::locate(path, ArtifactKind::Manifest)?;
    load_manifest_as(&path, path.as_str(), name)
}

/// Reads a manifest from a file that messages call `origin`, such as one that was uploaded. See [`load_manifest`].
pub fn load_manifest_as(path: &Utf8Path, origin: &str, name: ProjectName) -> Result<Project, Error> {
    let wanted = ArtifactKind::Manifest;
    let file = file::open(path, wanted)?;
    if let Ok(document) = document::parse(file)
        && let Ok(checked) = document.head.check(wanted, origin, String::new)
    {
        return Ok(to_project(document, checked, name));
    }
    // Who explains what is wrong with it, or mends it, needs all of it.
    let bytes = file::read(path, wanted)?;
    read_manifest(&bytes, origin, name)
}

/// Reads a manifest from its bytes. `origin` names them in messages. See [`load_manifest`].
pub fn read_manifest(bytes: &[u8], origin: &str, name: ProjectName) -> Result<Project, Error> {
    let wanted = ArtifactKind::Manifest;
    let document = sniff::read_object(bytes, origin, wanted, |json| {
        // The whole text tells better than a part of it where it is wrong.
        document::parse(json)
            .map_err(|error| serde_json::from_slice::<IgnoredAny>(json).err().unwrap_or(error))
    })?;
    let checked = document
        .head
        .check(wanted, origin, || sniff::describe_object(bytes))?;
    Ok(to_project(document, checked, name))
}

fn to_project(document: Document, checked: Checked, name: ProjectName) -> Project {
    let Document {
        head,
        packages,
        nodes,
        disabled,
        groups,
        macros,
        notes,
    } = document;
    let metadata = ProjectMetadata {
        package: package::root_package(&head, &packages),
        adapter_type: head.adapter_type.0.unwrap_or_default(),
        dbt_version: checked.metadata.dbt_version,
        schema_version: checked.metadata.schema_version,
        generated_at: checked.metadata.generated_at,
        invocation_id: checked.metadata.invocation_id,
        notes: checked.notes.into_iter().chain(notes).collect(),
    };
    Project::new(name, metadata, nodes, disabled)
        .with_groups(groups)
        .with_macros(macros)
}
