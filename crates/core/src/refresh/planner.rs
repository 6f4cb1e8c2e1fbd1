//! The planner: targets, nodes and tests by position, built once for any number of questions.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::build_state::BuildState;
use super::candidate::{Candidate, Waiver};
use super::decision::Decision;
use super::plan::RefreshPlan;
use super::target::{Target, TargetId};
use super::verdict::Scene;
use crate::graph::{Adjacency, Graph};
use crate::health::tested_nodes;
use crate::id::NodeId;
use crate::project::{Node, ResourceType, Severity};

/// What a node is to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// dbt writes its data.
    Written,
    /// It has no data of its own: a view, an ephemeral model, a metric. It is as new as what it reads.
    PassedThrough,
    /// Others write its data.
    Source,
    /// A test whose failure is an error.
    ErrorTest,
    /// Anything else, tests that only warn among it.
    Other,
}

/// Decides of targets. See the [module](super) for the rules in words, `docs/orchestrate.md` for people.
#[derive(Debug, Clone)]
pub struct Planner {
    /// Sorted by id, each once.
    pub(super) candidates: Vec<Candidate>,
    pub(super) waiver: Waiver,
    pub(super) graph: Graph,
    /// By the graph's positions.
    pub(super) roles: Vec<Role>,
    /// By candidate, the positions of what it reads itself.
    pub(super) upstream: Adjacency,
    /// By position, the candidates that read it themselves.
    readers: Adjacency,
    /// By position, the error tests of it.
    pub(super) tests: Adjacency,
    /// By position, what an error test tests.
    pub(super) tested: Adjacency,
}

impl Planner {
    /// Indexes candidates and nodes; `nodes` goes by the graph's positions. Of two candidates with one id
    /// the first counts. Takes time in proportion to what there is.
    pub fn new(mut candidates: Vec<Candidate>, graph: &Graph, nodes: &[Option<&Node>]) -> Self {
        candidates.sort_by(|left, right| left.target.id.cmp(&right.target.id));
        candidates.dedup_by(|later, earlier| later.target.id == earlier.target.id);
        let positions: HashMap<&str, usize> = graph
            .ids()
            .iter()
            .enumerate()
            .map(|(at, id)| (id.as_str(), at))
            .collect();
        let mut upstream = Vec::new();
        for (at, candidate) in candidates.iter().enumerate() {
            let read = candidate.target.upstream.iter();
            upstream.extend(
                read.filter_map(|node| positions.get(node.as_str()))
                    .map(|&node| (at, node)),
            );
        }
        let mut roles = vec![Role::Other; graph.len()];
        let mut tested = Vec::new();
        for (position, role) in roles.iter_mut().enumerate() {
            let Some(node) = nodes.get(position).copied().flatten() else {
                continue;
            };
            *role = role_of(node);
            if *role == Role::ErrorTest {
                let of = tested_nodes(node).iter();
                tested.extend(
                    of.filter_map(|node| positions.get(node.as_str()))
                        .map(|&node| (position, node)),
                );
            }
        }
        let turned = |edges: &[(usize, usize)]| edges.iter().map(|&(from, to)| (to, from)).collect();
        Self {
            waiver: Waiver::default(),
            roles,
            readers: Adjacency::new(graph.len(), turned(&upstream)),
            upstream: Adjacency::new(candidates.len(), upstream),
            tests: Adjacency::new(graph.len(), turned(&tested)),
            tested: Adjacency::new(graph.len(), tested),
            graph: graph.clone(),
            candidates,
        }
    }

    /// Lets a person's word stand above some rules, for all targets.
    #[must_use]
    pub fn waiving(mut self, waiver: Waiver) -> Self {
        self.waiver = waiver;
        self
    }

    /// The targets, sorted by id.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.candidates.iter().map(|candidate| &candidate.target)
    }

    /// Looks a target up with its policy.
    pub fn find(&self, target: &TargetId) -> Option<&Candidate> {
        let at = self.place(target)?;
        self.candidates.get(at)
    }

    /// Decides of every target. For many targets this is far cheaper than asking for each.
    pub fn plan(&self, build: &BuildState, now: DateTime<Utc>) -> RefreshPlan {
        let mut scene = Scene::new(self, build, now);
        let decisions = (0..self.candidates.len()).map(|at| self.decision(&mut scene, at));
        RefreshPlan {
            ignores_interval: self.waiver.timing,
            ..RefreshPlan::new(decisions.collect())
        }
    }

    /// Decides of one target, by the same rules; `None` for one that is not among the candidates. Looks only
    /// at what the target stands on.
    pub fn decide(&self, target: &TargetId, build: &BuildState, now: DateTime<Utc>) -> Option<Decision> {
        let at = self.place(target)?;
        Some(self.decision(&mut Scene::new(self, build, now), at))
    }

    /// Decides of some targets, in their order, without those that are not among the candidates. Cheaper than
    /// asking for each when they stand on the same nodes.
    pub fn decide_each<'t>(
        &self,
        targets: impl IntoIterator<Item = &'t TargetId>,
        build: &BuildState,
        now: DateTime<Utc>,
    ) -> Vec<Decision> {
        let mut scene = Scene::new(self, build, now);
        let places = targets.into_iter().filter_map(|target| self.place(target));
        places.map(|at| self.decision(&mut scene, at)).collect()
    }

    /// The targets that the end of a node or test may decide, sorted by id.
    pub fn standing_on(&self, node: &NodeId) -> Vec<&TargetId> {
        let Some(position) = self.graph.position(node.as_str()) else {
            return Vec::new();
        };
        let mut seen = HashSet::from([position]);
        let mut waiting = vec![position];
        let mut found = BTreeSet::new();
        while let Some(position) = waiting.pop() {
            found.extend(self.readers.of(position));
            let through = self.graph.children(position).iter().copied();
            let through = through.filter(|&child| self.roles[child] == Role::PassedThrough);
            let tested = self.tested.of(position).iter().copied();
            waiting.extend(through.chain(tested).filter(|&next| seen.insert(next)));
        }
        found
            .into_iter()
            .map(|&at| &self.candidates[at].target.id)
            .collect()
    }

    fn place(&self, target: &TargetId) -> Option<usize> {
        self.candidates
            .binary_search_by(|candidate| candidate.target.id.cmp(target))
            .ok()
    }

    fn decision(&self, scene: &mut Scene<'_>, at: usize) -> Decision {
        let target = &self.candidates[at].target;
        Decision {
            target: target.id.clone(),
            name: target.name.clone(),
            verdict: scene.verdict(at),
        }
    }
}

fn role_of(node: &Node) -> Role {
    match node.resource_type {
        ResourceType::Model => match node.materialized() {
            Some("view" | "ephemeral") => Role::PassedThrough,
            _ => Role::Written,
        },
        ResourceType::Seed | ResourceType::Snapshot | ResourceType::Function => Role::Written,
        ResourceType::Source => Role::Source,
        ResourceType::Metric
        | ResourceType::SemanticModel
        | ResourceType::SavedQuery
        | ResourceType::Analysis => Role::PassedThrough,
        ResourceType::Test | ResourceType::UnitTest => match &node.test {
            Some(test) if test.severity == Severity::Warn => Role::Other,
            _ => Role::ErrorTest,
        },
        ResourceType::Exposure | ResourceType::Operation | ResourceType::SqlOperation => Role::Other,
    }
}
