//! Landing: the whole state or nothing, and only what differs is written.

use rstest::rstest;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::AssetId;
use tailwater_core::inventory::{Asset, Completeness, Inventory};
use tailwater_store::{ExposureName, Seen, Store, StoredExposure, TOMBSTONE_DAYS};

use crate::concurrency::drop_after;
use crate::home::{Engine, Home, at};
use crate::sample::{asset_id, exposure, integration, landing, stale};

async fn open(engine: Engine) -> (Home, Store) {
    let home = engine.home();
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    (home, store)
}

fn assets(exposures: &[StoredExposure]) -> Vec<&str> {
    exposures.iter().map(|stored| stored.asset.as_str()).collect()
}

#[rstest]
#[tokio::test]
async fn what_lands_is_what_is_loaded(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (home, store) = open(engine).await;
    let main = "main".into();
    assert_eq!(
        store.load_inventory(&main).await.unwrap().inventory,
        Inventory::default()
    );

    // Enough for several statements.
    let first = landing("main", 10, 0..700);
    let written = store.land_sync(&first).await.unwrap();
    assert_eq!(written.sync, first.record.id);
    // A frame, a collection, and an asset and a table for each workbook.
    assert_eq!((written.items, written.exposures), (2 + 1_400, 700));
    assert_eq!((written.assets, written.names), (700, 700));
    store.close().await;

    let store = home.open().await;
    let stored = store.load_inventory(&main).await.unwrap();
    assert_eq!(stored.inventory, first.inventory);
    assert_eq!(stored.synced_at, Some(at(10)));
    assert_eq!(stored.seen.len(), 700);
    let loaded = store.load_exposures(Some(&main)).await.unwrap();
    assert_eq!(loaded.len(), 700);
    for stored in &loaded {
        let expected = first.exposures.iter().find(|(asset, _)| *asset == stored.asset);
        assert_eq!(Some(&stored.exposure), expected.map(|(_, exposure)| exposure));
        assert_eq!((stored.first_seen, stored.last_seen), (at(10), at(10)));
        assert_eq!(stored.gone_at, None);
    }
    assert_eq!(store.load_exposures(None).await.unwrap(), loaded);
    let mut names = first.names;
    names.sort();
    assert_eq!(store.load_names().await.unwrap(), names);
}

#[rstest]
#[tokio::test]
async fn a_landing_without_news_writes_only_the_history(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = open(engine).await;
    let main = "main".into();
    store.land_sync(&landing("main", 10, 0..40)).await.unwrap();
    let before = store.load_inventory(&main).await.unwrap();
    let written = store.land_sync(&landing("main", 500, 0..40)).await.unwrap();
    assert!(written.is_nothing(), "{written:?}");
    assert_eq!(store.syncs(None, 10).await.unwrap().len(), 2);

    // Last seen moves with the landing although no row was written.
    let after = store.load_inventory(&main).await.unwrap();
    assert_eq!(after.inventory, before.inventory);
    let seen = Seen {
        first: at(10),
        last: at(500),
    };
    assert!(after.seen.values().all(|own| *own == seen));
    let exposures = store.load_exposures(None).await.unwrap();
    assert!(
        exposures
            .iter()
            .all(|stored| (stored.first_seen, stored.last_seen) == (at(10), at(500)))
    );
}

#[rstest]
#[tokio::test]
async fn only_what_differs_is_written(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (_home, store) = open(engine).await;
    let main = "main".into();
    store.land_sync(&landing("main", 10, 0..40)).await.unwrap();

    let mut second = landing("main", 20, 1..41);
    second.exposures[4].1.label = "Renamed".to_owned();
    second.exposures[4].1.links.clear();
    second.exposures[4].1.depends_on = ["model.shop.moved".into()].into();
    second.inventory.assets.get_mut(&asset_id(7)).unwrap().total_views = Some(3);
    let written = store.land_sync(&second).await.unwrap();
    // Asset and table of 0 have gone, those of 40 are new, asset 7 is different.
    assert_eq!(written.items, 5);
    // 0 has gone, 40 is new, 5 is different.
    assert_eq!(written.exposures, 3);
    assert_eq!((written.assets, written.names), (2, 1));

    let stored = store.load_inventory(&main).await.unwrap();
    assert_eq!(stored.inventory, second.inventory);
    assert!(!stored.seen.contains_key(&asset_id(0)));
    let loaded = store.load_exposures(None).await.unwrap();
    assert_eq!(loaded.len(), 40);
    let moved = store.load_exposures_on(&"model.shop.moved".into()).await.unwrap();
    assert_eq!(assets(&moved), ["luid-5"]);
    // The links of an exposure that changed or went no longer answer.
    for node in ["model.shop.m5", "model.shop.m0"] {
        assert_eq!(store.load_exposures_on(&node.into()).await.unwrap(), [], "{node}");
    }
    let shared = store
        .load_exposures_on(&"model.shop.shared".into())
        .await
        .unwrap();
    assert_eq!(shared.len(), 39);
    assert!(store.check().await.unwrap().is_sound());
}

