//! Sending refreshes to a simulated Tableau: once each, whatever happens on the way.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

#[path = "../../../store/tests/suite/postgres.rs"]
mod postgres;
#[path = "../switches/mod.rs"]
mod switches;

mod death;
mod doubt;
mod ending;
mod patience;
mod process;
mod sending;
mod stage;
mod switch;
