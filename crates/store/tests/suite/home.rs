//! Where a test's store lives, on either engine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::Utf8PathBuf;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use sqlx::Connection as _;
use tailwater_core::clock::Clock;
use tailwater_store::{Store, StoreUrl};
use tempfile::TempDir;

use crate::postgres;

/// The engine under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An empty place for a store, gone with the value.
pub struct Home {
    pub address: String,
    pub clock: Arc<TestClock>,
    pub directory: Utf8PathBuf,
    _guard: TempDir,
}

impl Engine {
    pub fn home(self) -> Home {
        let guard = tempfile::tempdir().unwrap();
        let directory = Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap();
        let address = match self {
            Self::Sqlite => format!("sqlite:{directory}/state/tailwater.db"),
            Self::Postgres => postgres::new_database(),
        };
        Home {
            address,
            clock: Arc::default(),
            directory,
            _guard: guard,
        }
    }
}

impl Home {
    pub fn url(&self) -> StoreUrl {
        self.address.parse().unwrap()
    }

    pub async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    pub async fn try_open(&self) -> tailwater_store::Result<Store> {
        Store::open(&self.url(), self.clock.clone()).await
    }

    /// Waits until the connections of a process that was killed are gone from the server: until then its
    /// transaction may still come to its end.
    pub async fn wait_until_alone(&self) {
        if !self.address.starts_with("postgres") {
            return;
        }
        let mut watcher = sqlx::PgConnection::connect(&self.address).await.unwrap();
        let sql = "select count(*) from pg_stat_activity \
                   where datname = current_database() and application_name = 'tailwater'";
        for _ in 0..3_000 {
            let left: i64 = sqlx::query_scalar(sql).fetch_one(&mut watcher).await.unwrap();
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server keeps the connections of a dead process");
    }

    /// The database file of SQLite.
    pub fn file(&self) -> Utf8PathBuf {
        self.directory.join("state/tailwater.db")
    }
}

/// A clock that tests set.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new(at(0)))
    }
}

impl TestClock {
    pub fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// That many seconds after the beginning of the tests' time.
pub fn at(seconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 15, 6, 0, 0).unwrap() + TimeDelta::seconds(seconds)
}
