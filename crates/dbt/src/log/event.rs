//! What dbt can say while it runs.

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::id::NodeId;
use tailwater_core::project::ResourceType;
use tailwater_core::run::{NodeResult, RunStatus};

/// One thing that dbt said. Every text in it is untrusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DbtEvent {
    /// dbt began: said once an invocation, before everything else of it.
    InvocationStarted {
        /// dbt's own id of the invocation.
        invocation_id: String,
        /// The version of dbt, such as `1.11.16`, when that line says it.
        dbt_version: Option<String>,
        /// When.
        at: Option<DateTime<Utc>>,
    },
    /// How many nodes it is about to run, on how many threads.
    Plan {
        /// How many nodes.
        nodes: u64,
        /// How many at once.
        threads: u64,
    },
    /// A node began.
    NodeStarted(NodeStart),
    /// One batch of a microbatch model ended; the model itself has not.
    BatchFinished {
        /// The model.
        unique_id: NodeId,
        /// How the batch ended.
        status: RunStatus,
    },
    /// A node, test or check of freshness ended.
    NodeFinished(Box<NodeEnd>),
    /// dbt wrote one of its artifacts.
    ArtifactWritten {
        /// Where.
        path: Utf8PathBuf,
    },
    /// The summary before the end.
    EndOfRun(EndOfRun),
    /// How many nodes ended how.
    Stats(Stats),
    /// dbt is done, and says whether all went well.
    CommandCompleted {
        /// Whether it did.
        success: bool,
    },
    /// Something else, of level `info` or worse.
    Message {
        /// How bad.
        level: Level,
        /// dbt's name of the event, such as `MainEncounteredError`.
        name: String,
        /// What it says, without colours.
        text: String,
        /// The node that it is about.
        unique_id: Option<NodeId>,
    },
    /// A line that is not one of the structured log, without colours.
    Text {
        /// The line.
        text: String,
    },
}

/// That a node began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStart {
    /// The node.
    pub unique_id: NodeId,
    /// Its kind.
    pub resource_type: Option<ResourceType>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// How a node ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeEnd {
    /// The result, in the shape of `run_results.json`.
    pub result: NodeResult,
    /// Its kind.
    pub resource_type: Option<ResourceType>,
    /// dbt's id of the invocation.
    pub invocation_id: Option<String>,
    /// When dbt wrote the line.
    pub at: Option<DateTime<Utc>>,
}

/// The summary before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndOfRun {
    /// Whether somebody stopped it.
    pub is_interrupted: bool,
    /// How many errors there were.
    pub errors: u64,
    /// How many warnings there were.
    pub warnings: u64,
}

/// How many nodes ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Built, or passed.
    pub pass: u64,
    /// Tests that warned.
    pub warn: u64,
    /// Failed.
    pub error: u64,
    /// Not run, because something before failed.
    pub skip: u64,
    /// Nothing to do.
    pub no_op: u64,
    /// All together.
    pub total: u64,
}

/// How bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For whoever looks for a mistake.
    Debug,
    /// What is going on.
    Info,
    /// Worth a look.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// Reads dbt's word; a new one counts as `info`.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "debug" | "test" | "dynamic" => Self::Debug,
            "warn" | "warning" => Self::Warn,
            "error" | "critical" => Self::Error,
            _ => Self::Info,
        }
    }
}
