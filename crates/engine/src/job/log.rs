//! The log of a run: written piece by piece while it runs, readable from any place in it by any node.
//!
//! ```text
//! dbt ─▶ mask ─▶ LogWriter ─▶ job-runs/ID/log/00000000000000000000   objects, each with its offset as its name
//!                             job-runs/ID/log/00000000000000004096
//!                       end ─▶ job-runs/ID/log.txt                    one object, the pieces removed
//! ```

use tailwater_core::id::JobRunId;
use tailwater_core::job::{Mask, MaskedStream};

use super::error::JobError;
use crate::archive::Archive;

/// The longest log of a run, in bytes; what comes after is left out, with a line that says so.
pub const MOST_LOG_BYTES: u64 = 64 * 1024 * 1024;
/// So much is gathered before a piece is written at once.
const PIECE: usize = 256 * 1024;

/// A part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Its bytes; UTF-8 but for what dbt printed that is none.
    pub bytes: Vec<u8>,
}

impl LogPiece {
    /// Where to read on.
    pub fn next(&self) -> u64 {
        self.offset + u64::try_from(self.bytes.len()).unwrap_or(0)
    }
}

/// Writes the log of a run.
#[derive(Debug)]
pub(super) struct LogWriter {
    run: JobRunId,
    stream: MaskedStream,
    gathered: Vec<u8>,
    written: u64,
    /// The last byte of all is no newline.
    is_in_line: bool,
    is_full: bool,
}

impl LogWriter {
    pub fn new(run: JobRunId, mask: Mask) -> Self {
        Self {
            run,
            stream: MaskedStream::new(mask),
            gathered: Vec::new(),
            written: 0,
            is_in_line: false,
            is_full: false,
        }
    }

    /// How many bytes the log has, those gathered included.
    pub fn len(&self) -> u64 {
        self.written + u64::try_from(self.gathered.len()).unwrap_or(0)
    }

    /// Takes what dbt printed; says whether so much is gathered that it should be written now.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let masked = self.stream.push(bytes);
        self.gather(&masked);
        self.gathered.len() >= PIECE
    }

    /// A line of ours, set off from dbt's.
    pub fn line(&mut self, text: &str) {
        let held = self.stream.finish();
        self.gather(&held);
        if self.is_in_line {
            self.gather(b"\n");
        }
        // What it quotes may hold a secret too.
        let masked = self.stream.push(format!("==> {text}\n").as_bytes());
        self.gather(&masked);
        let rest = self.stream.finish();
        self.gather(&rest);
    }

    fn gather(&mut self, bytes: &[u8]) {
        if self.is_full {
            return;
        }
        self.gathered.extend_from_slice(bytes);
        self.is_in_line = bytes.last().map_or(self.is_in_line, |byte| *byte != b'\n');
        if self.len() > MOST_LOG_BYTES {
            self.is_full = true;
            self.gathered
                .extend_from_slice(b"\n==> the log is longer than 64 MiB; the rest is left out\n");
        }
    }

    /// Writes what was gathered.
    pub async fn flush(&mut self, archive: &Archive) -> Result<(), JobError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let key = format!("{}{:020}", pieces_of(&self.run), self.written);
        archive.put(&key, self.gathered.clone()).await?;
        self.written = self.len();
        self.gathered.clear();
        Ok(())
    }

    /// Writes the rest and puts the pieces together.
    pub async fn close(&mut self, archive: &Archive) -> Result<(), JobError> {
        let held = self.stream.finish();
        self.gather(&held);
        self.flush(archive).await?;
        join(archive, &self.run).await
    }
}

