//! Tailwater's use cases: they join connectors, artifacts, SQL and the store.
//!
//! What is here: opening a [`Workspace`], syncing, the [`catalog`] that answers questions about what
//! was synced. What is not: rules (they are pure functions in `tailwater-core`), formats and wires
//! (`tailwater-dbt`, `tailwater-sql`, `tailwater-bi`, `tailwater-store`), and anything printed.
//!
//! ```text
//! settings + store ─▶ Workspace ─▶ sync ─▶ connector ─▶ merge ─▶ read SQL ─▶ resolve ─▶ land in the store
//!                               └▶ catalog ─▶ exposures, explain, unmatched, lineage
//! ```
//!
//! Start reading at [`workspace`], then [`sync`] and [`catalog`].

pub mod account;
pub mod archive;
mod artifact_cache;
pub mod catalog;
pub mod connection;
pub mod curation;
pub mod dbt_run;
pub mod doctor;
pub mod draft;
pub mod environment;
pub mod error;
pub mod explain;
pub mod export;
mod file_stamp;
pub mod http;
pub mod hub;
pub mod ingest;
pub mod integration;
pub mod job;
mod lease;
pub mod lineage;
mod manifest_index;
pub mod policy;
pub mod progress;
pub mod project;
pub mod refresh;
mod refresh_history;
pub mod refresh_plan;
pub mod runtime;
pub mod schedule;
pub mod secret;
mod session;
pub mod settings;
pub mod signal;
pub mod sql_reader;
pub mod sync;
pub mod unmatched;
pub mod upkeep;
pub mod watch;
pub mod workspace;

pub use error::Error;
pub use hub::CatalogHub;
pub use workspace::Workspace;

/// What callers of this crate need of the connectors' vocabulary.
pub mod bi {
    pub use tailwater_bi::{
        AssetTitle, Check, CheckState, NoProgress, Progress, SiteAddress, Step, split_address,
    };
}

/// What callers of this crate need of the artifacts' vocabulary.
pub mod dbt {
    pub use tailwater_dbt::{ArtifactKind, Error, NodeCode};
}

/// What callers of this crate need of the store's vocabulary.
pub mod store {
    pub use tailwater_store::{
        Curations, DraftId, Error, JobCancelOutcome, JobQueueCounts, JobRunCursor, JobRunFilter, JobRunPage,
        NamedExposure, NodeRun, RefreshAsk, RefreshCursor, RefreshFilter, RefreshPage, RunId, RunKind,
        RunRecord, SealingKey, StoreHealth, StoreProblem, StoreRevision, StoreUrl, SyncCause, SyncCounts,
        SyncDetail, SyncFailure, SyncId, SyncOutcome, SyncRecord, TOMBSTONE_DAYS, WorkerRecord,
        new_job_run_id, new_refresh_id,
    };
}
