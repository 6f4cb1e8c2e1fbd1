//! What changed, edition by edition: by syncs, by other readings of what they left, by hand.

use rstest::rstest;
use tailwater_core::curation::{Change, Choice, HandLink, KnownAs, Presence};
use tailwater_core::diff::add_up;
use tailwater_core::id::{IntegrationName, NodeId};
use tailwater_store::{
    Actor, AuditEntry, AuditId, ExposureChange, Landing, Store, SyncFailure, SyncId, SyncOutcome, SyncRecord,
};

use crate::home::{Engine, Home, at};
use crate::sample::{asset_id, empty_landing, integration, landing, record};

fn main() -> IntegrationName {
    "main".into()
}

async fn start(engine: Engine) -> (Home, Store) {
    let home = engine.home();
    let store = home.open().await;
    store.put_integration(&integration("main")).await.unwrap();
    store.put_integration(&integration("other")).await.unwrap();
    (home, store)
}

async fn all(store: &Store) -> Vec<ExposureChange> {
    store.changes_between(&main(), 0, i64::MAX).await.unwrap()
}

fn nodes(change: &ExposureChange) -> (Vec<&str>, Vec<&str>) {
    (
        change.delta.gained.iter().map(NodeId::as_str).collect(),
        change.delta.lost.iter().map(NodeId::as_str).collect(),
    )
}

/// Makes an exposure of a landing stand on one node alone.
fn stand_on(landing: &mut Landing, place: usize, node: &str) {
    let exposure = &mut landing.exposures[place].1;
    exposure.links.clear();
    exposure.depends_on = [node.into()].into();
}

fn act(action: &str) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(at(9)),
        at: at(9),
        actor: Actor::CommandLine,
        action: action.to_owned(),
        subject: "x".to_owned(),
        detail: String::new(),
    }
}

fn hand(is_linked: bool) -> HandLink {
    HandLink {
        is_linked,
        by: "Ann".to_owned(),
        at: at(8),
        note: None,
        table: None,
    }
}

#[rstest]
#[tokio::test]
async fn a_landing_tells_what_it_changed_and_one_that_changes_nothing_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = start(engine).await;
    let first = landing("main", 10, 0..2);
    store.land_sync(&first).await.unwrap();
    let changes = all(&store).await;
    assert_eq!(changes.len(), 2);
    assert_eq!((changes[0].edition, changes[0].at), (1, at(10)));
    assert_eq!(changes[0].sync, Some(first.record.id));
    assert_eq!(changes[0].asset, asset_id(0));
    assert_eq!(changes[0].delta.before, None);
    assert_eq!(
        nodes(&changes[0]),
        (vec!["model.shop.m0", "model.shop.shared"], vec![])
    );
    assert_eq!(changes[0].delta.opened.len(), 1);
    let title = changes[0].delta.after.as_ref().unwrap();
    assert_eq!(title.label, "Workbook 0 'Ünïted' \"x\" 💧");
    assert_eq!(title.path.as_deref(), Some("Finance"));

    // Only usage moved: the exposure is written, and nothing is told.
    let mut usage = landing("main", 20, 0..2);
    usage.exposures[0].1.workbook.as_mut().unwrap().total_views = Some(13);
    let written = store.land_sync(&usage).await.unwrap();
    assert_eq!(written.exposures, 1);
    assert_eq!(all(&store).await, changes);

    let mut last = landing("main", 30, 0..2);
    last.exposures.pop();
    stand_on(&mut last, 0, "model.shop.other");
    last.exposures[0].1.label = "New \0 label".to_owned();
    store.land_sync(&last).await.unwrap();
    let changes = all(&store).await;
    let [_, _, renamed, gone] = changes.as_slice() else {
        panic!("{changes:#?}");
    };
    assert_eq!((renamed.edition, gone.edition), (2, 2));
    assert_eq!(
        nodes(renamed),
        (
            vec!["model.shop.other"],
            vec!["model.shop.m0", "model.shop.shared"]
        )
    );
    assert_eq!(renamed.delta.after.as_ref().unwrap().label, "New \0 label");
    assert_eq!(gone.delta.after, None);
    assert_eq!(gone.delta.closed.len(), 1);

    let editions = store.editions(&main()).await.unwrap();
    assert_eq!(
        (editions.current, editions.kept_from, editions.kept_since),
        (2, 0, None)
    );
    let left: Vec<_> = editions.syncs.iter().map(|mark| mark.edition).collect();
    assert_eq!(left, [Some(2), Some(1), Some(1)]);
    for (second, edition) in [(9, 0), (10, 1), (29, 1), (30, 2), (99, 2)] {
        assert_eq!(store.edition_at(&main(), at(second)).await.unwrap(), edition);
    }
    // Another integration has its own.
    store.land_sync(&landing("other", 40, 5..6)).await.unwrap();
    assert_eq!(store.editions(&"other".into()).await.unwrap().current, 1);
    assert_eq!(store.editions(&main()).await.unwrap().current, 2);
    assert_eq!(store.examine().await.unwrap(), []);
}

