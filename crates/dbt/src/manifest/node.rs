//! From an entry as it stands in the file to a [`Node`].

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tailwater_core::id::NodeId;
use tailwater_core::project::{
    Column, ExposureInfo, FreshnessCriteria, Node, NodeRelation, ResourceType, TestInfo, TestKind,
};
use tailwater_core::relation::{RelationName, split_name};

use crate::lenient::{Object, Scalar, Texts};
use crate::manifest::config::Config;
use crate::manifest::wire::{WireNode, WireOwner};

/// Builds the node. `unique_id` is the entry's own or, failing that, its key; `meta` what its top level has
/// of it.
pub(crate) fn to_node(
    wire: &WireNode<'_>,
    unique_id: String,
    resource_type: ResourceType,
    config: Config,
    meta: Map<String, Value>,
) -> Node {
    let id_parts: Vec<&str> = unique_id.split('.').collect();
    let package = text(&wire.package_name)
        .or_else(|| id_parts.get(1).map(|&part| part.to_owned()))
        .unwrap_or_default();
    let name = text(&wire.name)
        .or_else(|| id_parts.last().map(|&part| part.to_owned()))
        .unwrap_or_default();
    let is_model = resource_type == ResourceType::Model;
    let depends_on = depends_on(wire, resource_type);
    let mut node = Node {
        resource_type,
        fqn: fqn(wire, &package, &name),
        path: with_slashes(text(&wire.original_file_path).unwrap_or_default()),
        patch_path: patch_path(wire),
        relation: relation(wire, resource_type, &name, &config),
        description: text(&wire.description),
        tags: tags(wire, resource_type, &config),
        meta: merged_meta(meta, &config),
        group: text(&wire.group).or_else(|| config.text("group")),
        access: is_model
            // Before dbt 1.5 there was no access; what is not said is `protected`.
            .then(|| {
                text(&wire.access)
                    .or_else(|| config.text("access"))
                    .unwrap_or_else(|| "protected".to_owned())
            }),
        version: text(&wire.version),
        latest_version: text(&wire.latest_version),
        source_name: text(&wire.source_name),
        columns: columns(wire),
        test: test(wire, resource_type, &config, &depends_on),
        exposure: (resource_type == ResourceType::Exposure).then(|| exposure(wire)),
        freshness: freshness(wire, &config),
        depends_on,
        config: config.values,
        package,
        name,
        unique_id: NodeId::new(unique_id),
    };
    // The YAML that describes a node is often the node's own file: then it says nothing new.
    if node.patch_path.as_ref() == Some(&node.path) {
        node.patch_path = None;
    }
    node
}

/// What the entry reads. dbt 2 and dbt before 1.4 write a list for seeds too, which read nothing.
fn depends_on(wire: &WireNode<'_>, resource_type: ResourceType) -> Vec<NodeId> {
    if matches!(resource_type, ResourceType::Seed | ResourceType::Source) {
        return Vec::new();
    }
    let Texts(nodes) = &wire.depends_on.0.nodes;
    let tested = text(&wire.tested_node_unique_id).filter(|_| nodes.is_empty());
    nodes.iter().cloned().chain(tested).map(NodeId::new).collect()
}

fn text(scalar: &Scalar<'_>) -> Option<String> {
    scalar.to_text()
}

/// `fqn`, always there since manifest v4 for what can be selected; else package, source and name.
fn fqn(wire: &WireNode<'_>, package: &str, name: &str) -> Vec<String> {
    if !wire.fqn.0.is_empty() {
        return wire.fqn.0.clone();
    }
    [Some(package), wire.source_name.as_text(), Some(name)]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect()
}

/// `shop://models/schema.yml` without the package in front.
fn patch_path(wire: &WireNode<'_>) -> Option<String> {
    let path = wire.patch_path.as_text()?;
    let path = path.split_once("://").map_or(path, |(_, path)| path);
    Some(with_slashes(path.to_owned()))
}

/// dbt on Windows writes backslashes.
pub(crate) fn with_slashes(path: String) -> String {
    if path.contains('\\') {
        return path.replace('\\', "/");
    }
    path
}

