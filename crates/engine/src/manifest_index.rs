//! Indexes of manifests on disk: what one process read of a manifest, the next one need not parse.
//!
//! An index is a copy of what [`tailwater_dbt`] made of a manifest, in a file of its own. It may be missing, old or
//! broken at any time, and then the manifest is read as if there were none; what it never does is to say something else
//! than the manifest says now. So its key holds all that the copy depends on, and is compared before the rest is read:
//!
//! - the manifest's real path and its [`FileStamp`], taken before it was read and found the same after;
//! - the program, since another build may read a manifest otherwise.
//!
//! A manifest that was changed less than two seconds before it was read gets no index: it may have changed once more
//! within the same tick of the file system's clock, and its stamp would not tell.
//!
//! Each manifest has one file for each build, so that two that share a directory do not write by turns. Processes that
//! write one at once do so under names of their own, and rename: the last one stays. Nothing here is an error: what
//! cannot be written is said in the log, for those who look for it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tailwater_core::id::ProjectName;
use tailwater_core::project::Project;
use tailwater_dbt::{ArtifactKind, IndexReader, load_manifest, write_index};
use tempfile::NamedTempFile;

use crate::file_stamp::FileStamp;
use crate::ingest::{hexadecimal, make_directory};

/// How the files' names end.
const SUFFIX: &str = "index";

/// How the names of files begin that are being written.
const PART: &str = "part-";

/// After this time nobody writes on at a file that was begun.
const ABANDONED: Duration = Duration::from_hours(1);

/// What is kept, and of what.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// A manifest of fewer bytes is parsed as fast.
    smallest_manifest: u64,
    /// For how long a manifest must have stood still before it was read.
    settled: Duration,
    /// The most bytes of one index.
    largest: u64,
    /// The most bytes of all together.
    total: u64,
    /// The most files.
    count: usize,
}

const LIMITS: Limits = Limits {
    smallest_manifest: 1 << 20,
    settled: Duration::from_secs(2),
    largest: 256 << 20,
    total: 512 << 20,
    count: 100,
};

/// What an index was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    manifest: Utf8PathBuf,
    stamp: FileStamp,
    program: Program,
}

/// One build of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Program {
    version: String,
    file: FileStamp,
}

impl Program {
    /// This one. `None` where it cannot be found; then nothing is known to have been written by the same.
    fn this() -> Option<Self> {
        let path = Utf8PathBuf::from_path_buf(std::env::current_exe().ok()?).ok()?;
        Some(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            file: FileStamp::of(&path)?,
        })
    }
}

/// The indexes in a directory.
#[derive(Debug)]
pub struct ManifestIndexes {
    directory: Utf8PathBuf,
    program: Option<Program>,
    limits: Limits,
}

impl ManifestIndexes {
    /// Those in this directory, which is made when it is needed.
    pub fn new(directory: Utf8PathBuf) -> Self {
        Self {
            directory,
            program: Program::this(),
            limits: LIMITS,
        }
    }

    /// Reads a manifest, as [`tailwater_dbt::load_manifest`] does: from its index if there is one, else from its file, and
    /// writes the index for the next time.
    pub fn load_manifest(
        &self,
        path: &Utf8Path,
        name: &ProjectName,
    ) -> Result<Project, tailwater_dbt::Error> {
        let Some(key) = self.key_of(path) else {
            return load_manifest(path, name.clone());
        };
        if let Some(project) = self.find(&key, name) {
            return Ok(project);
        }
        let Some(draft) = self.begin(&key) else {
            return load_manifest(path, name.clone());
        };
        // By its real path, so that what is read is what the key tells of; a fault is told with the path that was given.
        match load_manifest(&key.manifest, name.clone()) {
            Ok(project) => {
                match self.keep(draft, &key, &project) {
                    Ok(true) => self.sweep(&key),
                    Ok(false) => tracing::debug!(manifest = %key.manifest, "changed while it was read"),
                    Err(error) => tracing::debug!(manifest = %key.manifest, %error, "no index was written"),
                }
                Ok(project)
            }
            Err(_) => load_manifest(path, name.clone()),
        }
    }

