//! A PostgreSQL server of its own for each test process, in a temporary directory, on loopback.
//!
//! ```text
//! test process ──stdin──▶ supervisor (sh) ─▶ initdb, pg_ctl start … until stdin ends … pg_ctl stop, rm
//! ```
//!
//! The supervisor waits for the end of its standard input, which comes when the test process ends in
//! whatever way: well, by panic, or killed. PostgreSQL refuses to run as root, so root becomes `postgres`.
//! Starting takes about a second; durability is switched off.
//!
//! This file needs nothing but the standard library, so that tests of other crates can include it with
//! `#[path = "…"]`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its server fails"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const USER: &str = "tailwater";
/// Holds a character that an address must escape.
const PASSWORD: &str = "hunter2@home";
const PASSWORD_ESCAPED: &str = "hunter2%40home";

/// Takes the directory of PostgreSQL's programs, the port, the user and the password.
const SUPERVISOR: &str = r#"
set -eu
programs=$1 port=$2 user=$3 password=$4
umask 077
directory=$(mktemp -d /tmp/tailwater-postgres.XXXXXX)
finish() {
    "$programs/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 1' HUP INT PIPE TERM
printf '%s' "$password" >"$directory/password"
options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$directory"
options="$options -c fsync=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=400"
if "$programs/initdb" --no-sync --auth=scram-sha-256 --username="$user" --pwfile="$directory/password" \
    --encoding=UTF8 --locale=C -D "$directory/data" >"$directory/log" 2>&1 &&
    "$programs/pg_ctl" -D "$directory/data" -w -l "$directory/log" -o "$options" start >/dev/null 2>&1
then
    echo ready
else
    cat "$directory/log"
    exit 1
fi
cat >/dev/null
"#;

/// The server of this process. Never dropped: its standard input ends with the process.
struct Server {
    programs: PathBuf,
    port: u16,
    _lifeline: ChildStdin,
}

/// A new, empty database; answers its address.
///
/// # Panics
/// When PostgreSQL is not installed or does not start.
pub fn new_database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(start);
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let made = Command::new(server.programs.join("createdb"))
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &server.port.to_string(),
            "-U",
            USER,
            &name,
        ])
        .env("PGPASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .output()
        .expect("createdb stands beside initdb");
    assert!(
        made.status.success(),
        "createdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    format!(
        "postgres://{USER}:{PASSWORD_ESCAPED}@127.0.0.1:{}/{name}",
        server.port
    )
}

fn start() -> Server {
    let programs = find_programs();
    let mut said = String::new();
    // Between finding a free port and listening on it, somebody else may take it.
    for _ in 0..5 {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("loopback has a free port")
            .port();
        match start_on(&programs, port) {
            Ok(server) => return server,
            Err(output) => said = output,
        }
    }
    panic!("PostgreSQL does not start: {said}");
}

fn start_on(programs: &Path, port: u16) -> Result<Server, String> {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|answer| answer.stdout.trim_ascii() == b"0");
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    let mut supervisor = command
        .args(["-c", SUPERVISOR, "supervisor"])
        .arg(programs)
        .args([&port.to_string(), USER, PASSWORD])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A signal to the tests' process group must not end it before it has cleaned up.
        .process_group(0)
        .spawn()
        .map_err(|error| error.to_string())?;
    let lifeline = supervisor.stdin.take().ok_or("no standard input")?;
    let output = supervisor.stdout.take().ok_or("no standard output")?;
    let mut said = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| error.to_string())?;
        if line == "ready" {
            return Ok(Server {
                programs: programs.to_owned(),
                port,
                _lifeline: lifeline,
            });
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(said)
}

/// The directory of `initdb`: on the path, or where Debian keeps it, newest version first.
fn find_programs() -> PathBuf {
    let on_path = std::env::var_os("PATH")
        .iter()
        .flat_map(std::env::split_paths)
        .map(|directory| directory.join("initdb"))
        .find(|program| program.is_file())
        .and_then(|program| program.canonicalize().ok())
        .and_then(|program| program.parent().map(Path::to_owned));
    let in_debian = || {
        let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .flatten()
            .filter_map(|entry| {
                Some((
                    entry.file_name().to_str()?.parse().ok()?,
                    entry.path().join("bin"),
                ))
            })
            .filter(|(_, directory)| directory.join("initdb").is_file())
            .collect();
        versions.sort();
        versions.pop().map(|(_, directory)| directory)
    };
    on_path
        .or_else(in_debian)
        .expect("PostgreSQL is not installed: run `make setup`")
}
