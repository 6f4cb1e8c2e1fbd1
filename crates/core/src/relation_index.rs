//! Finding the dbt nodes that a table name can mean.
//!
//! A node is found by its database, schema and identifier *and* by dbt's `relation_name`, because the
//! two differ for some warehouses: Oracle and ClickHouse leave the database out, Databricks
//! lower-cases. Everything is compared folded.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::OnceLock;

use crate::dialect::Dialect;
use crate::id::NodeId;
use crate::project::{Node, Project, ResourceType};
use crate::relation::{RelationName, fold, split_name};

/// Every relation of some projects, by name.
#[derive(Debug)]
pub struct RelationIndex<'a> {
    entries: Vec<Entry<'a>>,
    by_schema_name: HashMap<(String, String), Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    /// The dialects of the warehouses that have a database of this name.
    databases: HashMap<String, HashSet<Dialect>>,
    /// Made when first asked for.
    similar: OnceLock<SimilarNames>,
}

/// One name of one node.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The node.
    pub node: &'a Node,
    /// The name, folded.
    pub folded: RelationName,
    /// The name, as dbt has it.
    pub relation: &'a RelationName,
    /// The SQL of the project's warehouse.
    pub dialect: Dialect,
    /// Whether a dashboard can read it.
    pub state: EntryState,
}

/// Whether a node has a relation that a dashboard can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// It has.
    Readable,
    /// It is ephemeral: inlined into its readers.
    Ephemeral,
    /// It is switched off in dbt.
    Disabled,
}

impl<'a> RelationIndex<'a> {
    /// Indexes every model, source, seed and snapshot of the projects.
    pub fn new(projects: &[&'a Project]) -> Self {
        let mut index = Self {
            entries: Vec::new(),
            by_schema_name: HashMap::new(),
            by_name: HashMap::new(),
            databases: HashMap::new(),
            similar: OnceLock::new(),
        };
        let mut seen = HashSet::new();
        for project in projects {
            for node in project.nodes() {
                let state = if node.is_ephemeral() {
                    EntryState::Ephemeral
                } else {
                    EntryState::Readable
                };
                index.insert(node, project.dialect(), state, &mut seen);
            }
            for node in project.disabled() {
                index.insert(node, project.dialect(), EntryState::Disabled, &mut seen);
            }
        }
        index
    }

    fn insert(
        &mut self,
        node: &'a Node,
        dialect: Dialect,
        state: EntryState,
        seen: &mut HashSet<(&'a NodeId, RelationName, bool)>,
    ) {
        let Some(relation) = node
            .relation
            .as_ref()
            .filter(|_| node.resource_type.is_relation())
        else {
            return;
        };
        let rendered = relation
            .rendered
            .as_deref()
            .and_then(|text| RelationName::from_parts(&split_name(text)));
        // A rendered name of one part is a function call or a bare name: no name to match by.
        let rendered = rendered.filter(|name| name.schema.is_some());
        for name in std::iter::once(relation.name.clone()).chain(rendered) {
            let folded = name.folded();
            let is_disabled = state == EntryState::Disabled;
            if !seen.insert((&node.unique_id, folded.clone(), is_disabled)) {
                continue;
            }
            let at = self.entries.len();
            if let Some(database) = &folded.database {
                // Few databases hold many relations.
                if let Some(known) = self.databases.get_mut(database) {
                    known.insert(dialect);
                } else {
                    self.databases.insert(database.clone(), HashSet::from([dialect]));
                }
            }
            if let Some(schema) = &folded.schema {
                self.by_schema_name
                    .entry((schema.clone(), folded.name.clone()))
                    .or_default()
                    .push(at);
            }
            self.by_name.entry(folded.name.clone()).or_default().push(at);
            self.entries.push(Entry {
                node,
                folded,
                relation: &relation.name,
                dialect,
                state,
            });
        }
    }

    /// The entries with this schema and name, whatever their database.
    pub fn by_schema_and_name(&self, schema: &str, name: &str) -> Vec<&Entry<'a>> {
        self.pick(self.by_schema_name.get(&(fold(schema), fold(name))))
    }

    /// Whether some relation of a warehouse that fits the dialect is in this database.
    pub fn has_database(&self, database: &str, dialect: Dialect) -> bool {
        self.databases
            .get(&fold(database))
            .is_some_and(|found| found.iter().any(|own| dialect.fits(*own)))
    }

    /// The entries with this name. Only ever to propose candidates, never to link.
    pub fn by_bare_name(&self, name: &str) -> Vec<&Entry<'a>> {
        self.pick(self.by_name.get(&fold(name)))
    }

    /// Entries whose own name is much like the given one, best first. Only to propose candidates.
    pub fn with_similar_name(&self, name: &str, limit: usize) -> Vec<&Entry<'a>> {
        let folded = fold(name);
        let similar = self.similar.get_or_init(|| SimilarNames::new(&self.by_name));
        let mut ranked: Vec<(f64, &str)> = similar
            .near(&folded)
            .into_iter()
            .map(|near| (strsim::jaro_winkler(near, &folded), near))
            .filter(|(likeness, near)| *near != folded && *likeness >= LIKE_ENOUGH)
            .collect();
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
        ranked
            .into_iter()
            .flat_map(|(_, near)| self.by_bare_name(near))
            .take(limit)
            .collect()
    }

    fn pick(&self, positions: Option<&Vec<usize>>) -> Vec<&Entry<'a>> {
        positions
            .map(|positions| positions.iter().map(|&at| &self.entries[at]).collect())
            .unwrap_or_default()
    }
}

