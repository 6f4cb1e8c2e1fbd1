//! The freshness of the sources upstream, by the rule of models and by that of exposures.

use super::check::{Check, CheckKind};
use super::reason::{Reason, ReasonKey};
use super::scene::Scene;
use super::state::HealthState;
use super::verdict::FreshnessVerdict::{Errored, NotChecked, Odd, Passed, Warned, WarnedLongAgo};
use super::word::{by_count, list, reason, sentence};

/// Whose rule is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A check that has not run for 30 days degrades; what it said before is not asked.
    Model,
    /// The last check counts, however old; one that passed long ago says nothing any more.
    Exposure,
}

/// Judges the sources upstream of a node that configure their freshness. Without one the check does not
/// apply.
pub fn judge(scene: &Scene<'_>, position: usize, rule: Rule) -> (Vec<Reason>, Check) {
    let upstream = scene.upstream(position);
    let (warned, not_checked, not_checked_state) = match rule {
        Rule::Model => (
            upstream.of(&[Warned]),
            upstream.of(&[NotChecked, WarnedLongAgo]),
            HealthState::Degraded,
        ),
        Rule::Exposure => (
            upstream.of(&[Warned, WarnedLongAgo]),
            upstream.of(&[NotChecked]),
            HealthState::Unknown,
        ),
    };
    let mut reasons = Vec::new();
    let mut worst = None;
    let all = [
        (
            upstream.of(&[Errored]),
            ReasonKey::SourceErrored,
            HealthState::Degraded,
            " gave an error",
        ),
        (
            not_checked,
            ReasonKey::SourceNotChecked,
            not_checked_state,
            " has not run within 30 days",
        ),
        (
            warned,
            ReasonKey::SourceWarned,
            HealthState::Caution,
            " gave a warning",
        ),
        (
            upstream.of(&[Odd]),
            ReasonKey::StatusNotKnown,
            HealthState::Unknown,
            " ended with a status that is not known",
        ),
    ];
    for (sources, key, state, end) in all {
        if sources.count == 0 {
            continue;
        }
        let beginning = by_count(
            sources.count,
            "the check of freshness of ",
            "the check of freshness of each of ",
        );
        let phrases = sentence(scene, beginning, &sources, end);
        reasons.push(reason(scene, key, state, &sources, phrases));
        if worst.as_ref().is_none_or(|(held, _)| *held < state) {
            worst = Some((state, sources));
        }
    }
    let total = upstream.count();
    let (state, phrases, at) = match worst {
        _ if total == 0 => (None, vec!["no source with a freshness".into()], None),
        Some((state, sources)) => (Some(state), list(scene, &sources), sources.at),
        None => {
            let passed = upstream.of(&[Passed]);
            let phrases = if total == 1 {
                list(scene, &passed)
            } else {
                vec![format!("{total} of {total}").into()]
            };
            (Some(HealthState::Healthy), phrases, passed.at)
        }
    };
    let check = Check {
        kind: CheckKind::Freshness,
        title: "Freshness of sources".into(),
        state,
        phrases,
        at,
    };
    (reasons, check)
}
