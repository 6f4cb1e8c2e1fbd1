//! `/api/v1/curations` and below `/api/v1/exposures/{id}`: what people say of exposures, as the pages and commands
//! say it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use serde::Deserialize;
use serde_json::Value;
use tailwater_core::curation::{CurationError, Field};
use tailwater_core::id::IntegrationName;
use tailwater_engine::curation::{CurateError, CuratedAsset, Edit};
use utoipa::ToSchema;

use super::read::JsonBody;
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// A node that an exposure shall stand on, or shall not.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Standing {
    /// The node's `unique_id` or name.
    pub node: String,
    /// The table without a link that the node stands for; only for linking.
    pub table: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// Why something is said.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Reason {
    /// Why, for whoever reads it later.
    pub note: Option<String>,
}

/// A workbook to bring in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BringIn {
    /// What was left out (label, id), or a workbook of the site (name, place and name, address, LUID).
    pub workbook: String,
    /// The integration on whose site to look; without it, what was left out is brought back.
    pub integration: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// Everything that was said, by integration and label.
#[utoipa::path(get, path = "/api/v1/curations", tag = "curation", responses((status = 200, body = Vec<Object>)))]
pub async fn list(context: Context) -> Result<Json<Vec<CuratedAsset>>, Error> {
    Ok(Json(context.app.workspace().curations().await?))
}

/// What is left out, by whom, when and why.
#[utoipa::path(get, path = "/api/v1/left-out", tag = "curation", responses((status = 200, body = Vec<Object>)))]
pub async fn left_out(context: Context) -> Result<Json<Value>, Error> {
    let catalog = context.catalog()?;
    let left_out = serde_json::to_value(catalog.left_out());
    Ok(Json(left_out.map_err(|_| Error::internal())?))
}

/// What was said of one exposure; null when nothing was.
#[utoipa::path(get, path = "/api/v1/exposures/{id}/curation", tag = "curation",
    params(("id" = String, Path, description = "dbt's `unique_id`")),
    responses((status = 200, body = Option<Object>), (status = 404, description = "there is no such exposure")))]
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Json<Option<CuratedAsset>>, Error> {
    let curations = context.app.workspace().curations().await?;
    let is_meant = |one: &CuratedAsset| one.unique_id.as_ref().is_some_and(|known| known.as_str() == id);
    let said = curations.into_iter().find(is_meant);
    if said.is_none() && context.catalog()?.exposure(&id).is_none() {
        return Err(Error::not_found("exposure", &id));
    }
    Ok(Json(said))
}

/// Gives fields by hand; `null` shows again what the BI tool says. Fields that are absent stay as they are.
#[utoipa::path(patch, path = "/api/v1/exposures/{id}/curation", tag = "curation",
    params(("id" = String, Path)), request_body = Object,
    responses((status = 200, body = Object), (status = 400, description = "a value cannot stand there"),
        (status = 404, description = "there is no such exposure")))]
pub async fn patch(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    JsonBody(fields): JsonBody<BTreeMap<String, Value>>,
) -> Result<Json<CuratedAsset>, Error> {
    let edits: Vec<Edit> = fields
        .iter()
        .map(|(name, value)| edit(name, value))
        .collect::<Result<_, Error>>()?;
    let catalog = context.catalog()?;
    let workspace = context.app.workspace();
    let curated = workspace.curate(&catalog, &id, &edits, &principal.actor).await?;
    answer(&context, curated).await
}

/// Tags are a list of texts, every other field is one text.
fn edit(name: &str, value: &Value) -> Result<Edit, Error> {
    if name == "links" && value.is_null() {
        return Ok(Edit::ClearLinks);
    }
    let field = Field::from_name(name).map_err(refused)?;
    let read = match value {
        Value::Null => return Ok(Edit::Clear(field)),
        Value::String(text) if field != Field::Tags => field.read(text),
        Value::Array(tags) if field == Field::Tags => {
            let texts: Option<Vec<&str>> = tags.iter().map(Value::as_str).collect();
            Field::read_tags(texts.ok_or_else(|| misshapen(field, "holds something that is no text"))?)
        }
        Value::String(_) => return Err(misshapen(field, "is a text")),
        Value::Number(_) => return Err(misshapen(field, "is a number")),
        Value::Bool(_) => return Err(misshapen(field, "is true or false")),
        Value::Array(_) => return Err(misshapen(field, "is a list")),
        Value::Object(_) => return Err(misshapen(field, "is an object")),
    };
    Ok(Edit::Give(field, read.map_err(refused)?))
}

