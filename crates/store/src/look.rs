//! Looking at a store from outside: whether there is one, and how old its schema is. Nothing is made, and
//! nothing is brought up to date.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::database::{postgres, schema, sqlite};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::url::{Place, StoreUrl};

/// What stands at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreLook {
    /// Where it is, without a password.
    pub location: String,
    /// The version of its schema; 0 where there is no store yet.
    pub found: i64,
    /// The newest version that this Tailwater knows.
    pub known: i64,
    /// What would bring it up to date, in order.
    pub pending: Vec<PendingMigration>,
}

/// A step that brings a schema further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingMigration {
    /// The version that it leads to.
    pub version: i64,
    /// What it is about, in a few words.
    pub about: String,
}

impl Store {
    /// Looks at what stands at the address.
    ///
    /// # Errors
    /// When it cannot be reached or signed in to, or is the database of another program.
    pub async fn look(url: &StoreUrl) -> Result<StoreLook> {
        let location = url.to_string();
        let found = match url.place() {
            Place::Memory => 0,
            Place::File(path) => sqlite::look(path, &location).await?,
            Place::Postgres { address, .. } => postgres::look(address, &location).await?,
        };
        let migrator = schema::sqlite();
        Ok(StoreLook {
            location,
            found,
            known: schema::newest(&migrator),
            pending: migrator
                .iter()
                .filter(|migration| migration.version > found)
                .map(|migration| PendingMigration {
                    version: migration.version,
                    about: migration.description.to_string(),
                })
                .collect(),
        })
    }
}

impl Store {
    /// Who works with the store, in words for people: whoever holds a lease, and the workers with a sign of life
    /// within the last half minute.
    pub async fn in_use_by(&self) -> Result<Vec<String>> {
        let now = self.clock.now();
        let sql = "select distinct holder from lease where until > $1 order by holder";
        let rows = self.db.fetch("look who is here", sql, vec![now.into()]).await?;
        let mut names: BTreeSet<String> = rows.iter().map(|row| row.text(0)).collect::<Result<_>>()?;
        let long_ago = now - TimeDelta::seconds(30);
        let workers = self.workers().await?;
        names.extend(
            workers
                .into_iter()
                .filter(|worker| worker.seen_at > long_ago)
                .map(|worker| worker.name),
        );
        Ok(names.into_iter().collect())
    }
}

impl StoreLook {
    /// Refuses what is no store of exactly the version that is known here.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Older`] or [`Error::Newer`].
    pub fn require_up_to_date(&self) -> Result<()> {
        let location = self.location.clone();
        let Self { found, known, .. } = *self;
        match found {
            0 => Err(Error::Missing { location }),
            _ if found < known => Err(Error::Older {
                location,
                found,
                known,
            }),
            _ if found > known => Err(Error::Newer {
                location,
                found,
                known,
            }),
            _ => Ok(()),
        }
    }
}
