//! `/api/v1/health`: what is not healthy, and why.

use axum::Json;
use serde::{Deserialize, Serialize};
use tailwater_core::health::{HealthState, is_judged};
use tailwater_core::project::{Node, ResourceType};
use tailwater_engine::catalog::Catalog;
use utoipa::{IntoParams, ToSchema};

use super::paging::{Paged, Piece};
use super::read::Parameters;
use super::resource::{HealthShape, find_kind, health_shape, shown_name};
use super::summary::{KindSummary, kinds};
use crate::context::Context;
use crate::error::Error;

/// What is judged, in figures, and a piece of the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthReport {
    /// How many resources there are in each state, kind by kind; only kinds whose health is judged.
    pub kinds: Vec<KindSummary>,
    /// The piece of the list.
    #[serde(flatten)]
    pub piece: Paged<HealthRow>,
}

/// A resource with why it is as healthy as it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthRow {
    /// dbt's `unique_id`.
    pub unique_id: String,
    /// Its kind, by dbt's word.
    pub resource_type: String,
    /// Its name.
    pub name: String,
    /// State, reasons, checks.
    pub health: HealthShape,
}

/// Which resources.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// `healthy`, `caution`, `degraded` or `unknown`; `caution` and `degraded` when left out.
    pub state: Option<String>,
    /// The kind, by dbt's word, such as `model`.
    pub kind: Option<String>,
}

/// What is not healthy, with the reasons, and the counts of every state.
#[utoipa::path(get, path = "/api/v1/health", tag = "catalog", params(Filter, Piece),
    responses((status = 200, body = HealthReport), (status = 400, description = "a parameter makes no sense")))]
pub async fn get(
    context: Context,
    Parameters(filter): Parameters<Filter>,
    Parameters(piece): Parameters<Piece>,
) -> Result<Json<HealthReport>, Error> {
    let catalog = context.catalog()?;
    let chosen = filter.choose(&catalog)?;
    let piece = piece.cut(
        &chosen,
        |node| node.unique_id.as_str(),
        |node| HealthRow {
            unique_id: node.unique_id.to_string(),
            resource_type: node.resource_type.name().to_owned(),
            name: shown_name(node),
            health: health_shape(catalog.health(node.unique_id.as_str())),
        },
    )?;
    let mut kinds = kinds(&catalog);
    kinds.retain(|kind| ResourceType::from_name(&kind.resource_type).is_some_and(is_judged));
    Ok(Json(HealthReport { kinds, piece }))
}

impl Filter {
    fn choose<'a>(&self, catalog: &'a Catalog) -> Result<Vec<&'a Node>, Error> {
        let given = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
        let kind = given(&self.kind).map(|word| find_kind(&word)).transpose()?;
        let states = match given(&self.state) {
            None => vec![HealthState::Caution, HealthState::Degraded],
            Some(word) => {
                let known = HealthState::ALL.into_iter().find(|state| state.name() == word);
                vec![known.ok_or_else(|| {
                    Error::bad_request(format!("there is no state `{word}`"))
                        .with_hint("the states are healthy, caution, degraded and unknown")
                })?]
            }
        };
        Ok(catalog
            .nodes()
            .filter(|node| {
                is_judged(node.resource_type) && kind.is_none_or(|kind| node.resource_type == kind)
            })
            .filter(|node| states.contains(&catalog.health(node.unique_id.as_str()).state))
            .collect())
    }
}
