//! Nodes of one process that die at any step, and nodes that share the work.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::poll_fn;
use rstest::rstest;
use tailwater_core::refresh::{Policy, RefreshOutcome};
use tailwater_engine::refresh::{CancelOutcome, Refresher, Tuning, Until};
use tailwater_engine::workspace::Workspace;
use tokio_util::sync::CancellationToken;

use crate::stage::{
    Bench, Engine, ask, ask_with, drain, drain_with, due, luid, node, outcomes, site, target, tuning,
};

/// Polls a future so often at most; `None` when it is not done by then.
async fn poll_times<T>(future: impl Future<Output = T>, times: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Dies after so many steps, and lets another go on; answers whether it died before its end.
async fn die_after(steps: usize, engine: Engine) -> bool {
    let simulator = site(2, 1).await;
    let bench = Bench::new(&simulator, engine);
    let doomed = bench.open().await;
    let ids = ask(&doomed, 0..2).await;
    let refresher = node(&doomed);
    let is_dead = poll_times(refresher.drain(&ids, Until::Over), steps)
        .await
        .is_none();
    drop(refresher);
    let heir = bench.open().await;
    let records = drain(&heir, &ids).await;
    assert_eq!(
        outcomes(&records),
        [RefreshOutcome::Succeeded; 2],
        "{steps}: {records:#?}"
    );
    let calls = simulator.refresh_calls();
    assert_eq!(
        (calls[&luid(0)], calls[&luid(1)]),
        (1, 1),
        "after {steps} steps: {records:#?}"
    );
    is_dead
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_at_any_step_repeats_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    // The steps are the same with either; the one that takes longer takes fewer of them.
    let stride = match engine {
        Engine::Sqlite => 1,
        Engine::Postgres => 3,
    };
    let died: Vec<bool> = futures::stream::iter((1..90).step_by(stride).chain((90..200).step_by(7)))
        .map(|steps| die_after(steps, engine))
        .buffer_unordered(12)
        .collect()
        .await;
    assert!(died.iter().filter(|is_dead| **is_dead).count() > 20, "{died:?}");
}

#[rstest]
#[case(2)]
#[case(3)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_ask_for_each_target_once_though_one_dies(#[case] nodes: usize) {
    let simulator = site(24, 1).await;
    let bench = Bench::new(&simulator, Engine::Postgres);
    let mut workspaces = Vec::new();
    for _ in 0..nodes {
        workspaces.push(bench.open().await);
    }
    let ids = ask(&workspaces[0], 0..24).await;
    let (doomed, others) = workspaces.split_first().expect("nodes");
    // None takes all, so that each has its part.
    let modest = |workspace: &Arc<Workspace>| {
        let tuning = Tuning {
            most_in_hand: 6,
            ..tuning()
        };
        Refresher::with_tuning(Arc::clone(workspace), CancellationToken::new(), tuning)
    };
    let doomed_node = modest(doomed);
    let mut heard = doomed_node.subscribe();
    let dying = async {
        // Dies in the middle of its work.
        let run = doomed_node.run();
        let some = async {
            for _ in 0..7 {
                let _ = heard.recv().await;
            }
        };
        tokio::select! {
            _ = run => {}
            () = some => {}
        }
    };
    let survivors = futures::future::join_all(others.iter().map(|workspace| {
        let (refresher, ids) = (modest(workspace), &ids);
        async move { drain_with(&refresher, ids).await }
    }));
    let ((), ended) = tokio::join!(dying, survivors);
    for record in &ended[0] {
        assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
    }
    let calls = simulator.refresh_calls();
    assert_eq!(calls.len(), 24);
    assert!(calls.values().all(|calls| *calls == 1), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_together_keep_the_limits() {
    let simulator = site(8, 0).await;
    let bench = Bench::new(&simulator, Engine::Postgres);
    let (one, two) = (bench.open().await, bench.open().await);
    let policy = Policy {
        at_once: 2,
        per_hour: Some(3),
        ..Policy::default()
    };
    let decisions = (0..8).map(|number| due(target("main", number))).collect();
    ask_with(&one, decisions, policy).await;
    let (first, second) = (node(&one), node(&two));
    first.start();
    second.start();
    let three_are_over = async {
        loop {
            let counts = one.store().refresh_counts().await.expect("counts");
            if counts.get("succeeded") == Some(&3) {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let counts = tokio::time::timeout(Duration::from_secs(30), three_are_over)
        .await
        .expect("three are sent");
    assert_eq!(counts.get("queued"), Some(&5));
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(simulator.refresh_calls().len(), 3, "no more within the hour");
    first.shut_down().await;
    second.shut_down().await;
}

/// A process that stands still holds what it has locked. The server lets go of it, so that the others go on.
#[tokio::test]
async fn who_stands_still_in_a_transaction_stops_nobody_for_long() {
    let simulator = site(2, 0).await;
    let bench = Bench::new(&simulator, Engine::Postgres);
    let (frozen, other) = (bench.open().await, bench.open().await);
    let mut asking = pin!(ask(&frozen, [0]));
    let waiting = loop {
        let is_over = poll_fn(|context| Poll::Ready(asking.as_mut().poll(context).is_ready())).await;
        assert!(!is_over, "it was never in the middle");
        let other = Arc::clone(&other);
        let mut tried = tokio::spawn(async move {
            let nothing = "none".into();
            other.store().cancel_refresh(&nothing, "a test").await
        });
        let tried_for = tokio::time::timeout(Duration::from_secs(1), &mut tried).await;
        if tried_for.is_err() {
            break tried;
        }
    };
    // Its own future is not touched from here on.
    let waited = tokio::time::timeout(Duration::from_mins(2), waiting).await;
    let waited = waited.expect("the others go on").expect("no panic");
    assert_eq!(waited.expect("a store"), CancelOutcome::Unknown);
    let asked = ask(&other, [1]).await;
    assert_eq!(
        outcomes(&drain(&other, &asked).await),
        [RefreshOutcome::Succeeded]
    );
}
