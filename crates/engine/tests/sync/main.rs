//! Syncing a simulated Tableau site against the demo project's real manifest.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

#[path = "../acme/mod.rs"]
mod acme;
#[path = "../../../store/tests/suite/postgres.rs"]
mod postgres;
#[path = "../switches/mod.rs"]
mod switches;

mod skew;
mod stage;
mod story;
mod switch;
mod unchanged;
