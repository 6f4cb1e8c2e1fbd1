//! Commands that cannot run, or run with failures: exit codes, and what is said.

use rstest::rstest;
use serde_json::{Value, json};

use crate::scene::{Scene, Site, demo, steadily};

#[rstest]
#[case(&["sync"], "TW-INTEGRATION-NONE")]
#[case(&["unmatched"], "TW-INTEGRATION-NONE")]
#[case(&["sync", "main"], "TW-INTEGRATION-UNKNOWN")]
#[case(&["unmatched", "main"], "TW-INTEGRATION-UNKNOWN")]
#[case(&["collections", "main"], "TW-INTEGRATION-UNKNOWN")]
#[case(&["integration", "test", "main"], "TW-INTEGRATION-UNKNOWN")]
#[case(&["integration", "show", "main"], "TW-INTEGRATION-UNKNOWN")]
#[case(&["integration", "remove", "main"], "TW-INTEGRATION-UNKNOWN")]
#[case(&["integration", "map", "list", "main"], "TW-INTEGRATION-UNKNOWN")]
#[case(&["integration", "map", "add", "main", "--to=x"], "TW-MAP-NOTHING-TO-REWRITE")]
#[case(&["project", "remove", "shop"], "TW-PROJECT-UNKNOWN")]
#[case(&["project", "add", "shop", "nowhere"], "TW-DBT-NOT-FOUND")]
#[case(&["project", "add", "a b", "nowhere"], "TW-SETTINGS-BAD-NAME")]
#[case(&["explain", "anything"], "TW-SUBJECT-UNKNOWN")]
#[case(&["exposures", "--select", "nix:x"], "TW-SELECTOR-METHOD")]
#[case(&["lineage", "--select", "nix:x"], "TW-SELECTOR-METHOD")]
#[case(&["--config=none.toml", "exposures"], "TW-CONFIG-MISSING")]
#[case(&["sql", "--dialect=duckdb", "none.sql"], "TW-CLI-INPUT")]
#[case(&["explain"], "TW-CLI-USAGE")]
#[case(&["no-such-command"], "TW-CLI-USAGE")]
fn what_cannot_run_ends_with_2_and_says_why(#[case] arguments: &[&str], #[case] code: &str) {
    let scene = Scene::new();
    let mut with_json = arguments.to_vec();
    with_json.push("--json");
    let ended = scene.run(&with_json);
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert_eq!(ended.output, "");
    assert_eq!(ended.complaints.lines().count(), 1, "{ended:#?}");
    let error = ended.error();
    assert_eq!(error["code"], code, "{error}");
    assert!(
        error["message"].is_string() && error["hint"].is_string(),
        "{error}"
    );

    let for_people = scene.run(arguments);
    assert_eq!(for_people.code, Some(2));
    assert_eq!(for_people.output, "");
    assert!(
        code == "TW-CLI-USAGE" || for_people.complaints.contains(code),
        "{for_people:#?}"
    );
}

#[test]
fn wrong_arguments_are_one_clean_line_for_machines_and_the_usual_text_for_people() {
    let scene = Scene::new();
    let ended = scene.run(&["--json", "sync", "--dry-rum"]);
    let error = ended.error();
    assert_eq!(error["message"], "`tailwater sync` does not take `--dry-rum`");
    assert_eq!(
        error["hint"],
        "did you mean `--dry-run`? `tailwater sync --help` explains the command and shows examples"
    );
    let ended = scene.run(&["sync", "--dry-rum"]);
    assert!(ended.complaints.contains("Usage: tailwater sync"), "{ended:#?}");
}

#[test]
fn people_get_code_cause_and_hint() {
    // The scratch directory's name may be long, and is shown.
    let scene = Scene::new().with_variable("COLUMNS", "160");
    let ended = scene.run(&["project", "add", "shop", "target/manifest.json"]);
    steadily(|| insta::assert_snapshot!("error_missing_manifest", scene.steady(&ended.complaints)));
    let ended = scene.run(&["sync"]);
    steadily(|| insta::assert_snapshot!("error_no_integration", ended.complaints));
}

