//! The structured log: what dbt 1.11 wrote, what older versions write, and what nobody should write.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;
use std::fs;

use proptest::prelude::*;
use tailwater_dbt::log::{Channel, DbtEvent, LogReader};

/// What was recorded of dbt 1.11.16 with dbt-duckdb 1.11.1, without SQL and stack traces.
fn recorded(name: &str) -> String {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/log");
    fs::read_to_string(format!("{directory}/{name}.jsonl")).unwrap()
}

fn read(channel: Channel, text: &str) -> Vec<DbtEvent> {
    let mut reader = LogReader::new();
    text.lines()
        .flat_map(|line| reader.read(channel, line.as_bytes()))
        .collect()
}

/// A line for each event, without times.
fn told(events: &[DbtEvent]) -> String {
    let mut told = String::new();
    for event in events {
        match event {
            DbtEvent::InvocationStarted {
                invocation_id,
                dbt_version,
                ..
            } => writeln!(told, "invocation {} of dbt {dbt_version:?}", invocation_id.len()),
            DbtEvent::NodeStarted(node) => writeln!(told, "started  {}", node.unique_id),
            DbtEvent::BatchFinished { unique_id, status } => writeln!(told, "batch    {unique_id}: {status}"),
            DbtEvent::NodeFinished(end) => {
                let result = &end.result;
                assert!(result.completed_at.is_some(), "{result:?}");
                let message = result.message.as_deref().unwrap_or_default();
                let message = message.lines().next().unwrap_or_default();
                writeln!(
                    told,
                    "finished {}: {} {:?} {message}",
                    result.unique_id, result.status, result.failures
                )
            }
            other => writeln!(told, "{other:?}"),
        }
        .unwrap();
    }
    told
}

#[test]
fn a_build_with_failures_and_batches() {
    insta::assert_snapshot!(told(&read(Channel::File, &recorded("build_file"))));
}

#[test]
fn the_same_build_at_level_info_on_stdout() {
    insta::assert_snapshot!(told(&read(Channel::Output, &recorded("build_output"))));
}

#[test]
fn freshness() {
    insta::assert_snapshot!(told(&read(Channel::File, &recorded("freshness"))));
}

#[test]
fn an_interrupted_run() {
    insta::assert_snapshot!(told(&read(Channel::File, &recorded("interrupted"))));
}

#[test]
fn a_project_that_cannot_be_parsed() {
    insta::assert_snapshot!(told(&read(Channel::File, &recorded("not_parsed"))));
}

#[test]
fn a_microbatch_model_ends_once_and_after_its_last_batch() {
    let events = read(Channel::File, &recorded("build_file"));
    let of_it: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            DbtEvent::NodeStarted(node) if node.unique_id.as_str() == "model.shop.mb" => Some("started"),
            DbtEvent::BatchFinished { .. } => Some("batch"),
            DbtEvent::NodeFinished(end) if end.result.unique_id.as_str() == "model.shop.mb" => {
                Some("finished")
            }
            _ => None,
        })
        .collect();
    assert_eq!(of_it, ["started", "batch", "batch", "batch", "batch", "finished"]);
}

/// Both channels tell of the same; whichever is heard first, nothing is told twice.
#[test]
fn two_channels_make_one_story() {
    let (file, output) = (recorded("build_file"), recorded("build_output"));
    let ends = |events: &[DbtEvent]| {
        let mut ends: Vec<String> = events
            .iter()
            .filter_map(|event| match event {
                DbtEvent::NodeFinished(end) => {
                    Some(format!("{} {}", end.result.unique_id, end.result.status))
                }
                _ => None,
            })
            .collect();
        ends.sort_unstable();
        ends
    };
    let expected = ends(&read(Channel::File, &file));
    assert_eq!(ends(&read(Channel::Output, &output)), expected);
    for file_first in [true, false] {
        let mut reader = LogReader::new();
        let mut both = Vec::new();
        let mut read = |channel, text: &str| {
            for line in text.lines() {
                both.extend(reader.read(channel, line.as_bytes()));
            }
        };
        if file_first {
            read(Channel::File, &file);
            read(Channel::Output, &output);
        } else {
            read(Channel::Output, &output);
            read(Channel::File, &file);
        }
        assert_eq!(ends(&both), expected);
    }
}

