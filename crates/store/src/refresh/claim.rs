//! Claiming: who works at which refresh, within what a site may be asked.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::refresh::RefreshRecord;
use uuid::Uuid;

use super::row::{self, RefreshStand};
use crate::database::{Row, Transaction, Value, search_key};
use crate::error::Result;
use crate::lease::add;
use crate::store::Store;

/// Who claims, and how much.
#[derive(Debug, Clone, Copy)]
pub struct ClaimRequest<'a> {
    /// Who, such as host and process: what others are told.
    pub holder: &'a str,
    /// How long a claim outlives its last sign of life.
    pub lifetime: Duration,
    /// At most so many.
    pub most: usize,
}

/// A refresh in hand. Whoever has it gives signs of life, or loses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshClaim {
    /// The record.
    pub record: RefreshRecord,
    /// What one who works at it needs to know.
    pub stand: RefreshStand,
    /// Who asked for it to be cancelled, once somebody did.
    pub cancelled_by: Option<String>,
    /// Drawn for this claim alone.
    pub(super) token: Uuid,
}

impl RefreshClaim {
    /// Whether it is one and the same claim: two claims on one refresh, one after the other, are not.
    pub fn is_same(&self, other: &Self) -> bool {
        self.token == other.token
    }
}

/// What a claim brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The refreshes in hand: first those that somebody let lie, then queued ones in the order in which they
    /// are to be sent.
    pub claims: Vec<RefreshClaim>,
    /// When the passing of time alone may make more of them free; `None` when only a change can.
    pub next_at: Option<DateTime<Utc>>,
}

const ACTION: &str = "claim refreshes";
/// What a row of a claim holds.
const COLUMNS: &str = "body, stand, cancelled_by, site, at_once, per_hour";

/// How a site stands.
#[derive(Debug, Clone, Copy, Default)]
struct SiteUse {
    in_flight: i64,
    in_an_hour: i64,
}

impl Store {
    /// Takes refreshes in hand: those whose holder gave no sign of life, and of the queued ones as many as
    /// their sites may be asked for now.
    ///
    /// Counting and taking are one transaction, and transactions come one after the other, so that any number
    /// of processes together keep the limits. Within a site the order is by priority, deadline, age.
    pub async fn claim_refreshes(&self, request: &ClaimRequest<'_>) -> Result<Claimed> {
        let now = self.clock.now();
        // Most of the time there is nothing to do; that is seen without making anybody wait.
        if !self.has_claimable(now).await? {
            let mut transaction = self.db.begin_reading(ACTION).await?;
            let next_at = next_at(&mut transaction, now).await?;
            return Ok(Claimed {
                claims: Vec::new(),
                next_at,
            });
        }
        let mut transaction = self.db.begin(ACTION).await?;
        row::lock(&mut transaction, 0).await?;
        let mut found = abandoned(&mut transaction, request.most, now).await?;
        let mut uses = uses(&mut transaction, now).await?;
        for site in open_sites(&mut transaction, now).await? {
            let room = request.most.saturating_sub(found.len());
            if room == 0 {
                break;
            }
            let entry = uses.entry(site.clone()).or_default();
            found.extend(queued(&mut transaction, &site, entry, room, now).await?);
        }
        let until = add(now, request.lifetime);
        for claim in &found {
            let sql = "update refresh set holder = $2, token = $3, until = $4 where id = $1";
            let values = vec![
                claim.record.id.as_str().into(),
                request.holder.into(),
                claim.token.to_string().into(),
                until.into(),
            ];
            transaction.execute(sql, values).await?;
        }
        let next_at = next_at(&mut transaction, now).await?;
        transaction.commit().await?;
        Ok(Claimed {
            claims: found,
            next_at,
        })
    }

    async fn has_claimable(&self, now: DateTime<Utc>) -> Result<bool> {
        let sql = "select id from refresh where is_open = 1 and (until is null or until <= $1) \
                   and (outcome <> 'queued' or ((not_before is null or not_before <= $1) \
                   and site not in (select site from refresh_pause where until > $1))) limit 1";
        let rows = self.db.fetch(ACTION, sql, vec![now.into()]).await?;
        Ok(!rows.is_empty())
    }
}

/// Refreshes that were sent, or about to be, and that nobody works at.
async fn abandoned(
    transaction: &mut Transaction<'_>,
    most: usize,
    now: DateTime<Utc>,
) -> Result<Vec<RefreshClaim>> {
    let sql = format!(
        "select {COLUMNS} from refresh where is_open = 1 and outcome <> 'queued' \
         and (until is null or until <= $1) order by asked_at, id limit $2"
    );
    let rows = transaction
        .fetch(sqlx::AssertSqlSafe(sql), vec![now.into(), limit(most)])
        .await?;
    rows.iter().map(read).collect()
}

