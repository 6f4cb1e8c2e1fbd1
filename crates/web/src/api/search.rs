//! `/api/v1/search`: everything by keyword, as the search page has it.

use std::str::FromStr as _;

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::search::{Cursor, Facet, Filters, Hit, Query, Request};
use tailwater_engine::catalog::{Catalog, MACRO_KIND};
use utoipa::{IntoParams, ToSchema};

use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;

/// How many values of a facet are counted.
const VALUES: usize = 50;

/// A piece of what was found, best first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Found {
    /// The hits.
    pub items: Vec<SearchHit>,
    /// What asks for the next piece, as `cursor`; null at the end.
    pub next_cursor: Option<String>,
    /// How many there are in all pieces.
    pub total: usize,
    /// By which the hits can be narrowed: `{facet, values: [{value, count, is_chosen}], more}`.
    #[schema(value_type = Vec<Object>)]
    pub facets: Value,
}

/// A hit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchHit {
    /// dbt's `unique_id`.
    pub unique_id: String,
    /// Its kind, by dbt's word; `macro` for macros.
    pub resource_type: String,
    /// The name for people.
    pub name: String,
    /// The best place in which a word was found: `name`, `label`, `column`, `description`, …
    #[schema(value_type = Option<String>)]
    pub field: Value,
    /// The text around the words, with byte ranges of where they stand in it.
    #[schema(value_type = Option<Object>)]
    pub excerpt: Value,
}

/// What is looked for. Every facet may come several times, and then takes any of its values.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// Words; `-word` leaves out, `OR` takes either, quotes keep words together.
    #[serde(default)]
    pub q: String,
    /// How many hits, 1 to 200; 30 when left out.
    pub limit: Option<usize>,
    /// `next_cursor` of the piece before.
    pub cursor: Option<String>,
}

/// The facets, which narrow.
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Narrowing {
    /// dbt's word for the kind.
    pub kind: Option<String>,
    /// The BI tool of an exposure.
    pub tool: Option<String>,
    /// The dbt project.
    pub project: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// `healthy`, `caution`, `degraded` or `unknown`.
    pub health: Option<String>,
    /// The layer of a model.
    pub layer: Option<String>,
    /// How a model is built.
    pub materialization: Option<String>,
    /// `private`, `protected` or `public`.
    pub access: Option<String>,
}

/// Searches names, labels, columns, descriptions, relations, tags and owners.
#[utoipa::path(get, path = "/api/v1/search", tag = "catalog", params(Question, Narrowing),
    responses((status = 200, body = Found), (status = 400, description = "a parameter makes no sense")))]
pub async fn get(context: Context, Parameters(question): Parameters<Question>) -> Result<Json<Found>, Error> {
    let catalog = context.catalog()?;
    let limit = question.limit.unwrap_or(30);
    if limit == 0 || limit > 200 {
        return Err(Error::bad_request(format!("`limit` is {limit}")).with_hint("give 1 to 200"));
    }
    let cursor = question.cursor.filter(|cursor| !cursor.is_empty());
    let after = cursor.as_deref().map(Cursor::from_str).transpose();
    let after = after.map_err(|_| {
        Error::bad_request("`cursor` is none of ours").with_hint("hand `next_cursor` back as it came")
    })?;
    let query = context.uri.query().unwrap_or_default().as_bytes();
    let filters = url::form_urlencoded::parse(query)
        .filter_map(|(key, value)| Some((Facet::from_name(&key)?, value)))
        .fold(Filters::default(), |filters, (facet, value)| {
            filters.with(facet, value)
        });
    let request = Request {
        query: Query::parse(&question.q),
        filters,
        first: limit,
        after,
        facet_values: VALUES,
    };
    // The index is made when it is first asked for: not on the threads that answer everybody.
    let found = tokio::task::spawn_blocking(move || -> Result<Found, Error> {
        let answer = catalog.search(&request);
        let hits = answer.hits.iter().map(|hit| shape(&catalog, hit));
        Ok(Found {
            items: hits.collect::<Result<_, _>>()?,
            next_cursor: answer.next.map(|next| next.to_string()),
            total: answer.total,
            facets: serde_json::to_value(&answer.facets).map_err(|_| Error::internal())?,
        })
    });
    Ok(Json(found.await.map_err(|_| Error::internal())??))
}

fn shape(catalog: &Catalog, hit: &Hit) -> Result<SearchHit, Error> {
    let node = catalog.node(&hit.id);
    Ok(SearchHit {
        unique_id: hit.id.clone(),
        resource_type: node
            .map_or(MACRO_KIND, |node| node.resource_type.name())
            .to_owned(),
        name: hit.title.text.clone(),
        field: serde_json::to_value(hit.field).map_err(|_| Error::internal())?,
        excerpt: serde_json::to_value(&hit.excerpt).map_err(|_| Error::internal())?,
    })
}
