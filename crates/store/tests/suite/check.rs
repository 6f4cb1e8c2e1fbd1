//! Looking a store over: what is wrong is found and named, and a sound store has nothing wrong.

use rstest::rstest;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection};
use tailwater_store::{SealingKey, Store};

use crate::home::{Engine, Home};
use crate::sample::{integration, landing};

async fn filled(home: &Home) -> Store {
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..20)).await.unwrap();
    store
}

async fn meddle(engine: Engine, home: &Home, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if engine == Engine::Sqlite {
        let mut connection = sqlx::SqliteConnection::connect(&home.address).await.unwrap();
        sqlx::raw_sql("pragma foreign_keys = off")
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&home.address).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
}

#[rstest]
#[case(
    "update inventory_item set body = '{' where kind = 'asset' and id = 'luid-7'",
    "row \"main\" \"asset\" \"luid-7\": `body` is no JSON"
)]
#[case(
    "update exposure set body = replace(body, 'Workbook', 'Workbuck') where asset = 'luid-3'",
    "row \"main\" \"luid-3\": `body` is not what was written"
)]
#[case("update integration set mapping = ''", "`mapping` is no JSON")]
#[case("drop table curation", "table `curation` lacks integration, asset")]
#[case("alter table sync drop column outcome", "table `sync` lacks outcome")]
#[case("update sync set body = '{}'", "missing field")]
#[tokio::test]
async fn damage_is_named(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] damage: &str,
    #[case] expected: &str,
) {
    let home = engine.home();
    let store = filled(&home).await;
    assert_eq!(store.examine().await.unwrap(), []);
    meddle(engine, &home, damage).await;
    let problems = store.examine().await.unwrap();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].code, "TW-STORE-DAMAGED");
    assert!(problems[0].message.contains(expected), "{problems:#?}");
    assert!(problems[0].hint.contains("backup"));
}

#[tokio::test]
async fn of_many_rows_some_are_named() {
    let home = Engine::Sqlite.home();
    let store = filled(&home).await;
    meddle(Engine::Sqlite, &home, "update exposure set body = 'x'").await;
    let problems = store.examine().await.unwrap();
    assert_eq!(problems.len(), 6);
    assert!(problems[5].message.contains("15 more such rows"), "{problems:#?}");
}

#[tokio::test]
async fn a_row_without_its_parent_is_found() {
    let home = Engine::Sqlite.home();
    let store = filled(&home).await;
    meddle(Engine::Sqlite, &home, "delete from asset where id = 'luid-1'").await;
    let problems = store.examine().await.unwrap();
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains("has no parent")),
        "{problems:#?}"
    );
}

#[tokio::test]
async fn broken_pages_are_found() {
    let home = Engine::Sqlite.home();
    let store = filled(&home).await;
    store.land_sync(&landing("main", 20, 0..200)).await.unwrap();
    store.close().await;
    let mut bytes = std::fs::read(home.file()).unwrap();
    let pages = bytes.len() / 4_096;
    // The last ones hold rows: what the schema is read from lies before them.
    for page in bytes.chunks_mut(4_096).skip(pages - pages / 8) {
        page[..64].fill(0xff);
    }
    std::fs::write(home.file(), bytes).unwrap();
    let problems = home.open().await.examine().await.unwrap();
    assert!(!problems.is_empty());
    assert!(
        problems.iter().all(|problem| !problem.hint.is_empty()),
        "{problems:#?}"
    );
}

#[rstest]
#[tokio::test]
async fn sealed_values_that_do_not_open_are_named(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = filled(&home).await;
    let (key, other) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
    let secret = SecretString::from("hunter2");
    store.put_secret(&"main".into(), &secret, &key).await.unwrap();
    store
        .put_sealed_setting("tile key", &secret, &other, false)
        .await
        .unwrap();
    store.put_setting("plain", "v1.of something").await.unwrap();
    assert_eq!(store.count_sealed().await.unwrap(), 2);
    let problems = store.examine_sealed(&key).await.unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].message,
        "the setting `tile key` was sealed with another key"
    );
    assert_eq!(problems[0].code, "TW-KEY-UNOPENED");
    let problems = store.examine_sealed(&other).await.unwrap();
    assert_eq!(
        problems[0].message,
        "the secret of integration `main` was sealed with another key"
    );
    meddle(
        engine,
        &home,
        "update secret set sealed = replace(sealed, '=', 'A')",
    )
    .await;
    let problems = store.examine_sealed(&key).await.unwrap();
    assert!(problems[0].message.contains("damaged"), "{problems:#?}");
}
