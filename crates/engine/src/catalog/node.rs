//! Nodes and what stands around them.

use tailwater_core::graph::{Direction, NodeSet};
use tailwater_core::health::Health;
use tailwater_core::project::{Column, Macro, Node, Project, ResourceType};
use tailwater_core::relation::fold;
use tailwater_core::run::WarehouseTable;

use super::artifact::CatalogProject;
use super::model::Catalog;

/// A column, as it is declared and as the warehouse has it.
#[derive(Debug, Clone)]
pub struct ColumnView<'a> {
    /// Its name: as declared, else as the warehouse writes it. Untrusted.
    pub name: &'a str,
    /// The warehouse's type, else the declared one.
    pub data_type: Option<&'a str>,
    /// The declared description, else the warehouse's comment. Untrusted.
    pub description: Option<&'a str>,
    /// Whether the project declares it.
    pub is_declared: bool,
    /// Whether the warehouse has it; `None` where the relation was not looked at.
    pub is_in_warehouse: Option<bool>,
    /// The tests on it, sorted by id.
    pub tests: Vec<&'a Node>,
}

impl Catalog {
    /// The node at a position of the graph.
    pub fn node_at(&self, position: usize) -> Option<&Node> {
        let manifest = |at: usize| self.manifests.get(at).map(AsRef::as_ref);
        self.index.node(position, manifest, &self.exposure_nodes)
    }

