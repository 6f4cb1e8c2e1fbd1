//! Changing things over the API: curation, connections, syncs, tokens.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tailwater_engine::account::{Actor, NewApiToken, Role};

use crate::scene::{Answer, Scene};

/// A program with a token.
pub struct Program<'s> {
    pub scene: &'s Scene,
    pub token: String,
}

impl<'s> Program<'s> {
    pub async fn new(scene: &'s Scene, role: Role) -> Self {
        let new = NewApiToken {
            name: format!("program-{role}"),
            role,
            expires_at: None,
        };
        let made = scene.workspace.create_api_token(new, &Actor::CommandLine).await;
        Self {
            scene,
            token: made.unwrap().0.expose_secret().to_owned(),
        }
    }

    pub async fn send(&self, method: Method, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
        let request = self
            .scene
            .request(method, path)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(CONTENT_TYPE, kind);
        self.scene.send(request.body(body.into()).unwrap()).await
    }

    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(method, path, "application/json", body.to_string())
            .await
    }

    /// An answer that must be a success.
    pub async fn told(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.json(method, path, body).await;
        assert!(
            answer.status.is_success(),
            "{path}: {} {}",
            answer.status,
            answer.body
        );
        serde_json::from_str(&answer.body).unwrap_or(Value::Null)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.told(Method::GET, path, &Value::Null).await
    }

    /// The code of a refusal.
    pub async fn refused(&self, method: Method, path: &str, body: &Value) -> (u16, String) {
        problem(&self.json(method, path, body).await)
    }
}

/// Status and code of a problem.
pub fn problem(answer: &Answer) -> (u16, String) {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    (answer.status.as_u16(), body["code"].as_str().unwrap().to_owned())
}

async fn audited(scene: &Scene) -> Vec<String> {
    let page = scene
        .workspace
        .audit_log(tailwater_engine::account::AuditQuery::default())
        .await;
    page.unwrap()
        .entries
        .into_iter()
        .map(|entry| entry.action)
        .collect()
}

#[tokio::test]
async fn an_exposure_is_curated_and_given_back() {
    let scene = Scene::demo().await;
    let program = Program::new(&scene, Role::Operator).await;
    let listed = program.get("/api/v1/exposures?mode=auto&limit=1").await;
    let id = listed["items"][0]["unique_id"].as_str().unwrap().to_owned();
    let label = listed["items"][0]["label"].clone();
    let (exposure, curation) = (
        format!("/api/v1/exposures/{id}"),
        format!("/api/v1/exposures/{id}/curation"),
    );
    assert_eq!(program.get(&curation).await, Value::Null);

    let change = json!({"label": "Board report", "tags": ["board", "weekly"], "maturity": "high"});
    let told = program.told(Method::PATCH, &curation, &change).await;
    assert_eq!(told["fields"]["label"]["value"], "Board report");
    assert_eq!(told["fields"]["label"]["by"], "token program-operator");
    let shown = program.get(&exposure).await;
    assert_eq!(
        (&shown["label"], &shown["maturity"], &shown["tags"]),
        (
            &json!("Board report"),
            &json!("high"),
            &json!(["board", "weekly"])
        )
    );
    program
        .told(Method::PATCH, &curation, &json!({"label": null}))
        .await;
    program
        .told(Method::PATCH, &curation, &json!({"tags": null}))
        .await;
    let shown = program.get(&exposure).await;
    assert_eq!(shown["label"], label);
    assert_eq!(shown["maturity"], "high");

    for (body, code) in [
        (json!({"maturity": "great"}), "TW-CURATION-WORD"),
        (json!({"colour": "red"}), "TW-CURATION-FIELD"),
        (json!({}), "TW-CURATION-NOTHING-ASKED"),
        (json!(["label"]), "TW-WEB-BAD-REQUEST"),
    ] {
        let refused = program.refused(Method::PATCH, &curation, &body).await;
        assert_eq!(refused, (400, code.to_owned()), "{body}");
    }
    assert!(audited(&scene).await.contains(&"exposure.curate".to_owned()));
}

