//! What people said of when extracts are refreshed, one scope a row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tailwater_core::refresh::{PolicyPart, PolicyScope};

use crate::account::{AuditEntry, insert_audit};
use crate::database::{search_key, to_json};
use crate::error::Result;
use crate::store::Store;

/// As it is stored, with the scope in full.
#[derive(Serialize, Deserialize)]
struct StoredPolicy {
    scope: PolicyScope,
    part: PolicyPart,
}

impl Store {
    /// What was said, by scope.
    pub async fn load_policies(&self) -> Result<BTreeMap<PolicyScope, PolicyPart>> {
        let sql = "select body from policy";
        let rows = self.db.fetch("read the policies", sql, vec![]).await?;
        rows.iter()
            .map(|row| {
                let stored: StoredPolicy = row.json(0)?;
                Ok((stored.scope, stored.part))
            })
            .collect()
    }

    /// Says something of a scope in place of what was said before, nothing with an empty part, and writes the act
    /// down: both, or neither.
    pub async fn put_policy(&self, scope: &PolicyScope, part: &PolicyPart, audit: &AuditEntry) -> Result<()> {
        const ACTION: &str = "store the policy";
        let key = search_key(&scope.to_string());
        let mut transaction = self.db.begin(ACTION).await?;
        if part.is_empty() {
            let sql = "delete from policy where scope = $1";
            transaction.execute(sql, vec![key.into()]).await?;
        } else {
            let stored = StoredPolicy {
                scope: scope.clone(),
                part: part.clone(),
            };
            let sql = "insert into policy (scope, changed_at, body) values ($1, $2, $3) \
                       on conflict (scope) do update \
                       set changed_at = excluded.changed_at, body = excluded.body";
            let body = to_json(ACTION, &stored)?;
            let values = vec![key.into(), audit.at.into(), body.into()];
            transaction.execute(sql, values).await?;
        }
        let sql = "update curation_revision set number = number + 1";
        transaction.execute(sql, vec![]).await?;
        insert_audit(&mut transaction, audit).await?;
        transaction.commit().await
    }
}
