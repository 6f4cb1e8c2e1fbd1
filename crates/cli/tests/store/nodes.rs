//! Several nodes on one PostgreSQL that sync the same integration and another one, as processes of their own: never
//! two signed in at once with one token, no sync lost, and who finds the token in use is told so.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scene::{Scene, Site};
use crate::{STORE, postgres};

/// So many processes sync the same integration at once, each so often.
const NODES: usize = 3;
const SYNCS: usize = 2;

const SECOND: &str = "
[[integration]]
name = \"second\"
server = \"SERVER\"
site = \"shop\"
token_name = \"explorer\"
token_secret_env = \"EXPLORER_SECRET\"
collections = [\"Finance/**\"]
";

/// Syncs so often until each has landed; answers how often the token was in use.
fn sync_until_landed(scene: &Scene, integration: &str) -> usize {
    const PATIENCE: Duration = Duration::from_mins(2);
    let began = Instant::now();
    let mut refused = 0;
    for _ in 0..SYNCS {
        loop {
            let ended = scene.run(&["sync", integration, "--json"]);
            if ended.code == Some(0) {
                break;
            }
            let error = ended.error();
            assert_eq!(error["code"], "TW-SYNC-BUSY", "{ended:#?}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("process"), "it says who: {message}");
            assert!(began.elapsed() < PATIENCE, "{ended:#?}");
            refused += 1;
        }
    }
    refused
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nodes_that_sync_at_once_take_turns_with_a_token() {
    let mut site = Site::start().await;
    site.declare(&SECOND.replace("SERVER", site.running.base_url()));
    site.scene = site
        .scene
        .with_variable(STORE, &postgres::new_database())
        .with_variable("EXPLORER_SECRET", "explorer-secret");
    // Slow enough that they meet.
    site.running
        .set_switches(|switches| switches.delay_milliseconds = 30);
    let scene = &site.scene;
    scene.tell(&["store", "migrate"]);
    let before = site.running.count("/auth/signin");
    let refused: usize = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let nodes: Vec<_> = (0..NODES)
                .map(|_| scope.spawn(|| sync_until_landed(scene, "main")))
                .collect();
            let other = scope.spawn(|| sync_until_landed(scene, "second"));
            assert_eq!(other.join().unwrap(), 0, "another token is in nobody's way");
            nodes.into_iter().map(|node| node.join().unwrap()).sum()
        })
    });
    assert!(refused > 0, "they never met");

    // A second sign-in with a token ends the first session, and what that one asks is then refused.
    let requests = site.running.requests();
    let refused: Vec<_> = requests.iter().filter(|request| request.status == 401).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert_eq!(site.running.count("/auth/signin") - before, (NODES + 1) * SYNCS);
    for (integration, count) in [("main", NODES * SYNCS), ("second", SYNCS)] {
        let history = scene.tell_json(&["sync", integration, "--history"]);
        let syncs: Vec<&Value> = history.as_array().unwrap().iter().collect();
        assert_eq!(syncs.len(), count, "{integration}");
        let has_landed = |sync: &&Value| matches!(sync["outcome"].as_str(), Some("changed" | "unchanged"));
        assert!(syncs.iter().all(has_landed), "{syncs:#?}");
        assert_eq!(syncs[count - 1]["outcome"], json!("changed"));
    }
    let check = scene.run(&["store", "check", "--json"]);
    assert_eq!(check.code, Some(0), "{check:#?}");
}
