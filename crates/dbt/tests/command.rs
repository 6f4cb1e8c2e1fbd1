//! Running commands: small shell scripts stand for dbt.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_dbt::command::{DbtCommand, DbtExit, Heard, Running, Stop, Stream};
use tailwater_dbt::log::DbtEvent;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Long enough that a test that waits for it is seen to hang.
const FOR_EVER: Duration = Duration::from_mins(1);

struct Scene {
    directory: TempDir,
}

impl Scene {
    /// A directory with a program `dbt` of these lines.
    fn new(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("dbt");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.directory.path().to_owned()).unwrap()
    }

    fn command(&self) -> DbtCommand {
        let mut command = DbtCommand::new(self.path(), ["build"]);
        command.program = vec![self.path().join("dbt").to_string()];
        command.log_path = Some(self.path().join("deep/logs"));
        command
    }

    fn start(&self, stop: &Stop) -> Running {
        self.command().start(stop).unwrap()
    }
}

fn never(grace: Duration) -> Stop {
    Stop::new(CancellationToken::new(), grace)
}

#[derive(Debug, Default)]
struct Story {
    stdout: String,
    stderr: String,
    events: Vec<DbtEvent>,
    exit: Option<DbtExit>,
}

async fn follow(mut running: Running) -> Story {
    let mut story = Story::default();
    while let Some(heard) = running.hear().await {
        assert_eq!(story.exit, None, "the exit is the last that is heard");
        match heard {
            Heard::Output { stream, bytes } => {
                let text = String::from_utf8_lossy(&bytes);
                match stream {
                    Stream::Stdout => story.stdout += &text,
                    Stream::Stderr => story.stderr += &text,
                }
            }
            Heard::Event(event) => story.events.push(event),
            Heard::Exited(exit) => story.exit = Some(exit),
        }
    }
    story
}

/// Waits until the program has printed something.
async fn printed(running: &mut Running) -> String {
    loop {
        match running.hear().await.unwrap() {
            Heard::Output { bytes, .. } => return String::from_utf8(bytes).unwrap(),
            Heard::Event(_) => {}
            Heard::Exited(exit) => unreachable!("it ended: {exit}"),
        }
    }
}

const FINISHED: &str = r#"{"info": {"name": "NodeFinished", "code": "Q025", "level": "debug", "msg": "", "ts": "2027-01-01T00:00:00Z", "invocation_id": "i"}, "data": {"node_info": {"unique_id": "model.p.a", "node_status": "success"}, "run_result": {"status": "success"}}}"#;

fn ends(events: &[DbtEvent]) -> usize {
    events
        .iter()
        .filter(|event| matches!(event, DbtEvent::NodeFinished(_)))
        .count()
}

#[tokio::test]
async fn what_it_prints_and_logs_is_heard_and_its_end_is_last() {
    let scene = Scene::new(&format!(
        "printf '\\033[32mgreen\\033[0m'; echo oops >&2; echo '{FINISHED}' > $DBT_LOG_PATH/dbt.log; exit 1"
    ));
    let story = follow(scene.start(&never(FOR_EVER))).await;
    assert_eq!(story.stdout, "\u{1b}[32mgreen\u{1b}[0m");
    assert_eq!(story.stderr, "oops\n");
    assert_eq!(ends(&story.events), 1);
    assert_eq!(story.exit, Some(DbtExit::SomeFailed));
}

#[tokio::test]
async fn events_on_stdout_are_heard_where_the_log_file_is_out_of_reach() {
    let scene = Scene::new(&format!("echo '{FINISHED}'; exit 2"));
    let story = follow(scene.start(&never(FOR_EVER))).await;
    assert_eq!(ends(&story.events), 1);
    assert_eq!(story.stdout, format!("{FINISHED}\n"));
    assert_eq!(story.exit, Some(DbtExit::CouldNotRun));
}

#[tokio::test]
async fn an_event_is_heard_while_the_process_goes_on() {
    let scene = Scene::new(&format!(
        "echo '{FINISHED}' > $DBT_LOG_PATH/dbt.log; while [ ! -e go ]; do sleep 0.01; done"
    ));
    let mut running = scene.start(&never(FOR_EVER));
    loop {
        if let Heard::Event(DbtEvent::NodeFinished(_)) = running.hear().await.unwrap() {
            break;
        }
    }
    std::fs::write(scene.path().join("go"), "").unwrap();
    assert_eq!(follow(running).await.exit, Some(DbtExit::Done));
}

