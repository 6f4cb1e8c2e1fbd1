//! What differs between two moments of an integration's exposures.
//!
//! Each change of an exposure is kept as a [`Delta`]: what it was called before and after, and which nodes and gaps
//! it gained and lost by it. Between two moments the deltas are added up, and what cancels out is gone:
//!
//! ```text
//! moment     4 ────── 5 ────── 6 ────── 7
//! orders         − raw_a           + raw_a      4 to 7: no change
//! refunds                  added                4 to 7: added, with its links of now
//! ```
//!
//! So no moment is kept whole, a moment at which nothing changed costs nothing, and any two can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::exposure::Exposure;
use crate::gap::GapReason;
use crate::id::NodeId;

/// By what people and other programs know an exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// `exposure.<package>.<name>`.
    pub unique_id: NodeId,
    /// dbt's name.
    pub name: String,
    /// The name for people. Untrusted.
    pub label: String,
    /// Where a person opens it.
    pub url: Option<String>,
    /// The collections above it from the top, joined by `/`.
    pub path: Option<String>,
}

impl Title {
    /// The title of an exposure.
    pub fn of(exposure: &Exposure) -> Self {
        Self {
            unique_id: exposure.unique_id.clone(),
            name: exposure.name.clone(),
            label: exposure.label.clone(),
            url: exposure.url.clone(),
            path: exposure
                .workbook
                .as_ref()
                .map(|workbook| workbook.project_path.clone()),
        }
    }
}

/// A gap, known by its table and its reason: a table that is missing for another reason now is another gap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OpenGap {
    /// The table as the BI tool or the SQL text names it. Untrusted.
    pub table: String,
    /// Why there is no link.
    pub reason: GapReason,
}

/// What one change did to one exposure. Its JSON is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delta {
    /// What it was called; `None` where it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Title>,
    /// What it is called; `None` where it is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Title>,
    /// Nodes that it stands on since.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub gained: BTreeSet<NodeId>,
    /// Nodes that it does not stand on any more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub lost: BTreeSet<NodeId>,
    /// Gaps that there are since.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub opened: BTreeSet<OpenGap>,
    /// Gaps that there are no more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub closed: BTreeSet<OpenGap>,
}

impl Delta {
    /// What differs between an exposure before and after; `None` when nothing does that is told of here: usage,
    /// times, owners and descriptions are not.
    pub fn between(before: Option<&Exposure>, after: Option<&Exposure>) -> Option<Self> {
        let (nodes_before, nodes_after) = (nodes(before), nodes(after));
        let (gaps_before, gaps_after) = (gaps(before), gaps(after));
        let delta = Self {
            before: before.map(Title::of),
            after: after.map(Title::of),
            gained: nodes_after.difference(&nodes_before).cloned().collect(),
            lost: nodes_before.difference(&nodes_after).cloned().collect(),
            opened: gaps_after.difference(&gaps_before).cloned().collect(),
            closed: gaps_before.difference(&gaps_after).cloned().collect(),
        };
        let is_nothing = delta.before == delta.after
            && delta.gained.is_empty()
            && delta.lost.is_empty()
            && delta.opened.is_empty()
            && delta.closed.is_empty();
        (!is_nothing).then_some(delta)
    }
}

/// Every node that an exposure stands on.
fn nodes(exposure: Option<&Exposure>) -> BTreeSet<NodeId> {
    let Some(exposure) = exposure else {
        return BTreeSet::new();
    };
    let linked = exposure.links.iter().map(|link| &link.node);
    linked.chain(&exposure.depends_on).cloned().collect()
}

fn gaps(exposure: Option<&Exposure>) -> BTreeSet<OpenGap> {
    let gaps = exposure.map_or([].as_slice(), |exposure| exposure.gaps.as_slice());
    let open = |gap: &crate::gap::Gap| OpenGap {
        table: gap.table.clone(),
        reason: gap.reason,
    };
    gaps.iter().map(open).collect()
}

/// What several changes did to one exposure in all. Each thing comes with the stamp `S` of the change that brought
/// it about, such as when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetChange<S> {
    /// What it was called; `None` where it was not there.
    pub before: Option<Title>,
    /// What it is called; `None` where it is not there.
    pub after: Option<Title>,
    /// Nodes that it stands on and did not.
    pub gained: BTreeMap<NodeId, S>,
    /// Nodes that it stood on and does not.
    pub lost: BTreeMap<NodeId, S>,
    /// Gaps that there are and were not.
    pub opened: BTreeMap<OpenGap, S>,
    /// Gaps that there were and are not.
    pub closed: BTreeMap<OpenGap, S>,
    /// The last of the changes.
    pub last: S,
}

impl<S> NetChange<S> {
    /// The same seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self {
            before: self.after,
            after: self.before,
            gained: self.lost,
            lost: self.gained,
            opened: self.closed,
            closed: self.opened,
            last: self.last,
        }
    }
}

