//! Rules that hold for the workspace as a whole, read from `cargo metadata`: which crate may use which
//! (`walls`), under which licences its dependencies come (`licence`), and which versions are known to be
//! bad (`advisory`).
//!
//! Each rule is a function from a [`graph::Graph`] to the list of what breaks it. Here the rules are put to
//! the real workspace; in its own file each is put to made-up graphs that break it.

mod advisory;
mod graph;
mod licence;
mod walls;

use graph::Graph;

/// Fails with every finding on a line of its own.
#[track_caller]
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
}

#[test]
fn crates_keep_to_their_walls() {
    assert_none(&walls::broken(&Graph::of_this_workspace()));
}

#[test]
fn dependencies_come_under_allowed_licences() {
    assert_none(&licence::refused(&Graph::of_this_workspace()));
}

#[test]
fn no_dependency_has_a_version_known_to_be_bad() {
    assert_none(&advisory::found(&Graph::of_this_workspace()));
}

#[test]
fn the_rules_see_the_whole_workspace() {
    let graph = Graph::of_this_workspace();
    let members: Vec<&str> = graph.members().map(|package| package.name.as_str()).collect();
    for name in [
        "tailwater",
        "tailwater-core",
        "tailwater-sql",
        "tailwater-tableau-sim",
    ] {
        assert!(members.contains(&name), "{name} is not among {members:?}");
    }
    let shipped = graph.shipped();
    assert!(
        shipped.len() > 100,
        "only {} packages are shipped: the graph was not read",
        shipped.len()
    );
}
