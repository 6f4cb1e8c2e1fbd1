//! What changed in an integration's exposures between two moments.

use std::collections::{BTreeMap, btree_map};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::diff::{NetChange, OpenGap, Title, add_up};
use tailwater_core::gap::GapReason;
use tailwater_core::id::{AssetId, IntegrationName, NodeId};
use tailwater_store::{Error as StoreError, ExposureChange, SyncId};

use super::moment::{DiffError, Finder, Moment, Reference};
use crate::error::Error;
use crate::workspace::Workspace;

/// What changed from one moment to another. Its JSON is a public format: fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncDiff {
    /// The integration.
    pub integration: IntegrationName,
    /// The first moment.
    pub from: Moment,
    /// The second moment; it may be the earlier one.
    pub to: Moment,
    /// Whether anything changed.
    pub is_different: bool,
    /// How much.
    pub counts: DiffCounts,
    /// Exposures that are there and were not, by label.
    pub added: Vec<ExposureDiff>,
    /// Exposures that were there and are not, likewise.
    pub removed: Vec<ExposureDiff>,
    /// Exposures that are otherwise, likewise.
    pub changed: Vec<ExposureDiff>,
}

/// How much changed. Links and gaps of exposures that came or went count as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DiffCounts {
    /// Exposures that are there and were not.
    pub added: usize,
    /// Exposures that were there and are not.
    pub removed: usize,
    /// Exposures that are otherwise.
    pub changed: usize,
    /// Those of them that have another label or name.
    pub renamed: usize,
    /// Links that are there and were not.
    pub links_gained: usize,
    /// Links that were there and are not.
    pub links_lost: usize,
    /// Gaps that are there and were not.
    pub gaps_opened: usize,
    /// Gaps that were there and are not.
    pub gaps_closed: usize,
}

/// What changed in one exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExposureDiff {
    /// The asset behind it, which is the same whatever it is called.
    pub asset: AssetId,
    /// What it is called at the second moment; of one that went, at the first.
    #[serde(flatten)]
    pub title: Title,
    /// What it was called at the first moment, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Title>,
    /// Whether label or name is another one.
    pub is_renamed: bool,
    /// Nodes that it stands on and did not, sorted.
    pub links_gained: Vec<LinkDiff>,
    /// Nodes that it stood on and does not.
    pub links_lost: Vec<LinkDiff>,
    /// Gaps that there are and were not.
    pub gaps_opened: Vec<GapDiff>,
    /// Gaps that there were and are not.
    pub gaps_closed: Vec<GapDiff>,
    /// The last thing that changed it.
    #[serde(flatten)]
    pub origin: ChangeOrigin,
}

/// A link that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkDiff {
    /// The node's `unique_id`.
    pub node: NodeId,
    /// What made it come or go.
    #[serde(flatten)]
    pub origin: ChangeOrigin,
}

/// A gap that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapDiff {
    /// The table as the BI tool or the SQL text names it.
    pub table: String,
    /// Why there is, or was, no link.
    pub reason: GapReason,
    /// What made it come or go.
    #[serde(flatten)]
    pub origin: ChangeOrigin,
}

/// What changed something. Without sync and person it was matched anew, under other mapping rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeOrigin {
    /// When.
    pub at: DateTime<Utc>,
    /// The sync that brought it.
    pub sync: Option<SyncId>,
    /// Who did it by hand.
    pub by: Option<String>,
}

