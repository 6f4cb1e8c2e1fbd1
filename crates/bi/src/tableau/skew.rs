//! The server's clock and ours.
//!
//! A server's clock may be hours off. What it dates of extracts and jobs is brought to this machine's clock where it is
//! read, so that everything after compares instants of one clock. What lists date (`updatedAt`) is not: it is compared
//! with what the same server dated before.

use chrono::{DateTime, TimeDelta, Utc};

/// So much is the way of an answer, and the server's whole seconds; clocks that differ by no more agree.
const LEAST: TimeDelta = TimeDelta::seconds(3);

/// By how much a server's clock is ahead of ours, in whole seconds; negative when it is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skew(TimeDelta);

impl Skew {
    /// The skew of clocks that were measured to be so far apart.
    pub(crate) fn of(ahead: TimeDelta) -> Self {
        let is_none = ahead.abs() < LEAST;
        Self(TimeDelta::seconds(if is_none { 0 } else { ahead.num_seconds() }))
    }

    /// An instant of the server's by our clock.
    pub(crate) fn ours(self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.checked_sub_signed(self.0).unwrap_or(at)
    }

    /// An instant of ours by the server's clock.
    pub(crate) fn theirs(self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.checked_add_signed(self.0).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(2_900, "12:00:00")]
    #[case(-2_900, "12:00:00")]
    #[case(7_200_400, "10:00:00")]
    #[case(-7_200_400, "14:00:00")]
    fn instants_are_brought_over_and_back(#[case] milliseconds: i64, #[case] expected: &str) {
        let skew = Skew::of(TimeDelta::milliseconds(milliseconds));
        let at: DateTime<Utc> = "2026-03-04T12:00:00Z".parse().unwrap();
        assert_eq!(skew.ours(at).format("%H:%M:%S").to_string(), expected);
        assert_eq!(skew.theirs(skew.ours(at)), at);
    }
}
