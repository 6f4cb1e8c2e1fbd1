//! Refusals, limits, jobs of others, and cancelling.

use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use tailwater_core::refresh::{Policy, RefreshOutcome};
use tailwater_engine::refresh::{CancelOutcome, RefreshFilter, Refresher, Until};
use tokio_util::sync::CancellationToken;

use crate::stage::{Bench, Engine, ask, ask_with, drain, due, luid, node, outcomes, site, target, tuning};

#[rstest]
#[case::live(99, false, "TW-REFRESH-NO-EXTRACT", "409090")]
#[case::gone(77, false, "TW-REFRESH-GONE", "404006")]
#[case::disabled(0, true, "TW-REFRESH-DISABLED", "409082")]
#[tokio::test]
async fn a_refusal_ends_it_with_the_tools_own_words(
    #[case] number: usize,
    #[case] is_disabled: bool,
    #[case] code: &str,
    #[case] words: &str,
) {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| switches.run_now_disabled = is_disabled);
    let ids = ask(&workspace, [number]).await;
    let record = drain(&workspace, &ids).await.remove(0);
    assert_eq!(record.outcome, RefreshOutcome::Failed);
    assert_eq!(record.code.as_deref(), Some(code));
    assert!(
        record.message.as_ref().expect("words").contains(words),
        "{record:?}"
    );
    assert!(record.hint.is_some());
    assert_eq!(simulator.refresh_calls().values().sum::<usize>(), 1);
    let last = &workspace.store().last_refreshes(None).await.expect("last ones")[&target("main", number)];
    assert_eq!(last.failure().and_then(|end| end.code.as_deref()), Some(code));
}

#[tokio::test]
async fn a_site_that_takes_no_more_rests_as_a_whole() {
    let simulator = site(4, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| switches.refreshes_per_hour = Some(1));
    let first = ask(&workspace, [0]).await;
    drain(&workspace, &first).await;
    let ids = ask(&workspace, [1]).await;
    let stop = CancellationToken::new();
    let refresher = Refresher::with_tuning(Arc::clone(&workspace), stop, tuning());
    let mut heard = refresher.subscribe();
    refresher.start();
    let throttled = async {
        loop {
            let record = heard.recv().await.expect("a change");
            if record.code.as_deref() == Some("TW-REFRESH-THROTTLED") {
                return record;
            }
        }
    };
    let record = tokio::time::timeout(Duration::from_secs(30), throttled)
        .await
        .expect("throttled");
    assert_eq!(
        (record.id.clone(), record.outcome),
        (ids[0].clone(), RefreshOutcome::Queued)
    );
    assert_eq!(record.sent_at, None);
    let pauses = workspace.store().refresh_pauses().await.expect("pauses");
    assert_eq!(pauses.len(), 1);
    assert!(pauses[0].reason.contains("60 minutes"), "{pauses:?}");
    ask(&workspace, [2, 3]).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        simulator.refresh_calls().values().sum::<usize>(),
        2,
        "nothing more is sent"
    );
    refresher.shut_down().await;
}

/// Another's job for the same workbook is watched, and since it was at work before, another refresh follows.
#[tokio::test]
async fn a_job_that_was_there_is_watched_and_followed_by_one_of_our_own() {
    let simulator = site(1, 5).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let refresher = node(&workspace);
    refresher.start();
    let first = ask(&workspace, [0]).await;
    refresher.wait_for(&first, Until::Sent).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let second = ask_with(&workspace, vec![due(target("other", 0))], Policy::default()).await;
    let second = vec![second[0].id.clone()];
    let adopted = refresher
        .wait_for(&second, Until::Over)
        .await
        .expect("over")
        .remove(0);
    assert_eq!(adopted.outcome, RefreshOutcome::Succeeded);
    assert_eq!(adopted.code.as_deref(), Some("TW-REFRESH-ADOPTED"), "{adopted:?}");
    let filter = RefreshFilter {
        target: Some(target("other", 0)),
        ..RefreshFilter::default()
    };
    let page = workspace
        .store()
        .refreshes(&filter, 10)
        .await
        .expect("a page")
        .refreshes;
    assert_eq!(page.len(), 2, "one follows");
    let follows = vec![page[0].id.clone()];
    let record = refresher
        .wait_for(&follows, Until::Over)
        .await
        .expect("over")
        .remove(0);
    assert_eq!(record.outcome, RefreshOutcome::Succeeded);
    assert_eq!(simulator.refresh_jobs()[&luid(0)], 2);
    refresher.shut_down().await;
}

#[tokio::test]
async fn cancelling_is_at_once_in_the_queue_and_asked_of_the_tool_later() {
    let simulator = site(2, 3_600).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let refresher = node(&workspace);
    refresher.start();
    let policy = Policy {
        at_once: 1,
        ..Policy::default()
    };
    let decisions = vec![due(target("main", 0)), due(target("main", 1))];
    let records = ask_with(&workspace, decisions, policy).await;
    let (running, queued) = (records[0].id.clone(), records[1].id.clone());
    refresher
        .wait_for(std::slice::from_ref(&running), Until::Sent)
        .await
        .expect("sent");
    let cancelled = workspace.cancel_refresh(&queued, "ada").await.expect("heard");
    assert!(matches!(cancelled, CancelOutcome::Cancelled(_)), "{cancelled:?}");
    let asked = workspace.cancel_refresh(&running, "ada").await.expect("heard");
    assert!(matches!(asked, CancelOutcome::Asked(_)), "{asked:?}");
    let both = refresher
        .wait_for(&[running.clone(), queued], Until::Over)
        .await
        .expect("over");
    assert_eq!(outcomes(&both), [RefreshOutcome::Cancelled; 2]);
    assert_eq!(both[0].message.as_deref(), Some("cancelled by ada"));
    assert_eq!(simulator.refresh_calls().len(), 1);
    assert!(matches!(
        workspace.cancel_refresh(&running, "ada").await.expect("heard"),
        CancelOutcome::Over(_)
    ));
    refresher.shut_down().await;
}
