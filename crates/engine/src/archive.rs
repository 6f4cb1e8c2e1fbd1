//! Where files are kept that every node must be able to read: logs and artifacts of runs, and what was handed
//! over. A directory on this machine, or storage that speaks S3.
//!
//! ```text
//! [artifacts] dir               ─▶ a directory; several machines must share it
//! [artifacts] url = "s3://…"    ─▶ a bucket; the directory is then each machine's own copy of it
//! ```
//!
//! Objects are written once and never changed, so nobody can read half of one. Credentials for S3 come from the
//! environment as other programs have them: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, for
//! other makers `AWS_ENDPOINT` and, without TLS, `AWS_ALLOW_HTTP=true`.

use std::sync::Arc;

use camino::Utf8Path;
use futures::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::job::JobError;
use crate::workspace::Workspace;

/// The storage, opened.
#[derive(Debug, Clone)]
pub struct Archive {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    is_remote: bool,
    place: String,
}

/// The storage of a workspace, opened on first use.
#[derive(Debug, Default)]
pub(crate) struct ArchiveCell(std::sync::OnceLock<Archive>);

impl Workspace {
    /// The storage of logs and artifacts.
    ///
    /// # Errors
    /// When its address is none, or its directory cannot be made.
    pub fn archive(&self) -> Result<&Archive, JobError> {
        let cell = &self.archive_cell().0;
        if let Some(archive) = cell.get() {
            return Ok(archive);
        }
        let archive = match &self.settings().artifacts.url {
            Some(url) => Archive::at_url(url)?,
            None => Archive::in_directory(&self.artifacts_directory())?,
        };
        Ok(cell.get_or_init(|| archive))
    }
}

