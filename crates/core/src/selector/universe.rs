//! What a selector selects from.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::path::PathPattern;
use crate::graph::{Graph, NodeSet};
use crate::id::NodeId;
use crate::project::{Node, Project, ResourceType};
use crate::run::{RunResults, SourceFreshness};

/// Who belongs to a universe, and what reads what. It borrows nothing, so that it can be kept beside the
/// projects and make a [`Universe`] in no time whenever one is asked.
#[derive(Debug, Clone, Default)]
pub struct UniverseIndex {
    /// By the graph's positions.
    places: Vec<Place>,
    graph: Graph,
}

/// Where a member's node stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Its place in the list of projects; `None` for a further node whose package is no project's own.
    project: Option<usize>,
    node: PlaceOfNode,
}

#[derive(Debug, Clone, Copy)]
enum PlaceOfNode {
    /// Among the nodes of its project.
    Own(usize),
    /// Among the further nodes.
    Further(usize),
}

impl UniverseIndex {
    /// Joins the projects and the further nodes. Of several nodes with one id, such as those of a package
    /// that two projects have installed, the first is taken; a further node takes the place of a project's,
    /// as a declared exposure does once more is known of what it stands on.
    pub fn new<'a>(
        projects: impl IntoIterator<Item = &'a Project>,
        further: impl IntoIterator<Item = &'a Node>,
    ) -> Self {
        let projects: Vec<&Project> = projects.into_iter().collect();
        let mut by_id: BTreeMap<&NodeId, (&Node, Place)> = BTreeMap::new();
        for (at, project) in projects.iter().enumerate() {
            for (own, node) in project.nodes().iter().enumerate() {
                let place = Place {
                    project: Some(at),
                    node: PlaceOfNode::Own(own),
                };
                by_id.entry(&node.unique_id).or_insert((node, place));
            }
        }
        for (at, node) in further.into_iter().enumerate() {
            let project = projects
                .iter()
                .position(|project| project.metadata.package == node.package);
            let place = PlaceOfNode::Further(at);
            let member = by_id
                .entry(&node.unique_id)
                .or_insert((node, Place { project, node: place }));
            member.0 = node;
            member.1.node = place;
        }
        let graph = Graph::from_nodes(by_id.values().map(|&(node, _)| node));
        let places = by_id.into_values().map(|(_, place)| place).collect();
        Self { places, graph }
    }

    /// The graph of all nodes.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The place in the list of projects of the node at a position of the graph.
    pub fn project(&self, position: usize) -> Option<usize> {
        self.places.get(position)?.project
    }

    /// The node at a position of the graph, taken from what the index was made of.
    pub fn node<'a>(
        &self,
        position: usize,
        project: impl FnOnce(usize) -> Option<&'a Project>,
        further: &'a [Node],
    ) -> Option<&'a Node> {
        let place = self.places.get(position)?;
        match place.node {
            PlaceOfNode::Own(own) => project(place.project?)?.nodes().get(own),
            PlaceOfNode::Further(at) => further.get(at),
        }
    }
}

/// The enabled nodes of one or more projects, with further nodes such as automatic exposures, and the graph
/// of all.
///
/// Made once and asked often: a question takes time in proportion to the nodes, and no building.
#[derive(Debug, Clone)]
pub struct Universe<'a> {
    index: Arc<UniverseIndex>,
    projects: Vec<&'a Project>,
    further: Further<'a>,
    pub(super) previous: Option<&'a Project>,
    pub(super) run_results: Option<&'a RunResults>,
    pub(super) freshness: Option<(&'a SourceFreshness, &'a SourceFreshness)>,
}

#[derive(Debug, Clone)]
enum Further<'a> {
    Listed(Vec<&'a Node>),
    Slice(&'a [Node]),
}

impl<'a> Further<'a> {
    fn get(&self, at: usize) -> Option<&'a Node> {
        match self {
            Self::Listed(nodes) => nodes.get(at).copied(),
            Self::Slice(nodes) => nodes.get(at),
        }
    }
}

/// A node and the project that it came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub node: &'a Node,
    /// Its place in the list of projects; `None` for a further node whose package is no project's own.
    pub project: Option<usize>,
}

impl<'a> Universe<'a> {
    /// Joins the projects and the further nodes, as [`UniverseIndex::new`] does.
    pub fn new(
        projects: impl IntoIterator<Item = &'a Project>,
        further: impl IntoIterator<Item = &'a Node>,
    ) -> Self {
        let projects: Vec<&Project> = projects.into_iter().collect();
        let further: Vec<&Node> = further.into_iter().collect();
        let index = UniverseIndex::new(projects.iter().copied(), further.iter().copied());
        Self::of(Arc::new(index), projects, Further::Listed(further))
    }

    /// The universe of an index and what it was made of: the same projects and further nodes, in the same
    /// order.
    pub fn from_index(
        index: &Arc<UniverseIndex>,
        projects: impl IntoIterator<Item = &'a Project>,
        further: &'a [Node],
    ) -> Self {
        let projects = projects.into_iter().collect();
        Self::of(Arc::clone(index), projects, Further::Slice(further))
    }

    fn of(index: Arc<UniverseIndex>, projects: Vec<&'a Project>, further: Further<'a>) -> Self {
        Self {
            index,
            projects,
            further,
            previous: None,
            run_results: None,
            freshness: None,
        }
    }

    /// Adds the manifest that `state:` compares with.
    pub fn with_previous(mut self, previous: &'a Project) -> Self {
        self.previous = Some(previous);
        self
    }

    /// Adds the run that `result:` asks about.
    pub fn with_run_results(mut self, run_results: &'a RunResults) -> Self {
        self.run_results = Some(run_results);
        self
    }

