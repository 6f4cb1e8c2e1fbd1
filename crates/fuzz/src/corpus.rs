//! The seeds of each target, in `fuzz/corpus`.

use std::path::{Path, PathBuf};

/// The directory that holds one directory for each target.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// The files of a target with their bytes, by name.
///
/// # Errors
/// When the directory or a file cannot be read.
pub fn read(target: &str) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut paths = std::fs::read_dir(directory().join(target))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| std::fs::read(&path).map(|bytes| (path, bytes)))
        .collect()
}
