//! One-time links: how the first admin, an invited person, or somebody who forgot the password gets in.

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use super::audit::AuditEvent;
use super::permission::Permission;
use super::session::Begun;
use super::{
    AccountError, Actor, Client, LinkPurpose, NewSession, NewUser, OneTimeLink, Role, password, secret,
};
use crate::error::Error;
use crate::workspace::Workspace;

/// How long the set-up link and a link for a new password are good, in hours.
pub const SET_UP_HOURS: i64 = 24;
/// How long an invitation is good, in hours.
pub const INVITE_HOURS: i64 = 72;

impl Workspace {
    /// The secret of a new link that makes the first admin, in place of an earlier one; `None` once there is
    /// a user.
    pub async fn one_time_link(&self) -> Result<Option<SecretString>, Error> {
        match self.make_link(LinkPurpose::SetUp, &Actor::System).await {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::Store(tailwater_store::Error::NotFirst)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The secret of a new link with which somebody makes an account of the given role.
    pub async fn invite_link(&self, role: Role, actor: &Actor) -> Result<SecretString, Error> {
        actor.require(Role::Admin)?;
        self.make_link(LinkPurpose::Invite { role }, actor).await
    }

    /// The secret of a new link with which a user sets the password anew, in place of an earlier one.
    pub async fn reset_link(&self, name: &str, actor: &Actor) -> Result<SecretString, Error> {
        actor.require(Role::Admin)?;
        let user = self.require_user(name).await?;
        let purpose = LinkPurpose::Reset {
            user: user.id,
            name: user.name,
        };
        self.make_link(purpose, actor).await
    }

    /// What a link is good for; `None` when it is not good any more. Looking does not use it up: programs
    /// look at links that people send each other.
    pub async fn find_one_time_link(&self, secret: &str) -> Result<Option<OneTimeLink>, Error> {
        if secret.is_empty() || secret.len() > 200 {
            return Ok(None);
        }
        let found = self.store().find_link(&secret::digest(secret)).await?;
        let is_good = match found {
            Some(OneTimeLink {
                purpose: LinkPurpose::SetUp,
                ..
            }) => !self.has_users().await?,
            _ => true,
        };
        Ok(found.filter(|_| is_good))
    }

    /// Uses up a set-up link or an invitation: makes the user, with the link's role, and signs the user in.
    /// When name or password are refused, the link stays good.
    pub async fn redeem_one_time_link(
        &self,
        secret: &str,
        new: NewUser,
        client: &Client,
    ) -> Result<NewSession, Error> {
        let role = match self.require_link(secret).await?.purpose {
            LinkPurpose::SetUp => Role::Admin,
            LinkPurpose::Invite { role } => role,
            LinkPurpose::Reset { .. } => return Err(AccountError::OtherLink.into()),
        };
        let now = self.now();
        let user = new.to_user(role, now)?;
        let hash = password::hash(&new.password).await?;
        let begun = Begun::new(now, client)?;
        let event = AuditEvent::new("user.add", &user.name, format!("role {role}, by a one-time link"));
        let audit = self.audit_entry(&user.to_actor(), event);
        self.store()
            .redeem_invitation(
                &secret::digest(secret),
                &user,
                &hash,
                (&begun.entry, &begun.digest),
                &audit,
            )
            .await?;
        Ok(begun.for_user(user))
    }

    /// Uses up a link for a new password: sets it, ends all sessions of the user, and signs the user in.
    pub async fn redeem_reset_link(
        &self,
        secret: &str,
        password: &SecretString,
        client: &Client,
    ) -> Result<NewSession, Error> {
        let LinkPurpose::Reset { name, .. } = self.require_link(secret).await?.purpose else {
            return Err(AccountError::OtherLink.into());
        };
        let user = self.require_user(&name).await?;
        if user.is_disabled {
            return Err(AccountError::Disabled { name }.into());
        }
        password::check(password, &name)?;
        let hash = password::hash(password).await?;
        let begun = Begun::new(self.now(), client)?;
        let event = AuditEvent::new("user.password", &name, "by a one-time link");
        let audit = self.audit_entry(&user.to_actor(), event);
        self.store()
            .redeem_reset(
                &secret::digest(secret),
                user.id,
                &hash,
                (&begun.entry, &begun.digest),
                &audit,
            )
            .await?;
        Ok(begun.for_user(user))
    }

    async fn require_link(&self, secret: &str) -> Result<OneTimeLink, Error> {
        let found = self.find_one_time_link(secret).await?;
        found.ok_or(Error::Store(tailwater_store::Error::LinkGone))
    }

    async fn make_link(&self, purpose: LinkPurpose, actor: &Actor) -> Result<SecretString, Error> {
        let drawn = secret::draw()?;
        let (hours, event) = match &purpose {
            LinkPurpose::SetUp => (SET_UP_HOURS, AuditEvent::new("link.set_up", "", "")),
            LinkPurpose::Invite { role } => (
                INVITE_HOURS,
                AuditEvent::new("link.invite", "", format!("role {role}")),
            ),
            LinkPurpose::Reset { name, .. } => (SET_UP_HOURS, AuditEvent::new("link.reset", name, "")),
        };
        let audit = self.audit_entry(actor, event);
        let link = OneTimeLink {
            purpose,
            expires_at: audit.at + TimeDelta::hours(hours),
        };
        let digest = secret::digest(drawn.expose_secret());
        self.store().add_link(&link, &digest, &audit).await?;
        Ok(drawn)
    }
}
