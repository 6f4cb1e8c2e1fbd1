//! `/api/v1/refreshes`: what was asked of the BI tools, or not asked for, with the reason.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord, outcome_words};
use tailwater_engine::store::{RefreshCursor, RefreshFilter};
use utoipa::{IntoParams, ToSchema};

use super::paging::{Paged, limit_of};
use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;
use crate::page::refresh::show::find;

/// A refresh, from the decision to its end.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefreshShape {
    /// How it stands in a few words, with the tool's own: `skipped (refreshed 3 h ago, interval 24 h)`.
    pub words: String,
    /// The whole record: target, exposures, origin, verdict, outcome, times, code, message, hint.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub record: Value,
}

/// Which refreshes.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// `queued`, `sending`, `running`, `succeeded`, `failed`, `cancelled`, `timed_out`, `skipped` or `held`.
    pub outcome: Option<String>,
    /// For one exposure, by its `unique_id`.
    pub exposure: Option<String>,
    /// Of one integration.
    pub integration: Option<String>,
    /// Set off by one run of a job.
    pub run: Option<String>,
    /// How many, 1 to 500; 100 when left out.
    pub limit: Option<usize>,
    /// `next_cursor` of the piece before.
    pub cursor: Option<String>,
}

/// Lists refreshes, the newest first.
#[utoipa::path(get, path = "/api/v1/refreshes", tag = "refreshes", params(Filter),
    responses((status = 200, body = Paged<RefreshShape>), (status = 400, description = "a filter makes no sense")))]
pub async fn list(
    context: Context,
    Parameters(filter): Parameters<Filter>,
) -> Result<Json<Paged<RefreshShape>>, Error> {
    let outcome = filter.outcome.as_deref().map(|word| {
        let known = RefreshOutcome::ALL.into_iter().find(|known| known.name() == word);
        known.ok_or_else(|| {
            let words = RefreshOutcome::ALL.map(RefreshOutcome::name).join(", ");
            Error::bad_request("there is no such outcome").with_hint(format!("there are {words}"))
        })
    });
    let before = filter
        .cursor
        .as_deref()
        .map(str::parse::<RefreshCursor>)
        .transpose();
    let wanted = RefreshFilter {
        outcomes: outcome.transpose()?.into_iter().collect(),
        exposure: filter.exposure.map(Into::into),
        integration: filter.integration.map(Into::into),
        job_run: filter.run,
        before: before.map_err(|_| Error::bad_request("`cursor` is none of ours"))?,
        ..RefreshFilter::default()
    };
    let limit = limit_of(filter.limit)?;
    let workspace = context.app.workspace();
    let page = workspace.refreshes(&wanted, limit).await?;
    let counts = workspace.refresh_counts().await?;
    Ok(Json(Paged {
        items: page
            .refreshes
            .iter()
            .map(|refresh| shape(&context, refresh))
            .collect::<Result<_, _>>()?,
        next_cursor: page.next.map(|next| next.to_string()),
        total: usize::try_from(counts.values().sum::<u64>()).unwrap_or(usize::MAX),
    }))
}

/// One refresh.
#[utoipa::path(get, path = "/api/v1/refreshes/{id}", tag = "refreshes", params(("id" = String, Path)),
    responses((status = 200, body = RefreshShape), (status = 404, description = "there is no such refresh")))]
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Json<RefreshShape>, Error> {
    let refresh = find(&context, &id).await?;
    Ok(Json(shape(&context, &refresh)?))
}

/// A refresh as the API shows it.
pub(super) fn shape(context: &Context, refresh: &RefreshRecord) -> Result<RefreshShape, Error> {
    Ok(RefreshShape {
        words: outcome_words(refresh, context.now),
        record: serde_json::to_value(refresh).map_err(|_| Error::internal())?,
    })
}