    /// Looks a node up: one of a project or an exposure.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.node_at(self.graph().position(id)?)
    }

    /// Every node, exposures included, sorted by id.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        (0..self.graph().len()).filter_map(|position| self.node_at(position))
    }

    /// The nodes of a kind, sorted by name without case (exposures by label), then by id.
    pub fn nodes_of(&self, kind: ResourceType) -> impl DoubleEndedIterator<Item = &Node> {
        let positions = self.by_kind.get(&kind).into_iter().flatten();
        positions.filter_map(|&position| self.node_at(position))
    }

    /// How many nodes there are of a kind.
    pub fn count(&self, kind: ResourceType) -> usize {
        self.by_kind.get(&kind).map_or(0, Vec::len)
    }

    /// The project that a node came from; of a node of a shared package, the first. `None` for automatic
    /// exposures of which no project is known.
    pub fn project_of(&self, id: &str) -> Option<&CatalogProject> {
        let manifest = self.index.project(self.graph().position(id)?)?;
        self.projects.get(*self.project_of_manifest.get(manifest)?)
    }

    /// What a node reads, one step up, sorted by id.
    pub fn parents(&self, id: &str) -> impl Iterator<Item = &Node> {
        self.neighbours(id, Direction::Upstream)
    }

    /// What reads a node, one step down, without tests, sorted by id. For tests see [`Self::tests`].
    pub fn children(&self, id: &str) -> impl Iterator<Item = &Node> {
        self.neighbours(id, Direction::Downstream)
            .filter(|node| !is_test(node))
    }

    /// Everything that a node reads, directly or not, sorted by id.
    pub fn ancestors(&self, id: &str) -> impl Iterator<Item = &Node> {
        self.reached(id, Direction::Upstream)
    }

    /// Everything that reads a node, directly or not, tests included, sorted by id.
    pub fn descendants(&self, id: &str) -> impl Iterator<Item = &Node> {
        self.reached(id, Direction::Downstream)
    }

    /// The tests of a node, unit tests included: those declared on it, and tests of their own that read it.
    /// A test that is declared on another node and only compares with this one is not among them. Sorted
    /// by id.
    pub fn tests(&self, id: &str) -> impl Iterator<Item = &Node> {
        self.neighbours(id, Direction::Downstream).filter(move |node| {
            is_test(node)
                && node
                    .test
                    .as_ref()
                    .and_then(|test| test.attached_node.as_ref())
                    .is_none_or(|attached| attached.as_str() == id)
        })
    }

    /// The columns of a node: those declared, in that order, then what else the warehouse has, in its order.
    pub fn columns(&self, id: &str) -> Vec<ColumnView<'_>> {
        let Some(node) = self.node(id) else {
            return Vec::new();
        };
        let table = self.warehouse_table(id);
        let tests: Vec<&Node> = self.tests(id).collect();
        let tests_on = |name: &str| -> Vec<&Node> {
            let folded = fold(name);
            let is_on = |test: &&&Node| {
                let column = test.test.as_ref().and_then(|test| test.column.as_deref());
                column.is_some_and(|column| fold(column) == folded)
            };
            tests.iter().filter(is_on).copied().collect()
        };
        let in_warehouse = |name: &str| -> Option<&Column> {
            let folded = fold(name);
            table?.columns.iter().find(|column| fold(&column.name) == folded)
        };
        let declared = node.columns.iter().map(|column| {
            let found = in_warehouse(&column.name);
            ColumnView {
                name: &column.name,
                data_type: found
                    .and_then(|found| found.data_type.as_deref())
                    .or(column.data_type.as_deref()),
                description: column
                    .description
                    .as_deref()
                    .or_else(|| found.and_then(|found| found.description.as_deref())),
                is_declared: true,
                is_in_warehouse: table.map(|_| found.is_some()),
                tests: tests_on(&column.name),
            }
        });
        let is_declared = |column: &&Column| {
            let folded = fold(&column.name);
            node.columns.iter().any(|declared| fold(&declared.name) == folded)
        };
        let further = table.into_iter().flat_map(|table| &table.columns);
        let further = further
            .filter(|column| !is_declared(column))
            .map(|column| ColumnView {
                name: &column.name,
                data_type: column.data_type.as_deref(),
                description: column.description.as_deref(),
                is_declared: false,
                is_in_warehouse: Some(true),
                tests: tests_on(&column.name),
            });
        declared.chain(further).collect()
    }

    /// The node's relation as the warehouse describes it: rows, bytes, columns, types. `None` unless
    /// `dbt docs generate` looked at it.
    pub fn warehouse_table(&self, id: &str) -> Option<&WarehouseTable> {
        // Of a package that two projects share, the other may have looked.
        let own = self.project_of(id).and_then(|project| table_of(project, id));
        own.or_else(|| self.projects.iter().find_map(|project| table_of(project, id)))
    }

    /// The macros of all projects, dbt's own and those of packages included, by project, then by id.
    pub fn macros(&self) -> impl Iterator<Item = &Macro> {
        self.manifests().flat_map(Project::macros)
    }

    /// Looks a macro up.
    pub fn find_macro(&self, id: &str) -> Option<&Macro> {
        self.manifests().find_map(|project| project.find_macro(id))
    }

    /// The health at a position of the graph.
    pub fn health_at(&self, position: usize) -> Option<&Health> {
        self.health.get(position)
    }

    fn neighbours(&self, id: &str, direction: Direction) -> impl Iterator<Item = &Node> {
        let position = self.graph().position(id);
        let found = position.map_or(&[][..], |position| match direction {
            Direction::Upstream => self.graph().parents(position),
            Direction::Downstream => self.graph().children(position),
        });
        found.iter().filter_map(|&position| self.node_at(position))
    }

    fn reached(&self, id: &str, direction: Direction) -> impl Iterator<Item = &Node> {
        let reached = self.walk(id, direction);
        let positions: Vec<usize> = reached.iter().collect();
        positions
            .into_iter()
            .filter_map(|position| self.node_at(position))
    }

    /// The positions that can be reached from a node.
    pub(super) fn walk(&self, id: &str, direction: Direction) -> NodeSet {
        let graph = self.graph();
        let from = NodeSet::from_positions(graph.len(), graph.position(id));
        graph.walk(&from, direction, None)
    }
}

fn table_of<'a>(project: &'a CatalogProject, id: &str) -> Option<&'a WarehouseTable> {
    project.input().artifacts.warehouse.as_deref()?.tables.get(id)
}

fn is_test(node: &Node) -> bool {
    matches!(node.resource_type, ResourceType::Test | ResourceType::UnitTest)
}