#[rstest]
#[tokio::test]
async fn an_exposure_that_went_is_kept_for_a_while_and_may_return(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const DAY: i64 = 86_400;
    let (_home, store) = open(engine).await;
    let main = "main".into();
    store.land_sync(&landing("main", 10, 0..3)).await.unwrap();
    store.land_sync(&landing("main", 20, 0..3)).await.unwrap();
    store.land_sync(&landing("main", 30, 2..3)).await.unwrap();

    let gone = store.load_gone_exposures().await.unwrap();
    assert_eq!(assets(&gone), ["luid-0", "luid-1"]);
    assert_eq!(gone[0].exposure, exposure(&main, 0));
    assert_eq!(gone[0].first_seen, at(10));
    assert_eq!(gone[0].last_seen, at(20), "the last sync that found it");
    assert_eq!(gone[0].gone_at, Some(at(30)));
    assert_eq!(assets(&store.load_exposures(None).await.unwrap()), ["luid-2"]);
    assert_eq!(store.find_exposures("main_workbook_0").await.unwrap(), []);

    // A later landing does not move the time at which it went.
    store.land_sync(&landing("main", 40, 2..3)).await.unwrap();
    assert_eq!(store.load_gone_exposures().await.unwrap(), gone);

    // One comes back as it was; it was first seen then, not now.
    let written = store.land_sync(&landing("main", 50, 1..3)).await.unwrap();
    assert_eq!((written.exposures, written.assets, written.names), (1, 1, 0));
    let loaded = store.load_exposures(None).await.unwrap();
    assert_eq!(assets(&loaded), ["luid-1", "luid-2"]);
    assert_eq!((loaded[0].first_seen, loaded[0].last_seen), (at(10), at(50)));
    assert_eq!(loaded[0].gone_at, None);
    let on_node = store.load_exposures_on(&"model.shop.m1".into()).await.unwrap();
    assert_eq!(assets(&on_node), ["luid-1"]);

    // The other one is kept to the day, its name for ever.
    let end = 30 + TOMBSTONE_DAYS * DAY;
    store.land_sync(&landing("main", end, 1..3)).await.unwrap();
    assert_eq!(assets(&store.load_gone_exposures().await.unwrap()), ["luid-0"]);
    store.land_sync(&landing("main", end + 1, 1..3)).await.unwrap();
    assert_eq!(store.load_gone_exposures().await.unwrap(), []);
    assert_eq!(store.load_names().await.unwrap().len(), 3);
    store.land_sync(&landing("main", end + 2, 0..3)).await.unwrap();
    let loaded = store.load_exposures(None).await.unwrap();
    assert_eq!(loaded[0].first_seen, at(end + 2), "as if it were new");
}

#[rstest]
#[tokio::test]
async fn an_exposure_may_go_while_its_asset_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = open(engine).await;
    store.land_sync(&landing("main", 10, 0..2)).await.unwrap();
    let mut second = landing("main", 20, 0..2);
    second.exposures.remove(0);
    store.land_sync(&second).await.unwrap();
    let stored = store.load_inventory(&"main".into()).await.unwrap();
    assert_eq!(stored.inventory, second.inventory);
    assert_eq!(stored.seen.len(), 2);
    let gone = store.load_gone_exposures().await.unwrap();
    assert_eq!(assets(&gone), ["luid-0"]);
    assert_eq!((gone[0].last_seen, gone[0].gone_at), (at(10), Some(at(20))));
}

#[rstest]
#[tokio::test]
async fn what_is_stale_was_last_seen_when_it_was_last_whole(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = open(engine).await;
    let main = "main".into();
    store.land_sync(&landing("main", 10, 0..3)).await.unwrap();

    let mut partial = landing("main", 20, 0..3);
    partial.inventory.listing = Completeness::partial("the node limit was met");
    partial.stale.insert(asset_id(1), stale(10));
    let written = store.land_sync(&partial).await.unwrap();
    assert_eq!((written.items, written.exposures, written.assets), (1, 0, 1));
    let stored = store.load_inventory(&main).await.unwrap();
    assert_eq!(stored.stale, partial.stale);
    assert_eq!(stored.inventory.listing, partial.inventory.listing);
    assert_eq!(stored.seen[&asset_id(0)].last, at(20));
    assert_eq!(stored.seen[&asset_id(1)].last, at(10));
    assert_eq!(store.load_exposures(None).await.unwrap()[1].last_seen, at(10));

    // Still stale in the same way: nothing to write.
    partial.record = landing("main", 30, []).record;
    assert!(store.land_sync(&partial).await.unwrap().is_nothing());

    // What goes while it is stale was last seen before it was.
    let mut without = landing("main", 40, [0, 2]);
    without.stale.insert(asset_id(2), stale(30));
    store.land_sync(&without).await.unwrap();
    let gone = store.load_gone_exposures().await.unwrap();
    assert_eq!((gone[0].last_seen, gone[0].gone_at), (at(10), Some(at(40))));

    // A whole answer heals.
    store.land_sync(&landing("main", 50, 0..3)).await.unwrap();
    let stored = store.load_inventory(&main).await.unwrap();
    assert!(stored.stale.is_empty());
    assert!(stored.seen.values().all(|seen| seen.last == at(50)));
}

