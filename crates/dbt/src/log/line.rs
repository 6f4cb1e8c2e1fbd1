//! One line of the log, as it stands there.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tailwater_core::id::NodeId;
use tailwater_core::project::ResourceType;
use tailwater_core::run::{NodeResult, RunStatus};

use super::event::{EndOfRun, Level, NodeEnd, NodeStart, Stats};
use crate::artifact::instant;
use crate::lenient::{Block, Entries, Scalar};
use crate::node_result::{WireAdapterResponse, WireTiming, span};

/// What a line says, before the lines are folded.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// dbt's id of the invocation.
    pub invocation_id: Option<String>,
    /// When it was written.
    pub at: Option<DateTime<Utc>>,
    /// The version of dbt, in the line that says it.
    pub dbt_version: Option<String>,
    /// What it says.
    pub said: Said,
}

#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// `NodeStart`: counted, because batches say it too.
    Opened(NodeStart),
    /// `LogStartLine` and its like: not counted.
    Started(NodeStart),
    /// `NodeFinished`: the end of the node or of one of its batches.
    Closed(Box<NodeEnd>),
    /// The line with the result, which is written once a node.
    Concluded(Box<NodeEnd>),
    /// The line with the result of one batch.
    Batch(NodeId, RunStatus),
    Plan {
        nodes: u64,
        threads: u64,
    },
    Artifact(String),
    EndOfRun(EndOfRun),
    Stats(Stats),
    Completed {
        success: bool,
    },
    Message {
        level: Level,
        name: String,
        text: String,
        unique_id: Option<NodeId>,
    },
    /// Of no interest: below level `info`.
    Nothing,
}

impl Line {
    /// Reads a line. `None` when it is not one of dbt's structured log.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.starts_with('{') {
            return None;
        }
        let wire: WireLine<'_> = serde_json::from_str(text).ok()?;
        let info = wire.info();
        // Any program may print JSON; dbt's has a time, a level and a code or name.
        let (level, at) = (info.level.as_text()?, info.ts.as_text()?);
        if info.name.as_text().is_none() && info.code.as_text().is_none() {
            return None;
        }
        Some(Self {
            invocation_id: info.invocation_id.as_text().map(str::to_owned),
            at: instant(at),
            dbt_version: wire.version(),
            said: wire.said(Level::from_word(level)),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireLine<'a> {
    #[serde(borrow)]
    info: Option<Block<WireInfo<'a>>>,
    #[serde(borrow)]
    data: Block<WireData<'a>>,
    // dbt 1.0 to 1.3 have the head and sometimes the node at the top.
    #[serde(borrow)]
    code: Scalar<'a>,
    #[serde(borrow)]
    level: Scalar<'a>,
    #[serde(borrow)]
    msg: Scalar<'a>,
    #[serde(borrow)]
    ts: Scalar<'a>,
    #[serde(borrow)]
    invocation_id: Scalar<'a>,
    #[serde(borrow)]
    node_info: Block<WireNode<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct WireInfo<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    code: Scalar<'a>,
    #[serde(borrow)]
    level: Scalar<'a>,
    #[serde(borrow)]
    msg: Scalar<'a>,
    #[serde(borrow)]
    ts: Scalar<'a>,
    #[serde(borrow)]
    invocation_id: Scalar<'a>,
}

/// The fields of all events together: no name means two things.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireData<'a> {
    #[serde(borrow)]
    node_info: Block<WireNode<'a>>,
    #[serde(borrow)]
    run_result: Block<WireResult<'a>>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    execution_time: Scalar<'a>,
    #[serde(borrow)]
    num_failures: Scalar<'a>,
    #[serde(borrow)]
    version: Scalar<'a>,
    #[serde(borrow)]
    node_count: Scalar<'a>,
    #[serde(borrow)]
    num_threads: Scalar<'a>,
    #[serde(borrow)]
    artifact_path: Scalar<'a>,
    #[serde(borrow)]
    keyboard_interrupt: Scalar<'a>,
    #[serde(borrow)]
    num_errors: Scalar<'a>,
    #[serde(borrow)]
    num_warnings: Scalar<'a>,
    #[serde(borrow)]
    success: Scalar<'a>,
    #[serde(borrow)]
    stats: Block<WireStats<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireNode<'a> {
    #[serde(borrow)]
    unique_id: Scalar<'a>,
    #[serde(borrow)]
    resource_type: Scalar<'a>,
    #[serde(borrow)]
    node_status: Scalar<'a>,
    #[serde(borrow)]
    node_started_at: Scalar<'a>,
    #[serde(borrow)]
    node_finished_at: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireResult<'a> {
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    message: Scalar<'a>,
    #[serde(borrow)]
    num_failures: Scalar<'a>,
    #[serde(borrow)]
    execution_time: Scalar<'a>,
    #[serde(borrow)]
    timing_info: Entries<'a, WireTiming<'a>>,
    #[serde(borrow)]
    adapter_response: Block<WireAdapterResponse<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireStats<'a> {
    #[serde(borrow)]
    pass: Scalar<'a>,
    #[serde(borrow)]
    warn: Scalar<'a>,
    #[serde(borrow)]
    error: Scalar<'a>,
    #[serde(borrow)]
    skip: Scalar<'a>,
    #[serde(borrow)]
    noop: Scalar<'a>,
    #[serde(borrow)]
    total: Scalar<'a>,
}

