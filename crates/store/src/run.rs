//! Invocations of dbt, how their nodes ended, and how every node ended last.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::history::{NodeState, NodeStates};
use tailwater_core::id::{EnvironmentName, JobRunId, NodeId, ProjectName};
use tailwater_core::run::{FreshnessResult, NodeResult, RunResults, SourceFreshness};

use crate::database::{Row, Transaction, Value, digest, search_key, to_json};
use crate::error::Result;
use crate::store::Store;

/// The id of a recorded invocation: the same whenever the same invocation is recorded again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// The id as text: hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RunId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What an invocation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// It built, tested, compiled, …: `run_results.json`.
    Run,
    /// It checked how fresh sources are: `sources.json`.
    Freshness,
}

impl RunKind {
    /// The word in JSON and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Freshness => "freshness",
        }
    }
}

/// One invocation in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What it did.
    pub kind: RunKind,
    /// dbt's command, such as `build`; empty when not said.
    pub command: String,
    /// dbt's id of the invocation.
    pub invocation_id: Option<String>,
    /// The run of a job whose step it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_run: Option<JobRunId>,
    /// The version of dbt.
    pub dbt_version: String,
    /// When the first node began, where dbt says so.
    pub started_at: Option<DateTime<Utc>>,
    /// When dbt wrote the artifact.
    pub generated_at: DateTime<Utc>,
    /// How long it took, in seconds.
    pub elapsed_seconds: f64,
    /// How many nodes ended in which way, under dbt's word.
    pub counts: BTreeMap<String, usize>,
    /// Whether something was built and nothing failed.
    pub is_success: bool,
}

/// How one node ended in one invocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeRun {
    /// The invocation.
    pub run: RunRecord,
    /// Of a run, how the node ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<NodeResult>,
    /// Of a check of freshness, how fresh the source was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<FreshnessResult>,
}

/// An invocation to record.
#[derive(Debug, Clone, PartialEq)]
pub struct RunLanding {
    /// The record.
    pub record: RunRecord,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Run(std::sync::Arc<RunResults>),
    Freshness(std::sync::Arc<SourceFreshness>),
}

impl RunLanding {
    /// The landing of run results. `received_at` stands in for the instant that very old versions of dbt do
    /// not write.
    pub fn of_run(
        project: &ProjectName,
        environment: &EnvironmentName,
        run: std::sync::Arc<RunResults>,
        is_success: bool,
        received_at: DateTime<Utc>,
    ) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for result in &run.results {
            *counts.entry(result.status.name().to_owned()).or_default() += 1;
        }
        let started_at = run.results.iter().filter_map(|result| result.started_at).min();
        let metadata = &run.metadata;
        let record = RunRecord {
            id: run_id(project, environment, RunKind::Run, metadata),
            project: project.clone(),
            environment: environment.clone(),
            kind: RunKind::Run,
            command: run.command.clone(),
            invocation_id: metadata.invocation_id.clone(),
            job_run: None,
            dbt_version: metadata.dbt_version.clone(),
            started_at,
            generated_at: metadata.generated_at.unwrap_or(received_at),
            elapsed_seconds: run.elapsed_seconds,
            counts,
            is_success,
        };
        let what = What::Run(run);
        Self { record, what }
    }

    /// The landing of a check of freshness, likewise.
    pub fn of_freshness(
        project: &ProjectName,
        environment: &EnvironmentName,
        freshness: std::sync::Arc<SourceFreshness>,
        received_at: DateTime<Utc>,
    ) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for result in &freshness.results {
            *counts.entry(result.status.name().to_owned()).or_default() += 1;
        }
        let metadata = &freshness.metadata;
        let record = RunRecord {
            id: run_id(project, environment, RunKind::Freshness, metadata),
            project: project.clone(),
            environment: environment.clone(),
            kind: RunKind::Freshness,
            command: "source freshness".to_owned(),
            invocation_id: metadata.invocation_id.clone(),
            job_run: None,
            dbt_version: metadata.dbt_version.clone(),
            started_at: freshness
                .results
                .iter()
                .filter_map(|result| result.snapshotted_at)
                .min(),
            generated_at: metadata.generated_at.unwrap_or(received_at),
            elapsed_seconds: 0.0,
            counts,
            is_success: false,
        };
        let what = What::Freshness(freshness);
        Self { record, what }
    }

    /// The same, as a step of a run of a job.
    #[must_use]
    pub fn of_job_run(mut self, job_run: Option<JobRunId>) -> Self {
        self.record.job_run = job_run;
        self
    }

    /// Each node's result as JSON. Of several results of one node the last counts.
    fn results(&self, action: &'static str) -> Result<BTreeMap<&str, String>> {
        let mut rows = BTreeMap::new();
        match &self.what {
            What::Run(run) => {
                for result in &run.results {
                    rows.insert(result.unique_id.as_str(), to_json(action, result)?);
                }
            }
            What::Freshness(freshness) => {
                for result in &freshness.results {
                    rows.insert(result.unique_id.as_str(), to_json(action, result)?);
                }
            }
        }
        Ok(rows)
    }

    fn states(&self) -> NodeStates {
        let mut states = NodeStates::default();
        match &self.what {
            What::Run(run) => states.add_run(run),
            What::Freshness(freshness) => states.add_freshness(freshness),
        }
        states
    }
}

