//! Columns and choices that several lists have.

use std::borrow::Cow;
use std::cmp::Reverse;

use maud::{Markup, html};
use tailwater_core::health::HealthState;
use tailwater_core::project::Node;
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::view::filter::{Filter, holds};
use crate::view::list::{Column, List};
use crate::view::name::{beginning, name};
use crate::view::number::grouped;
use crate::view::{badge, resource};

/// How much of a description a list shows, in characters.
const DESCRIPTION: usize = 140;

/// A node of a list. Lists borrow from the catalog, and copy nothing.
pub type Row<'a> = &'a Node;

/// Narrowing by words in name, path and id, by package and by tag.
pub fn filter<'a>(context: &'a Context) -> Filter<'a, Row<'a>> {
    Filter::new(context, |node: &Row<'a>, words| {
        holds(&node.name, words) || holds(&node.path, words) || holds(node.unique_id.as_str(), words)
    })
    .one("package", "Package", |node| {
        Some(Cow::Borrowed(node.package.as_str()))
    })
    .many("tag", "Tag", |node, values| {
        values.extend(node.tags.iter().map(|tag| Cow::Borrowed(tag.as_str())));
    })
}

/// Narrowing by health as well.
pub fn filter_with_health<'a>(context: &'a Context, catalog: &'a Catalog) -> Filter<'a, Row<'a>> {
    filter(context).one("health", "Health", |node| {
        Some(Cow::Borrowed(state(catalog, node).name()))
    })
}

/// The state of a node.
pub fn state(catalog: &Catalog, node: &Node) -> HealthState {
    catalog.health(node.unique_id.as_str()).state
}

/// Its name with its folder below, and its id in files.
pub fn with_name<'a>(list: List<'a, Row<'a>>, context: &'a Context) -> List<'a, Row<'a>> {
    list.column(
        Column::new("name", "Name", |node: &Row<'a>| {
            resource::label(node).into_owned()
        })
        .shown(|node| html! { (resource::link(context, node)) (folder(node)) }),
    )
    .column(Column::new("unique_id", "Id", |node: &Row<'a>| node.unique_id.to_string()).in_files_only())
    .column(Column::new("package", "Package", |node: &Row<'a>| node.package.clone()).in_files_only())
    .column(Column::new("path", "File", |node: &Row<'a>| node.path.clone()).in_files_only())
}

/// Package and folder of a file, in quiet letters.
fn folder(node: &Node) -> Markup {
    let folder = node.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    html! { span.path { (name(&format!("{}/{folder}", node.package))) } }
}

/// Its health.
pub fn with_health<'a>(list: List<'a, Row<'a>>, catalog: &'a Catalog) -> List<'a, Row<'a>> {
    list.column(
        Column::new("health", "Health", |node: &Row<'a>| {
            state(catalog, node).name().to_owned()
        })
        .shown(|node| badge::health(state(catalog, node).name()))
        .sorted_by(|node| state(catalog, node)),
    )
}

/// How many dashboards stand on it, linked to them; the start of its description.
pub fn with_use<'a>(
    list: List<'a, Row<'a>>,
    context: &'a Context,
    catalog: &'a Catalog,
) -> List<'a, Row<'a>> {
    let fed = |node: &Row<'a>| catalog.exposures_fed(node.unique_id.as_str());
    list.column(
        Column::new("exposures", "Dashboards", move |node: &Row<'a>| fed(node).to_string())
            .shown(move |node| {
                let count = fed(node);
                let address = context.links.node(node.resource_type, &node.unique_id).then("/downstream");
                html! { @if count > 0 { a href=(address) { (grouped(count as u64)) } } @else { span.muted { "0" } } }
            })
            .number(fed),
    )
}

/// Its group's name.
pub fn with_group<'a>(list: List<'a, Row<'a>>) -> List<'a, Row<'a>> {
    list.column(
        Column::new("group", "Group", |node: &Row<'a>| {
            node.group.clone().unwrap_or_default()
        })
        .shown(|node| html! { @if let Some(group) = &node.group { (name(group)) } }),
    )
}

/// The start of its description.
pub fn with_description<'a>(list: List<'a, Row<'a>>) -> List<'a, Row<'a>> {
    list.column(
        Column::new("description", "Description", |node: &Row<'a>| {
            beginning(node.description.as_deref(), DESCRIPTION)
        })
        .shown(|node| html! { span.muted { (name(&beginning(node.description.as_deref(), DESCRIPTION))) } }),
    )
}

/// Tests that passed, and all that there are.
pub fn test_counts(catalog: &Catalog, node: &Node) -> (usize, usize) {
    catalog
        .tests(node.unique_id.as_str())
        .fold((0, 0), |(passed, all), test| {
            let is_good = state(catalog, test) == HealthState::Healthy;
            (passed + usize::from(is_good), all + 1)
        })
}

/// The column of tests: those that most need a look come last.
pub fn with_tests<'a>(
    list: List<'a, Row<'a>>,
    context: &'a Context,
    catalog: &'a Catalog,
) -> List<'a, Row<'a>> {
    list.column(
        Column::new("tests", "Tests", |node: &Row<'a>| {
            let (passed, all) = test_counts(catalog, node);
            if all == 0 {
                String::new()
            } else {
                format!("{passed}/{all}")
            }
        })
        .shown(|node| {
            let (passed, all) = test_counts(catalog, node);
            let address = context
                .links
                .node(node.resource_type, &node.unique_id)
                .then("/tests");
            html! {
                @if all == 0 { span.muted { "none" } }
                @else { a.nowrap href=(address) title="passed of all tests" { (passed) "/" (all) } }
            }
        })
        .number(|node| {
            let (passed, all) = test_counts(catalog, node);
            (all - passed, Reverse(all))
        }),
    )
}
