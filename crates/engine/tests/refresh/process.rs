//! Processes that are killed and stopped, for real: the test starts itself anew as the one who sends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rstest::rstest;
use tailwater_core::refresh::{Policy, RefreshId, RefreshOutcome};
use tailwater_engine::refresh::Until;
use tailwater_engine::settings::Settings;
use tailwater_tableau_sim::Running;
use tempfile::TempDir;

use crate::stage::{Bench, Engine, ask, ask_with, drain, due, luid, node, outcomes, site, target};

const VICTIM: &str = "TAILWATER_TEST_VICTIM";

/// Runs in a process of its own, see below; on its own it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_until_it_is_killed() {
    let Ok(directory) = std::env::var(VICTIM) else {
        return;
    };
    // Whatever becomes of the test, nothing is left behind.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let settings = std::fs::read(Path::new(&directory).join("settings.json")).expect("settings");
    let settings: Settings = serde_json::from_slice(&settings).expect("settings");
    let workspace = Bench::open_in(Path::new(&directory), settings).await;
    let refresher = node(&workspace);
    refresher.start();
    println!("victim: at work");
    std::future::pending::<()>().await;
}

/// A process that sends, in the place of a bench or one of its own with the same store.
struct Victim {
    process: Child,
    /// Its own place, which is gone with it.
    home: Option<TempDir>,
}

impl Victim {
    fn start(bench: &Bench) -> Self {
        Self::start_in(bench.directory.path(), &bench.settings)
    }

    /// One that signs in with a token of its own, so that it waits for nobody.
    fn start_with_token(bench: &Bench, token: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        std::fs::copy(
            bench.directory.path().join("secret"),
            directory.path().join("secret"),
        )
        .expect("a file");
        let mut settings = bench.settings.clone();
        settings.integrations[0].token_name = Some(token.to_owned());
        let mut victim = Self::start_in(directory.path(), &settings);
        victim.home = Some(directory);
        victim
    }

    fn start_in(directory: &Path, settings: &Settings) -> Self {
        let text = serde_json::to_vec(settings).expect("settings");
        std::fs::write(directory.join("settings.json"), text).expect("a file");
        let mut process = Command::new(std::env::current_exe().expect("a program"))
            .args(["--exact", "process::works_until_it_is_killed", "--nocapture"])
            .env(VICTIM, directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let said = BufReader::new(process.stdout.take().expect("its output"));
        let is_at_work = |line: std::io::Result<String>| line.expect("a line").contains("at work");
        assert!(said.lines().any(is_at_work), "it does not begin");
        Self { process, home: None }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.process.id().to_string()])
            .status();
        assert!(sent.expect("a program").success());
    }

    fn kill(mut self) {
        self.process.kill().expect("it lives");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.home.take();
    }
}

/// So many refreshes are queued, of which a few run at once.
async fn ask_slowly(bench: &Bench, count: usize) -> Vec<RefreshId> {
    let workspace = bench.open().await;
    let policy = Policy {
        at_once: 4,
        ..Policy::default()
    };
    let decisions = (0..count).map(|number| due(target("main", number))).collect();
    let records = ask_with(&workspace, decisions, policy).await;
    records.into_iter().map(|record| record.id).collect()
}

fn assert_once_each(simulator: &Running, count: usize) {
    let (calls, jobs) = (simulator.refresh_calls(), simulator.refresh_jobs());
    assert_eq!((calls.len(), jobs.len()), (count, count), "{calls:?}");
    assert!(calls.values().all(|calls| *calls == 1), "{calls:?}");
    assert!(jobs.values().all(|jobs| *jobs == 1), "{jobs:?}");
}

