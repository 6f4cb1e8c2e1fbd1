//! Reading refreshes: one, some by page, what has changed; and forgetting old ones.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use tailwater_core::id::{IntegrationName, NodeId};
use tailwater_core::refresh::{RefreshId, RefreshOutcome, RefreshRecord, TargetId};

use super::row::{exposure_key, target_values};
use crate::database::{Value, search_key};
use crate::error::Result;
use crate::store::Store;

/// Which refreshes to read. What is not said does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefreshFilter {
    /// Of one target.
    pub target: Option<TargetId>,
    /// For one exposure, by its `unique_id`.
    pub exposure: Option<NodeId>,
    /// That stand in one of these ways; all when empty.
    pub outcomes: Vec<RefreshOutcome>,
    /// Of one integration.
    pub integration: Option<IntegrationName>,
    /// Set off by one run of a job.
    pub job_run: Option<String>,
    /// Decided then or later.
    pub since: Option<DateTime<Utc>>,
    /// Only those behind the end of an earlier page.
    pub before: Option<RefreshCursor>,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshCursor {
    asked_at: i64,
    id: String,
}

impl fmt::Display for RefreshCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.asked_at, self.id)
    }
}

impl FromStr for RefreshCursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let (asked_at, id) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self {
            asked_at: asked_at.parse()?,
            id: id.to_owned(),
        })
    }
}

/// A page of refreshes, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefreshPage {
    /// The refreshes.
    pub refreshes: Vec<RefreshRecord>,
    /// Where to read on; `None` at the end.
    pub next: Option<RefreshCursor>,
}

impl Store {
    /// One refresh.
    pub async fn find_refresh(&self, id: &RefreshId) -> Result<Option<RefreshRecord>> {
        let sql = "select body from refresh where id = $1";
        let rows = self
            .db
            .fetch("read the refresh", sql, vec![id.as_str().into()])
            .await?;
        rows.first().map(|row| row.json(0)).transpose()
    }

    /// Refreshes that fit, the newest first, at most `limit`.
    pub async fn refreshes(&self, filter: &RefreshFilter, limit: u32) -> Result<RefreshPage> {
        let mut sql = String::from("select body, asked_at, id from refresh where 1 = 1");
        let mut values: Vec<Value> = Vec::new();
        narrow(filter, &mut sql, &mut values);
        let mut place = |value: Value| {
            values.push(value);
            values.len()
        };
        if let Some(before) = &filter.before {
            let asked_at = place(before.asked_at.into());
            let id = place(before.id.as_str().into());
            let _ = write!(
                sql,
                " and (asked_at < ${asked_at} or (asked_at = ${asked_at} and id < ${id}))"
            );
        }
        // One more shows whether there is another page.
        let number = place((i64::from(limit) + 1).into());
        let _ = write!(sql, " order by asked_at desc, id desc limit ${number}");
        let mut transaction = self.db.begin_reading("read the refreshes").await?;
        let rows = transaction.fetch(sqlx::AssertSqlSafe(sql), values).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let refreshes = rows
            .iter()
            .take(limit)
            .map(|row| row.json(0))
            .collect::<Result<Vec<_>>>()?;
        let next = match (rows.get(limit), limit.checked_sub(1).and_then(|at| rows.get(at))) {
            (Some(_), Some(last)) => Some(RefreshCursor {
                asked_at: last.integer(1)?,
                id: last.text(2)?,
            }),
            _ => None,
        };
        Ok(RefreshPage { refreshes, next })
    }

    /// Refreshes that have changed after the change of a number, with the number of the last change of each, in
    /// that order, at most `limit`.
    pub async fn refreshes_since(&self, change: i64, limit: u32) -> Result<Vec<(i64, RefreshRecord)>> {
        let sql = "select change, body from refresh where change > $1 order by change limit $2";
        let values = vec![change.into(), i64::from(limit).into()];
        let rows = self.db.fetch("read what has changed", sql, values).await?;
        rows.iter()
            .map(|row| Ok((row.integer(0)?, row.json(1)?)))
            .collect()
    }

    /// The number of the last change of refreshes: equal as long as nothing has changed.
    pub async fn refresh_revision(&self) -> Result<i64> {
        let sql = "select number from refresh_revision where id = 1";
        let rows = self.db.fetch("look for changes", sql, vec![]).await?;
        rows.first()
            .map(|row| row.integer(0))
            .transpose()
            .map(Option::unwrap_or_default)
    }

    /// The open refresh of each target that has one.
    pub async fn open_refreshes(&self) -> Result<BTreeMap<TargetId, RefreshRecord>> {
        let sql = "select body from refresh where is_open = 1";
        let rows = self.db.fetch("read the open refreshes", sql, vec![]).await?;
        rows.iter()
            .map(|row| {
                row.json::<RefreshRecord>(0)
                    .map(|record| (record.target.clone(), record))
            })
            .collect()
    }

    /// How many refreshes stand in which way; those that are no longer kept do not count.
    pub async fn refresh_counts(&self) -> Result<BTreeMap<String, i64>> {
        self.refresh_counts_of(&RefreshFilter::default()).await
    }

    /// The same of those that fit, wherever a page of them begins.
    pub async fn refresh_counts_of(&self, filter: &RefreshFilter) -> Result<BTreeMap<String, i64>> {
        let mut sql = String::from("select outcome, count(*) from refresh where 1 = 1");
        let mut values = Vec::new();
        narrow(filter, &mut sql, &mut values);
        sql.push_str(" group by outcome order by outcome");
        let mut transaction = self.db.begin_reading("count the refreshes").await?;
        let rows = transaction.fetch(sqlx::AssertSqlSafe(sql), values).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.integer(1)?)))
            .collect()
    }

    /// Forgets refreshes that are over and were decided before an instant; says how many. How the refreshes of
    /// each target ended last stays known.
    pub async fn forget_refreshes(&self, before: DateTime<Utc>) -> Result<u64> {
        let sql = "delete from refresh where is_open = 0 and asked_at < $1";
        self.db
            .execute("forget old refreshes", sql, vec![before.into()])
            .await
    }
}

/// Adds the conditions of a filter, but for where a page begins.
fn narrow(filter: &RefreshFilter, sql: &mut String, values: &mut Vec<Value>) {
    let mut place = |value: Value| {
        values.push(value);
        values.len()
    };
    // Writing to a string cannot fail. The text holds no more than numbers of parameters.
    if let Some(target) = &filter.target {
        let [integration, kind, id] = target_values(target).map(&mut place);
        let _ = write!(
            sql,
            " and integration = ${integration} and target_kind = ${kind} and target = ${id}"
        );
    }
    if let Some(exposure) = &filter.exposure {
        let number = place(exposure_key(exposure).into());
        let _ = write!(
            sql,
            " and id in (select refresh from refresh_exposure where exposure = ${number})"
        );
    }
    if !filter.outcomes.is_empty() {
        let numbers: Vec<String> = filter
            .outcomes
            .iter()
            .map(|outcome| format!("${}", place(outcome.name().into())))
            .collect();
        let _ = write!(sql, " and outcome in ({})", numbers.join(", "));
    }
    if let Some(integration) = &filter.integration {
        let number = place(integration.as_str().into());
        let _ = write!(sql, " and integration = ${number}");
    }
    if let Some(job_run) = &filter.job_run {
        let number = place(search_key(job_run).into());
        let _ = write!(sql, " and job_run = ${number}");
    }
    if let Some(since) = filter.since {
        let number = place(since.into());
        let _ = write!(sql, " and asked_at >= ${number}");
    }
}
