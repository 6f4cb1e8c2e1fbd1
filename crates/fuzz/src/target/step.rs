//! What an operator types: a job's step, a calendar's pattern, and a value by hand.

use chrono::DateTime;
use tailwater_core::calendar::Calendar;
use tailwater_core::curation::Field;
use tailwater_core::job::Step;

use super::{Target, first_line};
use crate::property::is_short;

pub const TARGET: Target = Target {
    name: "step",
    run,
    words: &[
        "dbt ",
        "build",
        "--select ",
        "'",
        "\"",
        "\\",
        "$(",
        "${",
        "`",
        ";",
        "&&",
        "|",
        ">",
        "--target=prod",
        "source freshness",
        "* * * * *",
        "*/5",
        "0-59",
        "L",
        "#",
        "MON",
        "31",
        "\nEurope/Berlin",
    ],
    mutations: 12_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Step::parse(&text) {
        Ok(step) => {
            assert!(!step.arguments().is_empty());
            assert_eq!(Step::parse(step.text()).as_ref(), Ok(&step));
        }
        Err(problem) => is_short(&problem.to_string()),
    }
    let (pattern, zone) = first_line(&text);
    let zone = if zone.is_empty() { "UTC" } else { zone };
    match Calendar::new(pattern, zone) {
        Ok(calendar) => {
            let start = DateTime::UNIX_EPOCH;
            if let Some(next) = calendar.next_after(start) {
                assert!(next > start, "{pattern}");
            }
        }
        Err(error) => is_short(&error.to_string()),
    }
    for field in Field::ALL {
        match field.read(&text) {
            Ok(value) => assert_eq!(field.read(&value.to_text()), Ok(value), "{field:?}"),
            Err(error) => is_short(&error.to_string()),
        }
    }
}
