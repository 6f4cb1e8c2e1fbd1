//! A project of somebody who means harm: every text that dbt lets people write is an attack.

use axum::http::StatusCode;
use camino::Utf8Path;
use serde_json::{Value, json};
use tailwater_core::id::ProjectName;
use tailwater_core::project::ResourceType;

use crate::scene::Scene;

/// Texts that break out of where they stand, turn the direction of writing, or are far too long.
pub fn attacks() -> Vec<String> {
    vec![
        "<script>alert(1)</script>".to_owned(),
        "\"><img src=x onerror=alert(1)>".to_owned(),
        "'-alert(1)-'".to_owned(),
        "</title></bdi><svg onload=alert(1)>".to_owned(),
        "\u{202e}gpj.exe\u{2066}".to_owned(),
        "javascript:alert(1)//\n--><!--".to_owned(),
        "../../a/b?c=d#e%00&amp;".to_owned(),
        "=cmd|' /C calc'!A0".to_owned(),
        "x".repeat(10_000),
        "{{ 7*7 }} ${7*7} %7B".to_owned(),
    ]
}

fn manifest() -> Value {
    let mut nodes = serde_json::Map::new();
    let mut sources = serde_json::Map::new();
    let mut exposures = serde_json::Map::new();
    let mut macros = serde_json::Map::new();
    let mut groups = serde_json::Map::new();
    for (at, attack) in attacks().into_iter().enumerate() {
        let common = json!({
            "name": attack, "package_name": attack, "fqn": [attack, attack], "path": attack,
            "original_file_path": format!("models/{attack}/{attack}.sql"), "description": attack, "tags": [attack],
            "meta": { attack.as_str(): attack }, "group": attack, "access": attack, "patch_path": attack,
            "database": attack, "schema": attack, "alias": attack, "identifier": attack, "source_name": attack,
            "relation_name": format!("\"{attack}\""), "config": { "materialized": attack, "loaded_at_field": attack, "meta": {"k": attack} },
            "columns": { attack.as_str(): { "name": attack, "description": attack, "data_type": attack } },
            "depends_on": { "nodes": [], "macros": [] },
        });
        let with = |extra: Value| {
            let mut all = common.clone();
            for (key, value) in extra.as_object().unwrap() {
                all[key] = value.clone();
            }
            all
        };
        let (model, source) = (
            format!("model.p.{at}{attack}"),
            format!("source.p.{at}{attack}.t"),
        );
        nodes.insert(
            model.clone(),
            with(
                json!({ "unique_id": model, "resource_type": "model", "depends_on": { "nodes": [source] } }),
            ),
        );
        sources.insert(
            source.clone(),
            with(json!({ "unique_id": source, "resource_type": "source" })),
        );
        let test = format!("test.p.{at}{attack}");
        nodes.insert(
            test.clone(),
            with(json!({
                "unique_id": test, "resource_type": "test", "attached_node": model, "column_name": attack,
                "test_metadata": { "name": attack, "namespace": attack, "kwargs": {} },
                "depends_on": { "nodes": [model] },
            })),
        );
        let exposure = format!("exposure.p.{at}{attack}");
        exposures.insert(
            exposure.clone(),
            with(json!({
                "unique_id": exposure, "resource_type": "exposure", "label": attack, "type": "dashboard", "url": attack,
                "owner": { "name": attack, "email": attack }, "maturity": "high", "depends_on": { "nodes": [model] },
            })),
        );
        let known = format!("macro.p.{at}{attack}");
        macros.insert(
            known.clone(),
            json!({
                "unique_id": known, "resource_type": "macro", "name": attack, "package_name": attack, "path": attack,
                "original_file_path": attack, "description": attack, "macro_sql": attack,
                "arguments": [{ "name": attack, "type": attack, "description": attack }],
            }),
        );
        let group = format!("group.p.{at}{attack}");
        groups.insert(
            group.clone(),
            json!({ "unique_id": group, "resource_type": "group", "name": attack, "package_name": attack,
                "path": attack, "original_file_path": attack, "owner": { "name": attack, "email": attack } }),
        );
    }
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.16",
            "generated_at": "2026-11-21T00:00:00Z", "invocation_id": "00000000-0000-0000-0000-000000000000",
            "adapter_type": "duckdb", "project_name": "p",
        },
        "nodes": nodes, "sources": sources, "exposures": exposures, "macros": macros, "groups": groups,
        "metrics": {}, "semantic_models": {}, "saved_queries": {}, "unit_tests": {}, "disabled": {},
        "docs": {}, "selectors": {}, "parent_map": {}, "child_map": {}, "group_map": {},
    })
}

