//! When an integration is synced without being asked: a pure decision on what the history says.
//!
//! ```text
//! settings ─▶ Schedule ─┐
//! history of syncs ─────┼─▶ next_due ─▶ Due { at, cause }, or why never
//! selection of now ─────┘
//! ```
//!
//! | what the history says | when | cause |
//! | --- | --- | --- |
//! | nothing is selected and nothing was imported | never | |
//! | no sync yet | at once | first |
//! | the selection is another than that of the last sync | at once | selection changed |
//! | an automatic sync failed, or a sync left assets open that the tool had not indexed | 15 minutes after its end, then 1 hour, then no more | retry |
//! | a set time has passed since the last sync began, also while the server was down | at once | scheduled |
//! | else | at the next set time | scheduled |
//!
//! Set times are read on the clock of a time zone. A time that a change to summer time skips comes right
//! after the gap; one that comes twice counts the first time only.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use tailwater_core::calendar::{Calendar, CalendarError, read_zone};
use tailwater_store::{SyncCause, SyncOutcome, SyncRecord};

use crate::error::Error;

/// How long after a failed sync it is tried again, the first and the second time. After that the next set
/// time is waited for.
pub const RETRY_MINUTES: [i64; 2] = [15, 60];

/// The time of the daily sync where nobody says another.
const DEFAULT_AT: &str = "03:15";

/// `[sync]`, and `[integration.sync]` for one integration alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleSettings {
    /// The time of the daily sync, `HH:MM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Or times as a cron pattern of five fields, such as `0 6,18 * * 1-5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The IANA name of the time zone in which the times are meant; `UTC` when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether anything is synced without being asked.
    pub enabled: bool,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self {
            at: None,
            cron: None,
            time_zone: None,
            enabled: true,
        }
    }
}

impl ScheduleSettings {
    /// These settings, with what they leave unsaid taken from the others.
    pub fn over(&self, others: &Self) -> Self {
        let says_when = self.at.is_some() || self.cron.is_some();
        let (at, cron) = if says_when {
            (&self.at, &self.cron)
        } else {
            (&others.at, &others.cron)
        };
        Self {
            at: at.clone(),
            cron: cron.clone(),
            time_zone: self.time_zone.clone().or_else(|| others.time_zone.clone()),
            enabled: self.enabled,
        }
    }
}

/// Set times on the clock of a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// `None` when nothing is synced without being asked.
    calendar: Option<Calendar>,
    zone: Tz,
    title: String,
}

impl Schedule {
    /// Reads the settings.
    ///
    /// # Errors
    /// When they give a time, a pattern or a zone that is none, both a time and a pattern, or a pattern that
    /// never comes.
    pub fn new(settings: &ScheduleSettings) -> Result<Self, Error> {
        let refused = |value: &str, problem: &str| Error::ScheduleInvalid {
            value: value.to_owned(),
            problem: problem.to_owned(),
        };
        let zone = match settings.time_zone.as_deref() {
            None => Tz::UTC,
            Some(name) => read_zone(name).map_err(invalid)?,
        };
        let (pattern, title) = match (&settings.at, &settings.cron) {
            (Some(at), Some(_)) => return Err(refused(at, "`at` and `cron` cannot both be given")),
            (None, Some(cron)) => (cron.trim().to_owned(), format!("at `{}` ({zone})", cron.trim())),
            (at, None) => {
                let at = at.as_deref().unwrap_or(DEFAULT_AT).trim();
                let (hour, minute) =
                    hour_and_minute(at).ok_or_else(|| refused(at, "it is no time of day"))?;
                (
                    format!("{minute} {hour} * * *"),
                    format!("daily at {hour:02}:{minute:02} {zone}"),
                )
            }
        };
        let calendar = Calendar::in_zone(&pattern, zone).map_err(invalid)?;
        Ok(Self {
            calendar: settings.enabled.then_some(calendar),
            zone,
            title: if settings.enabled {
                title
            } else {
                "only when asked for".to_owned()
            },
        })
    }

