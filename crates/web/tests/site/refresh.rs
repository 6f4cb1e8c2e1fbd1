//! Refreshing by hand, the policy that says when it happens by itself, and names of people who mean harm on both.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tailwater_core::id::NodeId;
use tailwater_core::refresh::{PolicyPart, PolicyScope, RefreshOutcome};
use tailwater_engine::account::{Actor, AuditQuery, Role};
use tailwater_web::AppOptions;

use crate::change::{Program, problem};
use crate::hostile::attacks;
use crate::run::{asked, due, job, started};
use crate::scene::{Answer, Scene};
use crate::visitor::Visitor;

const POLICY: &str = "/settings/refresh";
const FORM: &str = "/settings/refresh?scope=integration/main";

/// A dashboard of the demo with an extract of its own.
fn with_extract(scene: &Scene) -> NodeId {
    let catalog = scene.app.catalog(None).unwrap();
    let found = catalog.exposures().iter().find(|exposure| {
        exposure.label == "Monthly report" && catalog.collection_path(exposure) == ["Finance", "Monthly"]
    });
    found.unwrap().unique_id.clone()
}

async fn audited(scene: &Scene) -> Vec<String> {
    let page = scene.workspace.audit_log(AuditQuery::default()).await.unwrap();
    page.entries.into_iter().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn a_dashboard_is_refreshed_by_hand_cancelled_and_refreshed_again() {
    let scene = Scene::demo().await;
    let exposure = with_extract(&scene);
    let history = format!("/exposures/{exposure}/refreshes");
    let ask = format!("/exposures/{exposure}/refresh");
    assert!(scene.page(&history).await.contains("Refresh now"));
    let answer = scene.submit(&history, &ask, &[]).await;
    let one = answer.location().unwrap_or(&answer.body).to_owned();
    assert!(one.starts_with("/refreshes/"), "{one}");
    let page = scene.page(&one).await;
    assert!(page.contains("Queued") && page.contains("Somebody asked for it"));
    assert!(page.contains("data-poll") && page.contains("data-along") && page.contains("Cancel"));
    assert!(scene.page(&history).await.contains(&one));

    // A second one would be the same: nothing is asked for, and nothing can be done about it.
    let answer = scene.submit(&history, &ask, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Nothing was asked for yet"));
    assert!(!answer.body.contains("Refresh all the same"), "{}", answer.body);

    let answer = scene.submit(&one, &format!("{one}/cancel"), &[]).await;
    assert_eq!(answer.location(), Some(one.as_str()));
    let page = scene.page(&one).await;
    assert!(page.contains("Cancelled") && page.contains("Refresh again") && !page.contains("data-poll"));
    let answer = scene.submit(&one, &format!("{one}/again"), &[]).await;
    let again = answer.location().unwrap_or(&answer.body).to_owned();
    assert!(again.starts_with("/refreshes/") && again != one, "{again}");
    assert!(
        scene.page(&again).await.contains(&one),
        "the others of its target are listed"
    );
    let acts = audited(&scene).await;
    assert_eq!(acts.iter().filter(|act| *act == "refresh.ask").count(), 2);
    assert_eq!(acts.iter().filter(|act| *act == "refresh.cancel").count(), 1);

    let answer = scene
        .submit(&history, "/exposures/exposure.shop.none/refresh", &[])
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn programs_ask_list_count_and_cancel() {
    let scene = Scene::demo().await;
    let program = Program::new(&scene, Role::Operator).await;
    let exposure = with_extract(&scene);
    let wish = json!({ "of": exposure });
    let told = program.told(Method::POST, "/api/v1/refreshes", &wish).await;
    let id = told["refreshes"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(told["refreshes"][0]["outcome"], "queued");
    let told = program.told(Method::POST, "/api/v1/refreshes", &wish).await;
    assert_eq!(
        told["decisions"][0]["words"],
        "skipped (a refresh is already on its way)"
    );
    for (body, status, code) in [
        (json!({ "of": "nothing of ours" }), 404, None),
        (
            json!({ "of": exposure, "force": true }),
            400,
            Some("TW-WEB-BAD-REQUEST"),
        ),
        (json!({}), 400, Some("TW-WEB-BAD-REQUEST")),
    ] {
        let found = program.refused(Method::POST, "/api/v1/refreshes", &body).await;
        assert_eq!(found.0, status, "{body}: {}", found.1);
        assert!(code.is_none_or(|code| found.1 == code), "{body}: {}", found.1);
    }
    // The total is that of the filter, whatever the size of the page.
    let run = started(&scene, &job("nightly"), "dbt build").await;
    for number in 0..3 {
        asked(&scene, &format!("w{number}"), "Other", Some(&run), due()).await;
    }
    let total = async |query: &str| program.get(&format!("/api/v1/refreshes{query}")).await["total"].clone();
    // Beside the first, the row that says why there was no second.
    assert_eq!(total("").await, json!(5));
    assert_eq!(total("?limit=1").await, json!(5));
    assert_eq!(total(&format!("?run={}", run.id)).await, json!(3));
    assert_eq!(total(&format!("?run={}&limit=1", run.id)).await, json!(3));
    assert_eq!(total("?outcome=failed").await, json!(0));
    assert_eq!(total(&format!("?exposure={exposure}")).await, json!(2));
    // So are the numbers on the page.
    let page = scene.page(&format!("/refreshes?run={}", run.id)).await;
    assert!(page.contains("Under way (3)"), "{page}");

    let path = format!("/api/v1/refreshes/{id}/cancel");
    let told = program.told(Method::POST, &path, &json!({})).await;
    assert_eq!(told["outcome"], "cancelled");
    let (status, code) = program.refused(Method::POST, &path, &json!({})).await;
    assert_eq!((status, code.as_str()), (409, "TW-REFRESH-OVER"));
    let query = "{ environment { applied { exposures(first: 500) { edges { node { uniqueId lastRefresh { id outcome words } dataAsOf } } } } } }";
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer: Value = serde_json::from_str(&scene.page(&format!("/graphql?query={query}")).await).unwrap();
    let edges = answer["data"]["environment"]["applied"]["exposures"]["edges"].as_array();
    let edges = edges.unwrap_or_else(|| panic!("{answer}"));
    let of = |id: &str| edges.iter().find(|edge| edge["node"]["uniqueId"] == id).unwrap()["node"].clone();
    let shown = of(exposure.as_str());
    assert_eq!(
        (&shown["lastRefresh"]["id"], &shown["lastRefresh"]["outcome"]),
        (&json!(id), &json!(RefreshOutcome::Cancelled.name()))
    );
    assert_eq!(shown["dataAsOf"], "2026-01-15T06:45:00Z");
    let untouched = edges
        .iter()
        .filter(|edge| edge["node"]["lastRefresh"].is_null())
        .count();
    assert!(untouched > 5, "{untouched}");
}

#[tokio::test]
async fn a_policy_is_said_by_its_form_and_what_was_typed_stays_when_it_is_wrong() {
    let scene = Scene::demo().await;
    let exposure = with_extract(&scene);
    let page = scene.page(POLICY).await;
    assert!(page.contains("Refreshing is off everywhere"), "{page}");
    assert!(page.contains("scope=integration%2Fmain#form"), "{page}");
    for (field, value, word) in [
        ("interval_minutes", "ninety <b>", "ninety"),
        ("interval_minutes", "-1", "-1"),
        ("quiet_from", "25:00", "25:00"),
        ("quiet_from", "22:00", "quiet hours"),
        ("fresh_by", "early", "early"),
        ("timezone", "Europe/Nowhere", "Europe/Nowhere"),
        ("priority", "101", "<code>priority</code>"),
        ("at_once", "0", "<code>at_once</code>"),
    ] {
        let typed = [("scope", "integration/main"), ("per_hour", "17"), (field, value)];
        let answer = scene.submit(FORM, POLICY, &typed).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{field}={value}: {}",
            answer.body
        );
        let refusal = &answer.body[answer.body.find("role=\"alert\"").unwrap()..];
        assert!(refusal[..600].contains(word), "{field}={value}: {refusal:.600}");
        let escaped = value.replace('<', "&lt;").replace('>', "&gt;");
        assert!(
            answer.body.contains(&format!("value=\"{escaped}\"")),
            "{field}={value} stays typed"
        );
        assert!(answer.body.contains("value=\"17\""), "so does the rest");
    }
    assert!(
        scene.page(POLICY).await.contains("Nothing yet"),
        "nothing was said"
    );

    let typed = [
        ("scope", "integration/main"),
        ("enabled", "yes"),
        ("interval_minutes", "90"),
        ("quiet_from", "22:00"),
        ("quiet_until", "06:00"),
        ("timezone", "Europe/Berlin"),
    ];
    let answer = scene.submit(FORM, POLICY, &typed).await;
    assert_eq!(
        answer.location(),
        Some("/settings/refresh?done=saved"),
        "{}",
        answer.body
    );
    let page = scene.page(POLICY).await;
    assert!(
        page.contains("22:00 – 06:00")
            && page.contains("Europe/Berlin")
            && page.contains("integration <bdi>main")
    );
    // The dashboard says so, and by whom.
    let page = scene.page(&format!("/exposures/{exposure}/refreshes")).await;
    let card = &page[page.find("id=\"policy\"").unwrap()..];
    assert!(
        card.contains("refreshed after builds, at most every 1 h 30 min"),
        "{card:.900}"
    );
    assert!(card.contains("integration <bdi>main"), "{card:.900}");
    assert!(
        card.contains(&format!("scope=exposure%2F{exposure}#form")),
        "{card:.900}"
    );
    // And the form of the dashboard, which is narrower.
    let own = format!("/settings/refresh?scope=exposure/{exposure}");
    let scope = format!("exposure/{exposure}");
    let answer = scene
        .submit(&own, POLICY, &[("scope", &scope), ("interval_minutes", "5")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let explained = scene.page(&format!("/settings/refresh?of={exposure}")).await;
    assert!(
        explained.contains("dashboard <bdi>Monthly report") && explained.contains("integration <bdi>main")
    );
    assert!(explained.contains("collection <bdi>Monthly"), "{explained}");
    // An empty form takes it back.
    let answer = scene.submit(&own, POLICY, &[("scope", &scope)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let explained = scene.page(&format!("/settings/refresh?of={exposure}")).await;
    assert!(explained.contains("at most every 1 h 30 min"));
    for nonsense in ["", "planet/earth", "integration/"] {
        let answer = scene.submit(FORM, POLICY, &[("scope", nonsense)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{nonsense}");
    }
    assert_eq!(
        scene.get("/settings/refresh?scope=planet/earth").await.status,
        StatusCode::BAD_REQUEST
    );
    assert!(
        scene
            .page("/settings/refresh?of=nothing")
            .await
            .contains("role=\"alert\"")
    );
}

#[tokio::test]
async fn the_policy_is_for_administrators_to_say_and_for_all_to_read() {
    let scene = Scene::with(AppOptions::default())
        .await
        .with_project()
        .await
        .with_tableau()
        .await;
    let exposure = with_extract(&scene);
    let operator = Visitor::sign_up(&scene, "olga", Role::Operator).await;
    let page = operator.get(&scene, FORM).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("id=\"form\"") && !page.body.contains("#form"));
    let said = [("scope", "integration/main"), ("enabled", "yes")];
    assert_eq!(
        operator.post(&scene, POLICY, &said).await.status,
        StatusCode::FORBIDDEN
    );
    let viewer = Visitor::sign_up(&scene, "vera", Role::Viewer).await;
    let history = viewer
        .get(&scene, &format!("/exposures/{exposure}/refreshes"))
        .await;
    assert!(!history.body.contains("Refresh now") && history.body.contains("id=\"policy\""));
    let ask = viewer
        .post(&scene, &format!("/exposures/{exposure}/refresh"), &[])
        .await;
    assert_eq!(ask.status, StatusCode::FORBIDDEN);

    // A form of another site has no token of ours.
    let admin = Visitor::sign_up(&scene, "ada", Role::Admin).await;
    for (path, form) in [
        (POLICY.to_owned(), "scope=integration%2Fmain&enabled=yes"),
        (format!("/exposures/{exposure}/refresh"), "anyway=1"),
    ] {
        let request = scene
            .request(Method::POST, &path)
            .header("cookie", admin.cookie())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = scene.send(request.body(Body::from(form)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(admin.get(&scene, POLICY).await.body.contains("Nothing yet"));
    assert_eq!(
        admin.post(&scene, POLICY, &said).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(
        viewer
            .get(&scene, POLICY)
            .await
            .body
            .contains("integration <bdi>main")
    );
}

#[tokio::test]
async fn programs_say_policies_and_read_them() {
    let scene = Scene::demo().await;
    let program = Program::new(&scene, Role::Admin).await;
    let exposure = with_extract(&scene);
    let said = |scope: &str, policy: Value| json!({ "scope": scope, "policy": policy });
    let put = async |body: &Value| program.json(Method::PUT, "/api/v1/policies", body).await;
    let quiet = json!({ "enabled": true, "quiet_hours": { "from": "22:00:00", "until": "06:00:00" } });
    let answer: Answer = put(&said("integration/main", quiet)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    let told = program.get(&format!("/api/v1/policies?of={exposure}")).await;
    assert_eq!(told["effective"][0]["policy"]["enabled"], true);
    assert_eq!(told["layers"].as_array().unwrap().len(), 1);
    for wrong in [
        said("planet/earth", json!({})),
        said("integration/main", json!({ "interval": 5 })),
        said("integration/main", json!({ "timezone": "Europe/Nowhere" })),
        said("integration/main", json!({ "priority": 101 })),
        json!({ "scope": "integration/main" }),
    ] {
        let answer = put(&wrong).await;
        let (status, code) = problem(&answer);
        assert_eq!(status, 400, "{wrong}: {code}");
    }
    let (status, _) = program
        .refused(Method::GET, "/api/v1/policies?of=nothing", &Value::Null)
        .await;
    assert_eq!(status, 404);
    assert_eq!(
        put(&said("integration/main", json!({}))).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(program.get("/api/v1/policies").await["layers"], json!([]));
    let operator = Program::new(&scene, Role::Operator).await;
    let answer = operator
        .json(
            Method::PUT,
            "/api/v1/policies",
            &said("integration/main", json!({})),
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

/// What stands in a page as it was written, and what turns the direction of what stands around it.
fn assert_harmless(address: &str, page: &str) {
    for attack in [
        "<script>alert",
        "<img src=x",
        "<svg onload",
        "--><!--",
        "href=\"javascript:",
    ] {
        assert!(!page.contains(attack), "{address:.200}: {attack}");
    }
    for (at, _) in page.match_indices('\u{202e}') {
        let before = &page[..at];
        let is_isolated = ["bdi", "code", "input", "textarea", "title", "option"]
            .iter()
            .any(|tag| {
                before
                    .rfind(&format!("<{tag}"))
                    .is_some_and(|open| before.rfind(&format!("</{tag}")).is_none_or(|close| close < open))
            });
        let from = before.char_indices().rev().nth(120).map_or(0, |(at, _)| at);
        assert!(is_isolated, "{address:.200}: {:?}", &page[from..at]);
    }
    assert!(page.len() < 900_000, "{address:.200}: {} bytes", page.len());
}

#[tokio::test]
async fn names_and_words_that_mean_harm_stay_words_on_jobs_and_policies() {
    let scene = Scene::demo().await;
    let mut pages = vec![
        "/jobs".to_owned(),
        POLICY.to_owned(),
        "/refreshes".to_owned(),
        "/runs".to_owned(),
    ];
    for (number, attack) in attacks().into_iter().enumerate() {
        let mut job = job(&format!("job{number}"));
        job.directory = format!("/srv/{attack}");
        job.program = vec!["dbt".to_owned(), attack.clone()];
        job.variables = [("A".to_owned(), attack.clone())].into();
        // What a check refuses needs no page.
        if scene.workspace.add_job(&job, &Actor::Local).await.is_ok() {
            pages.push(format!("/jobs/job{number}"));
            pages.push(format!("/jobs/job{number}/edit"));
        }
        let scope = PolicyScope::Exposure {
            exposure: NodeId::new(format!("exposure.shop.{attack}")),
        };
        let part = PolicyPart {
            enabled: Some(true),
            ..PolicyPart::default()
        };
        scene
            .workspace
            .set_policy(&scope, &part, &Actor::Local)
            .await
            .unwrap();
        let text: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
        pages.push(format!("/settings/refresh?of={text}"));
        pages.push(format!("/settings/refresh?scope=exposure/{text}"));
        pages.push(format!("/runs?job={text}"));
        pages.push(format!("/refreshes?run={text}&integration={text}"));
        for refused in [
            format!("/runs?state={text}"),
            format!("/refreshes?state={text}"),
            format!("/refreshes?before={text}"),
            format!("/settings/refresh?scope={text}"),
        ] {
            let answer = scene.get(&refused).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{refused:.200}");
            assert_harmless(&refused, &answer.body);
        }
        let typed: Vec<(&str, &str)> = [
            "name",
            "project",
            "directory",
            "steps",
            "cron",
            "variables",
            "after",
            "threads",
        ]
        .into_iter()
        .map(|field| (field, attack.as_str()))
        .collect();
        let answer = scene.submit("/jobs/new", "/jobs/new", &typed).await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
        assert_harmless("/jobs/new", &answer.body);
        let answer = scene
            .submit(
                FORM,
                POLICY,
                &[("scope", "integration/main"), ("timezone", &attack)],
            )
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_harmless(POLICY, &answer.body);
    }
    assert!(pages.len() > 50, "some of the jobs can be made: {}", pages.len());
    for page in pages {
        assert_harmless(&page, &scene.page(&page).await);
    }
}
