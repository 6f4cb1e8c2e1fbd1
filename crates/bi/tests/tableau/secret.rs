//! Secrets appear nowhere: not in logs at any level, not in errors, not in debug output.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tailwater_bi::{Connector, NoProgress};
use tailwater_core::diagnostic::Diagnostic;
use tracing_subscriber::fmt::MakeWriter;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::connected_app::{APP_SECRET, app, app_settings, site};
use crate::support::{TOKEN_SECRET, connect_with, fetch, settings, start};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

fn capture() -> (Captured, tracing::subscriber::DefaultGuard) {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    (captured, tracing::subscriber::set_default(subscriber))
}

const SESSION_TOKEN: &str = "k3-session-9f|5d0c-token-2e";

#[tokio::test]
async fn a_whole_sync_leaves_no_secret_behind() {
    let (captured, _guard) = capture();
    let running = start("[[site.workbook]]\nname = \"A\"\nproject = \"P\"\n").await;
    running.set_switches(|switches| switches.server_error_times = 1);
    let settings = settings(running.base_url(), "acme", "tailwater", TOKEN_SECRET);
    let mut shown = vec![format!("{settings:?}")];
    let connector = connect_with(settings);
    fetch(&connector).await.unwrap();
    let checks = connector.check(&NoProgress).await;
    running.end_sessions();
    fetch(&connector).await.unwrap();
    shown.push(format!(
        "{connector:?}{connector:#?}{}",
        serde_json::to_string(&checks).unwrap()
    ));
    connector.sign_out().await;
    let logged = captured.text();
    assert!(logged.contains("signing in again"), "the log was not captured");
    for text in shown.iter().chain([&logged]) {
        assert!(!text.contains(TOKEN_SECRET), "the token's secret was shown");
    }
}

#[tokio::test]
async fn session_tokens_and_echoed_secrets_are_not_shown() {
    let (captured, _guard) = capture();
    let server = MockServer::start().await;
    let info = r#"<tsResponse xmlns="http://tableau.com/api"><serverInfo><restApiVersion>3.25</restApiVersion></serverInfo></tsResponse>"#;
    Mock::given(path("/api/2.4/serverinfo"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(info, "application/xml"))
        .mount(&server)
        .await;
    let credentials =
        json!({"credentials": {"token": SESSION_TOKEN, "site": {"id": "5d0c"}, "user": {"id": "7a11"}}});
    Mock::given(path("/api/3.25/auth/signin"))
        .respond_with(ResponseTemplate::new(200).set_body_json(credentials))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    // A later sign-in is refused with the secret sent back.
    let echo = json!({"error": {"code": "401001", "summary": "Signin Error", "detail": format!("bad secret {TOKEN_SECRET}")}});
    Mock::given(path("/api/3.25/auth/signin"))
        .respond_with(ResponseTemplate::new(401).set_body_json(echo))
        .mount(&server)
        .await;
    let connector = connect_with(settings(&server.uri(), "acme", "tailwater", TOKEN_SECRET));
    let mut shown = Vec::new();
    // No list is answered: the session lives, the call fails.
    let error = fetch(&connector).await.unwrap_err();
    shown.push(format!("{error} {error:?} {:?} {connector:?}", error.hint()));
    connector.sign_out().await;
    let error = fetch(&connector).await.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-SIGN-IN");
    shown.push(format!("{error} {error:?} {:?} {connector:?}", error.hint()));
    let sent = server.received_requests().await.unwrap();
    let got_token = |request: &wiremock::Request| {
        let token = request.headers.get("x-tableau-auth");
        token.is_some_and(|token| token.as_bytes() == SESSION_TOKEN.as_bytes())
    };
    assert!(sent.iter().any(got_token), "the session's token was not sent");
    assert!(
        sent.iter()
            .all(|request| !request.url.as_str().contains(TOKEN_SECRET))
    );
    let logged = captured.text();
    assert!(!logged.is_empty());
    for text in shown.iter().chain([&logged]) {
        assert!(!text.contains(TOKEN_SECRET), "the token's secret was shown");
        assert!(!text.contains(SESSION_TOKEN), "the session's token was shown");
    }
}

#[tokio::test]
async fn a_connected_apps_secret_and_what_it_signs_are_not_shown() {
    let (captured, _guard) = capture();
    let running = site("", "", "").await;
    running.set_switches(|switches| switches.server_error_times = 1);
    let settings = app_settings(running.base_url(), app(), APP_SECRET);
    let mut shown = vec![format!("{settings:?}")];
    let connector = connect_with(settings);
    fetch(&connector).await.unwrap();
    running.end_sessions();
    let checks = connector.check(&NoProgress).await;
    shown.push(format!(
        "{connector:?}{connector:#?}{}",
        serde_json::to_string(&checks).unwrap()
    ));
    connector.sign_out().await;
    let logged = captured.text();
    assert!(logged.contains("signing in again"), "the log was not captured");
    for text in shown.iter().chain([&logged]) {
        assert!(!text.contains(APP_SECRET), "the app's secret was shown");
        assert!(!text.contains("eyJ"), "what was signed was shown: {text}");
    }
}

#[tokio::test]
async fn what_was_signed_is_not_shown_when_the_server_sends_it_back() {
    let (captured, _guard) = capture();
    let server = MockServer::start().await;
    let info = r#"<tsResponse xmlns="http://tableau.com/api"><serverInfo><restApiVersion>3.25</restApiVersion></serverInfo></tsResponse>"#;
    Mock::given(path("/api/2.4/serverinfo"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(info, "application/xml"))
        .mount(&server)
        .await;
    let echo = |request: &wiremock::Request| {
        let body: serde_json::Value = request.body_json().unwrap();
        let signed = body["credentials"]["jwt"].as_str().unwrap();
        let detail = format!("cannot take {signed} signed with {APP_SECRET} (10084)");
        ResponseTemplate::new(401)
            .set_body_json(json!({"error": {"code": "401001", "summary": "Signin Error", "detail": detail}}))
    };
    Mock::given(path("/api/3.25/auth/signin"))
        .respond_with(echo)
        .mount(&server)
        .await;
    let connector = connect_with(app_settings(&server.uri(), app(), APP_SECRET));
    let error = fetch(&connector).await.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-SIGN-IN");
    let shown = format!(
        "{error} {error:?} {:?} {connector:?} {}",
        error.hint(),
        captured.text()
    );
    assert!(!shown.contains(APP_SECRET) && !shown.contains("eyJ"), "{shown}");
}
