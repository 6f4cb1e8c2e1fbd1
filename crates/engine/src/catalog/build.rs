//! Putting a catalog together: a pure function of its input.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use tailwater_core::exposure::{Exposure, Workbook};
use tailwater_core::health::{self, DataAge, ExtractSource, Health, Refresh};
use tailwater_core::history::NodeStates;
use tailwater_core::id::{AssetId, NodeId};
use tailwater_core::manual::join;
use tailwater_core::project::{ExposureInfo, Node, Project, ResourceType};
use tailwater_core::refresh::Policy;
use tailwater_core::selector::{Universe, UniverseIndex};
use tailwater_store::StoredExposure;

use super::artifact::CatalogProject;
use super::attention::Attention;
use super::exposure::GoneExposure;
use super::input::{CatalogInput, IntegrationInput, ProjectInput};
use super::integration::CatalogIntegration;
use super::model::Catalog;
use super::reach::{Toward, count_reached};
use crate::curation::{CuratedExposures, curated_exposures};
use crate::ingest::hexadecimal;

/// The folder in which automatic exposures stand in the tree of files, as in dbt's own catalog.
pub const IMPORTED_FOLDER: &str = "imported_from_tableau";

impl Catalog {
    /// Puts the catalog together. Takes time in proportion to what there is: tens of milliseconds for some
    /// ten thousand resources; call it off the threads that serve requests.
    pub fn build(input: CatalogInput) -> Self {
        let CatalogInput {
            environment,
            projects,
            integrations,
            curations,
            refreshes: last_refreshes,
            policies,
            revision,
            now,
        } = input;
        let mut manifests = Vec::new();
        let mut project_of_manifest = Vec::new();
        for (at, project) in projects.iter().enumerate() {
            if let Some(manifest) = &project.artifacts.project {
                manifests.push(Arc::clone(manifest));
                project_of_manifest.push(at);
            }
        }
        let is_every_project_read = manifests.len() == projects.len();
        let curated = |rows: &dyn Fn(&IntegrationInput) -> &Vec<StoredExposure>| {
            let stored = integrations.iter().flat_map(|input| rows(input).iter().cloned());
            let known: Vec<&Project> = manifests.iter().map(AsRef::as_ref).collect();
            curated_exposures(stored, &curations, &known, is_every_project_read)
        };
        let CuratedExposures {
            exposures: shown,
            left_out,
        } = curated(&|input| &input.exposures);
        // What somebody left out, or what is known to have gone, is not shown by way of the project's YAML.
        let vanished = left_out
            .iter()
            .map(|left_out| left_out.asset.clone())
            .chain(integrations.iter().flat_map(gone_assets))
            .collect();
        let exposures = all_exposures(shown, &manifests, &vanished);
        let exposure_nodes: Vec<Node> = exposures
            .iter()
            .map(|exposure| exposure_node(&manifests, exposure))
            .collect();
        let projects_of = || manifests.iter().map(AsRef::as_ref);
        let index = Arc::new(UniverseIndex::new(projects_of(), &exposure_nodes));
        let universe = Universe::from_index(&index, projects_of(), &exposure_nodes);
        let graph = index.graph();
        let nodes: Vec<Option<&Node>> = (0..graph.len()).map(|position| universe.node(position)).collect();

        let by_kind = by_kind(&nodes);
        let positions = |kind| by_kind.get(&kind).map_or(&[][..], Vec::as_slice);
        let exposures_fed = count_reached(graph, positions(ResourceType::Exposure), Toward::Readers);
        let models_upstream = count_reached(graph, positions(ResourceType::Model), Toward::Read);
        let feeders = feeders(positions(ResourceType::Model), &exposures_fed);

        let states = joined_states(&projects);
        let health = health::assess(&health::Input {
            graph,
            nodes: &nodes,
            states: &states,
            now,
        });
        let exposure_at: HashMap<usize, usize> = exposures
            .iter()
            .enumerate()
            .filter_map(|(at, exposure)| Some((graph.position(exposure.unique_id.as_str())?, at)))
            .collect();
        let by_name: HashMap<&str, &IntegrationInput> = integrations
            .iter()
            .map(|input| (input.integration.name.as_str(), input))
            .collect();
        let (refreshes, ages): (Vec<Refresh>, Vec<Option<DataAge>>) = exposures
            .iter()
            .map(|exposure| {
                let position = graph.position(exposure.unique_id.as_str());
                let built_at =
                    position.and_then(|position| health::newest_build(graph, &nodes, &states, position));
                let sources = asset_of(exposure)
                    .and_then(|(integration, asset)| {
                        let input = by_name.get(integration)?;
                        let (integration, asset) = (&input.integration.name, AssetId::from(asset));
                        let sources = health::extract_sources(&input.stored.inventory, &asset);
                        let judged = sources.into_iter().map(|source| {
                            let target = source.target(integration, &asset);
                            let source = match last_refreshes.get(&target) {
                                Some(last) => source.with_history(last),
                                None => source,
                            };
                            with_limit(source, policies.get(&target), built_at)
                        });
                        Some(judged.collect())
                    })
                    .unwrap_or_default();
                let refresh = health::refresh(sources, now);
                let age = health::data_age(&refresh, built_at, now);
                (refresh, age)
            })
            .unzip();
        let gone = gone(curated(&|input| &input.gone).exposures, &exposures);
        drop(nodes);
        drop(by_name);

        let mut catalog = Self {
            environment,
            built_at: now,
            fingerprint: fingerprint(&revision, &health, &refreshes),
            projects: projects.into_iter().map(CatalogProject::new).collect(),
            manifests,
            project_of_manifest,
            integrations: integrations.into_iter().map(CatalogIntegration::new).collect(),
            exposures,
            exposure_nodes,
            refreshes,
            ages,
            gone,
            left_out,
            index,
            exposure_at,
            by_kind,
            health,
            states,
            exposures_fed,
            models_upstream,
            feeders,
            attention: Attention::default(),
            file_tree: OnceLock::new(),
            database_tree: OnceLock::new(),
            tool_trees: OnceLock::new(),
            search_index: OnceLock::new(),
        };
        catalog.attention = Attention::of(&catalog);
        catalog
    }
}

