//! `POST /hooks/{secret}`: the webhook of a job. Whoever knows the address may set the job off.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tailwater_core::job::JobRunCause;
use tailwater_engine::account::Actor;

use crate::context::Context;
use crate::error::Error;

/// `POST /hooks/{secret}`
pub async fn post(context: Context, Path(secret): Path<String>) -> Result<(StatusCode, Json<Value>), Error> {
    let workspace = context.app.workspace();
    // The answer never repeats the address.
    let unknown = || {
        Error::new(
            StatusCode::NOT_FOUND,
            "TW-WEB-NOT-FOUND",
            "there is no such webhook",
        )
    };
    let job = workspace
        .find_job_of_webhook(&secret)
        .await?
        .ok_or_else(unknown)?;
    let run = workspace
        .run_job(&job, JobRunCause::Webhook, &Actor::System)
        .await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({ "run": run.id, "job": run.job, "state": run.state })),
    ))
}
