//! `/integrations/{name}/unmatched`: every table that has no link, by reason, with what comes near and what mends it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::gap::GapReason;
use tailwater_core::id::IntegrationName;
use tailwater_engine::catalog::Catalog;
use tailwater_engine::integration::Integration;
use tailwater_engine::unmatched::{GapGroup, Unmatched, UnmatchedTable};

use super::{exposure_link, find, mapping, node_link, page, tabs};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome;
use crate::view::name::{cut, name};
use crate::view::number::counted;

/// So many tables of a group are shown at once; the address asks for all.
const MOST_TABLES: usize = 100;
/// More exposures of a table than these are only counted.
const MOST_EXPOSURES: usize = 5;

/// `GET /integrations/{name}/unmatched`
pub async fn get(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let catalog = context.catalog()?;
    let workspace = context.app.workspace();
    let unmatched = workspace.unmatched(&integration.name).await?;
    let own = match context.parameter("to") {
        Some(_) => Some(previewed(&context, &integration).await),
        None => None,
    };
    let only = context.parameter("reason");
    let is_synced = !unmatched.groups.is_empty()
        || workspace
            .integration_state(&integration.name, 1)
            .await?
            .syncs
            .iter()
            .any(|sync| sync.counts.exposures > 0);
    let groups: Vec<&GapGroup> = unmatched
        .groups
        .iter()
        .filter(|group| only.as_deref().is_none_or(|only| only == group.reason.code()))
        .collect();
    let body = html! {
        (tabs(&context, &integration, "/unmatched"))
        (done(&context))
        @if let Some(own) = &own { (own) }
        @if unmatched.groups.is_empty() {
            @if is_synced {
                (chrome::notice("healthy", &html! { p { "Every table that the dashboards read is matched with dbt." } }))
            } @else {
                (chrome::empty("Nothing was synced yet, so nothing could be matched.", &html! {}))
            }
        } @else {
            (mapping::proposals(&context, &integration, &unmatched))
            (overview(&context, &integration, &unmatched, only.as_deref()))
            @for group in groups { (group_of(&context, &catalog, &integration, group, &unmatched)) }
        }
        (mapping::list(&context, &integration))
        (mapping::form_of_own(&context, &integration))
    };
    Ok(page(&context, &integration, "Unmatched tables")
        .body(&body)
        .into_response())
}

/// What the form that led here did.
fn done(context: &Context) -> Markup {
    let changed: usize = context
        .parameter("changed")
        .and_then(|changed| changed.parse().ok())
        .unwrap_or_default();
    let verb = [("applied", "applied"), ("removed", "removed")];
    let done = verb
        .iter()
        .find_map(|(parameter, verb)| Some((context.parameter(parameter)?, *verb)));
    html! {
        @if let Some((rule, verb)) = done {
            div.notice.healthy role="status" { p {
                "The rule " code { (name(&rule)) } " was " (verb) ": "
                strong { (counted(changed, "dashboard says", "dashboards say")) " something else now" } "."
            } }
        }
    }
}

/// The rule of one's own that the address describes, and what it would do.
async fn previewed(context: &Context, integration: &Integration) -> Markup {
    let proposal = match mapping::rule(|field| context.parameter(field)) {
        Err(error) => Err(error),
        Ok(rule) => {
            let previewed = context
                .app
                .workspace()
                .preview_mapping(&integration.name, rule)
                .await;
            previewed.map_err(Error::from)
        }
    };
    match proposal {
        Ok(proposal) => html! { div.notice.info { (mapping::proposed(context, integration, &proposal)) } },
        Err(error) => chrome::notice(
            "degraded",
            &html! { p { (name(&error.message)) } @if let Some(hint) = &error.hint { p.hint { (hint) } } },
        ),
    }
}

fn count(group: &GapGroup) -> usize {
    group.tables.iter().map(|table| table.count).sum()
}

fn overview(
    context: &Context,
    integration: &Integration,
    unmatched: &Unmatched,
    only: Option<&str>,
) -> Markup {
    let address = || context.links.integration(&integration.name).then("/unmatched");
    html! {
        nav aria-label="Reasons" { ul.row.plain-list {
            li { a.tag href=(address()) aria-current=[only.is_none().then_some("true")] { "All" } }
            @for group in &unmatched.groups { li {
                a.tag href=(address().query("reason", group.reason.code())) aria-current=[(only == Some(group.reason.code())).then_some("true")] { (group.title) " (" (count(group)) ")" }
            } }
        } }
    }
}

fn group_of(
    context: &Context,
    catalog: &Catalog,
    integration: &Integration,
    group: &GapGroup,
    unmatched: &Unmatched,
) -> Markup {
    let shows_all = context.parameter("all").is_some();
    let shown = if shows_all { usize::MAX } else { MOST_TABLES };
    html! {
        section.card id=(group.reason.code()) {
            h2 { (count(group)) " " (group.title) }
            @if group.reason == GapReason::UnknownToDbt { (yaml(unmatched)) }
            div.scroll tabindex="0" role="region" aria-label=(group.title) { table {
                thead { tr { th { "Table" } th { "Read by" } th { "Comes near" } th { "What mends it" } } }
                tbody { @for table in group.tables.iter().take(shown) { (row(context, catalog, &integration.name, table)) } }
            } }
            @if group.tables.len() > shown {
                p { a href=(context.links.integration(&integration.name).then("/unmatched").query("reason", group.reason.code()).query("all", "1")) { "Show all " (group.tables.len()) } }
            }
        }
    }
}

fn row(
    context: &Context,
    catalog: &Catalog,
    integration: &IntegrationName,
    table: &UnmatchedTable,
) -> Markup {
    html! {
        tr {
            td { code { (name(&table.table)) } @if table.count > 1 { " × " (table.count) } }
            td { ul.plain-list {
                @for exposure in table.exposures.iter().take(MOST_EXPOSURES) { li { (exposure_link(context, catalog, integration, exposure)) } }
                @if table.exposures.len() > MOST_EXPOSURES { li.muted { "and " (table.exposures.len() - MOST_EXPOSURES) " more" } }
            } }
            td { @if table.candidates.is_empty() { span.muted { "nothing" } } @else { ul.plain-list {
                @for candidate in &table.candidates { li {
                    (node_link(context, catalog, &candidate.node, &html! { code { (name(&candidate.relation)) } }))
                    span.path { (cut(&candidate.differs, 200)) }
                } }
            } } }
            td { (cut(&table.remedy, 600)) }
        }
    }
}

/// The sources file that would make dbt know the tables.
fn yaml(unmatched: &Unmatched) -> Markup {
    html! {
        @if let Some(yaml) = unmatched.source_yaml() {
            details { summary { "Declare them as dbt sources: YAML to copy" }
                p { "Save it as, for instance, " code { "models/tableau_sources.yml" } ", build, and sync: the gaps close." }
                p { button type="button" data-copy-from="source-yaml" { "Copy" } }
                pre #source-yaml tabindex="0" { (yaml) }
            }
        }
    }
}
