//! `/api/v1/integrations/{name}/syncs`: starting a sync, watching one, stopping it.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tailwater_core::id::IntegrationName;
use tailwater_engine::runtime::LiveSync;
use tailwater_engine::store::{SyncCause, SyncId};
use utoipa::ToSchema;

use super::integration::{SyncShape, sync_shape};
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// A sync: while it runs and a short while after, how it stands; in the history, what it came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WatchedSync {
    /// Its id.
    pub id: String,
    /// Whether nothing more will happen.
    pub is_over: bool,
    /// How it stands, stage by stage; null for one that this process did not run.
    #[schema(value_type = Option<Object>)]
    pub live: Value,
    /// What it came to; null until it is over.
    pub record: Option<SyncShape>,
}

/// Starts a sync in the background, or joins the one that runs. The answer says where to watch it.
#[utoipa::path(post, path = "/api/v1/integrations/{name}/syncs", tag = "integrations", params(("name" = String, Path)),
    responses((status = 202, body = WatchedSync, headers(("location" = String, description = "where to watch it"))),
        (status = 404, description = "there is no such integration")))]
pub async fn start(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let name = IntegrationName::new(name);
    let runtime = context.app.runtime();
    let by = principal.actor.title();
    let id = runtime.start_sync(&name, SyncCause::Asked, Some(&by)).await?;
    context.record("integration.sync", name.as_str(), "").await?;
    let place = context
        .links
        .to("/api/v1/integrations")
        .segment(name.as_str())
        .then("/syncs")
        .segment(&id.to_string())
        .anywhere();
    let watched = watch(&context, &name, id).await?;
    Ok((
        StatusCode::ACCEPTED,
        [(LOCATION, place.to_string())],
        Json(watched),
    )
        .into_response())
}

/// One sync.
#[utoipa::path(get, path = "/api/v1/integrations/{name}/syncs/{id}", tag = "integrations",
    params(("name" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = WatchedSync), (status = 404, description = "there is no such sync")))]
pub async fn get(
    context: Context,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<WatchedSync>, Error> {
    let parsed = read(&id)?;
    Ok(Json(watch(&context, &IntegrationName::new(name), parsed).await?))
}

/// Stops a sync before it lands.
#[utoipa::path(delete, path = "/api/v1/integrations/{name}/syncs/{id}", tag = "integrations",
    params(("name" = String, Path), ("id" = String, Path)),
    responses((status = 202, body = WatchedSync), (status = 404, description = "there is no such sync"),
        (status = 409, description = "it is over")))]
pub async fn stop(
    context: Context,
    Path((name, id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<WatchedSync>), Error> {
    let parsed = read(&id)?;
    let name = IntegrationName::new(name);
    // So that the sync of another integration is not stopped under this one's name.
    watch(&context, &name, parsed).await?;
    if !context.app.runtime().cancel(parsed) {
        let message = "the sync is over, or another process runs it";
        return Err(Error::new(StatusCode::CONFLICT, "TW-WEB-BAD-REQUEST", message));
    }
    context
        .record("integration.sync.stop", name.as_str(), &id)
        .await?;
    let watched = watch(&context, &name, parsed).await?;
    Ok((StatusCode::ACCEPTED, Json(watched)))
}

fn read(id: &str) -> Result<SyncId, Error> {
    id.parse().map_err(|_| Error::not_found("sync", id))
}

async fn watch(context: &Context, name: &IntegrationName, id: SyncId) -> Result<WatchedSync, Error> {
    let runtime = context.app.runtime();
    let live: Option<LiveSync> = runtime.snapshot(id).filter(|live| live.integration == *name);
    let record = runtime.find_sync(id).await?;
    let record = record.filter(|record| record.integration == *name);
    if live.is_none() && record.is_none() {
        return Err(Error::not_found("sync", &id.to_string()));
    }
    Ok(WatchedSync {
        id: id.to_string(),
        is_over: live.as_ref().is_none_or(|live| live.state.is_over()),
        live: serde_json::to_value(live).map_err(|_| Error::internal())?,
        record: record.as_ref().map(sync_shape).transpose()?,
    })
}
