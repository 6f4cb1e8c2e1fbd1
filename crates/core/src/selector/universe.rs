//! What a selector selects from.

use std::collections::{BTreeMap, HashMap};

use super::path::PathPattern;
use crate::graph::{Graph, NodeSet};
use crate::id::NodeId;
use crate::project::{Node, Project, ResourceType};
use crate::run::{RunResults, SourceFreshness};

/// The enabled nodes of one or more projects, with further nodes such as automatic exposures, and the graph
/// of all.
///
/// Made once and asked often: a question takes time in proportion to the nodes, and no building.
#[derive(Debug, Clone)]
pub struct Universe<'a> {
    /// By the graph's positions.
    members: Vec<Member<'a>>,
    graph: Graph,
    projects: Vec<&'a Project>,
    pub(super) previous: Option<&'a Project>,
    pub(super) run_results: Option<&'a RunResults>,
    pub(super) freshness: Option<(&'a SourceFreshness, &'a SourceFreshness)>,
}

/// A node and the project that it came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub node: &'a Node,
    /// Its place in the list of projects; `None` for a further node whose package is no project's own.
    pub project: Option<usize>,
}

impl<'a> Universe<'a> {
    /// Joins the projects and the further nodes. Of several nodes with one id, such as those of a package
    /// that two projects have installed, the first is taken; a further node takes the place of a project's,
    /// as a declared exposure does once more is known of what it stands on.
    pub fn new(
        projects: impl IntoIterator<Item = &'a Project>,
        further: impl IntoIterator<Item = &'a Node>,
    ) -> Self {
        let projects: Vec<&Project> = projects.into_iter().collect();
        let mut by_id: BTreeMap<&NodeId, Member<'a>> = BTreeMap::new();
        for (at, project) in projects.iter().enumerate() {
            for node in project.nodes() {
                let project = Some(at);
                by_id.entry(&node.unique_id).or_insert(Member { node, project });
            }
        }
        for node in further {
            let project = projects
                .iter()
                .position(|project| project.metadata.package == node.package);
            let member = by_id.entry(&node.unique_id).or_insert(Member { node, project });
            member.node = node;
        }
        let members: Vec<Member<'_>> = by_id.into_values().collect();
        Self {
            graph: Graph::from_nodes(members.iter().map(|member| member.node)),
            members,
            projects,
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
        &self.graph
    }

    /// The node at a position of the graph.
    pub fn node(&self, position: usize) -> Option<&'a Node> {
        self.members.get(position).map(|member| member.node)
    }

    /// The positions of the nodes for which the claim holds.
    pub(super) fn filter(&self, claim: impl Fn(&Member<'a>) -> bool) -> NodeSet {
        NodeSet::from_positions(
            self.members.len(),
            (0..self.members.len()).filter(|&position| claim(&self.members[position])),
        )
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
        for member in &self.members {
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
            .members
            .iter()
            .map(|member| universe.root_package(member))
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
