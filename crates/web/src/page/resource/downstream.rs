//! `/models/{id}/downstream`: the dashboards that stand on a resource, who owns them, and by which way.
//!
//! This is the page that one opens before a change: the sentence on top says how many people it concerns, one
//! button gives their addresses, and every row says how the change would reach it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use tailwater_core::exposure::Exposure;
use tailwater_core::health::{HealthState, Refresh};
use tailwater_core::project::Node;
use tailwater_engine::catalog::Catalog;

use super::fact::mail;
use super::subject::{Subject, Tab};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::filter::{Filter, holds};
use crate::view::list::{Column, List};
use crate::view::name::{cut, name};
use crate::view::number::{counted, grouped};
use crate::view::{badge, glyph, resource};

/// Models of a way that are named before the middle is left out.
const LONGEST_WAY: usize = 4;

/// A dashboard with what the page says of it.
struct Row<'a> {
    exposure: &'a Exposure,
    health: HealthState,
    refresh: Option<&'a Refresh>,
    tool: &'static str,
    folder: String,
    /// The models on the shortest way, from the resource to the dashboard; none when it reads the resource itself.
    way: Vec<&'a Node>,
    /// What else on which the resource feeds the dashboard.
    other_ways: usize,
}

impl Row<'_> {
    fn owner(&self) -> &str {
        let owner = &self.exposure.owner;
        owner
            .name
            .as_deref()
            .or(owner.email.as_deref())
            .unwrap_or_default()
    }

    fn owner_key(&self) -> String {
        let owner = &self.exposure.owner;
        let key = owner
            .email
            .as_deref()
            .or(owner.name.as_deref())
            .unwrap_or_default();
        key.to_lowercase()
    }

    fn views(&self) -> Option<u64> {
        self.exposure.workbook.as_ref()?.total_views
    }
}

/// By what the rows are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouping {
    Owner,
    Folder,
    Way,
    Nothing,
}

impl Grouping {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Owner, "owner", "Tool and owner"),
        (Self::Folder, "project", "Project"),
        (Self::Way, "way", "Way"),
        (Self::Nothing, "none", "Nothing"),
    ];

    fn chosen(context: &Context) -> Self {
        let wanted = context.parameter("by");
        let found = Self::ALL
            .into_iter()
            .find(|(_, word, _)| Some(*word) == wanted.as_deref());
        found.map_or(Self::Owner, |(grouping, ..)| grouping)
    }
}

/// `GET /models/{id}/downstream`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let context = &context;
    let all = rows(&subject);
    let summary = summary(&subject, &all);
    let has_any = !all.is_empty();
    let mut filter = Filter::new(context, |row: &Row<'_>, words| {
        holds(&row.exposure.label, words) || holds(&row.folder, words) || holds(row.owner(), words)
    })
    .one("tool", "Tool", |row| Some(Cow::Borrowed(row.tool)))
    .one("owner", "Owner", |row| {
        (!row.owner().is_empty()).then(|| Cow::Owned(row.owner().to_owned()))
    })
    .one("health", "Health", |row| Some(Cow::Borrowed(row.health.name())))
    .one("refresh", "Refresh", |row| {
        row.refresh.map(|refresh| Cow::Borrowed(refresh.state.name()))
    })
    .one("reads", "Reads it", |row| {
        Some(Cow::Borrowed(if row.way.is_empty() {
            "directly"
        } else {
            "through models"
        }))
    });
    let rows = filter.apply(all);
    let mails = mails(&rows);
    let grouping = Grouping::chosen(context);
    let nothing = if filter.is_used() {
        empty(
            "No dashboard is like that.",
            &html! { a href=(subject.address(Tab::Downstream)) { "Show all dashboards" } },
        )
    } else {
        empty(
            "No dashboard is known to stand on it.",
            &html! { p { "Only dashboards of selected collections are known. " a href=(context.links.to("/integrations")) { "Look at the integrations" } } },
        )
    };
    let list = with_groups(
        columns(context, List::new(context, "dashboards", rows, nothing)),
        grouping,
        context,
    );
    list.respond(|table| {
        subject.page(
            Tab::Downstream,
            &html! {
                (summary)
                @if has_any {
                    div.row.actions {
                        @if !mails.is_empty() {
                            button.primary type="button" data-copy=(mails.iter().copied().collect::<Vec<_>>().join(", ")) {
                                "Copy owners' e-mails (" (mails.len()) ")"
                            }
                        }
                        a.button href=(subject.impact()) { "Show the lineage, its middle collapsed" }
                    }
                    (grouping_links(&subject, grouping))
                    (filter.form("dashboards"))
                }
                div #list { @if has_any { (filter.count("dashboard", "dashboards")) } (table) }
            },
        )
    })
}

