//! `/api/v1/jobs`: what runs dbt again and again, and setting it off.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::id::JobName;
use tailwater_core::job::{Job, JobRunCause, next_due};
use tailwater_engine::job::JobEntry;
use utoipa::ToSchema;

use super::job_run::{RunShape, run_shape};
use super::read::{JsonBody, secret};
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// A job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobShape {
    /// When it runs next by itself; null when it does not.
    pub next_run_at: Option<DateTime<Utc>>,
    /// The definition: name, project, directory, steps, schedule, …, with `declared_in` (`file`: read-only here, or
    /// `store`), `has_webhook` and where its secrets are. Never a secret.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub job: Value,
}

/// The value of a secret variable.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretValue {
    /// The value; it is sealed, and never given out again.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String)]
    pub value: SecretString,
}

/// Lists the jobs.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", responses((status = 200, body = Vec<JobShape>)))]
pub async fn list(context: Context) -> Result<Json<Vec<JobShape>>, Error> {
    let jobs = context.app.workspace().jobs().await?;
    Ok(Json(
        jobs.iter()
            .map(|entry| shape(&context, entry))
            .collect::<Result<_, _>>()?,
    ))
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{name}", tag = "jobs", params(("name" = String, Path)),
    responses((status = 200, body = JobShape), (status = 404, description = "there is no such job")))]
pub async fn get(context: Context, Path(name): Path<String>) -> Result<Json<JobShape>, Error> {
    let entry = context.app.workspace().find_job(&JobName::new(name)).await?;
    Ok(Json(shape(&context, &entry)?))
}

/// Makes a job.
#[utoipa::path(post, path = "/api/v1/jobs", tag = "jobs", request_body = Object,
    responses((status = 201, body = JobShape), (status = 400, description = "it makes no sense as a job"),
        (status = 409, description = "there is one of this name")))]
pub async fn create(
    context: Context,
    principal: Principal,
    JsonBody(job): JsonBody<Job>,
) -> Result<(StatusCode, Json<JobShape>), Error> {
    let entry = context.app.workspace().add_job(&job, &principal.actor).await?;
    Ok((StatusCode::CREATED, Json(shape(&context, &entry)?)))
}

/// Puts another definition in place of a job's; its runs and secrets stay.
#[utoipa::path(put, path = "/api/v1/jobs/{name}", tag = "jobs", params(("name" = String, Path)), request_body = Object,
    responses((status = 200, body = JobShape), (status = 400, description = "it makes no sense as a job"),
        (status = 404, description = "there is no such job"), (status = 409, description = "it is declared in the file")))]
pub async fn put(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
    JsonBody(job): JsonBody<Job>,
) -> Result<Json<JobShape>, Error> {
    if job.name.as_str() != name {
        return Err(Error::bad_request("`name` is not that of the address").with_hint("a job keeps its name"));
    }
    let entry = context.app.workspace().set_job(&job, &principal.actor).await?;
    Ok(Json(shape(&context, &entry)?))
}

/// Removes a job with its secrets; its runs stay until they are forgotten.
#[utoipa::path(delete, path = "/api/v1/jobs/{name}", tag = "jobs", params(("name" = String, Path)),
    responses((status = 204), (status = 404, description = "there is no such job"),
        (status = 409, description = "it is declared in the file")))]
pub async fn remove(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<StatusCode, Error> {
    let name = JobName::new(name);
    context
        .app
        .workspace()
        .remove_job(&name, &principal.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets the value of a secret variable.
#[utoipa::path(put, path = "/api/v1/jobs/{name}/secrets/{variable}", tag = "jobs",
    params(("name" = String, Path), ("variable" = String, Path)), request_body = SecretValue,
    responses((status = 204), (status = 400, description = "it is too short to be hidden in logs"),
        (status = 404, description = "there is no such job")))]
pub async fn put_secret(
    context: Context,
    principal: Principal,
    Path((name, variable)): Path<(String, String)>,
    JsonBody(secret): JsonBody<SecretValue>,
) -> Result<StatusCode, Error> {
    let workspace = context.app.workspace();
    let name = JobName::new(name);
    workspace
        .set_job_secret(&name, &variable, &secret.value, &principal.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Queues a run of a job.
#[utoipa::path(post, path = "/api/v1/jobs/{name}/runs", tag = "jobs", params(("name" = String, Path)),
    responses((status = 202, body = RunShape), (status = 404, description = "there is no such job")))]
pub async fn run(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<RunShape>), Error> {
    let workspace = context.app.workspace();
    let name = JobName::new(name);
    let run = workspace
        .run_job(&name, JobRunCause::Api, &principal.actor)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(run_shape(&run)?)))
}

fn shape(context: &Context, entry: &JobEntry) -> Result<JobShape, Error> {
    Ok(JobShape {
        next_run_at: next_due(&entry.job, context.now).ok().flatten(),
        job: serde_json::to_value(entry).map_err(|_| Error::internal())?,
    })
}
