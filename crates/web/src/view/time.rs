//! Instants for people: how long ago, with the exact time beside it.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use maud::{Markup, html};

/// "12 min ago", with the exact instant as its title; the script keeps it fresh.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) title=(exact(at)) data-relative { (relative(at, now)) } }
}

/// The same, or a dash.
pub fn ago_or_dash(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Markup {
    at.map_or_else(|| html! { "–" }, |at| ago(at, now))
}

/// `2026-11-22 06:10 UTC`
pub fn exact(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `06:10:24`, with the whole instant as its title: where a date is known and seconds count.
pub fn clock(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) title=(to_the_second(at)) { (at.format("%H:%M:%S").to_string()) } }
}

/// `2026-11-22T06:10:24Z` for files; nothing where there is none.
pub fn for_files(at: Option<DateTime<Utc>>) -> String {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
        .unwrap_or_default()
}

/// `2026-11-22 06:10:24 UTC`
pub fn to_the_second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// "just now", "12 min ago", "3 h ago", "5 days ago", "in 20 min", then the date.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = now - at;
    let (past, length) = if distance >= TimeDelta::zero() {
        (true, distance)
    } else {
        (false, -distance)
    };
    let words = if length < TimeDelta::minutes(1) {
        return "just now".to_owned();
    } else if length < TimeDelta::hours(1) {
        format!("{} min", length.num_minutes())
    } else if length < TimeDelta::hours(48) {
        format!("{} h", length.num_hours())
    } else if length < TimeDelta::days(60) {
        format!("{} days", length.num_days())
    } else {
        return at.format("%Y-%m-%d").to_string();
    };
    if past {
        format!("{words} ago")
    } else {
        format!("in {words}")
    }
}

/// A length of time: "850 ms", "12.4 s", "3 min 20 s", "2 h 5 min", "24 h".
pub fn duration(length: TimeDelta) -> String {
    let milliseconds = length.num_milliseconds().max(0);
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The same of seconds as dbt writes them.
pub fn duration_of_seconds(seconds: f64) -> String {
    std::time::Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|length| TimeDelta::from_std(length).ok())
        .map_or_else(|| "–".to_owned(), duration)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(30, "just now")]
    #[case(12 * 60, "12 min ago")]
    #[case(3 * 3600 + 5, "3 h ago")]
    #[case(5 * 86_400, "5 days ago")]
    #[case(100 * 86_400, "2026-08-14")]
    #[case(-1200, "in 20 min")]
    fn instants_read_as_people_say_them(#[case] seconds_ago: i64, #[case] expected: &str) {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
        assert_eq!(relative(now - TimeDelta::seconds(seconds_ago), now), expected);
    }

    #[rstest]
    #[case(850, "850 ms")]
    #[case(12_400, "12.4 s")]
    #[case(200_000, "3 min 20 s")]
    #[case(7_500_000, "2 h 5 min")]
    #[case(86_400_000, "24 h")]
    fn lengths_read_as_people_say_them(#[case] milliseconds: i64, #[case] expected: &str) {
        assert_eq!(duration(TimeDelta::milliseconds(milliseconds)), expected);
    }
}
