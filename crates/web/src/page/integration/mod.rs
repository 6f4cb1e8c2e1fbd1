//! Integrations: connecting a site, choosing what it imports, watching its syncs, and closing its gaps.
//!
//! ```text
//! /integrations ─▶ /integrations/new/{tool}   five steps (wizard/), ends on the page of its first sync
//!              └─▶ /integrations/{name}       state ─▶ /collections, /syncs, /diff, /unmatched, /connection, /disconnect
//! ```

pub mod collection;
pub mod connection;
mod credential;
pub mod diff;
pub mod disconnect;
mod history;
mod landed;
pub mod list;
pub mod mapping;
pub mod overview;
pub mod posted;
mod progress;
pub mod sync;
pub mod unmatched;
pub mod wizard;

use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use tailwater_core::id::{IntegrationName, NodeId};
use tailwater_engine::catalog::Catalog;
use tailwater_engine::integration::Integration;
use tailwater_engine::settings::DeclaredIn;
use tailwater_engine::sync::ExposureTitle;

use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome::{self, Page};
use crate::view::glyph;
use crate::view::name::name;

/// The integration that the address names.
async fn find(context: &Context, name: &str) -> Result<Integration, Error> {
    let name = IntegrationName::new(name);
    Ok(context.app.workspace().find_integration(&name).await?)
}

/// A page of one integration, with the way to it and its tabs.
fn page<'a>(context: &'a Context, integration: &Integration, title: &str) -> Page<'a> {
    let links = &context.links;
    let full = if title.is_empty() {
        integration.name.to_string()
    } else {
        format!("{title} · {}", integration.name)
    };
    let page = Page::new(context, full).crumb("Integrations", links.to("/integrations"));
    let heading = html! { (glyph::tool(integration.kind.name())) (name(integration.name.as_str())) };
    if title.is_empty() {
        page.heading(heading)
    } else {
        page.crumb(integration.name.as_str(), links.integration(&integration.name))
            .heading(html! { (title) })
    }
}

/// The tabs of one integration; `here` is the end of the present one's address.
fn tabs(context: &Context, integration: &Integration, here: &str) -> Markup {
    let base = || context.links.integration(&integration.name);
    chrome::tabs(
        "Integration",
        &[
            ("Overview", base(), here.is_empty()),
            ("Collections", base().then("/collections"), here == "/collections"),
            ("Syncs", base().then("/syncs"), here == "/syncs"),
            (
                "Unmatched tables",
                base().then("/unmatched"),
                here == "/unmatched",
            ),
        ],
    )
}

/// Why nothing can be changed here, for an integration that a file declares.
fn read_only_note(integration: &Integration) -> Option<Markup> {
    (integration.declared_in == DeclaredIn::File).then(|| {
        chrome::notice(
            "info",
            &html! { p { "This integration is declared in " code { "tailwater.toml" } " and is changed there." } },
        )
    })
}

/// An exposure by its name. One that was joined with an exposure of the project's YAML has its page there; one that
/// the catalog does not show has none.
fn exposure_link(
    context: &Context,
    catalog: &Catalog,
    integration: &IntegrationName,
    title: &ExposureTitle,
) -> Markup {
    let of_workbook = || catalog.exposure_of_workbook(integration.as_str(), title.workbook.as_deref()?);
    let shown = catalog.exposure(title.unique_id.as_str()).or_else(of_workbook);
    html! {
        @if let Some(shown) = shown { a href=(context.links.exposure(&shown.unique_id)) { (name(&title.label)) } }
        @else { (name(&title.label)) }
    }
}

/// A node, shown as `shown`. One that dbt has switched off has no page, which is said.
fn node_link(context: &Context, catalog: &Catalog, id: &NodeId, shown: &Markup) -> Markup {
    if catalog.node(id.as_str()).is_some() {
        html! { a href=(context.links.resource(id)) { (shown) } }
    } else {
        html! { (shown) " " span.muted { "(disabled in dbt, so it has no page)" } }
    }
}

/// On to another page, after a form did its work.
fn see(address: &Address) -> Response {
    Redirect::to(&address.to_string()).into_response()
}
