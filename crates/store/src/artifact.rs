//! Artifacts that were handed over: which file is in use, and who brought it when.
//!
//! ```text
//! the file is in its place ─▶ land_artifacts: begin ─▶ count the revision (writers wait here)
//!                                ─▶ is what is replaced still what the caller saw? ─▶ rows of artifacts
//!                                ─▶ runs with their results ─▶ last results ─▶ old runs ─▶ commit
//! ```
//!
//! A file that has no row is nobody's: a process that ends between the two leaves what was there in use.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::id::{EnvironmentName, ProjectName};

use crate::database::{Row, Transaction, Value, to_json};
use crate::error::Result;
use crate::run::{self, RunLanding};
use crate::store::{Store, check_name};

/// An artifact that was handed over and is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// Which of dbt's files it is: `manifest`, `run_results`, `sources` or `catalog`.
    pub kind: String,
    /// The file's path below the directory of artifacts.
    pub file: String,
    /// SHA-256 of its content in hexadecimal digits.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// When dbt wrote it.
    pub generated_at: Option<DateTime<Utc>>,
    /// dbt's id of the invocation that wrote it.
    pub invocation_id: Option<String>,
    /// The version of dbt that wrote it.
    pub dbt_version: String,
    /// Of a manifest, its root package.
    #[serde(default)]
    pub package: Option<String>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// By whom or what.
    pub by: String,
    /// Whether it was taken although something spoke against it.
    #[serde(default)]
    pub forced: bool,
}

/// What one hand-over brings to an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactLanding {
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The artifacts to use from now on, at most one of a kind.
    pub artifacts: Vec<ArtifactRecord>,
    /// For each kind that the caller looked at, the digest of the one that was in use then.
    pub seen: BTreeMap<String, Option<String>>,
    /// Invocations to record.
    pub runs: Vec<RunLanding>,
    /// How many runs, and as many checks of freshness, are kept.
    pub keep_runs: u32,
}

/// Whether a hand-over landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactsLanded {
    /// All of it is in use.
    Landed {
        /// How many of the invocations were not recorded before.
        new_runs: usize,
    },
    /// Another hand-over came first, and nothing was changed: look again and decide anew.
    Overtaken,
}

const ACTION: &str = "record the artifacts";

impl Store {
    /// The artifacts of an environment that are in use, by kind.
    pub async fn artifacts(
        &self,
        project: &ProjectName,
        environment: &EnvironmentName,
    ) -> Result<Vec<ArtifactRecord>> {
        let sql = "select body from artifact where project = $1 and environment = $2 order by kind";
        let values: Vec<Value> = vec![project.as_str().into(), environment.as_str().into()];
        let rows = self.db.fetch("read the artifacts", sql, values).await?;
        rows.iter().map(|row: &Row<'_>| row.json(0)).collect()
    }

    /// Lands a hand-over: all of it, or nothing.
    pub async fn land_artifacts(&self, landing: &ArtifactLanding) -> Result<ArtifactsLanded> {
        check_name(landing.project.as_str(), "a project")?;
        check_name(landing.environment.as_str(), "an environment")?;
        let place = [
            Value::from(landing.project.as_str()),
            Value::from(landing.environment.as_str()),
        ];
        let mut rows: Vec<[Value; 5]> = Vec::new();
        for artifact in &landing.artifacts {
            let [project, environment] = place.clone();
            rows.push([
                project,
                environment,
                artifact.kind.as_str().into(),
                artifact.digest.as_str().into(),
                to_json(ACTION, artifact)?.into(),
            ]);
        }
        let mut transaction = self.db.begin(ACTION).await?;
        touch(&mut transaction).await?;
        let sql = "select number from artifact_revision where id = 1";
        let counted = transaction.fetch(sql, vec![]).await?;
        let change = counted.first().map_or(Ok(0), |row| row.integer(0))?;
        let sql = "select kind, digest from artifact where project = $1 and environment = $2";
        let mut in_use = BTreeMap::new();
        for row in transaction.fetch(sql, place.to_vec()).await? {
            in_use.insert(row.text(0)?, row.text(1)?);
        }
        if landing
            .seen
            .iter()
            .any(|(kind, digest)| in_use.get(kind) != digest.as_ref())
        {
            return Ok(ArtifactsLanded::Overtaken);
        }
        transaction
            .insert(
                "insert into artifact (project, environment, kind, digest, body)",
                "on conflict (project, environment, kind) do update set digest = excluded.digest, \
                 body = excluded.body",
                rows,
            )
            .await?;
        let mut new_runs = 0;
        for run in &landing.runs {
            new_runs += usize::from(run::land(&mut transaction, &place, run, change).await?);
        }
        if new_runs > 0 {
            run::forget_old(&mut transaction, &place, landing.keep_runs).await?;
        }
        transaction.commit().await?;
        Ok(ArtifactsLanded::Landed { new_runs })
    }
}

/// Counts a change. In PostgreSQL the row makes other writers wait until this transaction ends; in SQLite
/// the transaction holds the only lock already.
pub(crate) async fn touch(transaction: &mut Transaction<'_>) -> Result<()> {
    let sql = "update artifact_revision set number = number + 1 where id = 1";
    transaction.execute(sql, vec![]).await?;
    Ok(())
}
