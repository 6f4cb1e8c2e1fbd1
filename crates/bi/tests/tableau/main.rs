//! The Tableau connector against the simulator, and against servers that answer oddly.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod changes;
mod check;
mod connected_app;
mod documented;
mod fault;
mod http_policy;
mod inventory;
mod limit;
mod odd_answer;
mod proxy;
mod refresh;
mod request_count;
mod secret;
mod support;
mod tls;
