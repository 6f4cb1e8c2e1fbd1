//! `/models/{id}/tests`: the tests of a resource, worst first.

use std::cmp::Reverse;

use axum::extract::Path;
use axum::response::Response;
use maud::html;
use tailwater_core::project::Node;

use super::list::test::{columns, last};
use super::subject::{Subject, Tab};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::list::{Column, List};
use crate::view::name::{beginning, name};
use crate::view::resource;

/// `GET /models/{id}/tests`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let (context, catalog) = (&context, subject.catalog);
    let mut rows: Vec<&Node> = catalog.tests(subject.id()).collect();
    rows.sort_by_key(|test| Reverse(catalog.health(test.unique_id.as_str()).state));
    let nothing = empty(
        "It has no tests.",
        &html! { p { "Without one its health is at best caution. Start with " code { "unique" } " and " code { "not_null" } " on its key." } },
    );
    let list = List::new(context, "tests", rows, nothing)
        .column(
            Column::new("name", "Test", |test: &&Node| test.name.clone())
                .shown(|test| resource::link(context, test)),
        )
        .column(Column::new("unique_id", "Id", |test: &&Node| test.unique_id.to_string()).in_files_only());
    let list = columns(list, context, catalog, false).column(
        Column::new("message", "Message", |test: &&Node| {
            beginning(last(catalog, test).and_then(|last| last.message.as_deref()), 300)
        })
        .shown(|test| html! { span.muted { (name(&beginning(last(catalog, test).and_then(|last| last.message.as_deref()), 200))) } }),
    );
    list.respond(|table| subject.page(Tab::Tests, &table))
}
