//! `tailwater serve`: the catalog in the browser, and what keeps it up to date.

use std::net::SocketAddr;
use std::sync::Arc;

use camino::Utf8PathBuf;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::hub::CatalogHub;
use tailwater_engine::refresh::Refresher;
use tailwater_engine::settings::ServeSettings;
use tailwater_engine::signal::{CatalogSource, Signals};
use tailwater_web::{App, AppOptions, ServeOptions, Tls};
use tokio_util::sync::CancellationToken;

use crate::command::worker;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::interrupt::stoppable;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater serve
  tailwater serve --listen 0.0.0.0:8420 --tls-cert cert.pem --tls-key key.pem
  tailwater serve --base-path /catalog --public-url https://data.acme.com
  tailwater serve --insecure-local --listen 127.0.0.1:0

While it runs, every integration is synced once a day, at once when its selection changes, and when somebody \
asks for it. Extracts that are due are refreshed, whoever asked for them. Where there is no user yet, a link is printed with which the first administrator makes an account; \
it is good once. Ctrl-C or SIGTERM ends it: requests under way are answered, syncs are stopped before they \
change anything.";

/// Serves the catalog in the browser, and keeps it up to date
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The address and port to listen at; port 0 takes any free one [default: 127.0.0.1:8420]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    /// The path below which the catalog stands behind a proxy, such as `/catalog`
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,

    /// The address by which people reach the catalog, where a proxy changes it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// The PEM file with the certificate, to speak https
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<Utf8PathBuf>,

    /// The PEM file with its key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<Utf8PathBuf>,

    /// Let everybody on this machine in as an administrator, without signing in; refuses other addresses
    #[arg(long)]
    insecure_local: bool,
}

/// What was started.
#[derive(Debug, Serialize)]
struct Started {
    /// Where the catalog is.
    address: String,
    /// The link that makes the first administrator, while there is no user.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_up_link: Option<String>,
    /// Whether nobody needs to sign in.
    insecure_local: bool,
}

/// Where and how to serve, once everything was read.
#[derive(Debug)]
struct Plan {
    listen: SocketAddr,
    base_path: String,
    public_url: Option<String>,
    tls: Option<Tls>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: Arc<Workspace>, printer: &Printer) -> Result<Outcome, Error> {
    let settings = workspace.settings().serve.clone();
    let plan = plan(args, &settings, |path| workspace.path(path))?;
    let served = stoppable(printer, async |stop| {
        serve(args, plan, settings.frame_ancestors, &workspace, stop, printer).await
    })
    .await;
    workspace.store().clone().close().await;
    served.map(|()| Outcome::Done)
}

async fn serve(
    args: &Args,
    plan: Plan,
    frame_ancestors: Vec<String>,
    workspace: &Arc<Workspace>,
    stop: &CancellationToken,
    printer: &Printer,
) -> Result<(), Error> {
    let hub = CatalogHub::open(Arc::clone(workspace)).await?;
    // Files that dbt writes and what other processes change; ends with the server.
    tokio::spawn(Arc::clone(&hub).watch(stop.clone()));
    let secret = if args.insecure_local {
        None
    } else {
        workspace.one_time_link().await?
    };
    let source = CatalogSource::Hub(Arc::clone(&hub));
    let app = App::new(
        hub,
        AppOptions {
            base_path: plan.base_path.clone(),
            public_url: plan.public_url.clone(),
            has_tls: plan.tls.is_some(),
            is_local: args.insecure_local,
            frame_ancestors,
        },
    );
    let options = ServeOptions {
        listen: plan.listen,
        tls: plan.tls.clone(),
    };
    let jobs = worker::runtime(workspace, None);
    let mut printed = Ok(());
    let on_ready = |bound: SocketAddr| {
        app.runtime().start_clockwork();
        jobs.start();
        let address = plan.address(bound);
        let started = Started {
            set_up_link: secret.map(|secret| format!("{address}set-up/{}", secret.expose_secret())),
            address,
            insecure_local: args.insecure_local,
        };
        printed = printer.answer(&started, to_document);
        if printed.is_err() {
            stop.cancel();
        }
    };
    // Syncs end while requests under way are still being answered.
    let stopping = tokio::spawn({
        let (runtime, jobs, stop) = (app.runtime().clone(), jobs.clone(), stop.clone());
        async move {
            stop.cancelled().await;
            tokio::join!(runtime.shut_down(), jobs.shut_down());
        }
    });
    // Lets go of its lease at the end, so that another process takes over at once.
    let signals = tokio::spawn(Signals::new(Arc::clone(workspace), source).run(stop.clone()));
    // Leaves what runs in the BI tool to the next process.
    let refresher = Refresher::new(Arc::clone(workspace), stop.clone());
    app.count_refreshes_of(&refresher);
    refresher.start();
    let service = tailwater_web::router::router(&app);
    let served = tailwater_web::serve(service, options, stop.clone(), on_ready).await;
    stopping.abort();
    tokio::join!(app.runtime().shut_down(), jobs.shut_down());
    stop.cancel();
    refresher.shut_down().await;
    if let Err(error) = signals.await {
        tracing::warn!(%error, "the watch for signals broke off");
    }
    served?;
    printed
}

