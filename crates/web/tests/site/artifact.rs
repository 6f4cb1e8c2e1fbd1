//! dbt's artifacts as a CI job brings them: raw, packed, several at once; and whatever must be refused.

use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tailwater_core::refresh::{PolicyPart, PolicyScope};
use tailwater_engine::account::{Actor, Role};

use crate::change::{Program, problem};
use crate::scene::{Scene, demo};

const PLACE: &str = "/api/v1/projects/shop/environments/production/artifacts";
const BOUNDARY: &str = "part-of-a-test";

fn artifact(name: &str) -> Vec<u8> {
    std::fs::read(demo().join("dbt/target").join(name)).unwrap()
}

/// The demo's manifest as another invocation would have written it.
fn manifest(generated_at: &str) -> Vec<u8> {
    let mut manifest: Value = serde_json::from_slice(&artifact("manifest.json")).unwrap();
    manifest["metadata"]["generated_at"] = json!(generated_at);
    manifest["metadata"]["invocation_id"] = json!(format!("invocation of {generated_at}"));
    serde_json::to_vec(&manifest).unwrap()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn form(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn form_kind() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// A project that waits for its artifacts, and a CI job's token.
async fn waiting(scene: &Scene) -> Program<'_> {
    let name = tailwater_core::id::ProjectName::new("shop");
    scene.workspace.add_project_without_path(name).await.unwrap();
    scene.app.refresh().await.unwrap();
    Program::new(scene, Role::Operator).await
}

impl Program<'_> {
    async fn put(&self, kind: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        self.put_to(PLACE, kind, body).await
    }

    async fn put_to(&self, place: &str, kind: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let answer = self.send(Method::PUT, place, kind, body).await;
        (
            answer.status,
            serde_json::from_str(&answer.body).expect("an answer in JSON"),
        )
    }

    async fn written_at(&self) -> Value {
        let shown = self.get("/api/v1/projects/shop").await;
        let artifacts = shown["artifacts"].as_array().unwrap();
        let manifest = artifacts.iter().find(|artifact| artifact["kind"] == "manifest");
        manifest.map_or(Value::Null, |manifest| manifest["generated_at"].clone())
    }
}

#[tokio::test]
async fn a_file_arrives_raw_packed_or_among_others() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let (status, report) = job.put("application/json", artifact("manifest.json")).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["artifacts"][0]["outcome"], "taken");
    let shown = job.get("/api/v1/summary").await;
    assert!(
        shown["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind["resource_type"] == "model")
    );

    let (status, report) = job
        .put("application/gzip", packed(&artifact("manifest.json")))
        .await;
    assert_eq!(
        (status, &report["artifacts"][0]["outcome"]),
        (StatusCode::OK, &json!("already_there"))
    );

    let (results, manifest) = (packed(&artifact("run_results.json")), artifact("manifest.json"));
    let files: [(&str, &[u8]); 2] = [("run_results.json.gz", &results), ("manifest.json", &manifest)];
    let (status, report) = job.put(&form_kind(), form(&files)).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    let kinds: Vec<&Value> = report["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert_eq!(kinds, [&json!("manifest"), &json!("run_results")]);
    assert_eq!(report["new_runs"], 1);
    let model = job.get("/api/v1/resources/model.shop.fct_orders/runs").await;
    assert_eq!(model.as_array().unwrap().len(), 1);
    let code = job.get("/api/v1/resources/model.shop.fct_orders/code").await;
    assert!(code["raw"].as_str().unwrap().contains("ref("), "{code}");

    let admin = Program::new(&scene, Role::Admin).await;
    let acts = admin.get("/api/v1/audit?action=artifacts.ingest").await;
    assert_eq!(
        acts["items"].as_array().unwrap().len(),
        2,
        "what was there already is no act"
    );
    assert_eq!(acts["items"][0]["actor"], "token program-operator");
    assert_eq!(acts["items"][0]["subject"], "shop/production");
}

#[tokio::test]
async fn an_older_one_is_refused_unless_it_is_forced() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let (status, _) = job
        .put("application/json", manifest("2026-06-02T00:00:00Z"))
        .await;
    assert_eq!(status, StatusCode::OK);
    let there = job.written_at().await;
    let (status, problem) = job
        .put("application/json", manifest("2026-06-01T00:00:00Z"))
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("TW-INGEST-OLDER"))
    );
    assert!(problem["hint"].as_str().unwrap().contains("force=true"));
    assert_eq!(job.written_at().await, there);
    let forced = format!("{PLACE}?force=true");
    let (status, report) = job
        .put_to(&forced, "application/json", manifest("2026-06-01T00:00:00Z"))
        .await;
    assert_eq!(
        (status, &report["artifacts"][0]["outcome"]),
        (StatusCode::OK, &json!("forced"))
    );
    assert_ne!(job.written_at().await, there);
}

