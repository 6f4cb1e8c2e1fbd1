//! The store itself: opening and closing.

use std::fmt;
use std::sync::Arc;

use tailwater_core::clock::Clock;

use crate::database::{Db, postgres, sqlite};
use crate::error::{Error, Result};
use crate::url::{Place, StoreUrl};

/// An open store. Clones share its connections.
///
/// Its methods stand in the file of their subject: projects, integrations, secrets, inventory, exposures,
/// landing, syncs, leases, health.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Store {
    /// Opens the store at the address: makes it when it is missing, and migrates it when it is older.
    ///
    /// # Errors
    /// When it cannot be reached, written or signed in to, is no store, or was written by a newer Tailwater;
    /// then nothing in it is changed.
    pub async fn open(url: &StoreUrl, clock: Arc<dyn Clock>) -> Result<Self> {
        let location = url.to_string();
        let db = match url.place() {
            Place::Memory => sqlite::open_memory(location).await?,
            Place::File(path) => sqlite::open_file(path, location).await?,
            Place::Postgres { address, .. } => postgres::open(address, location).await?,
        };
        Ok(Self { db, clock })
    }

    /// Gives all connections back. A store that is dropped without it loses nothing.
    pub async fn close(self) {
        self.db.close().await;
    }

    /// Where the store is, without a password.
    pub fn location(&self) -> &str {
        &self.db.location
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Store({})", self.db.location)
    }
}

/// Refuses names that cannot be keys in both engines.
pub(crate) fn check_name(name: &str, of: &'static str) -> Result<()> {
    const LONGEST: usize = 200;
    let reason = if name.trim().is_empty() {
        "it is empty"
    } else if name.len() > LONGEST {
        "it is longer than 200 bytes"
    } else {
        return Ok(());
    };
    Err(Error::BadName {
        name: name.chars().take(40).collect(),
        of,
        reason,
    })
}
