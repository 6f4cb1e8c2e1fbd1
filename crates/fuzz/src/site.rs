//! A Tableau that answers every question with the bytes it was given.
//!
//! The connector is fuzzed as it is used, through HTTP on loopback, so that nothing of it has to be opened for
//! tests. One server and one connector serve all inputs; each reading begins and ends with a session of its own.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use secrecy::SecretString;
use tailwater_bi::{
    Connector as _, Credential, Error, NoProgress, TableauConnector, TableauSettings, tableau,
};
use tailwater_core::clock::FixedClock;
use tailwater_core::id::IntegrationName;
use tailwater_core::inventory::Inventory;
use tailwater_core::selection::Selection;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// No reading of one site needs more calls than this where every page holds the same.
pub const MOST_CALLS: usize = 300;

const SERVER_INFO: &str =
    r#"{"serverInfo": {"productVersion": {"value": "2025.1.2", "build": "1"}, "restApiVersion": "3.25"}}"#;
const SIGN_IN: &str = r#"{"credentials": {"token": "t", "site": {"id": "5d0c", "contentUrl": "acme"}, "user": {"id": "7a11"}}}"#;

/// What the server says next.
#[derive(Debug, Default)]
struct Script {
    rest: Vec<u8>,
    graph: Vec<u8>,
}

/// The server and a connector to it.
pub struct Site {
    runtime: Runtime,
    connector: TableauConnector,
    script: Arc<Mutex<Script>>,
    calls: Arc<AtomicUsize>,
}

/// What a site was read as, and with how many calls.
pub struct Reading {
    pub outcome: Result<Inventory, Error>,
    pub calls: usize,
}

impl Site {
    /// Starts the server.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let script = Arc::new(Mutex::new(Script::default()));
        let calls = Arc::new(AtomicUsize::new(0));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(listen(listener, Arc::clone(&script), Arc::clone(&calls)));
        let credential = Credential::PersonalAccessToken {
            name: "fuzz".to_owned(),
            secret: SecretString::from("secret"),
        };
        let integration = IntegrationName::from("fuzz");
        let mut settings =
            TableauSettings::new(integration, &format!("http://{address}"), "acme", credential);
        settings.limits.backoff.first = Duration::ZERO;
        settings.limits.longest_wait = Duration::ZERO;
        settings.limits.calls_per_second = std::num::NonZeroU32::MAX;
        let clock = Arc::new(FixedClock(DateTime::UNIX_EPOCH));
        let entered = runtime.enter();
        let connector = tableau(settings, clock).map_err(io::Error::other)?;
        drop(entered);
        Ok(Self {
            runtime,
            connector,
            script,
            calls,
        })
    }

    /// Reads the site while every list of REST is answered with one body and every query with another.
    pub fn read(&self, rest: &[u8], graph: &[u8]) -> Reading {
        *lock(&self.script) = Script {
            rest: rest.to_vec(),
            graph: graph.to_vec(),
        };
        self.calls.store(0, Ordering::Relaxed);
        let outcome = self.runtime.block_on(async {
            let everything = Selection::new(["**"]);
            let outcome = self.connector.fetch_inventory(&everything, &NoProgress).await;
            self.connector.sign_out().await;
            outcome
        });
        Reading {
            outcome,
            calls: self.calls.load(Ordering::Relaxed),
        }
    }
}

fn lock(script: &Mutex<Script>) -> std::sync::MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, script: Arc<Mutex<Script>>, calls: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&calls)));
    }
}

/// Answers the calls that come over one connection, until it is closed.
async fn serve(stream: TcpStream, script: Arc<Mutex<Script>>, calls: Arc<AtomicUsize>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufStream::new(stream);
    while let Some(path) = read_call(&mut stream).await? {
        let number = calls.fetch_add(1, Ordering::Relaxed);
        let (status, body) = answer(&path, &script, number);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// The path of the next call; its headers and body are read over.
async fn read_call(stream: &mut BufStream<TcpStream>) -> io::Result<Option<String>> {
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(first.split(' ').nth(1).map(str::to_owned))
}

fn answer(path: &str, script: &Mutex<Script>, number: usize) -> (&'static str, Vec<u8>) {
    if path.ends_with("/serverinfo") {
        ("200 OK", SERVER_INFO.into())
    } else if path.ends_with("/auth/signin") {
        ("200 OK", SIGN_IN.into())
    } else if path.ends_with("/auth/signout") {
        ("204 No Content", Vec::new())
    } else if number > MOST_CALLS {
        // Whoever goes on for ever is stopped, and found out by the count.
        ("404 Not Found", Vec::new())
    } else if path.ends_with("/graphql") {
        ("200 OK", lock(script).graph.clone())
    } else {
        ("200 OK", lock(script).rest.clone())
    }
}
