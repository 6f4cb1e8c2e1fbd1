//! What can be done with refreshes: asking for one by hand, which confirms where a rule speaks against it, asking
//! again, and cancelling.
//!
//! ```text
//! "Refresh now" ─▶ plan for the named targets ─▶ due: asked for
//!                                            └▶ inside the interval, held: a page that says why ─▶ "all the same"
//! ```

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::html;
use tailwater_core::refresh::{
    RefreshCause, RefreshOrigin, RefreshRecord, Skip, Verdict, Waiver, verdict_words,
};
use tailwater_engine::refresh::{AskedRefreshes, CancelOutcome};
use tailwater_engine::refresh_plan::{BuildTold, PlanRequest, Planned};

use super::show::find;
use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::page::integration::posted::Posted;
use crate::principal::Principal;
use crate::view::chrome::{Page, notice};
use crate::view::form;
use crate::view::name::name;
use crate::view::refresh;

/// `POST /exposures/{id}/refresh`: everything that the dashboard's data come from.
pub async fn of_exposure(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let exposure = catalog
        .exposure(&id)
        .ok_or_else(|| Error::not_found("exposure", &id))?;
    let back = context.links.exposure(&exposure.unique_id).then("/refreshes");
    let again = context
        .links
        .exposure(&exposure.unique_id)
        .then("/refresh")
        .anywhere();
    ask(&context, &principal, &id, &posted, &back, &again).await
}

/// `POST /refreshes/{id}/again`: the same target once more.
pub async fn again(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let refresh = find(&context, &id).await?;
    let back = context.links.to("/refreshes");
    let again = refresh::address(&context, &refresh).then("/again").anywhere();
    ask(&context, &principal, &refresh.target.id, &posted, &back, &again).await
}

/// `POST /refreshes/{id}/cancel`
pub async fn cancel(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let refresh = find(&context, &id).await?;
    cancel_by_hand(&context, &principal, &refresh).await?;
    Ok(Redirect::to(&refresh::address(&context, &refresh).to_string()).into_response())
}

/// A plan for what is named, as somebody asks for it by hand; with `anyway` neither times nor failures speak against.
pub async fn plan_by_hand(context: &Context, name: &str, anyway: bool) -> Result<Planned, Error> {
    let request = PlanRequest {
        build: BuildTold::Nothing,
        names: vec![name.to_owned()],
        waiver: Waiver {
            is_named: true,
            timing: anyway,
            gate: anyway,
        },
        skips_open: true,
        ..PlanRequest::default()
    };
    let catalog = context.app.catalog(None)?;
    Ok(context
        .app
        .workspace()
        .plan_refreshes_in(&catalog, &request)
        .await?)
}

/// Asks for what was planned by hand.
pub async fn ask_by_hand(
    context: &Context,
    principal: &Principal,
    planned: &Planned,
) -> Result<AskedRefreshes, Error> {
    let origin = RefreshOrigin {
        cause: RefreshCause::ByHand,
        project: None,
        environment: None,
        invocation_id: None,
        job_run: None,
        by: Some(principal.actor.title().into_owned()),
    };
    let workspace = context.app.workspace();
    Ok(workspace
        .ask_refreshes(&planned.plan, &planned.targets, &planned.policies, &origin)
        .await?)
}

/// Cancels a refresh by hand: at once while it is queued, else by asking the tool. Says whether there was anything to
/// cancel: what is over stays as it is.
pub async fn cancel_by_hand(
    context: &Context,
    principal: &Principal,
    refresh: &RefreshRecord,
) -> Result<bool, Error> {
    let by = principal.actor.title().into_owned();
    let outcome = context.app.workspace().cancel_refresh(&refresh.id, &by).await?;
    if !matches!(outcome, CancelOutcome::Cancelled(_) | CancelOutcome::Asked(_)) {
        return Ok(false);
    }
    context
        .record("refresh.cancel", &refresh.target.to_string(), refresh.id.as_str())
        .await?;
    Ok(true)
}

async fn ask(
    context: &Context,
    principal: &Principal,
    wanted: &str,
    posted: &Posted,
    back: &Address,
    again: &Address,
) -> Result<Response, Error> {
    let planned = plan_by_hand(context, wanted, posted.has("anyway")).await?;
    if planned.plan.refreshes().next().is_none() {
        return Ok(refused(context, &planned, back, again).into_response());
    }
    let asked = ask_by_hand(context, principal, &planned).await?;
    let ids: Vec<&str> = asked.queued().map(|record| record.id.as_str()).collect();
    context.record("refresh.ask", wanted, &ids.join(" ")).await?;
    let mut queued = asked.queued();
    let address = match (queued.next(), queued.next()) {
        (Some(only), None) => refresh::address(context, only),
        _ => back.clone(),
    };
    Ok(Redirect::to(&address.to_string()).into_response())
}

/// Why nothing was asked for; with the way to ask all the same where only a rule of ours speaks against it.
fn refused(context: &Context, planned: &Planned, back: &Address, again: &Address) -> maud::Markup {
    let is_waivable = planned.plan.decisions.iter().any(|decision| {
        matches!(
            decision.verdict,
            Verdict::Hold { .. }
                | Verdict::Skip {
                    reason: Skip::WithinInterval { .. }
                }
        )
    });
    let body = html! {
        (notice("caution", &html! {
            p { strong { "Nothing was asked for yet." } }
            @if planned.plan.decisions.is_empty() { p { "The BI tool tells of no extract behind it." } }
            ul { @for decision in &planned.plan.decisions { li {
                (name(&decision.name)) " (" (refresh::kind(decision.target.kind)) "): "
                (name(&verdict_words(&decision.verdict, context.now)))
            } } }
        }))
        div.row {
            @if is_waivable {
                form method="post" action=(again) {
                    (form::csrf(context))
                    input type="hidden" name="anyway" value="1";
                    button.primary type="submit" { "Refresh all the same" }
                }
            }
            a.button href=(back) { "Leave it" }
        }
    };
    Page::new(context, "Refresh now?")
        .crumb("Refreshes", context.links.to("/refreshes"))
        .body(&body)
}