#[tokio::test]
async fn a_switch_that_is_neither_on_nor_off_is_named() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let place = format!("{PLACE}?force=maybe");
    let (status, problem) = job
        .put_to(&place, "application/json", artifact("manifest.json"))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("`force` cannot be `maybe`"), "{detail}");
    assert!(problem["hint"].is_string());
}

#[tokio::test]
async fn what_is_no_sound_artifact_changes_nothing() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let (status, _) = job.put("application/json", artifact("manifest.json")).await;
    assert_eq!(status, StatusCode::OK);
    let there = job.written_at().await;
    let newer = manifest("2031-01-01T00:00:00Z");
    let whole = packed(&newer);
    let cut_off = &whole[..whole.len() / 2];
    let with_a_bad_one: [(&str, &[u8]); 2] = [("manifest.json", &newer), ("catalog.json", b"{\"hello\": 1}")];
    let twice: [(&str, &[u8]); 2] = [("manifest.json", &newer), ("again.json", &newer)];
    let mut unfinished = form(&[("manifest.json", &newer)]);
    unfinished.truncate(unfinished.len() - 200);
    let other = String::from_utf8(newer.clone())
        .unwrap()
        .replace("\"project_name\":\"shop\"", "\"project_name\":\"bank\"");
    let form_kind = form_kind();
    for (name, kind, body, status, code) in [
        (
            "no JSON",
            "application/json",
            b"<html>".to_vec(),
            400,
            "TW-DBT-OTHER-FORMAT",
        ),
        (
            "other JSON",
            "application/json",
            b"{\"hello\": 1}".to_vec(),
            400,
            "TW-DBT-NOT-AN-ARTIFACT",
        ),
        ("nothing", "application/json", Vec::new(), 400, "TW-"),
        (
            "cut off JSON",
            "application/json",
            newer[..newer.len() / 2].to_vec(),
            400,
            "TW-DBT-TRUNCATED",
        ),
        (
            "cut off gzip",
            "application/gzip",
            cut_off.to_vec(),
            400,
            "TW-INGEST-GZIP",
        ),
        (
            "a bad one among good",
            &form_kind,
            form(&with_a_bad_one),
            400,
            "TW-DBT-NOT-AN-ARTIFACT",
        ),
        ("two of a kind", &form_kind, form(&twice), 400, "TW-INGEST-TWICE"),
        ("an empty form", &form_kind, form(&[]), 400, "TW-INGEST-EMPTY"),
        ("a form without its end", &form_kind, unfinished, 400, "TW-"),
        (
            "no boundary",
            "multipart/form-data",
            form(&twice),
            400,
            "TW-WEB-BAD-REQUEST",
        ),
        (
            "another project",
            "application/json",
            other.into_bytes(),
            409,
            "TW-INGEST-OTHER-PROJECT",
        ),
    ] {
        let (found, problem) = job.put(kind, body).await;
        assert_eq!(found.as_u16(), status, "{name}: {problem}");
        assert!(
            problem["code"].as_str().unwrap().starts_with(code),
            "{name}: {problem}"
        );
        assert_eq!(job.written_at().await, there, "{name}");
    }
}

