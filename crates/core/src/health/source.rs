//! The rules of source tables and of tests: each is judged by its own last result.

use super::check::{Check, CheckKind};
use super::model;
use super::reason::ReasonKey;
use super::scene::Scene;
use super::state::{Health, HealthState};
use super::upstream::Alike;
use super::verdict::{FreshnessVerdict, TestVerdict};
use super::word::{node, reason, sentence};
use crate::project::Node;

pub fn judge(scene: &Scene<'_>, position: usize, source: &Node) -> Health {
    let verdict = scene.freshness(position);
    let at = scene.freshness_at(position);
    let alone = Alike::one(position, at);
    let of = "the check of freshness of ";
    let found = match verdict {
        None => Some((
            ReasonKey::NoFreshness,
            HealthState::Caution,
            sentence(scene, "", &alone, " configures no freshness"),
            "not configured",
        )),
        Some(FreshnessVerdict::Errored) => Some((
            ReasonKey::SourceErrored,
            HealthState::Degraded,
            sentence(scene, of, &alone, " gave an error"),
            "error",
        )),
        Some(FreshnessVerdict::Warned | FreshnessVerdict::WarnedLongAgo) => Some((
            ReasonKey::SourceWarned,
            HealthState::Caution,
            sentence(scene, of, &alone, " gave a warning"),
            "warning",
        )),
        Some(FreshnessVerdict::NotChecked) if !scene.is_checked(position) => Some((
            ReasonKey::NotRun,
            HealthState::Unknown,
            vec!["no run is known to have checked ".into(), node(scene, position)],
            "no check is known",
        )),
        Some(FreshnessVerdict::NotChecked) => Some((
            ReasonKey::SourceNotChecked,
            HealthState::Caution,
            sentence(scene, of, &alone, " has not run within 30 days"),
            "checked more than 30 days ago",
        )),
        Some(FreshnessVerdict::Odd) => Some((
            ReasonKey::StatusNotKnown,
            HealthState::Unknown,
            sentence(scene, of, &alone, " ended with a status that is not known"),
            "a status that is not known",
        )),
        Some(FreshnessVerdict::Passed) => None,
    };
    let is_untouched = found.as_ref().is_some_and(|found| found.0 == ReasonKey::NotRun);
    let freshness = Check {
        kind: CheckKind::Freshness,
        title: "Freshness".into(),
        state: Some(found.as_ref().map_or(HealthState::Healthy, |found| found.1)),
        phrases: vec![found.as_ref().map_or("fresh", |found| found.3).into()],
        at,
    };
    let mut reasons: Vec<_> = found
        .map(|(key, state, phrases, _)| reason(scene, key, state, &alone, phrases))
        .into_iter()
        .collect();
    let (description_reason, description) = model::description(scene, position, source);
    // Unknown is unknown, whatever else there is to say.
    if !is_untouched {
        reasons.extend(description_reason);
    }
    Health::new(reasons, vec![freshness, description])
}

/// A test's health is its last result.
pub fn judge_test(scene: &Scene<'_>, position: usize) -> Health {
    let at = scene.test_at(position);
    let alone = Alike::one(position, at);
    let found = match scene.test(position) {
        TestVerdict::Passed => None,
        TestVerdict::Failed if scene.status(position) == Some("fail") => {
            Some((ReasonKey::TestFailed, HealthState::Degraded, " failed"))
        }
        TestVerdict::Failed => Some((ReasonKey::TestFailed, HealthState::Degraded, " could not be run")),
        TestVerdict::Warned => Some((ReasonKey::TestWarned, HealthState::Caution, " gave a warning")),
        TestVerdict::Skipped => Some((
            ReasonKey::TestSkipped,
            HealthState::Caution,
            " was skipped in its last run",
        )),
        TestVerdict::Odd => Some((
            ReasonKey::StatusNotKnown,
            HealthState::Unknown,
            " ended with a status that is not known",
        )),
        TestVerdict::NotRun => Some((ReasonKey::NotRun, HealthState::Unknown, " has not been run")),
    };
    let check = Check {
        kind: CheckKind::Tests,
        title: "Last result".into(),
        state: Some(found.map_or(HealthState::Healthy, |found| found.1)),
        phrases: vec![
            scene
                .status(position)
                .unwrap_or("no result is known")
                .to_owned()
                .into(),
        ],
        at,
    };
    let reasons = found
        .map(|(key, state, words)| {
            reason(
                scene,
                key,
                state,
                &alone,
                vec![node(scene, position), words.into()],
            )
        })
        .into_iter()
        .collect();
    Health::new(reasons, vec![check])
}
