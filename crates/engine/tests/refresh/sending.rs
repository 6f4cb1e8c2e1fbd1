//! What is due is sent and watched, once.

use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use tailwater_core::refresh::{Decision, Hold, Policy, RefreshOutcome, Skip, Verdict};
use tailwater_engine::refresh::{RefreshFilter, Refresher, Tuning, Until};
use tokio_util::sync::CancellationToken;

use crate::stage::{Bench, Engine, ask, ask_with, drain, due, luid, node, outcomes, site, target, tuning};

#[rstest]
#[tokio::test]
async fn what_is_due_is_sent_watched_and_remembered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = site(3, 1).await;
    let bench = Bench::new(&simulator, engine);
    let workspace = bench.open().await;
    let ids = ask(&workspace, 0..3).await;
    let records = drain(&workspace, &ids).await;
    assert_eq!(outcomes(&records), [RefreshOutcome::Succeeded; 3]);
    for record in &records {
        assert!(record.tool_job.is_some() && record.sent_at.is_some() && record.started_at.is_some());
        assert!(record.finished_at >= record.started_at, "{record:?}");
        assert_eq!(record.code, None);
    }
    assert_eq!(simulator.refresh_calls().len(), 3);
    assert!(simulator.refresh_calls().values().all(|calls| *calls == 1));
    assert_eq!(simulator.count("/auth/signin"), 1, "one session for all");
    let last = workspace.store().last_refreshes(None).await.expect("last ones");
    assert_eq!(last.len(), 3);
    let filter = RefreshFilter {
        exposure: Some("exposure.shop.main_book".into()),
        outcomes: vec![RefreshOutcome::Succeeded],
        ..RefreshFilter::default()
    };
    let page = workspace.store().refreshes(&filter, 10).await.expect("a page");
    assert_eq!(page.refreshes.len(), 3);
}

/// Without looking into the store from time to time: the asking itself wakes the sender.
#[tokio::test]
async fn asking_wakes_the_sender() {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let tuning = Tuning {
        idle_poll: Duration::from_hours(1),
        ..tuning()
    };
    let stop = CancellationToken::new();
    let refresher = Refresher::with_tuning(Arc::clone(&workspace), stop.clone(), tuning);
    let mut heard = refresher.subscribe();
    refresher.start();
    // It has looked once in vain.
    tokio::time::sleep(Duration::from_millis(300)).await;
    ask(&workspace, [0]).await;
    let over = async {
        loop {
            let record = heard.recv().await.expect("a change");
            if record.outcome.is_over() {
                return record.outcome;
            }
        }
    };
    let over = tokio::time::timeout(Duration::from_secs(30), over).await;
    assert_eq!(over.expect("it was sent"), RefreshOutcome::Succeeded);
    assert_eq!(refresher.metrics().sent, 1);
    refresher.shut_down().await;
    assert_eq!(simulator.session_count(), 0, "signed out");
}

#[tokio::test]
async fn what_is_open_is_not_asked_for_again_and_bad_data_hold_what_is_queued() {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let first = ask(&workspace, [0]).await;
    let again = ask_with(&workspace, vec![due(target("main", 0))], Policy::default()).await;
    assert_eq!(
        again[0].verdict,
        Verdict::Skip {
            reason: Skip::UnderWay
        }
    );
    let hold = Verdict::Hold {
        reasons: vec![Hold::BuildFailed {
            node: "model.shop.orders".into(),
        }],
    };
    let held = Decision {
        verdict: hold.clone(),
        ..due(target("main", 0))
    };
    ask_with(&workspace, vec![held], Policy::default()).await;
    let record = workspace
        .store()
        .find_refresh(&first[0])
        .await
        .expect("read")
        .expect("there");
    assert_eq!((record.outcome, record.verdict), (RefreshOutcome::Held, hold));
    assert!(simulator.refresh_calls().is_empty());
}

/// A process that ends in order leaves what runs to the next one.
#[tokio::test]
async fn ending_in_order_leaves_what_runs_to_the_next() {
    let simulator = site(1, 5).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let refresher = node(&workspace);
    refresher.start();
    let ids = ask(&workspace, [0]).await;
    refresher.wait_for(&ids, Until::Sent).await.expect("sent");
    refresher.shut_down().await;
    let record = workspace
        .store()
        .find_refresh(&ids[0])
        .await
        .expect("read")
        .expect("there");
    assert_eq!(record.outcome, RefreshOutcome::Running);
    assert_eq!(
        drain(&workspace, &ids).await[0].outcome,
        RefreshOutcome::Succeeded
    );
    assert_eq!(simulator.refresh_calls()[&luid(0)], 1);
}

/// While a sync reads the site, refreshes share its session.
#[tokio::test]
async fn a_sync_and_refreshes_share_one_session() {
    let simulator = site(3, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| switches.delay_milliseconds = 30);
    let ids = ask(&workspace, 0..3).await;
    let cancel = CancellationToken::new();
    let (name, quiet) = ("main".into(), tailwater_engine::bi::NoProgress);
    let sync = workspace.sync(
        &name,
        tailwater_engine::sync::SyncOptions::default(),
        &quiet,
        &cancel,
    );
    let (synced, records) = tokio::join!(sync, drain(&workspace, &ids));
    // Nothing is matched without a project, but the site is read.
    drop(synced);
    assert_eq!(outcomes(&records), [RefreshOutcome::Succeeded; 3]);
    assert!(simulator.refresh_calls().values().all(|calls| *calls == 1));
    let unauthorized = simulator
        .requests()
        .iter()
        .filter(|request| request.status == 401)
        .count();
    assert_eq!(unauthorized, 0, "nobody ended another's session");
}
