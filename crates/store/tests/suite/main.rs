//! One suite for both engines: each test that takes an [`home::Engine`] runs on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod everything;
mod home;
mod outage;
mod postgres;
mod sample;

mod account;
mod artifact;
mod change;
mod check;
mod concurrency;
mod copy;
mod curation;
mod draft;
mod history;
mod integration;
mod job;
mod key;
mod kill;
mod landing;
mod lease;
mod opening;
mod policy;
mod project;
mod refresh;
mod round_trip;
mod secret;
mod signal;
mod trouble;
mod version;