#[rstest]
#[tokio::test]
async fn a_failed_sync_leaves_the_edition_that_there_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = start(engine).await;
    store.land_sync(&landing("main", 10, 0..1)).await.unwrap();
    let failed = SyncRecord {
        outcome: SyncOutcome::Failed,
        error: Some(SyncFailure {
            code: "TW-X".to_owned(),
            message: "x".to_owned(),
        }),
        ..record("main", 20)
    };
    store.record_failed_sync(&failed).await.unwrap();
    let editions = store.editions(&main()).await.unwrap();
    assert_eq!(editions.syncs[0].edition, Some(1));
    assert_eq!(editions.syncs[0].outcome, SyncOutcome::Failed);
    let error = store.editions(&"nobody".into()).await.unwrap_err();
    assert!(error.to_string().contains("nobody"), "{error}");
}

#[rstest]
#[tokio::test]
async fn what_is_read_anew_or_said_by_hand_is_an_edition_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (home, store) = start(engine).await;
    store.land_sync(&landing("main", 10, 0..1)).await.unwrap();
    home.clock.advance(20);
    let mut again = landing("main", 10, 0..1);
    again.record.id = SyncId::new(at(15));
    stand_on(&mut again, 0, "model.shop.mapped");
    assert!(store.land_again(&again, at(10)).await.unwrap());
    let changes = all(&store).await;
    let by_mapping = &changes[1];
    assert_eq!((by_mapping.edition, by_mapping.at), (2, at(20)));
    assert_eq!((by_mapping.sync, by_mapping.by.as_deref()), (None, None));

    // By hand it is linked to one node and not to another.
    home.clock.advance(20);
    let said = [
        Change::Link("model.shop.by_hand".into(), Some(hand(true))),
        Change::Link("model.shop.mapped".into(), Some(hand(false))),
    ];
    store
        .curate(&main(), &asset_id(0), &said, &act("exposure.link"))
        .await
        .unwrap();
    let changes = all(&store).await;
    let by_hand = &changes[2];
    assert_eq!(
        (by_hand.edition, by_hand.by.as_deref()),
        (3, Some("command line"))
    );
    assert_eq!(
        nodes(by_hand),
        (vec!["model.shop.by_hand"], vec!["model.shop.mapped"])
    );
    // Saying it again changes nothing, and so does the BI tool when it comes to the same.
    store
        .curate(&main(), &asset_id(0), &said, &act("exposure.link"))
        .await
        .unwrap();
    let mut agreeing = landing("main", 50, 0..1);
    stand_on(&mut agreeing, 0, "model.shop.by_hand");
    store.land_sync(&agreeing).await.unwrap();
    assert_eq!(all(&store).await.len(), 3);
    assert_eq!(store.editions(&main()).await.unwrap().syncs[0].edition, Some(3));

    // Left out it is gone at once, and the sync that does not read it any more tells nothing new.
    let presence = Change::Presence(Some(Presence {
        choice: Choice::LeftOut,
        was_brought_in: false,
        by: "Ann".to_owned(),
        at: at(51),
        note: None,
        known_as: KnownAs::default(),
    }));
    store
        .curate(&main(), &asset_id(0), &[presence], &act("exposure.leave-out"))
        .await
        .unwrap();
    store.land_sync(&empty_landing("main", 60)).await.unwrap();
    let changes = all(&store).await;
    assert_eq!(changes.len(), 4);
    assert_eq!(changes[3].delta.after, None);
    // All in all nothing came of it.
    let in_all = add_up(changes.into_iter().map(|change| ((), change.delta)));
    assert_eq!(in_all, None);
}

