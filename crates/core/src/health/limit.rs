//! From when on an extract is older than it may be.

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::refresh::Policy;

/// How long after it could have been refreshed an extract may still be as it was: builds and refreshes take a
/// while.
pub const GRACE: TimeDelta = TimeDelta::hours(1);

/// From when on an extract counts as stale by its policy.
///
/// It does when it is refreshed by policy at all, and either the time by which it is to be fresh each day was
/// missed, that is, it was not refreshed in the day before it; or something that it stands on was built after
/// the last refresh, and the shortest time between two refreshes and an hour's grace have gone by since. One
/// whose models were not built anew is old, not stale: refreshing it would change nothing.
pub fn stale_at(
    policy: &Policy,
    refreshed_at: DateTime<Utc>,
    built_at: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    if !policy.enabled {
        return None;
    }
    let by_interval = built_at.filter(|built| *built > refreshed_at).and_then(|built| {
        let allowed = refreshed_at.checked_add_signed(policy.interval())?;
        allowed.max(built).checked_add_signed(GRACE)
    });
    let by_deadline = policy
        .fresh_by
        .and_then(|time| second_deadline(refreshed_at, time, &policy.timezone));
    match (by_interval, by_deadline) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The second time of day after an instant. The first is met: the refresh was in the day before it.
fn second_deadline(after: DateTime<Utc>, time: NaiveTime, timezone: &str) -> Option<DateTime<Utc>> {
    let zone: Tz = timezone.parse().unwrap_or(Tz::UTC);
    let mut day = after.with_timezone(&zone).date_naive();
    let mut met = 0;
    // The first may be on the same day, and a day in which the time is skipped is worth an hour at most.
    for _ in 0..4 {
        let at = instant(zone, day.and_time(time))?;
        if at > after {
            met += 1;
        }
        if met == 2 {
            return Some(at);
        }
        day = day.succ_opt()?;
    }
    None
}

/// A local time as an instant. One that a clock change skips is taken an hour later; of two the first.
fn instant(zone: Tz, local: chrono::NaiveDateTime) -> Option<DateTime<Utc>> {
    let found = zone.from_local_datetime(&local).earliest().or_else(|| {
        zone.from_local_datetime(&local.checked_add_signed(TimeDelta::hours(1))?)
            .earliest()
    })?;
    Some(found.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    fn policy(fresh_by: Option<(u32, u32)>) -> Policy {
        Policy {
            enabled: true,
            interval_minutes: 120,
            fresh_by: fresh_by.map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap()),
            timezone: "Europe/Berlin".to_owned(),
            ..Policy::default()
        }
    }

    #[rstest]
    // Nothing newer was built: old, not stale.
    #[case("2026-01-10T06:00", None, None, None)]
    #[case("2026-01-10T06:00", Some("2026-01-10T05:00"), None, None)]
    #[case("2026-01-10T06:00", Some("2026-01-10T06:30"), None, Some("2026-01-10T09:00"))]
    #[case("2026-01-10T06:00", Some("2026-01-11T06:30"), None, Some("2026-01-11T07:30"))]
    // 07:00 in Berlin is 06:00 UTC in winter; what was refreshed at 05:00 is good for that day.
    #[case("2026-01-10T05:00", None, Some((7, 0)), Some("2026-01-11T06:00"))]
    #[case("2026-01-10T06:00", None, Some((7, 0)), Some("2026-01-12T06:00"))]
    // Over the change to summer time on 29 March.
    #[case("2026-03-28T05:00", None, Some((7, 0)), Some("2026-03-29T05:00"))]
    // 02:30 does not exist that day.
    #[case("2026-03-28T01:00", None, Some((2, 30)), Some("2026-03-29T01:30"))]
    #[case("2026-01-10T05:00", Some("2026-01-10T05:30"), Some((7, 0)), Some("2026-01-10T08:00"))]
    fn an_extract_is_stale_from_then_on(
        #[case] refreshed: &str,
        #[case] built: Option<&str>,
        #[case] fresh_by: Option<(u32, u32)>,
        #[case] expected: Option<&str>,
    ) {
        let found = stale_at(&policy(fresh_by), at(refreshed), built.map(at));
        assert_eq!(found, expected.map(at));
    }

    #[test]
    fn what_is_not_refreshed_by_policy_is_never_stale() {
        let off = Policy {
            enabled: false,
            ..policy(Some((7, 0)))
        };
        assert_eq!(
            stale_at(&off, at("2026-01-01T05:00"), Some(at("2026-01-02T05:00"))),
            None
        );
    }
}