fn run_id(
    project: &ProjectName,
    environment: &EnvironmentName,
    kind: RunKind,
    metadata: &tailwater_core::run::ArtifactMetadata,
) -> RunId {
    let invocation = metadata.invocation_id.as_deref().unwrap_or_default();
    // dbt before 1.0 has no id of the invocation; some commands write one artifact several times.
    let at = metadata.generated_at.map(|at| at.timestamp_micros());
    let text = format!("{project}\n{environment}\n{}\n{invocation}\n{at:?}", kind.name());
    RunId(digest(&text)[..32].to_owned())
}

/// A node's state as it is stored, with the id in full.
#[derive(Serialize, Deserialize)]
struct StoredState {
    node: NodeId,
    #[serde(flatten)]
    state: NodeState,
}

impl Store {
    /// The last invocations of an environment, newest first.
    pub async fn runs(
        &self,
        project: &ProjectName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Result<Vec<RunRecord>> {
        let sql = "select body from run where project = $1 and environment = $2 \
                   order by generated_at desc, id desc limit $3";
        let values = vec![
            project.as_str().into(),
            environment.as_str().into(),
            i64::from(limit).into(),
        ];
        let rows = self.db.fetch("read the runs", sql, values).await?;
        rows.iter().map(|row| row.json(0)).collect()
    }

    /// An invocation with how each of its nodes ended, by node.
    pub async fn find_run(&self, id: &RunId) -> Result<Option<(RunRecord, Vec<NodeRun>)>> {
        const ACTION: &str = "read the run";
        let mut transaction = self.db.begin_reading(ACTION).await?;
        let sql = "select body from run where id = $1";
        let found = transaction.fetch(sql, vec![id.as_str().into()]).await?;
        let Some(record) = found.first().map(|row| row.json::<RunRecord>(0)).transpose()? else {
            return Ok(None);
        };
        let sql = "select body from run_result where run = $1 order by node";
        let rows = transaction.fetch(sql, vec![id.as_str().into()]).await?;
        let results: Result<Vec<NodeRun>> = rows
            .iter()
            .map(|row| read_node_run(row, 0, record.clone()))
            .collect();
        Ok(Some((record, results?)))
    }

    /// How a node ended in the invocations that touched it, newest first.
    pub async fn node_runs(
        &self,
        project: &ProjectName,
        environment: &EnvironmentName,
        node: &NodeId,
        limit: u32,
    ) -> Result<Vec<NodeRun>> {
        let sql = "select run.body, run_result.body from run_result \
                   join run on run.id = run_result.run \
                   where run_result.node = $1 and run.project = $2 and run.environment = $3 \
                   order by run.generated_at desc, run.id desc limit $4";
        let values = vec![
            search_key(node.as_str()).into(),
            project.as_str().into(),
            environment.as_str().into(),
            i64::from(limit).into(),
        ];
        let rows = self.db.fetch("read the history of a node", sql, values).await?;
        rows.iter()
            .map(|row| read_node_run(row, 1, row.json(0)?))
            .collect()
    }

    /// How every node of an environment ended last.
    pub async fn node_states(
        &self,
        project: &ProjectName,
        environment: &EnvironmentName,
    ) -> Result<NodeStates> {
        let sql = "select body from node_state where project = $1 and environment = $2";
        let values = vec![project.as_str().into(), environment.as_str().into()];
        let rows = self.db.fetch("read the last results", sql, values).await?;
        rows.iter()
            .map(|row| {
                row.json::<StoredState>(0)
                    .map(|stored| (stored.node, stored.state))
            })
            .collect()
    }

    /// Whether an invocation is known in which something was built and nothing failed.
    pub async fn has_successful_run(
        &self,
        project: &ProjectName,
        environment: &EnvironmentName,
    ) -> Result<bool> {
        let sql = "select id from run where project = $1 and environment = $2 and is_success = 1 limit 1";
        let values = vec![project.as_str().into(), environment.as_str().into()];
        let rows = self.db.fetch("look for a successful run", sql, values).await?;
        Ok(!rows.is_empty())
    }

    /// The invocations that were recorded after a change, in the order of changes, at most about so many: those of one
    /// change come together. Each has the number of its change.
    pub async fn runs_since(&self, change: i64, limit: u32) -> Result<Vec<(i64, RunRecord)>> {
        let sql = "select change, body from run where change > $1 and change <= \
                   coalesce((select max(change) from (select change from run where change > $1 \
                   order by change limit $2) first), 0) order by change, id";
        let values = vec![change.into(), i64::from(limit).into()];
        let rows = self.db.fetch("read the new runs", sql, values).await?;
        rows.iter()
            .map(|row| Ok((row.integer(0)?, row.json(1)?)))
            .collect()
    }

    /// The number of the last change of artifacts and invocations.
    pub async fn artifact_revision(&self) -> Result<i64> {
        let sql = "select number from artifact_revision where id = 1";
        let rows = self.db.fetch("look for changes", sql, vec![]).await?;
        rows.first().map_or(Ok(0), |row| row.integer(0))
    }

    /// Whether an invocation is recorded.
    pub async fn is_run_recorded(&self, id: &RunId) -> Result<bool> {
        let sql = "select id from run where id = $1";
        let rows = self
            .db
            .fetch("look a run up", sql, vec![id.as_str().into()])
            .await?;
        Ok(!rows.is_empty())
    }
}

fn read_node_run(row: &Row<'_>, body: usize, run: RunRecord) -> Result<NodeRun> {
    let (result, freshness) = match run.kind {
        RunKind::Run => (Some(row.json(body)?), None),
        RunKind::Freshness => (None, Some(row.json(body)?)),
    };
    Ok(NodeRun {
        run,
        result,
        freshness,
    })
}

/// Records an invocation with its results under the number of a change, and folds them into the last results. Says whether it is new.
pub(crate) async fn land(
    transaction: &mut Transaction<'_>,
    place: &[Value; 2],
    landing: &RunLanding,
    change: i64,
) -> Result<bool> {
    const ACTION: &str = "record the run";
    let record = &landing.record;
    let [project, environment] = place.clone();
    let sql = "insert into run (id, project, environment, kind, generated_at, is_success, body, change) \
               values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing";
    let values = vec![
        record.id.as_str().into(),
        project,
        environment,
        record.kind.name().into(),
        record.generated_at.into(),
        record.is_success.into(),
        to_json(ACTION, record)?.into(),
        change.into(),
    ];
    if transaction.execute(sql, values).await? == 0 {
        return Ok(false);
    }
    let results = landing.results(ACTION)?;
    let mut rows: Vec<[Value; 3]> = Vec::with_capacity(results.len());
    for (node, body) in results {
        rows.push([record.id.as_str().into(), search_key(node).into(), body.into()]);
    }
    transaction
        .insert(
            "insert into run_result (run, node, body)",
            "on conflict (run, node) do nothing",
            rows,
        )
        .await?;

    let mut states = landing.states();
    let keys: Vec<Value> = states
        .iter()
        .map(|(node, _)| search_key(node.as_str()).into())
        .collect();
    let head = "select body from node_state where project = $1 and environment = $2 and node in";
    for row in transaction.fetch_in(head, place, keys).await? {
        let stored: StoredState = row.json(0)?;
        states.add_state(stored.node, stored.state);
    }
    let mut rows: Vec<[Value; 4]> = Vec::new();
    for (node, state) in states.iter() {
        let stored = StoredState {
            node: node.clone(),
            state: state.clone(),
        };
        let [project, environment] = place.clone();
        let body = to_json(ACTION, &stored)?;
        rows.push([
            project,
            environment,
            search_key(node.as_str()).into(),
            body.into(),
        ]);
    }
    transaction
        .insert(
            "insert into node_state (project, environment, node, body)",
            "on conflict (project, environment, node) do update set body = excluded.body",
            rows,
        )
        .await?;
    Ok(true)
}

/// Forgets all but the newest invocations of each kind. The last successful one stays, however old: it says
/// that there was one.
pub(crate) async fn forget_old(
    transaction: &mut Transaction<'_>,
    place: &[Value; 2],
    keep: u32,
) -> Result<()> {
    let sql = "delete from run where project = $1 and environment = $2 and kind = $3 \
               and id not in (select id from run where project = $1 and environment = $2 and kind = $3 \
               order by generated_at desc, id desc limit $4) \
               and id not in (select id from run where project = $1 and environment = $2 \
               and is_success = 1 order by generated_at desc, id desc limit 1)";
    for kind in [RunKind::Run, RunKind::Freshness] {
        let [project, environment] = place.clone();
        let values = vec![
            project,
            environment,
            kind.name().into(),
            i64::from(keep.max(1)).into(),
        ];
        transaction.execute(sql, values).await?;
    }
    Ok(())
}
