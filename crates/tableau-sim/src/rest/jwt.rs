//! What a connected app signs in with: read, and checked as Tableau does.
//!
//! On Tableau Cloud a refusal ends in a number that says why (Tableau help, "Troubleshoot Connected Apps").

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::call::Call;
use crate::site::Site;
use crate::site_file::Hosting;
use crate::wire::Fault;

/// The longest time, in seconds, for which something may be signed.
const LONGEST_LIFE: i64 = 600;

/// Why a sign-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    UnknownUser = 5,
    UnknownApp = 126,
    UnknownSecret = 127,
    BadHeader = 10_083,
    BadToken = 10_084,
    UsedBefore = 10_091,
    LivesTooLong = 10_096,
    BadScopes = 10_097,
    NoScopes = 10_099,
}

impl Refused {
    pub(super) fn to_fault(self, hosting: Hosting) -> Fault {
        let detail = match hosting {
            Hosting::Cloud => format!("Error signing in to Tableau Cloud ({})", self as u32),
            Hosting::Server => "Error signing in to Tableau Server".to_owned(),
        };
        Fault::new(401_001, "Signin Error", detail)
    }
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    iss: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: String,
    aud: String,
    exp: i64,
    jti: String,
    scp: Option<serde_json::Value>,
}

/// Who a token is for, and what a session by it may do.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) user: u32,
    pub(super) scopes: Vec<String>,
    /// The app and the token's id, to be refused from now on, and until when anyone could try.
    pub(super) used: (String, String, i64),
}

/// Checks a token.
pub(super) fn check(site: &Site, jwt: &str, call: &Call<'_>) -> Result<Admitted, Refused> {
    let mut parts = jwt.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refused::BadToken);
    };
    let header: Header = read(head).ok_or(Refused::BadToken)?;
    let (Some(secret_id), Some(client_id), "HS256") = (&header.kid, &header.iss, header.alg.as_str()) else {
        return Err(Refused::BadHeader);
    };
    let claims: Claims = read(body).ok_or(Refused::BadToken)?;
    let mut apps = site.connected_apps.iter();
    let app = apps
        .find(|app| app.client_id == *client_id && app.enabled)
        .ok_or(Refused::UnknownApp)?;
    if app.secret_id != *secret_id {
        return Err(Refused::UnknownSecret);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::BadToken)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(app.secret.as_bytes()).map_err(|_| Refused::BadToken)?;
    mac.update(head.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    mac.verify_slice(&signature).map_err(|_| Refused::BadToken)?;
    let now = call.now.timestamp();
    if claims.aud != "tableau" || claims.iss.as_ref() != Some(client_id) || claims.exp <= now {
        return Err(Refused::BadToken);
    }
    if claims.exp > now + LONGEST_LIFE {
        return Err(Refused::LivesTooLong);
    }
    let user = site.users.iter().position(|user| user.name == claims.sub);
    let user = user
        .and_then(|user| u32::try_from(user).ok())
        .ok_or(Refused::UnknownUser)?;
    if !app.users.is_empty() && !app.users.contains(&user) {
        return Err(Refused::UnknownUser);
    }
    let asked = match claims.scp {
        None => return Err(Refused::NoScopes),
        Some(scopes) => serde_json::from_value::<Vec<String>>(scopes).map_err(|_| Refused::BadScopes)?,
    };
    if asked.is_empty() {
        return Err(Refused::NoScopes);
    }
    let is_allowed = |scope: &String| app.scopes.is_empty() || super::scope::is_granted(&app.scopes, scope);
    Ok(Admitted {
        user,
        scopes: asked.into_iter().filter(is_allowed).collect(),
        used: (client_id.clone(), claims.jti, claims.exp),
    })
}

fn read<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
