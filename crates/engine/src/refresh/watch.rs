//! Watching: the tool's job until it is over.

use std::time::Duration;

use tailwater_bi::{CancelAnswer, JobAnswer};

use super::code;
use super::work::{Next, Stop, Work};

/// So often a job may be unknown before it is given up.
const MOST_UNKNOWN: u32 = 3;

impl Work {
    /// Looks at the job, at ever longer intervals, until it is over or has taken too long.
    pub(super) async fn watch(&mut self) -> Result<Next, Stop> {
        let Some(job) = self.claim.record.tool_job.clone() else {
            return self
                .end_timed_out(code::JOB_GONE, "the job's id is not known")
                .await;
        };
        let (mut looks, mut unknown) = (0, 0);
        loop {
            let wait = self.tuning().poll_after(looks);
            // One that was taken over is looked at at once.
            if looks > 0 || self.claim.stand.looked_at.is_none() {
                self.pause_or_cancel(wait).await?;
            }
            looks += 1;
            self.claim.stand.looked_at = Some(self.now());
            self.send_cancel(&job).await?;
            let linger = self.tuning().poll_after(looks) + Duration::from_secs(1);
            let answer = match self.tool().await? {
                Ok(tool) => {
                    let answer = tool.fetch_job(&job).await;
                    tool.leave(linger).await;
                    answer
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok(JobAnswer::Known(told)) => {
                    unknown = 0;
                    if let Some(end) = told.end {
                        return self.end_with_job(&told, end).await;
                    }
                    if told.started_at.is_some() && self.claim.record.started_at.is_none() {
                        self.record().started_at = told.started_at;
                        self.note().await?;
                    }
                }
                Ok(JobAnswer::Unknown) => {
                    unknown += 1;
                    if unknown >= MOST_UNKNOWN {
                        let message = "the BI tool does not know the job any more";
                        return self.end_timed_out(code::JOB_GONE, message).await;
                    }
                }
                Ok(JobAnswer::Hidden { message }) => {
                    self.note_hidden(&message).await?;
                    if let Some(at) = self.extract_date().await? {
                        return self.end_by_date(at).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(refresh = %self.claim.record.id, %error, "the job could not be looked at");
                }
            }
            if self.since_intent() >= self.tuning().longest_watch {
                let message = "the BI tool's job took longer than is waited for";
                return self.end_timed_out(code::TIMED_OUT, message).await;
            }
        }
    }

    /// Waits for the next look, or until somebody wants it cancelled.
    async fn pause_or_cancel(&self, wait: Duration) -> Result<(), Stop> {
        if self.claim.stand.is_cancel_sent {
            return self.pause(wait).await;
        }
        tokio::select! {
            paused = self.pause(wait) => paused,
            () = self.shared.wants_cancel(&self.claim.record.id) => Ok(()),
        }
    }

    /// Asks the tool to cancel the job, once, when somebody wants it. The job is watched on: it may be over first.
    async fn send_cancel(&mut self, job: &str) -> Result<(), Stop> {
        if self.cancelled_by().is_none() || self.claim.stand.is_cancel_sent {
            return Ok(());
        }
        let answer = match self.tool().await? {
            Ok(tool) => {
                let answer = tool.cancel_job(job).await;
                tool.leave(Duration::from_secs(2)).await;
                answer
            }
            Err(error) => Err(error),
        };
        match answer {
            Ok(CancelAnswer::Asked | CancelAnswer::Over) => {
                self.claim.stand.is_cancel_sent = true;
                self.claim.stand.follow_up = None;
            }
            Ok(CancelAnswer::Refused { message }) => {
                self.claim.stand.is_cancel_sent = true;
                self.record().message = Some(format!("it could not be cancelled: {message}"));
            }
            Err(error) => {
                tracing::warn!(refresh = %self.claim.record.id, %error, "the job could not be cancelled yet");
                return Ok(());
            }
        }
        self.note().await?;
        Ok(())
    }
}
