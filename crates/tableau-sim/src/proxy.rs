//! A small HTTP proxy, for tests of what goes through one: it tunnels (`CONNECT`) and forwards plain http, asks for a
//! password, and refuses, as told. Whatever host is asked for, it leads to one address.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::error::Error;

/// How a proxy behaves.
#[derive(Debug, Clone, Default)]
pub struct ProxyOptions {
    /// User and password without which nothing goes through.
    pub password: Option<(String, String)>,
    /// The status with which everything is refused.
    pub refuses_with: Option<u16>,
}

/// A proxy that runs. Dropping it stops it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    leads_to: SocketAddr,
    options: ProxyOptions,
    passed: AtomicUsize,
    asked_for: Mutex<Vec<String>>,
}

/// Longer heads are no honest ones.
const LONGEST_HEAD: usize = 64 << 10;

impl Proxy {
    /// Starts a proxy on loopback that leads to `leads_to`, whoever is asked for.
    ///
    /// # Errors
    /// [`Error::Listen`] when no port is free.
    pub async fn start(leads_to: SocketAddr, options: ProxyOptions) -> Result<Self, Error> {
        let failed = |source| Error::Listen { port: 0, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = Arc::new(State {
            leads_to,
            options,
            passed: AtomicUsize::new(0),
            asked_for: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    if let Err(error) = state.serve(stream).await {
                        tracing::debug!(%error, "a connection through the proxy ended");
                    }
                });
            }
        });
        Ok(Self { address, state, task })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it let through.
    pub fn passed(&self) -> usize {
        self.state.passed.load(Ordering::SeqCst)
    }

    /// What was asked for, such as `CONNECT tableau.example:443`, refused or not.
    pub fn asked_for(&self) -> Vec<String> {
        self.state
            .asked_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_HEAD {
            let byte = stream.read_u8().await?;
            head.push(byte);
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let line = text.lines().next().unwrap_or_default();
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        self.asked_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(format!("{method} {target}"));
        let refusal = if self.is_admitted(&text) {
            self.options.refuses_with.map(|status| (status, ""))
        } else {
            Some((407, "Proxy-Authenticate: Basic realm=\"proxy\"\r\n"))
        };
        if let Some((status, header)) = refusal {
            let answer = format!(
                "HTTP/1.1 {status} Refused\r\n{header}Content-Type: text/html\r\nContent-Length: 20\r\nConnection: close\r\n\r\n\
                 <html>refused</html>"
            );
            stream.write_all(answer.as_bytes()).await?;
            return stream.shutdown().await;
        }
        let mut behind = TcpStream::connect(self.leads_to).await?;
        self.passed.fetch_add(1, Ordering::SeqCst);
        if method == "CONNECT" {
            stream
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await?;
        } else {
            // A server takes an address that is written out for one of its own.
            behind.write_all(&head).await?;
        }
        copy_bidirectional(&mut stream, &mut behind).await?;
        Ok(())
    }

    fn is_admitted(&self, head: &str) -> bool {
        let Some((user, password)) = &self.options.password else {
            return true;
        };
        let wanted = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .any(|(name, value)| name.eq_ignore_ascii_case("proxy-authorization") && value == wanted)
    }
}
