//! What the rules ask: every node's verdicts, its tests, and the sources upstream, prepared once for all.

use chrono::{DateTime, Utc};

use super::assess::Input;
use super::upstream::{Checked, Upstream, upstream};
use super::verdict::{self, BuildVerdict, FreshnessVerdict, TestVerdict};
use crate::history::NodeState;
use crate::id::NodeId;
use crate::project::{Node, ResourceType};

/// How far back the cause of a skipped build is looked for.
const LONGEST_SEARCH: usize = 100;

pub struct Scene<'a> {
    input: &'a Input<'a>,
    states: Vec<Option<&'a NodeState>>,
    builds: Vec<Option<BuildVerdict>>,
    tests: Vec<Vec<usize>>,
    upstream: Vec<Upstream>,
}

/// The nodes that a test tests: the one on which it is declared, else all that it reads. Of a
/// relationship that does not hold, the model that declares it is at fault, not the one it points to.
pub fn tested_nodes(test: &Node) -> &[NodeId] {
    let attached = test.test.as_ref().and_then(|test| test.attached_node.as_ref());
    attached.map_or(&test.depends_on, std::slice::from_ref)
}

impl<'a> Scene<'a> {
    pub fn new(input: &'a Input<'a>) -> Self {
        let graph = input.graph;
        let mut scene = Self {
            input,
            states: graph.ids().iter().map(|id| input.states.get(id)).collect(),
            builds: vec![None; graph.len()],
            tests: vec![Vec::new(); graph.len()],
            upstream: Vec::new(),
        };
        let mut checked = Vec::new();
        for position in 0..graph.len() {
            let Some(node) = scene.node(position) else {
                continue;
            };
            match node.resource_type {
                ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot => {
                    let verdict = verdict::build(node, scene.states[position], input.now);
                    scene.builds[position] = Some(verdict);
                }
                ResourceType::Source => {
                    if let Some(verdict) = scene.freshness(position) {
                        let at = scene.freshness_at(position);
                        checked.push(Checked {
                            position,
                            verdict,
                            at,
                        });
                    }
                }
                ResourceType::Test | ResourceType::UnitTest => {
                    for tested in tested_nodes(node) {
                        if let Some(tested) = graph.position(tested.as_str()) {
                            scene.tests[tested].push(position);
                        }
                    }
                }
                _ => {}
            }
        }
        // A source is judged by its own check, a seed reads nothing.
        scene.upstream = upstream(graph, checked, |position| {
            scene.node(position).is_some_and(|node| {
                matches!(
                    node.resource_type,
                    ResourceType::Model | ResourceType::Snapshot | ResourceType::Exposure
                )
            })
        });
        scene
    }

    pub fn node(&self, position: usize) -> Option<&'a Node> {
        self.input.nodes.get(position).copied().flatten()
    }

    pub fn id(&self, position: usize) -> NodeId {
        self.input.graph.ids()[position].clone()
    }

    /// The name for people: of a source with its source's name, of a version with its number.
    pub fn name(&self, position: usize) -> String {
        let Some(node) = self.node(position) else {
            return self.id(position).to_string();
        };
        if let Some(source) = &node.source_name {
            return format!("{source}.{}", node.name);
        }
        if let Some(version) = &node.version {
            return format!("{}.v{version}", node.name);
        }
        let label = node.exposure.as_ref().and_then(|exposure| exposure.label.clone());
        label
            .into_iter()
            .chain([node.name.clone()])
            .find(|name| !name.trim().is_empty())
            .unwrap_or_else(|| node.unique_id.to_string())
    }

    /// How its last build ended, of kinds that are built.
    pub fn build(&self, position: usize) -> Option<BuildVerdict> {
        self.builds.get(position).copied().flatten()
    }

    pub fn build_at(&self, position: usize) -> Option<DateTime<Utc>> {
        self.states[position]?.build.as_ref()?.at
    }

    pub fn test(&self, position: usize) -> TestVerdict {
        verdict::test(self.states[position])
    }

    pub fn test_at(&self, position: usize) -> Option<DateTime<Utc>> {
        self.states[position]?.test.as_ref()?.at
    }

    /// The word with which its last build, test or check ended.
    pub fn status(&self, position: usize) -> Option<&'a str> {
        let state = self.states[position]?;
        let run = state.build.as_ref().or(state.test.as_ref());
        run.map(|last| last.status.name())
            .or_else(|| state.freshness.as_ref().map(|last| last.status.name()))
    }

    pub fn freshness(&self, position: usize) -> Option<FreshnessVerdict> {
        verdict::freshness(self.node(position)?, self.states[position], self.input.now)
    }

    pub fn freshness_at(&self, position: usize) -> Option<DateTime<Utc>> {
        self.states[position]?.freshness.as_ref()?.at
    }

    /// Whether any check of its freshness is known.
    pub fn is_checked(&self, position: usize) -> bool {
        self.states[position].is_some_and(|state| state.freshness.is_some())
    }

    /// The enabled tests of a node.
    pub fn tests(&self, position: usize) -> &[usize] {
        &self.tests[position]
    }

    /// Whether a test belongs to several nodes.
    pub fn is_shared(&self, test: usize) -> bool {
        self.node(test).is_some_and(|test| tested_nodes(test).len() > 1)
    }

    /// The sources upstream that configure their freshness.
    pub fn upstream(&self, position: usize) -> &Upstream {
        &self.upstream[position]
    }

    /// What an exposure stands on: the models, seeds, snapshots and sources that it reads, directly or
    /// through what has no relation of its own. An ephemeral model is among them, with what it reads.
    pub fn stands_on(&self, position: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut waiting: Vec<usize> = self.input.graph.parents(position).to_vec();
        let mut at = 0;
        while let Some(&parent) = waiting.get(at) {
            at += 1;
            let Some(node) = self.node(parent) else {
                continue;
            };
            let is_passed_through = matches!(
                node.resource_type,
                ResourceType::Metric
                    | ResourceType::SemanticModel
                    | ResourceType::SavedQuery
                    | ResourceType::Exposure
            ) || node.is_ephemeral();
            if node.resource_type.is_relation() {
                found.push(parent);
            }
            if is_passed_through {
                for next in self.input.graph.parents(parent) {
                    if *next != position && !waiting.contains(next) {
                        waiting.push(*next);
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Why a build was skipped: the nearest nodes upstream that failed to build, or whose tests failed. May
    /// be empty: what dbt's run was told to leave out is not known.
    pub fn causes_of_skip(&self, position: usize) -> Vec<usize> {
        let mut seen = vec![position];
        let mut at = 0;
        let mut causes = Vec::new();
        while let Some(&node) = seen.get(at) {
            at += 1;
            for &parent in self.input.graph.parents(node) {
                if seen.len() >= LONGEST_SEARCH || seen.contains(&parent) {
                    continue;
                }
                let failed_test = self
                    .tests(parent)
                    .iter()
                    .copied()
                    .find(|&test| self.test(test) == TestVerdict::Failed);
                match (self.build(parent), failed_test) {
                    (Some(BuildVerdict::Failed), _) => causes.push(parent),
                    (_, Some(test)) => causes.push(test),
                    (Some(BuildVerdict::Skipped | BuildVerdict::NotBuildable), None) => seen.push(parent),
                    _ => {}
                }
            }
        }
        causes.sort_unstable();
        causes.dedup();
        causes
    }
}
