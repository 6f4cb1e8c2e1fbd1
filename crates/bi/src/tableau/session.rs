//! The one session that a token has, shared by every call of a connector. How it is opened: [`super::sign_in`].
//!
//! Tableau ends a token's session as soon as something signs in with the same token again. So there is
//! one session behind one lock; a call that finds it dead has it renewed once and is sent again, and
//! calls that were under way with the old session take up the new one without another sign-in:
//!
//! ```text
//! call with session 1 ─▶ 401002 ─▶ renew(1) ─▶ session 2 ─▶ call again
//! call with session 1 ─▶ 401002 ─▶ renew(1) ─▶ session 2 is there already ─▶ call again
//! call with session 2 ─▶ 401002 right after its renewal ─▶ the token is being stolen: an error
//! ```
//!
//! A connected app has as many sessions as it likes, and each says what it is for ([`super::connected_app`]). There a
//! refusal right after a renewal means that the session may not do what the call asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tailwater_core::clock::Clock;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

use super::connected_app::{Need, Purpose};
use super::fault::{Fault, Refusal, expect_tree, refusal};
use super::settings::{Credential, TableauSettings};
use super::sign_in::ServerInfo;
use super::skew::Skew;
use super::tree::{Body, read_body};
use super::version::ApiVersion;
use crate::deadline::before;
use crate::error::Error;
use crate::http::{Answer, Call, HttpClient, HttpSettings, ProxyChoice, host_of, reason_phrase};
use crate::refresh::Clearance;

/// Renewals within this time count as a fight over the token; a session's natural end comes hours apart.
const FIGHT_MINUTES: i64 = 10;
/// More renewals than this within that time end the work.
const MOST_RENEWALS: usize = 3;
/// REST calls under way at once (what one site bears politely).
const REST_AT_ONCE: usize = 4;
/// Metadata queries under way at once; each may cost the server much.
const QUERIES_AT_ONCE: usize = 2;

/// A live session. Its `Debug` shows no token.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) token: SecretString,
    /// Counts the sign-ins of this connector, so that a call knows which session it was sent with.
    pub(super) generation: u64,
    pub(crate) version: ApiVersion,
    pub(crate) site_id: String,
    pub(crate) user_id: Option<String>,
    /// What it may be used for; `None` for everything that its user may do.
    pub(super) purposes: Option<BTreeSet<Purpose>>,
    /// What Tableau says about the token's remaining life, `DAYS:HH:MM`.
    pub(crate) token_life: Option<String>,
    /// When the token ends by that.
    pub(crate) token_expires_at: Option<DateTime<Utc>>,
}

impl Session {
    fn allows(&self, need: Need) -> bool {
        self.purposes
            .as_ref()
            .is_none_or(|purposes| purposes.contains(&need.purpose))
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) server: Option<ServerInfo>,
    pub(super) session: Option<Arc<Session>>,
    /// Sessions of a connected app that are alive although a newer one may do more.
    pub(super) superseded: Vec<Arc<Session>>,
    pub(super) generation: u64,
    /// What this connector was needed for so far.
    pub(super) purposes: BTreeSet<Purpose>,
    /// Scopes that new sessions of a connected app were refused, and when.
    refused_scopes: BTreeMap<&'static str, DateTime<Utc>>,
    renewals: Vec<DateTime<Utc>>,
    /// When the Metadata API last refused a session that the REST API took.
    metadata_forbidden_at: Option<DateTime<Utc>>,
}

/// The way to one Tableau site: addresses, the session, and calls under it.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(super) http: HttpClient,
    pub(super) base: Url,
    pub(super) server: String,
    pub(super) site: String,
    pub(super) credential: Credential,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    rest_turns: Semaphore,
    query_turns: Semaphore,
}

