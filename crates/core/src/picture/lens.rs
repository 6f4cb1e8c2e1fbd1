//! What a colour tells: a value for every vertex, and the legend of the values that occur.
//!
//! Colours are names of CSS tokens, never colours: kinds have their own, states of health theirs, and lists
//! that nobody can foresee share `t1` to `t8`, the most frequent first.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;

use super::Surroundings;
use super::kind::Kind;
use super::query::LensName;
use crate::graph::NodeSet;
use crate::health::{HealthState, RefreshState};
use crate::history::NodeState;
use crate::inventory::DataSource;
use crate::layer::Layer;
use crate::project::{Node, ResourceType};
use crate::run::RunStatus;
use crate::selector::Universe;

/// A value in the legend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegendEntry {
    /// The value's stable word. Of owners and materializations the value itself: untrusted.
    pub key: String,
    /// The value for people. Untrusted.
    pub label: String,
    /// The CSS token: a kind's name, a state of health, or `t1` to `t8`.
    pub tone: &'static str,
}

/// Colours of open lists.
const TONES: [&str; 8] = ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"];
const UNKNOWN: &str = "unknown";

/// The values met so far.
#[derive(Debug)]
pub(super) struct Lens {
    name: LensName,
    values: Vec<Met>,
    place: HashMap<String, usize>,
    /// Of owners, the rank by number of resources.
    ranks: HashMap<String, usize>,
}

#[derive(Debug)]
struct Met {
    entry: LegendEntry,
    /// Where it stands in the legend.
    rank: usize,
    /// Which of several differing values a group shows; 0 in lenses without better and worse.
    badness: u8,
}

impl Lens {
    pub fn new(name: LensName, drawn: &NodeSet, universe: &Universe<'_>) -> Self {
        let mut ranks = HashMap::new();
        if name == LensName::Owner {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for node in drawn.iter().filter_map(|position| universe.node(position)) {
                if let Some(owner) = owner_of(node) {
                    *counts.entry(owner).or_default() += 1;
                }
            }
            let mut owners: Vec<(&str, usize)> = counts.into_iter().collect();
            owners.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
            ranks.extend(
                owners
                    .into_iter()
                    .enumerate()
                    .map(|(rank, (owner, _))| (owner.to_owned(), rank)),
            );
        }
        Self {
            name,
            values: Vec::new(),
            place: HashMap::new(),
            ranks,
        }
    }

    /// The value of a resource.
    pub fn of_node(
        &mut self,
        position: usize,
        node: &Node,
        universe: &Universe<'_>,
        surroundings: &Surroundings<'_>,
    ) -> usize {
        let state = || (surroundings.state)(position);
        match self.name {
            LensName::Type => self.of_kind(Kind::Resource(node.resource_type)),
            LensName::Health => self.health((surroundings.health)(position)),
            LensName::Status => match state().and_then(last_status) {
                Some(status) => self.status(status),
                None => self.value("not_run", "Not run", UNKNOWN, 90, 1),
            },
            LensName::Tests => self.tests(position, universe, surroundings),
            LensName::Materialization => match node.materialized() {
                Some(word) => self.materialization(word),
                None => self.none(),
            },
            LensName::Layer => match Layer::of(node) {
                Some(Layer::Staging) => self.value("staging", "Staging", TONES[0], 0, 0),
                Some(Layer::Intermediate) => self.value("intermediate", "Intermediate", TONES[1], 1, 0),
                Some(Layer::Marts) => self.value("marts", "Marts", TONES[2], 2, 0),
                None if node.resource_type == ResourceType::Model => {
                    self.value("other", "Other models", TONES[3], 3, 0)
                }
                None => self.none(),
            },
            LensName::Refresh => self.refresh(position, node, surroundings),
            LensName::Owner => match owner_of(node) {
                Some(owner) => self.owner(owner),
                None => self.value("", "No owner", UNKNOWN, usize::MAX - 1, 0),
            },
        }
    }

    /// The value of what is no resource.
    pub fn of_kind(&mut self, kind: Kind) -> usize {
        if self.name == LensName::Type {
            self.value(kind.name(), kind.title(), kind.tone(), kind.index(), 0)
        } else {
            self.none()
        }
    }