#[test]
fn a_project_that_cannot_be_read_any_more_is_listed_with_its_error() {
    let scene = Scene::new();
    let manifest = scene.write("manifest.json", "");
    std::fs::copy(demo().join("dbt/target/manifest.json"), &manifest).unwrap();
    scene.tell(&["project", "add", "shop", "manifest.json"]);
    scene.write("manifest.json", "<html>sign in</html>");
    let ended = scene.run(&["project", "list", "--json"]);
    assert_eq!(ended.code, Some(1));
    let listed: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(listed[0]["name"], "shop");
    assert!(
        listed[0]["error"]["code"]
            .as_str()
            .unwrap()
            .starts_with("TW-DBT-"),
        "{listed:#}"
    );
    assert!(listed[0]["error"]["message"].is_string());
    let ended = scene.run(&["project", "list"]);
    steadily(|| insta::assert_snapshot!("project_list_unreadable", scene.steady(&ended.output)));

    let ended = scene.run(&["exposures", "--json"]);
    assert_eq!(ended.code, Some(1), "what is left out is told of");
    assert_eq!(ended.output, "[]\n");
    assert!(ended.complaints.contains("TW-DBT-"), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_integrations_that_fails_does_not_stop_the_others() {
    let site = Site::start().await;
    site.declare(
        "[[integration]]\nname = \"broken\"\nserver = \"http://127.0.0.1:1\"\nsite = \"shop\"\n\
         token_name = \"x\"\ntoken_secret_env = \"TABLEAU_TOKEN_SECRET\"\ncollections = [\"**\"]\n",
    );
    let ended = site.scene.run(&["sync", "--json"]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let reports: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(reports[0]["integration"], "broken");
    assert_eq!(reports[0]["error"]["code"], "TW-HTTP-UNREACHABLE");
    assert_eq!(reports[1]["integration"], "main");
    assert!(reports[1]["exposures"].as_u64() > Some(0));

    let alone = site.scene.run(&["sync", "broken", "--json"]);
    assert_eq!(alone.code, Some(2));
    assert_eq!(alone.output, "");
    assert_eq!(alone.error()["code"], "TW-HTTP-UNREACHABLE");

    let shown = site.scene.run(&["integration", "show", "broken", "--json"]);
    let state: Value = serde_json::from_str(&shown.output).unwrap();
    assert_eq!(
        state["syncs"][0]["outcome"], "failed",
        "the failure is in the history"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_that_is_named_twice_is_synced_once() {
    let site = Site::start().await;
    site.declare("");
    let reports = site.scene.tell_json(&["sync", "main", "main"]);
    assert_eq!(reports.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_that_finds_nothing_is_refused_and_a_near_name_proposed() {
    let site = Site::connected().await;
    let ended = site
        .scene
        .run(&["collections", "main", "select", "Finanse", "--json"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.error()["code"], "TW-COLLECTION-UNKNOWN");
    assert!(
        ended.error()["hint"].as_str().unwrap().contains("Finance"),
        "{ended:#?}"
    );
    let listed = site.scene.tell_json(&["integration", "list"]);
    assert_eq!(listed[0]["collections"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_declares_is_not_changed_by_commands() {
    let site = Site::start().await;
    site.declare("");
    for arguments in [
        &["collections", "main", "select", "Sandbox"][..],
        &["collections", "main", "unselect", "R\\/D"],
        &["integration", "map", "add", "main", "--database=a", "--to=b"],
        &["integration", "remove", "main", "--yes"],
        &["project", "remove", "shop"],
    ] {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let ended = site.scene.run(&arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert_eq!(ended.error()["code"], "TW-SETTINGS-READ-ONLY", "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_wants_a_yes() {
    let site = Site::connected().await;
    let ended = site.scene.run(&["integration", "remove", "main", "--json"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.error()["code"], "TW-CLI-NOT-CONFIRMED");
    assert_eq!(
        site.scene.tell_json(&["integration", "remove", "main", "--yes"]),
        json!({ "removed": "main" })
    );
    assert_eq!(site.scene.tell_json(&["integration", "list"]), json!([]));
}
