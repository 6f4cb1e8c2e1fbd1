//! Running one step: dbt in a process of its own, or, in tests, something quicker.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use secrecy::SecretString;
use tailwater_core::id::NodeId;
use tailwater_core::run::NodeResult;
use tailwater_dbt::command::{DbtCommand, Heard, Stop};
use tailwater_dbt::log::DbtEvent;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// How long dbt may take to stop after SIGINT, and again after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// One step, ready to be run.
#[derive(Clone)]
pub struct StepRequest {
    /// The words that call dbt.
    pub program: Vec<String>,
    /// dbt's own arguments.
    pub arguments: Vec<String>,
    /// The working directory.
    pub directory: Utf8PathBuf,
    /// Variables beside those of this process, over which they win. Never shown.
    pub environment: BTreeMap<String, SecretString>,
    /// Where dbt writes its artifacts.
    pub target_path: Utf8PathBuf,
    /// Where dbt writes its own log.
    pub log_path: Utf8PathBuf,
}

impl fmt::Debug for StepRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StepRequest({:?} {:?})", self.program, self.arguments)
    }
}

/// What is heard of a step while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum StepHeard {
    /// dbt printed something: bytes as they came.
    Output(Vec<u8>),
    /// dbt's own id of the invocation.
    Invocation(String),
    /// A node began.
    NodeStarted {
        /// The node.
        unique_id: NodeId,
        /// When.
        at: Option<DateTime<Utc>>,
    },
    /// A node ended.
    NodeEnded(Box<NodeResult>),
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEnd {
    /// What its process ended with, as a shell would show it.
    pub exit_code: i32,
    /// In words that fit after "dbt".
    pub words: String,
}

/// Runs a step. What is heard goes into the channel; cancelling the token asks the step to end.
pub trait StepRunner: Send + Sync + fmt::Debug {
    /// Runs one step to its end.
    fn run_step(
        &self,
        request: StepRequest,
        heard: mpsc::Sender<StepHeard>,
        stop: CancellationToken,
    ) -> BoxFuture<'_, Result<StepEnd, Error>>;
}

/// Runs dbt.
#[derive(Debug, Clone, Copy, Default)]
pub struct DbtStepRunner;

/// Variables of this process that dbt does not get: they open the store and what is sealed in it.
const WITHHELD: [&str; 3] = ["TAILWATER_KEY", "TAILWATER_STORE_URL", "TAILWATER_STORE__URL"];

impl StepRunner for DbtStepRunner {
    fn run_step(
        &self,
        request: StepRequest,
        heard: mpsc::Sender<StepHeard>,
        stop: CancellationToken,
    ) -> BoxFuture<'_, Result<StepEnd, Error>> {
        Box::pin(async move {
            let mut command = DbtCommand::new(request.directory, request.arguments);
            command.program = request.program;
            command.environment = request.environment;
            command.withheld = WITHHELD.map(str::to_owned).to_vec();
            command.target_path = Some(request.target_path);
            command.log_path = Some(request.log_path);
            let stop = Stop::new(stop, GRACE);
            let mut running = command.start(&stop)?;
            let mut end = StepEnd {
                exit_code: 2,
                words: "could not run".to_owned(),
            };
            while let Some(one) = running.hear().await {
                let told = match one {
                    Heard::Output { bytes, .. } => StepHeard::Output(bytes),
                    Heard::Event(DbtEvent::InvocationStarted { invocation_id, .. }) => {
                        StepHeard::Invocation(invocation_id)
                    }
                    Heard::Event(DbtEvent::NodeStarted(start)) => StepHeard::NodeStarted {
                        unique_id: start.unique_id,
                        at: start.at,
                    },
                    Heard::Event(DbtEvent::NodeFinished(end)) => StepHeard::NodeEnded(Box::new(end.result)),
                    Heard::Event(_) => continue,
                    Heard::Exited(exit) => {
                        end = StepEnd {
                            exit_code: exit.code(),
                            words: exit.to_string(),
                        };
                        continue;
                    }
                };
                if heard.send(told).await.is_err() {
                    // Nobody listens any more; dropping the process ends it.
                    break;
                }
            }
            Ok(end)
        })
    }
}
