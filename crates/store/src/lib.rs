//! What Tailwater remembers, in SQLite or PostgreSQL.
//!
//! For: registered projects and integrations, sealed secrets, what the last sync of each integration left
//! (inventory, exposures, names), what people said of exposures, the history of syncs, leases, and accounts
//! with their audit log. Not for: deciding what any of it means. The store compares and keeps;
//! `tailwater-engine` reads, resolves and lands.
//!
//! ```text
//! StoreUrl ─▶ Store::open ─▶ load_inventory, load_exposures, load_names ─▶ the engine's sync
//!                                                                             │
//!                 Store::land_sync ◀── Landing: the whole new state ──────────┘
//!                    compares with what is stored, writes the rows that differ and the history's
//!                    record, in one transaction: all of it or nothing
//! ```
//!
//! Start reading at [`Store`]; then `landing.rs`, and `database/` for how one SQL text serves two engines.
//!
//! Three rules hold throughout. A body is JSON and is the truth; the columns beside it are for finding.
//! Instants in columns are microseconds. Texts that come from outside may hold anything, NUL included.

mod account;
mod artifact;
mod change;
mod check;
mod copy;
mod curation;
mod database;
mod draft;
mod environment;
mod error;
mod exposure;
mod fact;
mod health;
mod integration;
mod inventory;
mod job;
mod key;
mod key_file;
mod landing;
mod lease;
mod look;
mod name;
mod policy;
mod project;
mod refresh;
mod revision;
mod run;
mod seal;
mod sealed;
mod secret;
mod setting;
mod signal;
mod standing;
mod store;
mod sync;
mod time_id;
mod url;

pub use account::{
    Actor, ApiToken, ApiTokenId, AuditCursor, AuditEntry, AuditFilter, AuditId, AuditPage, LinkPurpose,
    OneTimeLink, Role, SessionEntry, SessionId, StoredSession, User, UserId,
};
pub use artifact::{ArtifactLanding, ArtifactRecord, ArtifactsLanded};
pub use change::{Editions, ExposureChange, SyncMark, SyncsForgotten};
pub use check::StoreProblem;
pub use copy::{CopyStep, StoreCopied, TableCopied};
pub use curation::Curations;
pub use draft::{DraftId, DraftRecord};
pub use environment::EnvironmentRecord;
pub use error::{Error, Result};
pub use exposure::StoredExposure;
pub use health::{RowCounts, StoreHealth};
pub use integration::{IntegrationRecord, Origin, Way};
pub use inventory::{Seen, StoredInventory};
pub use job::{
    JobCancelOutcome, JobEnqueued, JobQueueCounts, JobRunClaim, JobRunCursor, JobRunFilter, JobRunPage,
    JobRunSign, LostJobRun, WorkerRecord, new_job_run_id,
};
pub use key::SealingKey;
pub use landing::{Landing, TOMBSTONE_DAYS, Written};
pub use lease::{Lease, LeaseOutcome};
pub use look::{PendingMigration, StoreLook};
pub use name::ExposureName;
pub use project::{ProjectLocation, ProjectRecord};
pub use refresh::{
    AskOutcome, CancelOutcome, ClaimRequest, Claimed, Noted, RefreshAsk, RefreshClaim, RefreshCursor,
    RefreshFilter, RefreshPage, RefreshPause, RefreshStand, SignOfLife, new_refresh_id,
};
pub use revision::StoreRevision;
pub use run::{NodeRun, RunId, RunKind, RunLanding, RunRecord};
pub use signal::{
    ChannelRecord, ChannelState, Delivery, DeliveryEnd, DeliveryId, DeliveryState, SignalLanding,
    WarningRecord,
};
pub use store::Store;
pub use sync::{
    MOST_NAMED, NamedExposure, SyncCause, SyncCounts, SyncDetail, SyncFailure, SyncId, SyncOutcome,
    SyncRecord,
};
pub use url::StoreUrl;