    /// The schedule in words, such as `daily at 03:15 Europe/Berlin`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether anything is synced without being asked.
    pub const fn is_enabled(&self) -> bool {
        self.calendar.is_some()
    }

    /// The zone in which its times are meant.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The first set time after the given instant; `None` when there is none.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.calendar.as_ref()?.next_after(after)
    }
}

fn invalid(error: CalendarError) -> Error {
    Error::ScheduleInvalid {
        value: error.value,
        problem: error.problem,
    }
}

/// `H:MM` or `HH:MM` of a day of 24 hours.
fn hour_and_minute(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, longest: usize| {
        let is_number =
            !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u8>().ok()).flatten()
    };
    let (hour, minute) = (number(hour, 2)?, number(minute, 2).filter(|_| minute.len() == 2)?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// What the decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The present.
    pub now: DateTime<Utc>,
    /// When syncs are to be.
    pub schedule: &'a Schedule,
    /// The integration's syncs, newest first; those since the last set time are enough.
    pub history: &'a [SyncRecord],
    /// The digest of the selection of now; `None` when nothing is selected.
    pub selection: Option<&'a str>,
}

/// When the next sync comes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Due {
    /// When; an instant that has passed means at once.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: SyncCause,
}

impl Due {
    /// Whether its time has come.
    pub fn is_now(&self, now: DateTime<Utc>) -> bool {
        self.at <= now
    }
}

/// When the next sync comes by itself; `None` when nobody asks and nothing is due ever.
pub fn next_due(situation: &Situation<'_>) -> Option<Due> {
    let Situation {
        now,
        schedule,
        history,
        selection,
    } = *situation;
    if !schedule.is_enabled() {
        return None;
    }
    let at_once = |cause| Some(Due { at: now, cause });
    let has_landed = history.iter().any(|sync| sync.outcome.has_landed());
    if selection.is_none() && !has_landed {
        return None;
    }
    let Some(last) = history.first() else {
        return at_once(SyncCause::First);
    };
    // A selection that was tried already and failed is tried again as any other failure is.
    let differs = |sync: &SyncRecord| {
        let then = sync.detail.selection.as_deref();
        then.is_some_and(|then| then != selection.unwrap_or_default())
    };
    if differs(last) {
        return at_once(SyncCause::SelectionChanged);
    }
    let slot = next_slot(schedule, history, last);
    if slot.is_some_and(|slot| slot <= now) {
        return at_once(SyncCause::Scheduled);
    }
    let retry = retry_at(history).map(|at| Due {
        at,
        cause: SyncCause::Retry,
    });
    let slot = slot.map(|at| Due {
        at,
        cause: SyncCause::Scheduled,
    });
    // A set time that comes first makes trying again needless.
    match (retry, slot) {
        (Some(retry), Some(slot)) if slot.at <= retry.at => Some(slot),
        (retry, slot) => retry.or(slot),
    }
}

/// The first set time that no sync has answered. One that a person asked for and that did not land answers none.
fn next_slot(schedule: &Schedule, history: &[SyncRecord], last: &SyncRecord) -> Option<DateTime<Utc>> {
    let answers = |sync: &&SyncRecord| sync.outcome.has_landed() || cause(sync).is_automatic();
    let answered = history.iter().find(answers).or_else(|| history.last());
    schedule.next_after(answered.unwrap_or(last).started_at)
}

/// When the last sync is tried again, if it is.
fn retry_at(history: &[SyncRecord]) -> Option<DateTime<Utc>> {
    let last = history.first()?;
    let is_open = match last.outcome {
        // A sync that was stopped is wanted all the same, but not at once: whoever stopped it had a reason.
        SyncOutcome::Failed | SyncOutcome::Stopped => cause(last).is_automatic(),
        _ => last.detail.pending + last.detail.unread > 0,
    };
    if !is_open {
        return None;
    }
    let tries = history
        .iter()
        .take_while(|sync| cause(sync) == SyncCause::Retry)
        .count();
    let minutes = RETRY_MINUTES.get(tries)?;
    last.finished_at.checked_add_signed(TimeDelta::minutes(*minutes))
}

