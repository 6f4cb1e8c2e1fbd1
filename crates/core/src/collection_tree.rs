//! The tree of collections from which a person chooses what to import: laid out from the top down, with what the
//! selection does with each, and back from boxes that were ticked to a selection.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::id::CollectionId;
use crate::inventory::Inventory;
use crate::selection::{Selection, join_path};

/// A collection in the tree that a person chooses from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectionRow {
    /// Its id.
    pub id: CollectionId,
    /// Its name.
    pub name: String,
    /// Names from the top down to this one.
    pub path: Vec<String>,
    /// How deep it stands; 0 at the top.
    pub depth: usize,
    /// The pattern that chooses it alone; with `/**` behind it, everything below too.
    pub pattern: String,
    /// How many assets stand directly in it.
    pub assets: usize,
    /// How many stand in it and below.
    pub assets_below: usize,
    /// How many collections stand below it.
    pub collections_below: usize,
    /// Whether the selection imports it.
    pub is_chosen: bool,
    /// Whether a pattern of its own chooses it alone.
    pub is_named: bool,
    /// Whether a pattern of its own chooses it and everything below, also what comes later.
    pub is_named_deep: bool,
}

/// The tree of collections, laid out from the top down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CollectionTree {
    /// Every visible collection, each followed by those below it.
    pub rows: Vec<CollectionRow>,
    /// Whether everything is chosen, also what comes later.
    pub is_everything: bool,
    /// Patterns of the selection that no box of the tree stands for, such as `Sales/*`. Those that choose
    /// nothing now are among them.
    pub other_patterns: Vec<String>,
    /// Assets in chosen collections.
    pub assets_chosen: usize,
    /// Assets in all of them.
    pub assets: usize,
}

impl CollectionTree {
    /// Lays the collections out and says what the selection does with each.
    pub fn new(inventory: &Inventory, selection: &Selection) -> Self {
        let mut children: BTreeMap<Option<&CollectionId>, Vec<&CollectionId>> = BTreeMap::new();
        let mut paths: BTreeMap<&[String], usize> = BTreeMap::new();
        for (id, collection) in &inventory.collections {
            // A loop of parents, or one that is not visible, begins at the top.
            let ancestors = inventory.ancestors(id);
            let is_rooted = ancestors.first().is_some_and(|top| {
                inventory
                    .collections
                    .get(top)
                    .is_none_or(|top| top.parent.is_none())
            });
            let parent = collection.parent.as_ref();
            let parent = parent.filter(|parent| is_rooted && inventory.collections.contains_key(*parent));
            children.entry(parent).or_default().push(id);
            *paths.entry(&collection.path).or_default() += 1;
        }
        let key = |id: &&CollectionId| {
            let name = &inventory.collections[*id].name;
            (name.to_lowercase(), name.clone(), (*id).clone())
        };
        for siblings in children.values_mut() {
            siblings.sort_by_cached_key(key);
        }
        let mut tree = Self {
            is_everything: selection.patterns().iter().any(|pattern| pattern == "**"),
            ..Self::default()
        };
        let mut open: Vec<(&CollectionId, usize)> = Vec::new();
        let push = |open: &mut Vec<_>, parent: Option<&CollectionId>, depth| {
            let below = children.get(&parent).into_iter().flatten().rev();
            open.extend(below.map(|id| (*id, depth)));
        };
        push(&mut open, None, 0);
        while let Some((id, depth)) = open.pop() {
            let collection = &inventory.collections[id];
            let path = &collection.path;
            // Where two collections have one path, only the id tells them apart.
            let pattern = if paths.get(path.as_slice()) == Some(&1) {
                join_path(path)
            } else {
                id.to_string()
            };
            let names = [pattern.clone(), id.to_string(), join_path(path)];
            let has = |suffix: &str| {
                let wanted = |own: &String| names.iter().any(|name| *own == format!("{name}{suffix}"));
                selection.patterns().iter().any(wanted)
            };
            tree.rows.push(CollectionRow {
                id: id.clone(),
                name: collection.name.clone(),
                path: path.clone(),
                depth,
                is_chosen: selection.includes(&inventory.ancestors(id), path),
                is_named: has(""),
                is_named_deep: has("/**"),
                pattern,
                assets: collection.asset_count,
                assets_below: 0,
                collections_below: 0,
            });
            push(&mut open, Some(id), depth + 1);
        }
        tree.count(selection);
        tree
    }

    /// The selection that chooses exactly these collections. With `with_new`, whoever has everything below it
    /// chosen is chosen with what comes later too. `kept` are patterns that no row stands for.
    pub fn to_selection(
        &self,
        chosen: &BTreeSet<CollectionId>,
        with_new: bool,
        is_everything: bool,
        kept: impl IntoIterator<Item = String>,
    ) -> Selection {
        let mut selection = Selection::default();
        if is_everything {
            selection.insert("**");
        }
        let mut at = 0;
        while !is_everything && at < self.rows.len() {
            let row = &self.rows[at];
            let below = self.rows[at + 1..]
                .iter()
                .take_while(|below| below.depth > row.depth);
            let below = below.count();
            let is_chosen = |row: &CollectionRow| chosen.contains(&row.id);
            if !is_chosen(row) {
                at += 1;
            } else if with_new && self.rows[at..=at + below].iter().all(is_chosen) {
                selection.insert(format!("{}/**", row.pattern));
                at += 1 + below;
            } else {
                selection.insert(row.pattern.clone());
                at += 1;
            }
        }
        for pattern in kept {
            selection.insert(pattern);
        }
        selection
    }

