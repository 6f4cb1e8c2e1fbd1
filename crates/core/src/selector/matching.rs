//! Which nodes a condition finds (dbt-core 1.11, `selector_methods.py`).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::condition::{Condition, StateClass, VersionClass};
use super::error::SelectorProblem;
use super::path::parent;
use super::universe::Universe;
use crate::graph::NodeSet;
use crate::project::{Node, ResourceType, TestInfo, TestKind};
use crate::run::SourceFreshness;

/// The positions of the nodes that the condition finds, without any relatives.
pub(super) fn find(condition: &Condition, universe: &Universe<'_>) -> Result<NodeSet, SelectorProblem> {
    let by_node = |claim: &dyn Fn(&Node) -> bool| Ok(universe.filter(|member| claim(member.node)));
    let of_kind = |node: &Node, kind: ResourceType| node.resource_type == kind;
    match condition {
        Condition::Fqn(pattern) => by_node(&|node| {
            let is_versioned = of_kind(node, ResourceType::Model) && node.version.is_some();
            !of_kind(node, ResourceType::Source) && pattern.matches(&node.fqn, is_versioned)
        }),
        Condition::Tag(pattern) => by_node(&|node| node.tags.iter().any(|tag| pattern.matches(tag))),
        Condition::Group(pattern) => by_node(&|node| {
            (is_in_nodes(node) || of_kind(node, ResourceType::Metric))
                && node.group.as_deref().is_some_and(|group| pattern.matches(group))
        }),
        Condition::Access(access) => by_node(&|node| {
            of_kind(node, ResourceType::Model) && node.access.as_deref() == Some(access.as_str())
        }),
        Condition::Source {
            package,
            source,
            table,
        } => by_node(&|node| {
            of_kind(node, ResourceType::Source)
                && package.matches(&node.package)
                && source.matches(node.source_name.as_deref().unwrap_or_default())
                && table.matches(&node.name)
        }),
        Condition::Path(pattern) => {
            let found: HashMap<_, HashSet<&str>> = universe
                .find_paths(pattern)
                .into_iter()
                .map(|(project, paths)| (project, paths.into_iter().collect()))
                .collect();
            Ok(universe.filter(|member| {
                found
                    .get(&member.project)
                    .is_some_and(|found| is_at(member.node, found))
            }))
        }
        Condition::File(pattern) => by_node(&|node| {
            let name = node.path.rsplit('/').next().unwrap_or_default();
            !name.is_empty() && (pattern.matches(name) || pattern.matches(stem(name)))
        }),
        Condition::PackageThis => {
            Ok(universe.filter(|member| universe.root_package(member) == Some(member.node.package.as_str())))
        }
        Condition::Package(pattern) => by_node(&|node| pattern.matches(&node.package)),
        Condition::Config { keys, value } => by_node(&|node| {
            (is_in_nodes(node) || of_kind(node, ResourceType::Source)) && has_config(node, keys, value)
        }),
        Condition::TestName(pattern) => by_node(&|node| match &node.test {
            Some(TestInfo {
                kind: TestKind::Unit, ..
            }) => pattern.matches(&node.name),
            Some(TestInfo { name: Some(name), .. }) => pattern.matches(name),
            _ => false,
        }),
        Condition::TestType(kinds) => {
            by_node(&|node| node.test.as_ref().is_some_and(|test| kinds.contains(&test.kind)))
        }
        Condition::ResourceType(kind) => by_node(&|node| Some(node.resource_type) == *kind),
        Condition::Named { kind, package, name } => by_node(&|node| {
            of_kind(node, *kind) && package.matches(&node.package) && name.matches(&node.name)
        }),
        Condition::Version(class) => {
            by_node(&|node| of_kind(node, ResourceType::Model) && is_of_version(node, *class))
        }
        Condition::State(class) => {
            let previous = universe.previous.ok_or(SelectorProblem::NoComparison)?;
            let was_there = |node: &Node| previous.find(node.unique_id.as_str()).is_some();
            match class {
                StateClass::New => by_node(&|node| !was_there(node)),
                StateClass::Old => by_node(&was_there),
                StateClass::Contents => Err(SelectorProblem::UnsupportedComparison),
            }
        }
        Condition::Result(status) => {
            let run = universe.run_results.ok_or(SelectorProblem::NoRunResults)?;
            let ended_so: HashSet<&str> = run
                .results
                .iter()
                .filter(|result| result.status.name() == status)
                .map(|result| result.unique_id.as_str())
                .collect();
            by_node(&|node| ended_so.contains(node.unique_id.as_str()))
        }
        Condition::SourceStatus { is_fresher } => {
            let (previous, current) = universe.freshness.ok_or(SelectorProblem::NoFreshness)?;
            let fresher = fresher_sources(previous, current);
            by_node(&|node| *is_fresher && fresher.contains(node.unique_id.as_str()))
        }
    }
}

