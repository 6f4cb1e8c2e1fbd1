//! The two ways in: a path or bytes.

use camino::Utf8Path;
use tailwater_core::id::ProjectName;
use tailwater_core::project::{Project, ProjectMetadata};

use crate::artifact::ArtifactKind;
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
    let bytes = file::read(&path, ArtifactKind::Manifest)?;
    read_manifest(&bytes, path.as_str(), name)
}

/// Reads a manifest from its bytes. `origin` names them in messages. See [`load_manifest`].
pub fn read_manifest(bytes: &[u8], origin: &str, name: ProjectName) -> Result<Project, Error> {
    let wanted = ArtifactKind::Manifest;
    let document = sniff::read_object(bytes, origin, wanted, document::parse)?;
    let Document {
        head,
        packages,
        nodes,
        disabled,
        groups,
        macros,
        notes,
    } = document;
    let checked = head.check(wanted, origin, || sniff::describe_object(bytes))?;
    let metadata = ProjectMetadata {
        package: package::root_package(&head, &packages),
        adapter_type: head.adapter_type.0.unwrap_or_default(),
        dbt_version: checked.metadata.dbt_version,
        schema_version: checked.metadata.schema_version,
        generated_at: checked.metadata.generated_at,
        invocation_id: checked.metadata.invocation_id,
        notes: checked.notes.into_iter().chain(notes).collect(),
    };
    Ok(Project::new(name, metadata, nodes, disabled)
        .with_groups(groups)
        .with_macros(macros))
}
