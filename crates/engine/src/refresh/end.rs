//! How a refresh ends.

use chrono::{DateTime, Utc};
use tailwater_bi::{JobEnd, JobOutcome, Refusal, RefusalKind, ToolJob};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::refresh::RefreshOutcome;

use super::code;
use super::work::{Next, Stop, Work};
use crate::error::Error;

impl Work {
    /// Ends the refresh as the tool's job did.
    pub(super) async fn end_with_job(&mut self, job: &ToolJob, end: JobEnd) -> Result<Next, Stop> {
        let (outcome, code, hint) = match end.how {
            JobOutcome::Succeeded => (RefreshOutcome::Succeeded, None, None),
            JobOutcome::Failed => (
                RefreshOutcome::Failed,
                Some(code::JOB_FAILED),
                Some(
                    "The words are the BI tool's own. Open the data source there, mend what it names, and refresh it.",
                ),
            ),
            JobOutcome::Cancelled => (RefreshOutcome::Cancelled, Some(code::CANCELLED), None),
            JobOutcome::Unclear => (
                RefreshOutcome::Failed,
                Some(code::UNCLEAR),
                Some("The BI tool says that the job is over, but not how. Look at it there."),
            ),
        };
        let cancelled_by = self.cancelled_by();
        let record = self.record();
        record.started_at = job.started_at.or(record.started_at);
        record.finished_at = Some(end.at);
        record.outcome = outcome;
        // What was worth knowing on the way, such as that the job was there before, stays worth knowing.
        if let Some(code) = code {
            record.code = Some(code.to_owned());
            record.hint = hint.map(str::to_owned);
            record.message.clone_from(&job.message);
            if outcome == RefreshOutcome::Cancelled && record.message.is_none() {
                record.message = cancelled_by.map(|by| format!("cancelled by {by}"));
            }
        }
        self.note().await?;
        Ok(Next::Done)
    }

    /// Ends a refresh that was not sent yet, since somebody wants it so.
    pub(super) async fn end_cancelled(&mut self, by: &str) -> Result<Next, Stop> {
        let now = self.now();
        let message = format!("cancelled by {by}");
        self.end(RefreshOutcome::Cancelled, code::CANCELLED, message, None, now)
            .await
    }

    /// Ends a refresh that the tool refused.
    pub(super) async fn end_refused(&mut self, refusal: Refusal) -> Result<Next, Stop> {
        let code = match refusal.kind {
            RefusalKind::NoExtract => code::NO_EXTRACT,
            RefusalKind::Forbidden => code::FORBIDDEN,
            RefusalKind::Gone => code::GONE,
            RefusalKind::Disabled => code::DISABLED,
            RefusalKind::Other => code::REFUSED,
        };
        self.end_failed(
            code,
            format!("{} ({})", refusal.message, refusal.code),
            refusal.hint,
        )
        .await
    }

    /// Ends a refresh that failed before or beside the tool's job.
    pub(super) async fn end_failed(
        &mut self,
        code: &str,
        message: String,
        hint: Option<String>,
    ) -> Result<Next, Stop> {
        let now = self.now();
        self.end(RefreshOutcome::Failed, code, message, hint, now).await
    }

    /// Ends a refresh of which nobody knows how it went.
    pub(super) async fn end_timed_out(&mut self, code: &str, message: &str) -> Result<Next, Stop> {
        let now = self.now();
        let hint = "The next sync reads when the extract was last refreshed; that counts then. Look at the jobs in the \
                    BI tool.";
        self.end(
            RefreshOutcome::TimedOut,
            code,
            message.to_owned(),
            Some(hint.to_owned()),
            now,
        )
        .await
    }

    /// Ends a refresh because of an error of ours, such as a sign-in that is refused.
    pub(super) async fn end_with_error(&mut self, error: &Error) -> Result<Next, Stop> {
        self.end_failed(error.code(), error.to_string(), error.hint())
            .await
    }

    /// Ends a refresh that is known to be done by the extract's date alone.
    pub(super) async fn end_by_date(&mut self, at: DateTime<Utc>) -> Result<Next, Stop> {
        let record = self.record();
        record.outcome = RefreshOutcome::Succeeded;
        record.finished_at = Some(at);
        self.note().await?;
        Ok(Next::Done)
    }

    async fn end(
        &mut self,
        outcome: RefreshOutcome,
        code: &str,
        message: String,
        hint: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Next, Stop> {
        let record = self.record();
        record.outcome = outcome;
        record.code = Some(code.to_owned());
        record.message = Some(message);
        record.hint = hint;
        record.finished_at = Some(at);
        self.note().await?;
        Ok(Next::Done)
    }
}
