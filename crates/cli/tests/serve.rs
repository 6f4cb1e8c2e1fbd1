//! The server as a program: what it prints, that it answers, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server in a directory of its own.
struct Server {
    process: Child,
    lines: BufReader<std::process::ChildStdout>,
    directory: TempDir,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        Self::start_as("serve", arguments)
    }

    /// The same by another command.
    fn start_as(command: &str, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_tailwater"))
            .arg(command)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(directory.path())
            .env_clear()
            .env("COLUMNS", "120")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            lines,
            directory,
        }
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Asks it to end, as a service manager does; answers the exit code and what it logged.
    fn end(mut self) -> (Option<i32>, String) {
        let killed = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let status = self.process.wait().unwrap();
        let mut log = String::new();
        self.process
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (status.code(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The status line and the text of a page.
fn fetch(address: &str, path: &str) -> String {
    fetch_with(address, path, "")
}

/// The same with one more header, with its line end.
fn fetch_with(address: &str, path: &str, header: &str) -> String {
    let host = address.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: text/html\r\n{header}connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_says_where_it_is_answers_and_ends_in_good_order() {
    let mut server = Server::start(&["--insecure-local", "--base-path", "catalog"]);
    let line = server.line();
    let address = line
        .strip_prefix("Tailwater's catalog is at ")
        .unwrap()
        .to_owned();
    assert!(address.ends_with("/catalog/"), "{address}");
    assert!(server.line().contains("let in as an administrator"));
    let home = fetch(&address, "/catalog/");
    assert!(home.starts_with("HTTP/1.1 200"), "{home}");
    assert!(fetch(&address, "/catalog/healthz").starts_with("HTTP/1.1 200"));
    assert!(fetch(&address, "/").starts_with("HTTP/1.1 404"));
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("/catalog/healthz"), "no access log: {log}");
}

/// Runs `openssl`, which makes the certificate and asks as a stranger's program would.
fn openssl(directory: &std::path::Path, arguments: &[&str], input: &[u8]) -> String {
    let mut process = Command::new("openssl")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input).unwrap();
    let output = process.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn with_a_certificate_it_speaks_https_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    #[rustfmt::skip]
    let make = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", names,
        "-keyout", "key.pem", "-out", "cert.pem",
    ];
    openssl(directory.path(), &make, b"");
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("cert.pem"), path("key.pem"));
    let mut server = Server::start(&["--insecure-local", "--tls-cert", &certificate, "--tls-key", &key]);
    let line = server.line();
    let address = line.strip_prefix("Tailwater's catalog is at https://").unwrap();
    let host = address.trim_end_matches('/');
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    #[rustfmt::skip]
    let ask = [
        "s_client", "-quiet", "-verify_return_error", "-CAfile", "cert.pem", "-verify_hostname", "localhost",
        "-alpn", "http/1.1", "-connect", host,
    ];
    let answer = openssl(directory.path(), &ask, request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.to_lowercase().contains("strict-transport-security"),
        "{answer}"
    );
    // Whoever speaks plainly gets no page.
    let mut plain = TcpStream::connect(host).unwrap();
    plain.write_all(request.as_bytes()).unwrap();
    let mut answered = Vec::new();
    // The server may end the connection as it likes.
    let _ = plain.read_to_end(&mut answered);
    assert!(!answered.starts_with(b"HTTP/1.1 200"));
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn the_first_start_prints_a_link_for_the_first_administrator() {
    let mut server = Server::start(&[]);
    let address = server
        .line()
        .strip_prefix("Tailwater's catalog is at ")
        .unwrap()
        .to_owned();
    assert!(server.line().contains("no user yet"));
    let link = server.line().trim().to_owned();
    let secret = link
        .strip_prefix(&format!("{address}set-up/"))
        .unwrap()
        .to_owned();
    assert!(secret.len() >= 32, "{link}");
    let home = fetch(&address, "/");
    assert!(home.starts_with("HTTP/1.1 303"), "strangers are let in: {home}");
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(&secret), "the log has the link's secret");
}

#[test]
fn an_address_that_others_reach_is_refused_without_sign_in() {
    let output = Command::new(env!("CARGO_BIN_EXE_tailwater"))
        .args(["serve", "--insecure-local", "--listen", "0.0.0.0:0"])
        .current_dir(tempfile::tempdir().unwrap().path())
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        complaint.contains("--insecure-local") && complaint.contains("127.0.0.1"),
        "{complaint}"
    );
}

#[test]
fn a_worker_says_how_it_is_to_those_who_may_know() {
    let mut worker = Server::start_as("worker", &[]);
    assert!(worker.line().starts_with("running jobs from "));
    let line = worker.line();
    let address = line
        .strip_prefix("healthz, readyz and metrics are at ")
        .unwrap_or_else(|| panic!("{line}"))
        .to_owned();
    assert!(fetch(&address, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(fetch(&address, "/readyz").ends_with("ready\n"));
    let stranger = fetch(&address, "/metrics");
    assert!(
        stranger.starts_with("HTTP/1.1 401") && stranger.contains("TW-WEB-NOT-SIGNED-IN"),
        "{stranger}"
    );
    let made = Command::new(env!("CARGO_BIN_EXE_tailwater"))
        .args(["--json", "token", "create", "prometheus", "--role", "viewer"])
        .current_dir(worker.directory.path())
        .env_clear()
        .output()
        .unwrap();
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let token = made["token"].as_str().unwrap();
    let counted = fetch_with(
        &address,
        "/metrics",
        &format!("authorization: Bearer {token}\r\n"),
    );
    assert!(counted.starts_with("HTTP/1.1 200"), "{counted}");
    assert!(
        counted.contains("tailwater_job_runs{state=\"queued\"} 0"),
        "{counted}"
    );
    assert!(
        fetch(&address, "/").starts_with("HTTP/1.1 404"),
        "there are pages"
    );
    let (code, log) = worker.end();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    for command in [&["serve", "--insecure-local"][..], &["worker"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_tailwater"))
            .args(command)
            .args(["--listen", &address])
            .current_dir(directory.path())
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaint.contains("TW-SERVE-LISTEN"), "{complaint}");
    }
}