/// Every dashboard below the resource with its way there. One walk over the graph, nearest first.
fn rows<'a>(subject: &Subject<'a>) -> Vec<Row<'a>> {
    let catalog = subject.catalog;
    let graph = catalog.graph();
    let Some(start) = graph.position(subject.id()) else {
        return Vec::new();
    };
    // From where each position was first reached.
    let mut reached_from: HashMap<usize, usize> = HashMap::new();
    let mut waiting = std::collections::VecDeque::from([start]);
    while let Some(position) = waiting.pop_front() {
        for &child in graph.children(position) {
            if child != start && !reached_from.contains_key(&child) {
                reached_from.insert(child, position);
                waiting.push_back(child);
            }
        }
    }
    let is_below = |id: &str| {
        let position = graph.position(id);
        position.is_some_and(|position| position == start || reached_from.contains_key(&position))
    };
    let mut rows: Vec<Row<'a>> = catalog
        .exposures_downstream(subject.id())
        .into_iter()
        .map(|exposure| {
            let id = exposure.unique_id.as_str();
            let mut way = Vec::new();
            let mut position = graph.position(id);
            while let Some(before) = position.and_then(|position| reached_from.get(&position)) {
                if *before == start {
                    break;
                }
                way.extend(catalog.node_at(*before));
                position = Some(*before);
            }
            way.reverse();
            let entrances = exposure
                .depends_on
                .iter()
                .filter(|id| is_below(id.as_str()))
                .count();
            Row {
                exposure,
                health: catalog.health(id).state,
                refresh: catalog.refresh_of(id),
                tool: tool_of(catalog, exposure),
                folder: catalog.collection_path(exposure).join(" / "),
                way,
                other_ways: entrances.saturating_sub(1),
            }
        })
        .collect();
    rows.sort_by_cached_key(|row| row.exposure.label.to_lowercase());
    rows
}

fn tool_of(catalog: &Catalog, exposure: &Exposure) -> &'static str {
    let integration = exposure
        .integration
        .as_ref()
        .and_then(|name| catalog.integration(name.as_str()));
    integration.map_or("dbt", |integration| integration.integration().kind.name())
}

fn tool_mark(tool: &str) -> Markup {
    if tool == "dbt" {
        glyph::glyph("exposure")
    } else {
        glyph::tool(tool)
    }
}

fn tool_title(tool: &str) -> &'static str {
    if tool == "dbt" {
        "Declared in dbt"
    } else {
        glyph::tool_title(tool)
    }
}

