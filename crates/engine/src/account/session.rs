//! Signing in, and what a browser is signed in with.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use tailwater_store::StoredSession;

use super::audit::AuditEvent;
use super::password::{self, Verdict};
use super::permission::Permission;
use super::{AccountError, Actor, Role, SessionEntry, SessionId, User, UserId, secret};
use crate::error::Error;
use crate::workspace::Workspace;

/// A session ends when it was not used for so many days.
pub const IDLE_DAYS: i64 = 14;
/// A session ends so many days after its beginning, however much it is used.
pub const LONGEST_DAYS: i64 = 90;

/// That a session was used is written at most this often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);
/// A request does not wait longer for that to be written: somebody may be writing for long.
const TOUCH_PATIENCE: Duration = Duration::from_millis(200);

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session's id, which is no secret.
    pub id: SessionId,
    /// Who it is, as the account is now.
    pub user: User,
    /// What stands in every form of this session.
    pub csrf_token: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub expires_at: DateTime<Utc>,
}

/// A session that has just begun, with the secret for the cookie. `Debug` does not show it.
#[derive(Debug)]
pub struct NewSession {
    /// The cookie's value: 43 characters, good for a cookie as they are.
    pub secret: SecretString,
    /// The session.
    pub session: Session,
}

/// From where somebody signs in: for the limits, and for the list of one's own sessions.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The network address, where known.
    pub address: Option<IpAddr>,
    /// The browser, in its own words (`User-Agent`).
    pub agent: Option<String>,
}

/// A session on its way into the store.
pub(super) struct Begun {
    pub(super) secret: SecretString,
    pub(super) digest: String,
    pub(super) entry: SessionEntry,
}

impl Begun {
    pub(super) fn new(now: DateTime<Utc>, client: &Client) -> Result<Self, Error> {
        let secret = secret::draw()?;
        let agent = client.agent.as_deref().map(shown_agent);
        Ok(Self {
            digest: secret::digest(secret.expose_secret()),
            secret,
            entry: SessionEntry {
                id: SessionId::new(now),
                created_at: now,
                last_seen_at: now,
                expires_at: expiry(now, now),
                address: client.address.map(|address| address.to_canonical().to_string()),
                agent: agent.filter(|agent| !agent.is_empty()),
            },
        })
    }

    pub(super) fn for_user(self, user: User) -> NewSession {
        let user = User {
            last_signed_in_at: Some(self.entry.created_at),
            ..user
        };
        NewSession {
            session: Session {
                id: self.entry.id,
                csrf_token: secret::csrf_token(&self.secret),
                created_at: self.entry.created_at,
                expires_at: self.entry.expires_at,
                user,
            },
            secret: self.secret,
        }
    }
}

impl Workspace {
    /// Signs somebody in. Always begins a new session, so that nobody can have chosen its secret.
    ///
    /// # Errors
    /// [`AccountError::SignIn`] for a wrong name and a wrong password alike, after the same work;
    /// [`AccountError::Disabled`] only for who knows the password; [`AccountError::TooManyAttempts`].
    pub async fn sign_in(
        &self,
        name: &str,
        password: &SecretString,
        client: &Client,
    ) -> Result<NewSession, Error> {
        self.sign_in_limit().count(name, client.address)?;
        let known = self.store().find_user_with_hash(name).await?;
        let hash = known.as_ref().map(|(_, hash)| hash.clone());
        let verdict = password::verify(password, hash).await?;
        let (Some((user, hash)), Verdict::Right | Verdict::RightButOld(_)) = (known, &verdict) else {
            tracing::info!(address = ?client.address, "a sign-in was refused");
            return Err(AccountError::SignIn.into());
        };
        if user.is_disabled {
            return Err(AccountError::Disabled { name: user.name }.into());
        }
        if let Verdict::RightButOld(renewed) = verdict {
            self.store().renew_password_hash(user.id, &hash, &renewed).await?;
        }
        let begun = Begun::new(self.now(), client)?;
        let from = begun.entry.address.as_deref();
        let detail = from.map(|address| format!("from {address}")).unwrap_or_default();
        let audit = self.audit_entry(
            &user.to_actor(),
            AuditEvent::new("session.begin", &user.name, detail),
        );
        self.store()
            .add_session(user.id, &begun.entry, &begun.digest, &audit)
            .await?;
        Ok(begun.for_user(user))
    }

