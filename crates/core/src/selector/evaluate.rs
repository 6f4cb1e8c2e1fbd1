//! From a [`Selector`] to the nodes it selects.

use std::collections::BTreeSet;

use super::error::SelectorError;
use super::matching::find;
use super::parse::{Criterion, Intersection, Reach, Selector};
use super::universe::Universe;
use crate::graph::{Direction, NodeSet};
use crate::id::NodeId;
use crate::project::ResourceType;

/// Evaluates a selection as `dbt ls --select … --exclude …` does, with dbt's default ("eager") indirect selection: a test
/// is selected, and excluded, with any of the nodes that it tests. Without a word to select by, everything is selected; of
/// `exclude`, all words are taken out. Disabled nodes, analyses and operations are never selected.
///
/// # Errors
/// A method that needs what the universe does not have: an earlier manifest, run results, freshness.
pub fn select(
    selector: &Selector,
    exclude: Option<&Selector>,
    universe: &Universe<'_>,
) -> Result<BTreeSet<NodeId>, SelectorError> {
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
    Ok(selected
        .iter()
        .map(|position| universe.graph().ids()[position].clone())
        .collect())
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
