//! `/api/v1/exposures`

use axum::Json;
use axum::extract::Path;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::exposure::{Exposure, Mode};
use tailwater_engine::catalog::Catalog;
use utoipa::{IntoParams, ToSchema};

use super::paging::{Paged, Piece};
use super::read::Parameters;
use super::resource::{HealthShape, health_shape};
use crate::context::Context;
use crate::error::Error;

/// An exposure in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExposureRow {
    /// `exposure.<package>.<name>`.
    pub unique_id: String,
    /// dbt's name.
    pub name: String,
    /// The name for people.
    pub label: String,
    /// dbt's exposure type, such as `dashboard`.
    pub exposure_type: String,
    /// `auto` or `manual`.
    pub definition_type: String,
    /// Both, where a dashboard is imported and declared.
    pub modes: Vec<String>,
    /// The dbt project whose package names it.
    pub project: String,
    /// The integration that imported it.
    pub integration: Option<String>,
    /// Where a person opens it.
    pub url: Option<String>,
    /// Who answers for it.
    pub owner_name: Option<String>,
    /// Their address.
    pub owner_email: Option<String>,
    /// `high`, `medium` or `low`.
    pub maturity: Option<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// `healthy`, `caution`, `degraded` or `unknown`: dbt's rule.
    pub health: String,
    /// The state of the BI side's refresh.
    pub refresh: String,
    /// When the oldest of its extracts was last refreshed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// How many nodes it stands on directly.
    pub depends_on_count: usize,
    /// How many models are upstream of it.
    pub models_upstream: usize,
    /// How many of its tables found no node.
    pub gaps: usize,
    /// Views since it exists.
    pub views: Option<u64>,
    /// Since when it may be out of date.
    pub stale_since: Option<DateTime<Utc>>,
}

/// An exposure with everything that is known of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExposureDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub row: ExposureRow,
    /// Free text. Untrusted.
    pub description: Option<String>,
    /// The nodes it stands on, sorted.
    pub depends_on: Vec<String>,
    /// Its health with reasons and checks.
    pub data_health: HealthShape,
    /// The BI side's refresh, data source by data source.
    #[schema(value_type = Object)]
    pub refresh_health: Value,
    /// How old the data is, against the newest build of what it stands on: `data_as_of`, `built_at`, `is_behind`
    /// and a `sentence`; missing where no refresh is known, and where everything is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data_age: Option<Value>,
    /// One link for each node, with its evidence, as `tailwater exposures --json` has it.
    #[schema(value_type = Vec<Object>)]
    pub links: Value,
    /// What could not be linked, why, and what would mend it.
    #[schema(value_type = Vec<Object>)]
    pub unlinked: Value,
    /// Its folder in the BI tool, from the top.
    pub collection_path: Vec<String>,
    /// When a sync first found it.
    pub first_seen: Option<DateTime<Utc>>,
    /// When a sync last found it.
    pub last_seen: Option<DateTime<Utc>>,
    /// When it was found gone.
    pub gone_at: Option<DateTime<Utc>>,
    /// The whole exposure as the command line prints it.
    #[schema(value_type = Object)]
    pub exposure: Value,
}

/// Which exposures.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// dbt's selector syntax, such as `fct_orders+`.
    pub select: Option<String>,
    /// A part of the label or the name, in any case.
    pub q: Option<String>,
    /// `healthy`, `caution`, `degraded` or `unknown`.
    pub health: Option<String>,
    /// `auto` or `manual`.
    pub mode: Option<String>,
    /// The integration.
    pub integration: Option<String>,
    /// The owner's name or address.
    pub owner: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// dbt's exposure type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Only those that stand on this node, directly or not.
    pub on: Option<String>,
}

impl Filter {
    /// The exposures that it lets pass, sorted by `unique_id`.
    pub fn choose<'a>(&self, catalog: &'a Catalog) -> Result<Vec<&'a Exposure>, Error> {
        let mut chosen = catalog.select_exposures(self.select.as_deref())?;
        if let Some(node) = &self.on {
            let mut on: Vec<&str> = catalog
                .exposures_downstream(node)
                .iter()
                .map(|exposure| exposure.unique_id.as_str())
                .collect();
            on.sort_unstable();
            chosen.retain(|exposure| on.binary_search(&exposure.unique_id.as_str()).is_ok());
        }
        chosen.retain(|exposure| self.admits(catalog, exposure));
        Ok(chosen)
    }

    fn admits(&self, catalog: &Catalog, exposure: &Exposure) -> bool {
        let says = |wanted: &Option<String>, found: &str| {
            wanted
                .as_deref()
                .is_none_or(|wanted| wanted.is_empty() || wanted == found)
        };
        let mode_is = |mode: &Mode| {
            self.mode
                .as_deref()
                .is_none_or(|wanted| wanted.is_empty() || wanted == mode.name())
        };
        let contains = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        let owner = &exposure.owner;
        let owner_is = |wanted: &String| {
            wanted.is_empty() || owner.name.as_ref() == Some(wanted) || owner.email.as_ref() == Some(wanted)
        };
        says(
            &self.health,
            catalog.health(exposure.unique_id.as_str()).state.name(),
        ) && exposure.modes.iter().any(mode_is)
            && says(
                &self.integration,
                exposure.integration.as_ref().map_or("", |name| name.as_str()),
            )
            && says(&self.kind, &exposure.kind)
            && self.owner.as_ref().is_none_or(owner_is)
            && self
                .tag
                .as_ref()
                .is_none_or(|tag| tag.is_empty() || exposure.tags.contains(tag))
            && self
                .q
                .as_ref()
                .is_none_or(|part| contains(&exposure.label, part) || contains(&exposure.name, part))
    }
}

