//! Cancelling by hand.

use tailwater_core::refresh::{RefreshId, RefreshOutcome, RefreshRecord};

use super::row::{self, RefreshStand};
use crate::error::Result;
use crate::store::Store;

/// What came of the wish to cancel a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was queued, and is cancelled.
    Cancelled(RefreshRecord),
    /// The tool has it: whoever works at it asks the tool to cancel.
    Asked(RefreshRecord),
    /// It is over already.
    Over(RefreshRecord),
    /// There is no such refresh.
    Unknown,
}

impl Store {
    /// Cancels a refresh that was not sent yet, or notes down that it is to be cancelled. `by` is who wants it,
    /// in words for people.
    pub async fn cancel_refresh(&self, id: &RefreshId, by: &str) -> Result<CancelOutcome> {
        let mut transaction = self.db.begin("cancel the refresh").await?;
        let change = row::lock(&mut transaction, 1).await?;
        let sql = "select body, stand from refresh where id = $1";
        let rows = transaction.fetch(sql, vec![id.as_str().into()]).await?;
        let Some(found) = rows.first() else {
            return Ok(CancelOutcome::Unknown);
        };
        let mut record: RefreshRecord = found.json(0)?;
        let mut stand: RefreshStand = found.json(1)?;
        let outcome = match record.outcome {
            // Who has it in hand loses it with its next note, which comes before the call.
            RefreshOutcome::Queued => {
                record.outcome = RefreshOutcome::Cancelled;
                record.finished_at = Some(self.clock.now());
                record.code = Some("TW-REFRESH-CANCELLED".to_owned());
                record.message = Some(format!("cancelled by {by}"));
                row::update(&mut transaction, &record, &stand, change).await?;
                CancelOutcome::Cancelled(record)
            }
            RefreshOutcome::Sending | RefreshOutcome::Running => {
                stand.follow_up = None;
                row::update(&mut transaction, &record, &stand, change).await?;
                let sql = "update refresh set cancelled_by = $2 where id = $1";
                let values = vec![id.as_str().into(), by.into()];
                transaction.execute(sql, values).await?;
                CancelOutcome::Asked(record)
            }
            _ => return Ok(CancelOutcome::Over(record)),
        };
        transaction.commit().await?;
        Ok(outcome)
    }
}
