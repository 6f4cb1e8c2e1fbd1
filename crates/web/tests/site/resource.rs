//! Lists and pages of what dbt declares.

use axum::http::StatusCode;
use tailwater_core::project::ResourceType;
use tailwater_web::AppOptions;

use crate::scene::Scene;

const LISTS: [(&str, &str); 9] = [
    ("/models", "fct_orders"),
    ("/sources", "shop.orders"),
    ("/seeds", "country_codes"),
    ("/snapshots", "products_snapshot"),
    ("/metrics", "revenue"),
    ("/semantic-models", "orders"),
    ("/saved-queries", "Stands on"),
    ("/tests", "not_null"),
    ("/macros", "to_euro"),
];

#[tokio::test]
async fn every_kind_has_its_list_as_page_csv_and_json() {
    let scene = Scene::demo().await;
    for (path, part) in LISTS {
        let page = scene.page(path).await;
        assert!(page.contains("<table") && page.contains(part), "{path}: {page}");
        let csv = scene.page(&format!("{path}?format=csv")).await;
        assert!(
            csv.starts_with("name,") && csv.lines().count() > 1,
            "{path}: {csv}"
        );
        let json = scene.page(&format!("{path}?format=json")).await;
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(
            rows.len(),
            csv::Reader::from_reader(csv.as_bytes()).records().count(),
            "{path}"
        );
        assert!(rows.iter().all(|row| row["unique_id"].is_string()), "{path}");
    }
}

#[tokio::test]
async fn lists_count_what_the_catalog_counts() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    for (path, kind) in [
        ("/models", ResourceType::Model),
        ("/sources", ResourceType::Source),
        ("/seeds", ResourceType::Seed),
    ] {
        let json = scene.page(&format!("{path}?format=json")).await;
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(rows.len(), catalog.count(kind), "{path}");
        for row in rows {
            let id = row["unique_id"].as_str().unwrap();
            assert_eq!(row["health"], catalog.health(id).state.name(), "{id}");
            let fed: usize = row["exposures"].as_str().unwrap().parse().unwrap();
            assert_eq!(fed, catalog.exposures_downstream(id).len(), "{id}");
        }
    }
}

#[tokio::test]
async fn a_list_is_narrowed_by_its_address() {
    let scene = Scene::demo().await;
    let rows = |json: String| serde_json::from_str::<Vec<serde_json::Value>>(&json).unwrap();
    let marts = rows(scene.page("/models?layer=marts&format=json").await);
    let all = rows(scene.page("/models?format=json").await);
    assert!(!marts.is_empty() && marts.len() < all.len());
    assert!(marts.iter().all(|row| row["layer"] == "marts"));
    let named = rows(scene.page("/models?q=FCT_ord&format=json").await);
    assert_eq!(named.len(), 1);
    assert_eq!(named[0]["name"], "fct_orders");
    let page = scene.page("/models?layer=marts").await;
    let count = format!("{} of {} models", marts.len(), all.len());
    assert!(page.contains(&count), "{page}");
    let none = scene.page("/models?q=no-such-thing").await;
    assert!(none.contains("No model is like that."), "{none}");
}

#[tokio::test]
async fn every_page_of_every_resource_answers() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let mut pages = 0;
    for kind in ResourceType::ALL {
        let tabs: &[&str] = match kind {
            ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot | ResourceType::Source => {
                &["", "/downstream", "/columns", "/tests", "/runs"]
            }
            ResourceType::Test | ResourceType::UnitTest => &["", "/code", "/runs"],
            ResourceType::Metric | ResourceType::SemanticModel | ResourceType::SavedQuery => {
                &["", "/downstream"]
            }
            _ => continue,
        };
        for node in catalog.nodes_of(kind) {
            for tab in tabs {
                let address = format!("{}{tab}", path_of(kind, node.unique_id.as_str()));
                let page = scene.page(&address).await;
                assert!(page.contains("</html>"), "{address}");
                pages += 1;
            }
        }
    }
    assert!(pages > 200, "{pages} pages");
}

fn path_of(kind: ResourceType, id: &str) -> String {
    let collection = match kind {
        ResourceType::Test | ResourceType::UnitTest => "tests".to_owned(),
        ResourceType::SemanticModel => "semantic-models".to_owned(),
        ResourceType::SavedQuery => "saved-queries".to_owned(),
        kind => format!("{kind}s"),
    };
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("/{collection}/{}", id.replace('+', "%20"))
}

#[tokio::test]
async fn the_page_of_a_model_says_how_it_is_and_what_stands_around_it() {
    let scene = Scene::demo().await;
    let page = scene.page("/models/model.shop.fct_orders").await;
    for part in [
        "<bdi>fct_orders</bdi>",
        "tone-healthy",
        "data-copy=",
        "lineage-picture",
        "Depends on",
        "Referenced by",
        "Data health",
        "/lineage?focus=model.shop.fct_orders",
    ] {
        assert!(page.contains(part), "{part} is not on the page: {page}");
    }
    let columns = scene.page("/models/model.shop.fct_orders/columns").await;
    assert!(
        columns.contains("order_id") && columns.contains("Type in the warehouse"),
        "{columns}"
    );
    let runs = scene.page("/models/model.shop.fct_orders/runs").await;
    assert!(runs.contains("success"), "{runs}");
}

