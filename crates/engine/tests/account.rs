//! Signing in, roles, tokens, one-time links and tiles, as the pages and the command line use them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tailwater_core::clock::Clock;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_engine::account::{
    Actor, AuditEvent, AuditQuery, Client, LinkPurpose, NewApiToken, NewUser, Permission, Role, User,
};
use tailwater_engine::settings::Settings;
use tailwater_engine::workspace::{Options, Workspace};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery";

#[derive(Debug)]
struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    fn advance(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// A workspace whose state is in a directory of its own.
struct Bench {
    workspace: Workspace,
    clock: Arc<TestClock>,
    directory: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let clock = Arc::new(TestClock(Mutex::new(
            Utc.with_ymd_and_hms(2026, 1, 15, 6, 0, 0).unwrap(),
        )));
        let directory = TempDir::new().unwrap();
        let workspace = open(&directory, &clock).await;
        Self {
            workspace,
            clock,
            directory,
        }
    }

    async fn with_user(name: &str, role: Role) -> (Self, User) {
        let bench = Self::new().await;
        bench.add("root", Role::Admin).await;
        let user = bench.add(name, role).await;
        (bench, user)
    }

    async fn add(&self, name: &str, role: Role) -> User {
        self.workspace
            .add_user(new_user(name, role), &Actor::CommandLine)
            .await
            .unwrap()
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<SecretString, &'static str> {
        let (password, client) = (SecretString::from(password), Client::default());
        match self.workspace.sign_in(name, &password, &client).await {
            Ok(new) => Ok(new.secret),
            Err(error) => Err(error.code()),
        }
    }

    async fn actions(&self) -> Vec<String> {
        let page = self.workspace.audit_log(AuditQuery::default()).await.unwrap();
        page.entries
            .into_iter()
            .rev()
            .map(|entry| {
                format!(
                    "{}: {} {} {}",
                    entry.actor.title(),
                    entry.action,
                    entry.subject,
                    entry.detail
                )
            })
            .collect()
    }
}

async fn open(directory: &TempDir, clock: &Arc<TestClock>) -> Workspace {
    let clock: Arc<dyn Clock> = clock.clone();
    Workspace::open(Options {
        root: Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap(),
        settings: Settings::default(),
        key: None,
        clock,
    })
    .await
    .unwrap()
}

