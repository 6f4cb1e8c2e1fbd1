//! Sign-in, sign-out, switching sites.

use chrono::{DateTime, TimeDelta, Utc};

use super::call::{Call, Reply};
use super::jwt;
use crate::session::Opening;
use crate::site::{Kind, Site};
use crate::site_file::{Hosting, SiteRole};
use crate::wire::{Element, Fault, Node};

/// `POST …/auth/signin` with a personal access token, a user name and password, or a JWT.
pub(super) fn sign_in(call: &Call<'_>) -> Result<Reply, Fault> {
    let Some(body) = &call.body else {
        return Err(Fault::new(
            401_009,
            "Signin Error",
            "The sign-in request has no body.",
        ));
    };
    let credentials = body.required("credentials")?;
    let content_url = credentials
        .child("site")
        .and_then(|site| site.attribute("contentUrl"))
        .unwrap_or_default();
    let mut state = call.world.state();
    let hosting = state.server.hosting;
    if hosting == Hosting::Cloud && content_url.is_empty() {
        return Err(Fault::sign_in_refused());
    }
    let found = state
        .sites
        .iter()
        .position(|hosted| hosted.present().content_url == content_url);
    let site_number = found.ok_or_else(Fault::sign_in_refused)?;
    let site = state.sites[site_number].present().clone();

    let proof = check(credentials, &site, call)?;
    let luid = site.identity.luid.to_string();
    if let Some((client, id, ends)) = &proof.used
        && !state.sessions.is_first_use(client, id, *ends, call.now)
    {
        return Err(jwt::Refused::UsedBefore.to_fault(hosting));
    }
    let opening = Opening {
        site: site_number,
        site_luid: &luid,
        user: proof.user,
        token: proof.token.as_deref(),
        scopes: proof.scopes,
    };
    let credential = state.sessions.open(opening, hosting, call.now);
    drop(state);
    call.world.change_site(site_number, |site| {
        if let Some(user) = site.users.get_mut(proof.user as usize) {
            user.last_login = Some(call.now);
        }
    });
    let remaining = proof.expires_at.map(|instant| remaining(instant - call.now));
    let cookie = format!("workgroup_session_id={credential}; path=/; HttpOnly");
    Ok(Reply::ok(answer(&site, proof.user, &credential, remaining)).header("set-cookie", cookie))
}

/// Who proved to be whom, and by what.
#[derive(Default)]
struct Proof {
    user: u32,
    token: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    /// What a connected app may do.
    scopes: Option<Vec<String>>,
    /// What it signed in with: client id, token id, and when that ends.
    used: Option<(String, String, i64)>,
}

/// Checks credentials. Whatever is wrong with them, the answer is 401001; only a mixture is 400000.
fn check(credentials: &Node, site: &Site, call: &Call<'_>) -> Result<Proof, Fault> {
    let token = credentials.attribute("personalAccessTokenName");
    let name = credentials.attribute("name");
    let jwt = credentials.attribute("jwt");
    let proof = match (token, name, jwt) {
        (Some(token), None, None) => check_token(site, token, credentials, call),
        (None, Some(name), None) => check_password(site, name, credentials),
        (None, None, Some(jwt)) if knows_connected_apps(call) => {
            let admitted = jwt::check(site, jwt, call).map_err(|refused| refused.to_fault(call.hosting))?;
            Some(Proof {
                user: admitted.user,
                scopes: Some(admitted.scopes),
                used: Some(admitted.used),
                ..Proof::default()
            })
        }
        _ => {
            return Err(Fault::bad_body(
                "give exactly one of personal access token, name and jwt",
            ));
        }
    };
    let proof = proof.ok_or_else(Fault::sign_in_refused)?;
    if site.users[proof.user as usize].role == SiteRole::Unlicensed {
        return Err(Fault::sign_in_refused());
    }
    // A server administrator may act as another user.
    let Some(other) = credentials.child("user").and_then(|user| user.attribute("id")) else {
        return Ok(proof);
    };
    let administers = site.users[proof.user as usize].role == SiteRole::ServerAdministrator;
    match site.find(Kind::User, other) {
        Some(user) if administers => Ok(Proof { user, ..proof }),
        _ => Err(Fault::sign_in_refused()),
    }
}

