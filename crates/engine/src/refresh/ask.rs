//! From decisions to rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::Serialize;
use tailwater_core::id::IntegrationName;
use tailwater_core::refresh::{
    Policy, RefreshId, RefreshOrigin, RefreshOutcome, RefreshPlan, RefreshRecord, Skip, Target, TargetId,
    Verdict,
};
use tailwater_store::{AskOutcome, CancelOutcome, RefreshAsk, new_refresh_id};

use crate::error::Error;
use crate::integration::Integration;
use crate::workspace::Workspace;

/// What came of asking for what a plan decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AskedRefreshes {
    /// The rows that landed, in the plan's order.
    pub records: Vec<RefreshRecord>,
    /// How many decisions were not worth a row, by their word: `not_rebuilt`, `live`, …
    pub not_recorded: BTreeMap<&'static str, usize>,
}

impl AskedRefreshes {
    /// Those that are to be sent.
    pub fn queued(&self) -> impl Iterator<Item = &RefreshRecord> {
        self.records
            .iter()
            .filter(|record| record.outcome == RefreshOutcome::Queued)
    }
}

impl Workspace {
    /// Lands what was decided, all of it or nothing: a row to be sent for each refresh, a row that is over for what
    /// was held, and for what was skipped for a reason worth telling. `policies` gives the limits; a target without
    /// one has the default's. Whoever sends refreshes in this process begins at once.
    pub async fn ask_refreshes(
        &self,
        plan: &RefreshPlan,
        targets: &[Target],
        policies: &BTreeMap<TargetId, Policy>,
        origin: &RefreshOrigin,
    ) -> Result<AskedRefreshes, Error> {
        let now = self.clock().now();
        let by_id: BTreeMap<&TargetId, &Target> = targets.iter().map(|target| (&target.id, target)).collect();
        let sites = self.sites(plan).await?;
        let standard = Policy::default();
        let mut asked = AskedRefreshes::default();
        let mut asks = Vec::new();
        // What stands alike in the queue is sent in the order of its ids: let that be the plan's.
        let mut ids: Vec<RefreshId> = plan.decisions.iter().map(|_| new_refresh_id(now)).collect();
        ids.sort();
        for (decision, id) in plan.decisions.iter().zip(ids) {
            let outcome = match &decision.verdict {
                Verdict::Refresh { .. } => RefreshOutcome::Queued,
                Verdict::Hold { .. } => RefreshOutcome::Held,
                Verdict::Wait { .. } => {
                    *asked.not_recorded.entry("wait").or_default() += 1;
                    continue;
                }
                Verdict::Skip { reason } => match untold(reason) {
                    Some(word) => {
                        *asked.not_recorded.entry(word).or_default() += 1;
                        continue;
                    }
                    None => RefreshOutcome::Skipped,
                },
            };
            let policy = policies.get(&decision.target).unwrap_or(&standard);
            let exposures = by_id
                .get(&decision.target)
                .map(|target| target.exposures.iter().cloned().collect())
                .unwrap_or_default();
            let record = RefreshRecord {
                id,
                target: decision.target.clone(),
                name: decision.name.clone(),
                exposures,
                origin: origin.clone(),
                verdict: decision.verdict.clone(),
                outcome,
                asked_at: now,
                sent_at: None,
                tool_job: None,
                started_at: None,
                finished_at: outcome.is_over().then_some(now),
                code: None,
                message: None,
                hint: None,
            };
            let site = sites.get(&decision.target.integration).cloned();
            asks.push(RefreshAsk {
                site: site.unwrap_or_else(|| decision.target.integration.to_string()),
                at_once: policy.at_once,
                per_hour: policy.per_hour,
                interval: TimeDelta::minutes(i64::from(policy.interval_minutes)),
                ignores_interval: plan.ignores_interval,
                record,
            });
        }
        let outcomes = self.store().ask_refreshes(asks).await?;
        asked.records = outcomes
            .iter()
            .map(|outcome: &AskOutcome| outcome.record().clone())
            .collect();
        if asked.queued().next().is_some() {
            self.refreshes_asked().notify_one();
        }
        Ok(asked)
    }

    /// Cancels a refresh: at once while it is queued, else by asking the tool. `by` is who wants it, in words for
    /// people.
    pub async fn cancel_refresh(&self, id: &RefreshId, by: &str) -> Result<CancelOutcome, Error> {
        let outcome = self.store().cancel_refresh(id, by).await?;
        self.refreshes_cancelled().notify_one();
        Ok(outcome)
    }

    /// Server and site of each integration in a plan: what limits are counted by.
    async fn sites(&self, plan: &RefreshPlan) -> Result<BTreeMap<IntegrationName, String>, Error> {
        let wanted: BTreeSet<&IntegrationName> = plan
            .decisions
            .iter()
            .map(|decision| &decision.target.integration)
            .collect();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let integrations = self.integrations().await?;
        Ok(integrations
            .into_iter()
            .filter(|integration| wanted.contains(&integration.name))
            .map(|integration| (integration.name.clone(), site_of(&integration)))
            .collect())
    }
}

/// What the limits of a site are counted by.
pub(super) fn site_of(integration: &Integration) -> String {
    format!("{} {}", integration.server, integration.site)
}

/// The word for a reason to skip of which no row is kept, since it says nothing new.
const fn untold(reason: &Skip) -> Option<&'static str> {
    match reason {
        Skip::Disabled => Some("disabled"),
        Skip::NotRebuilt => Some("not_rebuilt"),
        Skip::Live => Some("live"),
        Skip::SourcesOnly => Some("sources_only"),
        Skip::NoUpstream => Some("no_upstream"),
        Skip::WithinInterval { .. } | Skip::NotRefreshable { .. } | Skip::UnderWay => None,
    }
}
