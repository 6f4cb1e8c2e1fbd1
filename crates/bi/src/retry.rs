//! When to try a call again, and after how long. Pure: no clock, no sleep.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How long to wait between attempts: doubling from `first` up to `longest`, each wait shortened by a
/// random part so that many clients do not come back at once.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The wait before the second attempt.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
    /// How often a call is sent at most, the first time included.
    pub attempts: u32,
    /// A number from 0 up to 1; passed in so that tests set it.
    pub random: fn() -> f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            attempts: 4,
            random: rand::random::<f64>,
        }
    }
}

impl Backoff {
    /// The wait after the given number of attempts (1 after the first): between half and all of the
    /// doubled time.
    pub fn wait_after(&self, attempts_made: u32) -> Duration {
        let doubled = self.first.saturating_mul(
            1_u32
                .checked_shl(attempts_made.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        let share = (self.random)().clamp(0.0, 1.0).mul_add(0.5, 0.5);
        doubled.min(self.longest).mul_f64(share)
    }
}

/// Whether a status says that the same call may succeed later (RFC 9110, RFC 6585).
pub const fn is_worth_repeating(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Reads a `Retry-After` header in either of its forms, seconds or a date (RFC 9110, section 10.2.3).
///
/// `now` is the server's own `Date` where it sends one, so that a wrong clock here does not matter.
/// A date in the past is no wait at all; text that is neither form is `None`.
pub fn parse_retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = parse_http_date(value)?;
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

/// Reads how long to wait out of words such as `Please retry after 29 minutes.`, as Tableau Cloud's 429 has them in its
/// text alone. Days at most; `None` when no time is named.
pub fn parse_wait_in_words(text: &str) -> Option<Duration> {
    /// No text makes a site rest for longer.
    const LONGEST: Duration = Duration::from_hours(24);
    let lower = text.to_ascii_lowercase();
    let (_, after) = lower.split_once("retry after")?;
    let mut words = after.split(|character: char| !character.is_ascii_alphanumeric());
    let number: u64 = words.find(|word| !word.is_empty())?.parse().ok()?;
    let unit = words.find(|word| !word.is_empty()).unwrap_or("minutes");
    let seconds = if unit.starts_with("second") {
        number
    } else if unit.starts_with("hour") {
        number.checked_mul(3600)?
    } else {
        number.checked_mul(60)?
    };
    Some(Duration::from_secs(seconds).min(LONGEST))
}

/// Reads a date as HTTP headers write it.
pub fn parse_http_date(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value.trim())
        .ok()
        .map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn now() -> DateTime<Utc> {
        parse_http_date("Wed, 04 Mar 2026 05:06:07 GMT").unwrap()
    }

    #[rstest]
    #[case("120", Some(120))]
    #[case(" 0 ", Some(0))]
    #[case("Wed, 04 Mar 2026 05:07:07 GMT", Some(60))]
    #[case("Wed, 04 Mar 2026 05:00:00 GMT", Some(0))]
    #[case("soon", None)]
    #[case("-5", None)]
    #[case("", None)]
    fn retry_after_is_read_in_both_forms(#[case] value: &str, #[case] seconds: Option<u64>) {
        assert_eq!(parse_retry_after(value, now()), seconds.map(Duration::from_secs));
    }

    #[rstest]
    #[case("Too many requests for 'api.rest.refresh_extracts'. Please retry after 29 minutes.", Some(29 * 60))]
    #[case(
        r#"{"error":{"code":"429000","detail":"Please retry after 1 minutes."}}"#,
        Some(60)
    )]
    #[case("<detail>Please retry after 30 seconds</detail>", Some(30))]
    #[case("Retry after 2 hours", Some(2 * 3600))]
    #[case("retry after 5", Some(300))]
    #[case("Please retry after 999999 hours.", Some(24 * 60 * 60))]
    #[case("Please retry after 99999999999999999 hours.", None)]
    #[case("retry after a while", None)]
    #[case("Slow down.", None)]
    fn waits_are_read_out_of_words(#[case] text: &str, #[case] seconds: Option<u64>) {
        assert_eq!(parse_wait_in_words(text), seconds.map(Duration::from_secs));
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(5),
            attempts: 9,
            random: || 1.0,
        };
        let waits: Vec<u64> = (1..6).map(|made| backoff.wait_after(made).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
    }

    #[test]
    fn chance_shortens_a_wait_by_half_at_most() {
        let backoff = Backoff {
            first: Duration::from_secs(2),
            random: || 0.0,
            ..Backoff::default()
        };
        assert_eq!(backoff.wait_after(1), Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_allowed(made in 0_u32..200) {
            let backoff = Backoff::default();
            prop_assert!(backoff.wait_after(made) <= backoff.longest);
        }

        #[test]
        fn any_header_is_read_without_panic(value in ".{0,40}") {
            let _ = parse_retry_after(&value, now());
            let _ = parse_wait_in_words(&format!("retry after {value}"));
        }
    }
}
