//! Refreshes: one open per target, one holder each, limits kept by all together.

use std::time::Duration;

use chrono::TimeDelta;
use rstest::rstest;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::refresh::{
    Hold, RefreshCause, RefreshOrigin, RefreshOutcome, RefreshRecord, Skip, TargetId, TargetKind, Verdict,
};
use tailwater_store::{
    AskOutcome, CancelOutcome, ClaimRequest, Claimed, RefreshAsk, RefreshClaim, RefreshFilter, RefreshPause,
    SignOfLife, Store, new_refresh_id,
};

use crate::home::{Engine, Home, at};

const LIFETIME: Duration = Duration::from_secs(30);

fn target(number: usize) -> TargetId {
    TargetId {
        integration: "main".into(),
        kind: TargetKind::Workbook,
        id: format!("w{number}"),
    }
}

fn ask(number: usize, seconds: i64) -> RefreshAsk {
    RefreshAsk {
        record: RefreshRecord {
            id: new_refresh_id(at(seconds)),
            target: target(number),
            name: format!("Nul \0 and ␀ {number}"),
            exposures: vec![
                format!("exposure.shop.w{number}").as_str().into(),
                "exposure.shop.all".into(),
            ],
            origin: RefreshOrigin {
                cause: RefreshCause::Job,
                project: None,
                environment: None,
                invocation_id: None,
                job_run: Some("run-1".to_owned()),
                by: None,
            },
            verdict: Verdict::Refresh {
                because: vec!["model.shop.m".into()],
                not_before: None,
                incremental: false,
                priority: 50,
                deadline: None,
            },
            outcome: RefreshOutcome::Queued,
            asked_at: at(seconds),
            sent_at: None,
            tool_job: None,
            started_at: None,
            finished_at: None,
            code: None,
            message: None,
            hint: None,
        },
        site: "https://bi acme".to_owned(),
        at_once: 100,
        per_hour: None,
        interval: TimeDelta::minutes(60),
        ignores_interval: false,
    }
}

fn with(mut ask: RefreshAsk, change: impl FnOnce(&mut Verdict)) -> RefreshAsk {
    change(&mut ask.record.verdict);
    ask
}

async fn claim(store: &Store, holder: &str, most: usize) -> Claimed {
    let request = ClaimRequest {
        holder,
        lifetime: LIFETIME,
        most,
    };
    store.claim_refreshes(&request).await.unwrap()
}

fn names(claimed: &Claimed) -> Vec<&str> {
    claimed
        .claims
        .iter()
        .map(|claim| claim.record.target.id.as_str())
        .collect()
}

async fn send(store: &Store, home: &Home, claim: &mut RefreshClaim) {
    claim.record.outcome = RefreshOutcome::Sending;
    claim.record.sent_at = Some(tailwater_core::clock::Clock::now(&*home.clock));
    store.note_refresh(claim, LIFETIME).await.unwrap();
}

