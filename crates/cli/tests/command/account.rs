//! Users, tokens and the audit log.

use serde_json::{Value, json};

use crate::scene::{Scene, Site, steadily};

const PASSWORD: &str = "correct horse battery";

fn scene() -> Scene {
    Scene::new()
        .with_variable("ADA", PASSWORD)
        .with_variable("EMPTY", "")
}

/// Text of the given names with what is drawn replaced.
fn without_secrets(text: &str) -> String {
    let mut words = Vec::new();
    for line in text.lines() {
        let line: Vec<String> = line
            .split(' ')
            .map(|word| {
                let bare = word.trim_matches(|letter| matches!(letter, '"' | ','));
                match bare.rsplit_once('/') {
                    Some((path, secret)) if secret.len() == 43 => {
                        word.replace(bare, &format!("{path}/[SECRET]"))
                    }
                    _ if bare.starts_with("twt_") => word.replace(bare, "twt_[SECRET]"),
                    _ if bare.starts_with('…') => word.replace(bare, "…[END]"),
                    _ => word.to_owned(),
                }
            })
            .collect();
        words.push(line.join(" "));
    }
    words.join("\n")
}

#[test]
fn users_come_change_and_go() {
    let scene = scene();
    let mut told = String::new();
    let mut tell = |arguments: &[&str]| {
        let answer = scene.tell(arguments);
        told += "> ";
        told += &arguments.join(" ");
        told += "\n";
        told += &answer;
    };
    tell(&["user", "list"]);
    tell(&["user", "link"]);
    tell(&[
        "user",
        "add",
        "ada",
        "--role=admin",
        "--email=ada@acme.example",
        "--password-env=ADA",
    ]);
    tell(&[
        "user",
        "add",
        "Bob",
        "--display-name=Bob B.",
        "--password-env=ADA",
    ]);
    tell(&["user", "role", "bob", "operator"]);
    tell(&["user", "password", "bob", "--password-env=ADA"]);
    tell(&["user", "disable", "bob"]);
    tell(&["user", "list"]);
    tell(&["user", "enable", "bob"]);
    tell(&[
        "user",
        "link",
        "bob",
        "--address=https://catalog.acme.example/tw/",
    ]);
    tell(&["user", "link", "--invite=viewer"]);
    tell(&["user", "remove", "bob", "--yes"]);
    tell(&["token", "list"]);
    tell(&["token", "create", "ci", "--role=operator"]);
    tell(&["token", "create", "backup", "--no-expiry"]);
    tell(&["token", "list"]);
    tell(&["token", "revoke", "CI"]);
    tell(&["audit"]);
    tell(&["audit", "--action=token.", "--limit=1"]);
    tell(&["audit", "--actor=nobody"]);
    assert!(!told.contains(PASSWORD));
    steadily(|| {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"\d{4}-\d\d-\d\d", "[DAY]");
        settings.add_filter(r"\d{10,}-\d+", "[CURSOR]");
        settings.bind(|| insta::assert_snapshot!("accounts", without_secrets(&told)));
    });
}

