//! Leases: what only one may do at a time, in the whole deployment.
//!
//! A second sign-in with the same token ends the first one's session, so a sync holds a lease on its token.
//! Who dies with a lease in hand blocks nobody for longer than its time to live. Expiry is judged by the
//! clock of whoever asks, so clocks of several machines must agree to well within that time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::database::Value;
use crate::error::{Error, Result};
use crate::store::Store;

/// A lease in hand. It ends at `until` unless it is renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is on.
    pub key: String,
    /// Who holds it, in words for people.
    pub holder: String,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Drawn for this acquisition alone: the same holder twice is two leases.
    token: Uuid,
}

impl Lease {
    /// What tells this acquisition from every other.
    pub(crate) fn token(&self) -> String {
        self.token.to_string()
    }
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// It is in hand.
    Acquired(Lease),
    /// Somebody else has it.
    HeldBy {
        /// Who.
        holder: String,
        /// Until when, unless it is renewed.
        until: DateTime<Utc>,
    },
}

impl Store {
    /// Asks for a lease, without waiting. `holder` is what others are told, such as host and process.
    pub async fn acquire_lease(&self, key: &str, holder: &str, ttl: Duration) -> Result<LeaseOutcome> {
        const ACTION: &str = "take the lease";
        let token = Uuid::new_v4();
        // One statement decides, so no two can both find it free. When it answers nothing, somebody holds
        // the lease; when they then let go before they could be asked who they are, it is tried again.
        let sql = "insert into lease (key, holder, token, until) values ($1, $2, $3, $4) \
                   on conflict (key) do update \
                   set holder = excluded.holder, token = excluded.token, until = excluded.until \
                   where lease.until <= $5";
        loop {
            let now = self.clock.now();
            let until = add(now, ttl);
            let values = vec![
                key.into(),
                holder.into(),
                token.to_string().into(),
                until.into(),
                now.into(),
            ];
            if self.db.execute(ACTION, sql, values).await? > 0 {
                return Ok(LeaseOutcome::Acquired(Lease {
                    key: key.to_owned(),
                    holder: holder.to_owned(),
                    until,
                    token,
                }));
            }
            let rows = self
                .db
                .fetch(
                    ACTION,
                    "select holder, until from lease where key = $1",
                    vec![key.into()],
                )
                .await?;
            if let Some(row) = rows.first() {
                return Ok(LeaseOutcome::HeldBy {
                    holder: row.text(0)?,
                    until: row.instant(1)?,
                });
            }
        }
    }

    /// Who holds a lease, and until when unless it is renewed; `None` when nobody does.
    pub async fn find_lease(&self, key: &str) -> Result<Option<(String, DateTime<Utc>)>> {
        let sql = "select holder, until from lease where key = $1 and until > $2";
        let values = vec![key.into(), self.clock.now().into()];
        let rows = self.db.fetch("look at the lease", sql, values).await?;
        rows.first()
            .map(|row| Ok((row.text(0)?, row.instant(1)?)))
            .transpose()
    }

    /// Prolongs a lease, counted from now.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when somebody else has taken it over, or broken it.
    pub async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease> {
        let until = add(self.clock.now(), ttl);
        let sql = "update lease set until = $3 where key = $1 and token = $2";
        let values: Vec<Value> = vec![
            lease.key.as_str().into(),
            lease.token.to_string().into(),
            until.into(),
        ];
        if self.db.execute("renew the lease", sql, values).await? == 0 {
            return Err(Error::LeaseLost {
                key: lease.key.clone(),
            });
        }
        Ok(Lease {
            until,
            ..lease.clone()
        })
    }

    /// Lets go of a lease; says whether it was still in hand.
    pub async fn release_lease(&self, lease: Lease) -> Result<bool> {
        let sql = "delete from lease where key = $1 and token = $2";
        let values: Vec<Value> = vec![lease.key.into(), lease.token.to_string().into()];
        Ok(self.db.execute("release the lease", sql, values).await? > 0)
    }

    /// Takes a lease from a holder that is known to be dead; says whether the holder still had it.
    pub async fn break_lease(&self, key: &str, holder: &str) -> Result<bool> {
        let sql = "delete from lease where key = $1 and holder = $2";
        let values: Vec<Value> = vec![key.into(), holder.into()];
        Ok(self.db.execute("break the lease", sql, values).await? > 0)
    }
}

pub(crate) fn add(now: DateTime<Utc>, ttl: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(ttl)
        .ok()
        .and_then(|ttl| now.checked_add_signed(ttl))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
