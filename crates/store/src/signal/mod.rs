//! Signals as they are stored: channels, alarms, what is to be sent, and the warnings in BI tools.
//!
//! ```text
//! a look ─▶ land_signals: alarms + deliveries + how far was looked, in one transaction, by the lease's holder alone
//! sending ─▶ due_deliveries ─▶ note_delivery: sent, try again at, given up
//! ```

mod alarm;
pub(crate) mod channel;
mod delivery;
mod land;
mod warning;

pub use channel::ChannelRecord;
pub use delivery::{ChannelState, Delivery, DeliveryEnd, DeliveryId, DeliveryState};
pub use land::SignalLanding;
pub use warning::WarningRecord;
