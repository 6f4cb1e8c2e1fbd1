//! Registered projects.

use rstest::rstest;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{ProjectLocation, ProjectRecord};

use crate::home::{Engine, at};

fn project(name: &str, location: ProjectLocation) -> ProjectRecord {
    ProjectRecord {
        name: name.into(),
        location,
        added_at: at(3),
    }
}

#[rstest]
#[tokio::test]
async fn projects_are_kept_replaced_and_removed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    assert_eq!(store.projects().await.unwrap(), []);

    let shop = project("shop", ProjectLocation::TargetDir("target".into()));
    let finance = project(
        "Finance",
        ProjectLocation::Manifest("it's \"here\"/mänifest.json".into()),
    );
    store.put_project(&shop).await.unwrap();
    store.put_project(&finance).await.unwrap();
    // Sorted by bytes on both engines: capitals first.
    assert_eq!(store.projects().await.unwrap(), [finance.clone(), shop.clone()]);

    let moved = project("shop", ProjectLocation::Manifest("target/manifest.json".into()));
    store.put_project(&moved).await.unwrap();
    store.close().await;
    let store = home.open().await;
    assert_eq!(store.projects().await.unwrap(), [finance, moved]);

    assert!(store.remove_project(&"shop".into()).await.unwrap());
    assert!(!store.remove_project(&"shop".into()).await.unwrap());
    assert_eq!(store.projects().await.unwrap().len(), 1);
}

#[rstest]
#[case("")]
#[case("  ")]
#[case(&"x".repeat(201))]
#[tokio::test]
async fn a_name_that_cannot_be_a_key_is_refused(#[case] name: &str) {
    let home = Engine::Sqlite.home();
    let store = home.open().await;
    let error = store
        .put_project(&project(name, ProjectLocation::TargetDir("target".into())))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-STORE-BAD-NAME");
}
