//! HTTP: from a request on the socket to REST, the Metadata API or the control address, and back.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::control;
use crate::door::Line;
use crate::graphql;
use crate::mishap;
use crate::request_log::{Recorded, RecordedQuery};
use crate::rest::{self, Asked, Body, Reply};
use crate::switch::Switches;
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

/// The control address alone, for a port of its own.
pub(crate) fn control_router(world: Arc<World>) -> Router {
    Router::new().fallback(serve_control).with_state(world)
}

async fn serve_control(State(world): State<Arc<World>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    let (status, text) = control::answer(&world, parts.method.as_str(), parts.uri.path(), &body);
    response(status, "application/json", text.into())
}

async fn serve(State(served): State<Served>, request: Request) -> Response {
    if request.uri().path().starts_with("/-/sim/") {
        return serve_control(State(served.world), request).await;
    }
    let line = request.extensions().get::<ConnectInfo<Line>>();
    let line = line.map_or_else(Line::default, |ConnectInfo(line)| line.clone());
    let switches = served.world.switches();
    if switches.connection_refused {
        // The connection is older than the switch.
        line.reset();
        return response(503, "", HttpBody::empty());
    }
    let incoming = Incoming::read(request, &switches).await;
    if let (true, Some(to)) = (incoming.is_pointed_elsewhere, &switches.redirect_to) {
        let pointer = mishap::pointer(switches.redirect_status, to, &incoming.path, &incoming.query);
        incoming.log(&served.world, &pointer, None);
        return pointer;
    }
    if incoming.may_fail && switches.delay_milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(switches.delay_milliseconds)).await;
    }
    let refresh_delay = if is_refresh(&incoming.method, &incoming.path) {
        switches.refresh_delay_milliseconds
    } else {
        0
    };
    let drip = if incoming.may_fail {
        switches.drip_milliseconds
    } else {
        0
    };
    // Queries over large sites take their time, and resolvers are no futures.
    let worker = tokio::task::spawn_blocking(move || incoming.answer(&served));
    let (answer, fate) = worker.await.unwrap_or_else(|_| {
        let page = "<html><body>Internal Server Error</body></html>";
        (response(500, "text/html", page.into()), Fate::Sent)
    });
    if refresh_delay > 0 {
        tokio::time::sleep(Duration::from_millis(refresh_delay)).await;
    }
    match fate {
        Fate::Sent if drip > 0 => mishap::drip(answer, Duration::from_millis(drip)).await,
        Fate::Sent => answer,
        Fate::Cut => mishap::cut(answer).await,
        Fate::Reset => mishap::reset(answer, line).await,
        Fate::Endless => mishap::without_end(answer).await,
    }
}

/// What becomes of an answer on its way.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Sent,
    Cut,
    Reset,
    Endless,
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
    /// Whether the switches of the host strike it.
    may_fail: bool,
    /// Whether it is to be asked elsewhere.
    is_pointed_elsewhere: bool,
}

impl Incoming {
    async fn read(request: Request, switches: &Switches) -> Self {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_LIMIT).await.ok();
        let mut path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let may_fail = switches.faults_on.as_ref().is_none_or(|text| {
            let is_query = GRAPHQL_PATHS.iter().any(|known| path.ends_with(known));
            let asked = body.as_deref().filter(|_| is_query).unwrap_or_default();
            format!("{path}?{query}").contains(text) || String::from_utf8_lossy(asked).contains(text)
        });
        let moved = switches.redirect_to.as_ref().filter(|to| to.starts_with('/'));
        let below = moved.and_then(|to| path.strip_prefix(to.as_str()));
        let is_pointed_elsewhere = may_fail && switches.redirect_to.is_some() && below.is_none();
        if let Some(below) = below.map(str::to_owned) {
            path = below;
        }
        Self {
            method: parts.method.as_str().to_owned(),
            path,
            query,
            headers: parts.headers,
            body,
            may_fail,
            is_pointed_elsewhere,
        }
    }

    fn answer(&self, served: &Served) -> (Response, Fate) {
        let world = &served.world;
        let is_refresh = is_refresh(&self.method, &self.path);
        if is_refresh && counts_down(world, |switches| &mut switches.session_stolen_times) {
            world.state().sessions.close_all();
        }
        let has_session = self.header("x-tableau-auth").is_some() && !self.path.ends_with("/auth/signout");
        if has_session && self.strikes(world, |switches| &mut switches.session_lost_times) {
            world.state().sessions.close_all();
        }
        let (mut response, graphql) = self.dispatch(served);
        let is_accepted = is_refresh && response.status() == StatusCode::ACCEPTED;
        let is_failed = is_accepted && counts_down(world, |switches| &mut switches.refresh_error_after_times);
        if is_failed {
            response = self.server_error(world.switches().server_error_status);
        }
        add_common_headers(&mut response);
        add_date(&mut response, world.clock.now());
        self.log(world, &response, graphql);
        let is_lost = is_accepted
            && !is_failed
            && counts_down(world, |switches| &mut switches.refresh_answer_lost_times);
        let fate = if is_lost || self.strikes(world, |switches| &mut switches.cut_answer_times) {
            Fate::Cut
        } else if self.strikes(world, |switches| &mut switches.reset_answer_times) {
            Fate::Reset
        } else if self.strikes(world, |switches| &mut switches.endless_answer_times) {
            Fate::Endless
        } else {
            Fate::Sent
        };
        (response, fate)
    }

    /// Whether a switch of the host that counts down strikes this request.
    fn strikes(&self, world: &World, counter: impl FnOnce(&mut Switches) -> &mut u32) -> bool {
        self.may_fail && counts_down(world, counter)
    }

    fn log(&self, world: &World, response: &Response, graphql: Option<RecordedQuery>) {
        world.log.push(Recorded {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            status: response.status().as_u16(),
            graphql,
            user_agent: self.header("user-agent").unwrap_or_default().to_owned(),
        });
    }

    fn dispatch(&self, served: &Served) -> (Response, Option<RecordedQuery>) {
        let world = &served.world;
        let switches = world.switches();
        if self.may_fail && switches.not_tableau {
            let page = "<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>It works!<br></body></html>";
            return (
                response(switches.not_tableau_status, "text/html", page.into()),
                None,
            );
        }
        if self.strikes(world, |switches| &mut switches.server_error_times) {
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
            may_fail: self.may_fail,
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
fn counts_down(world: &World, counter: impl FnOnce(&mut Switches) -> &mut u32) -> bool {
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
