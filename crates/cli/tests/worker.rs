//! Several processes on one PostgreSQL store: one is killed in the middle of a run, another takes it over. They share a
//! directory, or nothing but storage that speaks S3.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

#[path = "../../store/tests/suite/postgres.rs"]
mod postgres;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

/// A machine of its own: its own directory, the same store and storage.
struct Node {
    directory: TempDir,
    environment: Vec<(&'static str, String)>,
    worker: Option<Child>,
}

/// Where logs and artifacts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Storage {
    Directory,
    S3,
}

/// Storage that speaks S3, with one bucket: moto's server.
struct Bucket {
    server: Child,
    address: String,
}

impl Bucket {
    const NAME: &str = "acme-tailwater";

    fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let program = repository().join(".venv/bin/moto_server");
        assert!(program.is_file(), "no moto in .venv: run scripts/setup-python");
        let server = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &free.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = free.to_string();
        let bucket = Self { server, address };
        wait_until("the bucket", || {
            bucket
                .make()
                .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
        });
        bucket
    }

    fn make(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        let (name, host) = (Self::NAME, &self.address);
        write!(
            stream,
            "PUT /{name} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "access".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "hunter2hunter2".to_owned()),
        ]
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Builds; while there is a file `sleep` it says so and waits.
const DBT: &str = r#"
here=$(dirname "$0")
echo "built by $NODE"
if [ -e "$here/sleep" ]; then echo "$NODE" >"$here/asleep"; sleep 300; fi
"#;

impl Node {
    fn new(store: &str, shared: &Path, bucket: Option<&Bucket>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let shared = shared.display();
        let storage = match bucket {
            Some(_) => format!("s3://{}/production", Bucket::NAME),
            None => format!("file://{shared}/storage"),
        };
        let settings = format!(
            "[store]\nurl = \"{store}\"\n[security]\nkey_file = \"{shared}/key\"\n\
             [artifacts]\nurl = \"{storage}\"\n[runs]\npatience_seconds = 0\n"
        );
        std::fs::write(directory.path().join("tailwater.toml"), settings).unwrap();
        Self {
            directory,
            environment: bucket.map(Bucket::environment).unwrap_or_default(),
            worker: None,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tailwater"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_remove("TAILWATER_KEY")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[arguments, &["--json"]].concat())).unwrap()
    }

    fn start_worker(&mut self, name: &str) {
        let worker = self
            .command(&["worker", "--quiet"])
            .env("NODE", name)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.worker = Some(worker);
    }

    /// Ends it without a chance to put anything in order.
    fn kill_worker(&mut self) {
        let mut worker = self.worker.take().unwrap();
        worker.kill().unwrap();
        worker.wait().unwrap();
    }

    fn stop_worker(&mut self) {
        let mut worker = self.worker.take().unwrap();
        let id = worker.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(worker.wait().unwrap().success());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut worker) = self.worker.take() {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_mins(2), "{what} never came");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[rstest]
fn a_run_whose_machine_dies_is_taken_over_and_a_restart_loses_nothing(
    #[values(Storage::Directory, Storage::S3)] storage: Storage,
) {
    let shared = tempfile::tempdir().unwrap();
    let store = postgres::new_database();
    let bucket = (storage == Storage::S3).then(Bucket::new);
    let mut nodes: Vec<Node> = (0..3)
        .map(|_| Node::new(&store, shared.path(), bucket.as_ref()))
        .collect();
    let script = shared.path().join("dbt.sh");
    std::fs::write(&script, DBT).unwrap();
    let directory = shared.path().to_str().unwrap();
    nodes[0].run(&["project", "add", "shop"]);
    let program = format!("sh {}", script.display());
    let common = [
        "--project",
        "shop",
        "--directory",
        directory,
        "--program",
        &program,
    ];
    nodes[0].run(&[&["job", "add", "again", "--when-lost", "run_again"][..], &common].concat());
    nodes[0].run(&[&["job", "add", "once"][..], &common].concat());

    let asleep = shared.path().join("asleep");
    std::fs::write(shared.path().join("sleep"), "").unwrap();
    nodes[0].start_worker("one");
    let first = nodes[2].json(&["job", "run", "again"])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    wait_until("the first build", || asleep.exists());
    std::fs::remove_file(&asleep).unwrap();
    let second = nodes[2].json(&["job", "run", "once"])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    wait_until("the second build", || asleep.exists());
    std::fs::remove_file(shared.path().join("sleep")).unwrap();

    nodes[1].start_worker("two");
    nodes[0].kill_worker();
    let state = |id: &str| {
        let runs = nodes[2].json(&["job", "runs"]);
        let run = runs["runs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|run| run["id"] == id)
            .unwrap()
            .clone();
        (run["state"].as_str().unwrap().to_owned(), run)
    };
    wait_until("the loss", || {
        state(&first).0 == "lost" && state(&second).0 == "lost"
    });
    let next = state(&first).1["next_attempt"].as_str().unwrap().to_owned();
    wait_until("the second try", || state(&next).0 == "succeeded");
    assert_eq!(state(&next).1["attempt"], 2);
    assert!(nodes[2].run(&["job", "log", &next]).contains("built by two"));
    // What the dead one had printed can still be read, from a machine that never ran it.
    assert!(nodes[2].run(&["job", "log", &first]).contains("built by one"));
    // A job that does not say so is not run a second time.
    assert!(state(&second).1["next_attempt"].is_null());
    let message = state(&second).1["message"].as_str().unwrap().to_owned();
    assert!(message.contains("no sign of life for 30 seconds"), "{message}");

    // Restarting one after the other: whatever is interrupted is run elsewhere.
    std::fs::write(shared.path().join("sleep"), "").unwrap();
    std::fs::remove_file(&asleep).unwrap();
    let third = nodes[2].json(&["job", "run", "once"])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    wait_until("the third build", || asleep.exists());
    std::fs::remove_file(shared.path().join("sleep")).unwrap();
    nodes[0].start_worker("one again");
    nodes[1].stop_worker();
    let (state_now, run) = {
        let runs = nodes[2].json(&["job", "runs"]);
        let run = runs["runs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|run| run["id"] == third.as_str())
            .unwrap()
            .clone();
        (run["state"].as_str().unwrap().to_owned(), run)
    };
    assert_eq!(state_now, "lost");
    let next = run["next_attempt"].as_str().unwrap().to_owned();
    wait_until("its second try", || {
        let runs = nodes[2].json(&["job", "runs", "--state", "succeeded"]);
        runs["runs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|run| run["id"] == next.as_str())
    });
    let is_shared = shared.path().join("storage").exists();
    assert_eq!(is_shared, storage == Storage::Directory);
}

/// The demo project by a real dbt: from a directory with a relative store and storage, all steps
/// run, their artifacts land, and a run that failed goes on with `dbt retry`.
#[test]
fn a_real_dbt_runs_as_a_job() {
    let repository = repository();
    let dbt = repository.join(".venv/bin/dbt");
    assert!(dbt.is_file(), "no dbt in .venv: run scripts/setup-python");
    let home = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .args(["-r"])
        .arg(repository.join("demo/dbt"))
        .arg(repository.join("demo/dbt-packages"))
        .arg(home.path())
        .status()
        .unwrap();
    assert!(copied.success());
    let node = Node {
        directory: home,
        environment: Vec::new(),
        worker: None,
    };
    let settings = "[[project]]\nname = \"demo\"\n[artifacts]\ndir = \"kept\"\n";
    std::fs::write(node.directory.path().join("tailwater.toml"), settings).unwrap();
    // A test of the project fails while this is there.
    let bad = node.directory.path().join("dbt/tests/assert_no_rows_at_all.sql");
    std::fs::write(&bad, "select 1 as found").unwrap();
    let program = dbt.to_str().unwrap();
    let common = [
        "--project",
        "demo",
        "--directory",
        "dbt",
        "--profiles-dir",
        "dbt",
        "--program",
        program,
    ];
    let steps = [
        "--step",
        "dbt deps",
        "--step",
        "dbt build",
        "--step",
        "dbt docs generate",
    ];
    node.run(&[&["job", "add", "real"][..], &common, &steps].concat());
    let run = |arguments: &[&str]| {
        let ended = node.command(arguments).output().unwrap();
        (
            ended.status.code(),
            String::from_utf8_lossy(&ended.stdout).into_owned(),
        )
    };
    let (code, log) = run(&["job", "run", "real", "--here"]);
    assert_eq!(code, Some(1), "{log}");
    let failed = node.json(&["job", "runs"])["runs"][0].clone();
    assert_eq!(failed["state"], "failed", "{log}");
    assert_eq!(failed["steps"][2]["state"], "skipped");
    assert_eq!(failed["nodes"]["failed"], 1, "{log}");
    assert!(failed["steps"][1]["invocation_id"].is_string());

    std::fs::write(&bad, "select 1 as found where 1 = 0").unwrap();
    let id = failed["id"].as_str().unwrap();
    node.json(&["job", "retry", id, "--from-failed"]);
    // Any run that is asked for here works off the queue in this process; the one before it goes first.
    let (_, log) = run(&["job", "run", "real", "--here"]);
    let runs = node.json(&["job", "runs"])["runs"].clone();
    assert_eq!(runs[1]["steps"][0]["text"], "dbt retry", "{log}");
    assert_eq!(
        runs[1]["state"],
        "succeeded",
        "{}",
        node.run(&["job", "log", runs[1]["id"].as_str().unwrap()])
    );
    assert_eq!(runs[0]["state"], "succeeded", "{log}");
    assert!(runs[0]["nodes"]["good"].as_u64().unwrap() > 20);
    let environments = node.json(&["environment", "list"]);
    assert!(environments.to_string().contains("run_results"), "{environments}");
}