async fn end(store: &Store, home: &Home, claim: &mut RefreshClaim, outcome: RefreshOutcome) {
    claim.record.outcome = outcome;
    claim.record.finished_at = Some(tailwater_core::clock::Clock::now(&*home.clock));
    claim.record.message = Some("words".to_owned());
    store.note_refresh(claim, LIFETIME).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_refresh_lives_from_the_queue_to_its_end(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let landed = store.ask_refreshes(vec![ask(1, 0), ask(2, 1)]).await.unwrap();
    assert!(
        landed
            .iter()
            .all(|outcome| matches!(outcome, AskOutcome::Landed(_)))
    );
    let mut one = claim(&store, "one", 1).await.claims.remove(0);
    assert_eq!(one.record.name, "Nul \0 and ␀ 1");
    assert_eq!(names(&claim(&store, "two", 9).await), ["w2"]);
    assert_eq!(claim(&store, "three", 9).await.claims, []);
    let before = store.refresh_revision().await.unwrap();
    send(&store, &home, &mut one).await;
    home.clock.advance(5);
    end(&store, &home, &mut one, RefreshOutcome::Failed).await;
    let changes = store.refreshes_since(before, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].1, one.record);
    let last = store.last_refreshes(Some(&"main".into())).await.unwrap();
    let failure = last[&target(1)].failure().unwrap();
    assert_eq!(
        (failure.finished_at, failure.message.as_deref()),
        (at(5), Some("words"))
    );
    assert_eq!(
        store.last_refreshes(Some(&"other".into())).await.unwrap().len(),
        0
    );
    // Nothing more can be noted.
    let error = store.note_refresh(&mut one, LIFETIME).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-LEASE-LOST");
    // Its target is free again.
    let again = store.ask_refreshes(vec![ask(1, 10)]).await.unwrap();
    assert!(matches!(again[0], AskOutcome::Landed(_)));
    assert_eq!(store.open_refreshes().await.unwrap().len(), 2);
    assert_eq!(store.refresh_counts().await.unwrap()["queued"], 2);
    let of_one = RefreshFilter {
        target: Some(target(1)),
        ..RefreshFilter::default()
    };
    let counts = store.refresh_counts_of(&of_one).await.unwrap();
    assert_eq!((counts["queued"], counts["failed"]), (1, 1));
}

#[rstest]
#[tokio::test]
async fn a_target_has_one_open_refresh(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let outcomes = store.ask_refreshes(vec![ask(1, 0), ask(1, 0)]).await.unwrap();
    let AskOutcome::UnderWay {
        record, is_followed, ..
    } = &outcomes[1]
    else {
        panic!("{outcomes:?}");
    };
    assert_eq!(
        record.verdict,
        Verdict::Skip {
            reason: Skip::UnderWay
        }
    );
    assert!(!is_followed, "what is queued takes the new data over");

    // One that was sent longer ago than the interval may lack the new data.
    let mut claimed = claim(&store, "one", 9).await.claims.remove(0);
    send(&store, &home, &mut claimed).await;
    let soon = store.ask_refreshes(vec![ask(1, 60)]).await.unwrap();
    assert!(matches!(
        soon[0],
        AskOutcome::UnderWay {
            is_followed: false,
            ..
        }
    ));
    let later = store.ask_refreshes(vec![ask(1, 3_600)]).await.unwrap();
    assert!(matches!(
        later[0],
        AskOutcome::UnderWay {
            is_followed: true,
            ..
        }
    ));
    claimed.record.outcome = RefreshOutcome::Succeeded;
    claimed.record.finished_at = Some(at(3_700));
    let noted = store.note_refresh(&mut claimed, LIFETIME).await.unwrap();
    let next = noted.follow_up.unwrap();
    assert_eq!(
        (next.target.clone(), next.outcome),
        (target(1), RefreshOutcome::Queued)
    );
    let open = store.open_refreshes().await.unwrap();
    assert_eq!(open[&target(1)], next);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_ask_at_once_one_is_queued(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let (one, two) = (home.open().await, home.open().await);
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = if number % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move { store.ask_refreshes(vec![ask(1, 0)]).await.unwrap() })
        })
        .collect();
    let mut landed = 0;
    for task in tasks {
        landed += usize::from(matches!(task.await.unwrap()[0], AskOutcome::Landed(_)));
    }
    assert_eq!(landed, 1);
}

#[rstest]
#[tokio::test]
async fn a_hold_also_holds_what_is_queued(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let queued = store.ask_refreshes(vec![ask(1, 0)]).await.unwrap();
    let mut hold = ask(1, 10);
    hold.record.outcome = RefreshOutcome::Held;
    hold.record.verdict = Verdict::Hold {
        reasons: vec![Hold::BuildFailed {
            node: "model.shop.m".into(),
        }],
    };
    store.ask_refreshes(vec![hold.clone()]).await.unwrap();
    let record = store.find_refresh(&queued[0].record().id).await.unwrap().unwrap();
    assert_eq!(
        (record.outcome, record.verdict),
        (RefreshOutcome::Held, hold.record.verdict)
    );
    assert_eq!(claim(&store, "one", 9).await.claims, []);
}

