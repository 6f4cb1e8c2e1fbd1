//! Background jobs: extract refreshes that wait, run and end by the clock.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::delivery::Event;
use crate::site::{Kind, Ref, RefreshPlan};
use crate::site_file::Outcome;

/// Where a job stands, in the words of the job list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    InProgress,
    Success,
    Failed,
    Cancelled,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }
}

/// An extract refresh.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) luid: Uuid,
    pub(crate) target: Ref,
    pub(crate) target_luid: Uuid,
    pub(crate) target_name: String,
    pub(crate) incremental: bool,
    /// Tableau Bridge does the work: the job is handed over with code 0 and completed with code 3.
    pub(crate) bridge: bool,
    pub(crate) plan: RefreshPlan,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    /// That it began was told.
    pub(crate) begun: bool,
    /// What its end changes in the site has been done.
    pub(crate) settled: bool,
}

impl Job {
    /// What is told of it: an event of a workbook or of a data source.
    pub(crate) fn event(&self, [workbook, source]: [&'static str; 2], at: DateTime<Utc>) -> Event {
        Event {
            kind: if self.target.kind == Kind::Workbook {
                workbook
            } else {
                source
            },
            resource: "EXTRACTS",
            name: self.target_name.clone(),
            luid: self.target_luid,
            at,
        }
    }

    /// When it leaves the queue.
    pub(crate) fn starts_at(&self) -> DateTime<Utc> {
        self.created_at + TimeDelta::seconds(i64::from(self.plan.queued_seconds))
    }

    /// When Bridge takes it over, if it does.
    fn handed_over_at(&self) -> DateTime<Utc> {
        self.starts_at() + TimeDelta::seconds(i64::from(self.plan.seconds) / 2)
    }

    /// When it ends, unless it is cancelled before.
    fn ends_at(&self) -> DateTime<Utc> {
        self.starts_at() + TimeDelta::seconds(i64::from(self.plan.seconds))
    }

    /// The instant it began, if it has.
    pub(crate) fn started_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let start = self.starts_at();
        let until = self.cancelled_at.map_or(now, |cancelled| cancelled.min(now));
        (start <= until).then_some(start)
    }

    /// The instant it ended, if it has.
    pub(crate) fn completed_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let end = self
            .cancelled_at
            .map_or(self.ends_at(), |cancelled| cancelled.min(self.ends_at()));
        (end <= now).then_some(end)
    }

    /// Where it stands.
    pub(crate) fn status(&self, now: DateTime<Utc>) -> Status {
        if self.completed_at(now).is_none() {
            return if self.starts_at() <= now {
                Status::InProgress
            } else {
                Status::Pending
            };
        }
        if self
            .cancelled_at
            .is_some_and(|cancelled| cancelled < self.ends_at())
        {
            return Status::Cancelled;
        }
        match self.plan.outcome {
            Outcome::Success => Status::Success,
            Outcome::Failed => Status::Failed,
            Outcome::Cancelled => Status::Cancelled,
        }
    }

    /// `finishCode`: 0 done, 1 failed, 2 cancelled, 3 completed by Bridge. A job with Bridge has code 0
    /// while Bridge works, and then no `completedAt` yet.
    pub(crate) fn finish_code(&self, now: DateTime<Utc>) -> Option<u8> {
        match self.status(now) {
            Status::Success => Some(if self.bridge { 3 } else { 0 }),
            Status::Failed => Some(1),
            Status::Cancelled => Some(2),
            Status::InProgress if self.bridge && self.handed_over_at() <= now => Some(0),
            Status::Pending | Status::InProgress => None,
        }
    }

    /// `progress` in percent, coarse as Tableau's.
    pub(crate) fn progress(&self, now: DateTime<Utc>) -> u8 {
        if self.status(now).is_over() { 100 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(outcome: Outcome, bridge: bool) -> Job {
        Job {
            luid: Uuid::nil(),
            target: Ref::new(Kind::Workbook, 0),
            target_luid: Uuid::nil(),
            target_name: "Sales".to_owned(),
            incremental: false,
            bridge,
            plan: RefreshPlan {
                outcome,
                queued_seconds: 10,
                seconds: 20,
                ..RefreshPlan::default()
            },
            created_at: DateTime::UNIX_EPOCH,
            cancelled_at: None,
            begun: false,
            settled: false,
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_job_waits_runs_and_ends() {
        let job = job(Outcome::Failed, false);
        let seen: Vec<_> = [0, 9, 10, 29, 30]
            .map(|second| job.status(at(second)).as_str())
            .to_vec();
        assert_eq!(seen, ["Pending", "Pending", "InProgress", "InProgress", "Failed"]);
        assert_eq!(job.finish_code(at(29)), None);
        assert_eq!(job.finish_code(at(30)), Some(1));
        assert_eq!(job.completed_at(at(100)), Some(at(30)));
    }

    #[test]
    fn bridge_has_code_0_while_it_works_and_3_at_the_end() {
        let job = job(Outcome::Success, true);
        assert_eq!(
            (
                job.finish_code(at(19)),
                job.finish_code(at(20)),
                job.finish_code(at(30))
            ),
            (None, Some(0), Some(3))
        );
        assert_eq!(job.completed_at(at(20)), None);
    }

    #[test]
    fn cancelling_in_the_queue_means_it_never_started() {
        let mut job = job(Outcome::Success, false);
        job.cancelled_at = Some(at(5));
        assert_eq!(job.status(at(50)), Status::Cancelled);
        assert_eq!(job.started_at(at(50)), None);
    }
}
