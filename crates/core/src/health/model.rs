//! The rule of models, and the sensible part of it for seeds and snapshots.

use super::check::{Check, CheckKind};
use super::freshness::{self, Rule};
use super::reason::{Phrase, Reason, ReasonKey};
use super::scene::Scene;
use super::state::{Health, HealthState};
use super::tests_of;
use super::upstream::Alike;
use super::verdict::{BuildVerdict, TestVerdict};
use super::word::{list, node, reason};
use crate::project::{Node, ResourceType};

pub fn judge(scene: &Scene<'_>, position: usize, model: &Node) -> Health {
    let build_verdict = scene.build(position).unwrap_or(BuildVerdict::NotKnown);
    let has_build = !matches!(build_verdict, BuildVerdict::NotKnown | BuildVerdict::NotBuildable);
    let mut tests_run = scene
        .tests(position)
        .iter()
        .map(|&test| scene.test(test) != TestVerdict::NotRun);
    let is_touched = has_build || tests_run.any(|has_run| has_run);

    let (mut reasons, build) = build(scene, position, build_verdict);
    let (test_reasons, mut tests) = tests_of::judge(scene, &[position]);
    reasons.extend(test_reasons);
    if scene.tests(position).is_empty() {
        reasons.push(about(scene, ReasonKey::NoTests, position, " has no tests"));
        tests.state = Some(HealthState::Caution);
    }
    let mut checks = Vec::with_capacity(4);
    // A seed reads nothing.
    if model.resource_type != ResourceType::Seed {
        let (freshness_reasons, freshness) = freshness::judge(scene, position, Rule::Model);
        reasons.extend(freshness_reasons);
        checks.push(freshness);
    }
    let (description_reason, description) = description(scene, position, model);
    reasons.extend(description_reason);
    checks.extend([build, tests, description]);
    if !is_touched {
        let phrases = vec!["no run is known to have touched ".into(), node(scene, position)];
        let alone = Alike::one(position, None);
        reasons = vec![reason(
            scene,
            ReasonKey::NotRun,
            HealthState::Unknown,
            &alone,
            phrases,
        )];
    }
    Health::new(reasons, checks)
}

/// Whether it was built.
fn build(scene: &Scene<'_>, position: usize, verdict: BuildVerdict) -> (Vec<Reason>, Check) {
    let at = scene.build_at(position);
    let alone = Alike::one(position, at);
    let name = || node(scene, position);
    let found = match verdict {
        BuildVerdict::NotBuildable | BuildVerdict::Built => None,
        BuildVerdict::NotKnown => Some((
            ReasonKey::BuildNotKnown,
            HealthState::Unknown,
            vec!["no run is known to have built ".into(), name()],
        )),
        BuildVerdict::Old => Some((
            ReasonKey::BuildOld,
            HealthState::Caution,
            vec![name(), " was last built more than 30 days ago".into()],
        )),
        BuildVerdict::Skipped => Some((
            ReasonKey::BuildSkipped,
            HealthState::Caution,
            skipped(scene, position),
        )),
        BuildVerdict::Failed => {
            let words = if scene.status(position) == Some("partial success") {
                " failed in some of its batches"
            } else {
                " failed"
            };
            Some((
                ReasonKey::BuildFailed,
                HealthState::Degraded,
                vec!["the last build of ".into(), name(), words.into()],
            ))
        }
        BuildVerdict::Odd => Some((
            ReasonKey::StatusNotKnown,
            HealthState::Unknown,
            vec![
                "the last build of ".into(),
                name(),
                " ended with a status that is not known".into(),
            ],
        )),
    };
    let words: Phrase = match verdict {
        BuildVerdict::NotBuildable => "ephemeral, never built".into(),
        BuildVerdict::NotKnown => "no build is known".into(),
        _ => scene.status(position).unwrap_or_default().to_owned().into(),
    };
    let state = match (&found, verdict) {
        (Some((_, state, _)), _) => Some(*state),
        (None, BuildVerdict::NotBuildable) => None,
        (None, _) => Some(HealthState::Healthy),
    };
    let check = Check {
        kind: CheckKind::Build,
        title: "Build".into(),
        state,
        phrases: vec![words],
        at,
    };
    let reasons = found.map(|(key, state, phrases)| {
        let mut blamed = alone;
        if key == ReasonKey::BuildSkipped {
            // Where the cause is known it is what to look at.
            let causes = scene.causes_of_skip(position);
            if !causes.is_empty() {
                let at = blamed.at;
                blamed = Alike::default();
                for cause in causes {
                    blamed.add(cause, at);
                }
            }
        }
        reason(scene, key, state, &blamed, phrases)
    });
    (reasons.into_iter().collect(), check)
}

/// "fct_orders was skipped because stg_orders failed".
fn skipped(scene: &Scene<'_>, position: usize) -> Vec<Phrase> {
    let mut causes = Alike::default();
    for cause in scene.causes_of_skip(position) {
        causes.add(cause, None);
    }
    let mut phrases = vec![node(scene, position), " was skipped in its last run".into()];
    if causes.count > 0 {
        phrases.push(", because ".into());
        phrases.extend(list(scene, &causes));
        phrases.push(" failed".into());
    }
    phrases
}

/// Whether it is described.
pub fn description(scene: &Scene<'_>, position: usize, of: &Node) -> (Option<Reason>, Check) {
    let is_described = of
        .description
        .as_ref()
        .is_some_and(|description| !description.trim().is_empty());
    let reason =
        (!is_described).then(|| about(scene, ReasonKey::NoDescription, position, " has no description"));
    let check = Check {
        kind: CheckKind::Description,
        title: "Description".into(),
        state: Some(if is_described {
            HealthState::Healthy
        } else {
            HealthState::Caution
        }),
        phrases: vec![if is_described { "there" } else { "missing" }.into()],
        at: None,
    };
    (reason, check)
}

/// A word of caution on what the project declares, which has no date.
fn about(scene: &Scene<'_>, key: ReasonKey, position: usize, words: &'static str) -> Reason {
    let phrases = vec![node(scene, position), words.into()];
    reason(
        scene,
        key,
        HealthState::Caution,
        &Alike::one(position, None),
        phrases,
    )
}
