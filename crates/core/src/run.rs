//! What dbt reports beside the manifest: the results of a run, the freshness of sources, and the
//! relations that it found in the warehouse.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::NodeId;
use crate::project::{Column, FreshnessCriteria};
use crate::relation::RelationName;

/// The head of an artifact: which dbt wrote it, when, in which invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactMetadata {
    /// The version of dbt, such as `1.11.16`.
    pub dbt_version: String,
    /// The number in `dbt_schema_version`.
    pub schema_version: u32,
    /// When it was written.
    pub generated_at: Option<DateTime<Utc>>,
    /// dbt's own id of the invocation that wrote it.
    pub invocation_id: Option<String>,
}

/// `run_results.json`: how each node of one invocation ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunResults {
    /// What the artifact says of itself.
    pub metadata: ArtifactMetadata,
    /// The command, `args.which`: `build`, `run`, `test`, …; empty when not said.
    pub command: String,
    /// How long the invocation took, in seconds.
    pub elapsed_seconds: f64,
    /// One entry a node, in the order of the artifact.
    pub results: Vec<NodeResult>,
}

/// How one node ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeResult {
    /// The node.
    pub unique_id: NodeId,
    /// How it ended.
    pub status: RunStatus,
    /// What dbt or the warehouse said. Untrusted.
    pub message: Option<String>,
    /// Of a test, the number of failing rows.
    pub failures: Option<i64>,
    /// When the first of its steps began.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last of its steps ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How long it took, in seconds.
    pub execution_seconds: f64,
    /// Rows that the warehouse says were written.
    pub rows_affected: Option<i64>,
}

/// The words with which dbt says how a node ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum RunStatus {
    /// A model, seed or snapshot was built.
    Success,
    /// It could not be built, or a test could not be run.
    Error,
    /// A test found failing rows.
    Fail,
    /// A test found failing rows, and is only to warn.
    Warn,
    /// It was not run, because something before it failed.
    Skipped,
    /// A test found nothing.
    Pass,
    /// Some of its batches were built.
    PartialSuccess,
    /// There was nothing to do.
    NoOp,
    /// The freshness of a source could not be read.
    RuntimeError,
    /// A word that is new to this release, as written.
    Other(String),
}

impl RunStatus {
    /// dbt's word for it.
    pub fn name(&self) -> &str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Skipped => "skipped",
            Self::Pass => "pass",
            Self::PartialSuccess => "partial success",
            Self::NoOp => "no-op",
            Self::RuntimeError => "runtime error",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for RunStatus {
    fn from(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "error" => Self::Error,
            "fail" => Self::Fail,
            "warn" => Self::Warn,
            "skipped" => Self::Skipped,
            "pass" => Self::Pass,
            "partial success" => Self::PartialSuccess,
            "no-op" => Self::NoOp,
            "runtime error" => Self::RuntimeError,
            _ => Self::Other(word.to_owned()),
        }
    }
}

impl From<String> for RunStatus {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl From<RunStatus> for String {
    fn from(status: RunStatus) -> Self {
        status.name().to_owned()
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// `sources.json`: how fresh each checked source was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceFreshness {
    /// What the artifact says of itself.
    pub metadata: ArtifactMetadata,
    /// One entry a source, in the order of the artifact.
    pub results: Vec<FreshnessResult>,
}

/// How fresh one source was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FreshnessResult {
    /// The source.
    pub unique_id: NodeId,
    /// `pass`, `warn`, `error` or `runtime error`.
    pub status: RunStatus,
    /// The newest row's instant.
    pub max_loaded_at: Option<DateTime<Utc>>,
    /// When dbt looked.
    pub snapshotted_at: Option<DateTime<Utc>>,
    /// The newest row's age when dbt looked, in seconds.
    pub age_seconds: Option<f64>,
    /// The limits that were applied.
    pub criteria: FreshnessCriteria,
    /// Of a runtime error, what the warehouse said. Untrusted.
    pub error: Option<String>,
}

/// `catalog.json`: the relations that dbt found in the warehouse.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WarehouseCatalog {
    /// What the artifact says of itself.
    pub metadata: ArtifactMetadata,
    /// The relations of nodes and of sources.
    pub tables: BTreeMap<NodeId, WarehouseTable>,
}

/// A relation as the warehouse describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarehouseTable {
    /// Its name, in the warehouse's own case.
    pub name: RelationName,
    /// The warehouse's word for its kind, such as `BASE TABLE`.
    pub kind: String,
    /// The comment stored with it. Untrusted.
    pub comment: Option<String>,
    /// Who owns it in the warehouse.
    pub owner: Option<String>,
    /// Its columns, in the warehouse's order.
    pub columns: Vec<Column>,
    /// How many rows it has, when the warehouse says so.
    pub row_count: Option<u64>,
    /// How many bytes it takes, when the warehouse says so.
    pub bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("success")]
    #[case("partial success")]
    #[case("no-op")]
    #[case("runtime error")]
    #[case("a word of the future")]
    fn statuses_keep_dbts_words(#[case] word: &str) {
        let status = RunStatus::from(word);
        assert_eq!(status.name(), word);
        let json = serde_json::to_string(&status).unwrap();
        assert_eq!(serde_json::from_str::<RunStatus>(&json).unwrap(), status);
    }
}
