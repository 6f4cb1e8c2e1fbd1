//! Who may ask which route: every route, asked without sign-in, with each role, and with a token of each role.
//!
//! The table is written by hand beside the router's own list: a route that is added, or whose need is
//! changed, fails here until somebody has thought about it twice.

use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE};
use axum::http::{Method, StatusCode};
use tailwater_engine::account::Role;
use tailwater_web::guard::Access::{self, Admin, Operator, Public, Viewer};
use tailwater_web::router;

use crate::scene::{Answer, Scene};
use crate::visitor::{PASSWORD, Visitor};

#[rustfmt::skip]
const ROUTES: &[(&str, &str, Access)] = &[
    ("GET", "/healthz", Public),
    ("GET", "/readyz", Public),
    ("GET", "/graphql", Viewer),
    ("POST", "/graphql", Viewer),
    ("GET", "/metrics", Viewer),
    ("GET", "/assets/{*path}", Public),
    ("POST", "/theme", Public),
    ("GET", "/sign-in", Public),
    ("POST", "/sign-in", Public),
    ("POST", "/sign-out", Public),
    ("GET", "/set-up/{secret}", Public),
    ("POST", "/set-up/{secret}", Public),
    ("GET", "/invite/{secret}", Public),
    ("POST", "/invite/{secret}", Public),
    ("GET", "/settings", Viewer),
    ("GET", "/settings/account", Viewer),
    ("POST", "/settings/account/profile", Viewer),
    ("POST", "/settings/account/password", Viewer),
    ("POST", "/settings/account/shortcuts", Viewer),
    ("POST", "/settings/account/sessions/end-others", Viewer),
    ("POST", "/settings/account/sessions/{id}/end", Viewer),
    ("GET", "/settings/tokens", Viewer),
    ("POST", "/settings/tokens", Viewer),
    ("POST", "/settings/tokens/{id}/revoke", Viewer),
    ("GET", "/settings/users", Admin),
    ("POST", "/settings/users/invite", Admin),
    ("POST", "/settings/users/{name}/link", Admin),
    ("POST", "/settings/users/{name}/role", Admin),
    ("POST", "/settings/users/{name}/state", Admin),
    ("POST", "/settings/users/{name}/remove", Admin),
    ("GET", "/settings/audit", Admin),
    ("GET", "/settings/projects", Viewer),
    ("POST", "/settings/projects", Admin),
    ("POST", "/settings/projects/{project}/remove", Admin),
    ("POST", "/settings/projects/{project}/environments", Admin),
    ("POST", "/settings/projects/{project}/environments/{environment}/production", Admin),
    ("POST", "/settings/projects/{project}/environments/{environment}/remove", Admin),
    ("GET", "/settings/retention", Admin),
    ("GET", "/", Viewer),
    ("GET", "/search", Viewer),
    ("GET", "/health", Viewer),
    ("GET", "/tree/{which}", Viewer),
    ("GET", "/exposures", Viewer),
    ("GET", "/exposures/left-out", Viewer),
    ("POST", "/exposures/left-out", Operator),
    ("GET", "/exposures/{id}", Viewer),
    ("GET", "/exposures/{id}/workbook", Viewer),
    ("GET", "/exposures/{id}/refreshes", Viewer),
    ("GET", "/exposures/{id}/yaml", Viewer),
    ("POST", "/exposures/{id}/curate", Operator),
    ("POST", "/exposures/{id}/clear", Operator),
    ("POST", "/exposures/{id}/link", Operator),
    ("POST", "/exposures/{id}/unlink", Operator),
    ("POST", "/exposures/{id}/leave-out", Operator),
    ("GET", "/embed/exposures/{id}", Public),
    ("GET", "/models", Viewer),
    ("GET", "/models/{id}", Viewer),
    ("GET", "/models/{id}/downstream", Viewer),
    ("GET", "/models/{id}/columns", Viewer),
    ("GET", "/models/{id}/tests", Viewer),
    ("GET", "/models/{id}/code", Viewer),
    ("GET", "/models/{id}/runs", Viewer),
    ("GET", "/seeds", Viewer),
    ("GET", "/seeds/{id}", Viewer),
    ("GET", "/seeds/{id}/downstream", Viewer),
    ("GET", "/seeds/{id}/columns", Viewer),
    ("GET", "/seeds/{id}/tests", Viewer),
    ("GET", "/seeds/{id}/runs", Viewer),
    ("GET", "/snapshots", Viewer),
    ("GET", "/snapshots/{id}", Viewer),
    ("GET", "/snapshots/{id}/downstream", Viewer),
    ("GET", "/snapshots/{id}/columns", Viewer),
    ("GET", "/snapshots/{id}/tests", Viewer),
    ("GET", "/snapshots/{id}/code", Viewer),
    ("GET", "/snapshots/{id}/runs", Viewer),
    ("GET", "/sources", Viewer),
    ("GET", "/sources/{id}", Viewer),
    ("GET", "/sources/{id}/downstream", Viewer),
    ("GET", "/sources/{id}/columns", Viewer),
    ("GET", "/sources/{id}/tests", Viewer),
    ("GET", "/sources/{id}/runs", Viewer),
    ("GET", "/metrics/{id}", Viewer),
    ("GET", "/metrics/{id}/downstream", Viewer),
    ("GET", "/semantic-models", Viewer),
    ("GET", "/semantic-models/{id}", Viewer),
    ("GET", "/semantic-models/{id}/downstream", Viewer),
    ("GET", "/saved-queries", Viewer),
    ("GET", "/saved-queries/{id}", Viewer),
    ("GET", "/saved-queries/{id}/downstream", Viewer),
    ("GET", "/tests", Viewer),
    ("GET", "/tests/{id}", Viewer),
    ("GET", "/tests/{id}/code", Viewer),
    ("GET", "/tests/{id}/runs", Viewer),
    ("GET", "/macros", Viewer),
    ("GET", "/macros/{id}", Viewer),
    ("GET", "/lineage", Viewer),
    ("GET", "/lineage/panel", Viewer),
    ("GET", "/lineage/export.svg", Viewer),
    ("GET", "/lineage/export.csv", Viewer),
    ("GET", "/runs", Viewer),
    ("GET", "/runs/{id}", Viewer),
    ("GET", "/refreshes", Viewer),
    ("GET", "/refreshes/{id}", Viewer),
    ("GET", "/runs/{id}/log", Viewer),
    ("POST", "/runs/{id}/cancel", Operator),
    ("POST", "/runs/{id}/again", Operator),
    ("POST", "/runs/{id}/retry", Operator),
    ("GET", "/jobs", Viewer),
    ("GET", "/jobs/new", Admin),
    ("POST", "/jobs/new", Admin),
    ("GET", "/jobs/{name}", Viewer),
    ("POST", "/jobs/{name}/run", Operator),
    ("POST", "/jobs/{name}/pause", Admin),
    ("GET", "/jobs/{name}/edit", Admin),
    ("POST", "/jobs/{name}/edit", Admin),
    ("POST", "/jobs/{name}/remove", Admin),
    ("POST", "/jobs/{name}/secrets", Admin),
    ("POST", "/jobs/{name}/webhook", Admin),
    ("POST", "/hooks/{secret}", Public),
    ("POST", "/refreshes/{id}/again", Operator),
    ("POST", "/refreshes/{id}/cancel", Operator),
    ("POST", "/exposures/{id}/refresh", Operator),
    ("GET", "/settings/refresh", Viewer),
    ("POST", "/settings/refresh", Admin),
    ("GET", "/api/v1/refreshes", Viewer),
    ("POST", "/api/v1/refreshes", Operator),
    ("GET", "/api/v1/refreshes/{id}", Viewer),
    ("POST", "/api/v1/refreshes/{id}/cancel", Operator),
    ("GET", "/api/v1/policies", Viewer),
    ("PUT", "/api/v1/policies", Admin),
    ("GET", "/api/v1/jobs", Viewer),
    ("POST", "/api/v1/jobs", Admin),
    ("GET", "/api/v1/jobs/{name}", Viewer),
    ("PUT", "/api/v1/jobs/{name}", Admin),
    ("DELETE", "/api/v1/jobs/{name}", Admin),
    ("PUT", "/api/v1/jobs/{name}/secrets/{variable}", Admin),
    ("POST", "/api/v1/jobs/{name}/runs", Operator),
    ("GET", "/api/v1/runs", Viewer),
    ("GET", "/api/v1/runs/{id}", Viewer),
    ("GET", "/api/v1/runs/{id}/log", Viewer),
    ("GET", "/api/v1/runs/{id}/artifacts/{step}/{file}", Viewer),
    ("POST", "/api/v1/runs/{id}/cancel", Operator),
    ("POST", "/api/v1/runs/{id}/again", Operator),
    ("GET", "/integrations", Viewer),
    ("GET", "/integrations/new", Admin),
    ("GET", "/integrations/new/{tool}", Admin),
    ("POST", "/integrations/new/{tool}/connection", Admin),
    ("POST", "/integrations/new/{tool}/collections", Admin),
    ("POST", "/integrations/new/{tool}/finish", Admin),
    ("POST", "/integrations/new/{tool}/discard", Admin),
    ("GET", "/integrations/{name}", Viewer),
    ("POST", "/integrations/{name}/sync", Operator),
    ("POST", "/integrations/{name}/check", Operator),
    ("POST", "/integrations/{name}/schedule", Admin),
    ("GET", "/integrations/{name}/collections", Viewer),
    ("POST", "/integrations/{name}/collections", Admin),
    ("GET", "/integrations/{name}/connection", Admin),
    ("POST", "/integrations/{name}/connection", Admin),
    ("GET", "/integrations/{name}/disconnect", Admin),
    ("POST", "/integrations/{name}/disconnect", Admin),
    ("GET", "/integrations/{name}/diff", Viewer),
    ("GET", "/integrations/{name}/syncs", Viewer),
    ("GET", "/integrations/{name}/syncs/{id}", Viewer),
    ("POST", "/integrations/{name}/syncs/{id}/stop", Operator),
    ("GET", "/integrations/{name}/unmatched", Viewer),
    ("POST", "/integrations/{name}/mapping", Operator),
    ("POST", "/integrations/{name}/mapping/remove", Operator),
    ("GET", "/api/openapi.json", Viewer),
    ("GET", "/api/docs", Viewer),
    ("GET", "/api/v1/summary", Viewer),
    ("GET", "/api/v1/exposures", Viewer),
    ("GET", "/api/v1/exposures/{id}", Viewer),
    ("PATCH", "/api/v1/exposures/{id}/curation", Operator),
    ("POST", "/api/v1/exposures/{id}/link", Operator),
    ("POST", "/api/v1/exposures/{id}/unlink", Operator),
    ("POST", "/api/v1/exposures/{id}/leave-out", Operator),
    ("GET", "/api/v1/curations", Viewer),
    ("POST", "/api/v1/curations/bring-in", Operator),
    ("GET", "/api/v1/resources", Viewer),
    ("GET", "/api/v1/resources/{id}", Viewer),
    ("GET", "/api/v1/resources/{id}/exposures", Viewer),
    ("GET", "/api/v1/lineage", Viewer),
    ("GET", "/api/v1/complete", Viewer),
    ("GET", "/api/v1/projects", Viewer),
    ("GET", "/api/v1/projects/{project}", Viewer),
    ("POST", "/api/v1/projects", Admin),
    ("DELETE", "/api/v1/projects/{project}", Admin),
    ("GET", "/api/v1/projects/{project}/environments", Viewer),
    ("POST", "/api/v1/projects/{project}/environments", Admin),
    ("POST", "/api/v1/projects/{project}/environments/{environment}/production", Admin),
    ("DELETE", "/api/v1/projects/{project}/environments/{environment}", Admin),
    ("PUT", "/api/v1/projects/{project}/environments/{environment}/artifacts", Operator),
    ("POST", "/api/v1/projects/{project}/environments/{environment}/artifacts", Operator),
    ("GET", "/api/v1/resources/{id}/runs", Viewer),
    ("GET", "/api/v1/resources/{id}/code", Viewer),
    ("GET", "/api/v1/integrations", Viewer),
    ("GET", "/api/v1/integrations/{name}", Viewer),
    ("GET", "/api/v1/integrations/{name}/diff", Viewer),
    ("GET", "/api/v1/integrations/{name}/syncs", Viewer),
    ("GET", "/api/v1/integrations/{name}/unmatched", Viewer),
    ("POST", "/api/v1/integrations/{name}/mapping/preview", Operator),
    ("POST", "/api/v1/integrations/{name}/mapping", Operator),
    ("DELETE", "/api/v1/integrations/{name}/mapping/{number}", Operator),
    ("GET", "/api/v1/search", Viewer),
    ("GET", "/api/v1/health", Viewer),
    ("GET", "/api/v1/trees/{tree}", Viewer),
    ("GET", "/api/v1/macros", Viewer),
    ("GET", "/api/v1/macros/{id}", Viewer),
    ("POST", "/api/v1/integrations", Admin),
    ("DELETE", "/api/v1/integrations/{name}", Admin),
    ("GET", "/api/v1/integrations/{name}/collections", Viewer),
    ("PUT", "/api/v1/integrations/{name}/collections", Admin),
    ("POST", "/api/v1/integrations/{name}/syncs", Operator),
    ("GET", "/api/v1/integrations/{name}/syncs/{id}", Viewer),
    ("DELETE", "/api/v1/integrations/{name}/syncs/{id}", Operator),
    ("GET", "/api/v1/exposures/{id}/curation", Viewer),
    ("GET", "/api/v1/left-out", Viewer),
    ("GET", "/api/v1/users", Admin),
    ("PATCH", "/api/v1/users/{name}", Admin),
    ("DELETE", "/api/v1/users/{name}", Admin),
    ("GET", "/api/v1/tokens", Admin),
    ("POST", "/api/v1/tokens", Admin),
    ("DELETE", "/api/v1/tokens/{id}", Admin),
    ("GET", "/api/v1/audit", Admin),
];

