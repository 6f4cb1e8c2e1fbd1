//! What people say of exposures by command: how it is answered, and what lists and explanations show of it.

use serde_json::Value;

use crate::scene::{Site, steadily};

#[track_caller]
fn snapshot(site: &Site, name: &str, arguments: &[&str]) {
    let text = site.scene.steady(&site.scene.tell(arguments));
    steadily(|| insta::assert_snapshot!(name, text));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exposure_is_curated_linked_unlinked_and_given_back() {
    let site = Site::imported().await;
    let scene = &site.scene;
    snapshot(&site, "curations_none", &["curations"]);
    snapshot(
        &site,
        "curate",
        &[
            "curate",
            "Payments",
            "--label=Money in",
            "--owner=Ann Lee",
            "--owner-email=ann@example.com",
            "--maturity=high",
            "--tag=finance",
            "--tag=board",
            "--description=",
        ],
    );
    let link = [
        "link",
        "payments",
        "dim_customers",
        "--note=through a stored procedure",
    ];
    snapshot(&site, "link", &link);
    let stands_on = scene.tell_json(&["exposures", "--select", "exposure:payments"])[0]["depends_on"].clone();
    let node = stands_on
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .find(|node| !node.contains("dim_customers"))
        .unwrap();
    snapshot(&site, "unlink", &["unlink", "payments", node, "--note=unused"]);
    scene.tell(&["sync", "main"]);
    snapshot(&site, "explain_curated", &["explain", "Money in"]);
    let json = scene.tell_json(&["exposures", "--select", "exposure:payments"]);
    let text = scene.steady(&serde_json::to_string_pretty(&json[0]).unwrap());
    steadily(|| insta::assert_snapshot!("exposures_curated_json", text));
    snapshot(&site, "curations", &["curations"]);
    let cleared = scene.tell_json(&["curate", "payments", "--clear=all"]);
    assert!(
        cleared.get("fields").is_none() && cleared.get("links").is_none(),
        "{cleared:#}"
    );
    assert_eq!(scene.tell_json(&["curations"]), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_is_left_out_and_brought_in() {
    let site = Site::imported().await;
    let scene = &site.scene;
    let count = || scene.tell_json(&["exposures"]).as_array().unwrap().len();
    let before = count();
    snapshot(&site, "leave_out", &["leave-out", "payments", "--note=a draft"]);
    assert_eq!(count(), before - 1);
    scene.tell(&["sync", "main"]);
    let left_out = scene.tell_json(&["curations"]);
    assert_eq!(left_out[0]["presence"]["choice"], "left_out");
    assert_eq!(left_out[0]["unique_id"], "exposure.shop.payments");
    snapshot(&site, "bring_in", &["bring-in", "payments"]);
    scene.tell(&["sync", "main"]);
    assert_eq!(count(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_advice() {
    let site = Site::imported().await;
    for (arguments, code) in [
        (vec!["curate", "paymnts", "--label=x"], "TW-EXPOSURE-UNKNOWN"),
        (vec!["curate", "payments"], "TW-CURATION-NOTHING-ASKED"),
        (vec!["curate", "payments", "--maturity=best"], "TW-CURATION-WORD"),
        (vec!["curate", "payments", "--clear=name"], "TW-CURATION-FIELD"),
        (vec!["link", "payments", "fct_ordrs"], "TW-NODE-UNKNOWN"),
        (vec!["unlink", "payments", "fct_sessions"], "TW-LINK-NONE"),
        (vec!["bring-in", "payments"], "TW-WORKBOOK-NOT-LEFT-OUT"),
        (
            vec!["bring-in", "Nothing", "--integration=main"],
            "TW-WORKBOOK-UNKNOWN",
        ),
    ] {
        let mut all = vec!["--json"];
        all.extend(&arguments);
        let ended = site.scene.run(&all);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:#?}");
        let error = ended.error();
        assert_eq!(error["code"], code, "{arguments:?}: {error:#}");
        assert!(error["hint"].is_string(), "{arguments:?}: {error:#}");
    }
}