    /// The value of a data source.
    pub fn of_data_source(&mut self, source: Option<&DataSource>, surroundings: &Surroundings<'_>) -> usize {
        match (self.name, source) {
            (LensName::Refresh, Some(source)) => match source.has_extract {
                Some(false) => self.value("live", "Live", TONES[0], 0, 0),
                _ => self.age(source.extract_refreshed_at, surroundings.now),
            },
            _ => self.of_kind(Kind::DataSource),
        }
    }

    /// The value of what stands for several: theirs where they agree, else the worst where there is one.
    pub fn of_several(&mut self, values: impl Iterator<Item = usize>) -> usize {
        let values: Vec<usize> = values.collect();
        let Some(&first) = values.first() else {
            return self.none();
        };
        if values.iter().all(|&value| value == first) {
            return first;
        }
        let worst = values
            .iter()
            .copied()
            .max_by_key(|&value| self.values[value].badness);
        match worst.filter(|&value| self.values[value].badness > 0) {
            Some(worst) => worst,
            None => self.value("several", "Several", UNKNOWN, usize::MAX - 2, 0),
        }
    }

    /// The legend of the values that are used, and for each value its place there.
    pub fn legend(mut self, used: impl Iterator<Item = usize>) -> (Vec<LegendEntry>, Vec<usize>) {
        let mut is_used = vec![false; self.values.len()];
        for value in used {
            is_used[value] = true;
        }
        let mut order: Vec<usize> = (0..self.values.len()).filter(|&value| is_used[value]).collect();
        order.sort_by(|&left, &right| {
            let key = |at: usize| (self.values[at].rank, &self.values[at].entry.key);
            key(left).cmp(&key(right))
        });
        let mut places = vec![0; self.values.len()];
        let mut legend = Vec::with_capacity(order.len());
        for value in order {
            places[value] = legend.len();
            let entry = LegendEntry {
                key: std::mem::take(&mut self.values[value].entry.key),
                label: std::mem::take(&mut self.values[value].entry.label),
                tone: self.values[value].entry.tone,
            };
            legend.push(entry);
        }
        (legend, places)
    }

    fn value(&mut self, key: &str, label: &str, tone: &'static str, rank: usize, badness: u8) -> usize {
        if let Some(&at) = self.place.get(key) {
            return at;
        }
        self.values.push(Met {
            entry: LegendEntry {
                key: key.to_owned(),
                label: label.to_owned(),
                tone,
            },
            rank,
            badness,
        });
        self.place.insert(key.to_owned(), self.values.len() - 1);
        self.values.len() - 1
    }

    fn none(&mut self) -> usize {
        self.value("none", "Does not apply", UNKNOWN, usize::MAX, 0)
    }

    fn health(&mut self, state: HealthState) -> usize {
        let (rank, badness) = match state {
            HealthState::Healthy => (0, 1),
            HealthState::Caution => (1, 3),
            HealthState::Degraded => (2, 4),
            HealthState::Unknown => (3, 2),
        };
        self.value(state.name(), state.title(), state.name(), rank, badness)
    }

    fn status(&mut self, status: &RunStatus) -> usize {
        let (tone, rank, badness) = match status {
            RunStatus::Success => ("healthy", 0, 1),
            RunStatus::Pass => ("healthy", 1, 1),
            RunStatus::NoOp => ("healthy", 2, 1),
            RunStatus::PartialSuccess => ("caution", 3, 3),
            RunStatus::Warn => ("caution", 4, 3),
            RunStatus::Skipped => ("caution", 5, 3),
            RunStatus::Fail => ("degraded", 6, 4),
            RunStatus::Error => ("degraded", 7, 4),
            RunStatus::RuntimeError => ("degraded", 8, 4),
            RunStatus::Other(_) => (UNKNOWN, 9, 2),
        };
        let label = capitalized(status.name());
        self.value(status.name(), &label, tone, rank, badness)
    }