/// A route of the table as it is asked: parameters filled with something that is not there.
fn address(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{*path}" => "app.css",
        "{number}" | "{n}" => "7",
        segment if segment.starts_with('{') => "nothing",
        segment => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// What an answer says of who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Whoever asks has to sign in first.
    Stranger,
    /// The role does not suffice.
    Refused,
    /// The handler was reached, whatever it found.
    Admitted,
}

fn verdict(answer: &Answer) -> Verdict {
    let is_sign_in = answer
        .location()
        .is_some_and(|location| location.starts_with("/sign-in?next="));
    let says = |code: &str| answer.body.contains(code);
    if is_sign_in || (answer.status == StatusCode::UNAUTHORIZED && says("TW-WEB-NOT-SIGNED-IN")) {
        Verdict::Stranger
    } else if answer.status == StatusCode::FORBIDDEN && says("TW-WEB-NOT-PERMITTED") {
        Verdict::Refused
    } else {
        assert!(!says("TW-WEB-FORGED"), "{answer:?}");
        Verdict::Admitted
    }
}

fn expected(access: Access, role: Option<Role>) -> Verdict {
    match (access.role(), role) {
        (Some(_), None) => Verdict::Stranger,
        (Some(needed), Some(role)) if role < needed => Verdict::Refused,
        _ => Verdict::Admitted,
    }
}

