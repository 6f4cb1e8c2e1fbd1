//! The rules of the queue, as functions from values to values.
//!
//! | question | function |
//! | --- | --- |
//! | is a scheduled run due, and for which set time? | [`due`], [`next_due`] |
//! | which queued runs does a newer one replace? | [`replaced_by`] |
//! | which queued runs may start? | [`startable`] |
//! | what follows when a run has ended? | [`after_end`], [`set_off_by`] |
//!
//! The store's claim follows [`startable`] in one statement; its tests compare the two.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::definition::{Job, WhenLost};
use super::run::{JobRun, JobRunCause, JobRunState};
use crate::calendar::CalendarError;
use crate::id::{JobName, JobRunId};

/// A scheduled run that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The set time that it answers: of several that were missed, the last.
    pub slot: DateTime<Utc>,
}

/// Whether a scheduled run is due. `since` is the last set time that was answered, or when the schedule was
/// set; set times that came while nothing ran are made up for by one run.
///
/// # Errors
/// When the schedule cannot be read.
pub fn due(job: &Job, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Option<Due>, CalendarError> {
    if job.paused {
        return Ok(None);
    }
    let Some(calendar) = job.calendar()? else {
        return Ok(None);
    };
    Ok(calendar.last_between(since, now).map(|slot| Due { slot }))
}

/// The next set time after now; `None` when it has none, or is paused.
///
/// # Errors
/// When the schedule cannot be read.
pub fn next_due(job: &Job, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, CalendarError> {
    if job.paused {
        return Ok(None);
    }
    Ok(job.calendar()?.and_then(|calendar| calendar.next_after(now)))
}

/// The queued runs whose place a new one takes: older scheduled runs of the same job, when the new one is
/// scheduled too. What a person or a program asked for is never replaced.
pub fn replaced_by<'a>(new: &JobRun, queued: impl IntoIterator<Item = &'a JobRun>) -> Vec<&'a JobRunId> {
    if !matches!(new.cause, JobRunCause::Scheduled { .. }) {
        return Vec::new();
    }
    let is_older = |run: &&JobRun| {
        run.job == new.job
            && run.id != new.id
            && run.state == JobRunState::Queued
            && matches!(run.cause, JobRunCause::Scheduled { .. })
    };
    queued.into_iter().filter(is_older).map(|run| &run.id).collect()
}

/// What the start of a run rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The run.
    pub id: JobRunId,
    /// Its job.
    pub job: JobName,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// Not before this instant.
    pub not_before: DateTime<Utc>,
}

/// Which runs start now, in order: those that have waited longest first, of a job one at a time and in the
/// order of the queue, no more than there are free slots. A run that waits for its time holds back none of
/// the same job that is ready.
pub fn startable<'a>(
    queued: &'a [Candidate],
    running: &BTreeSet<JobName>,
    free_slots: usize,
    now: DateTime<Utc>,
) -> Vec<&'a JobRunId> {
    let mut ready: Vec<&Candidate> = queued
        .iter()
        .filter(|run| run.not_before <= now && !running.contains(&run.job))
        .collect();
    ready.sort_by(|one, two| (one.queued_at, &one.id).cmp(&(two.queued_at, &two.id)));
    let mut taken = BTreeSet::new();
    ready.retain(|run| taken.insert(&run.job));
    ready.into_iter().take(free_slots).map(|run| &run.id).collect()
}

/// What follows when a run has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterEnd {
    /// It is tried again.
    Retry {
        /// Not before this instant.
        not_before: DateTime<Utc>,
        /// Which try it is.
        attempt: u32,
    },
    /// It is over, and other jobs may be set off by it.
    Over,
}

/// Whether a run that ended in a state is tried again.
pub fn after_end(run: &JobRun, state: JobRunState, now: DateTime<Utc>) -> AfterEnd {
    let job = &run.definition;
    let allowed = u32::from(job.retries);
    let is_allowed = match state {
        JobRunState::Failed | JobRunState::TimedOut => run.attempt <= allowed,
        JobRunState::Lost => match job.when_lost {
            WhenLost::Retry => run.attempt <= allowed,
            WhenLost::RunAgain => run.attempt <= allowed.max(1),
            WhenLost::End => false,
        },
        _ => false,
    };
    // Who asked for its end does not want it again.
    if !is_allowed || run.cancel_asked_by.is_some() {
        return AfterEnd::Over;
    }
    let delay = if state == JobRunState::Lost {
        chrono::TimeDelta::zero()
    } else {
        job.retry_delay()
    };
    AfterEnd::Retry {
        not_before: now.checked_add_signed(delay).unwrap_or(now),
        attempt: run.attempt + 1,
    }
}