#[rstest]
#[tokio::test]
async fn exposures_are_found_by_name_id_and_label(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = open(engine).await;
    let mut landed = landing("main", 10, 0..20);
    let long = "Ölstand ".repeat(1_000);
    landed.exposures[3].1.label = long.clone();
    landed.exposures[3].1.name = "n".repeat(5_000);
    landed.names[3].name = "n".repeat(5_000);
    store.land_sync(&landed).await.unwrap();
    for (text, expected) in [
        ("main_workbook_7", "luid-7"),
        ("exposure.shop.main_workbook_7", "luid-7"),
        ("WORKBOOK 7 'üNÏTED' \"x\" 💧", "luid-7"),
        (long.to_uppercase().as_str(), "luid-3"),
        ("n".repeat(5_000).as_str(), "luid-3"),
    ] {
        let found = store.find_exposures(text).await.unwrap();
        assert_eq!(assets(&found), [expected], "{text:.40}");
    }
    for nothing in ["", "%", "workbook", "main_workbook_%", "N"] {
        assert_eq!(store.find_exposures(nothing).await.unwrap(), [], "{nothing}");
    }
    // Shortened only for finding.
    let loaded = store.load_exposures(None).await.unwrap();
    assert!(loaded.iter().any(|stored| stored.exposure.label == long));
}

#[rstest]
#[tokio::test]
async fn a_landing_that_contradicts_itself_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = open(engine).await;
    let good = landing("main", 10, 0..3);
    store.land_sync(&good).await.unwrap();

    let mut twice = landing("main", 20, 0..5);
    twice.exposures.push(twice.exposures[0].clone());
    let mut other_record = landing("main", 20, 0..5);
    other_record.record.integration = "other".into();
    let mut other_name = landing("main", 20, 0..5);
    other_name.names[0].integration = "other".into();
    let mut two_names = landing("main", 20, 0..5);
    two_names.names.push(ExposureName {
        name: "second".to_owned(),
        ..two_names.names[0].clone()
    });
    let mut endless_id = landing("main", 20, 0..5);
    endless_id
        .inventory
        .assets
        .insert(AssetId::new("x".repeat(4_000)), Asset::default());
    for (bad, reason) in [
        (twice, "asset `luid-0` has two exposures"),
        (other_record, "its record is of `other`"),
        (other_name, "it holds a name of `other`"),
        (two_names, "asset `luid-0` has two names in one project"),
        (endless_id, "has 4000 bytes, more than 1000"),
    ] {
        let error = store.land_sync(&bad).await.unwrap_err();
        assert_eq!(error.code(), "TW-STORE-LANDING");
        assert!(error.to_string().ends_with(reason), "{error}");
    }
    let error = store.land_sync(&landing("nobody", 20, 0..3)).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-UNKNOWN-INTEGRATION");

    let stored = store.load_inventory(&"main".into()).await.unwrap();
    assert_eq!(stored.inventory, good.inventory);
    assert_eq!(store.syncs(None, 10).await.unwrap(), [good.record]);
}

#[rstest]
#[tokio::test]
async fn a_name_is_given_out_once_in_a_project(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (_home, store) = open(engine).await;
    store.put_integration(&integration("other")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..3)).await.unwrap();
    store.land_sync(&landing("main", 20, 1..3)).await.unwrap();

    // Even the name of an asset that has gone.
    let mut greedy = landing("other", 30, 0..2);
    greedy.names[1].name = "main_workbook_0".to_owned();
    let error = store.land_sync(&greedy).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-NAME-TAKEN");
    assert!(error.to_string().contains("`main_workbook_0`") && error.to_string().contains("`luid-1`"));
    assert_eq!(store.load_exposures(Some(&"other".into())).await.unwrap(), []);
    assert_eq!(store.syncs(Some(&"other".into()), 10).await.unwrap(), []);

    let mut twice = landing("other", 30, 0..2);
    twice.names[1].name = twice.names[0].name.clone();
    let error = store.land_sync(&twice).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-NAME-TAKEN");

    // In another project it is free; so is one's own.
    greedy.names[1].project = "finance".into();
    store.land_sync(&greedy).await.unwrap();
    greedy.record = landing("other", 40, []).record;
    assert!(store.land_sync(&greedy).await.unwrap().is_nothing());
}

