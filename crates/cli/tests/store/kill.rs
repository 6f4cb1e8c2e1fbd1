//! Syncs that are killed at any point: the store is as it was or as it is after, never between.
//!
//! `TAILWATER_TEST_KILLS=200` kills more often than a run of all tests has time for.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::scene::{COLLECTIONS, Site};
use crate::{STORE, postgres};

fn kills() -> u64 {
    let told = std::env::var("TAILWATER_TEST_KILLS").ok();
    told.map_or(6, |text| text.parse().unwrap())
}

#[rstest]
#[case::sqlite(false)]
#[case::postgresql(true)]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_killed_leaves_the_last_good_state(#[case] is_postgres: bool) {
    let mut site = Site::connected().await;
    let mut select = vec!["collections", "main", "select", "--no-sync"];
    select.extend(COLLECTIONS);
    site.scene.tell(&select);
    site.scene.tell(&["store", "copy", "--to", "sqlite:before.db"]);
    if is_postgres {
        let address = postgres::new_database();
        site.scene = site
            .scene
            .with_variable(STORE, &address)
            .with_variable("STORE", &address);
    } else {
        site.scene = site
            .scene
            .with_variable("STORE", "sqlite:.tailwater/tailwater.db");
    }
    let scene = &site.scene;
    let restore = || {
        scene.tell(&[
            "store",
            "copy",
            "--from",
            "sqlite:before.db",
            "--to-env",
            "STORE",
            "--replace",
        ]);
    };
    restore();
    // Those that the dbt project declares itself.
    let before = names(&scene.tell_json(&["exposures"]));
    let began = Instant::now();
    scene.tell(&["sync"]);
    let whole_sync = began.elapsed();
    let after = names(&scene.tell_json(&["exposures"]));
    assert!(after.len() > before.len());

    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut torn_off = 0;
    for kill in 0..kills() {
        restore();
        let mut victim = scene
            .command(&["sync"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let share = u32::try_from(random >> 40).unwrap();
        std::thread::sleep(
            whole_sync
                .mul_f64(f64::from(share) / f64::from(1_u32 << 24))
                .max(Duration::from_millis(1)),
        );
        victim.kill().unwrap();
        victim.wait().unwrap();

        let check = scene.run(&["store", "check", "--json"]);
        assert_eq!(check.code, Some(0), "kill {kill}: {check:#?}");
        let found = names(&scene.tell_json(&["exposures"]));
        assert!(found == before || found == after, "kill {kill}: {found:?}");
        torn_off += u32::from(found == before);
        if kill % 3 == 0 {
            // The lease of the dead process keeps nobody from it.
            scene.tell(&["sync"]);
            assert_eq!(names(&scene.tell_json(&["exposures"])), after, "kill {kill}");
        }
    }
    assert!(torn_off > 0, "no kill came before the end");
}

fn names(exposures: &Value) -> Vec<String> {
    assert_ne!(*exposures, json!(null));
    exposures
        .as_array()
        .unwrap()
        .iter()
        .map(|exposure| exposure["unique_id"].as_str().unwrap().to_owned())
        .collect()
}
