//! What comes before a session: what the server says about itself, and the sign-in.
//!
//! A sign-in as a connected app is good for minutes by the server's clock, and once. So the time is reckoned from
//! what the server's clock showed, asked anew when that is long ago, and each attempt signs a text of its own.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use super::connected_app::{Purpose, sign};
use super::fault::{Fault, expect_tree};
use super::session::{Gate, Session, State};
use super::settings::Credential;
use super::tree::{Body, Node, read_body};
use super::version::ApiVersion;
use crate::error::{Error, tame};
use crate::http::Call;
use crate::retry::parse_http_date;

/// After this time the server's clock is looked at again before something is signed that depends on it: a machine
/// that slept, or whose clock was set, reckons wrongly until then.
const CLOCK_IS_GOOD_FOR: TimeDelta = TimeDelta::seconds(60);

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerInfo {
    /// Such as `2025.1.2`; for people.
    pub(crate) product_version: Option<String>,
    /// What the server speaks at most.
    pub(crate) offered: ApiVersion,
    /// What is spoken with it.
    pub(crate) spoken: ApiVersion,
    /// When it was asked, by the clock here.
    asked_at: DateTime<Utc>,
    /// How far its clock was ahead of the one here; negative when behind, zero when it did not tell.
    clock_ahead: TimeDelta,
}

impl Gate {
    pub(super) async fn known_server(&self, state: &mut State) -> Result<ServerInfo, Error> {
        if let Some(known) = &state.server {
            return Ok(known.clone());
        }
        let info = self.ask_server_info().await?;
        state.server = Some(info.clone());
        Ok(info)
    }

    /// Server Info is the one call that needs no session. It is asked at 2.4, which every server since
    /// 10.1 answers; JSON came with 2.5, so XML is asked for.
    async fn ask_server_info(&self) -> Result<ServerInfo, Error> {
        let call = Call::get("Server Info", self.url(&["api", "2.4", "serverinfo"]))
            .header(ACCEPT.as_str(), HeaderValue::from_static("application/xml"));
        let answer = self.http.send_with_policy(&call).await?;
        let asked_at = self.clock.now();
        // Plain http gives no tunnel that the proxy could refuse: it answers in the server's place.
        if let (false, 403 | 502..=504, Some(proxy)) =
            (self.is_https(), answer.status, self.http.proxy_for(&self.base))
            && answer.header("x-tableau").is_none()
        {
            return Err(Error::Proxy {
                proxy,
                host: self.host(),
                reason: format!("it, or what is behind it, answered with status {}", answer.status),
                asks_for_password: false,
            });
        }
        let not_tableau = |reason: String| Error::NotTableau {
            server: self.server.clone(),
            reason,
        };
        let tree = match read_body(&answer) {
            Body::Tree(tree) => tree,
            _ if answer.status >= 500 => {
                return expect_tree(&answer, &call.what, &self.host()).and(Err(not_tableau(String::new())));
            }
            Body::Foreign => return Err(not_tableau(format!("a page with status {}", answer.status))),
            Body::Empty => return Err(not_tableau(format!("nothing, with status {}", answer.status))),
            Body::Broken(reason) => return Err(not_tableau(reason)),
        };
        let too_old = |version: String| Error::TooOld {
            server: self.server.clone(),
            version,
            needs: self.needed_version().1,
        };
        if let Some(fault) = Fault::read(&tree) {
            // A server before 10.1 does not know the call.
            return Err(if fault.code == "404003" {
                too_old("below 2.4".to_owned())
            } else {
                fault.into_error(&call.what)
            });
        }
        let info = Node::new(&tree).member("serverInfo");
        let offered = info
            .text("restApiVersion")
            .and_then(|version| version.parse::<ApiVersion>().ok())
            .ok_or_else(|| not_tableau(format!("status {} without a REST version", answer.status)))?;
        if offered < self.needed_version().0 {
            return Err(too_old(offered.to_string()));
        }
        let date = answer.header("date").and_then(parse_http_date);
        Ok(ServerInfo {
            product_version: info.text("productVersion").map(|version| tame(&version)),
            offered,
            spoken: offered.min(ApiVersion::NEWEST_KNOWN),
            asked_at,
            clock_ahead: date.map_or_else(TimeDelta::zero, |date| date - asked_at),
        })
    }

