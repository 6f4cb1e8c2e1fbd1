//! `/exposures/left-out`: workbooks that people left out, who did it and why, and the way back.

use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use tailwater_engine::account::Role;
use tailwater_engine::curation::LeftOut;

use super::form;
use super::subject::catalog;
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;
use crate::view::chrome::{Page, empty};
use crate::view::list::{Column, List};
use crate::view::name::name;
use crate::view::time::{ago, exact};

/// `GET /exposures/left-out`
pub async fn get(context: Context) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let rows = catalog.left_out().to_vec();
    let nothing = empty(
        "Nothing is left out.",
        &html! { a href=(context.links.to("/exposures")) { "All exposures" } },
    );
    let may = context.may(Role::Operator);
    let mut list = List::new(&context, "left-out", rows, nothing)
        .column(
            Column::new("name", "Name", |row: &LeftOut| row.label.clone())
                .shown(|row: &LeftOut| name(&row.label)),
        )
        .column(Column::new("workbook", "LUID", |row: &LeftOut| row.asset.to_string()).in_files_only())
        .column(
            Column::new("project", "Project", |row: &LeftOut| {
                row.collection_path.clone().unwrap_or_default()
            })
            .shown(|row: &LeftOut| {
                html! { @if let Some(path) = &row.collection_path { (name(path)) } }
            }),
        )
        .column(Column::new("integration", "Integration", |row: &LeftOut| {
            row.integration.to_string()
        }))
        .column(Column::new("by", "By", |row: &LeftOut| row.by.clone()).shown(|row: &LeftOut| name(&row.by)))
        .column(
            Column::new("at", "When", |row: &LeftOut| exact(row.at))
                .shown(|row: &LeftOut| ago(row.at, context.now))
                .sorted_by(|row: &LeftOut| row.at),
        )
        .column(
            Column::new("note", "Why", |row: &LeftOut| {
                row.note.clone().unwrap_or_default()
            })
            .shown(|row: &LeftOut| {
                html! { @if let Some(note) = &row.note { (name(note)) } }
            }),
        );
    if may {
        list = list.column(
            Column::new("action", "", |_| String::new())
                .shown(|row: &LeftOut| form::bring_back(&context, row)),
        );
    }
    list.respond(|table| {
        Page::new(&context, "Left out")
            .crumb("Exposures", context.links.to("/exposures"))
            .body(&html! {
                p { "These workbooks stand in selected collections, but somebody left them out. They are in no list, lineage or export." }
                (table)
            })
    })
}

/// The form.
#[derive(Debug, Deserialize)]
pub struct BringBack {
    workbook: String,
}

/// `POST /exposures/left-out`: brings a workbook back.
pub async fn post(
    context: Context,
    principal: Principal,
    Form(form): Form<BringBack>,
) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let workspace = context.app.workspace();
    let back = workspace
        .bring_back(&catalog, &form.workbook, &principal.actor)
        .await?;
    context.app.curated().await?;
    let shown = back
        .unique_id
        .filter(|_| back.curation.presence.is_none() || back.curation.is_brought_in());
    let now = super::subject::catalog(&context)?;
    let address = match shown.filter(|id| now.exposure(id.as_str()).is_some()) {
        Some(id) => context.links.exposure(&id),
        // The next sync brings it: until then there is no page.
        None => context.links.integration(&back.integration),
    };
    Ok(Redirect::to(&address.to_string()).into_response())
}
