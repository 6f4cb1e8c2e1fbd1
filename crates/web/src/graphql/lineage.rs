//! The lineage as a list of nodes that name what they read.

use async_graphql::SimpleObject;
use tailwater_engine::catalog::Catalog;

use super::connection::refuse;
use super::limit::{LARGEST_LINEAGE, USUAL_LINEAGE};

/// A node of the lineage.
#[derive(Debug, Clone, SimpleObject)]
pub struct LineageNode {
    /// dbt's `unique_id`.
    unique_id: String,
    /// dbt's word for the kind.
    resource_type: &'static str,
    /// dbt's name.
    name: String,
    /// Of an exposure, the name for people. Untrusted.
    label: Option<String>,
    /// Its relation, dotted; null where it has none.
    relation: Option<String>,
    /// `healthy`, `caution`, `degraded` or `unknown`.
    health: &'static str,
    /// What it reads, one step up, whether that is in this answer or not; sorted.
    parent_ids: Vec<String>,
}

/// The nodes at the given positions. More than were asked for are refused, not cut: a lineage with holes misleads.
pub fn nodes(
    catalog: &Catalog,
    positions: &[usize],
    first: Option<i32>,
) -> async_graphql::Result<Vec<LineageNode>> {
    let first = first.map_or(USUAL_LINEAGE, |first| usize::try_from(first).unwrap_or_default());
    if first > LARGEST_LINEAGE {
        let message = format!("`first` is {first}, and may be 0 to {LARGEST_LINEAGE}");
        return Err(refuse(
            "TW-GRAPHQL-PAGE",
            message,
            "narrow the lineage with `filter`",
        ));
    }
    if positions.len() > first {
        let message = format!("the lineage has {} resources, more than {first}", positions.len());
        let hint = format!("narrow it with `filter`, or give a larger `first` (at most {LARGEST_LINEAGE})");
        return Err(refuse("TW-GRAPHQL-PAGE", message, &hint));
    }
    let ids = catalog.graph().ids();
    let one = |&position: &usize| {
        let node = catalog.node_at(position)?;
        let parents = catalog.graph().parents(position);
        Some(LineageNode {
            unique_id: node.unique_id.to_string(),
            resource_type: node.resource_type.name(),
            name: node.name.clone(),
            label: node.exposure.as_ref().and_then(|exposure| exposure.label.clone()),
            relation: node.readable_relation().map(ToString::to_string),
            health: catalog.health(node.unique_id.as_str()).state.name(),
            parent_ids: parents.iter().map(|&parent| ids[parent].to_string()).collect(),
        })
    };
    Ok(positions.iter().filter_map(one).collect())
}
