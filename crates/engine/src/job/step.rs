//! Running one step: dbt in a process of its own, or, in tests, something quicker.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use secrecy::SecretString;
use tailwater_core::id::{EnvironmentName, JobRunId, NodeId, ProjectName};
use tailwater_core::job::Mask;
use tailwater_core::refresh::RefreshRecord;
use tailwater_core::run::NodeResult;
use tailwater_dbt::command::{DbtCommand, Stop, Stream};
use tailwater_dbt::log::DbtEvent;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::dbt_run::{DbtRunRequest, RefreshRequest, RunSink};
use crate::error::Error;
use crate::workspace::Workspace;

/// How long dbt may take to stop after SIGINT, and again after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// One step, ready to be run.
#[derive(Clone)]
pub struct StepRequest {
    /// The project that it builds.
    pub project: ProjectName,
    /// The environment that it builds; production when not said.
    pub environment_name: Option<EnvironmentName>,
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
    /// Whether and for whom targets are refreshed.
    pub refresh: Option<RefreshRequest>,
    /// What is hidden in its artifacts.
    pub mask: Mask,
    /// Who runs it, for people.
    pub by: String,
    /// The run whose step it is.
    pub job_run: JobRunId,
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
    /// A refresh was asked for, held or skipped with a reason worth keeping.
    Asked(Box<RefreshRecord>),
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEnd {
    /// What its process ended with, as a shell would show it.
    pub exit_code: i32,
    /// In words that fit after "dbt".
    pub words: String,
    /// What went wrong beside dbt, and did not stop it. Sentences for people.
    pub problems: Vec<String>,
}

/// Runs a step and takes its artifacts over. What is heard goes into the channel; cancelling the token asks the step
/// to end.
pub trait StepRunner: Send + Sync + fmt::Debug {
    /// Runs one step to its end.
    fn run_step<'a>(
        &'a self,
        workspace: &'a Workspace,
        request: StepRequest,
        heard: mpsc::UnboundedSender<StepHeard>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<StepEnd, Error>>;
}

/// Runs dbt, with refreshes as soon as what they stand on is built and tested.
#[derive(Debug, Clone, Copy, Default)]
pub struct DbtStepRunner;

/// Tells on what is heard. Whoever listens writes logs of a bounded length, so that little waits here.
struct Teller(mpsc::UnboundedSender<StepHeard>);

impl Teller {
    fn tell(&self, heard: StepHeard) {
        // Nobody listens any more only when the run was dropped, and dbt with it.
        let _ = self.0.send(heard);
    }
}

impl RunSink for Teller {
    fn output(&mut self, _: Stream, bytes: &[u8]) {
        self.tell(StepHeard::Output(bytes.to_vec()));
    }

    fn event(&mut self, event: &DbtEvent) {
        self.tell(match event {
            DbtEvent::InvocationStarted { invocation_id, .. } => StepHeard::Invocation(invocation_id.clone()),
            DbtEvent::NodeStarted(start) => StepHeard::NodeStarted {
                unique_id: start.unique_id.clone(),
                at: start.at,
            },
            DbtEvent::NodeFinished(end) => StepHeard::NodeEnded(Box::new(end.result.clone())),
            _ => return,
        });
    }

    fn asked(&mut self, refresh: &RefreshRecord) {
        self.tell(StepHeard::Asked(Box::new(refresh.clone())));
    }
}

impl StepRunner for DbtStepRunner {
    fn run_step<'a>(
        &'a self,
        workspace: &'a Workspace,
        request: StepRequest,
        heard: mpsc::UnboundedSender<StepHeard>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<StepEnd, Error>> {
        Box::pin(async move {
            let mut command = DbtCommand::new(request.directory, request.arguments);
            command.program = request.program;
            command.environment = request.environment;
            command.withheld = workspace.secret_variables();
            command.target_path = Some(request.target_path);
            command.log_path = Some(request.log_path);
            let request = DbtRunRequest {
                project: request.project,
                environment: request.environment_name,
                command,
                artifacts: None,
                by: request.by,
                job_run: Some(request.job_run),
                refresh: request.refresh,
                mask: request.mask,
            };
            let stop = Stop::new(stop, GRACE);
            let outcome = crate::dbt_run::run(workspace, &request, &stop, &mut Teller(heard)).await?;
            Ok(StepEnd {
                exit_code: outcome.exit.code(),
                words: outcome.exit.to_string(),
                problems: outcome.problems,
            })
        })
    }
}
