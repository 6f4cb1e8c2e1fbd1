//! The frame of pages, and the home page.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use tailwater_core::project::ResourceType;
use tailwater_web::AppOptions;

use crate::scene::Scene;

#[tokio::test]
async fn strangers_are_sent_to_the_sign_in_and_programs_are_told() {
    let scene = Scene::with(AppOptions {
        base_path: "/catalog".to_owned(),
        ..AppOptions::default()
    })
    .await;
    let answer = scene.get("/?x=1").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.location(),
        Some("/catalog/sign-in?next=%2Fcatalog%2F%3Fx%3D1")
    );
    let answer = scene.api(Method::GET, "/metrics", None, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.contains("TW-WEB-NOT-SIGNED-IN"), "{}", answer.body);
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_it() {
    let scene = Scene::empty().await;
    for path in ["/", "/nowhere", "/healthz", "/assets/app.css"] {
        let answer = scene.get(path).await;
        let header = |name: &str| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let policy = header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert!(!header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_offers_a_search_and_names_the_request() {
    let scene = Scene::empty().await;
    let answer = scene.get("/nowhere").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        answer.body.contains("Search the catalog") && answer.body.contains("request"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_local_server_answers_under_names_of_this_machine_alone() {
    let scene = Scene::empty().await;
    let request = scene
        .request(Method::GET, "/")
        .header(header::HOST, "evil.example");
    let mut request = request.body(Body::empty()).unwrap();
    request.headers_mut().remove(header::HOST);
    request
        .headers_mut()
        .insert(header::HOST, "evil.example".parse().unwrap());
    let answer = scene.send(request).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("TW-WEB-FOREIGN-HOST"), "{}", answer.body);
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused_and_ours_is_taken() {
    let scene = Scene::empty().await;
    let forged = scene
        .request(Method::POST, "/theme")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("theme=dark"))
        .unwrap();
    assert_eq!(scene.send(forged).await.status, StatusCode::FORBIDDEN);
    let foreign = scene
        .request(Method::POST, "/theme")
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("theme=dark"))
        .unwrap();
    assert_eq!(scene.send(foreign).await.status, StatusCode::FORBIDDEN);
    let taken = scene
        .submit(
            "/",
            "/theme",
            &[("theme", "dark"), ("next", "https://evil.example")],
        )
        .await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    assert_eq!(taken.location(), Some("/"));
    assert!(
        taken.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("tailwater_theme=dark")
    );
}

#[tokio::test]
async fn below_a_base_path_every_link_stays_below_it() {
    let scene = Scene::with(AppOptions {
        base_path: "/catalog".to_owned(),
        is_local: true,
        ..AppOptions::default()
    })
    .await;
    for path in ["", "/"] {
        let page = scene.page(path).await;
        for link in page
            .split("href=\"")
            .skip(1)
            .chain(page.split("src=\"").skip(1))
            .chain(page.split("action=\"").skip(1))
        {
            assert!(
                link.starts_with("/catalog") || link.starts_with('#'),
                "{link:.60}"
            );
        }
    }
}

#[tokio::test]
async fn the_home_page_counts_what_there_is_and_says_what_needs_a_look() {
    let scene = Scene::demo().await;
    assert!(scene.simulator.is_some());
    let catalog = scene.app.catalog(None).unwrap();
    let page = scene.page("/").await;
    for kind in [ResourceType::Model, ResourceType::Source, ResourceType::Exposure] {
        let figure = format!("<span class=\"figure\">{}</span>", catalog.count(kind));
        assert!(page.contains(&figure), "{figure}: {page}");
    }
    let (top, count) = catalog.feeders().next().unwrap();
    assert!(
        page.contains(&format!("{count} dashboards")) && page.contains(&top.name),
        "{page}"
    );
    let unmatched = catalog.attention().unmatched_tables;
    for part in [
        format!("{unmatched} tables were not matched"),
        "/integrations/main/unmatched".to_owned(),
        "Last syncs".to_owned(),
    ] {
        assert!(page.contains(&part), "{part}: {page}");
    }
    assert!(!page.contains("Next: "), "{page}");
}

#[tokio::test]
async fn each_stage_of_setting_up_names_the_one_next_act() {
    let scene = Scene::empty().await;
    let page = scene.page("/").await;
    assert!(
        page.contains("tailwater project add") && !page.contains("Next: "),
        "{page}"
    );
    let scene = scene.with_project().await;
    let page = scene.page("/").await;
    assert!(page.contains("/integrations/new/tableau"), "{page}");
    assert!(!page.contains("tailwater project add"), "{page}");
}
