//! `/api/v1/refreshes`: what was asked of the BI tools, or not asked for, with the reason; and asking by hand.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord, outcome_words, verdict_words};
use tailwater_engine::store::{RefreshCursor, RefreshFilter};
use utoipa::{IntoParams, ToSchema};

use super::paging::{Paged, limit_of};
use super::read::{JsonBody, Parameters};
use crate::context::Context;
use crate::error::Error;
use crate::page::refresh::act::{ask_by_hand, cancel_by_hand, plan_by_hand};
use crate::page::refresh::show::find;
use crate::principal::Principal;

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

/// What to refresh by hand.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// An exposure by any of its names, or a target by its id or name.
    pub of: String,
    /// Whether neither the interval, nor quiet hours, nor failed tests count.
    #[serde(default)]
    pub anyway: bool,
}

/// What came of asking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedShape {
    /// What was decided of each target: `{target, name, verdict, words}`.
    #[schema(value_type = Vec<Object>)]
    pub decisions: Vec<Value>,
    /// The refreshes that are kept of it.
    pub refreshes: Vec<RefreshShape>,
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
    let counts = workspace.refresh_counts_of(&wanted).await?;
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

/// Asks for a refresh by hand. What speaks against it is told in the decisions; with `anyway` only the tool can refuse.
#[utoipa::path(post, path = "/api/v1/refreshes", tag = "refreshes", request_body = Wish,
    responses((status = 202, body = AskedShape), (status = 404, description = "there is no such exposure or target")))]
pub async fn ask(
    context: Context,
    principal: Principal,
    JsonBody(wish): JsonBody<Wish>,
) -> Result<(StatusCode, Json<AskedShape>), Error> {
    let planned = plan_by_hand(&context, &wish.of, wish.anyway).await?;
    let asked = ask_by_hand(&context, &principal, &planned).await?;
    context.record("refresh.ask", &wish.of, "").await?;
    let mut decisions = Vec::new();
    for decision in &planned.plan.decisions {
        let mut shown = serde_json::to_value(decision).map_err(|_| Error::internal())?;
        shown["words"] = verdict_words(&decision.verdict, context.now).into();
        decisions.push(shown);
    }
    let shapes = asked.records.iter().map(|refresh| shape(&context, refresh));
    let asked = AskedShape {
        decisions,
        refreshes: shapes.collect::<Result<_, _>>()?,
    };
    Ok((StatusCode::ACCEPTED, Json(asked)))
}

/// Cancels a refresh: at once while it is queued, else by asking the tool.
#[utoipa::path(post, path = "/api/v1/refreshes/{id}/cancel", tag = "refreshes", params(("id" = String, Path)),
    responses((status = 202, body = RefreshShape), (status = 404, description = "there is no such refresh"),
        (status = 409, description = "it is over")))]
pub async fn cancel(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<RefreshShape>), Error> {
    let refresh = find(&context, &id).await?;
    if !cancel_by_hand(&context, &principal, &refresh).await? {
        let words = outcome_words(&refresh, context.now);
        let error = Error::new(
            StatusCode::CONFLICT,
            "TW-REFRESH-OVER",
            format!("the refresh is over: {words}"),
        );
        return Err(
            error.with_hint("there is nothing left to cancel; ask for another with `POST /api/v1/refreshes`")
        );
    }
    let refresh = find(&context, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(shape(&context, &refresh)?)))
}

/// A refresh as the API shows it.
pub(super) fn shape(context: &Context, refresh: &RefreshRecord) -> Result<RefreshShape, Error> {
    Ok(RefreshShape {
        words: outcome_words(refresh, context.now),
        record: serde_json::to_value(refresh).map_err(|_| Error::internal())?,
    })
}