/// Layer prefixes that people leave out when they name a table elsewhere.
const LAYER_PREFIXES: [&str; 8] = ["stg_", "int_", "fct_", "fact_", "dim_", "mart_", "base_", "rpt_"];

/// Names that share a key but are less alike than this share it by chance.
const LIKE_ENOUGH: f64 = 0.7;

/// Names by what is left of them with one letter less.
///
/// Two names are near when they share a key: one letter more, less, changed or swapped, or another layer
/// prefix. This finds neighbours without comparing each name with every other. Keys are hashed and sorted:
/// as texts in a map they would take longer to make than all the rest of the index.
#[derive(Debug)]
struct SimilarNames {
    names: Vec<String>,
    /// A key's hash and the position of a name that has the key, sorted.
    keys: Vec<(u64, u32)>,
}

impl SimilarNames {
    fn new(by_name: &HashMap<String, Vec<usize>>) -> Self {
        let mut names: Vec<String> = by_name.keys().cloned().collect();
        names.sort_unstable();
        let mut keys: Vec<(u64, u32)> = (0_u32..)
            .zip(&names)
            .flat_map(|(at, name)| similarity_keys(name).into_iter().map(move |key| (key, at)))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        Self { names, keys }
    }

    fn near(&self, name: &str) -> BTreeSet<&str> {
        let with_key = |key: u64| {
            let first = self.keys.partition_point(|(known, _)| *known < key);
            self.keys[first..]
                .iter()
                .take_while(move |(known, _)| *known == key)
                .map(|(_, at)| *at as usize)
        };
        let positions = similarity_keys(name).into_iter().flat_map(with_key);
        positions.map(|at| self.names[at].as_str()).collect()
    }
}

/// Hashes of a name's stem, and of the stem with each one letter left out.
fn similarity_keys(name: &str) -> Vec<u64> {
    const LONGEST_STEM: usize = 64;
    let stem = LAYER_PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let mut keys = vec![hash(&[stem])];
    if (4..=LONGEST_STEM).contains(&stem.len()) {
        let without = |(at, letter): (usize, char)| hash(&[&stem[..at], &stem[at + letter.len_utf8()..]]);
        keys.extend(stem.char_indices().map(without));
    }
    keys
}

/// Hashes the parts as if they were one text.
fn hash(parts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write(part.as_bytes());
    }
    hasher.finish()
}

impl Entry<'_> {
    /// Whether dbt builds the relation, rather than declaring it as a source.
    pub fn is_built(&self) -> bool {
        self.node.resource_type != ResourceType::Source
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{NodeRelation, ProjectMetadata};

    fn node(id: &str, database: Option<&str>, schema: &str, name: &str, rendered: Option<&str>) -> Node {
        Node {
            unique_id: id.into(),
            relation: Some(NodeRelation {
                name: RelationName::new(database, Some(schema), name),
                rendered: rendered.map(str::to_owned),
            }),
            ..Node::default()
        }
    }

    fn project(nodes: Vec<Node>, disabled: Vec<Node>) -> Project {
        Project::new("shop".into(), ProjectMetadata::default(), nodes, disabled)
    }

    #[test]
    fn a_node_is_found_by_its_parts_and_by_its_rendered_name() {
        let oracle = project(
            vec![node(
                "model.a.t",
                Some("ORCL"),
                "MARTS",
                "T",
                Some("MARTS.T_RENDERED"),
            )],
            vec![],
        );
        let index = RelationIndex::new(&[&oracle]);
        assert_eq!(index.by_schema_and_name("marts", "t").len(), 1);
        assert_eq!(index.by_schema_and_name("Marts", "t_rendered").len(), 1);
    }

    #[test]
    fn one_name_told_twice_is_one_entry() {
        let same = project(
            vec![node(
                "model.a.t",
                Some("db"),
                "s",
                "t",
                Some("\"db\".\"s\".\"t\""),
            )],
            vec![],
        );
        assert_eq!(RelationIndex::new(&[&same]).by_schema_and_name("s", "t").len(), 1);
    }

    #[test]
    fn a_function_call_is_no_name() {
        let csv = project(
            vec![node("source.a.s.t", None, "raw", "t", Some("read_csv('t.csv')"))],
            vec![],
        );
        assert!(
            RelationIndex::new(&[&csv])
                .by_bare_name("read_csv('t.csv')")
                .is_empty()
        );
    }

    #[test]
    fn disabled_nodes_are_told_apart() {
        let off = project(vec![], vec![node("model.a.t", Some("db"), "s", "t", None)]);
        assert_eq!(
            RelationIndex::new(&[&off]).by_schema_and_name("s", "t")[0].state,
            EntryState::Disabled
        );
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        let orders = project(
            vec![node("model.a.o", Some("db"), "s", "fct_orders", None)],
            vec![],
        );
        let index = RelationIndex::new(&[&orders]);
        for near in ["fct_order", "orders", "fct_odrers", "dim_orders", "fct_ordersx"] {
            assert_eq!(index.with_similar_name(near, 3).len(), 1, "{near}");
        }
        assert!(index.with_similar_name("customers", 3).is_empty());
    }
}
