//! Secrets: sealed for one integration with one key, and nowhere in the clear.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::SealingKey;

use crate::home::Engine;
use crate::sample::integration;

const SECRET: &str = "qOE4PRnTS8e+hunter2/secret==:xYz";

#[rstest]
#[tokio::test]
async fn a_secret_opens_with_its_key_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let name = "main".into();
    let key = SealingKey::load_or_create(&home.directory.join("key")).unwrap();

    let error = store
        .put_secret(&name, &SecretString::from(SECRET), &key)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-STORE-UNKNOWN-INTEGRATION");

    store.put_integration(&integration("main")).await.unwrap();
    assert!(store.find_secret(&name, &key).await.unwrap().is_none());
    store
        .put_secret(&name, &SecretString::from("an earlier one"), &key)
        .await
        .unwrap();
    store
        .put_secret(&name, &SecretString::from(SECRET), &key)
        .await
        .unwrap();
    // Changing the integration keeps its secret.
    store.put_integration(&integration("main")).await.unwrap();
    store.close().await;

    let store = home.open().await;
    let found = store.find_secret(&name, &key).await.unwrap().unwrap();
    assert_eq!(found.expose_secret(), SECRET);
    let other_key = SealingKey::generate().unwrap();
    let error = store.find_secret(&name, &other_key).await.unwrap_err();
    assert_eq!(error.code(), "TW-KEY-WRONG");
    assert!(!format!("{error} {error:?} {store:?} {key:?}").contains("hunter2"));
}

#[rstest]
#[case("update secret set sealed = (select sealed from secret where integration = 'main')")]
#[case("update secret set sealed = replace(sealed, 'v1.', 'v2.')")]
#[case("update secret set sealed = ''")]
#[tokio::test]
async fn a_secret_that_was_tampered_with_does_not_open(#[case] tampering: &'static str) {
    let home = Engine::Sqlite.home();
    let store = home.open().await;
    let key = SealingKey::generate().unwrap();
    for name in ["main", "other"] {
        store.put_integration(&integration(name)).await.unwrap();
        store
            .put_secret(&name.into(), &SecretString::from(SECRET), &key)
            .await
            .unwrap();
    }
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", home.file()))
        .await
        .unwrap();
    sqlx::query(tampering).execute(&pool).await.unwrap();
    let error = store.find_secret(&"other".into(), &key).await.unwrap_err();
    assert_eq!(error.code(), "TW-KEY-SECRET-DAMAGED");
}

#[tokio::test]
async fn no_file_of_the_store_holds_the_secret_or_the_key() {
    let home = Engine::Sqlite.home();
    let store = home.open().await;
    let key_file = home.directory.join("key");
    let key = SealingKey::load_or_create(&key_file).unwrap();
    store.put_integration(&integration("main")).await.unwrap();
    store
        .put_secret(&"main".into(), &SecretString::from(SECRET), &key)
        .await
        .unwrap();

    let key_text = std::fs::read_to_string(&key_file).unwrap();
    let key_bytes = STANDARD.decode(key_text.trim()).unwrap();
    let hidden: [&[u8]; 4] = [
        SECRET.as_bytes(),
        &STANDARD.encode(SECRET).into_bytes(),
        key_text.trim().as_bytes(),
        &key_bytes,
    ];
    let mut files = 0;
    // Before closing, so that SQLite's log is among them.
    for entry in std::fs::read_dir(home.directory.join("state")).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        for text in hidden {
            assert!(!content.windows(text.len()).any(|window| window == text));
        }
    }
    assert_eq!(files, 3, "database, log and index of the log");
}