/// Records of before causes were kept are those of commands.
fn cause(sync: &SyncRecord) -> SyncCause {
    sync.detail.cause.unwrap_or(SyncCause::Command)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_store::{SyncCounts, SyncDetail, SyncId};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    fn settings(at: Option<&str>, cron: Option<&str>, zone: &str) -> ScheduleSettings {
        ScheduleSettings {
            at: at.map(str::to_owned),
            cron: cron.map(str::to_owned),
            time_zone: Some(zone.to_owned()),
            enabled: true,
        }
    }

    fn daily(time: &str, zone: &str) -> Schedule {
        Schedule::new(&settings(Some(time), None, zone)).unwrap()
    }

    #[rstest]
    // Berlin is two hours ahead in summer and one in winter.
    #[case("03:15", "Europe/Berlin", "2025-07-01T00:00", "2025-07-01T01:15")]
    #[case("03:15", "Europe/Berlin", "2025-07-01T01:15", "2025-07-02T01:15")]
    #[case("03:15", "Europe/Berlin", "2025-12-01T00:00", "2025-12-01T02:15")]
    // On 30 March 2025 the clock goes from 02:00 to 03:00: half past two comes at three.
    #[case("02:30", "Europe/Berlin", "2025-03-29T12:00", "2025-03-30T01:00")]
    #[case("02:30", "Europe/Berlin", "2025-03-30T01:00", "2025-03-31T00:30")]
    // On 26 October 2025 half past two comes twice, and counts once.
    #[case("02:30", "Europe/Berlin", "2025-10-25T12:00", "2025-10-26T00:30")]
    #[case("02:30", "Europe/Berlin", "2025-10-26T00:30", "2025-10-27T01:30")]
    #[case("02:30", "Europe/Berlin", "2025-10-26T01:29", "2025-10-27T01:30")]
    #[case("02:30", "America/New_York", "2025-03-09T00:00", "2025-03-09T07:00")]
    #[case("2:30", "UTC", "2025-03-30T02:29", "2025-03-30T02:30")]
    #[case("00:00", "Pacific/Apia", "2025-01-01T12:00", "2025-01-02T11:00")]
    fn set_times_follow_the_zones_clock(
        #[case] time: &str,
        #[case] zone: &str,
        #[case] after: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(daily(time, zone).next_after(at(after)), Some(at(expected)));
    }

    #[test]
    fn every_day_of_a_year_and_one_has_one_set_time() {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"] {
            for time in ["00:00", "01:30", "02:00", "02:30", "03:00"] {
                let schedule = daily(time, zone);
                let mut days = std::collections::BTreeSet::new();
                let (mut now, mut count) = (at("2025-01-01T12:00"), 0);
                while now < at("2026-01-01T12:00") {
                    now = schedule.next_after(now).unwrap();
                    days.insert(now.with_timezone(&schedule.zone()).date_naive());
                    count += 1;
                }
                assert_eq!((days.len(), count), (366, 366), "{zone} {time}");
            }
        }
    }

    #[rstest]
    #[case(Some("25:00"), None, "UTC", "no time of day")]
    #[case(Some("3:5"), None, "UTC", "no time of day")]
    #[case(Some("+3:05"), None, "UTC", "no time of day")]
    #[case(Some(""), None, "UTC", "no time of day")]
    #[case(Some("03:15"), Some("* * * * *"), "UTC", "cannot both")]
    #[case(None, Some(""), "UTC", "empty")]
    #[case(None, Some("* * * *"), "UTC", "")]
    #[case(None, Some("0 0 0 * * *"), "UTC", "")]
    #[case(None, Some("61 * * * *"), "UTC", "")]
    #[case(None, Some("0 0 30 2 *"), "UTC", "never comes")]
    #[case(None, None, "Europe/Berlim", "time zone")]
    fn what_is_no_schedule_is_refused(
        #[case] time: Option<&str>,
        #[case] cron: Option<&str>,
        #[case] zone: &str,
        #[case] words: &str,
    ) {
        let error = Schedule::new(&settings(time, cron, zone))
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn one_integration_says_only_what_is_different() {
        let all = settings(None, Some("0 * * * *"), "Europe/Berlin");
        let one = ScheduleSettings {
            at: Some("05:00".to_owned()),
            ..ScheduleSettings::default()
        };
        let schedule = Schedule::new(&one.over(&all)).unwrap();
        assert_eq!(schedule.title(), "daily at 05:00 Europe/Berlin");
        let same = Schedule::new(&ScheduleSettings::default().over(&all)).unwrap();
        assert_eq!(same.title(), "at `0 * * * *` (Europe/Berlin)");
        let off = ScheduleSettings {
            enabled: false,
            ..ScheduleSettings::default()
        };
        assert_eq!(
            Schedule::new(&off.over(&all))
                .unwrap()
                .next_after(at("2025-01-01T00:00")),
            None
        );
    }

    /// A sync: when it began, how it ended, why it ran; it took five minutes.
    fn sync(began: &str, outcome: SyncOutcome, cause: SyncCause) -> SyncRecord {
        SyncRecord {
            id: SyncId::new(at(began)),
            integration: "main".into(),
            started_at: at(began),
            finished_at: at(began) + TimeDelta::minutes(5),
            outcome,
            counts: SyncCounts::default(),
            unlinked_by_reason: std::collections::BTreeMap::new(),
            notices: Vec::new(),
            error: None,
            detail: SyncDetail {
                cause: Some(cause),
                selection: Some("s".to_owned()),
                ..SyncDetail::default()
            },
        }
    }

    fn due(now: &str, history: &[SyncRecord], selection: Option<&str>) -> Option<(String, SyncCause)> {
        let schedule = daily("03:15", "UTC");
        let due = next_due(&Situation {
            now: at(now),
            schedule: &schedule,
            history,
            selection,
        })?;
        let when = if due.is_now(at(now)) {
            "now".to_owned()
        } else {
            due.at.format("%dT%H:%M").to_string()
        };
        Some((when, due.cause))
    }

    use SyncCause::{Asked, Command, First, Retry, Scheduled, SelectionChanged};
    use SyncOutcome::{Failed, Partial, Unchanged};

    #[rstest]
    #[case::never_synced("2025-06-10T12:00", &[], Some(("now", First)))]
    #[case::later_today("2025-06-10T02:00", &[("2025-06-09T03:15", Unchanged, Scheduled)], Some(("10T03:15", Scheduled)))]
    #[case::done_today("2025-06-10T04:00", &[("2025-06-10T03:15", Unchanged, Scheduled)], Some(("11T03:15", Scheduled)))]
    #[case::missed_while_down("2025-06-12T09:00", &[("2025-06-10T03:15", Unchanged, Scheduled)], Some(("now", Scheduled)))]
    #[case::asked_for_after_the_missed_one("2025-06-12T09:00", &[("2025-06-12T08:00", Unchanged, Asked)], Some(("13T03:15", Scheduled)))]
    #[case::asked_for_before_the_set_time("2025-06-12T04:00", &[("2025-06-12T02:00", Unchanged, Asked)], Some(("now", Scheduled)))]
    #[case::an_asked_one_that_failed_answers_no_set_time("2025-06-12T04:00",
        &[("2025-06-12T03:30", Failed, Asked), ("2025-06-11T03:15", Unchanged, Scheduled)], Some(("now", Scheduled)))]
    #[case::an_asked_one_that_failed_is_not_tried_again("2025-06-12T05:00",
        &[("2025-06-12T04:30", Failed, Asked), ("2025-06-12T03:15", Unchanged, Scheduled)], Some(("13T03:15", Scheduled)))]
    #[case::first_try_again("2025-06-10T03:25",
        &[("2025-06-10T03:15", Failed, Scheduled), ("2025-06-09T03:15", Unchanged, Scheduled)], Some(("10T03:35", Retry)))]
    #[case::its_time_has_come("2025-06-10T03:35", &[("2025-06-10T03:15", Failed, Scheduled)], Some(("now", Retry)))]
    #[case::second_try_again("2025-06-10T03:45",
        &[("2025-06-10T03:35", Failed, Retry), ("2025-06-10T03:15", Failed, Scheduled)], Some(("10T04:40", Retry)))]
    #[case::then_the_next_day("2025-06-10T05:00",
        &[("2025-06-10T04:40", Failed, Retry), ("2025-06-10T03:35", Failed, Retry), ("2025-06-10T03:15", Failed, Scheduled)],
        Some(("11T03:15", Scheduled)))]
    #[case::a_failed_command_is_the_persons("2025-06-10T05:00", &[("2025-06-10T04:40", Failed, Command)], Some(("11T03:15", Scheduled)))]
    #[case::the_set_time_comes_before_the_retry("2025-06-10T03:10",
        &[("2025-06-10T03:04", Failed, First)], Some(("10T03:15", Scheduled)))]
    fn the_history_decides(
        #[case] now: &str,
        #[case] history: &[(&str, SyncOutcome, SyncCause)],
        #[case] expected: Option<(&str, SyncCause)>,
    ) {
        let history: Vec<SyncRecord> = history
            .iter()
            .map(|(began, outcome, cause)| sync(began, *outcome, *cause))
            .collect();
        let expected = expected.map(|(when, cause)| (when.to_owned(), cause));
        assert_eq!(due(now, &history, Some("s")), expected);
    }

    #[test]
    fn what_the_tool_had_not_indexed_is_read_again() {
        let mut asked = sync("2025-06-10T09:00", Unchanged, Asked);
        asked.detail.pending = 1;
        let mut unread = sync("2025-06-10T09:00", Partial, Scheduled);
        unread.detail.unread = 1;
        let expected = |when: &str, cause| Some((when.to_owned(), cause));
        assert_eq!(
            due("2025-06-10T09:06", std::slice::from_ref(&asked), Some("s")),
            expected("10T09:20", Retry)
        );
        assert_eq!(
            due("2025-06-10T09:06", &[unread], Some("s")),
            expected("10T09:20", Retry)
        );
        let mut again = sync("2025-06-10T09:20", Unchanged, Retry);
        again.detail.pending = 1;
        let mut history = vec![again, asked];
        assert_eq!(
            due("2025-06-10T09:30", &history, Some("s")),
            expected("10T10:25", Retry)
        );
        history[0].detail.pending = 0;
        assert_eq!(
            due("2025-06-10T09:30", &history, Some("s")),
            expected("11T03:15", Scheduled)
        );
    }

    #[test]
    fn another_selection_is_synced_at_once_and_only_once_while_it_fails() {
        let now = "2025-06-10T12:00";
        let landed = sync("2025-06-10T03:15", Unchanged, Scheduled);
        let expected = |when: &str, cause| Some((when.to_owned(), cause));
        assert_eq!(
            due(now, std::slice::from_ref(&landed), Some("other")),
            expected("now", SelectionChanged)
        );
        // Taking the last collection out is a change as well.
        assert_eq!(
            due(now, std::slice::from_ref(&landed), None),
            expected("now", SelectionChanged)
        );
        let mut failed = sync("2025-06-10T11:58", Failed, SelectionChanged);
        failed.detail.selection = Some("other".to_owned());
        assert_eq!(
            due(now, &[failed, landed.clone()], Some("other")),
            expected("10T12:18", Retry)
        );
        // What was recorded before digests were kept says nothing.
        let mut old = landed;
        old.detail = SyncDetail::default();
        assert_eq!(due(now, &[old], Some("s")), expected("11T03:15", Scheduled));
    }

    #[test]
    fn nothing_selected_and_nothing_imported_is_never_due() {
        assert_eq!(due("2025-06-10T12:00", &[], None), None);
        let failed = sync("2025-06-10T11:58", Failed, Asked);
        assert_eq!(due("2025-06-10T12:00", &[failed], None), None);
    }
}
