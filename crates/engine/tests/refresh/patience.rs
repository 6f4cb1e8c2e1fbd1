//! How long what is waited for, by a clock that is set: the usual times, without waiting for them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use tailwater_core::clock::{Clock, SystemClock};
use tailwater_core::refresh::{RefreshId, RefreshOutcome, RefreshRecord, Verdict};
use tailwater_engine::refresh::{Refresher, Tuning};
use tailwater_engine::workspace::Workspace;
use tailwater_store::LeaseOutcome;
use tailwater_tableau_sim::Running;
use tokio_util::sync::CancellationToken;

use crate::stage::{Bench, Engine, ask, luid, site};

/// A clock that stands until it is set forward.
#[derive(Debug)]
struct SetClock(Mutex<DateTime<Utc>>);

impl SetClock {
    fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("a clock") += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("a clock")
    }
}

/// One refresh of a job that takes so many seconds, by a clock that is set, with the usual limits.
struct Scene {
    simulator: Running,
    _bench: Bench,
    clock: Arc<SetClock>,
    workspace: Arc<Workspace>,
    refresher: Refresher,
}

impl Scene {
    async fn new(seconds: u32) -> Self {
        let simulator = site(2, seconds).await;
        let bench = Bench::new(&simulator, Engine::Sqlite);
        // As fine as the store keeps instants.
        let clock = Arc::new(SetClock(Mutex::new(SystemClock.now().trunc_subsecs(6))));
        let workspace = bench.open_by(Arc::clone(&clock) as Arc<dyn Clock>).await;
        // Only how often it is looked is not as usual.
        let tuning = Tuning {
            idle_poll: Duration::from_millis(50),
            heartbeat: Duration::from_millis(50),
            first_poll: Duration::from_millis(20),
            longest_poll: Duration::from_millis(20),
            ..Tuning::default()
        };
        assert_eq!(tuning.problem(), None);
        let refresher = Refresher::with_tuning(Arc::clone(&workspace), CancellationToken::new(), tuning);
        Self {
            simulator,
            _bench: bench,
            clock,
            workspace,
            refresher,
        }
    }

    async fn record(&self, id: &RefreshId) -> RefreshRecord {
        let found = self.workspace.store().find_refresh(id).await.expect("a store");
        found.expect("a row")
    }

