//! Opening a database of PostgreSQL.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, Row};

use super::connection::{Db, Engine};
use super::schema;
use crate::error::{Error, Result, from_sqlx};

/// How long the server may take to answer the first time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The advisory lock under which schemas are migrated: the letters "tailwatr" as a number.
const MIGRATION_LOCK: i64 = 0x7461_696c_7761_7472;

/// A process that stands still in the middle of a transaction (a frozen container, a suspended machine) holds locks
/// that all others wait for. The server ends the transaction after this time; no step of ours takes as long.
const LONGEST_HALT: &str = "set idle_in_transaction_session_timeout = '15s'";

const OPENING: &str = "open the store";

/// Connects, and brings the schema up to date.
pub(crate) async fn open(address: &SecretString, location: String) -> Result<Db> {
    let (options, mut connection) = connect(address, &location).await?;
    migrate(&mut connection, &location).await?;
    let _ = connection.close().await;

    let pool = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(CONNECT_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query(LONGEST_HALT).execute(connection).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options);
    Ok(Db {
        engine: Engine::Postgres(pool),
        location,
    })
}

/// A connection of its own: a pool would go on trying, and forget why it could not.
async fn connect(address: &SecretString, location: &str) -> Result<(PgConnectOptions, PgConnection)> {
    let options = PgConnectOptions::from_str(address.expose_secret())
        .map_err(|_| Error::Address {
            // What sqlx says may repeat a part of the address.
            reason: "an option after `?` is not understood".to_owned(),
        })?
        .application_name("tailwater")
        .disable_statement_logging();
    match tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await {
        Ok(Ok(connection)) => Ok((options, connection)),
        Ok(Err(error)) => Err(from_sqlx(OPENING, location, error)),
        Err(elapsed) => Err(Error::Unreachable {
            location: location.to_owned(),
            source: elapsed.into(),
        }),
    }
}

/// The version of the schema of a database; 0 where there is none yet. Nothing is made or changed.
pub(crate) async fn look(address: &SecretString, location: &str) -> Result<i64> {
    let (_, mut connection) = connect(address, location).await?;
    let found = version(&mut connection)
        .await
        .map_err(|error| from_sqlx(OPENING, location, error));
    let _ = connection.close().await;
    found
}

async fn version(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let row = sqlx::query("select to_regclass($1) is not null")
        .bind(schema::TABLE)
        .fetch_one(&mut *connection)
        .await?;
    if !row.try_get::<bool, _>(0)? {
        return Ok(0);
    }
    sqlx::query(schema::VERSION)
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get(0))
}

async fn migrate(connection: &mut PgConnection, location: &str) -> Result<()> {
    let failed = |error| from_sqlx(OPENING, location, error);
    let mut transaction = connection.begin().await.map_err(failed)?;
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let row = sqlx::query("select current_setting('server_encoding')")
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
    let encoding: String = row.try_get(0).map_err(failed)?;
    if encoding != "UTF8" {
        return Err(Error::Encoding {
            location: location.to_owned(),
            encoding,
        });
    }
    let found = version(&mut transaction).await.map_err(failed)?;
    schema::migrate(&schema::postgres(), &mut *transaction, found, location).await?;
    transaction.commit().await.map_err(failed)
}
