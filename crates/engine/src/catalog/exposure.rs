//! Exposures, what they stand on, and what stands behind them in the BI tool.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::exposure::Exposure;
use tailwater_core::graph::Direction;
use tailwater_core::health::{DataAge, Refresh};
use tailwater_core::id::{AssetId, DataSourceId, NodeId};
use tailwater_core::inventory::{Asset, DataSource};
use tailwater_core::project::{Node, ResourceType};

use super::build::asset_of;
use super::integration::CatalogIntegration;
use super::model::Catalog;
use crate::curation::LeftOut;

/// An exposure whose asset is no longer there or no longer selected. It keeps its page for 90 days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoneExposure {
    /// The exposure as it last was.
    pub exposure: Exposure,
    /// When a sync last found it.
    pub last_seen: DateTime<Utc>,
    /// When a sync found it gone.
    pub gone_at: DateTime<Utc>,
}

/// The asset of the BI tool behind an exposure.
#[derive(Debug, Clone, Copy)]
pub struct AssetView<'a> {
    /// The integration that imported it.
    pub integration: &'a CatalogIntegration,
    /// The tool's id.
    pub id: &'a AssetId,
    /// The asset: its parts, tags, usage.
    pub asset: &'a Asset,
}

/// A data source behind an exposure.
#[derive(Debug, Clone, Copy)]
pub struct DataSourceView<'a> {
    /// The tool's id.
    pub id: &'a DataSourceId,
    /// The data source.
    pub data_source: &'a DataSource,
    /// Whether the asset reads it itself, not through another data source.
    pub is_direct: bool,
}

/// What an integration's dashboards stand on, in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Footing {
    /// Exposures in all.
    pub exposures: usize,
    /// Exposures that stand on at least one node.
    pub linked: usize,
    /// Distinct models that exposures stand on directly.
    pub models: usize,
    /// Distinct nodes of any kind that exposures stand on directly.
    pub nodes: usize,
    /// The model that feeds most of these exposures, directly or not, and how many.
    pub top: Option<(NodeId, usize)>,
}

impl Catalog {
    /// Every exposure, automatic and manual, each dashboard once, sorted by `unique_id`.
    pub fn exposures(&self) -> &[Exposure] {
        &self.exposures
    }

    /// Looks an exposure up.
    pub fn exposure(&self, id: &str) -> Option<&Exposure> {
        self.exposure_index(id).map(|at| &self.exposures[at])
    }

    /// Looks up the exposure that stands for a workbook of an integration, whichever id it has now.
    pub fn exposure_of_workbook(&self, integration: &str, luid: &str) -> Option<&Exposure> {
        self.exposures
            .iter()
            .find(|exposure| asset_of(exposure) == Some((integration, luid)))
    }

    /// Every exposure in the shape of a dbt node, sorted by `unique_id`. Manual ones have the dependencies
    /// that were found beside those that were declared.
    pub fn exposure_nodes(&self) -> &[Node] {
        &self.exposure_nodes
    }

    /// Exposures that have gone, last seen first.
    pub fn gone_exposures(&self) -> &[GoneExposure] {
        &self.gone
    }

    /// Assets that somebody left out, sorted by label.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Looks an exposure that has gone up.
    pub fn gone_exposure(&self, id: &str) -> Option<&GoneExposure> {
        self.gone
            .iter()
            .find(|gone| gone.exposure.unique_id.as_str() == id)
    }

    /// The exposures that stand on a node, directly or not, sorted by `unique_id`.
    pub fn exposures_downstream(&self, id: &str) -> Vec<&Exposure> {
        let reached = self.walk(id, Direction::Downstream);
        let found = reached
            .iter()
            .filter_map(|position| self.exposure_at.get(&position));
        found.map(|&at| &self.exposures[at]).collect()
    }

    /// The exposures that read a node themselves, sorted by `unique_id`.
    pub fn exposures_on(&self, id: &str) -> Vec<&Exposure> {
        let position = self.graph().position(id);
        let children = position.map_or(&[][..], |position| self.graph().children(position));
        let found = children
            .iter()
            .filter_map(|position| self.exposure_at.get(position));
        found.map(|&at| &self.exposures[at]).collect()
    }

    /// How many exposures stand on a node, directly or not. Counted at the building.
    pub fn exposures_fed(&self, id: &str) -> usize {
        self.counted(&self.exposures_fed, id)
    }

    /// How many models an exposure stands on, directly or not. Counted at the building.
    pub fn models_upstream(&self, id: &str) -> usize {
        self.counted(&self.models_upstream, id)
    }

    /// The models that feed exposures with how many each feeds, directly or not; most first, then by name.
    pub fn feeders(&self) -> impl Iterator<Item = (&Node, usize)> {
        self.feeders.iter().filter_map(|&position| {
            let count = self.exposures_fed.get(position).copied().unwrap_or_default();
            Some((self.node_at(position)?, count as usize))
        })
    }

