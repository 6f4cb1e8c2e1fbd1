//! A connected app in place of a token: signing in, clocks, sessions, scopes, refusals.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tailwater_bi::{
    CheckState, Connector, Credential, Error, NoProgress, TableauConnector, TableauSettings, tableau,
};
use tailwater_core::clock::FixedClock;
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_tableau_sim::Running;

use crate::support::{HEAD, fetch, settings, start_file};

pub const APP_SECRET: &str = "app-secret-51ce9d0b";

const WORKBOOK: &str = "[[site.workbook]]\nname = \"A\"\nproject = \"P\"\n";

pub fn app() -> ConnectedApp {
    ConnectedApp {
        client_id: "client-7d".to_owned(),
        secret_id: "secret-id-2b".to_owned(),
        user: "ada@acme.example".to_owned(),
    }
}

/// A site with a connected app; `more` is said of the app, `rest` of the site.
pub async fn site(server: &str, more: &str, rest: &str) -> Running {
    let app = format!(
        "[[site.connected_app]]\nclient_id = \"client-7d\"\nsecret_id = \"secret-id-2b\"\nsecret = \"{APP_SECRET}\"\n{more}\n"
    );
    start_file(&format!("[server]\n{server}\n{HEAD}\n{app}\n{WORKBOOK}\n{rest}")).await
}

pub fn app_settings(server: &str, app: ConnectedApp, secret: &str) -> TableauSettings {
    let mut settings = settings(server, "acme", "", "");
    settings.credential = Credential::new(CredentialName::ConnectedApp(app), SecretString::from(secret));
    settings
}

fn connect_at(settings: TableauSettings, now: DateTime<Utc>) -> TableauConnector {
    tableau(settings, Arc::new(FixedClock(now))).expect("the settings are right")
}

/// A connector whose clock shows what the simulator's does.
fn connect(running: &Running) -> TableauConnector {
    connect_at(
        app_settings(running.base_url(), app(), APP_SECRET),
        running.clock().now(),
    )
}

async fn refused(running: &Running, app: ConnectedApp, secret: &str) -> Error {
    let connector = connect_at(
        app_settings(running.base_url(), app, secret),
        running.clock().now(),
    );
    fetch(&connector).await.expect_err("the sign-in is refused")
}

