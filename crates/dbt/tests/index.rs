//! What was written into an index is read again as it was, and what is no index is refused.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Map, Value, json};
use tailwater_core::id::{NodeId, ProjectName};
use tailwater_core::project::{
    Column, ExposureInfo, FreshnessCriteria, Group, Macro, MacroArgument, Node, NodeRelation, Project,
    ProjectMetadata, ResourceType, Severity, TestInfo, TestKind,
};
use tailwater_core::relation::RelationName;
use tailwater_dbt::{IndexReader, load_manifest, write_index};

fn written(project: &Project) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_index(project, b"key", &mut bytes).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> std::io::Result<Project> {
    let reader = IndexReader::new(bytes)?;
    assert_eq!(reader.key(), b"key");
    reader.read("shop".into())
}

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

#[rstest]
#[case("manifest_v4.json")]
#[case("manifest_v7.json")]
#[case("manifest_v9.json")]
#[case("manifest_v10.json")]
#[case("manifest_v11.json")]
#[case("manifest_v20.json")]
#[case("../../../../demo/dbt/target/manifest.json")]
fn a_manifest_reads_the_same_from_its_index(#[case] file: &str) {
    let project = load_manifest(&fixture(file), ProjectName::new("shop")).unwrap();
    assert!(!project.nodes().is_empty());
    assert!(read(&written(&project)).unwrap() == project);
}

#[test]
fn the_name_is_whose_reads_it() {
    let project = load_manifest(&fixture("manifest_v11.json"), "one".into()).unwrap();
    let bytes = written(&project);
    let other = IndexReader::new(bytes.as_slice())
        .unwrap()
        .read("other".into())
        .unwrap();
    assert_eq!(other.name, "other".into());
    assert_eq!(other.nodes(), project.nodes());
}

/// A project of two nodes, one of which an export wrote, that fits into few bytes.
fn small() -> Project {
    let generated = Node {
        unique_id: "exposure.p.a".into(),
        resource_type: ResourceType::Exposure,
        meta: Map::from_iter([(
            "tailwater".to_owned(),
            json!({"id": "one", "integration": "main", "generated": true}),
        )]),
        ..Node::default()
    };
    let model = Node {
        unique_id: "model.p.a".into(),
        config: Arc::new(Map::from_iter([("share".to_owned(), json!([0.1, -1, null]))])),
        columns: vec![Column::default()],
        ..Node::default()
    };
    let project = Project::new(
        "shop".into(),
        ProjectMetadata::default(),
        vec![model, generated],
        vec![],
    );
    assert_eq!((project.nodes().len(), project.generated().len()), (1, 1));
    project
}

#[test]
fn cut_off_anywhere_it_is_refused() {
    let bytes = written(&small());
    assert!(read(&bytes).unwrap() == small());
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
    }
    assert!(read(&[bytes.as_slice(), b"x"].concat()).is_err());
}

#[test]
fn changed_anywhere_it_is_refused() {
    let bytes = written(&small());
    for at in 0..bytes.len() {
        for other in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= other;
            let read = IndexReader::new(changed.as_slice()).and_then(|reader| reader.read("shop".into()));
            assert_eq!(read.is_ok(), other == 0, "byte {at} xor {other}");
        }
    }
}

#[test]
fn what_needs_many_blocks_comes_back() {
    let shared = Arc::new(Map::from_iter([("materialized".to_owned(), json!("test"))]));
    let node = |number: usize| Node {
        unique_id: NodeId::new(format!("model.p.m{number:05}")),
        description: Some("A long text. ".repeat(number % 100)),
        config: Arc::clone(&shared),
        ..Node::default()
    };
    let nodes = (0..4_000).map(node).collect();
    let project = Project::new(
        "shop".into(),
        ProjectMetadata::default(),
        nodes,
        vec![node(1), node(1)],
    );
    let macros = (0..70_000).map(|number| Macro {
        unique_id: NodeId::new(format!("macro.p.m{number}")),
        ..Macro::default()
    });
    let project = project.with_macros(macros.collect());
    let bytes = written(&project);
    assert!(bytes.len() > 1 << 20);
    let read = read(&bytes).unwrap();
    assert!(read == project);
    assert!(Arc::ptr_eq(&read.nodes()[0].config, &read.disabled()[1].config));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z.]{1,12}", any::<String>()]
}

