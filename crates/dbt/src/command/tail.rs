//! Following a log file while another process writes it.

use std::io;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::sync::CancellationToken;

/// The pause between two looks at a log file that has nothing new.
pub const LOOK: Duration = Duration::from_millis(50);

const CHUNK: usize = 128 * 1024;

/// Reads what is appended to a file that may not be there yet, may be put aside (`dbt.log` becomes
/// `dbt.log.1`) or cut short.
#[derive(Debug)]
pub(super) struct Tail {
    path: Utf8PathBuf,
    file: Option<(File, Identity)>,
    position: u64,
    buffer: Vec<u8>,
}

/// What tells one file from another that took its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Tail {
    /// Begins at the present end of the file: what earlier runs wrote is no news.
    pub fn at_end(path: &Utf8Path) -> Self {
        let position = std::fs::metadata(path).map_or(0, |found| found.len());
        Self {
            path: path.to_owned(),
            file: None,
            position,
            buffer: vec![0; CHUNK],
        }
    }

    /// The next bytes. Empty when nothing comes any more, after `ended`.
    pub async fn next(&mut self, ended: &CancellationToken) -> &[u8] {
        let count = loop {
            // Asked before reading: what is written before the end is read after it.
            let is_over = ended.is_cancelled();
            match self.read().await {
                Ok(0) if is_over => break 0,
                Ok(0) => {
                    tokio::select! {
                        () = tokio::time::sleep(LOOK) => {}
                        () = ended.cancelled() => {}
                    }
                }
                Ok(count) => break count,
                Err(error) => {
                    tracing::debug!(path = %self.path, %error, "the log cannot be read");
                    break 0;
                }
            }
        };
        &self.buffer[..count]
    }

    async fn read(&mut self) -> io::Result<usize> {
        if self.file.is_none() {
            match File::open(&self.path).await {
                Ok(file) => {
                    let found = file.metadata().await?;
                    if found.len() < self.position {
                        self.position = 0;
                    }
                    self.file = Some((file, Identity::of(&found)));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // Whatever appears under this name is new.
                    self.position = 0;
                    return Ok(0);
                }
                Err(error) => return Err(error),
            }
        }
        let Some((file, identity)) = &mut self.file else {
            return Ok(0);
        };
        file.seek(io::SeekFrom::Start(self.position)).await?;
        let count = file.read(&mut self.buffer).await?;
        self.position += count as u64;
        if count == 0 {
            let now = tokio::fs::metadata(&self.path).await;
            match now {
                Ok(now) if Identity::of(&now) == *identity && now.len() >= self.position => {}
                Ok(_) => {
                    self.file = None;
                    self.position = 0;
                    return Box::pin(self.read()).await;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }
}

impl Identity {
    #[cfg(unix)]
    fn of(found: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(found.dev(), found.ino())
    }

    #[cfg(not(unix))]
    fn of(_: &std::fs::Metadata) -> Self {
        Self(0, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    async fn all(tail: &mut Tail) -> String {
        let ended = CancellationToken::new();
        ended.cancel();
        let mut all = Vec::new();
        loop {
            let bytes = tail.next(&ended).await;
            if bytes.is_empty() {
                return String::from_utf8(all).unwrap();
            }
            all.extend_from_slice(bytes);
        }
    }

    #[tokio::test]
    async fn only_what_is_new_is_read_also_of_files_that_come_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().join("dbt.log")).unwrap();
        std::fs::write(&path, "old\n").unwrap();
        let mut tail = Tail::at_end(&path);
        assert_eq!(all(&mut tail).await, "");
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"one\n").unwrap();
        assert_eq!(all(&mut tail).await, "one\n");
        file.write_all(b"two\n").unwrap();
        std::fs::rename(&path, directory.path().join("dbt.log.1")).unwrap();
        std::fs::write(&path, "three\n").unwrap();
        assert_eq!(all(&mut tail).await, "two\nthree\n");
        std::fs::write(&path, "4\n").unwrap();
        assert_eq!(all(&mut tail).await, "4\n");
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_yet_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().join("dbt.log")).unwrap();
        let mut tail = Tail::at_end(&path);
        let ended = CancellationToken::new();
        let (bytes, ()) = tokio::join!(async { tail.next(&ended).await.to_vec() }, async {
            tokio::fs::write(&path, "x").await.unwrap();
        });
        assert_eq!(bytes, b"x");
    }
}
