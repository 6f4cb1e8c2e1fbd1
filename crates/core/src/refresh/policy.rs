//! What may be refreshed when: settings in layers, from the environment down to one exposure.

use chrono::{NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::id::{CollectionId, EnvironmentName, IntegrationName, NodeId, ProjectName};

/// What one layer says. What it leaves out, the layer above decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyPart {
    /// Whether extracts are refreshed at all (dbt: `DBT_ACTIVE_EXPOSURES`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The shortest time between two refreshes, in minutes (dbt: `DBT_ACTIVE_EXPOSURES_BUILD_AFTER`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_minutes: Option<u32>,
    /// Whether a failed test of error severity holds the refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate_on_tests: Option<bool>,
    /// When nothing is sent; what comes due then is sent at their end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// Whether only new rows are taken over, where the tool can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incremental: Option<bool>,
    /// Which goes first, 0 to 100; higher first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// By when it is to be fresh each day, in the time zone of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_by: Option<NaiveTime>,
    /// The IANA time zone of `fresh_by` and the quiet hours, such as `Europe/Berlin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// How many refreshes of one site may run at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// How many refreshes of one site may be sent in an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
}

/// From when to when nothing is sent, each day; over midnight when the end is before the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first quiet minute.
    pub from: NaiveTime,
    /// The first minute that is not quiet any more.
    pub until: NaiveTime,
}

/// To what a layer applies, from the widest to the narrowest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum PolicyScope {
    /// Everything that stands on one environment of a project.
    Environment {
        /// The project.
        project: ProjectName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// One integration.
    Integration {
        /// The integration.
        integration: IntegrationName,
    },
    /// One collection with what is below it.
    Collection {
        /// The integration.
        integration: IntegrationName,
        /// The collection.
        collection: CollectionId,
    },
    /// One exposure.
    Exposure {
        /// Its `unique_id`.
        exposure: NodeId,
    },
}

/// What holds for one target, every layer folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether extracts are refreshed at all.
    pub enabled: bool,
    /// The shortest time between two refreshes, in minutes.
    pub interval_minutes: u32,
    /// Whether a failed test of error severity holds the refresh.
    pub gate_on_tests: bool,
    /// When nothing is sent.
    pub quiet_hours: Option<QuietHours>,
    /// Whether only new rows are taken over.
    pub incremental: bool,
    /// Which goes first, 0 to 100; higher first.
    pub priority: u8,
    /// By when it is to be fresh each day.
    pub fresh_by: Option<NaiveTime>,
    /// The IANA time zone of the times above.
    pub timezone: String,
    /// How many refreshes of one site may run at once.
    pub at_once: u32,
    /// How many refreshes of one site may be sent in an hour; `None` for no limit of ours.
    pub per_hour: Option<u32>,
}

impl Default for Policy {
    /// Off, once a day, gated, without quiet hours: what dbt's platform does unless told otherwise.
    fn default() -> Self {
        Self {
            enabled: false,
            interval_minutes: 1440,
            gate_on_tests: true,
            quiet_hours: None,
            incremental: false,
            priority: 50,
            fresh_by: None,
            timezone: "UTC".to_owned(),
            at_once: 4,
            per_hour: None,
        }
    }
}

impl Policy {
    /// The shortest time between two refreshes.
    pub fn interval(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.interval_minutes))
    }

    /// Applies a narrower layer: what it says wins.
    pub fn with(mut self, part: &PolicyPart) -> Self {
        let PolicyPart {
            enabled,
            interval_minutes,
            gate_on_tests,
            quiet_hours,
            incremental,
            priority,
            fresh_by,
            timezone,
            at_once,
            per_hour,
        } = part;
        self.enabled = enabled.unwrap_or(self.enabled);
        self.interval_minutes = interval_minutes.unwrap_or(self.interval_minutes);
        self.gate_on_tests = gate_on_tests.unwrap_or(self.gate_on_tests);
        self.quiet_hours = quiet_hours.or(self.quiet_hours);
        self.incremental = incremental.unwrap_or(self.incremental);
        self.priority = priority.unwrap_or(self.priority);
        self.fresh_by = fresh_by.or(self.fresh_by);
        if let Some(timezone) = timezone {
            self.timezone.clone_from(timezone);
        }
        self.at_once = at_once.unwrap_or(self.at_once);
        self.per_hour = per_hour.or(self.per_hour);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrower_layer_wins_where_it_speaks() {
        let wide = PolicyPart {
            enabled: Some(true),
            interval_minutes: Some(60),
            ..PolicyPart::default()
        };
        let narrow = PolicyPart {
            interval_minutes: Some(5),
            ..PolicyPart::default()
        };
        let policy = Policy::default().with(&wide).with(&narrow);
        assert_eq!((policy.enabled, policy.interval_minutes), (true, 5));
        assert!(policy.gate_on_tests);
    }
}