/// The integration and the asset that an exposure was imported from.
pub(super) fn asset_of(exposure: &Exposure) -> Option<(&str, &str)> {
    let integration = exposure.integration.as_ref()?;
    let workbook = exposure.workbook.as_ref()?;
    Some((integration.as_str(), workbook.luid.as_str()))
}

/// Automatic and manual exposures, each dashboard once, sorted by `unique_id`.
fn all_exposures(
    automatic: Vec<StoredExposure>,
    manifests: &[Arc<Project>],
    vanished: &BTreeSet<AssetId>,
) -> Vec<Exposure> {
    let automatic = automatic
        .into_iter()
        .map(|row| (row.asset.clone(), with_times(row)))
        .collect();
    let projects: Vec<&Project> = manifests.iter().map(AsRef::as_ref).collect();
    join(automatic, &projects, vanished)
}

fn gone_assets(integration: &IntegrationInput) -> impl Iterator<Item = AssetId> {
    integration.gone.iter().map(|row| row.asset.clone())
}

fn with_times(row: StoredExposure) -> Exposure {
    Exposure {
        first_seen: Some(row.first_seen),
        last_seen: Some(row.last_seen),
        ..row.exposure
    }
}

/// What has gone and has not come back, last seen first.
fn gone(gone: Vec<StoredExposure>, exposures: &[Exposure]) -> Vec<GoneExposure> {
    let is_back = |row: &StoredExposure| {
        let id = row.exposure.unique_id.as_str();
        exposures
            .binary_search_by(|exposure| exposure.unique_id.as_str().cmp(id))
            .is_ok()
    };
    let mut gone: Vec<GoneExposure> = gone
        .into_iter()
        .filter(|row| !is_back(row))
        .filter_map(|row| {
            Some(GoneExposure {
                last_seen: row.last_seen,
                gone_at: row.gone_at?,
                exposure: with_times(row),
            })
        })
        .collect();
    gone.sort_by(|left, right| {
        (right.last_seen, &left.exposure.unique_id).cmp(&(left.last_seen, &right.exposure.unique_id))
    });
    gone
}

fn by_kind(nodes: &[Option<&Node>]) -> BTreeMap<ResourceType, Vec<usize>> {
    let mut named: BTreeMap<ResourceType, Vec<(String, usize)>> = BTreeMap::new();
    for (position, node) in nodes.iter().enumerate() {
        if let Some(node) = node {
            let label = node.exposure.as_ref().and_then(|info| info.label.as_deref());
            let name = label.unwrap_or(&node.name).to_lowercase();
            named
                .entry(node.resource_type)
                .or_default()
                .push((name, position));
        }
    }
    named
        .into_iter()
        .map(|(kind, mut named)| {
            // Positions are in the order of ids.
            named.sort_unstable();
            (kind, named.into_iter().map(|(_, position)| position).collect())
        })
        .collect()
}

