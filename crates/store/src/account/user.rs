//! Users: people with a password.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::audit::{self, AuditEntry};
use super::id::UserId;
use super::role::Role;
use crate::database::{Row, Transaction, Value};
use crate::error::{Error, Result};
use crate::store::Store;

/// A person who may sign in. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id, which never changes.
    pub id: UserId,
    /// The sign-in name. Names that differ only in case are the same name.
    pub name: String,
    /// What the person is called on pages.
    pub display_name: Option<String>,
    /// Where mail reaches the person.
    pub email: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// Whether signing in is refused for now.
    pub is_disabled: bool,
    /// When the account was made, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// When the person last signed in, to the microsecond.
    pub last_signed_in_at: Option<DateTime<Utc>>,
}

impl User {
    /// What to call the person: the display name where there is one.
    pub fn title(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.name)
    }

    /// The person as one who does something.
    pub fn to_actor(&self) -> Actor {
        Actor::User {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
        }
    }
}

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "account.id, account.name, account.display_name, account.email, account.role, account.is_disabled, \
         account.created_at, account.last_signed_in_at"
    };
}
pub(super) use columns;

/// How many columns [`columns`] are.
pub(super) const WIDTH: usize = 8;

impl Store {
    /// Every user, by name.
    pub async fn users(&self) -> Result<Vec<User>> {
        let sql = concat!("select ", columns!(), " from account order by name_key");
        let rows = self.db.fetch("read the users", sql, vec![]).await?;
        rows.iter().map(|row| read(row, 0)).collect()
    }

    /// Whether there is any user.
    pub async fn has_users(&self) -> Result<bool> {
        let sql = "select 1 from account limit 1";
        let rows = self.db.fetch("look for users", sql, vec![]).await?;
        Ok(!rows.is_empty())
    }

    /// The user of the given name, in any case.
    pub async fn find_user(&self, name: &str) -> Result<Option<User>> {
        Ok(self.find_user_with_hash(name).await?.map(|(user, _)| user))
    }

