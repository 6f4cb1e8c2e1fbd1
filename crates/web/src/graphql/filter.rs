//! What lists are narrowed by. Several values of one field mean any of them, several fields all of them.

use std::collections::BTreeSet;

use async_graphql::InputObject;
use tailwater_core::id::{IntegrationName, NodeId};
use tailwater_core::layer::Layer;
use tailwater_core::project::ResourceType;
use tailwater_engine::catalog::Catalog;

use super::connection::from_web;

/// Which resources.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ResourceFilter {
    /// These alone.
    unique_ids: Option<Vec<String>>,
    /// dbt's selector syntax, such as `tag:finance+`.
    select: Option<String>,
    /// What the selector leaves out.
    exclude: Option<String>,
    /// Those with one of these tags.
    tags: Option<Vec<String>>,
    /// The package that declares them.
    package_name: Option<String>,
    /// The database that they live in, in any case.
    database: Option<String>,
    /// The schema that they live in, in any case.
    schema: Option<String>,
    /// Their name in the warehouse, in any case.
    identifier: Option<String>,
    /// The group they belong to.
    group: Option<String>,
    /// `private`, `protected` or `public`.
    access: Option<String>,
    /// `marts`, `intermediate` or `staging`.
    modeling_layer: Option<String>,
    /// How they are built.
    materialized_type: Option<String>,
    /// How their last build, test or check ended, by dbt's word.
    last_run_status: Option<String>,
    /// `healthy`, `caution`, `degraded` or `unknown`.
    health: Option<String>,
}

/// Which exposures.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ExposureFilter {
    /// These alone.
    unique_ids: Option<Vec<String>>,
    /// dbt's selector syntax, such as `fct_orders+`.
    select: Option<String>,
    /// What the selector leaves out.
    exclude: Option<String>,
    /// dbt's exposure type, such as `dashboard`.
    exposure_type: Option<String>,
    /// `auto` or `manual`.
    definition_type: Option<String>,
    /// The integration that imported them.
    integration_id: Option<String>,
    /// Who answers for them.
    owner_name: Option<String>,
    /// Their address.
    owner_email: Option<String>,
    /// `high`, `medium` or `low`.
    maturity: Option<String>,
    /// Those with one of these tags.
    tags: Option<Vec<String>>,
    /// `healthy`, `caution`, `degraded` or `unknown`.
    health: Option<String>,
}

/// Which part of the lineage.
#[derive(Debug, Clone, Default, InputObject)]
pub struct LineageFilter {
    /// dbt's selector syntax; everything without it.
    select: Option<String>,
    /// What the selector leaves out.
    exclude: Option<String>,
    /// These alone.
    unique_ids: Option<Vec<String>>,
    /// These kinds alone, by dbt's words such as `model`.
    types: Option<Vec<String>>,
}

/// Which exposure.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ExposureTileFilter {
    /// `exposure.<package>.<name>`.
    pub unique_id: String,
}

impl ResourceFilter {
    /// The positions that it lets pass.
    pub fn choose(&self, catalog: &Catalog, positions: Vec<usize>) -> async_graphql::Result<Vec<usize>> {
        let chosen = Chosen::new(
            catalog,
            self.select.as_deref(),
            self.exclude.as_deref(),
            self.unique_ids.as_ref(),
        )?;
        let admits = |position: &usize| {
            let Some(node) = catalog.node_at(*position) else {
                return false;
            };
            let id = node.unique_id.as_str();
            let name = node.relation.as_ref().map(|relation| &relation.name);
            let in_any_case = |wanted: &Option<String>, found: Option<&str>| {
                wanted.as_deref().is_none_or(|wanted| {
                    found.is_some_and(|found| found.to_lowercase() == wanted.to_lowercase())
                })
            };
            chosen.admits(&node.unique_id)
                && has_tag(self.tags.as_ref(), |tag| node.tags.contains(tag))
                && is(self.package_name.as_ref(), Some(&node.package))
                && in_any_case(&self.database, name.and_then(|name| name.database.as_deref()))
                && in_any_case(&self.schema, name.and_then(|name| name.schema.as_deref()))
                && in_any_case(&self.identifier, name.map(|name| name.name.as_str()))
                && is(self.group.as_ref(), node.group.as_deref())
                && is(self.access.as_ref(), node.access.as_deref())
                && is(self.modeling_layer.as_ref(), Layer::of(node).map(Layer::name))
                && is(self.materialized_type.as_ref(), node.materialized())
                && (self.last_run_status.is_none()
                    || is(self.last_run_status.as_ref(), last_status(catalog, id)))
                && (self.health.is_none() || is(self.health.as_ref(), Some(catalog.health(id).state.name())))
        };
        Ok(positions.into_iter().filter(admits).collect())
    }
}

