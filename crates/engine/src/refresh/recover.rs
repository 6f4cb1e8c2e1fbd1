//! Recovering: a refresh that may have been sent, without the tool's job in hand.
//!
//! Either the answer was lost, or the process that sent it died, or the tool said that a job is there already and
//! not which one. In each case the tool's jobs are searched, several times, because a list may lag behind. Only
//! when they were searched in vain for the whole grace after the intent is it certain enough that the call did
//! nothing, and the refresh goes back into the queue. Where the jobs are hidden, nothing is ever sent again: the
//! extract's date tells whether it came through, or nobody does.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_bi::FoundJobs;

use super::adopt::choose;
use super::code;
use super::work::{Next, Stop, Work};

/// Jobs that were made earlier than this before the intent are not looked for.
const BEFORE: TimeDelta = TimeDelta::hours(3);
/// After a search the session stays open a little, for the next.
const LINGER: Duration = Duration::from_secs(7);

impl Work {
    /// Finds out what became of the intent.
    pub(super) async fn recover(&mut self) -> Result<Next, Stop> {
        let target = self.target();
        let intent = self.claim.record.sent_at.unwrap_or(self.claim.record.asked_at);
        loop {
            let found = match self.tool().await? {
                Ok(tool) => {
                    let found = tool.find_jobs(&target, intent - BEFORE).await;
                    tool.leave(LINGER).await;
                    found
                }
                Err(error) => Err(error),
            };
            match found {
                Ok(FoundJobs::Listed { jobs, is_whole }) => {
                    let was_there = self.claim.record.code.as_deref() == Some(code::ALREADY_QUEUED);
                    if let Some((job, kinship)) = choose(&jobs, intent, was_there) {
                        return self.adopt(job, kinship).await;
                    }
                    if !is_whole {
                        // It may be in the part that was not told.
                        let message = "the list of jobs was not told to its end";
                        if let Some(next) = self.recover_by_date(message).await? {
                            return Ok(next);
                        }
                    } else if self.since_intent() >= self.tuning().grace {
                        // Looked up after the grace, with the list seen: it is not there.
                        return self.give_back().await;
                    }
                }
                Ok(FoundJobs::Hidden { message }) => {
                    if let Some(next) = self.recover_by_date(&message).await? {
                        return Ok(next);
                    }
                }
                Err(error) => {
                    tracing::warn!(refresh = %self.claim.record.id, %error, "the jobs could not be searched");
                    if self.since_intent() >= self.tuning().longest_watch {
                        return self
                            .end_timed_out(
                                code::UNKNOWN,
                                "the BI tool could not be asked whether it took the refresh",
                            )
                            .await;
                    }
                }
            }
            self.claim.stand.look_ups = self.claim.stand.look_ups.saturating_add(1);
            let left = self.tuning().grace.saturating_sub(self.since_intent());
            let wait = self.tuning().poll_after(self.claim.stand.look_ups);
            let wait = if left.is_zero() { wait } else { wait.min(left) };
            self.pause(wait).await?;
        }
    }

    /// Puts a refresh back that the tool did not take, or of which a job was there that has gone since.
    async fn give_back(&mut self) -> Result<Next, Stop> {
        self.claim.stand.tries += 1;
        self.claim.stand.look_ups = 0;
        if self.claim.stand.tries >= self.tuning().most_tries {
            return self
                .end_failed(
                    code::UNKNOWN,
                    "the BI tool did not answer, and shows no job of it".to_owned(),
                    Some("Look at the state of the BI tool.".to_owned()),
                )
                .await;
        }
        self.put_back(Duration::ZERO).await
    }

    /// Goes by the extract's date, where the jobs are hidden.
    async fn recover_by_date(&mut self, message: &str) -> Result<Option<Next>, Stop> {
        self.note_hidden(message).await?;
        if let Some(at) = self.extract_date().await? {
            return self.end_by_date(at).await.map(Some);
        }
        if self.since_intent() >= self.tuning().longest_doubt {
            let message =
                "the BI tool did not answer, and hides from the token's user whether it took the refresh";
            return self.end_timed_out(code::UNKNOWN, message).await.map(Some);
        }
        Ok(None)
    }

    /// The extract's date, when it is newer than the intent.
    pub(super) async fn extract_date(&mut self) -> Result<Option<DateTime<Utc>>, Stop> {
        let target = self.target();
        let sent_at = self.claim.record.sent_at.unwrap_or(self.claim.record.asked_at);
        let told = match self.tool().await? {
            Ok(tool) => {
                let told = tool.fetch_extract_time(&target).await;
                tool.leave(LINGER).await;
                told.map(|time| time.filter(|time| *time > sent_at))
            }
            Err(error) => Err(error),
        };
        match told {
            Ok(time) => Ok(time),
            Err(error) => {
                tracing::debug!(refresh = %self.claim.record.id, %error, "the extract's date could not be read");
                Ok(None)
            }
        }
    }

    /// Says once that the jobs are hidden.
    pub(super) async fn note_hidden(&mut self, message: &str) -> Result<(), Stop> {
        if self.claim.record.code.as_deref() == Some(code::JOBS_HIDDEN) {
            return Ok(());
        }
        let record = self.record();
        record.code = Some(code::JOBS_HIDDEN.to_owned());
        record.message = Some(message.to_owned());
        record.hint = Some(
            "Only administrators of the site may see jobs. The extract's date is watched instead, which tells a \
             success, but no failure. Give the token's user the role Site Administrator Explorer."
                .to_owned(),
        );
        self.note().await?;
        Ok(())
    }
}
