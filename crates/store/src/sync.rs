//! The history of syncs.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::gap::GapReason;
use tailwater_core::id::IntegrationName;
use tailwater_core::inventory::Notice;
use uuid::Uuid;

use crate::database::{Row, Transaction, Value, to_json};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::time_id::uuid_at;

/// The id of a sync: a UUID of version 7, so that ids sort by the time of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SyncId(Uuid);

impl SyncId {
    /// A new id for the given instant.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(uuid_at(at))
    }
}

impl fmt::Display for SyncId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for SyncId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// One sync in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRecord {
    /// Its id.
    pub id: SyncId,
    /// Whose sync it was.
    pub integration: IntegrationName,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: SyncOutcome,
    /// How much it did.
    pub counts: SyncCounts,
    /// How many tables found no node, for each reason.
    #[serde(default)]
    pub unlinked_by_reason: BTreeMap<GapReason, usize>,
    /// What the reader should know.
    #[serde(default)]
    pub notices: Vec<Notice>,
    /// What made it fail.
    #[serde(default)]
    pub error: Option<SyncFailure>,
    /// Why it ran, and what exactly it did.
    #[serde(default, flatten)]
    pub detail: SyncDetail,
}

/// Why a sync ran, and what exactly it did. Records of before it was kept have none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncDetail {
    /// What set it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<SyncCause>,
    /// Who asked for it, in words for people; `None` when nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// A digest of the selection that it imported: another one means that the selection has changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// How many assets had not moved, so that their lineage was not read again.
    #[serde(skip_serializing_if = "is_zero")]
    pub unmoved: usize,
    /// When the last sync that read everything began, this one or one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_read_at: Option<DateTime<Utc>>,
    /// When the site was read, by the BI tool's own clock; the record's own times are by ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
    /// How many assets the BI tool's index did not know yet.
    #[serde(skip_serializing_if = "is_zero")]
    pub pending: usize,
    /// Of how many assets the lineage could not be read, when nothing of any lineage could.
    #[serde(skip_serializing_if = "is_zero")]
    pub unread: usize,
    /// The exposures that are new, at most [`MOST_NAMED`]; the counts have all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<NamedExposure>,
    /// The exposures that are different, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<NamedExposure>,
    /// The exposures that have gone, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<NamedExposure>,
    /// The exposures of which something was kept as it was, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<NamedExposure>,
}

/// A record names so many exposures of a kind at most.
pub const MOST_NAMED: usize = 200;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// An exposure that a sync touched.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedExposure {
    /// Its `unique_id`.
    pub unique_id: String,
    /// The name for people, as it was then.
    pub label: String,
    /// What to know about it: the nodes that it gained or lost, why it was kept.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What set a sync off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncCause {
    /// A person asked for it, in the pages or over the API.
    Asked,
    /// A person ran the command.
    Command,
    /// The integration had never been synced.
    First,
    /// Its time had come.
    Scheduled,
    /// The selection had changed.
    SelectionChanged,
    /// The sync before it had failed, or had left something open.
    Retry,
}

impl SyncCause {
    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Asked => "asked for",
            Self::Command => "by command",
            Self::First => "first sync",
            Self::Scheduled => "daily sync",
            Self::SelectionChanged => "selection changed",
            Self::Retry => "tried again",
        }
    }

    /// Whether no person asked for it.
    pub const fn is_automatic(self) -> bool {
        !matches!(self, Self::Asked | Self::Command)
    }
}

/// How a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncOutcome {
    /// It landed, and something was different.
    Changed,
    /// It landed, and nothing was different.
    Unchanged,
    /// It landed, but an answer was partial, so that something was kept as it was.
    Partial,
    /// It did not land.
    Failed,
    /// Somebody stopped it before it landed, or the process that ran it ended.
    Stopped,
}

impl SyncOutcome {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// The outcome of the given word.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        const ALL: [SyncOutcome; 5] = [
            SyncOutcome::Changed,
            SyncOutcome::Unchanged,
            SyncOutcome::Partial,
            SyncOutcome::Failed,
            SyncOutcome::Stopped,
        ];
        ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether what was read is in use.
    pub const fn has_landed(self) -> bool {
        !matches!(self, Self::Failed | Self::Stopped)
    }
}

/// How much a sync did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncCounts {
    /// Exposures that are new.
    pub added: usize,
    /// Exposures that are different.
    pub changed: usize,
    /// Exposures that have gone.
    pub removed: usize,
    /// Exposures that stayed as they were because an answer was partial.
    pub kept: usize,
    /// Exposures in all.
    pub exposures: usize,
    /// Tables that found their node.
    pub tables_linked: usize,
    /// Tables that did not.
    pub tables_unlinked: usize,
}

/// What made a sync fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncFailure {
    /// The error's stable code.
    pub code: String,
    /// What failed, on what, and why.
    pub message: String,
}

impl Store {
    /// Adds a sync that did not land to the history, and changes nothing else.
    pub async fn record_failed_sync(&self, record: &SyncRecord) -> Result<()> {
        let mut transaction = self.db.begin("record the sync").await?;
        let sql = "select edition from integration where name = $1";
        let known = transaction
            .fetch(sql, vec![record.integration.as_str().into()])
            .await?;
        let Some(known) = known.first() else {
            return Err(Error::UnknownIntegration {
                name: record.integration.clone(),
            });
        };
        insert(&mut transaction, record, known.integer(0)?).await?;
        transaction.commit().await
    }

    /// The last syncs of one integration or of all, newest first.
    pub async fn syncs(&self, integration: Option<&IntegrationName>, limit: u32) -> Result<Vec<SyncRecord>> {
        const ACTION: &str = "read the history of syncs";
        let limit = i64::from(limit);
        let rows = match integration {
            None => {
                let sql = "select body from sync order by started_at desc, id desc limit $1";
                self.db.fetch(ACTION, sql, vec![limit.into()]).await?
            }
            Some(name) => {
                let sql = "select body from sync where integration = $1 \
                           order by started_at desc, id desc limit $2";
                let values: Vec<Value> = vec![name.as_str().into(), limit.into()];
                self.db.fetch(ACTION, sql, values).await?
            }
        };
        rows.iter().map(read).collect()
    }

    /// The sync of the given id.
    pub async fn find_sync(&self, id: SyncId) -> Result<Option<SyncRecord>> {
        let sql = "select body from sync where id = $1";
        let rows = self
            .db
            .fetch("look a sync up", sql, vec![id.to_string().into()])
            .await?;
        rows.first().map(read).transpose()
    }
}

/// Adds a record to the history, with the edition that the sync left.
pub(crate) async fn insert(
    transaction: &mut Transaction<'_>,
    record: &SyncRecord,
    edition: i64,
) -> Result<()> {
    let sql = "insert into sync (id, integration, started_at, outcome, body, edition) \
               values ($1, $2, $3, $4, $5, $6)";
    let values = vec![
        record.id.to_string().into(),
        record.integration.as_str().into(),
        record.started_at.into(),
        record.outcome.name().into(),
        to_json("record the sync", record)?.into(),
        edition.into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<SyncRecord> {
    row.json(0)
}
