//! What people said of refreshing: kept by scope, changed with the act, noticed by others.

use rstest::rstest;
use tailwater_core::refresh::{PolicyPart, PolicyScope};
use tailwater_store::{Actor, AuditEntry, AuditFilter, AuditId};

use crate::home::{Engine, at};

fn act() -> AuditEntry {
    AuditEntry {
        id: AuditId::new(at(9)),
        at: at(9),
        actor: Actor::CommandLine,
        action: "policy.set".to_owned(),
        subject: "x".to_owned(),
        detail: String::new(),
    }
}

#[rstest]
#[tokio::test]
async fn what_is_said_stays_until_nothing_is_said(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    // A scope too long for an index, with what PostgreSQL's texts cannot hold.
    let long = PolicyScope::Collection {
        integration: "main".into(),
        collection: format!("nul \0 {}", "x".repeat(5_000)).into(),
    };
    let short = PolicyScope::Integration {
        integration: "main".into(),
    };
    let hourly = PolicyPart {
        enabled: Some(true),
        interval_minutes: Some(60),
        fresh_by: Some("07:00:00".parse().unwrap()),
        ..PolicyPart::default()
    };
    let daily = PolicyPart {
        interval_minutes: Some(1440),
        ..hourly.clone()
    };
    let revision = store.curation_revision().await.unwrap();
    for (scope, part) in [(&long, &hourly), (&short, &hourly), (&long, &daily)] {
        store.put_policy(scope, part, &act()).await.unwrap();
    }
    let said = store.load_policies().await.unwrap();
    assert_eq!(said.get(&long), Some(&daily));
    assert_eq!(said.get(&short), Some(&hourly));
    store
        .put_policy(&short, &PolicyPart::default(), &act())
        .await
        .unwrap();
    assert_eq!(store.load_policies().await.unwrap().len(), 1);
    assert_eq!(store.curation_revision().await.unwrap(), revision + 4);
    let acts = store.audit_log(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(acts.entries.len(), 4);
}
