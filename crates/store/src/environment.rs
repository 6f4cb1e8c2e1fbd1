//! Environments registered by command.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::id::{EnvironmentName, ProjectName};

use crate::artifact::touch;
use crate::database::{Row, Transaction};
use crate::error::Result;
use crate::project::ProjectLocation;
use crate::store::{Store, check_name};

/// A registered environment of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// The project.
    pub project: ProjectName,
    /// Its name, unique in the project.
    pub name: EnvironmentName,
    /// Whether it is the project's production.
    pub is_production: bool,
    /// Where its artifacts are.
    pub location: ProjectLocation,
    /// When it was registered, to the microsecond.
    pub added_at: DateTime<Utc>,
}

impl Store {
    /// Every registered environment, by project and name.
    pub async fn environments(&self) -> Result<Vec<EnvironmentRecord>> {
        let sql = "select project, name, is_production, location_kind, location_path, added_at \
                   from environment order by project, name";
        let rows = self.db.fetch("read the environments", sql, vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// Registers an environment, or replaces the one of the same name. Of a project one at most is
    /// production: the last that was said to be.
    pub async fn put_environment(&self, record: &EnvironmentRecord) -> Result<()> {
        check_name(record.project.as_str(), "a project")?;
        check_name(record.name.as_str(), "an environment")?;
        let mut transaction = self.db.begin("store the environment").await?;
        touch(&mut transaction).await?;
        if record.is_production {
            unset_production(&mut transaction, &record.project).await?;
        }
        let (kind, path) = record.location.columns();
        let sql = "insert into environment \
                   (project, name, is_production, location_kind, location_path, added_at) \
                   values ($1, $2, $3, $4, $5, $6) \
                   on conflict (project, name) do update set is_production = excluded.is_production, \
                   location_kind = excluded.location_kind, location_path = excluded.location_path, \
                   added_at = excluded.added_at";
        let values = vec![
            record.project.as_str().into(),
            record.name.as_str().into(),
            record.is_production.into(),
            kind.into(),
            path.into(),
            record.added_at.into(),
        ];
        transaction.execute(sql, values).await?;
        transaction.commit().await
    }

    /// Makes an environment production in place of another; with `None`, none that is registered.
    /// Says whether it is registered.
    pub async fn set_production(
        &self,
        project: &ProjectName,
        environment: Option<&EnvironmentName>,
    ) -> Result<bool> {
        let mut transaction = self.db.begin("store the environment").await?;
        touch(&mut transaction).await?;
        unset_production(&mut transaction, project).await?;
        let mut is_known = true;
        if let Some(name) = environment {
            let sql = "update environment set is_production = 1 where project = $1 and name = $2";
            let values = vec![project.as_str().into(), name.as_str().into()];
            is_known = transaction.execute(sql, values).await? > 0;
        }
        if is_known {
            transaction.commit().await?;
        }
        Ok(is_known)
    }

    /// Forgets an environment with its artifacts and runs; says whether it was registered.
    pub async fn remove_environment(&self, project: &ProjectName, name: &EnvironmentName) -> Result<bool> {
        let mut transaction = self.db.begin("remove the environment").await?;
        let sql = "select name from environment where project = $1 and name = $2";
        let values = vec![project.as_str().into(), name.as_str().into()];
        let was_registered = !transaction.fetch(sql, values).await?.is_empty();
        forget(&mut transaction, project, Some(name)).await?;
        transaction.commit().await?;
        Ok(was_registered)
    }
}

async fn unset_production(transaction: &mut Transaction<'_>, project: &ProjectName) -> Result<()> {
    let sql = "update environment set is_production = 0 where project = $1";
    transaction.execute(sql, vec![project.as_str().into()]).await?;
    Ok(())
}

/// Takes out everything that is known of a project's environment, or of all its environments.
pub(crate) async fn forget(
    transaction: &mut Transaction<'_>,
    project: &ProjectName,
    environment: Option<&EnvironmentName>,
) -> Result<()> {
    touch(transaction).await?;
    match environment {
        None => {
            for sql in [
                "delete from environment where project = $1",
                "delete from artifact where project = $1",
                "delete from run where project = $1",
                "delete from node_state where project = $1",
            ] {
                transaction.execute(sql, vec![project.as_str().into()]).await?;
            }
        }
        Some(name) => {
            for sql in [
                "delete from environment where project = $1 and name = $2",
                "delete from artifact where project = $1 and environment = $2",
                "delete from run where project = $1 and environment = $2",
                "delete from node_state where project = $1 and environment = $2",
            ] {
                let values = vec![project.as_str().into(), name.as_str().into()];
                transaction.execute(sql, values).await?;
            }
        }
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<EnvironmentRecord> {
    Ok(EnvironmentRecord {
        project: row.text(0)?.into(),
        name: row.text(1)?.into(),
        is_production: row.claim(2)?,
        location: ProjectLocation::read(row, 3, 4)?,
        added_at: row.instant(5)?,
    })
}