    /// The key that an index of the manifest must have now; `None` for a manifest that needs none.
    fn key_of(&self, path: &Utf8Path) -> Option<Key> {
        let program = self.program.clone()?;
        let manifest = tailwater_dbt::locate(path, ArtifactKind::Manifest).ok()?;
        let manifest = manifest.canonicalize_utf8().ok()?;
        let stamp = FileStamp::of(&manifest)?;
        (stamp.size >= self.limits.smallest_manifest).then_some(Key {
            manifest,
            stamp,
            program,
        })
    }

    fn file_of(&self, manifest: &Utf8Path) -> Utf8PathBuf {
        const LENGTH: usize = 16;
        let digest: [u8; 32] = Sha256::digest(format!("{manifest}\0{:?}", self.program)).into();
        let name = hexadecimal(&digest[..LENGTH]);
        self.directory.join(format!("{name}.{SUFFIX}"))
    }

    fn find(&self, key: &Key, name: &ProjectName) -> Option<Project> {
        let reader = self.open(&self.file_of(&key.manifest))?;
        if serde_json::from_slice::<Key>(reader.key()).ok()? != *key {
            tracing::debug!(manifest = %key.manifest, "its index is of another state of it");
            return None;
        }
        match reader.read(name.clone()) {
            Ok(project) => {
                tracing::debug!(manifest = %key.manifest, "read from its index");
                Some(project)
            }
            Err(error) => {
                tracing::debug!(manifest = %key.manifest, %error, "its index cannot be read");
                None
            }
        }
    }

    fn open(&self, file: &Utf8Path) -> Option<IndexReader<File>> {
        let metadata = fs::symlink_metadata(file).ok()?;
        if !metadata.is_file() || metadata.len() > self.limits.largest {
            return None;
        }
        IndexReader::new(File::open(file).ok()?).ok()
    }

    /// A file to write the index to, made before the manifest is read: its time says when that was, by a file system's
    /// clock like the manifest's. `None` where it cannot be made, or the manifest is too new.
    fn begin(&self, key: &Key) -> Option<NamedTempFile> {
        let made = make_directory(&self.directory)
            // For the owner alone, as tempfile makes them.
            .and_then(|()| tempfile::Builder::new().prefix(PART).tempfile_in(&self.directory));
        let draft = match made {
            Ok(draft) => draft,
            Err(error) => {
                tracing::debug!(directory = %self.directory, %error, "no index can be written");
                return None;
            }
        };
        let now = time_of(&draft)?;
        let latest = key.stamp.latest()?;
        if now
            .duration_since(latest)
            .is_ok_and(|age| age >= self.limits.settled)
        {
            return Some(draft);
        }
        tracing::debug!(manifest = %key.manifest, "too new for an index");
        None
    }

    /// Writes the index and puts it in its place; `false`, and it is gone, when the manifest has changed meanwhile. A
    /// power cut may leave half of it, which its checksums tell.
    fn keep(&self, draft: NamedTempFile, key: &Key, project: &Project) -> io::Result<bool> {
        if FileStamp::of(&key.manifest) != Some(key.stamp) {
            return Ok(false);
        }
        let sink = Limited {
            sink: draft.as_file(),
            room: self.limits.largest,
        };
        write_index(project, &serde_json::to_vec(key)?, BufWriter::new(sink))?;
        draft
            .persist(self.file_of(&key.manifest))
            .map_err(|error| error.error)?;
        Ok(true)
    }

