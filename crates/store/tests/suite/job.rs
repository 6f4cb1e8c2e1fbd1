//! Jobs: the queue, who has which run, and what only one may do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};
use tailwater_core::id::JobRunId;
use tailwater_core::job::{
    Candidate, Job, JobRun, JobRunCause, JobRunState, JobSchedule, NodeRunSummary, startable,
};
use tailwater_core::run::RunStatus;
use tailwater_store::{
    Actor, AuditEntry, AuditId, JobCancelOutcome, JobRunFilter, JobRunSign, SealingKey, Store, WorkerRecord,
    new_job_run_id,
};

use crate::home::{Engine, at};

const LIFETIME: Duration = Duration::from_secs(30);

fn job(name: &str) -> Job {
    serde_json::from_str(&format!(
        r#"{{"name":"{name}","project":"shop","directory":"/srv/shop","steps":["dbt build"]}}"#
    ))
    .unwrap()
}

fn run(name: &str, seconds: i64) -> JobRun {
    let now = at(seconds);
    JobRun::queued(new_job_run_id(now), &job(name), JobRunCause::ByHand, None, now)
}

fn audit() -> AuditEntry {
    AuditEntry {
        id: AuditId::new(at(0)),
        at: at(0),
        actor: Actor::CommandLine,
        action: "job.add".to_owned(),
        subject: "nightly".to_owned(),
        detail: String::new(),
    }
}

fn ended(run: &JobRun, state: JobRunState) -> JobRun {
    JobRun {
        state,
        ended_at: Some(at(100)),
        ..run.clone()
    }
}

