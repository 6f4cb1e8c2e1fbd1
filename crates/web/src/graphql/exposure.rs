//! Exposures, automatic and manual, each dashboard once.

use std::sync::Arc;

use async_graphql::{Context, MergedObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tailwater_core::exposure::{Exposure, Mode};
use tailwater_core::health::CheckKind;
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord, outcome_words};
use tailwater_engine::catalog::Catalog;
use tailwater_engine::store::RefreshFilter;

use super::connection::from_web;
use super::kind::kind;
use super::limit::{list_cost, refresh_cost};
use super::resource::{Common, HealthIssue, HealthObject, Resource};
use super::root::Source;
use super::scalar::{Instant, instant};

kind!(
    /// A dashboard or other use, declared in YAML or imported from a BI tool.
    ExposureNode as "ExposureAppliedStateNode" of Common, ExposurePart
);

/// What only exposures have.
#[derive(Debug, Clone)]
pub struct ExposurePart(pub Resource);

impl ExposurePart {
    fn exposure(&self) -> Option<&Exposure> {
        self.0.catalog.exposure(self.0.id())
    }
}

#[Object]
impl ExposurePart {
    /// The name for people. Untrusted.
    async fn label(&self) -> Option<&str> {
        Some(self.exposure()?.label.as_str())
    }

    /// dbt's exposure type, such as `dashboard`.
    async fn exposure_type(&self) -> Option<&str> {
        Some(self.exposure()?.kind.as_str())
    }

    /// `high`, `medium` or `low`.
    async fn maturity(&self) -> Option<&str> {
        self.exposure()?.maturity.as_deref()
    }

    /// Where a person opens it.
    async fn url(&self) -> Option<&str> {
        self.exposure()?.url.as_deref()
    }

    /// Who answers for it.
    async fn owner_name(&self) -> Option<&str> {
        self.exposure()?.owner.name.as_deref()
    }

    /// Their address.
    async fn owner_email(&self) -> Option<&str> {
        self.exposure()?.owner.email.as_deref()
    }

    /// `auto` or `manual`; of a dashboard that is both, `manual`.
    async fn definition_type(&self) -> Option<&'static str> {
        Some(self.exposure()?.mode.name())
    }

    /// Every way in which it came to be: `auto`, `manual` or both.
    async fn definition_types(&self) -> Vec<&'static str> {
        let modes = self.exposure().into_iter().flat_map(|exposure| &exposure.modes);
        modes.map(|mode| mode.name()).collect()
    }

    /// The BI tool that it was imported from, such as `tableau`.
    async fn auto_bi_provider(&self) -> Option<&str> {
        let exposure = self.exposure()?;
        exposure.modes.contains(&Mode::Auto).then_some(())?;
        let integration = self
            .0
            .catalog
            .integration(exposure.integration.as_ref()?.as_str())?;
        Some(integration.inventory().site.tool.as_str()).filter(|tool| !tool.is_empty())
    }

    /// The integration that imported it, by its name.
    async fn integration_id(&self) -> Option<&str> {
        Some(self.exposure()?.integration.as_ref()?.as_str())
    }

    /// Its folder in the BI tool, from the top. Untrusted.
    async fn collection_path(&self) -> Vec<String> {
        self.exposure()
            .map(|exposure| self.0.catalog.collection_path(exposure))
            .unwrap_or_default()
    }

    /// `fresh`, `stale` or `unknown`: whether the sources behind it are fresh.
    async fn freshness_status(&self) -> &'static str {
        self.0.health().freshness_status().name()
    }

    /// `passed`, `warned`, `degraded` or `unknown`: whether its models were built and their tests passed.
    async fn quality(&self) -> &'static str {
        self.0.health().quality().name()
    }

    /// When dbt last looked at the sources that decide on the freshness.
    async fn max_snapshotted_at(&self) -> Option<Instant> {
        instant(self.0.health().check(CheckKind::Freshness)?.at)
    }

    /// The state of the BI side: `live`, `refreshed`, `stale`, `failed` or `unknown`.
    async fn refresh_status(&self) -> &'static str {
        self.0.catalog.refresh(self.0.id()).state.name()
    }

    /// "Data as of": when the oldest of its extracts was last refreshed.
    async fn data_as_of(&self) -> Option<Instant> {
        instant(self.0.catalog.refresh(self.0.id()).data_as_of)
    }

    /// The same in words, against the newest build of what it stands on, such as `data of 06:10, 2 h older than
    /// the build of 08:05 (UTC)`.
    async fn data_age(&self) -> Option<&str> {
        let age = self.0.catalog.data_age(self.0.id())?;
        Some(&age.sentence)
    }

    /// When the newest of what it stands on was built with success.
    async fn upstream_built_at(&self) -> Option<Instant> {
        instant(self.0.catalog.data_age(self.0.id())?.built_at)
    }

    /// The newest refresh of its extracts by Tailwater, under way, over or held back, and what came of it; null before
    /// the first. What was skipped is none.
    #[graphql(complexity = "refresh_cost(child_complexity)")]
    async fn last_refresh(&self, context: &Context<'_>) -> async_graphql::Result<Option<RefreshInfo>> {
        let (Some(exposure), Ok(source)) = (self.exposure(), context.data::<Source>()) else {
            return Ok(None);
        };
        let outcomes = RefreshOutcome::ALL.into_iter();
        let filter = RefreshFilter {
            exposure: Some(exposure.unique_id.clone()),
            outcomes: outcomes
                .filter(|outcome| *outcome != RefreshOutcome::Skipped)
                .collect(),
            ..RefreshFilter::default()
        };
        let found = source.app.workspace().refreshes(&filter, 1).await;
        let found = found.map_err(|error| from_web(&error.into()))?;
        let now = source.app.now();
        Ok(found
            .refreshes
            .first()
            .map(|record| RefreshInfo::new(record, now)))
    }

    /// How many models it stands on, directly or not.
    async fn models_upstream(&self) -> usize {
        self.0.catalog.models_upstream(self.0.id())
    }

    /// Views since it exists, when the tool tells.
    async fn total_views(&self) -> Option<u64> {
        self.exposure()?.workbook.as_ref()?.total_views
    }

    /// The tables that found no node, and why.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn unmatched(&self) -> Vec<Unmatched> {
        let gaps = self.exposure().into_iter().flat_map(|exposure| &exposure.gaps);
        gaps.map(|gap| Unmatched {
            table: gap.table.clone(),
            reason: gap.reason.code(),
            remedy: gap.remedy.clone(),
            candidates: gap.candidates.iter().map(|near| near.node.to_string()).collect(),
            count: gap.count,
        })
        .collect()
    }

    /// When a sync first found it.
    async fn first_seen(&self) -> Option<Instant> {
        instant(self.exposure()?.first_seen)
    }

    /// When a sync last found it.
    async fn last_seen(&self) -> Option<Instant> {
        instant(self.exposure()?.last_seen)
    }

    /// Since when it may be out of date.
    async fn stale_since(&self) -> Option<Instant> {
        instant(self.exposure()?.stale.as_ref().map(|stale| stale.since))
    }
}

