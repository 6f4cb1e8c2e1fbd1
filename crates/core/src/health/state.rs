//! The four states, and what is said of one resource.

use serde::{Deserialize, Serialize};

use super::check::{Check, CheckKind};
use super::reason::{Reason, ReasonKey};

/// How good the data behind a resource is.
///
/// Ordered by badness, so that `max` is "the worst of": what is not known is worse than what is known to
/// be good, and better than what is known to be doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Everything that the rule asks for holds.
    Healthy,
    /// No run has touched it, or not all that the rule asks for is known.
    #[default]
    Unknown,
    /// Something is doubtful.
    Caution,
    /// Something failed.
    Degraded,
}

impl HealthState {
    /// Every state, best first.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Unknown, Self::Caution, Self::Degraded];

    /// The word in JSON and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
            Self::Caution => "caution",
            Self::Degraded => "degraded",
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Unknown => "Unknown",
            Self::Caution => "Caution",
            Self::Degraded => "Degraded",
        }
    }

    /// Reads the word that [`Self::name`] gives.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The worst of several; `None` of none.
    pub fn worst(states: impl IntoIterator<Item = Self>) -> Option<Self> {
        states.into_iter().max()
    }
}

impl std::fmt::Display for HealthState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What is said of one resource. Its JSON is a public format: fields are added, never renamed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// The worst of the reasons' states; healthy without one.
    pub state: HealthState,
    /// Why it is not healthy, worst first. Empty when it is, and for kinds that no rule judges.
    pub reasons: Vec<Reason>,
    /// What was looked at, in a fixed order, good or not: the rows of a page's table.
    pub checks: Vec<Check>,
}

impl Health {
    /// The state follows from the reasons: their worst, healthy without one. They are put in order, worst
    /// first, and of one state in the order of [`ReasonKey`].
    pub fn new(mut reasons: Vec<Reason>, checks: Vec<Check>) -> Self {
        reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.state), reason.key));
        Self {
            state: reasons
                .first()
                .map_or(HealthState::Healthy, |reason| reason.state),
            reasons,
            checks,
        }
    }

    /// The row of a kind of check.
    pub fn check(&self, kind: CheckKind) -> Option<&Check> {
        self.checks.iter().find(|check| check.kind == kind)
    }

    /// The reason that a page puts into its one sentence.
    pub fn main_reason(&self) -> Option<&Reason> {
        self.reasons.first()
    }

    /// Whether a reason is among those given.
    pub fn has(&self, key: ReasonKey) -> bool {
        self.reasons.iter().any(|reason| reason.key == key)
    }
}

/// How many resources are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCounts {
    /// Healthy ones.
    pub healthy: usize,
    /// Unknown ones.
    pub unknown: usize,
    /// Those that ask for caution.
    pub caution: usize,
    /// Degraded ones.
    pub degraded: usize,
}

impl HealthCounts {
    /// How many are in a state.
    pub const fn of(&self, state: HealthState) -> usize {
        match state {
            HealthState::Healthy => self.healthy,
            HealthState::Unknown => self.unknown,
            HealthState::Caution => self.caution,
            HealthState::Degraded => self.degraded,
        }
    }

    /// Counts one more.
    pub const fn add(&mut self, state: HealthState) {
        match state {
            HealthState::Healthy => self.healthy += 1,
            HealthState::Unknown => self.unknown += 1,
            HealthState::Caution => self.caution += 1,
            HealthState::Degraded => self.degraded += 1,
        }
    }

    /// How many there are.
    pub const fn total(&self) -> usize {
        self.healthy + self.unknown + self.caution + self.degraded
    }

    /// The worst state that occurs; `None` when nothing was counted.
    pub fn worst(&self) -> Option<HealthState> {
        HealthState::worst(HealthState::ALL.into_iter().filter(|&state| self.of(state) > 0))
    }
}

impl FromIterator<HealthState> for HealthCounts {
    fn from_iter<T: IntoIterator<Item = HealthState>>(states: T) -> Self {
        let mut counts = Self::default();
        for state in states {
            counts.add(state);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_badness() {
        use HealthState::{Caution, Degraded, Healthy, Unknown};
        assert!(Healthy < Unknown && Unknown < Caution && Caution < Degraded);
        assert_eq!(HealthState::worst([Healthy, Caution, Unknown]), Some(Caution));
        assert_eq!(HealthState::worst([]), None);
        for state in HealthState::ALL {
            assert_eq!(HealthState::from_name(state.name()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }

    #[test]
    fn counts_know_their_worst() {
        let counts: HealthCounts = [HealthState::Healthy, HealthState::Unknown, HealthState::Healthy]
            .into_iter()
            .collect();
        assert_eq!((counts.healthy, counts.unknown, counts.total()), (2, 1, 3));
        assert_eq!(counts.worst(), Some(HealthState::Unknown));
        assert_eq!(HealthCounts::default().worst(), None);
    }
}
