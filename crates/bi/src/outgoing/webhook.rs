//! Webhooks: a notice as JSON, signed.
//!
//! ```text
//! POST /your/path
//! Content-Type: application/json
//! Tailwater-Delivery: 0198c0de-…            the same over every attempt
//! Tailwater-Event: refresh_failed.raised
//! Tailwater-Signature: t=1768024800,v1=5257a869e7ecebed…
//!
//! {"id":"0198c0de-…","event":"refresh_failed","state":"raised",…}
//! ```
//!
//! `v1` is the HMAC-SHA256 of `t`, a full stop and the body as it came, with the channel's secret, in hexadecimal
//! digits. A receiver computes it anew, compares in constant time, and refuses what is older than five minutes: the
//! moment is signed too, so an old call cannot be played again.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::Sha256;
use tailwater_core::signal::{Notice, Text};
use url::Url;

use super::error::Failure;
use super::{Caller, secret_header};

/// The header with the delivery's id.
pub const DELIVERY: &str = "tailwater-delivery";
/// The header with event and state.
pub const EVENT: &str = "tailwater-event";
/// The header with moment and signature.
pub const SIGNATURE: &str = "tailwater-signature";

/// The body. Its JSON is a public format: fields are added, never renamed.
#[derive(Debug, Serialize)]
struct Body<'a> {
    /// The delivery's id, the same over every attempt.
    id: &'a str,
    /// The notice in one line.
    headline: &'a str,
    /// The subject's page in the catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(flatten)]
    notice: &'a Notice,
}

/// Sends a notice.
pub async fn send(
    caller: &Caller,
    url: &Url,
    secret: Option<&SecretString>,
    delivery: &str,
    notice: &Notice,
    catalog: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let text = Text::of(notice);
    let link = catalog
        .zip(text.page.as_ref())
        .map(|(catalog, page)| format!("{}/{page}", catalog.trim_end_matches('/')));
    let body = Body {
        id: delivery,
        headline: &text.headline,
        link,
        notice,
    };
    let body = serde_json::to_string(&body).map_err(|error| Failure::settings(error.to_string()))?;
    let mut headers = HeaderMap::new();
    let event = format!("{}.{}", notice.event.name(), notice.state.name());
    for (name, text) in [(DELIVERY, delivery), (EVENT, &event)] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    if let Some(value) = secret.and_then(|secret| secret_header(&signature(secret, now, &body))) {
        headers.insert(SIGNATURE, value);
    }
    caller.post("the webhook", url, headers, body).await
}

/// `t=…,v1=…` for a body at a moment.
pub fn signature(secret: &SecretString, now: DateTime<Utc>, body: &str) -> String {
    use std::fmt::Write as _;
    let moment = now.timestamp();
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("a key");
    mac.update(format!("{moment}.{body}").as_bytes());
    let mut text = format!("t={moment},v1=");
    for byte in mac.finalize().into_bytes() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
