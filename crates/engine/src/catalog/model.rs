//! The catalog itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use tailwater_core::exposure::Exposure;
use tailwater_core::graph::Graph;
use tailwater_core::health::{DataAge, Health, HealthCounts, Refresh};
use tailwater_core::history::{NodeState, NodeStates};
use tailwater_core::id::{EnvironmentName, NodeId};
use tailwater_core::project::{Node, Project, ResourceType};
use tailwater_core::search::Index;
use tailwater_core::selector::{self, Universe, UniverseIndex};

use super::artifact::CatalogProject;
use super::attention::Attention;
use super::exposure::GoneExposure;
use super::integration::CatalogIntegration;
use super::tree::Folder;
use crate::curation::LeftOut;
use crate::error::Error;

/// Everything that is known of dbt and the BI tools, at one moment. See the [module](super).
///
/// Ids are dbt's `unique_id`s. "Exposures" are automatic and manual ones, each dashboard once. Where a list
/// has an order it is said; it is the same for equal catalogs.
#[derive(Debug)]
pub struct Catalog {
    pub(super) environment: Option<EnvironmentName>,
    pub(super) built_at: DateTime<Utc>,
    pub(super) fingerprint: String,
    pub(super) projects: Vec<CatalogProject>,
    /// The manifests that there are, in the order of `projects`.
    pub(super) manifests: Vec<Arc<Project>>,
    /// For each of them, its place in `projects`.
    pub(super) project_of_manifest: Vec<usize>,
    pub(super) integrations: Vec<CatalogIntegration>,
    pub(super) exposures: Vec<Exposure>,
    /// In the order of `exposures`.
    pub(super) exposure_nodes: Vec<Node>,
    /// In the order of `exposures`.
    pub(super) refreshes: Vec<Refresh>,
    /// In the order of `exposures`.
    pub(super) ages: Vec<Option<DataAge>>,
    pub(super) gone: Vec<GoneExposure>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) index: Arc<UniverseIndex>,
    /// By position, the place among `exposures`.
    pub(super) exposure_at: HashMap<usize, usize>,
    /// Positions of each kind, sorted by name without case, then by id.
    pub(super) by_kind: BTreeMap<ResourceType, Vec<usize>>,
    /// By position.
    pub(super) health: Vec<Health>,
    pub(super) states: Arc<NodeStates>,
    /// By position: how many exposures stand on it, directly or not.
    pub(super) exposures_fed: Vec<u32>,
    /// By position: how many models it stands on, directly or not. Filled for exposures.
    pub(super) models_upstream: Vec<u32>,
    /// Positions of models that feed exposures, those that feed most first.
    pub(super) feeders: Vec<usize>,
    pub(super) attention: Attention,
    pub(super) file_tree: OnceLock<Folder>,
    pub(super) database_tree: OnceLock<Folder>,
    pub(super) tool_trees: OnceLock<BTreeMap<String, Folder>>,
    pub(super) search_index: OnceLock<Index>,
}

impl Catalog {
    /// The environment that was asked for; `None` for each project's production.
    pub const fn environment(&self) -> Option<&EnvironmentName> {
        self.environment.as_ref()
    }

    /// When it was put together.
    pub const fn built_at(&self) -> DateTime<Utc> {
        self.built_at
    }

    /// Names the content: equal for two catalogs that say the same. Fit for an ETag (hexadecimal digits).
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The dbt projects, sorted by name, with their environments, artifacts and what is missing.
    pub fn projects(&self) -> &[CatalogProject] {
        &self.projects
    }

    /// Looks a project up by its name in Tailwater.
    pub fn project(&self, name: &str) -> Option<&CatalogProject> {
        self.projects
            .binary_search_by(|project| project.name().cmp(name))
            .ok()
            .map(|at| &self.projects[at])
    }

    /// The indexes of the manifests that can be read, sorted by the project's name.
    pub fn manifests(&self) -> impl Iterator<Item = &Project> {
        self.manifests.iter().map(AsRef::as_ref)
    }

    /// Projects whose manifest could never be read, and why. Those of which an earlier one is shown instead
    /// say so in [`CatalogProject::problems`].
    pub fn unreadable(&self) -> impl Iterator<Item = (&CatalogProject, &Error)> {
        self.projects.iter().filter_map(|project| {
            let error = project.input().artifacts.unreadable.as_deref()?;
            Some((project, error))
        })
    }

    /// Every environment's name among the projects, sorted.
    pub fn environments(&self) -> BTreeSet<&EnvironmentName> {
        let environments = self.projects.iter().flat_map(CatalogProject::environments);
        environments.map(|environment| &environment.name).collect()
    }

    /// Everything that reads and is read, by position: projects' nodes and every exposure.
    pub fn graph(&self) -> &Graph {
        self.index.graph()
    }

    /// Everything that can be selected. Takes no time to make.
    pub fn universe(&self) -> Universe<'_> {
        Universe::from_index(&self.index, self.manifests(), &self.exposure_nodes)
    }

    /// The `unique_id`s that a selector chooses; everything for an empty one.
    pub fn select(&self, select: &str, exclude: Option<&str>) -> Result<BTreeSet<NodeId>, Error> {
        let selected = selector::parse(select)?;
        let excluded = exclude.map(selector::parse).transpose()?;
        Ok(selector::select(&selected, excluded.as_ref(), &self.universe())?)
    }

    /// The exposures among what a selector chooses; all of them without one.
    pub fn select_exposures(&self, select: Option<&str>) -> Result<Vec<&Exposure>, Error> {
        let Some(select) = select else {
            return Ok(self.exposures.iter().collect());
        };
        let chosen = self.select(select, None)?;
        let chosen = chosen.iter().filter_map(|id| self.exposure(id.as_str()));
        Ok(chosen.collect())
    }

    /// The health of a resource by dbt's rules; unknown, without reasons, for what is not there.
    pub fn health(&self, id: &str) -> &Health {
        static UNKNOWN: OnceLock<Health> = OnceLock::new();
        let position = self.graph().position(id);
        position
            .and_then(|position| self.health.get(position))
            .unwrap_or_else(|| UNKNOWN.get_or_init(Health::default))
    }

    /// How many resources of a kind are in each state of health.
    pub fn health_counts(&self, kind: ResourceType) -> HealthCounts {
        let positions = self.by_kind.get(&kind).into_iter().flatten();
        positions.map(|&position| self.health[position].state).collect()
    }

    /// How a node ended last: built, tested, checked for freshness. `None` where no run touched it.
    pub fn state(&self, id: &str) -> Option<&NodeState> {
        self.states.get(&NodeId::from(id))
    }

    /// How all nodes ended last.
    pub const fn states(&self) -> &Arc<NodeStates> {
        &self.states
    }

    /// What a person should look at.
    pub const fn attention(&self) -> &Attention {
        &self.attention
    }
}
