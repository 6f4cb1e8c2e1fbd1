//! HTTP: from a request on the socket to REST, the Metadata API or the control address, and back.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::control;
use crate::graphql;
use crate::request_log::{Recorded, RecordedQuery};
use crate::rest::{self, Asked, Body, Reply};
use crate::wire::{Fault, to_json, to_xml};
use crate::world::World;

/// Bodies beyond this are refused with 413000.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

const GRAPHQL_PATHS: &[&str] = &["/api/metadata/graphql", "/relationship-service-war/graphql"];

/// What the socket's side knows.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) world: Arc<World>,
    pub(crate) base_url: Arc<str>,
}

/// The one way in: paths are routed by [`crate::rest`], whose rules are not those of a common router.
pub(crate) fn router(served: Served) -> Router {
    Router::new().fallback(serve).with_state(served)
}

async fn serve(State(served): State<Served>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(body, BODY_LIMIT).await;

    if path.starts_with("/-/sim/") {
        let body = body.unwrap_or_default();
        let (status, text) = control::answer(&served.world, &method, &path, &body);
        return response(status, "application/json", text.into());
    }
    let delay = served.world.switches().delay_milliseconds;
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let refresh_delay = if is_refresh(&method, &path) {
        served.world.switches().refresh_delay_milliseconds
    } else {
        0
    };
    let incoming = Incoming {
        method,
        path,
        query,
        headers: parts.headers,
        body: body.ok(),
    };
    // Queries over large sites take their time, and resolvers are no futures.
    let worker = tokio::task::spawn_blocking(move || incoming.answer(&served));
    let answer = worker.await.unwrap_or_else(|_| {
        response(
            500,
            "text/html",
            "<html><body>Internal Server Error</body></html>".into(),
        )
    });
    if refresh_delay > 0 {
        tokio::time::sleep(Duration::from_millis(refresh_delay)).await;
    }
    answer
}

/// Whether a request asks for the refresh of a workbook or published data source.
pub(crate) fn is_refresh(method: &str, path: &str) -> bool {
    method == "POST" && path.ends_with("/refresh")
}

/// A request, read whole.
struct Incoming {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    /// None when it was too large or broke off.
    body: Option<Bytes>,
}

impl Incoming {
    fn answer(&self, served: &Served) -> Response {
        let is_refresh = is_refresh(&self.method, &self.path);
        if is_refresh && counts_down(&served.world, |switches| &mut switches.session_stolen_times) {
            served.world.state().sessions.close_all();
        }
        let (mut response, graphql) = self.dispatch(served);
        let is_accepted = is_refresh && response.status() == StatusCode::ACCEPTED;
        let is_failed =
            is_accepted && counts_down(&served.world, |switches| &mut switches.refresh_error_after_times);
        if is_failed {
            response = self.server_error(served.world.switches().server_error_status);
        }
        add_common_headers(&mut response);
        add_date(&mut response, served.world.clock.now());
        served.world.log.push(Recorded {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            status: response.status().as_u16(),
            graphql,
            user_agent: self.header("user-agent").unwrap_or_default().to_owned(),
        });
        let is_lost = is_accepted
            && !is_failed
            && counts_down(&served.world, |switches| &mut switches.refresh_answer_lost_times);
        if is_lost || counts_down(&served.world, |switches| &mut switches.cut_answer_times) {
            cut_short(response)
        } else {
            response
        }
    }

    fn dispatch(&self, served: &Served) -> (Response, Option<RecordedQuery>) {
        let world = &served.world;
        let switches = world.switches();
        if switches.not_tableau {
            let page = "<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>It works!<br></body></html>";
            return (response(200, "text/html", page.into()), None);
        }
        if counts_down(world, |switches| &mut switches.server_error_times) {
            return (self.server_error(switches.server_error_status), None);
        }
        if GRAPHQL_PATHS.contains(&self.path.as_str()) {
            return self.graphql(world);
        }
        if let Some(rest) = self.path.strip_prefix("/api/metadata/v1/control/") {
            return (self.metadata_status(world, rest), None);
        }
        if let Some(path) = self.path.strip_prefix("/api/") {
            return (self.rest(served, path), None);
        }
        let page = "<html><head><title>404 Not Found</title></head><body><center>Not Found<br></center></body></html>";
        (response(404, "text/html", page.into()), None)
    }

