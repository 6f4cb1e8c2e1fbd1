//! Folding policies: layers into what holds for an exposure, and several exposures into what holds for what they
//! share. Each value knows who said it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::policy::{Policy, PolicyPart, PolicyScope, QuietHours};
use crate::id::{JobName, NodeId};

/// Who says something of a policy, from the widest to the narrowest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum PolicyPlace {
    /// Nobody: it is so unless told otherwise.
    BuiltIn,
    /// dbt's own environment variables.
    Variables,
    /// A job that builds the environment, by its variables or by `refresh`.
    Job {
        /// Its name.
        job: JobName,
    },
    /// `[refresh]` in `tailwater.toml`.
    Defaults,
    /// One scope.
    Scope {
        /// Which.
        scope: PolicyScope,
        /// Whether `tailwater.toml` says it, so that it cannot be changed by command or on a page.
        in_file: bool,
    },
}

/// What one place says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyLayer {
    /// Who says it.
    pub place: PolicyPlace,
    /// What.
    pub part: PolicyPart,
}

/// Who said one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySource {
    /// Who.
    #[serde(flatten)]
    pub place: PolicyPlace,
    /// Where several exposures share a target: the one whose value won.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<NodeId>,
}

/// What holds, and who said each value of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectivePolicy {
    /// What holds.
    pub policy: Policy,
    /// Who said it, by the names of the fields. A field that is missing is built in.
    pub sources: BTreeMap<String, PolicySource>,
}

impl Default for EffectivePolicy {
    fn default() -> Self {
        Self::of_layers(&[])
    }
}

/// The names of a policy's fields, in their order.
pub const POLICY_FIELDS: [&str; 10] = [
    "enabled",
    "interval_minutes",
    "gate_on_tests",
    "quiet_hours",
    "incremental",
    "priority",
    "fresh_by",
    "timezone",
    "at_once",
    "per_hour",
];

impl PolicyPart {
    /// The names of the fields that it says something of.
    pub fn fields(&self) -> Vec<String> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What this says, and where it says nothing what the other one does.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            enabled: self.enabled.or(other.enabled),
            interval_minutes: self.interval_minutes.or(other.interval_minutes),
            gate_on_tests: self.gate_on_tests.or(other.gate_on_tests),
            quiet_hours: self.quiet_hours.or(other.quiet_hours),
            incremental: self.incremental.or(other.incremental),
            priority: self.priority.or(other.priority),
            fresh_by: self.fresh_by.or(other.fresh_by),
            timezone: self.timezone.clone().or_else(|| other.timezone.clone()),
            at_once: self.at_once.or(other.at_once),
            per_hour: self.per_hour.or(other.per_hour),
        }
    }

    /// What makes no sense in it, as a sentence without a full stop; `None` when all of it does.
    pub fn problem(&self) -> Option<String> {
        const A_YEAR: u32 = 366 * 24 * 60;
        if let Some(timezone) = &self.timezone
            && timezone.parse::<chrono_tz::Tz>().is_err()
        {
            return Some(format!("`{timezone}` is no IANA name of a time zone"));
        }
        if self.interval_minutes.is_some_and(|minutes| minutes > A_YEAR) {
            return Some("`interval_minutes` is more than a year".to_owned());
        }
        if self.priority.is_some_and(|priority| priority > 100) {
            return Some("`priority` is from 0 to 100".to_owned());
        }
        if self.quiet_hours.is_some_and(|hours| hours.from == hours.until) {
            return Some("`quiet_hours` end when they begin".to_owned());
        }
        let is_limit = |limit: Option<u32>, most: u32| limit.is_none_or(|limit| (1..=most).contains(&limit));
        if !is_limit(self.at_once, 1_000) {
            return Some("`at_once` is from 1 to 1000".to_owned());
        }
        if !is_limit(self.per_hour, 100_000) {
            return Some("`per_hour` is from 1 to 100000".to_owned());
        }
        None
    }
}

impl EffectivePolicy {
    /// Folds layers, the widest first: of what several say, the narrowest wins.
    pub fn of_layers(layers: &[PolicyLayer]) -> Self {
        let mut policy = Policy::default();
        let mut sources = BTreeMap::new();
        for layer in layers {
            policy = policy.with(&layer.part);
            for field in layer.part.fields() {
                let place = layer.place.clone();
                sources.insert(
                    field,
                    PolicySource {
                        place,
                        exposure: None,
                    },
                );
            }
        }
        Self { policy, sources }
    }

