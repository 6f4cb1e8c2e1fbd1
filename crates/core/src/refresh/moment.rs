//! Quiet hours and deadlines: times of day in a zone turned into instants, also on the days on which the clocks
//! are moved.

use chrono::{DateTime, Days, MappedLocalTime, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::policy::{Policy, QuietHours};

/// A gap in local time is an hour nearly everywhere; a few islands have left out a whole day.
const LONGEST_GAP_MINUTES: i64 = 26 * 60;

/// The end of the quiet hours that hold now; `None` when they do not.
///
/// Quiet is what the clock on the wall says: an hour that comes twice may be quiet twice, and when the end is
/// in an hour that is left out, it is the moment at which the clocks are put forward.
pub fn end_of_quiet_hours(policy: &Policy, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let zone = zone(policy);
    let QuietHours { from, until } = policy.quiet_hours?;
    let local = now.with_timezone(&zone).naive_local();
    let time = local.time();
    let is_over_midnight = until < from;
    let is_quiet = if is_over_midnight {
        time >= from || time < until
    } else {
        time >= from && time < until
    };
    if !is_quiet {
        return None;
    }
    let day = local.date();
    let last = if is_over_midnight && time >= from {
        day.checked_add_days(Days::new(1))?
    } else {
        day
    };
    first_instant(zone, last.and_time(until), now)
}

/// When a target is next to be fresh; `None` without a deadline. A deadline that is now has not passed.
pub fn deadline(policy: &Policy, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let zone = zone(policy);
    let by: NaiveTime = policy.fresh_by?;
    let today = now.with_timezone(&zone).date_naive();
    // An hour that is left out or comes twice can push the right day away from today.
    (0..3)
        .filter_map(|days| today.checked_add_days(Days::new(days)))
        .find_map(|day| first_instant(zone, day.and_time(by), now - TimeDelta::nanoseconds(1)))
}

/// The zone of a policy. Names are checked where they come in; one that is not known after all is UTC.
fn zone(policy: &Policy) -> Tz {
    policy.timezone.parse().unwrap_or(Tz::UTC)
}

/// The first instant after the given one at which the clock on the wall shows the time, or would have.
fn first_instant(zone: Tz, local: NaiveDateTime, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let instants = (0..=LONGEST_GAP_MINUTES).find_map(|minutes| {
        let local = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        match zone.from_local_datetime(&local) {
            MappedLocalTime::None => None,
            MappedLocalTime::Single(only) => Some([only, only]),
            MappedLocalTime::Ambiguous(first, second) => Some([first, second]),
        }
    })?;
    let mut instants = instants.map(|instant| instant.with_timezone(&Utc));
    instants.sort_unstable();
    instants.into_iter().find(|&instant| instant > after)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[rstest]
    #[case::before("08:00:00", "12:00:00", "UTC", "2026-06-01T07:59:59Z", None)]
    #[case::first_minute(
        "08:00:00",
        "12:00:00",
        "UTC",
        "2026-06-01T08:00:00Z",
        Some("2026-06-01T12:00:00Z")
    )]
    #[case::over("08:00:00", "12:00:00", "UTC", "2026-06-01T12:00:00Z", None)]
    #[case::never("08:00:00", "08:00:00", "UTC", "2026-06-01T08:00:00Z", None)]
    #[case::over_midnight_evening(
        "22:00:00",
        "06:00:00",
        "Europe/Berlin",
        "2026-06-01T21:00:00Z",
        Some("2026-06-02T04:00:00Z")
    )]
    #[case::over_midnight_morning(
        "22:00:00",
        "06:00:00",
        "Europe/Berlin",
        "2026-06-02T03:00:00Z",
        Some("2026-06-02T04:00:00Z")
    )]
    #[case::over_midnight_by_day("22:00:00", "06:00:00", "Europe/Berlin", "2026-06-02T10:00:00Z", None)]
    // On 29 March 2026 the clocks of Berlin go from 02:00 to 03:00.
    #[case::the_night_is_an_hour_shorter(
        "22:00:00",
        "06:00:00",
        "Europe/Berlin",
        "2026-03-28T22:00:00Z",
        Some("2026-03-29T04:00:00Z")
    )]
    #[case::the_end_is_left_out(
        "22:00:00",
        "02:30:00",
        "Europe/Berlin",
        "2026-03-28T22:00:00Z",
        Some("2026-03-29T01:00:00Z")
    )]
    #[case::the_whole_of_it_is_left_out(
        "02:00:00",
        "03:00:00",
        "Europe/Berlin",
        "2026-03-29T01:00:00Z",
        None
    )]
    // On 25 October 2026 they go from 03:00 to 02:00.
    #[case::the_night_is_an_hour_longer(
        "22:00:00",
        "06:00:00",
        "Europe/Berlin",
        "2026-10-24T21:00:00Z",
        Some("2026-10-25T05:00:00Z")
    )]
    #[case::the_end_comes_twice_first(
        "01:00:00",
        "02:30:00",
        "Europe/Berlin",
        "2026-10-25T00:10:00Z",
        Some("2026-10-25T00:30:00Z")
    )]
    #[case::the_end_comes_twice_again(
        "01:00:00",
        "02:30:00",
        "Europe/Berlin",
        "2026-10-25T01:10:00Z",
        Some("2026-10-25T01:30:00Z")
    )]
    #[case::zone_that_is_not_known(
        "08:00:00",
        "12:00:00",
        "Mars/Olympus",
        "2026-06-01T09:00:00Z",
        Some("2026-06-01T12:00:00Z")
    )]
    // Apia left out the whole of 30 December 2011.
    #[case::a_day_that_was_left_out(
        "22:00:00",
        "06:00:00",
        "Pacific/Apia",
        "2011-12-30T09:00:00Z",
        Some("2011-12-30T10:00:00Z")
    )]
    fn quiet_hours(
        #[case] from: &str,
        #[case] until: &str,
        #[case] timezone: &str,
        #[case] now: &str,
        #[case] end: Option<&str>,
    ) {
        let policy = Policy {
            quiet_hours: Some(QuietHours {
                from: time(from),
                until: time(until),
            }),
            timezone: timezone.to_owned(),
            ..Policy::default()
        };
        let found = end_of_quiet_hours(&policy, instant(now));
        assert_eq!(found, end.map(instant));
    }

    #[rstest]
    #[case::later_today("07:00:00", "UTC", "2026-06-01T05:00:00Z", "2026-06-01T07:00:00Z")]
    #[case::now("07:00:00", "UTC", "2026-06-01T07:00:00Z", "2026-06-01T07:00:00Z")]
    #[case::tomorrow("07:00:00", "UTC", "2026-06-01T07:00:01Z", "2026-06-02T07:00:00Z")]
    #[case::elsewhere("07:00:00", "Asia/Tokyo", "2026-06-01T21:00:00Z", "2026-06-01T22:00:00Z")]
    #[case::elsewhere_tomorrow(
        "07:00:00",
        "America/New_York",
        "2026-06-01T23:00:00Z",
        "2026-06-02T11:00:00Z"
    )]
    #[case::left_out("02:30:00", "Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-29T01:00:00Z")]
    #[case::the_day_after_a_change(
        "07:00:00",
        "Europe/Berlin",
        "2026-03-28T20:00:00Z",
        "2026-03-29T05:00:00Z"
    )]
    fn deadlines(#[case] by: &str, #[case] timezone: &str, #[case] now: &str, #[case] expected: &str) {
        let policy = Policy {
            fresh_by: Some(time(by)),
            timezone: timezone.to_owned(),
            ..Policy::default()
        };
        assert_eq!(deadline(&policy, instant(now)), Some(instant(expected)));
        assert_eq!(deadline(&Policy::default(), instant(now)), None);
    }
}
