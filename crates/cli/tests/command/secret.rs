//! The secret of a token: where it may come from, and that it is seen nowhere.

use std::process::Stdio;

use crate::scene::{Ended, SECRET, SECRET_VARIABLE, Scene, Site};

fn add<'a>(server: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "integration",
        "add",
        "tableau",
        "--name=main",
        "--token-name=tailwater",
        "--site=shop",
        "--server",
        server,
    ];
    arguments.extend(more);
    arguments
}

#[test]
fn without_a_terminal_the_three_ways_are_named() {
    let scene = Scene::new();
    let ended = scene.run(&add("https://tableau.example.com", &["--json"]));
    assert_eq!(ended.code, Some(2));
    let error = ended.error();
    assert_eq!(error["code"], "TW-SECRET-NOT-GIVEN");
    for way in ["--secret-env", "--secret-file", "--secret-stdin"] {
        assert!(error["hint"].as_str().unwrap().contains(way), "{error}");
    }
}

#[test]
fn it_is_no_argument() {
    let ended = Scene::new().run(&add("https://tableau.example.com", &["--secret", SECRET]));
    assert_eq!(ended.code, Some(2));
}

#[test]
fn two_ways_at_once_are_refused() {
    let ended = Scene::new().run(&add(
        "https://tableau.example.com",
        &["--secret-stdin", "--secret-env=X"],
    ));
    assert_eq!(ended.code, Some(2));
    assert!(ended.complaints.contains("cannot be used with"), "{ended:#?}");
}

#[test]
fn what_is_empty_or_missing_is_refused() {
    let scene = Scene::new().with_variable("EMPTY", " ");
    scene.write("empty", "\n");
    for (way, code) in [
        ("--secret-env=EMPTY", "TW-SECRET-VARIABLE"),
        ("--secret-env=NONE", "TW-SECRET-VARIABLE"),
        ("--secret-file=empty", "TW-SECRET-FILE"),
        ("--secret-file=none", "TW-SECRET-FILE"),
        ("--secret-stdin", "TW-SECRET-EMPTY"),
    ] {
        let ended = scene.run(&add("https://tableau.example.com", &["--json", way]));
        assert_eq!(ended.code, Some(2), "{way}");
        assert_eq!(ended.error()["code"], code, "{way}");
    }
    assert_eq!(scene.tell_json(&["integration", "list"]), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_works() {
    let site = Site::start().await;
    let scene = &site.scene;
    let server = site.running.base_url();
    scene.write("secret.txt", &format!("{SECRET}\r\n"));
    let by_variable = format!("--secret-env={SECRET_VARIABLE}");
    for (way, input) in [
        (by_variable.as_str(), ""),
        ("--secret-file=secret.txt", ""),
        ("--secret-stdin", SECRET),
    ] {
        let ended = scene.feed(&add(server, &[way]), input.as_bytes());
        assert_eq!(ended.code, Some(0), "{way}: {ended:#?}");
        let tested = scene.run(&["integration", "test", "main"]);
        assert_eq!(tested.code, Some(0), "{way}: {tested:#?}");
        scene.tell(&["integration", "remove", "main", "--yes"]);
    }
}

/// Everything that is printed by commands that handle the secret, with all logs.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_in_no_output_no_file_and_no_process_argument() {
    let site = Site::connected().await;
    let scene = &site.scene;
    let commands: [&[&str]; 8] = [
        &["doctor", "-vvv"],
        &["integration", "test", "main", "-vvv"],
        &["integration", "show", "main", "--json"],
        &["integration", "list", "--json", "-vvv"],
        &["collections", "main", "-vvv"],
        &["collections", "main", "select", "**", "-vvv", "--json"],
        &["sync", "--quiet"],
        &["exposures", "--json", "-vvv"],
    ];
    for arguments in commands {
        let mut command = scene.command(arguments);
        if !arguments.contains(&"-vvv") {
            command.env("TAILWATER_LOG", "trace");
        }
        let ended = Ended::of(command);
        assert!(ended.code < Some(2), "{arguments:?}: {ended:#?}");
        assert!(
            !ended.output.contains(SECRET) && !ended.complaints.contains(SECRET),
            "{arguments:?}"
        );
    }
    for entry in std::fs::read_dir(scene.path().join(".tailwater")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let is_there = bytes
            .windows(SECRET.len())
            .any(|window| window == SECRET.as_bytes());
        assert!(!is_there, "{}", path.display());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_running_process_shows_no_secret_among_its_arguments() {
    use std::io::Write;

    let scene = Scene::new();
    let mut child = scene
        .command(&add("https://tableau.example.com", &["--secret-stdin"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(SECRET.as_bytes()).unwrap();
    // It still waits for the end of its input, so it is there to be looked at.
    let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    assert!(!String::from_utf8_lossy(&arguments).contains(SECRET));
    drop(input);
    let ended = child.wait_with_output().unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_explained_without_showing_it() {
    let site = Site::start().await;
    let scene = &site.scene;
    let ended: Ended = scene.feed(
        &add(site.running.base_url(), &["--secret-stdin"]),
        b"wrong-secret",
    );
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let ended = scene.run(&["collections", "main", "--json"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.output, "");
    assert_eq!(ended.error()["code"], "TW-TABLEAU-SIGN-IN", "{ended:#?}");
    assert!(!ended.complaints.contains("wrong-secret"));
    let ended = scene.run(&["integration", "test", "main"]);
    assert_eq!(ended.code, Some(1));
    assert!(!ended.output.contains("wrong-secret"));
}
