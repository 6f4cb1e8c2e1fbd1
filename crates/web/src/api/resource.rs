//! `/api/v1/resources`: dbt's nodes of every kind.

use axum::Json;
use axum::extract::Path;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::health::Health;
use tailwater_core::project::{Node, ResourceType};
use tailwater_engine::catalog::Catalog;
use utoipa::{IntoParams, ToSchema};

use super::exposure::{ExposureRow, row as exposure_row};
use super::paging::{Paged, Piece};
use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;

/// A resource in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResourceRow {
    /// dbt's `unique_id`.
    pub unique_id: String,
    /// Its kind, by dbt's word.
    pub resource_type: String,
    /// Its name.
    pub name: String,
    /// The package that declares it.
    pub package_name: String,
    /// Its file, relative to the package's root.
    pub file_path: String,
    /// Where it lives in the warehouse, dotted.
    pub relation: Option<String>,
    /// How it is built.
    pub materialized: Option<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// The group it belongs to.
    pub group: Option<String>,
    /// `private`, `protected` or `public`.
    pub access: Option<String>,
    /// `healthy`, `caution`, `degraded` or `unknown`.
    pub health: String,
    /// How its last build or test ended, by dbt's word.
    pub last_status: Option<String>,
    /// When.
    pub last_run_at: Option<DateTime<Utc>>,
    /// How many exposures stand on it, directly or not.
    pub exposures_downstream: usize,
}

/// A resource with everything that is known of it, except its code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResourceDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub row: ResourceRow,
    /// Free text. Untrusted.
    pub description: Option<String>,
    /// dbt's fully qualified name.
    pub fqn: Vec<String>,
    /// `meta` as declared.
    #[schema(value_type = Object)]
    pub meta: Value,
    /// `config` as dbt resolved it.
    #[schema(value_type = Object)]
    pub config: Value,
    /// Its columns, declared and found in the warehouse.
    pub columns: Vec<ColumnShape>,
    /// Why it is as healthy as it is.
    pub data_health: HealthShape,
    /// What it reads directly.
    pub parents: Vec<Neighbour>,
    /// What reads it directly.
    pub children: Vec<Neighbour>,
    /// The tests on it.
    pub tests: Vec<String>,
}

/// A resource beside another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Neighbour {
    /// dbt's `unique_id`.
    pub unique_id: String,
    /// Its kind.
    pub resource_type: String,
    /// Its name.
    pub name: String,
}

/// A column.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// The warehouse's type, else the declared one.
    pub data_type: Option<String>,
    /// Free text. Untrusted.
    pub description: Option<String>,
    /// The tests on it.
    pub tests: Vec<String>,
}

/// A state of health with what led to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthShape {
    /// `healthy`, `caution`, `degraded` or `unknown`.
    pub state: String,
    /// Why, worst first.
    pub reasons: Vec<ReasonShape>,
    /// What was looked at.
    pub checks: Vec<CheckShape>,
}

/// One reason of a state of health.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReasonShape {
    /// A stable word for it.
    pub key: String,
    /// The state it leads to.
    pub state: String,
    /// It in words.
    pub text: String,
    /// The resources that caused it.
    pub resources: Vec<String>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckShape {
    /// What, in words.
    pub title: String,
    /// How it was found; null where there is nothing to look at.
    pub state: Option<String>,
    /// Where, in words.
    pub place: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// Which resources.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// The kind, by dbt's word, such as `model`.
    pub kind: Option<String>,
    /// dbt's selector syntax.
    pub select: Option<String>,
    /// What to leave out, in the same syntax.
    pub exclude: Option<String>,
    /// A part of the name, in any case.
    pub q: Option<String>,
    /// `healthy`, `caution`, `degraded` or `unknown`.
    pub health: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// The package.
    pub package: Option<String>,
}

/// Lists dbt's resources, exposures among them.
#[utoipa::path(get, path = "/api/v1/resources", tag = "resources", params(Filter, Piece),
    responses((status = 200, body = Paged<ResourceRow>), (status = 400, description = "the selector or a parameter makes no sense")))]
pub async fn list(
    context: Context,
    Parameters(filter): Parameters<Filter>,
    Parameters(piece): Parameters<Piece>,
) -> Result<Json<Paged<ResourceRow>>, Error> {
    let catalog = context.catalog()?;
    let chosen = filter.choose(&catalog)?;
    Ok(Json(piece.cut(
        &chosen,
        |node| node.unique_id.as_str(),
        |node| row(&catalog, node),
    )?))
}

/// One resource.
#[utoipa::path(get, path = "/api/v1/resources/{id}", tag = "resources",
    params(("id" = String, Path, description = "dbt's `unique_id`")),
    responses((status = 200, body = ResourceDetail), (status = 404, description = "there is no such resource")))]
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Json<ResourceDetail>, Error> {
    let catalog = context.catalog()?;
    let node = find(&catalog, &id)?;
    Ok(Json(detail(&catalog, node)))
}

/// The exposures that stand on a resource, directly or not.
#[utoipa::path(get, path = "/api/v1/resources/{id}/exposures", tag = "resources",
    params(("id" = String, Path, description = "dbt's `unique_id`"), Piece),
    responses((status = 200, body = Paged<ExposureRow>), (status = 404, description = "there is no such resource")))]
pub async fn exposures(
    context: Context,
    Path(id): Path<String>,
    Parameters(piece): Parameters<Piece>,
) -> Result<Json<Paged<ExposureRow>>, Error> {
    let catalog = context.catalog()?;
    let node = find(&catalog, &id)?;
    let mut downstream = catalog.exposures_downstream(node.unique_id.as_str());
    downstream.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
    Ok(Json(piece.cut(
        &downstream,
        |exposure| exposure.unique_id.as_str(),
        |exposure| exposure_row(&catalog, exposure),
    )?))
}

