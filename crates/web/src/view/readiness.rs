//! What is missing before a page can say something: no project, no artifacts, no successful run. Each with the one
//! command that brings it.

use maud::{Markup, html};
use tailwater_engine::catalog::{Catalog, CatalogProject};

use crate::context::Context;
use crate::view::chrome::Page;
use crate::view::name::name;
use crate::view::time::relative;

/// A command to copy.
pub fn command(text: &str) -> Markup {
    html! { p.row { code { (text) } button type="button" data-copy=(text) { "Copy" } } }
}

/// A page of something that comes from dbt: it begins with what is missing.
pub fn page<'a>(context: &'a Context, catalog: &Catalog, title: impl Into<String>) -> Page<'a> {
    let mut page = Page::new(context, title);
    for notice in notices(context, catalog) {
        page = page.notice(notice);
    }
    page
}

/// One box for each thing that is missing; none when all is there.
pub fn notices(context: &Context, catalog: &Catalog) -> Vec<Markup> {
    if catalog.projects().is_empty() {
        return vec![html! {
            div.notice.caution role="note" {
                p { strong { "There is no dbt project yet." } " Tailwater reads what dbt writes into its target directory." }
                (command("tailwater project add NAME path/to/dbt/target"))
            }
        }];
    }
    catalog
        .projects()
        .iter()
        .filter_map(|project| of_project(context, project))
        .collect()
}

fn of_project(context: &Context, project: &CatalogProject) -> Option<Markup> {
    let readiness = project.readiness();
    let problems = project.problems();
    if readiness.is_ready() && problems.is_empty() {
        return None;
    }
    Some(html! {
        div.notice.caution role="note" {
            @if let Some(title) = readiness.title() {
                p { "Of the project " strong { (name(project.name())) } ", environment " strong { (name(project.environment().name.as_str())) }
                    ", " (title) "." }
                @if let Some(bringing) = readiness.command() { (command(bringing)) }
            }
            @for problem in problems {
                p { "Its " code { (problem.kind.file_name()) } " cannot be used now: " (problem.message) "."
                    @if let Some(showing) = problem.showing { " What you see is of " (relative(showing, context.now)) "." }
                    @if let Some(remedy) = &problem.remedy { " " (remedy) }
                }
            }
        }
    })
}
