//! `/`: what there is, what needs attention, and what to do next while something is missing.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_core::health::{HealthCounts, HealthState};
use tailwater_core::id::NodeId;
use tailwater_core::project::ResourceType;
use tailwater_engine::account::Role;
use tailwater_engine::catalog::{Catalog, CatalogIntegration};
use tailwater_engine::store::{JobRunFilter, SyncOutcome};

use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome::card;
use crate::view::name::{beginning, name};
use crate::view::number::{counted, grouped};
use crate::view::time::ago;
use crate::view::{badge, job_run, readiness, reason, resource};

/// So many of a kind are named; the rest are behind a link.
const NAMED: usize = 5;
/// Runs of jobs.
const LAST_RUNS: u32 = 5;
/// Models that feed most.
const FEEDERS: usize = 8;

/// `GET /`
pub async fn get(context: Context) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let (context, catalog) = (&context, catalog.as_ref());
    let attention = attention(context, catalog);
    let runs = last_runs(context).await?;
    let body = html! {
        form.row action=(context.links.to("/search").anywhere()) method="get" role="search" aria-label="Search from the home page" {
            @if let Some(environment) = &context.environment { input type="hidden" name="env" value=(environment); }
            label.hidden for="home-q" { "Search models, dashboards, columns, owners" }
            input id="home-q" type="search" name="q" placeholder="Search models, dashboards, columns, owners" autocomplete="off" maxlength="400";
            button.primary type="submit" { "Search" }
        }
        @if let Some(next) = next_step(context, catalog) { (next) }
        (figures(context, catalog))
        div.columns {
            div {
                section.card { h2 { "Needs attention" }
                    @if attention.is_empty() { p { (badge::health("healthy")) " Nothing that is known needs a look." } }
                    @else { ul.plain-list { @for line in &attention { li { (line) } } } }
                }
            }
            div {
                (runs)
                (feeders(context, catalog))
                (syncs(context, catalog))
            }
        }
        nav aria-label="Everything" { p.muted { "Browse: "
            @for (title, path) in BROWSE { a href=(context.links.to(path)) { (title) } " " }
        } }
    };
    Ok(readiness::page(context, catalog, "Home")
        .body(&body)
        .into_response())
}

const BROWSE: [(&str, &str); 10] = [
    ("Files", "/tree/files"),
    ("Database", "/tree/database"),
    ("Seeds", "/seeds"),
    ("Snapshots", "/snapshots"),
    ("Tests", "/tests"),
    ("Metrics", "/metrics"),
    ("Semantic models", "/semantic-models"),
    ("Saved queries", "/saved-queries"),
    ("Macros", "/macros"),
    ("Health", "/health"),
];

/// The four figures with their worst health.
fn figures(context: &Context, catalog: &Catalog) -> Markup {
    let kinds = [
        ("Models", "/models", ResourceType::Model),
        ("Sources", "/sources", ResourceType::Source),
        ("Exposures", "/exposures", ResourceType::Exposure),
    ];
    let integrations = catalog.integrations();
    let failing = integrations
        .iter()
        .filter(|integration| integration.is_failing())
        .count();
    let unsynced = integrations
        .iter()
        .filter(|integration| integration.synced_at().is_none())
        .count();
    html! {
        ul.tiles {
            @for (title, path, kind) in kinds {
                @let counts = catalog.health_counts(kind);
                li { a href=(context.links.to(path)) { (title) }
                    span.figure { (grouped(catalog.count(kind) as u64)) }
                    (worst(&context.links.to(path), &counts)) }
            }
            li { a href=(context.links.to("/integrations")) { "Integrations" }
                span.figure { (grouped(integrations.len() as u64)) }
                @if failing > 0 { (state_word("degraded", &format!("{failing} failing"))) }
                @else if unsynced > 0 { (state_word("unknown", &format!("{unsynced} not synced yet"))) }
                @else if !integrations.is_empty() { (state_word("healthy", "all synced")) }
                @else { span.muted { "none yet" } }
            }
        }
    }
}

fn state_word(state: &str, words: &str) -> Markup {
    html! { span.badge.{ "tone-" (state) } { (crate::view::glyph::glyph(state)) (words) } }
}