impl Filter {
    /// The nodes that it lets pass, sorted by `unique_id`.
    pub fn choose<'a>(&self, catalog: &'a Catalog) -> Result<Vec<&'a Node>, Error> {
        let kind = self.kind.as_deref().filter(|kind| !kind.is_empty());
        let kind = kind.map(find_kind).transpose()?;
        let selected = match self.select.as_deref().filter(|select| !select.is_empty()) {
            None if self.exclude.is_none() => None,
            select => Some(catalog.select(select.unwrap_or_default(), self.exclude.as_deref())?),
        };
        let part = self.q.as_ref().map(|part| part.to_lowercase());
        let admits = |node: &&Node| {
            kind.is_none_or(|kind| node.resource_type == kind)
                && selected
                    .as_ref()
                    .is_none_or(|selected| selected.contains(&node.unique_id))
                && part
                    .as_ref()
                    .is_none_or(|part| node.name.to_lowercase().contains(part))
                && self
                    .tag
                    .as_ref()
                    .is_none_or(|tag| tag.is_empty() || node.tags.contains(tag))
                && self
                    .package
                    .as_ref()
                    .is_none_or(|package| package.is_empty() || node.package == *package)
                && self.health.as_ref().is_none_or(|state| {
                    state.is_empty() || catalog.health(node.unique_id.as_str()).state.name() == state
                })
        };
        Ok(catalog.nodes().filter(admits).collect())
    }
}

/// The kind of dbt's word for it.
pub fn find_kind(word: &str) -> Result<ResourceType, Error> {
    ResourceType::from_name(word).ok_or_else(|| {
        let known: Vec<&str> = ResourceType::ALL.iter().map(|kind| kind.name()).collect();
        Error::bad_request(format!("there is no kind `{word}`"))
            .with_hint(format!("the kinds are {}", known.join(", ")))
    })
}

/// The name for people.
pub fn shown_name(node: &Node) -> String {
    let exposure = node.exposure.as_ref();
    let label = exposure.and_then(|exposure| exposure.label.clone());
    label.unwrap_or_else(|| node.name.clone())
}

fn find<'a>(catalog: &'a Catalog, id: &str) -> Result<&'a Node, Error> {
    catalog.node(id).ok_or_else(|| Error::not_found("resource", id))
}

/// A resource as lists show it.
pub fn row(catalog: &Catalog, node: &Node) -> ResourceRow {
    let id = node.unique_id.as_str();
    let state = catalog.state(id);
    let last = state.and_then(|state| state.build.as_ref().or(state.test.as_ref()));
    let freshness = state.and_then(|state| state.freshness.as_ref());
    ResourceRow {
        unique_id: node.unique_id.to_string(),
        resource_type: node.resource_type.name().to_owned(),
        name: shown_name(node),
        package_name: node.package.clone(),
        file_path: node.path.clone(),
        relation: node.readable_relation().map(ToString::to_string),
        materialized: node.materialized().map(str::to_owned),
        tags: node.tags.clone(),
        group: node.group.clone(),
        access: node.access.clone(),
        health: catalog.health(id).state.name().to_owned(),
        last_status: last
            .map(|last| &last.status)
            .or(freshness.map(|freshness| &freshness.status))
            .map(|status| status.name().to_owned()),
        last_run_at: last
            .and_then(|last| last.at)
            .or(freshness.and_then(|freshness| freshness.at)),
        exposures_downstream: catalog.exposures_fed(id),
    }
}

fn detail(catalog: &Catalog, node: &Node) -> ResourceDetail {
    let id = node.unique_id.as_str();
    let column = |column: tailwater_engine::catalog::ColumnView<'_>| ColumnShape {
        name: column.name.to_owned(),
        data_type: column.data_type.map(str::to_owned),
        description: column.description.map(str::to_owned),
        tests: column
            .tests
            .iter()
            .map(|test| test.unique_id.to_string())
            .collect(),
    };
    ResourceDetail {
        row: row(catalog, node),
        description: node.description.clone(),
        fqn: node.fqn.clone(),
        meta: Value::Object(node.meta.clone()),
        config: Value::Object((*node.config).clone()),
        columns: catalog.columns(id).into_iter().map(column).collect(),
        data_health: health_shape(catalog.health(id)),
        parents: catalog.parents(id).map(neighbour).collect(),
        children: catalog.children(id).map(neighbour).collect(),
        tests: catalog.tests(id).map(|test| test.unique_id.to_string()).collect(),
    }
}

/// A resource beside another.
pub fn neighbour(node: &Node) -> Neighbour {
    Neighbour {
        unique_id: node.unique_id.to_string(),
        resource_type: node.resource_type.name().to_owned(),
        name: shown_name(node),
    }
}

/// A state of health in the API's words.
pub fn health_shape(health: &Health) -> HealthShape {
    HealthShape {
        state: health.state.name().to_owned(),
        reasons: health
            .reasons
            .iter()
            .map(|reason| ReasonShape {
                key: reason.key.name().to_owned(),
                state: reason.state.name().to_owned(),
                text: reason.sentence(),
                resources: reason.nodes.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        checks: health
            .checks
            .iter()
            .map(|check| CheckShape {
                title: check.title.to_string(),
                state: check.state.map(|state| state.name().to_owned()),
                place: check.place(),
                at: check.at,
            })
            .collect(),
    }
}
