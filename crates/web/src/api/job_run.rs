//! `/api/v1/runs`: the runs of jobs, what they built, what dbt said, and their end before their time.

use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunState};
use tailwater_engine::job::KeptArtifact;
use tailwater_engine::store::{JobRunCursor, JobRunFilter};
use utoipa::{IntoParams, ToSchema};

use super::paging::limit_of;
use super::read::{JsonBody, Parameters};
use super::refresh::{RefreshShape, shape as refresh_shape};
use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::principal::Principal;

/// Where to read on in a log.
const NEXT: HeaderName = HeaderName::from_static("x-next-offset");
/// One answer has so many bytes of a log at most.
const LARGEST_PIECE: u64 = 1 << 20;

/// A run of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunShape {
    /// The whole record: job, cause, state, times, steps, counts of nodes.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub run: Value,
}

/// A run with what it built and refreshed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WholeRun {
    /// The run.
    #[serde(flatten)]
    pub run: RunShape,
    /// How its nodes ended: `{unique_id, step, status, started_at, ended_at, seconds, message}`.
    #[schema(value_type = Vec<Object>)]
    pub node_results: Value,
    /// What was decided of the extracts behind it, the oldest first.
    pub refreshes: Vec<RefreshShape>,
    /// dbt's files that are kept of its steps.
    pub artifacts: Vec<ArtifactShape>,
}

/// A file of dbt's that a run keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArtifactShape {
    /// The step that wrote it, counted from 0.
    pub step: usize,
    /// Its name, such as `run_results.json`.
    pub file: String,
    /// How large it is.
    pub bytes: u64,
    /// Where it is downloaded, below the catalog's address.
    pub path: String,
}

/// A piece of the runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Runs {
    /// The runs, newest first.
    pub items: Vec<RunShape>,
    /// What asks for the next piece; null at the end.
    pub next_cursor: Option<String>,
}

/// Which runs.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Of one job.
    pub job: Option<String>,
    /// Of one project.
    pub project: Option<String>,
    /// `queued`, `running`, `succeeded`, `failed`, `cancelled`, `replaced`, `timed_out` or `lost`.
    pub state: Option<String>,
    /// How many, 1 to 500; 100 when left out.
    pub limit: Option<usize>,
    /// `next_cursor` of the piece before.
    pub cursor: Option<String>,
}

/// Which part of a log.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Place {
    /// From which byte; `X-Next-Offset` of the answer before.
    #[serde(default)]
    pub offset: u64,
}

/// How to run it again.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// From the nodes that failed, by `dbt retry`, rather than as a whole.
    #[serde(default)]
    pub from_failed: bool,
}

/// Lists the runs of jobs, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "jobs", params(Filter),
    responses((status = 200, body = Runs), (status = 400, description = "a filter makes no sense")))]
pub async fn list(context: Context, Parameters(filter): Parameters<Filter>) -> Result<Json<Runs>, Error> {
    let state = filter.state.as_deref().map(|word| {
        JobRunState::of(word).ok_or_else(|| {
            let words = JobRunState::ALL.map(JobRunState::name).join(", ");
            Error::bad_request("there is no such state").with_hint(format!("there are {words}"))
        })
    });
    let before = filter
        .cursor
        .as_deref()
        .map(str::parse::<JobRunCursor>)
        .transpose();
    let wanted = JobRunFilter {
        job: filter.job.map(Into::into),
        project: filter.project.map(Into::into),
        state: state.transpose()?,
        before: before.map_err(|_| Error::bad_request("`cursor` is none of ours"))?,
    };
    let page = context
        .app
        .workspace()
        .store()
        .job_runs(&wanted, limit_of(filter.limit)?)
        .await?;
    Ok(Json(Runs {
        items: page.runs.iter().map(run_shape).collect::<Result<_, _>>()?,
        next_cursor: page.next.map(|next| next.to_string()),
    }))
}

/// One run with its nodes and refreshes.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = WholeRun), (status = 404, description = "there is no such run")))]
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Json<WholeRun>, Error> {
    let workspace = context.app.workspace();
    let run = workspace.find_job_run(&JobRunId::new(id)).await?;
    let nodes = workspace.job_run_nodes(&run.id).await?;
    let refreshes = workspace.refreshes_of_run(&run.id).await?;
    Ok(Json(WholeRun {
        run: run_shape(&run)?,
        node_results: serde_json::to_value(nodes).map_err(|_| Error::internal())?,
        refreshes: refreshes
            .iter()
            .map(|refresh| refresh_shape(&context, refresh))
            .collect::<Result<_, _>>()?,
        artifacts: workspace
            .job_run_artifacts(&run.id)
            .await?
            .into_iter()
            .map(|kept| ArtifactShape {
                path: artifact_address(&context, &run.id, &kept).to_string(),
                step: kept.step,
                file: kept.file,
                bytes: kept.bytes,
            })
            .collect(),
    }))
}

