//! Which targets there are: from what a site holds and the exposures made of it.
//!
//! ```text
//! workbook ─┬─ embedded, extract ───────────────▶ the workbook            (one call refreshes all of them)
//!           ├─ embedded, live ──────────────────▶ the workbook, live
//!           └─ embedded, of a published one ────▶ the published data source, once for everybody
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::target::{Refreshability, Target, TargetId, TargetKind};
use crate::exposure::{Exposure, Link};
use crate::id::{AssetId, DataSourceId, IntegrationName, NodeId};
use crate::inventory::{Asset, DataSource, Inventory, Table, TableVia};

/// The targets of an integration's exposures, sorted by id, each once.
///
/// A link counts for the targets whose data source its evidence names. A link without a data source, by hand
/// or declared, counts for every target of its exposure. Of a workbook that holds extracts and live
/// connections only what the extracts read counts.
pub fn targets<'a>(
    integration: &IntegrationName,
    inventory: &Inventory,
    exposures: impl IntoIterator<Item = &'a Exposure>,
) -> Vec<Target> {
    let mut found: BTreeMap<TargetId, Target> = BTreeMap::new();
    for exposure in exposures {
        if exposure.integration.as_ref() != Some(integration) {
            continue;
        }
        let Some(workbook) = &exposure.workbook else {
            continue;
        };
        let id = AssetId::from(workbook.luid.as_str());
        let Some(asset) = inventory.assets.get(&id) else {
            continue;
        };
        let holding = Holding::new(integration, inventory, &id, asset);
        for target in holding.targets.values() {
            found.entry(target.id.clone()).or_insert_with(|| target.clone());
        }
        for target in holding.targets.keys() {
            if let Some(target) = found.get_mut(target) {
                target.exposures.insert(exposure.unique_id.clone());
            }
        }
        for link in &exposure.links {
            for target in holding.standing_on(link) {
                if let Some(target) = found.get_mut(target) {
                    target.upstream.insert(link.node.clone());
                }
            }
        }
    }
    found.into_values().collect()
}

/// The data sources of one asset, and what is refreshed so that they are.
struct Holding<'a> {
    /// Every data source, with itself and all that it stands for.
    reached: BTreeMap<&'a DataSourceId, BTreeSet<&'a DataSourceId>>,
    /// The data sources whose links count, with the target that takes their data over.
    takes: Vec<(&'a DataSourceId, TargetId)>,
    targets: BTreeMap<TargetId, Target>,
}

impl<'a> Holding<'a> {
    fn new(integration: &IntegrationName, inventory: &'a Inventory, id: &AssetId, asset: &'a Asset) -> Self {
        let mut holding = Self {
            reached: BTreeMap::new(),
            takes: Vec::new(),
            targets: BTreeMap::new(),
        };
        let roots = reach(inventory, asset.data_sources.iter());
        let mut embedded = Vec::new();
        for &source_id in &roots {
            let Some(source) = inventory.data_sources.get(source_id) else {
                continue;
            };
            holding
                .reached
                .insert(source_id, reach(inventory, std::iter::once(source_id)));
            // One that stands for others and holds no extract only passes their data on.
            let stands_for_others = source.parents.iter().any(|parent| parent != source_id);
            if stands_for_others && source.has_extract != Some(true) {
                continue;
            }
            if source.is_published {
                let target = published(integration, inventory, source_id, source);
                holding.takes.push((source_id, target.id.clone()));
                holding.targets.insert(target.id.clone(), target);
            } else {
                embedded.push((source_id, source));
            }
        }
        // Without any data source nothing is told of extracts: the workbook itself has to be asked.
        if !embedded.is_empty() || holding.targets.is_empty() {
            holding.add_workbook(integration, inventory, id, asset, &embedded);
        }
        holding
    }

