//! What people said of exposures: kept, changed thing by thing, and untouched by landings.

use rstest::rstest;
use tailwater_core::curation::{Change, Choice, Curation, Field, HandLink, KnownAs, Override, Presence};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_store::{Actor, AuditEntry, AuditFilter, AuditId, Store};

use crate::home::{Engine, at};
use crate::sample::{asset_id, empty_landing, integration, landing};

fn field(field: Field, text: &str) -> Change {
    let value = field.read(text).unwrap();
    let by = "Ann \0 'Ünïted'".to_owned();
    Change::Field(field, Some(Override { value, by, at: at(7) }))
}

fn link(node: &str) -> Change {
    let hand = HandLink {
        is_linked: true,
        by: "Ann".to_owned(),
        at: at(8),
        note: Some("nul \0 and ␀".to_owned()),
        table: None,
    };
    Change::Link(node.into(), Some(hand))
}

fn presence() -> Change {
    Change::Presence(Some(Presence {
        choice: Choice::LeftOut,
        was_brought_in: false,
        by: "Ann".to_owned(),
        at: at(9),
        note: None,
        known_as: KnownAs {
            label: "Workbook 1".to_owned(),
            ..KnownAs::default()
        },
    }))
}

fn act() -> AuditEntry {
    AuditEntry {
        id: AuditId::new(at(9)),
        at: at(9),
        actor: Actor::CommandLine,
        action: "exposure.curate".to_owned(),
        subject: "x".to_owned(),
        detail: String::new(),
    }
}

async fn curation(store: &Store, integration: &IntegrationName, asset: &AssetId) -> Curation {
    let mut all = store.load_curations(Some(integration)).await.unwrap();
    all.remove(&(integration.clone(), asset.clone()))
        .unwrap_or_default()
}

#[rstest]
#[tokio::test]
async fn each_thing_said_is_kept_and_taken_back_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let main = integration("main");
    store.put_integration(&main).await.unwrap();
    let all = [
        field(Field::Label, "x"),
        field(Field::Tags, "a,b"),
        link("model.shop.m1"),
        presence(),
    ];
    let before = store.curation_revision().await.unwrap();
    store
        .curate(&main.name, &asset_id(1), &all, &act())
        .await
        .unwrap();
    let mut expected = Curation::default();
    for change in all {
        expected.change(change);
    }
    assert_eq!(curation(&store, &main.name, &asset_id(1)).await, expected);
    assert_eq!(
        curation(&store, &main.name, &asset_id(2)).await,
        Curation::default()
    );
    let after = store.curation_revision().await.unwrap();
    assert!(after > before);
    let log = store.audit_log(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(log.entries[0].action, "exposure.curate");

    let changes = [
        Change::Field(Field::Label, None),
        Change::Link("model.shop.m1".into(), None),
        field(Field::Tags, "c"),
    ];
    store
        .curate(&main.name, &asset_id(1), &changes, &act())
        .await
        .unwrap();
    for change in changes {
        expected.change(change);
    }
    assert_eq!(curation(&store, &main.name, &asset_id(1)).await, expected);
    assert!(store.curation_revision().await.unwrap() > after);
}

#[rstest]
#[tokio::test]
async fn landings_leave_it_alone_and_the_integration_takes_it_along(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let main = integration("main");
    store.put_integration(&main).await.unwrap();
    store.land_sync(&landing("main", 10, [1])).await.unwrap();
    store
        .curate(&main.name, &asset_id(1), &[field(Field::Label, "x")], &act())
        .await
        .unwrap();
    let said = curation(&store, &main.name, &asset_id(1)).await;
    // The workbook goes for longer than its tombstone is kept, and comes back.
    store.land_sync(&empty_landing("main", 20)).await.unwrap();
    let day = 24 * 60 * 60;
    store
        .land_sync(&empty_landing("main", 20 + 200 * day))
        .await
        .unwrap();
    store
        .land_sync(&landing("main", 30 + 200 * day, [1]))
        .await
        .unwrap();
    store.put_integration(&main).await.unwrap();
    assert_eq!(curation(&store, &main.name, &asset_id(1)).await, said);

    store.remove_integration(&main.name).await.unwrap();
    assert!(store.load_curations(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_and_changes_nothing() {
    let home = Engine::Sqlite.home();
    let store = home.open().await;
    let main = integration("main");
    let change = [field(Field::Label, "x")];
    let error = store
        .curate(&main.name, &asset_id(1), &change, &act())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-STORE-UNKNOWN-INTEGRATION");
    store.put_integration(&main).await.unwrap();
    let too_long = [field(Field::Label, "x"), link(&"n".repeat(1_001))];
    let error = store
        .curate(&main.name, &asset_id(1), &too_long, &act())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-STORE-BAD-NAME");
    assert!(store.load_curations(None).await.unwrap().is_empty());
}
