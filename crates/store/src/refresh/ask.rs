//! Landing decisions.

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::refresh::{RefreshId, RefreshOutcome, RefreshRecord, Skip, Verdict};

use super::last;
use super::row::{self, RefreshStand, target_values};
use crate::database::Transaction;
use crate::error::Result;
use crate::store::Store;
use crate::time_id::uuid_at;

/// A new id for a refresh that was decided at the given instant. Ids sort by age.
pub fn new_refresh_id(at: DateTime<Utc>) -> RefreshId {
    RefreshId::new(uuid_at(at).to_string())
}

/// A decision to land: queued, or over at once (skipped, held).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshAsk {
    /// The record.
    pub record: RefreshRecord,
    /// What limits are counted by: server and site.
    pub site: String,
    /// How many refreshes of the site may run at once; 0 counts as 1.
    pub at_once: u32,
    /// How many refreshes of the site may be sent in an hour; 0 counts as 1.
    pub per_hour: Option<u32>,
    /// The shortest time between two refreshes of the target. One that was sent longer ago and is still at
    /// work, perhaps with older data, is followed by another.
    pub interval: TimeDelta,
    /// Whether it is asked for no matter when the last one was.
    pub ignores_interval: bool,
}

/// What came of one decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskOutcome {
    /// It landed as it was.
    Landed(RefreshRecord),
    /// The target has an open refresh, so the decision landed as skipped.
    UnderWay {
        /// The decision as it landed.
        record: RefreshRecord,
        /// The refresh that is open.
        open: RefreshId,
        /// Whether another one follows it.
        is_followed: bool,
    },
}

impl AskOutcome {
    /// The decision as it landed.
    pub const fn record(&self) -> &RefreshRecord {
        match self {
            Self::Landed(record) | Self::UnderWay { record, .. } => record,
        }
    }
}

impl Store {
    /// Lands decisions, all or none; answers what came of each, in their order.
    ///
    /// A target with an open refresh gets no second one, and one that was refreshed within its interval since the
    /// decision was prepared gets none either: it may have been under way then. A decision to hold also holds the refresh of the
    /// target that is queued and was not sent yet: its data have turned bad meanwhile.
    pub async fn ask_refreshes(&self, asks: Vec<RefreshAsk>) -> Result<Vec<AskOutcome>> {
        if asks.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.db.begin("record the decisions on refreshes").await?;
        // Each decision changes two rows at most.
        let mut change = row::lock(&mut transaction, asks.len() * 2).await?;
        let mut outcomes = Vec::with_capacity(asks.len());
        for ask in asks {
            outcomes.push(land(&mut transaction, ask, change).await?);
            change += 2;
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}

async fn land(transaction: &mut Transaction<'_>, ask: RefreshAsk, change: i64) -> Result<AskOutcome> {
    let RefreshAsk {
        mut record,
        site,
        at_once,
        per_hour,
        interval,
        ignores_interval,
    } = ask;
    let stand = RefreshStand {
        site,
        at_once: at_once.max(1),
        per_hour: per_hour.map(|count| count.max(1)),
        ..RefreshStand::default()
    };
    let is_queued = !record.outcome.is_over();
    let is_held = record.outcome == RefreshOutcome::Held;
    let open = if is_queued || is_held {
        find_open(transaction, &record).await?
    } else {
        None
    };
    if open.is_none() && is_queued && !ignores_interval {
        let last = last::of_target(transaction, &record).await?;
        let refreshed_at = last.succeeded.map(|end| end.finished_at);
        if let Some(refreshed_at) = refreshed_at.filter(|at| record.asked_at - at < interval) {
            record.verdict = Verdict::Skip {
                reason: Skip::WithinInterval {
                    refreshed_at,
                    interval_minutes: interval.num_minutes().try_into().unwrap_or(u32::MAX),
                },
            };
            record.outcome = RefreshOutcome::Skipped;
            record.finished_at = Some(record.asked_at);
        }
    }
    let Some((mut other, mut other_stand)) = open else {
        row::insert(transaction, &record, &stand, change).await?;
        return Ok(AskOutcome::Landed(record));
    };
    if is_held {
        row::insert(transaction, &record, &stand, change).await?;
        if other.outcome == RefreshOutcome::Queued {
            other.outcome = RefreshOutcome::Held;
            other.verdict = record.verdict.clone();
            other.finished_at = Some(record.asked_at);
            row::update(transaction, &other, &other_stand, change + 1).await?;
        }
        return Ok(AskOutcome::Landed(record));
    }
    let is_old_enough = other
        .sent_at
        .is_some_and(|sent| record.asked_at - sent >= interval);
    let is_followed = other.outcome != RefreshOutcome::Queued && is_old_enough;
    if is_followed {
        other_stand.follow_up = Some(Box::new(record.clone()));
        row::update(transaction, &other, &other_stand, change + 1).await?;
    }
    record.verdict = Verdict::Skip {
        reason: Skip::UnderWay,
    };
    record.outcome = RefreshOutcome::Skipped;
    record.finished_at = Some(record.asked_at);
    row::insert(transaction, &record, &stand, change).await?;
    Ok(AskOutcome::UnderWay {
        record,
        open: other.id,
        is_followed,
    })
}

/// The open refresh of a record's target.
async fn find_open(
    transaction: &mut Transaction<'_>,
    record: &RefreshRecord,
) -> Result<Option<(RefreshRecord, RefreshStand)>> {
    let sql = "select body, stand from refresh \
               where integration = $1 and target_kind = $2 and target = $3 and is_open = 1";
    let rows = transaction
        .fetch(sql, target_values(&record.target).to_vec())
        .await?;
    rows.first()
        .map(|row| Ok((row.json(0)?, row.json(1)?)))
        .transpose()
}
