//! The catalog as a visitor meets it: requests to the service itself, no browser and no socket.
//!
//! One binary, one module a subject. [`scene`] sets the stage.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at what it did not expect"
)]

mod access;
mod account;
mod agreement;
mod api;
mod artifact;
mod browse;
mod change;
mod exposure;
mod graphql;
mod home;
mod hostile;
mod integration;
mod job;
mod lineage;
mod real_dbt;
mod refresh;
mod resource;
mod run;
mod scene;
mod visitor;
