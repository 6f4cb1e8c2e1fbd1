//! `/lineage`: the picture, the same as a table, its files, and the panel beside it. One question, one answer: all of
//! them show what `/api/v1/lineage` says of the same address.

use axum::extract::Query;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tailwater_core::exposure::Exposure;
use tailwater_core::id::NodeId;
use tailwater_core::inventory::PartKind;
use tailwater_core::picture::{DataSourceView, Grouping, LensName, Picture, PictureQuery, Preset};
use tailwater_core::project::Node;
use tailwater_core::selector::Depth;
use tailwater_engine::catalog::Catalog;

use crate::api::lineage::{draw, question};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::{Page, notice};
use crate::view::number::{counted, grouped};
use crate::view::{badge, glyph, time};

/// Rows of the table that a page shows; the rest is a file away.
const MOST_ROWS: usize = 2000;

/// `GET /lineage`
pub async fn get(context: Context) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let is_table = context.parameter("view").as_deref() == Some("table");
    let asked = question(&context);
    let asks_nothing = asked.as_ref().is_ok_and(|query| query.to_pairs().is_empty());
    if asks_nothing {
        return Ok(start(&context, &catalog).into_response());
    }
    let (query, drawn) = match asked {
        // The canvas asks for its own data; the page draws the same question for its figures and its table.
        Ok(query) => (query.clone(), draw(&context, query).await),
        Err(error) => (PictureQuery::default(), Err(error)),
    };
    let picture = match drawn {
        Ok(picture) => picture,
        Err(error) => {
            let mut response = refused(&context, &query, &error).into_response();
            *response.status_mut() = error.status;
            return Ok(response);
        }
    };
    let body = html! {
        (form(&context, &query, Some(&picture), None))
        p role="status" {
            (picture.echo) ". "
            span.muted { (counted(picture.counts.nodes, "node", "nodes")) ", " (counted(picture.counts.edges, "link", "links")) " drawn. " }
        }
        @for note in &picture.notes { (notice("info", &html! { (note) })) }
        @if picture.grouped && !query.draw_all {
            p { a href=(address(&context, &PictureQuery { draw_all: true, ..query.clone() }, is_table)) {
                "Draw all " (grouped(picture.counts.resources as u64)) " one by one"
            } }
        }
        @if is_table {
            (table(&context, &picture))
        } @else {
            tw-lineage src=(data_address(&context, &query)) base=(context.links.base()) {
                p { "The picture needs script. " a href=(address(&context, &query, true)) { "The table view" } " says the same without." }
            }
        }
        (files(&context, &query))
    };
    let page = Page::new(&context, heading(&picture))
        .wide()
        .stylesheet("lineage.css")
        .script("lineage.js");
    Ok(page.body(&body).into_response())
}

/// `GET /lineage/export.svg`
pub async fn svg(context: Context) -> Result<Response, Error> {
    let picture = draw(&context, question(&context)?).await?;
    Ok(file("image/svg+xml", "lineage.svg", picture.to_svg_file()))
}

/// `GET /lineage/export.csv`
pub async fn csv(context: Context) -> Result<Response, Error> {
    let picture = draw(&context, question(&context)?).await?;
    Ok(file("text/csv; charset=utf-8", "lineage.csv", picture.to_csv()))
}

/// What the panel is about.
#[derive(Debug, Deserialize)]
pub struct Subject {
    id: String,
}

