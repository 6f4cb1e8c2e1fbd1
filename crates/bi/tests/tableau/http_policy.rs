//! The one policy for outgoing calls, against a server that answers as told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use reqwest::header::HeaderValue;
use tailwater_bi::Error;
use tailwater_bi::http::{Call, HttpClient, HttpSettings};
use tailwater_core::clock::FixedClock;
use tailwater_core::diagnostic::Diagnostic;
use url::Url;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 4, 5, 6, 7).unwrap()
}

fn client_with(change: impl FnOnce(&mut HttpSettings)) -> HttpClient {
    let mut settings = HttpSettings::default();
    settings.limits.backoff.first = Duration::from_millis(1);
    settings.limits.calls_per_second = std::num::NonZeroU32::MAX;
    change(&mut settings);
    HttpClient::new(settings, Arc::new(FixedClock(now()))).unwrap()
}

fn client() -> HttpClient {
    client_with(|_| {})
}

fn get(server: &MockServer, at: &str) -> Call {
    Call::get("Test", Url::parse(&format!("{}{at}", server.uri())).unwrap())
}

fn post(server: &MockServer, at: &str) -> Call {
    let url = Url::parse(&format!("{}{at}", server.uri())).unwrap();
    Call::post("Test", url, "application/json", "{}".to_owned())
}

async fn answering(templates: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let last = templates.len() - 1;
    for (at, template) in templates.into_iter().enumerate() {
        let mock = Mock::given(path("/a")).respond_with(template);
        let mock = if at == last { mock } else { mock.up_to_n_times(1) };
        mock.mount(&server).await;
    }
    server
}

