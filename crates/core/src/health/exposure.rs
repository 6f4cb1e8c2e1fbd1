//! The rule of exposures: their sources are fresh, their models built, the models' tests pass.

use super::check::{Check, CheckKind};
use super::freshness::{self, Rule};
use super::reason::{Reason, ReasonKey};
use super::scene::Scene;
use super::state::{Health, HealthState};
use super::tests_of;
use super::upstream::Alike;
use super::verdict::BuildVerdict;
use super::word::{by_count, list, node, reason, sentence};
use crate::project::ResourceType;

pub fn judge(scene: &Scene<'_>, position: usize) -> Health {
    let stands_on = scene.stands_on(position);
    // The sources are judged by their freshness, with those further upstream.
    let models: Vec<usize> = stands_on
        .iter()
        .copied()
        .filter(|&parent| {
            scene
                .node(parent)
                .is_some_and(|node| node.resource_type != ResourceType::Source)
        })
        .collect();
    let (mut reasons, freshness) = freshness::judge(scene, position, Rule::Exposure);
    let (build_reasons, build) = builds(scene, &models);
    let (test_reasons, tests) = tests_of::judge(scene, &models);
    reasons.extend(build_reasons);
    reasons.extend(test_reasons);
    let checks = vec![freshness, build, tests];
    let is_touched = checks
        .iter()
        .any(|check| !matches!(check.state, None | Some(HealthState::Unknown)) || check.at.is_some());
    if !is_touched {
        let alone = Alike::one(position, None);
        let (key, phrases) = if stands_on.is_empty() {
            let words = " stands on nothing that dbt is known to build";
            (
                ReasonKey::NothingUpstream,
                vec![node(scene, position), words.into()],
            )
        } else {
            let words = "no run is known to have touched what stands behind ";
            (ReasonKey::NotRun, vec![words.into(), node(scene, position)])
        };
        reasons = vec![reason(scene, key, HealthState::Unknown, &alone, phrases)];
    }
    Health::new(reasons, checks)
}

/// Whether the models were built. The rule of exposures has no limit of age.
fn builds(scene: &Scene<'_>, models: &[usize]) -> (Vec<Reason>, Check) {
    let mut failed = Alike::default();
    let mut skipped = Alike::default();
    let mut not_known = Alike::default();
    let mut odd = Alike::default();
    let mut built = Alike::default();
    let mut total = 0;
    for &model in models {
        let alike = match scene.build(model) {
            None | Some(BuildVerdict::NotBuildable) => continue,
            Some(BuildVerdict::Built | BuildVerdict::Old) => &mut built,
            Some(BuildVerdict::Failed) => &mut failed,
            Some(BuildVerdict::Skipped) => &mut skipped,
            Some(BuildVerdict::NotKnown) => &mut not_known,
            Some(BuildVerdict::Odd) => &mut odd,
        };
        total += 1;
        alike.add(model, scene.build_at(model));
    }
    let all = [
        (
            failed,
            ReasonKey::BuildFailed,
            HealthState::Degraded,
            "",
            " failed to build",
        ),
        (
            skipped,
            ReasonKey::BuildSkipped,
            HealthState::Caution,
            "",
            " was skipped in its last run",
        ),
        (
            not_known,
            ReasonKey::BuildNotKnown,
            HealthState::Unknown,
            "no run is known to have built ",
            "",
        ),
        (
            odd,
            ReasonKey::StatusNotKnown,
            HealthState::Unknown,
            "",
            " ended with a status that is not known",
        ),
    ];
    let mut reasons = Vec::new();
    let mut worst = None;
    for (alike, key, state, beginning, end) in all {
        if alike.count == 0 {
            continue;
        }
        let end = if key == ReasonKey::BuildSkipped {
            by_count(alike.count, end, " were skipped in their last run")
        } else {
            end
        };
        let phrases = sentence(scene, beginning, &alike, end);
        reasons.push(reason(scene, key, state, &alike, phrases));
        if worst.as_ref().is_none_or(|(held, _)| *held < state) {
            worst = Some((state, alike));
        }
    }
    let (state, phrases, at) = match worst {
        _ if total == 0 => (None, vec!["no model".into()], None),
        Some((state, alike)) => (Some(state), list(scene, &alike), alike.at),
        None => {
            let place = format!("{total} of {total}").into();
            (Some(HealthState::Healthy), vec![place], built.at)
        }
    };
    let check = Check {
        kind: CheckKind::Build,
        title: "Models built".into(),
        state,
        phrases,
        at,
    };
    (reasons, check)
}
