//! How each node ended last, folded from any number of runs and checks of freshness.
//!
//! One `run_results.json` tells only of the nodes that its invocation touched: `dbt test` after `dbt run`
//! overwrites what the run said. So artifacts are folded, in any order: for each node and each kind of
//! result the newest stays, and what a later invocation did not touch keeps its earlier result.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::NodeId;
use crate::run::{FreshnessResult, NodeResult, RunResults, RunStatus, SourceFreshness};

/// How one node ended last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeState {
    /// The last result of building it; of a test always empty. One that was skipped is here too.
    pub build: Option<LastResult>,
    /// When it was last built with success, which may be before [`Self::build`].
    pub built_at: Option<DateTime<Utc>>,
    /// When its data were last written: as [`Self::built_at`], without the times when dbt found that there
    /// was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<DateTime<Utc>>,
    /// Of a test, its last result.
    pub test: Option<LastResult>,
    /// Of a test, how it ended when it was last run, which may be before [`Self::test`]: a test that was
    /// skipped says nothing of the data that it found bad the time before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<TestVerdict>,
    /// Of a source, the last check of its freshness.
    pub freshness: Option<LastFreshness>,
}

/// The last result of a build or a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastResult {
    /// How it ended.
    pub status: RunStatus,
    /// When it ended; where dbt does not say, as of what was skipped, when the artifact was written.
    pub at: Option<DateTime<Utc>>,
    /// When the artifact was written.
    pub reported_at: Option<DateTime<Utc>>,
    /// dbt's id of the invocation.
    pub invocation_id: Option<String>,
    /// The command, such as `build`.
    pub command: String,
    /// What dbt or the warehouse said. Untrusted.
    pub message: Option<String>,
    /// Of a test, the number of failing rows.
    pub failures: Option<i64>,
    /// How long it took, in seconds.
    pub execution_seconds: f64,
    /// Rows that the warehouse says were written.
    pub rows_affected: Option<i64>,
}

/// How a test ended when it was last run, not skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestVerdict {
    /// How it ended.
    pub status: RunStatus,
    /// When it ended.
    pub at: Option<DateTime<Utc>>,
    /// When the artifact was written.
    pub reported_at: Option<DateTime<Utc>>,
    /// dbt's id of the invocation.
    pub invocation_id: Option<String>,
}

/// The last check of a source's freshness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastFreshness {
    /// `pass`, `warn`, `error` or `runtime error`.
    pub status: RunStatus,
    /// When dbt looked; where it does not say, when the artifact was written.
    pub at: Option<DateTime<Utc>>,
    /// When the artifact was written.
    pub reported_at: Option<DateTime<Utc>>,
    /// The newest row's instant.
    pub max_loaded_at: Option<DateTime<Utc>>,
    /// The newest row's age when dbt looked, in seconds.
    pub age_seconds: Option<f64>,
    /// What the warehouse said of a check that could not be made. Untrusted.
    pub error: Option<String>,
}

/// How all nodes ended last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeStates {
    by_node: HashMap<NodeId, NodeState>,
}

/// Which of a node's results an invocation tells of.
enum Told {
    Build,
    Test,
    Nothing,
}

impl NodeStates {
    /// How a node ended last; `None` where no result is known.
    pub fn get(&self, node: &NodeId) -> Option<&NodeState> {
        self.by_node.get(node)
    }

    /// All nodes with a result, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &NodeState)> {
        self.by_node.iter()
    }

    /// How many nodes have a result.
    pub fn len(&self) -> usize {
        self.by_node.len()
    }

    /// Whether no node has a result.
    pub fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }

    /// Whether any model, seed or snapshot is known to have been built with success.
    pub fn has_successful_build(&self) -> bool {
        self.by_node.values().any(|state| state.built_at.is_some())
    }

    /// Folds in one invocation. Adding the same twice, or several in another order, changes nothing.
    pub fn add_run(&mut self, run: &RunResults) {
        for result in &run.results {
            let told = told(&run.command, &result.unique_id);
            if matches!(told, Told::Nothing) {
                continue;
            }
            let last = LastResult::new(run, result);
            let state = self.by_node.entry(result.unique_id.clone()).or_default();
            if matches!(told, Told::Test) {
                if last.status != RunStatus::Skipped {
                    keep_newer(&mut state.verdict, TestVerdict::new(&last));
                }
                keep_newer(&mut state.test, last);
                continue;
            }
            if is_built(&last.status) {
                state.built_at = state.built_at.max(last.at);
            }
            if last.status == RunStatus::Success {
                state.changed_at = state.changed_at.max(last.at);
            }
            keep_newer(&mut state.build, last);
        }
    }

    /// Folds in one check of freshness, likewise.
    pub fn add_freshness(&mut self, freshness: &SourceFreshness) {
        let reported_at = freshness.metadata.generated_at;
        for result in &freshness.results {
            let last = LastFreshness::new(reported_at, result);
            let state = self.by_node.entry(result.unique_id.clone()).or_default();
            keep_newer(&mut state.freshness, last);
        }
    }

    /// Folds in the state of one node, as it was stored.
    pub fn add_state(&mut self, node: NodeId, state: NodeState) {
        let held = self.by_node.entry(node).or_default();
        if let Some(build) = state.build {
            keep_newer(&mut held.build, build);
        }
        if let Some(test) = state.test {
            keep_newer(&mut held.test, test);
        }
        if let Some(verdict) = state.verdict {
            keep_newer(&mut held.verdict, verdict);
        }
        if let Some(freshness) = state.freshness {
            keep_newer(&mut held.freshness, freshness);
        }
        held.built_at = held.built_at.max(state.built_at);
        held.changed_at = held.changed_at.max(state.changed_at);
    }
}

