//! Collapse the middle: from a model straight to its dashboards.
//!
//! ```text
//!                 ┌─▶ int_a ─▶ fct_b ─┬─▶ Revenue                     ┌─▶ Revenue
//! stg_orders ─────┤                   └─▶ Weekly    becomes   stg_orders ─▶ (+2 models) ─▶ Weekly
//!                 └─▶ dim_c ────────────▶ Shops                       └─▶ dim_c ─▶ Shops
//! ```
//!
//! A pill stands for models that hang together and are reached from exactly the same of the chosen nodes. So
//! a path through pills from a chosen node to a dashboard is always a path that there is: what is reached
//! from two of them never lends its dashboards to what is reached from one.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::Kind;
use super::lens::Lens;
use super::sketch::{Fate, Merged, Sketch};
use crate::graph::{Adjacency, NodeSet};
use crate::project::ResourceType;

/// Pills tell apart from which nodes they are reached, for so many; one bit each.
const MOST_STARTS: usize = 64;

/// Draws the models between the chosen nodes and the dashboards as pills, but for those that are open. What
/// is below the chosen nodes and leads to no dashboard goes.
pub(super) fn collapse(
    sketch: &mut Sketch,
    open: &BTreeSet<String>,
    lens: &mut Lens,
    notes: &mut Vec<String>,
) {
    let count = sketch.vertices.len();
    let readers = Adjacency::new(count, sketch.edges.clone());
    let read = Adjacency::new(count, sketch.edges.iter().map(|&(from, to)| (to, from)).collect());
    let starts: Vec<usize> = (0..count).filter(|&at| sketch.vertices[at].is_start).collect();
    if starts.len() > MOST_STARTS {
        notes.push(format!(
            "The middle is collapsed for at most {MOST_STARTS} nodes to start from; here are {}.",
            starts.len()
        ));
        return;
    }
    let is_dashboard = |at: usize| sketch.vertices[at].kind == Kind::Resource(ResourceType::Exposure);
    // From which of the starts each vertex is reached.
    let mut reached_from = vec![0_u64; count];
    for (bit, &start) in starts.iter().enumerate() {
        for at in walk(&readers, [start], count) {
            reached_from[at] |= 1 << bit;
        }
    }
    let leads_to_dashboard = NodeSet::from_positions(
        count,
        walk(&read, (0..count).filter(|&at| is_dashboard(at)), count),
    );
    let is_below = |at: usize| {
        let vertex = &sketch.vertices[at];
        reached_from[at] != 0 && !vertex.is_start && !vertex.kind.is_of_bi_tool()
    };
    let is_middle = |at: usize| is_below(at) && leads_to_dashboard.contains(at);
    if !(0..count).any(|at| reached_from[at] != 0 && is_dashboard(at)) {
        notes.push("No dashboard stands on it, so there is no middle to collapse.".to_owned());
        return;
    }

    // Models that hang together and are reached from the same, each by its member with the first id.
    let mut bundle = vec![usize::MAX; count];
    let mut bundles: Vec<Vec<usize>> = Vec::new();
    for first in 0..count {
        if !is_middle(first) || bundle[first] != usize::MAX {
            continue;
        }
        let mut members = vec![first];
        bundle[first] = bundles.len();
        let mut at = 0;
        while at < members.len() {
            let member = members[at];
            for &other in readers.of(member).iter().chain(read.of(member)) {
                let is_same = is_middle(other) && reached_from[other] == reached_from[first];
                if is_same && bundle[other] == usize::MAX {
                    bundle[other] = bundles.len();
                    members.push(other);
                }
            }
            at += 1;
        }
        bundles.push(members);
    }
    let mut fates = vec![Fate::Stays; count];
    let mut pills = Vec::new();
    for members in bundles {
        let first = members.iter().map(|&at| sketch.vertices[at].id.as_str()).min();
        let id = format!("pill:{}", first.unwrap_or_default());
        // One model is told more shortly by its own name.
        if members.len() < 2 || open.contains(&id) {
            continue;
        }
        let name = counted(members.iter().map(|&at| sketch.vertices[at].kind));
        for at in members {
            fates[at] = Fate::Joins(pills.len());
        }
        pills.push(Merged {
            id,
            name,
            kind: Kind::Pill,
        });
    }
    let mut gone = 0;
    for (at, fate) in fates.iter_mut().enumerate() {
        if is_below(at) && !leads_to_dashboard.contains(at) {
            *fate = Fate::Goes;
            gone += 1;
        }
    }
    if gone > 0 {
        notes.push(if gone == 1 {
            "1 resource below leads to no dashboard and is not drawn.".to_owned()
        } else {
            format!("{gone} resources below lead to no dashboard and are not drawn.")
        });
    }
    sketch.merge(&fates, pills, lens);
}

/// `+7 models`, or `+7 resources` when they are of several kinds.
fn counted(kinds: impl Iterator<Item = Kind>) -> String {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let all_models = counts.len() == 1 && counts.contains_key(&Kind::Resource(ResourceType::Model));
    format!("+{total} {}", if all_models { "models" } else { "resources" })
}

/// Everything that can be reached, the starts included.
fn walk(edges: &Adjacency, from: impl IntoIterator<Item = usize>, count: usize) -> Vec<usize> {
    let mut seen = NodeSet::new(count);
    let mut reached: Vec<usize> = from.into_iter().filter(|&at| seen.insert(at)).collect();
    let mut at = 0;
    while at < reached.len() {
        let next = edges.of(reached[at]).iter().copied();
        reached.extend(next.filter(|&other| seen.insert(other)));
        at += 1;
    }
    reached
}
