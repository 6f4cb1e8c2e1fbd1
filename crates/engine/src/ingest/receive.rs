//! Bytes to disk: unpacked, counted, never held whole.
//!
//! The reader is asked on the async side, in pieces; unpacking and writing happen on a thread of their own,
//! a few pieces behind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};
use flate2::write::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::error::IngestError;
use crate::catalog::blocking;
use crate::error::Error;

/// The most bytes of one artifact, unpacked. The largest manifests known have a third of it.
pub const LARGEST: u64 = 512 * 1024 * 1024;

const MEGABYTE: u64 = 1024 * 1024;
const PIECE: usize = 64 * 1024;
const PIECES_AHEAD: usize = 4;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file that is nobody's yet. It is removed with the value unless it was put in its place.
#[derive(Debug)]
pub(super) struct PartFile {
    path: Utf8PathBuf,
    is_placed: bool,
}

impl PartFile {
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Renames it to where it belongs, in one step.
    pub fn place(&mut self, to: &Utf8Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.path = to.to_owned();
        self.is_placed = true;
        Ok(())
    }

    pub const fn is_placed(&self) -> bool {
        self.is_placed
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.is_placed {
            // What cannot be removed now is swept at a later hand-over.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A file that arrived whole.
#[derive(Debug)]
pub(super) struct Received {
    /// What messages call it.
    pub origin: String,
    pub part: PartFile,
    /// Unpacked.
    pub size: u64,
    /// SHA-256 of the unpacked content.
    pub digest: String,
}

/// Takes one file in.
pub(super) async fn receive(
    incoming: &Utf8Path,
    origin: &str,
    limit: u64,
    mut reader: impl AsyncRead + Send + Unpin,
) -> Result<Received, Error> {
    let (sender, receiver) = mpsc::channel::<Vec<u8>>(PIECES_AHEAD);
    let path = incoming.join(format!("{}.part", Uuid::new_v4()));
    let name = origin.to_owned();
    let writer = tokio::task::spawn(blocking(move || write(path, name, limit, receiver)));
    let mut interrupted = None;
    loop {
        let mut piece = vec![0; PIECE];
        match reader.read(&mut piece).await {
            Ok(0) => break,
            Ok(length) => {
                piece.truncate(length);
                if sender.send(piece).await.is_err() {
                    // The writer has stopped and says why.
                    break;
                }
            }
            Err(source) => {
                interrupted = Some(source);
                break;
            }
        }
    }
    drop(sender);
    let written = writer.await.map_err(|_| Error::Cancelled)??;
    if let Some(source) = interrupted {
        let origin = origin.to_owned();
        return Err(IngestError::Interrupted { origin, source }.into());
    }
    Ok(written?)
}

fn write(
    path: Utf8PathBuf,
    origin: String,
    limit: u64,
    mut receiver: mpsc::Receiver<Vec<u8>>,
) -> Result<Received, IngestError> {
    let unwritable = |path: &Utf8Path, source| IngestError::Unwritable {
        path: path.to_owned(),
        source,
    };
    if let Some(directory) = path.parent() {
        make_directory(directory).map_err(|source| unwritable(directory, source))?;
    }
    let file = new_file(&path).map_err(|source| unwritable(&path, source))?;
    let part = PartFile {
        path,
        is_placed: false,
    };
    let mut sink = Sink::Undecided(
        Vec::new(),
        Counted {
            file,
            size: 0,
            limit,
            hash: Sha256::new(),
            fault: None,
        },
    );
    while let Some(piece) = receiver.blocking_recv() {
        sink = match sink.push(&piece) {
            Ok(sink) => sink,
            Err(fault) => return Err(fault.explain(origin, part.path(), limit)),
        };
    }
    match sink.finish() {
        Ok((size, digest)) => Ok(Received {
            origin,
            part,
            size,
            digest,
        }),
        Err(fault) => Err(fault.explain(origin, part.path(), limit)),
    }
}

/// What stopped the writing.
#[derive(Debug)]
enum Fault {
    TooLarge,
    Disk(io::Error),
    Gzip(io::Error),
}

impl Fault {
    fn explain(self, origin: String, path: &Utf8Path, limit: u64) -> IngestError {
        match self {
            Self::TooLarge => IngestError::TooLarge {
                origin,
                limit: limit / MEGABYTE,
            },
            Self::Disk(source) => IngestError::Unwritable {
                path: path.to_owned(),
                source,
            },
            Self::Gzip(error) => IngestError::BrokenGzip {
                origin,
                reason: if error.kind() == io::ErrorKind::UnexpectedEof {
                    "it stops before its end".to_owned()
                } else {
                    error.to_string()
                },
            },
        }
    }
}

/// Where pieces go: how is known after the first two bytes.
enum Sink {
    Undecided(Vec<u8>, Counted),
    Plain(Counted),
    Gzip(Box<MultiGzDecoder<Counted>>),
}

impl Sink {
    fn push(self, piece: &[u8]) -> Result<Self, Fault> {
        match self {
            Self::Undecided(mut begun, file) => {
                begun.extend_from_slice(piece);
                if begun.len() < GZIP_MAGIC.len() {
                    return Ok(Self::Undecided(begun, file));
                }
                let decided = if begun.starts_with(&GZIP_MAGIC) {
                    Self::Gzip(Box::new(MultiGzDecoder::new(file)))
                } else {
                    Self::Plain(file)
                };
                decided.push(&begun)
            }
            Self::Plain(mut file) => match file.write_all(piece) {
                Ok(()) => Ok(Self::Plain(file)),
                Err(error) => Err(file.fault.take().unwrap_or(Fault::Disk(error))),
            },
            Self::Gzip(mut decoder) => match decoder.write_all(piece) {
                Ok(()) => Ok(Self::Gzip(decoder)),
                Err(error) => Err(decoder.get_mut().fault.take().unwrap_or(Fault::Gzip(error))),
            },
        }
    }

    /// The size and the digest of what was written.
    fn finish(self) -> Result<(u64, String), Fault> {
        let file = match self {
            Self::Undecided(begun, mut file) => {
                file.write_all(&begun).map_err(Fault::Disk)?;
                file
            }
            Self::Plain(file) => file,
            Self::Gzip(mut decoder) => {
                if let Err(error) = decoder.try_finish() {
                    return Err(decoder.get_mut().fault.take().unwrap_or(Fault::Gzip(error)));
                }
                decoder.finish().map_err(Fault::Gzip)?
            }
        };
        file.file.sync_all().map_err(Fault::Disk)?;
        let digest: [u8; 32] = file.hash.finalize().into();
        Ok((file.size, hexadecimal(&digest)))
    }
}

/// A file that refuses to become too large, and knows the digest of what is in it.
struct Counted {
    file: File,
    size: u64,
    limit: u64,
    hash: Sha256,
    fault: Option<Fault>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Asked before writing: a few kilobytes of gzip may unpack to gigabytes.
        if self.size + bytes.len() as u64 > self.limit {
            self.fault = Some(Fault::TooLarge);
            return Err(io::Error::other("too large"));
        }
        match self.file.write(bytes) {
            Ok(length) => {
                self.hash.update(&bytes[..length]);
                self.size += length as u64;
                Ok(length)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.fault = Some(Fault::Disk(error));
                Err(told)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// For the owner alone: compiled SQL may hold what not everybody should read.
pub(crate) fn make_directory(path: &Utf8Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn new_file(path: &Utf8Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn take(bytes: &[u8], limit: u64) -> (tempfile::TempDir, Result<(u64, String), Error>) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        let received = receive(&path, "upload", limit, bytes).await;
        let read = received.map(|received| {
            let text = fs::read_to_string(received.part.path()).unwrap();
            (received.size, text)
        });
        (directory, read)
    }

    #[tokio::test]
    async fn plain_packed_and_joined_packed_bytes_arrive_unpacked() {
        let joined = [gzip(b"{\"a\""), gzip(b": 1}")].concat();
        for bytes in [b"{\"a\": 1}".to_vec(), gzip(b"{\"a\": 1}"), joined] {
            let (_guard, read) = take(&bytes, 100).await;
            assert_eq!(read.unwrap(), (8, "{\"a\": 1}".to_owned()));
        }
        let (_guard, read) = take(b"{", 100).await;
        assert_eq!(read.unwrap(), (1, "{".to_owned()));
        let (_guard, read) = take(b"", 100).await;
        assert_eq!(read.unwrap(), (0, String::new()));
    }

    #[tokio::test]
    async fn what_is_too_large_when_unpacked_stops_early_and_leaves_nothing() {
        let bomb = gzip(&vec![b' '; 40_000_000]);
        assert!(bomb.len() < 200_000);
        for bytes in [bomb, vec![b' '; 3_000_000]] {
            let (guard, read) = take(&bytes, 2 * MEGABYTE).await;
            assert_eq!(read.unwrap_err().code(), "TW-INGEST-TOO-LARGE");
            assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 0);
        }
    }

    #[tokio::test]
    async fn a_packed_upload_that_was_cut_or_changed_is_refused() {
        let whole = gzip(&b"{\"nodes\": {}}".repeat(1_000));
        let mut changed = whole.clone();
        let middle = changed.len() - 6;
        changed[middle] ^= 0xff;
        for bytes in [
            &whole[..whole.len() - 3],
            &whole[..whole.len() / 2],
            &whole[..5],
            &changed[..],
        ] {
            let (guard, read) = take(bytes, MEGABYTE).await;
            assert_eq!(read.unwrap_err().code(), "TW-INGEST-GZIP");
            assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 0);
        }
    }

    #[tokio::test]
    async fn a_sender_that_stops_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        let broken = tokio_util::io::StreamReader::new(futures::stream::iter([
            Ok(&b"{\"nodes\""[..]),
            Err(io::Error::other("gone")),
        ]));
        let error = receive(&path, "upload", MEGABYTE, broken).await.unwrap_err();
        assert_eq!(error.code(), "TW-INGEST-INTERRUPTED");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
