//! What arrived, read, and judged against what is there. Pure but for the reading of files.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::id::ProjectName;
use tailwater_core::project::Project;
use tailwater_core::run::ArtifactMetadata;
use tailwater_dbt::ArtifactKind;

use super::error::IngestError;
use super::receive::Received;
use crate::artifact_cache::Parsed;
use crate::catalog::ProjectArtifacts;
use crate::error::Error;

/// By so much the clock of the machine that ran dbt may be ahead of ours.
const LARGEST_DRIFT: TimeDelta = TimeDelta::hours(1);

/// An artifact that arrived and could be read.
#[derive(Debug)]
pub(super) struct Examined {
    pub received: Received,
    pub kind: ArtifactKind,
    pub metadata: ArtifactMetadata,
    pub parsed: Parsed,
}

impl Examined {
    fn manifest(&self) -> Option<&Arc<Project>> {
        match &self.parsed {
            Parsed::Manifest(project) => Some(project),
            _ => None,
        }
    }

    /// The root package, of a manifest.
    pub fn package(&self) -> Option<&str> {
        self.manifest().map(|project| project.metadata.package.as_str())
    }
}

/// Reads everything that arrived, each by its content.
pub(super) fn examine(received: Vec<Received>, project: &ProjectName) -> Result<Vec<Examined>, Error> {
    let mut examined: Vec<Examined> = Vec::new();
    for received in received {
        let path = received.part.path();
        let unreadable = |source| IngestError::Interrupted {
            origin: received.origin.clone(),
            source,
        };
        let origin = received.origin.as_str();
        // A manifest may have hundreds of megabytes, of which only what is kept of it is held.
        let (kind, bytes) = if tailwater_dbt::is_manifest(File::open(path).map_err(unreadable)?) {
            (ArtifactKind::Manifest, None)
        } else {
            let bytes = std::fs::read(path).map_err(unreadable)?;
            (tailwater_dbt::recognize(&bytes, origin)?, Some(bytes))
        };
        if let Some(first) = examined.iter().find(|other| other.kind == kind) {
            return Err(IngestError::Twice {
                kind,
                first: first.received.origin.clone(),
                second: received.origin.clone(),
            }
            .into());
        }
        let parsed = if let Some(bytes) = bytes {
            Parsed::read(kind, &bytes, origin, project)?
        } else {
            let manifest = tailwater_dbt::load_manifest_as(path, origin, project.clone())?;
            Parsed::Manifest(Arc::new(manifest))
        };
        examined.push(Examined {
            kind,
            metadata: parsed.metadata(),
            parsed,
            received,
        });
    }
    examined.sort_by_key(|artifact| artifact.kind);
    Ok(examined)
}

/// What becomes of one artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is there already.
    AlreadyThere,
    /// It is taken.
    Take {
        /// Whether something spoke against it.
        is_forced: bool,
    },
}

/// Judges one artifact. `digest` is that of the one that was handed over before and is in use, `there` all
/// that is in use, `brought` all that arrived together, `now` the time by our clock.
pub(super) fn judge(
    artifact: &Examined,
    brought: &[Examined],
    there: &ProjectArtifacts,
    digest: Option<&str>,
    project: &ProjectName,
    now: DateTime<Utc>,
    is_forced: bool,
) -> Result<Verdict, IngestError> {
    let present = there.present.iter().find(|state| state.kind == artifact.kind);
    let is_same_invocation = present.is_some_and(|state| {
        state.generated_at.is_some()
            && state.generated_at == artifact.metadata.generated_at
            && state.invocation_id.is_some()
            && state.invocation_id == artifact.metadata.invocation_id
    });
    if is_same_invocation || digest == Some(artifact.received.digest.as_str()) {
        return Ok(Verdict::AlreadyThere);
    }
    let objections = [
        other_project(artifact, brought, there, project),
        ahead(artifact, now),
        older(artifact, present.and_then(|state| state.generated_at), now),
    ];
    match objections.into_iter().flatten().next() {
        None => Ok(Verdict::Take { is_forced: false }),
        Some(_) if is_forced => Ok(Verdict::Take { is_forced: true }),
        Some(objection) => Err(objection),
    }
}

/// One that says it is of the future would make everything that comes after it look old.
fn ahead(artifact: &Examined, now: DateTime<Utc>) -> Option<IngestError> {
    let brought = artifact.metadata.generated_at?;
    is_ahead(brought, now).then(|| IngestError::Ahead {
        kind: artifact.kind,
        origin: artifact.received.origin.clone(),
        brought,
        now,
    })
}

/// Whether an instant is of no clock that goes right.
fn is_ahead(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at - now > LARGEST_DRIFT
}

/// What is there and says that it is of the future is no measure of age.
fn older(artifact: &Examined, there: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<IngestError> {
    let brought = artifact.metadata.generated_at?;
    let there = there.filter(|there| brought < *there && !is_ahead(*there, now))?;
    Some(IngestError::Older {
        kind: artifact.kind,
        origin: artifact.received.origin.clone(),
        brought,
        there,
    })
}

/// A manifest says which project it is. Other artifacts name nodes: when none of those is of a package that
/// the manifest knows, they are of another project.
fn other_project(
    artifact: &Examined,
    brought: &[Examined],
    there: &ProjectArtifacts,
    project: &ProjectName,
) -> Option<IngestError> {
    let known = there.project.as_ref();
    let objection = |there: &str, brought: &str| IngestError::OtherProject {
        kind: artifact.kind,
        origin: artifact.received.origin.clone(),
        project: project.clone(),
        there: there.to_owned(),
        brought: brought.to_owned(),
    };
    if let Some(package) = artifact.package() {
        let known = known?.metadata.package.as_str();
        return (package != known).then(|| objection(known, package));
    }
    let manifest = brought.iter().find_map(Examined::manifest).or(known)?;
    let packages: BTreeSet<&str> = manifest
        .nodes()
        .iter()
        .map(|node| node.package.as_str())
        .chain(manifest.macros().iter().map(|known| known.package.as_str()))
        .chain([manifest.metadata.package.as_str()])
        .collect();
    let named = packages_named(&artifact.parsed);
    let first = named.first()?;
    named
        .is_disjoint(&packages)
        .then(|| objection(&manifest.metadata.package, first))
}

/// The packages of the nodes that an artifact tells of.
fn packages_named(parsed: &Parsed) -> BTreeSet<&str> {
    let package = |id: &'_ str| -> usize { id.find('.').map_or(0, |at| at + 1) };
    let of = |id| -> Option<&str> {
        let id: &str = id;
        id[package(id)..]
            .split('.')
            .next()
            .filter(|package| !package.is_empty())
    };
    match parsed {
        Parsed::Manifest(_) => BTreeSet::new(),
        Parsed::RunResults(run) => run
            .results
            .iter()
            .filter_map(|it| of(it.unique_id.as_str()))
            .collect(),
        Parsed::Sources(sources) => {
            let results = sources.results.iter();
            results.filter_map(|it| of(it.unique_id.as_str())).collect()
        }
        Parsed::Catalog(catalog) => catalog.tables.keys().filter_map(|id| of(id.as_str())).collect(),
    }
}
