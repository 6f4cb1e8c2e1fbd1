//! Finding what a person means: an exposure, a node, something left out.

use tailwater_core::exposure::Exposure;
use tailwater_core::id::{AssetId, IntegrationName, NodeId};
use tailwater_core::manual::normalized_url;
use tailwater_core::project::{Node, Project, ResourceType};
use tailwater_core::relation::fold;

use super::error::CurateError;
use super::{LeftOut, Workspace};
use crate::catalog::Catalog;
use crate::error::Error;
use crate::explain::nearest;

/// How many near names an error proposes.
pub(super) const MOST_NEAR: usize = 3;

/// An exposure that comes from a BI tool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'c> {
    pub(super) integration: &'c IntegrationName,
    pub(super) exposure: &'c Exposure,
}

impl Subject<'_> {
    /// The asset behind the exposure.
    pub(super) fn asset(&self) -> AssetId {
        let luid = self
            .exposure
            .workbook
            .as_ref()
            .map(|workbook| workbook.luid.as_str());
        AssetId::new(luid.unwrap_or_default())
    }
}

/// The exposure of the given `unique_id`, name, label, address or LUID. What is more exact wins: a label may
/// be another exposure's name.
pub(super) fn find_exposure<'c>(catalog: &'c Catalog, text: &str) -> Result<Subject<'c>, CurateError> {
    let text = text.trim();
    let (folded, address) = (fold(text), normalized_url(text));
    let is_luid = |exposure: &Exposure| {
        exposure
            .workbook
            .as_ref()
            .is_some_and(|workbook| workbook.luid == text)
    };
    let is_address = |exposure: &Exposure| {
        text.contains("://") && exposure.url.as_deref().map(normalized_url).as_ref() == Some(&address)
    };
    let ways: [&dyn Fn(&Exposure) -> bool; 3] = [
        &|exposure| exposure.unique_id.as_str() == text || is_luid(exposure),
        &|exposure| exposure.name == text || is_address(exposure),
        &|exposure| fold(&exposure.label) == folded,
    ];
    for is_meant in ways {
        let meant: Vec<&Exposure> = catalog
            .exposures()
            .iter()
            .filter(|exposure| is_meant(exposure))
            .collect();
        match meant.as_slice() {
            [] => {}
            [exposure] => return subject(exposure),
            several => {
                return Err(CurateError::AmbiguousExposure {
                    subject: text.to_owned(),
                    candidates: several
                        .iter()
                        .map(|exposure| exposure.unique_id.clone())
                        .collect(),
                });
            }
        }
    }
    let names = catalog
        .exposures()
        .iter()
        .flat_map(|exposure| [exposure.name.clone(), exposure.label.clone()]);
    Err(CurateError::UnknownExposure {
        subject: text.to_owned(),
        nearest: nearest(text, names, MOST_NEAR),
    })
}

fn subject(exposure: &Exposure) -> Result<Subject<'_>, CurateError> {
    match &exposure.integration {
        Some(integration) if exposure.workbook.is_some() => Ok(Subject {
            integration,
            exposure,
        }),
        _ => Err(CurateError::ManualExposure {
            exposure: exposure.unique_id.clone(),
        }),
    }
}

/// The node of the given `unique_id` or name that a dashboard can stand on.
pub(super) fn find_node<'c>(catalog: &'c Catalog, text: &str) -> Result<&'c Node, CurateError> {
    let text = text.trim();
    let nodes = || catalog.manifests().flat_map(Project::nodes);
    let is_linkable =
        |node: &Node| node.resource_type.is_relation() || node.resource_type == ResourceType::Metric;
    let exact = catalog.manifests().find_map(|project| project.find(text));
    let meant: Vec<&Node> = match exact {
        Some(node) => vec![node],
        None => nodes()
            .filter(|node| node.name == text && is_linkable(node))
            .collect(),
    };
    match meant.as_slice() {
        [node] if is_linkable(node) => Ok(node),
        [node] => Err(CurateError::UnlinkableNode {
            node: node.unique_id.clone(),
            kind: node.resource_type.with_article(),
        }),
        [] => {
            let is_id = text.contains('.');
            let known = nodes().filter(|node| is_linkable(node)).map(|node| {
                if is_id {
                    node.unique_id.to_string()
                } else {
                    node.name.clone()
                }
            });
            Err(CurateError::UnknownNode {
                node: text.to_owned(),
                nearest: nearest(text, known, MOST_NEAR),
            })
        }
        several => latest(several).ok_or_else(|| CurateError::AmbiguousNode {
            node: text.to_owned(),
            candidates: several.iter().map(|node| node.unique_id.clone()).collect(),
        }),
    }
}

/// Of the versions of one model the latest, as dbt's `ref` without a version means it.
fn latest<'c>(nodes: &[&'c Node]) -> Option<&'c Node> {
    let first = nodes.first()?;
    let is_one_model = nodes
        .iter()
        .all(|node| node.version.is_some() && node.package == first.package);
    let mut latest = nodes.iter().filter(|node| node.version == node.latest_version);
    latest.next().filter(|_| is_one_model).copied()
}

/// What is left out under the given `unique_id`, label, address or LUID.
pub(super) fn find_left_out<'l>(left_out: &'l [LeftOut], text: &str) -> Result<&'l LeftOut, CurateError> {
    let text = text.trim();
    let (folded, address) = (fold(text), normalized_url(text));
    let is_exact = |one: &&LeftOut| {
        let name = one
            .unique_id
            .as_ref()
            .and_then(|id| id.as_str().rsplit('.').next());
        one.asset.as_str() == text
            || one.unique_id.as_ref().is_some_and(|id| id.as_str() == text)
            || name == Some(text)
            || (text.contains("://") && one.url.as_deref().map(normalized_url).as_ref() == Some(&address))
    };
    let exact: Vec<&LeftOut> = left_out.iter().filter(is_exact).collect();
    let meant = if exact.is_empty() {
        left_out.iter().filter(|one| fold(&one.label) == folded).collect()
    } else {
        exact
    };
    match meant.as_slice() {
        [one] => Ok(one),
        [] => Err(CurateError::NotLeftOut {
            subject: text.to_owned(),
            nearest: left_out
                .iter()
                .map(|one| one.label.clone())
                .take(MOST_NEAR)
                .collect(),
        }),
        several => Err(CurateError::AmbiguousExposure {
            subject: text.to_owned(),
            candidates: several
                .iter()
                .map(|one| NodeId::new(one.asset.as_str()))
                .collect(),
        }),
    }
}

impl Workspace {
    /// The links that the BI tool tells of itself, of one exposure.
    pub(super) async fn told_links(
        &self,
        integration: &IntegrationName,
        asset: &AssetId,
    ) -> Result<Vec<NodeId>, Error> {
        let stored = self.store().find_exposure_of(integration, asset).await?;
        let links = stored.into_iter().flat_map(|row| row.exposure.links);
        Ok(links.map(|link| link.node).collect())
    }
}
