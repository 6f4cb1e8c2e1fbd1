//! Jobs: made by form and by API, run by hand, by webhook and again, cancelled; and who may not.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tailwater_engine::account::Role;

use crate::change::Program;
use crate::scene::Scene;

/// What a person fills in.
const FORM: [(&str, &str); 9] = [
    ("name", "nightly"),
    ("project", "shop"),
    ("directory", "/srv/shop"),
    ("steps", "dbt deps\ndbt build"),
    ("cron", "0 6 * * *"),
    ("time_zone", "Europe/Berlin"),
    ("variables", "REGION=eu"),
    ("time_limit_minutes", "90"),
    ("when_lost", "run_again"),
];

#[tokio::test]
async fn a_job_is_made_run_cancelled_and_run_again_by_its_pages() {
    let scene = Scene::empty().await.with_project().await;
    assert!(scene.page("/jobs").await.contains("There is no job yet"));
    let mut wrong = FORM.to_vec();
    wrong[3] = ("steps", "dbt build | tee log");
    let answer = scene.submit("/jobs/new", "/jobs/new", &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("dbt build | tee log"));

    let answer = scene.submit("/jobs/new", "/jobs/new", &FORM).await;
    assert_eq!(answer.location(), Some("/jobs/nightly"), "{}", answer.body);
    let page = scene.page("/jobs/nightly").await;
    let words = [
        "dbt deps",
        "REGION",
        "0 6 * * *",
        "Europe/Berlin",
        "Run now",
        "always run once more",
    ];
    for word in words {
        assert!(page.contains(word), "{word}");
    }
    let answer = scene.submit("/jobs/nightly", "/jobs/nightly/run", &[]).await;
    let run = answer.location().unwrap().to_owned();
    assert!(run.starts_with("/runs/"), "{run}");
    assert!(scene.page(&run).await.contains("Queued"));
    let answer = scene.submit(&run, &format!("{run}/cancel"), &[]).await;
    assert_eq!(answer.location(), Some(run.as_str()));
    assert!(scene.page(&run).await.contains("Cancelled"));
    let answer = scene.submit(&run, &format!("{run}/again"), &[]).await;
    let again = answer.location().unwrap().to_owned();
    assert_ne!(again, run);
    assert!(scene.page(&again).await.contains(&format!("href=\"{run}\"")));
    assert!(scene.page("/jobs").await.contains(&again));

    let answer = scene
        .submit(
            "/jobs/nightly",
            "/jobs/nightly/secrets",
            &[("name", "PASSWORD"), ("value", "hunter2hunter2")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = scene.page("/jobs/nightly").await;
    assert!(page.contains("PASSWORD") && !page.contains("hunter2"));
    assert!(!scene.page("/jobs/nightly/edit").await.contains("hunter2"));
    let answer = scene
        .submit("/jobs/nightly/edit", "/jobs/nightly/remove", &[])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "the box was not checked");
    let answer = scene
        .submit("/jobs/nightly/edit", "/jobs/nightly/remove", &[("sure", "1")])
        .await;
    assert_eq!(answer.location(), Some("/jobs"));
    assert_eq!(scene.get("/jobs/nightly").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn programs_make_jobs_and_a_webhook_sets_one_off() {
    let scene = Scene::empty().await.with_project().await;
    let program = Program::new(&scene, Role::Admin).await;
    let job =
        json!({ "name": "nightly", "project": "shop", "directory": "/srv/shop", "steps": ["dbt build"] });
    let made = program.told(Method::POST, "/api/v1/jobs", &job).await;
    assert_eq!(
        (&made["name"], &made["declared_in"]),
        (&json!("nightly"), &json!("store"))
    );
    let (status, code) = program.refused(Method::POST, "/api/v1/jobs", &job).await;
    assert_eq!((status, code.as_str()), (409, "TW-JOB-EXISTS"));
    let run = program
        .told(Method::POST, "/api/v1/jobs/nightly/runs", &json!({}))
        .await;
    assert_eq!(
        (&run["state"], &run["cause"]["why"]),
        (&json!("queued"), &json!("api"))
    );
    let id = run["id"].as_str().unwrap();
    let listed = program.get("/api/v1/runs?job=nightly&state=queued").await;
    assert_eq!(listed["items"][0]["id"], run["id"]);
    let whole = program.get(&format!("/api/v1/runs/{id}")).await;
    assert_eq!(
        (&whole["node_results"], &whole["refreshes"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(program.get("/api/v1/refreshes").await["items"], json!([]));
    let ended = program
        .told(Method::POST, &format!("/api/v1/runs/{id}/cancel"), &json!({}))
        .await;
    assert_eq!(ended["state"], "cancelled");
    let (status, _) = program
        .refused(Method::POST, &format!("/api/v1/runs/{id}/cancel"), &json!({}))
        .await;
    assert_eq!(status, 409);

    let made = scene.submit("/jobs/nightly", "/jobs/nightly/webhook", &[]).await;
    let start = made.body.find("/hooks/").expect("the address, this once");
    let hook = made.body[start..].split('<').next().unwrap().to_owned();
    assert!(!scene.page("/jobs/nightly").await.contains(&hook));
    let answer = scene.api(Method::POST, &hook, None, Body::empty()).await;
    // On this stage everybody is a local administrator, whose posts carry a token; a program has one of its own.
    let answer = if answer.status == StatusCode::FORBIDDEN {
        scene
            .api(Method::POST, &hook, Some(&program.token), Body::empty())
            .await
    } else {
        answer
    };
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    let whole = program
        .get(&format!("/api/v1/runs/{}", told["run"].as_str().unwrap()))
        .await;
    assert_eq!(whole["cause"]["why"], "webhook");
    let answer = scene
        .api(
            Method::POST,
            "/hooks/nothing",
            Some(&program.token),
            Body::empty(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
