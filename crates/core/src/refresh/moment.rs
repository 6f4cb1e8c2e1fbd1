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