impl Archive {
    /// A directory on this machine, made where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn in_directory(directory: &Utf8Path) -> Result<Self, JobError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| JobError::Archive {
            place: directory.to_string(),
            action: "open",
            source,
        };
        std::fs::create_dir_all(directory).map_err(|error| failed(error.into()))?;
        let store = LocalFileSystem::new_with_prefix(directory).map_err(|error| failed(error.into()))?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::default(),
            is_remote: false,
            place: directory.to_string(),
        })
    }

    /// `s3://bucket/prefix`, or `file:///directory`.
    ///
    /// # Errors
    /// When the address is none, or says a user or password.
    pub fn at_url(url: &str) -> Result<Self, JobError> {
        let refused = |problem: &str| JobError::ArchiveAddress {
            problem: problem.to_owned(),
        };
        if let Some(path) = url.strip_prefix("file://") {
            return Ok(Self {
                is_remote: true,
                ..Self::in_directory(Utf8Path::new(path))?
            });
        }
        let rest = url
            .strip_prefix("s3://")
            .ok_or_else(|| refused("it begins neither with `s3://` nor with `file://`"))?;
        if rest.contains(['@', '?', '#']) {
            return Err(refused(
                "it is `s3://BUCKET/PREFIX`; credentials come from the environment",
            ));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(refused("it names no bucket"));
        }
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .map_err(|error| JobError::Archive {
                place: url.to_owned(),
                action: "open",
                source: error.into(),
            })?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::from(prefix),
            is_remote: true,
            place: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether other machines see what is put here without sharing a disk.
    pub const fn is_remote(&self) -> bool {
        self.is_remote
    }

    /// Writes an object.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), JobError> {
        let put = self.store.put(&self.key(key), bytes.into()).await;
        put.map(drop).map_err(|error| self.failed("write to", error))
    }

    /// Writes a file as an object, piece by piece.
    pub async fn put_file(&self, key: &str, file: &Utf8Path) -> Result<(), JobError> {
        let failed = |error: std::io::Error| self.broken("write to", error);
        let mut opened = tokio::fs::File::open(file).await.map_err(failed)?;
        let mut writer = BufWriter::new(Arc::clone(&self.store), self.key(key));
        tokio::io::copy(&mut opened, &mut writer).await.map_err(failed)?;
        writer.shutdown().await.map_err(failed)
    }

    /// The bytes of an object; `None` when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, JobError> {
        match self.store.get(&self.key(key)).await {
            Ok(found) => {
                let bytes = found
                    .bytes()
                    .await
                    .map_err(|error| self.failed("read from", error))?;
                Ok(Some(bytes.to_vec()))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("read from", error)),
        }
    }

    /// A part of an object; shorter at its end. `None` when there is none.
    pub async fn get_range(&self, key: &str, from: u64, most: u64) -> Result<Option<Vec<u8>>, JobError> {
        let path = self.key(key);
        let size = match self.store.head(&path).await {
            Ok(found) => found.size,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.failed("read from", error)),
        };
        let until = size.min(from.saturating_add(most));
        if from >= until {
            return Ok(Some(Vec::new()));
        }
        let bytes = self.store.get_range(&path, from..until).await;
        bytes
            .map(|bytes| Some(bytes.to_vec()))
            .map_err(|error| self.failed("read from", error))
    }

    /// Writes an object to a file, under a name of its own first. Says whether there was one.
    pub async fn fetch_file(&self, key: &str, file: &Utf8Path) -> Result<bool, JobError> {
        let failed = |error: std::io::Error| self.broken("read from", error);
        let found = match self.store.get(&self.key(key)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(self.failed("read from", error)),
        };
        if let Some(directory) = file.parent() {
            tokio::fs::create_dir_all(directory).await.map_err(failed)?;
        }
        // Two tasks may fetch the same file; each writes its own, and the last one stays.
        let part = file.with_file_name(format!(
            "{}.{}.part",
            file.file_name().unwrap_or("file"),
            uuid::Uuid::new_v4()
        ));
        let mut writer = tokio::fs::File::create(&part).await.map_err(failed)?;
        let mut stream = found.into_stream();
        while let Some(bytes) = stream
            .try_next()
            .await
            .map_err(|error| self.failed("read from", error))?
        {
            writer.write_all(&bytes).await.map_err(failed)?;
        }
        writer.sync_all().await.map_err(failed)?;
        tokio::fs::rename(&part, file).await.map_err(failed)?;
        Ok(true)
    }

    /// The keys below a prefix with their sizes, in order.
    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, JobError> {
        let listed = self.objects(prefix).await?;
        let mut keys: Vec<(String, u64)> = listed
            .into_iter()
            .filter_map(|found| {
                let key = found.location.as_ref();
                let own = match self.prefix.as_ref() {
                    "" => Some(key),
                    own => key.strip_prefix(own).map(|rest| rest.trim_start_matches('/')),
                };
                Some((own?.to_owned(), found.size))
            })
            .collect();
        keys.sort();
        Ok(keys)
    }

    /// Puts the objects of some keys together as one, piece by piece.
    pub async fn join(&self, keys: &[String], into: &str) -> Result<(), JobError> {
        let failed = |error: std::io::Error| self.broken("write to", error);
        let mut writer = BufWriter::new(Arc::clone(&self.store), self.key(into));
        for key in keys {
            if let Some(bytes) = self.get(key).await? {
                writer.write_all(&bytes).await.map_err(failed)?;
            }
        }
        writer.shutdown().await.map_err(failed)
    }

    /// Removes the objects of some keys; one that is not there is no error.
    pub async fn remove(&self, keys: &[String]) -> Result<(), JobError> {
        for key in keys {
            self.remove_object(&self.key(key)).await?;
        }
        Ok(())
    }

    /// Removes objects below a prefix that are not in use and were written before the given instant.
    pub(crate) async fn sweep(
        &self,
        prefix: &str,
        in_use: &[String],
        before: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), JobError> {
        let in_use: Vec<Path> = in_use.iter().map(|key| self.key(key)).collect();
        for found in self.objects(prefix).await? {
            if found.last_modified < before && !in_use.contains(&found.location) {
                self.remove_object(&found.location).await?;
            }
        }
        Ok(())
    }

    /// What lies below a prefix.
    async fn objects(&self, prefix: &str) -> Result<Vec<ObjectMeta>, JobError> {
        self.store
            .list(Some(&self.key(prefix)))
            .try_collect()
            .await
            .map_err(|error| self.failed("list", error))
    }

    /// Removes an object; another process may have done so already.
    async fn remove_object(&self, location: &Path) -> Result<(), JobError> {
        match self.store.delete(location).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove from", error)),
        }
    }

    /// Writes, reads and removes a small object, to know whether it can be used.
    pub async fn check(&self) -> Result<(), JobError> {
        let key = format!("check/{}", uuid::Uuid::new_v4());
        self.put(&key, b"tailwater".to_vec()).await?;
        let read = self.get(&key).await?;
        self.remove(&[key]).await?;
        if read.as_deref() == Some(b"tailwater") {
            Ok(())
        } else {
            Err(self.broken(
                "read from",
                std::io::Error::other("what was written did not come back"),
            ))
        }
    }

    fn key(&self, key: &str) -> Path {
        let own = self.prefix.as_ref();
        if own.is_empty() {
            Path::from(key)
        } else {
            Path::from(format!("{own}/{key}"))
        }
    }

    fn failed(&self, action: &'static str, source: object_store::Error) -> JobError {
        JobError::Archive {
            place: self.place.clone(),
            action,
            source: source.into(),
        }
    }

    fn broken(&self, action: &'static str, source: std::io::Error) -> JobError {
        JobError::Archive {
            place: self.place.clone(),
            action,
            source: source.into(),
        }
    }
}

