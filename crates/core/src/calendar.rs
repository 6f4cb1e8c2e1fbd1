//! Set times on the clock of a time zone: a cron pattern of five fields, and what it means when the clock is
//! changed.
//!
//! A time that a change to summer time skips comes right after the gap; one that comes twice counts the first
//! time only.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

/// Set times on the clock of a time zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    cron: Cron,
    zone: Tz,
}

/// Why a text is no set time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}`: {problem}")]
pub struct CalendarError {
    /// The text, or its beginning where it is long.
    pub value: String,
    /// What is wrong with it, in words for people.
    pub problem: String,
}

impl Calendar {
    /// Reads a cron pattern of five fields, such as `0 6,18 * * 1-5`, and the IANA name of a time zone.
    ///
    /// # Errors
    /// When one of them is none, or the pattern never comes.
    pub fn new(pattern: &str, zone: &str) -> Result<Self, CalendarError> {
        Self::in_zone(pattern, read_zone(zone)?)
    }

    /// Reads a cron pattern of five fields for a time zone.
    ///
    /// # Errors
    /// When it is none, or never comes.
    pub fn in_zone(pattern: &str, zone: Tz) -> Result<Self, CalendarError> {
        let pattern = pattern.trim();
        let refused = |problem: String| CalendarError {
            value: shortened(pattern),
            problem: shortened(&problem),
        };
        // The parser takes an empty place for nothing at all, and then looks through thousands of years for a minute
        // that is none.
        let has_empty_place = |field: &str| field.split(',').any(str::is_empty);
        if pattern.split_whitespace().any(has_empty_place) {
            return Err(refused("a list in it has an empty place".to_owned()));
        }
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(pattern)
            .map_err(|error| refused(in_words(&error)))?;
        // A 30th of February is a good pattern that never comes.
        cron.find_next_occurrence(&DateTime::UNIX_EPOCH.with_timezone(&zone), false)
            .map_err(|_| refused("such a time never comes".to_owned()))?;
        Ok(Self { cron, zone })
    }

    /// The zone in which the times are meant.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The first set time after the given instant; `None` when there is none.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut from = after.with_timezone(&self.zone);
        // Around a change of the clock a time may come out again that has been already.
        for _ in 0..3 {
            let next = self.cron.find_next_occurrence(&from, false).ok()?;
            if next > from {
                return Some(next.with_timezone(&Utc));
            }
            from += TimeDelta::minutes(1);
        }
        None
    }

    /// The last set time after `since` and not after `now`; `None` when none came.
    pub fn last_between(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // A pattern of every minute over a month is not walked through: it has a time in the last hour.
        let windows = [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(32)];
        let starts = windows
            .into_iter()
            .filter_map(|window| now.checked_sub_signed(window));
        for start in starts.map(|start| start.max(since)).chain([since]) {
            let mut last = None;
            let mut from = start;
            while let Some(next) = self.next_after(from).filter(|next| *next <= now) {
                last = Some(next);
                from = next;
            }
            if last.is_some() || start == since {
                return last;
            }
        }
        None
    }
}

/// The time zone of an IANA name.
///
/// # Errors
/// When it is none.
pub fn read_zone(name: &str) -> Result<Tz, CalendarError> {
    name.parse().map_err(|_| CalendarError {
        value: shortened(name),
        problem: "it is no name of a time zone".to_owned(),
    })
}

/// As much of a text as a message repeats: what is typed for a pattern may be anything.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn in_words(error: &CronError) -> String {
    match error {
        CronError::EmptyPattern => "it is empty".to_owned(),
        CronError::InvalidPattern(why)
        | CronError::IllegalCharacters(why)
        | CronError::ComponentError(why) => why.trim_end_matches('.').to_owned(),
        _ => "it is no cron pattern of five fields".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    #[rstest]
    #[case(", * * * *")]
    #[case("0 1,,2 * * *")]
    #[case("0 0 1, * *")]
    fn an_empty_place_in_a_list_is_refused_at_once(#[case] pattern: &str) {
        let error = Calendar::new(pattern, "UTC").unwrap_err();
        assert_eq!(error.problem, "a list in it has an empty place");
    }

    #[test]
    fn a_message_repeats_the_beginning_of_a_long_pattern() {
        for (pattern, zone) in [
            ("x".repeat(60_000), "UTC".to_owned()),
            ("* * * * *".to_owned(), "é".repeat(60_000)),
        ] {
            let error = Calendar::new(&pattern, &zone).unwrap_err();
            assert!(error.to_string().len() < 600, "{error}");
        }
    }

    #[rstest]
    #[case("0 * * * *", "2025-07-01T00:00", "2025-07-01T05:30", Some("2025-07-01T05:00"))]
    #[case("0 * * * *", "2025-07-01T05:00", "2025-07-01T05:30", None)]
    #[case("* * * * *", "2024-07-01T05:00", "2025-07-01T05:30", Some("2025-07-01T05:30"))]
    #[case("0 6 1 1 *", "2020-07-01T05:00", "2025-07-01T05:30", Some("2025-01-01T06:00"))]
    #[case("0 6 1 1 *", "2025-01-01T06:00", "2025-07-01T05:30", None)]
    fn of_missed_times_the_last_counts(
        #[case] pattern: &str,
        #[case] since: &str,
        #[case] now: &str,
        #[case] expected: Option<&str>,
    ) {
        let calendar = Calendar::new(pattern, "UTC").unwrap();
        assert_eq!(calendar.last_between(at(since), at(now)), expected.map(at));
    }
}
