//! Patterns that choose collections, one a line, against a small tree.

use tailwater_core::id::CollectionId;
use tailwater_core::selection::{Selection, join_path, split_path};

use super::Target;

pub const TARGET: Target = Target {
    name: "selection",
    run,
    words: &["/", "**", "*", "\\/", "\\", "Finance", "id-1", "/**", "\n"],
    mutations: 30_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        let path = split_path(line);
        assert_eq!(split_path(&join_path(&path)), path, "{line:?}");
    }
    let selection = Selection::new(text.lines());
    let again = Selection::new(selection.patterns().iter().map(String::as_str));
    assert_eq!(selection, again);
    let names = ["Finance".to_owned(), "R/D".to_owned(), "**".to_owned()];
    let ids: Vec<CollectionId> = (0..names.len())
        .map(|at| CollectionId::new(format!("id-{at}")))
        .collect();
    for depth in 1..=names.len() {
        let is_chosen = selection.includes(&ids[..depth], &names[..depth]);
        // Whoever names everything gets everything.
        assert!(is_chosen || !selection.patterns().iter().any(|pattern| pattern == "**"));
    }
    // A path written as a pattern chooses itself, whatever its names are.
    let own: Vec<String> = text.lines().take(3).map(str::to_owned).collect();
    if !own.is_empty() && own.iter().all(|name| !name.is_empty() && name.trim() == name) {
        let pattern = join_path(&own);
        let is_special =
            own.last().is_some_and(|last| last == "**") || own.iter().any(|name| name.ends_with('\\'));
        let ids: Vec<CollectionId> = own
            .iter()
            .map(|name| CollectionId::from(format!("id-{name}")))
            .collect();
        assert!(
            is_special || Selection::new([pattern.as_str()]).includes(&ids, &own),
            "{own:?}"
        );
    }
}
