//! `/macros`: what projects and packages declare as macros.

use std::borrow::Cow;

use axum::response::Response;
use maud::html;
use tailwater_core::project::Macro;

use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::filter::{Filter, holds};
use crate::view::list::{Column, List};
use crate::view::name::{beginning, name};
use crate::view::{glyph, readiness};

/// `GET /macros`
///
/// dbt's own macros are left out unless their package is asked for: there are hundreds in every project.
pub async fn get(context: Context) -> Result<Response, Error> {
    let context = &context;
    let catalog = context.catalog()?;
    let catalog = catalog.as_ref();
    let is_everything = context
        .parameter("package")
        .is_some_and(|package| !package.is_empty())
        || context.parameter("all").as_deref() == Some("1");
    let own: Vec<&str> = catalog
        .manifests()
        .map(|project| project.metadata.package.as_str())
        .collect();
    let mut filter = Filter::new(context, |known: &&Macro, words| {
        holds(&known.name, words) || holds(known.unique_id.as_str(), words)
    })
    .one("package", "Package", |known| {
        Some(Cow::Borrowed(known.package.as_str()))
    });
    let mut seen = std::collections::HashSet::new();
    let known = catalog.macros().filter(|known| seen.insert(&known.unique_id));
    let rows = filter.apply(known);
    let hidden = rows
        .iter()
        .filter(|known| !own.contains(&known.package.as_str()))
        .count();
    let rows: Vec<&Macro> = if is_everything || hidden == rows.len() {
        rows
    } else {
        rows.into_iter()
            .filter(|known| own.contains(&known.package.as_str()))
            .collect()
    };
    let is_cut = !is_everything && hidden > 0 && !rows.is_empty();
    let nothing = empty(
        if catalog.macros().next().is_none() {
            "There is no macro: no dbt project is known, or none has a manifest yet."
        } else {
            "There is no such macro."
        },
        &html! { a href=(context.uri.path()) { "Show the macros of the project" } },
    );
    let list = List::new(context, "macros", rows, nothing)
        .column(
            Column::new("name", "Name", |known: &&Macro| known.name.clone()).shown(|known| {
                let address = context.links.to("/macros").segment(known.unique_id.as_str());
                html! { span.name { (glyph::glyph("macro")) a href=(address) { (name(&known.name)) } } span.path { (name(&known.path)) } }
            }),
        )
        .column(Column::new("unique_id", "Id", |known: &&Macro| known.unique_id.to_string()).in_files_only())
        .column(Column::new("path", "File", |known: &&Macro| known.path.clone()).in_files_only())
        .column(Column::new("package", "Package", |known: &&Macro| known.package.clone()))
        .column(Column::new("arguments", "Arguments", |known: &&Macro| {
            known.arguments.iter().map(|argument| argument.name.as_str()).collect::<Vec<_>>().join(", ")
        }))
        .column(Column::new("description", "Description", |known: &&Macro| {
            beginning(known.description.as_deref(), 140)
        }));
    list.respond(|table| {
        readiness::page(context, catalog, "Macros").body(&html! {
            (filter.form("macros"))
            div #list {
                @if is_cut {
                    p.muted { "Macros of dbt and of packages are left out (" (hidden) "). "
                        a href=(context.links.to("/macros").query("all", "1")) { "Show them too" } }
                }
                (table)
            }
        })
    })
}
