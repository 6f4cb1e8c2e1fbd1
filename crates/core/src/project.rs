//! A dbt project as Tailwater holds it: the lean index of one `manifest.json`.
//!
//! What a manifest holds and this does not: the code of macros, raw and compiled code of nodes, docs blocks.
//! They are most of its bytes and no rule needs them; who shows them reads them from the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dialect::Dialect;
use crate::exposure_yaml::Mark;
use crate::id::{NodeId, ProjectName};
use crate::relation::RelationName;

/// One dbt project: everything that its manifest declares, indexed by `unique_id`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Project {
    /// The name under which it was registered with Tailwater.
    pub name: ProjectName,
    /// What the manifest says of itself.
    pub metadata: ProjectMetadata,
    nodes: Vec<Node>,
    disabled: Vec<Node>,
    generated: Vec<Node>,
    groups: Vec<Group>,
    macros: Vec<Macro>,
}

impl Default for ProjectName {
    fn default() -> Self {
        Self::new("")
    }
}

/// The manifest's `metadata` block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectMetadata {
    /// The root package: dbt's `metadata.project_name`, else the package of most nodes.
    pub package: String,
    /// `adapter_type`, such as `snowflake`.
    pub adapter_type: String,
    /// The version of dbt that wrote it, such as `1.11.16`.
    pub dbt_version: String,
    /// The number in `dbt_schema_version`, such as 12.
    pub schema_version: u32,
    /// When it was written.
    pub generated_at: Option<DateTime<Utc>>,
    /// dbt's own id of the invocation that wrote it.
    pub invocation_id: Option<String>,
    /// What the reader of the manifest should be told, such as that its schema is newer than this
    /// release knows. Plain sentences, without a full stop.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A dbt resource. All kinds share this shape; what only one kind has sits in an `Option`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// dbt's `unique_id`.
    pub unique_id: NodeId,
    /// Its kind.
    pub resource_type: ResourceType,
    /// Its name: of a source, the table's name; of a versioned model, without the version.
    pub name: String,
    /// The package that declares it.
    pub package: String,
    /// dbt's fully qualified name: package, folders, name.
    pub fqn: Vec<String>,
    /// `original_file_path`, relative to its package's root.
    pub path: String,
    /// The YAML file that describes it, relative to its package's root, when that is another file.
    pub patch_path: Option<String>,
    /// Where it lives in the warehouse, for kinds that live there. Ephemeral models have the place
    /// where they would be, with `relation_name` empty.
    pub relation: Option<NodeRelation>,
    /// Free text by the project's authors. Untrusted.
    pub description: Option<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// `config` as resolved by dbt, without nulls, empty lists and maps, and hooks. Shared, because in a
    /// large project thousands of nodes, tests above all, have the same one.
    pub config: Arc<Map<String, Value>>,
    /// `meta`, merged from `config.meta` and the top level.
    pub meta: Map<String, Value>,
    /// The group it belongs to.
    pub group: Option<String>,
    /// `private`, `protected` or `public`, of models.
    pub access: Option<String>,
    /// Version of a versioned model.
    pub version: Option<String>,
    /// The newest version among its siblings.
    pub latest_version: Option<String>,
    /// The source's name, of source tables.
    pub source_name: Option<String>,
    /// Declared columns, in order of declaration.
    pub columns: Vec<Column>,
    /// What it reads, as dbt resolved it; nodes, sources, metrics; no macros.
    pub depends_on: Vec<NodeId>,
    /// What only tests have.
    pub test: Option<TestInfo>,
    /// What only exposures have.
    pub exposure: Option<ExposureInfo>,
    /// How fresh it is expected to be, of source tables that say so.
    pub freshness: Option<FreshnessCriteria>,
}

impl Default for NodeId {
    fn default() -> Self {
        Self::new("")
    }
}

impl Node {
    /// How it is built: `table`, `view`, `incremental`, `ephemeral`, `seed`, …
    pub fn materialized(&self) -> Option<&str> {
        self.config.get("materialized").and_then(Value::as_str)
    }

    /// The relation that a dashboard can read; `None` where there is none.
    pub fn readable_relation(&self) -> Option<&RelationName> {
        let relation = self.relation.as_ref().filter(|_| !self.is_ephemeral())?;
        Some(&relation.name)
    }

    /// Whether it is inlined into its readers and so has no relation.
    pub fn is_ephemeral(&self) -> bool {
        self.materialized() == Some("ephemeral")
    }
}

/// Where a node lives in the warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRelation {
    /// Database, schema and alias (of a source: identifier), unquoted.
    pub name: RelationName,
    /// dbt's `relation_name`, quoted as the warehouse wants it; `None` for ephemeral models.
    pub rendered: Option<String>,
}

/// A declared column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name as declared.
    pub name: String,
    /// The warehouse's type, when known.
    pub data_type: Option<String>,
    /// Free text. Untrusted.
    pub description: Option<String>,
}

