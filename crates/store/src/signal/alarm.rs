//! Alarms.

use chrono::{DateTime, Utc};
use tailwater_core::signal::Alarm;

use crate::database::{Transaction, Value, search_key, to_json};
use crate::error::Result;
use crate::store::Store;

impl Store {
    /// The alarms that are open, oldest first.
    pub async fn open_alarms(&self) -> Result<Vec<Alarm>> {
        let sql = "select body from signal_alarm where is_open = 1 order by opened_at, id";
        let rows = self.db.fetch("read the open alarms", sql, vec![]).await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// The last alarms, ended ones among them, newest first.
    pub async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>> {
        let sql = "select body from signal_alarm order by opened_at desc, id desc limit $1";
        let values = vec![i64::from(limit).into()];
        let rows = self.db.fetch("read the alarms", sql, values).await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// Forgets alarms that ended before an instant; says how many.
    pub async fn forget_alarms(&self, before: DateTime<Utc>) -> Result<u64> {
        let sql = "delete from signal_alarm where is_open = 0 and ended_at < $1";
        self.db
            .execute("forget old alarms", sql, vec![before.into()])
            .await
    }
}

pub(super) async fn put(transaction: &mut Transaction<'_>, alarm: &Alarm) -> Result<()> {
    let sql = "insert into signal_alarm (id, key, is_open, opened_at, ended_at, body) \
               values ($1, $2, $3, $4, $5, $6) on conflict (id) do update set is_open = excluded.is_open, \
               ended_at = excluded.ended_at, body = excluded.body";
    let values: Vec<Value> = vec![
        alarm.id.as_str().into(),
        search_key(&format!("{} {}", alarm.kind, alarm.subject.id)).into(),
        alarm.ended_at.is_none().into(),
        alarm.opened_at.into(),
        alarm.ended_at.into(),
        to_json("store the alarms", alarm)?.into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}
