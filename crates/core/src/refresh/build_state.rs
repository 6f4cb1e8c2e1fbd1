//! What dbt has built so far: before, and in the invocation that decides.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::history::{NodeState, NodeStates};
use crate::id::NodeId;
use crate::run::{ArtifactMetadata, NodeResult, RunResults, RunStatus, SourceFreshness};

/// How everything ended last, and what the invocation that decides has to do with it.
///
/// Results may be added in any order and several times. Several invocations, such as the steps of a job, may be
/// added to one state; they then decide together.
#[derive(Debug, Clone)]
pub struct BuildState {
    history: Arc<NodeStates>,
    /// What the invocation alone says.
    invocation: NodeStates,
    /// History and invocation folded, for what the invocation touched.
    folded: NodeStates,
    ended: HashSet<NodeId>,
    /// Tests that failed in the invocation, whatever their severity.
    failed_tests: BTreeSet<NodeId>,
    /// What has not ended; `None` while it is not known what is going to run.
    pending: Option<HashSet<NodeId>>,
    is_over: bool,
}

impl BuildState {
    /// No invocation: what is known from before decides.
    pub fn of_history(history: Arc<NodeStates>) -> Self {
        Self {
            history,
            invocation: NodeStates::default(),
            folded: NodeStates::default(),
            ended: HashSet::new(),
            failed_tests: BTreeSet::new(),
            pending: None,
            is_over: true,
        }
    }

    /// An invocation that has begun. Until [`Self::expect`] says what it is going to run, everything waits for
    /// its end.
    pub fn running(history: Arc<NodeStates>) -> Self {
        Self {
            is_over: false,
            ..Self::of_history(history)
        }
    }

    /// Invocations that have ended. That their results are part of the history already does no harm.
    pub fn over<'a>(history: Arc<NodeStates>, runs: impl IntoIterator<Item = &'a RunResults>) -> Self {
        let mut state = Self::of_history(history);
        for run in runs {
            state.add_run(run);
        }
        state
    }

    /// Says which nodes and tests the invocation runs, those that have ended among them or not.
    pub fn expect(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        let ended = &self.ended;
        self.pending
            .get_or_insert_default()
            .extend(nodes.into_iter().filter(|node| !ended.contains(node)));
    }

    /// One node or test has ended, in an invocation of the command (`build`, `run`, …). The moment counts
    /// where the result does not say when that was.
    pub fn add_result(&mut self, command: &str, result: NodeResult, at: DateTime<Utc>) {
        self.add_run(&RunResults {
            metadata: ArtifactMetadata {
                generated_at: Some(at),
                ..ArtifactMetadata::default()
            },
            command: command.to_owned(),
            elapsed_seconds: 0.0,
            results: vec![result],
        });
    }

    /// All that an invocation reports.
    pub fn add_run(&mut self, run: &RunResults) {
        self.invocation.add_run(run);
        self.refold(run.results.iter().map(|result| &result.unique_id));
    }

    /// A check of freshness.
    pub fn add_freshness(&mut self, freshness: &SourceFreshness) {
        self.invocation.add_freshness(freshness);
        self.refold(freshness.results.iter().map(|result| &result.unique_id));
    }

    /// Nothing more will end. What was expected and has not ended counts as skipped.
    pub fn finish(&mut self) {
        self.is_over = true;
    }

    /// Whether the invocation has ended.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether it is known what the invocation runs.
    pub const fn is_expectation_known(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether a node or test is still going to end.
    pub fn is_pending(&self, node: &NodeId) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|pending| pending.contains(node))
    }

    /// How a node ended last.
    pub fn state(&self, node: &NodeId) -> Option<&NodeState> {
        self.folded.get(node).or_else(|| self.history.get(node))
    }

    /// How the invocation's build of a node ended; `None` where it did not touch it.
    pub fn built(&self, node: &NodeId) -> Option<&RunStatus> {
        let build = self.invocation.get(node)?.build.as_ref()?;
        Some(&build.status)
    }

    /// The tests that failed in the invocation, whatever their severity.
    pub const fn failed_tests(&self) -> &BTreeSet<NodeId> {
        &self.failed_tests
    }

    fn refold<'a>(&mut self, nodes: impl Iterator<Item = &'a NodeId>) {
        for node in nodes {
            if let Some(pending) = &mut self.pending {
                pending.remove(node);
            }
            self.ended.insert(node.clone());
            let Some(told) = self.invocation.get(node) else {
                continue;
            };
            if self.folded.get(node).is_none()
                && let Some(before) = self.history.get(node)
            {
                self.folded.add_state(node.clone(), before.clone());
            }
            self.folded.add_state(node.clone(), told.clone());
            if told.tested().is_some_and(is_failed_test) {
                self.failed_tests.insert(node.clone());
            } else {
                self.failed_tests.remove(node);
            }
        }
    }
}

/// Whether a test found rows that it holds for an error, or could not be run.
pub(super) const fn is_failed_test(status: &RunStatus) -> bool {
    matches!(
        status,
        RunStatus::Fail | RunStatus::Error | RunStatus::RuntimeError
    )
}