/// Adds up the changes of one exposure, the first one first; `None` when they cancel out.
pub fn add_up<S: Clone>(changes: impl IntoIterator<Item = (S, Delta)>) -> Option<NetChange<S>> {
    let mut ends: Option<(Option<Title>, Option<Title>, S)> = None;
    let mut nodes = Toggles::default();
    let mut gaps = Toggles::default();
    for (stamp, delta) in changes {
        nodes.turn(delta.gained, true, &stamp);
        nodes.turn(delta.lost, false, &stamp);
        gaps.turn(delta.opened, true, &stamp);
        gaps.turn(delta.closed, false, &stamp);
        ends = Some(match ends {
            None => (delta.before, delta.after, stamp),
            Some((before, _, _)) => (before, delta.after, stamp),
        });
    }
    let (before, after, last) = ends?;
    let (gained, lost) = nodes.turned();
    let (opened, closed) = gaps.turned();
    let is_nothing =
        before == after && gained.is_empty() && lost.is_empty() && opened.is_empty() && closed.is_empty();
    (!is_nothing).then_some(NetChange {
        before,
        after,
        gained,
        lost,
        opened,
        closed,
        last,
    })
}

/// Things that are there or not: how each was before it was first turned, how it is since, and by what.
struct Toggles<T, S>(BTreeMap<T, (bool, bool, S)>);

impl<T, S> Default for Toggles<T, S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord, S: Clone> Toggles<T, S> {
    fn turn(&mut self, things: BTreeSet<T>, is_there: bool, stamp: &S) {
        for thing in things {
            let turned = self
                .0
                .entry(thing)
                .or_insert_with(|| (!is_there, is_there, stamp.clone()));
            turned.1 = is_there;
            turned.2 = stamp.clone();
        }
    }

    /// What is there and was not, and the other way round.
    fn turned(self) -> (BTreeMap<T, S>, BTreeMap<T, S>) {
        let (mut came, mut went) = (BTreeMap::new(), BTreeMap::new());
        for (thing, (was, is, stamp)) in self.0 {
            match (was, is) {
                (false, true) => came.insert(thing, stamp),
                (true, false) => went.insert(thing, stamp),
                _ => None,
            };
        }
        (came, went)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An exposure that is there or not, of few nodes and gaps.
    fn states() -> impl Strategy<Value = Vec<Option<Exposure>>> {
        let state = prop::option::of((
            0..3_u8,
            prop::collection::btree_set(0..4_u8, 0..4),
            prop::collection::btree_set(0..3_u8, 0..3),
        ));
        prop::collection::vec(
            state.prop_map(|state| state.map(|(label, nodes, gaps)| exposure(label, &nodes, &gaps))),
            1..12,
        )
    }

    fn exposure(label: u8, nodes: &BTreeSet<u8>, gaps: &BTreeSet<u8>) -> Exposure {
        let gaps: Vec<_> = gaps
            .iter()
            .map(|table| {
                serde_json::json!({
                    "table": format!("t{table}"), "reason": "ambiguous", "candidates": [], "remedy": "", "count": 1,
                })
            })
            .collect();
        let nodes: Vec<_> = nodes.iter().map(|node| format!("model.shop.m{node}")).collect();
        serde_json::from_value(serde_json::json!({
            "unique_id": "exposure.shop.x", "name": "x", "label": format!("Label {label}"), "type": "dashboard",
            "mode": "auto", "modes": ["auto"], "project": "shop", "integration": "main", "url": null,
            "owner": {"name": null, "email": null}, "description": null, "maturity": null, "tags": [],
            "depends_on": nodes, "links": [], "gaps": gaps,
        }))
        .unwrap()
    }

    /// A net change without its stamps.
    fn plain<S>(net: NetChange<S>) -> Delta {
        Delta {
            before: net.before,
            after: net.after,
            gained: net.gained.into_keys().collect(),
            lost: net.lost.into_keys().collect(),
            opened: net.opened.into_keys().collect(),
            closed: net.closed.into_keys().collect(),
        }
    }

    proptest! {
        #[test]
        fn changes_add_up_to_what_differs_at_the_ends(states in states(), from in 0..12_usize, to in 0..12_usize) {
            let (from, to) = (from.min(states.len() - 1), to.min(states.len() - 1));
            let (low, high) = (from.min(to), from.max(to));
            let deltas = (low..high).filter_map(|moment| {
                let delta = Delta::between(states[moment].as_ref(), states[moment + 1].as_ref());
                delta.map(|delta| (moment, delta))
            });
            let mut net = add_up(deltas);
            if from > to {
                net = net.map(NetChange::reversed);
            }
            prop_assert_eq!(net.map(plain), Delta::between(states[from].as_ref(), states[to].as_ref()));
        }
    }

    #[test]
    fn each_thing_tells_which_change_brought_it_about() {
        let with = |nodes: &[u8]| exposure(0, &nodes.iter().copied().collect(), &BTreeSet::new());
        let states = [with(&[1]), with(&[1, 2]), with(&[2]), with(&[2, 3]), with(&[3])];
        let deltas = states
            .windows(2)
            .zip(1..)
            .map(|(pair, stamp)| (stamp, Delta::between(Some(&pair[0]), Some(&pair[1])).unwrap()));
        let net = add_up(deltas).unwrap();
        assert_eq!(net.gained, BTreeMap::from([("model.shop.m3".into(), 3)]));
        assert_eq!(net.lost, BTreeMap::from([("model.shop.m1".into(), 2)]));
        assert_eq!(net.last, 4);
    }

    #[test]
    fn what_is_not_told_of_is_no_difference() {
        let one = exposure(1, &BTreeSet::from([1]), &BTreeSet::new());
        let mut other = one.clone();
        other.description = Some("another".to_owned());
        other.owner.name = Some("Ann".to_owned());
        assert_eq!(Delta::between(Some(&one), Some(&other)), None);
        assert_eq!(Delta::between(None, None), None);
    }
}