#[rstest]
#[tokio::test]
async fn the_order_is_priority_deadline_age_and_quiet_hours_wait(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let set = |number, seconds, level: u8, by: Option<i64>, from: Option<i64>| {
        with(ask(number, seconds), |verdict| {
            if let Verdict::Refresh {
                priority,
                deadline,
                not_before,
                ..
            } = verdict
            {
                *priority = level;
                *deadline = by.map(at);
                *not_before = from.map(at);
            }
        })
    };
    let asks = vec![
        set(1, 3, 50, None, None),
        set(2, 2, 50, Some(900), None),
        set(3, 1, 50, None, None),
        set(4, 4, 90, None, None),
        set(5, 0, 99, None, Some(600)),
        set(6, 5, 50, Some(800), None),
    ];
    store.ask_refreshes(asks).await.unwrap();
    home.clock.advance(10);
    let claimed = claim(&store, "one", 9).await;
    assert_eq!(names(&claimed), ["w4", "w6", "w2", "w3", "w1"]);
    home.clock.advance(590);
    assert_eq!(names(&claim(&store, "two", 1).await).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_site_gets_no_more_than_it_may(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let (one, two) = (home.open().await, home.open().await);
    let limited = |number| RefreshAsk {
        at_once: 2,
        per_hour: Some(3),
        ..ask(number, 0)
    };
    one.ask_refreshes((0..6).map(limited).collect()).await.unwrap();
    let mut first = claim(&one, "one", 1).await.claims;
    let second = claim(&two, "two", 9).await.claims;
    assert_eq!(
        (first.len(), second.len()),
        (1, 1),
        "two at once, whoever has them"
    );
    send(&one, &home, &mut first[0]).await;
    end(&one, &home, &mut first[0], RefreshOutcome::Succeeded).await;
    assert_eq!(claim(&two, "two", 9).await.claims.len(), 1);
    let mut second = second;
    send(&two, &home, &mut second[0]).await;
    end(&two, &home, &mut second[0], RefreshOutcome::Succeeded).await;
    let full = claim(&one, "one", 9).await;
    assert_eq!(full.claims, [], "three in the hour");
    assert!(full.next_at.is_some());
    home.clock.advance(3_600);
    // Nobody gave a sign of life for the third; it was not sent, so it is in the queue again.
    assert_eq!(claim(&one, "one", 9).await.claims.len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_site_that_rests_is_left_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    store.ask_refreshes(vec![ask(1, 0)]).await.unwrap();
    let pause = |seconds| RefreshPause {
        site: "https://bi acme".to_owned(),
        until: at(seconds),
        reason: "Please retry after 29 minutes.".to_owned(),
    };
    store.pause_refreshes(&pause(1_740)).await.unwrap();
    store.pause_refreshes(&pause(60)).await.unwrap();
    let claimed = claim(&store, "one", 9).await;
    assert_eq!((claimed.claims, claimed.next_at), (vec![], Some(at(1_740))));
    assert_eq!(store.refresh_pauses().await.unwrap(), [pause(1_740)]);
    home.clock.advance(1_740);
    assert_eq!(store.refresh_pauses().await.unwrap(), []);
    assert_eq!(claim(&store, "one", 9).await.claims.len(), 1);
}

#[rstest]
#[tokio::test]
async fn who_gives_no_sign_of_life_loses_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    store.ask_refreshes(vec![ask(1, 0), ask(2, 1)]).await.unwrap();
    let mut claims = claim(&store, "one", 9).await.claims;
    send(&store, &home, &mut claims[0]).await;
    assert_eq!(store.refresh_holders().await.unwrap(), ["one"]);
    home.clock.advance(25);
    let signs = store.renew_refreshes(&[&claims[0]], LIFETIME).await.unwrap();
    assert_eq!(signs, [SignOfLife::Held { cancelled_by: None }]);
    home.clock.advance(25);
    // The second was not renewed and not sent: anybody may send it.
    let taken = claim(&store, "two", 9).await;
    assert_eq!(taken.claims.len(), 1);
    let signs = store
        .renew_refreshes(&[&claims[1], &claims[0]], LIFETIME)
        .await
        .unwrap();
    assert_eq!(signs, [SignOfLife::Lost, SignOfLife::Held { cancelled_by: None }]);
    let error = store.note_refresh(&mut claims[1], LIFETIME).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-LEASE-LOST");
    // The first one's holder is known to be dead.
    store.release_refreshes_of("one").await.unwrap();
    let taken = claim(&store, "two", 9).await;
    assert_eq!(taken.claims[0].record.outcome, RefreshOutcome::Sending);
    store.release_refreshes(&[&taken.claims[0]]).await.unwrap();
    assert_eq!(claim(&store, "three", 9).await.claims.len(), 1);
}

#[rstest]
#[tokio::test]
async fn signs_of_life_given_in_any_order_do_not_block_each_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    store.ask_refreshes(vec![ask(1, 0), ask(2, 1)]).await.unwrap();
    let claims = claim(&store, "one", 9).await.claims;
    let (forth, back) = ([&claims[0], &claims[1]], [&claims[1], &claims[0]]);
    let renew = async |claims: &[&RefreshClaim]| {
        for _ in 0..100 {
            let signs = store.renew_refreshes(claims, LIFETIME).await.unwrap();
            assert_eq!(signs, vec![SignOfLife::Held { cancelled_by: None }; 2]);
        }
    };
    tokio::join!(renew(&forth), renew(&back));
}

#[rstest]
#[tokio::test]
async fn cancelling_ends_what_is_queued_and_tells_who_works_at_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let asked = store.ask_refreshes(vec![ask(1, 0), ask(2, 1)]).await.unwrap();
    let ids: Vec<_> = asked.iter().map(|outcome| outcome.record().id.clone()).collect();
    let mut claims = claim(&store, "one", 9).await.claims;
    send(&store, &home, &mut claims[0]).await;
    assert!(matches!(
        store.cancel_refresh(&ids[0], "ada").await.unwrap(),
        CancelOutcome::Asked(_)
    ));
    assert!(matches!(
        store.cancel_refresh(&ids[1], "ada").await.unwrap(),
        CancelOutcome::Cancelled(_)
    ));
    assert!(matches!(
        store.cancel_refresh(&ids[1], "ada").await.unwrap(),
        CancelOutcome::Over(_)
    ));
    let none = store.cancel_refresh(&new_refresh_id(at(0)), "ada").await.unwrap();
    assert_eq!(none, CancelOutcome::Unknown);
    let signs = store
        .renew_refreshes(&[&claims[0], &claims[1]], LIFETIME)
        .await
        .unwrap();
    let held = SignOfLife::Held {
        cancelled_by: Some("ada".to_owned()),
    };
    assert_eq!(signs, [held, SignOfLife::Lost]);
    let error = store.note_refresh(&mut claims[1], LIFETIME).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-LEASE-LOST", "it cannot be sent any more");
}

