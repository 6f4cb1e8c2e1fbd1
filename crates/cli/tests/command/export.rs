//! `tailwater export`: what it says, prints and writes, and how it ends.

use serde_json::json;

use crate::scene::{Scene, Site, demo, steadily};

const EXPORT: [&str; 3] = ["export", "--dir", "dbt/models/exposures"];

/// The demo's site, imported, beside an empty dbt project of the demo's name.
async fn site() -> Site {
    let site = Site::imported().await;
    site.scene.write("dbt/dbt_project.yml", "name: shop\n");
    let own = std::fs::read_to_string(demo().join("dbt/models/exposures.yml")).unwrap();
    site.scene.write("dbt/models/exposures.yml", &own);
    site
}

fn with(more: &[&'static str]) -> Vec<&'static str> {
    let mut arguments = EXPORT.to_vec();
    arguments.extend(more);
    arguments
}

fn read(scene: &Scene, name: &str) -> String {
    std::fs::read_to_string(scene.path().join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_checked_written_and_checked_again() {
    let site = site().await;
    let scene = &site.scene;
    let before = scene.run(&with(&["--check", "main"]));
    assert_eq!(before.code, Some(1), "{before:#?}");
    steadily(|| insta::assert_snapshot!("export_check_remarks", before.complaints));
    assert!(!scene.path().join("dbt/models/exposures").exists());
    let told = scene.tell(&EXPORT);
    steadily(|| insta::assert_snapshot!("export", told));
    steadily(|| {
        insta::assert_snapshot!(
            "export_file",
            read(scene, "dbt/models/exposures/main__finance.yml")
        );
    });
    let again = scene.run(&with(&["--check"]));
    assert_eq!(
        (again.code, again.complaints.as_str()),
        (Some(0), ""),
        "{again:#?}"
    );
    steadily(|| insta::assert_snapshot!("export_check_up_to_date", again.output));

    scene.tell(&[
        "curate",
        "payments",
        "--label=Money {{ in }}\u{2028}",
        "--tag=board",
    ]);
    let check = scene.run(&with(&["--check"]));
    assert_eq!(check.code, Some(1), "{check:#?}");
    steadily(|| insta::assert_snapshot!("export_check_diff", check.output));
    // A dry run prints the same, and does not fail.
    let dry = scene.run(&with(&["--dry-run"]));
    assert_eq!((dry.code, &dry.output), (Some(0), &check.output));
    let as_json = scene.run(&with(&["--check", "--json"]));
    let as_json: serde_json::Value = serde_json::from_str(&as_json.output).unwrap();
    assert_eq!(as_json["up_to_date"], json!(false));
    let changed = as_json["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["change"] == "changed");
    assert_eq!(changed.unwrap()["diff"].as_str().unwrap(), check.output);
    scene.tell(&EXPORT);
    scene.tell(&with(&["--check"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_is_a_patch() {
    let site = site().await;
    let scene = &site.scene;
    scene.tell(&EXPORT);
    scene.tell(&["leave-out", "payments"]);
    let patch = scene.run(&with(&["--check"])).output;
    let patch = scene.write("x.patch", &patch);
    let applied = std::process::Command::new("git")
        .args(["apply", "--unsafe-paths"])
        .arg(patch)
        .current_dir(scene.path())
        .status()
        .unwrap();
    assert!(applied.success());
    scene.tell(&with(&["--check"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_exposure_is_given_its_id() {
    let site = site().await;
    let scene = &site.scene;
    scene.tell(&EXPORT);
    let check = scene.run(&with(&["--adopt", "--check"]));
    assert_eq!(check.code, Some(1), "{check:#?}");
    steadily(|| insta::assert_snapshot!("export_adopt_diff", check.output));
    let before = read(scene, "dbt/models/exposures.yml");
    scene.tell(&with(&["--adopt"]));
    assert_ne!(read(scene, "dbt/models/exposures.yml"), before);
    scene.tell(&with(&["--adopt", "--check"]));

    let flow = before.replace(
        "      meta:\n        reviewed: true\n",
        "      meta: {reviewed: true}\n",
    );
    scene.write("dbt/models/exposures.yml", &flow);
    let refused = scene.run(&with(&["--adopt"]));
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    steadily(|| insta::assert_snapshot!("export_adopt_refused", refused.output));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_advice() {
    let site = site().await;
    site.scene.tell(&EXPORT);
    site.scene.write("other/dbt_project.yml", "name: other\n");
    for (arguments, code) in [
        (vec!["export"], "TW-CLI-USAGE"),
        (vec!["export", "--dir=x", "--check", "--dry-run"], "TW-CLI-USAGE"),
        (vec!["export", "--dir=x", "nothing"], "TW-INTEGRATION-UNKNOWN"),
        (
            vec!["export", "--dir=x", "--project=nothing"],
            "TW-PROJECT-UNKNOWN",
        ),
        (vec!["export", "--dir=x", "--adopt"], "TW-EXPORT-NO-PROJECT-FILE"),
        (vec!["export", "--dir=other/models"], "TW-EXPORT-OTHER-PROJECT"),
        (vec!["export", "--dir=dbt/models/more"], "TW-EXPORT-ELSEWHERE"),
        (
            vec!["export", "--dir=dbt/dbt_project.yml"],
            "TW-EXPORT-UNREADABLE",
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
