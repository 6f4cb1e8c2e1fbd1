//! Changing the key: everything that is sealed opens with the new key afterwards, or nothing was changed.

use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{IntegrationName, JobName};
use tailwater_store::{
    Actor, AuditEntry, AuditFilter, AuditId, ChannelRecord, DraftId, DraftRecord, SealingKey, Store,
};

use crate::home::{Engine, at};
use crate::sample::integration;

const SECRETS: [&str; 5] = [
    "hunter2-token",
    "hunter2-draft",
    "hunter2-job",
    "hunter2-chat",
    "hunter2-tile",
];

fn act(action: &str) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(at(0)),
        at: at(0),
        actor: Actor::CommandLine,
        action: action.to_owned(),
        subject: String::new(),
        detail: String::new(),
    }
}

/// A secret in every place that holds one.
async fn seal_all(store: &Store, key: &SealingKey) -> DraftId {
    let [token, draft, job, chat, tile] = SECRETS.map(SecretString::from);
    store.put_integration(&integration("main")).await.unwrap();
    store.put_secret(&"main".into(), &token, key).await.unwrap();
    let record = DraftRecord {
        id: DraftId::draw(),
        body: "{}".to_owned(),
        updated_at: at(0),
    };
    store.put_draft(&record).await.unwrap();
    store
        .put_draft_secret(record.id, Some(&draft), key)
        .await
        .unwrap();
    let audit = act("job.secret");
    store
        .put_job_secret(&JobName::new("nightly"), "PASSWORD", &job, key, &audit)
        .await
        .unwrap();
    let channel = ChannelRecord {
        name: "chat".to_owned(),
        body: "{}".to_owned(),
        updated_at: at(0),
    };
    store.put_channel(&channel, Some(&chat), key).await.unwrap();
    store.put_sealed_setting("tile", &tile, key, false).await.unwrap();
    record.id
}

