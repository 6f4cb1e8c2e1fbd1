//! The check that a table of cases has one for each switch of the simulator: a switch that is added needs one.

use std::collections::BTreeSet;

use tailwater_tableau_sim::Switches;

/// Compares the names of switches that cases set with all that there are.
#[track_caller]
pub fn assert_all_are_in<'a>(set: impl Iterator<Item = &'a (&'static str, &'static str)>) {
    let usual = serde_json::to_value(Switches::default()).expect("switches");
    let known: BTreeSet<&str> = usual
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let named: BTreeSet<&str> = set.map(|(name, _)| *name).collect();
    assert_eq!(named, known);
}