impl Workspace {
    /// What changed in an integration's exposures between two moments; [`super::moment`] has their forms. `to` is the
    /// last sync when nothing is said, `from` the sync before `to`. With `from` the later one, what came since has
    /// gone, and the other way round.
    ///
    /// # Errors
    /// When the integration or a moment is not known, or what was then was forgotten.
    pub async fn diff(
        &self,
        name: &IntegrationName,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<SyncDiff, Error> {
        self.find_integration(name).await?;
        let editions = match self.store().editions(name).await {
            Err(StoreError::UnknownIntegration { .. }) => {
                // Declared in the file, and never synced.
                return Err(DiffError::NeverSynced {
                    integration: name.clone(),
                }
                .into());
            }
            editions => editions?,
        };
        let finder = Finder {
            integration: name,
            editions: &editions,
        };
        let to = self.moment(&finder, to.unwrap_or("latest")).await?;
        let from = match from {
            Some(from) => self.moment(&finder, from).await?,
            None => finder.before(to)?,
        };
        let (earlier, later) = (from.edition.min(to.edition), from.edition.max(to.edition));
        let changes = self.store().changes_between(name, earlier, later).await?;
        Ok(compare(name, from, to, changes))
    }

    async fn moment(&self, finder: &Finder<'_>, reference: &str) -> Result<Moment, Error> {
        let at = match Reference::read(reference) {
            None => {
                return Err(DiffError::Reference {
                    reference: reference.to_owned(),
                }
                .into());
            }
            Some(Reference::Latest { back }) => return Ok(finder.back_from(reference, None, back)?),
            Some(Reference::Sync { id, back }) => return Ok(finder.back_from(reference, Some(id), back)?),
            Some(Reference::Time(at)) => at,
            Some(Reference::Now) => {
                return Ok(finder.at(reference, self.clock().now(), finder.editions.current)?);
            }
        };
        let edition = self.store().edition_at(finder.integration, at).await?;
        // What was changed since the editions were read belongs to no answer.
        Ok(finder.at(reference, at, edition.min(finder.editions.current))?)
    }
}

fn compare(name: &IntegrationName, from: Moment, to: Moment, changes: Vec<ExposureChange>) -> SyncDiff {
    let mut by_asset: BTreeMap<AssetId, Vec<_>> = BTreeMap::new();
    for change in changes {
        let origin = ChangeOrigin {
            at: change.at,
            sync: change.sync,
            by: change.by,
        };
        by_asset
            .entry(change.asset)
            .or_default()
            .push((origin, change.delta));
    }
    let mut diff = SyncDiff {
        integration: name.clone(),
        from,
        to,
        is_different: false,
        counts: DiffCounts::default(),
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
    };
    for (asset, changes) in by_asset {
        let Some(net) = add_up(changes) else { continue };
        let net = if from.edition > to.edition {
            net.reversed()
        } else {
            net
        };
        diff.take(asset, net);
    }
    for list in [&mut diff.added, &mut diff.removed, &mut diff.changed] {
        list.sort_by(|left, right| {
            let key = |one: &ExposureDiff| (one.title.label.to_lowercase(), one.title.unique_id.clone());
            key(left).cmp(&key(right))
        });
    }
    diff
}

impl SyncDiff {
    fn take(&mut self, asset: AssetId, net: NetChange<ChangeOrigin>) {
        let (was_there, is_there) = (net.before.is_some(), net.after.is_some());
        let (title, before) = match (net.before, net.after) {
            (before, Some(after)) => {
                let before = before.filter(|before| *before != after);
                (after, before)
            }
            (Some(before), None) => (before, None),
            // Neither there before nor after: an exposure that came and went adds up to nothing.
            (None, None) => return,
        };
        let is_renamed = before
            .as_ref()
            .is_some_and(|before| before.label != title.label || before.unique_id != title.unique_id);
        let exposure = ExposureDiff {
            asset,
            title,
            before,
            is_renamed,
            links_gained: links(net.gained),
            links_lost: links(net.lost),
            gaps_opened: gaps(net.opened),
            gaps_closed: gaps(net.closed),
            origin: net.last,
        };
        self.is_different = true;
        let counts = &mut self.counts;
        counts.links_gained += exposure.links_gained.len();
        counts.links_lost += exposure.links_lost.len();
        counts.gaps_opened += exposure.gaps_opened.len();
        counts.gaps_closed += exposure.gaps_closed.len();
        counts.renamed += usize::from(is_renamed);
        let (list, count) = match (was_there, is_there) {
            (false, _) => (&mut self.added, &mut counts.added),
            (true, false) => (&mut self.removed, &mut counts.removed),
            (true, true) => (&mut self.changed, &mut counts.changed),
        };
        list.push(exposure);
        *count += 1;
    }
}

fn links(changed: BTreeMap<NodeId, ChangeOrigin>) -> Vec<LinkDiff> {
    let link = |(node, origin)| LinkDiff { node, origin };
    changed.into_iter().map(link).collect()
}

fn gaps(changed: BTreeMap<OpenGap, ChangeOrigin>) -> Vec<GapDiff> {
    let entries: btree_map::IntoIter<OpenGap, ChangeOrigin> = changed.into_iter();
    entries
        .map(|(OpenGap { table, reason }, origin)| GapDiff {
            table,
            reason,
            origin,
        })
        .collect()
}
