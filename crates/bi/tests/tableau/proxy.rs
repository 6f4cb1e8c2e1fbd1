//! Through a proxy: with a password, with TLS inside, and what a proxy that refuses is told as.

use std::net::SocketAddr;

use tailwater_bi::{Connector, Error, NoProgress, TableauSettings};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_tableau_sim::{Certificate, Options, Proxy, ProxyOptions, Running, Simulator, SiteFile};
use url::Url;

use crate::support::{HEAD, TOKEN_SECRET, connect_with, fetch, settings, start};

const WORKBOOK: &str = "[[site.workbook]]\nname = \"A\"\nproject = \"P\"\n";
/// What nobody is to see.
const PASSWORD: &str = "proxy-p@ss-93c1";

fn address(running: &Running) -> SocketAddr {
    let (_, address) = running.base_url().split_once("://").unwrap();
    address.parse().unwrap()
}

fn asks_for_password() -> ProxyOptions {
    ProxyOptions {
        password: Some(("ann".to_owned(), PASSWORD.to_owned())),
        ..ProxyOptions::default()
    }
}

/// Settings that lead through a proxy to a host that no name service knows.
fn through(proxy: SocketAddr, credentials: &str, scheme: &str) -> TableauSettings {
    let mut settings = settings(
        &format!("{scheme}://tableau.example"),
        "acme",
        "tailwater",
        TOKEN_SECRET,
    );
    settings.allow_http = true;
    settings.proxy = Some(Url::parse(&format!("http://{credentials}{proxy}")).unwrap());
    settings.limits.backoff.attempts = 1;
    settings
}

/// A simulator that speaks TLS as `tableau.example`, and the file of its authority.
async fn secured() -> (Running, tempfile::TempDir) {
    let certificate = Certificate::make(&["tableau.example"], None).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("ca.pem"),
        certificate.authority_pem().unwrap(),
    )
    .unwrap();
    let file = SiteFile::from_toml(&format!("{HEAD}\n{WORKBOOK}")).unwrap();
    let options = Options {
        tls: Some(certificate),
        ..Options::default()
    };
    (Simulator::start(file, options).await.unwrap(), directory)
}

async fn refused(settings: TableauSettings) -> Error {
    let connector = connect_with(settings.clone());
    let error = fetch(&connector).await.expect_err("the proxy refuses");
    let shown = format!("{error} {error:?} {:?} {connector:?} {settings:?}", error.hint());
    assert!(!shown.contains("93c1"), "the proxy's password was shown: {shown}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_goes_through_a_tunnel_with_a_password() {
    let (running, directory) = secured().await;
    let proxy = Proxy::start(address(&running), asks_for_password())
        .await
        .unwrap();
    let mut settings = through(proxy.address(), "ann:proxy-p%40ss-93c1@", "https");
    let error = refused(settings.clone()).await;
    assert_eq!(
        error.code(),
        "TW-HTTP-TLS",
        "the server's certificate, not the proxy: {error}"
    );
    settings.ca_file = Some(directory.path().join("ca.pem"));
    let inventory = fetch(&connect_with(settings)).await.unwrap();
    assert_eq!(inventory.assets.len(), 1);
    assert!(proxy.passed() > 0);
    assert!(
        proxy
            .asked_for()
            .iter()
            .all(|asked| asked == "CONNECT tableau.example:443")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_forwarded() {
    let running = start(WORKBOOK).await;
    let proxy = Proxy::start(address(&running), asks_for_password())
        .await
        .unwrap();
    let settings = through(proxy.address(), "ann:proxy-p%40ss-93c1@", "http");
    assert_eq!(fetch(&connect_with(settings)).await.unwrap().assets.len(), 1);
    assert!(proxy.asked_for()[0].starts_with("GET http://tableau.example/api/2.4/serverinfo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_is_the_cause_and_named() {
    let (running, _directory) = secured().await;
    for scheme in ["https", "http"] {
        for credentials in ["", "ann:wrong-93c1@"] {
            let proxy = Proxy::start(address(&running), asks_for_password())
                .await
                .unwrap();
            let error = refused(through(proxy.address(), credentials, scheme)).await;
            assert_eq!(error.code(), "TW-HTTP-PROXY", "{scheme}: {error}");
            let named = format!("the proxy {} does not reach tableau.example", proxy.address());
            assert!(error.to_string().contains(&named), "{error}");
            assert!(error.to_string().contains("user and a password"), "{error}");
            assert_eq!(proxy.asked_for().len(), 1, "a password is not guessed at");
        }
        for status in [403, 502, 503] {
            let options = ProxyOptions {
                refuses_with: Some(status),
                ..ProxyOptions::default()
            };
            let proxy = Proxy::start(address(&running), options).await.unwrap();
            let error = refused(through(proxy.address(), "", scheme)).await;
            assert_eq!(error.code(), "TW-HTTP-PROXY", "{scheme} {status}: {error}");
            assert!(error.hint().unwrap().contains("NO_PROXY"), "{error}");
        }
    }
    assert_eq!(running.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_not_there_is_the_cause_and_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["https", "http"] {
        let error = refused(through(nobody, "ann:x-93c1@", scheme)).await;
        assert_eq!(error.code(), "TW-HTTP-PROXY", "{scheme}: {error}");
        assert!(error.to_string().contains(&nobody.to_string()), "{error}");
        let connector = connect_with(through(nobody, "", scheme));
        let checks = connector.check(&NoProgress).await;
        assert!(checks[0].detail.contains("the proxy"), "{checks:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_need_no_proxy_are_called_without() {
    let running = start(WORKBOOK).await;
    let options = ProxyOptions {
        refuses_with: Some(403),
        ..ProxyOptions::default()
    };
    let proxy = Proxy::start(address(&running), options).await.unwrap();
    let mut settings = through(proxy.address(), "", "http");
    running.base_url().clone_into(&mut settings.server);
    let error = refused(settings.clone()).await;
    assert_eq!(
        error.code(),
        "TW-HTTP-PROXY",
        "what is named is used, also for this machine: {error}"
    );
    settings.no_proxy = Some("intern.example, 127.0.0.0/8".to_owned());
    assert_eq!(fetch(&connect_with(settings)).await.unwrap().assets.len(), 1);
    assert_eq!(proxy.asked_for().len(), 1);
}
