//! `PUT /api/v1/projects/{project}/environments/{environment}/artifacts`: dbt's artifacts, from a CI job; by `POST`
//! with what is to be refreshed because of them.
//!
//! ```text
//! one file as the body, or several as multipart/form-data; each packed with gzip or not
//!   ─▶ piece by piece to disk ─▶ recognised by content ─▶ judged ─▶ all land, or none
//! ```

use std::io;

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Path, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_core::refresh::{
    Decision, PlanCounts, RefreshCause, RefreshId, RefreshOrigin, TargetId, Verdict, outcome_words,
    verdict_words,
};
use tailwater_engine::ingest::{IngestReport, Intake};
use tailwater_engine::refresh_plan::PlanRequest;
use tokio_util::io::StreamReader;
use utoipa::IntoParams;

use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// The most bytes of one request: all four artifacts at their largest, and what multipart adds.
pub const LARGEST_BODY: usize = 4 * (512 << 20) + (1 << 20);

/// What a file is called in messages when the request has no name for it.
const NAMELESS: &str = "the upload";

/// How strict to be.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Force {
    /// `true`: also when they are older than what is there, of the future, or of another dbt project.
    #[serde(default)]
    pub force: bool,
}

/// Takes over dbt's artifacts: `manifest.json`, `run_results.json`, `sources.json`, `catalog.json`, one as the body or
/// several as `multipart/form-data`, each at most 512 MB, packed with gzip or not. All are taken over, or none.
#[utoipa::path(put, path = "/api/v1/projects/{project}/environments/{environment}/artifacts", tag = "projects",
    params(("project" = String, Path), ("environment" = String, Path, description = "such as `production`"), Force),
    request_body(content((Vec<u8> = "application/json"), (Vec<u8> = "application/gzip"), (Vec<u8> = "multipart/form-data"))),
    responses((status = 200, body = Object, description = "what became of each artifact: `taken`, `forced` or `already_there`"),
        (status = 400, description = "a file is broken, cut off, or none of dbt's artifacts"),
        (status = 404, description = "there is no such project or environment"),
        (status = 409, description = "a file is older than what is there, of the future, or of another dbt project"),
        (status = 413, description = "a file is larger than 512 MB when unpacked"),
        (status = 415, description = "a `Content-Encoding` other than gzip")))]
pub async fn put(
    context: Context,
    principal: Principal,
    Path((project, environment)): Path<(String, String)>,
    Parameters(force): Parameters<Force>,
    request: Request,
) -> Result<Json<IngestReport>, Error> {
    let place = (ProjectName::new(project), EnvironmentName::new(environment));
    check_encoding(request.headers())?;
    // On a task of its own: whoever hangs up after the last byte must not keep the landing from being written
    // into the log. One who hangs up earlier breaks the body off, and nothing is changed.
    let work = tokio::spawn(take(context, principal, place, force.force, request));
    work.await.map_err(|_| Error::internal())?.map(Json)
}

/// What else is to be done.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wish {
    /// `true`: also when they are older than what is there, of the future, or of another dbt project.
    #[serde(default)]
    pub force: bool,
    /// `true`: asks for the refreshes that are due because of them.
    #[serde(default)]
    pub refresh: bool,
}

/// What became of the artifacts, and of the targets that stand on them.
#[derive(Debug, Serialize)]
pub struct Followed {
    #[serde(flatten)]
    report: IngestReport,
    /// With `refresh=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<Refreshed>,
}

/// What was decided of the targets.
#[derive(Debug, Serialize)]
struct Refreshed {
    counts: PlanCounts,
    targets: Vec<Decided>,
}

/// What was decided of one target.
#[derive(Debug, Serialize)]
struct Decided {
    target: TargetId,
    name: String,
    /// In words.
    result: String,
    decision: Verdict,
    /// The row of the history, where one is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<RefreshId>,
}

/// Takes over dbt's artifacts as `PUT` does, and with `refresh=true` asks for what is due because of them.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments/{environment}/artifacts", tag = "projects",
    params(("project" = String, Path), ("environment" = String, Path, description = "such as `production`"), Wish),
    request_body(content((Vec<u8> = "application/json"), (Vec<u8> = "application/gzip"), (Vec<u8> = "multipart/form-data"))),
    responses((status = 200, body = Object, description = "what became of each artifact, and under `refresh` what was decided of each target, in words and in full"),
        (status = 400, description = "a file is broken, cut off, or none of dbt's artifacts"),
        (status = 404, description = "there is no such project or environment"),
        (status = 409, description = "a file is older than what is there, of the future, or of another dbt project; or dashboards do not stand on this environment"),
        (status = 413, description = "a file is larger than 512 MB when unpacked"),
        (status = 415, description = "a `Content-Encoding` other than gzip")))]