/// `GET /lineage/panel`: a resource in short, beside the picture.
pub async fn panel(context: Context, Query(subject): Query<Subject>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let body = match catalog.node(&subject.id) {
        Some(node) => resource_panel(&context, &catalog, node),
        None => part_panel(&context, &catalog, &subject.id)
            .ok_or_else(|| Error::not_found("resource", &subject.id))?,
    };
    if context.is_fragment {
        return Ok(html! { div #lineage-panel { (body) } }.into_response());
    }
    Ok(Page::new(&context, "Details").body(&body).into_response())
}

/// Nothing asked yet: never an empty graph, and never all of it at once.
fn start(context: &Context, catalog: &Catalog) -> Markup {
    let feeders: Vec<(&Node, usize)> = catalog.feeders().take(12).collect();
    Page::new(context, "Lineage").wide().stylesheet("lineage.css").script("lineage.js").body(&html! {
        (form(context, &PictureQuery::default(), None, None))
        @if feeders.is_empty() {
            p { "Nothing feeds a dashboard yet. Connect a BI tool under " a href=(context.links.to("/integrations")) { "Integrations" } ", or select any resource above." }
        } @else {
            h2 { "What most dashboards stand on" }
            ul.plain-list {
                @for (node, count) in feeders {
                    li.row.spread {
                        span.name { (glyph::of_kind(node.resource_type)) a href=(context.links.lineage_of(&node.unique_id).query("preset", "impact")) { (node.name) } }
                        span.muted { (counted(count, "dashboard", "dashboards")) }
                    }
                }
            }
        }
        p { a href=(address(context, &PictureQuery { select: "*".to_owned(), ..PictureQuery::default() }, false)) { "Everything, by folder" } }
    })
}

fn refused(context: &Context, query: &PictureQuery, error: &Error) -> Markup {
    Page::new(context, "Lineage")
        .wide()
        .stylesheet("lineage.css")
        .script("lineage.js")
        .body(&form(context, query, None, Some(error)))
}

fn heading(picture: &Picture) -> String {
    if picture.title.is_empty() {
        "Lineage".to_owned()
    } else {
        picture.title.clone()
    }
}

/// The question as a form: everything in it is in the address.
fn form(context: &Context, query: &PictureQuery, picture: Option<&Picture>, error: Option<&Error>) -> Markup {
    let select = picture.map_or(query.select.as_str(), |picture| picture.select.as_str());
    let select = if select.is_empty() {
        context.parameter("select").unwrap_or_default()
    } else {
        select.to_owned()
    };
    let exclude = context.parameter("exclude").unwrap_or_default();
    let depth = |depth: Option<Depth>| depth.map(|depth| depth.to_string()).unwrap_or_default();
    let is_table = context.parameter("view").as_deref() == Some("table");
    let focus = query.focus.as_ref().map(NodeId::as_str);
    html! {
        form.filters #question action=(context.links.to("/lineage").anywhere()) method="get" {
            div.field {
                label for="select" { "Select" }
                input #select .code type="text" name="select" value=(select) placeholder="fct_orders+" autocomplete="off" spellcheck="false" size="32"
                    data-complete=(context.links.to("/api/v1/complete")) aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "select-error")];
            }
            div.field { label for="exclude" { "Exclude" } input #exclude .code type="text" name="exclude" value=(exclude) autocomplete="off" spellcheck="false" size="14" data-complete=(context.links.to("/api/v1/complete")); }
            div.field.narrow { label for="up" { "Up" } input #up type="text" name="up" value=(depth(query.up)) size="3" placeholder="1" title="How many steps up, or all"; }
            div.field.narrow { label for="down" { "Down" } input #down type="text" name="down" value=(depth(query.down)) size="3" placeholder="1" title="How many steps down, or all"; }
            (words("lens", "Colours", LensName::ALL.iter().map(|lens| (lens.name(), lens.title())), query.lens.name()))
            (words("group", "Group by", std::iter::once(("", "nothing")).chain(Grouping::ALL.iter().map(|group| (group.name(), group.name()))), query.group.map_or("", Grouping::name)))
            (words("datasources", "Data sources", DataSourceView::ALL.iter().map(|view| (view.name(), view.name())), query.data_sources.unwrap_or_default().name()))
            div.field { label.inline { input type="checkbox" name="parts" value="1" checked[query.has_parts]; " Sheets" } " "
                label.inline { input type="checkbox" name="collapse" value="1" checked[query.collapses()]; " Collapse the middle" } }
            @if let Some(focus) = focus { input type="hidden" name="focus" value=(focus); }
            @if is_table { input type="hidden" name="view" value="table"; }
            @if let Some(environment) = &context.environment { input type="hidden" name="env" value=(environment); }
            button.primary type="submit" { "Show" }
        }
        @if let Some(error) = error {
            div #select-error .notice.degraded role="alert" {
                p { (error.message) @if let Some(position) = error.position { " (at character " (position) ")" } }
                @if let Some(hint) = &error.hint { p.hint { (hint) } }
            }
        }
        @if let Some(picture) = picture { (presets(context, query, picture, is_table)) }
    }
}

fn words<'a>(
    name: &str,
    label: &str,
    words: impl Iterator<Item = (&'a str, &'a str)>,
    chosen: &str,
) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) { @for (value, title) in words { option value=(value) selected[value == chosen] { (title) } } }
        }
    }
}