/// The worst state with its number, leading to the list of those.
fn worst(list: &Address, counts: &HealthCounts) -> Markup {
    let Some(state) = counts.worst() else {
        return html! { span.muted { "none yet" } };
    };
    let words = if state == HealthState::Healthy {
        "all healthy".to_owned()
    } else {
        format!("{} {}", grouped(counts.of(state) as u64), state.name())
    };
    html! { a href=(list.clone().query("health", state.name())) { (state_word(state.name(), &words)) } }
}

/// The one act that brings the reader further, while something is missing. A project comes first: the page's
/// notices say so.
fn next_step(context: &Context, catalog: &Catalog) -> Option<Markup> {
    if catalog.projects().is_empty() {
        return None;
    }
    let Some(first) = catalog.integrations().first() else {
        return Some(html! {
            div.notice role="note" {
                p { strong { "Next: connect your BI tool." } " Its dashboards become exposures, each with the models that it stands on." }
                @if context.may(Role::Admin) { p { a.button.primary href=(context.links.to("/integrations/new/tableau")) { "Connect Tableau" } } }
                @else { p { "An administrator of this Tailwater can connect it." } }
            }
        });
    };
    let has_any = catalog
        .integrations()
        .iter()
        .any(|integration| integration.synced_at().is_some());
    if has_any {
        return None;
    }
    let integration = first.integration();
    let place = context.links.integration(&integration.name);
    let has_selection =
        !integration.collections.patterns().is_empty() || integration.collections.has_brought_in();
    Some(html! {
        div.notice role="note" {
            @if has_selection {
                p { strong { "Next: sync " (name(first.name())) "." } " Collections are chosen, and nothing was read yet." }
                p { a.button.primary href=(place) { "Go to the integration" } }
            } @else {
                p { strong { "Next: choose what to import from " (name(first.name())) "." } " Nothing is selected yet." }
                p { a.button.primary href=(place.then("/collections")) { "Choose collections" } }
            }
        }
    })
}

/// One line for each thing, worst first.
fn attention(context: &Context, catalog: &Catalog) -> Vec<Markup> {
    let attention = catalog.attention();
    let mut lines = Vec::new();
    for integration in catalog
        .integrations()
        .iter()
        .filter(|integration| integration.is_failing())
    {
        lines.push(failed_sync(context, integration));
    }
    let all = |key: &str, value: &str| context.links.to("/exposures").query(key, value);
    let line = |tone: &str, ids: &[NodeId], one: &str, many: &str, all: Address| {
        let words = counted(ids.len(), one, many);
        (!ids.is_empty()).then(|| with_names(context, catalog, tone, &words, &all, ids))
    };
    lines.extend(line(
        "degraded",
        &attention.degraded_exposures,
        "dashboard is degraded",
        "dashboards are degraded",
        all("health", "degraded"),
    ));
    lines.extend(line(
        "degraded",
        &attention.failed_refreshes,
        "refresh failed",
        "refreshes failed",
        all("refresh", "failed"),
    ));
    // Seeds and snapshots are counted with the models; the words and the link say so when there are any.
    let degraded = &attention.degraded_models;
    let are_all_models = degraded.iter().all(|id| id.as_str().starts_with("model."));
    let everything = context.links.to("/health").query("health", "degraded");
    if are_all_models {
        let models = everything.query("kind", "model");
        lines.extend(line(
            "degraded",
            degraded,
            "model is degraded",
            "models are degraded",
            models,
        ));
    } else {
        lines.extend(line(
            "degraded",
            degraded,
            "seed or snapshot is degraded",
            "models, seeds and snapshots are degraded",
            everything,
        ));
    }
    if attention.unmatched_tables > 0 {
        lines.push(unmatched(context, catalog));
    }
    for (ids, one, many, all) in [
        (
            &attention.stale_refreshes,
            "dashboard shows old data",
            "dashboards show old data",
            all("refresh", "stale"),
        ),
        (
            &attention.stale_exposures,
            "dashboard was read only in part",
            "dashboards were read only in part",
            context.links.to("/exposures"),
        ),
        (
            &attention.without_owner_email,
            "dashboard has no owner e-mail",
            "dashboards have no owner e-mail",
            context.links.to("/exposures"),
        ),
    ] {
        lines.extend(line("caution", ids, one, many, all));
    }
    lines
}

