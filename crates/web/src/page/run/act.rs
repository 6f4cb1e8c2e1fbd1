//! What can be done with a run: ending it, running it again, running it again from what failed.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use tailwater_core::id::JobRunId;

use super::show::find;
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// `POST /runs/{id}/cancel`
pub async fn cancel(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let run = find(&context, &id).await?;
    context
        .app
        .workspace()
        .cancel_job_run(&run.id, &principal.actor)
        .await?;
    Ok(see(&context, &run.id))
}

/// `POST /runs/{id}/again`
pub async fn again(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    rerun(&context, &principal, &id, false).await
}

/// `POST /runs/{id}/retry`: from what failed.
pub async fn retry(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    rerun(&context, &principal, &id, true).await
}

async fn rerun(
    context: &Context,
    principal: &Principal,
    id: &str,
    from_failed: bool,
) -> Result<Response, Error> {
    let run = find(context, id).await?;
    let workspace = context.app.workspace();
    let next = workspace
        .rerun_job(&run.id, from_failed, &principal.actor)
        .await?;
    Ok(see(context, &next.id))
}

fn see(context: &Context, id: &JobRunId) -> Response {
    let address = context.links.to("/runs").segment(id.as_str());
    Redirect::to(&address.to_string()).into_response()
}
