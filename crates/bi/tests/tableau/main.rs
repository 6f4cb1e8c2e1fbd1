//! The Tableau connector against the simulator, and against servers that answer oddly.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod changes;
mod check;
mod documented;
mod fault;
mod http_policy;
mod inventory;
mod odd_answer;
mod refresh;
mod request_count;
mod secret;
mod support;
