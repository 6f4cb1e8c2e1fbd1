//! One refresh in hand: what every step of it needs.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_bi::{
    CancelAnswer, Clearance, Connector, ExtractRefresher, FoundJobs, JobAnswer, Start, TargetRef,
};
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord, Verdict};
use tailwater_store::{Noted, RefreshClaim};
use tokio_util::sync::CancellationToken;

use super::refresher::Shared;
use super::tuning::Tuning;
use crate::error::Error;
use crate::integration::{Integration, connector_of};
use crate::session::{Session, Use};

/// Why the work at a refresh ends before the refresh does.
#[derive(Debug)]
pub(super) enum Stop {
    /// The process is asked to end: somebody else goes on.
    ShuttingDown,
    /// Somebody else has it, or it was cancelled.
    Lost,
    /// The store, or something else that every step needs, failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(tailwater_store::Error::LeaseLost { .. }) => Self::Lost,
            other => Self::Failed(other),
        }
    }
}

impl From<tailwater_store::Error> for Stop {
    fn from(error: tailwater_store::Error) -> Self {
        Error::from(error).into()
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Work on by how the record stands.
    GoOn,
    /// It is over, or back in the queue.
    Done,
}

/// One refresh in hand.
pub(super) struct Work {
    pub(super) shared: Arc<Shared>,
    pub(super) claim: RefreshClaim,
    pub(super) integration: Integration,
    /// Cancelled when somebody else has taken the refresh over.
    pub(super) lost: CancellationToken,
}

impl Work {
    /// Works at the refresh until it is over, or cannot be worked at here any more.
    pub(super) async fn run(mut self) -> (RefreshClaim, Result<(), Stop>) {
        let lost = self.lost.clone();
        let done = tokio::select! {
            done = self.go() => done,
            () = lost.cancelled() => Err(Stop::Lost),
        };
        (self.claim, done)
    }

    async fn go(&mut self) -> Result<(), Stop> {
        loop {
            let next = match self.claim.record.outcome {
                RefreshOutcome::Queued => self.send().await?,
                RefreshOutcome::Sending => self.recover().await?,
                RefreshOutcome::Running => self.watch().await?,
                _ => Next::Done,
            };
            if next == Next::Done {
                return Ok(());
            }
        }
    }

    pub(super) fn record(&mut self) -> &mut RefreshRecord {
        &mut self.claim.record
    }

    pub(super) fn tuning(&self) -> &Tuning {
        &self.shared.tuning
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.shared.workspace.clock().now()
    }

    pub(super) fn target(&self) -> TargetRef {
        TargetRef {
            kind: self.claim.record.target.kind,
            id: self.claim.record.target.id.clone(),
            name: self.claim.record.name.clone(),
        }
    }

    /// Who wants it cancelled, once somebody does.
    pub(super) fn cancelled_by(&self) -> Option<String> {
        let told = self.shared.cancelled_by(&self.claim.record.id);
        told.or_else(|| self.claim.cancelled_by.clone())
    }

    /// How long ago the intent was noted.
    pub(super) fn since_intent(&self) -> Duration {
        let sent_at = self.claim.record.sent_at.unwrap_or_else(|| self.now());
        (self.now() - sent_at).to_std().unwrap_or_default()
    }

    /// Writes the claim down as it stands.
    pub(super) async fn note(&mut self) -> Result<Noted, Stop> {
        let lifetime = self.tuning().lifetime;
        let noted = self
            .shared
            .workspace
            .store()
            .note_refresh(&mut self.claim, lifetime)
            .await?;
        self.shared.tell(&self.claim.record);
        if let Some(next) = &noted.follow_up {
            self.shared.tell(next);
            self.shared.workspace.refreshes_asked().notify_one();
        }
        Ok(noted)
    }

