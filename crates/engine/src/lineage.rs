//! Lineage: the nodes that a selector chooses and the edges between them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tailwater_core::id::NodeId;
use tailwater_core::project::{Node, ResourceType};

use crate::catalog::Catalog;
use crate::error::Error;

/// Nodes and edges. Its JSON is a public format: fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lineage {
    /// The chosen nodes, sorted by `unique_id`.
    pub nodes: Vec<LineageNode>,
    /// The edges between them, sorted.
    pub edges: Vec<LineageEdge>,
}

/// A node of the lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineageNode {
    /// dbt's `unique_id`.
    pub unique_id: NodeId,
    /// Its name; of an exposure its label.
    pub name: String,
    /// Its kind.
    pub resource_type: ResourceType,
    /// Its relation, dotted; `None` where it has none.
    pub relation: Option<String>,
}

/// One node reads another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LineageEdge {
    /// What is read.
    pub from: NodeId,
    /// What reads it.
    pub to: NodeId,
}

impl Catalog {
    /// The lineage of what a selector chooses.
    pub fn lineage(&self, select: &str, exclude: Option<&str>) -> Result<Lineage, Error> {
        let chosen = self.select(select, exclude)?;
        let nodes: BTreeMap<NodeId, Node> = self
            .nodes()
            .into_iter()
            .filter(|node| chosen.contains(&node.unique_id))
            .map(|node| (node.unique_id.clone(), node))
            .collect();
        let edges: BTreeSet<LineageEdge> = nodes
            .values()
            .flat_map(|node| {
                node.depends_on.iter().map(|from| LineageEdge {
                    from: from.clone(),
                    to: node.unique_id.clone(),
                })
            })
            .filter(|edge| chosen.contains(&edge.from))
            .collect();
        let shown = |node: Node| LineageNode {
            name: node
                .exposure
                .and_then(|exposure| exposure.label)
                .unwrap_or(node.name),
            resource_type: node.resource_type,
            relation: node
                .relation
                .and_then(|relation| relation.rendered.map(|_| relation.name.to_string())),
            unique_id: node.unique_id,
        };
        Ok(Lineage {
            nodes: nodes.into_values().map(shown).collect(),
            edges: edges.into_iter().collect(),
        })
    }
}
