//! Searching by keywords: what the catalog puts into the index of [`tailwater_core::search`].

use std::collections::{BTreeSet, HashMap};

use tailwater_core::health::is_judged;
use tailwater_core::layer::Layer;
use tailwater_core::project::{Group, Macro, Node, Project, ResourceType};
use tailwater_core::search::{Answer, Document, DocumentColumn, Facet, Index, Request};

use super::model::Catalog;

/// The word for macros among the kinds, which are dbt's resource types else.
pub const MACRO_KIND: &str = "macro";

impl Catalog {
    /// Searches everything: nodes, exposures, and the macros of packages that declare nodes. Code is left out; it
    /// is not held.
    pub fn search(&self, request: &Request) -> Answer {
        self.search_index().search(request)
    }

    /// The index. Made when it is first asked for, which takes a moment: some tenths of a second for 20,000
    /// resources with 200,000 columns.
    pub fn search_index(&self) -> &Index {
        self.search_index.get_or_init(|| {
            let groups: HashMap<(&str, &str), &Group> = self
                .manifests()
                .flat_map(Project::groups)
                .map(|group| ((group.package.as_str(), group.name.as_str()), group))
                .collect();
            let nodes = self.nodes().map(|node| self.document(node, &groups));
            let packages: BTreeSet<&str> = self.nodes().map(|node| node.package.as_str()).collect();
            let macros = self
                .macros()
                .filter(|known| packages.contains(known.package.as_str()))
                .map(macro_document);
            Index::new(nodes.chain(macros))
        })
    }

    fn document(&self, node: &Node, groups: &HashMap<(&str, &str), &Group>) -> Document {
        let id = node.unique_id.as_str();
        let exposure = self.exposure(id);
        let mut owners = Vec::new();
        let mut facets = Vec::new();
        if let Some(exposure) = exposure {
            let owner = &exposure.owner;
            owners.extend([&owner.name, &owner.email].into_iter().flatten().cloned());
            let integration = exposure.integration.as_ref();
            if let Some(known) = integration.and_then(|name| self.integration(name.as_str())) {
                facets.push((Facet::Tool, known.integration().kind.name().to_owned()));
            }
        }
        let group = node.group.as_deref();
        if let Some(group) = group.and_then(|name| groups.get(&(node.package.as_str(), name))) {
            owners.extend(
                [&group.owner_name, &group.owner_email]
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
        }
        if let Some(owner) = owners.first() {
            facets.push((Facet::Owner, owner.clone()));
        }
        owners.extend(group.map(str::to_owned));
        if let Some(project) = self.project_of(id) {
            facets.push((Facet::Project, project.name().to_owned()));
        }
        if is_judged(node.resource_type) {
            facets.push((Facet::Health, self.health(id).state.name().to_owned()));
        }
        if let Some(layer) = Layer::of(node) {
            facets.push((Facet::Layer, layer.name().to_owned()));
        }
        if node.resource_type == ResourceType::Model {
            if let Some(materialized) = node.materialized() {
                facets.push((Facet::Materialization, materialized.to_owned()));
            }
            if let Some(access) = &node.access {
                facets.push((Facet::Access, access.clone()));
            }
        }
        let views = exposure.and_then(|exposure| exposure.workbook.as_ref()?.total_views);
        let fed = u32::try_from(self.exposures_fed(id)).unwrap_or(u32::MAX);
        Document {
            id: id.to_owned(),
            kind: node.resource_type.name().to_owned(),
            name: node.name.clone(),
            label: label(node),
            description: node.description.clone(),
            relation: node.readable_relation().map(ToString::to_string),
            columns: node
                .columns
                .iter()
                .map(|column| DocumentColumn {
                    name: column.name.clone(),
                    description: column.description.clone(),
                })
                .collect(),
            tags: node.tags.clone(),
            owners,
            code: None,
            facets,
            usage: views.map_or(fed, |views| u32::try_from(views).unwrap_or(u32::MAX)),
        }
    }
}

/// The name for people, where it is another one than the name.
fn label(node: &Node) -> Option<String> {
    if let Some(source) = &node.source_name {
        return Some(format!("{source}.{}", node.name));
    }
    if let Some(version) = &node.version {
        return Some(format!("{} v{version}", node.name));
    }
    node.exposure.as_ref()?.label.clone()
}

fn macro_document(known: &Macro) -> Document {
    Document {
        id: known.unique_id.as_str().to_owned(),
        kind: MACRO_KIND.to_owned(),
        name: known.name.clone(),
        description: known.description.clone(),
        ..Document::default()
    }
}
