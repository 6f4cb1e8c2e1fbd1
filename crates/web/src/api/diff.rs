//! `/api/v1/integrations/{name}/diff`: what changed between two syncs, or two moments.

use axum::Json;
use axum::extract::Path;
use serde::Deserialize;
use serde_json::Value;
use tailwater_core::id::IntegrationName;
use utoipa::IntoParams;

use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;

/// Two moments: the id of a sync or its beginning, `latest`, `previous`, `~3` (the third before the latest), `ID~1`,
/// `now`, or a time such as `2026-11-01T08:30`.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Moments {
    /// The first moment, such as `previous`, `~3`, the id of a sync or a time; the sync before the second when left out.
    pub from: Option<String>,
    /// The second moment, such as `latest` or `now`; the last sync when left out.
    pub to: Option<String>,
}

/// Which exposures of an integration came, went or are otherwise, with the links and gaps of each.
#[utoipa::path(get, path = "/api/v1/integrations/{name}/diff", tag = "integrations",
    params(("name" = String, Path), Moments),
    responses((status = 200, body = Object), (status = 400, description = "a moment cannot be read"),
        (status = 404, description = "there is no such integration or sync"),
        (status = 409, description = "no sync has landed yet"),
        (status = 410, description = "what was so then was forgotten")))]
pub async fn get(
    context: Context,
    Path(name): Path<String>,
    Parameters(moments): Parameters<Moments>,
) -> Result<Json<Value>, Error> {
    let given = |moment: &Option<String>| moment.clone().filter(|moment| !moment.trim().is_empty());
    let (from, to) = (given(&moments.from), given(&moments.to));
    let workspace = context.app.workspace();
    let diff = workspace
        .diff(&IntegrationName::new(name), from.as_deref(), to.as_deref())
        .await?;
    Ok(Json(serde_json::to_value(diff).map_err(|_| Error::internal())?))
}
