//! The intent: the note that is made directly before the call, each time it goes out.
//!
//! The note is the last of what the call needs: by then the session is there and it is the call's turn. It is refused to
//! whoever has lost the refresh, so nobody sends what somebody else works at. From then on a clock runs: the call is
//! over at [`Tuning::call_limit`](super::Tuning::call_limit), well before anybody may conclude that it was never
//! made. A process that stood still in between, for whatever reason, finds the time over and does not send.

use async_trait::async_trait;
use tailwater_bi::Clearance;
use tailwater_core::refresh::RefreshOutcome;
use tokio::time::Instant;

use super::work::{Stop, Work};

/// Why the call was not made.
#[derive(Debug)]
pub(super) enum Withheld {
    /// The work ends here.
    Stop(Stop),
    /// The time was over before it could begin.
    Late,
}

/// Notes the intent of a refresh when its call is about to go out.
pub(super) struct Intent<'a> {
    work: &'a mut Work,
    /// The row says that a call is under way.
    pub(super) is_noted: bool,
    pub(super) withheld: Option<Withheld>,
}

impl<'a> Intent<'a> {
    pub(super) fn new(work: &'a mut Work) -> Self {
        Self {
            work,
            is_noted: false,
            withheld: None,
        }
    }

    async fn note(&mut self) -> Result<Instant, Withheld> {
        if self.work.shared.stop.is_cancelled() {
            return Err(Withheld::Stop(Stop::ShuttingDown));
        }
        let limit = self.work.tuning().call_limit;
        // Counted from before the note: others count from the instant that stands in it.
        let until = Instant::now() + limit;
        let now = self.work.now();
        let record = self.work.record();
        record.outcome = RefreshOutcome::Sending;
        record.sent_at = Some(now);
        record.code = None;
        record.message = None;
        record.hint = None;
        self.work.note().await.map_err(Withheld::Stop)?;
        self.is_noted = true;
        // While a machine sleeps one of the clocks may stand still with it.
        let is_late = Instant::now() >= until || self.work.since_intent() >= limit;
        if is_late {
            return Err(Withheld::Late);
        }
        self.work.shared.count_sent();
        Ok(until)
    }
}

#[async_trait]
impl Clearance for Intent<'_> {
    async fn clear(&mut self) -> Option<Instant> {
        match self.note().await {
            Ok(until) => Some(until),
            Err(withheld) => {
                self.withheld = Some(withheld);
                None
            }
        }
    }
}
