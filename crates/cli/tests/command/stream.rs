//! What goes where: answers to standard output, everything else to standard error; closed pipes, full
//! disks, colour.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::json;

use crate::scene::{Scene, Site};

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let scene = Scene::new();
    // More than a pipe holds, so that writing really fails.
    let lines =
        (0..200_000).map(|id| format!("{{\"id\":{id},\"dialect\":\"duckdb\",\"sql\":\"select 1\"}}\n"));
    scene.write("many.jsonl", &lines.collect::<String>());
    let mut child = scene
        .command(&["sql", "--jsonl", "many.jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with("{\"id\":0,"), "{first}");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn help_for_a_closed_pipe_is_no_failure() {
    let scene = Scene::new();
    for arguments in [
        vec!["--help"],
        vec!["completions", "bash"],
        vec!["project", "list"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = scene
            .command(&arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let scene = Scene::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = scene
        .command(&["--json", "project", "list"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("TW-CLI-OUTPUT"));
}

#[test]
fn a_program_that_waits_for_each_answer_gets_it() {
    let scene = Scene::new();
    let mut child = scene
        .command(&["sql", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for id in 0..3 {
        let question = json!({ "id": id, "dialect": "duckdb", "sql": "select 1 from a.b" });
        writeln!(questions, "{question}").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("{{\"id\":{id},")), "{answer}");
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_progress_do_not_mix() {
    let site = Site::imported().await;
    let ended = site.scene.run(&["sync", "main", "--json"]);
    serde_json::from_str::<serde_json::Value>(&ended.output).unwrap();
    assert!(ended.complaints.lines().count() > 2, "{ended:#?}");
    for line in ended.complaints.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["progress"]["phase"].is_string(), "{line}");
    }
    let ended = site.scene.run(&["sync", "main", "--quiet"]);
    assert_eq!(ended.complaints, "");
    assert!(ended.output.contains("main: "), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_fits_into_80_columns() {
    use unicode_width::UnicodeWidthStr;

    let mut site = Site::imported().await;
    site.scene = site.scene.with_variable("COLUMNS", "80");
    let commands: [&[&str]; 9] = [
        &["sync", "--dry-run"],
        &["collections", "main"],
        &["exposures"],
        &["unmatched"],
        &["explain", "Payments"],
        &["explain", "fct_orders"],
        &["integration", "list"],
        &["integration", "show", "main"],
        &["doctor"],
    ];
    for arguments in commands {
        let told = site.scene.tell(arguments);
        for line in told.lines() {
            assert!(line.width() <= 80, "{arguments:?}: {line}");
        }
    }
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let scene = Scene::new();
    assert!(!scene.tell(&["project", "list"]).contains('\u{1b}'));
    assert!(
        scene
            .tell(&["--color=always", "project", "list"])
            .contains('\u{1b}')
    );
    let asked_not = Scene::new().with_variable("NO_COLOR", "1");
    assert!(!asked_not.tell(&["project", "list"]).contains('\u{1b}'));
}

#[test]
fn logs_go_to_standard_error_and_can_be_chosen() {
    let scene = Scene::new().with_variable("TAILWATER_LOG", "nonsense=[");
    let ended = scene.run(&["project", "list", "--json"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.error()["code"], "TW-CLI-LOG-FILTER");
    let scene = Scene::new();
    let ended = scene.run(&["project", "list", "--json", "-vvv"]);
    assert_eq!(ended.output, "[]\n", "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_v_says_more_of_what_is_done() {
    let site = Site::start().await;
    site.declare("");
    let logged = |arguments: &[&str]| {
        let ended = site.scene.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.complaints
    };
    let once = logged(&["sync", "main", "--quiet", "-v"]);
    for told in [
        "configuration read file=tailwater.toml",
        "store opened store=sqlite:.tailwater/tailwater.db",
        "dbt project project=shop path=",
        "sync{integration=main dry_run=false}",
        "read subject=\"main\" phase=\"workbooks\" done=30 elapsed_ms=",
        "synced added=",
        "duration_ms=",
    ] {
        assert!(once.contains(told), "{told}: {once}");
    }
    assert!(!once.contains("DEBUG") && !once.contains("status=200"), "{once}");
    let twice = logged(&["sync", "main", "--quiet", "-vv"]);
    let answers = twice.lines().filter(|line| line.contains("status=200"));
    assert!(answers.count() > 5, "{twice}");
    assert_eq!(logged(&["sync", "main", "--quiet"]), "");

    let for_machines = logged(&["exposures", "--json", "-v"]);
    assert!(!for_machines.is_empty());
    for line in for_machines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "INFO");
    }
}
