//! Signals on their way out: to webhooks, chats, inboxes and collectors of lineage.
//!
//! Everything that is sent over HTTP goes through the one policy of [`crate::http`], with repeats left to the
//! outbox: a [`Failure`] says whether trying again may help. Addresses and keys are secrets: a webhook's address
//! is all that is needed to write into a chat, so messages name its host alone.
//!
//! ```text
//! Notice ─┬─▶ webhook: JSON, signed
//!         ├─▶ slack: blocks of escaped text
//!         └─▶ email: a letter to people
//! LineageEvent ─▶ open_lineage: a collector, or a line of a file
//! ```

pub mod email;
mod error;
pub mod message;
pub mod open_lineage;
pub mod slack;
pub mod webhook;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use error::{Error, Failure};
pub use message::{Entry, Message};
use reqwest::header::{HeaderMap, HeaderValue};
use tailwater_core::clock::Clock;
use url::Url;

use crate::http::{Answer, Call, HttpClient, HttpSettings, Limits, host_of};
use crate::retry::Backoff;

/// How calls of one channel may go out.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// Whether addresses of private networks and of this machine may be called.
    pub allow_private: bool,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// A PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
}

/// Calls web addresses for one channel. Its `Debug` shows nothing of them.
#[derive(Debug, Clone)]
pub struct Caller {
    client: HttpClient,
}

impl Caller {
    /// Sets up the client.
    pub fn new(way: &Way, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let settings = HttpSettings {
            allow_http: way.allow_http,
            forbid_private: !way.allow_private,
            ca_file: way.ca_file.clone(),
            limits: Limits {
                read_timeout: Duration::from_secs(20),
                total_timeout: Duration::from_secs(30),
                max_answer_bytes: 1 << 20,
                // The outbox repeats, and remembers over restarts.
                backoff: Backoff {
                    attempts: 1,
                    ..Backoff::default()
                },
                ..Limits::default()
            },
            ..HttpSettings::default()
        };
        Ok(Self {
            client: HttpClient::new(settings, clock)?,
        })
    }

    /// Posts a JSON body. `what` names the call in messages.
    async fn post(
        &self,
        what: &'static str,
        url: &Url,
        headers: HeaderMap,
        body: String,
    ) -> Result<(), Failure> {
        let mut call = Call::post(what, url.clone(), "application/json", body);
        call.headers = headers;
        let answer = self
            .client
            .send_with_policy(&call)
            .await
            .map_err(Failure::of_call)?;
        judge(what, url, &answer)
    }
}

fn judge(what: &'static str, url: &Url, answer: &Answer) -> Result<(), Failure> {
    if answer.is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)]).into_owned();
    let wait = answer
        .header("retry-after")
        .and_then(|text| text.trim().parse().ok());
    Err(Failure {
        // What is wrong with the message stays wrong; what is wrong with the receiver may be mended.
        is_final: matches!(answer.status, 400 | 405 | 410 | 413 | 415 | 422),
        wait: wait.map(Duration::from_secs),
        error: Box::new(Error::Refused {
            what,
            host: host_of(url),
            status: answer.status,
            said: crate::error::tame(&said),
        }),
    })
}

/// A header's value that is not shown in any `Debug`; `None` where it holds what no header may.
fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
