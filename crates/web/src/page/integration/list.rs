//! `/integrations`: every connected site, how it is, and what was begun.

use axum::response::{IntoResponse as _, Response};
use maud::html;
use tailwater_engine::account::Role;

use super::history;
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::{self, Page};
use crate::view::glyph;
use crate::view::name::name;
use crate::view::number::grouped;
use crate::view::time::{ago, ago_or_dash};

/// `GET /integrations`
pub async fn get(context: Context) -> Result<Response, Error> {
    let workspace = context.app.workspace();
    let catalog = context.catalog()?;
    let mut rows = Vec::new();
    for integration in workspace.integrations().await? {
        let state = workspace.integration_state(&integration.name, 1).await?;
        let next = workspace.next_sync(&integration).await?;
        rows.push((integration, state.syncs.into_iter().next(), next));
    }
    let may_connect = context.may(Role::Admin);
    let drafts = if may_connect {
        workspace.drafts().await?
    } else {
        Vec::new()
    };
    let connect =
        html! { a.button.primary href=(context.links.to("/integrations/new")) { "Connect a BI tool" } };
    let body = html! {
        @if rows.is_empty() {
            (chrome::empty(
                "No BI tool is connected yet. Once one is, its dashboards stand here as dbt exposures, each with what it is built on.",
                &html! { @if may_connect { (connect) } @else { p { "An administrator connects one." } } },
            ))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Integrations" { table.list {
                thead { tr { th { "Name" } th { "Site" } th { "State" } th { "Last sync" } th { "Next sync" } th.number { "Exposures" } } }
                tbody { @for (integration, last, next) in &rows { tr {
                    td { span.name { (glyph::tool(integration.kind.name())) a href=(context.links.integration(&integration.name)) { (name(integration.name.as_str())) } } }
                    td { (name(&integration.server)) @if !integration.site.is_empty() { span.path { "site " (name(&integration.site)) } } }
                    td { @if context.app.runtime().running(&integration.name).is_some() { "Syncing now" } @else { (history::state(last.as_ref())) } }
                    td.nowrap { (ago_or_dash(last.as_ref().map(|sync| sync.finished_at), context.now)) }
                    td.nowrap { (ago_or_dash(next.map(|due| due.at), context.now)) }
                    td.number { (grouped(catalog.exposures_of(Some(integration.name.as_str())).count() as u64)) }
                } } }
            } }
        }
        @if !drafts.is_empty() {
            section.card {
                h2 { "Begun and not saved" }
                ul.plain-list { @for draft in &drafts { li {
                    a href=(context.links.to("/integrations/new").segment(draft.said.kind.name()).query("step", "connection").query("draft", &draft.id.to_string())) {
                        (name(if draft.said.address.is_empty() { "A connection without an address" } else { &draft.said.address })) }
                    span.muted { " · begun by " (name(&draft.said.by)) ", " (ago(draft.updated_at, context.now)) }
                } } }
            }
        }
    };
    let page = Page::new(&context, "Integrations");
    let page = if may_connect && !rows.is_empty() {
        page.actions(connect)
    } else {
        page
    };
    Ok(page.body(&body).into_response())
}