    fn rest(&self, served: &Served, path: &str) -> Response {
        let version = path.split('/').next().unwrap_or_default();
        let Some(body) = &self.body else {
            return self.fault(
                version,
                &Fault::new(413_000, "Payload Too Large", "The request is too large."),
            );
        };
        let asked = Asked {
            method: &self.method,
            path,
            query: &self.query,
            content_type: self.header("content-type"),
            credential: self.header("x-tableau-auth"),
            body,
            base_url: &served.base_url,
        };
        match rest::answer(&served.world, &asked) {
            Ok(reply) => self.reply(version, reply),
            Err(fault) => {
                let mut answer = self.fault(version, &fault);
                let retry_after = served.world.switches().retry_after_seconds;
                if let (429, Some(seconds)) = (fault.status(), retry_after) {
                    answer
                        .headers_mut()
                        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                answer
            }
        }
    }

    fn reply(&self, version: &str, reply: Reply) -> Response {
        let mut answer = match reply.body {
            Body::Nothing => response(reply.status, "", HttpBody::empty()),
            Body::Elements(elements) if self.wants_json() => response(
                reply.status,
                "application/json;charset=utf-8",
                to_json(&elements).to_string().into(),
            ),
            Body::Elements(elements) => response(
                reply.status,
                "application/xml;charset=utf-8",
                to_xml(version, &elements).into(),
            ),
            Body::Bytes(media_type, bytes) => response(reply.status, media_type, bytes.into()),
        };
        for (name, value) in reply.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        answer
    }

    fn fault(&self, version: &str, fault: &Fault) -> Response {
        let element = [fault.to_element()];
        let mut answer = if self.wants_json() {
            response(
                fault.status(),
                "application/json;charset=UTF-8",
                to_json(&element).to_string().into(),
            )
        } else {
            response(
                fault.status(),
                "application/xml;charset=UTF-8",
                to_xml(version, &element).into(),
            )
        };
        let headers = answer.headers_mut();
        headers.insert("tableau_error_source", HeaderValue::from_static("Client"));
        headers.insert("tableau_service_name", HeaderValue::from_static("vizportal"));
        answer
    }

    fn graphql(&self, world: &World) -> (Response, Option<RecordedQuery>) {
        if self.method != "POST" {
            return (
                response(
                    405,
                    "text/html",
                    "<html><body>Method Not Allowed</body></html>".into(),
                ),
                None,
            );
        }
        let question = graphql::Question {
            credential: self.header("x-tableau-auth"),
            body: self.body.as_deref().unwrap_or_default(),
            path: "/relationship-service-war/graphql",
        };
        let answer = graphql::answer(world, &question);
        let recorded = RecordedQuery {
            operation: answer.operation,
            text: answer.query,
            variables: answer.variables,
            codes: answer.codes,
        };
        (
            response(answer.status, answer.content_type, answer.body.into()),
            Some(recorded),
        )
    }

    /// `GET /api/metadata/v1/control/{backfill,eventing}/status`, for administrators.
    fn metadata_status(&self, world: &World, rest: &str) -> Response {
        let signed_in = self.header("x-tableau-auth").is_some_and(|credential| {
            let now = world.clock.now();
            let mut state = world.state();
            let hosting = state.server.hosting;
            state.sessions.touch(credential, hosting, now).is_some()
        });
        if !signed_in {
            return self.fault("", &Fault::stale_token());
        }
        let running = world.switches().backfill_running;
        let body = match rest {
            "backfill/status" => serde_json::json!({
                "backfillStatus": if running { "RUNNING" } else { "COMPLETED" },
                "isBackfillRunning": running,
            }),
            "eventing/status" => serde_json::json!({"eventingStatus": "RUNNING", "isEventingEnabled": true}),
            _ => return response(404, "text/html", "<html><body>Not Found</body></html>".into()),
        };
        response(200, "application/json;charset=UTF-8", body.to_string().into())
    }

    /// 500 carries Tableau's error; gateways before it speak HTML.
    fn server_error(&self, status: u16) -> Response {
        if status == 500 {
            return self.fault(
                "",
                &Fault::new(
                    500_000,
                    "Internal Server Error",
                    "The request could not be completed.",
                ),
            );
        }
        response(
            status,
            "text/html",
            format!("<html><body><h1>{status}</h1><br></body></html>").into(),
        )
    }

    /// JSON when `Accept` says so, or the body is JSON and there is no `Accept`.
    fn wants_json(&self) -> bool {
        let is_json = |value: &str| value.to_ascii_lowercase().contains("application/json");
        match self.header("accept") {
            Some(accept) => is_json(accept),
            None => self.header("content-type").is_some_and(is_json),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Whether a switch that counts down strikes now.
fn counts_down(world: &World, counter: impl FnOnce(&mut crate::switch::Switches) -> &mut u32) -> bool {
    world.update_switches(|switches| {
        let counter = counter(switches);
        let strikes = *counter > 0;
        *counter = counter.saturating_sub(1);
        strikes
    })
}

fn response(status: u16, content_type: &'static str, body: HttpBody) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !content_type.is_empty() {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// The headers that recorded answers of real servers carry.
fn add_common_headers(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in [
        ("server", "Tableau"),
        ("x-tableau", "Tableau Server"),
        ("p3p", "CP=\"NON\""),
        ("x-content-type-options", "nosniff"),
        ("x-xss-protection", "1; mode=block"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// The date by the server's own clock.
fn add_date(response: &mut Response, now: DateTime<Utc>) {
    let text = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::DATE, value);
    }
}

/// Sends half of the answer and then breaks the connection.
fn cut_short(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let whole = futures::executor::block_on(axum::body::to_bytes(body, usize::MAX)).unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    let broken = std::io::Error::new(
        std::io::ErrorKind::ConnectionReset,
        "cut by the switch `cut_answer_times`",
    );
    let pieces = futures::stream::iter([Ok(half), Err(broken)]);
    Response::from_parts(parts, HttpBody::from_stream(pieces))
}