impl FromIterator<(NodeId, NodeState)> for NodeStates {
    fn from_iter<T: IntoIterator<Item = (NodeId, NodeState)>>(states: T) -> Self {
        let mut all = Self::default();
        for (node, state) in states {
            all.add_state(node, state);
        }
        all
    }
}

impl LastResult {
    fn new(run: &RunResults, result: &NodeResult) -> Self {
        let reported_at = run.metadata.generated_at;
        Self {
            status: result.status.clone(),
            at: result.completed_at.or(result.started_at).or(reported_at),
            reported_at,
            invocation_id: run.metadata.invocation_id.clone(),
            command: run.command.clone(),
            message: result.message.clone(),
            failures: result.failures,
            execution_seconds: result.execution_seconds,
            rows_affected: result.rows_affected,
        }
    }
}

impl TestVerdict {
    fn new(last: &LastResult) -> Self {
        Self {
            status: last.status.clone(),
            at: last.at,
            reported_at: last.reported_at,
            invocation_id: last.invocation_id.clone(),
        }
    }
}

impl NodeState {
    /// When its data were last written, as far as is known. What an earlier release stored says only when it
    /// was built.
    pub fn written_at(&self) -> Option<DateTime<Utc>> {
        let last = self.build.as_ref();
        let last = last.filter(|build| build.status == RunStatus::Success);
        self.changed_at.max(last.and_then(|build| build.at))
    }

    /// Of a test, how it ended when it was last run, as far as is known.
    pub fn tested(&self) -> Option<&RunStatus> {
        let verdict = self.verdict.as_ref().map(|verdict| &verdict.status);
        verdict.or_else(|| {
            let last = self.test.as_ref().map(|last| &last.status);
            last.filter(|&status| *status != RunStatus::Skipped)
        })
    }
}

impl LastFreshness {
    fn new(reported_at: Option<DateTime<Utc>>, result: &FreshnessResult) -> Self {
        Self {
            status: result.status.clone(),
            at: result.snapshotted_at.or(reported_at),
            reported_at,
            max_loaded_at: result.max_loaded_at,
            age_seconds: result.age_seconds,
            error: result.error.clone(),
        }
    }
}

/// Whether a status says that what was asked for stands in the warehouse.
pub const fn is_built(status: &RunStatus) -> bool {
    matches!(status, RunStatus::Success | RunStatus::NoOp)
}

/// What the result of a node says. Commands that only compile or list write `success` for every model,
/// which says nothing of what is in the warehouse; a clone copies what was built elsewhere. A command
/// that is not known, or not said, is taken for one that runs.
fn told(command: &str, node: &NodeId) -> Told {
    if matches!(
        command,
        "clean"
            | "clone"
            | "compile"
            | "debug"
            | "deps"
            | "docs"
            | "freshness"
            | "generate"
            | "list"
            | "ls"
            | "parse"
            | "serve"
            | "show"
    ) {
        return Told::Nothing;
    }
    match node.as_str().split_once('.') {
        Some(("test" | "unit_test", _)) => Told::Test,
        Some(("operation" | "sql_operation" | "sql operation", _)) => Told::Nothing,
        _ => Told::Build,
    }
}

/// A result with its place in time.
trait Dated {
    /// Ordered by age; equal only for equal results, so that folding does not depend on the order.
    fn moment(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>, &str, &str);
}

impl Dated for LastResult {
    fn moment(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>, &str, &str) {
        let invocation = self.invocation_id.as_deref().unwrap_or_default();
        (self.reported_at, self.at, invocation, self.status.name())
    }
}

impl Dated for TestVerdict {
    fn moment(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>, &str, &str) {
        let invocation = self.invocation_id.as_deref().unwrap_or_default();
        (self.reported_at, self.at, invocation, self.status.name())
    }
}

