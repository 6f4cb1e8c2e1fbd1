//! What can be done with a job: running it, pausing it, removing it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use tailwater_core::job::JobRunCause;

use super::{address, find};
use crate::context::Context;
use crate::error::Error;
use crate::page::integration::posted::Posted;
use crate::principal::Principal;
use crate::view::job_run;

/// `POST /jobs/{name}/run`
pub async fn run(
    context: Context,
    principal: Principal,
    Path(wanted): Path<String>,
) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    let workspace = context.app.workspace();
    let run = workspace
        .run_job(&entry.job.name, JobRunCause::ByHand, &principal.actor)
        .await?;
    Ok(Redirect::to(&job_run::address(&context, &run).to_string()).into_response())
}

/// `POST /jobs/{name}/pause`: `paused=1` or `paused=0`.
pub async fn pause(
    context: Context,
    principal: Principal,
    Path(wanted): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    let is_paused = posted.get("paused") == Some("1");
    context
        .app
        .workspace()
        .pause_job(&entry.job.name, is_paused, &principal.actor)
        .await?;
    Ok(Redirect::to(&address(&context, &entry.job.name).to_string()).into_response())
}

/// `POST /jobs/{name}/remove`
pub async fn remove(
    context: Context,
    principal: Principal,
    Path(wanted): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    if !posted.has("sure") {
        return Err(Error::bad_request("nothing was removed: the box was not checked")
            .with_hint("go back, and check it if the job may go"));
    }
    context
        .app
        .workspace()
        .remove_job(&entry.job.name, &principal.actor)
        .await?;
    Ok(Redirect::to(&context.links.to("/jobs").to_string()).into_response())
}