impl<'a> WireLine<'a> {
    /// The head, wherever it stands.
    fn info(&self) -> WireInfo<'a> {
        if let Some(Block(info)) = &self.info {
            return info.clone();
        }
        WireInfo {
            name: Scalar::Nothing,
            code: self.code.clone(),
            level: self.level.clone(),
            msg: self.msg.clone(),
            ts: self.ts.clone(),
            invocation_id: self.invocation_id.clone(),
        }
    }

    /// dbt writes its own version with an equals sign before it.
    fn version(&self) -> Option<String> {
        let info = self.info();
        let says = info.name.as_text() == Some("MainReportVersion") || info.code.as_text() == Some("A001");
        let version = self.data.0.version.as_text().filter(|_| says)?;
        Some(version.trim_start_matches(['=', 'v']).to_owned())
    }

    fn said(&self, level: Level) -> Said {
        let info = self.info();
        let data = &self.data.0;
        let node = self.node();
        match (info.name.as_text(), node) {
            (Some("NodeStart"), Some(node)) => Said::Opened(node.start()),
            (Some("LogStartLine" | "LogHookStartLine"), Some(node)) => Said::Started(node.start()),
            (Some("NodeFinished"), Some(node)) => Said::Closed(Box::new(self.closed(node))),
            (Some("LogBatchResult"), Some(node)) => Said::Batch(node.id(), self.status(node)),
            (Some(name), Some(node)) if concludes(name) => Said::Concluded(Box::new(self.concluded(node))),
            // Without names the state of the node is what tells.
            (None, Some(node)) if node.has_begun() => Said::Started(node.start()),
            (None, Some(node)) if node.has_ended() => Said::Concluded(Box::new(self.concluded(node))),
            (Some("ConcurrencyLine"), _) => Said::Plan {
                nodes: count(&data.node_count),
                threads: count(&data.num_threads),
            },
            (Some("ArtifactWritten"), _) if data.artifact_path.as_text().is_some() => {
                Said::Artifact(data.artifact_path.to_text().unwrap_or_default())
            }
            (Some("EndOfRunSummary"), _) => Said::EndOfRun(EndOfRun {
                is_interrupted: is_true(&data.keyboard_interrupt),
                errors: count(&data.num_errors),
                warnings: count(&data.num_warnings),
            }),
            (Some("StatsLine"), _) => Said::Stats(data.stats.0.to_stats()),
            (Some("CommandCompleted"), _) => Said::Completed {
                success: is_true(&data.success),
            },
            _ if level < Level::Info => Said::Nothing,
            (_, node) => match super::plain(info.msg.as_text().unwrap_or_default()).trim() {
                // dbt spaces its output with empty lines.
                "" => Said::Nothing,
                text => Said::Message {
                    level,
                    name: info.name.to_text().or(info.code.to_text()).unwrap_or_default(),
                    text: text.to_owned(),
                    unique_id: node.map(WireNode::id),
                },
            },
        }
    }

    /// The node that the line is about.
    fn node(&self) -> Option<&WireNode<'a>> {
        [&self.data.0.node_info.0, &self.node_info.0]
            .into_iter()
            .find(|node| node.unique_id.as_text().is_some())
    }

    /// `NodeFinished` carries what `run_results.json` will say.
    fn closed(&self, node: &WireNode<'_>) -> NodeEnd {
        let wire = &self.data.0.run_result.0;
        let mut end = self.concluded(node);
        let result = &mut end.result;
        if let Some(word) = wire.status.as_text() {
            result.status = RunStatus::from(word);
        }
        result.message = wire.message.to_text();
        if let Some(failures) = wire
            .num_failures
            .to_integer()
            .filter(|_| is_test(end.resource_type))
        {
            result.failures = Some(failures);
        }
        if let Some(seconds) = wire.execution_time.to_float() {
            result.execution_seconds = seconds;
        }
        let (started_at, completed_at) = span(&wire.timing_info);
        result.started_at = started_at.or(result.started_at);
        result.completed_at = completed_at.or(result.completed_at);
        result.rows_affected = wire.adapter_response.0.rows_affected();
        end
    }

    /// What a line with a result says, which is less.
    fn concluded(&self, node: &WireNode<'_>) -> NodeEnd {
        let info = self.info();
        let data = &self.data.0;
        let at = info.ts.as_text().and_then(instant);
        let resource_type = node.resource_type();
        NodeEnd {
            result: NodeResult {
                unique_id: node.id(),
                status: self.status(node),
                message: None,
                failures: data.num_failures.to_integer().filter(|_| is_test(resource_type)),
                started_at: node.node_started_at.as_text().and_then(instant),
                completed_at: node.node_finished_at.as_text().and_then(instant).or(at),
                execution_seconds: data.execution_time.to_float().unwrap_or_default(),
                rows_affected: None,
            },
            resource_type,
            invocation_id: info.invocation_id.to_text(),
            at,
        }
    }

    /// The node's status where it has one (`"None"` is Python's word for having none), else the event's,
    /// which is written for people: `OK`, `PARTIAL SUCCESS (3/4)`.
    fn status(&self, node: &WireNode<'_>) -> RunStatus {
        let own = node.node_status.as_text().filter(|word| *word != "None");
        if let Some(word) = own {
            return RunStatus::from(word);
        }
        let word = self.data.0.status.as_text().unwrap_or_default();
        let word = word.split('(').next().unwrap_or_default().trim().to_lowercase();
        match word.as_str() {
            "ok" => RunStatus::Success,
            word => RunStatus::from(word),
        }
    }
}

