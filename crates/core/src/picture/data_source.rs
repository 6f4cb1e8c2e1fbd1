//! Data sources of the BI tool between what they read and the dashboards that stand on them.
//!
//! An exposure's links say by which data source each table was met. Where that is told, the edge from the
//! node to the dashboard gives way to a path through the data source:
//!
//! ```text
//! fct_orders ─▶ Orders (published) ─▶ [Orders (embedded) ─▶] Revenue overview
//! ```
//!
//! What was met under the workbook as a whole says nothing beyond what its data sources say; alone, it
//! leaves the edge as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::Surroundings;
use super::kind::Kind;
use super::lens::Lens;
use super::query::DataSourceView;
use super::sketch::{Sketch, Vertex, shorten};
use crate::exposure::{Exposure, Link};
use crate::health::HealthState;
use crate::id::{AssetId, DataSourceId, IntegrationName, NodeId};
use crate::inventory::Inventory;

/// Draws the data sources.
pub(super) fn insert(
    sketch: &mut Sketch,
    view: DataSourceView,
    surroundings: &Surroundings<'_>,
    lens: &mut Lens,
) {
    if view == DataSourceView::Hidden {
        return;
    }
    let mut known: BTreeMap<(IntegrationName, DataSourceId), usize> = BTreeMap::new();
    let mut edges = BTreeSet::new();
    for (from, to) in std::mem::take(&mut sketch.edges) {
        let exposure = sketch.vertices[to]
            .position
            .and_then(|position| (surroundings.exposure)(position));
        let paths = exposure.and_then(|exposure| {
            let integration = exposure.integration.as_ref()?;
            let node = NodeId::from(sketch.vertices[from].id.as_str());
            let link = exposure.links.iter().find(|link| link.node == node)?;
            let inventory = (surroundings.inventory)(integration);
            Some((exposure, integration, paths(link, exposure, inventory, view)))
        });
        let Some((exposure, integration, paths)) = paths else {
            edges.insert((from, to));
            continue;
        };
        let inventory = (surroundings.inventory)(integration);
        for path in paths {
            let mut before = from;
            for id in path {
                let at = *known.entry((integration.clone(), id.clone())).or_insert_with(|| {
                    let vertex = vertex(integration, &id, exposure, inventory, lens, surroundings);
                    sketch.vertices.push(Vertex {
                        tool: sketch.vertices[to].tool,
                        ..vertex
                    });
                    sketch.vertices.len() - 1
                });
                edges.insert((before, at));
                before = at;
            }
            edges.insert((before, to));
        }
    }
    sketch.edges = edges.into_iter().collect();
}

/// The ways from a node to a dashboard, each the data sources in between; an empty one is the edge itself.
fn paths(
    link: &Link,
    exposure: &Exposure,
    inventory: Option<&Inventory>,
    view: DataSourceView,
) -> BTreeSet<Vec<DataSourceId>> {
    let asset = exposure
        .workbook
        .as_ref()
        .and_then(|workbook| inventory?.assets.get(&AssetId::from(workbook.luid.as_str())));
    // Published ones behind an embedded one.
    let parents_of = |id: &DataSourceId| -> Vec<DataSourceId> {
        let source = inventory.and_then(|inventory| inventory.data_sources.get(id));
        source.map_or_else(Vec::new, |source| source.parents.iter().cloned().collect())
    };
    let mut paths = BTreeSet::new();
    for source in link
        .evidence
        .iter()
        .filter_map(|evidence| evidence.data_source.as_ref())
    {
        if source.is_published {
            let embedded: Vec<&DataSourceId> = asset
                .into_iter()
                .flat_map(|asset| &asset.data_sources)
                .filter(|id| **id != source.id && parents_of(id).contains(&source.id))
                .collect();
            if view == DataSourceView::Published || embedded.is_empty() {
                paths.insert(vec![source.id.clone()]);
            } else {
                paths.extend(embedded.into_iter().map(|id| vec![source.id.clone(), id.clone()]));
            }
            continue;
        }
        let own = match view {
            DataSourceView::All => vec![source.id.clone()],
            _ => Vec::new(),
        };
        let parents = parents_of(&source.id);
        if parents.is_empty() {
            paths.insert(own);
        } else {
            paths.extend(
                parents
                    .into_iter()
                    .map(|parent| [vec![parent], own.clone()].concat()),
            );
        }
    }
    if paths.is_empty() {
        paths.insert(Vec::new());
    }
    paths
}

fn vertex(
    integration: &IntegrationName,
    id: &DataSourceId,
    exposure: &Exposure,
    inventory: Option<&Inventory>,
    lens: &mut Lens,
    surroundings: &Surroundings<'_>,
) -> Vertex {
    let source = inventory.and_then(|inventory| inventory.data_sources.get(id));
    let told = || {
        let evidence = exposure.links.iter().flat_map(|link| &link.evidence);
        let mut sources = evidence.filter_map(|evidence| evidence.data_source.as_ref());
        sources
            .find(|source| source.id == *id)
            .map(|source| source.name.clone())
    };
    let name = source.map(|source| source.name.clone()).or_else(told);
    Vertex {
        id: format!("data_source:{integration}:{id}"),
        name: shorten(name.unwrap_or_else(|| id.to_string())),
        kind: Kind::DataSource,
        position: None,
        health: HealthState::Unknown,
        lens: lens.of_data_source(source, surroundings),
        tool: None,
        members: 0,
        neighbours: None,
        is_start: false,
    }
}
