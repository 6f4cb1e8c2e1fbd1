//! Search, health and the trees.

use axum::http::StatusCode;
use tailwater_core::health::HealthState;
use tailwater_core::project::ResourceType;

use crate::scene::Scene;

#[tokio::test]
async fn a_search_finds_columns_and_marks_what_it_found() {
    let scene = Scene::demo().await;
    let page = scene.page("/search?q=order_id").await;
    assert!(
        page.contains("<mark>order_id</mark>") && page.contains("column"),
        "{page}"
    );
    let page = scene.page("/search?q=fct_ord&kind=model").await;
    assert!(page.contains("<mark>fct_ord</mark>ers"), "{page}");
    assert!(page.contains("name=\"kind\" value=\"model\" checked"), "{page}");
    assert!(
        page.contains("data-live=\"results\"") && page.contains("badge tone-"),
        "{page}"
    );
    let page = scene.page("/search?q=no-such-thing-anywhere").await;
    assert!(page.contains("Nothing is like that."), "{page}");
    let macros = scene.page("/search?q=to_euro&kind=macro").await;
    assert!(macros.contains("/macros/macro.shop.to_euro"), "{macros}");
}

#[tokio::test]
async fn a_search_goes_on_from_page_to_page_without_losing_or_repeating() {
    let scene = Scene::demo().await;
    let mut address = "/search?format=json".to_owned();
    let mut ids = Vec::new();
    let total = loop {
        let answer: serde_json::Value = serde_json::from_str(&scene.page(&address).await).unwrap();
        let hits = answer["hits"].as_array().unwrap();
        ids.extend(hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()));
        match answer["next"].as_str() {
            Some(next) => {
                let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                address = format!("/search?format=json&after={next}");
            }
            None => break answer["total"].as_u64().unwrap(),
        }
    };
    assert_eq!(ids.len() as u64, total);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, total);
    assert_eq!(
        scene.get("/search?after=nonsense").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_page_of_health_counts_and_lists_with_reasons() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let page = scene.page("/health").await;
    assert!(
        page.contains("its last build succeeded, within 30 days"),
        "{page}"
    );
    let json = scene.page("/health?format=json").await;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert!(!rows.is_empty());
    let ranks: Vec<HealthState> = rows
        .iter()
        .map(|row| HealthState::from_name(row["health"].as_str().unwrap()).unwrap())
        .collect();
    assert!(ranks.is_sorted_by(|left, right| left >= right), "{ranks:?}");
    assert!(!ranks.contains(&HealthState::Healthy));
    assert!(rows.iter().all(|row| row["reason"] != ""), "{rows:?}");
    let degraded = scene
        .page("/health?kind=exposure&health=degraded&format=json")
        .await;
    let degraded: Vec<serde_json::Value> = serde_json::from_str(&degraded).unwrap();
    assert_eq!(
        degraded.len(),
        catalog.health_counts(ResourceType::Exposure).degraded
    );
}

#[tokio::test]
async fn trees_show_files_tables_and_collections() {
    let scene = Scene::demo().await;
    let files = scene.page("/tree/files").await;
    assert!(files.contains("shop") && files.contains("id=\"tree\""), "{files}");
    let models = scene.page("/tree/files?in=shop&in=models").await;
    assert!(
        models.contains("staging") && models.contains("<details open>"),
        "{models}"
    );
    let imported = scene.page("/tree/files?in=shop&in=imported_from_tableau").await;
    let label = &scene
        .app
        .catalog(None)
        .unwrap()
        .exposures_of(Some("main"))
        .next()
        .unwrap()
        .label
        .clone();
    assert!(
        imported.contains("/exposures/exposure.shop."),
        "{label}: {imported}"
    );
    let database = scene.page("/tree/database?in=shop&in=marts").await;
    assert!(database.contains("fct_orders"), "{database}");
    let tableau = scene.page("/tree/tableau").await;
    assert!(tableau.contains("<bdi>main</bdi>"), "{tableau}");
    for path in ["/tree/nothing", "/tree/files?in=nowhere"] {
        assert_eq!(scene.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn every_resource_is_in_the_tree_of_files_once_it_is_opened() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let json = scene.page("/tree/files?format=json").await;
    let tree: serde_json::Value = serde_json::from_str(&json).unwrap();
    let mut found = 0;
    let mut waiting: Vec<(Vec<String>, serde_json::Value)> = vec![(Vec::new(), tree)];
    while let Some((path, folder)) = waiting.pop() {
        let resources = folder["resources"].as_array().unwrap();
        if !resources.is_empty() {
            let query: Vec<String> = path
                .iter()
                .map(|name| {
                    format!(
                        "in={}",
                        url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>()
                    )
                })
                .collect();
            let page = scene.page(&format!("/tree/files?{}", query.join("&"))).await;
            for id in resources {
                let id = id.as_str().unwrap();
                assert!(page.contains(id), "{id} is not in {path:?}");
                found += 1;
            }
        }
        for below in folder["folders"].as_array().unwrap() {
            let mut path = path.clone();
            path.push(below["name"].as_str().unwrap().to_owned());
            waiting.push((path, below.clone()));
        }
    }
    assert_eq!(found, catalog.file_tree().count);
}

#[tokio::test]
async fn before_anything_is_there_these_pages_say_what_to_do() {
    let scene = Scene::empty().await;
    for path in [
        "/search",
        "/search?q=x",
        "/health",
        "/tree/files",
        "/tree/database",
    ] {
        let page = scene.page(path).await;
        assert!(page.contains("tailwater project add"), "{path}: {page}");
    }
}
