//! What a process without pages answers: whether it lives, whether it can work, and what is counted. The same
//! words as the server of the catalog has at the same addresses.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::registry::Registry;
use tailwater_engine::Workspace;
use tailwater_engine::refresh::Refresher;

use crate::error::Error;
use crate::guard::token_of;
use crate::metrics::{WorkMetrics, respond};
use crate::operate;

/// What the handlers share.
#[derive(Debug, Clone)]
struct Shared {
    workspace: Arc<Workspace>,
    refresher: Refresher,
    registry: Arc<Registry>,
    work: WorkMetrics,
}

/// `GET /healthz` and `/readyz` for everybody, `GET /metrics` for any role, by API token.
pub fn router(workspace: Arc<Workspace>, refresher: Refresher) -> Router {
    let mut registry = Registry::with_prefix("tailwater");
    let work = WorkMetrics::registered(&mut registry);
    let shared = Shared {
        workspace,
        refresher,
        registry: Arc::new(registry),
        work,
    };
    Router::new()
        .route("/healthz", get(operate::healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(shared)
}

async fn readyz(State(shared): State<Shared>) -> Response {
    operate::readiness(&shared.workspace).await
}

async fn metrics(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    match counted(&shared, &headers).await {
        Ok(response) => response,
        Err(error) => {
            let hint = error.hint.as_deref().unwrap_or_default();
            let text = format!("{} [{}]\n{hint}\n", error.message, error.code);
            (error.status, text).into_response()
        }
    }
}

async fn counted(shared: &Shared, headers: &HeaderMap) -> Result<Response, Error> {
    // Any role may, so that being known is enough.
    token_of(&shared.workspace, headers)
        .await?
        .ok_or_else(Error::not_signed_in)?;
    shared
        .work
        .take(&shared.workspace, Some(&shared.refresher))
        .await?;
    respond(&shared.registry)
}
