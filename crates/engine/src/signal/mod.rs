//! Signals: looking what is wrong, telling who wants to know, and sending it.
//!
//! ```text
//! catalog + refreshes + runs of jobs ─┬▶ conditions ─▶ judge (core) ─▶ land: alarms + outbox, in one transaction
//! invocations of dbt ─────────────────┴▶ lineage ────────────────────▶   │
//!                                                                               │
//!            webhook, chat, inbox, collector of lineage ◀── deliver ◀───────────┘   at least once, same id
//! ```
//!
//! One process of a deployment looks and sends, by a lease; another takes over when it dies. What it had landed and not
//! sent is sent then; what it had sent and not noted is sent again under the same id.
//!
//! Start reading at [`Signals`].

mod channel;
mod condition;
mod deliver;
mod error;
mod lineage;
mod look;
mod run;
pub mod settings;
mod warning;

pub use channel::Channel;
pub use error::SignalError;
pub(crate) use lineage::{InvocationEnd, ToldInvocation};
pub use look::Looked;
pub use run::{CatalogSource, Signals};
pub use settings::{ChannelKind, ChannelSettings, SignalSettings};
pub use tailwater_core::signal::Alarm;
pub use tailwater_store::{ChannelState, Delivery, DeliveryId, DeliveryState};
pub use warning::{WarningLine, WarningReport};