/// Copies a file with values hidden in it.
///
/// # Errors
/// When one cannot be read or the other not written.
pub(crate) async fn copy_masked(
    from: &Utf8Path,
    to: &Utf8Path,
    mask: &tailwater_core::job::Mask,
) -> std::io::Result<()> {
    if let Some(directory) = to.parent() {
        tokio::fs::create_dir_all(directory).await?;
    }
    let mut reader = tokio::fs::File::open(from).await?;
    let mut writer = tokio::io::BufWriter::new(tokio::fs::File::create(to).await?);
    let mut stream = tailwater_core::job::MaskedStream::new(mask.clone());
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = reader.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        writer.write_all(&stream.push(&buffer[..count])).await?;
    }
    writer.write_all(&stream.finish()).await?;
    writer.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_put_comes_back_and_is_listed_in_order() {
        let home = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(home.path()).unwrap().join("new/dir");
        let archive = Archive::in_directory(&path).unwrap();
        archive.check().await.unwrap();
        for (key, text) in [("a/2", "zwei"), ("a/1", "eins"), ("b/1", "other")] {
            archive.put(key, text.as_bytes().to_vec()).await.unwrap();
        }
        let listed = archive.list("a").await.unwrap();
        assert_eq!(listed, [("a/1".to_owned(), 4), ("a/2".to_owned(), 4)]);
        let keys: Vec<String> = listed.into_iter().map(|(key, _)| key).collect();
        archive.join(&keys, "a.txt").await.unwrap();
        assert_eq!(archive.get_range("a.txt", 2, 4).await.unwrap().unwrap(), b"nszw");
        assert_eq!(archive.get_range("a.txt", 90, 4).await.unwrap().unwrap(), b"");
        assert_eq!(archive.get_range("none", 0, 4).await.unwrap(), None);
        archive.remove(&keys).await.unwrap();
        archive.remove(&keys).await.unwrap();
        assert_eq!(archive.get("a/1").await.unwrap(), None);
        let file = path.join("fetched/file");
        assert!(archive.fetch_file("a.txt", &file).await.unwrap());
        assert_eq!(std::fs::read_to_string(file).unwrap(), "einszwei");
    }

    #[test]
    fn an_address_holds_no_password() {
        for (url, words) in [
            ("s3://key:secret@bucket", "credentials"),
            ("https://bucket", "begins neither"),
            ("s3://", "no bucket"),
        ] {
            let error = Archive::at_url(url).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("secret"), "{error}");
        }
    }
}
