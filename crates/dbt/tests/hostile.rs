//! Files that are not what was asked for: each gets an error of its own, and none a panic.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use rstest::rstest;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::ProjectName;
use tailwater_core::project::Project;
use tailwater_core::selector::{self, Universe};
use tailwater_dbt::{
    Error, load_catalog, load_manifest, load_run_results, load_sources, load_target, read_catalog,
    read_manifest, read_run_results, read_sources,
};
use tempfile::TempDir;

fn target() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/dbt/target")
}

static MANIFEST: LazyLock<Vec<u8>> = LazyLock::new(|| fs::read(target().join("manifest.json")).unwrap());

fn name() -> ProjectName {
    ProjectName::new("shop")
}

fn read(bytes: &[u8]) -> Result<Project, Error> {
    read_manifest(bytes, "manifest.json", name())
}

fn path_of(directory: &TempDir) -> &Utf8Path {
    Utf8Path::from_path(directory.path()).unwrap()
}

fn explain(error: &Error) -> String {
    format!("{}: {error}\n  {}", error.code(), error.hint().unwrap())
}

/// A manifest with the given metadata and one model.
fn small(metadata: &str) -> Vec<u8> {
    format!(
        r#"{{"metadata": {metadata}, "nodes": {{"model.shop.a": {{"name": "a", "resource_type": "model", "schema": "s"}}}}}}"#
    )
    .into_bytes()
}

/// A file is read in blocks, and only what is wrong or odd as a whole.
#[test]
fn a_file_says_what_its_bytes_say() {
    let manifest = String::from_utf8(MANIFEST.clone()).unwrap();
    let cases = [
        manifest.clone(),
        format!("\u{feff}{manifest}"),
        manifest.replacen("\"meta\": {", "\"meta\": {\"share\": NaN, ", 1),
        manifest.replacen("\"meta\":{", "\"meta\":{\"share\":-Infinity,", 1),
        format!("{manifest}\n"),
        format!("{manifest}}}"),
        manifest[..manifest.len() / 2].to_owned(),
        manifest.replacen("\"nodes\"", "nodes", 1),
        manifest.replacen("manifest/v", "catalog/v", 1),
        manifest.replacen("dbt_schema_version", "schema", 1),
    ];
    for text in cases {
        let directory = TempDir::new().unwrap();
        let path = path_of(&directory).join("manifest.json");
        fs::write(&path, &text).unwrap();
        let from_file = load_manifest(&path, name()).map(|project| project.nodes().to_vec());
        let from_bytes =
            read_manifest(text.as_bytes(), path.as_str(), name()).map(|project| project.nodes().to_vec());
        assert_eq!(
            from_file.map_err(|error| explain(&error)),
            from_bytes.map_err(|error| explain(&error))
        );
    }
}

#[test]
fn each_wrong_file_has_its_own_explanation() {
    let schema =
        |kind: &str| format!(r#"{{"dbt_schema_version": "https://schemas.getdbt.com/dbt/{kind}.json"}}"#);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        (
            "run results",
            fs::read(target().join("run_results.json")).unwrap(),
        ),
        ("catalog", fs::read(target().join("catalog.json")).unwrap()),
        ("sources", fs::read(target().join("sources.json")).unwrap()),
        ("cut in half", MANIFEST[..MANIFEST.len() / 2].to_vec()),
        ("empty", Vec::new()),
        (
            "a sign-in page",
            b"<!DOCTYPE html>\n<html><body>Sign in</body></html>".to_vec(),
        ),
        ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec()),
        ("dbt_project.yml", b"name: shop\nversion: 1.0.0\n".to_vec()),
        (
            "package.json",
            br#"{"name": "shop", "dependencies": {}}"#.to_vec(),
        ),
        (
            "semantic manifest",
            br#"{"semantic_models": [], "metrics": [], "project_configuration": {}}"#.to_vec(),
        ),
        ("a list", b"[]".to_vec()),
        ("too old", small(&schema("manifest/v3"))),
        (
            "another schema",
            small(r#"{"dbt_schema_version": "https://example.com/x"}"#),
        ),
        ("metadata is a list", small("[1, 2]")),
        ("damaged", b"{\"metadata\": {,}}".to_vec()),
        (
            "two documents",
            [small(&schema("manifest/v12")), small("{}")].concat(),
        ),
        ("too deep", {
            let mut text = br#"{"nodes": {"model.a.b": {"meta": "#.to_vec();
            text.extend(vec![b'['; 100_000]);
            text
        }),
    ];
    let explained: Vec<String> = cases
        .into_iter()
        .map(|(case, bytes)| format!("{case}\n  {}", explain(&read(&bytes).unwrap_err())))
        .collect();
    insta::assert_snapshot!(explained.join("\n"));
}