/// Lists exposures, automatic and manual, each dashboard once.
#[utoipa::path(get, path = "/api/v1/exposures", tag = "exposures", params(Filter, Piece),
    responses((status = 200, body = Paged<ExposureRow>), (status = 400, description = "the selector or a parameter makes no sense")))]
pub async fn list(
    context: Context,
    Parameters(filter): Parameters<Filter>,
    Parameters(piece): Parameters<Piece>,
) -> Result<Json<Paged<ExposureRow>>, Error> {
    let catalog = context.catalog()?;
    let chosen = filter.choose(&catalog)?;
    Ok(Json(piece.cut(
        &chosen,
        |exposure| exposure.unique_id.as_str(),
        |exposure| row(&catalog, exposure),
    )?))
}

/// One exposure with its health, links, evidence and gaps. One that is gone keeps its answer for 90 days.
#[utoipa::path(get, path = "/api/v1/exposures/{id}", tag = "exposures",
    params(("id" = String, Path, description = "dbt's `unique_id`")),
    responses((status = 200, body = ExposureDetail), (status = 404, description = "there is no such exposure")))]
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Json<ExposureDetail>, Error> {
    let catalog = context.catalog()?;
    if let Some(exposure) = catalog.exposure(&id) {
        return Ok(Json(detail(&catalog, exposure, None)?));
    }
    let gone = catalog
        .gone_exposure(&id)
        .ok_or_else(|| Error::not_found("exposure", &id))?;
    Ok(Json(detail(&catalog, &gone.exposure, Some(gone.gone_at))?))
}

/// An exposure as lists show it.
pub fn row(catalog: &Catalog, exposure: &Exposure) -> ExposureRow {
    let id = exposure.unique_id.as_str();
    let refresh = catalog.refresh(id);
    ExposureRow {
        unique_id: exposure.unique_id.to_string(),
        name: exposure.name.clone(),
        label: exposure.label.clone(),
        exposure_type: exposure.kind.clone(),
        definition_type: exposure.mode.name().to_owned(),
        modes: exposure.modes.iter().map(|mode| mode.name().to_owned()).collect(),
        project: exposure.project.to_string(),
        integration: exposure.integration.as_ref().map(ToString::to_string),
        url: exposure.url.clone(),
        owner_name: exposure.owner.name.clone(),
        owner_email: exposure.owner.email.clone(),
        maturity: exposure.maturity.clone(),
        tags: exposure.tags.iter().cloned().collect(),
        health: catalog.health(id).state.name().to_owned(),
        refresh: refresh.state.name().to_owned(),
        refreshed_at: refresh.data_as_of,
        depends_on_count: exposure.depends_on.len(),
        models_upstream: catalog.models_upstream(id),
        gaps: exposure.gaps.len(),
        views: exposure
            .workbook
            .as_ref()
            .and_then(|workbook| workbook.total_views),
        stale_since: exposure.stale.as_ref().map(|stale| stale.since),
    }
}

fn detail(
    catalog: &Catalog,
    exposure: &Exposure,
    gone_at: Option<DateTime<Utc>>,
) -> Result<ExposureDetail, Error> {
    let id = exposure.unique_id.as_str();
    let json = |value: serde_json::Result<Value>| value.map_err(|_| Error::internal());
    Ok(ExposureDetail {
        row: row(catalog, exposure),
        description: exposure.description.clone(),
        depends_on: exposure.depends_on.iter().map(ToString::to_string).collect(),
        data_health: health_shape(catalog.health(id)),
        refresh_health: json(serde_json::to_value(&*catalog.refresh(id)))?,
        data_age: catalog
            .data_age(id)
            .map(|age| json(serde_json::to_value(age)))
            .transpose()?,
        links: json(serde_json::to_value(&exposure.links))?,
        unlinked: json(serde_json::to_value(&exposure.gaps))?,
        collection_path: catalog.collection_path(exposure),
        first_seen: exposure.first_seen,
        last_seen: exposure.last_seen,
        gone_at,
        exposure: json(serde_json::to_value(exposure))?,
    })
}
