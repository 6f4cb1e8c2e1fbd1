//! `/exposures/{id}/refreshes`: when the data of a dashboard was last taken over from the warehouse, by data source.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_core::health::SourceRefresh;
use tailwater_core::refresh::{EffectivePolicy, PolicyScope, Target};
use tailwater_engine::account::Role;
use tailwater_engine::policy::DbtVariables;

use super::subject::{Subject, Tab, catalog, refresh_tone};
use crate::context::Context;
use crate::error::Error;
use crate::page::refresh::list::table_of_one;
use crate::view::name::{cut, name};
use crate::view::time::{ago, ago_or_dash};
use crate::view::{form, glyph, policy, refresh as view_refresh};

/// So many refreshes are listed.
const MOST_RECORDS: u32 = 50;
/// How often they are fetched again while one is under way, in milliseconds.
const PAUSE: &str = "2000";

/// `GET /exposures/{id}/refreshes`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let refresh = subject.catalog.refresh(subject.id());
    let records = context
        .app
        .workspace()
        .refreshes_for(&subject.exposure.unique_id, MOST_RECORDS)
        .await?;
    // What keeps the page fresh swaps the history alone.
    let is_imported = subject.exposure.integration.is_some() && !subject.is_gone();
    let holds = if !is_imported || context.is_fragment {
        Vec::new()
    } else {
        let variables = DbtVariables::read(|name| std::env::var(name).ok());
        let workspace = context.app.workspace();
        workspace
            .explain_policy(&catalog, subject.id(), variables)
            .await?
    };
    let is_open = records.iter().any(|record| !record.outcome.is_over());
    let body = html! {
        section.card #history data-poll=[is_open.then_some(PAUSE)] {
            div.row.spread {
                h2 { "Refreshes" }
                @if context.may(Role::Operator) && !subject.is_gone() {
                    form method="post" action=(context.links.exposure(&subject.exposure.unique_id).then("/refresh").anywhere()) {
                        (form::csrf(&context))
                        button type="submit" { "Refresh now" }
                    }
                }
            }
            @if records.is_empty() {
                p { "Tailwater has asked for none yet. " a href=(context.links.to("/settings/refresh")) { "The policy" } " says whether it does after builds." }
            } @else {
                (table_of_one(&context, &records))
            }
        }
        (policy_card(&context, &subject, &holds))
        section.card {
            h2 { "Last refresh of each data source" }
            @if refresh.sources.is_empty() {
                p.muted { "The BI tool tells of no data source behind this dashboard." }
            } @else {
                p.sentence { (cut(&refresh.sentence, 500)) "." }
                div.scroll tabindex="0" role="region" aria-label="Data sources" { table {
                    thead { tr { th scope="col" { "Data source" } th scope="col" { "Kind" } th scope="col" { "State" } th scope="col" { "Last refresh" } } }
                    tbody { @for source in &refresh.sources { (row(&context, source)) } }
                } }
            }
            p.muted { "Known from the last sync: Tableau tells when an extract was last refreshed in any way, by whomever." }
        }
    };
    Ok(subject.page(Tab::Refreshes, &body).into_response())
}

/// When its extracts are refreshed after builds, and who says so.
fn policy_card(context: &Context, subject: &Subject<'_>, holds: &[(Target, EffectivePolicy)]) -> Markup {
    let whole = policy::page(context).query("of", subject.id());
    let own = PolicyScope::Exposure {
        exposure: subject.exposure.unique_id.clone(),
    };
    html! {
        @if !holds.is_empty() { section.card #policy {
            h2 { "Policy" }
            ul.plain-list { @for (target, effective) in holds { li {
                "The " (view_refresh::kind(target.id.kind)) " " strong { (name(&target.name)) } " is " (policy::sentence(&effective.policy))
                ". " span.muted { (policy::said_by(context, effective)) }
            } } }
            p.row {
                a href=(whole) { "Every value, and who says it" }
                @if context.may(Role::Admin) { a href=(policy::form_address(context, &own)) { "Change it for this dashboard" } }
            }
        } }
    }
}

fn row(context: &Context, refresh: &SourceRefresh) -> Markup {
    let source = &refresh.source;
    let tone = refresh_tone(refresh.state);
    html! {
        tr {
            td { (name(&source.name)) }
            td {
                @if source.is_published { "published" } @else { "embedded" }
                @match source.has_extract { Some(true) => ", extract", Some(false) => ", live", None => "" }
            }
            td {
                span.badge.{ "tone-" (tone) } { (glyph::glyph(tone)) (refresh.state.title()) }
                @if let Some(failure) = &source.failure {
                    div.muted { "failed " (ago(failure.at, context.now))
                        @if let Some(message) = &failure.message { ": " (cut(message, 1_000)) } }
                }
            }
            td.nowrap { (ago_or_dash(source.refreshed_at, context.now)) }
        }
    }
}