impl WireNode<'_> {
    fn id(&self) -> NodeId {
        NodeId::from(self.unique_id.as_text().unwrap_or_default())
    }

    fn resource_type(&self) -> Option<ResourceType> {
        let said = self.resource_type.as_text();
        let id = self.unique_id.as_text().unwrap_or_default();
        ResourceType::from_name(said.or(id.split('.').next()).unwrap_or_default())
    }

    fn start(&self) -> NodeStart {
        NodeStart {
            unique_id: self.id(),
            resource_type: self.resource_type(),
            at: self.node_started_at.as_text().and_then(instant),
        }
    }

    fn has_begun(&self) -> bool {
        self.node_status.as_text() == Some("started")
    }

    fn has_ended(&self) -> bool {
        let is_final = |word: &str| !matches!(RunStatus::from(word), RunStatus::Other(_));
        self.node_finished_at.as_text().is_some() && self.node_status.as_text().is_some_and(is_final)
    }
}

impl WireStats<'_> {
    fn to_stats(&self) -> Stats {
        Stats {
            pass: count(&self.pass),
            warn: count(&self.warn),
            error: count(&self.error),
            skip: count(&self.skip),
            no_op: count(&self.noop),
            total: count(&self.total),
        }
    }
}

/// The names of lines with the result of a node, as dbt 1.4 to 1.11 write them.
fn concludes(name: &str) -> bool {
    matches!(
        name,
        "LogModelResult"
            | "LogTestResult"
            | "LogSeedResult"
            | "LogSnapshotResult"
            | "LogFreshnessResult"
            | "LogFunctionResult"
            | "LogNodeResult"
            | "LogNodeNoOpResult"
            | "LogHookEndLine"
            | "LogSkipBecauseError"
            | "SkippingDetails"
    )
}

fn is_test(kind: Option<ResourceType>) -> bool {
    matches!(kind, Some(ResourceType::Test | ResourceType::UnitTest))
}

fn count(number: &Scalar<'_>) -> u64 {
    number
        .to_integer()
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or_default()
}

fn is_true(truth: &Scalar<'_>) -> bool {
    matches!(truth, Scalar::Truth(true))
}
