//! `/api/v1/projects`: dbt projects, their environments, and the way in for artifacts.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_engine::catalog::CatalogProject;
use utoipa::ToSchema;

use super::read::JsonBody;
use crate::context::Context;
use crate::error::Error;

/// A project to make. Its artifacts are handed over: paths on the server are for the file and the command line.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedProject {
    /// Its name in Tailwater.
    pub name: String,
}

/// An environment to make. Its artifacts are handed over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedEnvironment {
    /// Its name, such as `staging`.
    pub name: String,
    /// Whether it becomes the project's production, in place of the one that is it.
    #[serde(default)]
    pub is_production: bool,
}

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

/// One dbt project.
#[utoipa::path(get, path = "/api/v1/projects/{project}", tag = "projects", params(("project" = String, Path)),
    responses((status = 200, body = ProjectShape), (status = 404, description = "there is no such project")))]
pub async fn get(context: Context, Path(name): Path<String>) -> Result<Json<ProjectShape>, Error> {
    let catalog = context.catalog()?;
    let project = catalog.project(&name);
    Ok(Json(shape(
        project.ok_or_else(|| Error::not_found("project", &name))?,
    )?))
}

/// Makes a project whose artifacts are handed over. It has the environment `production`.
#[utoipa::path(post, path = "/api/v1/projects", tag = "projects", request_body = WantedProject,
    responses((status = 201, body = ProjectShape), (status = 400, description = "the name is not fit"),
        (status = 409, description = "there is one of this name")))]
pub async fn create(
    context: Context,
    JsonBody(wanted): JsonBody<WantedProject>,
) -> Result<(StatusCode, Json<ProjectShape>), Error> {
    let workspace = context.app.workspace();
    let made = workspace
        .add_project_without_path(ProjectName::new(wanted.name))
        .await?;
    context.record("project.add", made.name.as_str(), "").await?;
    context.app.refresh().await?;
    let name = made.name.to_string();
    Ok((StatusCode::CREATED, get(context, Path(name)).await?))
}

/// Forgets a project with its environments, artifacts and history.
#[utoipa::path(delete, path = "/api/v1/projects/{project}", tag = "projects", params(("project" = String, Path)),
    responses((status = 204), (status = 404, description = "there is no such project"),
        (status = 409, description = "an integration names it, or it is declared in the file")))]
pub async fn remove(context: Context, Path(name): Path<String>) -> Result<StatusCode, Error> {
    let name = ProjectName::new(name);
    context.app.workspace().remove_project(&name).await?;
    context.record("project.remove", name.as_str(), "").await?;
    context.app.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists a project's environments with what has arrived there, production first.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments", tag = "projects", params(("project" = String, Path)),
    responses((status = 200, body = Vec<Object>), (status = 404, description = "there is no such project")))]
pub async fn environments(context: Context, Path(name): Path<String>) -> Result<Json<Value>, Error> {
    let workspace = context.app.workspace();
    let states = workspace
        .environment_states(Some(&ProjectName::new(name)))
        .await?;
    Ok(Json(serde_json::to_value(states).map_err(|_| Error::internal())?))
}

/// Makes an environment whose artifacts are handed over.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments", tag = "projects",
    params(("project" = String, Path)), request_body = WantedEnvironment,
    responses((status = 201, body = Object), (status = 404, description = "there is no such project"),
        (status = 409, description = "there is one of this name, or the project is declared in the file")))]
pub async fn create_environment(
    context: Context,
    Path(project): Path<String>,
    JsonBody(wanted): JsonBody<WantedEnvironment>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let project = ProjectName::new(project);
    let name = EnvironmentName::new(wanted.name);
    let workspace = context.app.workspace();
    let made = workspace
        .add_environment(&project, name, None, wanted.is_production)
        .await?;
    let subject = format!("{project}/{}", made.name);
    context.record("environment.add", &subject, "").await?;
    context.app.refresh().await?;
    let made = serde_json::to_value(made).map_err(|_| Error::internal())?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Makes an environment the project's production.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/production", tag = "projects",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = Object), (status = 404, description = "there is no such project or environment"),
        (status = 409, description = "the project is declared in the file")))]
pub async fn make_production(
    context: Context,
    Path((project, environment)): Path<(String, String)>,
) -> Result<Json<Value>, Error> {
    let (project, name) = (ProjectName::new(project), EnvironmentName::new(environment));
    let workspace = context.app.workspace();
    let environment = workspace.set_production(&project, &name).await?;
    context
        .record("environment.production", &format!("{project}/{name}"), "")
        .await?;
    context.app.refresh().await?;
    Ok(Json(
        serde_json::to_value(environment).map_err(|_| Error::internal())?,
    ))
}

/// Forgets an environment with its artifacts and history.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/environments/{environment}", tag = "projects",
    params(("project" = String, Path), ("environment" = String, Path)),
    responses((status = 204), (status = 404, description = "there is no such project or environment"),
        (status = 409, description = "it is the one that the project has of itself, or the project is declared in the file")))]
pub async fn remove_environment(
    context: Context,
    Path((project, environment)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let (project, name) = (ProjectName::new(project), EnvironmentName::new(environment));
    context
        .app
        .workspace()
        .remove_environment(&project, &name)
        .await?;
    context
        .record("environment.remove", &format!("{project}/{name}"), "")
        .await?;
    context.app.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
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
