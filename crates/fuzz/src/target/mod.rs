//! The targets, one file for each reader.

mod address;
mod adopt;
mod artifact;
mod export;
mod index;
mod inventory;
mod log;
mod manifest;
mod retry;
mod search;
mod selection;
mod selector;
mod sql;
mod step;
mod table_name;
mod yaml;

use std::fmt;

/// One reader of bytes from outside, with what must hold of its answers.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its corpus and of its program in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Gives it bytes. Panics when something does not hold.
    pub run: fn(&[u8]),
    /// Words of its language, for mutations.
    pub words: &'static [&'static str],
    /// How many mutations a test tries: as many as take a few seconds.
    pub mutations: usize,
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Target").field(&self.name).finish()
    }
}

/// Every target, by name.
pub const ALL: &[Target] = &[
    address::TARGET,
    adopt::TARGET,
    artifact::TARGET,
    inventory::GRAPHQL,
    index::TARGET,
    log::TARGET,
    manifest::TARGET,
    inventory::REST_JSON,
    inventory::REST_XML,
    retry::TARGET,
    search::TARGET,
    selection::TARGET,
    selector::TARGET,
    sql::TARGET,
    step::TARGET,
    table_name::TARGET,
    yaml::TARGET,
    export::TARGET,
];

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}

/// The first line, and what follows it: for targets that read two texts.
fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
