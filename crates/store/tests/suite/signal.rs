//! Channels, alarms, the outbox and warnings.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::signal::{
    About, Alarm, AlarmCause, AlarmId, Cause, Severity, SignalKind, Subject, SubjectId, SubjectKind,
};
use tailwater_store::{
    ChannelRecord, Delivery, DeliveryEnd, DeliveryState, Lease, LeaseOutcome, SealingKey, SignalLanding,
    Store, WarningRecord,
};

use crate::home::{Engine, at};

fn alarm(id: &str, subject: &str, ended_at: Option<DateTime<Utc>>) -> Alarm {
    let cause = Cause {
        at: None,
        sentence: "a NUL \0 in what the driver said".to_owned(),
        hint: None,
    };
    Alarm {
        id: AlarmId::new(id),
        kind: SignalKind::RefreshFailed,
        severity: Severity::Error,
        subject: Subject {
            id: SubjectId::new(SubjectKind::Target, subject),
            name: "Orders".to_owned(),
            page: None,
        },
        causes: BTreeMap::from([(
            "failed".to_owned(),
            AlarmCause {
                cause,
                gone_since: None,
            },
        )]),
        about: About::default(),
        opened_at: at(10),
        notified_at: at(10),
        reminders: 0,
        good_since: None,
        ended_at,
    }
}

