//! How the nodes of a run ended, those that need a look first.

use maud::{Markup, html};
use tailwater_core::job::{JobRun, NodeRunSummary};
use tailwater_core::run::RunStatus;
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::view::name::{cut, name};
use crate::view::number::{counted, grouped};
use crate::view::resource;
use crate::view::time::{clock, duration, duration_of_seconds};
use crate::view::{job_run, run as node_run};

/// So many are shown at once; the address asks for all.
const MOST: usize = 200;
/// The urgency of what went well.
const GOOD: u8 = 4;

/// The card; nothing while no node is known. What went well is folded: there is much of it, and little to do.
pub(super) fn card(context: &Context, catalog: &Catalog, run: &JobRun, nodes: &[NodeRunSummary]) -> Markup {
    if nodes.is_empty() {
        return html! {};
    }
    let mut sorted: Vec<&NodeRunSummary> = nodes.iter().collect();
    sorted.sort_by_key(|node| (urgency(node), node.started_at, &node.unique_id));
    let asks_for_all = context.parameter("nodes").as_deref() == Some("all");
    let most = if asks_for_all { usize::MAX } else { MOST };
    let (look, good) = sorted.split_at(sorted.partition_point(|node| urgency(node) < GOOD));
    html! {
        section.card #nodes { h2 { "Nodes" }
            p { (job_run::counts(&run.nodes)) }
            @if !look.is_empty() { (table(context, catalog, "Nodes that need a look, or run", &look[..look.len().min(most)])) }
            @if !good.is_empty() {
                details #good-nodes open[asks_for_all || look.is_empty() && run.state.is_over()] {
                    summary { (counted(good.len(), "node that went well", "nodes that went well")) }
                    (table(context, catalog, "Nodes that went well", &good[..good.len().min(most)]))
                }
            }
            @if look.len().max(good.len()) > most {
                p { a href={ (job_run::address(context, run).query("nodes", "all")) "#nodes" } { "Show all " (grouped(nodes.len() as u64)) } }
            }
        }
    }
}

fn table(context: &Context, catalog: &Catalog, about: &str, nodes: &[&NodeRunSummary]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(about) { table {
            thead { tr { th scope="col" { "Node" } th scope="col" { "State" } th scope="col" { "What dbt said" } th scope="col" { "Began" } th.number scope="col" { "Took" } } }
            tbody { @for node in nodes { (row(context, catalog, node)) } }
        } }
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
        Some(RunStatus::Success | RunStatus::Pass | RunStatus::NoOp) => GOOD,
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
        td.says { @if let Some(message) = &node.message { bdi { (cut(message, 600)) } } }
        td.nowrap { @if let Some(at) = node.started_at { (clock(at)) } @else { "–" } }
        td.number { (took) }
    } }
}