pub async fn post(
    context: Context,
    principal: Principal,
    Path((project, environment)): Path<(String, String)>,
    Parameters(wish): Parameters<Wish>,
    request: Request,
) -> Result<Json<Followed>, Error> {
    let place = (ProjectName::new(project), EnvironmentName::new(environment));
    check_encoding(request.headers())?;
    let work = tokio::spawn(async move {
        let report = take(
            context.clone(),
            principal.clone(),
            place.clone(),
            wish.force,
            request,
        )
        .await?;
        let refresh = if wish.refresh {
            Some(follow(&context, &principal, place).await?)
        } else {
            None
        };
        Ok(Followed { report, refresh })
    });
    work.await.map_err(|_| Error::internal())?.map(Json)
}

/// Asks for what is due.
async fn follow(
    context: &Context,
    principal: &Principal,
    (project, environment): (ProjectName, EnvironmentName),
) -> Result<Refreshed, Error> {
    let workspace = context.app.workspace();
    let catalog = context.app.catalog(None)?;
    let request = PlanRequest {
        project: Some(project.clone()),
        environment: Some(environment.clone()),
        ..PlanRequest::default()
    };
    let planned = workspace.plan_refreshes_in(&catalog, &request).await?;
    let origin = RefreshOrigin {
        cause: RefreshCause::Artifacts,
        project: Some(project),
        environment: Some(environment),
        invocation_id: None,
        job_run: None,
        by: Some(principal.actor.title().into_owned()),
    };
    let asked = workspace
        .ask_refreshes(&planned.plan, &planned.targets, &planned.policies, &origin)
        .await?;
    let now = planned.decided_at;
    let decided = |decision: &Decision| {
        let mut records = asked.records.iter();
        let record = records.find(|record| record.target == decision.target);
        Decided {
            target: decision.target.clone(),
            name: decision.name.clone(),
            result: record.map_or_else(
                || verdict_words(&decision.verdict, now),
                |record| outcome_words(record, now),
            ),
            decision: record.map_or_else(|| decision.verdict.clone(), |record| record.verdict.clone()),
            refresh: record.map(|record| record.id.clone()),
        }
    };
    Ok(Refreshed {
        counts: planned.plan.counts(),
        targets: planned.plan.decisions.iter().map(decided).collect(),
    })
}

async fn take(
    context: Context,
    principal: Principal,
    (project, environment): (ProjectName, EnvironmentName),
    is_forced: bool,
    request: Request,
) -> Result<IngestReport, Error> {
    let by = principal.actor.title();
    let workspace = context.app.workspace();
    let mut intake = workspace.begin_ingest(&project, Some(&environment), &by).await?;
    if is_multipart(request.headers()) {
        let multipart = Multipart::from_request(request, &()).await.map_err(|rejection| {
            Error::bad_request(format!(
                "the body is not multipart/form-data: {}",
                rejection.body_text()
            ))
        })?;
        receive_parts(&mut intake, multipart).await?;
    } else {
        receive_one(&mut intake, request.into_body()).await?;
    }
    let report = intake.finish(is_forced).await?;
    if report.has_changes() {
        let kinds: Vec<&str> = report
            .artifacts
            .iter()
            .map(|artifact| artifact.kind.name())
            .collect();
        let mut detail = kinds.join(", ");
        if is_forced {
            detail.push_str(", forced");
        }
        let subject = format!("{project}/{environment}");
        context.record("artifacts.ingest", &subject, &detail).await?;
        context.app.refresh().await?;
    }
    Ok(report)
}

async fn receive_one(intake: &mut Intake<'_>, body: Body) -> Result<(), Error> {
    let pieces = body.into_data_stream().map_err(io::Error::other);
    Ok(intake.receive(NAMELESS, StreamReader::new(pieces)).await?)
}

async fn receive_parts(intake: &mut Intake<'_>, mut multipart: Multipart) -> Result<(), Error> {
    while let Some(part) = multipart.next_field().await.map_err(|error| broken(&error))? {
        let name = part.file_name().or(part.name()).unwrap_or(NAMELESS);
        // It is shown in messages.
        let name: String = name.chars().filter(|sign| !sign.is_control()).take(200).collect();
        let pieces = part.map_err(io::Error::other);
        intake.receive(&name, StreamReader::new(Box::pin(pieces))).await?;
    }
    Ok(())
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("multipart/"))
}

/// gzip is known by the first bytes, whatever the header says. Anything else cannot be unpacked.
fn check_encoding(headers: &HeaderMap) -> Result<(), Error> {
    let said = headers
        .get(CONTENT_ENCODING)
        .map(|said| said.to_str().unwrap_or("?"));
    match said.map(str::trim) {
        None => Ok(()),
        Some(said)
            if ["gzip", "x-gzip", "identity", ""]
                .iter()
                .any(|known| said.eq_ignore_ascii_case(known)) =>
        {
            Ok(())
        }
        Some(said) => {
            let message = format!("the body is packed with `{said}`");
            let error = Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "TW-WEB-BAD-REQUEST", message);
            Err(error.with_hint("send it as it is, or packed with gzip"))
        }
    }
}

fn broken(error: &MultipartError) -> Error {
    let text = error.body_text();
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::new(
            error.status(),
            "TW-INGEST-TOO-LARGE",
            "the files are larger than 2 GB together",
        )
    } else {
        Error::bad_request(format!("the multipart body is broken or was cut off: {text}"))
            .with_hint("nothing was changed; send the files again")
    }
}