/// What only tests have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestInfo {
    /// Whether it is generic, singular or a unit test.
    pub kind: TestKind,
    /// Of a generic test, its name without the model's: `not_null`.
    pub name: Option<String>,
    /// Of a generic test, the package of its macro, when not dbt's own.
    pub namespace: Option<String>,
    /// The node it is declared on.
    pub attached_node: Option<NodeId>,
    /// The column it is declared on.
    pub column: Option<String>,
    /// Whether its failure is an error or a warning.
    pub severity: Severity,
}

/// How old the data of a source table may get, in seconds; `None` where no limit is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreshnessCriteria {
    /// The age from which dbt warns.
    pub warn_after_seconds: Option<u64>,
    /// The age from which dbt reports an error.
    pub error_after_seconds: Option<u64>,
}

/// A group: the people to whom its models belong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name, as [`Node::group`] has it.
    pub name: String,
    /// The package that declares it.
    pub package: String,
    /// Who answers for it.
    pub owner_name: Option<String>,
    /// Their address.
    pub owner_email: Option<String>,
}

/// A macro, without its code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Macro {
    /// dbt's `unique_id`, such as `macro.shop.cents_to_euros`.
    pub unique_id: NodeId,
    /// Its name.
    pub name: String,
    /// The package that declares it.
    pub package: String,
    /// `original_file_path`, relative to its package's root.
    pub path: String,
    /// Free text by its authors. Untrusted.
    pub description: Option<String>,
    /// The arguments that are described, in order.
    pub arguments: Vec<MacroArgument>,
}

/// An argument of a macro, as its authors describe it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroArgument {
    /// Its name.
    pub name: String,
    /// What it may be, in its authors' words. Untrusted.
    pub kind: Option<String>,
    /// What it is for. Untrusted.
    pub description: Option<String>,
}

/// dbt's kinds of test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestKind {
    /// Declared in YAML from a macro.
    Generic,
    /// A SQL file of its own.
    Singular,
    /// A model's logic on given rows.
    Unit,
}

/// How bad a test's failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The default.
    #[default]
    Error,
    /// Reported, but no failure.
    Warn,
}

/// What only exposures have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureInfo {
    /// `dashboard`, `notebook`, `analysis`, `ml` or `application`.
    pub kind: String,
    /// The name for people.
    pub label: Option<String>,
    /// Where it is.
    pub url: Option<String>,
    /// `high`, `medium` or `low`.
    pub maturity: Option<String>,
    /// Who answers for it.
    pub owner_name: Option<String>,
    /// Their address.
    pub owner_email: Option<String>,
}

/// dbt's resource types, by the words that dbt uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceType {
    /// A select statement that dbt builds.
    #[default]
    Model,
    /// A table that dbt does not build.
    Source,
    /// A CSV file that dbt loads.
    Seed,
    /// A table of changes over time.
    Snapshot,
    /// A data test.
    Test,
    /// A test of a model's logic.
    UnitTest,
    /// SQL that is compiled but not built.
    Analysis,
    /// A hook or operation.
    Operation,
    /// SQL given on the command line.
    SqlOperation,
    /// A user-defined function.
    Function,
    /// A measure of the semantic layer.
    Metric,
    /// A semantic model.
    SemanticModel,
    /// A saved query.
    SavedQuery,
    /// A dashboard or other use.
    Exposure,
}

impl ResourceType {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Model,
        Self::Source,
        Self::Seed,
        Self::Snapshot,
        Self::Test,
        Self::UnitTest,
        Self::Analysis,
        Self::Operation,
        Self::SqlOperation,
        Self::Function,
        Self::Metric,
        Self::SemanticModel,
        Self::SavedQuery,
        Self::Exposure,
    ];

    /// Reads dbt's word for a kind.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// dbt's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Source => "source",
            Self::Seed => "seed",
            Self::Snapshot => "snapshot",
            Self::Test => "test",
            Self::UnitTest => "unit_test",
            Self::Analysis => "analysis",
            Self::Operation => "operation",
            Self::SqlOperation => "sql_operation",
            Self::Function => "function",
            Self::Metric => "metric",
            Self::SemanticModel => "semantic_model",
            Self::SavedQuery => "saved_query",
            Self::Exposure => "exposure",
        }
    }

    /// The word after `a` or `an`, whichever fits: `an exposure`, `a model`.
    pub fn with_article(self) -> String {
        with_article(self.name())
    }

    /// Whether nodes of this kind are relations in the warehouse that a dashboard can read.
    pub const fn is_relation(self) -> bool {
        matches!(self, Self::Model | Self::Source | Self::Seed | Self::Snapshot)
    }
}

/// A word after `a` or `an`: `an operation`, `a model`, `a unit test`.
pub fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}

