//! Sites that take no more for a while.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::claim::site_key;
use super::row;
use crate::error::Result;
use crate::store::Store;

/// A site that takes no more refreshes until an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefreshPause {
    /// Server and site.
    pub site: String,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why, in the tool's own words. Untrusted.
    pub reason: String,
}

impl Store {
    /// Lets a site rest: nothing of it is claimed before. A longer rest that is known already stays.
    pub async fn pause_refreshes(&self, pause: &RefreshPause) -> Result<()> {
        let mut transaction = self.db.begin("let the site rest").await?;
        row::lock(&mut transaction, 1).await?;
        let sql = "insert into refresh_pause (site, until, reason) values ($1, $2, $3) \
                   on conflict (site) do update set until = excluded.until, reason = excluded.reason \
                   where refresh_pause.until < excluded.until";
        let values = vec![
            site_key(&pause.site).into(),
            pause.until.into(),
            pause.reason.as_str().into(),
        ];
        transaction.execute(sql, values).await?;
        transaction.commit().await
    }

    /// The sites that take no more now, by name.
    pub async fn refresh_pauses(&self) -> Result<Vec<RefreshPause>> {
        let sql = "select site, until, reason from refresh_pause where until > $1 order by site";
        let values = vec![self.clock.now().into()];
        let rows = self.db.fetch("read which sites rest", sql, values).await?;
        rows.iter()
            .map(|row| {
                Ok(RefreshPause {
                    site: row.text(0)?,
                    until: row.instant(1)?,
                    reason: row.text(2)?,
                })
            })
            .collect()
    }
}
