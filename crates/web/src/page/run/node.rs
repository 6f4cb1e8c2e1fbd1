//! How the nodes of a run ended, those that need a look first.

use maud::{Markup, html};
use tailwater_core::job::{JobRun, NodeRunSummary};
use tailwater_core::run::RunStatus;
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::view::name::{cut, name};
use crate::view::number::grouped;
use crate::view::resource;
use crate::view::time::{duration, duration_of_seconds, exact};
use crate::view::{job_run, run as node_run};

/// So many are shown at once; the address asks for all.
const MOST: usize = 200;

/// The card; nothing while no node is known.
pub(super) fn card(context: &Context, catalog: &Catalog, run: &JobRun, nodes: &[NodeRunSummary]) -> Markup {
    if nodes.is_empty() {
        return html! {};
    }
    let mut sorted: Vec<&NodeRunSummary> = nodes.iter().collect();
    sorted.sort_by_key(|node| (urgency(node), node.started_at, &node.unique_id));
    let shown = if context.parameter("nodes").as_deref() == Some("all") {
        usize::MAX
    } else {
        MOST
    };
    html! {
        section.card #nodes { h2 { "Nodes" }
            p { (job_run::counts(&run.nodes)) }
            div.scroll tabindex="0" role="region" aria-label="Node results" { table {
                thead { tr { th scope="col" { "Node" } th scope="col" { "State" } th scope="col" { "What dbt said" } th scope="col" { "Began" } th.number scope="col" { "Took" } } }
                tbody { @for node in sorted.iter().take(shown) { (row(context, catalog, node)) } }
            } }
            @if nodes.len() > shown {
                p { a href={ (job_run::address(context, run).query("nodes", "all")) "#nodes" } { "Show all " (grouped(nodes.len() as u64)) } }
            }
        }
    }
}

/// The lower, the sooner it needs a look.
fn urgency(node: &NodeRunSummary) -> u8 {
    match &node.status {
        Some(
            RunStatus::Error
            | RunStatus::Fail
            | RunStatus::RuntimeError
            | RunStatus::PartialSuccess
            | RunStatus::Other(_),
        ) => 0,
        Some(RunStatus::Warn) => 1,
        None => 2,
        Some(RunStatus::Skipped) => 3,
        Some(RunStatus::Success | RunStatus::Pass | RunStatus::NoOp) => 4,
    }
}

fn row(context: &Context, catalog: &Catalog, node: &NodeRunSummary) -> Markup {
    let took = match (node.seconds, node.started_at.zip(node.ended_at)) {
        (Some(seconds), _) => duration_of_seconds(seconds),
        (None, Some((from, until))) => duration(until - from),
        (None, None) => "–".to_owned(),
    };
    html! { tr {
        td {
            @if catalog.node(node.unique_id.as_str()).is_some() { (resource::link_by_id(context, catalog, &node.unique_id)) }
            @else { (name(node.unique_id.as_str())) }
        }
        td { @match &node.status {
            Some(status) => (node_run::status(status)),
            None => span.badge.tone-unknown { span.spinner aria-hidden="true" {} "running" },
        } }
        td { @if let Some(message) = &node.message { bdi { (cut(message, 600)) } } }
        td.nowrap { @if let Some(at) = node.started_at { (exact(at)) } @else { "–" } }
        td.number { (took) }
    } }
}