#[rstest]
#[tokio::test]
async fn integrations_do_not_touch_one_another(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (_home, store) = open(engine).await;
    store.put_integration(&integration("other")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..5)).await.unwrap();
    store.land_sync(&landing("other", 20, 3..9)).await.unwrap();
    store.land_sync(&landing("main", 30, [])).await.unwrap();
    assert_eq!(store.load_exposures(Some(&"main".into())).await.unwrap(), []);
    let other = store.load_inventory(&"other".into()).await.unwrap();
    assert_eq!(other.inventory, landing("other", 20, 3..9).inventory);
    assert_eq!(other.synced_at, Some(at(20)));
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 6);
}

#[rstest]
#[tokio::test]
async fn a_landing_that_is_dropped_half_way_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = open(engine).await;
    let main = "main".into();
    store.land_sync(&landing("main", 10, 0..3)).await.unwrap();
    let mut before = store.load_inventory(&main).await.unwrap();
    let mut undone = 0;
    // How far so many polls come depends on the machine.
    for polls in 1..16 {
        let next = landing("main", 10 + i64::try_from(polls).unwrap(), 3..600);
        drop_after(polls, store.land_sync(&next)).await;
        let after = store.load_inventory(&main).await.unwrap();
        let newest = store.syncs(None, 1).await.unwrap().remove(0);
        assert_eq!(Some(newest.finished_at), after.synced_at);
        if after.synced_at == before.synced_at {
            assert!(after == before, "torn after {polls} polls");
            undone += 1;
        } else {
            assert!(after.inventory == next.inventory, "torn after {polls} polls");
        }
        before = after;
    }
    assert!(undone > 0);
    let next = landing("main", 100, 2..5);
    store.land_sync(&next).await.unwrap();
    assert!(store.load_inventory(&main).await.unwrap().inventory == next.inventory);
}

/// What is noted with a landing holds until something else changes what the integration's exposures are.
#[rstest]
#[tokio::test]
async fn what_the_exposures_stand_on_is_known_until_they_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = open(engine).await;
    let main = "main".into();
    let noted = |finished: i64, workbooks: usize| {
        let mut noted = landing("main", finished, 0..workbooks);
        noted.standing = Some("the lists 'as they were'".to_owned());
        noted
    };
    let same = |finished: i64| landing("main", finished, 0..0).record;
    let standing = "the lists 'as they were'";
    assert_eq!(store.find_standing(&main).await.unwrap(), None);
    assert!(!store.land_unchanged(&same(5), standing).await.unwrap());
    assert_eq!(store.syncs(None, 9).await.unwrap().len(), 0);

    store.land_sync(&noted(10, 3)).await.unwrap();
    assert_eq!(
        store.find_standing(&main).await.unwrap().as_deref(),
        Some(standing)
    );
    let before = store.load_inventory(&main).await.unwrap();
    assert!(store.land_unchanged(&same(20), standing).await.unwrap());
    assert!(store.land_unchanged(&same(30), standing).await.unwrap());
    assert!(!store.land_unchanged(&same(31), "other lists").await.unwrap());
    let after = store.load_inventory(&main).await.unwrap();
    assert_eq!(after.inventory, before.inventory);
    assert_eq!(after.synced_at, Some(at(30)));
    assert_eq!(
        store.load_exposures(None).await.unwrap()[0].last_seen,
        at(30),
        "all of them were seen"
    );
    let landed: Vec<_> = store.syncs(None, 9).await.unwrap();
    assert_eq!(
        landed.iter().map(|record| record.finished_at).collect::<Vec<_>>(),
        [at(30), at(20), at(10)]
    );

    // Read anew, landed without a note, and landed by a version that knows of none.
    assert!(
        store
            .land_again(&landing("main", 30, 0..3), at(30))
            .await
            .unwrap()
    );
    assert_eq!(store.find_standing(&main).await.unwrap(), None);
    assert!(!store.land_unchanged(&same(40), standing).await.unwrap());
    store.land_sync(&noted(50, 3)).await.unwrap();
    store.land_sync(&landing("main", 60, 0..3)).await.unwrap();
    assert_eq!(store.find_standing(&main).await.unwrap(), None);
    store.land_sync(&noted(70, 3)).await.unwrap();
    let body = store.find_fact(&main, "standing").await.unwrap().unwrap();
    store.land_sync(&landing("main", 80, 0..4)).await.unwrap();
    store.put_fact(&main, "standing", &body).await.unwrap();
    assert_eq!(store.find_standing(&main).await.unwrap(), None);
    assert!(!store.land_unchanged(&same(90), standing).await.unwrap());
}
