//! What holds whatever happens, in worlds drawn by chance.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// A world by numbers: what each node is and reads, what is tested, what happened.
#[derive(Debug, Clone)]
struct World {
    nodes: Vec<Node>,
    candidates: Vec<Candidate>,
    before: Vec<NodeResult>,
    now: Vec<NodeResult>,
}

const NODES: usize = 9;
const TESTS: usize = 6;

prop_compose! {
    fn results(hours: std::ops::Range<i64>)(
        drawn in prop::collection::vec((0..NODES + TESTS, 0_usize..5, hours), 0..18),
    ) -> Vec<NodeResult> {
        let mut by_node = HashMap::new();
        for (which, status, hour) in drawn {
            let (name, status) = if which < NODES {
                (format!("n{which}"), ["success", "success", "error", "skipped", "no-op"][status])
            } else {
                (format!("t_{}", which - NODES), ["pass", "pass", "fail", "skipped", "warn"][status])
            };
            by_node.entry(name.clone()).or_insert_with(|| result(&name, status, hour));
        }
        let mut results: Vec<_> = by_node.into_values().collect();
        results.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
        results
    }
}

prop_compose! {
    fn world()(
        kinds in prop::collection::vec((any::<bool>(), prop::collection::vec(0_usize..NODES, 0..3)), NODES),
        tests in prop::collection::vec((any::<bool>(), prop::collection::vec(0_usize..NODES, 1..3)), TESTS),
        wanted in prop::collection::vec(
            (prop::collection::vec(0_usize..NODES, 0..3), prop::option::of(0_i64..6), any::<bool>(), 0_u32..4, 0_u8..8),
            1..5,
        ),
        before in results(0..4),
        now in results(4..6),
    ) -> World {
        let mut nodes = Vec::new();
        for (number, (is_view, reads)) in kinds.iter().enumerate() {
            let reads: Vec<String> = reads.iter().filter(|&&read| read < number).map(|read| format!("n{read}")).collect();
            let reads: Vec<&str> = reads.iter().map(String::as_str).collect();
            nodes.push(node(&format!("n{number}"), if *is_view { "view" } else { "table" }, &reads));
        }
        for (number, (is_error, on)) in tests.iter().enumerate() {
            let on: Vec<String> = on.iter().map(|node| format!("n{node}")).collect();
            let on: Vec<&str> = on.iter().map(String::as_str).collect();
            let mut made = test(&format!("t_{number}"), &on);
            if let (false, Some(info)) = (is_error, made.test.as_mut()) {
                info.severity = Severity::Warn;
            }
            nodes.push(made);
        }
        let candidates = wanted.iter().enumerate().map(|(number, (reads, refreshed, gate, hours, odd))| {
            let reads: Vec<String> = reads.iter().map(|read| format!("n{read}")).collect();
            let reads: Vec<&str> = reads.iter().map(String::as_str).collect();
            let mut made = candidate(target(&format!("x{number}"), &reads, *refreshed));
            made.policy.gate_on_tests = *gate;
            made.policy.interval_minutes = hours * 60;
            made.policy.enabled = *odd != 0;
            made.is_open = *odd == 1;
            made
        }).collect();
        World { nodes, candidates, before, now }
    }
}

impl World {
    fn history(&self) -> Arc<NodeStates> {
        let mut states = NodeStates::default();
        states.add_run(&run_of(self.before.clone(), 3));
        Arc::new(states)
    }

    /// The nodes that a target reads, also through views, by the definition.
    fn ground(&self, upstream: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
        let mut found: Vec<NodeId> = Vec::new();
        for node in upstream {
            found.push(node.clone());
            let known = self.nodes.iter().find(|known| known.unique_id == node);
            if let Some(view) = known.filter(|known| known.materialized() == Some("view")) {
                found.extend(self.ground(view.depends_on.iter().cloned()));
            }
        }
        found
    }

    fn is_tested_bad(&self, ground: &[NodeId]) -> bool {
        self.now.iter().any(|result| {
            let test = self
                .nodes
                .iter()
                .find(|known| known.unique_id == result.unique_id);
            let is_error = test.is_some_and(|test| {
                test.test
                    .as_ref()
                    .is_some_and(|info| info.severity == Severity::Error)
                    && crate::health::tested_nodes(test)
                        .iter()
                        .any(|node| ground.contains(node))
            });
            is_error && result.status.name() == "fail"
        })
    }
}

