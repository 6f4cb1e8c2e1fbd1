//! Copying a store: everything, there and back, whole or not at all.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use sqlx::Connection;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{CopyStep, Store, StoreCopied};

use crate::everything::{content, fill, tables};
use crate::home::{Engine, Home, TestClock};
use crate::sample::{integration, landing};

async fn copy(from: &Home, to: &Home, replace: bool) -> tailwater_store::Result<StoreCopied> {
    let (source, target) = (from.open().await, to.open().await);
    let copied = source.copy_to(&target, replace, &|_| {}).await;
    source.close().await;
    target.close().await;
    copied
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (Engine::Sqlite.home(), Engine::Postgres.home());
    sqlite.open().await.close().await;
    postgres.open().await.close().await;
    assert_eq!(
        tables(Engine::Sqlite, &sqlite).await,
        tables(Engine::Postgres, &postgres).await
    );
}

#[rstest]
#[tokio::test]
async fn every_row_of_every_table_goes_there_and_back(#[values(1, 2, 3)] seed: u64) {
    let first = Engine::Sqlite.home();
    first.open().await.close().await;
    fill(&first, seed).await;
    let before = content(Engine::Sqlite, &first).await;
    assert!(before.values().all(|rows| !rows.is_empty()));

    let there = Engine::Postgres.home();
    let copied = copy(&first, &there, false).await.unwrap();
    assert_eq!(content(Engine::Postgres, &there).await, before);
    let rows: usize = before.values().map(Vec::len).sum();
    assert_eq!(copied.rows, rows as u64);
    assert_eq!(copied.tables.len(), before.len());
    assert_eq!(copied.rows_replaced, 0);

    let back = Engine::Sqlite.home();
    let again = copy(&there, &back, false).await.unwrap();
    assert_eq!(content(Engine::Sqlite, &back).await, before);
    assert_eq!(
        again.tables, copied.tables,
        "counts and checksums are those of the first"
    );
    // The source is as it was.
    assert_eq!(content(Engine::Sqlite, &first).await, before);
}

#[rstest]
#[tokio::test]
async fn what_is_there_is_replaced_only_when_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (from, to) = (Engine::Sqlite.home(), engine.home());
    let store = from.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..30)).await.unwrap();
    store.close().await;
    let store = to.open().await;
    store.put_integration(&integration("other")).await.unwrap();
    store.land_sync(&landing("other", 20, 0..3)).await.unwrap();
    store.close().await;

    let before = content(engine, &to).await;
    let error = copy(&from, &to, false).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-NOT-EMPTY");
    assert!(error.hint().unwrap().contains("--replace"));
    assert_eq!(content(engine, &to).await, before);

    let copied = copy(&from, &to, true).await.unwrap();
    assert!(copied.rows_replaced > 3);
    assert_eq!(content(engine, &to).await, content(Engine::Sqlite, &from).await);
    // What comes next goes on where the copy ended.
    let store = to.open().await;
    store.land_sync(&landing("main", 30, 5..40)).await.unwrap();
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 35);
    assert_eq!(store.examine().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_store_in_use_is_of_one_instant() {
    let (from, to) = (Engine::Postgres.home(), Engine::Sqlite.home());
    let store = from.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 1, 0..200)).await.unwrap();
    let (writer, target) = (store.clone(), to.open().await);
    // A landing with other workbooks, in the middle of the copy.
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let landed = tokio::spawn(async move {
        has_begun.await.unwrap();
        writer.land_sync(&landing("main", 2, 500..900)).await.unwrap();
    });
    let begun = std::sync::Mutex::new(Some(begun));
    let heard = |_: CopyStep| {
        if let Some(begun) = begun.lock().unwrap().take() {
            begun.send(()).unwrap();
        }
    };
    store.copy_to(&target, false, &heard).await.unwrap();
    landed.await.unwrap();
    let exposures = target.load_exposures(None).await.unwrap();
    assert_eq!(exposures.len(), 200);
    assert_eq!(target.syncs(None, 10).await.unwrap().len(), 1);
    assert_eq!(target.examine().await.unwrap(), []);
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 400);
}

#[rstest]
#[tokio::test]
async fn what_reads_back_otherwise_undoes_the_copy(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (from, to) = (Engine::Sqlite.home(), engine.home());
    let store = from.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.close().await;
    to.open().await.close().await;
    if engine == Engine::Sqlite {
        let mut connection = sqlx::SqliteConnection::connect(&to.address).await.unwrap();
        let sql = "create trigger meddler after insert on integration begin \
                   update integration set site = 'x'; end";
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&to.address).await.unwrap();
        let sql = "create function meddle() returns trigger language plpgsql as \
                   $$ begin new.site := 'x'; return new; end $$; \
                   create trigger meddler before insert on integration for each row execute function meddle()";
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    let error = copy(&from, &to, false).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-COPY-DIFFERS");
    assert!(error.to_string().contains("`integration`"), "{error}");
    assert_eq!(to.open().await.integrations().await.unwrap(), []);
}

const VICTIM: &str = "TAILWATER_TEST_COPY_VICTIM";

/// Runs in a process of its own, see below; on its own it does nothing.
#[tokio::test]
async fn copies_until_it_is_killed() {
    let Ok(addresses) = std::env::var(VICTIM) else {
        return;
    };
    let (from, to) = addresses.split_once(' ').unwrap();
    let clock = Arc::new(TestClock::default());
    let source = Store::open(&from.parse().unwrap(), clock.clone()).await.unwrap();
    let target = Store::open(&to.parse().unwrap(), clock).await.unwrap();
    println!("victim: begun");
    source
        .copy_to(&target, true, &|_| println!("victim: step"))
        .await
        .unwrap();
    println!("victim: done");
}

fn start_victim(from: &Home, to: &Home) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "copy::copies_until_it_is_killed", "--nocapture"])
        .env(VICTIM, format!("{} {}", from.address, to.address))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[rstest]
#[tokio::test]
async fn a_killed_copy_leaves_the_target_as_it_was_or_whole(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (from, to) = (Engine::Sqlite.home(), engine.home());
    let store = from.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.land_sync(&landing("main", 10, 0..400)).await.unwrap();
    store.close().await;
    to.open().await.close().await;
    let empty = content(engine, &to).await;
    let whole = content(Engine::Sqlite, &from).await;
    let mut torn_off = 0;
    for kill in 0..6_u64 {
        let mut victim = start_victim(&from, &to);
        let output = BufReader::new(victim.stdout.take().unwrap());
        let steps = output
            .lines()
            .map(Result::unwrap)
            .filter(|line| line.contains("victim: "));
        // A different step each time: while it empties, writes, reads back.
        let last = steps.take(usize::try_from(kill * kill / 3).unwrap() + 1).last();
        std::thread::sleep(Duration::from_micros(kill * 1_777 % 5_000));
        victim.kill().unwrap();
        victim.wait().unwrap();
        to.wait_until_alone().await;
        let found = content(engine, &to).await;
        assert!(found == empty || found == whole, "kill {kill} after {last:?}");
        torn_off += i32::from(found == empty);
        if found == whole {
            break;
        }
    }
    assert!(torn_off > 0, "no kill came before the end");
    // And it can be done again.
    copy(&from, &to, true).await.unwrap();
    assert_eq!(content(engine, &to).await, whole);
}
