//! A store that an earlier version wrote opens with all that is in it.

use std::collections::BTreeMap;

use rstest::rstest;
use secrecy::ExposeSecret;
use sqlx::Connection;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{Landing, ProjectLocation, SealingKey, Store, StoredExposure, SyncOutcome, SyncRecord};

use crate::home::{Engine, Home, at};
use crate::sample::{asset_id, record, stale};

/// What stores of earlier versions held: rows as they were written then. Never edited; a later version of the
/// schema gets a file of its own beside it.
const VERSIONS: [(i64, &str); 4] = [
    (1, include_str!("fixture/version_1.sql")),
    (5, include_str!("fixture/version_5.sql")),
    (8, include_str!("fixture/version_8.sql")),
    (10, include_str!("fixture/version_10.sql")),
];

/// The key that their secrets are sealed with.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async fn make_version_1(engine: Engine, home: &Home) {
    make_version(engine, home, 1).await;
}

async fn make_version(engine: Engine, home: &Home, version: i64) {
    let rows = VERSIONS.iter().find(|(known, _)| *known == version).unwrap().1;
    match engine {
        Engine::Sqlite => {
            std::fs::create_dir(home.directory.join("state")).unwrap();
            let address = format!("{}?mode=rwc", home.address);
            let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
            let mut migrator = sqlx::migrate!("migrations/sqlite");
            migrator.dangerous_set_table_name("schema_migration");
            migrator.run_to(version, &mut connection).await.unwrap();
            sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = sqlx::PgConnection::connect(&home.address).await.unwrap();
            let mut migrator = sqlx::migrate!("migrations/postgres");
            migrator.dangerous_set_table_name("schema_migration");
            migrator.run_to(version, &mut connection).await.unwrap();
            sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_store_of_version_1_opens_with_all_that_is_in_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    make_version_1(engine, &home).await;
    let store = home.open().await;

    let projects = store.projects().await.unwrap();
    assert_eq!(projects[0].location, ProjectLocation::TargetDir("target".into()));
    let integrations = store.integrations().await.unwrap();
    assert_eq!(integrations.len(), 1);
    assert_eq!(integrations[0].selection.patterns(), ["Finance/**"]);
    assert_eq!(integrations[0].mapping.len(), 1);
    let key = SealingKey::from_text(KEY).unwrap();
    let secret = store.find_secret(&"main".into(), &key).await.unwrap().unwrap();
    assert_eq!(secret.expose_secret(), "hunter2");

    let stored = store.load_inventory(&"main".into()).await.unwrap();
    let exposures = store.load_exposures(None).await.unwrap();
    let gone = store.load_gone_exposures().await.unwrap();
    let syncs = store.syncs(None, 10).await.unwrap();
    let ids = |exposures: &[StoredExposure]| -> Vec<String> {
        exposures
            .iter()
            .map(|stored| stored.exposure.unique_id.to_string())
            .collect()
    };
    assert_eq!(stored.inventory.assets[&asset_id(1)].name, "Workbook 1");
    assert_eq!(stored.inventory.assets.len(), 2);
    assert!(stored.inventory.tables.contains_key("nul \0 and ␀"));
    assert_eq!(stored.inventory.notices.len(), 1);
    assert_eq!(stored.stale, BTreeMap::from([(asset_id(2), stale(10))]));
    assert_eq!(stored.synced_at, Some(at(20)));
    assert_eq!(
        ids(&exposures),
        ["exposure.shop.main_workbook_1", "exposure.shop.main_workbook_2"]
    );
    assert_eq!(
        (exposures[0].first_seen, exposures[0].last_seen),
        (at(10), at(20))
    );
    assert_eq!(
        (exposures[1].first_seen, exposures[1].last_seen),
        (at(20), at(10))
    );
    assert_eq!(exposures[0].exposure.links.len(), 1);
    assert_eq!(exposures[0].exposure.gaps.len(), 1);
    assert_eq!(ids(&gone), ["exposure.shop.main_workbook_0"]);
    assert_eq!((gone[0].last_seen, gone[0].gone_at), (at(10), Some(at(20))));
    assert_eq!(store.load_names().await.unwrap().len(), 3);
    assert_eq!(syncs.len(), 2);
    assert_eq!(syncs[0].outcome, SyncOutcome::Failed);
    let on_node = store.load_exposures_on(&"model.shop.m1".into()).await.unwrap();
    assert_eq!(on_node.len(), 1);
    assert!(store.check().await.unwrap().is_sound());
}

#[rstest]
#[tokio::test]
async fn looking_at_a_store_changes_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let look = Store::look(&home.url()).await.unwrap();
    assert_eq!((look.found, look.pending.len() > 8), (0, true));
    assert_eq!(look.require_up_to_date().unwrap_err().code(), "TW-STORE-MISSING");
    assert!(!home.file().exists());

    make_version_1(engine, &home).await;
    let before = (engine == Engine::Sqlite).then(|| std::fs::read(home.file()).unwrap());
    let look = Store::look(&home.url()).await.unwrap();
    assert_eq!((look.found, look.pending[0].version), (1, 2));
    assert_eq!(look.pending[0].about, "accounts");
    assert_eq!(look.require_up_to_date().unwrap_err().code(), "TW-STORE-OLDER");
    if let Some(before) = before {
        assert_eq!(std::fs::read(home.file()).unwrap(), before);
        assert_eq!(
            std::fs::read_dir(home.directory.join("state")).unwrap().count(),
            1
        );
    }

    home.open().await.close().await;
    let look = Store::look(&home.url()).await.unwrap();
    assert_eq!((look.found, look.pending.len()), (look.known, 0));
    look.require_up_to_date().unwrap();
}

#[rstest]
#[tokio::test]
async fn what_was_brought_up_to_date_is_sound_and_can_be_copied(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    make_version_1(engine, &home).await;
    let store = home.open().await;
    let other = Engine::Sqlite.home();
    let target = other.open().await;
    store.copy_to(&target, false, &|_| {}).await.unwrap();
    assert_eq!(
        target.load_exposures(None).await.unwrap(),
        store.load_exposures(None).await.unwrap()
    );
    assert_eq!(target.examine().await.unwrap(), []);
}

/// What is stored, as another sync finds it that long after the last one.
async fn same_again(store: &Store, seconds: i64) -> Landing {
    let main = "main".into();
    let stored = store.load_inventory(&main).await.unwrap();
    let finished_at = stored.synced_at.unwrap() + chrono::TimeDelta::seconds(seconds);
    let exposures = store.load_exposures(Some(&main)).await.unwrap();
    Landing {
        standing: None,
        inventory: stored.inventory,
        exposures: exposures
            .into_iter()
            .map(|row| (row.asset, row.exposure))
            .collect(),
        names: store.load_names().await.unwrap(),
        stale: stored.stale,
        record: SyncRecord {
            started_at: finished_at,
            finished_at,
            ..record("main", seconds)
        },
        integration: main,
    }
}

#[rstest]
#[tokio::test]
async fn a_store_of_every_earlier_version_goes_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(1, 5, 8, 10)] version: i64,
) {
    let home = engine.home();
    make_version(engine, &home, version).await;
    let look = Store::look(&home.url()).await.unwrap();
    assert_eq!(look.found, version);
    let store = home.open().await;
    assert_eq!(store.examine().await.unwrap(), []);
    let key = SealingKey::from_text(KEY).unwrap();
    assert!(store.count_sealed().await.unwrap() > 0);
    assert_eq!(store.examine_sealed(&key).await.unwrap(), []);

    // What was there is where changes are counted from.
    let main = "main".into();
    let names = store.load_names().await.unwrap();
    let exposures = store.load_exposures(None).await.unwrap();
    assert!(exposures.len() > 1 && names.len() >= exposures.len());
    let synced_at = store.load_inventory(&main).await.unwrap().synced_at;
    let before = store.editions(&main).await.unwrap();
    assert_eq!((before.current, before.kept_since), (0, synced_at));
    assert_eq!(before.syncs[0].edition, Some(0));

    // A sync that finds the same tells nothing, and one that finds another label tells that alone.
    let landing = same_again(&store, 100).await;
    let written = store.land_sync(&landing).await.unwrap();
    assert_eq!((written.names, written.assets), (0, 0));
    assert_eq!(store.changes_between(&main, 0, 9).await.unwrap(), []);
    let mut landing = same_again(&store, 200).await;
    landing.exposures[0].1.label = "Another".to_owned();
    store.land_sync(&landing).await.unwrap();
    let changes = store.changes_between(&main, 0, 9).await.unwrap();
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0].delta.after.as_ref().unwrap().label, "Another");
    assert_eq!(store.load_names().await.unwrap(), names);
    let after = store.load_exposures(None).await.unwrap();
    let first_seen = |rows: &[StoredExposure]| rows.iter().map(|row| row.first_seen).collect::<Vec<_>>();
    assert_eq!(first_seen(&after), first_seen(&exposures));
    assert_eq!(store.examine().await.unwrap(), []);
    assert!(store.check().await.unwrap().is_sound());
}