    /// Who is signed in with the secret of a cookie; `None` when nobody is, or nobody any more.
    pub async fn find_session(&self, secret: &str) -> Result<Option<Session>, Error> {
        if secret.is_empty() || secret.len() > 200 {
            return Ok(None);
        }
        let Some(found) = self.store().find_session(&secret::digest(secret)).await? else {
            return Ok(None);
        };
        let StoredSession { entry, user } = found;
        let now = self.now();
        let mut expires_at = entry.expires_at;
        if now - entry.last_seen_at >= TOUCH_EVERY {
            expires_at = expiry(entry.created_at, now);
            let store = self.store().clone();
            patiently(async move { store.touch_session(entry.id, expires_at).await }).await;
        }
        Ok(Some(Session {
            id: entry.id,
            user,
            csrf_token: secret::csrf_token(&SecretString::from(secret)),
            created_at: entry.created_at,
            expires_at,
        }))
    }

    /// The sessions of a user that are still good, the last used first.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionEntry>, Error> {
        Ok(self.store().sessions_of(user).await?)
    }

    /// Ends a session of one's own, this one or another; says whether there was such a one.
    pub async fn end_session(&self, user: &User, id: SessionId) -> Result<bool, Error> {
        let audit = self.audit_entry(&user.to_actor(), AuditEvent::new("session.end", &user.name, ""));
        Ok(self.store().end_session(user.id, id, &audit).await?)
    }

    /// Ends all sessions of a user, or all but the one to keep; says how many. For others than oneself only
    /// an admin may.
    pub async fn end_sessions_of(
        &self,
        user: &User,
        kept: Option<SessionId>,
        actor: &Actor,
    ) -> Result<u64, Error> {
        if actor.user_id() != Some(user.id) {
            actor.require(Role::Admin)?;
        }
        let audit = self.audit_entry(actor, AuditEvent::new("session.end_all", &user.name, ""));
        Ok(self.store().end_sessions_of(user.id, kept, &audit).await?)
    }

    /// Removes expired sessions and links, which are of no use to anybody; says how many. The audit log is
    /// kept.
    pub async fn remove_expired_accounts(&self) -> Result<u64, Error> {
        Ok(self.store().remove_expired().await?)
    }
}

/// When a session ends: so long after it was last seen, and never longer than it may live.
fn expiry(created_at: DateTime<Utc>, seen_at: DateTime<Utc>) -> DateTime<Utc> {
    (seen_at + TimeDelta::days(IDLE_DAYS)).min(created_at + TimeDelta::days(LONGEST_DAYS))
}

/// What a browser says it is, in one line of bounded length.
fn shown_agent(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(300)
        .collect()
}

/// Writes that something was used, and does not let a request wait for it for long, nor fail with it. The
/// work goes on by itself: a write that is given up half-way would leave its transaction open.
pub(super) async fn patiently(work: impl Future<Output = tailwater_store::Result<()>> + Send + 'static) {
    let work = tokio::spawn(async move {
        if let Err(error) = work.await {
            tracing::warn!(%error, "could not note that a session or token was used");
        }
    });
    // Whoever is too slow for the wait goes on nevertheless.
    let _ = tokio::time::timeout(TOUCH_PATIENCE, work).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_prolongs_a_session_until_it_is_old() {
        let day = |days| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(days);
        assert_eq!(expiry(day(0), day(0)), day(14));
        assert_eq!(expiry(day(0), day(70)), day(84));
        assert_eq!(expiry(day(0), day(80)), day(90));
    }

    #[test]
    fn a_browser_does_not_fill_the_store() {
        assert_eq!(shown_agent("a\r\nb"), "ab");
        assert_eq!(shown_agent(&"é".repeat(10_000)).chars().count(), 300);
    }
}
