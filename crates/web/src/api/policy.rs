//! `/api/v1/policies`: when extracts are refreshed: what was said, what holds for one dashboard, and saying something.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::refresh::{PolicyPart, PolicyScope};
use tailwater_engine::policy::DbtVariables;
use utoipa::{IntoParams, ToSchema};

use super::read::{JsonBody, Parameters};
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// What was said, and what holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Policies {
    /// Every layer, the widest first: `{of, place, part}`.
    #[schema(value_type = Vec<Object>)]
    pub layers: Value,
    /// With `of`: what holds for each target behind it, and who says each value: `{target, policy, sources}`.
    #[schema(value_type = Vec<Object>)]
    pub effective: Vec<Value>,
}

/// Of what.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// An exposure or target of which to say what holds.
    pub of: Option<String>,
}

/// What is said of one scope, in place of what was said before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// `environment/PROJECT/ENVIRONMENT`, `integration/NAME`, `collection/INTEGRATION/ID` or `exposure/ID`.
    pub scope: String,
    /// What; an empty object says nothing any more. `{enabled, interval_minutes, gate_on_tests, quiet_hours: {from, until},
    /// incremental, priority, fresh_by, timezone, at_once, per_hour}`.
    #[schema(value_type = Object)]
    pub policy: PolicyPart,
}

/// Every layer of the policy; with `of` also what holds there.
#[utoipa::path(get, path = "/api/v1/policies", tag = "refreshes", params(Question),
    responses((status = 200, body = Policies), (status = 404, description = "there is no such exposure or target")))]
pub async fn list(
    context: Context,
    Parameters(question): Parameters<Question>,
) -> Result<Json<Policies>, Error> {
    let variables = DbtVariables::read(|name| std::env::var(name).ok());
    let workspace = context.app.workspace();
    let book = workspace.policy_overview(variables).await?;
    let mut effective = Vec::new();
    if let Some(of) = &question.of {
        let catalog = context.app.catalog(None)?;
        for (target, holds) in workspace.explain_policy(&catalog, of, variables).await? {
            let mut shown = serde_json::to_value(&holds).map_err(|_| Error::internal())?;
            shown["target"] = serde_json::to_value(&target).map_err(|_| Error::internal())?;
            effective.push(shown);
        }
    }
    let layers = serde_json::to_value(book.entries()).map_err(|_| Error::internal())?;
    Ok(Json(Policies { layers, effective }))
}

/// Says something of a scope.
#[utoipa::path(put, path = "/api/v1/policies", tag = "refreshes", request_body = Said,
    responses((status = 204), (status = 400, description = "a value makes no sense"),
        (status = 409, description = "`tailwater.toml` says it")))]
pub async fn put(
    context: Context,
    principal: Principal,
    JsonBody(said): JsonBody<Said>,
) -> Result<StatusCode, Error> {
    let scope: PolicyScope = said
        .scope
        .parse()
        .map_err(|_| Error::bad_request("`scope` names no scope of a policy"))?;
    let workspace = context.app.workspace();
    workspace
        .set_policy(&scope, &said.policy, &principal.actor)
        .await?;
    context.app.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}