/// Puts the pieces of a run's log together as one object.
pub(super) async fn join(archive: &Archive, run: &JobRunId) -> Result<(), JobError> {
    let listed = archive.list(&pieces_of(run)).await?;
    let keys: Vec<String> = listed.into_iter().map(|(key, _)| key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    archive.join(&keys, &whole_of(run)).await?;
    archive.remove(&keys).await
}

/// Reads a log from an offset, at most so many bytes. Empty where nothing is yet, or nothing more.
pub(super) async fn read(
    archive: &Archive,
    run: &JobRunId,
    offset: u64,
    most: u64,
) -> Result<LogPiece, JobError> {
    // The pieces may be put together while they are read; then the whole is there.
    for _ in 0..2 {
        if let Some(bytes) = archive.get_range(&whole_of(run), offset, most).await? {
            return Ok(LogPiece { offset, bytes });
        }
        if let Some(bytes) = read_pieces(archive, run, offset, most).await? {
            return Ok(LogPiece { offset, bytes });
        }
    }
    Ok(LogPiece {
        offset,
        bytes: Vec::new(),
    })
}

/// `None` when a piece went away meanwhile.
async fn read_pieces(
    archive: &Archive,
    run: &JobRunId,
    offset: u64,
    most: u64,
) -> Result<Option<Vec<u8>>, JobError> {
    let prefix = pieces_of(run);
    let mut bytes = Vec::new();
    let mut at = offset;
    let listed = archive.list(&prefix).await?;
    if listed.is_empty() {
        return Ok(None);
    }
    for (key, size) in listed {
        let begin: u64 = key
            .rsplit('/')
            .next()
            .and_then(|name| name.parse().ok())
            .unwrap_or(0);
        let gathered = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if begin + size <= at {
            continue;
        }
        if begin > at || gathered >= most {
            break;
        }
        let Some(piece) = archive.get_range(&key, at - begin, most - gathered).await? else {
            return Ok(None);
        };
        at += u64::try_from(piece.len()).unwrap_or(0);
        bytes.extend(piece);
    }
    Ok(Some(bytes))
}

fn pieces_of(run: &JobRunId) -> String {
    format!("job-runs/{run}/log/")
}

fn whole_of(run: &JobRunId) -> String {
    format!("job-runs/{run}/log.txt")
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[tokio::test]
    async fn a_log_is_read_from_anywhere_while_it_grows_and_after() {
        let home = tempfile::tempdir().unwrap();
        let archive = Archive::in_directory(Utf8Path::from_path(home.path()).unwrap()).unwrap();
        let run = JobRunId::new("1");
        assert!(read(&archive, &run, 0, 100).await.unwrap().bytes.is_empty());
        let mut writer = LogWriter::new(run.clone(), Mask::new(["hunter2hunter2"]));
        writer.push(b"first hunter2");
        writer.flush(&archive).await.unwrap();
        // What may be the beginning of a secret is held back.
        assert_eq!(read(&archive, &run, 0, 100).await.unwrap().bytes, b"first ");
        writer.push(b"hunter2 line\nsecond");
        writer.flush(&archive).await.unwrap();
        writer.line("dbt build ended");
        writer.flush(&archive).await.unwrap();
        let expected = "first ***** line\nsecond\n==> dbt build ended\n";
        for is_closed in [false, true] {
            if is_closed {
                writer.close(&archive).await.unwrap();
            }
            let whole = read(&archive, &run, 0, 1_000).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&whole.bytes), expected);
            assert_eq!(whole.next(), writer.len());
            for from in 0..expected.len() {
                let piece = read(&archive, &run, from as u64, 7).await.unwrap();
                let until = expected.len().min(from + 7);
                assert_eq!(piece.bytes, &expected.as_bytes()[from..until], "{from}");
            }
        }
        assert_eq!(archive.list("job-runs/1").await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_log_does_not_grow_without_end() {
        let mut writer = LogWriter::new(JobRunId::new("1"), Mask::default());
        let line = vec![b'x'; 1024 * 1024];
        for _ in 0..70 {
            writer.push(&line);
        }
        assert!(writer.len() < MOST_LOG_BYTES + 2 * 1024 * 1024);
        assert!(writer.gathered.ends_with(b"left out\n"));
    }
}