/// Puts together what the arguments say and, where they say nothing, the settings.
fn plan(
    args: &Args,
    settings: &ServeSettings,
    rooted: impl Fn(&camino::Utf8Path) -> Utf8PathBuf,
) -> Result<Plan, Error> {
    let listen = args.listen.as_deref().unwrap_or(&settings.listen);
    let listen = socket_address(listen)?;
    if args.insecure_local && !listen.ip().is_loopback() {
        return Err(refused(
            format!("`--insecure-local` lets everybody in who can reach {listen}, which others can"),
            "listen at 127.0.0.1, or leave `--insecure-local` out and sign in",
        ));
    }
    let base_path = args.base_path.as_deref().unwrap_or(&settings.base_path);
    let public_url = args.public_url.as_ref().or(settings.public_url.as_ref());
    // Paths in the file start at the file, those given by hand at the working directory.
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        _ => match (&settings.tls_cert, &settings.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls {
                certificate: rooted(certificate),
                key: rooted(key),
            }),
            (None, None) => None,
            _ => {
                return Err(refused(
                    "`[serve]` has only one of `tls_cert` and `tls_key`".to_owned(),
                    "give both, or neither and let a proxy speak https",
                ));
            }
        },
    };
    Ok(Plan {
        listen,
        base_path: cleaned_base_path(base_path)?,
        public_url: public_url.map(|url| cleaned_public_url(url)).transpose()?,
        tls,
    })
}

impl Plan {
    /// Where people find the catalog, with a slash at the end.
    fn address(&self, bound: SocketAddr) -> String {
        let origin = self.public_url.clone().unwrap_or_else(|| {
            let scheme = if self.tls.is_some() { "https" } else { "http" };
            // Listening everywhere is no address to go to.
            if bound.ip().is_unspecified() {
                format!("{scheme}://localhost:{}", bound.port())
            } else {
                format!("{scheme}://{bound}")
            }
        });
        format!("{origin}{}/", self.base_path)
    }
}

fn refused(message: String, hint: &str) -> Error {
    Error::Usage {
        message,
        hint: hint.to_owned(),
    }
}

/// `ADDRESS:PORT`, with `localhost` for this machine.
pub(super) fn socket_address(text: &str) -> Result<SocketAddr, Error> {
    let numbers = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numbers.parse().map_err(|_| {
        refused(
            format!("`{text}` is no address to listen at"),
            "write an address and a port, such as `127.0.0.1:8420`, `0.0.0.0:8420` or `[::1]:8420`",
        )
    })
}

/// Empty, or with a slash at its beginning and none at its end.
fn cleaned_base_path(text: &str) -> Result<String, Error> {
    let path = text.trim_matches('/');
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '~' | '/');
    let is_good = path.chars().all(is_plain)
        && path.split('/').all(|part| !matches!(part, "." | ".."))
        && (path.is_empty() || !path.contains("//"));
    if !is_good {
        return Err(refused(
            format!("`{text}` is no base path"),
            "write a path such as `/catalog`, of letters, digits, `-`, `_` and `.`",
        ));
    }
    Ok(if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    })
}

