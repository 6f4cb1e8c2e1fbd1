//! What each command answers about the demo: text and JSON.

use serde_json::{Value, json};

use crate::scene::{Scene, Site, demo, steadily};

/// Text and JSON of one command, as snapshots.
#[track_caller]
fn assert_answers(site: &Site, name: &str, arguments: &[&str]) {
    let text = site.scene.steady(&site.scene.tell(arguments));
    let mut with_json = vec!["--json"];
    with_json.extend(arguments);
    let json = site.scene.steady(&site.scene.tell(&with_json));
    serde_json::from_str::<Value>(&json).unwrap();
    steadily(|| {
        insta::assert_snapshot!(format!("{name}_text"), text);
        insta::assert_snapshot!(format!("{name}_json"), json);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_sync() {
    let site = Site::connected().await;
    assert_answers(&site, "project_list", &["project", "list"]);
    assert_answers(&site, "integration_list", &["integration", "list"]);
    assert_answers(&site, "integration_show", &["integration", "show", "main"]);
    assert_answers(&site, "integration_test", &["integration", "test", "main"]);
    assert_answers(&site, "collections", &["collections", "main"]);
    let ended = site.scene.run(&["doctor"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    steadily(|| insta::assert_snapshot!("doctor", site.scene.steady(&ended.output)));
    let told = site.scene.tell(&["exposures", "--select", "tag:nothing"]);
    assert_eq!(told, "the selector chooses no exposure\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_first_sync() {
    let site = Site::imported().await;
    assert_answers(
        &site,
        "exposures",
        &[
            "exposures",
            "--select",
            "exposure:payments exposure:finance_weekly exposure:logistics",
        ],
    );
    assert_answers(&site, "explain_exposure", &["explain", "Repeat customers"]);
    assert_answers(&site, "explain_gaps", &["explain", "exposure.shop.pipeline"]);
    assert_answers(&site, "explain_node", &["explain", "rpt_revenue_by_region"]);
    assert_answers(&site, "explain_table", &["explain", "shop_prod.marts.orders"]);
    assert_answers(
        &site,
        "explain_unread_table",
        &["explain", "shop.raw.order_items"],
    );
    assert_answers(&site, "unmatched", &["unmatched"]);
    assert_answers(
        &site,
        "lineage",
        &[
            "lineage",
            "--select",
            "1+exposure:payments",
            "--exclude",
            "resource_type:test",
        ],
    );
    let all = site.scene.tell(&["exposures"]);
    steadily(|| insta::assert_snapshot!("exposures_all", all));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_rule_is_previewed_added_and_removed() {
    let site = Site::imported().await;
    let scene = &site.scene;
    let add = [
        "integration",
        "map",
        "add",
        "main",
        "--database=shop_prod",
        "--to=shop",
    ];
    let mut preview = add.to_vec();
    preview.push("--dry-run");
    assert_answers(&site, "map_add_dry_run", &preview);
    assert_eq!(
        scene.tell_json(&["integration", "map", "list", "main"])["mapping"],
        json!([])
    );

    let added = scene.tell(&add);
    steadily(|| insta::assert_snapshot!("map_add", added));
    let rule = json!([{ "database": "shop_prod", "to": "shop" }]);
    assert_eq!(
        scene.tell_json(&["integration", "map", "list", "main"])["mapping"],
        rule
    );

    scene.tell(&["sync", "main"]);
    let explained = scene.tell(&["explain", "logistics"]);
    steadily(|| insta::assert_snapshot!("explain_mapped", explained));

    let ended = scene.run(&["integration", "map", "remove", "main", "2", "--json"]);
    assert_eq!(ended.error()["code"], "TW-MAP-UNKNOWN-RULE");
    let removed = scene.tell(&["integration", "map", "remove", "main", "1"]);
    steadily(|| insta::assert_snapshot!("map_remove", removed));
}

#[tokio::test(flavor = "multi_thread")]
async fn exposures_have_the_promised_keys() {
    let site = Site::imported().await;
    let exposures = site.scene.tell_json(&["exposures"]);
    let exposures = exposures.as_array().unwrap();
    assert!(exposures.len() > 20);
    for exposure in exposures {
        for key in [
            "unique_id",
            "name",
            "label",
            "type",
            "mode",
            "integration",
            "url",
            "owner",
            "depends_on",
            "links",
            "gaps",
        ] {
            assert!(exposure.get(key).is_some(), "{key} in {exposure:#}");
        }
        for gap in exposure["gaps"].as_array().unwrap() {
            for key in ["table", "reason", "candidates", "remedy"] {
                assert!(gap.get(key).is_some(), "{key} in {gap:#}");
            }
        }
        if exposure["mode"] == "auto" {
            assert!(exposure["workbook"]["luid"].is_string(), "{exposure:#}");
            assert!(exposure["workbook"]["project_path"].is_string(), "{exposure:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_selected_and_unselected_by_path_and_id() {
    let site = Site::connected().await;
    let scene = &site.scene;
    let tree = scene.tell_json(&["collections", "main"]);
    let finance = tree["collections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|branch| branch["path"] == "Finance")
        .unwrap()
        .clone();
    let id = finance["id"].as_str().unwrap();

    let by_id = scene.tell_json(&["collections", "main", "select", &format!("{id}/**"), "--no-sync"]);
    assert_eq!(by_id["changed"], true);
    assert_eq!(by_id["sync"], Value::Null);
    let selected = |tree: &Value| -> Vec<String> {
        let branches = tree["collections"].as_array().unwrap().iter();
        let chosen = branches.filter(|branch| branch["selected"] == true);
        chosen
            .map(|branch| branch["path"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        selected(&scene.tell_json(&["collections", "main"])),
        ["Finance", "Finance/Board", "Finance/Monthly"]
    );

    let again = scene.tell_json(&["collections", "main", "select", &format!("{id}/**")]);
    assert_eq!(again["changed"], false);
    assert_eq!(again["sync"], Value::Null, "what does not change does not sync");

    let more = scene.tell_json(&["collections", "main", "select", "R\\/D"]);
    assert!(more["sync"]["added"].as_array().unwrap().len() > 3, "{more:#}");

    let less = scene.tell_json(&["collections", "main", "unselect", &format!("{id}/**")]);
    assert_eq!(less["selection"], json!(["R\\/D"]));
    assert!(
        !less["sync"]["removed"].as_array().unwrap().is_empty(),
        "{less:#}"
    );

    let none = scene.tell(&["collections", "main", "unselect", "R\\/D"]);
    steadily(|| insta::assert_snapshot!("collections_none", none));
}

#[test]
fn a_project_is_added_with_the_counts_of_its_resources() {
    let scene = Scene::new();
    let target = demo().join("dbt/target");
    let told = scene.tell(&["project", "add", "shop", target.to_str().unwrap()]);
    steadily(|| insta::assert_snapshot!("project_add", told));
}