/// dbt 1.3, before events had names.
#[test]
fn flat_lines_of_old_versions() {
    let text = r#"
{"code": "A001", "data": {"log_version": 2, "version": "=1.3.2"}, "invocation_id": "i", "level": "info", "log_version": 2, "msg": "Running with dbt=1.3.2", "pid": 1, "thread_name": "MainThread", "ts": "2023-01-02T03:04:05.000000Z", "type": "log_line"}
{"code": "Q011", "data": {"description": "table model main.a", "index": 1, "node_info": {"node_finished_at": "", "node_started_at": "2023-01-02T03:04:06.000000", "node_status": "started", "resource_type": "model", "unique_id": "model.p.a"}, "total": 1}, "invocation_id": "i", "level": "info", "msg": "1 of 1 START", "ts": "2023-01-02T03:04:06.000000Z", "type": "log_line"}
{"code": "Q033", "data": {"execution_time": 0.5, "node_info": {"node_finished_at": "2023-01-02T03:04:07.000000", "node_started_at": "2023-01-02T03:04:06.000000", "node_status": "success", "resource_type": "model", "unique_id": "model.p.a"}, "status": "OK", "total": 1}, "invocation_id": "i", "level": "info", "msg": "1 of 1 OK", "ts": "2023-01-02T03:04:07.000000Z", "type": "log_line"}
"#;
    assert_eq!(
        told(&read(Channel::File, text)),
        "invocation 1 of dbt Some(\"1.3.2\")\n\
         Message { level: Info, name: \"A001\", text: \"Running with dbt=1.3.2\", unique_id: None }\n\
         started  model.p.a\n\
         finished model.p.a: success None \n"
    );
}

/// A later dbt may add events, and fields of other shapes.
#[test]
fn unknown_events_and_odd_shapes_are_kept_as_messages() {
    let text = r#"
{"info": {"name": "NewThing", "code": "X1", "level": "warn", "msg": "\u001b[33mnew\u001b[0m", "ts": "2027-01-01T00:00:00Z", "invocation_id": "i"}, "data": {"node_info": [1], "run_result": "x", "stats": 3}}
{"info": {"name": "NodeFinished", "code": "Q025", "level": "debug", "msg": "", "ts": "2027-01-01T00:00:00Z", "invocation_id": "i"}, "data": {"node_info": {"unique_id": "model.p.a", "node_status": "melted", "extra": {}}, "run_result": {"status": "melted", "timing_info": {}, "message": {"a": 1}, "num_failures": "7"}}}
{"msg": "a log of something else", "level": "info"}
not JSON
"#;
    insta::assert_snapshot!(told(&read(Channel::File, text.trim())));
}

#[test]
fn a_command_that_calls_dbt_twice_begins_anew() {
    let line = |invocation: &str, name: &str| {
        format!(
            r#"{{"info": {{"name": "{name}", "code": "Q", "level": "debug", "msg": "", "ts": "2027-01-01T00:00:00Z", "invocation_id": "{invocation}"}}, "data": {{"node_info": {{"unique_id": "model.p.a", "node_status": "success"}}, "run_result": {{"status": "success"}}}}}}"#
        )
    };
    let text = ["one", "two"].map(|id| format!("{}\n{}\n", line(id, "NodeStart"), line(id, "NodeFinished")));
    let events = read(Channel::File, &text.concat());
    let ends = events
        .iter()
        .filter(|event| matches!(event, DbtEvent::NodeFinished(_)));
    assert_eq!(ends.count(), 2);
}

#[test]
fn hostile_lines_are_text() {
    let deep = format!("{{\"info\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let mut reader = LogReader::new();
    for line in [
        deep.as_bytes(),
        b"{\"info\": {\"level\": \"info\", \"ts\": \"\xff\xfe",
        b"{\"info\": {\"name\": \"a\", \"name\": \"b\"}}",
        b"{}",
        b"{\"info\": null, \"data\": null}",
        b"\x00\x01\x02{",
    ] {
        let events = reader.read(Channel::File, line);
        assert!(matches!(events.as_slice(), [DbtEvent::Text { .. }]), "{events:?}");
    }
    assert_eq!(reader.read(Channel::File, b"  \r\n"), []);
    assert_eq!(reader.read(Channel::Output, b"plain text of dbt"), []);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        LogReader::new().read(Channel::File, &bytes);
    }

    /// Each line of a real log with one byte changed.
    #[test]
    fn damaged_lines_do_no_harm(line in 0usize..225, at in 0usize..800, byte in any::<u8>()) {
        let text = recorded("build_file");
        let mut damaged = text.lines().nth(line).unwrap_or_default().as_bytes().to_vec();
        if let Some(place) = damaged.get_mut(at) {
            *place = byte;
        }
        LogReader::new().read(Channel::File, &damaged);
    }

    /// However lines are lost, doubled and disordered, a node is never said to end twice in one invocation.
    #[test]
    fn a_node_ends_at_most_once(order in proptest::collection::vec(0usize..225, 0..400)) {
        let text = recorded("build_file");
        let lines: Vec<&str> = text.lines().collect();
        let mut reader = LogReader::new();
        let mut seen = std::collections::BTreeSet::new();
        for index in order {
            for event in reader.read(Channel::File, lines[index % lines.len()].as_bytes()) {
                if let DbtEvent::NodeFinished(end) = event {
                    prop_assert!(seen.insert(end.result.unique_id.clone()), "{} twice", end.result.unique_id);
                }
            }
        }
    }
}
