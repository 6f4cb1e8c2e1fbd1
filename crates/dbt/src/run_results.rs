//! `run_results.json`: how the nodes of one invocation ended.

use camino::Utf8Path;
use serde::Deserialize;
use tailwater_core::id::NodeId;
use tailwater_core::run::{NodeResult, RunResults, RunStatus};

use crate::artifact::{ArtifactKind, WireMetadata};
use crate::error::Error;
use crate::lenient::{Block, Entries, Scalar, Text};
use crate::node_result::{WireAdapterResponse, WireTiming, span};
use crate::{file, sniff};

/// Reads run results from a file, or from a directory that holds `run_results.json` or
/// `target/run_results.json`. Schemas v4 (dbt 1.0) to v6 (dbt 1.8 and newer) are known.
pub fn load_run_results(path: &Utf8Path) -> Result<RunResults, Error> {
    let path = file::locate(path, ArtifactKind::RunResults)?;
    let bytes = file::read(&path, ArtifactKind::RunResults)?;
    read_run_results(&bytes, path.as_str())
}

/// Reads run results from their bytes. `origin` names them in messages.
pub fn read_run_results(bytes: &[u8], origin: &str) -> Result<RunResults, Error> {
    let wanted = ArtifactKind::RunResults;
    let (head, mut run) = sniff::read_object(bytes, origin, wanted, |json| {
        serde_json::from_slice::<WireRun>(json).map(|wire| {
            let run = wire.to_results();
            (wire.metadata.0, run)
        })
    })?;
    run.metadata = head
        .check(wanted, origin, || sniff::describe_object(bytes))?
        .metadata;
    Ok(run)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireRun<'a> {
    metadata: Block<WireMetadata>,
    #[serde(borrow)]
    results: Entries<'a, WireResult<'a>>,
    #[serde(borrow)]
    elapsed_time: Scalar<'a>,
    args: Block<WireArguments>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireArguments {
    which: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireResult<'a> {
    #[serde(borrow)]
    unique_id: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    message: Scalar<'a>,
    #[serde(borrow)]
    failures: Scalar<'a>,
    #[serde(borrow)]
    execution_time: Scalar<'a>,
    #[serde(borrow)]
    timing: Entries<'a, WireTiming<'a>>,
    #[serde(borrow)]
    adapter_response: Block<WireAdapterResponse<'a>>,
}

impl WireRun<'_> {
    fn to_results(&self) -> RunResults {
        RunResults {
            metadata: tailwater_core::run::ArtifactMetadata::default(),
            command: self.args.0.which.0.clone().unwrap_or_default(),
            elapsed_seconds: self.elapsed_time.to_float().unwrap_or_default(),
            results: self
                .results
                .0
                .iter()
                .filter_map(|(key, wire)| wire.to_result(key))
                .collect(),
        }
    }
}

impl WireResult<'_> {
    /// `None` for an entry that does not say which node it is about.
    fn to_result(&self, key: &str) -> Option<NodeResult> {
        let unique_id = self.unique_id.as_text().unwrap_or(key);
        let (started_at, completed_at) = span(&self.timing);
        (!unique_id.is_empty()).then(|| NodeResult {
            unique_id: NodeId::from(unique_id),
            status: RunStatus::from(self.status.as_text().unwrap_or_default()),
            message: self.message.to_text(),
            failures: self.failures.to_integer(),
            started_at,
            completed_at,
            execution_seconds: self.execution_time.to_float().unwrap_or_default(),
            rows_affected: self.adapter_response.0.rows_affected(),
        })
    }
}
