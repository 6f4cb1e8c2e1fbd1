//! `/exposures`: every dashboard with its health, owner, freshness and how much it stands on.

use std::borrow::Cow;

use axum::response::Response;
use maud::{Markup, html};
use tailwater_core::exposure::Exposure;
use tailwater_core::health::Refresh;
use tailwater_core::project::ResourceType;
use tailwater_engine::catalog::Catalog;

use super::subject::{catalog, refresh_badge};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::filter::{Filter, holds};
use crate::view::list::{Column, List};
use crate::view::name::name;
use crate::view::number::{counted, grouped};
use crate::view::time::{ago_or_dash, exact};
use crate::view::{badge, glyph, readiness};

/// A row with what is looked up once.
struct Row<'c> {
    exposure: &'c Exposure,
    path: String,
    refresh: Cow<'c, Refresh>,
    models: usize,
}

/// `GET /exposures`
pub async fn get(context: Context) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let catalog = &*catalog;
    let mut filter = filter(&context, catalog);
    let rows = filter.apply(rows(catalog));
    let (form, count) = (filter.form("exposures"), filter.count("exposure", "exposures"));
    let grouping = context.parameter("by");
    let list = columns(
        &context,
        catalog,
        List::new(&context, "exposures", rows, nothing(&context, catalog)),
    );
    let list = match grouping.as_deref() {
        Some("project") => list.grouped_by(
            |row| row.path.clone(),
            |row, count| group_head(&row.path, "No collection", count),
        ),
        Some("owner") => list.grouped_by(
            |row| row.exposure.owner.name.clone().unwrap_or_default(),
            |row, count| {
                let owner = row.exposure.owner.name.as_deref().unwrap_or_default();
                group_head(owner, "No owner", count)
            },
        ),
        _ => list,
    };
    let left_out = catalog.left_out().len();
    list.respond(|table| {
        readiness::page(&context, catalog, "Exposures").body(&html! {
            (form)
            div.row.spread {
                (count)
                (grouping_links(&context, grouping.as_deref()))
            }
            div #list { (table) }
            @if left_out > 0 {
                p { a href=(context.links.to("/exposures/left-out")) { (counted(left_out, "workbook", "workbooks")) " left out by hand" } }
            }
        })
    })
}

fn rows(catalog: &Catalog) -> impl Iterator<Item = Row<'_>> {
    catalog.nodes_of(ResourceType::Exposure).filter_map(|node| {
        let exposure = catalog.exposure(node.unique_id.as_str())?;
        Some(Row {
            exposure,
            path: catalog.collection_path(exposure).join(" / "),
            refresh: catalog.refresh(exposure.unique_id.as_str()),
            models: catalog.models_upstream(exposure.unique_id.as_str()),
        })
    })
}

fn filter<'a>(context: &'a Context, catalog: &'a Catalog) -> Filter<'a, Row<'a>> {
    Filter::new(context, |row: &Row<'_>, words| {
        let exposure = row.exposure;
        let texts = [
            Some(exposure.label.as_str()),
            Some(exposure.name.as_str()),
            Some(row.path.as_str()),
            exposure.owner.name.as_deref(),
            exposure.owner.email.as_deref(),
        ];
        texts.into_iter().flatten().any(|text| holds(text, words))
    })
    .one("health", "Health", |row| {
        let state = catalog.health(row.exposure.unique_id.as_str()).state;
        Some(Cow::Borrowed(state.name()))
    })
    .one("refresh", "Refresh", |row| {
        Some(Cow::Borrowed(row.refresh.state.name()))
    })
    .one("type", "Type", |row| {
        Some(Cow::Borrowed(row.exposure.kind.as_str()))
    })
    .one("integration", "Integration", |row| {
        row.exposure
            .integration
            .as_ref()
            .map(|name| Cow::Borrowed(name.as_str()))
    })
    .one("mode", "Mode", |row| Some(Cow::Borrowed(mode(row.exposure))))
    .one("project", "Project", |row| {
        (!row.path.is_empty()).then(|| Cow::Owned(row.path.replace(" / ", "/")))
    })
    .one("owner", "Owner", |row| {
        row.exposure.owner.name.as_deref().map(Cow::Borrowed)
    })
    .many("tag", "Tag", |row, values| {
        values.extend(row.exposure.tags.iter().map(|tag| Cow::Borrowed(tag.as_str())));
    })
    .one("linked", "Linked", |row| {
        Some(Cow::Borrowed(linked(row.exposure)))
    })
}

