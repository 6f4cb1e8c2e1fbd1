//! One suite for both engines: each test that takes an [`home::Engine`] runs on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod home;
mod postgres;
mod sample;

mod account;
mod artifact;
mod concurrency;
mod curation;
mod draft;
mod history;
mod integration;
mod job;
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
mod version;
