//! dbt projects registered by command.

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::id::ProjectName;

use crate::database::Row;
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
        let (kind, path) = match &record.location {
            ProjectLocation::Manifest(path) => ("manifest", path),
            ProjectLocation::TargetDir(path) => ("target_dir", path),
        };
        let sql = "insert into project (name, location_kind, location_path, added_at) values ($1, $2, $3, $4) \
                   on conflict (name) do update set location_kind = excluded.location_kind, \
                   location_path = excluded.location_path, added_at = excluded.added_at";
        let values = vec![
            record.name.as_str().into(),
            kind.into(),
            path.as_str().into(),
            record.added_at.into(),
        ];
        self.db.execute("store the project", sql, values).await?;
        Ok(())
    }

    /// Forgets a project; says whether it was there.
    pub async fn remove_project(&self, name: &ProjectName) -> Result<bool> {
        let sql = "delete from project where name = $1";
        let removed = self
            .db
            .execute("remove the project", sql, vec![name.as_str().into()])
            .await?;
        Ok(removed > 0)
    }
}

fn read(row: &Row<'_>) -> Result<ProjectRecord> {
    let path = Utf8PathBuf::from(row.text(2)?);
    let location = match row.text(1)?.as_str() {
        "manifest" => ProjectLocation::Manifest(path),
        "target_dir" => ProjectLocation::TargetDir(path),
        other => return Err(row.damaged(format!("`{other}` is no kind of location"))),
    };
    Ok(ProjectRecord {
        name: row.text(0)?.into(),
        location,
        added_at: row.instant(3)?,
    })
}