    /// The user of the given name, in any case, with the hash of the password.
    pub async fn find_user_with_hash(&self, name: &str) -> Result<Option<(User, String)>> {
        let sql = concat!(
            "select ",
            columns!(),
            ", account.password_hash from account where name_key = $1"
        );
        let rows = self
            .db
            .fetch("read the user", sql, vec![fold(name).into()])
            .await?;
        let user = rows.first().map(|row| Ok((read(row, 0)?, row.text(WIDTH)?)));
        user.transpose()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`Error::AccountExists`] when the name is taken, in any case.
    pub async fn add_user(&self, user: &User, password_hash: &str, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.db.begin("add the user").await?;
        insert(&mut transaction, user, password_hash).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// Changes what a user may do, and says what the user is then.
    ///
    /// # Errors
    /// [`Error::UnknownUser`]; [`Error::LastAdmin`] when nobody would be left to manage users.
    pub async fn set_user_role(&self, name: &str, role: Role, audit: &AuditEntry) -> Result<User> {
        let mut transaction = self.db.begin("change the role").await?;
        let user = find_for_change(&mut transaction, name, role < Role::Admin).await?;
        let sql = "update account set role = $2 where id = $1";
        let values: Vec<Value> = vec![user.id.to_string().into(), role.name().into()];
        transaction.execute(sql, values).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(User { role, ..user })
    }

    /// Refuses or allows a user's sign-in; refusing ends all sessions. Says what the user is then.
    ///
    /// # Errors
    /// [`Error::UnknownUser`]; [`Error::LastAdmin`] when nobody would be left to manage users.
    pub async fn set_user_disabled(&self, name: &str, is_disabled: bool, audit: &AuditEntry) -> Result<User> {
        let mut transaction = self.db.begin("change the user").await?;
        let user = find_for_change(&mut transaction, name, is_disabled).await?;
        let sql = "update account set is_disabled = $2 where id = $1";
        let values: Vec<Value> = vec![user.id.to_string().into(), is_disabled.into()];
        transaction.execute(sql, values).await?;
        if is_disabled {
            super::session::end_of_user(&mut transaction, user.id, None).await?;
        }
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(User { is_disabled, ..user })
    }

    /// Changes what a user is called and where mail reaches the person.
    pub async fn set_user_profile(
        &self,
        name: &str,
        display_name: Option<String>,
        email: Option<String>,
        audit: &AuditEntry,
    ) -> Result<User> {
        let mut transaction = self.db.begin("change the user").await?;
        let user = find_for_change(&mut transaction, name, false).await?;
        let sql = "update account set display_name = $2, email = $3 where id = $1";
        let values: Vec<Value> = vec![
            user.id.to_string().into(),
            display_name.clone().into(),
            email.clone().into(),
        ];
        transaction.execute(sql, values).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(User {
            display_name,
            email,
            ..user
        })
    }

    /// Replaces a user's password, and ends all sessions but the one that is named, and all links that
    /// would set the password once more.
    pub async fn set_user_password(
        &self,
        name: &str,
        password_hash: &str,
        kept_session: Option<super::SessionId>,
        audit: &AuditEntry,
    ) -> Result<User> {
        let mut transaction = self.db.begin("change the password").await?;
        let user = find_for_change(&mut transaction, name, false).await?;
        replace_password(&mut transaction, user.id, password_hash, kept_session).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(user)
    }

    /// Replaces the stored hash of an unchanged password, as when the cost of hashing was raised. Nothing
    /// else happens; when the password was changed meanwhile, nothing does.
    pub async fn renew_password_hash(&self, user: UserId, old: &str, new: &str) -> Result<()> {
        let sql = "update account set password_hash = $3 where id = $1 and password_hash = $2";
        let values: Vec<Value> = vec![user.to_string().into(), old.into(), new.into()];
        self.db.execute("renew the password's hash", sql, values).await?;
        Ok(())
    }

    /// Forgets a user with the person's sessions, tokens and links. The audit log keeps the name.
    ///
    /// # Errors
    /// [`Error::UnknownUser`]; [`Error::LastAdmin`] when nobody would be left to manage users.
    pub async fn remove_user(&self, name: &str, audit: &AuditEntry) -> Result<User> {
        let mut transaction = self.db.begin("remove the user").await?;
        let user = find_for_change(&mut transaction, name, true).await?;
        let sql = "delete from account where id = $1";
        transaction.execute(sql, vec![user.id.to_string().into()]).await?;
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(user)
    }
}

/// A name as it is compared.
pub(super) fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

pub(super) async fn insert(
    transaction: &mut Transaction<'_>,
    user: &User,
    password_hash: &str,
) -> Result<()> {
    let sql = "insert into account (id, name, name_key, display_name, email, role, is_disabled, \
               password_hash, created_at, last_signed_in_at) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (name_key) do nothing";
    let values = vec![
        user.id.to_string().into(),
        user.name.as_str().into(),
        fold(&user.name).into(),
        user.display_name.clone().into(),
        user.email.clone().into(),
        user.role.name().into(),
        user.is_disabled.into(),
        password_hash.into(),
        user.created_at.into(),
        user.last_signed_in_at.into(),
    ];
    if transaction.execute(sql, values).await? == 0 {
        return Err(Error::AccountExists {
            what: "user",
            name: user.name.clone(),
        });
    }
    Ok(())
}

/// The user, locked against other changes. `takes_admin` says that the change would take an enabled admin
/// away, which is refused for the last one.
async fn find_for_change(transaction: &mut Transaction<'_>, name: &str, takes_admin: bool) -> Result<User> {
    // Touching the rows locks them, so that of two transactions that each take one of two admins away,
    // the second waits, and then counts one.
    let sql = "update account set role = role where role = 'admin' and is_disabled = 0";
    let admins = if takes_admin {
        transaction.execute(sql, vec![]).await?
    } else {
        0
    };
    // Locks the row itself, where it is not one of those.
    let sql = "update account set role = role where name_key = $1";
    transaction.execute(sql, vec![fold(name).into()]).await?;
    let sql = concat!("select ", columns!(), " from account where name_key = $1");
    let rows = transaction.fetch(sql, vec![fold(name).into()]).await?;
    let Some(row) = rows.first() else {
        return Err(Error::UnknownUser {
            name: name.to_owned(),
        });
    };
    let user = read(row, 0)?;
    if takes_admin && user.role == Role::Admin && !user.is_disabled && admins < 2 {
        return Err(Error::LastAdmin { name: user.name });
    }
    Ok(user)
}

pub(super) async fn replace_password(
    transaction: &mut Transaction<'_>,
    user: UserId,
    password_hash: &str,
    kept_session: Option<super::SessionId>,
) -> Result<()> {
    let sql = "update account set password_hash = $2 where id = $1";
    let values: Vec<Value> = vec![user.to_string().into(), password_hash.into()];
    transaction.execute(sql, values).await?;
    super::session::end_of_user(transaction, user, kept_session).await?;
    super::link::remove_of_user(transaction, user).await
}

/// Reads the columns of [`columns`] from the given position on.
pub(super) fn read(row: &Row<'_>, first: usize) -> Result<User> {
    Ok(User {
        id: parse(row, first)?,
        name: row.text(first + 1)?,
        display_name: row.optional_text(first + 2)?,
        email: row.optional_text(first + 3)?,
        role: read_role(row, first + 4)?,
        is_disabled: row.claim(first + 5)?,
        created_at: row.instant(first + 6)?,
        last_signed_in_at: row.optional_instant(first + 7)?,
    })
}

pub(super) fn read_role(row: &Row<'_>, column: usize) -> Result<Role> {
    let name = row.text(column)?;
    Role::from_name(&name).ok_or_else(|| row.damaged(format!("`{name}` is no role")))
}

/// An id.
pub(super) fn parse<T: std::str::FromStr<Err = uuid::Error>>(row: &Row<'_>, column: usize) -> Result<T> {
    row.text(column)?.parse().map_err(|error| row.damaged(error))
}
