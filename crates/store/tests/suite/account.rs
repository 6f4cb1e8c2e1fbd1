//! Accounts: users, sessions, tokens, links, the audit log and settings.

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{
    Actor, ApiToken, ApiTokenId, AuditCursor, AuditEntry, AuditFilter, AuditId, LinkPurpose, OneTimeLink,
    Role, SealingKey, SessionEntry, SessionId, Store, User, UserId,
};

use crate::home::{Engine, at};

fn user(name: &str, role: Role) -> User {
    User {
        id: UserId::new(at(0)),
        name: name.to_owned(),
        display_name: Some(format!("{name} <b>\0 ␀")),
        email: None,
        role,
        is_disabled: false,
        created_at: at(0),
        last_signed_in_at: None,
    }
}

fn act(actor: Actor, action: &str, seconds: i64) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(at(seconds)),
        at: at(seconds),
        actor,
        action: action.to_owned(),
        subject: "subject".to_owned(),
        detail: String::new(),
    }
}

fn by_command(action: &str) -> AuditEntry {
    act(Actor::CommandLine, action, 0)
}

fn session(seconds: i64, expires_at: DateTime<Utc>) -> SessionEntry {
    SessionEntry {
        id: SessionId::new(at(seconds)),
        created_at: at(seconds),
        last_seen_at: at(seconds),
        expires_at,
        address: Some("192.0.2.1".to_owned()),
        agent: None,
    }
}

async fn add(store: &Store, name: &str, role: Role) -> User {
    let user = user(name, role);
    store
        .add_user(&user, "hash", &by_command("user.add"))
        .await
        .unwrap();
    user
}

/// Every action in the log, the oldest first.
async fn actions(store: &Store) -> Vec<String> {
    let page = store.audit_log(&AuditFilter::default(), 1_000).await.unwrap();
    page.entries.into_iter().rev().map(|entry| entry.action).collect()
}

