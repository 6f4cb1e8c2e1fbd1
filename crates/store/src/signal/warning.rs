//! Warnings that were put on content of a BI tool.

use chrono::{DateTime, Utc};
use tailwater_core::id::IntegrationName;

use crate::database::{Row, Value};
use crate::error::Result;
use crate::store::Store;

/// A warning of ours on one piece of content. What the body says is its writer's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarningRecord {
    /// The integration.
    pub integration: IntegrationName,
    /// The tool's word for what the content is, such as `table`.
    pub content_kind: String,
    /// The tool's id of the content.
    pub content: String,
    /// The tool's id of the warning; `None` while it is not known whether the tool took it.
    pub tool_id: Option<String>,
    /// When it was last changed, to the microsecond.
    pub updated_at: DateTime<Utc>,
    /// What it says, as JSON.
    pub body: String,
}

impl Store {
    /// Stores a warning in place of an earlier one on the same content.
    pub async fn put_warning(&self, warning: &WarningRecord) -> Result<()> {
        let sql = "insert into quality_warning (integration, content_kind, content, tool_id, updated_at, body) \
                   values ($1, $2, $3, $4, $5, $6) on conflict (integration, content_kind, content) \
                   do update set tool_id = excluded.tool_id, updated_at = excluded.updated_at, \
                   body = excluded.body";
        let values: Vec<Value> = vec![
            warning.integration.as_str().into(),
            warning.content_kind.as_str().into(),
            warning.content.as_str().into(),
            warning.tool_id.clone().into(),
            warning.updated_at.into(),
            warning.body.as_str().into(),
        ];
        self.db.execute("store the warning", sql, values).await?;
        Ok(())
    }

    /// The warnings on content of an integration, sorted by content.
    pub async fn warnings(&self, integration: &IntegrationName) -> Result<Vec<WarningRecord>> {
        let sql = "select integration, content_kind, content, tool_id, updated_at, body from quality_warning \
                   where integration = $1 order by content_kind, content";
        let values = vec![integration.as_str().into()];
        let rows = self.db.fetch("read the warnings", sql, values).await?;
        rows.iter().map(read).collect()
    }

    /// Forgets a warning that was taken back; says whether it was there.
    pub async fn remove_warning(
        &self,
        integration: &IntegrationName,
        content_kind: &str,
        content: &str,
    ) -> Result<bool> {
        let sql = "delete from quality_warning where integration = $1 and content_kind = $2 and content = $3";
        let values = vec![integration.as_str().into(), content_kind.into(), content.into()];
        Ok(self.db.execute("forget the warning", sql, values).await? > 0)
    }
}

fn read(row: &Row<'_>) -> Result<WarningRecord> {
    Ok(WarningRecord {
        integration: row.text(0)?.into(),
        content_kind: row.text(1)?,
        content: row.text(2)?,
        tool_id: row.optional_text(3)?,
        updated_at: row.instant(4)?,
        body: row.text(5)?,
    })
}
