//! The rules by which one target is decided.
//!
//! What a target reads through a view is as good as read by itself, so every rule looks at the *ground* of the
//! target: the nodes that it reads, and below each one that has no data of its own, what that reads. What is
//! found on the ground below a node is kept, so that a view under a thousand targets is looked at once. All that is
//! kept is kept by position, and texts are touched only for what is told.

use chrono::{DateTime, Utc};

use super::build_state::{BuildState, is_failed_test};
use super::candidate::Candidate;
use super::decision::{Hold, Skip, Verdict};
use super::moment::{deadline, end_of_quiet_hours};
use super::planner::{Planner, Role};
use super::target::Refreshability;
use crate::id::NodeId;
use crate::run::RunStatus;

/// How many reasons of a kind a decision names.
const LONGEST_LIST: usize = 20;

/// What holds of a node and of the ground below it.
#[derive(Debug, Clone, Copy, Default)]
struct Ground {
    /// When data were last written there.
    written_at: Option<DateTime<Utc>>,
    /// The invocation touched something there, and that did not end well.
    is_broken: bool,
    /// An error test there found bad data.
    is_bad: bool,
    /// Something there is still to be built.
    awaits_build: bool,
    /// An error test there is still to be run.
    awaits_test: bool,
}

impl Ground {
    fn join(&mut self, other: Self) {
        self.written_at = self.written_at.max(other.written_at);
        self.is_broken |= other.is_broken;
        self.is_bad |= other.is_bad;
        self.awaits_build |= other.awaits_build;
        self.awaits_test |= other.awaits_test;
    }
}

/// One question: a planner, how the build stands, and the moment.
pub(super) struct Scene<'a> {
    planner: &'a Planner,
    build: &'a BuildState,
    now: DateTime<Utc>,
    /// By position, once asked for.
    grounds: Vec<Option<Ground>>,
    /// By position of a test, once asked for: whether it found bad data.
    failing: Vec<Option<bool>>,
    /// By position, what was built on data that a test of this invocation found bad: the test, and what it
    /// tests. Empty when there are none.
    built_on_bad: Vec<Option<(usize, usize)>>,
    /// By position, the number of the walk that came by last.
    passed: Vec<u32>,
    walks: u32,
}

/// A reason to hold, by position, in the order of [`Hold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    TestFailed(usize, usize),
    BuildFailed(usize),
    Skipped(usize),
    PartlyBuilt(usize),
}

impl<'a> Scene<'a> {
    pub fn new(planner: &'a Planner, build: &'a BuildState, now: DateTime<Utc>) -> Self {
        let count = planner.graph.len();
        let mut scene = Self {
            planner,
            build,
            now,
            grounds: vec![None; count],
            failing: vec![None; count],
            built_on_bad: Vec::new(),
            passed: vec![0; count],
            walks: 0,
        };
        scene.spread_bad_data();
        scene
    }

    pub fn verdict(&mut self, at: usize) -> Verdict {
        let planner = self.planner;
        let candidate = &planner.candidates[at];
        let waiver = planner.waiver;
        let skip = |reason| Verdict::Skip { reason };
        match candidate.target.can {
            Refreshability::Live => return skip(Skip::Live),
            Refreshability::File => return not_refreshable("its extract was made of a file"),
            Refreshability::VirtualConnection => {
                return not_refreshable(
                    "its data come from a virtual connection, which is refreshed elsewhere",
                );
            }
            Refreshability::Hidden => {
                return not_refreshable("the token's user cannot see the published data source behind it");
            }
            Refreshability::Yes | Refreshability::Unknown => {}
        }
        if !candidate.policy.enabled && !waiver.is_named {
            return skip(Skip::Disabled);
        }
        let upstream = planner.upstream.of(at);
        if upstream.is_empty() && !waiver.is_named {
            return skip(Skip::NoUpstream);
        }
        let mut ground = Ground::default();
        for &position in upstream {
            ground.join(self.ground(position));
        }
        let gate_on_tests = candidate.policy.gate_on_tests && !waiver.gate;
        if !self.build.is_over() {
            let awaits = ground.awaits_build || (gate_on_tests && ground.awaits_test);
            if awaits || !self.build.is_expectation_known() {
                let on = if awaits {
                    self.awaited(upstream, gate_on_tests)
                } else {
                    Vec::new()
                };
                return Verdict::Wait { on };
            }
        }

        let as_of = candidate.data_as_of();
        let mut because = Vec::new();
        for &position in upstream {
            if self.ground(position).written_at > as_of {
                because.push(self.id(position).clone());
            }
        }
        let is_due = !because.is_empty() || waiver.is_named;
        let is_broken = ground.is_broken && !waiver.gate;
        let is_bad = ground.is_bad && gate_on_tests;
        if is_broken || (is_bad && is_due) {
            return Verdict::Hold {
                reasons: self.holds(upstream, is_broken, is_bad),
            };
        }
        if !is_due {
            let is_source = |&position: &usize| planner.roles[position] == Role::Source;
            return skip(if upstream.iter().all(is_source) {
                Skip::SourcesOnly
            } else {
                Skip::NotRebuilt
            });
        }
        if candidate.is_open {
            return skip(Skip::UnderWay);
        }
        if let Some(reason) = self.within_interval(candidate)
            && !waiver.timing
        {
            return skip(reason);
        }
        let policy = &candidate.policy;
        Verdict::Refresh {
            because,
            not_before: end_of_quiet_hours(policy, self.now).filter(|_| !waiver.timing),
            incremental: policy.incremental,
            priority: policy.priority,
            deadline: deadline(policy, self.now),
        }
    }