fn perhaps() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text())
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(text(), 0..4)
}

fn value() -> impl Strategy<Value = Value> {
    let single = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    single.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn map() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec((text(), value()), 0..4).prop_map(|members| members.into_iter().collect())
}

fn node() -> impl Strategy<Value = Node> {
    let names = (text(), text(), text(), texts(), perhaps());
    let words = (perhaps(), texts(), perhaps(), perhaps(), perhaps());
    let maps = (
        map(),
        map(),
        proptest::collection::vec((text(), perhaps(), perhaps()), 0..4),
    );
    let kinds = (
        proptest::sample::select(ResourceType::ALL.to_vec()),
        any::<[bool; 5]>(),
        any::<u64>(),
    );
    (names, words, maps, kinds, texts()).prop_map(|(names, words, maps, kinds, reads)| {
        let (id, name, package, fqn, patch_path) = names;
        let (description, tags, group, access, version) = words;
        let (config, meta, columns) = maps;
        let (resource_type, [has_relation, is_test, is_exposure, is_fresh, is_warning], seconds) = kinds;
        let column = |(name, data_type, description)| Column {
            name,
            data_type,
            description,
        };
        let relation = RelationName {
            database: group.clone(),
            schema: access.clone(),
            name: name.clone(),
        };
        Node {
            unique_id: NodeId::new(id),
            resource_type,
            path: package.clone(),
            relation: has_relation.then(|| NodeRelation {
                name: relation,
                rendered: version.clone(),
            }),
            config: Arc::new(config),
            meta,
            latest_version: version.clone(),
            source_name: description.clone(),
            columns: columns.into_iter().map(column).collect(),
            depends_on: reads.into_iter().map(NodeId::new).collect(),
            test: is_test.then(|| TestInfo {
                kind: if is_warning {
                    TestKind::Unit
                } else {
                    TestKind::Generic
                },
                name: group.clone(),
                namespace: access.clone(),
                attached_node: version.clone().map(NodeId::new),
                column: description.clone(),
                severity: if is_warning {
                    Severity::Warn
                } else {
                    Severity::Error
                },
            }),
            exposure: is_exposure.then(|| ExposureInfo {
                kind: name.clone(),
                label: group.clone(),
                url: access.clone(),
                maturity: version.clone(),
                owner_name: description.clone(),
                owner_email: None,
            }),
            freshness: is_fresh.then_some(FreshnessCriteria {
                warn_after_seconds: Some(seconds),
                error_after_seconds: None,
            }),
            name,
            package,
            fqn,
            patch_path,
            description,
            tags,
            group,
            access,
            version,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_project_comes_back(
        nodes in proptest::collection::vec(node(), 0..6),
        disabled in proptest::collection::vec(node(), 0..3),
        heads in proptest::collection::vec((text(), text(), perhaps(), texts()), 1..4),
        seconds in -60_000_000_000_i64..200_000_000_000,
        nanoseconds in 0..1_000_000_000_u32,
    ) {
        let (package, adapter_type, invocation_id, notes) = heads[0].clone();
        let metadata = ProjectMetadata {
            dbt_version: adapter_type.clone(),
            package,
            adapter_type,
            schema_version: nanoseconds,
            generated_at: chrono::DateTime::from_timestamp(seconds, nanoseconds),
            invocation_id,
            notes,
        };
        let groups = heads.iter().cloned().map(|(name, package, owner_name, _)| Group {
            owner_email: owner_name.clone(),
            name,
            package,
            owner_name,
        });
        let macros = heads.iter().cloned().map(|(name, package, description, arguments)| Macro {
            unique_id: NodeId::new(name.clone()),
            path: package.clone(),
            arguments: arguments
                .into_iter()
                .map(|name| MacroArgument { name, kind: description.clone(), description: None })
                .collect(),
            name,
            package,
            description,
        });
        let project = Project::new("shop".into(), metadata, nodes, disabled)
            .with_groups(groups.collect())
            .with_macros(macros.collect());
        prop_assert!(read(&written(&project)).unwrap() == project);
    }
}
