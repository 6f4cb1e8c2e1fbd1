//! How the store is: for `tailwater doctor`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use crate::database::connection::Engine;
use crate::database::{Value, schema};
use crate::error::{Result, from_sqlx};
use crate::store::Store;

/// How a store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreHealth {
    /// `sqlite` or `postgresql`.
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// Where it is, without a password.
    pub location: String,
    /// The version of its schema.
    pub schema_version: i64,
    /// What is wrong with it; empty when all is well. PostgreSQL checks itself, so it tells nothing here.
    pub problems: Vec<String>,
    /// Its size on disk, in bytes.
    pub size_bytes: u64,
    /// How much is in it.
    pub rows: RowCounts,
}

/// How much is in a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Registered projects.
    pub projects: u64,
    /// Integrations.
    pub integrations: u64,
    /// Items of all inventories.
    pub inventory_items: u64,
    /// Exposures, without those that have gone.
    pub exposures: u64,
    /// Syncs in the history.
    pub syncs: u64,
}

const ACTION: &str = "check the store";

impl StoreHealth {
    /// Whether nothing is wrong with it.
    pub const fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for StoreHealth {
    /// One line for people: `sqlite:.tailwater/tailwater.db (sqlite 3.51.3, schema 1, 1.2 MB): 15 exposures`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            engine,
            engine_version,
            location,
            schema_version,
            ..
        } = self;
        let (tenths, unit) = match self.size_bytes {
            bytes @ ..1_000_000 => (bytes / 100, "kB"),
            bytes @ ..1_000_000_000 => (bytes / 100_000, "MB"),
            bytes => (bytes / 100_000_000, "GB"),
        };
        write!(
            formatter,
            "{location} ({engine} {engine_version}, schema {schema_version}, {}.{} {unit}): {} exposures",
            tenths / 10,
            tenths % 10,
            self.rows.exposures
        )?;
        for problem in &self.problems {
            write!(formatter, "; {problem}")?;
        }
        Ok(())
    }
}

impl Store {
    /// Looks the store over. On SQLite this reads the whole file.
    pub async fn check(&self) -> Result<StoreHealth> {
        let sql = "select (select count(*) from project), (select count(*) from integration), \
                   (select count(*) from inventory_item), \
                   (select count(*) from exposure where gone_at is null), (select count(*) from sync)";
        let counts = self.db.fetch(ACTION, sql, Vec::<Value>::new()).await?;
        let count = |column| match counts.first() {
            Some(row) => row.integer(column).map(|count| u64::try_from(count).unwrap_or(0)),
            None => Ok(0),
        };
        let (engine, engine_version, size_bytes, schema_version, problems) = self.ask_engine().await?;
        Ok(StoreHealth {
            engine: engine.to_owned(),
            engine_version,
            location: self.db.location.clone(),
            schema_version,
            problems,
            size_bytes: u64::try_from(size_bytes).unwrap_or(0),
            rows: RowCounts {
                projects: count(0)?,
                integrations: count(1)?,
                inventory_items: count(2)?,
                exposures: count(3)?,
                syncs: count(4)?,
            },
        })
    }

    /// Engine, its version, size in bytes, version of the schema, problems.
    async fn ask_engine(&self) -> Result<(&'static str, String, i64, i64, Vec<String>)> {
        let location = &self.db.location;
        let failed = |error| from_sqlx(ACTION, location, error);
        match &self.db.engine {
            Engine::Sqlite { reader, .. } => {
                let sql = "select sqlite_version(), page_count * page_size \
                           from pragma_page_count(), pragma_page_size()";
                let row = sqlx::query(sql).fetch_one(reader).await.map_err(failed)?;
                let (version, size) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
                Ok((
                    "sqlite",
                    version,
                    size,
                    schema::version(reader, location).await?,
                    sqlite_problems(reader).await.map_err(failed)?,
                ))
            }
            Engine::Postgres(pool) => {
                let sql = "select current_setting('server_version'), pg_database_size(current_database())";
                let row = sqlx::query(sql).fetch_one(pool).await.map_err(failed)?;
                let (version, size) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
                Ok((
                    "postgresql",
                    version,
                    size,
                    schema::version(pool, location).await?,
                    vec![],
                ))
            }
        }
    }
}

/// What SQLite's own checks find.
async fn sqlite_problems(reader: &sqlx::SqlitePool) -> sqlx::Result<Vec<String>> {
    let mut problems = Vec::new();
    for row in sqlx::query("pragma quick_check(20)").fetch_all(reader).await? {
        let line: String = row.try_get(0)?;
        if line != "ok" {
            problems.push(line);
        }
    }
    for row in sqlx::query("pragma foreign_key_check").fetch_all(reader).await? {
        let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
        problems.push(format!("a row of `{table}` has no parent in `{parent}`"));
    }
    Ok(problems)
}
