//! `/models/{id}/runs`: how it ended each time that is known.

use axum::extract::Path;
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::html;
use tailwater_core::run::RunStatus;

use super::subject::{Subject, Tab};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::name::{beginning, name};
use crate::view::number::grouped;
use crate::view::time::{ago_or_dash, duration_of_seconds};
use crate::view::{readiness, run};

/// One result.
struct Row<'a> {
    at: Option<DateTime<Utc>>,
    command: &'a str,
    status: &'a RunStatus,
    seconds: Option<f64>,
    rows: Option<i64>,
    failures: Option<i64>,
    invocation: Option<&'a str>,
    message: Option<&'a str>,
}

/// `GET /models/{id}/runs`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let rows = rows(&subject);
    let nothing = empty(
        "No run is known to have touched it.",
        &html! { p { "Runs are known once their artifacts arrive:" } (readiness::command("dbt build")) },
    );
    let now = context.now;
    let list = List::new(&context, "runs", rows, nothing)
        .column(
            Column::new("at", "When", |row: &Row<'_>| row.at.map_or_else(String::new, |at| at.to_rfc3339()))
                .shown(move |row| ago_or_dash(row.at, now))
                .sorted_by(|row| row.at),
        )
        .column(
            Column::new("status", "Result", |row: &Row<'_>| row.status.name().to_owned())
                .shown(|row| run::status(row.status)),
        )
        .column(Column::new("command", "Command", |row: &Row<'_>| row.command.to_owned()).shown(|row| {
            html! { @if !row.command.is_empty() { code { "dbt " (name(row.command)) } } }
        }))
        .column(
            Column::new("seconds", "Took", |row: &Row<'_>| row.seconds.map_or_else(String::new, |it| it.to_string()))
                .shown(|row| html! { (row.seconds.map_or_else(|| "–".to_owned(), duration_of_seconds)) }),
        )
        .column(
            Column::new("rows", "Rows", |row: &Row<'_>| row.rows.map_or_else(String::new, |it| it.to_string()))
                .shown(|row| html! { @if let Some(rows) = row.rows.and_then(|it| u64::try_from(it).ok()) { (grouped(rows)) } })
                .number(|row| row.rows),
        )
        .column(
            Column::new("failures", "Failures", |row: &Row<'_>| {
                row.failures.map_or_else(String::new, |it| it.to_string())
            })
            .number(|row| row.failures),
        )
        .column(
            Column::new("message", "Message", |row: &Row<'_>| row.message.unwrap_or_default().to_owned())
                .shown(|row| html! { span.muted { (name(&beginning(row.message, 300))) } }),
        )
        .column(Column::new("invocation_id", "Invocation", |row: &Row<'_>| {
            row.invocation.unwrap_or_default().to_owned()
        }).in_files_only());
    list.respond(|table| subject.page(Tab::Runs, &table))
}

fn rows<'a>(subject: &Subject<'a>) -> Vec<Row<'a>> {
    let Some(state) = subject.catalog.state(subject.id()) else {
        return Vec::new();
    };
    let results = [&state.build, &state.test].into_iter().flatten().map(|last| Row {
        at: last.at,
        command: &last.command,
        status: &last.status,
        seconds: Some(last.execution_seconds),
        rows: last.rows_affected,
        failures: last.failures,
        invocation: last.invocation_id.as_deref(),
        message: last.message.as_deref(),
    });
    let freshness = state.freshness.as_ref().map(|last| Row {
        at: last.at,
        command: "source freshness",
        status: &last.status,
        seconds: None,
        rows: None,
        failures: None,
        invocation: None,
        message: last.error.as_deref(),
    });
    results.chain(freshness).collect()
}
