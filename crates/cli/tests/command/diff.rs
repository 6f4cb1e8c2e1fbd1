//! `tailwater diff`: what came and went between two syncs, by whatever name they are called.

use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::SiteFile;

use crate::scene::{Scene, Site, demo};

/// The demo's site, in which a workbook was renamed and another one is gone.
fn changed_site() -> SiteFile {
    let mut file = SiteFile::load(&demo().join("site.toml")).unwrap();
    let workbooks = &mut file.sites[0].workbooks;
    workbooks.retain(|workbook| workbook.name != "Plan");
    let orders = workbooks
        .iter_mut()
        .find(|workbook| workbook.name == "Orders overview")
        .unwrap();
    "Orders <b>over\u{1b}[31mview</b>".clone_into(&mut orders.name);
    file
}

fn labels(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|exposure| exposure["label"].as_str().unwrap()).collect()
}

fn ids(scene: &Scene) -> Vec<String> {
    let history = scene.tell_json(&["sync", "--history"]);
    let history = history.as_array().unwrap().iter();
    history
        .map(|sync| sync["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_tells_what_came_and_went_between_two_syncs() {
    let site = Site::start().await;
    site.declare("");
    let scene = &site.scene;
    let none = scene.run(&["diff", "--json"]);
    assert_eq!(
        (none.code, &none.error()["code"]),
        (Some(2), &json!("TW-DIFF-NEVER-SYNCED"))
    );

    scene.tell(&["sync"]);
    let first = scene.tell_json(&["diff"]);
    assert_eq!(first["from"], json!({"sync": null, "at": null}));
    let count = first["added"].as_array().unwrap().len();
    assert!(count > 20, "{count}");
    assert_eq!(first["counts"]["added"], count);
    assert_eq!(first["added"][0]["links_lost"], json!([]));

    scene.tell(&["sync"]);
    let told = scene.tell(&["diff", "--exit-code"]);
    assert!(
        told.contains("nothing changed: no exposure, link or gap came or went"),
        "{told}"
    );

    site.running.replace_sites(&changed_site()).unwrap();
    scene.tell(&["sync", "--full"]);
    let ended = scene.run(&["diff", "--exit-code"]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    for words in [
        "main: from sync ",
        "0 exposures added, 1 removed, 1 changed (1 renamed); links: 0 gained, ",
        "\nRemoved (1)\n  Plan  exposure.shop.plan\n",
        "\nChanged (1)\n  Orders <b>over",
        "was called Orders overview",
        "gap closed: ",
    ] {
        assert!(
            ended.output.contains(words),
            "nothing of {words}: {}",
            ended.output
        );
    }
    assert!(!ended.output.contains('\u{1b}'), "{:?}", ended.output);
    let diff = scene.tell_json(&["diff"]);
    assert_eq!(labels(&diff["added"]), Vec::<&str>::new());
    assert_eq!(labels(&diff["removed"]), ["Plan"]);
    assert_eq!(labels(&diff["changed"]), ["Orders <b>over\u{1b}[31mview</b>"]);
    let renamed = &diff["changed"][0];
    assert_eq!(renamed["before"]["label"], "Orders overview");
    assert_eq!(renamed["is_renamed"], true);
    assert_eq!(renamed["unique_id"], "exposure.shop.orders_overview");
    assert!(renamed["url"].as_str().unwrap().starts_with("https://"));

    // However the two are called, they are the same two; seen from the other end it is the other way round.
    let ids = ids(scene);
    assert_eq!(diff["to"]["sync"], ids[0]);
    let short = &ids[0][..13];
    for pair in [
        vec!["previous"],
        vec!["~1", "latest"],
        vec!["~2", "now"],
        vec![ids[1].as_str(), short],
        vec![&format!("{short}~1"), "~0"],
    ] {
        let mut arguments = vec!["diff"];
        arguments.extend(&pair);
        let same = scene.tell_json(&arguments);
        assert_eq!(same["counts"], diff["counts"], "{pair:?}");
        assert_eq!(same["changed"], diff["changed"], "{pair:?}");
    }
    let back = scene.tell_json(&["diff", "latest", "previous"]);
    assert_eq!(labels(&back["added"]), ["Plan"]);
    assert_eq!(back["changed"][0]["label"], "Orders overview");
    let since_ever = scene.tell_json(&["diff", "2020-01-01", "latest"]);
    assert_eq!(since_ever["counts"]["added"], count - 1);
    assert_eq!(since_ever["counts"]["removed"], 0);

    for (reference, code) in [
        ("yesterday", "TW-DIFF-REFERENCE"),
        ("deadbeef", "TW-DIFF-UNKNOWN"),
        ("~4", "TW-DIFF-TOO-FAR"),
    ] {
        let ended = scene.run(&["diff", reference, "--json"]);
        assert_eq!((ended.code, &ended.error()["code"]), (Some(2), &json!(code)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_by_hand_is_a_change_with_its_author() {
    let site = Site::start().await;
    site.declare("");
    let scene = &site.scene;
    scene.tell(&["sync"]);
    scene.tell(&["link", "plan", "fct_orders"]);
    assert_eq!(
        scene.tell_json(&["diff", "latest", "latest"])["is_different"],
        false
    );
    let diff = scene.tell_json(&["diff", "latest", "now"]);
    let [changed] = diff["changed"].as_array().unwrap().as_slice() else {
        panic!("{diff:#}");
    };
    let [gained] = changed["links_gained"].as_array().unwrap().as_slice() else {
        panic!("{changed:#}");
    };
    assert_eq!(gained["node"], "model.shop.fct_orders");
    assert_eq!(
        (&gained["by"], &gained["sync"]),
        (&json!("command line"), &Value::Null)
    );
    scene.tell(&["leave-out", "best_sellers"]);
    let diff = scene.tell_json(&["diff", "latest", "now"]);
    assert_eq!(labels(&diff["removed"]), ["Best sellers"]);
    // The syncs after it tell neither again, and the way back to before the first one is whole.
    scene.tell(&["sync", "--full"]);
    let later = scene.tell_json(&["diff", "latest", "now"]);
    assert_eq!(later["is_different"], false);
    let in_all = scene.tell_json(&["diff", "~2", "now"]);
    assert_eq!(in_all["counts"]["removed"], 0);
    assert!(!labels(&in_all["added"]).contains(&"Best sellers"), "{in_all:#}");
}
