//! Signals, from what dbt left to what a receiver gets: once, signed, over crashes and restarts.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

mod lineage;
mod mail;
mod notice;
mod stage;
mod webhook;