async fn lease(store: &Store, holder: &str) -> Lease {
    match store
        .acquire_lease("signals", holder, Duration::from_secs(30))
        .await
        .unwrap()
    {
        LeaseOutcome::Acquired(lease) => lease,
        LeaseOutcome::HeldBy { holder, .. } => panic!("held by {holder}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_channel_is_kept_with_its_secret_sealed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let key = SealingKey::generate().unwrap();
    let channel = |body: &str| ChannelRecord {
        name: "chat".to_owned(),
        body: body.to_owned(),
        updated_at: at(10),
    };
    let secret = SecretString::from("https://hooks.example.com/T0/B0/hunter2");
    store
        .put_channel(&channel("{}"), Some(&secret), &key)
        .await
        .unwrap();
    assert_eq!(store.channels().await.unwrap(), [channel("{}")]);
    let found = store.find_channel_secret("chat", &key).await.unwrap().unwrap();
    assert_eq!(found.expose_secret(), secret.expose_secret());
    let other = SealingKey::generate().unwrap();
    let error = store.find_channel_secret("chat", &other).await.unwrap_err();
    assert_eq!(error.code(), "TW-KEY-WRONG");
    store
        .put_channel(&channel("{\"a\":1}"), None, &key)
        .await
        .unwrap();
    assert!(store.find_channel_secret("chat", &key).await.unwrap().is_none());
    assert!(store.remove_channel("chat").await.unwrap());
    assert!(!store.remove_channel("chat").await.unwrap());
}

#[rstest]
#[tokio::test]
async fn a_look_lands_whole_and_by_the_holder_of_the_lease_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let ours = lease(&store, "one").await;
    let open = alarm("a1", "main/workbook/w1", None);
    let delivery = Delivery::new("chat", "{}".to_owned(), at(10), 0);
    let landing = SignalLanding {
        alarms: std::slice::from_ref(&open),
        deliveries: std::slice::from_ref(&delivery),
        cursors: &[("refresh", 7)],
    };
    store.land_signals(&ours, &landing).await.unwrap();
    assert_eq!(store.open_alarms().await.unwrap(), std::slice::from_ref(&open));
    assert_eq!(
        store.next_deliveries().await.unwrap(),
        std::slice::from_ref(&delivery)
    );
    assert_eq!(store.signal_cursor("refresh").await.unwrap(), Some(7));
    assert_eq!(store.signal_cursor("job").await.unwrap(), None);

    // Of one subject only one alarm is open, and what breaks that rule takes nothing else in with it.
    let second = alarm("a2", "main/workbook/w1", None);
    let landing = SignalLanding {
        alarms: std::slice::from_ref(&second),
        cursors: &[("refresh", 8)],
        ..SignalLanding::default()
    };
    store.land_signals(&ours, &landing).await.unwrap_err();
    assert_eq!(store.signal_cursor("refresh").await.unwrap(), Some(7));
    // In one landing it may end and begin anew.
    let both = [second.clone(), alarm("a1", "main/workbook/w1", Some(at(20)))];
    let landing = SignalLanding {
        alarms: &both,
        ..SignalLanding::default()
    };
    store.land_signals(&ours, &landing).await.unwrap();
    assert_eq!(store.open_alarms().await.unwrap(), [second]);
    assert_eq!(store.alarms(10).await.unwrap().len(), 2);

    // Somebody else took over.
    store.break_lease("signals", "one").await.unwrap();
    let theirs = lease(&store, "two").await;
    let landing = SignalLanding {
        cursors: &[("refresh", 9)],
        ..SignalLanding::default()
    };
    store.land_signals(&ours, &landing).await.unwrap_err();
    assert_eq!(store.signal_cursor("refresh").await.unwrap(), Some(7));
    store.land_signals(&theirs, &landing).await.unwrap();
    assert_eq!(store.signal_cursor("refresh").await.unwrap(), Some(9));
    assert_eq!(store.forget_alarms(at(21)).await.unwrap(), 1);
    assert_eq!(store.alarms(10).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_channel_is_told_in_order_and_its_head_is_waited_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let lease = lease(&store, "one").await;
    let made =
        |channel: &str, place: usize| Delivery::new(channel, format!("{{\"n\":{place}}}"), at(10), place);
    let all = [made("chat", 0), made("chat", 1), made("mail", 2)];
    let landing = SignalLanding {
        deliveries: &all,
        ..SignalLanding::default()
    };
    store.land_signals(&lease, &landing).await.unwrap();
    // Landing the same again changes nothing.
    store.land_signals(&lease, &landing).await.unwrap();
    let next = || async { store.next_deliveries().await.unwrap() };
    assert_eq!(next().await, [all[0].clone(), all[2].clone()]);

    let again = DeliveryEnd::Again {
        at: at(60),
        error: "it answered 503".to_owned(),
        rest: None,
    };
    store.note_delivery(&all[0].id, &again).await.unwrap();
    let head = next().await.remove(0);
    assert_eq!(
        (&head.id, head.attempts, head.next_at),
        (&all[0].id, 1, Some(at(60)))
    );
    assert_eq!(head.error.as_deref(), Some("it answered 503"));

    let given_up = DeliveryEnd::GivenUp {
        error: "it answered 400".to_owned(),
    };
    store.note_delivery(&all[0].id, &given_up).await.unwrap();
    // What is over stays as it is.
    store
        .note_delivery(&all[0].id, &DeliveryEnd::Delivered)
        .await
        .unwrap();
    assert_eq!(next().await[0].id, all[1].id);
    store
        .note_delivery(&all[1].id, &DeliveryEnd::Delivered)
        .await
        .unwrap();
    let counts = store.delivery_counts().await.unwrap();
    assert_eq!(
        counts,
        [
            ("chat".to_owned(), DeliveryState::Delivered, 1),
            ("chat".to_owned(), DeliveryState::GivenUp, 1),
            ("mail".to_owned(), DeliveryState::Waiting, 1),
        ]
    );
    let ended = store.deliveries(10).await.unwrap();
    assert_eq!(ended.len(), 3);
    assert_eq!(
        store.forget_deliveries(DateTime::<Utc>::MAX_UTC).await.unwrap(),
        2
    );
}

#[rstest]
#[tokio::test]
async fn what_has_a_name_is_made_once_and_emptied_when_it_is_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let made = |channel: &str, key: &str, place: usize| {
        Delivery::new(channel, format!("[{place}]"), at(10), place).keyed(key)
    };
    let first = [made("marquez", "r1 start", 0), made("file", "r1 start", 1)];
    store.put_deliveries(&first).await.unwrap();
    // Another process, or the same after a crash, tells it again beside something new.
    let again = [made("marquez", "r1 start", 2), made("marquez", "r1 end", 3)];
    store.put_deliveries(&again).await.unwrap();
    let head = store.next_delivery("marquez").await.unwrap().unwrap();
    assert_eq!(head, first[0]);
    assert_eq!(store.deliveries(10).await.unwrap().len(), 3);

    // A part was taken: what is left stands in its place.
    let part = DeliveryEnd::Again {
        at: at(60),
        error: "it answered 503".to_owned(),
        rest: Some("[\"rest\"]".to_owned()),
    };
    store.note_delivery(&head.id, &part).await.unwrap();
    let head = store.next_delivery("marquez").await.unwrap().unwrap();
    assert_eq!((head.body.as_str(), head.attempts), ("[\"rest\"]", 1));
    store
        .note_delivery(&head.id, &DeliveryEnd::Delivered)
        .await
        .unwrap();
    let next = store.next_delivery("marquez").await.unwrap().unwrap();
    assert_eq!(next.key.as_deref(), Some("r1 end"));
    let over = store.deliveries(10).await.unwrap();
    let over = over.iter().find(|one| one.id == head.id).unwrap();
    assert_eq!((over.state, over.body.as_str()), (DeliveryState::Delivered, ""));
    // Also when it is over, it is not made again.
    store
        .put_deliveries(&[made("marquez", "r1 start", 9)])
        .await
        .unwrap();
    assert_eq!(store.deliveries(10).await.unwrap().len(), 3);
    assert_eq!(store.next_delivery("nobody").await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn a_channel_says_since_when_it_fails_and_when_it_is_tried_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    assert_eq!(store.channel_states().await.unwrap(), []);
    let made = |place: usize, minute| Delivery::new("chat", "{}".to_owned(), at(minute), place);
    let [one, two, three] = [made(0, 10), made(1, 11), made(2, 12)];
    store
        .put_deliveries(&[one.clone(), two.clone(), three.clone()])
        .await
        .unwrap();
    let state = || async { store.channel_states().await.unwrap().remove(0) };
    let new = state().await;
    assert_eq!(
        (new.waiting, new.delivered_at, new.failing_since),
        (3, None, None)
    );
    assert_eq!(new.next_try_at, Some(at(10)));

    store
        .note_delivery(&one.id, &DeliveryEnd::Delivered)
        .await
        .unwrap();
    let taken = state().await;
    assert_eq!((taken.waiting, taken.failing_since), (2, None));
    assert!(taken.delivered_at.is_some());

    let again = DeliveryEnd::Again {
        at: at(60),
        error: "it answered 503".to_owned(),
        rest: None,
    };
    store.note_delivery(&two.id, &again).await.unwrap();
    let failing = state().await;
    assert_eq!(
        (
            failing.failing_since,
            failing.next_try_at,
            failing.error.as_deref()
        ),
        (Some(at(11)), Some(at(60)), Some("it answered 503"))
    );
    store
        .note_delivery(&two.id, &DeliveryEnd::Delivered)
        .await
        .unwrap();
    let well = state().await;
    assert_eq!((well.failing_since, well.error), (None, None));
    assert_eq!(well.next_try_at, Some(at(12)));
}

#[rstest]
#[tokio::test]
async fn a_warning_is_known_before_and_after_the_tool_took_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let warning = |tool_id: Option<&str>| WarningRecord {
        integration: "main".into(),
        content_kind: "table".to_owned(),
        content: "t1".to_owned(),
        tool_id: tool_id.map(str::to_owned),
        updated_at: at(10),
        body: "{}".to_owned(),
    };
    store.put_warning(&warning(None)).await.unwrap();
    store.put_warning(&warning(Some("l1"))).await.unwrap();
    let main = "main".into();
    assert_eq!(store.warnings(&main).await.unwrap(), [warning(Some("l1"))]);
    assert_eq!(store.warnings(&"other".into()).await.unwrap(), []);
    assert!(store.remove_warning(&main, "table", "t1").await.unwrap());
    assert!(!store.remove_warning(&main, "table", "t1").await.unwrap());
}