impl Gate {
    pub(crate) fn new(settings: &TableauSettings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let address = super::address::split_address(&settings.server)?;
        let refused = |reason: &str| Error::Address {
            text: address.server.clone(),
            reason: reason.to_owned(),
        };
        let base = Url::parse(&address.server).map_err(|_| refused("it is no web address"))?;
        if base.scheme() == "http" && !settings.allow_http && !crate::http::is_loopback(&base) {
            return Err(Error::PlainHttp { host: host_of(&base) });
        }
        let proxy = match &settings.proxy {
            Some(address) => ProxyChoice::Address(address.clone()),
            None if crate::http::is_loopback(&base) => ProxyChoice::Direct,
            None => ProxyChoice::Environment,
        };
        let http = HttpClient::new(
            HttpSettings {
                forbid_private: false,
                allow_http: settings.allow_http,
                ca_file: settings.ca_file.clone(),
                proxy,
                no_proxy: settings.no_proxy.clone(),
                limits: settings.limits.clone(),
            },
            Arc::clone(&clock),
        )?;
        Ok(Self {
            http,
            base,
            server: address.server.clone(),
            site: settings.site.clone(),
            credential: settings.credential.clone(),
            clock,
            state: Mutex::default(),
            rest_turns: Semaphore::new(REST_AT_ONCE),
            query_turns: Semaphore::new(QUERIES_AT_ONCE),
        })
    }

    /// The server's address without a slash at the end.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// The site's name in addresses.
    pub(crate) fn site(&self) -> &str {
        &self.site
    }