    /// Adds the two checks of source freshness that `source_status:` compares.
    pub fn with_freshness(mut self, previous: &'a SourceFreshness, current: &'a SourceFreshness) -> Self {
        self.freshness = Some((previous, current));
        self
    }

    /// The graph of all nodes.
    pub fn graph(&self) -> &Graph {
        self.index.graph()
    }

    /// The node at a position of the graph.
    pub fn node(&self, position: usize) -> Option<&'a Node> {
        self.member(position).map(|member| member.node)
    }

    fn member(&self, position: usize) -> Option<Member<'a>> {
        let place = self.index.places.get(position)?;
        let node = match place.node {
            PlaceOfNode::Own(own) => self.projects.get(place.project?)?.nodes().get(own),
            PlaceOfNode::Further(at) => self.further.get(at),
        };
        let project = place.project;
        node.map(|node| Member { node, project })
    }

    fn members(&self) -> impl Iterator<Item = (usize, Member<'a>)> + '_ {
        (0..self.index.places.len()).filter_map(|position| Some((position, self.member(position)?)))
    }

    /// The positions of the nodes for which the claim holds.
    pub(super) fn filter(&self, claim: impl Fn(&Member<'a>) -> bool) -> NodeSet {
        let found = self.members().filter(|(_, member)| claim(member));
        NodeSet::from_positions(self.index.places.len(), found.map(|(position, _)| position))
    }

    /// The name of the root package of a member's project.
    pub(super) fn root_package(&self, member: &Member<'a>) -> Option<&'a str> {
        let project = self.projects.get(member.project?)?;
        Some(project.metadata.package.as_str())
    }

    /// What a path pattern finds in the directory of each project; with `None`, among the files of nodes
    /// that belong to no project.
    pub(super) fn find_paths(&self, pattern: &PathPattern) -> HashMap<Option<usize>, Vec<&'a str>> {
        let mut files: HashMap<Option<usize>, Vec<&'a str>> = HashMap::new();
        for (_, member) in self.members() {
            let is_own = match member.project {
                Some(at) => member.node.package == self.projects[at].metadata.package,
                None => true,
            };
            if is_own {
                files
                    .entry(member.project)
                    .or_default()
                    .extend(paths_of(member.node));
            }
        }
        for (at, project) in self.projects.iter().enumerate() {
            let own = |node: &&Node| node.package == project.metadata.package;
            files
                .entry(Some(at))
                .or_default()
                .extend(project.disabled().iter().filter(own).flat_map(paths_of));
        }
        files
            .into_iter()
            .map(|(project, files)| (project, pattern.find(files).into_iter().collect()))
            .collect()
    }

    /// Whether a node is one that `dbt ls` lists (dbt-core 1.11, `ListTask.DEFAULT_RESOURCE_VALUES`).
    pub(super) fn is_listed(member: &Member<'a>) -> bool {
        !matches!(
            member.node.resource_type,
            ResourceType::Analysis | ResourceType::Operation | ResourceType::SqlOperation
        )
    }
}

/// The files that say what a node is: its own and the YAML that describes it.
fn paths_of(node: &Node) -> impl Iterator<Item = &str> {
    [Some(node.path.as_str()), node.patch_path.as_deref()]
        .into_iter()
        .flatten()
        .filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ProjectName;
    use crate::project::ProjectMetadata;

    fn node(id: &str, path: &str) -> Node {
        let package = id.split('.').nth(1).unwrap_or_default().to_owned();
        Node {
            unique_id: NodeId::from(id),
            package,
            path: path.to_owned(),
            ..Node::default()
        }
    }

    fn project(package: &str, nodes: Vec<Node>) -> Project {
        let metadata = ProjectMetadata {
            package: package.to_owned(),
            ..ProjectMetadata::default()
        };
        Project::new(ProjectName::new(package), metadata, nodes, Vec::new())
    }

    #[test]
    fn a_package_of_two_projects_is_taken_once_and_further_nodes_join_their_project() {
        let shop = project(
            "shop",
            vec![node("model.shop.a", ""), node("model.utils.u", "first")],
        );
        let fleet = project(
            "fleet",
            vec![node("model.fleet.b", ""), node("model.utils.u", "second")],
        );
        let exposure = Node {
            resource_type: ResourceType::Exposure,
            depends_on: vec![
                "model.shop.a".into(),
                "model.fleet.b".into(),
                "model.gone.x".into(),
            ],
            ..node("exposure.fleet.sales", "")
        };
        let universe = Universe::new([&shop, &fleet], [&exposure]);
        let ids: Vec<_> = universe.graph().ids().iter().map(NodeId::as_str).collect();
        assert_eq!(
            ids,
            [
                "exposure.fleet.sales",
                "model.fleet.b",
                "model.shop.a",
                "model.utils.u"
            ]
        );
        assert_eq!(universe.node(3).map(|node| node.path.as_str()), Some("first"));
        assert_eq!(universe.graph().parents(0), [1, 2]);
        let roots: Vec<_> = universe
            .members()
            .map(|(_, member)| universe.root_package(&member))
            .collect();
        assert_eq!(roots, [Some("fleet"), Some("fleet"), Some("shop"), Some("shop")]);
    }

    #[test]
    fn paths_are_those_of_each_projects_own_package() {
        let shop = project(
            "shop",
            vec![
                node("model.shop.a", "models/a.sql"),
                node("model.utils.u", "models/utils/u.sql"),
            ],
        );
        let universe = Universe::new([&shop], []);
        let find = |text: &str| {
            let pattern = PathPattern::new(text).unwrap();
            universe.find_paths(&pattern).remove(&Some(0)).unwrap_or_default()
        };
        assert_eq!(find("models"), ["models"]);
        // The package's directory is not below the project's.
        assert_eq!(find("models/utils"), [] as [&str; 0]);
    }
}