#[tokio::test]
async fn a_sender_that_hangs_up_changes_nothing() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let half = artifact("manifest.json");
    let half = Bytes::copy_from_slice(&half[..half.len() / 2]);
    let pieces = futures::stream::iter([Ok(half), Err(std::io::Error::other("gone"))]);
    let (status, problem) = job.put("application/json", Body::from_stream(pieces)).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (400, &json!("TW-INGEST-INTERRUPTED"))
    );
    assert_eq!(job.written_at().await, Value::Null);
}

#[tokio::test]
async fn the_place_and_the_role_must_fit() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let manifest = || artifact("manifest.json");
    let nowhere = "/api/v1/projects/none/environments/production/artifacts";
    let (status, problem) = job.put_to(nowhere, "application/json", manifest()).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (404, &json!("TW-PROJECT-UNKNOWN"))
    );
    let nowhere = "/api/v1/projects/shop/environments/none/artifacts";
    let (status, problem) = job.put_to(nowhere, "application/json", manifest()).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (404, &json!("TW-ENVIRONMENT-UNKNOWN"))
    );
    let viewer = Program::new(&scene, Role::Viewer).await;
    let (status, problem) = viewer.put("application/json", manifest()).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (403, &json!("TW-WEB-NOT-PERMITTED"))
    );
    let request = scene
        .request(Method::PUT, PLACE)
        .header("authorization", format!("Bearer {}", job.token))
        .header("content-encoding", "br");
    let answer = scene.send(request.body(Body::from(manifest())).unwrap()).await;
    assert_eq!(problem_of(&answer), 415);
    let stranger = scene.api(Method::PUT, PLACE, None, Body::from(manifest())).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

fn problem_of(answer: &crate::scene::Answer) -> u16 {
    problem(answer).0
}

#[tokio::test]
async fn of_two_at_once_the_newer_stays() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let older = job.put("application/json", manifest("2026-06-01T00:00:00Z"));
    let newer = job.put("application/json", manifest("2026-06-02T00:00:00Z"));
    let ((older, first), (newer, second)) = tokio::join!(older, newer);
    assert_eq!(newer, StatusCode::OK, "{second}");
    assert!([StatusCode::OK, StatusCode::CONFLICT].contains(&older), "{first}");
    assert_eq!(job.written_at().await, "2026-06-02T00:00:00Z");
}

#[tokio::test]
async fn more_than_a_form_may_hold_is_taken_piece_by_piece() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    // Blanks between the members, more than any other route reads.
    let mut large = manifest("2026-06-02T00:00:00Z");
    large.pop();
    large.extend(std::iter::repeat_n(b' ', 5 << 20));
    large.push(b'}');
    let (status, report) = job.put(&form_kind(), form(&[("manifest.json", &large)])).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["artifacts"][0]["size"], large.len());
}