    /// The first version with what is signed in with, and in words what needs it.
    fn needed_version(&self) -> (ApiVersion, &'static str) {
        match &self.credential {
            Credential::PersonalAccessToken { .. } => (
                ApiVersion::FIRST_WITH_TOKENS,
                "personal access tokens need 3.6 (Tableau 2019.4) or later",
            ),
            Credential::ConnectedApp { .. } if self.is_cloud() => (
                ApiVersion::FIRST_WITH_APPS_ON_CLOUD,
                "connected apps need 3.16 or later",
            ),
            Credential::ConnectedApp { .. } => (
                ApiVersion::FIRST_WITH_APPS,
                "connected apps need 3.17 (Tableau Server 2022.3) or later",
            ),
        }
    }

    /// Signs in, for everything that the connector was needed for so far.
    pub(super) async fn sign_in(&self, state: &mut State) -> Result<Arc<Session>, Error> {
        let version = self.known_server(state).await?.spoken;
        let signing_time = match &self.credential {
            Credential::PersonalAccessToken { .. } => self.clock.now(),
            Credential::ConnectedApp { .. } => self.server_time(state).await?,
        };
        let url = self.url(&["api", &version.to_string(), "auth", "signin"]);
        let make = || {
            let body = self.credentials_body(&state.purposes, signing_time);
            Cow::Owned(
                Call::post("Sign In", url.clone(), "application/json", body)
                    .repeatable()
                    .header(ACCEPT.as_str(), HeaderValue::from_static("application/json")),
            )
        };
        let answer = self.http.send_each_anew(make).await?;
        let what = "Sign In";
        if answer.status == 401 {
            let detail = match expect_tree(&answer, what, &self.host()) {
                Err(Error::Tableau { detail, summary, .. }) if detail.is_empty() => summary,
                Err(Error::Tableau { detail, .. }) => detail,
                _ => String::new(),
            };
            return Err(Error::SignInRefused {
                server: self.server.clone(),
                site: self.site.clone(),
                credential: Box::new(self.credential.name()),
                detail: self.without_secret(&detail),
            });
        }
        let tree = expect_tree(&answer, what, &self.host())?;
        let credentials = Node::new(&tree).member("credentials");
        let incomplete = || Error::Malformed {
            what: what.to_owned(),
            reason: "the answer holds no session".to_owned(),
        };
        state.generation += 1;
        let token_life = credentials
            .text("estimatedTimeToExpiration")
            .map(|life| tame(&life));
        let token_expires_at = token_life
            .as_deref()
            .and_then(super::check::life_of)
            .and_then(|life| self.clock.now().checked_add_signed(life));
        let session = Arc::new(Session {
            token: SecretString::from(credentials.text("token").ok_or_else(incomplete)?),
            generation: state.generation,
            purposes: match &self.credential {
                Credential::PersonalAccessToken { .. } => None,
                Credential::ConnectedApp { .. } => Some(state.purposes.clone()),
            },
            version,
            site_id: credentials.member("site").text("id").ok_or_else(incomplete)?,
            user_id: credentials.member("user").text("id"),
            token_life,
            token_expires_at,
        });
        // One that may do less is still in use, and ended with the others at the end.
        state
            .superseded
            .extend(state.session.replace(Arc::clone(&session)));
        Ok(session)
    }

    /// The time by the server's clock.
    async fn server_time(&self, state: &mut State) -> Result<DateTime<Utc>, Error> {
        let known = self.known_server(state).await?;
        let age = self.clock.now() - known.asked_at;
        let info = if age < TimeDelta::zero() || age > CLOCK_IS_GOOD_FOR {
            state.server = None;
            self.known_server(state).await?
        } else {
            known
        };
        Ok(self.clock.now() + info.clock_ahead)
    }

    /// Text of the server without the secret, or what was signed with it, should it send that back.
    fn without_secret(&self, text: &str) -> String {
        let secret = self.credential.secret().expose_secret();
        let text = if secret.is_empty() {
            text.to_owned()
        } else {
            text.replace(secret, "…")
        };
        // Every JSON object in Base64 begins like this.
        let is_signed = |word: &&str| word.contains("eyJ");
        text.split(' ')
            .map(|word| if is_signed(&word) { "…" } else { word })
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The body of a sign-in. It holds the secret, or what was signed with it, and goes nowhere else.
    fn credentials_body(&self, purposes: &BTreeSet<Purpose>, now: DateTime<Utc>) -> String {
        let site = json!({"contentUrl": self.site});
        let body: Value = match &self.credential {
            Credential::PersonalAccessToken { name, secret } => json!({"credentials": {
                "personalAccessTokenName": name,
                "personalAccessTokenSecret": secret.expose_secret(),
                "site": site,
            }}),
            Credential::ConnectedApp { app, secret } => {
                let signed = sign(app, secret, purposes, now, Uuid::new_v4());
                json!({"credentials": {"jwt": signed.expose_secret(), "site": site}})
            }
        };
        body.to_string()
    }
}