#[tokio::test]
async fn a_site_is_read_and_left_signed_out() {
    let running = site("", "", "").await;
    let connector = connect(&running);
    let inventory = fetch(&connector).await.unwrap();
    assert_eq!(inventory.assets.len(), 1);
    assert_eq!(running.count("/auth/signin"), 1);
    assert_eq!(connector.token_expires_at().await, None);
    connector.sign_out().await;
    assert_eq!(running.session_count(), 0);
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_hours_is_no_matter() {
    let running = site("", "", "").await;
    for hours in [-30, -1, 1, 30] {
        let wrong = running.clock().now() + TimeDelta::hours(hours);
        let connector = connect_at(app_settings(running.base_url(), app(), APP_SECRET), wrong);
        assert_eq!(fetch(&connector).await.unwrap().assets.len(), 1, "{hours} hours");
    }
}

#[tokio::test]
async fn each_attempt_signs_anew() {
    let running = site("", "", "").await;
    // The answer to the first sign-in is lost after Tableau has taken it; the same text is not taken twice.
    let connector = connect(&running);
    connector.check(&NoProgress).await;
    connector.sign_out().await;
    running.clear_requests();
    running.set_switches(|switches| switches.cut_answer_times = 1);
    let inventory = fetch(&connector).await.unwrap();
    assert_eq!((inventory.assets.len(), running.count("/auth/signin")), (1, 2));
}

#[tokio::test]
async fn sessions_stand_side_by_side_and_end_without_harm() {
    let running = site("", "", "").await;
    let connectors = [connect(&running), connect(&running), connect(&running)];
    for connector in &connectors {
        fetch(connector).await.unwrap();
    }
    assert_eq!(running.session_count(), 3);
    running.end_sessions();
    for connector in &connectors {
        fetch(connector).await.unwrap();
    }
    assert_eq!(running.session_count(), 3);
}

#[tokio::test]
async fn sessions_that_end_again_and_again_are_told_as_such() {
    let running = site("", "", "").await;
    let connector = connect(&running);
    for _ in 0..4 {
        fetch(&connector).await.unwrap();
        running.end_sessions();
    }
    let error = fetch(&connector).await.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-SESSION-STOLEN");
    assert!(
        error
            .to_string()
            .contains("before its time with connected app \"client-7d\" as \"ada@acme.example\""),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("taken back"), "{error}");
}

#[tokio::test]
async fn reading_asks_for_what_reads_and_refreshing_for_more() {
    let running = site(
        "",
        "scopes = [\"tableau:content:read\", \"tableau:users:read\"]",
        EXTRACT,
    )
    .await;
    let connector = connect(&running);
    fetch(&connector).await.unwrap();
    assert_eq!(running.count("/auth/signin"), 1);
    let refresher = connector.refresher().unwrap();
    let error = refresher.fetch_job("0f").await.unwrap();
    let tailwater_bi::JobAnswer::Hidden { message } = error else {
        panic!("{error:?}");
    };
    assert!(message.contains("tableau:jobs:read"), "{message}");
    // Once for the wider scopes, once to see whether the session had only ended.
    assert_eq!(running.count("/auth/signin"), 3);
    refresher.fetch_job("0f").await.unwrap();
    assert_eq!(running.count("/auth/signin"), 3, "what was refused is remembered");
    fetch(&connector).await.unwrap();
    connector.sign_out().await;
    assert_eq!(
        running.session_count(),
        1,
        "the session that was taken for dead ends by itself"
    );
}

const EXTRACT: &str = "[[site.workbook]]\nname = \"B\"\nproject = \"P\"\n\
    datasources = [{ connection = \"warehouse\", tables = [\"MARTS.ORDERS\"], extract = true }]\n";

#[tokio::test]
async fn a_scope_that_is_missing_is_named() {
    let running = site("", "scopes = [\"tableau:users:read\"]", "").await;
    let error = fetch(&connect(&running)).await.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-SCOPE");
    assert!(error.to_string().contains("tableau:content:read"), "{error}");
    assert!(error.hint().unwrap().contains("tableau:content:read"));
}

#[tokio::test]
async fn owners_that_may_not_be_looked_up_are_only_noted() {
    let running = site("", "scopes = [\"tableau:content:read\"]", "").await;
    let connector = connect(&running);
    let inventory = fetch(&connector).await.unwrap();
    assert_eq!(inventory.assets.len(), 1);
    let checks = connector.check(&NoProgress).await;
    let role = checks.iter().find(|check| check.name == "role").unwrap();
    assert_eq!(role.state, CheckState::Warning);
    assert!(role.detail.contains("tableau:users:read"), "{}", role.detail);
}

#[tokio::test]
async fn a_check_says_as_whom_and_what_does_not_end() {
    let running = site("", "", "").await;
    let checks = connect(&running).check(&NoProgress).await;
    let line = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
    assert!(
        line("sign-in")
            .detail
            .contains("connected app \"client-7d\" as \"ada@acme.example\"")
    );
    assert!(line("token-expiry").detail.contains("no end date"));
    assert!(
        checks.iter().all(|check| check.state == CheckState::Ok),
        "{checks:#?}"
    );
}

#[tokio::test]
async fn cloud_says_why_and_the_hint_says_what_to_do() {
    let running = site("hosting = \"cloud\"", "users = [\"ada@acme.example\"]", "").await;
    let wrong = |change: fn(&mut ConnectedApp)| {
        let mut app = app();
        change(&mut app);
        app
    };
    for (app, secret, words) in [
        (
            wrong(|app| app.client_id = "x".to_owned()),
            APP_SECRET,
            "no connected app with that client id",
        ),
        (
            wrong(|app| app.secret_id = "x".to_owned()),
            APP_SECRET,
            "no secret with that id",
        ),
        (app(), "wrong", "the secret's value"),
        (
            wrong(|app| app.user = "nobody".to_owned()),
            APP_SECRET,
            "no user of that name",
        ),
        (
            wrong(|app| app.user = "vera".to_owned()),
            APP_SECRET,
            "no user of that name",
        ),
    ] {
        let error = refused(&running, app.clone(), secret).await;
        assert_eq!(error.code(), "TW-TABLEAU-SIGN-IN");
        let hint = error.hint().unwrap();
        assert!(hint.contains(words), "{error}: {hint}");
        assert!(
            error
                .to_string()
                .contains(&format!("connected app {:?}", app.client_id)),
            "{error}"
        );
    }
    // Nobody is locked out by repeats.
    assert_eq!(running.count("/auth/signin"), 5);
}

#[tokio::test]
async fn a_server_says_nothing_and_the_hint_names_all_that_may_be_wrong() {
    let running = site("", "enabled = false", "").await;
    let hint = refused(&running, app(), APP_SECRET).await.hint().unwrap();
    for words in [
        "client id",
        "secret's id",
        "enabled",
        "user's name",
        "site",
        "clocks",
    ] {
        assert!(hint.contains(words), "{hint}");
    }
}

#[tokio::test]
async fn a_server_before_connected_apps_is_too_old() {
    let running = site("rest_version = \"3.16\"", "", "").await;
    let error = refused(&running, app(), APP_SECRET).await;
    assert_eq!(error.code(), "TW-TABLEAU-TOO-OLD");
    assert!(
        error
            .to_string()
            .contains("speaks REST API 3.16; connected apps need 3.17"),
        "{error}"
    );
    let running = site("rest_version = \"3.17\"", "", "").await;
    assert_eq!(fetch(&connect(&running)).await.unwrap().assets.len(), 1);
}