    /// The server's host, for messages.
    pub(crate) fn host(&self) -> String {
        host_of(&self.base)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    pub(crate) fn is_loopback(&self) -> bool {
        crate::http::is_loopback(&self.base)
    }

    /// Whether it is Tableau's own cloud, by its name.
    pub(super) fn is_cloud(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default();
        host.ends_with(".online.tableau.com")
    }

    /// By what people know the credential.
    pub(crate) const fn credential(&self) -> &Credential {
        &self.credential
    }

    pub(crate) const fn http(&self) -> &HttpClient {
        &self.http
    }

    /// By how much the server's clock differs from ours, as far as its answers told.
    pub(crate) fn skew(&self) -> Skew {
        Skew::of(self.http.server_ahead())
    }

    /// An address below the server's, segment by segment: ids come from outside and are encoded.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// What the server says about itself, asked once.
    pub(crate) async fn server_info(&self) -> Result<ServerInfo, Error> {
        let mut state = self.state.lock().await;
        self.known_server(&mut state).await
    }

    /// The live session, signing in when there is none yet.
    pub(crate) async fn session(&self) -> Result<Arc<Session>, Error> {
        self.session_for(Need::READ).await
    }

    /// A live session that may do what is needed. A connected app's that may not is put beside one that may.
    async fn session_for(&self, need: Need) -> Result<Arc<Session>, Error> {
        let mut state = self.state.lock().await;
        if let Some(session) = &state.session
            && session.allows(need)
        {
            return Ok(Arc::clone(session));
        }
        state.purposes.extend([Purpose::Read, need.purpose]);
        self.sign_in(&mut state).await
    }

    /// When the token ends, by what the last sign-in told; `None` also before any.
    pub(crate) async fn token_expires_at(&self) -> Option<DateTime<Utc>> {
        let state = self.state.lock().await;
        state
            .session
            .as_ref()
            .and_then(|session| session.token_expires_at)
    }

    /// A session newer than the one that was found dead.
    async fn renew(&self, dead: &Session, need: Need, what: &str) -> Result<Arc<Session>, Error> {
        let mut state = self.state.lock().await;
        if let Some(session) = &state.session
            && session.generation != dead.generation
            && session.allows(need)
        {
            return Ok(Arc::clone(session));
        }
        let now = self.clock.now();
        let is_recent = |instant: &DateTime<Utc>| now - *instant < TimeDelta::minutes(FIGHT_MINUTES);
        // A new session was refused the same: another would fare alike.
        if state.refused_scopes.get(need.scope).is_some_and(is_recent) {
            return Err(self.scope_missing(need, what));
        }
        state.renewals.retain(is_recent);
        if state.renewals.len() >= MOST_RENEWALS {
            state.session = None;
            return Err(self.stolen());
        }
        state.renewals.push(now);
        tracing::warn!(
            credential = %self.credential.name(),
            "the session ended before its time; signing in again"
        );
        state.session = None;
        state.purposes.extend([Purpose::Read, need.purpose]);
        self.sign_in(&mut state).await
    }

    fn stolen(&self) -> Error {
        Error::SessionStolen {
            credential: Box::new(self.credential.name()),
        }
    }

    fn scope_missing(&self, need: Need, what: &str) -> Error {
        Error::ScopeMissing {
            what: what.to_owned(),
            credential: Box::new(self.credential.name()),
            scope: need.scope,
        }
    }

    /// An address below the site, `/api/{version}/sites/{site}/…`.
    fn site_url(&self, session: &Session, segments: &[&str]) -> Url {
        let version = session.version.to_string();
        let mut path = vec!["api", &version, "sites", &session.site_id];
        path.extend(segments);
        self.url(&path)
    }

    /// Sends a call below the site and reads its tree.
    pub(crate) async fn get(
        &self,
        what: &str,
        segments: &[&str],
        query: &[(String, String)],
    ) -> Result<Value, Error> {
        let _turn = self.rest_turns.acquire().await;
        let make = |session: &Session| {
            let mut url = self.site_url(session, segments);
            if !query.is_empty() {
                url.query_pairs_mut().extend_pairs(query);
            }
            Call::get(what, url).header(ACCEPT.as_str(), HeaderValue::from_static("application/json"))
        };
        let answer = self
            .send_signed_in(Need::of(&Method::GET, segments), make)
            .await?;
        expect_tree(&answer, what, &self.host())
    }

    /// Posts a body in XML below the site, once and only when cleared: whatever the answer, it is not sent again, except
    /// after the session was refused, which proves that the call did nothing. `None` when it was not cleared.
    pub(crate) async fn post_cleared(
        &self,
        what: &str,
        segments: &[&str],
        body: &'static str,
        clearance: &mut dyn Clearance,
    ) -> Result<Option<Answer>, Error> {
        let _turn = self.rest_turns.acquire().await;
        let make = |session: &Session| {
            let url = self.site_url(session, segments);
            Call::post(what, url, "application/xml", body.to_owned())
                .header(ACCEPT.as_str(), HeaderValue::from_static("application/json"))
        };
        let need = Need::of(&Method::POST, segments);
        let mut session = self.session_for(need).await?;
        let (mut is_repeated, mut is_renewed) = (false, false);
        loop {
            let Some(until) = clearance.clear().await else {
                return Ok(None);
            };
            let sent = before(until, self.send_with(&session, &make)).await;
            let (answer, what) = sent.unwrap_or_else(|| {
                Err(Error::TimedOut {
                    what: what.to_owned(),
                    host: self.host(),
                    limit: None,
                })
            })?;
            match refusal(&answer) {
                None => return Ok(Some(answer)),
                Some(refused) if is_renewed => {
                    return Err(self.refused_anew(refused, need, what, &answer).await);
                }
                Some(Refusal::Bare) if !is_repeated => {
                    is_repeated = true;
                    tokio::time::sleep(self.http.limits().backoff.wait_after(1)).await;
                }
                Some(refused) => {
                    tracing::debug!(what, ?refused, "the session was refused");
                    session = self.renew(&session, need, &what).await?;
                    is_renewed = true;
                }
            }
        }
    }

    /// Puts nothing below the site; doing so twice does no harm.
    pub(crate) async fn put(&self, what: &str, segments: &[&str]) -> Result<Answer, Error> {
        let _turn = self.rest_turns.acquire().await;
        let make = |session: &Session| {
            let mut call = Call::get(what, self.site_url(session, segments))
                .header(ACCEPT.as_str(), HeaderValue::from_static("application/json"));
            call.method = Method::PUT;
            // Some proxies refuse a call of this kind that does not say how long it is.
            call.header(CONTENT_LENGTH.as_str(), HeaderValue::from_static("0"))
        };
        self.send_signed_in(Need::of(&Method::PUT, segments), make).await
    }

    /// Sends a call below the site that changes something or reads by a body. It is not repeated, but for a session
    /// that was found dead. An answer without a body is null.
    pub(crate) async fn change(
        &self,
        what: &str,
        method: Method,
        segments: &[&str],
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let _turn = self.rest_turns.acquire().await;
        let body = body.map(|body| ("application/json", body.to_string()));
        let make = |session: &Session| {
            let version = session.version.to_string();
            let mut path = vec!["api", &version, "sites", &session.site_id];
            path.extend(segments);
            let mut call = Call::get(what, self.url(&path))
                .header(ACCEPT.as_str(), HeaderValue::from_static("application/json"));
            call.method = method.clone();
            call.is_repeatable = false;
            call.body.clone_from(&body);
            call
        };
        let answer = self.send_signed_in(Need::of(&method, segments), make).await?;
        if answer.is_success() && answer.body.is_empty() {
            return Ok(Value::Null);
        }
        expect_tree(&answer, what, &self.host())
    }

    /// Sends a query to the Metadata API. Queries only read, so they may be repeated.
    pub(crate) async fn query(&self, what: &str, body: String) -> Result<Answer, Error> {
        let _turn = self.query_turns.acquire().await;
        let make = |_: &Session| {
            let url = self.url(&["api", "metadata", "graphql"]);
            Call::post(what, url, "application/json", body.clone())
                .repeatable()
                .header(ACCEPT.as_str(), HeaderValue::from_static("application/json"))
        };
        if self.is_metadata_forbidden().await {
            // Another sign-in would change nothing: it was refused with a new session.
            let session = self.session_for(Need::READ).await?;
            let (answer, what) = self.send_with(&session, &make).await?;
            if refusal(&answer).is_none() {
                return Ok(answer);
            }
            if self.is_accepted_by_rest(&session).await {
                return Err(self.forbidden(&answer));
            }
            self.renew(&session, Need::READ, &what).await?;
        }
        match self.send_signed_in(Need::READ, make).await {
            Err(error) if is_about_session(&error) => self.ask_what_is_refused(&make, error).await,
            answered => answered,
        }
    }

    /// A query was refused as if the session were dead. Where the REST API takes the same session, it is the Metadata
    /// API alone that does not.
    async fn ask_what_is_refused(
        &self,
        make: &(impl Fn(&Session) -> Call + Send),
        error: Error,
    ) -> Result<Answer, Error> {
        let Some(session) = self.state.lock().await.session.clone() else {
            return Err(error);
        };
        if !self.is_accepted_by_rest(&session).await {
            return Err(error);
        }
        let (answer, _) = self.send_with(&session, make).await?;
        if refusal(&answer).is_none() {
            return Ok(answer);
        }
        let mut state = self.state.lock().await;
        state.refused_scopes.remove(Need::READ.scope);
        state.metadata_forbidden_at = Some(self.clock.now());
        Err(self.forbidden(&answer))
    }

    /// Whether the Metadata API refused a session a moment ago that the REST API took.
    async fn is_metadata_forbidden(&self) -> bool {
        let at = self.state.lock().await.metadata_forbidden_at;
        at.is_some_and(|at| self.clock.now() - at < TimeDelta::minutes(FIGHT_MINUTES))
    }

    /// Whether the REST API takes a session, by a small question that every session may ask.
    async fn is_accepted_by_rest(&self, session: &Session) -> bool {
        let make = |session: &Session| {
            let mut url = self.site_url(session, &["projects"]);
            url.query_pairs_mut()
                .extend_pairs([("pageSize", "1"), ("pageNumber", "1")]);
            Call::get("Query Projects", url)
                .header(ACCEPT.as_str(), HeaderValue::from_static("application/json"))
        };
        let answered = self.send_with(session, &make).await;
        answered.is_ok_and(|(answer, _)| answer.is_success())
    }

    /// The Metadata API refuses what the REST API takes.
    pub(super) fn forbidden(&self, answer: &Answer) -> Error {
        let fault = match read_body(answer) {
            Body::Tree(tree) => Fault::read(&tree),
            _ => None,
        };
        Error::MetadataForbidden {
            server: self.server.clone(),
            credential: Box::new(self.credential.name()),
            reason: fault.map_or_else(
                || format!("status {} {}", answer.status, reason_phrase(answer.status)),
                |fault| fault.in_words(),
            ),
        }
    }

    /// Sends a call with the session's token; renews a dead session once and sends again.
    async fn send_signed_in(
        &self,
        need: Need,
        make: impl Fn(&Session) -> Call + Send,
    ) -> Result<Answer, Error> {
        let session = self.session_for(need).await?;
        let (answer, what) = self.send_with(&session, &make).await?;
        let refused = match refusal(&answer) {
            None => return Ok(answer),
            // A valid token is refused like this now and then: ask again before signing in again.
            Some(Refusal::Bare) => {
                tokio::time::sleep(self.http.limits().backoff.wait_after(1)).await;
                let (answer, _) = self.send_with(&session, &make).await?;
                match refusal(&answer) {
                    None => return Ok(answer),
                    Some(refused) => refused,
                }
            }
            Some(refused) => refused,
        };
        tracing::debug!(what, ?refused, "the session was refused");
        let session = self.renew(&session, need, &what).await?;
        let (answer, what) = self.send_with(&session, &make).await?;
        match refusal(&answer) {
            None => Ok(answer),
            Some(refused) => Err(self.refused_anew(refused, need, what, &answer).await),
        }
    }

    /// What it means that a session was refused which is new. Nothing takes a connected app's session away, but
    /// Tableau answers alike when a session may not do what is asked.
    async fn refused_anew(&self, refused: Refusal, need: Need, what: String, answer: &Answer) -> Error {
        match (refused, &self.credential) {
            (Refusal::DeadToken, Credential::ConnectedApp { .. }) => {
                let now = self.clock.now();
                self.state.lock().await.refused_scopes.insert(need.scope, now);
                self.scope_missing(need, &what)
            }
            (Refusal::DeadToken, Credential::PersonalAccessToken { .. }) => self.stolen(),
            (Refusal::Bare, _) => Error::Server {
                what,
                host: self.host(),
                status: answer.status,
                detail: "the session is refused although it is new".to_owned(),
            },
        }
    }

    async fn send_with(
        &self,
        session: &Session,
        make: &(impl Fn(&Session) -> Call + Send),
    ) -> Result<(Answer, String), Error> {
        let call = make(session);
        let mut token =
            HeaderValue::from_str(session.token.expose_secret()).map_err(|_| Error::Malformed {
                what: call.what.clone(),
                reason: "the session's token cannot be sent in a header".to_owned(),
            })?;
        token.set_sensitive(true);
        let call = call.header("x-tableau-auth", token);
        let answer = self.http.send_with_policy(&call).await?;
        Ok((answer, call.what))
    }

    /// Ends the session, if there is one.
    pub(crate) async fn sign_out(&self) {
        let ended: Vec<Arc<Session>> = {
            let mut state = self.state.lock().await;
            let present = state.session.take();
            std::mem::take(&mut state.superseded)
                .into_iter()
                .chain(present)
                .collect()
        };
        for session in ended {
            let make = |session: &Session| {
                let url = self.url(&["api", &session.version.to_string(), "auth", "signout"]);
                Call::post("Sign Out", url, "application/json", String::new())
            };
            match self.send_with(&session, &make).await {
                Ok((answer, _)) if answer.is_success() => {}
                Ok((answer, _)) => tracing::debug!(status = answer.status, "sign-out was not accepted"),
                Err(error) => tracing::debug!(%error, "sign-out failed"),
            }
        }
    }
}
/// Whether an error says that a session is refused although it is new.
const fn is_about_session(error: &Error) -> bool {
    matches!(
        error,
        Error::SessionStolen { .. } | Error::ScopeMissing { .. } | Error::Server { status: 401, .. }
    )
}
