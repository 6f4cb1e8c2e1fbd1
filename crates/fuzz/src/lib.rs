//! What must hold of every answer to bytes from outside.
//!
//! A [`Target`] is one reader of such bytes: it takes any bytes at all and asserts of the answer more than that
//! there is one: what is read can be written and read again, errors are short and free of control characters,
//! work and memory are bounded by the input. Two callers share the targets, and they are at home here so that
//! both call the same function:
//!
//! ```text
//! fuzz/fuzz_targets/NAME.rs   libFuzzer, by hand, for minutes or days  ─┐
//!                                                                       ├─▶ target::NAME ─▶ core, sql, dbt, bi
//! tests/replay.rs             the corpus and its seeded mutations, CI  ─┘
//!      ▲
//!      └ fuzz/corpus/NAME/    seeds by hand, and whatever was found
//! ```
//!
//! It is a crate of the workspace, and not of `fuzz/`, because the tests must build with a stable toolchain, and
//! because no other crate may see all readers: `bi`, `dbt` and `sql` do not know one another. Nothing that is
//! shipped uses it.

pub mod corpus;
pub mod mutation;
pub mod property;
mod site;
mod target;

pub use target::{ALL, Target, find};

/// Gives bytes to the target of this name. Panics when something does not hold, and when there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = find(name);
    assert!(target.is_some(), "there is no target {name}");
    if let Some(target) = target {
        (target.run)(bytes);
    }
}
