//! Opening: what is made, what is refused, and that a refused store is left as it was.

use std::net::TcpListener;
use std::process::Command;

use rstest::rstest;
use sqlx::{Connection, Row};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{Error, Store, StoreUrl};

use crate::home::{Engine, Home};
use crate::sample::{integration, landing};

/// Everything that a person may be shown of an error.
fn shown(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{:?}", error.hint());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}\n{cause}\n{cause:?}");
        source = cause.source();
    }
    text
}

async fn refusal(home: &Home) -> Error {
    let error = home.try_open().await.unwrap_err();
    assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
    error
}

/// The version of the newest migration.
fn newest_schema() -> i64 {
    let migrator = sqlx::migrate!("migrations/sqlite");
    migrator.iter().map(|migration| migration.version).max().unwrap()
}

#[rstest]
#[tokio::test]
async fn a_new_store_is_healthy_and_empty(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let health = store.check().await.unwrap();
    let expected = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgresql",
    };
    assert_eq!(health.engine, expected);
    assert_eq!(health.schema_version, newest_schema());
    assert_eq!(health.problems, [] as [&str; 0]);
    assert!(health.size_bytes > 0);
    assert_eq!(health.location, store.location());
    let text = format!("{health} {health:?} {store:?}");
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(health.rows, tailwater_store::RowCounts::default());

    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..3)).await.unwrap();
    let health = store.check().await.unwrap();
    assert_eq!((health.rows.exposures, health.rows.inventory_items), (3, 8));
    assert!(
        health.to_string().ends_with("kB): 3 exposures") || health.to_string().ends_with("MB): 3 exposures")
    );
}

#[tokio::test]
async fn a_store_in_memory_works_alike() {
    let url: StoreUrl = "sqlite::memory:".parse().unwrap();
    let clock = Engine::Sqlite.home().clock.clone();
    let store = Store::open(&url, clock.clone()).await.unwrap();
    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..3)).await.unwrap();
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 3);
    let stored = store.load_inventory(&"main".into()).await.unwrap();
    assert_eq!(stored.seen.len(), 3);
    // Another one is another one.
    let other = Store::open(&url, clock).await.unwrap();
    assert_eq!(other.integrations().await.unwrap(), []);
    store.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn directory_and_files_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Engine::Sqlite.home();
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    let directory = home.directory.join("state");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(directory.as_std_path()), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["tailwater.db", "tailwater.db-shm", "tailwater.db-wal"]);

    // Closed in good order, all is in the one file, which is then safe to copy.
    store.close().await;
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
}

#[tokio::test]
async fn sqlite_is_set_up_as_promised() {
    let home = Engine::Sqlite.home();
    home.open().await.close().await;
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite:{}", home.file()))
        .await
        .unwrap();
    let row = sqlx::query("pragma journal_mode")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>(0), "wal");
    let sql = "select count(*) from pragma_table_list where type = 'table' and strict = 0 \
               and schema = 'main' and name not like 'sqlite_%' and name <> 'schema_migration'";
    let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 0, "every table of ours is strict");
}

#[tokio::test]
async fn postgresql_compares_texts_by_their_bytes() {
    let home = Engine::Postgres.home();
    let _store = home.open().await;
    let mut connection = sqlx::PgConnection::connect(&home.address).await.unwrap();
    let sql = "select count(*), count(*) filter (where collation_name = 'C') from information_schema.columns \
               where table_schema = 'public' and data_type = 'text' and table_name <> 'schema_migration'";
    let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
    let (texts, by_bytes): (i64, i64) = (row.get(0), row.get(1));
    assert!(texts > 20);
    assert_eq!(texts, by_bytes);
}

