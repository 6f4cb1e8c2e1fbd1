//! One-time links: how somebody without a password gets one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::audit::{self, AuditEntry};
use super::id::UserId;
use super::role::Role;
use super::session::{self, SessionEntry};
use super::user::{self, User};
use crate::database::{Transaction, Value};
use crate::error::{Error, Result};
use crate::store::Store;

/// A link that is good once. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeLink {
    /// What it is good for.
    pub purpose: LinkPurpose,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What a one-time link is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkPurpose {
    /// Makes the first admin. Good only while there is no user.
    SetUp,
    /// Makes a user of the given role.
    Invite {
        /// The role.
        role: Role,
    },
    /// Sets a user's password anew.
    Reset {
        /// The user's id.
        user: UserId,
        /// The user's sign-in name.
        name: String,
    },
}

impl LinkPurpose {
    /// The word for its kind in JSON and in the store.
    const fn kind(&self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::Invite { .. } => "invite",
            Self::Reset { .. } => "reset",
        }
    }
}

impl Store {
    /// Stores the link under the digest of its secret; links that have expired are removed with it. A set-up link takes the place of an earlier one, as
    /// does a reset link of the same user.
    ///
    /// # Errors
    /// [`Error::NotFirst`] when a set-up link is asked for while there are users.
    pub async fn add_link(&self, link: &OneTimeLink, digest: &str, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.db.begin("make the link").await?;
        let sql = "delete from one_time_link where expires_at <= $1";
        transaction.execute(sql, vec![audit.at.into()]).await?;
        let (role, user) = match &link.purpose {
            LinkPurpose::SetUp => {
                refuse_users(&mut transaction).await?;
                let sql = "delete from one_time_link where kind = 'set_up'";
                transaction.execute(sql, vec![]).await?;
                (None, None)
            }
            LinkPurpose::Invite { role } => (Some(role.name().to_owned()), None),
            LinkPurpose::Reset { user, .. } => {
                remove_of_user(&mut transaction, *user).await?;
                (None, Some(user.to_string()))
            }
        };
        let sql = "insert into one_time_link (digest, kind, role, account, created_at, expires_at) \
                   values ($1, $2, $3, $4, $5, $6)";
        let values: Vec<Value> = vec![
            digest.into(),
            link.purpose.kind().into(),
            role.into(),
            user.into(),
            audit.at.into(),
            link.expires_at.into(),
        ];
        transaction.execute(sql, values).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// The link under the digest of its secret, unless it was used or has expired.
    pub async fn find_link(&self, digest: &str) -> Result<Option<OneTimeLink>> {
        let sql = "select one_time_link.kind, one_time_link.role, one_time_link.account, account.name, \
                   one_time_link.expires_at \
                   from one_time_link left join account on account.id = one_time_link.account \
                   where one_time_link.digest = $1 and one_time_link.expires_at > $2";
        let values: Vec<Value> = vec![digest.into(), self.clock.now().into()];
        let rows = self.db.fetch("read the link", sql, values).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let purpose = match row.text(0)?.as_str() {
            "set_up" => LinkPurpose::SetUp,
            "invite" => LinkPurpose::Invite {
                role: user::read_role(row, 1)?,
            },
            "reset" => LinkPurpose::Reset {
                user: user::parse(row, 2)?,
                name: row.text(3)?,
            },
            other => return Err(row.damaged(format!("`{other}` is no kind of link"))),
        };
        Ok(Some(OneTimeLink {
            purpose,
            expires_at: row.instant(4)?,
        }))
    }

    /// Uses up a set-up link or an invitation: makes the user, and signs the user in.
    ///
    /// # Errors
    /// [`Error::LinkGone`] when it was used meanwhile; [`Error::NotFirst`] when a set-up link finds users;
    /// [`Error::AccountExists`] when the name is taken: the link is then still good.
    pub async fn redeem_invitation(
        &self,
        digest: &str,
        user: &User,
        password_hash: &str,
        session: (&SessionEntry, &str),
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.db.begin("make the user").await?;
        let kind = use_up(&mut transaction, digest, self.clock.now()).await?;
        if kind == "set_up" {
            refuse_users(&mut transaction).await?;
        }
        user::insert(&mut transaction, user, password_hash).await?;
        session::insert(&mut transaction, user.id, session.0, session.1).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// Uses up a reset link: replaces the password, ends all sessions, and begins a new one.
    ///
    /// # Errors
    /// [`Error::LinkGone`] when it was used meanwhile.
    pub async fn redeem_reset(
        &self,
        digest: &str,
        user: UserId,
        password_hash: &str,
        session: (&SessionEntry, &str),
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.db.begin("set the password").await?;
        use_up(&mut transaction, digest, self.clock.now()).await?;
        user::replace_password(&mut transaction, user, password_hash, None).await?;
        session::insert(&mut transaction, user, session.0, session.1).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await
    }
}

pub(super) async fn remove_of_user(transaction: &mut Transaction<'_>, user: UserId) -> Result<()> {
    let sql = "delete from one_time_link where account = $1";
    transaction.execute(sql, vec![user.to_string().into()]).await?;
    Ok(())
}

/// Of several who use a link at once, one deletes its row; answers the link's kind.
async fn use_up(transaction: &mut Transaction<'_>, digest: &str, now: DateTime<Utc>) -> Result<String> {
    let sql = "delete from one_time_link where digest = $1 and expires_at > $2 returning kind";
    let values: Vec<Value> = vec![digest.into(), now.into()];
    let rows = transaction.fetch(sql, values).await?;
    rows.first().map_or(Err(Error::LinkGone), |row| row.text(0))
}

async fn refuse_users(transaction: &mut Transaction<'_>) -> Result<()> {
    let rows = transaction.fetch("select 1 from account limit 1", vec![]).await?;
    if rows.is_empty() {
        Ok(())
    } else {
        Err(Error::NotFirst)
    }
}
