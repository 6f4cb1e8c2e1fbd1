//! TLS: whose certificates are trusted, and how each thing that may be wrong with one is told.

use std::path::PathBuf;

use tailwater_bi::{CheckState, Connector, Error, NoProgress};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_tableau_sim::{Certificate, Flaw, Options, Running, Simulator, SiteFile};

use crate::support::{HEAD, TOKEN_SECRET, connect_with, fetch, settings, start};

const WORKBOOK: &str = "[[site.workbook]]\nname = \"A\"\nproject = \"P\"\n";

/// A simulator that speaks TLS, and a directory with the certificate of its authority.
struct Secured {
    running: Running,
    directory: tempfile::TempDir,
}

impl Secured {
    async fn start(flaw: Option<Flaw>) -> Self {
        let certificate = Certificate::make(&[], flaw).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let pem = certificate.authority_pem().unwrap();
        std::fs::write(directory.path().join("ca.pem"), pem).unwrap();
        let file = SiteFile::from_toml(&format!("{HEAD}\n{WORKBOOK}")).unwrap();
        let options = Options {
            tls: Some(certificate),
            ..Options::default()
        };
        Self {
            running: Simulator::start(file, options).await.unwrap(),
            directory,
        }
    }

    fn ca_file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// What comes of reading the site with that file of authorities.
    async fn read(&self, server: &str, ca_file: Option<PathBuf>) -> Result<usize, Error> {
        let mut settings = settings(server, "acme", "tailwater", TOKEN_SECRET);
        settings.ca_file = ca_file;
        settings.limits.backoff.attempts = 1;
        fetch(&connect_with(settings))
            .await
            .map(|inventory| inventory.assets.len())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_ones_own_is_trusted_once_its_file_is_named() {
    let site = Secured::start(None).await;
    let server = site.running.base_url();
    assert!(server.starts_with("https://127.0.0.1:"), "{server}");
    let error = site.read(server, None).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TLS", "{error}");
    assert!(
        error.to_string().contains("signed by nobody who is trusted here"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("`ca_file`"), "{error}");
    assert_eq!(site.read(server, Some(site.ca_file())).await, Ok(1));
    let by_name = server.replace("127.0.0.1", "localhost");
    assert_eq!(site.read(&by_name, Some(site.ca_file())).await, Ok(1));
    // Another authority of the same name is another authority.
    let other = Secured::start(None).await;
    let error = site.read(server, Some(other.ca_file())).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TLS", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_hold_several_authorities() {
    let (one, other) = (Secured::start(None).await, Secured::start(None).await);
    let both = [one.ca_file(), other.ca_file()].map(|path| std::fs::read_to_string(path).unwrap());
    let path = one.directory.path().join("both.pem");
    std::fs::write(&path, both.join("\n# the other\n")).unwrap();
    for site in [&one, &other] {
        assert_eq!(
            site.read(site.running.base_url(), Some(path.clone())).await,
            Ok(1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_certificate_is_told_apart() {
    for (flaw, words, advice) in [
        (Flaw::Expired, "has expired", "renewed"),
        (Flaw::NotYetValid, "not valid yet", "clock"),
        (
            Flaw::OtherName,
            "for another name",
            "name that its certificate holds",
        ),
    ] {
        let site = Secured::start(Some(flaw)).await;
        let error = site
            .read(site.running.base_url(), Some(site.ca_file()))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "TW-HTTP-TLS", "{error}");
        assert!(error.to_string().contains(words), "{flaw:?}: {error}");
        assert!(
            error.hint().unwrap().contains(advice),
            "{flaw:?}: {:?}",
            error.hint()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_that_the_server_is_there_and_its_certificate_is_not_trusted() {
    let site = Secured::start(None).await;
    let connector = connect_with(settings(
        site.running.base_url(),
        "acme",
        "tailwater",
        TOKEN_SECRET,
    ));
    let checks = connector.check(&NoProgress).await;
    assert_eq!(checks[0].state, CheckState::Ok);
    assert_eq!((checks[1].name, checks[1].state), ("tls", CheckState::Failed));
    assert!(
        checks[1].remedy.as_ref().unwrap().contains("`ca_file`"),
        "{checks:?}"
    );
    assert_eq!(checks[2].state, CheckState::Skipped);
    assert_eq!(site.running.count("/auth/signin"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_holds_no_authority_is_told_before_anything_is_called() {
    let site = Secured::start(None).await;
    let path = |name: &str| site.directory.path().join(name);
    std::fs::write(path("empty.pem"), "").unwrap();
    std::fs::write(path("words.pem"), "no certificate").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(path("broken.pem"), broken).unwrap();
    std::fs::write(path("binary.pem"), [0, 159, 146, 150]).unwrap();
    for name in [
        "missing.pem",
        "empty.pem",
        "words.pem",
        "broken.pem",
        "binary.pem",
        ".",
    ] {
        let mut settings = settings(site.running.base_url(), "acme", "tailwater", TOKEN_SECRET);
        settings.ca_file = Some(path(name));
        let now = std::sync::Arc::new(tailwater_core::clock::SystemClock);
        let error = tailwater_bi::tableau(settings, now).unwrap_err();
        assert_eq!(error.code(), "TW-HTTP-SETUP", "{name}: {error}");
        let shown = path(name).display().to_string();
        assert!(
            name == "broken.pem" || error.to_string().contains(&shown),
            "{name}: {error}"
        );
        assert!(error.hint().unwrap().contains("`ca_file`"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_and_https_at_each_others_ports_are_named() {
    let secured = Secured::start(None).await;
    let plain = secured.running.base_url().replace("https", "http");
    let error = secured.read(&plain, None).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-SPEAKS-TLS", "{error}");
    assert!(error.hint().unwrap().contains("https"), "{error}");

    let open = start(WORKBOOK).await;
    let wrong = open.base_url().replace("http", "https");
    let error = secured.read(&wrong, Some(secured.ca_file())).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TLS", "{error}");
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
    assert!(error.hint().unwrap().contains("port"), "{error}");
}