/// Everything that opens with the key.
async fn open_all(store: &Store, draft: DraftId, key: &SealingKey) -> Vec<String> {
    let main = IntegrationName::new("main");
    let jobs = store.load_job_secrets(&JobName::new("nightly"), key).await;
    let found = [
        store.find_secret(&main, key).await.ok().flatten(),
        store.find_draft_secret(draft, key).await.ok().flatten(),
        jobs.ok().and_then(|mut jobs| jobs.remove("PASSWORD")),
        store.find_channel_secret("chat", key).await.ok().flatten(),
        store.find_sealed_setting("tile", key).await.ok().flatten(),
    ];
    let opened = found.iter().flatten();
    opened.map(|secret| secret.expose_secret().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn everything_is_sealed_anew(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let file = home.directory.join("key");
    let old = SealingKey::load_or_create(&file).unwrap();
    let draft = seal_all(&store, &old).await;

    let (both, _) = SealingKey::begin_change(&file).unwrap();
    assert_eq!(open_all(&store, draft, &both).await, SECRETS, "before");
    assert_eq!(store.seal_anew(&both, &act("key.rotate")).await.unwrap(), 5);
    assert_eq!(open_all(&store, draft, &both).await, SECRETS, "between");
    both.end_change(&file).unwrap();
    let new = SealingKey::load(&file).unwrap();
    assert_eq!(open_all(&store, draft, &new).await, SECRETS, "after");
    assert!(open_all(&store, draft, &old).await.is_empty());
    assert_eq!(store.examine_sealed(&new).await.unwrap(), []);
    // A second time there is nothing to do, and it is written down.
    assert_eq!(store.seal_anew(&both, &act("key.rotate")).await.unwrap(), 0);
    let filter = AuditFilter {
        action: Some("key.rotate".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(store.audit_log(&filter, 10).await.unwrap().entries.len(), 2);
}

#[rstest]
#[tokio::test]
async fn one_that_does_not_open_leaves_all_as_they_were(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let file = home.directory.join("key");
    let old = SealingKey::load_or_create(&file).unwrap();
    let draft = seal_all(&store, &old).await;
    let lost = SealingKey::generate().unwrap();
    store
        .put_sealed_setting("tile", &SecretString::from("x"), &lost, false)
        .await
        .unwrap();
    let (both, _) = SealingKey::begin_change(&file).unwrap();
    let error = store.seal_anew(&both, &act("key.rotate")).await.unwrap_err();
    assert_eq!(error.code(), "TW-KEY-UNOPENED");
    assert_eq!(
        error.to_string(),
        "the setting `tile` was sealed with another key"
    );
    assert_eq!(open_all(&store, draft, &old).await, SECRETS[..4]);
}

/// A process that has read the key before goes on writing while it is changed by another one, on connections of its
/// own: nothing of it is left that the new key does not open.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sealed_with_a_key_that_was_changed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let file = home.directory.join("key");
    let old = SealingKey::load_or_create(&file).unwrap();
    let draft = seal_all(&store, &old).await;
    let writer = home.open().await;
    let (ready, begun) = tokio::sync::oneshot::channel();
    let stale = old.clone();
    let writing = tokio::spawn(async move {
        let mut ready = Some(ready);
        for round in 0..10_000 {
            let secret = SecretString::from(SECRETS[0]);
            match writer.put_secret(&"main".into(), &secret, &stale).await {
                Ok(()) if round == 5 => ready.take().map(|ready| ready.send(())).unwrap().unwrap(),
                Ok(()) => {}
                Err(error) => return Some((writer, error)),
            }
        }
        None
    });
    begun.await.unwrap();
    let (both, _) = SealingKey::begin_change(&file).unwrap();
    store.seal_anew(&both, &act("key.rotate")).await.unwrap();
    both.end_change(&file).unwrap();
    let (writer, error) = writing.await.unwrap().expect("it is refused after the change");
    assert_eq!(error.code(), "TW-KEY-CHANGED");
    let new = SealingKey::load(&file).unwrap();
    assert_eq!(open_all(&store, draft, &new).await, SECRETS);

    // Nothing else is taken from it either, and what it reads anew works.
    let secret = SecretString::from("x");
    let refused = [
        writer.put_sealed_setting("tile", &secret, &old, false).await,
        writer.put_draft_secret(draft, Some(&secret), &old).await,
    ];
    for outcome in refused {
        assert_eq!(outcome.unwrap_err().code(), "TW-KEY-CHANGED");
    }
    assert_eq!(open_all(&store, draft, &new).await, SECRETS);
    writer.put_secret(&"main".into(), &secret, &new).await.unwrap();
    assert_eq!(store.examine_sealed(&new).await.unwrap(), []);
}

#[rstest]
#[tokio::test]
async fn before_the_change_all_seal_with_the_key_that_everybody_has(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let file = home.directory.join("key");
    let old = SealingKey::load_or_create(&file).unwrap();
    let draft = seal_all(&store, &old).await;
    // The change was begun, and broke off: who has the new key as well writes what the others can read.
    let (both, _) = SealingKey::begin_change(&file).unwrap();
    let secret = SecretString::from(SECRETS[0]);
    store.put_secret(&"main".into(), &secret, &both).await.unwrap();
    assert_eq!(open_all(&store, draft, &old).await, SECRETS);
    store.seal_anew(&both, &act("key.rotate")).await.unwrap();
    // A key that nobody has seen yet is one in place of a lost one.
    let fresh = SealingKey::generate().unwrap();
    store.put_secret(&"main".into(), &secret, &fresh).await.unwrap();
    let found = store.find_secret(&"main".into(), &fresh).await.unwrap().unwrap();
    assert_eq!(found.expose_secret(), SECRETS[0]);
    // Changed back, the first key is the one again, and the other is refused.
    let texts = [
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ];
    let elsewhere = engine.home();
    let other = elsewhere.open().await;
    let [first, second] = texts.map(|text| SealingKey::from_text(text).unwrap());
    other
        .put_sealed_setting("tile", &secret, &first, false)
        .await
        .unwrap();
    for (from, to) in [(0, 1), (1, 0)] {
        let both = SealingKey::from_text(&format!("{} {}", texts[to], texts[from])).unwrap();
        other.seal_anew(&both, &act("key.rotate")).await.unwrap();
    }
    other
        .put_sealed_setting("tile", &secret, &first, false)
        .await
        .unwrap();
    let refused = other.put_sealed_setting("tile", &secret, &second, false).await;
    assert_eq!(refused.unwrap_err().code(), "TW-KEY-CHANGED");
}