fn unmatched(context: &Context, catalog: &Catalog) -> Markup {
    let attention = catalog.attention();
    let words = counted(
        attention.unmatched_tables,
        "table was not matched",
        "tables were not matched",
    );
    html! {
        (state_word("caution", &words)) " under " (counted(attention.exposures_with_gaps.len(), "dashboard", "dashboards")) ":"
        @for integration in catalog.integrations() {
            " " a href=(context.links.integration(&integration.integration().name).then("/unmatched")) { "what mends it in " (name(integration.name())) }
        }
    }
}

fn failed_sync(context: &Context, integration: &CatalogIntegration) -> Markup {
    let error = integration.last_sync().and_then(|sync| sync.error.as_ref());
    let address = context.links.integration(&integration.integration().name);
    html! {
        (state_word("degraded", "the last sync failed")) " of " a href=(address.then("/syncs")) { (name(integration.name())) }
        @if let Some(error) = error { ": " (name(&beginning(Some(&error.message), 200))) }
        @if let Some(at) = integration.synced_at() { span.path { "What you see is of the sync that ended " (ago(at, context.now)) "." } }
    }
}

/// A line with the first few by name: of those that have one, with the reason.
fn with_names(
    context: &Context,
    catalog: &Catalog,
    state: &str,
    words: &str,
    all: &Address,
    ids: &[NodeId],
) -> Markup {
    html! {
        a href=(all) { (state_word(state, words)) }
        ul {
            @for id in ids.iter().take(NAMED) {
                li { (resource::link_by_id(context, catalog, id))
                    @if let Some(main) = catalog.health(id.as_str()).main_reason().filter(|reason| reason.state == HealthState::Degraded) {
                        span.path { (reason::phrases(context, &main.phrases)) }
                    } }
            }
            @if ids.len() > NAMED { li.muted { "and " (grouped((ids.len() - NAMED) as u64)) " more" } }
        }
    }
}

fn feeders(context: &Context, catalog: &Catalog) -> Markup {
    let feeders: Vec<_> = catalog.feeders().take(FEEDERS).collect();
    html! {
        @if !feeders.is_empty() {
            (card("Models that feed most dashboards", &html! {
                ul.plain-list { @for (node, count) in feeders {
                    li.row.spread { (resource::link(context, node))
                        a href=(context.links.node(node.resource_type, &node.unique_id).then("/downstream")) { (counted(count, "dashboard", "dashboards")) } }
                } }
            }))
        }
    }
}

/// The last runs of jobs; nothing where there are none.
async fn last_runs(context: &Context) -> Result<Markup, Error> {
    let store = context.app.workspace().store();
    let page = store.job_runs(&JobRunFilter::default(), LAST_RUNS).await?;
    if page.runs.is_empty() {
        return Ok(html! {});
    }
    Ok(card(
        "Last runs",
        &html! {
            ul.plain-list { @for run in &page.runs { li {
                a href=(job_run::address(context, run)) { (name(run.job.as_str())) } " " (job_run::badge(run.state))
                " " span.muted { (ago(run.started_at.unwrap_or(run.queued_at), context.now)) }
                span.path { (job_run::counts(&run.nodes)) }
            } } }
            p { a href=(context.links.to("/runs")) { "All runs" } }
        },
    ))
}

fn syncs(context: &Context, catalog: &Catalog) -> Markup {
    html! {
        @if !catalog.integrations().is_empty() {
            (card("Last syncs", &html! {
                ul.plain-list { @for integration in catalog.integrations() {
                    li { a href=(context.links.integration(&integration.integration().name)) { (name(integration.name())) } " "
                        @match integration.last_sync() {
                            None => span.muted { "not synced yet" },
                            Some(sync) => {
                                (state_word(outcome_state(sync.outcome), sync.outcome.name())) " " span.muted { (ago(sync.finished_at, context.now)) }
                                span.path { (grouped(sync.counts.added as u64)) " added, " (grouped(sync.counts.changed as u64)) " changed, " (grouped(sync.counts.removed as u64)) " removed" }
                            },
                        }
                    }
                } }
            }))
        }
    }
}

const fn outcome_state(outcome: SyncOutcome) -> &'static str {
    match outcome {
        SyncOutcome::Changed | SyncOutcome::Unchanged => "healthy",
        SyncOutcome::Partial => "caution",
        SyncOutcome::Stopped => "unknown",
        SyncOutcome::Failed => "degraded",
    }
}