/// A refresh of an extract, from the decision to its end.
#[derive(Debug, Clone, SimpleObject)]
pub struct RefreshInfo {
    /// Its id, as in `/refreshes/{id}`.
    id: String,
    /// What is refreshed. Untrusted.
    target: String,
    /// `workbook` or `data_source`.
    target_type: &'static str,
    /// `queued`, `sending`, `running`, `succeeded`, `failed`, `cancelled`, `timed_out`, `skipped` or `held`.
    outcome: &'static str,
    /// How it stands in a few words, with the tool's own. Untrusted.
    words: String,
    /// The stable code of what went wrong.
    code: Option<String>,
    /// When it was decided.
    asked_at: Option<Instant>,
    /// When the tool began.
    started_at: Option<Instant>,
    /// When it was over.
    finished_at: Option<Instant>,
}

impl RefreshInfo {
    fn new(record: &RefreshRecord, now: DateTime<Utc>) -> Self {
        Self {
            id: record.id.to_string(),
            target: record.name.clone(),
            target_type: record.target.kind.name(),
            outcome: record.outcome.name(),
            words: outcome_words(record, now),
            code: record.code.clone(),
            asked_at: instant(Some(record.asked_at)),
            started_at: instant(record.started_at),
            finished_at: instant(record.finished_at),
        }
    }
}

/// A table of a dashboard that found no node.
#[derive(Debug, Clone, SimpleObject)]
pub struct Unmatched {
    /// The table as the BI tool or the SQL text names it. Untrusted.
    table: String,
    /// A stable word for the reason, such as `other_database`.
    reason: &'static str,
    /// What would make the link.
    remedy: String,
    /// The nearest nodes, best first.
    candidates: Vec<String>,
    /// How many tables this stands for.
    count: usize,
}

/// Whether a dashboard can be trusted, in two words: for a tile on the dashboard itself.
#[derive(Debug, Clone)]
pub struct ExposureTile(pub Resource);

#[Object]
impl ExposureTile {
    /// `exposure.<package>.<name>`.
    async fn unique_id(&self) -> &str {
        self.0.id()
    }

    /// dbt's name.
    async fn name(&self) -> &str {
        &self.0.node().name
    }

    /// The name for people. Untrusted.
    async fn label(&self) -> Option<&str> {
        Some(self.0.catalog.exposure(self.0.id())?.label.as_str())
    }

    /// `fresh`, `stale` or `unknown`.
    async fn freshness_status(&self) -> &'static str {
        self.0.health().freshness_status().name()
    }

    /// `passed`, `warned`, `degraded` or `unknown`.
    async fn quality(&self) -> &'static str {
        self.0.health().quality().name()
    }

    /// When dbt last looked at the sources that decide on the freshness.
    async fn max_snapshotted_at(&self) -> Option<Instant> {
        instant(self.0.health().check(CheckKind::Freshness)?.at)
    }

    /// Its health by dbt's rules.
    async fn health(&self) -> HealthObject {
        HealthObject::new(self.0.health())
    }

    /// Why it is not healthy, worst first.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn health_issues(&self) -> Vec<HealthIssue> {
        self.0.health().reasons.iter().map(HealthIssue::new).collect()
    }
}

/// The positions of all exposures in a catalog; without automatic ones where only declarations count.
pub fn positions(catalog: &Catalog, only_declared: bool) -> Vec<usize> {
    let exposures = catalog.exposures().iter();
    exposures
        .filter(|exposure| !only_declared || exposure.modes.contains(&Mode::Manual))
        .filter_map(|exposure| catalog.graph().position(exposure.unique_id.as_str()))
        .collect()
}
