//! Statements and transactions, the same for both engines.
//!
//! SQLite has one writer, so that two tasks of one process queue for it instead of failing, and a pool of
//! readers that never wait for it. A transaction holds its connection until it ends: while it is open,
//! statements go through the transaction, never through [`Db`], which could wait for itself forever.

use std::time::Duration;

use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Database, Encode, PgPool, Postgres, SqlSafeStr,
    SqlStr, Sqlite, SqlitePool, Type,
};

use super::value::{Cells, Row, Value};
use crate::error::{Error, Result, from_sqlx};

/// How long a server may take to answer when it is asked whether it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// An open database.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    pub(crate) engine: Engine,
    /// The address, without a password.
    pub(crate) location: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Engine {
    Sqlite { writer: SqlitePool, reader: SqlitePool },
    Postgres(PgPool),
}

impl Db {
    /// Answers of one query, outside of any transaction.
    pub(crate) async fn fetch(
        &self,
        action: &'static str,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row<'_>>> {
        let found = match &self.engine {
            Engine::Sqlite { reader, .. } => bind::<Sqlite>(sql.into_sql_str(), values)
                .fetch_all(reader)
                .await
                .map(|found| rows(found.into_iter().map(Cells::Sqlite), action, &self.location)),
            Engine::Postgres(pool) => bind::<Postgres>(sql.into_sql_str(), values)
                .fetch_all(pool)
                .await
                .map(|found| rows(found.into_iter().map(Cells::Postgres), action, &self.location)),
        };
        match found {
            Ok(found) => Ok(found),
            // Boxed, since it is rare and its future is large.
            Err(error) => Err(Box::pin(self.explained(action, error)).await),
        }
    }

    /// One statement in a transaction of its own; answers how many rows it touched.
    pub(crate) async fn execute(
        &self,
        action: &'static str,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64> {
        let mut transaction = self.begin(action).await?;
        let touched = transaction.execute(sql, values).await?;
        transaction.commit().await?;
        Ok(touched)
    }

    /// A transaction that writes. On SQLite it takes the write lock at once: a transaction that reads
    /// first and writes later fails, rather than waits, when another one wrote in between.
    pub(crate) async fn begin(&self, action: &'static str) -> Result<Transaction<'_>> {
        let inner = match &self.engine {
            Engine::Sqlite { writer, .. } => begin_sqlite(writer, "begin immediate").await,
            Engine::Postgres(pool) => begin_postgres(pool, "begin").await,
        };
        self.transaction(action, inner).await
    }

    /// A transaction that only reads: all its queries see one and the same state.
    pub(crate) async fn begin_reading(&self, action: &'static str) -> Result<Transaction<'_>> {
        let inner = match &self.engine {
            Engine::Sqlite { reader, .. } => begin_sqlite(reader, "begin deferred").await,
            Engine::Postgres(pool) => {
                begin_postgres(pool, "begin isolation level repeatable read read only").await
            }
        };
        self.transaction(action, inner).await
    }

    async fn transaction(
        &self,
        action: &'static str,
        inner: std::result::Result<Inner, sqlx::Error>,
    ) -> Result<Transaction<'_>> {
        match inner {
            Ok(inner) => Ok(Transaction {
                inner,
                action,
                location: &self.location,
            }),
            // Boxed, since it is rare and its future is large.
            Err(error) => Err(Box::pin(self.explained(action, error)).await),
        }
    }

    /// The error for what sqlx says. A pool goes on trying for a while when the server is away, and then only says
    /// that it waited: whether the server is away or the pool exhausted, another attempt tells.
    async fn explained(&self, action: &'static str, error: sqlx::Error) -> Error {
        if let (Engine::Postgres(pool), sqlx::Error::PoolTimedOut) = (&self.engine, &error) {
            let options = pool.connect_options();
            let attempt = tokio::time::timeout(PROBE_TIMEOUT, options.connect()).await;
            match attempt {
                Ok(Ok(connection)) => {
                    let _ = connection.close().await;
                }
                Ok(Err(reason)) => return from_sqlx(action, &self.location, reason),
                Err(elapsed) => {
                    return Error::Unreachable {
                        location: self.location.clone(),
                        source: elapsed.into(),
                    };
                }
            }
        }
        from_sqlx(action, &self.location, error)
    }

    /// Ends all connections, once those in use are given back.
    pub(crate) async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { writer, reader } => {
                reader.close().await;
                // Last, so that it empties the log into the file.
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

/// Begins on a connection that stands in no transaction. When the disk is full or fails, SQLite undoes the
/// transaction by itself; sqlx 0.9 goes on believing that it is open, and begins no other one on that connection
/// ever again. Such a connection is closed, and another one opened in its place.
async fn begin_sqlite(pool: &SqlitePool, statement: &'static str) -> std::result::Result<Inner, sqlx::Error> {
    let begun = match pool.begin_with(statement).await {
        Err(sqlx::Error::InvalidSavePointStatement) => {
            Box::pin(async {
                pool.acquire().await?.close().await?;
                pool.begin_with(statement).await
            })
            .await
        }
        begun => begun,
    };
    begun.map(Inner::Sqlite)
}

/// Begins in a task of its own. When the future of `begin` is dropped before the server has answered, sqlx
/// 0.9 gives the connection back to the pool with the transaction open. The task always gets that far, and
/// then drops the transaction, which undoes it.
async fn begin_postgres(pool: &PgPool, statement: &'static str) -> std::result::Result<Inner, sqlx::Error> {
    let pool = pool.clone();
    let beginning = tokio::spawn(async move { pool.begin_with(statement).await });
    match beginning.await {
        Ok(begun) => begun.map(Inner::Postgres),
        // Only when the runtime is shutting down.
        Err(_) => Err(sqlx::Error::WorkerCrashed),
    }
}

/// Statements that take effect together at [`Transaction::commit`], or not at all.
#[derive(Debug)]
pub(crate) struct Transaction<'db> {
    inner: Inner,
    action: &'static str,
    location: &'db str,
}

#[derive(Debug)]
enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl<'db> Transaction<'db> {
    /// Answers of one query.
    pub(crate) async fn fetch(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Vec<Row<'db>>> {
        let sql = sql.into_sql_str();
        match &mut self.inner {
            Inner::Sqlite(inner) => bind::<Sqlite>(sql, values)
                .fetch_all(&mut **inner)
                .await
                .map(|found| rows(found.into_iter().map(Cells::Sqlite), self.action, self.location)),
            Inner::Postgres(inner) => bind::<Postgres>(sql, values)
                .fetch_all(&mut **inner)
                .await
                .map(|found| rows(found.into_iter().map(Cells::Postgres), self.action, self.location)),
        }
        .map_err(|error| from_sqlx(self.action, self.location, error))
    }

    /// One statement; answers how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<u64> {
        let sql = sql.into_sql_str();
        match &mut self.inner {
            Inner::Sqlite(inner) => bind::<Sqlite>(sql, values)
                .execute(&mut **inner)
                .await
                .map(|done| done.rows_affected()),
            Inner::Postgres(inner) => bind::<Postgres>(sql, values)
                .execute(&mut **inner)
                .await
                .map(|done| done.rows_affected()),
        }
        .map_err(|error| from_sqlx(self.action, self.location, error))
    }

    /// Inserts many rows, many to a statement. `head` ends before `values`; `tail` follows the rows.
    pub(crate) async fn insert<const WIDTH: usize>(
        &mut self,
        head: &str,
        tail: &str,
        rows: Vec<[Value; WIDTH]>,
    ) -> Result<()> {
        self.insert_cells(head, tail, WIDTH, rows.into_iter().flatten())
            .await
    }

    /// Like [`Self::insert`], where the width is only known when it runs: the cells of one row after the other.
    pub(crate) async fn insert_cells(
        &mut self,
        head: &str,
        tail: &str,
        width: usize,
        cells: impl Iterator<Item = Value> + Send,
    ) -> Result<()> {
        let cells_per_statement = PARAMETERS / width * width;
        let mut cells = cells;
        loop {
            let values: Vec<Value> = cells.by_ref().take(cells_per_statement).collect();
            if values.is_empty() {
                return Ok(());
            }
            let groups: Vec<String> = (0..values.len() / width)
                .map(|row| placeholders(row * width + 1, width))
                .collect();
            let sql = format!("{head} values {} {tail}", groups.join(", "));
            self.execute(AssertSqlSafe(sql), values).await?;
        }
    }

    /// How many rows a table has. `table` is a name of the schema as it stands in a statement.
    pub(crate) async fn count(&mut self, table: &str) -> Result<i64> {
        let sql = format!("select count(*) from {table}");
        let rows = self.fetch(AssertSqlSafe(sql), vec![]).await?;
        rows.first().map_or(Ok(0), |row| row.integer(0))
    }

    /// Keeps others from writing to tables until the transaction ends. SQLite's transactions that write keep
    /// everybody else from it anyway.
    pub(crate) async fn hold_tables(&mut self, tables: &[String]) -> Result<()> {
        if matches!(self.inner, Inner::Postgres(_)) && !tables.is_empty() {
            let sql = format!("lock table {} in exclusive mode", tables.join(", "));
            self.execute(AssertSqlSafe(sql), vec![]).await?;
        }
        Ok(())
    }

    /// Runs a statement over many keys, many at a time. `head` is the statement up to and without the list
    /// behind its last `in`, with parameters for `fixed`, which come first.
    pub(crate) async fn execute_in(
        &mut self,
        head: &'static str,
        fixed: &[Value],
        keys: Vec<Value>,
    ) -> Result<()> {
        let mut keys = keys.into_iter();
        loop {
            let mut values = fixed.to_vec();
            values.extend(keys.by_ref().take(PARAMETERS - fixed.len()));
            let count = values.len() - fixed.len();
            if count == 0 {
                return Ok(());
            }
            let sql = format!("{head} {}", list(fixed.len() + 1, count));
            self.execute(AssertSqlSafe(sql), values).await?;
        }
    }

    /// Like [`Self::execute_in`], for a query.
    pub(crate) async fn fetch_in(
        &mut self,
        head: &'static str,
        fixed: &[Value],
        keys: Vec<Value>,
    ) -> Result<Vec<Row<'db>>> {
        let mut keys = keys.into_iter();
        let mut rows = Vec::new();
        loop {
            let mut values = fixed.to_vec();
            values.extend(keys.by_ref().take(PARAMETERS - fixed.len()));
            let count = values.len() - fixed.len();
            if count == 0 {
                return Ok(rows);
            }
            let sql = format!("{head} {}", list(fixed.len() + 1, count));
            rows.extend(self.fetch(AssertSqlSafe(sql), values).await?);
        }
    }

    /// Makes everything since the beginning last. Without it, all of it is undone.
    pub(crate) async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(inner) => inner.commit().await,
            Inner::Postgres(inner) => inner.commit().await,
        }
        .map_err(|error| from_sqlx(self.action, self.location, error))
    }
}

