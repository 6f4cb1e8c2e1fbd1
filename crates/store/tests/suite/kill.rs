//! A process that is killed in the middle of landing leaves the last good state whole.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use tailwater_store::{Landing, Store};

use crate::home::{Engine, TestClock};
use crate::sample::{integration, landing};

const VICTIM: &str = "TAILWATER_TEST_VICTIM";
const WORKBOOKS: usize = 300;

/// The state that the landing of the given number leaves: every row differs from the one before.
fn state(number: i64) -> Landing {
    let first = usize::try_from(number % 3).unwrap() * 50;
    let mut landing = landing("main", number, first..first + WORKBOOKS);
    for asset in landing.inventory.assets.values_mut() {
        asset.total_views = u64::try_from(number).ok();
    }
    for (_, exposure) in &mut landing.exposures {
        exposure.description = Some(number.to_string());
    }
    landing
}

/// Runs in a process of its own, see below; on its own it does nothing.
#[tokio::test]
async fn lands_until_it_is_killed() {
    let Ok(address) = std::env::var(VICTIM) else {
        return;
    };
    let store = Store::open(&address.parse().unwrap(), Arc::new(TestClock::default()))
        .await
        .unwrap();
    store.put_integration(&integration("main")).await.unwrap();
    let last = store.load_inventory(&"main".into()).await.unwrap().synced_at;
    let mut number = last.map_or(1, |last| (last - crate::home::at(0)).num_seconds() + 1);
    loop {
        let landing = state(number);
        println!("victim: landing {number}");
        store.land_sync(&landing).await.unwrap();
        println!("victim: landed {number}");
        number += 1;
    }
}

fn start_victim(address: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::lands_until_it_is_killed", "--nocapture"])
        .env(VICTIM, address)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// `TAILWATER_TEST_KILLS=200` kills more often than a run of all tests has time for.
fn kills(usual: u64) -> u64 {
    let told = std::env::var("TAILWATER_TEST_KILLS").ok();
    told.map_or(usual, |text| text.parse().unwrap())
}

#[rstest]
#[case(Engine::Sqlite, 24)]
#[case(Engine::Postgres, 12)]
#[tokio::test]
async fn no_kill_tears_a_landing(#[case] engine: Engine, #[case] usual: u64) {
    let kills = kills(usual);
    let home = engine.home();
    let mut torn_off = 0;
    for kill in 0..kills {
        let mut victim = start_victim(&home.address);
        let mut lines = BufReader::new(victim.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        // The instant lies somewhere within a landing that is known to have begun; which one and where
        // differs from kill to kill.
        let beginning = lines
            .by_ref()
            .filter_map(|line| {
                line.split_once("landing ")
                    .map(|(_, number)| number.parse::<i64>().unwrap())
            })
            .nth(usize::try_from(kill % 3).unwrap())
            .unwrap();
        std::thread::sleep(Duration::from_micros(kill * kill * 7_919 % 90_000));
        victim.kill().unwrap();
        victim.wait().unwrap();
        let reported = lines
            .filter_map(|line| {
                line.split_once("landed ")
                    .map(|(_, number)| number.parse::<i64>().unwrap())
            })
            .last();

        home.wait_until_alone().await;
        let store = home.open().await;
        let health = store.check().await.unwrap();
        assert!(health.is_sound(), "{health}");
        let stored = store.load_inventory(&"main".into()).await.unwrap();
        let found = stored
            .synced_at
            .map_or(0, |at| (at - crate::home::at(0)).num_seconds());
        // What was reported is there; what was not may have landed or not.
        assert!(
            found >= reported.unwrap_or(beginning - 1),
            "kill {kill}: {found}, {reported:?}"
        );
        torn_off += i64::from(found < reported.map_or(beginning, |reported| reported + 1));
        let exposures = store.load_exposures(None).await.unwrap();
        let syncs = store.syncs(None, 10_000).await.unwrap();
        assert_eq!(
            i64::try_from(syncs.len()).unwrap(),
            found,
            "one record for each landing"
        );
        if found == 0 {
            assert!(exposures.is_empty());
        } else {
            let expected = state(found);
            assert_eq!(stored.inventory, expected.inventory, "kill {kill}");
            assert_eq!(exposures.len(), WORKBOOKS);
            assert!(
                exposures
                    .iter()
                    .all(|stored| stored.exposure.description.as_deref() == Some(&found.to_string()))
            );
        }
        store.close().await;
    }
    // How many do is the machine's affair; the first comes at the very beginning of a landing.
    assert!(
        torn_off > 0,
        "none of {kills} kills came in the middle of a landing"
    );
}
