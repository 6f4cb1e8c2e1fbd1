//! Noticing what others change: files at paths that are watched, and the store.
//!
//! ```text
//! every few seconds: stamps of the files, revision of the store
//!   a file has another stamp         ─▶ wait until it has had the same one twice: dbt has done with it
//!   the store has another revision   ─▶ refresh
//! every hour                         ─▶ refresh: health moves with time alone
//! ```
//!
//! Polling, because a change of a file on a network share or in another container tells nobody, and because
//! what is polled costs a few microseconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::catalog::{blocking, watched_files};
use crate::error::Error;
use crate::file_stamp::FileStamp;
use crate::hub::CatalogHub;

/// How often is looked.
pub const INTERVAL: Duration = Duration::from_secs(3);

const OLDEST: TimeDelta = TimeDelta::hours(1);

/// What can be seen from outside at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sight {
    files: BTreeMap<Utf8PathBuf, Option<FileStamp>>,
    revision: String,
}

/// What was seen, and whether it is a reason to build anew.
#[derive(Debug)]
struct Watcher {
    /// What the catalogs were built from.
    built: Sight,
    built_at: DateTime<Utc>,
    /// What was seen last.
    last: Sight,
}

impl Watcher {
    /// Nothing is built yet.
    fn new(sight: Sight, now: DateTime<Utc>) -> Self {
        Self {
            built: Sight::default(),
            built_at: now,
            last: sight,
        }
    }

    /// Whether what is seen now is a reason to build anew. Files count once they stand still.
    fn is_due(&mut self, sight: &Sight, now: DateTime<Utc>) -> bool {
        let is_still = sight.files == self.last.files;
        let has_new_files = is_still && sight.files != self.built.files;
        let is_new = has_new_files || sight.revision != self.built.revision;
        self.last = sight.clone();
        is_new || now - self.built_at > OLDEST
    }

    /// Notes what the catalogs are built from now. Files that were still being written are looked at again.
    fn note_built(&mut self, sight: Sight, now: DateTime<Utc>) {
        self.built = sight;
        self.built_at = now;
    }
}

impl CatalogHub {
    /// Watches until `cancel`. What goes wrong is logged and tried again: nobody waits for the answer.
    pub async fn watch(self: Arc<Self>, cancel: CancellationToken) {
        let now = || self.workspace().clock().now();
        let mut watcher = Watcher::new(Sight::default(), now());
        loop {
            if let Err(error) = self.look(&mut watcher).await {
                tracing::warn!(%error, "looking for changes failed; it is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = cancel.cancelled() => return,
            }
        }
    }

    async fn look(&self, watcher: &mut Watcher) -> Result<(), Error> {
        let sight = self.sight().await?;
        if watcher.is_due(&sight, self.workspace().clock().now()) {
            self.refresh().await?;
            // Recording the runs of watched paths moved the revision: look again, at the same files.
            let after = self.workspace().store().revision().await?.mark;
            let built = Sight {
                files: sight.files,
                revision: after,
            };
            watcher.note_built(built, self.workspace().clock().now());
        }
        Ok(())
    }

    async fn sight(&self) -> Result<Sight, Error> {
        let workspace = self.workspace();
        let revision = workspace.store().revision().await?.mark;
        let mut watched = Vec::new();
        for entry in workspace.projects().await? {
            watched.extend(workspace.environments(&entry).await?);
        }
        let cache = Arc::clone(workspace.artifacts());
        let files = blocking(move || {
            let files = watched
                .iter()
                .flat_map(|environment| watched_files(environment, &cache));
            files
                .map(|(_, path)| (path.clone(), FileStamp::of(&path)))
                .collect()
        })
        .await?;
        Ok(Sight { files, revision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn sight(size: u64, revision: &str) -> Sight {
        let stamp = FileStamp {
            size,
            ..FileStamp::default()
        };
        Sight {
            files: BTreeMap::from([("target/manifest.json".into(), Some(stamp))]),
            revision: revision.to_owned(),
        }
    }

    #[test]
    fn a_file_counts_once_it_stands_still_and_the_store_at_once() {
        let mut watcher = Watcher::new(sight(1, "a"), at(0));
        assert!(watcher.is_due(&sight(1, "a"), at(0)));
        watcher.note_built(sight(1, "a"), at(0));
        assert!(!watcher.is_due(&sight(1, "a"), at(1)));
        // dbt begins to write, goes on, is done.
        assert!(!watcher.is_due(&sight(2, "a"), at(1)));
        assert!(!watcher.is_due(&sight(3, "a"), at(1)));
        assert!(watcher.is_due(&sight(3, "a"), at(1)));
        watcher.note_built(sight(3, "a"), at(1));
        assert!(!watcher.is_due(&sight(3, "a"), at(2)));
        assert!(watcher.is_due(&sight(3, "b"), at(2)));
        watcher.note_built(sight(3, "b"), at(2));
        assert!(!watcher.is_due(&sight(3, "b"), at(60)));
        assert!(watcher.is_due(&sight(3, "b"), at(63)));
    }

    #[test]
    fn what_was_still_being_written_at_a_refresh_is_looked_at_again() {
        let mut watcher = Watcher::new(sight(1, "a"), at(0));
        watcher.note_built(sight(1, "a"), at(0));
        // The store moved while dbt writes: built from half-written files.
        assert!(watcher.is_due(&sight(2, "b"), at(1)));
        watcher.note_built(sight(2, "b"), at(1));
        assert!(!watcher.is_due(&sight(3, "b"), at(1)));
        assert!(watcher.is_due(&sight(3, "b"), at(1)));
    }
}
