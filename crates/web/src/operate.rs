//! What operators need around every request: an id, a line in the log, a count, errors in the asker's form, and the
//! endpoints that say whether the server lives and can serve.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, OriginalUri, Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tailwater_engine::Workspace;
use tracing::Instrument as _;

use crate::app::App;
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;
use crate::view::problem;

/// The header that names a request in answers, logs and error pages.
pub const REQUEST_ID: &str = "x-request-id";
/// The header by which our script asks for a part of a page.
pub const FRAGMENT: &str = "x-fragment";

/// `GET /healthz`: the process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store answers.
pub async fn readyz(State(app): State<App>) -> Response {
    readiness(app.workspace()).await
}

/// Whether the store answers.
pub async fn readiness(workspace: &Workspace) -> Response {
    match workspace.integrations().await {
        Ok(_) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

/// Gives the request an id, logs and counts the answer, and writes an error in the form that the asker reads.
pub async fn observe(app: App, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = uuid::Uuid::new_v4().simple().to_string();
    let method = request.method().clone();
    // The route, not the address: addresses hold names of people and one-time secrets.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let asker = Asker::of(&app, &request);
    let span = tracing::info_span!("request", id = %id, %method, %route);
    let response = async {
        let response = next.run(request).await;
        render_error(&app, &asker, response, &id)
    }
    .instrument(span)
    .await;
    let status = response.status().as_u16();
    let took = began.elapsed();
    app.metrics().answered(method.as_str(), &route, status, took);
    tracing::info!(target: "tailwater::access", %method, %route, status, duration_ms = took.as_millis(), id = %id, "answered");
    let mut response = response;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// What is known of who asked, kept for an error's page.
struct Asker {
    form: Form,
    headers: HeaderMap,
    uri: axum::http::Uri,
}

enum Form {
    Page,
    Fragment,
    Problem,
}

impl Asker {
    fn of(app: &App, request: &Request) -> Self {
        let headers = request.headers();
        let accepts_page = headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"));
        let form = if is_fragment(headers) {
            Form::Fragment
        } else if is_api(app, request.uri().path()) || !accepts_page {
            Form::Problem
        } else {
            Form::Page
        };
        let uri = request
            .extensions()
            .get::<OriginalUri>()
            .map_or_else(|| request.uri().clone(), |original| original.0.clone());
        Self {
            form,
            headers: headers.clone(),
            uri,
        }
    }
}

fn render_error(app: &App, asker: &Asker, mut response: Response, id: &str) -> Response {
    let principal = response.extensions_mut().remove::<Principal>();
    let error = match response.extensions_mut().remove::<Arc<Error>>() {
        Some(error) => (*error).clone(),
        // What axum itself refuses comes as plain text.
        None if is_bare_error(&response) => of_status(response.status()),
        None => return response,
    };
    let mut rendered = match asker.form {
        Form::Problem => problem_json(&error, id),
        Form::Fragment => problem::fragment(&error, id).into_response(),
        Form::Page => {
            let context = Context::for_error(app, &asker.headers, &asker.uri, principal);
            problem::page(&context, &error, id).into_response()
        }
    };
    *rendered.status_mut() = error.status;
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != axum::http::header::CONTENT_LENGTH {
            rendered.headers_mut().entry(name).or_insert(value.clone());
        }
    }
    if let Some(seconds) = error.retry_after_seconds {
        rendered.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    rendered
}

fn is_bare_error(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let is_plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    response.status().as_u16() >= 400 && response.status() != StatusCode::SERVICE_UNAVAILABLE && is_plain
}

fn of_status(status: StatusCode) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::new(status, "TW-WEB-NOT-FOUND", "there is no page at this address")
            .with_hint("search for what you are looking for"),
        StatusCode::METHOD_NOT_ALLOWED => Error::new(
            status,
            "TW-WEB-BAD-REQUEST",
            "this address does not answer that method",
        ),
        _ if status.is_server_error() => Error::internal(),
        _ => Error::new(status, "TW-WEB-BAD-REQUEST", "the request makes no sense")
            .with_hint("the API's description is at `/api/openapi.json`"),
    }
}

fn problem_json(error: &Error, id: &str) -> Response {
    let mut body = json!({
        "type": format!("urn:tailwater:{}", error.code),
        "title": error.status.canonical_reason().unwrap_or("Error"),
        "status": error.status.as_u16(),
        "code": error.code,
        "detail": error.message,
        "request_id": id,
    });
    if let Some(hint) = &error.hint {
        body["hint"] = json!(hint);
    }
    if let Some(position) = error.position {
        body["position"] = json!(position);
    }
    let mut response = Json(body).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Whether an address is one for programs.
pub fn is_api(app: &App, path: &str) -> bool {
    let base = app.options().base_path.as_str();
    let path = path.strip_prefix(base).unwrap_or(path);
    ["/api/", "/graphql", "/healthz", "/readyz", "/metrics"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Whether our script asks for a part of a page.
pub fn is_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key(FRAGMENT)
}
