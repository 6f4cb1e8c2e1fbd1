//! `/models/{id}/runs`: how it ended each time that is known.

use axum::extract::Path;
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::html;
use tailwater_core::run::RunStatus;
use tailwater_engine::store::NodeRun;

use super::subject::{Subject, Tab};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::name::{beginning, name};
use crate::view::number::grouped;
use crate::view::time::{ago_or_dash, duration_of_seconds, exact};
use crate::view::{readiness, run};

/// So many invocations are shown.
const MOST: u32 = 200;

/// One result.
struct Row {
    at: Option<DateTime<Utc>>,
    command: String,
    status: RunStatus,
    seconds: Option<f64>,
    rows: Option<i64>,
    failures: Option<i64>,
    invocation: Option<String>,
    message: Option<String>,
}

/// `GET /models/{id}/runs`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let mut rows = recorded(&context, &subject).await?;
    if rows.is_empty() {
        // An artifact that is watched may be known before its run is recorded.
        rows = last(&subject);
    }
    let nothing = empty(
        "No run is known to have touched it.",
        &html! { p { "Runs are known once their artifacts arrive:" } (readiness::command("dbt build")) },
    );
    let now = context.now;
    let list = List::new(&context, "runs", rows, nothing)
        .column(
            Column::new("at", "When", |row: &Row| row.at.map_or_else(String::new, |at| at.to_rfc3339()))
                .shown(move |row| ago_or_dash(row.at, now))
                .sorted_by(|row| row.at),
        )
        .column(
            Column::new("status", "Result", |row: &Row| row.status.name().to_owned())
                .shown(|row| run::status(&row.status)),
        )
        .column(Column::new("command", "Command", |row: &Row| row.command.clone()).shown(|row| {
            html! { @if !row.command.is_empty() { code { "dbt " (name(&row.command)) } } }
        }))
        .column(
            Column::new("seconds", "Took", |row: &Row| row.seconds.map_or_else(String::new, |it| it.to_string()))
                .shown(|row| html! { (row.seconds.map_or_else(|| "–".to_owned(), duration_of_seconds)) }),
        )
        .column(
            Column::new("rows", "Rows", |row: &Row| row.rows.map_or_else(String::new, |it| it.to_string()))
                .shown(|row| html! { @if let Some(rows) = row.rows.and_then(|it| u64::try_from(it).ok()) { (grouped(rows)) } })
                .number(|row| row.rows),
        )
        .column(
            Column::new("failures", "Failures", |row: &Row| {
                row.failures.map_or_else(String::new, |it| it.to_string())
            })
            .number(|row| row.failures),
        )
        .column(
            Column::new("message", "Message", |row: &Row| row.message.clone().unwrap_or_default())
                .shown(|row| html! { span.muted { (name(&beginning(row.message.as_deref(), 300))) } }),
        )
        .column(Column::new("invocation_id", "Invocation", |row: &Row| {
            row.invocation.clone().unwrap_or_default()
        }).in_files_only());
    list.respond(|table| subject.page(Tab::Runs, &table))
}

/// Every invocation that is recorded, newest first.
async fn recorded(context: &Context, subject: &Subject<'_>) -> Result<Vec<Row>, Error> {
    let workspace = context.app.workspace();
    let runs = workspace.node_runs(subject.catalog, subject.id(), MOST).await?;
    Ok(runs.into_iter().filter_map(of_run).collect())
}

fn of_run(node_run: NodeRun) -> Option<Row> {
    let run = node_run.run;
    if let Some(result) = node_run.result {
        return Some(Row {
            at: result
                .completed_at
                .or(result.started_at)
                .or(Some(run.generated_at)),
            command: run.command,
            status: result.status,
            seconds: Some(result.execution_seconds),
            rows: result.rows_affected,
            failures: result.failures,
            invocation: run.invocation_id,
            message: result.message,
        });
    }
    let freshness = node_run.freshness?;
    let newest = freshness
        .max_loaded_at
        .map(|at| format!("newest row of {}", exact(at)));
    Some(Row {
        at: freshness.snapshotted_at.or(Some(run.generated_at)),
        command: "source freshness".to_owned(),
        status: freshness.status,
        seconds: None,
        rows: None,
        failures: None,
        invocation: run.invocation_id,
        message: freshness.error.or(newest),
    })
}

/// The last results alone.
fn last(subject: &Subject<'_>) -> Vec<Row> {
    let Some(state) = subject.catalog.state(subject.id()) else {
        return Vec::new();
    };
    let results = [&state.build, &state.test].into_iter().flatten().map(|last| Row {
        at: last.at,
        command: last.command.clone(),
        status: last.status.clone(),
        seconds: Some(last.execution_seconds),
        rows: last.rows_affected,
        failures: last.failures,
        invocation: last.invocation_id.clone(),
        message: last.message.clone(),
    });
    let freshness = state.freshness.as_ref().map(|last| Row {
        at: last.at,
        command: "source freshness".to_owned(),
        status: last.status.clone(),
        seconds: None,
        rows: None,
        failures: None,
        invocation: None,
        message: last.error.clone(),
    });
    results.chain(freshness).collect()
}
