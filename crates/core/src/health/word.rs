//! Sentences out of nodes and numbers.

use chrono::{DateTime, Utc};

use super::LONGEST_LIST;
use super::reason::{Phrase, Reason, ReasonKey};
use super::scene::Scene;
use super::state::HealthState;
use super::upstream::Alike;

/// How many nodes a sentence names before it counts the rest.
const NAMED_IN_SENTENCE: usize = 3;

impl Alike {
    /// Of one node.
    pub fn one(position: usize, at: Option<DateTime<Utc>>) -> Self {
        Self {
            count: 1,
            named: vec![position],
            at,
        }
    }

    /// Counts one more; names it when there is room.
    pub fn add(&mut self, position: usize, at: Option<DateTime<Utc>>) {
        self.count += 1;
        self.at = self.at.max(at);
        if self.named.len() < LONGEST_LIST {
            self.named.push(position);
        }
    }
}

/// A node by its name.
pub fn node(scene: &Scene<'_>, position: usize) -> Phrase {
    Phrase::Node {
        id: scene.id(position),
        name: scene.name(position),
    }
}

/// "a", "a and b", "a, b, c and 4 more".
pub fn list(scene: &Scene<'_>, alike: &Alike) -> Vec<Phrase> {
    let shown = &alike.named[..alike.named.len().min(NAMED_IN_SENTENCE)];
    let more = alike.count.saturating_sub(shown.len());
    let mut phrases = Vec::with_capacity(shown.len() * 2 + 1);
    for (at, &position) in shown.iter().enumerate() {
        if at > 0 {
            let is_last = more == 0 && at + 1 == shown.len();
            phrases.push(if is_last { " and " } else { ", " }.into());
        }
        phrases.push(node(scene, position));
    }
    if more > 0 {
        phrases.push(format!(" and {more} more").into());
    }
    phrases
}

/// One of two wordings by number.
pub const fn by_count(count: usize, one: &'static str, several: &'static str) -> &'static str {
    if count == 1 { one } else { several }
}

/// A reason for which the given nodes are to blame.
pub fn reason(
    scene: &Scene<'_>,
    key: ReasonKey,
    state: HealthState,
    alike: &Alike,
    phrases: Vec<Phrase>,
) -> Reason {
    Reason {
        key,
        state,
        phrases,
        nodes: alike.named.iter().map(|&position| scene.id(position)).collect(),
        more: alike.count - alike.named.len(),
        at: alike.at,
    }
}

/// A sentence from a beginning, a list of nodes and an end.
pub fn sentence(scene: &Scene<'_>, beginning: &'static str, alike: &Alike, end: &'static str) -> Vec<Phrase> {
    let mut phrases = Vec::with_capacity(3);
    if !beginning.is_empty() {
        phrases.push(beginning.into());
    }
    phrases.extend(list(scene, alike));
    if !end.is_empty() {
        phrases.push(end.into());
    }
    phrases
}
