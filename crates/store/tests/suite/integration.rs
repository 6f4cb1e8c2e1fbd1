//! Integrations: kept, edited, and removed with everything of theirs.

use rstest::rstest;
use secrecy::SecretString;
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::mapping::MappingRule;
use tailwater_core::selection::Selection;
use tailwater_store::{IntegrationRecord, Origin, SealingKey, Way};

use crate::home::{Engine, at};
use crate::sample::{integration, landing};

#[rstest]
#[tokio::test]
async fn integrations_are_kept_and_edited(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let main = integration("main");
    store.put_integration(&integration("other")).await.unwrap();
    store.put_integration(&main).await.unwrap();
    assert_eq!(
        store.integrations().await.unwrap(),
        [main.clone(), integration("other")]
    );
    assert_eq!(
        store.find_integration(&"main".into()).await.unwrap(),
        Some(main.clone())
    );
    assert_eq!(store.find_integration(&"Main".into()).await.unwrap(), None);

    let app = IntegrationRecord {
        credential: CredentialName::ConnectedApp(ConnectedApp {
            client_id: "client".to_owned(),
            secret_id: "it's".to_owned(),
            user: "svc@acme.example".to_owned(),
        }),
        ..main.clone()
    };
    store.put_integration(&app).await.unwrap();
    assert_eq!(store.find_integration(&main.name).await.unwrap(), Some(app));
    store.put_integration(&main).await.unwrap();
    assert_eq!(
        store.find_integration(&main.name).await.unwrap(),
        Some(main.clone())
    );
    let behind_proxy = IntegrationRecord {
        way: Way {
            ca_file: Some("/etc/o'acme.pem".to_owned()),
            proxy: Some("http://proxy.acme.example:3128".to_owned()),
            no_proxy: None,
        },
        ..main.clone()
    };
    store.put_integration(&behind_proxy).await.unwrap();
    assert_eq!(
        store.find_integration(&main.name).await.unwrap(),
        Some(behind_proxy)
    );
    store.put_integration(&main).await.unwrap();

    home.clock.advance(60);
    let selection = Selection::new(["**"]);
    let mapping = vec![
        MappingRule::new(None, Some(""), "marts").unwrap(),
        MappingRule::new(Some("a"), Some("b"), "c.d").unwrap(),
    ];
    store.set_selection(&main.name, &selection).await.unwrap();
    store.set_mapping(&main.name, &mapping).await.unwrap();
    let edited = IntegrationRecord {
        selection,
        mapping,
        updated_at: at(60),
        ..main.clone()
    };
    assert_eq!(
        store.find_integration(&main.name).await.unwrap(),
        Some(edited.clone())
    );
    assert_eq!(
        store.find_integration(&"other".into()).await.unwrap(),
        Some(integration("other"))
    );

    // Putting it again replaces all but the time of its making.
    let again = IntegrationRecord {
        created_at: at(99),
        updated_at: at(99),
        server: "https://elsewhere".to_owned(),
        allow_http: true,
        ..edited
    };
    store.put_integration(&again).await.unwrap();
    let expected = IntegrationRecord {
        created_at: at(0),
        ..again
    };
    assert_eq!(store.find_integration(&main.name).await.unwrap(), Some(expected));
}

#[rstest]
#[tokio::test]
async fn what_the_file_declares_is_not_edited_here(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let declared = IntegrationRecord {
        origin: Origin::File,
        ..integration("main")
    };
    store.put_integration(&declared).await.unwrap();
    let stored = store.find_integration(&declared.name).await.unwrap().unwrap();
    assert_eq!(stored.origin, Origin::File);
    assert!(stored.selection.is_empty() && stored.mapping.is_empty());

    let error = store
        .set_selection(&declared.name, &Selection::new(["**"]))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-STORE-FROM-FILE");
    let error = store.set_mapping(&"nobody".into(), &[]).await.unwrap_err();
    assert_eq!(error.code(), "TW-STORE-UNKNOWN-INTEGRATION");
    assert_eq!(
        store.find_integration(&declared.name).await.unwrap(),
        Some(stored)
    );
}

#[rstest]
#[tokio::test]
async fn a_removed_integration_leaves_nothing_and_others_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let key = SealingKey::generate().unwrap();
    for name in ["main", "other"] {
        store.put_integration(&integration(name)).await.unwrap();
        store
            .put_secret(&name.into(), &SecretString::from("hunter2"), &key)
            .await
            .unwrap();
        store.land_sync(&landing(name, 10, 0..3)).await.unwrap();
        store.land_sync(&landing(name, 20, 1..4)).await.unwrap();
    }

    assert!(store.remove_integration(&"main".into()).await.unwrap());
    assert!(!store.remove_integration(&"main".into()).await.unwrap());
    let main = "main".into();
    assert!(store.find_secret(&main, &key).await.unwrap().is_none());
    assert_eq!(store.load_exposures(Some(&main)).await.unwrap(), []);
    assert_eq!(store.load_inventory(&main).await.unwrap().synced_at, None);
    assert_eq!(store.syncs(Some(&main), 10).await.unwrap(), []);
    assert!(
        store
            .load_names()
            .await
            .unwrap()
            .iter()
            .all(|name| name.integration.as_str() == "other")
    );
    assert!(
        store
            .load_gone_exposures()
            .await
            .unwrap()
            .iter()
            .all(|gone| gone.integration.as_str() == "other")
    );
    assert_eq!(store.load_exposures(None).await.unwrap().len(), 3);
    assert!(store.find_secret(&"other".into(), &key).await.unwrap().is_some());
    assert!(store.check().await.unwrap().is_sound());

    // The same name later is a new integration.
    store.put_integration(&integration("main")).await.unwrap();
    assert_eq!(store.load_exposures(Some(&main)).await.unwrap(), []);
}