impl std::fmt::Display for ResourceType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Project {
    /// Indexes the nodes. Of two nodes with one `unique_id` the later wins, as in a JSON object.
    ///
    /// Exposures that an export of Tailwater wrote are set apart at this door ([`Self::generated`]): they say
    /// nothing that the BI tool did not say, and taken for the authors' word they would feed on themselves.
    pub fn new(
        name: ProjectName,
        metadata: ProjectMetadata,
        mut nodes: Vec<Node>,
        mut disabled: Vec<Node>,
    ) -> Self {
        // As they are when they come from an index.
        if !nodes.is_sorted_by(|left, right| left.unique_id < right.unique_id) {
            // In place and by copies of the ids: a large project's nodes are tens of megabytes, of which sorting by the
            // nodes themselves would hold half twice.
            nodes.sort_by_cached_key(|node| node.unique_id.clone());
            nodes.dedup_by(|later, earlier| {
                let is_same = later.unique_id == earlier.unique_id;
                if is_same {
                    std::mem::swap(later, earlier);
                }
                is_same
            });
        }
        let generated = nodes.extract_if(.., |node| is_generated(node)).collect();
        nodes.shrink_to_fit();
        disabled.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
        Self {
            name,
            metadata,
            nodes,
            disabled,
            generated,
            groups: Vec::new(),
            macros: Vec::new(),
        }
    }

    /// Adds the macros that the project and its packages declare.
    pub fn with_macros(mut self, mut macros: Vec<Macro>) -> Self {
        macros.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
        macros.dedup_by(|later, earlier| later.unique_id == earlier.unique_id);
        macros.shrink_to_fit();
        self.macros = macros;
        self
    }

    /// The macros, dbt's own among them, sorted by `unique_id`.
    pub fn macros(&self) -> &[Macro] {
        &self.macros
    }

    /// Looks a macro up.
    pub fn find_macro(&self, unique_id: &str) -> Option<&Macro> {
        self.macros
            .binary_search_by(|known| known.unique_id.as_str().cmp(unique_id))
            .ok()
            .map(|index| &self.macros[index])
    }

    /// Adds the groups that the project declares.
    pub fn with_groups(mut self, mut groups: Vec<Group>) -> Self {
        groups.sort_by(|left, right| (&left.package, &left.name).cmp(&(&right.package, &right.name)));
        self.groups = groups;
        self
    }

    /// The declared groups, sorted by package and name.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Every enabled node, sorted by `unique_id`.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Nodes that the project declares and switches off, sorted by `unique_id`.
    pub fn disabled(&self) -> &[Node] {
        &self.disabled
    }

    /// Looks a node up.
    pub fn find(&self, unique_id: &str) -> Option<&Node> {
        self.nodes
            .binary_search_by(|node| node.unique_id.as_str().cmp(unique_id))
            .ok()
            .map(|index| &self.nodes[index])
    }

    /// The exposures that an export of Tailwater wrote into the project's YAML, sorted by `unique_id`. They are
    /// not among [`Self::nodes`].
    pub fn generated(&self) -> &[Node] {
        &self.generated
    }

    /// The manual exposures: those that people wrote in YAML.
    pub fn exposures(&self) -> impl Iterator<Item = &Node> {
        self.nodes
            .iter()
            .filter(|node| node.resource_type == ResourceType::Exposure)
    }

    /// The SQL dialect of the project's warehouse.
    pub fn dialect(&self) -> Dialect {
        Dialect::from_adapter(&self.metadata.adapter_type)
    }

    /// How many nodes there are of each kind.
    pub fn counts(&self) -> BTreeMap<ResourceType, usize> {
        let mut counts = BTreeMap::new();
        for node in &self.nodes {
            *counts.entry(node.resource_type).or_insert(0) += 1;
        }
        counts
    }
}

fn is_generated(node: &Node) -> bool {
    node.resource_type == ResourceType::Exposure && Mark::of(&node.meta).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, path: &str) -> Node {
        Node {
            unique_id: NodeId::from(id),
            path: path.to_owned(),
            ..Node::default()
        }
    }

    #[test]
    fn nodes_are_sorted_and_of_equal_ids_the_last_is_kept() {
        let nodes = ["c", "a", "b", "a", "c", "a"].into_iter().enumerate();
        let nodes = nodes.map(|(at, id)| node(id, &at.to_string())).collect();
        let project = Project::new(
            ProjectName::new("p"),
            ProjectMetadata::default(),
            nodes,
            Vec::new(),
        );
        let held: Vec<_> = project
            .nodes()
            .iter()
            .map(|node| (node.unique_id.as_str(), node.path.as_str()))
            .collect();
        assert_eq!(held, [("a", "5"), ("b", "2"), ("c", "4")]);
        assert_eq!(project.find("b").map(|node| node.path.as_str()), Some("2"));
        assert_eq!(project.find("d"), None);
    }

    #[test]
    fn every_kind_reads_back_from_its_name() {
        for kind in ResourceType::ALL {
            assert_eq!(ResourceType::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ResourceType::from_name("macro"), None);
    }
}