#[test]
fn machines_get_json() {
    let scene = scene();
    let added = scene.tell_json(&["user", "add", "ada", "--role=admin", "--password-env=ADA"]);
    assert_eq!((&added["name"], &added["role"]), (&json!("ada"), &json!("admin")));
    assert!(added.get("password").is_none());
    assert_eq!(scene.tell_json(&["user", "list"]), json!([added]));
    let created = scene.tell_json(&["token", "create", "ci", "--days=1"]);
    let text = created["token"].as_str().unwrap();
    assert!(text.starts_with("twt_") && text.len() == 47, "{text}");
    assert_eq!(created["role"], "viewer");
    let listed = scene.tell_json(&["token", "list"]);
    assert!(!listed.to_string().contains(text), "it is shown once");
    let link = scene.tell_json(&["user", "link", "--invite=admin"]);
    assert_eq!(link["good_for_hours"], 72);
    assert!(link["link"].as_str().unwrap().starts_with("/invite/"));
    let log = scene.tell_json(&["audit", "--limit=2"]);
    assert_eq!(log["entries"][0]["action"], "link.invite");
    assert_eq!(log["entries"][0]["actor"], json!({"kind": "command_line"}));
    let next = format!("--before={}", log["next"].as_str().unwrap());
    let rest = scene.tell_json(&["audit", &next]);
    assert_eq!(rest["entries"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let scene = scene();
    scene.tell(&["user", "add", "ada", "--role=admin", "--password-env=ADA"]);
    for (arguments, code) in [
        (
            &["user", "add", "ADA", "--password-env=ADA"][..],
            "TW-ACCOUNT-EXISTS",
        ),
        (&["user", "add", "a b", "--password-env=ADA"], "TW-ACCOUNT-NAME"),
        (&["user", "add", "bob"], "TW-ACCOUNT-PASSWORD-NOT-GIVEN"),
        (
            &["user", "add", "bob", "--password-env=EMPTY"],
            "TW-ACCOUNT-PASSWORD-VARIABLE",
        ),
        (&["user", "add", "bob", "--password-stdin"], "TW-ACCOUNT-PASSWORD"),
        (
            &["user", "add", "bob", "--email=x", "--password-env=ADA"],
            "TW-ACCOUNT-FIELD",
        ),
        (&["user", "add", "bob", "--role=owner"], "TW-CLI-USAGE"),
        (
            &["user", "password", "bob", "--password-env=ADA"],
            "TW-ACCOUNT-UNKNOWN",
        ),
        (&["user", "role", "bob", "viewer"], "TW-ACCOUNT-UNKNOWN"),
        (&["user", "role", "ada", "viewer"], "TW-ACCOUNT-LAST-ADMIN"),
        (&["user", "disable", "ada"], "TW-ACCOUNT-LAST-ADMIN"),
        (&["user", "remove", "ada", "--yes"], "TW-ACCOUNT-LAST-ADMIN"),
        (&["user", "remove", "ada"], "TW-CLI-NOT-CONFIRMED"),
        (&["user", "link"], "TW-ACCOUNT-NOT-FIRST"),
        (&["user", "link", "bob"], "TW-ACCOUNT-UNKNOWN"),
        (&["user", "link", "bob", "--invite=viewer"], "TW-CLI-USAGE"),
        (&["token", "create", "a/b"], "TW-ACCOUNT-NAME"),
        (&["token", "create", "x", "--days=0"], "TW-CLI-USAGE"),
        (&["token", "revoke", "x"], "TW-ACCOUNT-UNKNOWN-TOKEN"),
        (&["audit", "--before=x"], "TW-CLI-USAGE"),
    ] {
        let mut with_json = arguments.to_vec();
        with_json.push("--json");
        let ended = scene.run(&with_json);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:#?}");
        let error = ended.error();
        assert_eq!(error["code"], code, "{arguments:?}: {error}");
        assert!(error["hint"].is_string(), "{arguments:?}: {error}");
    }
    assert_eq!(
        scene.tell_json(&["audit"])["entries"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_password_comes_by_standard_input_too() {
    let scene = scene();
    let ended = scene.feed(
        &["user", "add", "ada", "--password-stdin"],
        format!("{PASSWORD}\r\n").as_bytes(),
    );
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(scene.tell_json(&["user", "list"])[0]["name"], "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_change_something_are_in_the_log() {
    let site = Site::connected().await;
    let scene = &site.scene;
    scene.tell(&["collections", "main", "select", "Finance/**", "--no-sync"]);
    scene.tell(&["collections", "main", "select", "Finance/**", "--no-sync"]);
    scene.tell(&["collections", "main", "unselect", "Finance/**", "--no-sync"]);
    scene.tell(&[
        "integration",
        "map",
        "add",
        "main",
        "--database=a",
        "--to=b",
        "--dry-run",
    ]);
    scene.tell(&["integration", "map", "add", "main", "--database=a", "--to=b"]);
    scene.tell(&["integration", "map", "remove", "main", "1"]);
    scene.tell(&["integration", "remove", "main", "--yes"]);
    scene.tell(&["project", "remove", "shop"]);
    let log = scene.tell_json(&["audit"]);
    let entries = log["entries"].as_array().unwrap();
    let actions: Vec<&str> = entries
        .iter()
        .rev()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "project.add",
            "integration.add",
            "integration.select",
            "integration.unselect",
            "integration.map",
            "integration.unmap",
            "integration.remove",
            "project.remove",
        ]
    );
    assert!(!log.to_string().contains(crate::scene::SECRET));
}