#[rstest]
#[case("no database at all, but long enough to be read as the header of one, which it is not: ".repeat(20))]
#[case("SQLite format 3\0 then rubbish".repeat(40))]
#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone(#[case] content: String) {
    let home = Engine::Sqlite.home();
    std::fs::create_dir(home.directory.join("state")).unwrap();
    std::fs::write(home.file(), &content).unwrap();
    let error = refusal(&home).await;
    assert!(
        ["TW-STORE-NOT-A-STORE", "TW-STORE-DAMAGED"].contains(&error.code()),
        "{error:?}"
    );
    assert!(error.hint().is_some());
    assert_eq!(std::fs::read(home.file()).unwrap(), content.as_bytes());
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let home = Engine::Sqlite.home();
    std::fs::create_dir(home.directory.join("state")).unwrap();
    let address = format!("sqlite:{}?mode=rwc", home.file());
    let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
    sqlx::raw_sql("create table project (id integer); insert into project values (1)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let before = std::fs::read(home.file()).unwrap();
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-NOT-A-STORE");
    assert_eq!(std::fs::read(home.file()).unwrap(), before);
    assert_eq!(
        std::fs::read_dir(home.directory.join("state")).unwrap().count(),
        1
    );
}

#[tokio::test]
async fn tables_of_another_program_in_the_same_database_are_left_alone() {
    let home = Engine::Postgres.home();
    let mut connection = sqlx::PgConnection::connect(&home.address).await.unwrap();
    sqlx::query("create table exposure (id integer)")
        .execute(&mut connection)
        .await
        .unwrap();
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-MIGRATION");
    let sql = "select count(*) from information_schema.tables where table_schema = 'public'";
    let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1, "nothing was made");
}

#[rstest]
#[tokio::test]
async fn a_newer_store_is_refused_and_left_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.close().await;
    let sql = "insert into schema_migration (version, description, success, checksum, execution_time) \
               select 999, 'from the future', true, checksum, 0 from schema_migration where version = 1";
    let before = if engine == Engine::Sqlite {
        let mut connection = sqlx::SqliteConnection::connect(&home.address).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        std::fs::read(home.file()).unwrap()
    } else {
        let mut connection = sqlx::PgConnection::connect(&home.address).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        Vec::new()
    };
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-NEWER");
    assert!(
        error.to_string().ends_with(&format!(
            "has schema version 999, and this Tailwater knows up to {}",
            newest_schema()
        )),
        "{error}"
    );
    if engine == Engine::Sqlite {
        assert_eq!(std::fs::read(home.file()).unwrap(), before);
    }
}

#[tokio::test]
async fn damage_is_found_and_told() {
    let home = Engine::Sqlite.home();
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..200)).await.unwrap();
    store.close().await;
    let whole = std::fs::read(home.file()).unwrap();

    // Rubbish in every page that holds a workbook, wherever the schema lies.
    let mut broken = whole.clone();
    for page in broken.chunks_mut(4_096) {
        if page.windows(9).any(|bytes| bytes == b"Workbook ") {
            page[..64].fill(0xff);
        }
    }
    std::fs::write(home.file(), broken).unwrap();
    let store = home.open().await;
    let error = store.load_inventory(&"main".into()).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-DAMAGED");
    assert!(error.hint().unwrap().contains("backup"));
    assert!(!store.check().await.is_ok_and(|health| health.is_sound()));
    store.close().await;

    // A sound file whose content means nothing.
    std::fs::write(home.file(), whole).unwrap();
    let store = home.open().await;
    assert!(store.check().await.unwrap().is_sound());
    let pool = sqlx::SqlitePool::connect(&home.address).await.unwrap();
    sqlx::query("update inventory_item set body = '{' where kind = 'asset' and id = 'luid-7'")
        .execute(&pool)
        .await
        .unwrap();
    let error = store.load_inventory(&"main".into()).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-DAMAGED");
}

#[tokio::test]
async fn a_path_that_cannot_be_a_file_is_refused() {
    let mut home = Engine::Sqlite.home();
    std::fs::write(home.directory.join("file"), "").unwrap();
    let directory = home.directory.clone();
    // Below a file, and a directory itself.
    home.address = format!("sqlite:{directory}/file/tailwater.db");
    assert_eq!(refusal(&home).await.code(), "TW-STORE-DIRECTORY");
    home.address = format!("sqlite:{directory}");
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-NOT-PERMITTED");
    assert!(error.hint().unwrap().contains("writable"));
}

const PROBE: &str = "TAILWATER_TEST_PROBE";

