//! What tells one state of a file from another without reading it.

use std::fs::Metadata;
use std::time::SystemTime;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

/// The state of a file. Two that are equal are of one content, as far as a file system can tell: whoever gives a file
/// its old size and time back still changes the inode's time, and who puts another file in its place the inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileStamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, where the file system tells.
    pub modified: Option<SystemTime>,
    /// When its inode last changed, which nobody can set; where there are inodes.
    pub changed: Option<SystemTime>,
    /// The inode's number, where there is one. Not its device's: that is another after each mount.
    pub inode: Option<u64>,
}

impl FileStamp {
    /// The stamp of a file; `None` where there is none.
    pub fn of(path: &Utf8Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            changed: changed(&metadata),
            inode: inode(&metadata),
        })
    }

    /// The later of its times, where the file system tells any.
    pub fn latest(&self) -> Option<SystemTime> {
        self.modified.max(self.changed)
    }
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt as _;
    use std::time::Duration;
    let seconds = u64::try_from(metadata.ctime()).ok()?;
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}

#[cfg(not(unix))]
const fn changed(_: &Metadata) -> Option<SystemTime> {
    None
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn inode(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
const fn inode(_: &Metadata) -> Option<u64> {
    None
}
