//! `tailwater store`: check, migrate, copy.

use serde_json::Value;

use crate::scene::{Scene, Site};
use crate::{STORE, filled, postgres, seen};

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_moves_to_postgresql_and_back() {
    let mut site = filled().await;
    let before = seen(&site.scene);
    assert!(
        before
            .iter()
            .all(|answer| answer.as_array().is_none_or(|rows| !rows.is_empty()))
    );
    let address = postgres::new_database();
    site.scene = site.scene.with_variable("NEW_STORE", &address);
    let ended = site
        .scene
        .run(&["store", "copy", "--to-env", "NEW_STORE", "--json", "-vv"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.complaints.contains("rows compared"), "{ended:#?}");
    assert!(!format!("{ended:?}").contains("hunter2"), "{ended:#?}");
    let copied: Value = serde_json::from_str(&ended.output).unwrap();
    assert!(copied["rows"].as_u64() > Some(100), "{copied:#}");
    let tables = copied["tables"].as_array().unwrap();
    assert!(
        tables
            .iter()
            .all(|table| table["sha256"].as_str().unwrap().len() == 64)
    );

    // The same command again finds something there.
    let again = site
        .scene
        .run(&["store", "copy", "--to-env", "NEW_STORE", "--json"]);
    assert_eq!(again.code, Some(2));
    assert_eq!(again.error()["code"], "TW-STORE-NOT-EMPTY");

    let mut moved = Site {
        scene: site.scene.with_variable(STORE, &address),
        running: site.running,
    };
    assert_eq!(seen(&moved.scene), before);
    assert_eq!(
        moved.scene.tell_json(&["store", "check"])["problems"],
        serde_json::json!([])
    );
    // It goes on where it stood: the token's secret opens, nothing is new.
    let synced = moved.scene.tell_json(&["sync"]);
    assert_eq!(synced[0]["added"], serde_json::json!([]), "{synced:#}");

    let before = seen(&moved.scene);
    let told = moved.scene.tell(&["store", "copy", "--to", "sqlite:back.db"]);
    assert!(told.contains("and found them equal"), "{told}");
    moved.scene = moved.scene.with_variable(STORE, "sqlite:back.db");
    assert_eq!(seen(&moved.scene), before);
    moved.scene.tell(&["sync"]);
    assert_eq!(
        moved.scene.tell_json(&["store", "check"])["problems"],
        serde_json::json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_store_is_told_and_nothing_is_made() {
    let scene = Scene::new();
    let ended = scene.run(&["store", "check", "--json"]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let check: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(check["problems"][0]["code"], "TW-STORE-MISSING");
    assert_eq!(std::fs::read_dir(scene.path()).unwrap().count(), 0);

    scene.tell(&["store", "migrate"]);
    let ended = scene.run(&["store", "check"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(
        ended.output.contains("all is well; 0 sealed values opened"),
        "{ended:#?}"
    );

    let site = Site::connected().await;
    let key = site.scene.path().join(".tailwater/key");
    let kept = std::fs::read(&key).unwrap();
    let ended = site.scene.run(&["store", "check"]);
    assert!(
        ended.output.contains("all is well; 1 sealed value opened"),
        "{ended:#?}"
    );
    std::fs::remove_file(&key).unwrap();
    let ended = site.scene.run(&["store", "check"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.output.contains("TW-KEY-MISSING"), "{ended:#?}");
    assert!(!key.exists(), "a check makes no key");
    // Another key.
    let check = site.scene.tell_json(&["store", "migrate"]);
    assert_eq!(check["pending"], serde_json::json!([]));
    let other = Scene::new();
    other.tell(&["key", "rotate"]);
    std::fs::copy(other.path().join(".tailwater/key"), &key).unwrap();
    let ended = site.scene.run(&["store", "check"]);
    assert!(
        ended
            .output
            .contains("the secret of integration `main` was sealed with another key"),
        "{ended:#?}"
    );
    std::fs::write(&key, kept).unwrap();
    assert_eq!(site.scene.run(&["store", "check"]).code, Some(0));

    site.scene
        .write(".tailwater/tailwater.db", &"no database at all ".repeat(100));
    let ended = site.scene.run(&["store", "check", "--json"]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.output.contains("TW-STORE-"), "{ended:#?}");
}

#[test]
fn bringing_up_to_date_says_from_where_to_where() {
    let scene = Scene::new();
    let would = scene.tell_json(&["store", "migrate", "--dry-run"]);
    assert_eq!(
        (&would["found"], &would["is_migrated"]),
        (&Value::from(0), &Value::from(false))
    );
    assert_eq!(would["pending"][0]["about"], "first");
    assert_eq!(
        std::fs::read_dir(scene.path()).unwrap().count(),
        0,
        "nothing is made"
    );
    let told = scene.tell(&["store", "migrate"]);
    assert!(told.contains("tailwater.db made with schema"), "{told}");
    let told = scene.tell(&["store", "migrate"]);
    assert!(told.contains("is up to date at schema"), "{told}");
}

#[test]
fn what_cannot_be_copied_is_refused() {
    let scene = Scene::new().with_variable("EMPTY", "");
    let refused = |arguments: &[&str], code: &str| {
        let mut all = vec!["store", "copy", "--json"];
        all.extend(arguments);
        let ended = scene.run(&all);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:#?}");
        assert_eq!(ended.error()["code"], code, "{arguments:?}");
        assert!(!ended.complaints.contains("hunter2/"), "{ended:#?}");
    };
    refused(&[], "TW-CLI-USAGE");
    refused(&["--to", "sqlite:a.db"], "TW-STORE-MISSING");
    refused(&["--to", "sqlite:a.db", "--to-env", "X"], "TW-CLI-USAGE");
    scene.tell(&["store", "migrate"]);
    refused(&["--to", "sqlite:./.tailwater/tailwater.db"], "TW-STORE-SAME");
    refused(&["--to-env", "EMPTY"], "TW-CLI-USAGE");
    refused(&["--to", "postgres://ann:hunter2/x@db/d"], "TW-STORE-ADDRESS");
    refused(
        &["--from", "sqlite:none.db", "--to", "sqlite:a.db"],
        "TW-STORE-MISSING",
    );
    assert!(!scene.path().join("a.db").exists());

    let ended = scene.run(&["store", "copy", "--to", "postgres://ann:hunter2@127.0.0.1:1/d"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.complaints.contains("`--to-env VARIABLE` hides it"),
        "{ended:#?}"
    );
    assert!(!ended.complaints.contains("hunter2"), "{ended:#?}");
}