    /// Removes indexes whose manifests are gone or another by now, what was never finished, and of the rest the oldest that are too many.
    /// What cannot be removed is left for the next time.
    fn sweep(&self, written: &Key) {
        let written = self.file_of(&written.manifest);
        let now = fs::metadata(&written).and_then(|metadata| metadata.modified());
        let (Ok(now), Ok(entries)) = (now, self.directory.read_dir_utf8()) else {
            return;
        };
        let mut kept = Vec::new();
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let age = metadata
                .modified()
                .ok()
                .and_then(|at| now.duration_since(at).ok());
            let path = entry.path();
            if entry.file_name().starts_with(PART) {
                if age.is_some_and(|age| age > ABANDONED) {
                    let _ = fs::remove_file(path);
                }
            } else if path.extension() == Some(SUFFIX) {
                if path == written || self.is_current(path) {
                    kept.push((path != written, age, metadata.len(), path.to_owned()));
                } else {
                    let _ = fs::remove_file(path);
                }
            }
        }
        // The one that was just written first, then by age.
        kept.sort();
        let mut sum = 0;
        for (number, (is_other, _, size, path)) in kept.iter().enumerate() {
            sum += size;
            if *is_other && (number >= self.limits.count || sum > self.limits.total) {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Whether the manifest of an index is still as it was; `false` also of what is no index.
    fn is_current(&self, file: &Utf8Path) -> bool {
        let key = self
            .open(file)
            .and_then(|reader| serde_json::from_slice::<Key>(reader.key()).ok());
        key.is_some_and(|key| FileStamp::of(&key.manifest) == Some(key.stamp))
    }
}

fn time_of(file: &NamedTempFile) -> Option<SystemTime> {
    file.as_file()
        .metadata()
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// Refuses to be written more to than there is room for.
struct Limited<W> {
    sink: W,
    room: u64,
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.room = self
            .room
            .checked_sub(written as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "it would be too large"))?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::OpenOptions;

    use tempfile::TempDir;

    use super::*;

    /// A directory with a manifest in it, and indexes of it.
    struct Scene {
        directory: TempDir,
        indexes: ManifestIndexes,
    }

    impl Scene {
        fn new() -> Self {
            let directory = TempDir::new().unwrap();
            let root = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
            let mut indexes = ManifestIndexes::new(root.join("state/indexes"));
            indexes.limits.smallest_manifest = 0;
            indexes.limits.settled = Duration::ZERO;
            let scene = Self { directory, indexes };
            scene.write("one");
            scene
        }

        fn path(&self, name: &str) -> Utf8PathBuf {
            let root = self.directory.path().canonicalize().unwrap();
            Utf8PathBuf::from_path_buf(root).unwrap().join(name)
        }

        fn manifest(&self) -> Utf8PathBuf {
            self.path("manifest.json")
        }

        fn write(&self, model: &str) {
            fs::write(self.manifest(), manifest(model)).unwrap();
        }

        /// The models, as they are read, and whether from the index.
        fn read(&self) -> (Vec<String>, bool) {
            self.read_at(&self.manifest())
        }

        fn read_at(&self, path: &Utf8Path) -> (Vec<String>, bool) {
            let key = self.indexes.key_of(path).unwrap();
            let is_known = self.indexes.find(&key, &"shop".into()).is_some();
            let project = self.indexes.load_manifest(path, &"shop".into()).unwrap();
            let models = project.nodes().iter().map(|node| node.name.clone());
            (models.collect(), is_known)
        }

        fn index(&self) -> Utf8PathBuf {
            self.indexes.file_of(&self.manifest())
        }

        /// The names in the directory of indexes.
        fn names(&self) -> BTreeSet<String> {
            let entries = self.indexes.directory.read_dir_utf8().unwrap();
            entries
                .map(|entry| entry.unwrap().file_name().to_owned())
                .collect()
        }
    }

    fn manifest(model: &str) -> String {
        format!(
            r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}},
                "nodes": {{"model.shop.{model}": {{"name": "{model}", "resource_type": "model", "schema": "s"}}}}}}"#
        )
    }

    fn one(is_known: bool) -> (Vec<String>, bool) {
        (vec!["one".to_owned()], is_known)
    }

    fn two(is_known: bool) -> (Vec<String>, bool) {
        (vec!["two".to_owned()], is_known)
    }

    #[test]
    fn what_was_read_once_is_read_from_the_index() {
        let scene = Scene::new();
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.read(), one(true));
        let name = "other".into();
        let again = scene.indexes.load_manifest(&scene.manifest(), &name).unwrap();
        assert_eq!(again, load_manifest(&scene.manifest(), name).unwrap());
        // By the directory, too.
        let directory = scene.manifest().parent().unwrap().to_owned();
        assert_eq!(scene.read_at(&directory), one(true));
        assert_eq!(scene.names().len(), 1);
    }

    #[test]
    fn a_manifest_in_its_place_of_equal_size_and_time_is_read_anew() {
        let scene = Scene::new();
        scene.read();
        let before = FileStamp::of(&scene.manifest()).unwrap();
        let other = scene.path("other.json");
        fs::write(&other, manifest("two")).unwrap();
        let opened = OpenOptions::new().write(true).open(&other).unwrap();
        opened.set_modified(before.modified.unwrap()).unwrap();
        fs::rename(&other, scene.manifest()).unwrap();
        let after = FileStamp::of(&scene.manifest()).unwrap();
        assert_eq!((before.size, before.modified), (after.size, after.modified));
        assert_eq!(scene.read(), two(false));
        assert_eq!(scene.read(), two(true));
    }

    #[cfg(unix)]
    #[test]
    fn a_manifest_written_over_with_its_time_set_back_is_read_anew() {
        let scene = Scene::new();
        scene.read();
        let before = FileStamp::of(&scene.manifest()).unwrap();
        let mut after = before;
        // Until the file system's clock has ticked.
        while after.changed == before.changed {
            scene.write("two");
            let opened = OpenOptions::new().write(true).open(scene.manifest()).unwrap();
            opened.set_modified(before.modified.unwrap()).unwrap();
            after = FileStamp::of(&scene.manifest()).unwrap();
        }
        assert_eq!(
            (before.size, before.modified, before.inode),
            (after.size, after.modified, after.inode)
        );
        assert_eq!(scene.read(), two(false));
        assert_eq!(scene.read(), two(true));
    }

    #[test]
    fn one_that_was_just_written_or_is_small_or_is_of_the_future_has_none() {
        let mut scene = Scene::new();
        scene.indexes.limits.settled = Duration::from_hours(1);
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.names(), BTreeSet::new());
        scene.indexes.limits.settled = Duration::ZERO;
        let opened = OpenOptions::new().write(true).open(scene.manifest()).unwrap();
        let now = FileStamp::of(&scene.manifest()).unwrap().latest().unwrap();
        opened.set_modified(now + Duration::from_hours(1)).unwrap();
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.names(), BTreeSet::new());
        scene.indexes.limits = LIMITS;
        assert_eq!(scene.indexes.key_of(&scene.manifest()), None);
    }

    #[test]
    fn another_build_reads_anew() {
        let mut scene = Scene::new();
        assert_eq!(scene.read(), one(false));
        let program = scene.indexes.program.as_mut().unwrap();
        program.file.size += 1;
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.read(), one(true));
        assert_eq!(scene.names().len(), 2);
        // Whose manifest has changed is of use to nobody.
        scene.write("two");
        assert_eq!(scene.read(), two(false));
        assert_eq!(scene.names().len(), 1);
        scene.indexes.program = None;
        assert_eq!(scene.indexes.key_of(&scene.manifest()), None);
    }

    #[test]
    fn what_is_no_index_any_more_is_written_anew() {
        let scene = Scene::new();
        scene.read();
        let whole = fs::read(scene.index()).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() - 6] ^= 1;
        let broken = [
            Vec::new(),
            whole[..whole.len() - 1].to_vec(),
            b"not an index".to_vec(),
            changed,
        ];
        for bytes in broken {
            fs::write(scene.index(), bytes).unwrap();
            assert_eq!(scene.read(), one(false));
            assert_eq!(scene.read(), one(true));
        }
        fs::remove_file(scene.index()).unwrap();
        fs::create_dir(scene.index()).unwrap();
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.names().len(), 1);
    }

    #[test]
    fn where_nothing_can_be_written_manifests_are_read() {
        let scene = Scene::new();
        fs::write(scene.path("state"), "in the way").unwrap();
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.read(), one(false));
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let mut scene = Scene::new();
        scene.indexes.limits.largest = 100;
        assert_eq!(scene.read(), one(false));
        assert_eq!(scene.names(), BTreeSet::new());
    }

    #[test]
    fn a_manifest_that_changes_while_it_is_read_has_none() {
        let scene = Scene::new();
        let key = scene.indexes.key_of(&scene.manifest()).unwrap();
        let draft = scene.indexes.begin(&key).unwrap();
        let project = load_manifest(&scene.manifest(), "shop".into()).unwrap();
        scene.write("longer");
        assert!(!scene.indexes.keep(draft, &key, &project).unwrap());
        assert_eq!(scene.names(), BTreeSet::new());
    }

    #[test]
    fn a_fault_is_told_with_the_path_that_was_given() {
        let scene = Scene::new();
        fs::write(scene.manifest(), "{\"metadata\": ").unwrap();
        let given = scene.path("state/../manifest.json");
        make_directory(&scene.path("state")).unwrap();
        let error = scene.indexes.load_manifest(&given, &"shop".into()).unwrap_err();
        assert!(error.to_string().contains("state/../manifest.json"), "{error}");
        assert_eq!(scene.names(), BTreeSet::new());
    }

    #[cfg(unix)]
    #[test]
    fn files_and_directory_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let scene = Scene::new();
        scene.read();
        for (path, mode) in [(scene.index(), 0o600), (scene.indexes.directory.clone(), 0o700)] {
            let permissions = fs::metadata(&path).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o777, mode, "{path}");
        }
    }

    #[test]
    fn what_nobody_needs_is_swept() {
        let mut scene = Scene::new();
        let others: Vec<Utf8PathBuf> = (0..4)
            .map(|number| scene.path(&format!("{number}.json")))
            .collect();
        for (number, path) in others.iter().enumerate() {
            fs::write(path, manifest("one")).unwrap();
            assert_eq!(scene.read_at(path), one(false));
            // Told apart by age, the first the oldest.
            let opened = OpenOptions::new()
                .write(true)
                .open(scene.indexes.file_of(path))
                .unwrap();
            let age = Duration::from_mins(10 - number as u64);
            let now = opened.metadata().unwrap().modified().unwrap();
            opened.set_modified(now - age).unwrap();
        }
        let old = scene.indexes.directory.join(format!("{PART}old"));
        let now = File::create(&old)
            .unwrap()
            .metadata()
            .unwrap()
            .modified()
            .unwrap();
        let opened = OpenOptions::new().write(true).open(&old).unwrap();
        opened
            .set_modified(now - ABANDONED - Duration::from_secs(1))
            .unwrap();
        fs::write(scene.indexes.directory.join(format!("{PART}new")), "").unwrap();
        fs::write(scene.indexes.directory.join(format!("foreign.{SUFFIX}")), "x").unwrap();
        fs::write(scene.indexes.directory.join("a note"), "").unwrap();
        fs::remove_file(&others[3]).unwrap();
        scene.indexes.limits.count = 3;
        assert_eq!(scene.read(), one(false));
        let kept = [&scene.manifest(), &others[2], &others[1]]
            .map(|path| scene.indexes.file_of(path).file_name().unwrap().to_owned());
        let newest = kept[0].clone();
        let expected = kept
            .into_iter()
            .chain([format!("{PART}new"), "a note".to_owned()]);
        assert_eq!(scene.names(), expected.collect());
        // Once more, with room for one alone.
        scene.indexes.limits.total = 1;
        scene.write("two");
        assert_eq!(scene.read(), two(false));
        let expected = [newest, format!("{PART}new"), "a note".to_owned()];
        assert_eq!(scene.names(), expected.into());
    }

    #[test]
    fn many_at_once_read_the_same() {
        let scene = Scene::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let project = scene.indexes.load_manifest(&scene.manifest(), &"shop".into());
                        assert_eq!(project.unwrap().nodes().len(), 1);
                    }
                });
            }
        });
        assert_eq!(scene.names().len(), 1);
        assert_eq!(scene.read(), one(true));
    }
}
