//! The processes that run jobs, with their signs of life.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::database::to_json;
use crate::error::Result;
use crate::store::Store;

/// A process that runs jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerRecord {
    /// Its id, drawn at its start.
    pub id: String,
    /// What people are told, such as host and process.
    pub name: String,
    /// How many runs it may have at once.
    pub slots: u32,
    /// How many it has.
    pub running: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it last gave a sign of life.
    pub seen_at: DateTime<Utc>,
    /// Whether it takes nothing new, because it is told to stop.
    #[serde(default)]
    pub is_stopping: bool,
}

impl Store {
    /// Gives a worker's sign of life.
    pub async fn put_worker(&self, worker: &WorkerRecord) -> Result<()> {
        const ACTION: &str = "give a worker's sign of life";
        let sql = "insert into worker (id, seen_at, body) values ($1, $2, $3) \
                   on conflict (id) do update set seen_at = excluded.seen_at, body = excluded.body";
        let values = vec![
            worker.id.as_str().into(),
            worker.seen_at.into(),
            to_json(ACTION, worker)?.into(),
        ];
        self.db.execute(ACTION, sql, values).await?;
        Ok(())
    }

    /// Takes a worker out that has stopped, and those that have been silent for an hour.
    pub async fn remove_worker(&self, id: &str) -> Result<()> {
        let sql = "delete from worker where id = $1 or seen_at < $2";
        let hour_ago = self.clock.now().checked_sub_signed(TimeDelta::hours(1));
        self.db
            .execute("take a worker out", sql, vec![id.into(), hour_ago.into()])
            .await?;
        Ok(())
    }

    /// The workers, those seen last first. One that has been silent for more than half a minute is dead.
    pub async fn workers(&self) -> Result<Vec<WorkerRecord>> {
        let sql = "select body from worker order by seen_at desc, id";
        let rows = self.db.fetch("read the workers", sql, vec![]).await?;
        rows.iter().map(|row| row.json(0)).collect()
    }
}
