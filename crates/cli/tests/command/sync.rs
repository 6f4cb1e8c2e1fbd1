//! `tailwater sync`: what it reports, what it writes, and what it leaves alone.

use serde_json::{Value, json};

use crate::scene::{Scene, Site, steadily};

fn report(scene: &Scene, arguments: &[&str]) -> Value {
    let mut all = vec!["sync"];
    all.extend(arguments);
    let reports = scene.tell_json(&all);
    assert_eq!(reports.as_array().unwrap().len(), 1);
    reports[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ci_job_needs_only_the_file_and_the_secret() {
    let site = Site::start().await;
    site.declare("");
    let told = site.scene.tell(&["sync"]);
    steadily(|| insta::assert_snapshot!("sync_first", site.scene.steady(&told)));
    let exposures = site.scene.tell_json(&["exposures"]);
    assert!(exposures.as_array().unwrap().len() > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_sync_says_that_nothing_changed_and_writes_only_its_history() {
    let site = Site::start().await;
    site.declare("");
    site.scene.tell(&["sync"]);
    // When an exposure was last seen is part of the history.
    let exposures = || {
        let mut exposures = site.scene.tell_json(&["exposures"]);
        for exposure in exposures.as_array_mut().unwrap() {
            exposure.as_object_mut().unwrap().remove("last_seen");
        }
        exposures
    };
    let before = exposures();
    let told = site.scene.tell(&["sync", "main"]);
    assert!(
        told.starts_with("main: nothing changed: no exposure, link or gap was written\n"),
        "{told}"
    );
    assert_eq!(exposures(), before);
    let again = report(&site.scene, &[]);
    assert_eq!(again["outcome"], "unchanged");
    for key in ["added", "changed", "removed", "kept"] {
        assert_eq!(again[key], json!([]), "{key}");
    }
    let state = site.scene.tell_json(&["integration", "show", "main"]);
    let outcomes: Vec<&Value> = state["syncs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sync| &sync["outcome"])
        .collect();
    assert_eq!(outcomes, ["unchanged", "unchanged", "changed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_all_and_writes_nothing() {
    let site = Site::start().await;
    site.declare("");
    let dry = report(&site.scene, &["--dry-run"]);
    assert_eq!(dry["dry_run"], true);
    assert!(!dry["added"].as_array().unwrap().is_empty());
    let exposures = site.scene.tell_json(&["exposures"]);
    let imported = |exposure: &&Value| exposure["mode"] == "auto";
    assert_eq!(exposures.as_array().unwrap().iter().filter(imported).count(), 0);
    let state = site.scene.tell_json(&["integration", "show", "main"]);
    assert_eq!(state["syncs"], json!([]));
    let told = site.scene.tell(&["sync", "--dry-run"]);
    assert!(told.contains("dry run: nothing was written"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_gone_is_told_of() {
    let site = Site::start().await;
    site.declare("");
    let text = std::fs::read_to_string(site.scene.path().join("tailwater.toml")).unwrap();
    site.scene
        .write("tailwater.toml", &text.replace("Finance/**", "Finances/**"));
    let ended = site.scene.run(&["sync"]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(
        ended
            .output
            .contains("the selected collection `Finances/**` was not found"),
        "{}",
        ended.output
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cut_answer_does_not_show_is_kept_and_told_of() {
    let site = Site::start().await;
    site.declare("");
    site.scene.tell(&["sync"]);
    let before = site.scene.tell_json(&["exposures"]);
    site.running
        .set_switches(|switches| switches.backfill_running = true);
    let ended = site.scene.run(&["sync"]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.output.contains("Kept as they were"), "{}", ended.output);
    assert!(ended.output.contains("TW-TABLEAU-BACKFILL"), "{}", ended.output);
    let links = |exposures: &Value| -> Vec<Value> {
        let exposures = exposures.as_array().unwrap().iter();
        exposures.map(|exposure| exposure["depends_on"].clone()).collect()
    };
    let after = site.scene.tell_json(&["exposures"]);
    assert_eq!(links(&after), links(&before));
    let told = site.scene.tell(&["exposures"]);
    assert!(told.contains("may be out of date"), "{told}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sync_ends_in_order_and_changes_nothing() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let site = Site::start().await;
    site.declare("");
    // Answers that never come keep the sync at work until it is interrupted.
    site.running
        .set_switches(|switches| switches.delay_milliseconds = 60_000);
    let mut child = site
        .scene
        .command(&["sync", "--json"])
        .env("TAILWATER_LOG", "reqwest=debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut complaints = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    complaints.read_line(&mut first).unwrap();
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(2));
    let said: String = complaints.lines().map_while(Result::ok).collect();
    assert!(said.contains("TW-CANCELLED"), "{first}{said}");
    let state = site.scene.tell_json(&["integration", "show", "main"]);
    assert_eq!(state["syncs"][0]["outcome"], "stopped");
    assert_eq!(state["syncs"][0]["counts"]["exposures"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_tells_what_syncs_did_and_why_they_failed() {
    let site = Site::start().await;
    site.declare("");
    assert_eq!(site.scene.tell(&["sync", "--history"]), "no sync was made yet\n");
    site.scene.tell(&["sync"]);
    site.scene.tell(&["sync"]);
    site.running.set_switches(|switches| switches.not_tableau = true);
    assert_eq!(site.scene.run(&["sync"]).code, Some(2));
    let told = site.scene.tell(&["sync", "--history"]);
    let rows: Vec<&str> = told.lines().collect();
    assert!(
        rows[1].contains("failed") && rows[2].contains("unchanged"),
        "{told}"
    );
    assert!(
        rows[3].contains("changed") && rows[3].contains("command"),
        "{told}"
    );
    assert!(told.contains("[TW-TABLEAU-NOT-TABLEAU]"), "{told}");
    let syncs = site.scene.tell_json(&["sync", "--history", "--limit", "2"]);
    let outcomes: Vec<&Value> = syncs
        .as_array()
        .unwrap()
        .iter()
        .map(|sync| &sync["outcome"])
        .collect();
    assert_eq!(outcomes, ["failed", "unchanged"]);
    assert!(syncs[1]["unmoved"].as_u64().unwrap() > 20);
}
