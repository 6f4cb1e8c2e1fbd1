//! The outbox: what is to be sent, at least once, under an id that stays the same over every attempt.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::database::{Row, Transaction, Value};
use crate::error::Result;
use crate::store::Store;
use crate::time_id::{uuid_at, uuid_in_order};

/// The id of a delivery: a version 7 UUID as text, so that ids sort by age.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// Draws a new id.
    pub fn draw(at: DateTime<Utc>) -> Self {
        Self(uuid_at(at).to_string())
    }

    /// Wraps the text as it came.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text inside.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Something to send. What the body says is its writer's affair; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The channel's name.
    pub channel: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was made, to the microsecond.
    pub made_at: DateTime<Utc>,
    /// When it is to be tried next; `None` when it is over.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// What went wrong last.
    pub error: Option<String>,
    /// Names what is told: of one name and channel only the first delivery is ever made. Those that have one are
    /// emptied when they are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What to send, as JSON.
    pub body: String,
}

impl Delivery {
    /// One that is to be sent at once. `place` is its place among those that are made at the same moment: what a
    /// channel is told comes in the order of ids.
    pub fn new(channel: impl Into<String>, body: String, now: DateTime<Utc>, place: usize) -> Self {
        Self {
            id: DeliveryId(uuid_in_order(now, place).to_string()),
            channel: channel.into(),
            key: None,
            state: DeliveryState::Waiting,
            attempts: 0,
            made_at: now,
            next_at: Some(now),
            ended_at: None,
            error: None,
            body,
        }
    }

    /// The same, made only once whoever makes it.
    #[must_use]
    pub fn keyed(self, key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..self
        }
    }
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent, or to be tried again.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was refused, or tried too often.
    GivenUp,
}

impl DeliveryState {
    /// The word in JSON and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::GivenUp]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// How a channel stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelState {
    /// The channel's name.
    pub channel: String,
    /// When it last took something.
    pub delivered_at: Option<DateTime<Utc>>,
    /// How many deliveries wait for it.
    pub waiting: i64,
    /// How many were given up.
    pub given_up: i64,
    /// When the oldest was made that it has not taken since it last took one; `None` while all is well.
    pub failing_since: Option<DateTime<Utc>>,
    /// When the oldest that waits is tried next.
    pub next_try_at: Option<DateTime<Utc>>,
    /// What went wrong last.
    pub error: Option<String>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// It was taken.
    Delivered,
    /// It was not; it is tried again.
    Again {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong.
        error: String,
        /// What is left to send, where a part of it was taken.
        rest: Option<String>,
    },
    /// It was not, and is not tried again.
    GivenUp {
        /// What went wrong.
        error: String,
    },
}

macro_rules! columns {
    () => {
        "select id, channel, state, attempts, made_at, next_at, ended_at, error, body, key from signal_delivery "
    };
}

impl Store {
    /// The oldest delivery of each channel that waits: those after it wait for it, so that what a channel is told
    /// comes in order. Those whose time has not come are among them.
    pub async fn next_deliveries(&self) -> Result<Vec<Delivery>> {
        let sql = concat!(
            columns!(),
            "where id in (select min(id) from signal_delivery where state = 'waiting' group by channel) \
             order by id"
        );
        let rows = self.db.fetch("read the outbox", sql, vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// The oldest delivery of a channel that waits.
    pub async fn next_delivery(&self, channel: &str) -> Result<Option<Delivery>> {
        let sql = concat!(
            columns!(),
            "where channel = $1 and state = 'waiting' order by id limit 1"
        );
        let rows = self
            .db
            .fetch("read the outbox", sql, vec![channel.into()])
            .await?;
        rows.first().map(read).transpose()
    }

    /// The last deliveries, newest first.
    pub async fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>> {
        let sql = concat!(columns!(), "order by made_at desc, id desc limit $1");
        let values = vec![i64::from(limit).into()];
        let rows = self.db.fetch("read the outbox", sql, values).await?;
        rows.iter().map(read).collect()
    }

    /// Makes deliveries outside of a look, unless they were made before.
    pub async fn put_deliveries(&self, deliveries: &[Delivery]) -> Result<()> {
        let mut transaction = self.db.begin("fill the outbox").await?;
        for one in deliveries {
            insert(&mut transaction, one).await?;
        }
        transaction.commit().await
    }

    /// How each channel that was ever told anything stands, by name.
    pub async fn channel_states(&self) -> Result<Vec<ChannelState>> {
        const ACTION: &str = "look how channels stand";
        let mut transaction = self.db.begin_reading(ACTION).await?;
        let sql = "select channel, max(case when state = 'delivered' then ended_at end), \
                   sum(case when state = 'waiting' then 1 else 0 end), \
                   sum(case when state = 'given_up' then 1 else 0 end) \
                   from signal_delivery group by channel order by channel";
        let mut states: Vec<ChannelState> = Vec::new();
        for row in transaction.fetch(sql, vec![]).await? {
            states.push(ChannelState {
                channel: row.text(0)?,
                delivered_at: row.optional_instant(1)?,
                waiting: row.integer(2)?,
                given_up: row.integer(3)?,
                failing_since: None,
                next_try_at: None,
                error: None,
            });
        }
        let find = |states: &mut Vec<ChannelState>, channel: &str| {
            states.iter().position(|state| state.channel == channel)
        };
        // What was given up since the last success; then what is tried now, which says more.
        let sql = "select channel, min(made_at), max(error) from signal_delivery failed where state = 'given_up' \
                   and ended_at > coalesce((select max(ended_at) from signal_delivery taken \
                   where taken.channel = failed.channel and taken.state = 'delivered'), 0) group by channel";
        for row in transaction.fetch(sql, vec![]).await? {
            if let Some(at) = find(&mut states, &row.text(0)?) {
                states[at].failing_since = row.optional_instant(1)?;
                states[at].error = row.optional_text(2)?;
            }
        }
        let sql = concat!(
            columns!(),
            "where id in (select min(id) from signal_delivery where state = 'waiting' group by channel)"
        );
        for row in transaction.fetch(sql, vec![]).await? {
            let head = read(&row)?;
            if let Some(at) = find(&mut states, &head.channel) {
                let state = &mut states[at];
                state.next_try_at = head.next_at;
                if head.attempts > 0 {
                    state.failing_since = Some(
                        state
                            .failing_since
                            .map_or(head.made_at, |at| at.min(head.made_at)),
                    );
                    state.error = head.error;
                }
            }
        }
        Ok(states)
    }

    /// How many deliveries of each channel are in each state: channel, state, count.
    pub async fn delivery_counts(&self) -> Result<Vec<(String, DeliveryState, i64)>> {
        let sql = "select channel, state, count(*) from signal_delivery group by channel, state \
                   order by channel, state";
        let rows = self.db.fetch("count the outbox", sql, vec![]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, read_state(row, 1)?, row.integer(2)?)))
            .collect()
    }

