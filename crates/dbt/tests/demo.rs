//! The artifacts that a real dbt built for the demo project.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::id::ProjectName;
use tailwater_core::project::{Project, ResourceType};
use tailwater_dbt::{Artifacts, load_manifest, load_target};

fn demo() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/dbt")
}

fn project() -> Project {
    load_manifest(&demo().join("target/manifest.json"), ProjectName::new("demo")).unwrap()
}

/// Every kind of entry counted straight from the JSON, as a second opinion.
fn counts_in_json() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(demo().join("target/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut counts = BTreeMap::new();
    for section in [
        "nodes",
        "sources",
        "exposures",
        "metrics",
        "semantic_models",
        "saved_queries",
        "unit_tests",
        "functions",
    ] {
        for entry in manifest[section]
            .as_object()
            .into_iter()
            .flat_map(|map| map.values())
        {
            let kind = entry["resource_type"].as_str().unwrap().to_owned();
            *counts.entry(kind).or_insert(0) += 1;
        }
    }
    counts
}

#[test]
fn every_entry_becomes_a_node() {
    let counted: BTreeMap<String, usize> = project()
        .counts()
        .into_iter()
        .map(|(kind, count)| (kind.name().to_owned(), count))
        .collect();
    assert_eq!(counted, counts_in_json());
}

#[test]
fn a_directory_will_do() {
    let by_file = project();
    for directory in [demo(), demo().join("target")] {
        let by_directory = load_manifest(&directory, ProjectName::new("demo")).unwrap();
        assert_eq!(by_directory.nodes(), by_file.nodes());
    }
}

#[test]
fn the_head_is_read() {
    let metadata = project().metadata;
    insta::assert_json_snapshot!(metadata, {".generated_at" => "[instant]", ".invocation_id" => "[id]"});
}

#[test]
fn nodes_of_every_kind_have_the_expected_shape() {
    let project = project();
    let mut first_of_kind: BTreeMap<ResourceType, _> = BTreeMap::new();
    for node in project.nodes() {
        first_of_kind.entry(node.resource_type).or_insert(node);
    }
    let shown: Vec<_> = first_of_kind.values().collect();
    insta::assert_json_snapshot!(shown);
}

#[test]
fn disabled_nodes_and_groups_are_apart() {
    let project = project();
    let disabled: Vec<_> = project
        .disabled()
        .iter()
        .map(|node| node.unique_id.as_str())
        .collect();
    insta::assert_json_snapshot!((disabled, project.groups()));
}

#[test]
fn the_other_artifacts_are_read_beside_the_manifest() {
    let Artifacts {
        project,
        run_results,
        sources,
        catalog,
    } = load_target(&demo(), ProjectName::new("demo")).unwrap();
    let run = run_results.unwrap();
    assert_eq!(run.command, "build");
    assert!(
        run.results
            .iter()
            .all(|result| project.find(result.unique_id.as_str()).is_some())
    );
    let statuses = run.results.iter().fold(BTreeMap::new(), |mut counts, result| {
        *counts.entry(result.status.name().to_owned()).or_insert(0) += 1;
        counts
    });
    let sources = sources.unwrap();
    let catalog = catalog.unwrap();
    insta::assert_json_snapshot!(
        (statuses, &run.results[0], &sources.results, catalog.tables.iter().next(), catalog.tables.len()),
        {
            ".**.started_at" => "[instant]",
            ".**.completed_at" => "[instant]",
            ".**.execution_seconds" => "[seconds]",
            ".**.snapshotted_at" => "[instant]",
            ".**.age_seconds" => "[seconds]",
        }
    );
}
