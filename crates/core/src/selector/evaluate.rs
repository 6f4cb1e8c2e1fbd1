//! From a [`Selector`] to the nodes it selects.

use std::collections::BTreeSet;

use super::error::SelectorError;
use super::matching::find;
use super::parse::{Criterion, Intersection, Reach, Selector};
use super::universe::Universe;
use crate::graph::{Direction, NodeSet};
use crate::id::NodeId;
use crate::project::ResourceType;

/// Evaluates a selection as `dbt ls --select … --exclude …` does, with dbt's default ("eager") indirect
/// selection: a test is selected, and excluded, with any of the nodes that it tests. Without a word to select
/// by, everything is selected; of `exclude`, all words are taken out. Disabled nodes, analyses and operations
/// are never selected.
///
/// # Errors
/// A method that needs what the universe does not have: an earlier manifest, run results, freshness.
pub fn select(
    selector: &Selector,
    exclude: Option<&Selector>,
    universe: &Universe<'_>,
) -> Result<BTreeSet<NodeId>, SelectorError> {
    let selected = select_set(selector, exclude, universe)?;
    Ok(selected
        .iter()
        .map(|position| universe.graph().ids()[position].clone())
        .collect())
}

/// The same as [`select`], as positions of the universe's graph.
///
/// # Errors
/// As [`select`].
pub fn select_set(
    selector: &Selector,
    exclude: Option<&Selector>,
    universe: &Universe<'_>,
) -> Result<NodeSet, SelectorError> {
    let mut selected = if selector.include.is_empty() {
        NodeSet::full(universe.graph().len())
    } else {
        union(&selector.include, universe)?
    };
    selected.subtract(&union(&selector.exclude, universe)?);
    if let Some(exclude) = exclude {
        selected.subtract(&union(&exclude.include, universe)?);
        selected.subtract(&union(&exclude.exclude, universe)?);
    }
    selected.intersect(&universe.filter(Universe::is_listed));
    Ok(selected)
}

fn union(words: &[Intersection], universe: &Universe<'_>) -> Result<NodeSet, SelectorError> {
    let mut united = NodeSet::new(universe.graph().len());
    for Intersection(criteria) in words {
        let mut common: Option<NodeSet> = None;
        for criterion in criteria {
            let nodes = expand(criterion, universe)?;
            match &mut common {
                None => common = Some(nodes),
                Some(common) => common.intersect(&nodes),
            }
        }
        if let Some(common) = common {
            united.unite(&common);
        }
    }
    Ok(united)
}

/// What the condition finds, with the relatives that the operators ask for, and the tests of all of those.
fn expand(criterion: &Criterion, universe: &Universe<'_>) -> Result<NodeSet, SelectorError> {
    let found = find(&criterion.condition, universe).map_err(|problem| criterion.place.error(problem))?;
    let graph = universe.graph();
    let mut selected = found.clone();
    if criterion.with_childrens_parents {
        selected.unite(&graph.walk(&found, Direction::Downstream, None));
        let ancestors = graph.walk(&selected, Direction::Upstream, None);
        selected.unite(&ancestors);
    }
    for (reach, direction) in [
        (criterion.parents, Direction::Upstream),
        (criterion.children, Direction::Downstream),
    ] {
        let depth = match reach {
            Reach::Nowhere => continue,
            Reach::Steps(steps) => Some(steps),
            Reach::Everywhere => None,
        };
        selected.unite(&graph.walk(&found, direction, depth));
    }
    let is_test = |position: &usize| {
        universe
            .node(*position)
            .is_some_and(|node| matches!(node.resource_type, ResourceType::Test | ResourceType::UnitTest))
    };
    let tests: Vec<usize> = selected
        .iter()
        .flat_map(|position| graph.children(position).iter().copied())
        .filter(is_test)
        .collect();
    for test in tests {
        selected.insert(test);
    }
    Ok(selected)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::id::ProjectName;
    use crate::project::{Node, Project, ProjectMetadata};
    use crate::selector::parse;

    /// `source.shop.raw.o` <- `a` <- `b` <- `c`, a second parent `d` of `c`, a test on `b` and `d`, an
    /// analysis on `c`.
    fn nodes() -> Vec<Node> {
        let node = |id: &str, depends_on: &[&str]| {
            let parts: Vec<&str> = id.split('.').collect();
            Node {
                unique_id: NodeId::from(id),
                resource_type: ResourceType::from_name(parts[0]).unwrap(),
                name: parts[parts.len() - 1].to_owned(),
                package: parts[1].to_owned(),
                fqn: parts[1..].iter().map(|&part| part.to_owned()).collect(),
                depends_on: depends_on.iter().map(|&id| id.into()).collect(),
                ..Node::default()
            }
        };
        vec![
            node("source.shop.raw.o", &[]),
            node("model.shop.a", &["source.shop.raw.o"]),
            node("model.shop.b", &["model.shop.a"]),
            node("model.shop.d", &[]),
            node("model.shop.c", &["model.shop.b", "model.shop.d"]),
            node("test.shop.t", &["model.shop.b", "model.shop.d"]),
            node("analysis.shop.n", &["model.shop.c"]),
        ]
    }

    fn selected(select_text: &str, exclude: Option<&str>) -> String {
        let metadata = ProjectMetadata {
            package: "shop".to_owned(),
            ..ProjectMetadata::default()
        };
        let project = Project::new(ProjectName::new("shop"), metadata, nodes(), Vec::new());
        let exposure = Node {
            unique_id: "exposure.shop.e".into(),
            resource_type: ResourceType::Exposure,
            name: "e".to_owned(),
            package: "shop".to_owned(),
            fqn: vec!["shop".to_owned(), "e".to_owned()],
            depends_on: vec!["model.shop.c".into()],
            ..Node::default()
        };
        let universe = Universe::new([&project], [&exposure]);
        let exclude = exclude.map(|text| parse(text).unwrap());
        let ids = select(&parse(select_text).unwrap(), exclude.as_ref(), &universe).unwrap();
        let names: Vec<_> = ids
            .iter()
            .map(|id| id.as_str().rsplit('.').next().unwrap_or_default())
            .collect();
        names.join(" ")
    }

    #[rstest]
    #[case("a", "a")]
    #[case("b", "b t")]
    #[case("+b", "a b o t")]
    #[case("1+b", "a b t")]
    #[case("b+", "e b c t")]
    #[case("+exposure:e", "e a b c d o t")]
    #[case("@d", "e a b c d o t")]
    #[case("b,d", "t")]
    #[case("a d", "a d t")]
    #[case("c+1,exposure:*", "e")]
    #[case("c+", "e c")]
    #[case("resource_type:analysis", "")]
    #[case("b+ --exclude d", "e b c")]
    #[case("", "e a b c d o t")]
    #[case("package:this", "e a b c d o t")]
    fn selections_are_those_of_dbt(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(selected(text, None), expected);
    }

    #[test]
    fn an_exclusion_of_its_own_takes_out_all_its_words() {
        assert_eq!(selected("", Some("+b e")), "c d");
        assert_eq!(selected("a c", Some("--exclude c")), "a");
        assert_eq!(selected("a c", Some("")), "a c");
    }

    #[rstest]
    #[case("state:new", "TW-SELECTOR-STATE")]
    #[case("result:error", "TW-SELECTOR-RESULT")]
    #[case("a source_status:fresher", "TW-SELECTOR-FRESHNESS")]
    fn what_is_missing_is_named(#[case] text: &str, #[case] code: &str) {
        let error = select(&parse(text).unwrap(), None, &Universe::new([], [])).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(text.ends_with(&error.part));
    }
}