#[rstest]
#[tokio::test]
async fn pages_fit_the_filter_and_old_ones_are_forgotten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let asks = (0..7)
        .map(|number| {
            let mut ask = ask(number, i64::try_from(number).unwrap() / 3);
            if number > 0 {
                ask.record.outcome = RefreshOutcome::Skipped;
                ask.record.verdict = Verdict::Skip {
                    reason: Skip::UnderWay,
                };
            }
            ask
        })
        .collect();
    store.ask_refreshes(asks).await.unwrap();
    let mut filter = RefreshFilter::default();
    let mut seen = Vec::new();
    loop {
        let page = store.refreshes(&filter, 2).await.unwrap();
        seen.extend(
            page.refreshes
                .iter()
                .map(|record| (record.asked_at, record.id.clone())),
        );
        let Some(next) = page.next else { break };
        filter.before = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen.len(), 7);
    assert!(
        seen.windows(2).all(|pair| pair[0] > pair[1]),
        "newest first, each once"
    );
    let count = async |filter: RefreshFilter| store.refreshes(&filter, 100).await.unwrap().refreshes.len();
    let all = RefreshFilter::default;
    assert_eq!(
        count(RefreshFilter {
            target: Some(target(3)),
            ..all()
        })
        .await,
        1
    );
    assert_eq!(
        count(RefreshFilter {
            exposure: Some("exposure.shop.all".into()),
            ..all()
        })
        .await,
        7
    );
    assert_eq!(
        count(RefreshFilter {
            exposure: Some("exposure.shop.w2".into()),
            ..all()
        })
        .await,
        1
    );
    let outcomes = vec![RefreshOutcome::Queued, RefreshOutcome::Failed];
    assert_eq!(count(RefreshFilter { outcomes, ..all() }).await, 1);
    assert_eq!(
        count(RefreshFilter {
            integration: Some("main".into()),
            ..all()
        })
        .await,
        7
    );
    assert_eq!(
        count(RefreshFilter {
            job_run: Some("run-2".to_owned()),
            ..all()
        })
        .await,
        0
    );
    assert_eq!(
        count(RefreshFilter {
            since: Some(at(2)),
            ..all()
        })
        .await,
        1
    );
    assert_eq!(store.forget_refreshes(at(100)).await.unwrap(), 6);
    assert_eq!(count(all()).await, 1, "what is open stays");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_claim_get_each_refresh_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    store
        .ask_refreshes((0..100).map(|number| ask(number, 0)).collect())
        .await
        .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let holder = format!("holder {number}");
                let mut mine = Vec::new();
                loop {
                    let claimed = claim(&store, &holder, 3).await;
                    if claimed.claims.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.claims.into_iter().map(|claim| claim.record.target.id));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 100);
}