/// The most parameters in one statement. The engines take 32,766 and 65,535, but SQLite looks each
/// parameter's name up in a list, so that time grows with the square of their number.
const PARAMETERS: usize = 1_000;

/// `($3, $4, $5)` for the third parameter and two more.
fn placeholders(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count)
        .map(|number| format!("${number}"))
        .collect();
    format!("({})", names.join(", "))
}

/// `(values ($3), ($4), ($5))` for the third parameter and two more. PostgreSQL joins such a list; a plain
/// one, when it holds parameters, it compares with every row, one by one.
fn list(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count)
        .map(|number| format!("(${number})"))
        .collect();
    format!("(values {})", names.join(", "))
}

/// The query with its parameters.
fn bind<D: Database>(sql: SqlStr, values: Vec<Value>) -> Query<'static, D, D::Arguments>
where
    Option<String>: Encode<'static, D> + Type<D>,
    Option<i64>: Encode<'static, D> + Type<D>,
{
    values
        .into_iter()
        .fold(sqlx::query::<D>(sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Integer(number) => query.bind(number),
        })
}

fn rows<'db>(
    cells: impl IntoIterator<Item = Cells>,
    action: &'static str,
    location: &'db str,
) -> Vec<Row<'db>> {
    cells
        .into_iter()
        .map(|cells| Row {
            cells,
            action,
            location,
        })
        .collect()
}