/// Whether the node stands in the manifest's section `nodes`.
fn is_in_nodes(node: &Node) -> bool {
    matches!(
        node.resource_type,
        ResourceType::Model
            | ResourceType::Seed
            | ResourceType::Snapshot
            | ResourceType::Test
            | ResourceType::Analysis
            | ResourceType::Operation
            | ResourceType::SqlOperation
    )
}

/// Whether the node's file, its YAML, or a directory above its file was found.
fn is_at(node: &Node, found: &HashSet<&str>) -> bool {
    if node
        .patch_path
        .as_deref()
        .is_some_and(|path| found.contains(path))
    {
        return true;
    }
    let mut path = Some(node.path.as_str()).filter(|path| !path.is_empty());
    while let Some(current) = path {
        if found.contains(current) {
            return true;
        }
        path = parent(current);
    }
    false
}

/// A file's name without its last ending; a leading dot is no ending.
fn stem(name: &str) -> &str {
    match name.rfind('.') {
        Some(at) if at > 0 && at + 1 < name.len() => &name[..at],
        _ => name,
    }
}

/// Follows the keys into the configuration and compares what stands there. A text must be equal, a list must
/// hold an equal text; `true` and `false` also mean the truth values. Numbers are equal to no text.
fn has_config(node: &Node, keys: &[String], wanted: &str) -> bool {
    let Some((first, rest)) = keys.split_first() else {
        return false;
    };
    let Some(value) = rest
        .iter()
        .try_fold(node.config.get(first), |value, key| match value {
            Some(Value::Object(map)) => Some(map.get(key)),
            _ => None,
        })
        .flatten()
    else {
        return false;
    };
    let ignores_case = keys.len() == 1 && first == "severity";
    let is_equal = |value: &Value| match value {
        Value::String(text) if ignores_case => text.eq_ignore_ascii_case(wanted),
        Value::String(text) => text == wanted,
        Value::Bool(true) => wanted.eq_ignore_ascii_case("true"),
        Value::Bool(false) => wanted.eq_ignore_ascii_case("false"),
        _ => false,
    };
    match value {
        Value::Array(list) => list.iter().any(is_equal),
        other => is_equal(other),
    }
}

fn is_of_version(node: &Node, class: VersionClass) -> bool {
    let (version, latest) = (node.version.as_deref(), node.latest_version.as_deref());
    let order = || Some(compare_versions(version?, latest?));
    match class {
        VersionClass::None => version.is_none(),
        VersionClass::Latest => order() == Some(std::cmp::Ordering::Equal),
        VersionClass::Prerelease => order() == Some(std::cmp::Ordering::Greater),
        VersionClass::Old => order() == Some(std::cmp::Ordering::Less),
    }
}

/// As numbers when both are, else as texts.
fn compare_versions(left: &str, right: &str) -> std::cmp::Ordering {
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.partial_cmp(&right).unwrap_or(std::cmp::Ordering::Equal),
        _ => left.cmp(right),
    }
}