fn columns<'a>(context: &'a Context, catalog: &'a Catalog, list: List<'a, Row<'a>>) -> List<'a, Row<'a>> {
    let health = |row: &Row<'_>| catalog.health(row.exposure.unique_id.as_str()).state;
    let owner = |row: &Row<'_>| row.exposure.owner.name.clone().unwrap_or_default();
    let integration = |row: &Row<'_>| {
        row.exposure
            .integration
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    let views = |row: &Row<'_>| {
        row.exposure
            .workbook
            .as_ref()
            .and_then(|workbook| workbook.total_views)
    };
    list.column(Column::new("name", "Name", |row: &Row<'_>| row.exposure.label.clone()).shown(|row: &Row<'_>| {
        html! {
            span.name {
                @if row.exposure.integration.is_some() { (glyph::tool("tableau")) } @else { (glyph::glyph("exposure")) }
                a href=(context.links.exposure(&row.exposure.unique_id)) { (name(&row.exposure.label)) }
            }
            @if !row.path.is_empty() { div.muted { (name(&row.path)) } }
        }
    }))
    .column(Column::new("unique_id", "Id", |row: &Row<'_>| row.exposure.unique_id.to_string()).in_files_only())
    .column(Column::new("project_path", "Project", |row: &Row<'_>| row.path.clone()).in_files_only())
    .column(
        Column::new("health", "Health", move |row: &Row<'_>| health(row).name().to_owned())
            .shown(move |row: &Row<'_>| badge::health(health(row).name()))
            .sorted_by(move |row: &Row<'_>| std::cmp::Reverse(health(row))),
    )
    .column(
        Column::new("refresh", "Refresh", |row: &Row<'_>| row.refresh.state.name().to_owned())
            .shown(|row: &Row<'_>| {
                html! { @if row.exposure.integration.is_some() { (refresh_badge(row.refresh.state)) } @else { "–" } }
            })
            .sorted_by(|row: &Row<'_>| std::cmp::Reverse(row.refresh.state)),
    )
    .column(Column::new("type", "Type", |row: &Row<'_>| row.exposure.kind.clone()).shown(|row: &Row<'_>| name(&row.exposure.kind)))
    .column(Column::new("owner", "Owner", owner).shown(move |row: &Row<'_>| html! {
        @match &row.exposure.owner.name { Some(owner) => (name(owner)), None => span.muted { "–" } }
    }))
    .column(
        Column::new("owner_email", "Owner email", |row: &Row<'_>| row.exposure.owner.email.clone().unwrap_or_default())
            .shown(|row: &Row<'_>| email(row.exposure.owner.email.as_deref())),
    )
    .column(Column::new("integration", "Integration", integration))
    .column(Column::new("mode", "Mode", |row: &Row<'_>| mode(row.exposure).to_owned()))
    .column(
        Column::new("last_refresh", "Last refresh", |row: &Row<'_>| {
            row.refresh.data_as_of.map(exact).unwrap_or_default()
        })
        .shown(|row: &Row<'_>| html! { span.nowrap { (ago_or_dash(row.refresh.data_as_of, context.now)) } })
        .sorted_by(|row: &Row<'_>| row.refresh.data_as_of),
    )
    .column(Column::new("models", "Models upstream", |row: &Row<'_>| row.models.to_string()).number(|row: &Row<'_>| row.models))
    .column(
        Column::new("not_matched", "Not matched", |row: &Row<'_>| row.exposure.gaps.len().to_string())
            .number(|row: &Row<'_>| row.exposure.gaps.len()),
    )
    .column(
        Column::new("views", "Views", move |row: &Row<'_>| views(row).map(|views| views.to_string()).unwrap_or_default())
            .shown(move |row: &Row<'_>| html! { @match views(row) { Some(views) => (grouped(views)), None => "–" } })
            .number(views),
    )
}

fn nothing(context: &Context, catalog: &Catalog) -> Markup {
    if !catalog.exposures().is_empty() {
        return empty(
            "No exposure matches.",
            &html! { a href=(context.links.to("/exposures")) { "Show all" } },
        );
    }
    empty(
        "There is no exposure yet. They come from a BI tool, or from the YAML of the dbt project.",
        &html! { a.button.primary href=(context.links.to("/integrations")) { "Connect Tableau" } },
    )
}

fn grouping_links(context: &Context, chosen: Option<&str>) -> Markup {
    let links = [
        ("Ungrouped", None),
        ("By project", Some("project")),
        ("By owner", Some("owner")),
    ];
    html! {
        nav aria-label="Grouping" { span.row {
            @for (title, by) in links {
                a href=(address(context, by)) aria-current=[(by == chosen).then_some("true")] { (title) }
            }
        } }
    }
}

/// The present address under another grouping.
fn address(context: &Context, by: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let present = context.uri.query().unwrap_or_default().as_bytes();
    for (key, value) in
        url::form_urlencoded::parse(present).filter(|(key, _)| !matches!(key.as_ref(), "by" | "page"))
    {
        query.append_pair(&key, &value);
    }
    if let Some(by) = by {
        query.append_pair("by", by);
    }
    let query = query.finish();
    if query.is_empty() {
        context.uri.path().to_owned()
    } else {
        format!("{}?{query}", context.uri.path())
    }
}

fn group_head(title: &str, none: &str, count: usize) -> Markup {
    html! {
        @if title.is_empty() { (none) } @else { (name(title)) }
        " " span.muted { "(" (grouped(count as u64)) ")" }
    }
}

/// Both modes of a twin are named.
fn mode(exposure: &Exposure) -> &'static str {
    use tailwater_core::exposure::Mode;
    match (
        exposure.modes.contains(&Mode::Auto),
        exposure.modes.contains(&Mode::Manual),
    ) {
        (true, true) => "Auto, manual",
        (false, true) => "Manual",
        _ => "Auto",
    }
}

fn linked(exposure: &Exposure) -> &'static str {
    match (exposure.depends_on.is_empty(), exposure.gaps.is_empty()) {
        (true, _) => "to nothing",
        (false, true) => "wholly",
        (false, false) => "in part",
    }
}

/// An address as a link, when it can be one.
pub(super) fn email(address: Option<&str>) -> Markup {
    let Some(address) = address else {
        return html! { span.muted { "–" } };
    };
    let is_plain = address.contains('@')
        && !address.contains(|character: char| character.is_whitespace() || "?&<>\"".contains(character));
    html! {
        @if is_plain { a href={ "mailto:" (address) } { (name(address)) } } @else { (name(address)) }
    }
}
