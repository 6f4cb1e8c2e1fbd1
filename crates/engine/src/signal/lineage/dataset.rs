//! Tables and dashboards as datasets.

use std::collections::BTreeSet;

use tailwater_bi::outgoing::open_lineage::{Dataset, ExposureFacet};
use tailwater_core::id::NodeId;
use tailwater_core::project::{Node, Project};

use crate::catalog::Catalog;
use crate::signal::settings::SignalSettings;

/// Where nodes are looked up, and how their tables' namespace is called.
pub(super) trait Tables {
    /// Looks a node up.
    fn node(&self, id: &str) -> Option<&Node>;

    /// The adapter that builds a node; empty when not known.
    fn adapter(&self, id: &str) -> &str;
}

impl Tables for Catalog {
    fn node(&self, id: &str) -> Option<&Node> {
        Self::node(self, id)
    }

    fn adapter(&self, id: &str) -> &str {
        self.project_of(id)
            .and_then(|project| project.project())
            .map_or("", |project| project.metadata.adapter_type.as_str())
    }
}

impl Tables for Project {
    fn node(&self, id: &str) -> Option<&Node> {
        self.find(id)
    }

    fn adapter(&self, _: &str) -> &str {
        &self.metadata.adapter_type
    }
}

/// The tables of some nodes: relations, and those behind models that are none.
pub(super) fn tables<'a>(
    all: &'a dyn Tables,
    nodes: impl IntoIterator<Item = &'a NodeId>,
    settings: &SignalSettings,
) -> Vec<Dataset> {
    let mut found: Vec<Dataset> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = nodes.into_iter().map(NodeId::as_str).collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(node) = all.node(id) else { continue };
        match table(all, node, settings) {
            Some(table) => found.push(table),
            None if node.is_ephemeral() => open.extend(node.depends_on.iter().map(NodeId::as_str)),
            None => {}
        }
    }
    found.sort_by(|left, right| (&left.namespace, &left.name).cmp(&(&right.namespace, &right.name)));
    found.dedup();
    found
}

/// The table that a node is; `None` for one that is none.
pub(super) fn table(all: &dyn Tables, node: &Node, settings: &SignalSettings) -> Option<Dataset> {
    let relation = node.readable_relation()?;
    let parts = [
        relation.database.as_deref(),
        relation.schema.as_deref(),
        Some(relation.name.as_str()),
    ];
    let name: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let adapter = Some(all.adapter(node.unique_id.as_str())).filter(|adapter| !adapter.is_empty());
    let namespace = settings.dataset_namespace.as_deref().or(adapter);
    (!name.is_empty()).then(|| Dataset {
        namespace: namespace.unwrap_or("warehouse").to_owned(),
        name: name.join("."),
        ..Dataset::default()
    })
}

/// A dashboard as a dataset: where it is, and what dbt calls it.
pub(super) fn dashboard(catalog: &Catalog, id: &NodeId) -> Option<Dataset> {
    let exposure = catalog.exposure(id.as_str())?;
    let (namespace, name) = match (catalog.asset(exposure), &exposure.workbook) {
        (Some(view), Some(workbook)) => {
            let integration = view.integration.integration();
            let server = integration
                .server
                .split_once("://")
                .map_or(integration.server.as_str(), |(_, rest)| rest);
            let site = if integration.site.is_empty() {
                "default"
            } else {
                &integration.site
            };
            (
                format!("tableau://{}/{site}", server.trim_end_matches('/')),
                format!("workbooks/{}", workbook.luid),
            )
        }
        _ => ("dbt".to_owned(), exposure.unique_id.to_string()),
    };
    Some(Dataset {
        namespace,
        name,
        exposure: Some(ExposureFacet {
            unique_id: exposure.unique_id.to_string(),
            label: exposure.label.clone(),
            kind: exposure.kind.clone(),
            url: exposure.url.clone(),
            description: exposure.description.clone(),
            owner_name: exposure.owner.name.clone(),
            owner_email: exposure.owner.email.clone(),
        }),
        ..Dataset::default()
    })
}
