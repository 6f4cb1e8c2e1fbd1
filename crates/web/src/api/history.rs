//! `/api/v1/resources/{id}/runs` and `/code`: what is read when it is asked for.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;

/// The code of a resource or macro.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodeShape {
    /// As its authors wrote it, with Jinja.
    pub raw: Option<String>,
    /// As dbt sent it to the warehouse; null where it was not compiled.
    pub compiled: Option<String>,
    /// `sql` or `python`.
    pub language: String,
}

/// How many runs.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryLength {
    /// 1 to 500; 50 when left out.
    pub limit: Option<u32>,
}

/// How a resource ended in the invocations of dbt that touched it, newest first: `{run, result}` or `{run, freshness}`.
#[utoipa::path(get, path = "/api/v1/resources/{id}/runs", tag = "resources",
    params(("id" = String, Path, description = "dbt's `unique_id`"), HistoryLength),
    responses((status = 200, body = Vec<Object>), (status = 404, description = "there is no such resource")))]
pub async fn runs(
    context: Context,
    Path(id): Path<String>,
    Parameters(length): Parameters<HistoryLength>,
) -> Result<Json<Value>, Error> {
    let catalog = context.catalog()?;
    let node = catalog
        .node(&id)
        .ok_or_else(|| Error::not_found("resource", &id))?;
    let limit = length.limit.unwrap_or(50).clamp(1, 500);
    let Some(project) = catalog.project_of(&id) else {
        return Ok(Json(Value::Array(Vec::new())));
    };
    let store = context.app.workspace().store();
    let (name, environment) = (&project.entry().name, &project.environment().name);
    let runs = store.node_runs(name, environment, &node.unique_id, limit).await;
    let runs = runs.map_err(tailwater_engine::Error::from)?;
    Ok(Json(serde_json::to_value(runs).map_err(|_| Error::internal())?))
}

/// The code of a resource or macro, as written and as compiled. What has none, such as a source, has nulls.
#[utoipa::path(get, path = "/api/v1/resources/{id}/code", tag = "resources",
    params(("id" = String, Path, description = "dbt's `unique_id`, also a macro's")),
    responses((status = 200, body = CodeShape), (status = 404, description = "there is no such resource")))]
pub async fn code(context: Context, Path(id): Path<String>) -> Result<Json<CodeShape>, Error> {
    let catalog = context.catalog()?;
    if catalog.node(&id).is_none() && catalog.find_macro(&id).is_none() {
        return Err(Error::not_found("resource", &id));
    }
    let code = context.app.workspace().node_code(&catalog, &id).await?;
    let code = code.unwrap_or_default();
    Ok(Json(CodeShape {
        raw: code.raw,
        compiled: code.compiled,
        language: code.language,
    }))
}