    /// Waits until the row is as wanted.
    async fn until(&self, id: &RefreshId, mut is_so: impl FnMut(&RefreshRecord) -> bool) -> RefreshRecord {
        let waited = async {
            loop {
                let record = self.record(id).await;
                if is_so(&record) {
                    return record;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_mins(1), waited).await;
        assert!(waited.is_ok(), "it never came so: {:#?}", self.record(id).await);
        waited.expect("it came so")
    }

    /// Waits until the tool was asked so many times more.
    async fn looks(&self, more: usize) {
        let wanted = self.simulator.requests().len() + more;
        let looked = async {
            while self.simulator.requests().len() < wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let looked = tokio::time::timeout(Duration::from_mins(1), looked).await;
        looked.expect("it goes on looking");
    }

    fn calls(&self) -> usize {
        self.simulator.refresh_calls().values().sum()
    }
}

#[tokio::test]
async fn a_job_is_watched_for_two_and_a_half_hours() {
    let scene = Scene::new(1_000_000).await;
    let id = ask(&scene.workspace, [0]).await.remove(0);
    scene.refresher.start();
    scene
        .until(&id, |record| record.outcome == RefreshOutcome::Running)
        .await;
    // More than a claim lives passes at once, as when a machine sleeps: the work goes on.
    scene.clock.advance(TimeDelta::minutes(149));
    scene.looks(6).await;
    assert_eq!(scene.record(&id).await.outcome, RefreshOutcome::Running);
    scene.clock.advance(TimeDelta::minutes(1));
    let record = scene.until(&id, |record| record.outcome.is_over()).await;
    assert_eq!(record.outcome, RefreshOutcome::TimedOut);
    assert_eq!(record.code.as_deref(), Some("TW-REFRESH-TIMED-OUT"));
    assert_eq!(record.finished_at, Some(scene.clock.now()));
    assert_eq!(scene.calls(), 1);
    scene.refresher.shut_down().await;
}

#[tokio::test]
async fn nobody_doubts_for_longer_than_half_an_hour() {
    let scene = Scene::new(1_000_000).await;
    scene.simulator.set_switches(|switches| {
        switches.refresh_answer_lost_times = 1;
        switches.jobs_hidden = true;
    });
    let id = ask(&scene.workspace, [0]).await.remove(0);
    scene.refresher.start();
    let hidden = Some("TW-REFRESH-JOBS-HIDDEN");
    scene.until(&id, |record| record.code.as_deref() == hidden).await;
    scene.clock.advance(TimeDelta::minutes(29));
    scene.looks(6).await;
    assert_eq!(scene.record(&id).await.outcome, RefreshOutcome::Sending);
    scene.clock.advance(TimeDelta::minutes(1));
    let record = scene.until(&id, |record| record.outcome.is_over()).await;
    assert_eq!(record.outcome, RefreshOutcome::TimedOut);
    assert_eq!(record.code.as_deref(), Some("TW-REFRESH-UNKNOWN"));
    assert_eq!(scene.calls(), 1, "in doubt it is not sent again");
    scene.refresher.shut_down().await;
}

#[tokio::test]
async fn jobs_are_searched_for_a_minute_and_a_half_before_it_is_sent_again() {
    let scene = Scene::new(0).await;
    let id = ask(&scene.workspace, [0]).await.remove(0);
    let mut heard = scene.refresher.subscribe();
    scene.refresher.start();
    while heard.recv().await.expect("a change").outcome != RefreshOutcome::Sending {}
    // The call itself fails before it does anything, which its answer does not say.
    scene
        .simulator
        .set_switches(|switches| switches.server_error_times = 1);
    scene.looks(6).await;
    scene.clock.advance(TimeDelta::seconds(89));
    scene.looks(6).await;
    let waiting = scene.record(&id).await;
    // On a slow machine the call may have been answered well before the switch was set.
    if waiting.outcome == RefreshOutcome::Sending {
        assert_eq!(scene.calls(), 1);
        scene.clock.advance(TimeDelta::seconds(1));
    }
    let record = scene.until(&id, |record| record.outcome.is_over()).await;
    assert_eq!(record.outcome, RefreshOutcome::Succeeded, "{record:?}");
    assert_eq!(scene.simulator.refresh_jobs()[&luid(0)], 1);
    scene.refresher.shut_down().await;
}

#[tokio::test]
async fn a_site_rests_for_as_long_as_it_says() {
    for (header, seconds) in [(None, 60), (Some(300), 300)] {
        let scene = Scene::new(0).await;
        scene.simulator.set_switches(|switches| {
            switches.throttled_times = 1;
            switches.retry_after_seconds = header;
        });
        let ids = ask(&scene.workspace, [0, 1]).await;
        scene.refresher.start();
        let throttled = Some("TW-REFRESH-THROTTLED");
        let rests = async {
            loop {
                let pauses = scene.workspace.store().refresh_pauses().await.expect("pauses");
                if let Some(pause) = pauses.first() {
                    return pause.until;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let until = tokio::time::timeout(Duration::from_mins(1), rests).await;
        assert_eq!(
            until.expect("it rests"),
            scene.clock.now() + TimeDelta::seconds(seconds)
        );
        // The other one may have been on its way already.
        let mut resting = Vec::new();
        for id in &ids {
            let settled = scene
                .until(id, |record| {
                    record.outcome.is_over() || record.code.as_deref() == throttled
                })
                .await;
            resting.extend((!settled.outcome.is_over()).then_some(settled.id));
        }
        assert_eq!(resting.len(), 1);
        let calls = scene.calls();
        scene.clock.advance(TimeDelta::seconds(seconds - 1));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(scene.calls(), calls, "nothing is sent before");
        scene.clock.advance(TimeDelta::seconds(1));
        let record = scene.until(&resting[0], |record| record.outcome.is_over()).await;
        assert_eq!(record.outcome, RefreshOutcome::Succeeded);
        assert_eq!(scene.calls(), calls + 1);
        scene.refresher.shut_down().await;
    }
}

/// What surely did nothing is tried again at growing distances, and given up after six tries.
#[tokio::test]
async fn a_call_that_surely_did_nothing_is_tried_six_times() {
    let scene = Scene::new(0).await;
    scene
        .simulator
        .set_switches(|switches| switches.session_stolen_times = 1_000);
    let id = ask(&scene.workspace, [0]).await.remove(0);
    scene.refresher.start();
    for wait in [30, 60, 120, 240, 480] {
        let due = scene.clock.now() + TimeDelta::seconds(wait);
        let is_put_off = |record: &RefreshRecord| {
            let Verdict::Refresh { not_before, .. } = record.verdict else {
                return false;
            };
            record.outcome == RefreshOutcome::Queued && not_before == Some(due)
        };
        let record = scene.until(&id, is_put_off).await;
        assert_eq!((record.sent_at, record.tool_job), (None, None));
        scene.clock.advance(TimeDelta::seconds(wait));
    }
    let record = scene.until(&id, |record| record.outcome.is_over()).await;
    assert_eq!(record.outcome, RefreshOutcome::Failed);
    assert!(record.message.is_some() && record.hint.is_some(), "{record:?}");
    assert_eq!(scene.calls(), 0);
    scene.refresher.shut_down().await;
}

/// While another process works with the token nothing is written down that was not done; then it is sent.
#[tokio::test]
async fn a_token_that_another_process_holds_is_waited_for() {
    let scene = Scene::new(0).await;
    let key = format!("token:{} acme tailwater", scene.simulator.base_url());
    let store = scene.workspace.store();
    let elsewhere = "process 7.7.1 on another-machine";
    let lease = store
        .acquire_lease(&key, elsewhere, Duration::from_hours(1))
        .await;
    assert!(matches!(lease, Ok(LeaseOutcome::Acquired(_))), "{lease:?}");
    let id = ask(&scene.workspace, [0]).await.remove(0);
    scene.refresher.start();
    let wish = format!("wish:{key}");
    let wished = async {
        while store.find_lease(&wish).await.expect("a store").is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wished)
        .await
        .expect("it is said");
    // Its claim lives on while it waits.
    for _ in 0..4 {
        scene.clock.advance(TimeDelta::minutes(10));
        tokio::time::sleep(Duration::from_millis(150)).await;
        let record = scene.record(&id).await;
        assert_eq!((record.outcome, record.sent_at), (RefreshOutcome::Queued, None));
    }
    assert!(scene.simulator.requests().is_empty(), "nobody else signs in");
    scene.clock.advance(TimeDelta::minutes(20));
    let record = scene.until(&id, |record| record.outcome.is_over()).await;
    assert_eq!(record.outcome, RefreshOutcome::Succeeded);
    assert_eq!(scene.calls(), 1);
    scene.refresher.shut_down().await;
}
