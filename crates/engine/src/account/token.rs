//! Tokens for programs, such as a CI job that brings dbt's artifacts.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::audit::AuditEvent;
use super::permission::Permission;
use super::user::check_name;
use super::{AccountError, Actor, ApiToken, ApiTokenId, Role, secret, session};
use crate::error::Error;
use crate::workspace::Workspace;

/// With what every token begins, so that people and secret scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "twt_";

/// That a token was used is written at most this often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A token to make.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// What to call it.
    pub name: String,
    /// What the program may do; not more than its maker.
    pub role: Role,
    /// When it ends; never when `None`.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Workspace {
    /// Every token, by name.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, Error> {
        Ok(self.store().api_tokens().await?)
    }

    /// Makes a token; the text is shown this once.
    ///
    /// # Errors
    /// When the role is more than the maker's; when a token wants to make one, since it could outlive itself.
    pub async fn create_api_token(
        &self,
        new: NewApiToken,
        actor: &Actor,
    ) -> Result<(SecretString, ApiToken), Error> {
        if matches!(actor, Actor::Token { .. }) {
            return Err(AccountError::NotForTokens { what: "make tokens" }.into());
        }
        if new.role > actor.role() {
            return Err(AccountError::RoleTooHigh {
                who: actor.title().into_owned(),
                role: actor.role(),
                wanted: new.role,
            }
            .into());
        }
        let now = self.now();
        let name = new.name.trim();
        check_name("a token", name)?;
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(AccountError::ExpiryPassed.into());
        }
        let drawn = secret::draw()?;
        let ending = drawn.expose_secret().get(39..).unwrap_or_default().to_owned();
        let text = SecretString::from(format!("{TOKEN_PREFIX}{}", drawn.expose_secret()));
        let token = ApiToken {
            id: ApiTokenId::new(now),
            name: name.to_owned(),
            role: new.role,
            ending,
            made_by_id: actor.user_id(),
            made_by: actor.user_id().map(|_| actor.title().into_owned()),
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        let detail = match token.expires_at {
            Some(end) => format!("role {}, until {}", token.role, end.format("%Y-%m-%d")),
            None => format!("role {}, without end", token.role),
        };
        let audit = self.audit_entry(actor, AuditEvent::new("token.create", &token.name, detail));
        let digest = secret::digest(text.expose_secret());
        self.store().add_api_token(&token, &digest, &audit).await?;
        Ok((text, token))
    }

    /// Ends a token at once. Users may end their own, admins all.
    pub async fn revoke_api_token(&self, id: ApiTokenId, actor: &Actor) -> Result<ApiToken, Error> {
        let unknown = || AccountError::UnknownToken {
            token: id.to_string(),
        };
        let tokens = self.store().api_tokens().await?;
        let token = tokens
            .into_iter()
            .find(|token| token.id == id)
            .ok_or_else(unknown)?;
        let is_own = actor.user_id().is_some() && actor.user_id() == token.made_by_id;
        if !is_own {
            actor.require(Role::Admin)?;
        }
        let audit = self.audit_entry(actor, AuditEvent::new("token.revoke", &token.name, ""));
        if !self.store().remove_api_token(id, &audit).await? {
            return Err(unknown().into());
        }
        Ok(token)
    }

    /// The token of the given text, when it is good. Its role is at most what its maker may do now.
    pub async fn find_api_token(&self, text: &str) -> Result<Option<ApiToken>, Error> {
        if !text.starts_with(TOKEN_PREFIX) || text.len() > 200 {
            return Ok(None);
        }
        let Some(mut token) = self.store().find_api_token(&secret::digest(text)).await? else {
            return Ok(None);
        };
        let now = self.now();
        if token.last_used_at.is_none_or(|last| now - last >= TOUCH_EVERY) {
            token.last_used_at = Some(now);
            let (store, id) = (self.store().clone(), token.id);
            session::patiently(async move { store.touch_api_token(id).await }).await;
        }
        Ok(Some(token))
    }
}
