//! The row of a refresh: its columns, and what only the one who works at it needs to know.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::id::NodeId;
use tailwater_core::refresh::{RefreshRecord, TargetId, Verdict};

use crate::database::{Transaction, Value, search_key, to_json};
use crate::error::{Error, Result};
use crate::revision::take_numbers;

/// What the one who works at a refresh needs to know beside its record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshStand {
    /// What limits are counted by: server and site.
    pub site: String,
    /// How many refreshes of the site may run at once.
    pub at_once: u32,
    /// How many refreshes of the site may be sent in an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
    /// How often the tool's jobs were searched for one whose id is not known.
    pub look_ups: u32,
    /// How often it was put back into the queue after a call that did nothing.
    pub tries: u32,
    /// When it was last asked how it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<DateTime<Utc>>,
    /// Whether the tool's job was there before it was asked.
    pub is_adopted: bool,
    /// Whether it was queued because an earlier one took over data from before the build ended.
    pub is_follow_up: bool,
    /// What is queued for the same target when this one ends, in the same transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<Box<RefreshRecord>>,
    /// Whether the tool was asked to cancel it.
    pub is_cancel_sent: bool,
}

pub(super) fn target_values(target: &TargetId) -> [Value; 3] {
    [
        target.integration.as_str().into(),
        target.kind.name().into(),
        search_key(&target.id).into(),
    ]
}

/// Lets the other writers wait, and gives numbers for so many changes: the first of them. Whoever writes more than one
/// row begins with this, since two that take rows in another order would wait for each other for ever.
pub(super) async fn lock(transaction: &mut Transaction<'_>, changes: usize) -> Result<i64> {
    let sql = "update refresh_revision set number = number + $1 where id = 1 returning number";
    take_numbers(transaction, sql, changes).await
}

/// Adds a refresh with the exposures that it is for.
pub(super) async fn insert(
    transaction: &mut Transaction<'_>,
    record: &RefreshRecord,
    stand: &RefreshStand,
    change: i64,
) -> Result<()> {
    const ACTION: &str = "record the refresh";
    let sql = "insert into refresh (id, change, integration, target_kind, target, site, outcome, is_open, \
               priority, deadline, not_before, asked_at, sent_at, job_run, at_once, per_hour, stand, body) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    let [integration, kind, target] = target_values(&record.target);
    let (priority, deadline, not_before) = order_of(record);
    let values: Vec<Value> = vec![
        record.id.as_str().into(),
        change.into(),
        integration,
        kind,
        target,
        search_key(&stand.site).into(),
        record.outcome.name().into(),
        (!record.outcome.is_over()).into(),
        priority.into(),
        deadline.into(),
        not_before.into(),
        record.asked_at.into(),
        record.sent_at.into(),
        record.origin.job_run.as_deref().map(search_key).into(),
        i64::from(stand.at_once).into(),
        Value::Integer(stand.per_hour.map(i64::from)),
        to_json(ACTION, stand)?.into(),
        to_json(ACTION, record)?.into(),
    ];
    transaction.execute(sql, values).await?;
    let exposures: std::collections::BTreeSet<String> = record.exposures.iter().map(exposure_key).collect();
    let rows = exposures
        .into_iter()
        .map(|exposure| [record.id.as_str().into(), exposure.into()])
        .collect();
    transaction
        .insert("insert into refresh_exposure (refresh, exposure)", "", rows)
        .await
}

/// Writes a refresh anew, whoever holds it.
pub(super) async fn update(
    transaction: &mut Transaction<'_>,
    record: &RefreshRecord,
    stand: &RefreshStand,
    change: i64,
) -> Result<()> {
    const ACTION: &str = "record the refresh";
    let sql = "update refresh set change = $2, outcome = $3, is_open = $4, priority = $5, deadline = $6, \
               not_before = $7, sent_at = $8, stand = $9, body = $10 where id = $1";
    let (priority, deadline, not_before) = order_of(record);
    let values: Vec<Value> = vec![
        record.id.as_str().into(),
        change.into(),
        record.outcome.name().into(),
        (!record.outcome.is_over()).into(),
        priority.into(),
        deadline.into(),
        not_before.into(),
        record.sent_at.into(),
        to_json(ACTION, stand)?.into(),
        to_json(ACTION, record)?.into(),
    ];
    transaction.execute(sql, values).await?;
    if record.outcome.is_over() {
        let sql = "update refresh set holder = null, token = null, until = null, cancelled_by = null \
                   where id = $1";
        transaction.execute(sql, vec![record.id.as_str().into()]).await?;
    }
    Ok(())
}

pub(super) fn exposure_key(exposure: &NodeId) -> String {
    search_key(exposure.as_str())
}

/// Priority, deadline and the earliest instant, by which the queue is ordered.
fn order_of(record: &RefreshRecord) -> (i64, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    match &record.verdict {
        Verdict::Refresh {
            priority,
            deadline,
            not_before,
            ..
        } => (i64::from(*priority), *deadline, *not_before),
        _ => (0, None, None),
    }
}

/// The error for a refresh that somebody else works at now.
pub(super) fn lost(record: &RefreshRecord) -> Error {
    Error::LeaseLost {
        key: format!("refresh {}", record.id),
    }
}