    fn within_interval(&self, candidate: &Candidate) -> Option<Skip> {
        let refreshed_at = candidate.refreshed_at()?;
        let interval = candidate.policy.interval();
        let is_within = !interval.is_zero() && self.now.signed_duration_since(refreshed_at) < interval;
        is_within.then_some(Skip::WithinInterval {
            refreshed_at,
            interval_minutes: candidate.policy.interval_minutes,
        })
    }

    fn id(&self, position: usize) -> &'a NodeId {
        &self.planner.graph.ids()[position]
    }

    /// What lies below a node: what it reads when it has no data of its own.
    fn below(&self, position: usize) -> &'a [usize] {
        if self.planner.roles[position] == Role::PassedThrough {
            self.planner.graph.parents(position)
        } else {
            &[]
        }
    }

    /// What holds of a node and of the ground below it. Without recursion, since chains of views can be long;
    /// of nodes that read one another each is looked at once.
    fn ground(&mut self, position: usize) -> Ground {
        if let Some(known) = self.grounds[position] {
            return known;
        }
        if self.below(position).is_empty() {
            let ground = self.own_ground(position);
            self.grounds[position] = Some(ground);
            return ground;
        }
        let walk = self.begin_walk();
        self.passed[position] = walk;
        let mut path = vec![(position, 0)];
        while let Some(top) = path.last_mut() {
            let (node, next) = *top;
            if let Some(&read) = self.below(node).get(next) {
                top.1 += 1;
                if self.grounds[read].is_none() && self.passed[read] != walk {
                    self.passed[read] = walk;
                    path.push((read, 0));
                }
                continue;
            }
            path.pop();
            let mut ground = self.own_ground(node);
            for &read in self.below(node) {
                ground.join(self.grounds[read].unwrap_or_default());
            }
            self.grounds[node] = Some(ground);
        }
        self.grounds[position].unwrap_or_default()
    }

    fn begin_walk(&mut self) -> u32 {
        self.walks += 1;
        self.walks
    }

    /// What holds of a node alone.
    fn own_ground(&mut self, position: usize) -> Ground {
        let id = self.id(position);
        let state = self.build.state(id);
        let written_at = match self.planner.roles[position] {
            Role::Source => state
                .and_then(|state| state.freshness.as_ref())
                .and_then(|freshness| freshness.max_loaded_at),
            Role::Written | Role::PassedThrough => state.and_then(crate::history::NodeState::written_at),
            Role::ErrorTest | Role::Other => None,
        };
        let is_pending = self.build.is_pending(id);
        let tests = self.planner.tests.of(position);
        let awaits_test = self.build.is_expectation_known()
            && tests.iter().any(|&test| self.build.is_pending(self.id(test)));
        // Of an invocation that broke off before it came to a test, nobody knows what that would have found.
        let is_untested = awaits_test && self.build.is_over();
        Ground {
            written_at,
            is_broken: self.trouble(position).is_some(),
            is_bad: is_untested
                || self.inherited(position).is_some()
                || tests.iter().any(|&test| self.is_failing(test)),
            awaits_build: is_pending,
            awaits_test,
        }
    }

    /// Whether the newest result of a test that was not skipped is a failure.
    fn is_failing(&mut self, test: usize) -> bool {
        if let Some(known) = self.failing[test] {
            return known;
        }
        let state = self.build.state(self.id(test));
        let status = state.and_then(crate::history::NodeState::tested);
        let is_failing = status.is_some_and(is_failed_test);
        self.failing[test] = Some(is_failing);
        is_failing
    }

    /// The test that found the data bad that a node was built of, and what it tests.
    fn inherited(&self, position: usize) -> Option<(usize, usize)> {
        self.built_on_bad.get(position).copied().flatten()
    }

    /// What went wrong when the invocation built a node.
    fn trouble(&self, position: usize) -> Option<Reason> {
        let id = self.id(position);
        match self.build.built(id) {
            Some(RunStatus::Error | RunStatus::Fail | RunStatus::RuntimeError) => {
                Some(Reason::BuildFailed(position))
            }
            Some(RunStatus::Skipped) => Some(Reason::Skipped(position)),
            Some(RunStatus::PartialSuccess) => Some(Reason::PartlyBuilt(position)),
            // The invocation broke off before it came to this one.
            None if self.build.is_over() && self.build.is_pending(id) => Some(Reason::Skipped(position)),
            _ => None,
        }
    }

    /// Every node on the ground of a target, each once.
    fn all_ground(&mut self, upstream: &[usize]) -> Vec<usize> {
        let walk = self.begin_walk();
        let mut all = Vec::with_capacity(upstream.len());
        for &position in upstream {
            self.passed[position] = walk;
            all.push(position);
        }
        let mut next = 0;
        while let Some(&position) = all.get(next) {
            next += 1;
            for &read in self.below(position) {
                if self.passed[read] != walk {
                    self.passed[read] = walk;
                    all.push(read);
                }
            }
        }
        all
    }

    fn awaited(&mut self, upstream: &[usize], with_tests: bool) -> Vec<NodeId> {
        let mut on = Vec::new();
        for position in self.all_ground(upstream) {
            on.push(position);
            if with_tests {
                on.extend(self.planner.tests.of(position));
            }
        }
        on.retain(|&position| self.build.is_pending(self.id(position)));
        // Positions are in the order of ids.
        on.sort_unstable();
        on.dedup();
        on.truncate(LONGEST_LIST);
        on.into_iter().map(|position| self.id(position).clone()).collect()
    }

    fn holds(&mut self, upstream: &[usize], is_broken: bool, is_bad: bool) -> Vec<Hold> {
        let mut reasons = Vec::new();
        for position in self.all_ground(upstream) {
            // Most nodes give no reason: what is known of their ground says so.
            let ground = self.ground(position);
            if is_broken && ground.is_broken {
                reasons.extend(self.trouble(position));
            }
            if is_bad && ground.is_bad {
                for &test in self.planner.tests.of(position) {
                    if self.build.is_over() && self.build.is_pending(self.id(test)) {
                        reasons.push(Reason::Skipped(test));
                    }
                    if self.is_failing(test) {
                        reasons.push(Reason::TestFailed(test, position));
                    }
                }
                let inherited = self.inherited(position);
                reasons.extend(inherited.map(|(test, node)| Reason::TestFailed(test, node)));
            }
        }
        // Positions are in the order of ids.
        reasons.sort_unstable();
        reasons.dedup();
        reasons.truncate(LONGEST_LIST);
        let node = |position: usize| self.id(position).clone();
        let told = reasons.into_iter().map(|reason| match reason {
            Reason::TestFailed(test, tested) => Hold::TestFailed {
                test: node(test),
                node: node(tested),
            },
            Reason::BuildFailed(position) => Hold::BuildFailed { node: node(position) },
            Reason::Skipped(position) => Hold::Skipped { node: node(position) },
            Reason::PartlyBuilt(position) => Hold::PartlyBuilt { node: node(position) },
        });
        told.collect()
    }

    /// Finds what was built on data that an error test of this invocation found bad. dbt skips these in a build;
    /// in a run of models with their tests afterwards it does not.
    fn spread_bad_data(&mut self) {
        let planner = self.planner;
        let failed: Vec<usize> = self
            .build
            .failed_tests()
            .iter()
            .filter_map(|test| planner.graph.position(test.as_str()))
            .filter(|&test| planner.roles[test] == Role::ErrorTest)
            .collect();
        if failed.is_empty() {
            return;
        }
        let mut spread = vec![None; planner.graph.len()];
        for test in failed {
            for &tested in planner.tested.of(test) {
                let mut waiting = vec![tested];
                while let Some(position) = waiting.pop() {
                    for &child in planner.graph.children(position) {
                        let is_reached =
                            spread[child].is_none() && child != tested && self.is_built_on(child, position);
                        if is_reached {
                            spread[child] = Some((test, tested));
                            waiting.push(child);
                        }
                    }
                }
            }
        }
        // The grounds that were looked at on the way did not know of this yet.
        self.grounds.fill(None);
        self.built_on_bad = spread;
    }

    /// Whether the data of a node hold those that another one has now.
    fn is_built_on(&mut self, node: usize, read: usize) -> bool {
        match self.planner.roles[node] {
            Role::PassedThrough => true,
            Role::Written => {
                let written_at = self.ground(node).written_at;
                written_at.is_some() && written_at >= self.ground(read).written_at
            }
            Role::Source | Role::ErrorTest | Role::Other => false,
        }
    }
}

fn not_refreshable(because: &str) -> Verdict {
    Verdict::Skip {
        reason: Skip::NotRefreshable {
            because: because.to_owned(),
        },
    }
}