impl ExposureFilter {
    /// The positions that it lets pass.
    pub fn choose(&self, catalog: &Catalog, positions: Vec<usize>) -> async_graphql::Result<Vec<usize>> {
        let chosen = Chosen::new(
            catalog,
            self.select.as_deref(),
            self.exclude.as_deref(),
            self.unique_ids.as_ref(),
        )?;
        let admits = |position: &usize| {
            let id = catalog.graph().ids().get(*position);
            let Some(exposure) = id.and_then(|id| catalog.exposure(id.as_str())) else {
                return false;
            };
            chosen.admits(&exposure.unique_id)
                && has_tag(self.tags.as_ref(), |tag| exposure.tags.contains(tag))
                && is(self.exposure_type.as_ref(), Some(&exposure.kind))
                && self
                    .definition_type
                    .as_ref()
                    .is_none_or(|wanted| exposure.modes.iter().any(|mode| mode.name() == wanted))
                && is(
                    self.integration_id.as_ref(),
                    exposure.integration.as_ref().map(IntegrationName::as_str),
                )
                && is(self.owner_name.as_ref(), exposure.owner.name.as_deref())
                && is(self.owner_email.as_ref(), exposure.owner.email.as_deref())
                && is(self.maturity.as_ref(), exposure.maturity.as_deref())
                && is(
                    self.health.as_ref(),
                    Some(catalog.health(exposure.unique_id.as_str()).state.name()),
                )
        };
        Ok(positions.into_iter().filter(admits).collect())
    }
}

impl LineageFilter {
    /// The positions that it lets pass.
    pub fn choose(&self, catalog: &Catalog) -> async_graphql::Result<Vec<usize>> {
        let chosen = Chosen::new(
            catalog,
            self.select.as_deref(),
            self.exclude.as_deref(),
            self.unique_ids.as_ref(),
        )?;
        let mut kinds = Vec::new();
        for word in self.types.iter().flatten() {
            let kind = ResourceType::from_name(&word.to_lowercase()).ok_or_else(|| {
                let error = crate::error::Error::bad_request(format!("there is no kind `{word}`"));
                from_web(&error.with_hint("kinds are named as dbt does, such as `model` or `source`"))
            })?;
            kinds.push(kind);
        }
        let admits = |position: &usize| {
            catalog.node_at(*position).is_some_and(|node| {
                chosen.admits(&node.unique_id)
                    && (self.types.is_none() || kinds.contains(&node.resource_type))
            })
        };
        Ok((0..catalog.graph().len()).filter(admits).collect())
    }
}

/// What a selector and a list of ids leave; everything without either.
struct Chosen {
    selected: Option<BTreeSet<NodeId>>,
    listed: Option<BTreeSet<String>>,
}

impl Chosen {
    fn new(
        catalog: &Catalog,
        select: Option<&str>,
        exclude: Option<&str>,
        listed: Option<&Vec<String>>,
    ) -> async_graphql::Result<Self> {
        let is_asked = select.is_some() || exclude.is_some();
        let selected = is_asked
            .then(|| catalog.select(select.unwrap_or_default(), exclude))
            .transpose()
            .map_err(|error| from_web(&error.into()))?;
        Ok(Self {
            selected,
            listed: listed.map(|ids| ids.iter().cloned().collect()),
        })
    }

    fn admits(&self, id: &NodeId) -> bool {
        self.selected
            .as_ref()
            .is_none_or(|selected| selected.contains(id))
            && self
                .listed
                .as_ref()
                .is_none_or(|listed| listed.contains(id.as_str()))
    }
}

fn is(wanted: Option<&String>, found: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

fn has_tag(wanted: Option<&Vec<String>>, has: impl Fn(&String) -> bool) -> bool {
    wanted.is_none_or(|tags| tags.iter().any(has))
}

fn last_status<'a>(catalog: &'a Catalog, id: &str) -> Option<&'a str> {
    let state = catalog.state(id)?;
    let run = state.build.as_ref().or(state.test.as_ref());
    run.map(|last| last.status.name())
        .or_else(|| state.freshness.as_ref().map(|last| last.status.name()))
}