/// The jobs that a run's end sets off. A run that is tried again has not ended yet.
pub fn set_off_by<'a>(
    job: &JobName,
    state: JobRunState,
    jobs: impl IntoIterator<Item = &'a Job>,
) -> Vec<&'a Job> {
    let is_set_off = |other: &&Job| {
        !other.paused
            && other
                .after
                .iter()
                .any(|after| after.job == *job && after.on.counts(state))
    };
    jobs.into_iter().filter(is_set_off).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::job::definition::JobSchedule;
    use crate::job::definition::tests::job;
    use crate::job::trigger::{AfterJob, CompletionOn};

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    fn scheduled(cron: &str, time_zone: &str) -> Job {
        Job {
            schedule: Some(JobSchedule {
                cron: cron.to_owned(),
                time_zone: time_zone.to_owned(),
            }),
            ..job("nightly")
        }
    }

    #[rstest]
    #[case("0 6 * * *", "UTC", "2025-07-01T05:00", "2025-07-01T05:59", None)]
    #[case(
        "0 6 * * *",
        "UTC",
        "2025-07-01T05:00",
        "2025-07-01T06:00",
        Some("2025-07-01T06:00")
    )]
    // Nothing ran for three days: one run makes up for them.
    #[case(
        "0 6 * * *",
        "UTC",
        "2025-07-01T06:00",
        "2025-07-04T07:00",
        Some("2025-07-04T06:00")
    )]
    // To summer time on 30 March 2025 in Berlin: half past two is skipped and comes at three (01:00 UTC).
    #[case("30 2 * * *", "Europe/Berlin", "2025-03-29T12:00", "2025-03-30T00:59", None)]
    #[case(
        "30 2 * * *",
        "Europe/Berlin",
        "2025-03-29T12:00",
        "2025-03-30T01:00",
        Some("2025-03-30T01:00")
    )]
    #[case("30 2 * * *", "Europe/Berlin", "2025-03-30T01:00", "2025-03-30T23:00", None)]
    // Back on 26 October: half past two comes twice (00:30 and 01:30 UTC) and counts once.
    #[case(
        "30 2 * * *",
        "Europe/Berlin",
        "2025-10-25T12:00",
        "2025-10-26T00:30",
        Some("2025-10-26T00:30")
    )]
    #[case("30 2 * * *", "Europe/Berlin", "2025-10-26T00:30", "2025-10-26T02:30", None)]
    #[case(
        "0 7 * * *",
        "America/New_York",
        "2025-03-08T13:00",
        "2025-03-09T11:00",
        Some("2025-03-09T11:00")
    )]
    #[case("0 7 * * *", "America/New_York", "2025-11-01T12:00", "2025-11-02T11:59", None)]
    #[case(
        "0 7 * * *",
        "America/New_York",
        "2025-11-01T12:00",
        "2025-11-02T12:00",
        Some("2025-11-02T12:00")
    )]
    fn a_run_is_due_at_its_set_times(
        #[case] cron: &str,
        #[case] zone: &str,
        #[case] since: &str,
        #[case] now: &str,
        #[case] expected: Option<&str>,
    ) {
        let due = due(&scheduled(cron, zone), at(since), at(now)).unwrap();
        assert_eq!(due.map(|due| due.slot), expected.map(at));
    }

    #[rstest]
    // A change of the clock brings 23 and 25 hours, and as many runs of an hourly job.
    #[case("0 * * * *", "2025-03-29T23:00", "2025-03-30T22:00", 23)]
    #[case("0 * * * *", "2025-10-25T22:00", "2025-10-26T23:00", 25)]
    #[case("30 2 * * *", "2025-03-29T23:00", "2025-03-30T22:00", 1)]
    #[case("30 2 * * *", "2025-10-25T22:00", "2025-10-26T23:00", 1)]
    #[case("0 3 * * *", "2025-03-29T23:00", "2025-03-30T22:00", 1)]
    fn a_day_with_a_change_of_the_clock_has_its_runs(
        #[case] cron: &str,
        #[case] midnight: &str,
        #[case] next_midnight: &str,
        #[case] expected: usize,
    ) {
        let job = scheduled(cron, "Europe/Berlin");
        let (mut since, mut now, mut count) = (at(midnight) - chrono::TimeDelta::minutes(1), at(midnight), 0);
        while now < at(next_midnight) {
            if let Some(due) = due(&job, since, now).unwrap() {
                since = due.slot;
                count += 1;
            }
            now += chrono::TimeDelta::minutes(1);
        }
        assert_eq!(count, expected);
    }

    #[test]
    fn a_paused_job_is_never_due() {
        let paused = Job {
            paused: true,
            ..scheduled("* * * * *", "UTC")
        };
        assert_eq!(
            due(&paused, at("2025-01-01T00:00"), at("2025-01-02T00:00")),
            Ok(None)
        );
        assert_eq!(next_due(&paused, at("2025-01-01T00:00")), Ok(None));
    }

    fn run(id: &str, name: &str, cause: JobRunCause) -> JobRun {
        JobRun::queued(id.into(), &job(name), cause, None, at("2025-01-01T00:00"))
    }

    fn slot() -> JobRunCause {
        JobRunCause::Scheduled {
            slot: at("2025-01-01T00:00"),
        }
    }

    #[test]
    fn a_newer_scheduled_run_replaces_older_scheduled_ones_of_its_job() {
        let mut running = run("0", "a", slot());
        running.state = JobRunState::Running;
        let queued = [
            running,
            run("1", "a", slot()),
            run("2", "a", JobRunCause::ByHand),
            run("3", "b", slot()),
            run("4", "a", slot()),
        ];
        let replaced = |new: &JobRun| -> Vec<String> {
            replaced_by(new, &queued)
                .into_iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(replaced(&run("5", "a", slot())), ["1", "4"]);
        assert_eq!(replaced(&run("4", "a", slot())), ["1"]);
        assert!(replaced(&run("5", "a", JobRunCause::Api)).is_empty());
    }

    #[test]
    fn runs_start_in_order_one_of_a_job_and_no_more_than_there_are_slots() {
        let candidate = |id: &str, job: &str, queued: i64, not_before: i64| Candidate {
            id: id.into(),
            job: job.into(),
            queued_at: DateTime::from_timestamp(queued, 0).unwrap(),
            not_before: DateTime::from_timestamp(not_before, 0).unwrap(),
        };
        let queued = [
            candidate("5", "c", 5, 5),
            candidate("1", "a", 1, 1),
            candidate("2", "a", 2, 2),
            candidate("3", "b", 3, 3),
            candidate("4", "d", 4, 100),
        ];
        let now = DateTime::from_timestamp(10, 0).unwrap();
        let starts = |running: &[&str], slots| -> Vec<String> {
            let running = running.iter().map(|name| JobName::from(*name)).collect();
            startable(&queued, &running, slots, now)
                .into_iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(starts(&[], 9), ["1", "3", "5"]);
        assert_eq!(starts(&[], 2), ["1", "3"]);
        assert_eq!(starts(&["a"], 9), ["3", "5"]);
        assert!(starts(&[], 0).is_empty());
    }

    #[rstest]
    #[case(JobRunState::Failed, 1, 1, WhenLost::Retry, Some(60))]
    #[case(JobRunState::TimedOut, 1, 1, WhenLost::Retry, Some(60))]
    #[case(JobRunState::Failed, 2, 1, WhenLost::Retry, None)]
    #[case(JobRunState::Failed, 1, 0, WhenLost::RunAgain, None)]
    #[case(JobRunState::Cancelled, 1, 5, WhenLost::RunAgain, None)]
    #[case(JobRunState::Succeeded, 1, 5, WhenLost::RunAgain, None)]
    #[case(JobRunState::Lost, 1, 0, WhenLost::Retry, None)]
    #[case(JobRunState::Lost, 1, 1, WhenLost::Retry, Some(0))]
    #[case(JobRunState::Lost, 1, 0, WhenLost::RunAgain, Some(0))]
    #[case(JobRunState::Lost, 2, 0, WhenLost::RunAgain, None)]
    #[case(JobRunState::Lost, 1, 5, WhenLost::End, None)]
    fn a_run_is_tried_again_as_its_job_says(
        #[case] state: JobRunState,
        #[case] attempt: u32,
        #[case] retries: u8,
        #[case] when_lost: WhenLost,
        #[case] delay: Option<i64>,
    ) {
        let mut run = run("1", "a", JobRunCause::ByHand);
        run.attempt = attempt;
        run.definition.retries = retries;
        run.definition.when_lost = when_lost;
        let now = at("2025-01-01T00:00");
        let expected = delay.map_or(AfterEnd::Over, |seconds| AfterEnd::Retry {
            not_before: now + chrono::TimeDelta::seconds(seconds),
            attempt: attempt + 1,
        });
        assert_eq!(after_end(&run, state, now), expected);
        run.cancel_asked_by = Some("ada".to_owned());
        assert_eq!(after_end(&run, state, now), AfterEnd::Over);
    }

    #[test]
    fn the_end_of_a_run_sets_off_the_jobs_that_wait_for_it() {
        let after = |name: &str, on, paused| Job {
            after: vec![AfterJob {
                job: "first".into(),
                on,
            }],
            paused,
            ..job(name)
        };
        let jobs = [
            after("good", CompletionOn::Success, false),
            after("any", CompletionOn::Any, false),
            after("paused", CompletionOn::Any, true),
            job("other"),
        ];
        let set_off = |state| -> Vec<&str> {
            set_off_by(&"first".into(), state, &jobs)
                .into_iter()
                .map(|job| job.name.as_str())
                .collect()
        };
        assert_eq!(set_off(JobRunState::Succeeded), ["good", "any"]);
        assert_eq!(set_off(JobRunState::Failed), ["any"]);
        assert_eq!(set_off(JobRunState::Lost), ["any"]);
        assert!(set_off(JobRunState::Cancelled).is_empty());
        assert!(set_off(JobRunState::Replaced).is_empty());
    }
}
