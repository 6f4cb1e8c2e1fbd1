//! The REST API: its description, its paging, and its numbers against those of the catalog.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::Value;
use tailwater_core::project::ResourceType;
use tailwater_web::router;

use crate::scene::{Scene, demo};

async fn json(scene: &Scene, path: &str) -> Value {
    let answer = scene.api(Method::GET, path, None, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn the_description_names_every_route_of_the_api_and_no_other() {
    let scene = Scene::empty().await;
    let document = json(&scene, "/api/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut described: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|key| key.len() <= 6) {
            described.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    let routes = router::routes(&scene.app);
    let mut served: Vec<String> = routes
        .list()
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    described.sort();
    served.sort();
    assert_eq!(described, served);
    assert!(scene.page("/api/docs").await.contains("/api/v1/exposures"));
}

/// The description as it is kept for readers. After a change that is meant: `UPDATE=1 cargo nextest run -p tailwater-web
/// the_description_is_the_one_that_is_kept`.
#[tokio::test]
async fn the_description_is_the_one_that_is_kept() {
    let scene = Scene::empty().await;
    let document = json(&scene, "/api/openapi.json").await;
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let path = demo().join("../docs/reference/openapi.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(kept.lines()).find(|(new, old)| new != old);
    assert!(text == kept, "`{path}` is of another API: {differs:?}");
}

#[tokio::test]
async fn a_parameter_that_no_endpoint_reads_is_refused_with_the_nearest() {
    let scene = Scene::empty().await;
    for (path, nearest) in [
        ("/api/v1/exposures?heatlh=degraded", "health"),
        ("/api/v1/lineage?selct=orders", "select"),
        ("/api/v1/search?q=a&limt=3", "limit"),
        ("/api/v1/summary?environment=staging", "env"),
    ] {
        let answer = scene.api(Method::GET, path, None, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["code"], "TW-WEB-BAD-REQUEST");
        let hint = problem["hint"].as_str().unwrap();
        assert!(hint.contains(nearest), "{path}: {hint}");
    }
    let answer = scene
        .api(Method::GET, "/api/v1/exposures?limit=many", None, Body::empty())
        .await;
    assert!(
        answer.body.contains("the parameter `limit` cannot be `many`"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn every_parameter_that_is_described_is_read() {
    let scene = Scene::demo().await;
    let document = json(&scene, "/api/openapi.json").await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(parameters) = item["get"]["parameters"].as_array() else {
            continue;
        };
        let queries = parameters.iter().filter(|parameter| parameter["in"] == "query");
        for name in queries.map(|parameter| parameter["name"].as_str().unwrap()) {
            let address = format!("{}?{name}=1", path.replace(['{', '}'], ""));
            let answer = scene.api(Method::GET, &address, None, Body::empty()).await;
            let text = &answer.body;
            assert!(!text.contains("there is no parameter"), "{address}: {text}");
        }
    }
}

#[tokio::test]
async fn exposures_come_in_pieces_and_by_filter() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let all = json(&scene, "/api/v1/exposures?limit=500").await;
    assert_eq!(all["total"], catalog.exposures().len());
    assert_eq!(all["next_cursor"], Value::Null);
    let first = json(&scene, "/api/v1/exposures?limit=5").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = json(&scene, &format!("/api/v1/exposures?limit=5&cursor={cursor}")).await;
    assert_eq!(second["items"][0], all["items"][5]);
    let model = "model.shop.fct_orders";
    let on = json(&scene, &format!("/api/v1/exposures?on={model}")).await;
    let same = json(&scene, &format!("/api/v1/resources/{model}/exposures")).await;
    let selected = json(&scene, "/api/v1/exposures?select=fct_orders%2B").await;
    assert_eq!(on, same);
    assert_eq!(on, selected);
    assert_eq!(on["total"], catalog.exposures_fed(model));
    assert!(on["total"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn an_exposure_has_its_health_its_links_and_its_gaps() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    for exposure in catalog.exposures() {
        let shown = json(&scene, &format!("/api/v1/exposures/{}", exposure.unique_id)).await;
        assert_eq!(shown["links"].as_array().unwrap().len(), exposure.links.len());
        assert_eq!(shown["unlinked"].as_array().unwrap().len(), exposure.gaps.len());
        assert_eq!(shown["health"], shown["data_health"]["state"]);
    }
}

#[tokio::test]
async fn the_summary_has_the_catalogs_figures() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let summary = json(&scene, "/api/v1/summary").await;
    let models = summary["kinds"].as_array().unwrap();
    let models = models
        .iter()
        .find(|kind| kind["resource_type"] == "model")
        .unwrap();
    assert_eq!(models["count"], catalog.count(ResourceType::Model));
    let listed = json(&scene, "/api/v1/resources?kind=model&limit=1").await;
    assert_eq!(listed["total"], models["count"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_a_problem_with_a_code() {
    let scene = Scene::demo().await;
    for (path, status, code) in [
        ("/api/v1/exposures?select=tagg:x", 400, "TW-SELECTOR"),
        ("/api/v1/exposures?limit=0", 400, "TW-WEB-BAD-REQUEST"),
        ("/api/v1/exposures?cursor=%25", 400, "TW-WEB-BAD-REQUEST"),
        ("/api/v1/exposures/exposure.none.none", 404, "TW-WEB-NOT-FOUND"),
        ("/api/v1/resources?kind=dashboard", 400, "TW-WEB-BAD-REQUEST"),
        ("/api/v1/summary?env=none", 404, "TW-WEB-NOT-FOUND"),
        ("/api/v1/integrations/none", 404, "TW-WEB-NOT-FOUND"),
        ("/api/v1/nothing", 404, "TW-WEB-NOT-FOUND"),
    ] {
        let answer = scene.api(Method::GET, path, None, Body::empty()).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        let kind = answer.headers["content-type"].to_str().unwrap();
        assert_eq!(kind, "application/problem+json", "{path}");
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(
            problem["code"].as_str().unwrap().starts_with(code),
            "{path}: {problem}"
        );
        assert_eq!(problem["status"], status);
    }
}

#[tokio::test]
async fn search_finds_what_the_page_finds_piece_by_piece() {
    let scene = Scene::demo().await;
    let found = json(&scene, "/api/v1/search?q=orders&limit=2").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    let cursor = found["next_cursor"].as_str().unwrap();
    let next = json(
        &scene,
        &format!("/api/v1/search?q=orders&limit=2&cursor={cursor}"),
    )
    .await;
    assert_ne!(next["items"][0], found["items"][0]);
    assert_eq!(next["total"], found["total"]);
    let models = json(&scene, "/api/v1/search?q=orders&kind=model").await;
    let page = json(&scene, "/search?q=orders&kind=model&format=json").await;
    assert_eq!(models["total"], page["total"]);
    let hits = models["items"].as_array().unwrap();
    assert!(hits.iter().all(|hit| hit["resource_type"] == "model"));
    let nothing = json(&scene, "/api/v1/search?q=no_such_word_anywhere").await;
    assert_eq!(nothing["total"], 0);
}

#[tokio::test]
async fn health_lists_what_is_not_healthy_and_counts_all() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let report = json(&scene, "/api/v1/health?limit=500").await;
    for row in report["items"].as_array().unwrap() {
        let state = row["health"]["state"].as_str().unwrap();
        assert!(["caution", "degraded"].contains(&state), "{row}");
        assert_ne!(row["health"]["reasons"], serde_json::json!([]), "{row}");
    }
    for kind in report["kinds"].as_array().unwrap() {
        let word = kind["resource_type"].as_str().unwrap();
        let listed = json(&scene, &format!("/api/v1/health?state=unknown&kind={word}")).await;
        assert_eq!(listed["total"], kind["unknown"], "{word}");
        let counts = catalog.health_counts(ResourceType::from_name(word).unwrap());
        assert_eq!(kind["healthy"], counts.healthy);
    }
}

#[tokio::test]
async fn trees_are_walked_level_by_level_to_every_resource() {
    let scene = Scene::demo().await;
    for tree in ["files", "database", "tableau"] {
        let mut open = vec![Vec::<String>::new()];
        let mut found = 0;
        let top = json(&scene, &format!("/api/v1/trees/{tree}")).await;
        while let Some(path) = open.pop() {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(path.iter().map(|name| ("in", name)));
            let folder = json(&scene, &format!("/api/v1/trees/{tree}?{}", query.finish())).await;
            found += folder["resources"].as_array().unwrap().len();
            for below in folder["folders"].as_array().unwrap() {
                let mut path = path.clone();
                path.push(below["name"].as_str().unwrap().to_owned());
                open.push(path);
            }
        }
        assert_eq!(top["count"], found, "{tree}");
        assert!(found > 0, "{tree}");
    }
    let answer = scene
        .api(Method::GET, "/api/v1/trees/none", None, Body::empty())
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn macros_are_listed_by_package() {
    let scene = Scene::demo().await;
    let of_shop = json(&scene, "/api/v1/macros?package=shop").await;
    for known in of_shop["items"].as_array().unwrap() {
        let id = known["unique_id"].as_str().unwrap();
        assert_eq!(json(&scene, &format!("/api/v1/macros/{id}")).await, *known);
    }
    let all = json(&scene, "/api/v1/macros?limit=1").await;
    assert!(all["total"].as_u64() >= of_shop["total"].as_u64());
}
