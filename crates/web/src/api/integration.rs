//! `/api/v1/integrations`: BI sites, their collections, syncs, gaps and mapping rules.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::id::IntegrationName;
use tailwater_core::mapping::MappingRule;
use tailwater_engine::catalog::CatalogIntegration;
use tailwater_engine::integration::Integration;
use tailwater_engine::store::SyncRecord;
use utoipa::{IntoParams, ToSchema};

use super::read::{JsonBody, Parameters};
use crate::context::Context;
use crate::error::Error;

/// A BI site. Holds no secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IntegrationShape {
    /// Its name in Tailwater.
    pub name: String,
    /// The BI tool.
    pub tool: String,
    /// The server's address.
    pub server: String,
    /// The site's name; empty for the default site.
    pub site: String,
    /// The token's name, where it signs in with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_name: Option<String>,
    /// The connected app, where it signs in with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_app: Option<ConnectedAppShape>,
    /// The dbt projects that feed it; all when empty.
    pub projects: Vec<String>,
    /// The collections that are imported, as patterns.
    pub collections: Vec<String>,
    /// Rules that rewrite the site's names.
    #[schema(value_type = Vec<Object>)]
    pub mapping: Value,
    /// `file` (read-only here) or `store`.
    #[schema(value_type = String)]
    pub declared_in: Value,
    /// How many exposures it brought.
    pub exposures: usize,
    /// When a sync last landed.
    pub synced_at: Option<DateTime<Utc>>,
    /// Whether the last sync failed.
    pub is_failing: bool,
}

/// A connected app, and as whom it signs in. Holds no secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectedAppShape {
    /// The app's client id.
    pub client_id: String,
    /// The id of one of its secrets; not the secret.
    pub secret_id: String,
    /// The name of the user of the site as whom it signs in.
    pub user: String,
}

/// A sync in the history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SyncShape {
    /// Its id.
    pub id: String,
    /// The whole record: when, how it ended, counts, notices, error.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub record: Value,
}

/// How many syncs.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryLength {
    /// 1 to 500; 30 when left out.
    pub limit: Option<u32>,
}

/// Lists the integrations.
#[utoipa::path(get, path = "/api/v1/integrations", tag = "integrations", responses((status = 200, body = Vec<IntegrationShape>)))]
pub async fn list(context: Context) -> Result<Json<Vec<IntegrationShape>>, Error> {
    let catalog = context.catalog()?;
    let shapes = catalog.integrations().iter();
    Ok(Json(
        shapes
            .map(|integration| {
                shape(
                    integration,
                    catalog.exposures_of(Some(integration.name())).count(),
                )
            })
            .collect::<Result<_, _>>()?,
    ))
}

/// One integration.
#[utoipa::path(get, path = "/api/v1/integrations/{name}", tag = "integrations", params(("name" = String, Path)),
    responses((status = 200, body = IntegrationShape), (status = 404, description = "there is no such integration")))]
pub async fn get(context: Context, Path(name): Path<String>) -> Result<Json<IntegrationShape>, Error> {
    let catalog = context.catalog()?;
    let integration = catalog
        .integration(&name)
        .ok_or_else(|| Error::not_found("integration", &name))?;
    let exposures = catalog.exposures_of(Some(&name)).count();
    Ok(Json(shape(integration, exposures)?))
}

/// The last syncs of an integration, newest first.
#[utoipa::path(get, path = "/api/v1/integrations/{name}/syncs", tag = "integrations",
    params(("name" = String, Path), HistoryLength),
    responses((status = 200, body = Vec<SyncShape>), (status = 404, description = "there is no such integration")))]
pub async fn syncs(
    context: Context,
    Path(name): Path<String>,
    Parameters(length): Parameters<HistoryLength>,
) -> Result<Json<Vec<SyncShape>>, Error> {
    let limit = length.limit.unwrap_or(30).clamp(1, 500);
    let state = context
        .app
        .workspace()
        .integration_state(&IntegrationName::new(name), limit)
        .await?;
    Ok(Json(
        state.syncs.iter().map(sync_shape).collect::<Result<_, _>>()?,
    ))
}

/// What could not be linked, grouped by reason, and the mapping rules that would close most of it.
#[utoipa::path(get, path = "/api/v1/integrations/{name}/unmatched", tag = "integrations", params(("name" = String, Path)),
    responses((status = 200, body = Object), (status = 404, description = "there is no such integration")))]
