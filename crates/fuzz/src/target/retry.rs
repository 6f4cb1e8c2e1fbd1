//! `Retry-After` and `Date`, as a server sends them.

use std::time::Duration;

use chrono::DateTime;
use tailwater_bi::retry::{Backoff, parse_http_date, parse_retry_after};

use super::Target;

pub const TARGET: Target = Target {
    name: "retry_after",
    run,
    words: &[
        "Wed, ",
        "04 Mar 2026 ",
        "05:06:07 ",
        "GMT",
        "+0000",
        "-2359",
        "23:59:60",
        "0",
        "18446744073709551615",
        "18446744073709551616",
        "-",
        "+",
        "Feb",
        "29",
        "1",
        "99999",
        "(comment)",
    ],
    mutations: 30_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let now = DateTime::UNIX_EPOCH;
    if let Some(wait) = parse_retry_after(&text, now) {
        // What is told is added to clocks and compared; a sum may saturate, but not overflow.
        let limit = Duration::from_mins(2);
        assert!(wait <= limit || wait.saturating_add(limit) > limit);
    }
    if let Some(date) = parse_http_date(&text) {
        assert_eq!(parse_retry_after(&text, date), Some(Duration::ZERO));
    }
    let attempts = bytes.iter().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(*byte))
    });
    let backoff = Backoff {
        random: || 1.0,
        ..Backoff::default()
    };
    assert!(backoff.wait_after(attempts) <= backoff.longest);
}
