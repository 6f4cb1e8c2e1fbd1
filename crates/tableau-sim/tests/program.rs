//! The program: its one line, its errors.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn program(arguments: &[&str]) -> std::io::Result<Child> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    Command::new(env!("CARGO_BIN_EXE_tailwater-tableau-sim"))
        .args(arguments)
        .current_dir(tests)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

#[test]
fn it_says_where_it_listens_and_answers_there() {
    let mut child = program(&["--site", "sites/small.toml", "--switch", "rest_version=3.20"]).unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim_end()
        .strip_prefix("listening on http://")
        .unwrap()
        .to_owned();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let request = "GET /api/2.4/serverinfo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        answer.contains("<restApiVersion>3.20</restApiVersion>"),
        "{answer}"
    );
}

/// The address at the end of the next line, when that begins as told.
fn address(lines: &mut BufReader<impl std::io::Read>, start: &str) -> Option<String> {
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    Some(line.trim_end().strip_prefix(start)?.to_owned())
}

#[test]
fn the_control_address_answers_while_connections_are_refused() {
    let mut child = program(&[
        "--site",
        "sites/small.toml",
        "--control-port",
        "0",
        "--switch",
        "connection_refused=true",
    ])
    .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let main = address(&mut lines, "listening on http://").unwrap();
    let control = address(&mut lines, "control at http://").unwrap();
    let mut refused = std::net::TcpStream::connect(&main);
    // It closes right after the start.
    for _ in 0..6000 {
        if refused.is_err() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        refused = std::net::TcpStream::connect(&main);
    }
    let mut stream = std::net::TcpStream::connect(&control).unwrap();
    let request = "GET /-/sim/switches HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(answer.contains(r#""connection_refused":true"#), "{answer}");
}

#[test]
fn what_is_wrong_is_said_with_advice() {
    for (arguments, expected) in [
        (
            &["--site", "sites/nothing.toml"][..],
            "can not read the site file sites/nothing.toml",
        ),
        (&["--site", "program.rs"], "the site file is not readable"),
        (
            &["--site", "sites/small.toml", "--switch", "nothing=1"],
            "--switch nothing=1: unknown field `nothing`",
        ),
    ] {
        let output = program(arguments).unwrap().wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(expected) && text.contains("hint: "), "{text}");
        assert!(output.stdout.is_empty());
    }
}