    /// What holds for a target whose data several exposures show. Among those that are refreshed at all, the most
    /// eager decides of the interval, the deadline and the priority, the strictest of the gate, the quiet hours,
    /// the limits, and that all rows are taken over.
    pub fn joined(several: &[(NodeId, Self)]) -> Self {
        let are_enabled: Vec<&(NodeId, Self)> = several.iter().filter(|(_, it)| it.policy.enabled).collect();
        let all: Vec<&(NodeId, Self)> = if are_enabled.is_empty() {
            several.iter().collect()
        } else {
            are_enabled
        };
        match all[..] {
            [] => return Self::default(),
            [(_, only)] if several.len() == 1 => return only.clone(),
            _ => {}
        }
        let mut joined = Self {
            policy: Policy::default(),
            sources: BTreeMap::new(),
        };
        let first = all[0];
        let mut take = |field: &str, (exposure, from): &(NodeId, Self)| {
            if let Some(source) = from.sources.get(field) {
                let source = PolicySource {
                    place: source.place.clone(),
                    exposure: Some(exposure.clone()),
                };
                joined.sources.insert(field.to_owned(), source);
            }
        };
        let enabled = best(&all, first, |policy| policy.enabled);
        let interval = best(&all, first, |policy| Reverse(policy.interval_minutes));
        let gate = best(&all, first, |policy| policy.gate_on_tests);
        let quiet = best(&all, first, |policy| length(policy.quiet_hours));
        let incremental = best(&all, first, |policy| !policy.incremental);
        let priority = best(&all, first, |policy| policy.priority);
        let at_once = best(&all, first, |policy| Reverse(policy.at_once));
        let per_hour = best(&all, first, |policy| Reverse(policy.per_hour.unwrap_or(u32::MAX)));
        // Times of day are compared on one clock: that of the quiet hours, where there are any.
        let is_quiet = quiet.1.policy.quiet_hours.is_some();
        let is_comparable = |policy: &Policy| !is_quiet || policy.timezone == quiet.1.policy.timezone;
        let fresh = best(&all, first, |policy| {
            let by = policy.fresh_by.filter(|_| is_comparable(policy));
            by.map(Reverse)
        });
        let clock = if is_quiet { quiet } else { fresh };
        take("enabled", enabled);
        take("interval_minutes", interval);
        take("gate_on_tests", gate);
        take("quiet_hours", quiet);
        take("incremental", incremental);
        take("priority", priority);
        take("fresh_by", fresh);
        take("timezone", clock);
        take("at_once", at_once);
        take("per_hour", per_hour);
        joined.policy = Policy {
            enabled: enabled.1.policy.enabled,
            interval_minutes: interval.1.policy.interval_minutes,
            gate_on_tests: gate.1.policy.gate_on_tests,
            quiet_hours: quiet.1.policy.quiet_hours,
            incremental: incremental.1.policy.incremental,
            priority: priority.1.policy.priority,
            fresh_by: fresh.1.policy.fresh_by.filter(|_| is_comparable(&fresh.1.policy)),
            timezone: clock.1.policy.timezone.clone(),
            at_once: at_once.1.policy.at_once,
            per_hour: per_hour.1.policy.per_hour,
        };
        joined
    }
}

/// The one of which most can be said; of equals the first.
fn best<'a, K: Ord>(
    all: &[&'a (NodeId, EffectivePolicy)],
    first: &'a (NodeId, EffectivePolicy),
    key: impl Fn(&Policy) -> K,
) -> &'a (NodeId, EffectivePolicy) {
    let best = all.iter().copied().rev().max_by_key(|(_, it)| key(&it.policy));
    best.unwrap_or(first)
}

/// How long quiet hours are.
fn length(hours: Option<QuietHours>) -> TimeDelta {
    let Some(QuietHours { from, until }) = hours else {
        return TimeDelta::zero();
    };
    let length = until - from;
    if length < TimeDelta::zero() {
        length + TimeDelta::days(1)
    } else {
        length
    }
}

impl fmt::Display for PolicyScope {
    /// `environment/PROJECT/ENVIRONMENT`, `integration/NAME`, `collection/INTEGRATION/ID`, `exposure/ID`. Names of
    /// projects, environments and integrations hold no slash.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment { project, environment } => {
                write!(formatter, "environment/{project}/{environment}")
            }
            Self::Integration { integration } => write!(formatter, "integration/{integration}"),
            Self::Collection {
                integration,
                collection,
            } => write!(formatter, "collection/{integration}/{collection}"),
            Self::Exposure { exposure } => write!(formatter, "exposure/{exposure}"),
        }
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no scope of a policy")]
pub struct NoPolicyScope(pub String);

impl FromStr for PolicyScope {
    type Err = NoPolicyScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let none = || NoPolicyScope(text.to_owned());
        let (kind, rest) = text.split_once('/').ok_or_else(none)?;
        let two = || {
            rest.split_once('/')
                .filter(|(left, right)| !left.is_empty() && !right.is_empty())
        };
        match kind {
            "environment" => two().map(|(project, environment)| Self::Environment {
                project: project.into(),
                environment: environment.into(),
            }),
            "collection" => two().map(|(integration, collection)| Self::Collection {
                integration: integration.into(),
                collection: collection.into(),
            }),
            "integration" if !rest.is_empty() => Some(Self::Integration {
                integration: rest.into(),
            }),
            "exposure" if !rest.is_empty() => Some(Self::Exposure {
                exposure: rest.into(),
            }),
            _ => None,
        }
        .ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn scope(text: &str) -> PolicyScope {
        text.parse().unwrap()
    }

