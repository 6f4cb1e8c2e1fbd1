//! Telling of an invocation while it runs, by the process that runs it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tailwater_bi::outgoing::open_lineage::{LineageEvent, LineageState};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::id::{EnvironmentName, JobRunId, ProjectName};
use tailwater_store::Delivery;

use super::invocation::engine;
use super::{Told, dbt_job, invocation_id, job_parent};
use crate::error::Error;
use crate::signal::channel::Payload;
use crate::workspace::Workspace;

/// How long dbt's process waits at most for the outbox.
const PATIENCE: Duration = Duration::from_secs(5);

/// An invocation of dbt that runs, or has ended.
#[derive(Debug, Clone)]
pub(crate) struct ToldInvocation {
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// dbt's own id.
    pub invocation_id: String,
    /// The version of dbt, where it has said it.
    pub dbt_version: Option<String>,
    /// The run of a job whose step it is.
    pub job_run: Option<JobRunId>,
    /// When it began.
    pub began_at: DateTime<Utc>,
}

/// How an invocation ended that left no results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InvocationEnd {
    /// dbt was content.
    Done,
    /// It was not, in words.
    Failed(String),
    /// It was ended.
    Stopped,
}

impl Workspace {
    /// Tells collectors of lineage that an invocation began or, with its end, that it is over. Best effort: what keeps
    /// it from being told is told of in the log alone, and dbt goes on.
    pub(crate) async fn tell_invocation(&self, told: &ToldInvocation, end: Option<&InvocationEnd>) {
        let telling = tokio::time::timeout(PATIENCE, self.try_tell_invocation(told, end));
        match telling.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, code = error.code(), "collectors of lineage are not told of a run of dbt");
            }
            Err(_) => {
                tracing::warn!(
                    "collectors of lineage are not told of a run of dbt: the store takes too long"
                );
            }
        }
    }

    async fn try_tell_invocation(
        &self,
        told: &ToldInvocation,
        end: Option<&InvocationEnd>,
    ) -> Result<(), Error> {
        let channels = self.channels().await?;
        let collectors: Vec<&str> = channels
            .iter()
            .map(|channel| &channel.settings)
            .filter(|settings| settings.enabled && settings.kind.is_lineage())
            .map(|settings| settings.name.as_str())
            .collect();
        if collectors.is_empty() {
            return Ok(());
        }
        let now = self.clock().now();
        let namespace = self.settings().signals.lineage_namespace.as_str();
        let parent = match &told.job_run {
            Some(run) => self.store().find_job_run(run).await?,
            None => None,
        };
        let (state, error) = match end {
            None => (LineageState::Start, None),
            Some(InvocationEnd::Done) => (LineageState::Complete, None),
            Some(InvocationEnd::Failed(words)) => (LineageState::Fail, Some(words.clone())),
            Some(InvocationEnd::Stopped) => (LineageState::Abort, None),
        };
        let event = LineageEvent {
            state,
            at: now,
            run: invocation_id(&told.project, &told.environment, &told.invocation_id),
            job: dbt_job(namespace, &told.project, &told.environment),
            parent: parent.map(|run| job_parent(namespace, &run.job, &run.id)),
            engine: told.dbt_version.as_deref().and_then(engine),
            error,
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        let [start, over] = Told::both(told.began_at, &event);
        let told = if end.is_some() {
            vec![start, over]
        } else {
            vec![start]
        };
        let deliveries = deliveries(&collectors, told, now, 0)?;
        Ok(self.store().put_deliveries(&deliveries).await?)
    }
}

/// What is told, as deliveries to each collector. `place` is that of the first among those of the moment.
pub(in crate::signal) fn deliveries(
    collectors: &[&str],
    told: Vec<Told>,
    now: DateTime<Utc>,
    place: usize,
) -> Result<Vec<Delivery>, Error> {
    let mut deliveries = Vec::with_capacity(told.len() * collectors.len());
    for Told { key, events } in told {
        let payload = Payload::Lineage { events };
        for collector in collectors {
            let body = payload.to_json(collector)?;
            let place = place + deliveries.len();
            deliveries.push(Delivery::new(*collector, body, now, place).keyed(key.clone()));
        }
    }
    Ok(deliveries)
}