async fn scene() -> (Scene, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let target = Utf8Path::from_path(directory.path()).unwrap().to_owned();
    std::fs::write(target.join("manifest.json"), manifest().to_string()).unwrap();
    let scene = Scene::empty().await;
    scene
        .workspace
        .add_project(ProjectName::new("p"), &target)
        .await
        .unwrap();
    scene.app.refresh().await.unwrap();
    (scene, directory)
}

/// What must never stand in a page as it was written.
fn assert_harmless(address: &str, page: &str) {
    for attack in [
        "<script>alert",
        "<img src=x",
        "<svg onload",
        "href=\"javascript:",
        "href=\"mailto:\"",
    ] {
        let found = page.find(attack).map(|at| {
            page[at.saturating_sub(200)..]
                .chars()
                .take(400)
                .collect::<String>()
        });
        assert!(found.is_none(), "{address:.200}: {found:?}");
    }
    assert!(page.len() < 3_000_000, "{address:.200}: {} bytes", page.len());
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

#[tokio::test]
async fn no_text_of_a_project_breaks_out_of_a_page() {
    let (scene, _directory) = scene().await;
    let catalog = scene.app.catalog(None).unwrap();
    let attacks = attacks().len();
    assert_eq!(catalog.count(ResourceType::Model), attacks);
    for path in [
        "/",
        "/models",
        "/sources",
        "/tests",
        "/macros?all=1",
        "/health",
        "/search",
        "/search?q=alert",
        "/tree/files",
        "/tree/database",
        "/models?sort=group",
        "/health?health=unknown",
    ] {
        assert_harmless(path, &scene.page(path).await);
    }
    for (kind, collection, tabs) in [
        (
            ResourceType::Model,
            "models",
            &["", "/downstream", "/columns", "/code", "/tests", "/runs"][..],
        ),
        (
            ResourceType::Source,
            "sources",
            &["", "/downstream", "/columns", "/tests"][..],
        ),
        (ResourceType::Test, "tests", &["", "/runs"][..]),
    ] {
        for node in catalog.nodes_of(kind) {
            for tab in tabs {
                let address = format!("/{collection}/{}{tab}", encoded(node.unique_id.as_str()));
                assert_harmless(&address, &scene.page(&address).await);
            }
        }
    }
    for known in catalog.macros() {
        let address = format!("/macros/{}", encoded(known.unique_id.as_str()));
        assert_harmless(&address, &scene.page(&address).await);
    }
}

#[tokio::test]
async fn no_text_of_an_address_breaks_out_of_a_page() {
    let (scene, _directory) = scene().await;
    for attack in attacks() {
        let text = encoded(&attack);
        for address in [
            format!("/search?q={text}&kind={text}&owner={text}"),
            format!("/models?q={text}&package={text}&sort={text}&layer={text}&page={text}"),
            format!("/health?reason={text}&kind={text}"),
            "/?env=".to_owned(),
        ] {
            assert_harmless(&address, &scene.page(&address).await);
        }
        for address in [
            format!("/models/{text}"),
            format!("/tree/{text}"),
            format!("/tree/files?in={text}&in={text}x"),
            format!("/models?format={text}"),
        ] {
            let answer = scene.get(&address).await;
            assert!(
                matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST),
                "{address:.200}: {}",
                answer.status
            );
            assert_harmless(&address, &answer.body);
        }
    }
}

#[tokio::test]
async fn names_cannot_turn_the_direction_of_what_stands_around_them() {
    let (scene, _directory) = scene().await;
    for path in ["/models", "/sources", "/health", "/tree/files", "/search?q=gpj"] {
        let page = scene.page(path).await;
        let links = page
            .split("<a ")
            .skip(1)
            .filter_map(|link| link.split("</a>").next());
        let turned: Vec<&str> = links.filter(|link| link.contains('\u{202e}')).collect();
        assert!(!turned.is_empty(), "{path}");
        assert!(
            turned.iter().all(|link| link.contains("<bdi>")),
            "{path}: {turned:?}"
        );
    }
}

#[tokio::test]
async fn no_cell_of_a_file_is_a_formula() {
    let (scene, _directory) = scene().await;
    for path in ["/models", "/sources", "/tests", "/macros"] {
        let csv = scene.page(&format!("{path}?format=csv&all=1")).await;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for record in reader.records() {
            let record = record.unwrap();
            assert!(
                record.iter().all(|cell| !cell.starts_with(['=', '@'])),
                "{path}: {record:?}"
            );
        }
    }
}
