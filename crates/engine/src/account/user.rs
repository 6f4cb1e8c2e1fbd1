//! Users: adding, changing and removing them.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::audit::AuditEvent;
use super::password::{self, Verdict};
use super::permission::Permission;
use super::{AccountError, Actor, Role, Session, User, UserId};
use crate::error::Error;
use crate::workspace::Workspace;

/// A user to add.
#[derive(Debug)]
pub struct NewUser {
    /// The sign-in name.
    pub name: String,
    /// What the person is called on pages.
    pub display_name: Option<String>,
    /// Where mail reaches the person.
    pub email: Option<String>,
    /// The password.
    pub password: SecretString,
    /// What the person may do. A one-time link has a role of its own, which counts instead.
    pub role: Role,
}

impl NewUser {
    /// The user that it becomes, once names and password are found to be good.
    pub(super) fn to_user(&self, role: Role, now: DateTime<Utc>) -> Result<User, Error> {
        let name = self.name.trim();
        check_name("a user", name)?;
        password::check(&self.password, name)?;
        Ok(User {
            id: UserId::new(now),
            name: name.to_owned(),
            display_name: check_display_name(self.display_name.as_deref())?,
            email: check_email(self.email.as_deref())?,
            role,
            is_disabled: false,
            created_at: now,
            last_signed_in_at: None,
        })
    }
}

impl Workspace {
    /// Every user, by name.
    pub async fn users(&self) -> Result<Vec<User>, Error> {
        Ok(self.store().users().await?)
    }

    /// Whether there is any user; until then the set-up link is good.
    pub async fn has_users(&self) -> Result<bool, Error> {
        Ok(self.store().has_users().await?)
    }

    /// The user of the given sign-in name, in any case.
    pub async fn find_user(&self, name: &str) -> Result<Option<User>, Error> {
        Ok(self.store().find_user(name).await?)
    }

    /// Adds a user.
    pub async fn add_user(&self, new: NewUser, actor: &Actor) -> Result<User, Error> {
        actor.require(Role::Admin)?;
        let user = new.to_user(new.role, self.now())?;
        let hash = password::hash(&new.password).await?;
        let audit = self.audit_entry(
            actor,
            AuditEvent::new("user.add", &user.name, format!("role {}", user.role)),
        );
        self.store().add_user(&user, &hash, &audit).await?;
        Ok(user)
    }

    /// Changes what a user may do, from the next request on. The last enabled admin stays one.
    pub async fn set_user_role(&self, name: &str, role: Role, actor: &Actor) -> Result<User, Error> {
        actor.require(Role::Admin)?;
        let before = self.require_user(name).await?;
        let detail = format!("from {} to {role}", before.role);
        let audit = self.audit_entry(actor, AuditEvent::new("user.role", &before.name, detail));
        Ok(self.store().set_user_role(name, role, &audit).await?)
    }

    /// Refuses or allows a user's sign-in; refusing ends the user's sessions and stops the user's tokens.
    pub async fn set_user_disabled(
        &self,
        name: &str,
        is_disabled: bool,
        actor: &Actor,
    ) -> Result<User, Error> {
        actor.require(Role::Admin)?;
        let before = self.require_user(name).await?;
        let action = if is_disabled {
            "user.disable"
        } else {
            "user.enable"
        };
        let audit = self.audit_entry(actor, AuditEvent::new(action, &before.name, ""));
        Ok(self.store().set_user_disabled(name, is_disabled, &audit).await?)
    }

    /// Changes what a user is called and where mail reaches the person. Users may do so for themselves.
    pub async fn set_user_profile(
        &self,
        name: &str,
        display_name: Option<&str>,
        email: Option<&str>,
        actor: &Actor,
    ) -> Result<User, Error> {
        let before = self.require_user(name).await?;
        if actor.user_id() != Some(before.id) {
            actor.require(Role::Admin)?;
        }
        let (display_name, email) = (check_display_name(display_name)?, check_email(email)?);
        let audit = self.audit_entry(actor, AuditEvent::new("user.profile", &before.name, ""));
        let changed = self.store().set_user_profile(name, display_name, email, &audit);
        Ok(changed.await?)
    }

    /// Replaces a user's password and ends all of the user's sessions.
    pub async fn set_user_password(
        &self,
        name: &str,
        password: &SecretString,
        actor: &Actor,
    ) -> Result<User, Error> {
        actor.require(Role::Admin)?;
        let user = self.require_user(name).await?;
        password::check(password, &user.name)?;
        let hash = password::hash(password).await?;
        let audit = self.audit_entry(actor, AuditEvent::new("user.password", &user.name, ""));
        Ok(self.store().set_user_password(name, &hash, None, &audit).await?)
    }

