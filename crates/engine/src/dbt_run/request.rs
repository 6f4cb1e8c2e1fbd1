//! What is asked of a run, and what came of it.

use camino::Utf8PathBuf;
use tailwater_core::id::{EnvironmentName, JobRunId, ProjectName};
use tailwater_core::job::Mask;
use tailwater_core::refresh::{RefreshCause, RefreshPlan, RefreshRecord};
use tailwater_core::run::NodeResult;
use tailwater_dbt::command::{DbtCommand, DbtExit};

use crate::ingest::IngestReport;
use crate::policy::DbtVariables;

/// One dbt command to run.
#[derive(Debug, Clone)]
pub struct DbtRunRequest {
    /// The project that it builds.
    pub project: ProjectName,
    /// The environment that it builds; production when not said.
    pub environment: Option<EnvironmentName>,
    /// The command.
    pub command: DbtCommand,
    /// Where its artifacts can be read, where that is not where dbt writes them: with dbt in a container.
    pub artifacts: Option<Utf8PathBuf>,
    /// Who runs it, for people: `command line`.
    pub by: String,
    /// The run of a job whose step it is.
    pub job_run: Option<JobRunId>,
    /// Whether and for whom targets are refreshed; `None` for not at all. Of a job with several steps only the last
    /// that builds or tests should: what an earlier one built is in the history by then, and its tests are too.
    pub refresh: Option<RefreshRequest>,
    /// What is hidden in its artifacts before they are taken over.
    pub mask: Mask,
}

/// For whom targets are refreshed.
#[derive(Debug, Clone)]
pub struct RefreshRequest {
    /// What sets the refreshes off.
    pub cause: RefreshCause,
    /// The run of a job, by its id.
    pub job_run: Option<String>,
    /// What dbt's own variables say where dbt runs.
    pub variables: DbtVariables,
}

/// What came of a run.
#[derive(Debug)]
pub struct DbtRunOutcome {
    /// How dbt ended.
    pub exit: DbtExit,
    /// dbt's own id of the invocation; `None` when its log was not heard.
    pub invocation_id: Option<String>,
    /// The version of dbt that ran.
    pub dbt_version: Option<String>,
    /// How each node and test ended, in the order of their ends.
    pub results: Vec<NodeResult>,
    /// What was taken over of its artifacts; `None` when it wrote none.
    pub ingested: Option<IngestReport>,
    /// The refreshes that were asked for, held or skipped with a reason worth keeping, in the order of the decisions:
    /// first those that were decided while dbt ran.
    pub refreshes: Vec<RefreshRecord>,
    /// How many of them were decided while dbt ran.
    pub live: usize,
    /// What was decided at the end, of all targets that were not decided before; `None` when nothing was planned.
    pub plan: Option<RefreshPlan>,
    /// What went wrong beside dbt, and did not stop the run. Sentences for people.
    pub problems: Vec<String>,
}