#[rstest]
#[tokio::test]
async fn a_definition_is_kept_replaced_and_forgotten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let mut nightly = job("nightly");
    store.put_job(&nightly, &audit()).await.unwrap();
    nightly.retries = 3;
    store.put_job(&nightly, &audit()).await.unwrap();
    assert_eq!(store.jobs().await.unwrap(), [nightly.clone()]);
    assert_eq!(store.find_job(&"nightly".into()).await.unwrap(), Some(nightly));
    store
        .put_job_webhook(&"nightly".into(), Some("digest"), &audit())
        .await
        .unwrap();
    let found = store.find_job_of_webhook("digest").await.unwrap();
    assert_eq!(found, Some("nightly".into()));
    assert!(store.remove_job(&"nightly".into(), &audit()).await.unwrap());
    assert!(!store.remove_job(&"nightly".into(), &audit()).await.unwrap());
    assert_eq!(store.find_job_of_webhook("digest").await.unwrap(), None);
    assert!(store.jobs().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn secrets_are_sealed_and_belong_to_one_job(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let (key, other_key) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
    let name = "nightly".into();
    let value = SecretString::from("hunter2hunter2");
    store
        .put_job_secret(&name, "PASSWORD", &value, &key, &audit())
        .await
        .unwrap();
    let loaded = store.load_job_secrets(&name, &key).await.unwrap();
    assert_eq!(loaded["PASSWORD"].expose_secret(), "hunter2hunter2");
    assert!(store.load_job_secrets(&name, &other_key).await.is_err());
    assert!(
        store
            .load_job_secrets(&"other".into(), &key)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.job_secret_names(&name).await.unwrap(), ["PASSWORD"]);
    assert!(
        store
            .remove_job_secret(&name, "PASSWORD", &audit())
            .await
            .unwrap()
    );
    assert!(store.job_secret_names(&name).await.unwrap().is_empty());
}

/// 1,000 runs of 40 jobs, 8 workers on two stores as of two processes: each run is had once, runs of a job
/// follow one another in order, and changes are numbered without a gap.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_workers_claim_a_thousand_runs_exactly_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const RUNS: i64 = 1_000;
    const JOBS: i64 = 40;
    let home = engine.home();
    let stores = [home.open().await, home.open().await];
    let runs: Vec<JobRun> = (0..RUNS)
        .map(|number| run(&format!("job{}", number % JOBS), number / JOBS))
        .collect();
    stores[0].enqueue_job_runs(&runs).await.unwrap();
    home.clock.advance(3_600);
    let running = Arc::new(Mutex::new(BTreeSet::new()));
    let claimed = Arc::new(Mutex::new(Vec::<JobRun>::new()));
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let store = stores[number % 2].clone();
            let (running, claimed) = (Arc::clone(&running), Arc::clone(&claimed));
            tokio::spawn(async move {
                let name = format!("worker {number}");
                loop {
                    let Some(claim) = store.claim_job_run(&name, LIFETIME).await.unwrap() else {
                        // The runs that are left wait for those of their jobs that run.
                        if claimed.lock().unwrap().len() == usize::try_from(RUNS).unwrap() {
                            return;
                        }
                        tokio::task::yield_now().await;
                        continue;
                    };
                    assert!(
                        running.lock().unwrap().insert(claim.run.job.clone()),
                        "two runs of {} at once",
                        claim.run.job
                    );
                    claimed.lock().unwrap().push(claim.run.clone());
                    tokio::task::yield_now().await;
                    running.lock().unwrap().remove(&claim.run.job);
                    let run = ended(&claim.run, JobRunState::Succeeded);
                    assert!(store.end_job_run(&claim, &run, &[], &[]).await.unwrap());
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let claimed = claimed.lock().unwrap().clone();
    let ids: BTreeSet<&JobRunId> = claimed.iter().map(|run| &run.id).collect();
    assert_eq!((claimed.len(), ids.len()), (1_000, 1_000));
    let mut of_job: BTreeMap<&str, Vec<&JobRun>> = BTreeMap::new();
    for run in &claimed {
        of_job.entry(run.job.as_str()).or_default().push(run);
    }
    for runs in of_job.values() {
        assert!(runs.is_sorted_by_key(|run| (run.queued_at, &run.id)));
    }
    assert_eq!(stores[0].job_revision().await.unwrap(), 3 * RUNS);
    let since = stores[0].job_runs_since(2 * RUNS, 10_000).await.unwrap();
    assert!(since.iter().all(|(run, _)| run.state == JobRunState::Succeeded));
    let counts = stores[1].job_queue_counts().await.unwrap();
    assert_eq!((counts.queued, counts.running), (0, 0));
}

#[rstest]
#[tokio::test]
async fn a_claim_follows_the_rule(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let mut runs = vec![
        run("a", 5),
        run("a", 1),
        run("b", 3),
        run("c", 2),
        run("c", 4),
        run("d", 0),
    ];
    // Waits for its time and holds nobody back.
    runs[3].not_before = at(1_000);
    store.enqueue_job_runs(&runs).await.unwrap();
    home.clock.advance(60);
    let (mut queued, mut running): (Vec<Candidate>, BTreeSet<_>) = (
        runs.iter()
            .map(|run| Candidate {
                id: run.id.clone(),
                job: run.job.clone(),
                queued_at: run.queued_at,
                not_before: run.not_before,
            })
            .collect(),
        BTreeSet::new(),
    );
    loop {
        let expected = startable(&queued, &running, 1, at(60)).first().copied().cloned();
        let claim = store.claim_job_run("worker", LIFETIME).await.unwrap();
        assert_eq!(claim.as_ref().map(|claim| claim.run.id.clone()), expected);
        let Some(claim) = claim else { break };
        assert_eq!(claim.run.worker.as_deref(), Some("worker"));
        running.insert(claim.run.job.clone());
        queued.retain(|run| run.id != claim.run.id);
    }
    assert_eq!(running.len(), 4);
    assert_eq!(store.next_job_run_at().await.unwrap(), Some(at(1_000)));
}

#[rstest]
#[tokio::test]
async fn a_set_time_is_answered_once_and_replaces_what_still_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let (one, two) = (home.open().await, home.open().await);
    let schedule = JobSchedule {
        cron: "* * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
    };
    let name = "nightly".into();
    assert_eq!(one.job_answered_at(&name, &schedule).await.unwrap(), at(0));
    home.clock.advance(60);
    assert_eq!(two.job_answered_at(&name, &schedule).await.unwrap(), at(0));
    let scheduled = |seconds| JobRun {
        cause: JobRunCause::Scheduled { slot: at(seconds) },
        ..run("nightly", seconds)
    };
    let (first, second) = (scheduled(60), scheduled(60));
    let by_hand = run("nightly", 61);
    one.enqueue_job_run(&by_hand).await.unwrap();
    let answers = tokio::join!(
        one.answer_job_slot(&schedule, at(60), &first),
        two.answer_job_slot(&schedule, at(60), &second)
    );
    let answered = [answers.0.unwrap(), answers.1.unwrap()];
    assert_eq!(answered.iter().flatten().count(), 1);
    let winner = if answered[0].is_some() { &first } else { &second };

    home.clock.advance(60);
    let third = scheduled(120);
    let answered = two
        .answer_job_slot(&schedule, at(120), &third)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answered.replaced, std::slice::from_ref(&winner.id));
    let replaced = one.find_job_run(&winner.id).await.unwrap().unwrap();
    assert_eq!(replaced.state, JobRunState::Replaced);
    assert!(replaced.message.unwrap().contains("2026-01-15 06:02"));
    let still = one.find_job_run(&by_hand.id).await.unwrap().unwrap();
    assert_eq!(still.state, JobRunState::Queued);

    // Another schedule begins anew: it owes nothing for the time before.
    let other = JobSchedule {
        cron: "0 * * * *".to_owned(),
        ..schedule
    };
    assert_eq!(one.job_answered_at(&name, &other).await.unwrap(), at(120));
}

#[rstest]
#[tokio::test]
async fn a_run_without_signs_of_life_is_ended_by_one_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let (one, two) = (home.open().await, home.open().await);
    one.enqueue_job_run(&run("nightly", 0)).await.unwrap();
    let claim = one.claim_job_run("one", LIFETIME).await.unwrap().unwrap();
    home.clock.advance(20);
    let sign = one.renew_job_run(&claim, LIFETIME).await.unwrap();
    assert_eq!(
        sign,
        JobRunSign::InHand {
            cancel_asked_by: None
        }
    );
    home.clock.advance(29);
    assert!(two.lost_job_runs().await.unwrap().is_empty());
    home.clock.advance(1);
    let lost = two.lost_job_runs().await.unwrap();
    assert_eq!(lost.len(), 1);

    let over = ended(&lost[0].run, JobRunState::Lost);
    let again = run("nightly", 50);
    let (by_two, by_one) = tokio::join!(
        two.end_lost_job_run(&lost[0], &over, std::slice::from_ref(&again)),
        one.end_lost_job_run(&lost[0], &over, &[]),
    );
    assert_eq!(u8::from(by_two.unwrap()) + u8::from(by_one.unwrap()), 1);
    assert_eq!(
        one.renew_job_run(&claim, LIFETIME).await.unwrap(),
        JobRunSign::Lost
    );
    assert!(!one.note_job_run(&claim, &claim.run, &[]).await.unwrap());
    let late = ended(&claim.run, JobRunState::Succeeded);
    assert!(!one.end_job_run(&claim, &late, &[], &[]).await.unwrap());
    let stored = one.find_job_run(&claim.run.id).await.unwrap().unwrap();
    assert_eq!(stored.state, JobRunState::Lost);
}

