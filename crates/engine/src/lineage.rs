//! Lineage: the nodes that a selector chooses and the edges between them.

use std::collections::BTreeSet;

use serde::Serialize;
use tailwater_core::graph::NodeSet;
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
    /// Its name.
    pub name: String,
    /// Of an exposure, the name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
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
        let universe = self.universe();
        let graph = universe.graph();
        let positions: Vec<usize> = chosen
            .iter()
            .filter_map(|id| graph.position(id.as_str()))
            .collect();
        let id = |position: usize| graph.ids()[position].clone();
        let set = NodeSet::from_positions(graph.len(), positions.iter().copied());
        let edges: BTreeSet<LineageEdge> = graph
            .edges_within(&set)
            .map(|(from, to)| LineageEdge {
                from: id(from),
                to: id(to),
            })
            .collect();
        let nodes = positions
            .iter()
            .filter_map(|&position| universe.node(position))
            .map(shown)
            .collect();
        Ok(Lineage {
            nodes,
            edges: edges.into_iter().collect(),
        })
    }
}

fn shown(node: &Node) -> LineageNode {
    LineageNode {
        name: node.name.clone(),
        label: node.exposure.as_ref().and_then(|exposure| exposure.label.clone()),
        resource_type: node.resource_type,
        relation: node.readable_relation().map(ToString::to_string),
        unique_id: node.unique_id.clone(),
    }
}
