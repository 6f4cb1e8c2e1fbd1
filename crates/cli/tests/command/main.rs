//! The command line as people and scripts meet it: the real binary, in a scratch directory, against a
//! simulated Tableau site. What it prints is compared with snapshots; what differs from run to run (ports,
//! instants, paths) is replaced first.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a broken surrounding is a failure"
)]

mod account;
mod answer;
mod configuration;
mod connected_app;
mod curation;
mod diff;
mod export;
mod failure;
mod help;
mod ingest;
mod network;
mod refresh;
mod scene;
mod secret;
mod signal;
mod sql;
mod stream;
mod sync;
mod untrusted;