#[rstest]
#[tokio::test]
async fn a_late_sign_of_life_saves_a_run(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    store.enqueue_job_run(&run("nightly", 0)).await.unwrap();
    let claim = store.claim_job_run("one", LIFETIME).await.unwrap().unwrap();
    home.clock.advance(31);
    let lost = store.lost_job_runs().await.unwrap();
    store.renew_job_run(&claim, LIFETIME).await.unwrap();
    let over = ended(&lost[0].run, JobRunState::Lost);
    assert!(!store.end_lost_job_run(&lost[0], &over, &[]).await.unwrap());
    let done = ended(&claim.run, JobRunState::Succeeded);
    let next = run("after", 40);
    assert!(store.end_job_run(&claim, &done, &[], &[next]).await.unwrap());
    assert_eq!(store.job_queue_counts().await.unwrap().queued, 1);
}

#[rstest]
#[tokio::test]
async fn an_end_is_asked_for(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let (store, other) = (home.open().await, home.open().await);
    let (waiting, going) = (run("a", 1), run("b", 0));
    store
        .enqueue_job_runs(&[waiting.clone(), going.clone()])
        .await
        .unwrap();
    let claim = store.claim_job_run("one", LIFETIME).await.unwrap().unwrap();
    let outcome = other.cancel_job_run(&waiting.id, "ada").await.unwrap();
    let JobCancelOutcome::Ended(ended_run) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(ended_run.state, JobRunState::Cancelled);
    assert!(matches!(
        other.cancel_job_run(&going.id, "ada").await.unwrap(),
        JobCancelOutcome::Asked(_)
    ));
    // What the holder writes meanwhile does not make the wish unheard.
    assert!(store.note_job_run(&claim, &claim.run, &[]).await.unwrap());
    let sign = store.renew_job_run(&claim, LIFETIME).await.unwrap();
    let cancel_asked_by = Some("ada".to_owned());
    assert_eq!(sign, JobRunSign::InHand { cancel_asked_by });
    let read = other.find_job_run(&going.id).await.unwrap().unwrap();
    assert_eq!(read.cancel_asked_by.as_deref(), Some("ada"));
    let done = ended(&claim.run, JobRunState::Cancelled);
    assert!(store.end_job_run(&claim, &done, &[], &[]).await.unwrap());
    assert!(matches!(
        other.cancel_job_run(&going.id, "bob").await.unwrap(),
        JobCancelOutcome::Over(_)
    ));
    let unknown = other.cancel_job_run(&"no".into(), "bob").await.unwrap();
    assert_eq!(unknown, JobCancelOutcome::Unknown);
}

