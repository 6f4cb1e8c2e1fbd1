//! A notice: what is told of an alarm at one moment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::alarm::AlarmId;
use super::condition::{About, Cause, Subject};
use super::kind::{Severity, SignalKind};

/// What is told. Its JSON is a public format, the body of webhooks: fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The alarm that it belongs to: notices of one trouble share it.
    pub alarm: AlarmId,
    /// What is told of it.
    pub state: NoticeState,
    /// What is wrong, or was.
    pub event: SignalKind,
    /// How much it matters.
    pub severity: Severity,
    /// With what.
    pub subject: Subject,
    /// Why: of a new notice what is new, else everything. By stable keys.
    pub causes: BTreeMap<String, Cause>,
    /// What it touches.
    pub about: About,
    /// Since when it is wrong, as far as Tailwater saw it.
    pub since: DateTime<Utc>,
    /// When this was judged.
    pub at: DateTime<Utc>,
    /// How often it was told again.
    #[serde(default)]
    pub reminder: u32,
}

/// What is told of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// It began, or there is another cause.
    Raised,
    /// It is still so.
    Reminder,
    /// It is good again.
    Recovered,
}

impl NoticeState {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Reminder => "reminder",
            Self::Recovered => "recovered",
        }
    }
}
