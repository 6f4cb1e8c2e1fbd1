//! Connectors: a BI tool's site in, Tailwater's [inventory](tailwater_core::inventory) out.
//!
//! A connector reads; it does not judge. It hands custom SQL outwards as text, names tables as the tool
//! names them, and says of every answer whether it was whole. Matching tables with dbt is not its business.
//!
//! ```text
//! settings ─▶ Connector ─▶ session (one per token) ─▶ calls under one policy (http)
//!                                                        │
//!       Inventory ◀─ assemble ◀─ lists (REST) and lineage (Metadata API), each with its completeness
//! ```
//!
//! Start reading at [`connector`], then [`mod@tableau`].

pub mod connector;
mod deadline;
pub mod error;
pub mod http;
pub mod outgoing;
mod private;
pub mod refresh;
pub mod retry;
pub mod tableau;
pub mod warning;

pub use connector::{
    AssetTitle, Before, Check, CheckState, Connector, Fetched, Glance, NoProgress, Progress, Step, Survey,
};
pub use error::Error;
pub use refresh::{
    CancelAnswer, Clearance, ExtractRefresher, FoundJobs, JobAnswer, JobEnd, JobOutcome, Refusal,
    RefusalKind, Start, TargetRef, ToolJob,
};
pub use tableau::address::{SiteAddress, split_address};
pub use tableau::connector::{TableauConnector, tableau};
pub use tableau::settings::{Credential, TableauSettings};
