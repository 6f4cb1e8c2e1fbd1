//! The lineage: picture, table, files and data are one answer.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::Value;

use crate::scene::Scene;

async fn data(scene: &Scene, query: &str) -> Value {
    let path = format!("/api/v1/lineage{query}");
    let answer = scene.api(Method::GET, &path, None, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn picture_table_and_files_say_the_same() {
    let scene = Scene::demo().await;
    for query in [
        "?select=fct_orders%2B",
        "?focus=model.shop.fct_orders",
        "?focus=model.shop.stg_shop__orders&preset=impact",
        "?select=*&group=folder",
        "?focus=model.shop.fct_orders&preset=impact&parts=1&datasources=all",
    ] {
        let data = data(&scene, query).await;
        let ids = data["nodes"]["id"].as_array().unwrap();
        let nodes = ids.len();
        assert!(nodes > 1, "{query}");
        assert_eq!(data["counts"]["nodes"], nodes, "{query}");
        let table = scene.page(&format!("/lineage{query}&view=table")).await;
        let rows = table.split("<tbody>").nth(1).unwrap().matches("<tr>").count();
        assert_eq!(rows, nodes, "{query}");
        assert!(table.contains(data["echo"].as_str().unwrap()), "{query}");
        let csv = scene.get(&format!("/lineage/export.csv{query}")).await.body;
        let svg = scene.get(&format!("/lineage/export.svg{query}")).await;
        assert_eq!(svg.headers[header::CONTENT_TYPE], "image/svg+xml");
        for id in ids {
            assert!(csv.contains(id.as_str().unwrap()), "{query}: {id}");
        }
        let page = scene.page(&format!("/lineage{query}")).await;
        assert!(page.contains("<tw-lineage src=\"/api/v1/lineage?"), "{query}");
    }
}

#[tokio::test]
async fn the_middle_collapses_to_the_dashboards() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let id = "model.shop.stg_shop__orders";
    let data = data(&scene, &format!("?focus={id}&preset=impact")).await;
    let kinds = data["kinds"].as_array().unwrap();
    let count = |kind: &str| {
        let at = kinds.iter().position(|found| found == kind);
        let nodes = data["nodes"]["kind"].as_array().unwrap();
        nodes
            .iter()
            .filter(|found| found.as_u64().map(|found| usize::try_from(found).unwrap()) == at)
            .count()
    };
    assert_eq!(count("exposure"), catalog.exposures_fed(id));
    assert!(count("pill") > 0);
    assert_eq!(count("model"), 1, "only the model that was asked about");
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let scene = Scene::demo().await;
    let path = "/api/v1/lineage?focus=model.shop.fct_orders";
    let first = scene.get(path).await;
    let tag = first.headers[header::ETAG].clone();
    let ask = |path: &str| {
        let request = scene
            .request(Method::GET, path)
            .header(header::IF_NONE_MATCH, &tag);
        scene.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(ask(path).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(
        ask("/api/v1/lineage?focus=model.shop.stg_shop__orders")
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_selector_that_makes_no_sense_is_told_in_its_place() {
    let scene = Scene::demo().await;
    let answer = scene.get("/lineage?select=fct_orders%2B+tagg%3Ax").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.body.contains("id=\"select-error\"") && answer.body.contains("at character 13"),
        "{}",
        answer.body
    );
    assert!(
        answer.body.contains("value=\"fct_orders+ tagg:x\""),
        "what was written stays"
    );
    let answer = scene.get("/lineage?focus=model.shop.none").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
}

#[tokio::test]
async fn nothing_asked_shows_where_to_begin() {
    let scene = Scene::demo().await;
    let page = scene.page("/lineage").await;
    assert!(
        page.contains("What most dashboards stand on") && page.contains("preset=impact"),
        "{page}"
    );
    let empty = Scene::empty().await;
    assert!(empty.page("/lineage").await.contains("Integrations"));
}

#[tokio::test]
async fn the_panel_tells_of_everything_that_is_drawn() {
    let scene = Scene::demo().await;
    let data = data(&scene, "?select=*&all=1&parts=1&datasources=all").await;
    for (at, id) in data["nodes"]["id"].as_array().unwrap().iter().enumerate() {
        let id = id.as_str().unwrap();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("id", id)
            .finish();
        let answer = scene.get(&format!("/lineage/panel?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{id}");
        // Long names are cut in the picture.
        let name: String = data["nodes"]["name"][at]
            .as_str()
            .unwrap()
            .chars()
            .take(60)
            .collect();
        let name = maud_escaped(&name);
        assert!(answer.body.contains(&name), "{id}: {}", answer.body);
    }
}

/// The text as it stands in HTML.
fn maud_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[tokio::test]
async fn words_are_completed() {
    let scene = Scene::demo().await;
    let ask = async |q: &str| -> Vec<String> {
        let answer = scene
            .api(
                Method::GET,
                &format!("/api/v1/complete?q={q}"),
                None,
                Body::empty(),
            )
            .await;
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        value["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["value"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ask("FCT_ord").await[0], "fct_orders");
    assert!(ask("ta").await.contains(&"tag:".to_owned()));
    assert!(ask("tag:").await.iter().all(|value| value.starts_with("tag:")));
    assert!(ask("").await.len() <= 20);
    assert_eq!(ask("no_such_thing_anywhere").await, [] as [&str; 0]);
}