/// The questions that have a name, for the node in focus, and the two views.
fn presets(context: &Context, query: &PictureQuery, picture: &Picture, is_table: bool) -> Markup {
    let focused = picture.focus().and_then(|at| picture.nodes.id.get(at));
    let focus = query
        .focus
        .clone()
        .or_else(|| focused.map(|id| NodeId::from(id.as_str())));
    let about = |focus: &NodeId, preset: Preset| PictureQuery {
        focus: Some(focus.clone()),
        preset: Some(preset),
        lens: query.lens,
        data_sources: query.data_sources,
        has_parts: query.has_parts,
        ..PictureQuery::default()
    };
    html! {
        nav.row.presets aria-label="Views" {
            @if let Some(focus) = &focus {
                @for preset in Preset::ALL {
                    a.button href=(address(context, &about(focus, *preset), is_table)) title=(advice_of(*preset)) aria-current=[(query.preset == Some(*preset)).then_some("true")] { (title_of(*preset)) }
                }
            }
            @if is_table { a.button href=(address(context, query, false)) { "Picture" } }
            @else { a.button href=(address(context, query, true)) { "Table" } }
        }
    }
}

const fn title_of(preset: Preset) -> &'static str {
    match preset {
        Preset::Impact => "Impact",
        Preset::Origin => "Origin",
        Preset::Around => "Around",
    }
}

const fn advice_of(preset: Preset) -> &'static str {
    match preset {
        Preset::Impact => "Which dashboards stand on it: everything downstream, the middle collapsed",
        Preset::Origin => "What it stands on: everything upstream",
        Preset::Around => "One step to both sides",
    }
}

/// The same nodes and links, to read.
fn table(context: &Context, picture: &Picture) -> Markup {
    let rows = picture.rows();
    let base = context.links.base();
    let named = |at: usize| {
        html! { @match picture.path(at) {
            Some(path) => a href={ (base) (path) } { (picture.nodes.name[at]) },
            None => (picture.nodes.name[at]),
        } }
    };
    let list = |places: &[usize]| {
        html! {
            @for (index, at) in places.iter().take(12).enumerate() { @if index > 0 { ", " } (named(*at)) }
            @if places.len() > 12 { " and " (places.len() - 12) " more" }
        }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Lineage as a table" {
            table.list {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Kind" } th scope="col" { "Health" } th scope="col" { (LensName::from_name(picture.lens.name).unwrap_or_default().title()) } th scope="col" { "Reads" } th scope="col" { "Read by" } } }
                tbody { @for (at, row) in rows.iter().enumerate().take(MOST_ROWS) { tr {
                    td { span.name { @if let Some(tool) = row.tool { (glyph::tool(tool)) } @else { (glyph::glyph(row.kind)) } bdi { (named(at)) } @if row.members > 0 { span.muted { "(" (row.members) ")" } } } }
                    td { (row.kind.replace('_', " ")) }
                    td { (badge::health(row.health)) }
                    td { (row.lens) }
                    td { (list(&row.upstream)) }
                    td { (list(&row.downstream)) }
                } } }
            }
        }
        @if rows.len() > MOST_ROWS { p.muted { "The first " (MOST_ROWS) " of " (rows.len()) "; the CSV file has all." } }
    }
}

fn files(context: &Context, query: &PictureQuery) -> Markup {
    let pairs = query_string(context, query, false);
    let base = context.links.base();
    html! {
        p.muted {
            "Export: "
            a href={ (base) "/lineage/export.svg" (pairs) } { "SVG" } " · "
            a href={ (base) "/lineage/export.csv" (pairs) } { "CSV" } " · "
            a href={ (base) "/api/v1/lineage" (pairs) } { "JSON" }
        }
    }
}

/// The page of a question.
pub fn address(context: &Context, query: &PictureQuery, is_table: bool) -> String {
    format!(
        "{}/lineage{}",
        context.links.base(),
        query_string(context, query, is_table)
    )
}

fn data_address(context: &Context, query: &PictureQuery) -> String {
    format!(
        "{}/api/v1/lineage{}",
        context.links.base(),
        query_string(context, query, false)
    )
}