/// Runs in a process of its own, see below; on its own it does nothing.
#[tokio::test]
async fn probe_as_another_user() {
    if let Ok(address) = std::env::var(PROBE) {
        let clock = std::sync::Arc::new(crate::home::TestClock::default());
        let code = match Store::open(&address.parse().unwrap(), clock).await {
            Ok(_) => "opened",
            Err(error) => error.code(),
        };
        println!("probe: {code}");
    }
}

/// What a process without root's rights meets, since root may write everywhere.
fn probe_without_rights(address: &str) -> String {
    use std::os::unix::fs::MetadataExt;
    let program = std::env::current_exe().unwrap();
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program);
        command
    } else {
        Command::new(&program)
    };
    let output = command
        .args(["--exact", "opening::probe_as_another_user", "--nocapture"])
        .env(PROBE, address)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text
        .split_once("probe: ")
        .map(|(_, rest)| rest.lines().next().unwrap().to_owned());
    found.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_or_file_that_is_read_only_is_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let home = Engine::Sqlite.home();
    home.open().await.close().await;
    let state = home.directory.join("state");
    // The way there is open to everybody; the place itself is for reading.
    set_permissions(&home.directory, Permissions::from_mode(0o755)).unwrap();
    set_permissions(home.file(), Permissions::from_mode(0o644)).unwrap();
    set_permissions(&state, Permissions::from_mode(0o555)).unwrap();
    assert_eq!(probe_without_rights(&home.address), "TW-STORE-NOT-PERMITTED");
    let missing = format!("sqlite:{state}/other.db");
    assert_eq!(probe_without_rights(&missing), "TW-STORE-DIRECTORY");
    let missing = format!("sqlite:{state}/deeper/other.db");
    assert_eq!(probe_without_rights(&missing), "TW-STORE-DIRECTORY");
    // The probe itself works.
    set_permissions(&state, Permissions::from_mode(0o777)).unwrap();
    set_permissions(home.file(), Permissions::from_mode(0o666)).unwrap();
    assert_eq!(probe_without_rights(&home.address), "opened");
}

#[tokio::test]
async fn a_wrong_password_or_user_is_told_without_showing_it() {
    let mut home = Engine::Postgres.home();
    let right = home.address.clone();
    home.address = right.replace("hunter2%40home", "hunter2%40wrong");
    assert_ne!(home.address, right);
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-SIGN-IN");
    assert!(
        error.to_string().contains("postgres://tailwater:***@127.0.0.1:"),
        "{error}"
    );
    home.address = right.replace("tailwater:", "nobody:");
    assert_eq!(refusal(&home).await.code(), "TW-STORE-SIGN-IN");
}

#[tokio::test]
async fn a_database_that_is_missing_or_encoded_otherwise_is_told() {
    let mut home = Engine::Postgres.home();
    let right = home.address.clone();
    let (server, _) = right.rsplit_once('/').unwrap();
    home.address = format!("{server}/missing");
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-NO-DATABASE");

    let mut connection = sqlx::PgConnection::connect(&right).await.unwrap();
    sqlx::query("create database latin encoding 'LATIN1' template template0")
        .execute(&mut connection)
        .await
        .unwrap();
    home.address = format!("{server}/latin");
    assert_eq!(refusal(&home).await.code(), "TW-STORE-ENCODING");
}

#[tokio::test]
async fn a_user_who_may_not_make_tables_is_told() {
    let mut home = Engine::Postgres.home();
    let mut connection = sqlx::PgConnection::connect(&home.address).await.unwrap();
    let sql = "create role guest login password 'hunter2'; revoke create on schema public from public";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    home.address = home.address.replace("tailwater:hunter2%40home", "guest:hunter2");
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-NOT-PERMITTED");
    assert!(error.hint().unwrap().contains("grant create"));
}

#[rstest]
#[case("127.0.0.1")]
#[case("no-such-host.invalid")]
#[tokio::test]
async fn a_server_that_does_not_answer_is_told(#[case] host: &str) {
    let mut home = Engine::Sqlite.home();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    home.address = format!("postgres://ann:hunter2@{host}:{port}/tailwater");
    let error = refusal(&home).await;
    assert_eq!(error.code(), "TW-STORE-UNREACHABLE");
    assert!(error.hint().is_some());
}