impl Dated for LastFreshness {
    fn moment(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>, &str, &str) {
        (self.reported_at, self.at, "", self.status.name())
    }
}

fn keep_newer<T: Dated>(held: &mut Option<T>, new: T) {
    if held.as_ref().is_none_or(|held| held.moment() < new.moment()) {
        *held = Some(new);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::run::ArtifactMetadata;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-01-01T{hour:02}:00:00Z").parse().unwrap()
    }

    fn run(hour: u32, command: &str, results: &[(&str, &str)]) -> RunResults {
        let result = |&(id, status): &(&str, &str)| NodeResult {
            unique_id: id.into(),
            status: status.into(),
            message: None,
            failures: None,
            started_at: None,
            completed_at: None,
            execution_seconds: 0.0,
            rows_affected: None,
        };
        RunResults {
            metadata: ArtifactMetadata {
                generated_at: Some(at(hour)),
                ..ArtifactMetadata::default()
            },
            command: command.to_owned(),
            elapsed_seconds: 0.0,
            results: results.iter().map(result).collect(),
        }
    }

    fn freshness(hour: u32, status: &str) -> SourceFreshness {
        SourceFreshness {
            metadata: ArtifactMetadata {
                generated_at: Some(at(hour)),
                ..ArtifactMetadata::default()
            },
            results: vec![FreshnessResult {
                unique_id: "source.s.raw.a".into(),
                status: status.into(),
                max_loaded_at: None,
                snapshotted_at: None,
                age_seconds: None,
                criteria: crate::project::FreshnessCriteria::default(),
                error: None,
            }],
        }
    }

    #[test]
    fn what_a_later_run_does_not_touch_keeps_its_result() {
        let mut states = NodeStates::default();
        states.add_run(&run(
            1,
            "run",
            &[("model.s.a", "success"), ("model.s.b", "success")],
        ));
        states.add_run(&run(2, "test", &[("test.s.t", "pass")]));
        states.add_run(&run(3, "run", &[("model.s.b", "skipped")]));
        let of = |id: &str| states.get(&id.into()).unwrap();
        assert_eq!(of("model.s.a").build.as_ref().unwrap().at, Some(at(1)));
        assert_eq!(of("model.s.b").build.as_ref().unwrap().status, RunStatus::Skipped);
        assert_eq!(of("model.s.b").built_at, Some(at(1)));
        assert_eq!(of("test.s.t").test.as_ref().unwrap().status, RunStatus::Pass);
        assert_eq!(of("test.s.t").build, None);
        assert!(states.has_successful_build());
    }

    #[test]
    fn an_older_artifact_never_wins_over_a_newer() {
        let mut states = NodeStates::default();
        states.add_run(&run(5, "build", &[("model.s.a", "error")]));
        states.add_run(&run(3, "build", &[("model.s.a", "success")]));
        states.add_freshness(&freshness(5, "error"));
        states.add_freshness(&freshness(4, "pass"));
        let state = states.get(&"model.s.a".into()).unwrap();
        assert_eq!(state.build.as_ref().unwrap().status, RunStatus::Error);
        assert_eq!(state.built_at, Some(at(3)));
        let source = states.get(&"source.s.raw.a".into()).unwrap();
        assert_eq!(source.freshness.as_ref().unwrap().status, RunStatus::Error);
    }

    #[test]
    fn commands_that_build_nothing_say_nothing_of_builds() {
        for command in ["compile", "generate", "list", "show", "clone"] {
            let mut states = NodeStates::default();
            states.add_run(&run(
                1,
                command,
                &[("model.s.a", "success"), ("test.s.t", "success")],
            ));
            assert!(states.is_empty(), "{command}");
        }
        let mut states = NodeStates::default();
        states.add_run(&run(
            1,
            "",
            &[("model.s.a", "success"), ("operation.s.hook", "success")],
        ));
        assert_eq!(states.len(), 1);
    }

    proptest! {
        #[test]
        fn the_order_of_artifacts_does_not_matter(
            runs in prop::collection::vec((0_u32..6, 0_usize..2, 0_usize..4), 1..8).prop_shuffle(),
        ) {
            let made: Vec<_> = runs
                .iter()
                .map(|&(hour, node, status)| {
                    let node = ["model.s.a", "test.s.t"][node];
                    run(hour, "build", &[(node, ["success", "error", "skipped", "warn"][status])])
                })
                .collect();
            let mut forwards = NodeStates::default();
            for run in &made {
                forwards.add_run(run);
            }
            let mut backwards = NodeStates::default();
            for run in made.iter().rev().chain(&made) {
                backwards.add_run(run);
            }
            prop_assert_eq!(&forwards, &backwards);
            let stored: NodeStates = backwards.iter().map(|(id, state)| (id.clone(), state.clone())).collect();
            prop_assert_eq!(forwards, stored);
        }
    }
}
