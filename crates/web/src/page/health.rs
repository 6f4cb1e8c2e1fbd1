//! `/health`: the rules in words, how many resources are in each state, and what is not healthy with its reasons.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::LazyLock;

use axum::response::Response;
use maud::{Markup, html};
use tailwater_core::health::{Health, HealthState};
use tailwater_core::project::{Node, ResourceType};
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::filter::{Filter, holds};
use crate::view::list::{Column, List};
use crate::view::number::{counted, grouped};
use crate::view::time::ago_or_dash;
use crate::view::{badge, glyph, markdown, readiness, reason, resource};

/// The kinds that have a health, those that people look at first in front.
const JUDGED: [ResourceType; 7] = [
    ResourceType::Exposure,
    ResourceType::Model,
    ResourceType::Source,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Test,
    ResourceType::UnitTest,
];

/// The rules as the documentation has them, so that page and documentation say the same.
static RULES: LazyLock<Markup> = LazyLock::new(|| {
    let text = include_str!("../../../../docs/health.md");
    let rules = text.split("## The rules").nth(1).unwrap_or(text);
    let rules = rules
        .split("## Where the rules leave a choice")
        .next()
        .unwrap_or(rules);
    markdown::render(rules)
});

/// A resource with what is said of it.
#[derive(Clone, Copy)]
struct Row<'a> {
    node: &'a Node,
    health: &'a Health,
}

/// `GET /health`
pub async fn get(context: Context) -> Result<Response, Error> {
    let context = &context;
    let catalog = context.catalog()?;
    let catalog = catalog.as_ref();
    let is_state_chosen = context.parameter("health").is_some_and(|state| !state.is_empty());
    let mut filter = Filter::new(context, |row: &Row<'_>, words| {
        holds(&resource::label(row.node), words) || holds(row.node.unique_id.as_str(), words)
    })
    .one("kind", "Kind", |row| {
        Some(Cow::Borrowed(row.node.resource_type.name()))
    })
    .one("health", "Health", |row| {
        Some(Cow::Borrowed(row.health.state.name()))
    })
    .many("reason", "Reason", |row, values| {
        values.extend(
            row.health
                .reasons
                .iter()
                .map(|reason| Cow::Borrowed(reason.key.name())),
        );
    })
    .one("package", "Package", |row| {
        Some(Cow::Borrowed(row.node.package.as_str()))
    })
    .many("tag", "Tag", |row, values| {
        values.extend(row.node.tags.iter().map(|tag| Cow::Borrowed(tag.as_str())));
    });
    let all = JUDGED
        .into_iter()
        .flat_map(|kind| catalog.nodes_of(kind))
        .map(|node| Row {
            node,
            health: catalog.health(node.unique_id.as_str()),
        });
    // What is healthy is of interest only to who asks for it.
    let mut rows =
        filter.apply(all.filter(|row| is_state_chosen || row.health.state != HealthState::Healthy));
    rows.sort_by_key(|row| Reverse(row.health.state));
    let nothing = if filter.is_used() {
        empty(
            "Nothing is like that.",
            &html! { a href=(context.uri.path()) { "Show everything that is not healthy" } },
        )
    } else if catalog.graph().is_empty() {
        empty("There is nothing to judge yet.", &html! {})
    } else {
        empty("Everything is healthy.", &html! {})
    };
    let list = columns(context, catalog, List::new(context, "health", rows, nothing));
    list.respond(|table| {
        readiness::page(context, catalog, "Health").body(&html! {
            (counts(context, catalog))
            details.card { summary { "The rules" } div.scroll tabindex="0" role="region" aria-label="The rules" { (*RULES) } }
            h2 { @if is_state_chosen { "Resources" } @else { "Not healthy" } }
            (filter.form("resources"))
            div #list { (filter.count("resource", "resources")) (table) }
        })
    })
}

fn columns<'a>(context: &'a Context, catalog: &'a Catalog, list: List<'a, Row<'a>>) -> List<'a, Row<'a>> {
    let fed = |row: &Row<'a>| catalog.exposures_fed(row.node.unique_id.as_str());
    list.column(
        Column::new("name", "Name", |row: &Row<'a>| resource::label(row.node).into_owned())
            .shown(|row| html! { (resource::link(context, row.node)) span.path { (glyph::title(row.node.resource_type)) } }),
    )
    .column(Column::new("unique_id", "Id", |row: &Row<'a>| row.node.unique_id.to_string()).in_files_only())
    .column(Column::new("kind", "Kind", |row: &Row<'a>| row.node.resource_type.name().to_owned()).in_files_only())
    .column(
        Column::new("health", "Health", |row: &Row<'a>| row.health.state.name().to_owned())
            .shown(|row| badge::health(row.health.state.name()))
            .sorted_by(|row| row.health.state),
    )
    .column(
        Column::new("reason", "Why", |row: &Row<'a>| {
            let sentences = row.health.reasons.iter().map(tailwater_core::health::Reason::sentence);
            sentences.collect::<Vec<_>>().join("; ")
        })
        .shown(|row| {
            let more = row.health.reasons.len().saturating_sub(1);
            html! {
                @if let Some(main) = row.health.main_reason() { (reason::phrases(context, &main.phrases)) }
                @if more > 0 { span.path { "and " (counted(more, "more reason", "more reasons")) } }
            }
        }),
    )
    .column(
        Column::new("at", "Known since", |row: &Row<'a>| {
            let at = row.health.main_reason().and_then(|reason| reason.at);
            at.map_or_else(String::new, |at| at.to_rfc3339())
        })
        .shown(|row| {
            let at = row.health.main_reason().and_then(|reason| reason.at);
            html! { span.nowrap { (ago_or_dash(at, context.now)) } }
        })
        .sorted_by(|row| row.health.main_reason().and_then(|reason| reason.at)),
    )
    .column(
        Column::new("exposures", "Dashboards", move |row: &Row<'a>| fed(row).to_string()).number(fed),
    )
}

/// A table of kinds and states; every number leads to what it counts.
fn counts(context: &Context, catalog: &Catalog) -> Markup {
    const STATES: [HealthState; 4] = [
        HealthState::Degraded,
        HealthState::Caution,
        HealthState::Unknown,
        HealthState::Healthy,
    ];
    html! {
        div.scroll tabindex="0" role="region" aria-label="Counts" {
            table {
                thead { tr { th scope="col" { "Kind" } @for state in STATES { th.number scope="col" { (badge::health(state.name())) } } } }
                tbody { @for kind in JUDGED {
                    @let counts = catalog.health_counts(kind);
                    @if counts.total() > 0 {
                        tr { th scope="row" { (glyph::of_kind(kind)) " " (glyph::title(kind)) }
                            @for state in STATES {
                                td.number { @match counts.of(state) {
                                    0 => span.muted { "0" },
                                    count => a href=(context.links.to("/health").query("kind", kind.name()).query("health", state.name())) { (grouped(count as u64)) },
                                } }
                            } }
                    }
                } }
            }
        }
    }
}
