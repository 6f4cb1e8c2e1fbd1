//! What the one who works at a refresh notes down, and signs of life.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord};

use super::ask::new_refresh_id;
use super::claim::RefreshClaim;
use super::last;
use super::row::{self, RefreshStand, lost};
use crate::database::Value;
use crate::error::Result;
use crate::lease::add;
use crate::store::Store;

/// What noting down brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    /// The number of the change.
    pub change: i64,
    /// The refresh that was queued behind it.
    pub follow_up: Option<RefreshRecord>,
}

/// What a sign of life brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignOfLife {
    /// The refresh is still in hand.
    Held {
        /// Who asked for it to be cancelled, once somebody did.
        cancelled_by: Option<String>,
    },
    /// Somebody else works at it, or it was cancelled.
    Lost,
}

const ACTION: &str = "record the refresh";

impl Store {
    /// Writes down a claim as it stands, and gives a sign of life. One that is over is let go of, counts for the
    /// last refreshes of its target, and what was to follow it is queued.
    ///
    /// # Errors
    /// [`Error::LeaseLost`](crate::Error::LeaseLost) when somebody else works at it, or it was cancelled; then
    /// nothing is written.
    pub async fn note_refresh(&self, claim: &mut RefreshClaim, lifetime: Duration) -> Result<Noted> {
        let now = self.clock.now();
        let mut transaction = self.db.begin(ACTION).await?;
        let change = row::lock(&mut transaction, 2).await?;
        let sql = "select stand, cancelled_by from refresh where id = $1 and token = $2 and is_open = 1";
        let values: Vec<Value> = vec![claim.record.id.as_str().into(), claim.token.to_string().into()];
        let rows = transaction.fetch(sql, values).await?;
        let Some(row) = rows.first() else {
            return Err(lost(&claim.record));
        };
        // What follows is also noted by those who ask, while this one is in hand.
        let stored: RefreshStand = row.json(0)?;
        claim.cancelled_by = row.optional_text(1)?;
        if claim.stand.follow_up.is_none() {
            claim.stand.follow_up = stored.follow_up;
        }
        let mut follow_up = None;
        if claim.record.outcome.is_over() {
            follow_up = claim
                .stand
                .follow_up
                .take()
                .filter(|_| claim.record.outcome != RefreshOutcome::Cancelled)
                .map(|next| queue_behind(*next, now));
        }
        row::update(&mut transaction, &claim.record, &claim.stand, change).await?;
        if claim.record.outcome.is_over() {
            last::fold(&mut transaction, &claim.record).await?;
        } else {
            let sql = "update refresh set until = $2 where id = $1";
            let values = vec![claim.record.id.as_str().into(), add(now, lifetime).into()];
            transaction.execute(sql, values).await?;
        }
        if let Some(next) = &follow_up {
            let stand = RefreshStand {
                site: claim.stand.site.clone(),
                at_once: claim.stand.at_once,
                per_hour: claim.stand.per_hour,
                is_follow_up: true,
                ..RefreshStand::default()
            };
            row::insert(&mut transaction, next, &stand, change + 1).await?;
        }
        transaction.commit().await?;
        Ok(Noted { change, follow_up })
    }

    /// Gives signs of life for claims; answers how it stands with each, in their order.
    pub async fn renew_refreshes(
        &self,
        claims: &[&RefreshClaim],
        lifetime: Duration,
    ) -> Result<Vec<SignOfLife>> {
        let until = add(self.clock.now(), lifetime);
        let mut transaction = self.db.begin("renew the claims on refreshes").await?;
        row::lock(&mut transaction, 0).await?;
        let mut signs = Vec::with_capacity(claims.len());
        for claim in claims {
            let key: [Value; 2] = [claim.record.id.as_str().into(), claim.token.to_string().into()];
            let sql = "update refresh set until = $3 where id = $1 and token = $2 and is_open = 1";
            let values = key.iter().cloned().chain([until.into()]).collect();
            if transaction.execute(sql, values).await? == 0 {
                signs.push(SignOfLife::Lost);
                continue;
            }
            let sql = "select cancelled_by from refresh where id = $1 and token = $2";
            let rows = transaction.fetch(sql, key.to_vec()).await?;
            let cancelled_by = rows
                .first()
                .map(|row| row.optional_text(0))
                .transpose()?
                .flatten();
            signs.push(SignOfLife::Held { cancelled_by });
        }
        transaction.commit().await?;
        Ok(signs)
    }

    /// Who has refreshes in hand now, in words for people.
    pub async fn refresh_holders(&self) -> Result<Vec<String>> {
        let sql = "select distinct holder from refresh where is_open = 1 and until > $1 order by holder";
        let values = vec![self.clock.now().into()];
        let rows = self.db.fetch("read who works at refreshes", sql, values).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Takes everything from a holder that is known to be dead; says how many refreshes that were.
    pub async fn release_refreshes_of(&self, holder: &str) -> Result<u64> {
        let sql = "update refresh set holder = null, token = null, until = null where holder = $1";
        let mut transaction = self.db.begin("let go of refreshes").await?;
        row::lock(&mut transaction, 0).await?;
        let released = transaction.execute(sql, vec![holder.into()]).await?;
        transaction.commit().await?;
        Ok(released)
    }

    /// Lets go of claims, so that somebody else goes on at once.
    pub async fn release_refreshes(&self, claims: &[&RefreshClaim]) -> Result<()> {
        let mut transaction = self.db.begin("let go of refreshes").await?;
        row::lock(&mut transaction, 0).await?;
        for claim in claims {
            let sql = "update refresh set holder = null, token = null, until = null \
                       where id = $1 and token = $2";
            let values = vec![claim.record.id.as_str().into(), claim.token.to_string().into()];
            transaction.execute(sql, values).await?;
        }
        transaction.commit().await
    }
}

fn queue_behind(next: RefreshRecord, now: DateTime<Utc>) -> RefreshRecord {
    RefreshRecord {
        id: new_refresh_id(now),
        outcome: RefreshOutcome::Queued,
        asked_at: now,
        sent_at: None,
        tool_job: None,
        started_at: None,
        finished_at: None,
        code: None,
        message: None,
        hint: None,
        ..next
    }
}