/// "41 dashboards of 12 owners stand on fct_orders: 9 read it directly, 32 through 7 models."
fn summary(subject: &Subject<'_>, rows: &[Row<'_>]) -> Markup {
    if rows.is_empty() {
        return html! {};
    }
    let all_are_dashboards = rows.iter().all(|row| row.exposure.kind == "dashboard");
    let (one, many) = if all_are_dashboards {
        ("dashboard", "dashboards")
    } else {
        ("exposure", "exposures")
    };
    let owners: BTreeSet<String> = rows
        .iter()
        .map(Row::owner_key)
        .filter(|key| !key.is_empty())
        .collect();
    let direct = rows.iter().filter(|row| row.way.is_empty()).count();
    let through: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.way.last())
        .map(|node| node.unique_id.as_str())
        .collect();
    let views: u64 = rows.iter().filter_map(Row::views).sum();
    let degraded = rows
        .iter()
        .filter(|row| row.health == HealthState::Degraded)
        .count();
    let unreachable = rows
        .iter()
        .filter(|row| row.exposure.owner.email.is_none())
        .count();
    html! {
        p data-say {
            strong { (counted(rows.len(), one, many))
                @if !owners.is_empty() { " of " (counted(owners.len(), "owner", "owners")) }
                @if rows.len() == 1 { " stands on " } @else { " stand on " }
                (name(&resource::label(subject.node))) }
            @if direct == rows.len() { ", all directly." }
            @else if direct == 0 { ", through " (counted(through.len(), "model", "models")) "." }
            @else { ": " (grouped(direct as u64)) " directly, " (grouped((rows.len() - direct) as u64)) " through " (counted(through.len(), "model", "models")) "." }
        }
        p.muted {
            @if views > 0 { (grouped(views)) " views in all. " }
            @if degraded > 0 { (grouped(degraded as u64)) @if degraded == 1 { " is" } @else { " are" } " degraded. " }
            @if unreachable > 0 { (grouped(unreachable as u64)) @if unreachable == 1 { " has" } @else { " have" } " no owner's e-mail." }
        }
    }
}

/// The addresses of all owners, each once, in order.
fn mails<'a>(rows: &[Row<'a>]) -> BTreeSet<&'a str> {
    let mails = rows.iter().filter_map(|row| row.exposure.owner.email.as_deref());
    // What holds a separator would become two receivers.
    mails
        .filter(|mail| !mail.contains([',', ';', '\n', '\r']))
        .collect()
}

fn grouping_links(subject: &Subject<'_>, here: Grouping) -> Markup {
    html! {
        p.row { span.muted { "Group by" }
            @for (grouping, word, title) in Grouping::ALL {
                @if grouping == here { strong aria-current="true" { (title) } }
                @else { a href=(subject.address(Tab::Downstream).query("by", word)) { (title) } }
            }
        }
    }
}