#[tokio::test]
async fn what_stands_on_a_model_is_told_with_its_owners_and_the_way_there() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let (top, fed) = catalog.feeders().next().unwrap();
    let address = format!(
        "{}/downstream",
        path_of(ResourceType::Model, top.unique_id.as_str())
    );
    let page = scene.page(&address).await;
    for part in [
        format!("{fed} exposures of "),
        "Copy owners&#39; e-mails".to_owned(),
        "preset=impact".to_owned(),
        "rowgroup".to_owned(),
        "through ".to_owned(),
    ] {
        let plain = part.replace("&#39;", "'");
        let dashboards = plain.replace("exposures", "dashboards");
        assert!(
            page.contains(&part) || page.contains(&plain) || page.contains(&dashboards),
            "{part} is not on the page: {page}"
        );
    }
    let json = scene.page(&format!("{address}?format=json")).await;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.len(), fed);
    for row in &rows {
        let id = row["unique_id"].as_str().unwrap();
        let direct = catalog
            .exposure(id)
            .unwrap()
            .depends_on
            .contains(top.unique_id.as_str());
        assert_eq!(row["way"] == "", direct, "{row}");
    }
    for by in ["owner", "project", "way", "none"] {
        let page = scene.page(&format!("{address}?by={by}")).await;
        assert_eq!(page.contains("rowgroup"), by != "none", "{by}");
    }
}

#[tokio::test]
async fn an_id_that_is_not_there_names_what_is_near() {
    let scene = Scene::empty().await.with_project().await;
    let answer = scene.get("/models/model.shop.fct_order").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("model.shop.fct_orders"), "{}", answer.body);
    let elsewhere = scene.get("/sources/model.shop.fct_orders").await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    assert!(
        elsewhere.body.contains("there is a model of this id"),
        "{}",
        elsewhere.body
    );
    let long = scene.get(&format!("/models/{}", "x".repeat(10_000))).await;
    assert_eq!(long.status, StatusCode::NOT_FOUND);
    assert!(long.body.len() < 20_000);
    assert_eq!(
        scene.get("/macros/macro.none").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn without_a_project_every_page_says_what_to_do() {
    let scene = Scene::empty().await;
    for (path, _) in LISTS {
        let page = scene.page(path).await;
        assert!(page.contains("tailwater project add"), "{path}: {page}");
    }
}

#[tokio::test]
async fn metrics_are_dbts_for_browsers_and_the_programs_for_prometheus() {
    let scene = Scene::demo().await;
    assert!(scene.page("/metrics").await.contains("<table"));
    let request = scene
        .request(axum::http::Method::GET, "/metrics")
        .header(axum::http::header::ACCEPT, "text/plain;version=0.0.4")
        .body(axum::body::Body::empty())
        .unwrap();
    // `Scene::request` asks for a page too; the last header wins for programs that send one.
    let mut request = request;
    request.headers_mut().insert(
        axum::http::header::ACCEPT,
        "text/plain;version=0.0.4".parse().unwrap(),
    );
    assert!(scene.send(request).await.body.contains("tailwater_"));
}

#[tokio::test]
async fn below_a_base_path_resources_link_below_it() {
    let scene = Scene::with(AppOptions {
        base_path: "/catalog".to_owned(),
        is_local: true,
        ..AppOptions::default()
    })
    .await
    .with_project()
    .await;
    for path in [
        "/models",
        "/models/model.shop.fct_orders",
        "/models/model.shop.fct_orders/downstream",
        "/models/model.shop.fct_orders/tests",
        "/macros",
    ] {
        let page = scene.page(path).await;
        for start in ["href=\"", "src=\"", "action=\""] {
            for link in page.split(start).skip(1) {
                let link: String = link.chars().take(60).collect();
                assert!(
                    ["/catalog", "#", "https://", "mailto:"]
                        .iter()
                        .any(|start| link.starts_with(start)),
                    "{path}: {link}"
                );
            }
        }
    }
}

#[tokio::test]
async fn code_is_shown_as_text_and_given_as_a_file() {
    let scene = Scene::empty().await.with_project().await;
    let page = scene.page("/models/model.shop.fct_orders/code").await;
    assert!(
        page.contains("{{ config(") || page.contains("ref(&quot;") || page.contains("ref('"),
        "{page}"
    );
    assert!(page.contains("Compiled"), "{page}");
    let raw = scene.page("/models/model.shop.fct_orders/code?format=raw").await;
    let compiled = scene
        .page("/models/model.shop.fct_orders/code?format=compiled")
        .await;
    assert!(
        raw.contains("ref(") && !compiled.contains("ref("),
        "{raw}\n{compiled}"
    );
    let known = scene.page("/macros/macro.shop.to_euro").await;
    assert!(known.contains("macro to_euro"), "{known}");
    let answer = scene.get("/models/model.shop.fct_orders/code?format=exe").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