fn refused(error: CurationError) -> Error {
    tailwater_engine::Error::from(CurateError::from(error)).into()
}

fn misshapen(field: Field, is: &str) -> Error {
    let wanted = if field == Field::Tags {
        "a list of texts"
    } else {
        "a text"
    };
    let message = format!("the value of `{field}` {is}");
    Error::bad_request(message).with_hint(format!("give {wanted}, or null to show what the BI tool says"))
}

/// Makes an exposure stand on a node.
#[utoipa::path(post, path = "/api/v1/exposures/{id}/link", tag = "curation",
    params(("id" = String, Path)), request_body = Standing,
    responses((status = 200, body = Object), (status = 404, description = "there is no such exposure or node")))]
pub async fn link(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<Standing>,
) -> Result<Json<CuratedAsset>, Error> {
    let catalog = context.catalog()?;
    let (table, note) = (wish.table.as_deref(), wish.note.as_deref());
    let workspace = context.app.workspace();
    let curated = workspace
        .link(&catalog, &id, &wish.node, table, note, &principal.actor)
        .await?;
    answer(&context, curated).await
}

/// Makes an exposure not stand on a node, whatever the BI tool says.
#[utoipa::path(post, path = "/api/v1/exposures/{id}/unlink", tag = "curation",
    params(("id" = String, Path)), request_body = Standing,
    responses((status = 200, body = Object), (status = 404, description = "there is no such exposure")))]
pub async fn unlink(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<Standing>,
) -> Result<Json<CuratedAsset>, Error> {
    let catalog = context.catalog()?;
    let workspace = context.app.workspace();
    let note = wish.note.as_deref();
    let curated = workspace
        .unlink(&catalog, &id, &wish.node, note, &principal.actor)
        .await?;
    answer(&context, curated).await
}

/// Leaves a workbook out.
#[utoipa::path(post, path = "/api/v1/exposures/{id}/leave-out", tag = "curation",
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 200, body = Object), (status = 404, description = "there is no such exposure")))]
pub async fn leave_out(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    JsonBody(reason): JsonBody<Reason>,
) -> Result<Json<CuratedAsset>, Error> {
    let catalog = context.catalog()?;
    let workspace = context.app.workspace();
    let curated = workspace
        .leave_out(&catalog, &id, reason.note.as_deref(), &principal.actor)
        .await?;
    answer(&context, curated).await
}

/// Brings back what was left out, or brings in one workbook of the site.
#[utoipa::path(post, path = "/api/v1/curations/bring-in", tag = "curation", request_body = BringIn,
    responses((status = 200, body = Object), (status = 404, description = "there is no such workbook")))]
pub async fn bring_in(
    context: Context,
    principal: Principal,
    JsonBody(wish): JsonBody<BringIn>,
) -> Result<Json<CuratedAsset>, Error> {
    let workspace = context.app.workspace();
    let curated = if let Some(integration) = &wish.integration {
        let name = IntegrationName::from(integration.as_str());
        workspace
            .bring_in(&name, &wish.workbook, wish.note.as_deref(), &principal.actor)
            .await?
    } else {
        let catalog = context.catalog()?;
        workspace
            .bring_back(&catalog, &wish.workbook, &principal.actor)
            .await?
    };
    answer(&context, curated).await
}

/// Everybody sees the change at once.
async fn answer(context: &Context, curated: CuratedAsset) -> Result<Json<CuratedAsset>, Error> {
    context.app.curated().await?;
    Ok(Json(curated))
}
