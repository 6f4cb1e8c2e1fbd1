//! Parts of a selector that find nothing, and what may have been meant.
//!
//! dbt only warns of them. Somebody at a search box wants to know which word it is and how it is spelt.

use std::collections::BTreeSet;

use super::boxes::bare;
use super::condition::Condition;
use super::error::{SelectorError, SelectorProblem};
use super::matching::find;
use super::parse::{Criterion, Selector};
use super::universe::Universe;
use crate::graph::NodeSet;
use crate::project::{Node, ResourceType};

/// For more parts than this nobody reads what may have been meant.
const MOST_SUGGESTIONS: usize = 20;

/// The parts that find nothing, each as an error with its place and the nearest name, in the order of the
/// text. Parts that need what the universe does not have are left to [`super::select`].
pub fn parts_that_find_nothing(selector: &Selector, universe: &Universe<'_>) -> Vec<SelectorError> {
    criteria(selector)
        .filter(|criterion| find(&criterion.condition, universe).is_ok_and(|found| found.is_empty()))
        .enumerate()
        .map(|(number, criterion)| {
            // Comparing a word with all names is much more work than looking for it.
            let nearest = (number < MOST_SUGGESTIONS)
                .then(|| nearest(criterion, universe))
                .flatten();
            criterion.place.error(SelectorProblem::FindsNothing { nearest })
        })
        .collect()
}

/// What the parts of a selector find by themselves, without relatives: where the walks begin.
pub fn starts(selector: &Selector, universe: &Universe<'_>) -> NodeSet {
    let mut all = NodeSet::new(universe.graph().len());
    for criterion in selector.include.iter().flat_map(|word| &word.0) {
        if let Ok(found) = find(&criterion.condition, universe) {
            all.unite(&found);
        }
    }
    all
}

fn criteria(selector: &Selector) -> impl Iterator<Item = &Criterion> {
    let words = selector.include.iter().chain(&selector.exclude);
    words.flat_map(|word| &word.0)
}

/// The word that is most like the one written, with its method.
fn nearest(criterion: &Criterion, universe: &Universe<'_>) -> Option<String> {
    let nodes = (0..universe.graph().len()).filter_map(|position| universe.node(position));
    let written = bare(criterion);
    let value = written.split_once(':').map_or(written, |(_, value)| value);
    match &criterion.condition {
        Condition::Fqn(_) => {
            let nodes: Vec<&Node> = nodes.collect();
            elsewhere(value, &nodes).or_else(|| {
                let names = nodes.iter().map(|node| node.name.as_str());
                most_like(value, names).map(str::to_owned)
            })
        }
        Condition::Tag(_) => {
            let tags = nodes.flat_map(|node| node.tags.iter().map(String::as_str));
            most_like(value, tags).map(|tag| format!("tag:{tag}"))
        }
        Condition::Group(_) => {
            let groups = nodes.filter_map(|node| node.group.as_deref());
            most_like(value, groups).map(|group| format!("group:{group}"))
        }
        Condition::Package(_) => {
            let packages = nodes.map(|node| node.package.as_str());
            most_like(value, packages).map(|package| format!("package:{package}"))
        }
        Condition::Source { .. } => {
            let names: Vec<String> = nodes
                .filter(|node| node.resource_type == ResourceType::Source)
                .flat_map(|node| {
                    let source = node.source_name.clone().unwrap_or_default();
                    [format!("{source}.{}", node.name), source]
                })
                .collect();
            most_like(value, names.iter().map(String::as_str)).map(|name| format!("source:{name}"))
        }
        Condition::Named { kind, .. } => {
            let names = nodes.filter(|node| node.resource_type == *kind);
            most_like(value, names.map(|node| node.name.as_str()))
                .map(|name| format!("{}:{name}", kind.name()))
        }
        _ => None,
    }
}

/// A bare word that is the name of something which bare words do not find: a source's table, a tag, a
/// dashboard by its name for people.
fn elsewhere(value: &str, nodes: &[&Node]) -> Option<String> {
    let is_same = |name: &str| name.eq_ignore_ascii_case(value);
    nodes.iter().find_map(|node| {
        if node.resource_type == ResourceType::Source && is_same(&node.name) {
            let source = node.source_name.as_deref().unwrap_or_default();
            return Some(format!("source:{source}.{}", node.name));
        }
        let label = node
            .exposure
            .as_ref()
            .and_then(|exposure| exposure.label.as_deref());
        if label.is_some_and(is_same) {
            return Some(format!("exposure:{}", node.name));
        }
        let tag = node.tags.iter().find(|tag| is_same(tag))?;
        Some(format!("tag:{tag}"))
    })
}

/// The candidate that is most like the text, when one is like enough to be meant; of equals the first in
/// order.
pub(crate) fn most_like<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_lowercase();
    let length = lower.chars().count();
    // Comparing takes time with the square of the lengths.
    if length > 200 {
        return None;
    }
    let near = 2.max(length / 3);
    let candidates: BTreeSet<&str> = candidates.collect();
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= near)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|&(distance, _)| distance <= near && distance < length)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::id::NodeId;
    use crate::selector::parse;

    fn nodes() -> Vec<Node> {
        let node = |kind: ResourceType, name: &str| Node {
            unique_id: NodeId::new(format!("{kind}.shop.{name}")),
            resource_type: kind,
            name: name.to_owned(),
            package: "shop".to_owned(),
            fqn: vec!["shop".to_owned(), name.to_owned()],
            ..Node::default()
        };
        let mut nodes = vec![
            node(ResourceType::Model, "fct_orders"),
            node(ResourceType::Exposure, "weekly"),
            node(ResourceType::Source, "customers"),
        ];
        nodes[0].tags = vec!["nightly".to_owned()];
        nodes[2].source_name = Some("raw".to_owned());
        nodes
    }

    #[rstest]
    #[case("fct_ordes", "fct_orders", 1)]
    #[case("+fct_orders tag:nigthly+", "tag:nightly", 13)]
    #[case("customers", "source:raw.customers", 1)]
    #[case("nightly", "tag:nightly", 1)]
    #[case("exposure:wekly", "exposure:weekly", 1)]
    #[case("fct_orders --exclude source:rav", "source:raw", 22)]
    #[case("package:shpo", "package:shop", 1)]
    fn the_nearest_name_is_offered(#[case] text: &str, #[case] expected: &str, #[case] column: usize) {
        let nodes = nodes();
        let found = parts_that_find_nothing(&parse(text).unwrap(), &Universe::new([], &nodes));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].column, column);
        assert_eq!(found[0].code(), "TW-SELECTOR-NOTHING");
        assert_eq!(found[0].hint(), Some(format!("Did you mean `{expected}`?")));
    }

    #[test]
    fn hostile_words_are_answered_without_a_name() {
        let nodes = nodes();
        let text = format!("{} zzz tag:é😀 source:", "x".repeat(10_000));
        let found = parts_that_find_nothing(&parse(&text).unwrap(), &Universe::new([], &nodes));
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|error| error.hint().is_some()));
    }
}