    /// The worst of the tests on a node.
    fn tests(&mut self, position: usize, universe: &Universe<'_>, surroundings: &Surroundings<'_>) -> usize {
        let node = universe.node(position);
        let is_test =
            |node: &&Node| matches!(node.resource_type, ResourceType::Test | ResourceType::UnitTest);
        let own = node.as_ref().filter(|node| is_test(node)).map(|_| position);
        let on_it = universe.graph().children(position).iter().copied();
        let on_it = on_it.filter(|&child| universe.node(child).as_ref().is_some_and(is_test));
        let mut worst = None;
        for test in own.into_iter().chain(on_it) {
            let result = (surroundings.state)(test).and_then(|state| state.test.as_ref());
            let outcome = match result.map(|result| &result.status) {
                Some(RunStatus::Pass | RunStatus::Success) => 1,
                Some(RunStatus::Warn) => 3,
                Some(RunStatus::Fail | RunStatus::Error | RunStatus::RuntimeError) => 4,
                _ => 2,
            };
            worst = worst.max(Some(outcome));
        }
        match worst {
            Some(1) => self.value("passed", "Passed", "healthy", 0, 2),
            Some(3) => self.value("warned", "Warned", "caution", 1, 4),
            Some(4) => self.value("failed", "Failed", "degraded", 2, 5),
            Some(_) => self.value("not_run", "Not run", UNKNOWN, 3, 3),
            None if node.is_some_and(|node| node.resource_type.is_relation()) => {
                self.value("no_tests", "No tests", UNKNOWN, 4, 1)
            }
            None => self.none(),
        }
    }

    fn materialization(&mut self, word: &str) -> usize {
        const KNOWN: [&str; 7] = [
            "table",
            "view",
            "incremental",
            "ephemeral",
            "materialized_view",
            "snapshot",
            "seed",
        ];
        let rank = KNOWN.iter().position(|known| *known == word);
        let tone = TONES[rank.unwrap_or(TONES.len() - 1)];
        let label = capitalized(&word.replace('_', " "));
        self.value(word, &label, tone, rank.unwrap_or(KNOWN.len()), 0)
    }

    /// When the data was last renewed: of dashboards by the BI tool, of models by dbt, of sources by whoever
    /// loads them.
    fn refresh(&mut self, position: usize, node: &Node, surroundings: &Surroundings<'_>) -> usize {
        let state = (surroundings.state)(position);
        match node.resource_type {
            ResourceType::Exposure => {
                let Some(refresh) = (surroundings.refresh)(position) else {
                    return self.age(None, surroundings.now);
                };
                match refresh.state {
                    RefreshState::Live => self.value("live", "Live", TONES[0], 0, 1),
                    RefreshState::Failed => self.value("failed", "Refresh failed", "degraded", 4, 6),
                    _ => self.age(refresh.data_as_of, surroundings.now),
                }
            }
            ResourceType::Source => {
                let loaded = state.and_then(|state| state.freshness.as_ref()?.max_loaded_at);
                self.age(loaded, surroundings.now)
            }
            kind if kind.is_relation() => self.age(state.and_then(|state| state.built_at), surroundings.now),
            _ => self.none(),
        }
    }

    fn age(&mut self, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> usize {
        match at.map(|at| now - at) {
            Some(age) if age <= TimeDelta::days(1) => self.value("day", "Within a day", "healthy", 1, 2),
            Some(age) if age <= TimeDelta::days(7) => self.value("week", "Within 7 days", "caution", 2, 4),
            Some(_) => self.value("older", "More than 7 days ago", "degraded", 3, 5),
            None => self.value("never", "Not known", UNKNOWN, 5, 3),
        }
    }

    fn owner(&mut self, owner: &str) -> usize {
        let rank = self.ranks.get(owner).copied().unwrap_or(usize::MAX);
        match TONES.get(rank) {
            Some(tone) => {
                let label: String = owner.chars().take(60).collect();
                self.value(owner, &label, tone, rank, 0)
            }
            None => self.value("others", "Other owners", UNKNOWN, TONES.len(), 0),
        }
    }
}

fn last_status(state: &NodeState) -> Option<&RunStatus> {
    let result = state.build.as_ref().or(state.test.as_ref());
    result
        .map(|result| &result.status)
        .or(state.freshness.as_ref().map(|freshness| &freshness.status))
}

/// Who answers for a node: the exposure's owner, `meta.owner`, or the group.
pub(super) fn owner_of(node: &Node) -> Option<&str> {
    let of_exposure = node.exposure.as_ref().and_then(|exposure| {
        let name = exposure.owner_name.as_deref();
        name.or(exposure.owner_email.as_deref())
    });
    of_exposure
        .or_else(|| node.meta.get("owner").and_then(Value::as_str))
        .or(node.group.as_deref())
        .filter(|owner| !owner.trim().is_empty())
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