fn new_user(name: &str, role: Role) -> NewUser {
    NewUser {
        name: name.to_owned(),
        display_name: None,
        email: None,
        password: PASSWORD.into(),
        role,
    }
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_told_alike() {
    let (bench, ada) = Bench::with_user("Ada", Role::Viewer).await;
    assert_eq!(
        bench.sign_in("ada", "wrong password").await.unwrap_err(),
        "TW-AUTH-SIGN-IN"
    );
    assert_eq!(
        bench.sign_in("nobody", PASSWORD).await.unwrap_err(),
        "TW-AUTH-SIGN-IN"
    );
    assert_eq!(bench.sign_in("", "").await.unwrap_err(), "TW-AUTH-SIGN-IN");
    let secret = bench.sign_in(" ADA ", PASSWORD).await.unwrap();
    let session = bench
        .workspace
        .find_session(secret.expose_secret())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(session.user.id, ada.id);
    assert!(session.user.last_signed_in_at.is_some());

    bench
        .workspace
        .set_user_disabled("ada", true, &Actor::CommandLine)
        .await
        .unwrap();
    assert_eq!(
        bench.sign_in("ada", PASSWORD).await.unwrap_err(),
        "TW-AUTH-DISABLED"
    );
    // Who does not know the password does not learn that the account is disabled.
    assert_eq!(
        bench.sign_in("ada", "wrong password").await.unwrap_err(),
        "TW-AUTH-SIGN-IN"
    );
    assert!(
        bench
            .workspace
            .find_session(secret.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn guessing_is_slowed_down_also_for_names_that_do_not_exist() {
    let bench = Bench::new().await;
    for name in ["ada", "nobody"] {
        if name == "ada" {
            bench.add(name, Role::Viewer).await;
        }
        for _ in 0..6 {
            assert_eq!(
                bench.sign_in(name, "wrong password").await.unwrap_err(),
                "TW-AUTH-SIGN-IN"
            );
        }
        let error = bench
            .workspace
            .sign_in(name, &PASSWORD.into(), &Client::default())
            .await
            .unwrap_err();
        assert_eq!(error.code(), "TW-AUTH-TOO-MANY");
        assert!(error.to_string().ends_with("try again in 20 s"), "{error}");
    }
    bench.clock.advance(TimeDelta::seconds(20));
    assert!(bench.sign_in("ada", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_session_lives_while_it_is_used_and_not_for_ever() {
    let (bench, _) = Bench::with_user("ada", Role::Viewer).await;
    let secret = bench.sign_in("ada", PASSWORD).await.unwrap();
    let other = bench.sign_in("ada", PASSWORD).await.unwrap();
    assert_ne!(
        secret.expose_secret(),
        other.expose_secret(),
        "each sign-in is a new session"
    );
    let find = async |secret: &SecretString| {
        bench
            .workspace
            .find_session(secret.expose_secret())
            .await
            .unwrap()
    };
    let first = find(&secret).await.unwrap();
    for _ in 0..6 {
        bench.clock.advance(TimeDelta::days(13));
        let session = find(&secret).await.unwrap();
        assert_eq!(session.csrf_token, first.csrf_token);
    }
    assert!(find(&other).await.is_none(), "it was not used");
    // 78 days have passed: the session ends at 90, used or not.
    bench.clock.advance(TimeDelta::days(11));
    let session = find(&secret).await.unwrap();
    assert_eq!(session.expires_at, first.created_at + TimeDelta::days(90));
    bench.clock.advance(TimeDelta::days(1));
    assert!(find(&secret).await.is_none());
    for nothing in ["", "x", &"x".repeat(1_000), "\0"] {
        assert!(bench.workspace.find_session(nothing).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn the_use_of_a_session_is_written_once_a_minute() {
    let (bench, ada) = Bench::with_user("ada", Role::Viewer).await;
    let secret = bench.sign_in("ada", PASSWORD).await.unwrap();
    let last_seen = async || bench.workspace.sessions_of(ada.id).await.unwrap()[0].last_seen_at;
    let begun = last_seen().await;
    bench.clock.advance(TimeDelta::seconds(59));
    bench
        .workspace
        .find_session(secret.expose_secret())
        .await
        .unwrap();
    assert_eq!(last_seen().await, begun);
    bench.clock.advance(TimeDelta::seconds(1));
    bench
        .workspace
        .find_session(secret.expose_secret())
        .await
        .unwrap();
    assert_eq!(last_seen().await, begun + TimeDelta::seconds(60));
}

#[tokio::test]
async fn nothing_secret_is_shown_or_stored() {
    let (bench, _) = Bench::with_user("ada", Role::Admin).await;
    let signed_in = bench
        .workspace
        .sign_in("ada", &PASSWORD.into(), &Client::default())
        .await
        .unwrap();
    let debug = format!(
        "{signed_in:?} {:?} {:?}",
        new_user("x", Role::Viewer),
        bench.workspace
    );
    let actor = signed_in.session.user.to_actor();
    let new = NewApiToken {
        name: "ci".to_owned(),
        role: Role::Viewer,
        expires_at: None,
    };
    let (token, _) = bench.workspace.create_api_token(new, &actor).await.unwrap();
    let link = bench.workspace.invite_link(Role::Viewer, &actor).await.unwrap();
    let tile = bench
        .workspace
        .sign_tile(&"exposure.shop.weekly".into())
        .await
        .unwrap();
    let file = bench.directory.path().join(".tailwater");
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(file).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let stored = String::from_utf8_lossy(&stored);
    assert!(stored.contains("session.begin"), "the store is looked at");
    let secrets = [
        PASSWORD,
        signed_in.secret.expose_secret(),
        &signed_in.session.csrf_token,
        token.expose_secret(),
        link.expose_secret(),
        &tile,
    ];
    for secret in secrets {
        assert!(!stored.contains(secret), "{secret} is stored");
    }
    assert!(
        !debug.contains(PASSWORD) && !debug.contains(signed_in.secret.expose_secret()),
        "{debug}"
    );
}

#[rstest]
#[case(Role::Viewer)]
#[case(Role::Operator)]
#[tokio::test]
async fn only_admins_manage_users(#[case] role: Role) {
    let (bench, user) = Bench::with_user("ada", role).await;
    let (workspace, actor) = (&bench.workspace, user.to_actor());
    let before = bench.actions().await;
    let codes = [
        workspace
            .add_user(new_user("eve", Role::Viewer), &actor)
            .await
            .unwrap_err(),
        workspace
            .set_user_role("ada", Role::Admin, &actor)
            .await
            .unwrap_err(),
        workspace
            .set_user_disabled("root", true, &actor)
            .await
            .unwrap_err(),
        workspace
            .set_user_password("root", &PASSWORD.into(), &actor)
            .await
            .unwrap_err(),
        workspace
            .set_user_profile("root", None, None, &actor)
            .await
            .unwrap_err(),
        workspace.remove_user("root", &actor).await.unwrap_err(),
        workspace.invite_link(Role::Viewer, &actor).await.unwrap_err(),
        workspace.reset_link("root", &actor).await.unwrap_err(),
        workspace.renew_tile_key(&actor).await.unwrap_err(),
    ];
    for error in codes {
        assert_eq!(error.code(), "TW-AUTH-ROLE");
    }
    assert_eq!(bench.actions().await, before);
    // Of themselves they may tell what they are called.
    let changed = workspace
        .set_user_profile("ada", Some("Ada"), None, &actor)
        .await
        .unwrap();
    assert_eq!(changed.title(), "Ada");
    assert!(actor.require(role).is_ok());
}

#[tokio::test]
async fn ones_own_password_needs_the_present_one_and_ends_other_sessions() {
    let (bench, ada) = Bench::with_user("ada", Role::Viewer).await;
    let workspace = &bench.workspace;
    let here = bench.sign_in("ada", PASSWORD).await.unwrap();
    let elsewhere = bench.sign_in("ada", PASSWORD).await.unwrap();
    let session = workspace
        .find_session(here.expose_secret())
        .await
        .unwrap()
        .unwrap();
    let new = SecretString::from("another good password");
    let change = async |present: &str, new: &SecretString| {
        workspace
            .change_own_password(&session, &present.into(), new)
            .await
    };
    assert_eq!(
        change("wrong", &new).await.unwrap_err().code(),
        "TW-ACCOUNT-PRESENT-PASSWORD"
    );
    assert_eq!(
        change(PASSWORD, &"short".into()).await.unwrap_err().code(),
        "TW-ACCOUNT-PASSWORD"
    );
    change(PASSWORD, &new).await.unwrap();
    assert!(
        workspace
            .find_session(here.expose_secret())
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        workspace
            .find_session(elsewhere.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(workspace.sessions_of(ada.id).await.unwrap().len(), 1);
    bench.clock.advance(TimeDelta::minutes(2));
    assert_eq!(
        bench.sign_in("ada", PASSWORD).await.unwrap_err(),
        "TW-AUTH-SIGN-IN"
    );
    assert!(bench.sign_in("ada", new.expose_secret()).await.is_ok());

    // An admin's change ends them all.
    workspace
        .set_user_password("ada", &PASSWORD.into(), &Actor::CommandLine)
        .await
        .unwrap();
    assert_eq!(workspace.sessions_of(ada.id).await.unwrap(), []);
}

#[tokio::test]
async fn sessions_are_ended_by_their_owner() {
    let (bench, ada) = Bench::with_user("ada", Role::Viewer).await;
    let workspace = &bench.workspace;
    let root = workspace.find_user("root").await.unwrap().unwrap();
    let secret = bench.sign_in("ada", PASSWORD).await.unwrap();
    let session = workspace
        .find_session(secret.expose_secret())
        .await
        .unwrap()
        .unwrap();
    assert!(!workspace.end_session(&root, session.id).await.unwrap());
    let error = workspace
        .end_sessions_of(&root, None, &ada.to_actor())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-AUTH-ROLE");
    assert!(workspace.end_session(&ada, session.id).await.unwrap());
    assert!(
        workspace
            .find_session(secret.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
    bench.sign_in("ada", PASSWORD).await.unwrap();
    assert_eq!(
        workspace
            .end_sessions_of(&ada, None, &root.to_actor())
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn the_set_up_link_makes_the_first_admin_once() {
    let bench = Bench::new().await;
    let workspace = &bench.workspace;
    let first = workspace.one_time_link().await.unwrap().unwrap();
    let second = workspace.one_time_link().await.unwrap().unwrap();
    assert!(
        workspace
            .find_one_time_link(first.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
    let link = workspace
        .find_one_time_link(second.expose_secret())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(link.purpose, LinkPurpose::SetUp);

    let redeem = async |secret: &SecretString, new: NewUser| {
        workspace
            .redeem_one_time_link(secret.expose_secret(), new, &Client::default())
            .await
    };
    let weak = NewUser {
        password: "short".into(),
        ..new_user("ada", Role::Viewer)
    };
    assert_eq!(
        redeem(&second, weak).await.unwrap_err().code(),
        "TW-ACCOUNT-PASSWORD"
    );
    // The link's role counts, not the one that is asked for.
    let signed_in = redeem(&second, new_user("ada", Role::Viewer)).await.unwrap();
    assert_eq!(signed_in.session.user.role, Role::Admin);
    let found = workspace
        .find_session(signed_in.secret.expose_secret())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.user.name, "ada");
    assert_eq!(
        redeem(&second, new_user("eve", Role::Admin))
            .await
            .unwrap_err()
            .code(),
        "TW-ACCOUNT-LINK"
    );
    assert!(workspace.one_time_link().await.unwrap().is_none());
}

#[tokio::test]
async fn a_set_up_link_is_void_once_there_is_a_user_and_after_a_day() {
    let bench = Bench::new().await;
    let workspace = &bench.workspace;
    let late = workspace.one_time_link().await.unwrap().unwrap();
    bench.clock.advance(TimeDelta::hours(24));
    assert!(
        workspace
            .find_one_time_link(late.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
    let link = workspace.one_time_link().await.unwrap().unwrap();
    bench.add("ada", Role::Viewer).await;
    assert!(
        workspace
            .find_one_time_link(link.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
    let redeemed = workspace
        .redeem_one_time_link(
            link.expose_secret(),
            new_user("eve", Role::Admin),
            &Client::default(),
        )
        .await;
    assert_eq!(redeemed.unwrap_err().code(), "TW-ACCOUNT-LINK");
}

#[tokio::test]
async fn people_are_invited_and_helped_back_in() {
    let (bench, ada) = Bench::with_user("ada", Role::Admin).await;
    let workspace = &bench.workspace;
    let invite = workspace
        .invite_link(Role::Operator, &ada.to_actor())
        .await
        .unwrap();
    let anybody = Client::default();
    let wrong_use = workspace
        .redeem_reset_link(invite.expose_secret(), &PASSWORD.into(), &anybody)
        .await;
    assert_eq!(wrong_use.unwrap_err().code(), "TW-ACCOUNT-OTHER-LINK");
    let taken = workspace
        .redeem_one_time_link(invite.expose_secret(), new_user("ADA", Role::Admin), &anybody)
        .await;
    assert_eq!(taken.unwrap_err().code(), "TW-ACCOUNT-EXISTS");
    let bob = workspace
        .redeem_one_time_link(invite.expose_secret(), new_user("bob", Role::Admin), &anybody)
        .await
        .unwrap();
    assert_eq!(bob.session.user.role, Role::Operator);

    let reset = workspace.reset_link("Bob", &ada.to_actor()).await.unwrap();
    let new = SecretString::from("another good password");
    let back = workspace
        .redeem_reset_link(reset.expose_secret(), &new, &anybody)
        .await
        .unwrap();
    assert_eq!(back.session.user.name, "bob");
    assert!(
        workspace
            .find_session(bob.secret.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
    assert!(bench.sign_in("bob", new.expose_secret()).await.is_ok());
    let again = workspace
        .redeem_reset_link(reset.expose_secret(), &new, &anybody)
        .await;
    assert_eq!(again.unwrap_err().code(), "TW-ACCOUNT-LINK");

    let reset = workspace.reset_link("bob", &ada.to_actor()).await.unwrap();
    workspace
        .set_user_disabled("bob", true, &ada.to_actor())
        .await
        .unwrap();
    let refused = workspace
        .redeem_reset_link(reset.expose_secret(), &new, &anybody)
        .await;
    assert_eq!(refused.unwrap_err().code(), "TW-AUTH-DISABLED");
}

#[tokio::test]
async fn a_token_signs_a_program_in() {
    let (bench, ada) = Bench::with_user("ada", Role::Operator).await;
    let workspace = &bench.workspace;
    let new = |role, days| NewApiToken {
        name: "ci".to_owned(),
        role,
        expires_at: Some(bench.clock.now() + TimeDelta::days(days)),
    };
    let too_high = workspace
        .create_api_token(new(Role::Admin, 1), &ada.to_actor())
        .await;
    assert_eq!(too_high.unwrap_err().code(), "TW-ACCOUNT-ROLE-TOO-HIGH");
    let passed = workspace
        .create_api_token(new(Role::Viewer, 0), &ada.to_actor())
        .await;
    assert_eq!(passed.unwrap_err().code(), "TW-ACCOUNT-EXPIRY");
    let (text, token) = workspace
        .create_api_token(new(Role::Operator, 30), &ada.to_actor())
        .await
        .unwrap();
    assert!(text.expose_secret().starts_with("twt_"));
    assert!(text.expose_secret().ends_with(&token.ending));
    assert_eq!((token.ending.len(), token.made_by.as_deref()), (4, Some("ada")));

    let find = async |text: &str| workspace.find_api_token(text).await.unwrap();
    let found = find(text.expose_secret()).await.unwrap();
    assert_eq!(found.to_actor().title(), "token ci");
    for other in [
        "",
        "twt_",
        "ci",
        &text.expose_secret()[4..],
        &text.expose_secret()[..40],
    ] {
        assert!(find(other).await.is_none(), "{other}");
    }
    assert_eq!(
        workspace.api_tokens().await.unwrap()[0].last_used_at,
        Some(bench.clock.now())
    );
    let actor = found.to_actor();
    let by_token = workspace.create_api_token(
        NewApiToken {
            name: "more".to_owned(),
            role: Role::Viewer,
            expires_at: None,
        },
        &actor,
    );
    assert_eq!(by_token.await.unwrap_err().code(), "TW-AUTH-NOT-FOR-TOKENS");

    workspace
        .set_user_role("ada", Role::Viewer, &Actor::CommandLine)
        .await
        .unwrap();
    assert_eq!(find(text.expose_secret()).await.unwrap().role, Role::Viewer);
    bench.clock.advance(TimeDelta::days(30));
    assert!(find(text.expose_secret()).await.is_none());
}

#[tokio::test]
async fn tokens_are_revoked_by_their_makers_and_by_admins() {
    let (bench, ada) = Bench::with_user("ada", Role::Viewer).await;
    let workspace = &bench.workspace;
    let eve = bench.add("eve", Role::Operator).await;
    let make = async |name: &str, actor: &Actor| {
        let new = NewApiToken {
            name: name.to_owned(),
            role: Role::Viewer,
            expires_at: None,
        };
        workspace.create_api_token(new, actor).await.unwrap()
    };
    let (text, own) = make("own", &ada.to_actor()).await;
    let (_, of_command) = make("cron", &Actor::CommandLine).await;
    for id in [own.id, of_command.id] {
        let error = workspace.revoke_api_token(id, &eve.to_actor()).await.unwrap_err();
        assert_eq!(error.code(), "TW-AUTH-ROLE");
    }
    workspace.revoke_api_token(own.id, &ada.to_actor()).await.unwrap();
    assert!(
        workspace
            .find_api_token(text.expose_secret())
            .await
            .unwrap()
            .is_none()
    );
    workspace
        .revoke_api_token(of_command.id, &Actor::Local)
        .await
        .unwrap();
    let error = workspace
        .revoke_api_token(own.id, &Actor::Local)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-ACCOUNT-UNKNOWN-TOKEN");
}

#[tokio::test]
async fn every_change_is_in_the_log() {
    let (bench, ada) = Bench::with_user("ada", Role::Admin).await;
    let (workspace, actor) = (&bench.workspace, ada.to_actor());
    bench.sign_in("ada", PASSWORD).await.unwrap();
    workspace
        .add_user(new_user("bob", Role::Viewer), &actor)
        .await
        .unwrap();
    workspace
        .set_user_role("BOB", Role::Operator, &actor)
        .await
        .unwrap();
    workspace.set_user_disabled("bob", true, &actor).await.unwrap();
    workspace.set_user_disabled("bob", false, &actor).await.unwrap();
    workspace
        .set_user_password("bob", &PASSWORD.into(), &actor)
        .await
        .unwrap();
    workspace.reset_link("bob", &actor).await.unwrap();
    workspace.invite_link(Role::Viewer, &actor).await.unwrap();
    let end = bench.clock.now() + TimeDelta::days(1);
    let new = NewApiToken {
        name: "ci".to_owned(),
        role: Role::Viewer,
        expires_at: Some(end),
    };
    let (_, token) = workspace.create_api_token(new, &actor).await.unwrap();
    workspace.revoke_api_token(token.id, &actor).await.unwrap();
    workspace.remove_user("bob", &actor).await.unwrap();
    let event = AuditEvent::new("integration.add", "main", "acme");
    workspace.record_audit(&token.to_actor(), event).await.unwrap();
    assert_eq!(
        bench.actions().await,
        [
            "command line: user.add root role admin",
            "command line: user.add ada role admin",
            "ada: session.begin ada ",
            "ada: user.add bob role viewer",
            "ada: user.role bob from viewer to operator",
            "ada: user.disable bob ",
            "ada: user.enable bob ",
            "ada: user.password bob ",
            "ada: link.reset bob ",
            "ada: link.invite  role viewer",
            "ada: token.create ci role viewer, until 2026-01-16",
            "ada: token.revoke ci ",
            "ada: user.remove bob role operator",
            "token ci: integration.add main acme",
        ]
    );
}

#[tokio::test]
async fn a_tile_is_signed_for_one_exposure() {
    let bench = Bench::new().await;
    let (weekly, daily) = ("exposure.shop.weekly".into(), "exposure.shop.daily".into());
    let signature = bench.workspace.sign_tile(&weekly).await.unwrap();
    assert!(
        bench
            .workspace
            .is_tile_signature(&weekly, &signature)
            .await
            .unwrap()
    );
    assert!(
        !bench
            .workspace
            .is_tile_signature(&daily, &signature)
            .await
            .unwrap()
    );
    for wrong in [
        "",
        "x",
        "é",
        &signature[..42],
        &format!("{signature}A"),
        &"A".repeat(43),
    ] {
        assert!(
            !bench.workspace.is_tile_signature(&weekly, wrong).await.unwrap(),
            "{wrong}"
        );
    }
    // Another process on the same store signs alike.
    let again = open(&bench.directory, &bench.clock).await;
    assert_eq!(again.sign_tile(&weekly).await.unwrap(), signature);
    bench.workspace.renew_tile_key(&Actor::CommandLine).await.unwrap();
    assert!(
        !bench
            .workspace
            .is_tile_signature(&weekly, &signature)
            .await
            .unwrap()
    );
    let again = open(&bench.directory, &bench.clock).await;
    assert_eq!(
        again.sign_tile(&weekly).await.unwrap(),
        bench.workspace.sign_tile(&weekly).await.unwrap()
    );
}