fn columns<'a>(context: &'a Context, list: List<'a, Row<'a>>) -> List<'a, Row<'a>> {
    let now = context.now;
    list.column(
        Column::new("name", "Dashboard", |row: &Row<'a>| row.exposure.label.clone()).shown(move |row| {
            html! {
                span.name { (tool_mark(row.tool)) a href=(context.links.exposure(&row.exposure.unique_id)) { (name(&row.exposure.label)) } }
                @if !row.folder.is_empty() { span.path { (name(&row.folder)) } }
            }
        }),
    )
    .column(Column::new("unique_id", "Id", |row: &Row<'a>| row.exposure.unique_id.to_string()).in_files_only())
    .column(Column::new("tool", "Tool", |row: &Row<'a>| row.tool.to_owned()).in_files_only())
    .column(Column::new("project", "Project", |row: &Row<'a>| row.folder.clone()).in_files_only())
    .column(
        Column::new("health", "Data", |row: &Row<'a>| row.health.name().to_owned())
            .shown(|row| badge::health(row.health.name()))
            .sorted_by(|row| row.health),
    )
    .column(
        Column::new("refresh", "Refresh", |row: &Row<'a>| {
            row.refresh.map_or("unknown", |refresh| refresh.state.name()).to_owned()
        })
        .shown(move |row| html! { @match row.refresh { Some(refresh) => (badge::refresh(refresh, now)), None => span.muted { "–" } } })
        .sorted_by(|row| row.refresh.map(|refresh| (refresh.state, refresh.data_as_of))),
    )
    .column(
        Column::new("data_as_of", "Data as of", |row: &Row<'a>| {
            let at = row.refresh.and_then(|refresh| refresh.data_as_of);
            at.map_or_else(String::new, |at| at.to_rfc3339())
        })
        .in_files_only(),
    )
    .column(
        Column::new("views", "Views", |row: &Row<'a>| row.views().map_or_else(String::new, |views| views.to_string()))
            .shown(|row| html! { @match row.views() { Some(views) => (grouped(views)), None => span.muted { "–" } } })
            .number(Row::views),
    )
    .column(
        Column::new("owner", "Owner", |row: &Row<'a>| row.owner().to_owned())
            .shown(|row| html! { (name(row.owner())) }),
    )
    .column(
        Column::new("owner_email", "Owner's e-mail", |row: &Row<'a>| {
            row.exposure.owner.email.clone().unwrap_or_default()
        })
        .in_files_only(),
    )
    .column(
        Column::new("way", "By which way", |row: &Row<'a>| {
            let names = row.way.iter().map(|node| resource::label(node));
            names.collect::<Vec<_>>().join(" > ")
        })
        .shown(move |row| way(context, row))
        .sorted_by(|row| row.way.len()),
    )
    .column(
        Column::new("url", "Address", |row: &Row<'a>| row.exposure.url.clone().unwrap_or_default()).in_files_only(),
    )
}

fn way(context: &Context, row: &Row<'_>) -> Markup {
    let named: Vec<&Node> = if row.way.len() > LONGEST_WAY {
        let (first, last) = (
            row.way.iter().take(LONGEST_WAY / 2),
            row.way.iter().skip(row.way.len() - LONGEST_WAY / 2),
        );
        first.chain(last).copied().collect()
    } else {
        row.way.clone()
    };
    let left_out = row.way.len() - named.len();
    html! {
        @if row.way.is_empty() { "directly" }
        @else {
            "through "
            @for (at, node) in named.iter().enumerate() {
                @if at > 0 { " → " }
                @if left_out > 0 && at == LONGEST_WAY / 2 { span.muted { "+" (left_out) } " → " }
                a href=(context.links.node(node.resource_type, &node.unique_id)) { (name(&resource::label(node))) }
            }
        }
        @if row.other_ways > 0 { span.path { "and by " (counted(row.other_ways, "more way", "more ways")) } }
    }
}

fn with_groups<'a>(list: List<'a, Row<'a>>, grouping: Grouping, context: &'a Context) -> List<'a, Row<'a>> {
    match grouping {
        Grouping::Nothing => list,
        Grouping::Owner => list.grouped_by(
            // Nobody's dashboards come last in their tool.
            |row| format!("{}\u{0}{}\u{0}{}", row.tool, u8::from(row.owner().is_empty()), row.owner_key()),
            |row, count| {
                let email = row.exposure.owner.email.as_deref();
                html! {
                    span.row {
                        (tool_mark(row.tool)) span { (tool_title(row.tool)) }
                        @if row.owner().is_empty() { span { "nobody is named as owner" } } @else { span { (name(row.owner())) } }
                        @if let Some(email) = email { @if email != row.owner() { span { (mail(email)) } } }
                        span.muted { (counted(count, "dashboard", "dashboards")) }
                    }
                }
            },
        ),
        Grouping::Folder => list.grouped_by(
            |row| format!("{}\u{0}{}", row.tool, row.folder.to_lowercase()),
            |row, count| html! {
                span.row { (tool_mark(row.tool))
                    @if row.folder.is_empty() { span { (tool_title(row.tool)) } } @else { span { (name(&cut(&row.folder, 200))) } }
                    span.muted { (counted(count, "dashboard", "dashboards")) } }
            },
        ),
        Grouping::Way => list.grouped_by(
            |row| {
                let last = row.way.last();
                last.map_or_else(String::new, |node| node.unique_id.to_string())
            },
            |row, count| html! {
                span.row {
                    @match row.way.last() { Some(node) => { span { "Through" } (resource::link(context, node)) }, None => span { "Directly" } }
                    span.muted { (counted(count, "dashboard", "dashboards")) }
                }
            },
        ),
    }
}
