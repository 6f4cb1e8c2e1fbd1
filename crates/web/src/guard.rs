//! Who may ask a route, and whether a change comes from our own pages.
//!
//! ```text
//! API token in the header? ─▶ its role            ┐
//! session cookie?          ─▶ the user's role     ├─▶ at least the route's? ─▶ unsafe method: token of the form? ─▶ handler
//! started for this machine?─▶ administrator       ┘
//! ```
//!
//! The route's need stands in [`router`](crate::router). A handler cannot forget the check of a form: it is
//! made here, before the body reaches it.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http_body_util::{BodyExt as _, Limited};
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, ApiToken, Role};

use crate::app::App;
use crate::cookie;
use crate::csrf;
use crate::error::Error;
use crate::principal::{Principal, Proof};

/// What a route needs of who asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing: signing in, assets, tiles with their own signature.
    Public,
    /// Reading.
    Viewer,
    /// Syncing, uploading, curating, mapping.
    Operator,
    /// Integrations, projects, users.
    Admin,
}

impl Access {
    /// The role that it takes.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Public => None,
            Self::Viewer => Some(Role::Viewer),
            Self::Operator => Some(Role::Operator),
            Self::Admin => Some(Role::Admin),
        }
    }
}

/// Forms are small; uploads come with a token and are streamed.
const LARGEST_FORM_BYTES: usize = 1 << 20;

/// Lets the request pass when who asks it may.
pub async fn guard(app: App, access: Access, request: Request, next: Next) -> Response {
    match admit(&app, access, request).await {
        Ok(request) => {
            let principal = request.extensions().get::<Principal>().cloned();
            let mut response = next.run(request).await;
            // The page of an error is drawn outside of here, and shows who looks too.
            if let Some(principal) = principal {
                response.extensions_mut().insert(principal);
            }
            response
        }
        Err(refused) => refused,
    }
}

async fn admit(app: &App, access: Access, mut request: Request) -> Result<Request, Response> {
    if app.is_local() && !is_local_host(request.headers()) {
        // Another site's name that was made to point at this machine.
        let error = Error::new(
            StatusCode::FORBIDDEN,
            "TW-WEB-FOREIGN-HOST",
            "this server answers only under a name of this machine",
        );
        return Err(error
            .with_hint("open it as http://127.0.0.1:PORT/")
            .into_response());
    }
    let principal = find_principal(app, request.headers())
        .await
        .map_err(IntoResponse::into_response)?;
    if let Some(needed) = access.role() {
        match &principal {
            None => return Err(refuse_stranger(app, &request)),
            Some(principal) if !principal.may(needed) => {
                return Err(Error::not_permitted(needed.name(), principal.role.name()).into_response());
            }
            Some(_) => {}
        }
    }
    if is_unsafe(request.method()) {
        request = check_origin(app, principal.as_ref(), request)
            .await
            .map_err(IntoResponse::into_response)?;
    }
    if let Some(principal) = principal {
        request.extensions_mut().insert(principal);
    }
    Ok(request)
}

/// Pages send a visitor to the sign-in, and back afterwards; everything else is told plainly.
fn refuse_stranger(app: &App, request: &Request) -> Response {
    let wants_page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !crate::operate::is_api(app, request.uri().path())
        && !crate::operate::is_fragment(request.headers());
    if !wants_page {
        return Error::not_signed_in().into_response();
    }
    let asked = request
        .extensions()
        .get::<axum::extract::OriginalUri>()
        .map_or_else(|| request.uri().to_string(), |original| original.0.to_string());
    let address = app.links().to("/sign-in").query("next", &asked).to_string();
    Redirect::to(&address).into_response()
}

