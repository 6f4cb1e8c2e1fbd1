//! Workbooks whose place in the tree of projects is not wholly known.
//!
//! A token may see a workbook without its project, or a project without the one above it. The selection
//! goes by places, so such a workbook may belong to it although nothing says so. What is left out for
//! that reason alone must not be taken for removed:
//!
//! | what is told | where it stands here | left out, the list counts as |
//! | --- | --- | --- |
//! | no project at all | in [`UNTOLD`] at the top | not whole |
//! | a project that is not listed | in that project, at the top | not whole, if a pattern may mean it |
//! | a project below one that is not listed | in that project, at the top | not whole, if a pattern that now chooses nothing may mean it |
//!
//! The last kind is common where the token's user has a lesser role, so it counts only where a chosen
//! project has vanished as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tailwater_core::id::CollectionId;
use tailwater_core::inventory::Inventory;
use tailwater_core::selection::{Selection, split_path};

use super::listing::counted;
use super::wire::{Project, Workbook};

/// Id and name of the collection that holds the workbooks of which no project is told.
pub(super) const UNTOLD: (&str, &str) = ("project-not-visible", "(project not visible)");

/// The collections whose place is not wholly known.
#[derive(Debug, Default)]
pub(super) struct Unplaced {
    /// Projects that only workbooks tell of.
    unlisted: BTreeSet<String>,
    /// Listed projects at the top whose own parent is not listed.
    orphaned: BTreeSet<String>,
}

/// Puts the workbooks of which no project is told into one collection; says how many there are.
/// Personal spaces are no projects and stay out.
pub(super) fn gather_untold(workbooks: &mut BTreeMap<String, Workbook>) -> usize {
    let mut gathered = 0;
    for workbook in workbooks.values_mut() {
        if workbook.project.is_none() && !workbook.is_personal {
            let (id, name) = UNTOLD;
            workbook.project = Some((id.to_owned(), Some(name.to_owned())));
            gathered += 1;
        }
    }
    gathered
}

impl Unplaced {
    /// Compares the list of projects with itself and with what the workbooks tell.
    pub(super) fn new(projects: &BTreeMap<String, Project>, workbooks: &BTreeMap<String, Workbook>) -> Self {
        let of_workbooks = workbooks
            .values()
            .filter_map(|workbook| workbook.project.as_ref());
        let is_orphaned = |project: &&Project| {
            let parent = project.parent.as_ref();
            parent.is_some_and(|parent| !projects.contains_key(parent))
        };
        Self {
            unlisted: of_workbooks
                .map(|(id, _)| id)
                .filter(|id| !projects.contains_key(*id))
                .cloned()
                .collect(),
            orphaned: projects
                .values()
                .filter(is_orphaned)
                .map(|project| project.id.clone())
                .collect(),
        }
    }

    /// How many projects only workbooks tell of.
    pub(super) fn unlisted(&self) -> usize {
        self.unlisted.iter().filter(|id| id.as_str() != UNTOLD.0).count()
    }

    /// Why the workbooks of the chosen collections may not be all that the selection means.
    pub(super) fn doubt(
        &self,
        inventory: &Inventory,
        workbooks: &BTreeMap<String, Workbook>,
        selection: &Selection,
        chosen: &BTreeSet<String>,
    ) -> Option<String> {
        let unmatched = selection.without_match(inventory);
        let is_doubtful = |workbook: &&Workbook| {
            let Some((project, _)) = workbook.project.as_ref() else {
                return false;
            };
            let is_settled_by_hand = selection.includes_asset(&workbook.id, false)
                || !selection.includes_asset(&workbook.id, true);
            if chosen.contains(project) || is_settled_by_hand {
                return false;
            }
            if project == UNTOLD.0 {
                return !selection.is_empty();
            }
            let id = CollectionId::from(project.as_str());
            let ancestors = inventory.ancestors(&id);
            let Some(top) = ancestors.first() else {
                return false;
            };
            let patterns = if self.unlisted.contains(top.as_str()) {
                selection.patterns()
            } else if self.orphaned.contains(top.as_str()) {
                &unmatched
            } else {
                return false;
            };
            let path = inventory.collections.get(&id).map(|collection| &collection.path);
            path.is_some_and(|path| patterns.iter().any(|pattern| may_mean(pattern, path)))
        };
        let doubtful = workbooks.values().filter(is_doubtful).count();
        (doubtful > 0).then(|| {
            let mut reason = format!(
                "{} left out that may belong to the selection: their place among the projects is not \
                 visible to this token",
                counted(doubtful, "workbook")
            );
            // Nobody can tell a pattern that is misspelt from one whose project is hidden now.
            for pattern in &unmatched {
                let _ = write!(reason, "; the selected collection `{pattern}` was not found");
            }
            reason
        })
    }
}

/// Whether a pattern would choose the path if there were more names above it, whatever they are.
fn may_mean(pattern: &str, path: &[String]) -> bool {
    let segments = split_path(pattern);
    if segments.last().is_some_and(|last| last == "**") {
        return true;
    }
    let Some(above) = segments.len().checked_sub(path.len()).filter(|above| *above > 0) else {
        return false;
    };
    let mut pairs = segments.iter().skip(above).zip(path);
    pairs.all(|(segment, name)| segment == "*" || segment == name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Finance/**", &["Monthly"], true)]
    #[case("Finance/Monthly", &["Monthly"], true)]
    #[case("Finance/*", &["Monthly"], true)]
    #[case("Finance/Monthly", &["Weekly"], false)]
    #[case("Finance", &["Monthly"], false)]
    #[case("Monthly", &["Monthly"], false)]
    #[case("Finance/Monthly", &["Monthly", "Old"], false)]
    #[case("Finance/Monthly/Old", &["Monthly", "Old"], true)]
    fn names_above_may_make_a_pattern_fit(
        #[case] pattern: &str,
        #[case] path: &[&str],
        #[case] expected: bool,
    ) {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(may_mean(pattern, &path), expected);
    }
}