fn relation(
    wire: &WireNode<'_>,
    resource_type: ResourceType,
    name: &str,
    config: &Config,
) -> Option<NodeRelation> {
    if !resource_type.is_relation() {
        return None;
    }
    let identifier = match resource_type {
        ResourceType::Source => &wire.identifier,
        _ => &wire.alias,
    };
    let is_ephemeral = config.values.get("materialized").and_then(Value::as_str) == Some("ephemeral");
    let rendered = text(&wire.relation_name).filter(|_| !is_ephemeral);
    let declared = RelationName::new(
        wire.database.as_text(),
        wire.schema.as_text(),
        identifier.as_text().unwrap_or(name),
    );
    // An entry without a schema says where it lives in `relation_name` alone.
    let from_rendered = rendered
        .as_deref()
        .filter(|_| declared.schema.is_none())
        .and_then(|rendered| RelationName::from_parts(&split_name(rendered)));
    Some(NodeRelation {
        name: from_rendered.unwrap_or(declared),
        rendered,
    })
}

/// The tags that dbt selects by: the entry's own, even when there are none and its config has some (a
/// metric's are not taken over by dbt 1.11); of an entry that has no such field, a unit test, those of the
/// config.
fn tags(wire: &WireNode<'_>, resource_type: ResourceType, config: &Config) -> Vec<String> {
    let mut tags = match &wire.tags {
        Some(Texts(tags)) if !tags.is_empty() || resource_type != ResourceType::UnitTest => tags.clone(),
        // A semantic model's config may hold anything, but dbt knows no tags of it.
        _ if resource_type == ResourceType::SemanticModel => Vec::new(),
        _ => config.tags.clone(),
    };
    tags.sort();
    tags.dedup();
    tags
}

/// Reads the top level's `meta`; empty when it is no map.
pub(crate) fn parse_meta(raw: Option<&RawValue>) -> Result<Map<String, Value>, serde_json::Error> {
    match raw.map(RawValue::get) {
        None | Some("{}" | "null") => Ok(Map::new()),
        Some(json) => Ok(serde_json::from_str::<Object>(json)?.0),
    }
}

