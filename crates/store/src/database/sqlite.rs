//! Opening a database of SQLite.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::time::Duration;

use camino::Utf8Path;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};

use super::connection::{Db, Engine};
use super::schema;
use crate::error::{Error, Result, from_sqlx};

/// How long a writer waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// `pragma application_id` of a store, "TWTR"; the first migration writes it.
const APPLICATION_ID: i64 = 0x5457_5452;

const OPENING: &str = "open the store";

/// Opens a database in memory, gone when it is closed. One connection is all there is to it.
pub(crate) async fn open_memory(location: String) -> Result<Db> {
    let options = options(SqliteConnectOptions::new().in_memory(true));
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(|error| from_sqlx(OPENING, &location, error))?;
    let mut connection = pool
        .acquire()
        .await
        .map_err(|error| from_sqlx(OPENING, &location, error))?;
    migrate(&mut connection, &location).await?;
    drop(connection);
    Ok(Db {
        engine: Engine::Sqlite {
            writer: pool.clone(),
            reader: pool,
        },
        location,
    })
}

/// Opens a database file, and makes it and its directory when they are missing, for the owner alone.
pub(crate) async fn open_file(path: &Utf8Path, location: String) -> Result<Db> {
    make_file(path)?;
    let options = options(SqliteConnectOptions::new().filename(path));

    // Until it is known to be a store of ours, nothing is written to the file: no journal mode either.
    let mut connection = options
        .connect()
        .await
        .map_err(|error| from_sqlx(OPENING, &location, error))?;
    let prepared = match migrate(&mut connection, &location).await {
        Ok(()) => use_write_ahead_log(&mut connection, &location).await,
        Err(error) => Err(error),
    };
    // An error while closing hides none of the errors above, and leaves nothing undone.
    let _ = connection.close().await;
    prepared?;

    let options = options.journal_mode(SqliteJournalMode::Wal);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await
        .map_err(|error| from_sqlx(OPENING, &location, error))?;
    let reader = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_lazy_with(options.pragma("query_only", "on"));
    Ok(Db {
        engine: Engine::Sqlite { writer, reader },
        location,
    })
}

/// The version of the schema of a file; 0 where there is none yet. Nothing is made or changed.
pub(crate) async fn look(path: &Utf8Path, location: &str) -> Result<i64> {
    if let Err(error) = std::fs::metadata(path)
        && error.kind() == ErrorKind::NotFound
    {
        return Ok(0);
    }
    let options = options(SqliteConnectOptions::new().filename(path)).pragma("query_only", "on");
    let mut connection = options
        .connect()
        .await
        .map_err(|error| from_sqlx(OPENING, location, error))?;
    let found = version(&mut connection, location).await;
    let _ = connection.close().await;
    found
}

fn options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // A sync that was reported as landed survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        // Rows come from a thread of their own: the fewer of them wait on the way, the more often it is stopped.
        .row_buffer_size(1_000)
        // Functions hidden in the schema of a file that came from elsewhere do not run.
        .pragma("trusted_schema", "off")
        .disable_statement_logging()
}

fn make_file(path: &Utf8Path) -> Result<()> {
    let refused = |path: &Utf8Path, source| Error::Directory {
        path: path.to_owned(),
        source,
    };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(parent).map_err(|source| refused(parent, source))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // SQLite gives its log files the rights of the database file.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(refused(path, source)),
    }
}

/// Takes the write lock, makes sure that the file is ours, and migrates it.
async fn migrate(connection: &mut SqliteConnection, location: &str) -> Result<()> {
    let mut transaction = connection
        .begin_with("begin immediate")
        .await
        .map_err(|error| from_sqlx(OPENING, location, error))?;
    let found = version(&mut transaction, location).await?;
    schema::migrate(&schema::sqlite(), &mut *transaction, found, location).await?;
    transaction
        .commit()
        .await
        .map_err(|error| from_sqlx(OPENING, location, error))
}

/// The version of the schema, 0 in an empty database; refuses the database of another program.
async fn version(connection: &mut SqliteConnection, location: &str) -> Result<i64> {
    let application_id = number(connection, "pragma application_id", location).await?;
    let tables = number(connection, "select count(*) from sqlite_master", location).await?;
    if tables == 0 {
        return Ok(0);
    }
    if application_id != APPLICATION_ID {
        return Err(Error::NotAStore {
            location: location.to_owned(),
            reason: "it is the database of another program".to_owned(),
        });
    }
    number(connection, schema::VERSION, location).await
}

/// The log lets readers go on while a sync lands. The mode is kept in the file. Switching to it needs the
/// file alone, and SQLite does not always wait for that by itself.
async fn use_write_ahead_log(connection: &mut SqliteConnection, location: &str) -> Result<()> {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        let switched = sqlx::query("pragma journal_mode = wal")
            .fetch_one(&mut *connection)
            .await;
        match switched.map_err(|error| from_sqlx(OPENING, location, error)) {
            Ok(_) => return Ok(()),
            Err(Error::Busy { .. }) if waited < BUSY_TIMEOUT => {
                tokio::time::sleep(step).await;
                waited += step;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn number(connection: &mut SqliteConnection, sql: &'static str, location: &str) -> Result<i64> {
    sqlx::query(sql)
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(|error| from_sqlx(OPENING, location, error))
}