#[tokio::test]
async fn the_environment_says_what_dbt_needs_and_keeps_secrets_back() {
    let scene = Scene::new("env");
    let mut command = scene.command();
    command.target_path = Some("/own/target".into());
    command
        .environment
        .insert("WAREHOUSE".to_owned(), "w".to_owned().into());
    command.withheld.push("PATH".to_owned());
    let story = follow(command.start(&never(FOR_EVER)).unwrap()).await;
    let said: Vec<&str> = story.stdout.lines().collect();
    for line in [
        "DBT_LOG_FORMAT_FILE=json",
        "DBT_LOG_LEVEL_FILE=debug",
        "DBT_LOG_FILE_MAX_BYTES=0",
        "DBT_SEND_ANONYMOUS_USAGE_STATS=0",
        "DBT_TARGET_PATH=/own/target",
        "WAREHOUSE=w",
    ] {
        assert!(said.contains(&line), "{line}\n{}", story.stdout);
    }
    assert!(story.stdout.contains("deep/logs"));
    let own = std::env::var("PATH").unwrap();
    assert!(!said.contains(&format!("PATH={own}").as_str()));
}

#[tokio::test]
async fn stopping_asks_politely_and_reaches_what_it_started() {
    let scene = Scene::new(
        "trap 'exit 2' INT; sh -c 'trap \"echo told > told; exit\" INT; echo ready; while :; do sleep 0.01; done'",
    );
    let token = CancellationToken::new();
    let mut running = scene.start(&Stop::new(token.clone(), FOR_EVER));
    assert_eq!(printed(&mut running).await, "ready\n");
    token.cancel();
    assert_eq!(follow(running).await.exit, Some(DbtExit::CouldNotRun));
    assert!(scene.path().join("told").exists());
}

#[tokio::test]
async fn what_does_not_listen_is_killed_after_the_grace_periods() {
    let scene = Scene::new("trap '' INT TERM; echo ready; while :; do sleep 0.01; done");
    let stop = never(Duration::from_millis(10));
    let mut running = scene.start(&stop);
    printed(&mut running).await;
    stop.ask();
    assert_eq!(follow(running).await.exit, Some(DbtExit::Signal { signal: 9 }));
}

#[tokio::test]
async fn insisting_does_not_wait() {
    let scene = Scene::new("trap '' INT TERM; echo ready; while :; do sleep 0.01; done");
    let stop = never(FOR_EVER);
    let mut running = scene.start(&stop);
    printed(&mut running).await;
    stop.ask();
    stop.insist();
    assert_eq!(follow(running).await.exit, Some(DbtExit::Signal { signal: 9 }));
}

#[tokio::test]
async fn dropping_it_ends_the_whole_group() {
    let scene = Scene::new("sh -c 'echo $$ > pid; echo ready; while :; do sleep 0.01; done' & wait");
    let mut running = scene.start(&never(FOR_EVER));
    printed(&mut running).await;
    drop(running);
    let pid = std::fs::read_to_string(scene.path().join("pid")).unwrap();
    let state = format!("/proc/{}/stat", pid.trim());
    // Gone, or a zombie that nobody has looked after yet.
    while std::fs::read_to_string(&state).is_ok_and(|stat| !stat.contains(") Z ")) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn output_without_end_and_without_lines_is_passed_on_in_little_memory() {
    let scene = Scene::new("head -c 20000000 /dev/zero; head -c 9000000 /dev/zero > $DBT_LOG_PATH/dbt.log");
    let mut running = scene.start(&never(FOR_EVER));
    let mut bytes_heard = 0;
    let mut longest = 0;
    while let Some(heard) = running.hear().await {
        match heard {
            Heard::Output { bytes, .. } => bytes_heard += bytes.len(),
            Heard::Event(DbtEvent::Text { text }) => longest = longest.max(text.len()),
            Heard::Event(_) | Heard::Exited(_) => {}
        }
    }
    assert_eq!(bytes_heard, 20_000_000);
    assert!(longest < 5_000_000, "{longest}");
}

#[tokio::test]
async fn a_killed_dbt_says_by_which_signal() {
    let scene = Scene::new("kill -KILL $$");
    let exit = follow(scene.start(&never(FOR_EVER))).await.exit.unwrap();
    assert_eq!((exit, exit.code()), (DbtExit::Signal { signal: 9 }, 137));
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let scene = Scene::new("true");
    let why = |command: &DbtCommand| {
        let error = command.start(&never(FOR_EVER)).unwrap_err();
        format!("{}: {error}", error.code())
    };
    let mut missing = scene.command();
    missing.program = vec!["no-such-dbt".to_owned()];
    assert_eq!(
        why(&missing),
        "TW-DBT-NO-PROGRAM: there is no program `no-such-dbt` to run"
    );
    let mut plain = scene.command();
    std::fs::write(scene.path().join("text"), "x").unwrap();
    plain.program = vec![scene.path().join("text").to_string()];
    assert!(why(&plain).starts_with("TW-DBT-NOT-STARTED"));
    let mut nowhere = scene.command();
    nowhere.directory = Utf8Path::new("/no/such/place").to_owned();
    assert!(why(&nowhere).starts_with("TW-DBT-NO-DIRECTORY"));
}