    /// Puts the refresh back into the queue, not to be sent before an instant. Only for what the tool surely did not
    /// take.
    pub(super) async fn put_back(&mut self, wait: Duration) -> Result<Next, Stop> {
        if let Some(by) = self.cancelled_by() {
            return self.end_cancelled(&by).await;
        }
        let at = self.now() + TimeDelta::from_std(wait).unwrap_or_default();
        let record = self.record();
        record.outcome = RefreshOutcome::Queued;
        record.sent_at = None;
        if let Verdict::Refresh { not_before, .. } = &mut record.verdict {
            *not_before = (*not_before).max(Some(at));
        }
        self.note().await?;
        Ok(Next::Done)
    }

    /// Waits, and stops when the process is to end.
    pub(super) async fn pause(&self, wait: Duration) -> Result<(), Stop> {
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.shared.stop.cancelled() => Err(Stop::ShuttingDown),
        }
    }

    /// A session with the site, however long another process works with the token.
    pub(super) async fn session(&self) -> Result<Result<Session, Error>, Stop> {
        const PATIENCE: Duration = Duration::from_mins(1);
        loop {
            let entered = tokio::select! {
                entered = self.shared.workspace.enter(&self.integration, Use::Calls, PATIENCE) => entered,
                () = self.shared.stop.cancelled() => return Err(Stop::ShuttingDown),
            };
            match entered {
                Err(Error::Busy { holder, .. }) => {
                    tracing::info!(refresh = %self.claim.record.id, holder, "waiting for the token");
                }
                Err(Error::Store(error)) => return Err(error.into()),
                other => return Ok(other),
            }
        }
    }

    /// The tool within a session, however long another process works with the token.
    pub(super) async fn tool(&self) -> Result<Result<Tool, Error>, Stop> {
        Ok(match self.session().await? {
            Ok(session) => Tool::new(session).await,
            Err(error) => Err(error),
        })
    }
}

/// The tool's side that refreshes, within a session.
pub(super) struct Tool {
    session: Session,
    connector: Arc<dyn Connector>,
}

impl Tool {
    async fn new(session: Session) -> Result<Self, Error> {
        match connector_of(&session) {
            Ok(connector) => Ok(Self { session, connector }),
            Err(error) => {
                session.leave(Duration::ZERO).await;
                Err(error)
            }
        }
    }

    fn refresher(&self) -> Result<&dyn ExtractRefresher, Error> {
        // Every connector that there is refreshes.
        self.connector.refresher().ok_or(Error::Cancelled)
    }

    pub(super) async fn start_refresh(
        &self,
        target: &TargetRef,
        incremental: bool,
        clearance: &mut dyn Clearance,
    ) -> Result<Start, Error> {
        let refresher = self.refresher()?;
        self.session
            .run(async {
                let started = refresher.start_refresh(target, incremental, clearance);
                Ok(started.await?)
            })
            .await
    }

    pub(super) async fn fetch_job(&self, job: &str) -> Result<JobAnswer, Error> {
        let refresher = self.refresher()?;
        self.session
            .run(async { Ok(refresher.fetch_job(job).await?) })
            .await
    }

    pub(super) async fn find_jobs(
        &self,
        target: &TargetRef,
        since: DateTime<Utc>,
    ) -> Result<FoundJobs, Error> {
        let refresher = self.refresher()?;
        self.session
            .run(async { Ok(refresher.find_jobs(target, since).await?) })
            .await
    }

    pub(super) async fn cancel_job(&self, job: &str) -> Result<CancelAnswer, Error> {
        let refresher = self.refresher()?;
        self.session
            .run(async { Ok(refresher.cancel_job(job).await?) })
            .await
    }

    pub(super) async fn fetch_extract_time(
        &self,
        target: &TargetRef,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let refresher = self.refresher()?;
        self.session
            .run(async { Ok(refresher.fetch_extract_time(target).await?) })
            .await
    }

    /// Gives the session back, which stays open for a while where it will be needed again.
    pub(super) async fn leave(self, linger: Duration) {
        self.session.leave(linger).await;
    }
}
