//! Judging every resource at once.

use chrono::{DateTime, Utc};

use super::scene::Scene;
use super::state::Health;
use super::{exposure, model, source};
use crate::graph::Graph;
use crate::history::NodeStates;
use crate::project::{Node, ResourceType};

/// What is judged, and by what.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What reads what, automatic exposures included.
    pub graph: &'a Graph,
    /// The nodes, by the graph's positions. A position without a node is not judged.
    pub nodes: &'a [Option<&'a Node>],
    /// How each node ended last.
    pub states: &'a NodeStates,
    /// The moment for which it is judged.
    pub now: DateTime<Utc>,
}

/// Whether a rule judges resources of a kind. Of other kinds the health is unknown, without reasons.
pub const fn is_judged(kind: ResourceType) -> bool {
    kind.is_relation()
        || matches!(
            kind,
            ResourceType::Exposure | ResourceType::Test | ResourceType::UnitTest
        )
}

/// The health of every node, by the graph's positions.
pub fn assess(input: &Input<'_>) -> Vec<Health> {
    let scene = Scene::new(input);
    (0..input.graph.len())
        .map(|position| {
            let Some(node) = scene.node(position) else {
                return Health::default();
            };
            match node.resource_type {
                ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot => {
                    model::judge(&scene, position, node)
                }
                ResourceType::Source => source::judge(&scene, position, node),
                ResourceType::Exposure => exposure::judge(&scene, position),
                ResourceType::Test | ResourceType::UnitTest => source::judge_test(&scene, position),
                _ => Health::default(),
            }
        })
        .collect()
}