#[test]
fn a_newer_schema_is_read_with_a_note() {
    let bytes = small(r#"{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v21.json"}"#);
    let project = read(&bytes).unwrap();
    assert_eq!(project.nodes().len(), 1);
    assert_eq!(project.metadata.schema_version, 21);
    assert_eq!(project.metadata.notes.len(), 1);
    assert!(project.metadata.notes[0].contains("v21"));
}

#[test]
fn a_byte_order_mark_and_pythons_numbers_are_no_obstacle() {
    let text = r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
        "nodes": {"model.shop.a": {"meta": {"share": NaN, "limit": -Infinity, "note": "NaN"}}}}"#;
    let bytes = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let project = read(&bytes).unwrap();
    let node = project.find("model.shop.a").unwrap();
    assert_eq!(
        serde_json::to_string(&node.meta).unwrap(),
        r#"{"limit":null,"note":"NaN","share":null}"#
    );
    assert_eq!((node.name.as_str(), node.package.as_str()), ("a", "shop"));
}

#[test]
fn fields_of_another_shape_count_as_absent() {
    let text = r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
        "nodes": {"model.shop.a": {"name": ["x"], "fqn": null, "tags": {"a": 1}, "config": [], "meta": "m",
            "columns": {"c": 7, "d": null}, "depends_on": [], "database": false, "schema": 5, "version": {}},
            "model.shop.b": null, "model.shop.c": "text", "": {}, "thing.shop.d": {"resource_type": "thing"}},
        "sources": [], "exposures": 3, "disabled": [{"unique_id": "model.shop.z"}], "metrics": null, "groups": {"g": 1}}"#;
    let project = read(text.as_bytes()).unwrap();
    let ids: Vec<_> = project
        .nodes()
        .iter()
        .map(|node| node.unique_id.as_str())
        .collect();
    assert_eq!(ids, ["model.shop.a"]);
    let node = &project.nodes()[0];
    assert_eq!(node.fqn, ["shop", "a"]);
    assert_eq!(node.columns.len(), 2);
    assert_eq!(project.disabled().len(), 1);
    assert_eq!(
        project.metadata.notes,
        ["1 entry of the resource type `thing`, which this release does not know, left out"]
    );
}

#[test]
fn a_block_that_cannot_be_held_does_not_hide_the_rest() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let text = format!(
        r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}},
        "nodes": {{"model.shop.a": {{"meta": {deep}}}, "model.shop.b": {{"config": {{"x": 1e999}}, "meta": {{"k": 1}}}}}}}}"#
    );
    let project = read(text.as_bytes()).unwrap();
    assert_eq!(project.nodes().len(), 2);
    assert_eq!(project.nodes()[1].meta["k"], 1);
    assert_eq!(
        project.metadata.notes,
        ["2 blocks of `config` or `meta` could not be read and count as empty"]
    );
}

#[test]
fn missing_files_and_directories_are_told_apart() {
    let directory = TempDir::new().unwrap();
    let root = path_of(&directory);
    let codes = |path: &Utf8Path| {
        [
            load_manifest(path, name()).map(drop),
            load_run_results(path).map(drop),
            load_sources(path).map(drop),
            load_catalog(path).map(drop),
            load_target(path, name()).map(drop),
        ]
        .map(|answer| answer.unwrap_err().code())
    };
    assert_eq!(codes(&root.join("nothing")), ["TW-DBT-NOT-FOUND"; 5]);
    assert_eq!(codes(root), ["TW-DBT-NOT-IN-DIRECTORY"; 5]);

    fs::create_dir_all(root.join("manifest.json")).unwrap();
    assert_eq!(
        codes(root)[0],
        "TW-DBT-NOT-IN-DIRECTORY",
        "a directory of that name is no manifest"
    );
    fs::write(root.join("file"), "x").unwrap();
    assert_eq!(codes(&root.join("file/manifest.json"))[0], "TW-DBT-NOT-FOUND");
}

