//! The commands: one file each, with the same parts in the same order (examples, arguments, what is
//! answered, `run`, how the answer is laid out).

pub mod audit;
pub mod bring_in;
pub mod collections;
pub mod completions;
pub mod curate;
pub mod curations;
pub mod diff;
pub mod doctor;
pub mod environment;
pub mod explain;
pub mod export;
pub mod exposures;
pub mod ingest;
pub mod init;
pub mod integration;
pub mod job;
pub mod key;
pub mod leave_out;
pub mod lineage;
pub mod link;
pub mod policy;
pub mod project;
pub mod refresh;
pub mod refreshes;
pub mod run;
pub mod serve;
pub mod signal;
pub mod sql;
pub mod store;
pub mod sync;
pub mod token;
pub mod unlink;
pub mod unmatched;
pub mod user;
pub mod worker;
