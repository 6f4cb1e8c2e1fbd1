//! One thing that is wrong now, with everything that a rule or a reader may ask about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::kind::{Severity, SignalKind};
use crate::id::{CollectionId, IntegrationName, NodeId, ProjectName};

/// How many exposures are named in one notice; the others are counted.
pub const MOST_AFFECTED: usize = 20;

/// Something is wrong with one subject, for one or more causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What is wrong.
    pub kind: SignalKind,
    /// How much it matters.
    pub severity: Severity,
    /// With what.
    pub subject: Subject,
    /// Why, by a stable key such as `build_failed` or an error's code. Never empty.
    pub causes: BTreeMap<String, Cause>,
    /// What rules choose by.
    pub about: About,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// When it came to be, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// A sentence without a full stop. Untrusted: it has names in it, and what a tool said.
    pub sentence: String,
    /// What mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its id.
    #[serde(flatten)]
    pub id: SubjectId,
    /// Its name for people. Untrusted.
    pub name: String,
    /// Its page, below the catalog's address, such as `exposures/exposure.shop.weekly_sales`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// Names a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubjectId {
    /// What it is.
    #[serde(rename = "subject_kind")]
    pub kind: SubjectKind,
    /// Its id among its kind: a `unique_id`, a target's `integration/kind/id`, a job's name.
    #[serde(rename = "subject_id")]
    pub id: String,
}

impl SubjectId {
    /// Puts one together.
    pub fn new(kind: SubjectKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }
}

impl fmt::Display for SubjectId {
    /// `exposure exposure.shop.weekly_sales`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind.name(), self.id)
    }
}

/// The kinds of subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An exposure.
    Exposure,
    /// A target of refreshes.
    Target,
    /// A test.
    Test,
    /// A job.
    Job,
}

impl SubjectKind {
    /// The word in JSON and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exposure => "exposure",
            Self::Target => "target",
            Self::Test => "test",
            Self::Job => "job",
        }
    }
}

/// What a condition touches: what rules choose by, and whom it concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The integrations.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub integrations: BTreeSet<IntegrationName>,
    /// The dbt projects.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub projects: BTreeSet<ProjectName>,
    /// The collections in which the exposures stand.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub collections: BTreeSet<Place>,
    /// The addresses of everybody who answers for an affected exposure, in lower case. Untrusted.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub owners: BTreeSet<String>,
    /// The exposures, by label; at most [`MOST_AFFECTED`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<Affected>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_exposures: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A collection with those above it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// Names from the top.
    pub path: Vec<String>,
    /// Ids alongside, where they are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<CollectionId>,
}

/// An exposure that a condition touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Its `unique_id`.
    pub unique_id: NodeId,
    /// Its name for people. Untrusted.
    pub label: String,
    /// Where a person opens it in the BI tool. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who answers for it. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// That one's address. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_email: Option<String>,
}
