//! Signing in as a connected app (Tableau help, "Configure Connected Apps with Direct Trust").
//!
//! Who knows one of the app's two secrets signs a small text that says who is meant and what for, and signs in
//! with it in place of a token:
//!
//! ```text
//! {"alg":"HS256","typ":"JWT","kid":SECRET ID,"iss":CLIENT ID}
//! .{"iss":CLIENT ID,"sub":USER,"aud":"tableau","exp":…,"jti":…,"scp":["tableau:content:read",…]}
//! .HMAC-SHA256 of the two above with the secret
//! ```
//!
//! Tableau takes each of them once, within the ten minutes before it ends by Tableau's own clock. A session does
//! what the scopes of its text allow and nothing else; so a sync asks for those that read, and what refreshes or
//! warns signs in anew with more. Sessions of one app may stand side by side.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use tailwater_core::credential::ConnectedApp;
use uuid::Uuid;

/// How long what is signed is good for. Tableau allows ten minutes; half of that leaves room for the time that a
/// clock is off and for the time that an answer takes.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// What a session is for. Each needs scopes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// Reads content, its lineage and its owners.
    Read,
    /// Refreshes extracts and looks after their jobs.
    Refresh,
    /// Puts labels on content and takes them back.
    Warn,
}

impl Purpose {
    /// The scopes that it needs (Tableau help, "Access Scopes for Connected Apps").
    const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["tableau:content:read", "tableau:users:read"],
            Self::Refresh => &["tableau:tasks:run", "tableau:jobs:read", "tableau:jobs:update"],
            Self::Warn => &[
                "tableau:labels:read",
                "tableau:labels:update",
                "tableau:labels:delete",
            ],
        }
    }
}

/// What one call needs of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) purpose: Purpose,
    /// The scope that allows the call.
    pub(crate) scope: &'static str,
}

impl Need {
    /// What reading content and the Metadata API need, and a session that is opened for no call in particular.
    pub(crate) const READ: Self = Self::new(Purpose::Read, "tableau:content:read");

    const fn new(purpose: Purpose, scope: &'static str) -> Self {
        Self { purpose, scope }
    }

    /// What a call below the site needs, told by its method and path.
    pub(crate) fn of(method: &Method, segments: &[&str]) -> Self {
        match (method, segments) {
            (_, ["users", ..]) => Self::new(Purpose::Read, "tableau:users:read"),
            (&Method::POST, [.., "refresh"]) => Self::new(Purpose::Refresh, "tableau:tasks:run"),
            (&Method::GET, ["jobs", ..]) => Self::new(Purpose::Refresh, "tableau:jobs:read"),
            (_, ["jobs", ..]) => Self::new(Purpose::Refresh, "tableau:jobs:update"),
            (&Method::GET | &Method::POST, ["labels", ..]) => Self::new(Purpose::Warn, "tableau:labels:read"),
            (&Method::DELETE, ["labels", ..]) => Self::new(Purpose::Warn, "tableau:labels:delete"),
            (_, ["labels", ..]) => Self::new(Purpose::Warn, "tableau:labels:update"),
            _ => Self::READ,
        }
    }
}

/// Signs what one sign-in needs. `now` is the time by the server's clock as far as that is known; `id` must never
/// come again.
pub(crate) fn sign(
    app: &ConnectedApp,
    secret: &SecretString,
    purposes: &BTreeSet<Purpose>,
    now: DateTime<Utc>,
    id: Uuid,
) -> SecretString {
    let scopes: Vec<&str> = purposes
        .iter()
        .flat_map(|purpose| purpose.scopes())
        .copied()
        .collect();
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": app.secret_id, "iss": app.client_id});
    let claims = json!({
        "iss": app.client_id,
        "sub": app.user,
        "aud": "tableau",
        "exp": (now + LIFETIME).timestamp(),
        "jti": id.to_string(),
        "scp": scopes,
    });
    let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    SecretString::from(format!("{signed}.{signature}"))
}

/// What to do about a refused sign-in as a connected app. Tableau Cloud ends its message in a number (Tableau help,
/// "Troubleshoot Connected Apps"); without one that is known, everything that may be wrong is named.
pub(crate) fn advice(detail: &str) -> String {
    let advice = match reason_number(detail) {
        Some(5) => {
            "The site has no user of that name. Give the user name (on Tableau Cloud the e-mail address) in its exact \
             case, of a user who is licensed on this site."
        }
        Some(16 | 10_096) => {
            "Tableau takes what was signed for expired, or for good for too long, or the user is not known. Check the \
             user's name in its exact case, and that the clocks of this machine and of the server are right; in the \
             app's settings, a maximum period of validity below 5 minutes is too short."
        }
        Some(126 | 10_089 | 10_090) => {
            "The site has no connected app with that client id, or it is switched off. In Tableau, under Settings, \
             Connected Apps, copy the client id and see that the app is enabled."
        }
        Some(127) => {
            "The connected app has no secret with that id. In Tableau, open the app under Settings, Connected Apps, and \
             copy the secret's id and value; both change when a secret is made anew."
        }
        Some(10_083) => {
            "Tableau could not read the id of the secret or of the app. Check that client id and secret id are not \
             exchanged and hold nothing else."
        }
        Some(10_084) => {
            "The signature or a claim is wrong: check first the secret's value, then that it belongs to that secret id, \
             then the clocks of this machine and of the server."
        }
        Some(10_091) => {
            "Tableau has seen the same sign-in before. Something between repeats requests: look at the proxy."
        }
        Some(10_097 | 10_099) => {
            "Tableau does not accept the scopes that were asked for. Report it with the server's version."
        }
        Some(10_103) => "What was signed is too long for Tableau: check that the user's name is only a name.",
        _ => {
            "Tableau does not say which of these is wrong: the client id, the secret's id, its value, whether the app is \
             enabled, the user's name (in its exact case, with a licence on this site), the site (the part after \
             `/site/` in the browser's address; empty for the default site), or the clocks of this machine and of the \
             server."
        }
    };
    advice.to_owned()
}

