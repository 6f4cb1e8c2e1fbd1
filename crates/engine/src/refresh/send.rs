//! Sending: the intent, the call, what came of it.

use std::time::Duration;

use tailwater_bi::{Error as ToolError, Start};
use tailwater_core::refresh::{RefreshOutcome, Verdict};
use tailwater_store::RefreshPause;

use super::code;
use super::intent::{Intent, Withheld};
use super::work::{Next, Stop, Work};
use crate::error::Error;

/// After a call the session stays open a little, for the next.
const LINGER: Duration = Duration::from_secs(7);

impl Work {
    /// Sends a queued refresh: the intent is noted when all else is ready, so that as little as possible lies between it
    /// and the call.
    pub(super) async fn send(&mut self) -> Result<Next, Stop> {
        let tool = match self.tool().await? {
            Ok(tool) => tool,
            Err(error) => return self.not_sent(&error).await,
        };
        let target = self.target();
        let incremental = matches!(
            self.claim.record.verdict,
            Verdict::Refresh {
                incremental: true,
                ..
            }
        );
        let mut intent = Intent::new(self);
        let started = tool.start_refresh(&target, incremental, &mut intent).await;
        let is_noted = intent.is_noted;
        let next = match (intent.withheld, started) {
            (Some(Withheld::Stop(stop)), _) => Err(stop),
            // What went out before, if anything, was refused together with its session.
            (Some(Withheld::Late), _) => self.put_back(Duration::ZERO).await,
            // Whoever loses the token while a call is under way does not know what comes of it.
            (None, Err(Error::Store(tailwater_store::Error::LeaseLost { .. }))) if is_noted => Ok(Next::GoOn),
            (None, started) => self.take_start(started).await,
        };
        tool.leave(LINGER).await;
        next
    }

    async fn take_start(&mut self, started: Result<Start, Error>) -> Result<Next, Stop> {
        match started {
            Ok(Start::Started { job, .. }) => {
                let record = self.record();
                record.outcome = RefreshOutcome::Running;
                record.tool_job = Some(job);
                self.note().await?;
                Ok(Next::GoOn)
            }
            Ok(Start::AlreadyQueued { message }) => {
                let record = self.record();
                record.code = Some(code::ALREADY_QUEUED.to_owned());
                record.message = Some(message);
                self.note().await?;
                Ok(Next::GoOn)
            }
            Ok(Start::Refused(refusal)) => self.end_refused(refusal).await,
            Ok(Start::Throttled { retry_after, message }) => self.rest(retry_after, message).await,
            Ok(Start::Unanswered(error)) => {
                tracing::warn!(refresh = %self.claim.record.id, %error, "no answer; looking the refresh up");
                Ok(Next::GoOn)
            }
            // Who withheld it has said why.
            Ok(Start::Withheld) => self.put_back(Duration::ZERO).await,
            Err(error) => self.not_sent(&error).await,
        }
    }

    /// Lets the whole site rest, and puts the refresh back.
    async fn rest(&mut self, wait: Option<Duration>, message: String) -> Result<Next, Stop> {
        let wait = wait.unwrap_or(self.tuning().rest).max(Duration::from_secs(1));
        let until = self.now() + chrono::TimeDelta::from_std(wait).unwrap_or_default();
        let pause = RefreshPause {
            site: self.claim.stand.site.clone(),
            until,
            reason: message.clone(),
        };
        self.shared.workspace.store().pause_refreshes(&pause).await?;
        let record = self.record();
        record.code = Some(code::THROTTLED.to_owned());
        record.message = Some(message);
        record.hint = Some(format!(
            "Nothing of this site is sent before {}.",
            until.format("%Y-%m-%d %H:%M:%S UTC")
        ));
        self.put_back(Duration::ZERO).await
    }

    /// Judges a call that surely did nothing: tried again where that may help, else over.
    async fn not_sent(&mut self, error: &Error) -> Result<Next, Stop> {
        self.claim.stand.tries += 1;
        if !may_pass(error) || self.claim.stand.tries >= self.tuning().most_tries {
            return self.end_with_error(error).await;
        }
        tracing::warn!(refresh = %self.claim.record.id, %error, "the refresh could not be sent; trying again later");
        let wait = self.tuning().retry_after(self.claim.stand.tries - 1);
        let record = self.record();
        record.code = Some(tailwater_core::diagnostic::Diagnostic::code(error).to_owned());
        record.message = Some(error.to_string());
        self.put_back(wait).await
    }
}

/// Whether time alone may mend it. A refused sign-in is not tried again: too many lock the user.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Connector(error) => matches!(
            error,
            ToolError::Unreachable { .. }
                | ToolError::Proxy { .. }
                | ToolError::TimedOut { .. }
                | ToolError::Interrupted { .. }
                | ToolError::Throttled { .. }
                | ToolError::Server { .. }
                | ToolError::SessionStolen { .. }
                | ToolError::Malformed { .. }
        ),
        Error::Store(tailwater_store::Error::LeaseLost { .. }) => true,
        _ => false,
    }
}
