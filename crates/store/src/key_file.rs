//! The file that holds the sealing key, and how the key is changed.
//!
//! ```text
//! OLD            before
//! NEW, OLD       the file is replaced: from now on NEW seals, and both open
//!                everything stored is sealed anew, in one transaction
//! NEW            the file is replaced again
//! ```
//!
//! A line holds one key. The file is only ever replaced whole, by moving another one over it, so whatever stops
//! a change on its way leaves a file with all keys that are needed; the change is then finished by starting it
//! again. Processes that run read the file each time they need the key.

use std::io::{ErrorKind, Read, Write};

use camino::Utf8Path;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::key::SealingKey;

impl SealingKey {
    /// Reads the key from a file, which only its owner may be able to read; makes the file, and its
    /// directory, when it is missing. Of several processes that make it at once all get the same key.
    ///
    /// # Errors
    /// When the file cannot be read or made, is open to others, or holds no key.
    pub fn load_or_create(path: &Utf8Path) -> Result<Self> {
        match load(path) {
            Err(Error::KeyFile { source, .. }) if source.kind() == ErrorKind::NotFound => {
                create(path)?;
                load(path)
            }
            loaded => loaded,
        }
    }

    /// Reads the key from a file that must be there.
    ///
    /// # Errors
    /// As [`Self::load_or_create`], and [`Error::KeyMissing`] when there is no file.
    pub fn load(path: &Utf8Path) -> Result<Self> {
        match load(path) {
            Err(Error::KeyFile { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Err(Error::KeyMissing {
                    path: path.to_owned(),
                })
            }
            loaded => loaded,
        }
    }

    /// Puts a new key in front of the file's key, and answers both. Where an earlier change did not come to its
    /// end, its keys are answered instead, and `true`.
    ///
    /// # Errors
    /// When the file is missing or cannot be replaced.
    pub fn begin_change(path: &Utf8Path) -> Result<(Self, bool)> {
        let key = Self::load(path)?;
        if key.has_earlier() {
            return Ok((key, true));
        }
        let Self { first, .. } = Self::generate()?;
        let both = Self {
            first,
            earlier: vec![key.first],
        };
        replace(path, &both)?;
        Ok((both, false))
    }

    /// Takes the earlier keys out of the file, once nothing needs them any more.
    ///
    /// # Errors
    /// When the file cannot be replaced.
    pub fn end_change(&self, path: &Utf8Path) -> Result<()> {
        replace(path, &self.without_earlier())
    }
}

fn load(path: &Utf8Path) -> Result<SealingKey> {
    let refused = |source| Error::KeyFile {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if !metadata.is_file() {
        return Err(refused(std::io::Error::other("it is not a file")));
    }
    // Asked of the open file, so that it cannot be exchanged in between.
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::KeyFileOpen {
                path: path.to_owned(),
                mode,
            });
        }
    }
    let mut text = Zeroizing::new(String::new());
    // A key is 44 characters; what is much longer is not one.
    Read::by_ref(&mut file)
        .take(1_024)
        .read_to_string(&mut text)
        .map_err(refused)?;
    SealingKey::parse(&format!("the key file `{path}`"), &text)
}

/// Writes a new key beside the path and moves it there whole, unless somebody else was quicker.
fn create(path: &Utf8Path) -> Result<()> {
    let refused = |source| Error::KeyFile {
        path: path.to_owned(),
        source,
    };
    let directory = directory_of(path);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(refused)?;

    let file = written_beside(directory, &SealingKey::generate()?).map_err(refused)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(error.error)),
    }
}

fn directory_of(path: &Utf8Path) -> &Utf8Path {
    match path.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    }
}

