//! `/api/v1/summary`: the figures of the home page.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use tailwater_core::project::ResourceType;
use tailwater_engine::catalog::Catalog;
use utoipa::ToSchema;

use crate::context::Context;
use crate::error::Error;

/// What there is, and what needs attention.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Summary {
    /// How many resources there are of each kind, by dbt's word, with their health.
    pub kinds: Vec<KindSummary>,
    /// How many integrations there are.
    pub integrations: usize,
    /// Distinct tables that found no node.
    pub unmatched_tables: usize,
    /// What a person should look at, by subject.
    #[schema(value_type = Object)]
    pub attention: Value,
    /// When the catalog was put together.
    pub built_at: DateTime<Utc>,
}

/// One kind of resource in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KindSummary {
    /// dbt's word for the kind.
    pub resource_type: String,
    /// How many there are.
    pub count: usize,
    /// How many of them are healthy.
    pub healthy: usize,
    /// How many want a look.
    pub caution: usize,
    /// How many are degraded.
    pub degraded: usize,
    /// Of how many nothing is known.
    pub unknown: usize,
}

/// What there is, and what needs attention.
#[utoipa::path(get, path = "/api/v1/summary", tag = "catalog", responses((status = 200, body = Summary)))]
pub async fn get(context: Context) -> Result<Json<Summary>, Error> {
    let catalog = context.catalog()?;
    Ok(Json(Summary {
        kinds: kinds(&catalog),
        integrations: catalog.integrations().len(),
        unmatched_tables: catalog.attention().unmatched_tables,
        attention: serde_json::to_value(catalog.attention()).map_err(|_| Error::internal())?,
        built_at: catalog.built_at(),
    }))
}

/// The kinds that there are any of.
pub fn kinds(catalog: &Catalog) -> Vec<KindSummary> {
    let of_kind = |kind: ResourceType| {
        let counts = catalog.health_counts(kind);
        KindSummary {
            resource_type: kind.name().to_owned(),
            count: catalog.count(kind),
            healthy: counts.healthy,
            caution: counts.caution,
            degraded: counts.degraded,
            unknown: counts.unknown,
        }
    };
    ResourceType::ALL
        .into_iter()
        .map(of_kind)
        .filter(|kind| kind.count > 0)
        .collect()
}
