//! The tests of one or more nodes, as a check and the reasons that follow from them.

use std::collections::HashSet;

use super::check::{Check, CheckKind};
use super::reason::{Phrase, Reason, ReasonKey};
use super::scene::Scene;
use super::state::HealthState;
use super::upstream::Alike;
use super::verdict::TestVerdict;
use super::word::{by_count, list, node, reason};
use crate::project::ResourceType;

/// The tests that ended alike, and the nodes that they test.
#[derive(Default)]
struct Outcome {
    tests: Alike,
    tested: Alike,
    last_tested: Option<usize>,
    /// How many tests those nodes have in all.
    of: usize,
}

/// Judges the tests of the given nodes. Of none the check does not apply; whether that is a fault is for
/// the caller to say.
pub fn judge(scene: &Scene<'_>, tested: &[usize]) -> (Vec<Reason>, Check) {
    let mut failed = Outcome::default();
    let mut warned = Outcome::default();
    let mut skipped = Outcome::default();
    let mut not_run = Outcome::default();
    let mut odd = Outcome::default();
    let mut passed = Alike::default();
    let mut total = 0;
    // A singular test of two models is one test.
    let mut seen = HashSet::new();
    for &position in tested {
        let tests = scene.tests(position);
        let has_result = tests.iter().any(|&test| scene.test(test) != TestVerdict::NotRun);
        let counted = |test: &usize| {
            // Unit tests are commonly left out of production on purpose.
            let is_unit = scene
                .node(*test)
                .is_some_and(|node| node.resource_type == ResourceType::UnitTest);
            !(is_unit && has_result && scene.test(*test) == TestVerdict::NotRun)
        };
        let counted: Vec<usize> = tests
            .iter()
            .copied()
            .filter(counted)
            .filter(|&test| tested.len() == 1 || !scene.is_shared(test) || seen.insert(test))
            .collect();
        total += counted.len();
        for &test in &counted {
            let outcome = match scene.test(test) {
                TestVerdict::Passed => {
                    passed.add(test, scene.test_at(test));
                    continue;
                }
                TestVerdict::Failed => &mut failed,
                TestVerdict::Warned => &mut warned,
                TestVerdict::Skipped => &mut skipped,
                TestVerdict::NotRun => &mut not_run,
                TestVerdict::Odd => &mut odd,
            };
            outcome.tests.add(test, scene.test_at(test));
            if outcome.last_tested.replace(position) != Some(position) {
                outcome.tested.add(position, None);
                outcome.of += counted.len();
            }
        }
    }
    let all = [
        (
            failed,
            ReasonKey::TestFailed,
            HealthState::Degraded,
            "failed",
            "failed",
        ),
        (
            warned,
            ReasonKey::TestWarned,
            HealthState::Caution,
            "gave a warning",
            "gave warnings",
        ),
        (
            skipped,
            ReasonKey::TestSkipped,
            HealthState::Caution,
            "was skipped",
            "were skipped",
        ),
        (
            not_run,
            ReasonKey::TestNotRun,
            HealthState::Unknown,
            "has not been run",
            "have not been run",
        ),
        (
            odd,
            ReasonKey::StatusNotKnown,
            HealthState::Unknown,
            "ended with a status that is not known",
            "ended with a status that is not known",
        ),
    ];
    let mut reasons = Vec::new();
    let mut worst: Option<(HealthState, Alike)> = None;
    for (outcome, key, state, one, several) in all {
        if outcome.tests.count == 0 {
            continue;
        }
        let end = by_count(outcome.tests.count, one, several);
        reasons.push(reason(
            scene,
            key,
            state,
            &outcome.tests,
            words(scene, &outcome, end),
        ));
        if worst.as_ref().is_none_or(|(held, _)| *held < state) {
            worst = Some((state, outcome.tests));
        }
    }
    let check = match worst {
        _ if total == 0 => row(None, vec!["no tests".into()], None),
        Some((state, tests)) => row(Some(state), list(scene, &tests), tests.at),
        None => {
            let place = format!("{total} of {total}").into();
            row(Some(HealthState::Healthy), vec![place], passed.at)
        }
    };
    (reasons, check)
}

fn row(state: Option<HealthState>, phrases: Vec<Phrase>, at: Option<chrono::DateTime<chrono::Utc>>) -> Check {
    Check {
        kind: CheckKind::Tests,
        title: "Tests".into(),
        state,
        phrases,
        at,
    }
}

/// "1 of 14 tests on fct_orders gave a warning".
fn words(scene: &Scene<'_>, outcome: &Outcome, end: &'static str) -> Vec<Phrase> {
    let mut phrases = vec![if outcome.of == 1 {
        "the only test on ".into()
    } else {
        format!("{} of {} tests on ", outcome.tests.count, outcome.of).into()
    }];
    match outcome.tested.named[..] {
        [only] => phrases.push(node(scene, only)),
        _ => phrases.extend(list(scene, &outcome.tested)),
    }
    phrases.push(format!(" {end}").into());
    phrases
}