/// A file of no lasting name with the key in it, on the disk already. `tempfile` makes files that only their
/// owner can read.
fn written_beside(directory: &Utf8Path, key: &SealingKey) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".key-").tempfile_in(directory)?;
    file.write_all(key.to_text().as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Moves a file with other keys over the one that is there, which keeps its owner: an administrator changes the
/// key of a service that runs as somebody else.
fn replace(path: &Utf8Path, key: &SealingKey) -> Result<()> {
    let refused = |source| Error::KeyFile {
        path: path.to_owned(),
        source,
    };
    // Where the path is a link, what it leads to is replaced.
    let path = path.canonicalize_utf8().map_err(refused)?;
    let directory = directory_of(&path);
    let file = written_beside(directory, key).map_err(refused)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (before, now) = (
            std::fs::metadata(&path).map_err(refused)?,
            file.as_file().metadata().map_err(refused)?,
        );
        if (before.uid(), before.gid()) != (now.uid(), now.gid()) {
            std::os::unix::fs::fchown(file.as_file(), Some(before.uid()), Some(before.gid()))
                .map_err(refused)?;
        }
    }
    file.persist(&path).map_err(|error| refused(error.error))?;
    // The move itself must be on the disk before anything is sealed with the new key.
    #[cfg(unix)]
    std::fs::File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(refused)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::{ExposeSecret, SecretString};
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    fn directory() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        (directory, path)
    }

    #[test]
    fn a_missing_key_file_is_made_once_for_the_owner_alone() {
        let (_guard, directory) = directory();
        let path = directory.join("deep/er/key");
        let one = SealingKey::load_or_create(&path).unwrap();
        let two = SealingKey::load_or_create(&path).unwrap();
        assert_eq!(one.to_text(), two.to_text());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Utf8Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(&directory.join("deep")), 0o700);
        }
        let left: Vec<_> = std::fs::read_dir(directory.join("deep/er")).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file is left");
    }

    #[test]
    fn all_who_make_the_key_file_at_once_get_the_same_key() {
        let (_guard, directory) = directory();
        let path = directory.join("key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| SealingKey::load_or_create(&path).unwrap().to_text()))
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[cfg(unix)]
    #[rstest]
    #[case(0o640)]
    #[case(0o604)]
    #[case(0o620)]
    fn a_key_file_open_to_others_is_refused(#[case] mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let (_guard, directory) = directory();
        let path = directory.join("key");
        SealingKey::load_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = SealingKey::load_or_create(&path).unwrap_err();
        assert_eq!(error.code(), "TW-KEY-OPEN-TO-OTHERS");
        assert_eq!(error.hint().unwrap(), format!("run `chmod 600 {path}`"));
    }

    #[test]
    fn a_directory_or_a_broken_file_is_no_key_file() {
        let (_guard, directory) = directory();
        assert_eq!(
            SealingKey::load_or_create(&directory).unwrap_err().code(),
            "TW-KEY-FILE"
        );
        let path = directory.join("key");
        SealingKey::load_or_create(&path).unwrap();
        std::fs::write(&path, "hunter2").unwrap();
        assert_eq!(
            SealingKey::load_or_create(&path).unwrap_err().code(),
            "TW-KEY-TEXT"
        );
        let below = path.join("key");
        assert_eq!(
            SealingKey::load_or_create(&below).unwrap_err().code(),
            "TW-KEY-FILE"
        );
    }

    #[test]
    fn a_change_of_the_key_can_stop_anywhere() {
        let (_guard, directory) = directory();
        let path = directory.join("key");
        let old = SealingKey::load_or_create(&path).unwrap();
        let sealed = old.seal("main", &SecretString::from("hunter2")).unwrap();

        let (both, is_resumed) = SealingKey::begin_change(&path).unwrap();
        assert!(!is_resumed);
        // Stopped here, the file opens what is stored, and the next attempt draws no third key.
        let found = SealingKey::load_or_create(&path).unwrap();
        assert_eq!(found.unseal("main", &sealed).unwrap().expose_secret(), "hunter2");
        let (again, is_resumed) = SealingKey::begin_change(&path).unwrap();
        assert!(is_resumed);
        assert_eq!(again.to_text(), both.to_text());

        both.end_change(&path).unwrap();
        let new = SealingKey::load(&path).unwrap();
        assert!(!new.has_earlier());
        assert_ne!(new.to_text(), old.to_text());
        assert!(new.unseal("main", &sealed).is_err());
        let left: Vec<_> = std::fs::read_dir(&directory).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_key_stays_one() {
        let (_guard, directory) = directory();
        let (real, link) = (directory.join("real"), directory.join("key"));
        SealingKey::load_or_create(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        SealingKey::begin_change(&link).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(SealingKey::load(&real).unwrap().has_earlier());
    }

    #[test]
    fn no_key_is_made_where_one_is_needed() {
        let (_guard, directory) = directory();
        let path = directory.join("key");
        assert_eq!(SealingKey::load(&path).unwrap_err().code(), "TW-KEY-MISSING");
        assert_eq!(
            SealingKey::begin_change(&path).unwrap_err().code(),
            "TW-KEY-MISSING"
        );
        assert!(!path.exists());
    }
}
