//! `/integrations/{name}/disconnect`: what ending the connection takes away, and ending it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::html;

use super::posted::Posted;
use super::{exposure_link, find, node_link, page, read_only_note, see};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome;
use crate::view::form;
use crate::view::name::name;
use crate::view::number::counted;

/// More names than these are only counted.
const MOST_NAMED: usize = 100;

/// `GET /integrations/{name}/disconnect`
pub async fn get(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let catalog = context.catalog()?;
    let loss = context
        .app
        .workspace()
        .preview_disconnect(&integration.name)
        .await?;
    let body = html! {
        p { "Ending this connection takes away what it brought. Nothing in the BI tool or in dbt is changed." }
        (chrome::notice("caution", &html! {
            p { strong { "What will disappear:" } }
            ul {
                li { (counted(loss.exposures.len(), "exposure", "exposures")) ", with what was curated on them by hand" }
                li { (counted(loss.nodes_without_dashboard.len(), "dbt node", "dbt nodes")) " will have no dashboard standing on them any more" }
                li { "the history of " (counted(loss.syncs, "sync", "syncs")) ", the mapping rules and the token's secret" }
            }
        }))
        @if !loss.exposures.is_empty() {
            details { summary { "The exposures" }
                ul.plain-list {
                    @for exposure in loss.exposures.iter().take(MOST_NAMED) { li { (exposure_link(&context, &catalog, &integration.name, exposure)) } }
                    @if loss.exposures.len() > MOST_NAMED { li.muted { "and " (loss.exposures.len() - MOST_NAMED) " more" } }
                }
            }
        }
        @if !loss.nodes_without_dashboard.is_empty() {
            details { summary { "The dbt nodes" }
                ul.plain-list {
                    @for node in loss.nodes_without_dashboard.iter().take(MOST_NAMED) { li { (node_link(&context, &catalog, node, &html! { code { (name(node.as_str())) } })) } }
                    @if loss.nodes_without_dashboard.len() > MOST_NAMED { li.muted { "and " (loss.nodes_without_dashboard.len() - MOST_NAMED) " more" } }
                }
            }
        }
        @match read_only_note(&integration) {
            Some(note) => (note),
            None => form method="post" action=(context.links.integration(&integration.name).then("/disconnect").anywhere()) {
                (form::csrf(&context))
                p { label.inline { input type="checkbox" name="sure" value="1" required; " Yes, all of this may go" } }
                div.row { button.danger type="submit" { "Disconnect " (name(integration.name.as_str())) } a.button href=(context.links.integration(&integration.name)) { "Cancel" } }
            },
        }
    };
    Ok(page(&context, &integration, "Disconnect")
        .body(&body)
        .into_response())
}

/// `POST /integrations/{name}/disconnect`
pub async fn post(context: Context, Path(wanted): Path<String>, posted: Posted) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    if !posted.has("sure") {
        return Err(
            Error::bad_request("nothing was taken away: the box was not checked")
                .with_hint("go back, and check it if all of this may go"),
        );
    }
    // A sync that runs would only land in what is gone.
    if let Some(running) = context.app.runtime().running(&integration.name) {
        context.app.runtime().cancel(running.id);
        context.app.runtime().wait_for(running.id).await;
    }
    context
        .app
        .workspace()
        .remove_integration(&integration.name)
        .await?;
    context
        .record("integration.remove", integration.name.as_str(), "")
        .await?;
    context.app.refresh().await?;
    Ok(see(&context.links.to("/integrations")))
}