/// What of each site is under way, and what it was asked for within the hour.
async fn uses(transaction: &mut Transaction<'_>, now: DateTime<Utc>) -> Result<BTreeMap<String, SiteUse>> {
    let mut uses: BTreeMap<String, SiteUse> = BTreeMap::new();
    // One that is in hand and still queued is about to be sent: it counts for both.
    let sql = "select site, count(*), coalesce(sum(case when outcome = 'queued' then 1 else 0 end), 0) \
               from refresh where is_open = 1 and (outcome <> 'queued' or until > $1) group by site";
    for row in transaction.fetch(sql, vec![now.into()]).await? {
        let entry = uses.entry(row.text(0)?).or_default();
        entry.in_flight = row.integer(1)?;
        entry.in_an_hour = row.integer(2)?;
    }
    let sql = "select site, count(*) from refresh where sent_at > $1 group by site";
    for row in transaction.fetch(sql, vec![an_hour_before(now).into()]).await? {
        uses.entry(row.text(0)?).or_default().in_an_hour += row.integer(1)?;
    }
    Ok(uses)
}

/// The sites that have something in the queue and take it.
async fn open_sites(transaction: &mut Transaction<'_>, now: DateTime<Utc>) -> Result<Vec<String>> {
    let sql = "select site, max(priority) from refresh where is_open = 1 and outcome = 'queued' \
               and (until is null or until <= $1) and (not_before is null or not_before <= $1) \
               and site not in (select site from refresh_pause where until > $1) \
               group by site order by max(priority) desc, site";
    let rows = transaction.fetch(sql, vec![now.into()]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

async fn queued(
    transaction: &mut Transaction<'_>,
    site: &str,
    used: &mut SiteUse,
    most: usize,
    now: DateTime<Utc>,
) -> Result<Vec<RefreshClaim>> {
    let sql = format!(
        "select {COLUMNS} from refresh where is_open = 1 and outcome = 'queued' and site = $1 \
         and (until is null or until <= $2) and (not_before is null or not_before <= $2) \
         and at_once > $3 and (per_hour is null or per_hour > $4) \
         order by priority desc, coalesce(deadline, 9223372036854775807), asked_at, id limit $5"
    );
    let values = vec![
        site.into(),
        now.into(),
        used.in_flight.into(),
        used.in_an_hour.into(),
        limit(most),
    ];
    let rows = transaction.fetch(sqlx::AssertSqlSafe(sql), values).await?;
    let mut claims = Vec::new();
    for row in &rows {
        let at_once = row.integer(4)?;
        let per_hour = row.optional_integer(5)?;
        if at_once <= used.in_flight || per_hour.is_some_and(|most| most <= used.in_an_hour) {
            continue;
        }
        used.in_flight += 1;
        used.in_an_hour += 1;
        claims.push(read(row)?);
    }
    Ok(claims)
}

/// When the passing of time alone may free something: quiet hours and pauses end, a holder has given no sign of
/// life for too long, or an hour has passed since something was sent.
async fn next_at(transaction: &mut Transaction<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let sql = "select \
               (select min(not_before) from refresh where is_open = 1 and outcome = 'queued' and not_before > $1), \
               (select min(refresh_pause.until) from refresh_pause where refresh_pause.until > $1), \
               (select min(until) from refresh where is_open = 1 and until > $1), \
               (select min(sent_at) from refresh where sent_at > $2 and site in (select site from refresh \
               where is_open = 1 and outcome = 'queued' and per_hour is not null))";
    let values: Vec<Value> = vec![now.into(), an_hour_before(now).into()];
    let rows = transaction.fetch(sql, values).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let hour_over = row.optional_instant(3)?.map(|sent| sent + TimeDelta::hours(1));
    let instants = [
        row.optional_instant(0)?,
        row.optional_instant(1)?,
        row.optional_instant(2)?,
        hour_over,
    ];
    Ok(instants.into_iter().flatten().min())
}

fn an_hour_before(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_sub_signed(TimeDelta::hours(1))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn limit(most: usize) -> Value {
    i64::try_from(most).unwrap_or(i64::MAX).into()
}

fn read(row: &Row<'_>) -> Result<RefreshClaim> {
    Ok(RefreshClaim {
        record: row.json(0)?,
        stand: row.json(1)?,
        cancelled_by: row.optional_text(2)?,
        token: Uuid::new_v4(),
    })
}

/// The site as it stands in the column.
pub(super) fn site_key(site: &str) -> String {
    search_key(site)
}
