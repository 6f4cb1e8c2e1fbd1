//! Tokens for programs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::audit::{self, AuditEntry};
use super::id::{ApiTokenId, UserId};
use super::role::Role;
use super::user;
use crate::database::{Row, Value};
use crate::error::{Error, Result};
use crate::store::Store;

/// A token with which a program signs in. Holds nothing of the token but its last characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// What it is called. Names that differ only in case are the same name.
    pub name: String,
    /// What the program may do: never more than the maker may do now.
    pub role: Role,
    /// The last characters of the token, by which its owner knows it again.
    pub ending: String,
    /// The maker, where that was a user. The token ends with the user.
    pub made_by_id: Option<UserId>,
    /// The maker's sign-in name.
    pub made_by: Option<String>,
    /// When it was made, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// When it ends; never when `None`.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl ApiToken {
    /// The program as one who does something.
    pub fn to_actor(&self) -> Actor {
        Actor::Token {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
        }
    }

    /// Whether it is of no use any more.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

macro_rules! columns {
    () => {
        "select api_token.id, api_token.name, api_token.role, api_token.ending, api_token.account, \
         account.name, api_token.created_at, api_token.expires_at, api_token.last_used_at, account.role \
         from api_token left join account on account.id = api_token.account "
    };
}

impl Store {
    /// Every token, by name, those that have expired among them.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>> {
        let sql = concat!(columns!(), "order by api_token.name_key");
        let rows = self.db.fetch("read the tokens", sql, vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// Stores a new token under its digest.
    ///
    /// # Errors
    /// [`Error::AccountExists`] when the name is taken, in any case.
    pub async fn add_api_token(&self, token: &ApiToken, digest: &str, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.db.begin("add the token").await?;
        let sql = "insert into api_token (id, name, name_key, digest, role, ending, account, created_at, \
                   expires_at, last_used_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   on conflict (name_key) do nothing";
        let values = vec![
            token.id.to_string().into(),
            token.name.as_str().into(),
            user::fold(&token.name).into(),
            digest.into(),
            token.role.name().into(),
            token.ending.as_str().into(),
            token.made_by_id.map(|id| id.to_string()).into(),
            token.created_at.into(),
            token.expires_at.into(),
            token.last_used_at.into(),
        ];
        if transaction.execute(sql, values).await? == 0 {
            return Err(Error::AccountExists {
                what: "token",
                name: token.name.clone(),
            });
        }
        audit::insert(&mut transaction, audit).await?;
        transaction.commit().await
    }

    /// The token under its digest, unless it has expired or its maker is disabled.
    pub async fn find_api_token(&self, digest: &str) -> Result<Option<ApiToken>> {
        let sql = concat!(
            columns!(),
            "where api_token.digest = $1 and (api_token.expires_at is null or api_token.expires_at > $2) \
             and coalesce(account.is_disabled, 0) = 0"
        );
        let values: Vec<Value> = vec![digest.into(), self.clock.now().into()];
        let rows = self.db.fetch("read the token", sql, values).await?;
        rows.first().map(read).transpose()
    }

    /// Notes that a token was used.
    pub async fn touch_api_token(&self, id: ApiTokenId) -> Result<()> {
        let sql = "update api_token set last_used_at = $2 \
                   where id = $1 and (last_used_at is null or last_used_at < $2)";
        let values: Vec<Value> = vec![id.to_string().into(), self.clock.now().into()];
        self.db.execute("note the token's use", sql, values).await?;
        Ok(())
    }

    /// Ends a token; says whether it was there.
    pub async fn remove_api_token(&self, id: ApiTokenId, audit: &AuditEntry) -> Result<bool> {
        let mut transaction = self.db.begin("revoke the token").await?;
        let sql = "delete from api_token where id = $1";
        let was_there = transaction.execute(sql, vec![id.to_string().into()]).await? > 0;
        if was_there {
            audit::insert(&mut transaction, audit).await?;
        }
        transaction.commit().await?;
        Ok(was_there)
    }
}

fn read(row: &Row<'_>) -> Result<ApiToken> {
    let made_by_id = match row.optional_text(4)? {
        Some(_) => Some(user::parse(row, 4)?),
        None => None,
    };
    let granted = user::read_role(row, 2)?;
    let role = match made_by_id {
        Some(_) => granted.min(user::read_role(row, 9)?),
        None => granted,
    };
    Ok(ApiToken {
        id: user::parse(row, 0)?,
        name: row.text(1)?,
        role,
        ending: row.text(3)?,
        made_by_id,
        made_by: row.optional_text(5)?,
        created_at: row.instant(6)?,
        expires_at: row.optional_instant(7)?,
        last_used_at: row.optional_instant(8)?,
    })
}
