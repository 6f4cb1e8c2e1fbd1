//! The history of syncs.

use rstest::rstest;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{SyncFailure, SyncId, SyncOutcome, SyncRecord};

use crate::home::{Engine, at};
use crate::sample::{integration, landing, record};

#[rstest]
#[tokio::test]
async fn the_history_is_told_newest_first(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let failed = SyncRecord {
        outcome: SyncOutcome::Failed,
        error: Some(SyncFailure {
            code: "TW-TABLEAU-TIMEOUT".to_owned(),
            message: "no answer from \0 `10ax`".to_owned(),
        }),
        ..record("main", 20)
    };
    let error = store.record_failed_sync(&failed).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-UNKNOWN-INTEGRATION");

    store.put_integration(&integration("main")).await.unwrap();
    store.put_integration(&integration("other")).await.unwrap();
    let first = landing("main", 10, 0..2);
    let last = landing("other", 30, 0..2);
    store.land_sync(&last).await.unwrap();
    store.land_sync(&first).await.unwrap();
    store.record_failed_sync(&failed).await.unwrap();

    assert_eq!(
        store.syncs(None, 10).await.unwrap(),
        [last.record.clone(), failed.clone(), first.record.clone()]
    );
    assert_eq!(
        store.syncs(Some(&"main".into()), 10).await.unwrap(),
        [failed.clone(), first.record]
    );
    assert_eq!(store.syncs(None, 2).await.unwrap(), [last.record, failed]);
    assert_eq!(store.syncs(None, 0).await.unwrap(), []);
    // A failed sync changes nothing but the history.
    let stored = store.load_inventory(&"main".into()).await.unwrap();
    assert_eq!(stored.synced_at, Some(at(10)));
}

#[test]
fn ids_sort_by_time_and_are_read_back() {
    let (early, late) = (SyncId::new(at(1)), SyncId::new(at(2)));
    assert!(early < late);
    assert_ne!(SyncId::new(at(1)), early);
    assert_eq!(early.to_string().parse::<SyncId>().unwrap(), early);
}