async fn calls(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn repeatable_calls_are_repeated_after_passing_failures() {
    for status in [408, 429, 500, 502, 503, 504] {
        let server = answering(vec![ResponseTemplate::new(status), ResponseTemplate::new(200)]).await;
        let answer = client().send_with_policy(&get(&server, "/a")).await.unwrap();
        assert_eq!((answer.status, calls(&server).await), (200, 2), "{status}");
    }
}

#[tokio::test]
async fn final_answers_are_not_repeated() {
    for status in [200, 204, 400, 401, 403, 404, 409, 501] {
        let server = answering(vec![ResponseTemplate::new(status)]).await;
        let answer = client().send_with_policy(&get(&server, "/a")).await.unwrap();
        assert_eq!((answer.status, calls(&server).await), (status, 1));
    }
}

#[tokio::test]
async fn calls_that_change_something_are_never_repeated() {
    let server = answering(vec![ResponseTemplate::new(503)]).await;
    let answer = client().send_with_policy(&post(&server, "/a")).await.unwrap();
    assert_eq!((answer.status, calls(&server).await), (503, 1));
    let answer = client()
        .send_with_policy(&post(&server, "/a").repeatable())
        .await
        .unwrap();
    assert_eq!((answer.status, calls(&server).await), (503, 5));
}

#[tokio::test]
async fn a_wait_longer_than_allowed_fails_at_once_and_names_it() {
    for after in ["3600", "Wed, 04 Mar 2026 06:06:07 GMT"] {
        let template = ResponseTemplate::new(429)
            .insert_header("retry-after", after)
            .insert_header("date", "Wed, 04 Mar 2026 05:06:07 GMT");
        let server = answering(vec![template]).await;
        let error = client().send_with_policy(&get(&server, "/a")).await.unwrap_err();
        assert_eq!(error.code(), "TW-HTTP-THROTTLED");
        assert!(error.to_string().contains("wait 3600 s"), "{error}");
        assert_eq!(calls(&server).await, 1);
    }
}

#[tokio::test]
async fn a_wait_that_stands_in_words_alone_is_heard() {
    let told = |text: &str| ResponseTemplate::new(429).set_body_raw(text.to_owned(), "application/json");
    let cloud = r#"{"error":{"code":"429000","detail":"Too many requests. Please retry after 29 minutes."}}"#;
    let server = answering(vec![told(cloud)]).await;
    let error = client().send_with_policy(&get(&server, "/a")).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-THROTTLED");
    assert!(error.to_string().contains("wait 1740 s"), "{error}");
    assert_eq!(calls(&server).await, 1);

    let server = answering(vec![
        told("Please retry after 1 second."),
        ResponseTemplate::new(200),
    ])
    .await;
    let started = std::time::Instant::now();
    let answer = client().send_with_policy(&get(&server, "/a")).await.unwrap();
    assert_eq!((answer.status, calls(&server).await), (200, 2));
    assert!(started.elapsed() >= Duration::from_secs(1));
    // Words of another answer are not for us.
    let server = answering(vec![
        ResponseTemplate::new(503).set_body_string("retry after 29 minutes"),
        ResponseTemplate::new(200),
    ])
    .await;
    assert!(client().send_with_policy(&get(&server, "/a")).await.is_ok());
}

#[tokio::test]
async fn a_short_wait_is_waited_for() {
    let template = ResponseTemplate::new(503).insert_header("retry-after", "1");
    let server = answering(vec![template, ResponseTemplate::new(200)]).await;
    let started = std::time::Instant::now();
    client().send_with_policy(&get(&server, "/a")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_host_only() {
    let server = MockServer::start().await;
    let to = |status: u16, target: &str| ResponseTemplate::new(status).insert_header("location", target);
    let routes = [
        ("/moved", to(301, "/end")),
        ("/elsewhere", to(302, "https://sign-in.example/?next=secret")),
        ("/circle", to(307, "/circle")),
        ("/end", ResponseTemplate::new(200)),
    ];
    for (from, template) in routes {
        Mock::given(path(from))
            .respond_with(template)
            .mount(&server)
            .await;
    }
    let client = client();
    let answer = client.send_with_policy(&get(&server, "/moved")).await.unwrap();
    assert_eq!(answer.status, 200);
    let error = client
        .send_with_policy(&get(&server, "/elsewhere"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-REDIRECT");
    assert!(
        error
            .to_string()
            .ends_with("redirects to https://sign-in.example"),
        "{error}"
    );
    // A POST would turn into a GET.
    let error = client
        .send_with_policy(&post(&server, "/moved"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-REDIRECT");
    let error = client
        .send_with_policy(&get(&server, "/circle"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("in a circle"), "{error}");
}

#[tokio::test]
async fn a_redirect_to_https_is_advice_to_use_it() {
    let server = MockServer::start().await;
    let https = format!("https://127.0.0.1:{}/a", server.address().port());
    let template = ResponseTemplate::new(301).insert_header("location", https.as_str());
    Mock::given(method("POST"))
        .respond_with(template)
        .mount(&server)
        .await;
    let error = client().send_with_policy(&post(&server, "/a")).await.unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Redirected {
                is_https_upgrade: true,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("https"));
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = answering(vec![ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 4096])]).await;
    let error = client_with(|settings| settings.limits.max_answer_bytes = 1024)
        .send_with_policy(&get(&server, "/a"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TOO-LARGE");
    assert_eq!(calls(&server).await, 1);
}

/// A server that sends a good head, and then the same piece of a body for ever, so far apart.
async fn dripping(piece: &'static [u8], apart: Duration) -> (Call, tokio::task::JoinHandle<()>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";
                let mut sent = stream.write_all(head).await;
                while sent.is_ok() {
                    tokio::time::sleep(apart).await;
                    sent = stream.write_all(piece).await;
                }
            });
        }
    });
    (Call::get("Test", Url::parse(&url).unwrap()), server)
}

/// Each byte comes in time, but the whole never does: the limit in all holds.
#[tokio::test]
async fn an_answer_that_drips_ends_with_the_time_in_all() {
    let (call, server) = dripping(b"x", Duration::from_millis(20)).await;
    let limits = |settings: &mut HttpSettings| {
        settings.limits.read_timeout = Duration::from_secs(30);
        settings.limits.total_timeout = Duration::from_millis(400);
        settings.limits.backoff.attempts = 1;
    };
    let error = client_with(limits).send_with_policy(&call).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TIMEOUT", "{error}");
    server.abort();
}

/// The whole would have all the time, but a piece does not come: the limit between two pieces holds.
#[tokio::test]
async fn an_answer_that_pauses_ends_with_the_time_between_pieces() {
    let (call, server) = dripping(b"x", Duration::from_mins(10)).await;
    let limits = |settings: &mut HttpSettings| {
        settings.limits.read_timeout = Duration::from_millis(200);
        settings.limits.total_timeout = Duration::from_mins(20);
        settings.limits.backoff.attempts = 1;
    };
    let sent = client_with(limits);
    let sent = sent.send_with_policy(&call);
    let error = tokio::time::timeout(Duration::from_mins(1), sent)
        .await
        .expect("the limit holds")
        .unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TIMEOUT", "{error}");
    server.abort();
}

/// Neither a length nor an end: the cap on the size holds while it comes.
#[tokio::test]
async fn an_answer_without_an_end_ends_with_the_cap() {
    let (call, server) = dripping(&[b' '; 4096], Duration::ZERO).await;
    let error = client_with(|settings| settings.limits.max_answer_bytes = 1 << 20)
        .send_with_policy(&call)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TOO-LARGE", "{error}");
    server.abort();
}

#[tokio::test]
async fn the_clock_of_the_server_is_known_by_its_answers() {
    let template = ResponseTemplate::new(200).insert_header("date", "Wed, 04 Mar 2026 02:06:07 GMT");
    let server = answering(vec![template]).await;
    let client = client();
    assert_eq!(client.server_ahead(), TimeDelta::zero());
    client.send_with_policy(&get(&server, "/a")).await.unwrap();
    assert_eq!(client.server_ahead(), TimeDelta::hours(-3));
}

#[tokio::test]
async fn a_slow_answer_times_out() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    let server = answering(vec![slow]).await;
    let error = client_with(|settings| {
        settings.limits.total_timeout = Duration::from_millis(50);
        settings.limits.backoff.attempts = 2;
    })
    .send_with_policy(&get(&server, "/a"))
    .await
    .unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TIMEOUT", "{error}");
    assert_eq!(calls(&server).await, 2);
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_not_asked_again_as_it_is() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    let server = answering(vec![slow]).await;
    let error = client_with(|settings| settings.limits.total_timeout = Duration::from_millis(50))
        .send_with_policy(&post(&server, "/a").repeatable())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TIMEOUT", "{error}");
    assert_eq!(calls(&server).await, 1);
}

#[tokio::test]
async fn plain_http_stays_on_this_machine_unless_allowed() {
    let call = Call::get("Test", Url::parse("http://bi.acme.example/a").unwrap());
    let error = client().send_with_policy(&call).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-PLAIN");
    let call = Call::get("Test", Url::parse("file:///etc/passwd").unwrap());
    assert_eq!(
        client().send_with_policy(&call).await.unwrap_err().code(),
        "TW-HTTP-SETUP"
    );
}

#[tokio::test]
async fn an_untrusted_certificate_is_told_from_a_server_that_is_down() {
    // A server that speaks plain http where TLS is expected.
    let server = MockServer::start().await;
    let url = format!("https://127.0.0.1:{}/a", server.address().port());
    let call = Call::get("Test", Url::parse(&url).unwrap());
    let error = client().send_with_policy(&call).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TLS", "{error}");
}

#[tokio::test]
async fn a_certificate_file_must_hold_certificates() {
    for path in [
        "/nonexistent/ca.pem",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ] {
        let settings = HttpSettings {
            ca_file: Some(path.into()),
            ..HttpSettings::default()
        };
        let error = HttpClient::new(settings, Arc::new(FixedClock(now()))).unwrap_err();
        assert_eq!(error.code(), "TW-HTTP-SETUP", "{error}");
    }
}

#[tokio::test]
async fn headers_are_sent() {
    let server = MockServer::start().await;
    Mock::given(header("x-test", "1"))
        .respond_with(
            ResponseTemplate::new(200).insert_header("content-type", "application/JSON; charset=utf-8"),
        )
        .mount(&server)
        .await;
    let call = get(&server, "/a").header("x-test", HeaderValue::from_static("1"));
    let answer = client().send_with_policy(&call).await.unwrap();
    assert_eq!(
        (answer.status, answer.content_type().as_str()),
        (200, "application/json")
    );
}

#[tokio::test]
async fn calls_and_answers_show_no_secret() {
    let server = answering(vec![ResponseTemplate::new(200).set_body_string("s3cret")]).await;
    let url = Url::parse(&format!("{}/a?key=s3cret", server.uri())).unwrap();
    let call = Call::post("Test", url, "text/plain", "s3cret".to_owned())
        .header("x-key", HeaderValue::from_static("s3cret"));
    let answer = client().send_with_policy(&call).await.unwrap();
    assert_eq!(answer.body, b"s3cret");
    let proxy = Url::parse("http://ann:s3cret@proxy.example:3128").unwrap();
    let settings = HttpSettings {
        proxy: tailwater_bi::http::ProxyChoice::Address(proxy),
        ..HttpSettings::default()
    };
    for shown in [
        format!("{call:?}"),
        format!("{answer:?}"),
        format!("{settings:?}"),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