fn feeders(models: &[usize], exposures_fed: &[u32]) -> Vec<usize> {
    let mut feeders: Vec<usize> = models
        .iter()
        .copied()
        .filter(|&model| exposures_fed[model] > 0)
        .collect();
    // Models come sorted by name, and the sort keeps that among equals.
    feeders.sort_by_key(|&model| std::cmp::Reverse(exposures_fed[model]));
    feeders
}

/// The last results of all projects. What several know of, a node of a shared package, has its newest.
fn joined_states(projects: &[ProjectInput]) -> Arc<NodeStates> {
    let mut known = projects
        .iter()
        .map(|project| &project.artifacts.states)
        .filter(|states| !states.is_empty());
    match (known.next(), known.next()) {
        (None, _) => Arc::default(),
        (Some(only), None) => Arc::clone(only),
        _ => {
            let all = projects
                .iter()
                .flat_map(|project| project.artifacts.states.iter());
            Arc::new(all.map(|(id, state)| (id.clone(), state.clone())).collect())
        }
    }
}

/// The source with the moment from which on it is older than its policy allows.
fn with_limit(
    source: ExtractSource,
    policy: Option<&Policy>,
    built_at: Option<DateTime<Utc>>,
) -> ExtractSource {
    let stale_at = policy
        .zip(source.refreshed_at)
        .and_then(|(policy, refreshed_at)| health::stale_at(policy, refreshed_at, built_at));
    ExtractSource { stale_at, ..source }
}

fn fingerprint(revision: &str, health: &[Health], refreshes: &[Refresh]) -> String {
    const LENGTH: usize = 16;
    let mut hash = Sha256::new();
    hash.update(revision);
    // Health moves with time alone: thirty days after a build.
    hash.update(
        health
            .iter()
            .map(|health| health.state as u8)
            .collect::<Vec<u8>>(),
    );
    // So does what was to be refreshed by now.
    hash.update(
        refreshes
            .iter()
            .map(|refresh| refresh.state as u8)
            .collect::<Vec<u8>>(),
    );
    hexadecimal(&hash.finalize()[..LENGTH])
}

/// An exposure in the shape of a dbt node. Automatic ones stand in a folder of their own, unless an export wrote
/// them into a file of the project.
fn exposure_node(manifests: &[Arc<Project>], exposure: &Exposure) -> Node {
    let depends_on: Vec<NodeId> = exposure.depends_on.iter().cloned().collect();
    let declared = manifests
        .iter()
        .find_map(|project| project.find(exposure.unique_id.as_str()));
    if let Some(node) = declared {
        return Node {
            depends_on,
            ..node.clone()
        };
    }
    let package = exposure
        .unique_id
        .as_str()
        .split('.')
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    let id = |workbook: &Workbook| ("tailwater".to_owned(), json!({ "id": workbook.luid }));
    let mut generated = manifests.iter().flat_map(|project| project.generated());
    let (fqn, path) = match generated.find(|node| node.unique_id == exposure.unique_id) {
        Some(node) => (node.fqn.clone(), node.path.clone()),
        None => (
            vec![package.clone(), IMPORTED_FOLDER.to_owned(), exposure.name.clone()],
            format!("{IMPORTED_FOLDER}/{}.yml", exposure.name),
        ),
    };
    Node {
        unique_id: exposure.unique_id.clone(),
        resource_type: ResourceType::Exposure,
        name: exposure.name.clone(),
        fqn,
        path,
        package,
        description: exposure.description.clone(),
        tags: exposure.tags.iter().cloned().collect(),
        meta: exposure.workbook.iter().map(id).collect(),
        depends_on,
        exposure: Some(ExposureInfo {
            kind: exposure.kind.clone(),
            label: Some(exposure.label.clone()),
            url: exposure.url.clone(),
            maturity: exposure.maturity.clone(),
            owner_name: exposure.owner.name.clone(),
            owner_email: exposure.owner.email.clone(),
        }),
        ..Node::default()
    }
}