#[tokio::test]
async fn a_value_of_another_shape_than_the_fields_is_refused_by_name() {
    let scene = Scene::demo().await;
    let program = Program::new(&scene, Role::Operator).await;
    let curation = "/api/v1/exposures/exposure.shop.payments/curation";
    for (field, value) in [
        ("label", json!(7)),
        ("owner_name", json!(true)),
        ("description", json!({})),
        ("maturity", json!(["high"])),
        ("tags", json!("x")),
        ("tags", json!(["a", 7])),
    ] {
        let answer = program
            .json(Method::PATCH, curation, &json!({ field: value }))
            .await;
        assert_eq!(problem(&answer).0, 400, "{field}: {}", answer.body);
        assert!(answer.body.contains(&format!("`{field}`")), "{}", answer.body);
    }
    assert_eq!(program.get(curation).await, Value::Null);
}

#[tokio::test]
async fn links_are_made_and_undone_by_hand_and_exposures_left_out() {
    let scene = Scene::demo().await;
    let program = Program::new(&scene, Role::Operator).await;
    let listed = program.get("/api/v1/exposures?mode=auto&limit=500").await;
    let row = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["depends_on_count"] != 0);
    let id = row.unwrap()["unique_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/exposures/{id}");
    let before = program.get(&path).await;
    let node = before["depends_on"][0].as_str().unwrap();
    program
        .told(
            Method::POST,
            &format!("{path}/unlink"),
            &json!({"node": node, "note": "retired"}),
        )
        .await;
    let after = program.get(&path).await;
    assert!(!after["depends_on"].as_array().unwrap().contains(&json!(node)));
    assert_eq!(after["exposure"]["unlinked"][0]["note"], "retired");
    program
        .told(Method::POST, &format!("{path}/link"), &json!({"node": node}))
        .await;
    assert_eq!(program.get(&path).await["depends_on"], before["depends_on"]);
    let nowhere = program
        .refused(
            Method::POST,
            &format!("{path}/link"),
            &json!({"node": "nowhere_at_all"}),
        )
        .await;
    assert_eq!(nowhere, (404, "TW-NODE-UNKNOWN".to_owned()));

    program
        .told(
            Method::POST,
            &format!("{path}/leave-out"),
            &json!({"note": "a draft"}),
        )
        .await;
    assert_eq!(program.refused(Method::GET, &path, &Value::Null).await.0, 404);
    let left_out = program.get("/api/v1/left-out").await;
    assert_eq!(
        (&left_out[0]["unique_id"], &left_out[0]["note"]),
        (&json!(id), &json!("a draft"))
    );
    program
        .told(
            Method::POST,
            "/api/v1/curations/bring-in",
            &json!({"workbook": id}),
        )
        .await;
    assert_eq!(program.get("/api/v1/left-out").await, json!([]));
    assert_eq!(program.get(&path).await["depends_on"], before["depends_on"]);
}