/// Scheme, host and port alone.
fn cleaned_public_url(text: &str) -> Result<String, Error> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .map(|rest| rest.trim_end_matches('/'));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(refused(
            format!("`{text}` is no address by which people could reach the catalog"),
            "write scheme and host, such as `https://data.acme.com`; a path belongs into `--base-path`",
        )),
    }
}

fn to_document(started: &Started) -> Document {
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("Tailwater's catalog is at ")
            .strong(&started.address),
    );
    if let Some(link) = &started.set_up_link {
        document.line(Line::new().plain("There is no user yet. The first administrator begins here, once:"));
        document.line(Line::new().indent(2).strong(link));
    }
    if started.insecure_local {
        document.line(Line::new().plain("Everybody on this machine is let in as an administrator."));
    }
    document.line(Line::new().faint("Ctrl-C ends it."));
    document
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn args(listen: &str) -> Args {
        Args {
            listen: Some(listen.to_owned()),
            base_path: None,
            public_url: None,
            tls_cert: None,
            tls_key: None,
            insecure_local: false,
        }
    }

    fn planned(args: &Args) -> Result<Plan, Error> {
        plan(args, &ServeSettings::default(), camino::Utf8Path::to_owned)
    }

    #[rstest]
    #[case("", "")]
    #[case("/", "")]
    #[case("catalog", "/catalog")]
    #[case("/data/catalog/", "/data/catalog")]
    fn a_base_path_has_one_slash_at_its_beginning(#[case] given: &str, #[case] expected: &str) {
        assert_eq!(cleaned_base_path(given).unwrap(), expected);
    }

    #[rstest]
    #[case("/a b")]
    #[case("/{x}")]
    #[case("/../x")]
    #[case("/a//b")]
    #[case("/a?b")]
    fn what_is_no_base_path_is_refused(#[case] given: &str) {
        assert!(cleaned_base_path(given).is_err(), "{given}");
    }

    #[rstest]
    #[case("https://data.acme.com/", true)]
    #[case("http://localhost:8080", true)]
    #[case("https://data.acme.com/catalog", false)]
    #[case("data.acme.com", false)]
    #[case("https://", false)]
    #[case("javascript:alert(1)", false)]
    fn a_public_address_is_scheme_and_host(#[case] given: &str, #[case] is_good: bool) {
        assert_eq!(cleaned_public_url(given).is_ok(), is_good, "{given}");
    }

    #[test]
    fn the_address_is_one_to_go_to() {
        let bound = |text: &str| text.parse().unwrap();
        let mut plan = planned(&args("0.0.0.0:0")).unwrap();
        assert_eq!(plan.address(bound("0.0.0.0:8420")), "http://localhost:8420/");
        assert_eq!(plan.address(bound("[::1]:8420")), "http://[::1]:8420/");
        plan.base_path = "/catalog".to_owned();
        plan.public_url = Some("https://data.acme.com".to_owned());
        assert_eq!(
            plan.address(bound("0.0.0.0:8420")),
            "https://data.acme.com/catalog/"
        );
    }

    #[rstest]
    #[case("127.0.0.1:0", true)]
    #[case("localhost:0", true)]
    #[case("[::1]:0", true)]
    #[case("0.0.0.0:0", false)]
    #[case("192.168.1.2:0", false)]
    fn everybody_is_let_in_on_this_machine_alone(#[case] listen: &str, #[case] is_good: bool) {
        let args = Args {
            insecure_local: true,
            ..args(listen)
        };
        assert_eq!(planned(&args).is_ok(), is_good, "{listen}");
    }

    #[test]
    fn half_a_certificate_is_refused() {
        let settings = ServeSettings {
            tls_cert: Some("cert.pem".into()),
            ..ServeSettings::default()
        };
        let refused = plan(&args("127.0.0.1:0"), &settings, camino::Utf8Path::to_owned);
        assert!(refused.unwrap_err().to_string().contains("tls_key"));
    }
}
