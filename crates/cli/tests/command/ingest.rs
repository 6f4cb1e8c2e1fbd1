//! What `ingest` and `environment` answer.

use crate::scene::{Scene, demo, steadily};

/// What a command printed, on both streams, as a snapshot.
#[track_caller]
fn assert_told(scene: &Scene, name: &str, arguments: &[&str]) {
    let ended = scene.run(arguments);
    let said = format!(
        "exit code {}\n{}{}",
        ended.code.unwrap_or(-1),
        scene.steady(&ended.output),
        scene.steady(&ended.complaints)
    );
    steadily(|| insta::assert_snapshot!(name, said));
}

#[test]
fn artifacts_are_taken_there_already_or_refused() {
    let scene = Scene::new();
    let target = demo().join("dbt/target");
    let ingest = ["ingest", target.to_str().unwrap(), "--project", "shop"];
    let told = |name: &str, more: &[&str]| {
        let arguments: Vec<&str> = ingest.iter().chain(more).copied().collect();
        assert_told(&scene, name, &arguments);
    };
    scene.tell(&["project", "add", "shop"]);
    told("ingest_taken", &[]);
    told("ingest_again", &[]);
    told("ingest_json", &["--json"]);
    told("ingest_elsewhere", &["--environment", "staging"]);

    let text = std::fs::read_to_string(target.join("manifest.json")).unwrap();
    let mut ahead: serde_json::Value = serde_json::from_str(&text).unwrap();
    ahead["metadata"]["generated_at"] = "2999-01-01T00:00:00Z".into();
    let ahead = scene.write("ahead/manifest.json", &ahead.to_string());
    let ingest = ["ingest", ahead.to_str().unwrap(), "--project", "shop"];
    let ended = scene.run(&[&ingest[..], &["--json"]].concat());
    assert_eq!(ended.error()["code"], "TW-INGEST-AHEAD");
    scene.tell(&[&ingest[..], &["--force"]].concat());
}

#[test]
fn environments_are_made_listed_and_removed() {
    let scene = Scene::new();
    scene.tell(&["project", "add", "shop"]);
    for (name, arguments) in [
        ("environment_add", &["add", "shop", "staging"][..]),
        ("environment_add_again", &["add", "shop", "staging"]),
        ("environment_list", &["list"]),
        ("environment_list_json", &["list", "--json"]),
        ("environment_production", &["production", "shop", "staging"]),
        ("environment_remove", &["remove", "shop", "staging"]),
        ("environment_remove_own", &["remove", "shop", "production"]),
    ] {
        assert_told(&scene, name, &[&["environment"], arguments].concat());
    }
}
