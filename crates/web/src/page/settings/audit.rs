//! `/settings/audit?actor=&action=&before=`: who changed what, for admins.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_engine::account::{AuditCursor, AuditEntry, AuditPage, AuditQuery};

use super::frame;
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::form;
use crate::view::list::{Column, List};
use crate::view::time::{ago, exact};

const HERE: &str = "/settings/audit";
/// How many acts a page shows.
const PAGE: u32 = 100;
/// How many acts a file holds; the next file goes on with `before`.
const FILE: u32 = 1_000;

/// `GET /settings/audit`
pub async fn get(context: Context) -> Result<Response, Error> {
    let is_file = matches!(context.parameter("format").as_deref(), Some("csv" | "json"));
    let before = match context.parameter("before").filter(|text| !text.is_empty()) {
        Some(text) => {
            let refused = |_| Error::bad_request("`before` is not where an earlier page ended");
            Some(text.parse::<AuditCursor>().map_err(refused)?)
        }
        None => None,
    };
    let query = AuditQuery {
        before,
        limit: if is_file { FILE } else { PAGE },
        actor: context.parameter("actor"),
        action: context.parameter("action"),
    };
    let page = context.app.workspace().audit_log(query).await?;
    if is_file {
        return file(&context, page.entries);
    }
    Ok(draw(&context, &page).into_response())
}

fn file(context: &Context, entries: Vec<AuditEntry>) -> Result<Response, Error> {
    List::new(context, "audit", entries, html! {})
        .column(Column::new("at", "When", |entry: &AuditEntry| {
            entry.at.to_rfc3339()
        }))
        .column(Column::new("actor", "Who", |entry: &AuditEntry| {
            entry.actor.title().into_owned()
        }))
        .column(Column::new("role", "Role", |entry: &AuditEntry| {
            entry.actor.role().name().to_owned()
        }))
        .column(Column::new("action", "Action", |entry: &AuditEntry| {
            entry.action.clone()
        }))
        .column(Column::new("subject", "On", |entry: &AuditEntry| {
            entry.subject.clone()
        }))
        .column(Column::new("detail", "Detail", |entry: &AuditEntry| {
            entry.detail.clone()
        }))
        .respond(|table| table)
}

fn draw(context: &Context, page: &AuditPage) -> Markup {
    let parameter = |name: &str| context.parameter(name).unwrap_or_default();
    let (actor, action) = (parameter("actor"), parameter("action"));
    let address = || {
        let address = context.links.to(HERE);
        address
            .query_if("actor", Some(&actor))
            .query_if("action", Some(&action))
    };
    frame(
        context,
        HERE,
        &html! {
            form.filters method="get" action=(context.links.to(HERE).anywhere()) {
                (form::text("actor", "Who", &actor, None))
                (form::text("action", "Action, or its beginning", &action, None))
                button type="submit" { "Show" }
            }
            @if page.entries.is_empty() {
                (empty("Nothing of that kind was done.", &html! { p { a href=(context.links.to(HERE)) { "Show everything" } } }))
            } @else {
                (table(context, &page.entries))
            }
            nav.pages aria-label="Pages" {
                @if context.parameter("before").is_some() { a href=(address()) { "Newest" } }
                @if let Some(next) = page.next { a rel="next" href=(address().query("before", &next.to_string())) { "Older" } }
                span.formats {
                    a href=(address().query("format", "csv")) { "CSV" } " "
                    a href=(address().query("format", "json")) { "JSON" }
                }
            }
        },
    )
}

fn table(context: &Context, entries: &[AuditEntry]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Audit log" {
            table {
                thead { tr {
                    th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "Action" } th scope="col" { "On" } th scope="col" { "Detail" }
                } }
                tbody { @for entry in entries { tr {
                    td.nowrap title=(exact(entry.at)) { (ago(entry.at, context.now)) }
                    td { (entry.actor.title()) }
                    td { code { (entry.action) } }
                    td { (entry.subject) }
                    td { (entry.detail) }
                } } }
            }
        }
    }
}
