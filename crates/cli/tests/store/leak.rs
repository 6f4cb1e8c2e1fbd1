//! Secrets are nowhere but where they belong: not in what is printed or logged, even with everything logged, not in
//! the store's files or tables, not among the arguments of processes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use rstest::rstest;

use crate::scene::{Ended, SECRET, Scene, Site};
use crate::{STORE, filled, postgres};

/// A secret and where it may be found.
struct Secrets(Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    #[track_caller]
    fn assert_absent(&self, place: &str, content: &[u8]) {
        for (name, secret) in &self.0 {
            let is_there = content.windows(secret.len()).any(|window| window == secret);
            assert!(!is_there, "the {name} is in {place}");
        }
    }

    #[track_caller]
    fn assert_absent_below(&self, directory: &Path) -> usize {
        let mut files = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files += self.assert_absent_below(&path);
            } else if path
                .file_name()
                .is_some_and(|name| name != "key" && name != "input")
            {
                self.assert_absent(&path.display().to_string(), &std::fs::read(&path).unwrap());
                files += 1;
            }
        }
        files
    }
}

#[rstest]
#[case::sqlite(false)]
#[case::postgresql(true)]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_anywhere_it_does_not_belong(#[case] is_postgres: bool) {
    let mut site = filled().await;
    let token = site
        .scene
        .tell_json(&["token", "create", "robot", "--role=operator"]);
    let token = token["token"]
        .as_str()
        .or_else(|| token["secret"].as_str())
        .unwrap()
        .to_owned();
    let key = std::fs::read_to_string(site.scene.path().join(".tailwater/key")).unwrap();
    site.scene.write(
        "tailwater.toml",
        "[[channel]]\nname = \"chat\"\nkind = \"slack\"\nurl_env = \"CHAT\"\nallow_http = true\nallow_private = true\n",
    );
    site.scene = site
        .scene
        .with_variable("CHAT", "http://127.0.0.1:1/T0/hunter2-chat");
    let mut secrets = Secrets(vec![
        ("token of the BI site", SECRET.into()),
        ("value of a job's variable", b"hunter2-job".to_vec()),
        ("password of a user", b"hunter2-correct-horse".to_vec()),
        ("address of a channel", b"hunter2-chat".to_vec()),
        ("token of a program", token.clone().into_bytes()),
        ("sealing key", key.trim().into()),
    ]);
    if is_postgres {
        let address = postgres::new_database();
        secrets
            .0
            .push(("password of the database", b"hunter2@home".to_vec()));
        secrets.0.push((
            "password of the database, as it stands in an address",
            b"hunter2%40home".to_vec(),
        ));
        site.scene = site.scene.with_variable("NEW", &address);
        let ended = logging_all(&site.scene, &["store", "copy", "--to-env", "NEW"]);
        secrets.assert_absent("the log of copying", format!("{ended:?}").as_bytes());
        site.scene = site.scene.with_variable(STORE, &address);
    }
    let scene = &site.scene;
    for arguments in COMMANDS {
        // What is printed does not depend on the engine.
        let ways: &[&[&str]] = if is_postgres {
            &[&["--json"]]
        } else {
            &[&["--json"], &[]]
        };
        for more in ways {
            let arguments = [arguments, *more].concat();
            let ended = logging_all(scene, &arguments);
            // Nobody listens where the channel goes.
            let is_refused = arguments.starts_with(&["signal", "test"]);
            assert!(ended.code < Some(2) || is_refused, "{arguments:?}: {ended:#?}");
            secrets.assert_absent(&format!("the answer to {arguments:?}"), ended.output.as_bytes());
            secrets.assert_absent(&format!("the log of {arguments:?}"), ended.complaints.as_bytes());
        }
    }
    serve(scene, &token, &secrets);
    // The old key is a secret as the new one is.
    let key = std::fs::read_to_string(scene.path().join(".tailwater/key")).unwrap();
    secrets.0.push(("new sealing key", key.trim().into()));
    if is_postgres {
        scene.tell(&["store", "copy", "--to", "sqlite:.tailwater/dump.db", "--replace"]);
    }
    assert!(secrets.assert_absent_below(&scene.path().join(".tailwater")) >= 1);
}

const COMMANDS: &[&[&str]] = &[
    &["doctor"],
    &["store", "check"],
    &["store", "migrate"],
    &["key", "rotate"],
    &["project", "list"],
    &["integration", "test", "main"],
    &["integration", "show", "main"],
    &["collections", "main"],
    &["sync"],
    &["exposures"],
    &["unmatched"],
    &["lineage", "--select", "exposure:*"],
    &["curations"],
    &["policy", "list"],
    &["refreshes"],
    &["job", "list"],
    &["job", "show", "nightly"],
    &["user", "list"],
    &["token", "list"],
    &["signal", "list"],
    &["signal", "test", "chat"],
    &["signal", "alarms"],
    &["audit"],
    &["export", "--dir", "exposures"],
];

fn logging_all(scene: &Scene, arguments: &[&str]) -> Ended {
    let mut command = scene.command(arguments);
    command.env("TAILWATER_LOG", "trace");
    Ended::of(command)
}

/// A server that logs everything, asked with and without its tokens, then killed so that its files stay as they are.
fn serve(scene: &Scene, token: &str, secrets: &Secrets) {
    let mut server = scene
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .env("TAILWATER_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = server.stderr.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut all = Vec::new();
        log.read_to_end(&mut all).unwrap();
        all
    });
    let mut line = String::new();
    let mut said = BufReader::new(server.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    let host = line
        .split("http://")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    for path in [
        "/",
        "/api/v1/exposures",
        "/api/v1/integrations",
        "/graphql",
        "/no/such?page=1",
    ] {
        for credential in [token, "twt_wrong"] {
            let mut stream = TcpStream::connect(&host).unwrap();
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {credential}\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert!(!answer.is_empty());
            secrets.assert_absent(&format!("the answer to {path}"), &answer);
        }
    }
    #[cfg(target_os = "linux")]
    {
        let arguments = std::fs::read(format!("/proc/{}/cmdline", server.id())).unwrap();
        secrets.assert_absent("the arguments of the server", &arguments);
    }
    let stopped = Command::new("kill")
        .args(["-KILL", &server.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    server.wait().unwrap();
    secrets.assert_absent("the log of the server", &reading.join().unwrap());
    secrets.assert_absent_below(&scene.path().join(".tailwater"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_its_key_gives_up_no_secret() {
    let site = filled().await;
    let thief = Site {
        scene: Scene::new(),
        running: site.running,
    };
    let from = site.scene.path().join(".tailwater/tailwater.db");
    let stolen = thief.scene.path().join(".tailwater");
    std::fs::create_dir(&stolen).unwrap();
    std::fs::copy(from, stolen.join("tailwater.db")).unwrap();
    let ended = thief.scene.run(&["sync", "--json"]);
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert_eq!(ended.error()["code"], "TW-KEY-WRONG", "{ended:#?}");
    let check = thief.scene.run(&["store", "check"]);
    assert_eq!(check.code, Some(1));
    assert!(check.output.contains("2 problems"), "{check:#?}");
    // What is not secret can be read.
    assert!(
        !thief
            .scene
            .tell_json(&["integration", "list"])
            .as_array()
            .unwrap()
            .is_empty()
    );
}
