//! Several at once: opening, landing the same and different integrations, and reading all the while.

use rstest::rstest;
use sqlx::{Connection, Row};
use tailwater_core::diagnostic::Diagnostic;

use crate::home::{Engine, at};
use crate::sample::{integration, landing};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_store_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let opened: Vec<_> = (0..6)
        .map(|_| {
            let (url, clock) = (home.url(), home.clock.clone());
            tokio::spawn(async move { tailwater_store::Store::open(&url, clock).await })
        })
        .collect();
    for store in opened {
        store.await.unwrap().unwrap().projects().await.unwrap();
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn landings_at_once_follow_one_another(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    const LANDINGS: usize = 8;
    let home = engine.home();
    // Two stores, as of two processes.
    let (one, two) = (home.open().await, home.open().await);
    one.put_integration(&integration("main")).await.unwrap();
    one.put_integration(&integration("other")).await.unwrap();
    let landings: Vec<_> = (0..LANDINGS)
        .flat_map(|number| {
            let workbooks = number * 10..number * 10 + 60;
            let seconds = i64::try_from(number).unwrap();
            [
                landing("main", seconds, workbooks.clone()),
                landing("other", seconds, workbooks),
            ]
        })
        .collect();
    let running: Vec<_> = landings
        .iter()
        .enumerate()
        .map(|(number, landing)| {
            let store = if number % 3 == 0 { one.clone() } else { two.clone() };
            let landing = landing.clone();
            tokio::spawn(async move { store.land_sync(&landing).await })
        })
        .collect();
    // Whoever reads meanwhile sees the whole of some landing.
    let reader = home.open().await;
    while running.iter().any(|task| !task.is_finished()) {
        let stored = reader.load_inventory(&"main".into()).await.unwrap();
        if stored.synced_at.is_some() {
            assert!(
                landings
                    .iter()
                    .any(|landing| landing.inventory == stored.inventory)
            );
            assert_eq!(stored.seen.len(), 60);
        }
        tokio::task::yield_now().await;
    }
    for landed in running {
        landed.await.unwrap().unwrap();
    }
    for name in ["main", "other"] {
        let name = name.into();
        let stored = one.load_inventory(&name).await.unwrap();
        let last = landings
            .iter()
            .find(|landing| {
                landing.integration == name && Some(landing.record.finished_at) == stored.synced_at
            })
            .unwrap();
        assert_eq!(stored.inventory, last.inventory);
        let exposures = one.load_exposures(Some(&name)).await.unwrap();
        let mut expected = last.exposures.clone();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        let loaded: Vec<_> = exposures
            .into_iter()
            .map(|stored| (stored.asset, stored.exposure))
            .collect();
        assert_eq!(loaded, expected);
        assert_eq!(one.syncs(Some(&name), 100).await.unwrap().len(), LANDINGS);
    }
    assert!(one.check().await.unwrap().is_sound());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_want_a_name_at_once_one_gets_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let (one, two) = (home.open().await, home.open().await);
    for round in 0..10_usize {
        let mut running = Vec::new();
        for (store, name) in [(&one, "main"), (&two, "other")] {
            store.put_integration(&integration(name)).await.unwrap();
            let mut landing = landing(name, 10 + i64::try_from(round).unwrap(), [round]);
            landing.names[0].name = format!("wanted_{round}");
            let store = store.clone();
            running.push(tokio::spawn(async move { store.land_sync(&landing).await }));
        }
        let mut codes = Vec::new();
        for landed in running {
            codes.push(landed.await.unwrap().map_err(|error| error.code()).err());
        }
        codes.sort_unstable();
        assert_eq!(codes, [None, Some("TW-STORE-NAME-TAKEN")]);
    }
    assert_eq!(one.load_names().await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_writer_that_never_ends_is_told_of() {
    let home = Engine::Sqlite.home();
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    let pool = sqlx::SqlitePool::connect(&home.address).await.unwrap();
    let blocking = pool.begin_with("begin immediate").await.unwrap();
    let error = store.land_sync(&landing("main", 10, 0..3)).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-BUSY");
    // Readers do not wait for it.
    assert_eq!(store.load_exposures(None).await.unwrap(), []);
    blocking.rollback().await.unwrap();
    store.land_sync(&landing("main", 20, 0..3)).await.unwrap();
    let stored = store.load_inventory(&"main".into()).await.unwrap();
    assert_eq!(stored.synced_at, Some(at(20)));
}

/// Polls a future a few times, then drops it, as a cancelled task is.
pub async fn drop_after<F: Future>(polls: usize, future: F) {
    let mut future = Box::pin(future);
    let mut count = 0;
    std::future::poll_fn(|context| {
        count += 1;
        if count > polls || future.as_mut().poll(context).is_ready() {
            return std::task::Poll::Ready(());
        }
        std::task::Poll::Pending
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_while_it_begins_leaves_no_transaction_open() {
    let home = Engine::Postgres.home();
    let store = home.open().await;
    let mut watcher = sqlx::PgConnection::connect(&home.address).await.unwrap();
    let sql = "select count(*) from pg_stat_activity \
               where datname = current_database() and state like 'idle in transaction%'";
    for polls in 1..12 {
        // Connecting takes many polls, so a connection must be there already.
        store.projects().await.unwrap();
        for _ in 0..6 {
            drop_after(polls, store.load_inventory(&"main".into())).await;
            drop_after(polls, store.remove_project(&"shop".into())).await;
        }
        let mut checks = 0;
        while sqlx::query(sql)
            .fetch_one(&mut watcher)
            .await
            .unwrap()
            .get::<i64, _>(0)
            > 0
        {
            checks += 1;
            assert!(checks < 500, "a transaction stays open after {polls} polls");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
