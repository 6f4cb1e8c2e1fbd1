//! dbt projects registered by command.

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::id::ProjectName;

use crate::database::Row;
use crate::environment;
use crate::error::Result;
use crate::store::{Store, check_name};

/// A registered project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRecord {
    /// Its name in this installation.
    pub name: ProjectName,
    /// Where its artifacts are.
    pub location: ProjectLocation,
    /// When it was registered, to the microsecond.
    pub added_at: DateTime<Utc>,
}

/// Where a project's artifacts are, as the person gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectLocation {
    /// The manifest alone.
    Manifest(Utf8PathBuf),
    /// The directory into which dbt writes.
    TargetDir(Utf8PathBuf),
    /// Nowhere that can be watched: they are handed over.
    HandedOver,
}

impl ProjectLocation {
    /// The path, where there is one.
    pub fn path(&self) -> Option<&Utf8Path> {
        match self {
            Self::Manifest(path) | Self::TargetDir(path) => Some(path),
            Self::HandedOver => None,
        }
    }

    /// The word and the path in the store.
    pub(crate) fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::Manifest(path) => ("manifest", path.as_str()),
            Self::TargetDir(path) => ("target_dir", path.as_str()),
            Self::HandedOver => ("none", ""),
        }
    }

    /// Reads it back from two columns.
    pub(crate) fn read(row: &Row<'_>, kind: usize, path: usize) -> Result<Self> {
        let path = Utf8PathBuf::from(row.text(path)?);
        Ok(match row.text(kind)?.as_str() {
            "manifest" => Self::Manifest(path),
            "target_dir" => Self::TargetDir(path),
            "none" => Self::HandedOver,
            other => return Err(row.damaged(format!("`{other}` is no kind of location"))),
        })
    }
}

impl Store {
    /// Every registered project, by name.
    pub async fn projects(&self) -> Result<Vec<ProjectRecord>> {
        let sql = "select name, location_kind, location_path, added_at from project order by name";
        let rows = self.db.fetch("read the projects", sql, vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// Registers a project, or replaces the one of the same name.
    pub async fn put_project(&self, record: &ProjectRecord) -> Result<()> {
        check_name(record.name.as_str(), "a project")?;
        let (kind, path) = record.location.columns();
        let sql = "insert into project (name, location_kind, location_path, added_at) values ($1, $2, $3, $4) \
                   on conflict (name) do update set location_kind = excluded.location_kind, \
                   location_path = excluded.location_path, added_at = excluded.added_at";
        let values = vec![
            record.name.as_str().into(),
            kind.into(),
            path.into(),
            record.added_at.into(),
        ];
        self.db.execute("store the project", sql, values).await?;
        Ok(())
    }

    /// Forgets a project with its environments, artifacts and runs; says whether it was there.
    pub async fn remove_project(&self, name: &ProjectName) -> Result<bool> {
        let mut transaction = self.db.begin("remove the project").await?;
        environment::forget(&mut transaction, name, None).await?;
        let sql = "delete from project where name = $1";
        let removed = transaction.execute(sql, vec![name.as_str().into()]).await?;
        transaction.commit().await?;
        Ok(removed > 0)
    }
}

fn read(row: &Row<'_>) -> Result<ProjectRecord> {
    Ok(ProjectRecord {
        name: row.text(0)?.into(),
        location: ProjectLocation::read(row, 1, 2)?,
        added_at: row.instant(3)?,
    })
}
