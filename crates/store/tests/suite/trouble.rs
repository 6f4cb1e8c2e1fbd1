//! Trouble with the machine, the disk and the server: each is told by its code, changes nothing, and heals.

use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{Error, Store};

use crate::home::{Engine, Home, TestClock, at};
use crate::outage::Outage;
use crate::sample::{integration, landing};

/// A store with one landing, of workbooks 0 to 20.
async fn with_landing(home: &Home) -> Store {
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..20)).await.unwrap();
    store
}

/// Whether that landing is still the last, and whole; and the next one lands.
async fn assert_heals(store: &Store) {
    assert_eq!(store.examine().await.unwrap(), []);
    let stored = store.load_inventory(&"main".into()).await.unwrap();
    assert_eq!(stored.synced_at, Some(at(10)));
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 20);
    store.land_sync(&landing("main", 90, 5..40)).await.unwrap();
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 35);
    assert_eq!(store.examine().await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_goes_away_and_comes_back_is_found_again() {
    let mut server = Outage::new().await;
    let mut home = Engine::Postgres.home();
    home.address = server.address();
    let store = with_landing(&home).await;
    server.stop();
    // The pool goes on trying for ten seconds.
    let later = landing("main", 20, 5..40);
    let (landed, loaded) = tokio::join!(store.land_sync(&later), store.load_exposures(None));
    for error in [landed.map(|_| ()).unwrap_err(), loaded.map(|_| ()).unwrap_err()] {
        assert_eq!(error.code(), "TW-STORE-UNREACHABLE", "{error:?}");
        assert!(error.hint().is_some());
    }
    let error = home.try_open().await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-UNREACHABLE", "{error:?}");
    server.start();
    // The same store, as a server process has it.
    assert_heals(&store).await;
}

/// How many connections of the store wait for a lock.
async fn waiting(watcher: &mut PgConnection) -> i64 {
    let sql = "select count(*) from pg_stat_activity where datname = current_database() \
               and application_name = 'tailwater' and wait_event_type = 'Lock'";
    sqlx::query_scalar(sql).fetch_one(watcher).await.unwrap()
}

async fn wait_for(watcher: &mut PgConnection, wanted: i64) {
    for _ in 0..3_000 {
        if waiting(watcher).await >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{wanted} connections never waited for the lock");
}

const LOCK: &str = "lock table sync in access exclusive mode";

#[tokio::test]
async fn a_connection_that_is_lost_in_the_middle_of_a_landing_undoes_it() {
    let home = Engine::Postgres.home();
    let store = with_landing(&home).await;
    let mut locker = PgConnection::connect(&home.address).await.unwrap();
    let mut watcher = PgConnection::connect(&home.address).await.unwrap();
    let mut lock = locker.begin().await.unwrap();
    sqlx::query(LOCK).execute(&mut *lock).await.unwrap();
    let writer = store.clone();
    let landing_task =
        tokio::spawn(async move { writer.land_sync(&landing("main", 20, 5..40)).await.map(|_| ()) });
    wait_for(&mut watcher, 1).await;
    let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
               where datname = current_database() and application_name = 'tailwater'";
    sqlx::query(sql).execute(&mut watcher).await.unwrap();
    let error = landing_task.await.unwrap().unwrap_err();
    assert_eq!(error.code(), "TW-STORE-UNREACHABLE", "{error:?}");
    lock.rollback().await.unwrap();
    assert_heals(&store).await;
}

#[tokio::test]
async fn when_no_connection_is_to_be_had_that_is_told() {
    let home = Engine::Postgres.home();
    let store = with_landing(&home).await;
    let names: Vec<String> = (0..8).map(|number| format!("other_{number}")).collect();
    for name in &names {
        store.put_integration(&integration(name)).await.unwrap();
    }
    let mut locker = PgConnection::connect(&home.address).await.unwrap();
    let mut watcher = PgConnection::connect(&home.address).await.unwrap();
    let mut lock = locker.begin().await.unwrap();
    sqlx::query(LOCK).execute(&mut *lock).await.unwrap();
    let mut running = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let landing = landing(name, 20, [100 + number]);
        let writer = store.clone();
        running.push(tokio::spawn(async move { writer.land_sync(&landing).await }));
    }
    wait_for(&mut watcher, 8).await;
    let error = store.projects().await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-BUSY", "{error:?}");
    lock.rollback().await.unwrap();
    for landed in running {
        landed.await.unwrap().unwrap();
    }
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 28);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_undoes_the_landing() {
    let mut home = Engine::Postgres.home();
    let store = with_landing(&home).await;
    let address = std::mem::take(&mut home.address);
    home.address = format!("{address}?options[statement_timeout]=200");
    let hurried = home.open().await;
    let mut locker = PgConnection::connect(&address).await.unwrap();
    let mut lock = locker.begin().await.unwrap();
    sqlx::query(LOCK).execute(&mut *lock).await.unwrap();
    let error = hurried.land_sync(&landing("main", 20, 5..40)).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-BUSY", "{error:?}");
    lock.rollback().await.unwrap();
    assert_heals(&store).await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_told() {
    let mut home = Engine::Postgres.home();
    let mut connection = PgConnection::connect(&home.address).await.unwrap();
    let sql = "create role guest login password 'hunter2' connection limit 0";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    home.address = home.address.replace("tailwater:hunter2%40home", "guest:hunter2");
    let error = home.try_open().await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-BUSY", "{error:?}");
}

const VICTIM: &str = "TAILWATER_TEST_FULL";

/// Runs in a process of its own where there is little room, see below; on its own it does nothing.
#[tokio::test]
async fn lands_until_there_is_no_room() {
    let Ok(address) = std::env::var(VICTIM) else {
        return;
    };
    let store = Store::open(&address.parse().unwrap(), Arc::new(TestClock::default()))
        .await
        .unwrap();
    let refused = fill_up(&store).await;
    println!("victim: {} {}", refused.code(), refused.hint().is_some());
    // On the same disk, with as little room as before, all that was there can still be read.
    let exposures = store.load_exposures(None).await.unwrap();
    assert!(exposures.len() >= 20);
    let Ok(ballast) = std::env::var("BALLAST") else {
        return;
    };
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(store.examine().await.unwrap(), []);
    store.land_sync(&landing("main", 90, 0..30)).await.unwrap();
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 30);
    println!("victim: healed");
}

/// Lands more and more until it is refused.
async fn fill_up(store: &Store) -> Error {
    store.put_integration(&integration("main")).await.unwrap();
    for number in 1_i64..200 {
        let count = usize::try_from(number).unwrap() * 20;
        let mut landing = landing("main", number, 0..count);
        for (_, exposure) in &mut landing.exposures {
            exposure.description = Some(format!("{number} ").repeat(200));
        }
        let before = store.load_exposures(None).await.unwrap();
        if let Err(error) = store.land_sync(&landing).await {
            assert_eq!(
                store.load_exposures(None).await.unwrap(),
                before,
                "nothing was changed"
            );
            return error;
        }
    }
    panic!("there is always room");
}

fn run_victim(through: &[&str], home: &Home) -> Output {
    let victim = std::env::current_exe().unwrap();
    let mut command = Command::new(through[0]);
    command.args(&through[1..]).arg(&victim);
    command
        .args(["--exact", "trouble::lands_until_there_is_no_room", "--nocapture"])
        .env(VICTIM, &home.address)
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_limit_of_file_sizes_changes_nothing() {
    let home = Engine::Sqlite.home();
    // 2,048 blocks of 512 bytes. Without the trap, the system would kill the process.
    let limit = r#"trap '' XFSZ; ulimit -f 2048; exec "$@""#;
    let output = run_victim(&["sh", "-c", limit, "sh"], &home);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("victim: TW-STORE-DISK true") || said.contains("victim: TW-STORE-FULL true"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Without the limit it goes on.
    let store = home.open().await;
    assert_eq!(store.examine().await.unwrap(), []);
    assert!(store.load_exposures(None).await.unwrap().len() >= 20);
    store.land_sync(&landing("main", 500, 0..2_000)).await.unwrap();
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 2_000);
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_room_heals_it() {
    let home = Engine::Sqlite.home();
    let place = home.directory.join("state");
    std::fs::create_dir(&place).unwrap();
    // A file system in memory of 3 MB, 1 MB of which is taken; it goes with the process that made it.
    let script = r#"mount -t tmpfs -o size=3m tailwater "$PLACE" || exit 77
        head -c 1000000 /dev/zero > "$PLACE/ballast"; BALLAST="$PLACE/ballast" exec "$@""#;
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    let mut through = vec!["env".to_owned(), format!("PLACE={place}"), "unshare".to_owned()];
    if !is_root {
        through.extend(["--user".to_owned(), "--map-root-user".to_owned()]);
    }
    through.extend(["--mount", "sh", "-c", script, "sh"].map(str::to_owned));
    let through: Vec<&str> = through.iter().map(String::as_str).collect();
    let output = run_victim(&through, &home);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    if !said.contains("running 1 test")
        && (complained.contains("unshare") || output.status.code() == Some(77))
    {
        // Where the system lets nobody mount, the limit of file sizes above has to do.
        eprintln!("not tested, since nothing can be mounted here: {complained}");
        return;
    }
    assert!(said.contains("victim: TW-STORE-FULL true"), "{said}{complained}");
    assert!(said.contains("victim: healed"), "{said}{complained}");
}