#[rstest]
#[tokio::test]
async fn nodes_pages_and_old_runs(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    for seconds in 0..5 {
        store.enqueue_job_run(&run("nightly", seconds)).await.unwrap();
    }
    home.clock.advance(10);
    let node = |name: &str, status| NodeRunSummary {
        unique_id: name.into(),
        step: 0,
        status,
        started_at: Some(DateTime::UNIX_EPOCH),
        ended_at: None,
        seconds: Some(1.5),
        message: None,
    };
    for _ in 0..4 {
        let claim = store.claim_job_run("one", LIFETIME).await.unwrap().unwrap();
        let nodes = [node("model.a", None), node("model.a", Some(RunStatus::Success))];
        assert!(store.note_job_run(&claim, &claim.run, &nodes).await.unwrap());
        let done = ended(&claim.run, JobRunState::Failed);
        let last = [node("model.b", Some(RunStatus::Error))];
        assert!(store.end_job_run(&claim, &done, &last, &[]).await.unwrap());
        assert_eq!(
            store.job_run_nodes(&claim.run.id).await.unwrap(),
            [nodes[1].clone(), last[0].clone()]
        );
    }
    let mut filter = JobRunFilter {
        job: Some("nightly".into()),
        ..JobRunFilter::default()
    };
    let page = store.job_runs(&filter, 3).await.unwrap();
    assert_eq!(page.runs.len(), 3);
    filter.before = Some(page.next.unwrap().to_string().parse().unwrap());
    let rest = store.job_runs(&filter, 3).await.unwrap();
    assert_eq!((rest.runs.len(), rest.next), (2, None));
    assert!(
        page.runs
            .iter()
            .chain(&rest.runs)
            .is_sorted_by(|one, two| one.queued_at > two.queued_at)
    );
    assert_eq!(store.last_job_runs().await.unwrap(), page.runs[..1]);
    filter.before = None;
    filter.state = Some(JobRunState::Queued);
    assert_eq!(store.job_runs(&filter, 9).await.unwrap().runs.len(), 1);

    let forgotten = store.forget_old_job_runs(&"nightly".into(), 1).await.unwrap();
    assert_eq!(forgotten.len(), 3);
    filter.state = None;
    assert_eq!(store.job_runs(&filter, 9).await.unwrap().runs.len(), 2);
}

#[rstest]
#[tokio::test]
async fn workers_give_signs_of_life(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store: Store = home.open().await;
    let worker = |id: &str, seen| WorkerRecord {
        id: id.to_owned(),
        name: format!("process of {id}"),
        slots: 2,
        running: 0,
        started_at: at(0),
        seen_at: at(seen),
        is_stopping: false,
    };
    store.put_worker(&worker("a", 0)).await.unwrap();
    store.put_worker(&worker("b", 5)).await.unwrap();
    store.put_worker(&worker("a", 10)).await.unwrap();
    assert_eq!(store.workers().await.unwrap(), [worker("a", 10), worker("b", 5)]);
    store.remove_worker("a").await.unwrap();
    assert_eq!(store.workers().await.unwrap(), [worker("b", 5)]);
    home.clock.advance(4_000);
    store.remove_worker("none").await.unwrap();
    assert!(store.workers().await.unwrap().is_empty());
}