#[test]
fn a_broken_artifact_beside_a_good_manifest_is_an_error() {
    let directory = TempDir::new().unwrap();
    let root = path_of(&directory);
    fs::copy(target().join("manifest.json"), root.join("manifest.json")).unwrap();
    let artifacts = load_target(root, name()).unwrap();
    assert!(artifacts.run_results.is_none() && artifacts.sources.is_none() && artifacts.catalog.is_none());
    fs::write(root.join("run_results.json"), "{\"metadata\": ").unwrap();
    assert_eq!(load_target(root, name()).unwrap_err().code(), "TW-DBT-TRUNCATED");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let error = load_manifest(Utf8Path::new("/dev/zero"), name()).unwrap_err();
    assert_eq!(error.code(), "TW-DBT-UNREADABLE");
}

#[rstest]
#[case("run-results/v6")]
#[case("run-results/v4")]
fn run_results_of_other_versions_and_shapes_are_read(#[case] schema: &str) {
    let text = format!(
        r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/{schema}.json"}}, "elapsed_time": "1.5",
        "results": [{{"unique_id": "model.a.b", "status": "reused", "timing": null, "execution_time": NaN,
        "adapter_response": {{"rows_affected": -1}}, "failures": "3", "message": null}}, {{"status": "error"}}, 4], "args": null}}"#
    );
    let run = read_run_results(text.as_bytes(), "run_results.json").unwrap();
    assert_eq!(run.results.len(), 1);
    let result = &run.results[0];
    assert_eq!(
        (result.status.name(), result.failures, result.rows_affected),
        ("reused", Some(3), None)
    );
    assert_eq!(run.elapsed_seconds.to_bits(), 1.5_f64.to_bits());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_manifest_cut_anywhere_is_refused_as_cut(at in 1_usize..MANIFEST.len() - 2) {
        let error = read(&MANIFEST[..at]).unwrap_err();
        prop_assert_eq!(error.code(), "TW-DBT-TRUNCATED");
    }

    #[test]
    fn a_manifest_with_changed_bytes_is_read_or_refused(
        changes in prop::collection::vec((0_usize..MANIFEST.len(), any::<u8>()), 1..20),
    ) {
        let mut bytes = MANIFEST.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        match read(&bytes) {
            Ok(project) => {
                let universe = Universe::new([&project], []);
                let everything = selector::parse("@tag:finance path:models config.enabled:true").unwrap();
                selector::select(&everything, None, &universe).unwrap();
            }
            Err(error) => {
                prop_assert!(error.code().starts_with("TW-DBT-"));
                prop_assert!(error.hint().is_some());
            }
        }
    }

    #[test]
    fn any_value_in_place_of_any_other_is_read_or_refused(
        at in 0_usize..MANIFEST.len(),
        value in prop::sample::select(vec!["null", "[]", "{}", "1.5", "-0", "\"\"", "true", "[[[]]]", "{\"a\":{\"b\":[1]}}"]),
    ) {
        // Replaces the first value after the place: between a colon and the next comma.
        let colon = MANIFEST[at..].iter().position(|&byte| byte == b':').map_or(0, |found| at + found);
        let comma = MANIFEST[colon..].iter().position(|&byte| byte == b',').map_or(colon, |found| colon + found);
        let bytes = [&MANIFEST[..=colon], value.as_bytes(), &MANIFEST[comma..]].concat();
        if let Err(error) = read(&bytes) {
            prop_assert!(error.code().starts_with("TW-DBT-"));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
        prop_assert!(read_run_results(&bytes, "x").is_err());
        prop_assert!(read_sources(&bytes, "x").is_err());
        prop_assert!(read_catalog(&bytes, "x").is_err());
    }
}
