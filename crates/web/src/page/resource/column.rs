//! `/models/{id}/columns`: what is declared, what the warehouse has, and the tests on each.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use tailwater_core::relation::fold;
use tailwater_engine::catalog::ColumnView;

use super::list::test::last;
use super::subject::{Subject, Tab};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::name::name;
use crate::view::{glyph, markdown};

/// A column with both its types.
struct Row<'a> {
    view: ColumnView<'a>,
    declared: Option<&'a str>,
    real: Option<&'a str>,
}

/// `GET /models/{id}/columns`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let rows = rows(&subject);
    let has_both = rows.iter().any(|row| row.view.is_in_warehouse.is_some());
    let nothing = empty(
        "No column is declared, and the warehouse was not looked at.",
        &html! { p { "Declare columns in the YAML of the model, or let dbt look:" } (crate::view::readiness::command("dbt docs generate")) },
    );
    let (context, catalog) = (&context, subject.catalog);
    let list = List::new(context, "columns", rows, nothing)
        .column(
            Column::new("name", "Column", |row: &Row<'_>| row.view.name.to_owned())
                .shown(|row| html! { code { (name(row.view.name)) } }),
        )
        .column(
            Column::new("declared_type", "Declared type", |row: &Row<'_>| row.declared.unwrap_or_default().to_owned())
                .shown(|row| of_type(row.declared)),
        )
        .column(
            Column::new("warehouse_type", "Type in the warehouse", |row: &Row<'_>| {
                row.real.unwrap_or_default().to_owned()
            })
            .shown(|row| html! { (of_type(row.real)) @if let Some(remark) = remark(row) { span.path { (remark) } } }),
        )
        .column(
            Column::new("description", "Description", |row: &Row<'_>| {
                row.view.description.unwrap_or_default().to_owned()
            })
            .shown(|row| html! { @if let Some(text) = row.view.description { (markdown::render(text)) } }),
        )
        .column(
            Column::new("tests", "Tests", |row: &Row<'_>| {
                let tests = row.view.tests.iter().map(|test| test.unique_id.as_str());
                tests.collect::<Vec<_>>().join(" ")
            })
            .shown(|row| html! {
                @for test in &row.view.tests {
                    div { a.name href=(context.links.node(test.resource_type, &test.unique_id)) {
                        (glyph::glyph(catalog.health(test.unique_id.as_str()).state.name()))
                        (name(test.test.as_ref().and_then(|test| test.name.as_deref()).unwrap_or(&test.name)))
                        span.hidden { ", " (last(catalog, test).map_or("never run", |last| last.status.name())) }
                    } }
                }
            }),
        );
    list.respond(|table| {
        subject.page(
            Tab::Columns,
            &html! {
                @if !has_both { p.muted { "Types of the warehouse are known after " code { "dbt docs generate" } "." } }
                (table)
            },
        )
    })
}

fn rows<'a>(subject: &Subject<'a>) -> Vec<Row<'a>> {
    let table = subject.catalog.warehouse_table(subject.id());
    let views = subject.catalog.columns(subject.id());
    let real = |wanted: &str| table?.columns.iter().find(|column| fold(&column.name) == wanted);
    let declared = |wanted: &str| {
        subject
            .node
            .columns
            .iter()
            .find(|column| fold(&column.name) == wanted)
    };
    views
        .into_iter()
        .map(|view| {
            let folded = fold(view.name);
            Row {
                declared: declared(&folded).and_then(|column| column.data_type.as_deref()),
                real: real(&folded).and_then(|column| column.data_type.as_deref()),
                view,
            }
        })
        .collect()
}

fn of_type(text: Option<&str>) -> Markup {
    html! { @match text { Some(text) => code { (name(text)) }, None => span.muted { "–" } } }
}

/// Where declaration and warehouse disagree on whether the column exists.
fn remark(row: &Row<'_>) -> Option<&'static str> {
    match (row.view.is_declared, row.view.is_in_warehouse) {
        (true, Some(false)) => Some("declared, but not in the warehouse"),
        (false, _) => Some("not declared"),
        _ => None,
    }
}
