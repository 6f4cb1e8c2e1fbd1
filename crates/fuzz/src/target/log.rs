//! dbt's structured log, line by line.

use std::collections::BTreeSet;

use tailwater_dbt::log::{Channel, DbtEvent, LogReader};

use super::Target;
use crate::property::survives_the_store;

pub const TARGET: Target = Target {
    name: "log",
    run,
    words: &[
        "\"info\"",
        "\"data\"",
        "\"name\"",
        "\"NodeStart\"",
        "\"NodeFinished\"",
        "\"LogModelResult\"",
        "\"level\"",
        "\"ts\"",
        "\"invocation_id\"",
        "\"node_info\"",
        "\"run_result\"",
        "\"unique_id\"",
        "\"status\"",
        "{",
        "}",
        ":",
        ",",
        "\\u001b[0m",
        "\\ud83d",
    ],
    mutations: 12_000,
};

fn run(bytes: &[u8]) {
    let mut reader = LogReader::new();
    let mut started = BTreeSet::new();
    let mut ended = BTreeSet::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let channel = if number % 3 == 2 {
            Channel::Output
        } else {
            Channel::File
        };
        let events = reader.read(channel, line);
        assert!(events.len() <= 2, "{events:?}");
        for event in events {
            survives_the_store(&event);
            match event {
                DbtEvent::InvocationStarted { invocation_id, .. } => {
                    assert_eq!(reader.invocation_id(), Some(invocation_id.as_str()));
                    started.clear();
                    ended.clear();
                }
                DbtEvent::NodeStarted(start) => assert!(started.insert(start.unique_id), "started twice"),
                DbtEvent::NodeFinished(end) => assert!(ended.insert(end.result.unique_id), "ended twice"),
                DbtEvent::Message { text, .. } | DbtEvent::Text { text } => {
                    assert!(!text.contains(['\u{1b}', '\u{9b}', '\0']), "{text:?}");
                }
                _ => {}
            }
        }
    }
}
