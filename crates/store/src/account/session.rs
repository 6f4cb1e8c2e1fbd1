//! Sessions: what a browser is signed in with.
//!
//! A session ends at `expires_at`: some time after it was last seen, and at the latest some time after it
//! began. The engine sets both; the store only compares. Role and state are always those of the user's own
//! row, so that a demotion takes effect at the next request.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::audit::{self, AuditEntry};
use super::id::{SessionId, UserId};
use super::user::{self, User};
use crate::database::{Transaction, Value};
use crate::error::Result;
use crate::store::Store;

/// A session as its owner sees it in the list of sessions. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEntry {
    /// Its id.
    pub id: SessionId,
    /// When it began, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// The network address from which it began, where known.
    pub address: Option<String>,
    /// The browser, in its own words. Untrusted text.
    pub agent: Option<String>,
}

/// A session with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub entry: SessionEntry,
    /// Whose it is, as the user is now.
    pub user: User,
}

impl Store {
    /// Stores a new session under the digest of its secret, and that its user has signed in. Sessions of
    /// anybody that have expired are removed with it.
    pub async fn add_session(
        &self,
        user: UserId,
        entry: &SessionEntry,
        digest: &str,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.db.begin("sign in").await?;
        insert(&mut transaction, user, entry, digest).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// The session under the digest of its secret, unless it has expired or its user is disabled.
    pub async fn find_session(&self, digest: &str) -> Result<Option<StoredSession>> {
        let sql = concat!(
            "select ",
            user::columns!(),
            ", session.id, session.created_at, session.last_seen_at, session.expires_at, session.address, \
             session.agent from session join account on account.id = session.account \
             where session.digest = $1 and session.expires_at > $2 and account.is_disabled = 0"
        );
        let values: Vec<Value> = vec![digest.into(), self.clock.now().into()];
        let rows = self.db.fetch("read the session", sql, values).await?;
        let session = rows.first().map(|row| {
            Ok(StoredSession {
                user: user::read(row, 0)?,
                entry: read(row, user::WIDTH)?,
            })
        });
        session.transpose()
    }

    /// The sessions of a user that have not expired, the last used first.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionEntry>> {
        let sql = "select id, created_at, last_seen_at, expires_at, address, agent from session \
                   where account = $1 and expires_at > $2 order by last_seen_at desc, id";
        let values: Vec<Value> = vec![user.to_string().into(), self.clock.now().into()];
        let rows = self.db.fetch("read the sessions", sql, values).await?;
        rows.iter().map(|row| read(row, 0)).collect()
    }

    /// Notes that a session was used, and until when it is good now.
    pub async fn touch_session(&self, id: SessionId, expires_at: DateTime<Utc>) -> Result<()> {
        let sql = "update session set last_seen_at = $2, expires_at = $3 where id = $1 and last_seen_at < $2";
        let values: Vec<Value> = vec![id.to_string().into(), self.clock.now().into(), expires_at.into()];
        self.db.execute("note the session's use", sql, values).await?;
        Ok(())
    }

    /// Ends a session of the user; says whether there was such a one.
    pub async fn end_session(&self, user: UserId, id: SessionId, audit: &AuditEntry) -> Result<bool> {
        let mut transaction = self.db.begin("end the session").await?;
        let sql = "delete from session where id = $1 and account = $2";
        let values: Vec<Value> = vec![id.to_string().into(), user.to_string().into()];
        let was_there = transaction.execute(sql, values).await? > 0;
        if was_there {
            audit::insert(&mut transaction, audit).await?;
        }
        transaction.commit().await?;
        Ok(was_there)
    }

    /// Ends all sessions of a user, or all but one; says how many.
    pub async fn end_sessions_of(
        &self,
        user: UserId,
        kept: Option<SessionId>,
        audit: &AuditEntry,
    ) -> Result<u64> {
        let mut transaction = self.db.begin("end the sessions").await?;
        let ended = end_of_user(&mut transaction, user, kept).await?;
        if ended > 0 {
            audit::insert(&mut transaction, audit).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }

    /// Removes sessions and one-time links that have expired; says how many rows. Expired tokens stay, so that
    /// their owners see why a program is refused.
    pub async fn remove_expired(&self) -> Result<u64> {
        let mut transaction = self.db.begin("remove what has expired").await?;
        let now = self.clock.now();
        let mut removed = 0;
        for sql in [
            "delete from session where expires_at <= $1",
            "delete from one_time_link where expires_at <= $1",
        ] {
            removed += transaction.execute(sql, vec![now.into()]).await?;
        }
        transaction.commit().await?;
        Ok(removed)
    }
}

pub(super) async fn insert(
    transaction: &mut Transaction<'_>,
    user: UserId,
    entry: &SessionEntry,
    digest: &str,
) -> Result<()> {
    let sql = "delete from session where expires_at <= $1";
    transaction.execute(sql, vec![entry.created_at.into()]).await?;
    let sql = "insert into session (id, digest, account, created_at, last_seen_at, expires_at, address, agent) \
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = vec![
        entry.id.to_string().into(),
        digest.into(),
        user.to_string().into(),
        entry.created_at.into(),
        entry.last_seen_at.into(),
        entry.expires_at.into(),
        entry.address.clone().into(),
        entry.agent.clone().into(),
    ];
    transaction.execute(sql, values).await?;
    let sql = "update account set last_signed_in_at = $2 where id = $1";
    let values: Vec<Value> = vec![user.to_string().into(), entry.created_at.into()];
    transaction.execute(sql, values).await?;
    Ok(())
}

pub(super) async fn end_of_user(
    transaction: &mut Transaction<'_>,
    user: UserId,
    kept: Option<SessionId>,
) -> Result<u64> {
    let sql = "delete from session where account = $1 and id <> $2";
    // No id is empty, so that without one to keep all of them go.
    let kept = kept.map(|id| id.to_string()).unwrap_or_default();
    let values: Vec<Value> = vec![user.to_string().into(), kept.into()];
    transaction.execute(sql, values).await
}

fn read(row: &crate::database::Row<'_>, first: usize) -> Result<SessionEntry> {
    Ok(SessionEntry {
        id: user::parse(row, first)?,
        created_at: row.instant(first + 1)?,
        last_seen_at: row.instant(first + 2)?,
        expires_at: row.instant(first + 3)?,
        address: row.optional_text(first + 4)?,
        agent: row.optional_text(first + 5)?,
    })
}
