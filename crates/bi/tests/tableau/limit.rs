//! Limits hold, and what reached one says which, and where it is set.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tailwater_bi::Error;
use tailwater_bi::http::{Call, HttpClient, HttpSettings, Limits};
use tailwater_core::clock::SystemClock;
use tailwater_core::diagnostic::Diagnostic;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Longer than any test.
const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(80);

async fn fail(url: &str, change: impl FnOnce(&mut Limits)) -> Error {
    let mut settings = HttpSettings::default();
    settings.limits.backoff.attempts = 1;
    settings.limits.connect_timeout = LONG;
    settings.limits.read_timeout = LONG;
    settings.limits.total_timeout = LONG;
    change(&mut settings.limits);
    let client = HttpClient::new(settings, Arc::new(SystemClock)).unwrap();
    let call = Call::get("Test", Url::parse(url).unwrap());
    client
        .send_with_policy(&call)
        .await
        .expect_err("a limit is reached")
}

/// A server that does with each connection as told.
async fn server<F: Future<Output = ()> + Send>(
    with: impl Fn(TcpStream) -> F + Copy + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            with(stream).await;
        }
    });
    address
}

/// Reads a request, and begins an answer to it; says whether the other side is still there.
async fn begin(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return false;
        };
        request.push(byte);
    }
    stream.write_all(HEAD).await.is_ok()
}

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_server_that_falls_silent_reaches_the_limit_between_two_pieces() {
    let address = server(|mut stream| async move {
        begin(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = fail(&format!("http://{address}/"), |limits| {
        limits.read_timeout = SHORT;
    })
    .await;
    assert_eq!(error.code(), "TW-HTTP-TIMEOUT");
    assert!(error.to_string().contains("nothing came for 0.08 s"), "{error}");
    assert!(
        error.hint().unwrap().contains("`read_timeout_seconds`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_drips_reaches_the_limit_in_all() {
    let address = server(|mut stream| async move {
        let mut is_open = begin(&mut stream).await;
        while is_open {
            is_open = stream.write_all(b"1\r\n \r\n").await.is_ok();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let error = fail(&format!("http://{address}/"), |limits| {
        limits.total_timeout = SHORT;
    })
    .await;
    assert_eq!(error.code(), "TW-HTTP-TIMEOUT");
    assert!(error.to_string().contains("not over after 0.08 s"), "{error}");
    assert!(
        error.hint().unwrap().contains("`total_timeout_seconds`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_handshake_that_is_not_answered_reaches_the_limit_of_connecting() {
    let address = server(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let error = fail(&format!("https://{address}/"), |limits| {
        limits.connect_timeout = SHORT;
    })
    .await;
    assert_eq!(error.code(), "TW-HTTP-UNREACHABLE");
    assert!(
        error.to_string().contains("no connection within 0.08 s"),
        "{error}"
    );
    assert!(
        error.hint().unwrap().contains("`connect_timeout_seconds`"),
        "{error}"
    );
}

#[tokio::test]
async fn the_size_of_an_answer_counts_after_it_is_unpacked() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b' '; 4 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 64 << 10);
    let server = MockServer::start().await;
    let bomb = ResponseTemplate::new(200)
        .insert_header("content-encoding", "gzip")
        .set_body_bytes(packed);
    Mock::given(path("/bomb")).respond_with(bomb).mount(&server).await;
    let error = fail(&format!("{}/bomb", server.uri()), |limits| {
        limits.max_answer_bytes = 1 << 20;
    })
    .await;
    assert_eq!(error.code(), "TW-HTTP-TOO-LARGE");
    assert!(error.to_string().contains("1048576 bytes"), "{error}");
    assert!(
        error.hint().unwrap().contains("`max_answer_megabytes`"),
        "{error}"
    );
}