#[tokio::test]
async fn environments_are_made_fed_and_removed() {
    let scene = Scene::closed().await;
    let job = waiting(&scene).await;
    let admin = Program::new(&scene, Role::Admin).await;
    let environments = "/api/v1/projects/shop/environments";
    admin
        .told(Method::POST, environments, &json!({"name": "staging"}))
        .await;
    let staging = format!("{environments}/staging");
    let (status, _) = job
        .put_to(
            &format!("{staging}/artifacts"),
            "application/json",
            artifact("manifest.json"),
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(job.get("/api/v1/summary").await["kinds"], json!([]));
    assert_ne!(job.get("/api/v1/summary?env=staging").await["kinds"], json!([]));
    let again = admin
        .refused(Method::POST, environments, &json!({"name": "staging"}))
        .await;
    assert_eq!(again, (409, "TW-SETTINGS-EXISTS".to_owned()));
    let own = admin
        .refused(
            Method::DELETE,
            &format!("{environments}/production"),
            &Value::Null,
        )
        .await;
    assert_eq!(own, (409, "TW-ENVIRONMENT-OWN".to_owned()));
    admin
        .told(Method::POST, &format!("{staging}/production"), &Value::Null)
        .await;
    let listed = job.get(environments).await;
    assert_eq!(
        (&listed[0]["name"], &listed[0]["is_production"]),
        (&json!("staging"), &json!(true))
    );
    assert_ne!(job.get("/api/v1/summary").await["kinds"], json!([]));
    admin.told(Method::DELETE, &staging, &Value::Null).await;
    assert_eq!(admin.refused(Method::DELETE, &staging, &Value::Null).await.0, 404);
    admin
        .told(Method::DELETE, "/api/v1/projects/shop", &Value::Null)
        .await;
    assert_eq!(job.refused(Method::GET, environments, &Value::Null).await.0, 404);
}

#[tokio::test]
async fn the_page_of_projects_shows_what_arrived_and_how_to_bring_it() {
    let scene = Scene::empty().await;
    let page = "/settings/projects";
    let made = scene.submit(page, page, &[("name", "shop")]).await;
    assert!(made.location().unwrap().contains("done=added"), "{}", made.body);
    let shown = scene.page(page).await;
    assert!(shown.contains("Nothing has arrived yet."));
    assert!(shown.contains(&format!("http://localhost{PLACE}")), "{shown}");
    let job = Program::new(&scene, Role::Operator).await;
    job.put("application/json", artifact("manifest.json")).await;
    let shown = scene.page(page).await;
    assert!(shown.contains("program-operator") && shown.contains("manifest.json"));
    let added = scene
        .submit(
            page,
            "/settings/projects/shop/environments",
            &[("name", "staging")],
        )
        .await;
    assert!(added.location().unwrap().contains("done=environment-added"));
    let here = "/settings/projects/shop/environments/staging";
    for (act, done) in [
        ("production", "done=production"),
        ("remove", "done=environment-removed"),
    ] {
        let answer = scene.submit(page, &format!("{here}/{act}"), &[]).await;
        assert!(
            answer.location().is_some_and(|place| place.contains(done)),
            "{act}: {}",
            answer.body
        );
    }
    let refused = scene.submit(page, page, &[("name", "<script>")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(!refused.body.contains("<script>x"));
    let gone = scene.submit(page, "/settings/projects/shop/remove", &[]).await;
    assert!(gone.location().unwrap().contains("done=removed"));
    assert!(
        scene
            .page("/settings/retention")
            .await
            .contains("the last 50 of each")
    );
}

#[tokio::test]
async fn what_is_due_because_of_a_build_is_asked_for_with_it() {
    let scene = Scene::closed().await.with_project().await.with_tableau().await;
    let job = Program::new(&scene, Role::Operator).await;
    // The demo's build is older than its extracts: this one came a day later.
    let results = String::from_utf8(artifact("run_results.json")).unwrap();
    let results = results.replace("2026-01-15T06", "2026-01-16T06");
    let post = async |query: &str| {
        let place = format!("{PLACE}{query}");
        let body = results.clone();
        let answer = job.send(Method::POST, &place, "application/json", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        serde_json::from_str::<Value>(&answer.body).unwrap()
    };
    let only_taken = post("").await;
    assert_eq!(only_taken["artifacts"][0]["outcome"], "taken");
    assert_eq!(only_taken.get("refresh"), None);
    let off = post("?refresh=true").await;
    assert_eq!(off["refresh"]["counts"]["refresh"], 0, "{off:#}");

    let scope = PolicyScope::Integration {
        integration: "main".into(),
    };
    let part = PolicyPart {
        enabled: Some(true),
        interval_minutes: Some(0),
        ..PolicyPart::default()
    };
    let actor = Actor::CommandLine;
    scene.workspace.set_policy(&scope, &part, &actor).await.unwrap();
    let asked = post("?refresh=true").await;
    let due = asked["refresh"]["counts"]["refresh"].as_u64().unwrap();
    assert!(due > 0, "{asked:#}");
    let queued = |answer: &Value| {
        let targets = answer["refresh"]["targets"].as_array().unwrap().clone();
        let is_queued = |target: &&Value| target["result"] == "queued" && target["refresh"].is_string();
        targets.iter().filter(is_queued).count() as u64
    };
    assert_eq!(queued(&asked), due, "{asked:#}");
    // What is on its way is not asked for twice.
    assert_eq!(queued(&post("?refresh=true").await), 0);
}