/// Connected apps sign in from 3.16 on Cloud and 3.17 on Server.
fn knows_connected_apps(call: &Call<'_>) -> bool {
    let first = match call.hosting {
        Hosting::Cloud => (3, 16),
        Hosting::Server => (3, 17),
    };
    call.newest_version >= first
}

fn check_token(site: &Site, name: &str, credentials: &Node, call: &Call<'_>) -> Option<Proof> {
    // Personal access tokens came with REST 3.6; the version in the path does not matter, and Tableau's own
    // client signs in under 2.4.
    if call.newest_version < (3, 6) {
        return None;
    }
    let secret = credentials.attribute("personalAccessTokenSecret")?;
    let token = site
        .tokens
        .iter()
        .find(|token| token.name == name && token.secret == secret)?;
    let expires_at = token.expires_at.unwrap_or(call.now + TimeDelta::days(365));
    (expires_at > call.now).then(|| Proof {
        user: token.user,
        token: Some(token.name.clone()),
        expires_at: Some(expires_at),
        ..Proof::default()
    })
}

fn check_password(site: &Site, name: &str, credentials: &Node) -> Option<Proof> {
    let password = credentials.attribute("password")?;
    let found = site
        .users
        .iter()
        .position(|user| user.name == name && user.password.as_deref() == Some(password))?;
    Some(Proof {
        user: u32::try_from(found).ok()?,
        ..Proof::default()
    })
}

/// Days, hours and minutes that a token still lives: `361:04:12`.
fn remaining(time: TimeDelta) -> String {
    let minutes = time.num_minutes().max(0);
    format!("{}:{:02}:{:02}", minutes / 1_440, minutes / 60 % 24, minutes % 60)
}

fn answer(site: &Site, user: u32, credential: &str, remaining: Option<String>) -> Element {
    Element::new("credentials")
        .with("token", credential)
        .with_some("estimatedTimeToExpiration", remaining)
        .child(
            Element::new("site")
                .with("id", site.identity.luid)
                .with("contentUrl", &site.content_url),
        )
        .child(Element::new("user").with("id", site.users[user as usize].identity.luid))
}

/// `POST …/auth/signout`.
#[expect(clippy::unnecessary_wraps, reason = "all routes have the same shape")]
pub(super) fn sign_out(call: &Call<'_>) -> Result<Reply, Fault> {
    if let Some(credential) = call.credential {
        call.world.state().sessions.close(credential);
    }
    Ok(Reply::no_content())
}

/// `POST …/auth/switchSite` (Server only): a new token for another site, the old one ends.
pub(super) fn switch_site(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let content_url = call
        .body()?
        .required("site")?
        .attribute("contentUrl")
        .unwrap_or_default()
        .to_owned();
    if call.hosting == Hosting::Cloud {
        return Err(Fault::new(
            401_003,
            "Unauthorized Access",
            "Switching sites is not possible on Tableau Cloud.",
        ));
    }
    if content_url == session.site.content_url {
        return Err(Fault::forbidden(
            403_070,
            "The user is already signed in to that site.",
        ));
    }
    let name = &session.viewer().name;
    let mut state = call.world.state();
    let refused = || {
        Fault::new(
            401_003,
            "Unauthorized Access",
            "Switching to that site is not possible.",
        )
    };
    let found = state
        .sites
        .iter()
        .position(|hosted| hosted.present().content_url == content_url);
    let number = found.ok_or_else(refused)?;
    let site = state.sites[number].present().clone();
    let user = site
        .users
        .iter()
        .position(|user| user.name == *name)
        .ok_or_else(refused)?;
    let user = u32::try_from(user).map_err(|_| refused())?;
    if let Some(credential) = call.credential {
        state.sessions.close(credential);
    }
    let opening = Opening {
        site: number,
        site_luid: &site.identity.luid.to_string(),
        user,
        scopes: session.scopes.clone(),
        ..Opening::default()
    };
    let credential = state.sessions.open(opening, call.hosting, call.now);
    Ok(Reply::ok(answer(&site, user, &credential, None)))
}

/// `GET …/sessions/current`.
pub(super) fn current_session(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let viewer = session.viewer();
    let site = Element::new("site")
        .with("id", session.site.identity.luid)
        .with("name", &session.site.name)
        .with("contentUrl", &session.site.content_url);
    let user = Element::new("user")
        .with("id", viewer.identity.luid)
        .with("name", &viewer.name);
    Ok(Reply::ok(Element::new("session").child(site).child(user)))
}
