//! `/api/v1/projects`: dbt projects, their environments, and the way in for artifacts.

use axum::Json;
use serde::Serialize;
use serde_json::Value;
use tailwater_engine::catalog::CatalogProject;
use utoipa::ToSchema;

use crate::context::Context;
use crate::error::Error;

/// A dbt project in the environment asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProjectShape {
    /// Its name in Tailwater.
    pub name: String,
    /// dbt's root package.
    pub package: Option<String>,
    /// dbt's adapter, such as `snowflake`.
    pub adapter: Option<String>,
    /// The version of dbt that wrote the manifest.
    pub dbt_version: Option<String>,
    /// The environment that the artifacts below belong to.
    pub environment: String,
    /// All its environments.
    #[schema(value_type = Vec<Object>)]
    pub environments: Value,
    /// Its artifacts: kind, when written, by which invocation, how it came.
    #[schema(value_type = Vec<Object>)]
    pub artifacts: Value,
    /// What could not be read, and what is shown instead.
    #[schema(value_type = Vec<Object>)]
    pub problems: Value,
    /// Whether anything is missing, and the one command that brings it.
    #[schema(value_type = Object)]
    pub readiness: Value,
}

/// Lists the dbt projects.
#[utoipa::path(get, path = "/api/v1/projects", tag = "projects", responses((status = 200, body = Vec<ProjectShape>)))]
pub async fn list(context: Context) -> Result<Json<Vec<ProjectShape>>, Error> {
    let catalog = context.catalog()?;
    Ok(Json(
        catalog.projects().iter().map(shape).collect::<Result<_, _>>()?,
    ))
}

fn shape(project: &CatalogProject) -> Result<ProjectShape, Error> {
    let json = |value: serde_json::Result<Value>| value.map_err(|_| Error::internal());
    let metadata = project.project().map(|project| &project.metadata);
    Ok(ProjectShape {
        name: project.name().to_owned(),
        package: metadata.map(|metadata| metadata.package.clone()),
        adapter: metadata.map(|metadata| metadata.adapter_type.clone()),
        dbt_version: metadata.map(|metadata| metadata.dbt_version.clone()),
        environment: project.environment().name.to_string(),
        environments: json(serde_json::to_value(project.environments()))?,
        artifacts: json(serde_json::to_value(project.artifacts()))?,
        problems: json(serde_json::to_value(project.problems()))?,
        readiness: json(serde_json::to_value(project.readiness()))?,
    })
}