    /// Replaces one's own password, which needs the present one, and ends all other sessions of one's own.
    pub async fn change_own_password(
        &self,
        session: &Session,
        present: &SecretString,
        password: &SecretString,
    ) -> Result<(), Error> {
        let name = &session.user.name;
        // Whoever finds an open browser shall not be able to guess the password there.
        self.sign_in_limit().count(name, None)?;
        let known = self.store().find_user_with_hash(name).await?;
        if password::verify(present, known.map(|(_, hash)| hash)).await? == Verdict::Wrong {
            return Err(AccountError::PresentPassword.into());
        }
        password::check(password, name)?;
        let hash = password::hash(password).await?;
        let event = AuditEvent::new("user.password", name, "by the user");
        let audit = self.audit_entry(&session.user.to_actor(), event);
        let kept = Some(session.id);
        self.store().set_user_password(name, &hash, kept, &audit).await?;
        Ok(())
    }

    /// Forgets a user, with the person's sessions, tokens and links.
    pub async fn remove_user(&self, name: &str, actor: &Actor) -> Result<User, Error> {
        actor.require(Role::Admin)?;
        let before = self.require_user(name).await?;
        let detail = format!("role {}", before.role);
        let audit = self.audit_entry(actor, AuditEvent::new("user.remove", &before.name, detail));
        Ok(self.store().remove_user(name, &audit).await?)
    }

    /// The user of the given name, or the error that there is none.
    pub(super) async fn require_user(&self, name: &str) -> Result<User, Error> {
        let user = self.store().find_user(name).await?;
        user.ok_or_else(|| {
            Error::Store(tailwater_store::Error::UnknownUser {
                name: shortened(name),
            })
        })
    }

    /// Now, to the microsecond, as the store keeps it: what is answered is what will be read back.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let now = self.clock().now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}

/// Sign-in names are plain, so that no two look the same.
pub(super) fn check_name(what: &'static str, name: &str) -> Result<(), Error> {
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '+' | '@');
    let is_good = name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_plain);
    if is_good {
        return Ok(());
    }
    let name = shortened(name);
    Err(AccountError::Name { what, name }.into())
}

fn check_display_name(text: Option<&str>) -> Result<Option<String>, Error> {
    check_field(text, "display name", |text| {
        if text.chars().count() > 100 {
            Some("it is longer than 100 characters")
        } else if text.chars().any(char::is_control) {
            Some("it holds control characters")
        } else {
            None
        }
    })
}

/// Only what can go into a `mailto:` without doubt; whether it is somebody's is not checked.
fn check_email(text: Option<&str>) -> Result<Option<String>, Error> {
    check_field(text, "e-mail address", |text| {
        let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control();
        let is_good = text.len() <= 254
            && text.chars().all(is_plain)
            && !text.contains(['<', '>', '"', ',', ';', '?', '&'])
            && text
                .split_once('@')
                .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
        (!is_good).then_some("it is not written like `name@example.com`")
    })
}

fn check_field(
    text: Option<&str>,
    field: &'static str,
    problem: impl Fn(&str) -> Option<&'static str>,
) -> Result<Option<String>, Error> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match problem(text) {
        Some(reason) => Err(AccountError::Field { field, reason }.into()),
        None => Ok(Some(text.to_owned())),
    }
}

/// A text of a stranger, for a message.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["ada", "ada@acme.example", "a.b-c_d+e", "7"] {
            assert!(check_name("a user", good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "a b", "аda", "a/b", "a\u{202e}b", &"x".repeat(65)] {
            assert!(check_name("a user", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn fields_are_trimmed_and_checked() {
        assert_eq!(
            check_display_name(Some(" Ada  ")).unwrap().as_deref(),
            Some("Ada")
        );
        assert_eq!(check_display_name(Some("  ")).unwrap(), None);
        assert!(check_display_name(Some("a\nb")).is_err());
        assert!(check_display_name(Some(&"é".repeat(101))).is_err());
        assert!(check_display_name(Some(&"é".repeat(100))).is_ok());
        assert!(check_email(Some("ada@acme.example")).is_ok());
        for bad in ["ada", "@", "a@", "@b", "a@b@c", "a b@c", "a@b?cc=x", "a@b,c@d"] {
            assert!(check_email(Some(bad)).is_err(), "{bad}");
        }
    }
}