/// The number at the end of `Error signing in to Tableau Cloud (10084)`.
fn reason_number(detail: &str) -> Option<u32> {
    let (_, last) = detail.trim_end().trim_end_matches('.').rsplit_once('(')?;
    last.trim_end().strip_suffix(')')?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn app() -> ConnectedApp {
        ConnectedApp {
            client_id: "client".to_owned(),
            secret_id: "key".to_owned(),
            user: "ada \"quoted\" ü".to_owned(),
        }
    }

    fn part(token: &str, number: usize) -> serde_json::Value {
        let text = token.split('.').nth(number).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn what_is_signed_says_who_for_what_and_until_when() {
        let now: DateTime<Utc> = "2026-03-04T05:06:07Z".parse().unwrap();
        let purposes = BTreeSet::from([Purpose::Read, Purpose::Refresh]);
        let id = Uuid::from_u128(7);
        let token = sign(&app(), &SecretString::from("secret"), &purposes, now, id);
        let token = token.expose_secret();
        assert_eq!(
            part(token, 0),
            json!({"alg": "HS256", "typ": "JWT", "kid": "key", "iss": "client"})
        );
        let scopes = [
            "tableau:content:read",
            "tableau:users:read",
            "tableau:tasks:run",
            "tableau:jobs:read",
            "tableau:jobs:update",
        ];
        assert_eq!(
            part(token, 1),
            json!({"iss": "client", "sub": "ada \"quoted\" ü", "aud": "tableau", "exp": now.timestamp() + 300,
                   "jti": id.to_string(), "scp": scopes})
        );
    }

    /// The worked example of RFC 7515, appendix A.1, is of this algorithm with a key that is no text, so one made with
    /// another implementation stands here: Python's `hmac`, over the same header and claims.
    #[test]
    fn the_signature_is_that_of_the_standard() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let hex = mac
            .finalize()
            .into_bytes()
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        // RFC 4231, test case 2.
        assert_eq!(
            hex,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let token = sign(
            &app(),
            &SecretString::from("Jefe"),
            &BTreeSet::from([Purpose::Read]),
            DateTime::UNIX_EPOCH,
            Uuid::nil(),
        );
        let (signed, signature) = token.expose_secret().rsplit_once('.').unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(signed.as_bytes());
        assert!(
            mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap())
                .is_ok()
        );
    }

    #[rstest]
    #[case(Method::GET, &["workbooks"], Purpose::Read, "tableau:content:read")]
    #[case(Method::GET, &["users", "7"], Purpose::Read, "tableau:users:read")]
    #[case(Method::POST, &["workbooks", "7", "refresh"], Purpose::Refresh, "tableau:tasks:run")]
    #[case(Method::GET, &["jobs"], Purpose::Refresh, "tableau:jobs:read")]
    #[case(Method::PUT, &["jobs", "7"], Purpose::Refresh, "tableau:jobs:update")]
    #[case(Method::POST, &["labels"], Purpose::Warn, "tableau:labels:read")]
    #[case(Method::PUT, &["labels"], Purpose::Warn, "tableau:labels:update")]
    #[case(Method::DELETE, &["labels", "7"], Purpose::Warn, "tableau:labels:delete")]
    fn each_call_needs_a_scope_that_its_purpose_asks_for(
        #[case] method: Method,
        #[case] segments: &[&str],
        #[case] purpose: Purpose,
        #[case] scope: &'static str,
    ) {
        let need = Need::of(&method, segments);
        assert_eq!(need, Need::new(purpose, scope));
        assert!(purpose.scopes().contains(&scope));
    }

    #[rstest]
    #[case("Error signing in to Tableau Cloud (10084)", Some(10_084))]
    #[case("Error signing in to Tableau Cloud (126).", Some(126))]
    #[case("Signin Error (16 )", Some(16))]
    #[case("Error signing in to Tableau Server", None)]
    #[case("odd (words)", None)]
    #[case("", None)]
    fn the_reason_is_the_number_at_the_end(#[case] detail: &str, #[case] number: Option<u32>) {
        assert_eq!(reason_number(detail), number);
    }

    #[test]
    fn each_reason_has_advice_of_its_own() {
        let said: BTreeSet<String> = [5, 16, 126, 127, 10_083, 10_084, 10_091, 10_097, 10_103, 0]
            .iter()
            .map(|number| advice(&format!("Error signing in to Tableau Cloud ({number})")))
            .collect();
        assert_eq!(said.len(), 10);
    }
}
