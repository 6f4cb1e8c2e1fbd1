//! The schema: whether it is ours, how old it is, and how it is brought up to date.
//!
//! All pending migrations run in one transaction that also holds the lock of its engine, so that two
//! processes that open a new store at once do not trip over one another, and a migration that fails
//! leaves the store as it was.

use sqlx::migrate::{Migrate, Migrator};

use crate::error::{Error, Result, from_sqlx};

/// The table that keeps which migrations have run. sqlx's own name for it may be taken by another
/// program in a shared database.
pub(crate) const TABLE: &str = "schema_migration";

/// Answers the version of the schema, where there is one.
pub(crate) const VERSION: &str = "select coalesce(max(version), 0) from schema_migration";

/// The newest version among the migrations.
pub(crate) fn newest(migrator: &Migrator) -> i64 {
    migrator
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// SQLite's migrations.
pub(crate) fn sqlite() -> Migrator {
    prepare(sqlx::migrate!("migrations/sqlite"))
}

/// PostgreSQL's migrations.
pub(crate) fn postgres() -> Migrator {
    prepare(sqlx::migrate!("migrations/postgres"))
}

fn prepare(mut migrator: Migrator) -> Migrator {
    migrator.dangerous_set_table_name(TABLE);
    // The transaction around the migrations holds the lock.
    migrator.set_locking(false);
    migrator
}

/// Brings the schema of an open connection up to date. `found` is its version, 0 where there is none.
pub(crate) async fn migrate<C>(
    migrator: &Migrator,
    connection: &mut C,
    found: i64,
    location: &str,
) -> Result<()>
where
    C: Migrate,
{
    let known = newest(migrator);
    if found > known {
        return Err(Error::Newer {
            location: location.to_owned(),
            found,
            known,
        });
    }
    if found == known {
        return Ok(());
    }
    tracing::info!(
        store = location,
        from = found,
        to = known,
        "bringing the store's schema up to date"
    );
    migrator
        .run_direct(None, connection, false)
        .await
        .map_err(|error| match error {
            sqlx::migrate::MigrateError::Execute(source) => {
                from_sqlx("bring the schema up to date", location, source)
            }
            source => Error::Migration {
                location: location.to_owned(),
                source: Box::new(source),
            },
        })
}