pub async fn unmatched(context: Context, Path(name): Path<String>) -> Result<Json<Value>, Error> {
    let name = IntegrationName::new(name);
    context.app.workspace().find_integration(&name).await?;
    let unmatched = context.app.workspace().unmatched(&name).await?;
    Ok(Json(
        serde_json::to_value(unmatched).map_err(|_| Error::internal())?,
    ))
}

/// What a mapping rule would link, were it added.
#[utoipa::path(post, path = "/api/v1/integrations/{name}/mapping/preview", tag = "integrations",
    params(("name" = String, Path)), request_body = Object,
    responses((status = 200, body = Object), (status = 400, description = "the rule makes no sense")))]
pub async fn preview_mapping(
    context: Context,
    Path(name): Path<String>,
    JsonBody(rule): JsonBody<MappingRule>,
) -> Result<Json<Value>, Error> {
    let preview = context
        .app
        .workspace()
        .preview_mapping(&IntegrationName::new(name), rule)
        .await?;
    Ok(Json(
        serde_json::to_value(preview).map_err(|_| Error::internal())?,
    ))
}

/// Adds a mapping rule behind the others. What the last sync left is resolved anew, so it shows at once.
#[utoipa::path(post, path = "/api/v1/integrations/{name}/mapping", tag = "integrations",
    params(("name" = String, Path)), request_body = Object,
    responses((status = 201, body = Vec<Object>), (status = 409, description = "the integration is declared in the file")))]
pub async fn add_mapping(
    context: Context,
    Path(name): Path<String>,
    JsonBody(rule): JsonBody<MappingRule>,
) -> Result<(StatusCode, Json<Vec<MappingRule>>), Error> {
    let name = IntegrationName::new(name);
    let subject = name.to_string();
    let detail = rule.to_string();
    let rules = context.app.workspace().add_mapping(&name, rule).await?;
    context.record("integration.map", &subject, &detail).await?;
    context.app.runtime().reresolve(&name).await?;
    context.app.refresh().await?;
    Ok((StatusCode::CREATED, Json(rules)))
}

/// Takes a mapping rule out by its number, from 1.
#[utoipa::path(delete, path = "/api/v1/integrations/{name}/mapping/{number}", tag = "integrations",
    params(("name" = String, Path), ("number" = usize, Path)),
    responses((status = 200, body = Vec<Object>), (status = 404, description = "there is no such rule")))]
pub async fn remove_mapping(
    context: Context,
    Path((name, number)): Path<(String, usize)>,
) -> Result<Json<Vec<MappingRule>>, Error> {
    let name = IntegrationName::new(name);
    let rules = context.app.workspace().remove_mapping(&name, number).await?;
    context
        .record("integration.unmap", name.as_str(), &number.to_string())
        .await?;
    context.app.runtime().reresolve(&name).await?;
    context.app.refresh().await?;
    Ok(Json(rules))
}

/// An integration as answers show it.
pub fn shape(integration: &CatalogIntegration, exposures: usize) -> Result<IntegrationShape, Error> {
    let of: &Integration = integration.integration();
    let json = |value: serde_json::Result<Value>| value.map_err(|_| Error::internal());
    Ok(IntegrationShape {
        name: of.name.to_string(),
        tool: of.kind.name().to_owned(),
        server: of.server.clone(),
        site: of.site.clone(),
        token_name: of.credential.token_name().map(str::to_owned),
        connected_app: of.credential.connected_app().map(|app| ConnectedAppShape {
            client_id: app.client_id.clone(),
            secret_id: app.secret_id.clone(),
            user: app.user.clone(),
        }),
        projects: of.projects.iter().map(ToString::to_string).collect(),
        collections: of.collections.patterns().to_vec(),
        mapping: json(serde_json::to_value(&of.mapping))?,
        declared_in: json(serde_json::to_value(of.declared_in))?,
        exposures,
        synced_at: integration.synced_at(),
        is_failing: integration.is_failing(),
    })
}

/// A sync of the history as answers show it.
pub fn sync_shape(record: &SyncRecord) -> Result<SyncShape, Error> {
    Ok(SyncShape {
        id: record.id.to_string(),
        record: serde_json::to_value(record).map_err(|_| Error::internal())?,
    })
}