fn query_string(context: &Context, query: &PictureQuery, is_table: bool) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(query.to_pairs());
    if is_table {
        pairs.append_pair("view", "table");
    }
    if let Some(environment) = &context.environment {
        pairs.append_pair("env", environment);
    }
    let text = pairs.finish();
    if text.is_empty() { text } else { format!("?{text}") }
}

fn file(kind: &'static str, name: &'static str, text: String) -> Response {
    let mut response = ([(CONTENT_TYPE, kind)], text).into_response();
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    response
}

fn resource_panel(context: &Context, catalog: &Catalog, node: &Node) -> Markup {
    let id = node.unique_id.as_str();
    let health = catalog.health(id);
    let exposure = catalog.exposure(id);
    let label = exposure.map_or(node.name.as_str(), |exposure| exposure.label.as_str());
    let address = |preset: Preset| {
        let query = PictureQuery {
            focus: Some(node.unique_id.clone()),
            preset: Some(preset),
            ..PictureQuery::default()
        };
        address(context, &query, false)
    };
    html! {
        h2 { span.name { (glyph::of_kind(node.resource_type)) bdi { (label) } } }
        p.row { (badge::health(health.state.name())) span.muted { (glyph::title(node.resource_type)) } }
        @if let Some(reason) = health.reasons.first() { p { (reason.sentence()) } }
        dl.facts {
            @if let Some(relation) = node.readable_relation() { dt { "Relation" } dd { code { (relation) } } }
            @if let Some(materialized) = node.materialized() { dt { "Materialized" } dd { (materialized) } }
            @if let Some(exposure) = exposure { (exposure_facts(context, catalog, exposure)) }
            @else { dt { "Dashboards" } dd { (catalog.exposures_fed(id)) } }
            dt { "Reads" } dd { (catalog.parents(id).count()) }
            dt { "Read by" } dd { (catalog.children(id).count()) }
        }
        p.row {
            a.button.primary href=(context.links.node(node.resource_type, &node.unique_id)) { "Open" }
            a.button href=(address(Preset::Impact)) { "Impact" }
            a.button href=(address(Preset::Origin)) { "Origin" }
        }
    }
}

fn exposure_facts(context: &Context, catalog: &Catalog, exposure: &Exposure) -> Markup {
    let refresh = catalog.refresh(exposure.unique_id.as_str());
    let owner = exposure.owner.name.as_deref().or(exposure.owner.email.as_deref());
    html! {
        dt { "Owner" } dd { bdi { (owner.unwrap_or("–")) } }
        dt { "Refresh" } dd { (refresh.state.title()) @if let Some(at) = refresh.data_as_of { ", " (time::ago(at, context.now)) } }
    }
}

/// Data sources, dashboards and sheets have no page of their own: the panel says what they are. Their ids are those of
/// [`tailwater_core::picture`]: `data_source:INTEGRATION:ID` and `part:INTEGRATION:WORKBOOK:ID`.
fn part_panel(context: &Context, catalog: &Catalog, id: &str) -> Option<Markup> {
    let (word, rest) = id.split_once(':')?;
    let (integration, rest) = rest.split_once(':')?;
    let (tone, name, exposure) = catalog.exposures_of(Some(integration)).find_map(|exposure| {
        if word == "data_source" {
            let sources = catalog.data_sources(exposure);
            let source = sources.into_iter().find(|source| source.id.as_str() == rest)?;
            return Some(("data_source", source.data_source.name.as_str(), exposure));
        }
        let (workbook, part) = rest.split_once(':')?;
        let view = catalog.asset(exposure)?;
        let is_it = exposure
            .workbook
            .as_ref()
            .is_some_and(|found| found.luid == workbook);
        let part = view
            .asset
            .parts
            .iter()
            .find(|found| is_it && found.id.as_str() == part)?;
        let tone = if part.kind == PartKind::Sheet {
            "sheet"
        } else {
            "dashboard"
        };
        Some((tone, part.name.as_str(), exposure))
    })?;
    Some(html! {
        h2 { span.name { (glyph::glyph(tone)) bdi { (name) } } }
        p.muted { (tone.replace('_', " ")) " of " a href=(context.links.exposure(&exposure.unique_id).then("/workbook")) { bdi { (exposure.label) } } }
    })
}