/// Where an artifact is downloaded.
pub fn artifact_address(context: &Context, run: &JobRunId, kept: &KeptArtifact) -> Address {
    context
        .links
        .to("/api/v1/runs")
        .segment(run.as_str())
        .then("/artifacts")
        .segment(&kept.step.to_string())
        .segment(&kept.file)
        .anywhere()
}

/// One of dbt's files as a step of the run wrote it, with the values of secret variables hidden.
#[utoipa::path(get, path = "/api/v1/runs/{id}/artifacts/{step}/{file}", tag = "jobs",
    params(("id" = String, Path), ("step" = usize, Path), ("file" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/json"),
        (status = 404, description = "there is no such run, or it keeps no such file")))]
pub async fn artifact(
    context: Context,
    Path((id, step, file)): Path<(String, String, String)>,
) -> Result<Response, Error> {
    let run = context.app.workspace().find_job_run(&JobRunId::new(id)).await?;
    let kept = context.app.workspace().job_run_artifacts(&run.id).await?;
    let is_meant = |kept: &KeptArtifact| kept.file == file && kept.step.to_string() == step;
    let kept = kept.into_iter().find(is_meant).ok_or_else(|| {
        Error::not_found("artifact", &file).with_hint("the run's page lists those that are kept")
    })?;
    // A name has nothing in it that a header would read as something else.
    let disposition = format!("attachment; filename=\"{}\"", kept.file);
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_LENGTH, kept.bytes.to_string()),
        (CONTENT_DISPOSITION, disposition),
    ];
    // A manifest may be large: it goes out piece by piece.
    let pieces = futures::stream::try_unfold(0, move |from: u64| {
        let (app, run, kept) = (context.app.clone(), run.id.clone(), kept.clone());
        async move {
            if from >= kept.bytes {
                return Ok(None);
            }
            let most = LARGEST_PIECE.min(kept.bytes - from);
            let read = app
                .workspace()
                .job_run_artifact(&run, kept.step, &kept.file, from, most);
            match read.await {
                Ok(Some(piece)) if !piece.is_empty() => {
                    let until = from + piece.len() as u64;
                    Ok(Some((piece, until)))
                }
                Ok(_) => Err(std::io::Error::other("the artifact ended early")),
                Err(error) => Err(std::io::Error::other(error)),
            }
        }
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// What dbt said, as text, at most 1 MB an answer; `X-Next-Offset` says where to read on, also while the run goes on.
#[utoipa::path(get, path = "/api/v1/runs/{id}/log", tag = "jobs", params(("id" = String, Path), Place),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, description = "there is no such run")))]
pub async fn log(
    context: Context,
    Path(id): Path<String>,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Error> {
    let workspace = context.app.workspace();
    let run = workspace.find_job_run(&JobRunId::new(id)).await?;
    let piece = workspace
        .job_run_log(&run.id, place.offset, LARGEST_PIECE)
        .await?;
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (NEXT, piece.next().to_string()),
    ];
    Ok((headers, piece.bytes).into_response())
}

/// Asks for a run's end: one that waits is over at once, one that runs within seconds.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", tag = "jobs", params(("id" = String, Path)),
    responses((status = 202, body = RunShape), (status = 404, description = "there is no such run"),
        (status = 409, description = "it is over")))]
pub async fn cancel(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<RunShape>), Error> {
    let workspace = context.app.workspace();
    let run = workspace
        .cancel_job_run(&JobRunId::new(id), &principal.actor)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(run_shape(&run)?)))
}

/// Queues a run once more: all of it, or from the nodes that failed.
#[utoipa::path(post, path = "/api/v1/runs/{id}/again", tag = "jobs", params(("id" = String, Path)), request_body = Again,
    responses((status = 202, body = RunShape), (status = 404, description = "there is no such run"),
        (status = 409, description = "it is not over, or nothing failed in it")))]
pub async fn again(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    JsonBody(how): JsonBody<Again>,
) -> Result<(StatusCode, Json<RunShape>), Error> {
    let workspace = context.app.workspace();
    let id = JobRunId::new(id);
    let run = workspace
        .rerun_job(&id, how.from_failed, &principal.actor)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(run_shape(&run)?)))
}

/// A run as the API shows it.
pub(super) fn run_shape(run: &JobRun) -> Result<RunShape, Error> {
    Ok(RunShape {
        run: serde_json::to_value(run).map_err(|_| Error::internal())?,
    })
}