    fn layer(text: &str, part: PolicyPart) -> PolicyLayer {
        PolicyLayer {
            place: PolicyPlace::Scope {
                scope: scope(text),
                in_file: false,
            },
            part,
        }
    }

    #[test]
    fn each_value_knows_the_narrowest_who_said_it() {
        let wide = PolicyPart {
            enabled: Some(true),
            interval_minutes: Some(60),
            ..PolicyPart::default()
        };
        let narrow = PolicyPart {
            interval_minutes: Some(5),
            ..PolicyPart::default()
        };
        let layers = [layer("integration/main", wide), layer("exposure/e", narrow)];
        let effective = EffectivePolicy::of_layers(&layers);
        assert_eq!(
            (effective.policy.enabled, effective.policy.interval_minutes),
            (true, 5)
        );
        assert_eq!(effective.sources["enabled"].place, layers[0].place);
        assert_eq!(effective.sources["interval_minutes"].place, layers[1].place);
        assert_eq!(effective.sources.get("priority"), None);
    }

    #[test]
    fn of_a_shared_target_the_eager_and_the_strict_win() {
        let one = |name: &str, part: PolicyPart| {
            let effective = EffectivePolicy::of_layers(&[layer(&format!("exposure/{name}"), part)]);
            (NodeId::from(name), effective)
        };
        let time = |text: &str| text.parse().unwrap();
        let eager = PolicyPart {
            enabled: Some(true),
            interval_minutes: Some(5),
            gate_on_tests: Some(false),
            priority: Some(90),
            fresh_by: Some(time("07:00:00")),
            ..PolicyPart::default()
        };
        let strict = PolicyPart {
            enabled: Some(true),
            quiet_hours: Some(QuietHours {
                from: time("22:00:00"),
                until: time("06:00:00"),
            }),
            at_once: Some(1),
            ..PolicyPart::default()
        };
        // One that is off says nothing of those that are on.
        let off = PolicyPart {
            interval_minutes: Some(0),
            priority: Some(100),
            ..PolicyPart::default()
        };
        let joined = EffectivePolicy::joined(&[
            one("eager", eager),
            one("strict", strict),
            one("off", off.clone()),
        ]);
        let policy = &joined.policy;
        assert_eq!((policy.interval_minutes, policy.priority), (5, 90));
        assert!(policy.enabled && policy.gate_on_tests && policy.quiet_hours.is_some());
        assert_eq!((policy.at_once, policy.fresh_by), (1, Some(time("07:00:00"))));
        assert_eq!(joined.sources["interval_minutes"].exposure, Some("eager".into()));
        assert_eq!(joined.sources["at_once"].exposure, Some("strict".into()));
        assert!(
            !EffectivePolicy::joined(&[one("off", off.clone()), one("too", off)])
                .policy
                .enabled
        );
        assert_eq!(EffectivePolicy::joined(&[]), EffectivePolicy::default());
    }

    #[rstest]
    #[case("environment/shop/production")]
    #[case("integration/main")]
    #[case("collection/main/a/b")]
    #[case("exposure/exposure.shop.weekly")]
    fn scopes_read_back(#[case] text: &str) {
        assert_eq!(scope(text).to_string(), text);
    }

    #[rstest]
    #[case("")]
    #[case("integration/")]
    #[case("environment/shop")]
    #[case("collection/main/")]
    #[case("planet/mars")]
    fn what_names_no_scope(#[case] text: &str) {
        assert!(text.parse::<PolicyScope>().is_err());
    }

    #[test]
    fn every_field_has_its_name() {
        let time = "07:00:00".parse().unwrap();
        let full = PolicyPart {
            enabled: Some(true),
            interval_minutes: Some(1),
            gate_on_tests: Some(true),
            quiet_hours: Some(QuietHours {
                from: time,
                until: time,
            }),
            incremental: Some(true),
            priority: Some(1),
            fresh_by: Some(time),
            timezone: Some("UTC".to_owned()),
            at_once: Some(1),
            per_hour: Some(1),
        };
        let mut fields = full.fields();
        fields.sort();
        let mut expected = POLICY_FIELDS.map(ToOwned::to_owned);
        expected.sort();
        assert_eq!(fields, expected);
        assert!(full.problem().unwrap().contains("quiet_hours"));
        assert_eq!(PolicyPart::default().problem(), None);
        assert_eq!(PolicyPart::default().or(&full), full);
    }

    #[rstest]
    #[case(PolicyPart { timezone: Some("Mars".to_owned()), ..PolicyPart::default() }, "Mars")]
    #[case(PolicyPart { priority: Some(101), ..PolicyPart::default() }, "priority")]
    #[case(PolicyPart { at_once: Some(0), ..PolicyPart::default() }, "at_once")]
    #[case(PolicyPart { per_hour: Some(0), ..PolicyPart::default() }, "per_hour")]
    #[case(PolicyPart { interval_minutes: Some(u32::MAX), ..PolicyPart::default() }, "interval")]
    fn nonsense_is_named(#[case] part: PolicyPart, #[case] word: &str) {
        assert!(part.problem().unwrap().contains(word));
    }
}