#[tokio::test]
async fn the_table_has_every_route_and_no_other() {
    let scene = Scene::empty().await;
    let served: Vec<String> = router::routes(&scene.app)
        .list()
        .iter()
        .map(|route| format!("(\"{}\", \"{}\", {:?}),", route.method, route.path, route.access))
        .collect();
    let written: Vec<String> = ROUTES
        .iter()
        .map(|(method, path, access)| format!("(\"{method}\", \"{path}\", {access:?}),"))
        .collect();
    let missing: Vec<_> = served.iter().filter(|route| !written.contains(route)).collect();
    let superfluous: Vec<_> = written.iter().filter(|route| !served.contains(route)).collect();
    assert!(
        missing.is_empty() && superfluous.is_empty(),
        "not in the table, or with another need: {missing:#?}\nnot served, or with another need: {superfluous:#?}"
    );
}

#[tokio::test]
async fn every_route_is_open_to_its_roles_alone() {
    let scene = Scene::closed().await;
    let mut visitors = vec![(None, None, None)];
    for role in Role::ALL {
        let visitor = Visitor::sign_up(&scene, role.name(), role).await;
        let token = visitor.make_token(&scene, &format!("token-{role}"), role).await;
        visitors.push((Some(role), Some(visitor), None));
        visitors.push((Some(role), None, Some(token)));
    }
    let mut wrong = Vec::new();
    for (method, path, access) in ROUTES {
        // Ends the session, and is asked last.
        if *path == "/sign-out" {
            continue;
        }
        for (role, visitor, token) in &visitors {
            let mut request = scene
                .request(method.parse().unwrap(), &address(path))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            if let Some(visitor) = visitor {
                request = request
                    .header(COOKIE, visitor.cookie())
                    .header("x-csrf-token", visitor.csrf_token());
            }
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            let answer = scene.send(request.body(Body::empty()).unwrap()).await;
            let found = verdict(&answer);
            if found != expected(*access, *role) {
                let by = if token.is_some() { "token" } else { "session" };
                wrong.push(format!(
                    "{method} {path} as {role:?} by {by}: {found:?}, {}",
                    answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn changes_need_the_token_of_the_sessions_own_pages() {
    let scene = Scene::closed().await;
    let root = Visitor::sign_up(&scene, "root", Role::Admin).await;
    let other = Visitor::sign_up(&scene, "other", Role::Admin).await;
    for (method, path, _) in ROUTES.iter().filter(|(method, _, _)| *method != "GET") {
        // Before signing in there is no token; a session that is there has one, also on public routes.
        for forged in [None, Some("x"), Some(other.csrf_token())] {
            let mut request = scene
                .request(method.parse().unwrap(), &address(path))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(COOKIE, root.cookie());
            if let Some(forged) = forged {
                request = request.header("x-csrf-token", forged);
            }
            let answer = scene.send(request.body(Body::from("x=y")).unwrap()).await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{method} {path}: {answer:?}"
            );
            assert!(answer.body.contains("TW-WEB-FORGED"), "{method} {path}");
        }
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            let request = scene
                .request(method.parse().unwrap(), &address(path))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(COOKIE, root.cookie())
                .header("x-csrf-token", root.csrf_token())
                .header(name, value);
            let answer = scene.send(request.body(Body::empty()).unwrap()).await;
            assert!(
                answer.body.contains("TW-WEB-FORGED"),
                "{method} {path} with {name}: {value}"
            );
        }
    }
    assert!(root.is_signed_in(&scene).await);
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_is_no_way_around() {
    let scene = Scene::closed().await;
    let viewer = Visitor::sign_up(&scene, "viewer", Role::Viewer).await;
    for (_, path, access) in ROUTES {
        if *access != Admin {
            continue;
        }
        let may_read = ROUTES.contains(&("GET", path, Viewer));
        for method in [Method::HEAD, Method::PUT, Method::PATCH, Method::OPTIONS] {
            if may_read && method == Method::HEAD {
                continue;
            }
            let request = scene
                .request(method.clone(), &address(path))
                .header(COOKIE, viewer.cookie())
                .header("x-http-method-override", "POST")
                .header("x-csrf-token", viewer.csrf_token());
            let status = scene.send(request.body(Body::empty()).unwrap()).await.status;
            assert!(status.is_client_error(), "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn a_token_is_taken_from_its_header_alone() {
    let scene = Scene::closed().await;
    let root = Visitor::sign_up(&scene, "root", Role::Admin).await;
    let token = root.make_token(&scene, "ci", Role::Viewer).await;
    let ask = async |name: &str, value: &str, path: &str| {
        let request = scene
            .request(Method::GET, path)
            .header(ACCEPT, "application/json")
            .header(name, value);
        scene.send(request.body(Body::empty()).unwrap()).await
    };
    let path = "/api/v1/summary";
    assert_eq!(
        ask("authorization", &format!("Bearer {token}"), path)
            .await
            .status,
        StatusCode::OK
    );
    for (name, value) in [
        ("authorization", format!("Basic {token}")),
        ("authorization", token.clone()),
        ("authorization", format!("Bearer {}", &token[..46])),
        ("cookie", format!("tailwater_session={token}")),
        ("x-api-key", token.clone()),
    ] {
        let answer = ask(name, &value, path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {value}");
        assert!(!answer.body.contains(&token), "it is not repeated");
    }
    let in_address = ask(
        "x-nothing",
        "",
        &format!("{path}?token={token}&access_token={token}"),
    )
    .await;
    assert_eq!(in_address.status, StatusCode::UNAUTHORIZED);
    // A wrong token is not made good by a session beside it.
    let request = scene
        .request(Method::GET, path)
        .header(AUTHORIZATION, "Bearer twt_wrong")
        .header(COOKIE, root.cookie());
    let answer = scene.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(PASSWORD.len() > 10);
}
