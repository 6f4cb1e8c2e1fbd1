//! How the store is: for `tailwater doctor`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Row as _, SqlitePool};

use crate::database::connection::Engine;
use crate::database::{Row, schema};
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
        let version = self.db.fetch(ACTION, schema::VERSION, vec![]).await?;
        let sql = "select (select count(*) from project), (select count(*) from integration), \
                   (select count(*) from inventory_item), \
                   (select count(*) from exposure where gone_at is null), (select count(*) from sync)";
        let counts = self.db.fetch(ACTION, sql, vec![]).await?;
        let number = |rows: &[Row<'_>], column| rows.first().map_or(Ok(0), |row| row.integer(column));
        let count = |column| number(&counts, column).map(|count| u64::try_from(count).unwrap_or(0));
        let told = self.ask_engine().await?;
        Ok(StoreHealth {
            engine: told.engine.to_owned(),
            engine_version: told.version,
            location: self.db.location.clone(),
            schema_version: number(&version, 0)?,
            problems: told.problems,
            size_bytes: u64::try_from(told.size).unwrap_or(0),
            rows: RowCounts {
                projects: count(0)?,
                integrations: count(1)?,
                inventory_items: count(2)?,
                exposures: count(3)?,
                syncs: count(4)?,
            },
        })
    }

    async fn ask_engine(&self) -> Result<Told> {
        let told = match &self.db.engine {
            Engine::Sqlite { reader, .. } => ask_sqlite(reader).await,
            Engine::Postgres(pool) => ask_postgres(pool).await,
        };
        told.map_err(|error| from_sqlx(ACTION, &self.db.location, error))
    }
}

/// What only the engine itself can tell.
struct Told {
    engine: &'static str,
    version: String,
    /// In bytes.
    size: i64,
    problems: Vec<String>,
}

async fn ask_sqlite(pool: &SqlitePool) -> sqlx::Result<Told> {
    let sql = "select sqlite_version(), page_count * page_size from pragma_page_count(), pragma_page_size()";
    let row = sqlx::query(sql).fetch_one(pool).await?;
    Ok(Told {
        engine: "sqlite",
        version: row.try_get(0)?,
        size: row.try_get(1)?,
        problems: sqlite_problems(pool, "pragma quick_check(20)").await?,
    })
}

async fn ask_postgres(pool: &PgPool) -> sqlx::Result<Told> {
    let sql = "select current_setting('server_version'), pg_database_size(current_database())";
    let row = sqlx::query(sql).fetch_one(pool).await?;
    Ok(Told {
        engine: "postgresql",
        version: row.try_get(0)?,
        size: row.try_get(1)?,
        problems: vec![],
    })
}

/// What SQLite's own checks find: the given one, which tells `ok` when all is well, and that of references.
pub(crate) async fn sqlite_problems(pool: &SqlitePool, check: &'static str) -> sqlx::Result<Vec<String>> {
    let mut problems = Vec::new();
    for row in sqlx::query(check).fetch_all(pool).await? {
        let line: String = row.try_get(0)?;
        if line != "ok" {
            problems.push(line);
        }
    }
    for row in sqlx::query("pragma foreign_key_check").fetch_all(pool).await? {
        let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
        problems.push(format!("a row of `{table}` has no parent in `{parent}`"));
    }
    Ok(problems)
}
