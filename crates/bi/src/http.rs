//! The one policy for outgoing calls.
//!
//! ```text
//! Call ─▶ allowed? ─▶ wait for the host's turn ─▶ send ─▶ read up to the cap ─▶ Answer
//!            ▲                                      │
//!            └── same host, 307/308 or GET ── redirect?   5xx, 429, time-out, reset ─▶ wait ─▶ again
//! ```
//!
//! - Plain http only to this machine, unless allowed.
//! - Where they are forbidden, no addresses of private networks, whatever name leads to them.
//! - Redirects are followed on the same scheme, host and port alone.
//! - Only calls marked repeatable are sent again; a `Retry-After`, or the time that a 429 names in words, is honoured up
//!   to a longest wait.
//! - Every call has limits: time to connect, time between bytes, time in all, size of the answer.
//! - What the server's clock shows is kept, so that its dates are compared with no other clock.
//! - Nothing here logs headers, bodies or query strings: they may hold secrets.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use tailwater_core::clock::Clock;
use url::{Host, Url};

use crate::error::{Error, TimeLimit, TlsProblem, tame};
use crate::private::{PRIVATE, PublicOnly, is_private_host};
use crate::retry::{Backoff, is_worth_repeating, parse_http_date, parse_retry_after, parse_wait_in_words};

/// The way out, and its limits.
#[derive(Debug, Clone, Default)]
pub struct HttpSettings {
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// Whether addresses of private networks and of this machine are refused: for addresses that come from outside
    /// the deployment.
    pub forbid_private: bool,
    /// A PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// The way out.
    pub proxy: ProxyChoice,
    /// Hosts that are called without a proxy whose address is given, with commas between.
    pub no_proxy: Option<String>,
    /// Times, sizes and repeats.
    pub limits: Limits,
}

/// Whether calls go through a proxy. Its `Debug` hides the address, which may hold a password.
#[derive(Clone, Default)]
pub enum ProxyChoice {
    /// As the usual environment variables say.
    #[default]
    Environment,
    /// Never.
    Direct,
    /// Always through this one.
    Address(Url),
}

impl fmt::Debug for ProxyChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Environment => "Environment",
            Self::Direct => "Direct",
            Self::Address(_) => "Address(…)",
        })
    }
}

/// Times, sizes and repeats.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time between two pieces of an answer.
    pub read_timeout: Duration,
    /// Longest time for one attempt in all.
    pub total_timeout: Duration,
    /// Largest answer, after decompression.
    pub max_answer_bytes: usize,
    /// When and how often to try again.
    pub backoff: Backoff,
    /// The longest wait that a server may ask for; when it asks for more, the call fails at once.
    pub longest_wait: Duration,
    /// How many calls a host gets in one second; twice as many in a burst.
    pub calls_per_second: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_mins(1),
            total_timeout: Duration::from_mins(2),
            // The largest page of a list is a few megabytes; several answers are read at once.
            max_answer_bytes: 64 << 20,
            backoff: Backoff::default(),
            longest_wait: Duration::from_mins(2),
            calls_per_second: NonZeroU32::MIN.saturating_add(49),
        }
    }
}

/// One call to make. Its `Debug` shows neither headers nor body, which may hold secrets.
#[derive(Clone)]
pub struct Call {
    /// What the call is for, in words that may stand in a message, such as `Query Workbooks`.
    pub what: String,
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers; values that are secret must be marked sensitive.
    pub headers: HeaderMap,
    /// The body and its content type.
    pub body: Option<(&'static str, String)>,
    /// Whether sending it twice does no harm.
    pub is_repeatable: bool,
}

impl Call {
    /// A GET, which is repeatable.
    pub fn get(what: impl Into<String>, url: Url) -> Self {
        Self {
            what: what.into(),
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
            is_repeatable: true,
        }
    }

    /// A POST with a body, which is not repeatable unless it is [marked so](Self::repeatable).
    pub fn post(what: impl Into<String>, url: Url, content_type: &'static str, body: String) -> Self {
        Self {
            what: what.into(),
            method: Method::POST,
            url,
            headers: HeaderMap::new(),
            body: Some((content_type, body)),
            is_repeatable: false,
        }
    }