#[rstest]
#[tokio::test]
async fn users_are_kept_under_one_name_in_any_case(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    assert!(!store.has_users().await.unwrap());
    let ada = add(&store, "Ada", Role::Admin).await;
    let bob = add(&store, "bob", Role::Viewer).await;
    assert!(store.has_users().await.unwrap());
    assert_eq!(store.users().await.unwrap(), [ada.clone(), bob.clone()]);
    assert_eq!(store.find_user("aDA ").await.unwrap(), Some(ada.clone()));
    assert_eq!(store.find_user("nobody").await.unwrap(), None);

    let twice = user("ADA", Role::Viewer);
    let error = store
        .add_user(&twice, "hash", &by_command("user.add"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-ACCOUNT-EXISTS");
    assert_eq!(actions(&store).await, ["user.add"; 2], "a refusal is no act");

    let changed = store
        .set_user_role("BOB", Role::Operator, &by_command("user.role"))
        .await
        .unwrap();
    assert_eq!((changed.id, changed.role), (bob.id, Role::Operator));
    let email = Some("bob@acme.example".to_owned());
    let audit = || by_command("user.profile");
    store
        .set_user_profile("bob", None, email.clone(), &audit())
        .await
        .unwrap();
    let expected = User {
        display_name: None,
        email,
        role: Role::Operator,
        ..bob
    };
    assert_eq!(store.find_user("bob").await.unwrap(), Some(expected));

    store
        .remove_user("Bob", &by_command("user.remove"))
        .await
        .unwrap();
    assert_eq!(store.users().await.unwrap(), [ada]);
    let error = store
        .remove_user("bob", &by_command("user.remove"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-ACCOUNT-UNKNOWN");
    let expected = ["user.add", "user.add", "user.role", "user.profile", "user.remove"];
    assert_eq!(actions(&store).await, expected);
}

#[rstest]
#[tokio::test]
async fn the_last_admin_who_can_sign_in_stays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let audit = || by_command("x");
    add(&store, "ada", Role::Admin).await;
    add(&store, "bob", Role::Admin).await;
    add(&store, "eve", Role::Viewer).await;
    store.set_user_disabled("bob", true, &audit()).await.unwrap();
    let refused = [
        store.set_user_role("ada", Role::Operator, &audit()).await,
        store.set_user_disabled("ada", true, &audit()).await,
        store.remove_user("ada", &audit()).await,
    ];
    for error in refused.map(Result::unwrap_err) {
        assert_eq!(error.code(), "TW-ACCOUNT-LAST-ADMIN");
    }
    // What takes no admin away is allowed, also to the last one.
    store.set_user_role("ada", Role::Admin, &audit()).await.unwrap();
    store.set_user_disabled("ada", false, &audit()).await.unwrap();
    store.set_user_role("bob", Role::Viewer, &audit()).await.unwrap();
    store.remove_user("eve", &audit()).await.unwrap();
    store.set_user_role("bob", Role::Admin, &audit()).await.unwrap();
    store.set_user_disabled("bob", false, &audit()).await.unwrap();
    store.remove_user("ada", &audit()).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_admins_cannot_take_each_other_away_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let (one, two) = (home.open().await, home.open().await);
    for round in 0..10 {
        let names = [format!("a{round}"), format!("b{round}")];
        for name in &names {
            add(&one, name, Role::Admin).await;
        }
        // Those of earlier rounds are no admins any more.
        for user in one.users().await.unwrap() {
            if !names.contains(&user.name) {
                one.set_user_role(&user.name, Role::Viewer, &by_command("x"))
                    .await
                    .unwrap();
            }
        }
        let demote = |store: &Store, name: &str| {
            let (store, name) = (store.clone(), name.to_owned());
            tokio::spawn(async move {
                let audit = || by_command("x");
                store.set_user_role(&name, Role::Viewer, &audit()).await
            })
        };
        let (first, second) = (demote(&one, &names[0]), demote(&two, &names[1]));
        let outcomes = [first.await.unwrap(), second.await.unwrap()];
        assert_eq!(
            outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
            1,
            "{outcomes:?}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_session_is_good_until_it_expires_or_its_user_is_disabled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    add(&store, "root", Role::Admin).await;
    let ada = add(&store, "ada", Role::Admin).await;
    let entry = session(0, at(100));
    let audit = || act(ada.to_actor(), "session.begin", 0);
    store
        .add_session(ada.id, &entry, "digest", &audit())
        .await
        .unwrap();
    let other = session(1, at(200));
    store
        .add_session(ada.id, &other, "other", &audit())
        .await
        .unwrap();

    let found = store.find_session("digest").await.unwrap().unwrap();
    assert_eq!(found.entry, entry);
    let expected = User {
        last_signed_in_at: Some(at(1)),
        ..ada.clone()
    };
    assert_eq!(found.user, expected);
    assert!(store.find_session("nothing").await.unwrap().is_none());
    assert_eq!(
        store.sessions_of(ada.id).await.unwrap(),
        [other.clone(), entry.clone()]
    );

    // The role is that of the account now.
    store
        .set_user_role("ada", Role::Viewer, &by_command("x"))
        .await
        .unwrap();
    assert_eq!(
        store.find_session("digest").await.unwrap().unwrap().user.role,
        Role::Viewer
    );

    home.clock.advance(60);
    store.touch_session(entry.id, at(160)).await.unwrap();
    home.clock.advance(60);
    let found = store.find_session("digest").await.unwrap().unwrap();
    assert_eq!(
        (found.entry.last_seen_at, found.entry.expires_at),
        (at(60), at(160))
    );
    home.clock.advance(40);
    assert!(store.find_session("digest").await.unwrap().is_none());
    assert_eq!(
        store.sessions_of(ada.id).await.unwrap(),
        std::slice::from_ref(&other)
    );
    assert_eq!(store.remove_expired().await.unwrap(), 1);

    store
        .set_user_disabled("ada", true, &by_command("x"))
        .await
        .unwrap();
    assert!(store.find_session("other").await.unwrap().is_none());
    store
        .set_user_disabled("ada", false, &by_command("x"))
        .await
        .unwrap();
    assert!(
        store.find_session("other").await.unwrap().is_none(),
        "it has ended for good"
    );
}

#[rstest]
#[tokio::test]
async fn a_new_password_ends_the_other_sessions(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let (ada, bob) = (
        add(&store, "ada", Role::Viewer).await,
        add(&store, "bob", Role::Viewer).await,
    );
    let audit = || by_command("x");
    let kept = session(0, at(100));
    for (digest, entry) in [
        ("one", session(0, at(100))),
        ("two", session(0, at(100))),
        ("kept", kept.clone()),
    ] {
        store.add_session(ada.id, &entry, digest, &audit()).await.unwrap();
    }
    store
        .add_session(bob.id, &session(0, at(100)), "bob", &audit())
        .await
        .unwrap();
    store
        .set_user_password("ada", "new", Some(kept.id), &audit())
        .await
        .unwrap();
    assert_eq!(
        store.sessions_of(ada.id).await.unwrap(),
        std::slice::from_ref(&kept)
    );
    assert_eq!(store.find_user_with_hash("ada").await.unwrap().unwrap().1, "new");
    store.renew_password_hash(ada.id, "hash", "late").await.unwrap();
    assert_eq!(store.find_user_with_hash("ada").await.unwrap().unwrap().1, "new");
    store.renew_password_hash(ada.id, "new", "newer").await.unwrap();
    assert_eq!(
        store.find_user_with_hash("ada").await.unwrap().unwrap().1,
        "newer"
    );

    assert!(
        !store.end_session(bob.id, kept.id, &audit()).await.unwrap(),
        "it is not bob's"
    );
    store
        .set_user_password("ada", "newest", None, &audit())
        .await
        .unwrap();
    assert_eq!(store.sessions_of(ada.id).await.unwrap(), []);
    assert_eq!(store.sessions_of(bob.id).await.unwrap().len(), 1);
    assert_eq!(store.end_sessions_of(bob.id, None, &audit()).await.unwrap(), 1);
}

#[rstest]
#[tokio::test]
async fn a_token_can_do_no_more_than_its_maker(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let audit = || by_command("x");
    add(&store, "root", Role::Admin).await;
    let ada = add(&store, "ada", Role::Operator).await;
    let token = |name: &str, maker: Option<&User>, expires_at| ApiToken {
        id: ApiTokenId::new(at(0)),
        name: name.to_owned(),
        role: Role::Operator,
        ending: "4fXy".to_owned(),
        made_by_id: maker.map(|user| user.id),
        made_by: maker.map(|user| user.name.clone()),
        created_at: at(0),
        expires_at,
        last_used_at: None,
    };
    let ci = token("CI", Some(&ada), Some(at(100)));
    let cron = token("cron", None, None);
    store.add_api_token(&ci, "ci", &audit()).await.unwrap();
    store.add_api_token(&cron, "cron", &audit()).await.unwrap();
    let error = store
        .add_api_token(&token("ci", None, None), "twice", &audit())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-ACCOUNT-EXISTS");
    assert_eq!(store.api_tokens().await.unwrap(), [ci.clone(), cron.clone()]);
    assert_eq!(store.find_api_token("ci").await.unwrap(), Some(ci.clone()));
    assert_eq!(store.find_api_token("nothing").await.unwrap(), None);

    home.clock.advance(60);
    store.touch_api_token(ci.id).await.unwrap();
    assert_eq!(
        store.find_api_token("ci").await.unwrap().unwrap().last_used_at,
        Some(at(60))
    );
    store.set_user_role("ada", Role::Viewer, &audit()).await.unwrap();
    assert_eq!(
        store.find_api_token("ci").await.unwrap().unwrap().role,
        Role::Viewer
    );
    store.set_user_role("ada", Role::Admin, &audit()).await.unwrap();
    assert_eq!(
        store.find_api_token("ci").await.unwrap().unwrap().role,
        Role::Operator
    );
    store.set_user_disabled("ada", true, &audit()).await.unwrap();
    assert_eq!(store.find_api_token("ci").await.unwrap(), None);
    store.set_user_disabled("ada", false, &audit()).await.unwrap();
    assert!(store.find_api_token("ci").await.unwrap().is_some());
    home.clock.advance(40);
    assert_eq!(store.find_api_token("ci").await.unwrap(), None);
    assert_eq!(
        store.api_tokens().await.unwrap().len(),
        2,
        "expired ones are still shown"
    );
    store.remove_user("ada", &audit()).await.unwrap();
    assert_eq!(store.api_tokens().await.unwrap(), std::slice::from_ref(&cron));
    assert!(store.remove_api_token(cron.id, &audit()).await.unwrap());
    assert!(!store.remove_api_token(cron.id, &audit()).await.unwrap());
    assert_eq!(store.find_api_token("cron").await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn a_link_is_good_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let audit = || by_command("link");
    let link = |purpose, seconds| OneTimeLink {
        purpose,
        expires_at: at(seconds),
    };
    store
        .add_link(&link(LinkPurpose::SetUp, 100), "first", &audit())
        .await
        .unwrap();
    store
        .add_link(&link(LinkPurpose::SetUp, 100), "second", &audit())
        .await
        .unwrap();
    assert_eq!(
        store.find_link("first").await.unwrap(),
        None,
        "the second took its place"
    );
    assert_eq!(
        store.find_link("second").await.unwrap(),
        Some(link(LinkPurpose::SetUp, 100))
    );

    let entry = session(0, at(100));
    let begin = |digest: &'static str| (&entry, digest);
    let ada = user("ada", Role::Admin);
    store
        .redeem_invitation("second", &ada, "hash", begin("s1"), &audit())
        .await
        .unwrap();
    assert_eq!(store.find_session("s1").await.unwrap().unwrap().user.name, "ada");
    let eve = user("eve", Role::Admin);
    let error = store
        .redeem_invitation("second", &eve, "hash", begin("s2"), &audit())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-ACCOUNT-LINK");
    let error = store
        .add_link(&link(LinkPurpose::SetUp, 100), "third", &audit())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-ACCOUNT-NOT-FIRST");

    let invite = link(LinkPurpose::Invite { role: Role::Operator }, 50);
    store.add_link(&invite, "invite", &audit()).await.unwrap();
    assert_eq!(store.find_link("invite").await.unwrap(), Some(invite));
    // A name that is taken does not use the link up.
    let entry = session(0, at(100));
    let twice = user("ADA", Role::Operator);
    let redeemed = store
        .redeem_invitation("invite", &twice, "hash", (&entry, "s3"), &audit())
        .await;
    assert_eq!(redeemed.unwrap_err().code(), "TW-ACCOUNT-EXISTS");
    assert!(store.find_link("invite").await.unwrap().is_some());

    let reset = link(
        LinkPurpose::Reset {
            user: ada.id,
            name: "ada".to_owned(),
        },
        50,
    );
    store.add_link(&reset, "reset", &audit()).await.unwrap();
    assert_eq!(store.find_link("reset").await.unwrap(), Some(reset.clone()));
    let entry = session(0, at(100));
    store
        .redeem_reset("reset", ada.id, "new", (&entry, "s4"), &audit())
        .await
        .unwrap();
    assert!(
        store.find_session("s1").await.unwrap().is_none(),
        "a new password ends the others"
    );
    assert!(store.find_session("s4").await.unwrap().is_some());
    let error = store
        .redeem_reset("reset", ada.id, "newer", (&entry, "s5"), &audit())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-ACCOUNT-LINK");
    // A password set in another way makes the link useless.
    store.add_link(&reset, "reset 2", &audit()).await.unwrap();
    store
        .set_user_password("ada", "other", None, &audit())
        .await
        .unwrap();
    assert_eq!(store.find_link("reset 2").await.unwrap(), None);

    home.clock.advance(50);
    assert_eq!(store.find_link("invite").await.unwrap(), None);
    assert_eq!(store.remove_expired().await.unwrap(), 1);
    let bob = user("bob", Role::Operator);
    let redeemed = store
        .redeem_invitation("invite", &bob, "hash", (&entry, "s6"), &audit())
        .await;
    assert_eq!(redeemed.unwrap_err().code(), "TW-ACCOUNT-LINK");
    assert_eq!(store.users().await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_use_a_link_at_once_one_gets_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let link = OneTimeLink {
        purpose: LinkPurpose::SetUp,
        expires_at: at(100),
    };
    store.add_link(&link, "link", &by_command("link")).await.unwrap();
    let asked: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let user = user(&format!("user{number}"), Role::Admin);
                let (entry, digest) = (session(0, at(100)), format!("s{number}"));
                let audit = || by_command("user.add");
                store
                    .redeem_invitation("link", &user, "hash", (&entry, &digest), &audit())
                    .await
            })
        })
        .collect();
    let mut winners = 0;
    for outcome in asked {
        winners += usize::from(outcome.await.unwrap().is_ok());
    }
    assert_eq!(winners, 1);
    assert_eq!(store.users().await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn the_log_is_read_in_pages_the_newest_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let ada = user("Ada", Role::Admin);
    let ci = Actor::Token {
        id: ApiTokenId::new(at(0)),
        name: "ci".to_owned(),
        role: Role::Operator,
    };
    let mut written = Vec::new();
    for number in 0..25 {
        let actor = match number % 5 {
            0 => ada.to_actor(),
            1 => ci.clone(),
            2 => Actor::CommandLine,
            3 => Actor::System,
            _ => Actor::Local,
        };
        let action = if number % 2 == 0 {
            "integration.add"
        } else {
            "integration_other"
        };
        // Ten acts of one instant keep their order.
        let mut entry = act(actor, action, i64::from(number / 10));
        entry.detail = format!("{number} \0");
        store.record_audit(&entry).await.unwrap();
        written.push(entry);
    }
    let mut filter = AuditFilter::default();
    let mut read = Vec::new();
    loop {
        let page = store.audit_log(&filter, 7).await.unwrap();
        assert!(page.entries.len() <= 7);
        read.extend(page.entries);
        let Some(next) = page.next else { break };
        assert_eq!(next.to_string().parse::<AuditCursor>().unwrap(), next);
        filter.before = Some(next);
    }
    written.reverse();
    assert_eq!(read, written);

    let count = async |actor: Option<&str>, action: Option<&str>| {
        let filter = AuditFilter {
            before: None,
            actor: actor.map(str::to_owned),
            action: action.map(str::to_owned),
        };
        store.audit_log(&filter, 100).await.unwrap().entries.len()
    };
    assert_eq!(count(Some("ADA"), None).await, 5);
    assert_eq!(count(Some("token ci"), None).await, 5);
    assert_eq!(count(Some("command line"), Some("integration.add")).await, 3);
    assert_eq!(count(None, Some("integration.")).await, 13);
    assert_eq!(count(None, Some("%")).await, 0);
    assert_eq!(
        store.audit_log(&AuditFilter::default(), 25).await.unwrap().next,
        None
    );
}

#[rstest]
#[tokio::test]
async fn settings_are_kept_and_sealed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    assert_eq!(store.find_setting("a").await.unwrap(), None);
    store.put_setting("a", "1").await.unwrap();
    store.put_setting("a", "2").await.unwrap();
    assert_eq!(store.find_setting("a").await.unwrap().as_deref(), Some("2"));

    let key = SealingKey::generate().unwrap();
    let first = SecretString::from("hunter2");
    store.put_sealed_setting("key", &first, &key, true).await.unwrap();
    store
        .put_sealed_setting("key", &"other".into(), &key, true)
        .await
        .unwrap();
    let found = store.find_sealed_setting("key", &key).await.unwrap().unwrap();
    assert_eq!(found.expose_secret(), "hunter2");
    assert!(
        !store
            .find_setting("key")
            .await
            .unwrap()
            .unwrap()
            .contains("hunter2")
    );
    store
        .put_sealed_setting("key", &"other".into(), &key, false)
        .await
        .unwrap();
    let found = store.find_sealed_setting("key", &key).await.unwrap().unwrap();
    assert_eq!(found.expose_secret(), "other");

    let wrong = SealingKey::generate().unwrap();
    let error = store.find_sealed_setting("key", &wrong).await.unwrap_err();
    assert_eq!(error.code(), "TW-KEY-SETTING");
    // What is copied to another name does not open there.
    let sealed = store.find_setting("key").await.unwrap().unwrap();
    store.put_setting("copy", &sealed).await.unwrap();
    assert!(store.find_sealed_setting("copy", &key).await.is_err());
    assert!(
        store
            .find_sealed_setting("nothing", &key)
            .await
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_token_without_end_does_not_expire() {
    let token = ApiToken {
        id: ApiTokenId::new(at(0)),
        name: "ci".to_owned(),
        role: Role::Viewer,
        ending: String::new(),
        made_by_id: None,
        made_by: None,
        created_at: at(0),
        expires_at: None,
        last_used_at: None,
    };
    assert!(!token.is_expired(at(0) + TimeDelta::days(10_000)));
    let ending = ApiToken {
        expires_at: Some(at(5)),
        ..token
    };
    assert!(!ending.is_expired(at(4)));
    assert!(ending.is_expired(at(5)));
}