async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), waited).await;
    assert!(waited.is_ok(), "{what} never came");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_asks_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    const TARGETS: usize = 16;
    const KILLS: u64 = 12;
    let simulator = site(TARGETS, 1).await;
    let bench = Bench::new(&simulator, engine);
    let ids = ask_slowly(&bench, TARGETS).await;
    let mut amid = 0;
    for kill in 0..KILLS {
        let victim = Victim::start(&bench);
        // Another instant each time, near the beginning, where it sends, and later.
        tokio::time::sleep(Duration::from_micros(kill * kill * 7_919 % 700_000)).await;
        victim.kill();
        let workspace = bench.open().await;
        let counts = workspace.store().refresh_counts().await.expect("counts");
        amid += usize::from(counts.contains_key("sending") || counts.contains_key("running"));
        workspace.store().clone().close().await;
    }
    let heir = bench.open().await;
    let records = drain(&heir, &ids).await;
    assert_eq!(outcomes(&records), [RefreshOutcome::Succeeded; TARGETS]);
    assert_once_each(&simulator, TARGETS);
    assert!(amid > 0, "none of {KILLS} kills came in the middle of a refresh");
}

/// Between a call that was refused with its session and its repetition lies a sign-in. A process that stands still there for so
/// long that another one has sent the refresh does not send it too when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stood_still_does_not_send_what_another_has_sent() {
    let simulator = site(2, 1).await;
    let bench = Bench::new(&simulator, Engine::Postgres);
    simulator.set_switches(|switches| {
        switches.session_stolen_times = 1;
        switches.delay_milliseconds = 450;
    });
    let workspace = bench.open().await;
    let ids = ask(&workspace, [0]).await;
    let sleeper = Victim::start_with_token(&bench, "third");
    // Its answer is on the way when the next sign-in is asked for; that takes its time.
    wait_until("the refused call", || {
        let requests = simulator.requests();
        requests
            .iter()
            .any(|request| request.path.ends_with("/refresh") && request.status == 401)
    })
    .await;
    sleeper.signal("-STOP");
    assert!(simulator.refresh_calls().is_empty(), "it was stopped too late");
    simulator.set_switches(|switches| switches.delay_milliseconds = 0);
    let records = drain(&workspace, &ids).await;
    assert_eq!(outcomes(&records), [RefreshOutcome::Succeeded]);
    sleeper.signal("-CONT");
    // What it does next it does after it has come back to this one.
    let next = ask(&workspace, [1]).await;
    let watcher = node(&workspace);
    let over = tokio::time::timeout(Duration::from_mins(1), watcher.wait_for(&next, Until::Over)).await;
    assert_eq!(
        outcomes(&over.expect("it goes on").expect("a store")),
        [RefreshOutcome::Succeeded]
    );
    assert_once_each(&simulator, 2);
    let record = workspace.store().find_refresh(&ids[0]).await.expect("a store");
    assert_eq!(
        record,
        Some(records[0].clone()),
        "nor does it write over what the other wrote"
    );
}

#[rstest]
#[case(2)]
#[case(3)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_processes_one_is_killed_and_one_stands_still(#[case] count: usize) {
    const TARGETS: usize = 30;
    let simulator = site(TARGETS, 1).await;
    let bench = Bench::new(&simulator, Engine::Postgres);
    let ids = ask_slowly(&bench, TARGETS).await;
    let tokens = ["tailwater", "second", "third"];
    let mut victims: Vec<Victim> = tokens[..count]
        .iter()
        .map(|token| Victim::start_with_token(&bench, token))
        .collect();
    let sent = |least: usize| {
        let simulator = &simulator;
        move || simulator.refresh_calls().len() >= least
    };
    wait_until("the fifth call", sent(5)).await;
    victims.remove(0).kill();
    wait_until("the tenth call", sent(10)).await;
    victims[0].signal("-STOP");
    // Longer than a claim lives, and longer than the jobs are searched.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    victims[0].signal("-CONT");
    let workspace = bench.open().await;
    let watcher = node(&workspace);
    let over = watcher.wait_for(&ids, Until::Over);
    let over = tokio::time::timeout(Duration::from_mins(2), over).await;
    let records = over.expect("they end").expect("a store");
    assert_eq!(outcomes(&records), [RefreshOutcome::Succeeded; TARGETS]);
    assert_once_each(&simulator, TARGETS);
    assert!(simulator.refresh_calls().contains_key(&luid(TARGETS - 1)));
}