/// A build that began while a refresh was under way may decide after that was over: the interval holds all the same.
#[rstest]
#[tokio::test]
async fn one_that_ended_since_the_decision_was_prepared_counts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    store.ask_refreshes(vec![ask(1, 0)]).await.unwrap();
    let mut claimed = claim(&store, "one", 9).await.claims.remove(0);
    send(&store, &home, &mut claimed).await;
    claimed.record.outcome = RefreshOutcome::Succeeded;
    claimed.record.finished_at = Some(at(20));
    store.note_refresh(&mut claimed, LIFETIME).await.unwrap();

    let interval = ask(1, 0).interval.num_seconds();
    let outcomes = store.ask_refreshes(vec![ask(1, 19 + interval)]).await.unwrap();
    let record = outcomes[0].record();
    assert_eq!(record.outcome, RefreshOutcome::Skipped);
    assert!(
        matches!(&record.verdict, Verdict::Skip { reason: Skip::WithinInterval { refreshed_at, .. } } if *refreshed_at == at(20)),
        "{record:?}"
    );
    assert!(claim(&store, "one", 9).await.claims.is_empty());
    let anyway = RefreshAsk {
        ignores_interval: true,
        ..ask(1, 20)
    };
    let outcomes = store.ask_refreshes(vec![anyway]).await.unwrap();
    assert_eq!(outcomes[0].record().outcome, RefreshOutcome::Queued);
    let mut claimed = claim(&store, "one", 9).await.claims.remove(0);
    send(&store, &home, &mut claimed).await;
    claimed.record.outcome = RefreshOutcome::Failed;
    claimed.record.finished_at = Some(at(30));
    store.note_refresh(&mut claimed, LIFETIME).await.unwrap();
    let outcomes = store.ask_refreshes(vec![ask(1, 20 + interval)]).await.unwrap();
    assert_eq!(
        outcomes[0].record().outcome,
        RefreshOutcome::Queued,
        "the interval is over"
    );
}
