//! Landing what a look found: all of it, or nothing.

use tailwater_core::signal::Alarm;

use super::delivery::Delivery;
use super::{alarm, delivery};
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::store::Store;

/// What a look found.
#[derive(Debug, Default)]
pub struct SignalLanding<'a> {
    /// Alarms that are new or have changed.
    pub alarms: &'a [Alarm],
    /// What is to be sent.
    pub deliveries: &'a [Delivery],
    /// Up to which change of something was looked, by name.
    pub cursors: &'a [(&'a str, i64)],
}

impl Store {
    /// Lands a look in one transaction, unless somebody else has taken the lease over meanwhile.
    ///
    /// # Errors
    /// [`Error::LeaseLost`], and nothing has landed.
    pub async fn land_signals(&self, lease: &Lease, landing: &SignalLanding<'_>) -> Result<()> {
        let mut transaction = self.db.begin("land the signals").await?;
        // Touching the row keeps others from taking the lease until this has landed.
        let sql = "update lease set until = until where key = $1 and token = $2";
        let values = vec![lease.key.as_str().into(), lease.token().into()];
        if transaction.execute(sql, values).await? == 0 {
            return Err(Error::LeaseLost {
                key: lease.key.clone(),
            });
        }
        // Ended ones first: of one kind and subject only one is open.
        let (ended, open): (Vec<&Alarm>, Vec<&Alarm>) =
            landing.alarms.iter().partition(|alarm| alarm.ended_at.is_some());
        for one in ended.into_iter().chain(open) {
            alarm::put(&mut transaction, one).await?;
        }
        for one in landing.deliveries {
            delivery::insert(&mut transaction, one).await?;
        }
        for (name, number) in landing.cursors {
            let sql = "insert into signal_cursor (name, number) values ($1, $2) \
                       on conflict (name) do update set number = excluded.number";
            transaction
                .execute(sql, vec![(*name).into(), (*number).into()])
                .await?;
        }
        transaction.commit().await
    }

    /// Up to which change of something was looked; `None` when it never was.
    pub async fn signal_cursor(&self, name: &str) -> Result<Option<i64>> {
        let sql = "select number from signal_cursor where name = $1";
        let rows = self
            .db
            .fetch("look how far was looked", sql, vec![name.into()])
            .await?;
        rows.first().map(|row| row.integer(0)).transpose()
    }
}
