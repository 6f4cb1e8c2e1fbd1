//! Parsed artifacts, kept while their files stay as they are.
//!
//! A manifest of 100 MB takes a quarter of a second and its size in memory to read; a sync, a page and a
//! command all need it. A file is known by its path and its stamp. Of a file that can no longer
//! be read, or that is being written, what was last read from it stays in use, with a word about it.
//! What another process read of a manifest is in its index ([`crate::manifest_index`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::id::ProjectName;
use tailwater_core::project::Project;
use tailwater_core::run::{ArtifactMetadata, RunResults, SourceFreshness, WarehouseCatalog};
use tailwater_dbt::ArtifactKind;

use crate::error::Error;
use crate::file_stamp::FileStamp;
use crate::manifest_index::ManifestIndexes;

/// An artifact that was read.
#[derive(Debug, Clone)]
pub enum Parsed {
    /// `manifest.json`.
    Manifest(Arc<Project>),
    /// `run_results.json`.
    RunResults(Arc<RunResults>),
    /// `sources.json`.
    Sources(Arc<SourceFreshness>),
    /// `catalog.json`.
    Catalog(Arc<WarehouseCatalog>),
}

impl Parsed {
    /// Reads bytes as the kind of artifact that they are. `origin` names them in messages.
    pub fn read(
        kind: ArtifactKind,
        bytes: &[u8],
        origin: &str,
        project: &ProjectName,
    ) -> Result<Self, Error> {
        Ok(match kind {
            ArtifactKind::Manifest => {
                let manifest = tailwater_dbt::read_manifest(bytes, origin, project.clone())?;
                Self::Manifest(Arc::new(manifest))
            }
            ArtifactKind::RunResults => {
                Self::RunResults(Arc::new(tailwater_dbt::read_run_results(bytes, origin)?))
            }
            ArtifactKind::Sources => Self::Sources(Arc::new(tailwater_dbt::read_sources(bytes, origin)?)),
            ArtifactKind::Catalog => Self::Catalog(Arc::new(tailwater_dbt::read_catalog(bytes, origin)?)),
        })
    }

    /// What the artifact says of itself.
    pub fn metadata(&self) -> ArtifactMetadata {
        match self {
            Self::Manifest(project) => ArtifactMetadata {
                dbt_version: project.metadata.dbt_version.clone(),
                schema_version: project.metadata.schema_version,
                generated_at: project.metadata.generated_at,
                invocation_id: project.metadata.invocation_id.clone(),
            },
            Self::RunResults(run) => run.metadata.clone(),
            Self::Sources(sources) => sources.metadata.clone(),
            Self::Catalog(catalog) => catalog.metadata.clone(),
        }
    }
}

/// What asking for a file came to.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What was read, now or the last time that it could be.
    pub good: Option<(FileStamp, Parsed)>,
    /// Why the file as it is now cannot be read.
    pub error: Option<Arc<Error>>,
}

/// The cache. Cheap to share; its lock is held only for look-ups, never while a file is read.
#[derive(Debug)]
pub struct ArtifactCache {
    held: Mutex<HashMap<Key, Held>>,
    indexes: ManifestIndexes,
}

type Key = (Utf8PathBuf, ArtifactKind, ProjectName);

#[derive(Debug, Clone)]
struct Held {
    stamp: Option<FileStamp>,
    loaded: Loaded,
}

impl ArtifactCache {
    /// An empty one.
    pub fn new(indexes: ManifestIndexes) -> Self {
        Self {
            held: Mutex::default(),
            indexes,
        }
    }

    /// Reads a manifest, from its index where there is one, and keeps nothing of it here.
    pub fn load_manifest(&self, path: &Utf8Path, project: &ProjectName) -> Result<Project, Error> {
        Ok(self.indexes.load_manifest(path, project)?)
    }

    /// The artifact in a file. Reads it when it is not as it was the last time; takes the time of that, so
    /// call it off the threads that serve requests.
    pub fn load(&self, kind: ArtifactKind, path: &Utf8Path, project: &ProjectName) -> Loaded {
        let key = (path.to_owned(), kind, project.clone());
        // Taken before reading: what changes while it is read is read again the next time.
        let stamp = FileStamp::of(path);
        let before = self.lock().get(&key).cloned();
        if let Some(held) = &before
            && held.stamp == stamp
            && stamp.is_some()
        {
            return held.loaded.clone();
        }
        let good = before.and_then(|held| held.loaded.good);
        let loaded = match self.read(kind, path, project) {
            Ok(parsed) => Loaded {
                good: stamp.map(|stamp| (stamp, parsed)),
                error: None,
            },
            Err(error) => Loaded {
                good,
                error: Some(Arc::new(error)),
            },
        };
        let held = Held {
            stamp,
            loaded: loaded.clone(),
        };
        self.lock().insert(key, held);
        loaded
    }

    /// What was last read from a file that may not be there any more.
    pub fn remembered(&self, kind: ArtifactKind, path: &Utf8Path, project: &ProjectName) -> Loaded {
        let key = (path.to_owned(), kind, project.clone());
        let held = self.lock().get(&key).cloned();
        held.map(|held| held.loaded).unwrap_or_default()
    }

    /// Keeps what was read by another way.
    pub fn insert(
        &self,
        kind: ArtifactKind,
        path: &Utf8Path,
        project: &ProjectName,
        stamp: FileStamp,
        parsed: Parsed,
    ) {
        let held = Held {
            stamp: Some(stamp),
            loaded: Loaded {
                good: Some((stamp, parsed)),
                error: None,
            },
        };
        self.lock().insert((path.to_owned(), kind, project.clone()), held);
    }

    /// Forgets the files in a directory that are not among those named.
    pub fn forget_others(&self, directory: &Utf8Path, wanted: &[Utf8PathBuf]) {
        self.lock()
            .retain(|(path, _, _), _| path.parent() != Some(directory) || wanted.contains(path));
    }

    fn read(&self, kind: ArtifactKind, path: &Utf8Path, project: &ProjectName) -> Result<Parsed, Error> {
        Ok(match kind {
            ArtifactKind::Manifest => Parsed::Manifest(Arc::new(self.load_manifest(path, project)?)),
            ArtifactKind::RunResults => Parsed::RunResults(Arc::new(tailwater_dbt::load_run_results(path)?)),
            ArtifactKind::Sources => Parsed::Sources(Arc::new(tailwater_dbt::load_sources(path)?)),
            ArtifactKind::Catalog => Parsed::Catalog(Arc::new(tailwater_dbt::load_catalog(path)?)),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Held>> {
        // Nothing can panic half-way through a change of the map.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