    /// Says that sending the call twice does no harm.
    pub fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("what", &self.what)
            .field("method", &self.method)
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}

/// An answer, whatever its status. Its `Debug` shows neither headers nor body, which may hold secrets.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// Whether the status says success.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The content type without its parameters, in lower case; empty when missing.
    pub fn content_type(&self) -> String {
        let value = self.headers.get(reqwest::header::CONTENT_TYPE);
        let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }

    /// The time to wait that the body names in words.
    fn wait_in_words(&self) -> Option<Duration> {
        /// Errors are short.
        const LONGEST: usize = 16 << 10;
        let start = self.body.get(..LONGEST).unwrap_or(&self.body);
        parse_wait_in_words(&String::from_utf8_lossy(start))
    }

    /// A header's text, when it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Sends calls under the policy. Cheap to clone; clones share connections and limits.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    settings: HttpSettings,
    /// Tells which calls go through a proxy; the client by itself does not say.
    proxies: Option<Arc<Matcher>>,
    turns: Arc<DefaultKeyedRateLimiter<String>>,
    clock: Arc<dyn Clock>,
    /// Milliseconds by which the clock of the server that answered last is ahead.
    ahead: Arc<AtomicI64>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// How often a redirect on the same host is followed in one call.
const MOST_REDIRECTS: usize = 5;

impl HttpClient {
    /// Sets up the client. Fails on a certificate file or proxy address that cannot be used.
    pub fn new(settings: HttpSettings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let setup = |reason: String| Error::Setup { reason };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tailwater/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.limits.connect_timeout)
            .read_timeout(settings.limits.read_timeout)
            .timeout(settings.limits.total_timeout);
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path)
                .map_err(|error| setup(format!("cannot read {}: {error}", path.display())))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|_| setup(format!("{} holds no readable PEM certificate", path.display())))?;
            if certificates.is_empty() {
                return Err(setup(format!("{} holds no PEM certificate", path.display())));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let proxies;
        (builder, proxies) = match &settings.proxy {
            ProxyChoice::Environment => (builder, Some(Matcher::from_env())),
            ProxyChoice::Direct => (builder.no_proxy(), None),
            ProxyChoice::Address(address) => {
                let except = settings.no_proxy.as_deref().unwrap_or_default();
                let proxy = reqwest::Proxy::all(address.clone())
                    .map_err(|_| setup("the proxy's address cannot be used".to_owned()))?
                    .no_proxy(reqwest::NoProxy::from_string(except));
                let told = Matcher::builder().all(address.as_str()).no(except).build();
                (builder.proxy(proxy), Some(told))
            }
        };
        if settings.forbid_private {
            builder = builder.dns_resolver(PublicOnly::new());
        }
        let client = builder
            .build()
            .map_err(|error| setup(tame(&error.without_url().to_string())))?;
        let burst = settings
            .limits
            .calls_per_second
            .saturating_mul(NonZeroU32::MIN.saturating_add(1));
        let quota = Quota::per_second(settings.limits.calls_per_second).allow_burst(burst);
        Ok(Self {
            client,
            settings,
            proxies: proxies.map(Arc::new),
            turns: Arc::new(RateLimiter::keyed(quota)),
            clock,
            ahead: Arc::default(),
        })
    }

    /// The proxy through which calls to an address go, as it stands in messages: without user and password.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<String> {
        let uri = url.as_str().parse().ok()?;
        let intercept = self.proxies.as_ref()?.intercept(&uri)?;
        let (host, port) = (intercept.uri().host()?, intercept.uri().port());
        Some(port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    /// By how much the clock of the server that answered last is ahead of this machine's, to about a second; negative
    /// when it is behind. Nothing, as long as no answer told.
    pub fn server_ahead(&self) -> TimeDelta {
        TimeDelta::try_milliseconds(self.ahead.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// The limits that the client holds to.
    pub const fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Sends a call under the policy. Any status is an answer; what comes after the last attempt is
    /// returned as it is, so that the caller can read the server's own error from it.
    pub async fn send_with_policy(&self, call: &Call) -> Result<Answer, Error> {
        self.send_each_anew(|| Cow::Borrowed(call)).await
    }

    /// The same with a call that is made anew for each attempt, since what it holds is good for once. All are alike
    /// but for their bodies.
    pub async fn send_each_anew<'a>(&self, make: impl Fn() -> Cow<'a, Call> + Send) -> Result<Answer, Error> {
        let mut attempts_made = 0;
        loop {
            attempts_made += 1;
            let call = &*make();
            self.permit(&call.url)?;
            let outcome = self.send_following_redirects(call).await;
            // A query that took too long would take as long again: the caller has to ask for less.
            let is_long_query = call.method == Method::POST && matches!(outcome, Err(Error::TimedOut { .. }));
            let may_repeat =
                call.is_repeatable && !is_long_query && attempts_made < self.settings.limits.backoff.attempts;
            let asked_to_wait = match &outcome {
                Ok(answer) if !is_worth_repeating(answer.status) => return outcome,
                Ok(answer) => self.retry_after(answer),
                Err(
                    Error::TimedOut { .. }
                    | Error::Interrupted { .. }
                    | Error::Unreachable { .. }
                    | Error::Proxy {
                        asks_for_password: false,
                        ..
                    },
                ) => None,
                Err(_) => return outcome,
            };
            // Who may not send again wants to know what came, not for how long to wait.
            if !call.is_repeatable {
                return outcome;
            }
            if asked_to_wait.is_some_and(|wait| wait > self.settings.limits.longest_wait) {
                return Err(Error::Throttled {
                    what: call.what.clone(),
                    host: host_of(&call.url),
                    wait: asked_to_wait,
                });
            }
            if !may_repeat {
                return outcome;
            }
            let wait = asked_to_wait
                .unwrap_or_default()
                .max(self.settings.limits.backoff.wait_after(attempts_made));
            tracing::debug!(
                what = call.what,
                attempts_made,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                status = outcome.as_ref().ok().map(|answer| answer.status),
                "trying again"
            );
            tokio::time::sleep(wait).await;
        }
    }

    /// Refuses addresses that the policy does not allow.
    fn permit(&self, url: &Url) -> Result<(), Error> {
        if self.settings.forbid_private && is_private_host(url) {
            return Err(Error::PrivateAddress { host: host_of(url) });
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.settings.allow_http || is_loopback(url) => Ok(()),
            "http" => Err(Error::PlainHttp { host: host_of(url) }),
            scheme => Err(Error::Setup {
                reason: format!("addresses with {scheme:?} are not called"),
            }),
        }
    }

    async fn send_following_redirects(&self, call: &Call) -> Result<Answer, Error> {
        let mut url = call.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.send_once(call, url.clone()).await?;
            let Some(target) = redirect_target(&answer, &url) else {
                return Ok(answer);
            };
            let keeps_method = matches!(answer.status, 307 | 308) || call.method == Method::GET;
            if !same_origin(&target, &url) || !keeps_method {
                return Err(Error::Redirected {
                    what: call.what.clone(),
                    host: host_of(&url),
                    target: target.origin().ascii_serialization(),
                    is_https_upgrade: url.scheme() == "http"
                        && target.scheme() == "https"
                        && target.host_str() == url.host_str(),
                });
            }
            url = target;
        }
        Err(Error::Malformed {
            what: call.what.clone(),
            reason: format!("{} redirects in a circle", host_of(&url)),
        })
    }

    async fn send_once(&self, call: &Call, url: Url) -> Result<Answer, Error> {
        let host = host_of(&url);
        let proxy = self.proxy_for(&url);
        let is_plain = url.scheme() == "http";
        self.turns.until_key_ready(&host).await;
        let mut request = self
            .client
            .request(call.method.clone(), url)
            .headers(call.headers.clone());
        if let Some((content_type, body)) = &call.body {
            request = request
                .header(reqwest::header::CONTENT_TYPE, *content_type)
                .body(body.clone());
        }
        let began = tokio::time::Instant::now();
        let limits = &self.settings.limits;
        let failed = |error: reqwest::Error| {
            let place = Place {
                what: &call.what,
                host: &host,
                proxy: proxy.as_deref(),
                is_plain,
                limits,
                took: began.elapsed(),
            };
            place.transport_error(error)
        };
        let mut response = request.send().await.map_err(failed)?;
        let too_large = || Error::TooLarge {
            what: call.what.clone(),
            host: host.clone(),
            limit_bytes: self.settings.limits.max_answer_bytes,
        };
        let status = response.status();
        // No server says this of itself.
        if let (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(proxy)) = (status, &proxy) {
            return Err(Error::Proxy {
                proxy: proxy.clone(),
                host: host.clone(),
                reason: ASKS_FOR_PASSWORD.to_owned(),
                asks_for_password: true,
            });
        }
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > self.settings.limits.max_answer_bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        tracing::trace!(
            what = call.what,
            status = status.as_u16(),
            bytes = body.len(),
            "answered"
        );
        let answer = Answer {
            status: status.as_u16(),
            headers,
            body,
        };
        if let Some(shown) = answer.header("date").and_then(parse_http_date) {
            let ahead = shown.signed_duration_since(self.clock.now());
            self.ahead.store(ahead.num_milliseconds(), Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// How long the server asks to wait: by its own clock where it tells it, or in words.
    fn retry_after(&self, answer: &Answer) -> Option<Duration> {
        let Some(value) = answer.header("retry-after") else {
            return (answer.status == 429).then(|| answer.wait_in_words())?;
        };
        let now = answer
            .header("date")
            .and_then(parse_http_date)
            .unwrap_or_else(|| self.clock.now());
        parse_retry_after(value, now)
    }
}

/// The host and port as they stand in messages.
pub(crate) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

/// Whether an address stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

fn redirect_target(answer: &Answer, from: &Url) -> Option<Url> {
    let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    if !is_redirect {
        return None;
    }
    from.join(answer.header("location")?).ok()
}

/// Words of the TLS library's errors, whose types do not reach here.
const TLS_WORDS: [&str; 7] = [
    "certificate",
    "tls",
    "handshake",
    "corrupt message",
    "fatal alert",
    "peer is incompatible",
    "peer misbehaved",
];

/// What a proxy says that wants to know who asks.
const ASKS_FOR_PASSWORD: &str = "it asks for a user and a password";

/// Where and when a call failed.
struct Place<'a> {
    what: &'a str,
    host: &'a str,
    proxy: Option<&'a str>,
    /// Whether plain http was spoken.
    is_plain: bool,
    limits: &'a Limits,
    took: Duration,
}

impl Place<'_> {
    /// Sorts what went wrong below HTTP. The library's error names the address, which is left out, since
    /// the message names the call.
    fn transport_error(&self, error: reqwest::Error) -> Error {
        let (is_timeout, is_connect) = (error.is_timeout(), error.is_connect());
        let error = error.without_url();
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        let reason = tame(causes.last().unwrap_or(&error.to_string()));
        let host = self.host.to_owned();
        let what = self.what.to_owned();
        let says = |words: &str| {
            causes
                .iter()
                .any(|cause| cause.to_ascii_lowercase().contains(words))
        };
        if says(PRIVATE) {
            return Error::PrivateAddress { host };
        }
        if is_connect {
            return self.connect_error(is_timeout, reason, says);
        }
        if is_timeout {
            let limit = if self.took >= self.limits.total_timeout {
                TimeLimit::Total(self.limits.total_timeout)
            } else {
                TimeLimit::Read(self.limits.read_timeout)
            };
            return Error::TimedOut {
                what,
                host,
                limit: Some(limit),
            };
        }
        // A server that expects TLS answers with bytes that are no HTTP, or with none.
        if self.is_plain && says("invalid http version") {
            return Error::SpeaksTls { host };
        }
        Error::Interrupted { what, host, reason }
    }

    fn connect_error(&self, is_timeout: bool, reason: String, says: impl Fn(&str) -> bool) -> Error {
        let host = self.host.to_owned();
        // Through a proxy, TLS comes once it has let the call through. Later words of TLS, such as a connection that is
        // closed without a goodbye, come after the call went out and not here.
        if TLS_WORDS.iter().any(|words| says(words)) {
            return Error::Tls {
                host,
                problem: TlsProblem::of(&reason),
                reason,
            };
        }
        let reason = if is_timeout {
            format!(
                "no connection within {} s",
                self.limits.connect_timeout.as_secs_f32()
            )
        } else {
            reason
        };
        let Some(proxy) = self.proxy else {
            return Error::Unreachable { host, reason };
        };
        let asks_for_password = says("proxy authorization required") || says("407");
        Error::Proxy {
            proxy: proxy.to_owned(),
            host,
            reason: if asks_for_password {
                ASKS_FOR_PASSWORD.to_owned()
            } else if says("tunnel error: unsuccessful") {
                "it refused to let the call through".to_owned()
            } else {
                reason
            },
            asks_for_password,
        }
    }
}

/// The standard words for a status, for messages.
pub(crate) fn reason_phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}
