//! Which collections an integration imports.
//!
//! A pattern is a path of names from the top, or a collection's id:
//!
//! | pattern | chooses |
//! | --- | --- |
//! | `Finance` | the top collection `Finance` alone |
//! | `Finance/Monthly` | that one below it alone |
//! | `Finance/*` | each collection directly below `Finance` |
//! | `Finance/**` | `Finance` and everything below it |
//! | `**` | everything that stands in a collection |
//! | `669c1a4b-…` | the collection with this id alone; `669c1a4b-…/**` with everything below |
//!
//! A slash inside a name is written `\/`. Names compare exactly: the tool allows `Finance` beside `finance`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, CollectionId};
use crate::inventory::Inventory;

/// The chosen collections, as patterns in the order given, and single assets beside them.
///
/// Its JSON is the list of patterns alone: single assets are kept as curation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Selection {
    patterns: Vec<String>,
    #[serde(skip)]
    brought_in: BTreeSet<AssetId>,
    #[serde(skip)]
    left_out: BTreeSet<AssetId>,
}

impl Selection {
    /// Takes the patterns as given, without blanks and repeats.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut selection = Self::default();
        for pattern in patterns {
            selection.insert(pattern);
        }
        selection
    }

    /// The patterns, in the order given.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether no collection is chosen.
    pub const fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The same with single assets that are chosen whatever collection they stand in, and others that are not.
    pub fn with_assets(
        mut self,
        brought_in: impl IntoIterator<Item = AssetId>,
        left_out: impl IntoIterator<Item = AssetId>,
    ) -> Self {
        self.brought_in = brought_in.into_iter().collect();
        self.left_out = left_out.into_iter().collect();
        self
    }

    /// The assets that are chosen one by one, whatever collection they stand in.
    pub fn brought_in(&self) -> impl Iterator<Item = &AssetId> {
        self.brought_in.iter()
    }

    /// Whether single assets are chosen.
    pub fn has_brought_in(&self) -> bool {
        !self.brought_in.is_empty()
    }

    /// Whether an asset is chosen. `is_in_chosen_collection` is what [`Self::includes`] says of its collection.
    pub fn includes_asset(&self, asset: &str, is_in_chosen_collection: bool) -> bool {
        !self.left_out.contains(asset) && (is_in_chosen_collection || self.brought_in.contains(asset))
    }

    /// Adds a pattern; says whether it is new.
    pub fn insert(&mut self, pattern: impl Into<String>) -> bool {
        let pattern = pattern.into().trim().to_owned();
        let is_new = !pattern.is_empty() && !self.patterns.contains(&pattern);
        if is_new {
            self.patterns.push(pattern);
        }
        is_new
    }

    /// Takes a pattern out; says whether it was there.
    pub fn remove(&mut self, pattern: &str) -> bool {
        let before = self.patterns.len();
        self.patterns.retain(|own| own != pattern.trim());
        self.patterns.len() != before
    }

    /// Whether a collection is chosen. `ancestors` are the ids from the top down to `id` itself,
    /// `path` the names alongside.
    pub fn includes(&self, ancestors: &[CollectionId], path: &[String]) -> bool {
        self.patterns
            .iter()
            .any(|pattern| matches_pattern(pattern, ancestors, path))
    }

    /// The patterns that choose no collection of the inventory: misspelt, renamed, or not visible.
    pub fn without_match(&self, inventory: &Inventory) -> Vec<String> {
        let known: Vec<_> = inventory
            .collections
            .keys()
            .map(|id| (inventory.ancestors(id), &inventory.collections[id].path))
            .collect();
        let is_unmatched = |pattern: &&String| {
            pattern.as_str() != "**"
                && !known
                    .iter()
                    .any(|(ids, path)| matches_pattern(pattern, ids, path))
        };
        self.patterns.iter().filter(is_unmatched).cloned().collect()
    }
}

impl Inventory {
    /// Ids from the top collection down to the given one, itself included. A loop ends the walk.
    pub fn ancestors(&self, id: &CollectionId) -> Vec<CollectionId> {
        let mut ids = vec![id.clone()];
        let mut current = id;
        while let Some(parent) = self
            .collections
            .get(current)
            .and_then(|collection| collection.parent.as_ref())
        {
            if ids.contains(parent) {
                break;
            }
            ids.push(parent.clone());
            current = parent;
        }
        ids.reverse();
        ids
    }
}

/// Splits a pattern on slashes that are not escaped.
pub fn split_path(pattern: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&'/') => {
                characters.next();
                push(&mut parts, '/');
            }
            '/' => parts.push(String::new()),
            _ => push(&mut parts, character),
        }
    }
    parts
}

fn push(parts: &mut [String], character: char) {
    if let Some(last) = parts.last_mut() {
        last.push(character);
    }
}

/// Joins names into the pattern that chooses exactly this path.
pub fn join_path(path: &[String]) -> String {
    path.iter()
        .map(|name| name.replace('/', "\\/"))
        .collect::<Vec<_>>()
        .join("/")
}

fn matches_pattern(pattern: &str, ancestors: &[CollectionId], path: &[String]) -> bool {
    let mut segments = split_path(pattern);
    let is_deep = segments.last().is_some_and(|last| last == "**");
    if is_deep {
        segments.pop();
    }
    let by_id = segments.len() == 1
        && ancestors
            .iter()
            .position(|id| id.as_str() == segments[0])
            .is_some_and(|at| is_deep || at + 1 == ancestors.len());
    let fits_length = if is_deep {
        path.len() >= segments.len()
    } else {
        path.len() == segments.len()
    };
    let by_path = fits_length
        && segments
            .iter()
            .zip(path)
            .all(|(segment, name)| segment == "*" || segment == name);
    by_id || by_path
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Finance", &["Finance"], true)]
    #[case("Finance", &["Finance", "Monthly"], false)]
    #[case("Finance/**", &["Finance"], true)]
    #[case("Finance/**", &["Finance", "Monthly", "Old"], true)]
    #[case("Finance/**", &["Sales", "Finance"], false)]
    #[case("Finance/*", &["Finance", "Monthly"], true)]
    #[case("Finance/*", &["Finance"], false)]
    #[case("finance", &["Finance"], false)]
    #[case("**", &["Anything", "At", "All"], true)]
    #[case("R\\/D", &["R/D"], true)]
    #[case("R/D", &["R/D"], false)]
    #[case("id-1", &["Top", "Finance"], true)]
    #[case("id-0", &["Top", "Finance"], false)]
    #[case("id-0/**", &["Top", "Finance"], true)]
    fn patterns_choose_by_path_or_id(#[case] pattern: &str, #[case] path: &[&str], #[case] expected: bool) {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let ids: Vec<CollectionId> = (0..path.len())
            .map(|at| CollectionId::new(format!("id-{at}")))
            .collect();
        assert_eq!(Selection::new([pattern]).includes(&ids, &path), expected);
    }

    #[test]
    fn a_path_written_as_a_pattern_chooses_itself() {
        let path = vec!["R/D".to_owned(), "Q1".to_owned()];
        assert_eq!(split_path(&join_path(&path)), path);
    }

    #[test]
    fn the_same_pattern_is_kept_once() {
        let mut selection = Selection::new(["Sales", " Sales ", ""]);
        assert_eq!(selection.patterns(), ["Sales"]);
        assert!(selection.remove("Sales"));
        assert!(selection.is_empty());
    }
}