/// The top level's `meta` under `config.meta`, which is where it belongs since dbt 1.10.
fn merged_meta(mut meta: Map<String, Value>, config: &Config) -> Map<String, Value> {
    if let Some(own) = config.meta() {
        meta.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    meta
}

fn columns(wire: &WireNode<'_>) -> Vec<Column> {
    wire.columns
        .0
        .iter()
        .map(|(key, column)| Column {
            name: text(&column.name).unwrap_or_else(|| key.to_string()),
            data_type: text(&column.data_type),
            description: text(&column.description),
        })
        .filter(|column| !column.name.is_empty())
        .collect()
}

fn test(
    wire: &WireNode<'_>,
    resource_type: ResourceType,
    config: &Config,
    depends_on: &[NodeId],
) -> Option<TestInfo> {
    let metadata = wire.test_metadata.as_ref().map(|metadata| &metadata.0);
    let kind = match (resource_type, metadata) {
        (ResourceType::UnitTest, _) => TestKind::Unit,
        (ResourceType::Test, Some(_)) => TestKind::Generic,
        (ResourceType::Test, None) => TestKind::Singular,
        _ => return None,
    };
    // Before dbt 1.5 a test does not name its node: with one thing to read, it can only be that.
    let only_one = match (kind, depends_on) {
        (TestKind::Generic, [only]) | (TestKind::Unit, [only, ..]) => Some(only.clone()),
        _ => None,
    };
    Some(TestInfo {
        kind,
        name: metadata.and_then(|metadata| text(&metadata.name)),
        namespace: metadata.and_then(|metadata| text(&metadata.namespace)),
        attached_node: text(&wire.attached_node)
            .or_else(|| text(&wire.tested_node_unique_id))
            .map(NodeId::new)
            .or(only_one),
        column: text(&wire.column_name),
        severity: config.severity,
    })
}

fn exposure(wire: &WireNode<'_>) -> ExposureInfo {
    let (owner_name, owner_email) = owner(&wire.owner.0);
    ExposureInfo {
        kind: text(&wire.kind).unwrap_or_default(),
        label: text(&wire.label),
        url: text(&wire.url),
        maturity: text(&wire.maturity),
        owner_name,
        owner_email,
    }
}

/// The owner's name and address; several addresses are joined by commas.
pub(crate) fn owner(wire: &WireOwner) -> (Option<String>, Option<String>) {
    let joined = |Texts(texts): &Texts| Some(texts.join(", ")).filter(|text| !text.is_empty());
    (joined(&wire.name), joined(&wire.email))
}

/// The limits of a source: at the top level, and since dbt 1.10 also in the config.
fn freshness(wire: &WireNode<'_>, config: &Config) -> Option<FreshnessCriteria> {
    let own = &wire.freshness.0;
    let from_config = |key: &str| {
        let limit = config.values.get("freshness")?.get(key)?;
        serde_json::from_value::<crate::manifest::wire::WirePeriod>(limit.clone())
            .ok()?
            .to_seconds()
    };
    let criteria = FreshnessCriteria {
        warn_after_seconds: own
            .warn_after
            .0
            .to_seconds()
            .or_else(|| from_config("warn_after")),
        error_after_seconds: own
            .error_after
            .0
            .to_seconds()
            .or_else(|| from_config("error_after")),
    };
    (criteria != FreshnessCriteria::default()).then_some(criteria)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str, resource_type: ResourceType) -> Node {
        let wire: WireNode = serde_json::from_str(json).unwrap();
        to_node(
            &wire,
            "model.shop.a".to_owned(),
            resource_type,
            Config::default(),
            Map::new(),
        )
    }

    #[test]
    fn paths_of_windows_have_slashes() {
        let json =
            r#"{"original_file_path": "models\\marts\\a.sql", "patch_path": "shop://models\\marts\\a.yml"}"#;
        let node = node(json, ResourceType::Model);
        assert_eq!(node.path, "models/marts/a.sql");
        assert_eq!(node.patch_path.as_deref(), Some("models/marts/a.yml"));
    }

    #[test]
    fn a_place_without_schema_is_read_from_the_relation_name() {
        let json = r#"{"alias": "ignored", "relation_name": "`proj`.`ds`.`a`"}"#;
        let relation = node(json, ResourceType::Model).relation.unwrap();
        assert_eq!(relation.name.to_string(), "proj.ds.a");
        let json = r#"{"schema": "ds", "alias": "a", "relation_name": "ds.a"}"#;
        let relation = node(json, ResourceType::Seed).relation.unwrap();
        assert_eq!(relation.name.to_string(), "ds.a");
        assert_eq!(node(json, ResourceType::Test).relation, None);
    }

    #[test]
    fn what_is_missing_is_taken_from_the_id() {
        let model = node("{}", ResourceType::Model);
        assert_eq!((model.package.as_str(), model.name.as_str()), ("shop", "a"));
        assert_eq!(model.fqn, ["shop", "a"]);
        let source = node(r#"{"source_name": "raw"}"#, ResourceType::Source);
        assert_eq!(source.fqn, ["shop", "raw", "a"]);
    }

    #[test]
    fn several_addresses_of_an_owner_are_joined() {
        let json =
            r#"{"type": "dashboard", "owner": {"name": null, "email": ["a@x.example", "b@x.example"]}}"#;
        let info = node(json, ResourceType::Exposure).exposure.unwrap();
        assert_eq!(info.owner_name, None);
        assert_eq!(info.owner_email.as_deref(), Some("a@x.example, b@x.example"));
    }

    #[test]
    fn seeds_read_nothing() {
        let json = r#"{"depends_on": {"nodes": ["model.shop.x"]}}"#;
        assert_eq!(node(json, ResourceType::Seed).depends_on, []);
        assert_eq!(node(json, ResourceType::Model).depends_on.len(), 1);
    }
}