/// The sources whose newest row is newer than at the check before, or that were not checked then.
fn fresher_sources<'f>(previous: &'f SourceFreshness, current: &'f SourceFreshness) -> HashSet<&'f str> {
    let before: HashMap<&str, _> = previous
        .results
        .iter()
        .filter_map(|result| Some((result.unique_id.as_str(), result.max_loaded_at?)))
        .collect();
    current
        .results
        .iter()
        .filter_map(|result| Some((result.unique_id.as_str(), result.max_loaded_at?)))
        .filter(|(id, loaded)| before.get(id).is_none_or(|before| loaded > before))
        .map(|(id, _)| id)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{DateTime, TimeZone, Utc};
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::id::NodeId;
    use crate::project::FreshnessCriteria;
    use crate::run::{FreshnessResult, RunStatus};

    fn with_config(config: &Value) -> Node {
        Node {
            config: Arc::new(config.as_object().cloned().unwrap_or_default()),
            ..Node::default()
        }
    }

    #[rstest]
    #[case("materialized", "table", true)]
    #[case("materialized", "TABLE", false)]
    #[case("severity", "Warn", true)]
    #[case("enabled", "True", true)]
    #[case("enabled", "false", false)]
    #[case("tags", "nightly", true)]
    #[case("tags", "night*", false)]
    #[case("meta.owner", "ann", true)]
    #[case("meta.flags", "TRUE", true)]
    #[case("meta.hours", "6", false)]
    #[case("meta.none", "x", false)]
    #[case("materialized.deeper", "table", false)]
    #[case("", "table", false)]
    fn configuration_is_compared_as_dbt_does(
        #[case] keys: &str,
        #[case] value: &str,
        #[case] expected: bool,
    ) {
        let node = with_config(&json!({
            "materialized": "table",
            "severity": "WARN",
            "enabled": true,
            "tags": ["daily", "nightly"],
            "meta": {"owner": "ann", "flags": [false, true], "hours": 6},
        }));
        let keys: Vec<String> = keys
            .split('.')
            .filter(|key| !key.is_empty())
            .map(str::to_owned)
            .collect();
        assert_eq!(has_config(&node, &keys, value), expected);
    }

    #[rstest]
    #[case("1", "2", VersionClass::Old)]
    #[case("10", "9", VersionClass::Prerelease)]
    #[case("1.0", "1", VersionClass::Latest)]
    #[case("b", "a", VersionClass::Prerelease)]
    fn versions_compare_as_numbers_or_as_text(
        #[case] version: &str,
        #[case] latest: &str,
        #[case] expected: VersionClass,
    ) {
        let node = Node {
            version: Some(version.to_owned()),
            latest_version: Some(latest.to_owned()),
            ..Node::default()
        };
        for class in [VersionClass::Old, VersionClass::Prerelease, VersionClass::Latest] {
            assert_eq!(is_of_version(&node, class), class == expected);
        }
        assert!(is_of_version(&Node::default(), VersionClass::None));
    }

    #[rstest]
    #[case("orders.sql", "orders")]
    #[case("orders.v1.sql", "orders.v1")]
    #[case(".hidden", ".hidden")]
    #[case("plain", "plain")]
    #[case("dot.", "dot.")]
    fn stems_are_those_of_pythons_paths(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(stem(name), expected);
    }

    #[test]
    fn a_source_is_fresher_with_newer_rows_or_when_it_was_not_checked_before() {
        let instant = |day: u32| Utc.with_ymd_and_hms(2026, 1, day, 0, 0, 0).single();
        let checked = |results: &[(&str, Option<DateTime<Utc>>)]| SourceFreshness {
            results: results
                .iter()
                .map(|&(id, max_loaded_at)| FreshnessResult {
                    unique_id: NodeId::from(id),
                    status: RunStatus::Pass,
                    max_loaded_at,
                    snapshotted_at: None,
                    age_seconds: None,
                    criteria: FreshnessCriteria::default(),
                    error: None,
                })
                .collect(),
            ..SourceFreshness::default()
        };
        let before = checked(&[
            ("same", instant(1)),
            ("newer", instant(1)),
            ("failed", instant(1)),
        ]);
        let after = checked(&[
            ("same", instant(1)),
            ("newer", instant(2)),
            ("first", instant(1)),
            ("failed", None),
        ]);
        let mut fresher: Vec<_> = fresher_sources(&before, &after).into_iter().collect();
        fresher.sort_unstable();
        assert_eq!(fresher, ["first", "newer"]);
    }
}
