//! What is known of an integration beside what it was declared with.

use tailwater_core::id::IntegrationName;

use crate::database::Value;
use crate::error::Result;
use crate::store::Store;

impl Store {
    /// A fact of an integration as JSON, when it is known.
    pub async fn find_fact(&self, integration: &IntegrationName, kind: &str) -> Result<Option<String>> {
        let sql = "select body from integration_fact where integration = $1 and kind = $2";
        let values: Vec<Value> = vec![integration.as_str().into(), kind.into()];
        let rows = self
            .db
            .fetch("read what is known of the integration", sql, values)
            .await?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    /// Notes a fact of an integration, in place of an earlier one of its kind. An integration that is not
    /// stored has none, and nothing happens.
    pub async fn put_fact(&self, integration: &IntegrationName, kind: &str, body: &str) -> Result<()> {
        let sql = "insert into integration_fact (integration, kind, body, updated_at) \
                   select name, $2, $3, $4 from integration where name = $1 \
                   on conflict (integration, kind) do update \
                   set body = excluded.body, updated_at = excluded.updated_at";
        let values: Vec<Value> = vec![
            integration.as_str().into(),
            kind.into(),
            body.into(),
            self.clock.now().into(),
        ];
        self.db
            .execute("note what is known of the integration", sql, values)
            .await?;
        Ok(())
    }

    /// Forgets a fact of an integration.
    pub async fn remove_fact(&self, integration: &IntegrationName, kind: &str) -> Result<()> {
        let sql = "delete from integration_fact where integration = $1 and kind = $2";
        let values: Vec<Value> = vec![integration.as_str().into(), kind.into()];
        self.db
            .execute("forget a fact of the integration", sql, values)
            .await?;
        Ok(())
    }
}
