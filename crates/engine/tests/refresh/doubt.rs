//! No answer: whether a call came through.

use chrono::TimeDelta;
use tailwater_core::clock::{Clock as _, SystemClock};
use tailwater_core::refresh::RefreshOutcome;
use tailwater_engine::refresh::Until;

use crate::stage::{Bench, Engine, ask, drain, luid, node, one, site};

#[tokio::test]
async fn hidden_jobs_are_said_to_be_hidden() {
    let (record, ..) = one(|switches| switches.jobs_hidden = true).await;
    assert_eq!(record.code.as_deref(), Some("TW-REFRESH-JOBS-HIDDEN"));
    assert!(
        record
            .hint
            .expect("a hint")
            .contains("Site Administrator Explorer")
    );
}

/// The call of a server that failed before it did anything is made again, after the jobs were searched in vain.
#[tokio::test]
async fn what_did_nothing_is_sent_again() {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let ids = ask(&workspace, [0]).await;
    // Signing in is repeated; a whole round of it fails as well as the call behind it.
    simulator.set_switches(|switches| switches.session_stolen_times = 0);
    let refresher = node(&workspace);
    let mut heard = refresher.subscribe();
    let breaking = async {
        loop {
            let record = heard.recv().await.expect("a change");
            if record.outcome == RefreshOutcome::Sending {
                simulator.set_switches(|switches| switches.server_error_times = 1);
                return;
            }
        }
    };
    let (drained, ()) = tokio::join!(refresher.drain(&ids, Until::Over), breaking);
    let record = drained.expect("the store works").remove(0);
    assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
    assert_eq!(simulator.refresh_jobs().values().sum::<usize>(), 1);
}

/// Where nobody can tell, it is not sent again.
#[tokio::test]
async fn in_doubt_nothing_is_sent_again() {
    let simulator = site(1, 3_600).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| {
        switches.refresh_answer_lost_times = 1;
        switches.jobs_hidden = true;
    });
    let ids = ask(&workspace, [0]).await;
    let record = drain(&workspace, &ids).await.remove(0);
    assert_eq!(record.outcome, RefreshOutcome::TimedOut);
    assert_eq!(record.code.as_deref(), Some("TW-REFRESH-UNKNOWN"));
    assert_eq!(simulator.refresh_calls()[&luid(0)], 1);
}

/// What was refreshed before is not taken for it, though the tool's clock, hours ahead, makes it look newer.
#[tokio::test]
async fn an_older_refresh_by_a_clock_that_is_ahead_is_not_this_one() {
    let simulator = site(1, 0).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| switches.clock_skew_seconds = 7_140);
    let ids = ask(&workspace, [0]).await;
    let record = drain(&workspace, &ids).await.remove(0);
    assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");

    simulator.set_switches(|switches| {
        switches.clock_skew_seconds = 7_200;
        switches.jobs_hidden = true;
        switches.faults_on = Some("/refresh".to_owned());
        switches.server_error_times = 1;
    });
    // Another deployment, which knows nothing of the first.
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    let ids = ask(&workspace, [0]).await;
    let record = drain(&workspace, &ids).await.remove(0);
    assert_eq!(record.outcome, RefreshOutcome::TimedOut, "{record:?}");
    assert_eq!(record.code.as_deref(), Some("TW-REFRESH-UNKNOWN"));
    assert_eq!(simulator.refresh_jobs()[&luid(0)], 1);
}

/// A clock that is hours behind does not hide that it came through.
#[tokio::test]
async fn a_refresh_by_a_clock_that_is_behind_is_seen_by_its_date() {
    let (record, calls, jobs) = one(|switches| {
        switches.clock_skew_seconds = -7_200;
        switches.jobs_hidden = true;
        switches.refresh_answer_lost_times = 1;
    })
    .await;
    assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
    assert_eq!((calls, jobs), (1, 1));
}

/// When it was refreshed is known by our clock, so that the next refresh comes when its interval says.
#[tokio::test]
async fn a_refresh_by_another_clock_ends_by_ours() {
    for hours in [-5, 5] {
        let began = SystemClock.now();
        let (record, ..) = one(|switches| switches.clock_skew_seconds = hours * 3_600).await;
        let over = SystemClock.now();
        assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
        // The server tells whole seconds, and its clock is known to about one.
        let slack = TimeDelta::seconds(3);
        let times = [
            record.started_at.expect("a start"),
            record.finished_at.expect("an end"),
        ];
        for at in times {
            assert!(
                began - slack <= at && at <= over + slack,
                "{hours} hours: {began} {at} {over}"
            );
        }
    }
}
