//! The catalog: projects and exposures together, as every question about them needs.

use std::collections::BTreeSet;

use serde_json::json;
use tailwater_core::exposure::{Exposure, Workbook};
use tailwater_core::id::NodeId;
use tailwater_core::manual::join;
use tailwater_core::project::{ExposureInfo, Node, Project, ResourceType};
use tailwater_core::selector::{self, Universe};

use crate::error::Error;
use crate::project::ProjectEntry;
use crate::workspace::Workspace;

/// Everything that is known of dbt and the BI tools, at one moment.
#[derive(Debug)]
pub struct Catalog {
    projects: Vec<Project>,
    exposures: Vec<Exposure>,
    exposure_nodes: Vec<Node>,
    unreadable: Vec<(ProjectEntry, Error)>,
}

impl Workspace {
    /// Puts the catalog together from the store and the manifests. A manifest that cannot be read leaves
    /// its project out and is reported in [`Catalog::unreadable`].
    pub async fn catalog(&self) -> Result<Catalog, Error> {
        let mut projects = Vec::new();
        let mut unreadable = Vec::new();
        for entry in self.projects().await? {
            match tailwater_dbt::load_manifest(&entry.path, entry.name.clone()) {
                Ok(project) => projects.push(project),
                Err(error) => unreadable.push((entry, error.into())),
            }
        }
        let mut automatic = Vec::new();
        for integration in self.integrations().await? {
            let stored = self.store().load_exposures(Some(&integration.name)).await?;
            automatic.extend(stored.into_iter().map(|row| {
                let (first_seen, last_seen) = (Some(row.first_seen), Some(row.last_seen));
                (
                    row.asset,
                    Exposure {
                        first_seen,
                        last_seen,
                        ..row.exposure
                    },
                )
            }));
        }
        let exposures = join(automatic, &projects.iter().collect::<Vec<_>>());
        let exposure_nodes = exposures
            .iter()
            .map(|exposure| exposure_node(&projects, exposure))
            .collect();
        Ok(Catalog {
            projects,
            exposures,
            exposure_nodes,
            unreadable,
        })
    }
}

impl Catalog {
    /// The dbt projects, sorted by name.
    pub fn projects(&self) -> &[Project] {
        &self.projects
    }

    /// Every exposure, automatic and manual, each dashboard once, sorted by `unique_id`.
    pub fn exposures(&self) -> &[Exposure] {
        &self.exposures
    }

    /// Projects whose manifest cannot be read now, and why.
    pub fn unreadable(&self) -> &[(ProjectEntry, Error)] {
        &self.unreadable
    }

    /// Every exposure in the shape of a dbt node. Manual ones have the dependencies that were found
    /// beside those that were declared.
    pub fn exposure_nodes(&self) -> &[Node] {
        &self.exposure_nodes
    }

    /// Everything that can be selected: the projects' nodes and every exposure.
    pub fn universe(&self) -> Universe<'_> {
        Universe::new(&self.projects, &self.exposure_nodes)
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
        Ok(self
            .exposures
            .iter()
            .filter(|exposure| chosen.contains(&exposure.unique_id))
            .collect())
    }
}

/// An exposure in the shape of a dbt node. Automatic ones stand in a folder of their own.
fn exposure_node(projects: &[Project], exposure: &Exposure) -> Node {
    let depends_on = exposure.depends_on.iter().cloned().collect();
    let declared = projects
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
    let folder = "imported_from_tableau";
    let id = |workbook: &Workbook| ("tailwater".to_owned(), json!({ "id": workbook.luid }));
    Node {
        unique_id: exposure.unique_id.clone(),
        resource_type: ResourceType::Exposure,
        name: exposure.name.clone(),
        fqn: vec![package.clone(), folder.to_owned(), exposure.name.clone()],
        path: format!("{folder}/{}.yml", exposure.name),
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