    /// Whether something is chosen with what comes later below it. So it is for a selection yet to be made.
    pub fn has_new_below(&self) -> bool {
        let mut named = self
            .rows
            .iter()
            .filter(|row| row.is_named || row.is_named_deep)
            .peekable();
        self.is_everything || named.peek().is_none() || named.any(|row| row.is_named_deep)
    }

    /// Fills in the sums, and the patterns that no box stands for.
    fn count(&mut self, selection: &Selection) {
        let mut above: Vec<usize> = Vec::new();
        for at in 0..self.rows.len() {
            above.truncate(self.rows[at].depth);
            let assets = self.rows[at].assets;
            self.rows[at].assets_below += assets;
            for ancestor in &above {
                self.rows[*ancestor].assets_below += assets;
                self.rows[*ancestor].collections_below += 1;
            }
            above.push(at);
            self.assets += assets;
            if self.rows[at].is_chosen {
                self.assets_chosen += assets;
            }
        }
        let mut boxes = BTreeSet::from(["**".to_owned()]);
        for row in &self.rows {
            for name in [row.pattern.clone(), row.id.to_string(), join_path(&row.path)] {
                boxes.insert(format!("{name}/**"));
                boxes.insert(name);
            }
        }
        let others = selection
            .patterns()
            .iter()
            .filter(|pattern| !boxes.contains(*pattern));
        self.other_patterns = others.cloned().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Collection;

    fn inventory(collections: &[(&str, Option<&str>, &[&str], usize)]) -> Inventory {
        let mut inventory = Inventory::default();
        for (id, parent, path, assets) in collections {
            let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
            inventory.collections.insert(
                (*id).into(),
                Collection {
                    name: path.last().cloned().unwrap_or_default(),
                    parent: parent.map(CollectionId::from),
                    path,
                    asset_count: *assets,
                },
            );
        }
        inventory
    }

    #[test]
    fn the_tree_is_laid_out_from_the_top_with_sums() {
        let site = inventory(&[
            ("1", None, &["Sales"], 2),
            ("2", Some("1"), &["Sales", "Old"], 3),
            ("3", Some("1"), &["Sales", "eu"], 0),
            ("4", None, &["finance"], 1),
            ("5", Some("9"), &["Lost"], 5),
        ]);
        let tree = CollectionTree::new(&site, &Selection::new(["Sales/**", "finance", "Lost/*", "gone"]));
        let shown: Vec<_> = tree
            .rows
            .iter()
            .map(|row| (row.name.as_str(), row.depth, row.assets_below, row.is_chosen))
            .collect();
        assert_eq!(
            shown,
            [
                ("finance", 0, 1, true),
                ("Lost", 0, 5, false),
                ("Sales", 0, 5, true),
                ("eu", 1, 0, true),
                ("Old", 1, 3, true),
            ]
        );
        assert!(tree.rows[2].is_named_deep && !tree.rows[2].is_named);
        assert!(tree.rows[0].is_named && !tree.rows[3].is_named);
        assert_eq!((tree.assets, tree.assets_chosen), (11, 6));
        assert_eq!(tree.other_patterns, ["Lost/*", "gone"]);
    }

    #[test]
    fn chosen_rows_become_the_shortest_selection_and_come_back() {
        let site = inventory(&[
            ("1", None, &["Sales"], 2),
            ("2", Some("1"), &["Sales", "Old"], 3),
            ("3", Some("1"), &["Sales", "eu"], 0),
            ("4", None, &["finance"], 1),
        ]);
        let tree = CollectionTree::new(&site, &Selection::default());
        assert!(tree.has_new_below());
        let chosen = |ids: &[&str]| ids.iter().map(|id| CollectionId::from(*id)).collect();
        let select = |ids: &[&str], with_new| tree.to_selection(&chosen(ids), with_new, false, []);
        for (ids, with_new, patterns) in [
            (&["1", "2", "3"][..], true, &["Sales/**"][..]),
            (&["1", "2", "3"], false, &["Sales", "Sales/eu", "Sales/Old"]),
            (&["1", "2"], true, &["Sales", "Sales/Old/**"]),
            (&["4"], true, &["finance/**"]),
            (&[], true, &[]),
        ] {
            let selection = select(ids, with_new);
            assert_eq!(selection.patterns(), patterns);
            let again = CollectionTree::new(&site, &selection);
            let back: Vec<_> = again.rows.iter().filter(|row| row.is_chosen).collect();
            assert_eq!(back.len(), ids.len());
        }
        let everything = tree.to_selection(&chosen(&[]), true, true, ["gone".to_owned()]);
        assert_eq!(everything.patterns(), ["**", "gone"]);
    }

    #[test]
    fn equal_paths_are_chosen_by_id_and_loops_end() {
        let site = inventory(&[
            ("a", None, &["Sales"], 1),
            ("b", Some("hidden"), &["Sales"], 1),
            ("x", Some("y"), &["X"], 1),
            ("y", Some("x"), &["Y"], 1),
        ]);
        let tree = CollectionTree::new(&site, &Selection::new(["b"]));
        let patterns: Vec<_> = tree.rows.iter().map(|row| row.pattern.as_str()).collect();
        assert_eq!(patterns, ["a", "b", "X", "Y"]);
        assert!(tree.rows[1].is_chosen && !tree.rows[0].is_chosen);
    }
}