    /// Notes what came of an attempt. A delivery that is over stays as it is.
    pub async fn note_delivery(&self, id: &DeliveryId, end: &DeliveryEnd) -> Result<()> {
        let now = self.clock.now();
        let (state, next_at, ended_at, error, rest) = match end {
            DeliveryEnd::Delivered => (DeliveryState::Delivered, None, Some(now), None, None),
            DeliveryEnd::Again { at, error, rest } => (
                DeliveryState::Waiting,
                Some(*at),
                None,
                Some(error),
                rest.as_ref(),
            ),
            DeliveryEnd::GivenUp { error } => (DeliveryState::GivenUp, None, Some(now), Some(error), None),
        };
        let sql = "update signal_delivery set state = $2, attempts = attempts + 1, next_at = $3, \
                   ended_at = $4, error = $5, \
                   body = case when cast($6 as text) is not null then $6 \
                   when $2 <> 'waiting' and key is not null then '' else body end \
                   where id = $1 and state = 'waiting'";
        let values: Vec<Value> = vec![
            id.as_str().into(),
            state.name().into(),
            next_at.into(),
            ended_at.into(),
            error.cloned().into(),
            rest.cloned().into(),
        ];
        self.db.execute("note the delivery", sql, values).await?;
        Ok(())
    }

    /// Forgets deliveries that were over before an instant; says how many.
    pub async fn forget_deliveries(&self, before: DateTime<Utc>) -> Result<u64> {
        let sql = "delete from signal_delivery where state <> 'waiting' and ended_at < $1";
        self.db
            .execute("forget old deliveries", sql, vec![before.into()])
            .await
    }
}

pub(super) async fn insert(transaction: &mut Transaction<'_>, delivery: &Delivery) -> Result<()> {
    let sql = "insert into signal_delivery (id, channel, state, attempts, made_at, next_at, ended_at, error, \
               body, key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing";
    let values: Vec<Value> = vec![
        delivery.id.as_str().into(),
        delivery.channel.as_str().into(),
        delivery.state.name().into(),
        i64::from(delivery.attempts).into(),
        delivery.made_at.into(),
        delivery.next_at.into(),
        delivery.ended_at.into(),
        delivery.error.clone().into(),
        delivery.body.as_str().into(),
        delivery.key.clone().into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId::new(row.text(0)?),
        channel: row.text(1)?,
        state: read_state(row, 2)?,
        attempts: u32::try_from(row.integer(3)?).map_err(|error| row.damaged(error))?,
        made_at: row.instant(4)?,
        next_at: row.optional_instant(5)?,
        ended_at: row.optional_instant(6)?,
        error: row.optional_text(7)?,
        body: row.text(8)?,
        key: row.optional_text(9)?,
    })
}

fn read_state(row: &Row<'_>, column: usize) -> Result<DeliveryState> {
    let text = row.text(column)?;
    DeliveryState::from_name(&text).ok_or_else(|| row.damaged(format!("{text:?} is no state of a delivery")))
}