#[tokio::test]
async fn a_site_is_connected_as_a_connected_app() {
    let scene = Scene::demo().await;
    let program = Program::new(&scene, Role::Admin).await;
    let server = scene.simulator.as_ref().unwrap().base_url();
    let app =
        json!({"client_id": "demo-client", "secret_id": "demo-secret-id", "user": "tailwater@shop.example"});
    let wanted = json!({"name": "second", "server": server, "site": "shop", "connected_app": app,
        "app_secret": "demo-app-secret-4b1f"});
    let made = program.json(Method::POST, "/api/v1/integrations", &wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(!made.body.contains("demo-app-secret"));
    let shown = program.get("/api/v1/integrations/second").await;
    assert_eq!((&shown["connected_app"], shown.get("token_name")), (&app, None));
    for wrong in [
        json!({"name": "third", "server": server}),
        json!({"name": "third", "server": server, "connected_app": app}),
        json!({"name": "third", "server": server, "token_name": "t", "token_secret": "s", "connected_app": app,
               "app_secret": "s"}),
    ] {
        let (status, _) = program
            .refused(Method::POST, "/api/v1/integrations", &wrong)
            .await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_site_is_connected_synced_and_parted_from() {
    let scene = Scene::demo().await;
    let program = Program::new(&scene, Role::Admin).await;
    let server = scene.simulator.as_ref().unwrap().base_url();
    let wanted = json!({"name": "second", "server": server, "site": "shop", "token_name": "tailwater",
        "token_secret": "demo-secret", "allow_http": true});
    let made = program.json(Method::POST, "/api/v1/integrations", &wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(!made.body.contains("demo-secret"));
    let again = program
        .refused(Method::POST, "/api/v1/integrations", &wanted)
        .await;
    assert_eq!(again, (409, "TW-SETTINGS-EXISTS".to_owned()));
    let here = "/api/v1/integrations/second";
    let chosen = program
        .told(
            Method::PUT,
            &format!("{here}/collections"),
            &json!({"collections": ["**"]}),
        )
        .await;
    assert_eq!(chosen["collections"], json!(["**"]));

    let started = program
        .json(Method::POST, &format!("{here}/syncs"), &Value::Null)
        .await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.body);
    let place = started.location().unwrap().to_owned();
    let id = place.rsplit('/').next().unwrap();
    scene.app.runtime().wait_for(id.parse().unwrap()).await.unwrap();
    let over = program.get(&place).await;
    assert_eq!(
        (&over["is_over"], &over["live"]["state"]["is"]),
        (&json!(true), &json!("done")),
        "{over}"
    );
    assert!(over["record"]["id"] == id, "{over}");
    let elsewhere = program
        .refused(
            Method::GET,
            &format!("/api/v1/integrations/main/syncs/{id}"),
            &Value::Null,
        )
        .await;
    assert_eq!(elsewhere.0, 404);
    let late = program.refused(Method::DELETE, &place, &Value::Null).await;
    assert_eq!(late.0, 409);
    scene.app.refresh().await.unwrap();
    assert_ne!(program.get(here).await["exposures"], 0);
    assert_ne!(
        program.get(&format!("{here}/collections")).await["rows"],
        json!([])
    );

    let parted = program.json(Method::DELETE, here, &Value::Null).await;
    assert_eq!(parted.status, StatusCode::NO_CONTENT);
    assert_eq!(program.refused(Method::GET, here, &Value::Null).await.0, 404);
    let audited = audited(&scene).await;
    for action in [
        "integration.add",
        "integration.select",
        "integration.sync",
        "integration.remove",
    ] {
        assert!(audited.contains(&action.to_owned()), "{action}");
    }
    let operator = Program::new(&scene, Role::Operator).await;
    let refused = operator
        .refused(Method::DELETE, "/api/v1/integrations/main", &Value::Null)
        .await;
    assert_eq!(refused, (403, "TW-WEB-NOT-PERMITTED".to_owned()));
}

#[tokio::test]
async fn users_tokens_and_the_log_are_read_and_changed() {
    let scene = Scene::closed().await;
    let program = Program::new(&scene, Role::Admin).await;
    let ada = crate::visitor::Visitor::sign_up(&scene, "ada", Role::Admin).await;
    crate::visitor::Visitor::sign_up(&scene, "bob", Role::Viewer).await;
    let token = ada.make_token(&scene, "of-ada", Role::Viewer).await;
    let users = program.get("/api/v1/users").await;
    assert_eq!(users.as_array().unwrap().len(), 2);
    let bob = program
        .told(Method::PATCH, "/api/v1/users/bob", &json!({"role": "operator"}))
        .await;
    assert_eq!(bob["role"], "operator");
    let last = program
        .refused(Method::PATCH, "/api/v1/users/ada", &json!({"role": "viewer"}))
        .await;
    assert_eq!(last, (409, "TW-ACCOUNT-LAST-ADMIN".to_owned()));
    let refused = program
        .refused(
            Method::POST,
            "/api/v1/tokens",
            &json!({"name": "x", "role": "viewer"}),
        )
        .await;
    assert_eq!(refused.0, 403);
    let tokens = program.get("/api/v1/tokens").await;
    assert!(!tokens.to_string().contains(&token));
    let of_ada = tokens
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["name"] == "of-ada")
        .unwrap();
    let path = format!("/api/v1/tokens/{}", of_ada["id"].as_str().unwrap());
    assert_eq!(
        program.json(Method::DELETE, &path, &Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(program.refused(Method::DELETE, &path, &Value::Null).await.0, 404);
    assert_eq!(
        program
            .json(Method::DELETE, "/api/v1/users/bob", &Value::Null)
            .await
            .status,
        StatusCode::NO_CONTENT
    );

    let first = program.get("/api/v1/audit?limit=2").await;
    assert_eq!(first["items"][0]["action"], "user.remove");
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = program
        .get(&format!("/api/v1/audit?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(next["items"].as_array().unwrap().len(), 2);
    assert!(!first["items"].as_array().unwrap().contains(&next["items"][0]));
}
