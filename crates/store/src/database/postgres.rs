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

const OPENING: &str = "open the store";

/// Connects, and brings the schema up to date.
pub(crate) async fn open(address: &SecretString, location: String) -> Result<Db> {
    let options = PgConnectOptions::from_str(address.expose_secret())
        .map_err(|_| Error::Address {
            // What sqlx says may repeat a part of the address.
            reason: "an option after `?` is not understood".to_owned(),
        })?
        .application_name("tailwater")
        .disable_statement_logging();

    // A connection of its own first: a pool would go on trying, and forget why it could not.
    let mut connection = match tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await {
        Ok(connected) => connected.map_err(|error| from_sqlx(OPENING, &location, error))?,
        Err(elapsed) => {
            return Err(Error::Unreachable {
                location,
                source: elapsed.into(),
            });
        }
    };
    migrate(&mut connection, &location).await?;
    let _ = connection.close().await;

    let pool = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_lazy_with(options);
    Ok(Db {
        engine: Engine::Postgres(pool),
        location,
    })
}

async fn migrate(connection: &mut PgConnection, location: &str) -> Result<()> {
    let failed = |error| from_sqlx(OPENING, location, error);
    let mut transaction = connection.begin().await.map_err(failed)?;
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let row = sqlx::query("select current_setting('server_encoding'), to_regclass($1) is not null")
        .bind(schema::TABLE)
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
    let found = if row.try_get(1).map_err(failed)? {
        sqlx::query(schema::VERSION)
            .fetch_one(&mut *transaction)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(failed)?
    } else {
        0
    };
    schema::migrate(&schema::postgres(), &mut *transaction, found, location).await?;
    transaction.commit().await.map_err(failed)
}
