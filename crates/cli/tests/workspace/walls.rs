//! Which crate may use which. The arrows point one way: `core` ← `sql`, `dbt`, `bi`, `store` ← `engine` ←
//! `web` ← the command line; the simulator stands alone, and only tests lean on it.

use std::collections::BTreeSet;

use crate::graph::{Graph, Purpose};

/// What each crate of the workspace may use of the others.
const MEMBERS: &[(&str, &[&str])] = &[
    ("tailwater-core", &[]),
    ("tailwater-sql", &["tailwater-core"]),
    ("tailwater-dbt", &["tailwater-core"]),
    ("tailwater-bi", &["tailwater-core"]),
    ("tailwater-store", &["tailwater-core"]),
    (
        "tailwater-engine",
        &[
            "tailwater-bi",
            "tailwater-core",
            "tailwater-dbt",
            "tailwater-sql",
            "tailwater-store",
        ],
    ),
    ("tailwater-web", &["tailwater-core", "tailwater-engine"]),
    (
        "tailwater",
        &[
            "tailwater-core",
            "tailwater-engine",
            "tailwater-sql",
            "tailwater-web",
        ],
    ),
    (SIMULATOR, &["tailwater-core"]),
    // What reads bytes from outside, side by side; nothing that is shipped uses it.
    (
        "tailwater-fuzz",
        &["tailwater-bi", "tailwater-core", "tailwater-dbt", "tailwater-sql"],
    ),
];

/// Every crate's tests may use it.
const SIMULATOR: &str = "tailwater-tableau-sim";

/// Foreign crates that have one home each, so that what they bring stays behind one door.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &[SIMULATOR, "tailwater-web"]),
    ("clap", &["tailwater", SIMULATOR]),
    ("miette", &["tailwater"]),
    // It brings its own HTTP client and keeps it to itself: it is the door to storage, not one to BI tools.
    ("object_store", &["tailwater-engine"]),
    ("reqwest", &["tailwater-bi"]),
    ("sqlparser", &["tailwater-sql"]),
    ("sqlx", &["tailwater-store"]),
];

/// Every use that the walls forbid, in words.
pub fn broken(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for index in graph.indices_of_members() {
        let name = graph.packages()[index].name.as_str();
        let Some((_, allowed)) = MEMBERS.iter().find(|(member, _)| *member == name) else {
            findings.push(format!(
                "{name} is new: say in tests/workspace/walls.rs what it may use"
            ));
            continue;
        };
        for (dependency, purpose) in graph.dependencies_of(index) {
            let dependency = &graph.packages()[dependency];
            let for_tests = purpose == Purpose::Development && dependency.name == SIMULATOR;
            if dependency.is_member && !for_tests && !allowed.contains(&dependency.name.as_str()) {
                findings.push(format!("{name} must not use {}", dependency.name));
            }
        }
        findings.extend(strangers(graph, index));
    }
    findings
}

/// Crates with a home that this member uses although it is not their home: directly for whatever purpose,
/// or shipped by way of other foreign crates. What comes by way of another member is that member's affair.
fn strangers(graph: &Graph, member: usize) -> Vec<String> {
    let name = graph.packages()[member].name.as_str();
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(usize, Vec<&str>)> = vec![(member, vec![name])];
    while let Some((at, path)) = open.pop() {
        for (dependency, purpose) in graph.dependencies_of(at) {
            let package = &graph.packages()[dependency];
            let ends_here = package.is_member || (purpose == Purpose::Development && at != member);
            if ends_here || !seen.insert((dependency, purpose)) {
                continue;
            }
            let mut path = path.clone();
            path.push(&package.name);
            let home = HOMES.iter().find(|(guarded, _)| *guarded == package.name);
            if let Some((guarded, homes)) = home
                && !homes.contains(&name)
            {
                findings.push(format!(
                    "{guarded} may only be used by {}, but: {}",
                    homes.join(" and "),
                    path.join(" → ")
                ));
            } else if purpose == Purpose::Shipped && home.is_none() {
                // What stands behind a guarded crate is its own affair where that is at home.
                open.push((dependency, path));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrows_of_the_plan_are_allowed() {
        let graph = Graph::default()
            .ships("tailwater", "tailwater-engine")
            .ships("tailwater", "clap")
            .ships("tailwater-engine", "tailwater-store")
            .ships("tailwater-store", "sqlx")
            .ships("tailwater-bi", "reqwest")
            .ships("tailwater-tableau-sim", "axum")
            .ships("tailwater-tableau-sim", "tailwater-core")
            .develops_with("tailwater-bi", "tailwater-tableau-sim");
        assert_eq!(broken(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_member_may_not_reach_sideways_or_back() {
        for (from, to) in [
            ("tailwater-bi", "tailwater-sql"),
            ("tailwater-core", "tailwater-dbt"),
            ("tailwater", "tailwater-store"),
            ("tailwater-tableau-sim", "tailwater-bi"),
            ("tailwater-engine", "tailwater-tableau-sim"),
        ] {
            assert_eq!(
                broken(&Graph::default().ships(from, to)),
                [format!("{from} must not use {to}")]
            );
        }
    }

    #[test]
    fn tests_may_reach_across_to_the_simulator_only() {
        let graph = Graph::default().develops_with("tailwater-bi", "tailwater-store");
        assert_eq!(broken(&graph), ["tailwater-bi must not use tailwater-store"]);
    }

    #[test]
    fn a_guarded_crate_stays_at_home() {
        for purpose in [Purpose::Shipped, Purpose::Development] {
            let graph = Graph::default().edge("tailwater-engine", "sqlx", purpose);
            assert_eq!(
                broken(&graph),
                ["sqlx may only be used by tailwater-store, but: tailwater-engine → sqlx"]
            );
        }
    }

    #[test]
    fn a_guarded_crate_may_not_come_in_by_way_of_a_stranger() {
        let graph = Graph::default()
            .ships("tailwater-dbt", "middleman")
            .ships("middleman", "reqwest");
        assert_eq!(
            broken(&graph),
            ["reqwest may only be used by tailwater-bi, but: tailwater-dbt → middleman → reqwest"]
        );
    }

    #[test]
    fn what_comes_by_way_of_its_home_is_fine() {
        let graph = Graph::default()
            .ships("tailwater-engine", "tailwater-bi")
            .ships("tailwater-bi", "reqwest");
        assert_eq!(broken(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_new_member_must_be_given_its_walls() {
        let graph = Graph::default().with("tailwater-new", "0.1.0", Some("Apache-2.0"));
        assert_eq!(
            broken(&graph),
            ["tailwater-new is new: say in tests/workspace/walls.rs what it may use"]
        );
    }
}