    /// The badge of the BI side: when the data of an exposure was last taken over. Unknown for what is not
    /// there.
    pub fn refresh(&self, id: &str) -> Cow<'_, Refresh> {
        match self.exposure_index(id) {
            Some(at) => Cow::Borrowed(&self.refreshes[at]),
            None => Cow::Owned(Refresh::default()),
        }
    }

    /// The same, `None` for what is not there.
    pub fn refresh_of(&self, id: &str) -> Option<&Refresh> {
        self.exposure_index(id).map(|at| &self.refreshes[at])
    }

    /// "Data as of": how old the data of an exposure is, against the newest build of what it stands on. `None`
    /// where no refresh is known, and where everything is live.
    pub fn data_age(&self, id: &str) -> Option<&DataAge> {
        self.ages.get(self.exposure_index(id)?)?.as_ref()
    }

    /// The asset behind an exposure; `None` for one that is only written in YAML.
    pub fn asset(&self, exposure: &Exposure) -> Option<AssetView<'_>> {
        let (integration, asset) = asset_of(exposure)?;
        let integration = self.integration(integration)?;
        let (id, asset) = integration.inventory().assets.get_key_value(asset)?;
        Some(AssetView {
            integration,
            id,
            asset,
        })
    }

    /// The data sources behind an exposure, published ones behind embedded ones included; those that the
    /// asset reads itself first, then by name.
    pub fn data_sources(&self, exposure: &Exposure) -> Vec<DataSourceView<'_>> {
        let Some(view) = self.asset(exposure) else {
            return Vec::new();
        };
        let all = &view.integration.inventory().data_sources;
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut waiting: Vec<&DataSourceId> = view.asset.data_sources.iter().collect();
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some((id, data_source)) = all.get_key_value(id) {
                waiting.extend(&data_source.parents);
                found.push(DataSourceView {
                    id,
                    data_source,
                    is_direct: view.asset.data_sources.contains(id),
                });
            }
        }
        found.sort_by(|left, right| {
            let key = |it: &DataSourceView<'_>| !it.is_direct;
            key(left)
                .cmp(&key(right))
                .then_with(|| left.data_source.name.cmp(&right.data_source.name))
                .then_with(|| left.id.cmp(right.id))
        });
        found
    }

    /// The names of the collections in which an exposure's asset stands, from the top.
    pub fn collection_path(&self, exposure: &Exposure) -> Vec<String> {
        if let Some(view) = self.asset(exposure)
            && !view.asset.collection_path.is_empty()
        {
            return view.asset.collection_path.clone();
        }
        let path = exposure.workbook.as_ref().map(|workbook| &workbook.project_path);
        path.filter(|path| !path.is_empty())
            .map(|path| tailwater_core::selection::split_path(path))
            .unwrap_or_default()
    }

    /// The exposures that an integration imported, or all, sorted by `unique_id`.
    pub fn exposures_of(&self, integration: Option<&str>) -> impl Iterator<Item = &Exposure> {
        self.exposures.iter().filter(move |exposure| {
            integration.is_none_or(|wanted| {
                let own = exposure.integration.as_ref();
                own.is_some_and(|name| name.as_str() == wanted)
            })
        })
    }

    /// What the dashboards of an integration, or of all, stand on, in figures.
    pub fn footing(&self, integration: Option<&str>) -> Footing {
        let mut footing = Footing::default();
        let mut nodes: BTreeSet<&NodeId> = BTreeSet::new();
        let mut fed: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
        for exposure in self.exposures_of(integration) {
            footing.exposures += 1;
            footing.linked += usize::from(!exposure.depends_on.is_empty());
            nodes.extend(&exposure.depends_on);
            if integration.is_some() {
                for position in self.walk(exposure.unique_id.as_str(), Direction::Upstream).iter() {
                    *fed.entry(position).or_default() += 1;
                }
            }
        }
        let is_model = |id: &str| {
            let node = self.node(id);
            node.is_some_and(|node| node.resource_type == ResourceType::Model)
        };
        footing.nodes = nodes.len();
        footing.models = nodes.iter().filter(|id| is_model(id.as_str())).count();
        footing.top = match integration {
            None => self
                .feeders()
                .next()
                .map(|(node, count)| (node.unique_id.clone(), count)),
            Some(_) => fed
                .into_iter()
                .filter_map(|(position, count)| {
                    let node = self.node_at(position)?;
                    (node.resource_type == ResourceType::Model).then_some((node, count))
                })
                .max_by(|(left, left_count), (right, right_count)| {
                    left_count
                        .cmp(right_count)
                        .then_with(|| right.name.cmp(&left.name))
                })
                .map(|(node, count)| (node.unique_id.clone(), count)),
        };
        footing
    }

    pub(super) fn exposure_index(&self, id: &str) -> Option<usize> {
        self.exposures
            .binary_search_by(|exposure| exposure.unique_id.as_str().cmp(id))
            .ok()
    }

    fn counted(&self, counts: &[u32], id: &str) -> usize {
        let position = self.graph().position(id);
        position
            .and_then(|position| counts.get(position))
            .map_or(0, |&count| count as usize)
    }
}
