//! Drafts, facts of integrations, and landing anew what is stored.

use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{DraftId, DraftRecord, NamedExposure, SealingKey, SyncCause, SyncDetail};

use crate::home::{Engine, at};
use crate::sample::{integration, landing};

#[rstest]
#[tokio::test]
async fn a_draft_is_kept_with_its_secret_sealed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let key = SealingKey::generate().unwrap();
    let draft = |body: &str, seconds| DraftRecord {
        id: DraftId::draw(),
        body: body.to_owned(),
        updated_at: at(seconds),
    };
    let (old, new) = (draft("{\"a\":1}", 10), draft("{}", 20));
    store.put_draft(&old).await.unwrap();
    store.put_draft(&new).await.unwrap();
    assert_eq!(store.drafts().await.unwrap(), [new.clone(), old.clone()]);
    assert!(store.find_draft_secret(new.id, &key).await.unwrap().is_none());

    let secret = SecretString::from("hunter2");
    store.put_draft_secret(new.id, Some(&secret), &key).await.unwrap();
    // What is said later keeps the secret.
    store.put_draft(&new).await.unwrap();
    let found = store.find_draft_secret(new.id, &key).await.unwrap().unwrap();
    assert_eq!(found.expose_secret(), "hunter2");
    let other = SealingKey::generate().unwrap();
    let error = store.find_draft_secret(new.id, &other).await.unwrap_err();
    assert_eq!(error.code(), "TW-KEY-WRONG");
    store.put_draft_secret(new.id, None, &key).await.unwrap();
    assert!(store.find_draft_secret(new.id, &key).await.unwrap().is_none());

    assert_eq!(store.remove_drafts_before(at(20)).await.unwrap(), 1);
    assert_eq!(store.find_draft(old.id).await.unwrap(), None);
    assert!(store.remove_draft(new.id).await.unwrap());
    assert!(!store.remove_draft(new.id).await.unwrap());
}

#[rstest]
#[tokio::test]
async fn facts_go_with_their_integration(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let name = "main".into();
    store.put_fact(&name, "token", "1").await.unwrap();
    assert_eq!(store.find_fact(&name, "token").await.unwrap(), None);

    store.put_integration(&integration("main")).await.unwrap();
    store.put_fact(&name, "token", "1").await.unwrap();
    store.put_fact(&name, "token", "2").await.unwrap();
    store.put_fact(&name, "secret", "3").await.unwrap();
    assert_eq!(store.find_fact(&name, "token").await.unwrap().unwrap(), "2");
    store.remove_fact(&name, "secret").await.unwrap();
    assert_eq!(store.find_fact(&name, "secret").await.unwrap(), None);

    store.remove_integration(&name).await.unwrap();
    store.put_integration(&integration("main")).await.unwrap();
    assert_eq!(store.find_fact(&name, "token").await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn landing_anew_leaves_the_history_and_is_overtaken_by_a_sync(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let name = "main".into();
    store.put_integration(&integration("main")).await.unwrap();
    let mut first = landing("main", 10, 0..2);
    first.record.detail = SyncDetail {
        cause: Some(SyncCause::Scheduled),
        by: Some("Ada".to_owned()),
        added: vec![NamedExposure::default()],
        ..SyncDetail::default()
    };
    store.land_sync(&first).await.unwrap();
    assert_eq!(
        store.find_sync(first.record.id).await.unwrap().as_ref(),
        Some(&first.record)
    );

    let mut again = landing("main", 50, 0..2);
    again.exposures[0].1.description = Some("read in another way".to_owned());
    let before = store.revision().await.unwrap();
    assert!(store.land_again(&again, at(10)).await.unwrap());
    let once = store.revision().await.unwrap();
    assert_ne!((&once.mark, &once.landed_at), (&before.mark, &before.landed_at));
    assert!(store.land_again(&again, at(10)).await.unwrap());
    assert_ne!(store.revision().await.unwrap(), once);
    let stored = store.load_exposures(Some(&name)).await.unwrap();
    assert_eq!(
        stored[0].exposure.description.as_deref(),
        Some("read in another way")
    );
    assert_eq!(stored[0].last_seen, at(10), "the tool was not asked");
    assert_eq!(store.syncs(None, 9).await.unwrap(), [first.record.clone()]);
    assert_eq!(store.find_sync(again.record.id).await.unwrap(), None);

    let second = landing("main", 60, 0..2);
    store.land_sync(&second).await.unwrap();
    assert!(!store.land_again(&again, at(10)).await.unwrap());
    let stored = store.load_exposures(Some(&name)).await.unwrap();
    assert_eq!(stored[0].exposure, second.exposures[0].1);
}
