//! `/models/{id}` and its like: what a resource is, how it is, what stands around it.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_core::project::{Node, ResourceType};

use super::fact::facts;
use super::list::test::{column, last, severity_word, tested, type_word};
use super::subject::{Subject, Tab};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::card;
use crate::view::name::{cut, name};
use crate::view::number::counted;
use crate::view::time::{duration_of_seconds, exact};
use crate::view::{markdown, reason, resource, run};

/// `GET /models/{id}`, and of every other kind.
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let subject = Subject::find(&context, &catalog, &id)?;
    Ok(subject.page(Tab::Overview, &body(&subject)).into_response())
}

fn body(subject: &Subject<'_>) -> Markup {
    let Subject {
        context,
        catalog,
        node,
    } = *subject;
    let health = catalog.health(subject.id());
    let is_test = matches!(node.resource_type, ResourceType::Test | ResourceType::UnitTest);
    html! {
        div.columns {
            div {
                @if !is_test { (dashboards(subject)) }
                @if is_test { (card("What it tests", &of_test(subject))) }
                (card("Lineage", &crate::view::lineage::small(context, catalog, node)))
                section.card {
                    h2 { "Description" }
                    @match node.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                        Some(text) => (markdown::render(text)),
                        None => p.muted { "Nobody has described it yet." },
                    }
                }
                @if !health.checks.is_empty() || !health.reasons.is_empty() {
                    section.card #health {
                        h2 { "Data health" }
                        @if !health.checks.is_empty() { (reason::checks(context, health)) }
                        @if health.reasons.len() > 1 { h3 { "Reasons" } (reason::reasons(context, &health.reasons)) }
                    }
                }
                @if node.resource_type == ResourceType::Source { (card("Freshness", &freshness(subject))) }
            }
            div {
                section.card { h2.hidden { "Facts" } (facts(subject)) }
                (card("Depends on", &resource::list(context, parents(subject))))
                (card("Referenced by", &resource::list(context, children(subject))))
            }
        }
    }
}

fn parents<'a>(subject: &Subject<'a>) -> Vec<&'a Node> {
    subject.catalog.parents(subject.id()).collect()
}

/// Models first: of a table with many dashboards, those stand on a page of their own.
fn children<'a>(subject: &Subject<'a>) -> Vec<&'a Node> {
    let mut children: Vec<&Node> = subject.catalog.children(subject.id()).collect();
    children.sort_by_key(|node| node.resource_type == ResourceType::Exposure);
    children
}

/// The one figure that people come for.
fn dashboards(subject: &Subject<'_>) -> Markup {
    let count = subject.catalog.exposures_fed(subject.id());
    if count == 0 {
        return html! { p.muted { "No dashboard is known to stand on it." } };
    }
    html! {
        p { strong { a href=(subject.address(Tab::Downstream)) { (counted(count, "dashboard", "dashboards")) } }
            @if count == 1 { " stands" } @else { " stand" } " on " (name(&resource::label(subject.node))) ", directly or not. "
            a href=(subject.impact()) { "See them in the lineage" }
        }
    }
}

fn of_test(subject: &Subject<'_>) -> Markup {
    let Subject {
        context,
        catalog,
        node,
    } = *subject;
    let result = last(catalog, node);
    html! {
        dl.facts {
            dt { "Tests" } dd { (resource::list(context, tested(catalog, node))) }
            @if let Some(column) = column(node) { dt { "Column" } dd { code { (name(column)) } } }
            dt { "Type" } dd { (type_word(node)) @if let Some(test) = node.test.as_ref().and_then(|test| test.name.as_deref()) { ", " code { (name(test)) } } }
            @if let Some(severity) = severity_word(node) { dt { "Severity" } dd { (severity) } }
            dt { "Last result" }
            dd { @match result { Some(last) => (run::status_at(context, &last.status, last.at)), None => span.muted { "never run" } } }
            @if let Some(last) = result {
                @if let Some(failures) = last.failures { dt { "Failures" } dd { (failures) } }
                dt { "Took" } dd { (duration_of_seconds(last.execution_seconds)) }
            }
        }
        @if let Some(message) = result.and_then(|last| last.message.as_deref()) { pre { (cut(message, 10_000)) } }
    }
}

fn freshness(subject: &Subject<'_>) -> Markup {
    let Subject {
        context,
        catalog,
        node,
    } = *subject;
    let last = catalog
        .state(subject.id())
        .and_then(|state| state.freshness.as_ref());
    html! {
        dl.facts {
            dt { "Allowed age" }
            dd { @match &node.freshness { Some(criteria) => (super::list::source::criteria_in_words(criteria)), None => span.muted { "not configured" } } }
            dt { "Last check" }
            dd { @match last { Some(last) => (run::status_at(context, &last.status, last.at)), None => span.muted { "never" } } }
            @if let Some(last) = last {
                @if let Some(at) = last.max_loaded_at { dt { "Newest row" } dd { (exact(at)) } }
                @if let Some(age) = last.age_seconds { dt { "Its age then" } dd { (duration_of_seconds(age)) } }
            }
        }
        @if let Some(error) = last.and_then(|last| last.error.as_deref()) { pre { (cut(error, 10_000)) } }
    }
}
