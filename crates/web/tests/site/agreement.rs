//! One catalog, many ways to ask it: pages' lists, the REST API, GraphQL and the catalog that commands print from
//! give the same numbers.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::Value;
use tailwater_core::project::ResourceType;
use tailwater_engine::catalog::Catalog;

use crate::scene::Scene;

/// The lists of pages and of GraphQL, by dbt's word for the kind.
const LISTS: [(&str, &str, &str); 8] = [
    ("model", "/models", "models"),
    ("seed", "/seeds", "seeds"),
    ("snapshot", "/snapshots", "snapshots"),
    ("source", "/sources", "sources"),
    ("metric", "/metrics", "metrics"),
    ("semantic_model", "/semantic-models", "semanticModels"),
    ("saved_query", "/saved-queries", "savedQueries"),
    ("exposure", "/exposures", "exposures"),
];

async fn json(scene: &Scene, path: &str) -> Value {
    let answer = scene.api(Method::GET, path, None, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn ids(rows: &Value, key: &str) -> BTreeSet<String> {
    let rows = rows.as_array().expect("a list");
    rows.iter()
        .map(|row| row[key].as_str().unwrap().to_owned())
        .collect()
}

/// The nodes of a list of GraphQL, each with some fields.
async fn graphql(scene: &Scene, list: &str, fields: &str) -> Value {
    let query = format!(
        "{{ environment {{ applied {{ {list}(first: 200) {{ totalCount edges {{ node {{ {fields} }} }} }} }} }} }}"
    );
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer = json(scene, &format!("/graphql?query={query}")).await;
    let list = &answer["data"]["environment"]["applied"][list];
    let nodes: Vec<Value> = list["edges"]
        .as_array()
        .unwrap_or_else(|| unreachable!("{answer}"))
        .iter()
        .map(|edge| edge["node"].clone())
        .collect();
    assert_eq!(list["totalCount"], nodes.len());
    Value::Array(nodes)
}

/// What `tailwater` commands print from: a catalog that another process builds from the same store.
async fn of_commands(scene: &Scene) -> Catalog {
    scene.workspace.catalog().await.unwrap()
}

#[tokio::test]
async fn kinds_have_the_same_members_everywhere() {
    let scene = Scene::demo().await;
    let catalog = of_commands(&scene).await;
    let summary = json(&scene, "/api/v1/summary").await;
    let counts: BTreeMap<String, &Value> = summary["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (kind["resource_type"].as_str().unwrap().to_owned(), kind))
        .collect();
    for (word, path, field) in LISTS {
        let kind = ResourceType::from_name(word).unwrap();
        let page = json(&scene, &format!("{path}?format=json")).await;
        let told = json(&scene, &format!("/api/v1/resources?kind={word}&limit=500")).await;
        let known: BTreeSet<String> = catalog
            .nodes_of(kind)
            .map(|node| node.unique_id.to_string())
            .collect();
        assert_eq!(ids(&page, "unique_id"), known, "{path}");
        let asked = graphql(&scene, field, "uniqueId").await;
        assert_eq!(ids(&asked, "uniqueId"), known, "{field}");
        assert_eq!(ids(&told["items"], "unique_id"), known, "{word}");
        assert_eq!(catalog.count(kind), known.len());
        let counted = counts.get(word).map_or(0, |kind| kind["count"].as_u64().unwrap());
        assert_eq!(counted, known.len() as u64, "{word}");
        let csv = scene.page(&format!("{path}?format=csv")).await;
        assert_eq!(
            csv.lines().count() - 1,
            known.len(),
            "{path}: one line a row\n{csv}"
        );
    }
}

#[tokio::test]
async fn exposures_are_the_same_everywhere() {
    let scene = Scene::demo().await;
    let catalog = of_commands(&scene).await;
    let known: BTreeSet<String> = catalog
        .exposures()
        .iter()
        .map(|one| one.unique_id.to_string())
        .collect();
    let told = json(&scene, "/api/v1/exposures?limit=500").await;
    assert_eq!(ids(&told["items"], "unique_id"), known);
    let as_resources = json(&scene, "/api/v1/resources?kind=exposure&limit=500").await;
    assert_eq!(ids(&as_resources["items"], "unique_id"), known);
    for row in told["items"].as_array().unwrap() {
        let exposure = catalog.exposure(row["unique_id"].as_str().unwrap()).unwrap();
        assert_eq!(row["depends_on_count"], exposure.depends_on.len());
        assert_eq!(row["gaps"], exposure.gaps.len());
        assert_eq!(
            row["health"],
            catalog.health(exposure.unique_id.as_str()).state.name()
        );
    }
    let integrations = json(&scene, "/api/v1/integrations").await;
    for integration in integrations.as_array().unwrap() {
        let name = integration["name"].as_str().unwrap();
        assert_eq!(integration["exposures"], catalog.exposures_of(Some(name)).count());
        let listed = json(&scene, &format!("/api/v1/exposures?integration={name}")).await;
        assert_eq!(listed["total"], integration["exposures"]);
    }
    let searched = json(&scene, "/api/v1/search?kind=exposure").await;
    assert_eq!(searched["total"], known.len());
}

#[tokio::test]
async fn what_stands_on_a_model_is_the_same_everywhere() {
    let scene = Scene::demo().await;
    let catalog = of_commands(&scene).await;
    let models = json(&scene, "/api/v1/resources?kind=model&limit=500").await;
    let asked = graphql(&scene, "models", "uniqueId exposuresDownstream health{state}").await;
    let asked: BTreeMap<&str, &Value> = asked
        .as_array()
        .unwrap()
        .iter()
        .map(|model| (model["uniqueId"].as_str().unwrap(), model))
        .collect();
    let mut feeding = 0;
    for model in models["items"].as_array().unwrap() {
        let id = model["unique_id"].as_str().unwrap();
        let known: BTreeSet<String> = catalog
            .exposures_downstream(id)
            .iter()
            .map(|exposure| exposure.unique_id.to_string())
            .collect();
        feeding += usize::from(!known.is_empty());
        assert_eq!(model["exposures_downstream"], known.len(), "{id}");
        assert_eq!(asked[id]["exposuresDownstream"], known.len(), "{id}");
        let health = asked[id]["health"]["state"].as_str().unwrap().to_lowercase();
        assert_eq!(model["health"], health, "{id}");
        let of_resource = json(&scene, &format!("/api/v1/resources/{id}/exposures?limit=500")).await;
        assert_eq!(ids(&of_resource["items"], "unique_id"), known, "{id}");
        let tab = json(&scene, &format!("/models/{id}/downstream?format=json")).await;
        assert_eq!(ids(&tab, "unique_id"), known, "{id}");
        let picture = json(&scene, &format!("/api/v1/lineage?focus={id}&up=0&down=all&all=1")).await;
        let drawn: BTreeSet<String> = ids_of_picture(&picture);
        assert!(drawn.is_superset(&known), "{id}: {drawn:?}");
    }
    assert!(feeding > 0);
}

fn ids_of_picture(picture: &Value) -> BTreeSet<String> {
    let ids = picture["nodes"]["id"].as_array().unwrap();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn states_of_health_are_counted_alike() {
    let scene = Scene::demo().await;
    let catalog = of_commands(&scene).await;
    let report = json(&scene, "/api/v1/health").await;
    for row in report["kinds"].as_array().unwrap() {
        let word = row["resource_type"].as_str().unwrap();
        let counts = catalog.health_counts(ResourceType::from_name(word).unwrap());
        for (state, count) in [
            ("healthy", counts.healthy),
            ("caution", counts.caution),
            ("degraded", counts.degraded),
            ("unknown", counts.unknown),
        ] {
            assert_eq!(row[state], count, "{word} {state}");
            let listed = json(&scene, &format!("/api/v1/resources?kind={word}&health={state}")).await;
            assert_eq!(listed["total"], count, "{word} {state}");
        }
    }
    for exposure in catalog.exposures() {
        let shown = json(&scene, &format!("/api/v1/exposures/{}", exposure.unique_id)).await;
        let asked = catalog.health(exposure.unique_id.as_str());
        assert_eq!(
            shown["data_health"]["reasons"].as_array().unwrap().len(),
            asked.reasons.len()
        );
    }
}

#[tokio::test]
async fn tables_without_a_node_are_counted_alike() {
    let scene = Scene::demo().await;
    let catalog = of_commands(&scene).await;
    let unmatched = json(&scene, "/api/v1/integrations/main/unmatched").await;
    let tables: usize = unmatched["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["tables"].as_array().unwrap().len())
        .sum();
    assert!(tables > 0);
    let summary = json(&scene, "/api/v1/summary").await;
    assert_eq!(summary["unmatched_tables"], tables);
    assert_eq!(catalog.attention().unmatched_tables, tables);
}
