//! Trees to browse: by file, by database, by BI tool.

use std::collections::BTreeMap;

use serde::Serialize;
use tailwater_core::id::NodeId;
use tailwater_core::project::{Node, ResourceType};

use super::model::Catalog;

/// A folder of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Folder {
    /// Its name. Untrusted.
    pub name: String,
    /// The folders in it, sorted by name without case, then by name.
    pub folders: Vec<Folder>,
    /// The resources in it, sorted by name without case, then by id.
    pub resources: Vec<NodeId>,
    /// How many resources are in it and below.
    pub count: usize,
}

impl Folder {
    /// The folder below this one at a path of names; this one for an empty path.
    pub fn find<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        let mut folder = self;
        for name in path {
            folder = folder
                .folders
                .binary_search_by(|below| sort_key(&below.name).cmp(&sort_key(name)))
                .ok()
                .map(|at| &folder.folders[at])?;
        }
        Some(folder)
    }
}

fn sort_key(name: &str) -> (String, &str) {
    (name.to_lowercase(), name)
}

/// A tree while it grows.
#[derive(Default)]
struct Growing<'a> {
    folders: BTreeMap<(String, String), Growing<'a>>,
    resources: Vec<(String, &'a NodeId)>,
}

impl<'a> Growing<'a> {
    fn insert<'p>(&mut self, path: impl IntoIterator<Item = &'p str>, name: &str, id: &'a NodeId) {
        let mut folder = self;
        for part in path {
            let key = (part.to_lowercase(), part.to_owned());
            folder = folder.folders.entry(key).or_default();
        }
        folder.resources.push((name.to_lowercase(), id));
    }

    fn finish(self, name: String) -> Folder {
        let mut resources = self.resources;
        resources.sort_unstable();
        let resources: Vec<NodeId> = resources.into_iter().map(|(_, id)| id.clone()).collect();
        let folders: Vec<Folder> = self
            .folders
            .into_iter()
            .map(|((_, name), folder)| folder.finish(name))
            .collect();
        Folder {
            count: resources.len() + folders.iter().map(|folder| folder.count).sum::<usize>(),
            name,
            folders,
            resources,
        }
    }
}

/// Deeper folders than this are one: a hostile path must not exhaust the stack.
const DEEPEST: usize = 64;

impl Catalog {
    /// The files of the projects: package, folders, then what a file declares. Automatic exposures stand in
    /// the folder `imported_from_tableau` beside the folders of the package that they were given to. Tests
    /// are left out; they stand on the pages of what they test.
    pub fn file_tree(&self) -> &Folder {
        self.file_tree.get_or_init(|| {
            let mut tree = Growing::default();
            for node in self.nodes().filter(|node| !is_test(node)) {
                let path = node.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let folders = path.split('/').filter(|part| !part.is_empty()).take(DEEPEST);
                tree.insert(
                    std::iter::once(node.package.as_str()).chain(folders),
                    shown(node),
                    &node.unique_id,
                );
            }
            tree.finish(String::new())
        })
    }

    /// The relations of the warehouse: database, schema, then the nodes that stand there. A part that is not
    /// known has an empty name.
    pub fn database_tree(&self) -> &Folder {
        self.database_tree.get_or_init(|| {
            let mut tree = Growing::default();
            for node in self.nodes() {
                let Some(relation) = node.readable_relation() else {
                    continue;
                };
                let part = |part: &Option<String>| part.clone().unwrap_or_default();
                let path = [part(&relation.database), part(&relation.schema)];
                tree.insert(path.iter().map(String::as_str), &relation.name, &node.unique_id);
            }
            tree.finish(String::new())
        })
    }

    /// The places of a BI tool: integration, collections, then the exposures there. `None` for a tool that
    /// no integration speaks to.
    pub fn tool_tree(&self, tool: &str) -> Option<&Folder> {
        self.tool_trees
            .get_or_init(|| {
                let mut trees: BTreeMap<&str, Growing<'_>> = BTreeMap::new();
                for integration in &self.integrations {
                    let tree = trees.entry(integration.integration().kind.name()).or_default();
                    let key = (integration.name().to_lowercase(), integration.name().to_owned());
                    tree.folders.entry(key).or_default();
                }
                for exposure in self.exposures() {
                    let Some(integration) = &exposure.integration else {
                        continue;
                    };
                    let Some(known) = self.integration(integration.as_str()) else {
                        continue;
                    };
                    let collections = self.collection_path(exposure);
                    let path = std::iter::once(integration.as_str())
                        .chain(collections.iter().map(String::as_str).take(DEEPEST));
                    let tree = trees.entry(known.integration().kind.name()).or_default();
                    tree.insert(path, &exposure.label, &exposure.unique_id);
                }
                trees
                    .into_iter()
                    .map(|(tool, tree)| (tool.to_owned(), tree.finish(tool.to_owned())))
                    .collect()
            })
            .get(tool)
    }
}

fn is_test(node: &Node) -> bool {
    matches!(node.resource_type, ResourceType::Test | ResourceType::UnitTest)
}

/// The name by which people look a node up.
fn shown(node: &Node) -> &str {
    let label = node
        .exposure
        .as_ref()
        .and_then(|exposure| exposure.label.as_deref());
    label.unwrap_or(&node.name)
}
