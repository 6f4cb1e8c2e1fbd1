//! What changed in an integration between two syncs, or two moments: what `/api/v1/integrations/{name}/diff` says.

use async_graphql::SimpleObject;
use tailwater_engine::sync::moment::Moment;
use tailwater_engine::sync::{ChangeOrigin, DiffCounts, ExposureDiff, GapDiff, LinkDiff, SyncDiff};

use super::scalar::{Instant, instant};

/// What changed from one moment to another.
#[derive(Debug, Clone, SimpleObject)]
pub struct IntegrationDiff {
    /// The integration, by its name.
    integration_id: String,
    /// The first moment.
    from: DiffMoment,
    /// The second moment; it may be the earlier one.
    to: DiffMoment,
    /// Whether anything changed.
    is_different: bool,
    /// How much.
    counts: ChangeCounts,
    /// Exposures that are there and were not, by label.
    added: Vec<ChangedExposure>,
    /// Exposures that were there and are not, likewise.
    removed: Vec<ChangedExposure>,
    /// Exposures that are otherwise, likewise.
    changed: Vec<ChangedExposure>,
}

/// A moment whose state is known.
#[derive(Debug, Clone, SimpleObject)]
pub struct DiffMoment {
    /// The id of the sync after which it is; null for a time, and before the first sync.
    sync_id: Option<String>,
    /// When that sync began, or the time itself; null before the first sync.
    at: Option<Instant>,
}

/// How much changed. Links and gaps of exposures that came or went count as well.
#[derive(Debug, Clone, SimpleObject)]
pub struct ChangeCounts {
    /// Exposures that are there and were not.
    added: usize,
    /// Exposures that were there and are not.
    removed: usize,
    /// Exposures that are otherwise.
    changed: usize,
    /// Those of them that have another label or name.
    renamed: usize,
    /// Links that are there and were not.
    links_gained: usize,
    /// Links that were there and are not.
    links_lost: usize,
    /// Gaps that are there and were not.
    gaps_opened: usize,
    /// Gaps that were there and are not.
    gaps_closed: usize,
}

/// What changed in one exposure.
#[derive(Debug, Clone, SimpleObject)]
pub struct ChangedExposure {
    /// Its `unique_id` at the second moment; of one that went, at the first.
    unique_id: String,
    /// What people called it then. Untrusted.
    label: String,
    /// What people called it at the first moment, where label or name was another one. Untrusted.
    label_before: Option<String>,
    /// Where a person opens it.
    url: Option<String>,
    /// Whether label or name is another one.
    is_renamed: bool,
    /// Nodes that it stands on and did not, sorted.
    links_gained: Vec<ChangedLink>,
    /// Nodes that it stood on and does not.
    links_lost: Vec<ChangedLink>,
    /// Gaps that there are and were not.
    gaps_opened: Vec<ChangedGap>,
    /// Gaps that there were and are not.
    gaps_closed: Vec<ChangedGap>,
    /// The last thing that changed it.
    origin: Origin,
}

/// A link that came or went.
#[derive(Debug, Clone, SimpleObject)]
pub struct ChangedLink {
    /// The node's `unique_id`.
    node: String,
    /// What made it come or go.
    origin: Origin,
}

/// A gap that came or went.
#[derive(Debug, Clone, SimpleObject)]
pub struct ChangedGap {
    /// The table as the BI tool or the SQL text names it. Untrusted.
    table: String,
    /// Why there is, or was, no link: a stable word.
    reason: &'static str,
    /// What made it come or go.
    origin: Origin,
}

/// What changed something. Without sync and person it was matched anew, under other mapping rules.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ChangeOrigin")]
pub struct Origin {
    /// When.
    at: Instant,
    /// The id of the sync that brought it.
    sync_id: Option<String>,
    /// Who did it by hand.
    by: Option<String>,
}

impl From<SyncDiff> for IntegrationDiff {
    fn from(diff: SyncDiff) -> Self {
        let list = |exposures: Vec<ExposureDiff>| exposures.into_iter().map(Into::into).collect();
        Self {
            integration_id: diff.integration.to_string(),
            from: diff.from.into(),
            to: diff.to.into(),
            is_different: diff.is_different,
            counts: diff.counts.into(),
            added: list(diff.added),
            removed: list(diff.removed),
            changed: list(diff.changed),
        }
    }
}

impl From<Moment> for DiffMoment {
    fn from(moment: Moment) -> Self {
        Self {
            sync_id: moment.sync.map(|id| id.to_string()),
            at: instant(moment.at),
        }
    }
}

impl From<DiffCounts> for ChangeCounts {
    fn from(counts: DiffCounts) -> Self {
        Self {
            added: counts.added,
            removed: counts.removed,
            changed: counts.changed,
            renamed: counts.renamed,
            links_gained: counts.links_gained,
            links_lost: counts.links_lost,
            gaps_opened: counts.gaps_opened,
            gaps_closed: counts.gaps_closed,
        }
    }
}

impl From<ExposureDiff> for ChangedExposure {
    fn from(exposure: ExposureDiff) -> Self {
        let links = |links: Vec<LinkDiff>| links.into_iter().map(Into::into).collect();
        let gaps = |gaps: Vec<GapDiff>| gaps.into_iter().map(Into::into).collect();
        Self {
            unique_id: exposure.title.unique_id.to_string(),
            label: exposure.title.label,
            label_before: exposure.before.map(|title| title.label),
            url: exposure.title.url,
            is_renamed: exposure.is_renamed,
            links_gained: links(exposure.links_gained),
            links_lost: links(exposure.links_lost),
            gaps_opened: gaps(exposure.gaps_opened),
            gaps_closed: gaps(exposure.gaps_closed),
            origin: exposure.origin.into(),
        }
    }
}

impl From<LinkDiff> for ChangedLink {
    fn from(link: LinkDiff) -> Self {
        Self {
            node: link.node.to_string(),
            origin: link.origin.into(),
        }
    }
}

impl From<GapDiff> for ChangedGap {
    fn from(gap: GapDiff) -> Self {
        Self {
            table: gap.table,
            reason: gap.reason.code(),
            origin: gap.origin.into(),
        }
    }
}

impl From<ChangeOrigin> for Origin {
    fn from(origin: ChangeOrigin) -> Self {
        Self {
            at: Instant(origin.at),
            sync_id: origin.sync.map(|id| id.to_string()),
            by: origin.by,
        }
    }
}
