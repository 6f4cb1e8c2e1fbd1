//! Leases: one holder at a time.

use std::time::Duration;

use rstest::rstest;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{Lease, LeaseOutcome, Store};

use crate::home::{Engine, at};

const TTL: Duration = Duration::from_secs(30);

async fn acquire(store: &Store, holder: &str) -> LeaseOutcome {
    store
        .acquire_lease("integration:main", holder, TTL)
        .await
        .unwrap()
}

fn in_hand(outcome: LeaseOutcome) -> Lease {
    match outcome {
        LeaseOutcome::Acquired(lease) => lease,
        LeaseOutcome::HeldBy { holder, .. } => panic!("held by {holder}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_lease_has_one_holder_until_it_ends(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let lease = in_hand(acquire(&store, "one").await);
    assert_eq!(lease.until, at(30));
    let held = LeaseOutcome::HeldBy {
        holder: "one".to_owned(),
        until: at(30),
    };
    assert_eq!(acquire(&store, "two").await, held);
    // The same holder is no exception: it may be another task of the same process.
    assert_eq!(acquire(&store, "one").await, held);
    in_hand(
        store
            .acquire_lease("integration:other", "two", TTL)
            .await
            .unwrap(),
    );

    home.clock.advance(20);
    let lease = store.renew_lease(&lease, TTL).await.unwrap();
    assert_eq!(lease.until, at(50));
    home.clock.advance(29);
    assert!(matches!(
        acquire(&store, "two").await,
        LeaseOutcome::HeldBy { .. }
    ));

    home.clock.advance(1);
    let taken_over = in_hand(acquire(&store, "two").await);
    let error = store.renew_lease(&lease, TTL).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-LEASE-LOST");
    assert!(!store.release_lease(lease).await.unwrap());
    assert!(matches!(
        acquire(&store, "three").await,
        LeaseOutcome::HeldBy { .. }
    ));

    assert!(store.release_lease(taken_over).await.unwrap());
    in_hand(acquire(&store, "three").await);
}

#[rstest]
#[tokio::test]
async fn a_late_renewal_holds_while_nobody_took_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let lease = in_hand(acquire(&store, "one").await);
    home.clock.advance(100);
    let lease = store.renew_lease(&lease, TTL).await.unwrap();
    assert_eq!(lease.until, at(130));
    assert!(matches!(
        acquire(&store, "two").await,
        LeaseOutcome::HeldBy { .. }
    ));
}

#[rstest]
#[tokio::test]
async fn the_lease_of_a_dead_holder_is_broken_and_no_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let lease = in_hand(acquire(&store, "dead").await);
    assert!(!store.break_lease("integration:main", "somebody").await.unwrap());
    assert!(store.break_lease("integration:main", "dead").await.unwrap());
    in_hand(acquire(&store, "two").await);
    let error = store.renew_lease(&lease, TTL).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-LEASE-LOST");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_ask_at_once_one_gets_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let (one, two) = (home.open().await, home.open().await);
    for round in 0..10 {
        let key = format!("round {round}");
        let asked: Vec<_> = (0..8)
            .map(|number| {
                let store = if number % 2 == 0 { one.clone() } else { two.clone() };
                let key = key.clone();
                tokio::spawn(async move { store.acquire_lease(&key, "somebody", TTL).await.unwrap() })
            })
            .collect();
        let mut winners = 0;
        for outcome in asked {
            winners += usize::from(matches!(outcome.await.unwrap(), LeaseOutcome::Acquired(_)));
        }
        assert_eq!(winners, 1, "{key}");
    }
}