#[rstest]
#[tokio::test]
async fn what_comes_back_was_first_seen_when_it_was_first_seen(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = start(engine).await;
    store.land_sync(&landing("main", 10, 0..2)).await.unwrap();
    store.land_sync(&landing("main", 20, 0..1)).await.unwrap();
    let gone = store.load_gone_exposures().await.unwrap();
    assert_eq!(
        (gone[0].first_seen, gone[0].last_seen, gone[0].gone_at),
        (at(10), at(10), Some(at(20)))
    );
    store.land_sync(&landing("main", 30, 0..2)).await.unwrap();
    let back = store.load_exposures(None).await.unwrap();
    assert_eq!(
        (back[1].first_seen, back[1].last_seen, back[1].gone_at),
        (at(10), at(30), None)
    );
    let in_all = add_up(
        all(&store)
            .await
            .into_iter()
            .filter(|change| change.edition > 1)
            .map(|change| ((), change.delta)),
    );
    assert_eq!(in_all, None);
}

const DAY: i64 = 86_400;

#[rstest]
#[tokio::test]
async fn old_syncs_are_forgotten_with_what_no_other_needs(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = start(engine).await;
    // Ten days; on each another exposure, on the last three nothing new and then only failures.
    for day in 1..=7 {
        let upto = usize::try_from(day).unwrap();
        store
            .land_sync(&landing("main", day * DAY, 0..upto))
            .await
            .unwrap();
    }
    store.land_sync(&landing("main", 8 * DAY, 0..7)).await.unwrap();
    for day in 9..=10 {
        let failed = SyncRecord {
            outcome: SyncOutcome::Failed,
            ..record("main", day * DAY)
        };
        store.record_failed_sync(&failed).await.unwrap();
    }
    let name = main();
    let nothing = store.forget_syncs(&name, at(0), 1).await.unwrap();
    assert_eq!((nothing.syncs, nothing.changes), (0, 0));

    let forgotten = store.forget_syncs(&name, at(4 * DAY - 1), 3).await.unwrap();
    // The fourth day's sync began before its end, but after the limit were it counted from there.
    assert_eq!((forgotten.syncs, forgotten.changes), (4, 3));
    let editions = store.editions(&name).await.unwrap();
    assert_eq!((editions.current, editions.kept_from), (7, 3));
    assert_eq!(editions.kept_since, Some(at(3 * DAY)));
    assert_eq!(store.edition_at(&name, at(3 * DAY)).await.unwrap(), 3);
    assert_eq!(store.edition_at(&name, at(4 * DAY)).await.unwrap(), 4);
    let changes = all(&store).await;
    assert_eq!(changes.iter().map(|change| change.edition).min(), Some(4));

    // However old: so many stay, and the last that landed.
    let forgotten = store.forget_syncs(&name, at(99 * DAY), 1).await.unwrap();
    assert_eq!((forgotten.syncs, forgotten.changes), (4, 4));
    let editions = store.editions(&name).await.unwrap();
    let left: Vec<_> = editions.syncs.iter().map(|mark| mark.outcome).collect();
    assert_eq!(left, [SyncOutcome::Failed, SyncOutcome::Changed]);
    assert_eq!((editions.current, editions.kept_from), (7, 7));
    // What comes next is counted on.
    store.land_sync(&landing("main", 100 * DAY, 0..1)).await.unwrap();
    assert_eq!(store.editions(&name).await.unwrap().current, 8);
    assert_eq!(store.examine().await.unwrap(), []);
    let nobody = store.forget_syncs(&"nobody".into(), at(0), 1).await.unwrap();
    assert_eq!(nobody.syncs, 0);
}

#[rstest]
#[tokio::test]
async fn changes_that_a_kept_sync_needs_are_kept_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_home, store) = start(engine).await;
    for day in 1..=4 {
        let upto = usize::try_from(day).unwrap();
        store
            .land_sync(&landing("main", day * DAY, 0..upto))
            .await
            .unwrap();
    }
    let forgotten = store.forget_syncs(&main(), at(99 * DAY), 2).await.unwrap();
    assert_eq!((forgotten.syncs, forgotten.changes), (2, 3));
    let editions = store.editions(&main()).await.unwrap();
    let left: Vec<_> = editions.syncs.iter().map(|mark| mark.edition).collect();
    assert_eq!((left, editions.kept_from), (vec![Some(4), Some(3)], 3));
    assert_eq!(all(&store).await.len(), 1);
}
