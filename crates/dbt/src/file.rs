//! From a path to the bytes of the artifact behind it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};

use crate::artifact::ArtifactKind;
use crate::error::Error;

/// Finds the artifact: the path itself when it is a file, else the file in the directory, else the one in
/// the directory's `target`, so that a dbt project's root will do.
///
/// # Errors
/// When nothing is there, or nothing can be seen there.
pub fn locate(path: &Utf8Path, wanted: ArtifactKind) -> Result<Utf8PathBuf, Error> {
    let Some(metadata) = metadata(path)? else {
        return Err(Error::NotFound {
            path: path.to_owned(),
            wanted,
        });
    };
    if !metadata.is_dir() {
        return Ok(path.to_owned());
    }
    for candidate in [
        path.join(wanted.file_name()),
        path.join("target").join(wanted.file_name()),
    ] {
        if self::metadata(&candidate)?.is_some_and(|metadata| !metadata.is_dir()) {
            return Ok(candidate);
        }
    }
    Err(Error::NotInDirectory {
        directory: path.to_owned(),
        wanted,
    })
}

/// Like [`locate`], where a directory without the artifact is no error.
pub(crate) fn locate_optional(
    directory: &Utf8Path,
    wanted: ArtifactKind,
) -> Result<Option<Utf8PathBuf>, Error> {
    let path = directory.join(wanted.file_name());
    Ok(metadata(&path)?
        .is_some_and(|metadata| !metadata.is_dir())
        .then_some(path))
}

/// Reads the whole file.
pub(crate) fn read(path: &Utf8Path, wanted: ArtifactKind) -> Result<Vec<u8>, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = open(path, wanted)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Opens the file. Devices and pipes are refused: they may never end.
pub(crate) fn open(path: &Utf8Path, wanted: ArtifactKind) -> Result<File, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    match metadata(path)? {
        None => Err(Error::NotFound {
            path: path.to_owned(),
            wanted,
        }),
        Some(metadata) if !metadata.is_file() => Err(unreadable(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ))),
        Some(_) => File::open(path).map_err(unreadable),
    }
}

/// What is at the path; `None` for nothing.
fn metadata(path: &Utf8Path) -> Result<Option<Metadata>, Error> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(Error::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}