/// Who asks; `None` for a stranger. A token that is wrong is an error, so that nobody wonders why a role is missing.
async fn find_principal(app: &App, headers: &HeaderMap) -> Result<Option<Principal>, Error> {
    if let Some(token) = token_of(app.workspace(), headers).await? {
        return Ok(Some(Principal {
            role: token.role,
            name: token.name.clone(),
            actor: token.to_actor(),
            proof: Proof::Token,
        }));
    }
    if let Some(secret) = cookie::find(headers, cookie::SESSION)
        && let Some(session) = app.workspace().find_session(&secret).await?
    {
        return Ok(Some(Principal {
            role: session.user.role,
            name: session
                .user
                .display_name
                .clone()
                .unwrap_or_else(|| session.user.name.clone()),
            actor: session.user.to_actor(),
            proof: Proof::Session {
                id: session.id,
                csrf_token: session.csrf_token,
            },
        }));
    }
    Ok(app.local_csrf_token().map(|csrf_token| Principal {
        actor: Actor::Local,
        role: Role::Admin,
        name: "local".to_owned(),
        proof: Proof::Local {
            csrf_token: csrf_token.to_owned(),
        },
    }))
}

/// The API token that a request carries, if any. One that is wrong is an error.
pub(crate) async fn token_of(workspace: &Workspace, headers: &HeaderMap) -> Result<Option<ApiToken>, Error> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let found = match header.to_str().ok().and_then(bearer) {
        Some(token) => workspace.find_api_token(token).await?,
        None => None,
    };
    let token = found.ok_or_else(|| {
        Error::new(
            StatusCode::UNAUTHORIZED,
            "TW-WEB-BAD-TOKEN",
            "the API token is not known, revoked or expired",
        )
        .with_hint("make a new one: `tailwater token create`")
    })?;
    Ok(Some(token))
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

const fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses what another site made the visitor's browser send: by the browser's own word on where it comes
/// from, and by the token that only our pages know. Before signing in there is no token, but the word counts.
async fn check_origin(app: &App, principal: Option<&Principal>, request: Request) -> Result<Request, Error> {
    if matches!(
        principal,
        Some(Principal {
            proof: Proof::Token,
            ..
        })
    ) {
        return Ok(request);
    }
    let headers = request.headers();
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(Error::forged());
    }
    if let Some(origin) = headers.get(ORIGIN)
        && !origin
            .to_str()
            .is_ok_and(|origin| app.is_own_origin(origin, headers))
    {
        return Err(Error::forged());
    }
    let Some(token) = principal.and_then(Principal::csrf_token) else {
        return Ok(request);
    };
    if let Some(sent) = headers.get(csrf::HEADER) {
        return if sent.to_str().is_ok_and(|sent| csrf::is_valid(sent, token)) {
            Ok(request)
        } else {
            Err(Error::forged())
        };
    }
    let is_form = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Error::forged());
    }
    let (parts, body) = request.into_parts();
    let body = read_form(body).await?;
    let sent = url::form_urlencoded::parse(&body).find(|(name, _)| name == csrf::FIELD);
    if sent.is_some_and(|(_, sent)| csrf::is_valid(&sent, token)) {
        Ok(Request::from_parts(parts, Body::from(body)))
    } else {
        Err(Error::forged())
    }
}

async fn read_form(body: Body) -> Result<Bytes, Error> {
    let limited = Limited::new(body, LARGEST_FORM_BYTES);
    let collected = limited.collect().await.map_err(|_| {
        Error::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "TW-WEB-FORM-TOO-LARGE",
            "the form is larger than 1 MB, or was cut off",
        )
    })?;
    Ok(collected.to_bytes())
}

/// Whether the request names this machine as its host.
fn is_local_host(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
        return true;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("localhost:8420", true)]
    #[case("127.0.0.1", true)]
    #[case("[::1]:80", true)]
    #[case("localhost.evil.example", false)]
    #[case("evil.example:8420", false)]
    fn only_names_of_this_machine_are_local(#[case] host: &str, #[case] expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        assert_eq!(is_local_host(&headers), expected);
    }

    #[test]
    fn a_bearer_token_is_read_from_its_header() {
        assert_eq!(bearer("Bearer twt_x "), Some("twt_x"));
        assert_eq!(bearer("bearer twt_x"), Some("twt_x"));
        assert_eq!(bearer("Basic dXNlcg=="), None);
        assert_eq!(bearer("twt_x"), None);
    }
}