    fn add_workbook(
        &mut self,
        integration: &IntegrationName,
        inventory: &Inventory,
        id: &AssetId,
        asset: &Asset,
        embedded: &[(&'a DataSourceId, &'a DataSource)],
    ) {
        let abilities: Vec<Refreshability> = embedded
            .iter()
            .map(|(_, source)| refreshability(inventory, source))
            .collect();
        let can = [
            Refreshability::Yes,
            Refreshability::Unknown,
            Refreshability::VirtualConnection,
            Refreshability::File,
            Refreshability::Live,
        ]
        .into_iter()
        .find(|best| abilities.contains(best))
        .unwrap_or(Refreshability::Unknown);
        let target = Target {
            id: TargetId {
                integration: integration.clone(),
                kind: TargetKind::Workbook,
                id: id.to_string(),
            },
            name: asset.name.clone(),
            url: asset.url.clone(),
            collection: asset.collection.clone(),
            exposures: BTreeSet::new(),
            upstream: BTreeSet::new(),
            can,
            refreshed_at: embedded
                .iter()
                .filter(|(_, source)| source.has_extract != Some(false))
                .filter_map(|(_, source)| source.extract_refreshed_at)
                .min(),
        };
        let counted = embedded
            .iter()
            .zip(&abilities)
            .filter(|(_, ability)| **ability == can || **ability == Refreshability::Unknown);
        for ((source_id, _), _) in counted {
            self.takes.push((source_id, target.id.clone()));
        }
        self.targets.insert(target.id.clone(), target);
    }

    /// The targets that a link counts for.
    fn standing_on(&self, link: &Link) -> BTreeSet<&TargetId> {
        let named: BTreeSet<&DataSourceId> = link
            .evidence
            .iter()
            .filter_map(|evidence| evidence.data_source.as_ref())
            .map(|source| &source.id)
            .filter(|&id| self.reached.contains_key(id))
            .collect();
        if named.is_empty() {
            return self.targets.keys().collect();
        }
        let reaches = |from: &DataSourceId, to: &DataSourceId| {
            self.reached.get(from).is_some_and(|reached| reached.contains(to))
        };
        // What an embedded data source lists is what the published one behind it reads, and the other way.
        self.takes
            .iter()
            .filter(|(source, _)| {
                named
                    .iter()
                    .any(|&named| reaches(source, named) || reaches(named, source))
            })
            .map(|(_, target)| target)
            .collect()
    }
}

/// The data sources with all that they stand for, without those that are not known.
fn reach<'a>(
    inventory: &'a Inventory,
    from: impl Iterator<Item = &'a DataSourceId>,
) -> BTreeSet<&'a DataSourceId> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&DataSourceId> = from.collect();
    while let Some(id) = waiting.pop() {
        if let Some(source) = inventory.data_sources.get(id)
            && reached.insert(id)
        {
            waiting.extend(&source.parents);
        }
    }
    reached
}

fn published(
    integration: &IntegrationName,
    inventory: &Inventory,
    id: &DataSourceId,
    source: &DataSource,
) -> Target {
    Target {
        id: TargetId {
            integration: integration.clone(),
            kind: TargetKind::DataSource,
            id: source.luid.clone().unwrap_or_else(|| id.to_string()),
        },
        name: source.name.clone(),
        url: source.url.clone(),
        collection: None,
        exposures: BTreeSet::new(),
        upstream: BTreeSet::<NodeId>::new(),
        can: refreshability(inventory, source),
        refreshed_at: source
            .extract_refreshed_at
            .filter(|_| source.has_extract != Some(false)),
    }
}

fn refreshability(inventory: &Inventory, source: &DataSource) -> Refreshability {
    match source.has_extract {
        Some(true) => return Refreshability::Yes,
        None => return Refreshability::Unknown,
        Some(false) => {}
    }
    if source.tables.is_empty() || !source.custom_sql.is_empty() {
        return Refreshability::Live;
    }
    // The tool's words for an extract that was made of a file, with nothing behind it to read again.
    let is_file = |table: Option<&Table>| {
        let kind = table.and_then(|table| table.connection_type.as_deref());
        kind.is_some_and(|kind| ["hyper", "dataengine"].contains(&kind.to_ascii_lowercase().as_str()))
    };
    let mut uses = source.tables.iter();
    if uses
        .clone()
        .all(|used| is_file(inventory.tables.get(&used.table)))
    {
        Refreshability::File
    } else if uses.all(|used| used.via == TableVia::VirtualConnection) {
        Refreshability::VirtualConnection
    } else {
        Refreshability::Live
    }
}
