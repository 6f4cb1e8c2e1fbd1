//! `/api/v1/lineage`: the picture, laid out, in columns; and the names that complete a selector.

use std::sync::Arc;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tailwater_core::picture::{Picture, PictureQuery};
use tailwater_engine::catalog::Catalog;
use utoipa::{IntoParams, ToSchema};

use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;

/// The question, as it stands in an address. All of it may be left out.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// dbt's selector syntax.
    pub select: Option<String>,
    /// What to leave out, in the same syntax.
    pub exclude: Option<String>,
    /// The `unique_id` that is marked, and around which is drawn when nothing is selected.
    pub focus: Option<String>,
    /// How many steps up, or `all`.
    pub up: Option<String>,
    /// How many steps down, or `all`.
    pub down: Option<String>,
    /// `impact`, `origin` or `around`.
    pub preset: Option<String>,
    /// What colours mean: `type`, `health`, `status`, `materialization`, `layer`, `tests`, `refresh`, `owner`.
    pub lens: Option<String>,
    /// `1`: models between the chosen ones and the dashboards become pills.
    pub collapse: Option<String>,
    /// One vertex for each `folder`, `schema`, `project`, `owner` or `kind`.
    pub group: Option<String>,
    /// A group or pill that is open; may come several times.
    pub open: Option<String>,
    /// Data sources between models and dashboards: `hidden`, `published` or `all`.
    pub datasources: Option<String>,
    /// `1`: a workbook's dashboards and sheets after it.
    pub parts: Option<String>,
    /// `1`: tests too.
    pub tests: Option<String>,
    /// `1`: everything single, however much it is.
    pub all: Option<String>,
}

/// What to complete.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Beginning {
    /// The beginning of a name, a method or a tag.
    #[serde(default)]
    pub q: String,
}

/// Names that may be meant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Completions {
    /// At most twenty, best first.
    pub items: Vec<Completion>,
}

/// A name that may be meant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Completion {
    /// What to write.
    pub value: String,
    /// `method`, `tag`, or dbt's word for the kind of resource.
    pub kind: String,
    /// The name for people, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// The lineage, laid out, in columns: lists of one length that belong together by their index.
#[utoipa::path(get, path = "/api/v1/lineage", tag = "lineage", params(Question),
    responses((status = 200, body = Object), (status = 304, description = "nothing has changed"),
        (status = 400, description = "the selector or an option makes no sense; `position` says where")))]
pub async fn get(context: Context, headers: HeaderMap) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let tag = tag(&catalog, context.uri.query().unwrap_or_default());
    if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let picture = draw(&context, question(&context)?).await?;
    let json = tokio::task::spawn_blocking(move || serde_json::to_vec(&*picture)).await;
    let json = json.ok().and_then(Result::ok).ok_or_else(Error::internal)?;
    Ok(([(CONTENT_TYPE, "application/json".to_owned()), (ETAG, tag)], json).into_response())
}

/// Completes the word at the cursor of a selector.
#[utoipa::path(get, path = "/api/v1/complete", tag = "lineage", params(Beginning), responses((status = 200, body = Completions)))]
pub async fn complete(
    context: Context,
    Parameters(beginning): Parameters<Beginning>,
) -> Result<Json<Completions>, Error> {
    let catalog = context.catalog()?;
    let items = catalog.complete_selector(&beginning.q, 20).into_iter();
    let items = items.map(|suggestion| Completion {
        value: suggestion.value,
        kind: suggestion.kind.to_owned(),
        label: suggestion.label,
    });
    Ok(Json(Completions {
        items: items.collect(),
    }))
}

/// The question that the address asks.
pub fn question(context: &Context) -> Result<PictureQuery, Error> {
    let query = context.uri.query().unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    PictureQuery::from_pairs(pairs).map_err(|error| tailwater_engine::Error::from(error).into())
}

/// The picture that answers a question: one of the last, or drawn anew. Thousands of nodes take a tenth of a second, so
/// that is done off the threads that answer everybody.
pub async fn draw(context: &Context, query: PictureQuery) -> Result<Arc<Picture>, Error> {
    let catalog = context.catalog()?;
    let question = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query.to_pairs())
        .finish();
    let key = tag(&catalog, &question);
    if let Some(picture) = context.app.pictures().find(&key) {
        return Ok(picture);
    }
    let drawn = tokio::task::spawn_blocking(move || catalog.picture(&query)).await;
    let picture = Arc::new(drawn.map_err(|_| Error::internal())??);
    context.app.pictures().keep(key, Arc::clone(&picture));
    Ok(picture)
}

/// Changes whenever the answer may: with the catalog and with the question.
fn tag(catalog: &Catalog, question: &str) -> String {
    let digest = Sha256::new()
        .chain_update(catalog.fingerprint())
        .chain_update([0])
        .chain_update(question)
        .finalize();
    // A weak one: compression may change the bytes.
    format!(
        "W/\"{:x}\"",
        u128::from_be_bytes(digest[..16].try_into().unwrap_or_default())
    )
}
