//! The audit log: who changed what, and when. Rows are only ever added.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::id::AuditId;
use super::user;
use crate::database::{Row, Transaction, Value};
use crate::error::Result;
use crate::store::Store;

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// Who, with name and role as they were then.
    pub actor: Actor,
    /// What was done: subject and verb, such as `integration.add`.
    pub action: String,
    /// On what: the name of a user, an integration, a project.
    pub subject: String,
    /// What else there is to say, for people; may be empty. Never a secret.
    pub detail: String,
}

/// Which acts to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only acts older than the one at which an earlier page ended.
    pub before: Option<AuditCursor>,
    /// Only acts of whoever has this name or title, in any case.
    pub actor: Option<String>,
    /// Only this action, such as `integration.add`; or all that begin so, such as `integration.`.
    pub action: Option<String>,
}

/// Where a page of the log ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCursor {
    at: i64,
    sequence: i64,
}

/// A page of the log, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The acts.
    pub entries: Vec<AuditEntry>,
    /// Where to read on; `None` at the end.
    pub next: Option<AuditCursor>,
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.at, self.sequence)
    }
}

impl FromStr for AuditCursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let (at, sequence) = text.split_once('-').unwrap_or((text, ""));
        Ok(Self {
            at: at.parse()?,
            sequence: sequence.parse()?,
        })
    }
}

impl Store {
    /// Adds an act to the log.
    pub async fn record_audit(&self, entry: &AuditEntry) -> Result<()> {
        let mut transaction = self.db.begin("write the audit log").await?;
        insert(&mut transaction, entry).await?;
        transaction.commit().await
    }

    /// Reads the log, the newest first, at most `limit` acts.
    pub async fn audit_log(&self, filter: &AuditFilter, limit: u32) -> Result<AuditPage> {
        // Parameters that may be null are cast, since PostgreSQL must know their types.
        let sql = "select id, at, actor_kind, actor_id, actor_name, actor_role, action, subject, detail, sequence \
                   from audit \
                   where (at < $1 or (at = $1 and sequence < $2)) \
                   and (cast($3 as text) is null or actor_key = $3) \
                   and (cast($4 as text) is null or substr(action, 1, length($4)) = $4) \
                   order by at desc, sequence desc limit $5";
        let before = filter.before.unwrap_or(AuditCursor {
            at: i64::MAX,
            sequence: i64::MAX,
        });
        let values: Vec<Value> = vec![
            before.at.into(),
            before.sequence.into(),
            filter.actor.as_deref().map(user::fold).into(),
            filter.action.clone().into(),
            // One more shows whether there is another page.
            (i64::from(limit) + 1).into(),
        ];
        let rows = self.db.fetch("read the audit log", sql, values).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let entries = rows.iter().take(limit).map(read).collect::<Result<Vec<_>>>()?;
        let next = match rows.get(limit) {
            Some(_) => rows.get(limit.saturating_sub(1)).map(read_cursor).transpose()?,
            None => None,
        };
        Ok(AuditPage { entries, next })
    }
}

/// Adds an act to the log, in the transaction of the act itself.
pub(crate) async fn insert(transaction: &mut Transaction<'_>, entry: &AuditEntry) -> Result<()> {
    // Acts of one instant keep their order by the sequence, which counts within it.
    let sql = "insert into audit (id, at, sequence, actor_kind, actor_id, actor_name, actor_key, actor_role, \
               action, subject, detail) \
               select $1, $2, coalesce((select max(sequence) from audit where at = $2), 0) + 1, \
               $3, $4, $5, $6, $7, $8, $9, $10";
    let (id, name, role) = match &entry.actor {
        Actor::User { id, name, role } => (Some(id.to_string()), Some(name.clone()), Some(*role)),
        Actor::Token { id, name, role } => (Some(id.to_string()), Some(name.clone()), Some(*role)),
        Actor::CommandLine | Actor::System | Actor::Local => (None, None, None),
    };
    let values: Vec<Value> = vec![
        entry.id.to_string().into(),
        entry.at.into(),
        entry.actor.kind().into(),
        id.into(),
        name.into(),
        user::fold(&entry.actor.title()).into(),
        role.map(|role| role.name().to_owned()).into(),
        entry.action.as_str().into(),
        entry.subject.as_str().into(),
        entry.detail.as_str().into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<AuditEntry> {
    let name = || Ok(row.optional_text(4)?.unwrap_or_default());
    let actor = match row.text(2)?.as_str() {
        "user" => Actor::User {
            id: user::parse(row, 3)?,
            name: name()?,
            role: user::read_role(row, 5)?,
        },
        "token" => Actor::Token {
            id: user::parse(row, 3)?,
            name: name()?,
            role: user::read_role(row, 5)?,
        },
        "command_line" => Actor::CommandLine,
        "system" => Actor::System,
        "local" => Actor::Local,
        other => return Err(row.damaged(format!("`{other}` is no kind of actor"))),
    };
    Ok(AuditEntry {
        id: user::parse(row, 0)?,
        at: row.instant(1)?,
        actor,
        action: row.text(6)?,
        subject: row.text(7)?,
        detail: row.text(8)?,
    })
}

fn read_cursor(row: &Row<'_>) -> Result<AuditCursor> {
    Ok(AuditCursor {
        at: row.integer(1)?,
        sequence: row.integer(9)?,
    })
}