fn run_of(results: Vec<NodeResult>, hour: i64) -> RunResults {
    RunResults {
        metadata: ArtifactMetadata {
            generated_at: Some(at(hour)),
            ..ArtifactMetadata::default()
        },
        command: "build".to_owned(),
        elapsed_seconds: 0.0,
        results,
    }
}

proptest! {
    #[test]
    fn whatever_happens(world in world(), swaps in prop::collection::vec(0_usize..15, 15)) {
        let planner = planner(&world.nodes, world.candidates.clone());
        let over = BuildState::over(world.history(), [&run_of(world.now.clone(), 5)]);
        let plan = planner.plan(&over, at(NOW));

        // Every target gets exactly one decision.
        let mut decided: Vec<_> = plan.decisions.iter().map(|it| it.target.clone()).collect();
        decided.sort();
        prop_assert_eq!(decided, world.candidates.iter().map(|it| it.target.id.clone()).collect::<Vec<_>>());

        // The order of events does not matter, nor that some come twice.
        let mut shuffled = world.now.clone();
        for (at, other) in swaps.iter().enumerate() {
            if at < shuffled.len() && *other < shuffled.len() {
                shuffled.swap(at, *other);
            }
        }
        let mut one_by_one = BuildState::running(world.history());
        one_by_one.expect(world.now.iter().map(|result| result.unique_id.clone()));
        for result in shuffled.iter().chain(world.now.first()) {
            one_by_one.add_result("build", result.clone(), at(5));
        }
        // Nothing that is known to run is left: it is decided as at the end, before the end.
        prop_assert_eq!(&planner.plan(&one_by_one, at(NOW)), &plan);
        one_by_one.finish();
        prop_assert_eq!(&planner.plan(&one_by_one, at(NOW)), &plan);

        for decision in &plan.decisions {
            // One target alone is decided as all together.
            prop_assert_eq!(&planner.decide(&decision.target, &over, at(NOW)), &Some(decision.clone()));
            let candidate = planner.find(&decision.target).unwrap();
            let ground = world.ground(candidate.target.upstream.iter().cloned());
            match &decision.verdict {
                // Once over, nothing waits.
                Verdict::Wait { .. } => prop_assert!(false, "{decision:?}"),
                Verdict::Refresh { because, .. } => {
                    prop_assert!(!because.is_empty() && candidate.policy.enabled);
                    // Never on bad data.
                    prop_assert!(!candidate.policy.gate_on_tests || !world.is_tested_bad(&ground), "{decision:?}");
                    // And never what failed in this invocation.
                    let broken = world.now.iter().any(|result| {
                        ground.contains(&result.unique_id) && matches!(result.status.name(), "error" | "skipped")
                    });
                    prop_assert!(!broken, "{decision:?}");
                }
                Verdict::Hold { reasons } => prop_assert!(!reasons.is_empty()),
                Verdict::Skip { reason: Skip::NotRebuilt } => {
                    let as_of = candidate.data_as_of();
                    let written = world.before.iter().chain(&world.now).any(|result| {
                        ground.contains(&result.unique_id)
                            && result.status.name() == "success"
                            && result.completed_at > as_of
                    });
                    prop_assert!(!written, "{decision:?}");
                }
                Verdict::Skip { .. } => {}
            }
        }
    }

    #[test]
    fn what_is_refreshed_while_it_runs_is_not_refused_at_the_end(world in world(), ended in 0_usize..15) {
        let planner = planner(&world.nodes, world.candidates.clone());
        let mut state = BuildState::running(world.history());
        state.expect(world.now.iter().map(|result| result.unique_id.clone()));
        for result in world.now.iter().take(ended) {
            state.add_result("build", result.clone(), at(5));
        }
        let early = planner.plan(&state, at(NOW));
        for result in &world.now {
            state.add_result("build", result.clone(), at(5));
        }
        state.finish();
        let late = planner.plan(&state, at(NOW));
        for decision in early.refreshes() {
            let candidate = planner.find(&decision.target).unwrap();
            let ground = world.ground(candidate.target.upstream.iter().cloned());
            if candidate.policy.gate_on_tests && !world.is_tested_bad(&ground) {
                let verdict = &late.find(&decision.target).unwrap().verdict;
                // A test further up may still find later what this was built of bad.
                let is_further_up = matches!(verdict, Verdict::Hold { reasons }
                    if reasons.iter().all(|reason| matches!(reason, Hold::TestFailed { node, .. } if !ground.contains(node))));
                prop_assert!(matches!(verdict, Verdict::Refresh { .. }) || is_further_up, "{verdict:?}");
            }
        }
    }
}
