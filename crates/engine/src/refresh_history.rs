//! Reading the history of refreshes: what was decided of each target, and what came of it.

use std::collections::BTreeMap;

use tailwater_core::id::{JobRunId, NodeId};
use tailwater_core::refresh::{RefreshId, RefreshOutcome, RefreshRecord};
use tailwater_store::{RefreshFilter, RefreshPage, RefreshPause};

use crate::error::Error;
use crate::workspace::Workspace;

/// A run with more refreshes than these shows the newest.
const MOST_OF_A_RUN: u32 = 5_000;

impl Workspace {
    /// Refreshes that fit, the newest first, at most `limit`.
    pub async fn refreshes(&self, filter: &RefreshFilter, limit: u32) -> Result<RefreshPage, Error> {
        Ok(self.store().refreshes(filter, limit).await?)
    }

    /// One refresh; `None` when there is none of the id, or it is no longer kept.
    pub async fn find_refresh(&self, id: &RefreshId) -> Result<Option<RefreshRecord>, Error> {
        Ok(self.store().find_refresh(id).await?)
    }

    /// The refreshes for one exposure, the newest first, at most `limit`.
    pub async fn refreshes_for(&self, exposure: &NodeId, limit: u32) -> Result<Vec<RefreshRecord>, Error> {
        let filter = RefreshFilter {
            exposure: Some(exposure.clone()),
            ..RefreshFilter::default()
        };
        Ok(self.store().refreshes(&filter, limit).await?.refreshes)
    }

    /// The refreshes that a run of a job set off, the oldest first.
    pub async fn refreshes_of_run(&self, run: &JobRunId) -> Result<Vec<RefreshRecord>, Error> {
        let filter = RefreshFilter {
            job_run: Some(run.to_string()),
            ..RefreshFilter::default()
        };
        let page = self.store().refreshes(&filter, MOST_OF_A_RUN).await?;
        Ok(page.refreshes.into_iter().rev().collect())
    }

    /// The sites that take no more refreshes for a while, by their own word.
    pub async fn resting_sites(&self) -> Result<Vec<RefreshPause>, Error> {
        Ok(self.store().refresh_pauses().await?)
    }

    /// How many refreshes stand in which way, of those that are kept.
    pub async fn refresh_counts(&self) -> Result<BTreeMap<RefreshOutcome, u64>, Error> {
        self.refresh_counts_of(&RefreshFilter::default()).await
    }

    /// The same of those that fit, wherever a page of them begins.
    pub async fn refresh_counts_of(
        &self,
        filter: &RefreshFilter,
    ) -> Result<BTreeMap<RefreshOutcome, u64>, Error> {
        let counts = self.store().refresh_counts_of(filter).await?;
        let count = |outcome: RefreshOutcome| {
            let count = counts.get(outcome.name()).copied().unwrap_or_default();
            (outcome, u64::try_from(count).unwrap_or_default())
        };
        Ok(RefreshOutcome::ALL.into_iter().map(count).collect())
    }
}
