//! The store as a platform team meets it: checked, moved between databases, its key changed, its secrets looked
//! for everywhere, and syncs killed in the middle. The real binary against the demo's Tableau site.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a broken surrounding is a failure"
)]

#[path = "../../../store/tests/suite/postgres.rs"]
mod postgres;
#[path = "../command/scene.rs"]
#[expect(dead_code, reason = "the tests of commands need more of it")]
mod scene;

mod key;
mod kill;
mod leak;
mod nodes;
mod upkeep;

use scene::{Scene, Site};

/// The variable that names the store.
const STORE: &str = "TAILWATER_STORE__URL";

/// A filled site: synced, and with something of everything that people add.
async fn filled() -> Site {
    let site = Site::imported().await;
    let scene = &site.scene;
    scene.tell(&["sync"]);
    let exposures = scene.tell_json(&["exposures"]);
    let name = exposures[0]["name"].as_str().unwrap().to_owned();
    scene.tell(&["curate", &name, "--maturity", "high", "--tag", "board"]);
    scene.tell(&["policy", "set", "--integration", "main", "--interval", "60"]);
    let directory = scene.path().to_str().unwrap();
    scene.tell(&[
        "job",
        "add",
        "nightly",
        "--project",
        "shop",
        "--directory",
        directory,
    ]);
    let ended = scene.feed(&["job", "secret", "nightly", "PASSWORD"], b"hunter2-job");
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let ended = scene.feed(
        &["user", "add", "ada", "--role=admin", "--password-stdin"],
        b"hunter2-correct-horse",
    );
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    scene.tell(&["token", "create", "ci", "--role=viewer"]);
    scene.tell(&["refresh", &name, "--force"]);
    site
}

/// What people see of a store: the answers of commands that read all of it.
fn seen(scene: &Scene) -> Vec<serde_json::Value> {
    [
        &["exposures"][..],
        &["unmatched"],
        &["integration", "list"],
        &["curations"],
        &["policy", "list"],
        &["job", "list"],
        &["user", "list"],
        &["token", "list"],
        &["refreshes"],
        &["audit"],
    ]
    .iter()
    .map(|arguments| scene.tell_json(arguments))
    .collect()
}
