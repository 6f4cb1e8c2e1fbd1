//! Manifests in the shape of each schema from v4 to v12 and of dbt 2, each cut down to one entry of a kind.
//!
//! The fixtures are written by hand after the published schemas (https://schemas.getdbt.com) and hold what
//! differs: names of fields that came and went, and shapes that changed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use camino::{Utf8Path, Utf8PathBuf};
use rstest::rstest;
use tailwater_core::id::ProjectName;
use tailwater_core::project::{Node, Project, ResourceType, Severity, TestKind};
use tailwater_core::selector::{self, Universe};
use tailwater_dbt::load_manifest;

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn load(name: &str) -> Project {
    load_manifest(&fixture(name), ProjectName::new("shop")).unwrap()
}

fn ids(project: &Project) -> Vec<&str> {
    project
        .nodes()
        .iter()
        .map(|node| node.unique_id.as_str())
        .collect()
}

fn find<'p>(project: &'p Project, id: &str) -> &'p Node {
    project.find(id).unwrap_or_else(|| panic!("{id} is missing"))
}

/// What every version has: a model on a source, tested, with an exposure on it.
#[rstest]
#[case("manifest_v4.json", 4)]
#[case("manifest_v7.json", 7)]
#[case("manifest_v9.json", 9)]
#[case("manifest_v10.json", 10)]
#[case("manifest_v11.json", 11)]
#[case("manifest_v20.json", 20)]
fn the_main_job_works_from_every_version(#[case] file: &str, #[case] version: u32) {
    let project = load(file);
    assert_eq!(project.metadata.schema_version, version);
    assert_eq!(project.metadata.package, "shop");
    assert_eq!(project.metadata.adapter_type, "snowflake");
    assert_eq!(project.metadata.notes, [] as [&str; 0]);

    let model = find(&project, "model.shop.orders");
    let relation = model.relation.as_ref().unwrap();
    assert_eq!(relation.name.to_string(), "PROD.MARTS.ORDERS");
    assert_eq!(relation.rendered.as_deref(), Some("PROD.MARTS.ORDERS"));
    assert_eq!(model.materialized(), Some("table"));
    assert_eq!(model.tags, ["nightly"]);
    assert_eq!(model.access.as_deref(), Some("protected"));
    assert_eq!(model.columns[0].name, "order_id");
    assert_eq!(model.depends_on[0].as_str(), "source.shop.raw.orders");

    let source = find(&project, "source.shop.raw.orders");
    assert_eq!(
        source.relation.as_ref().unwrap().name.to_string(),
        "RAW.SHOP.ORDERS_V1"
    );
    assert_eq!(source.source_name.as_deref(), Some("raw"));
    assert_eq!(source.freshness.unwrap().warn_after_seconds, Some(12 * 3600));

    let test = find(&project, "test.shop.not_null_orders_order_id.1")
        .test
        .as_ref()
        .unwrap();
    assert_eq!(test.kind, TestKind::Generic);
    assert_eq!(test.name.as_deref(), Some("not_null"));
    assert_eq!(test.severity, Severity::Warn);
    assert_eq!(test.attached_node.as_ref().unwrap().as_str(), "model.shop.orders");

    let exposure = find(&project, "exposure.shop.weekly");
    let info = exposure.exposure.as_ref().unwrap();
    assert_eq!(info.kind, "dashboard");
    assert_eq!(info.owner_email.as_deref(), Some("ann@shop.example"));
    assert_eq!(exposure.meta["tier"], 1);

    let disabled: Vec<_> = project.disabled().iter().map(|node| node.name.as_str()).collect();
    assert_eq!(disabled, ["old_orders", "old_orders"]);

    let universe = Universe::new([&project], []);
    let upstream = selector::parse("+exposure:weekly,resource_type:source").unwrap();
    let selected = selector::select(&upstream, None, &universe).unwrap();
    assert_eq!(
        selected.into_iter().collect::<Vec<_>>(),
        ["source.shop.raw.orders".into()]
    );
}

#[test]
fn v4_finds_its_root_package_by_where_packages_lie() {
    let project = load("manifest_v4.json");
    // The package has more entries than the project.
    let of_package = project
        .nodes()
        .iter()
        .filter(|node| node.package == "big_package")
        .count();
    let own = project
        .nodes()
        .iter()
        .filter(|node| node.package == "shop")
        .count();
    assert!(of_package > own);
    assert_eq!(project.metadata.package, "shop");
}

#[test]
fn v7_keeps_metrics_of_the_old_kind() {
    let project = load("manifest_v7.json");
    let metric = find(&project, "metric.shop.revenue");
    assert_eq!(metric.resource_type, ResourceType::Metric);
    assert_eq!(metric.depends_on[0].as_str(), "model.shop.orders");
}

#[test]
fn v9_has_versions_groups_and_access() {
    let project = load("manifest_v9.json");
    let model = find(&project, "model.shop.dim.v2");
    assert_eq!(
        (model.name.as_str(), model.version.as_deref()),
        ("dim", Some("2"))
    );
    assert_eq!(model.latest_version.as_deref(), Some("3"));
    assert_eq!(model.group.as_deref(), Some("finance"));
    assert_eq!(model.access.as_deref(), Some("private"));
    assert_eq!(model.relation.as_ref().unwrap().name.name, "DIM_V2");
    assert_eq!(
        find(&project, "model.shop.dim.v1.5").version.as_deref(),
        Some("1.5")
    );
    assert_eq!(find(&project, "model.shop.dim.v3").version.as_deref(), Some("3"));
    assert_eq!(project.groups()[0].owner_name.as_deref(), Some("Finance"));

    let universe = Universe::new([&project], []);
    for (selector, expected) in [
        ("version:old", vec!["model.shop.dim.v1.5", "model.shop.dim.v2"]),
        ("version:latest", vec!["model.shop.dim.v3"]),
        ("dim_v2", vec!["model.shop.dim.v2"]),
        ("dim.v1.5", vec![]),
        ("group:fin*", vec!["model.shop.dim.v2"]),
    ] {
        let selected = selector::select(&selector::parse(selector).unwrap(), None, &universe).unwrap();
        let selected: Vec<_> = selected.iter().map(tailwater_core::id::NodeId::as_str).collect();
        assert_eq!(selected, expected, "{selector}");
    }
}

#[test]
fn v20_tolerates_what_dbt_2_writes_otherwise() {
    let project = load("manifest_v20.json");
    assert_eq!(project.metadata.dbt_version, "2.0.0");
    // Access and group in the config alone, null where lists and maps were.
    assert_eq!(
        find(&project, "model.shop.dim.v2").access.as_deref(),
        Some("public")
    );
    assert_eq!(find(&project, "model.shop.dim.v2").version.as_deref(), Some("2"));
    let function = find(&project, "function.shop.area");
    assert_eq!(function.resource_type, ResourceType::Function);
    let unit_test = find(&project, "unit_test.shop.orders.adds_up");
    assert_eq!(unit_test.tags, ["critical"]);
    assert_eq!(
        unit_test
            .test
            .as_ref()
            .unwrap()
            .attached_node
            .as_ref()
            .unwrap()
            .as_str(),
        "model.shop.orders"
    );
    assert_eq!(project.disabled().len(), 2);
}

#[test]
fn the_nodes_of_v11_are_as_snapshotted() {
    let project = load("manifest_v11.json");
    insta::assert_json_snapshot!(ids(&project));
    insta::assert_json_snapshot!(find(&project, "semantic_model.shop.orders"));
    insta::assert_json_snapshot!(find(&project, "saved_query.shop.weekly"));
}
