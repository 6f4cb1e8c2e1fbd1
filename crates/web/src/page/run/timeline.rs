//! What a run did when: its steps, its nodes and the refreshes behind them, on one axis.

use maud::{Markup, html};
use tailwater_core::job::{JobRun, NodeRunSummary, StepRun, StepState};
use tailwater_core::refresh::{RefreshRecord, Verdict, outcome_words};
use tailwater_core::timeline::{Entry, Lane, lay_out};
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::view::time::duration;
use crate::view::timeline::{Label, WIDTH, picture};
use crate::view::{job_run, refresh, run as node_run};

/// The card with the picture; nothing before anything has begun.
pub(super) fn card(
    context: &Context,
    catalog: &Catalog,
    run: &JobRun,
    nodes: &[NodeRunSummary],
    refreshes: &[RefreshRecord],
) -> Markup {
    let mut entries = Vec::with_capacity(run.steps.len() + nodes.len() + refreshes.len());
    let mut labels = Vec::with_capacity(entries.capacity());
    for step in run.steps.iter().filter(|step| step.started_at.is_some()) {
        entries.push(step_entry(run, step));
        labels.push(step_label(step));
    }
    for node in nodes {
        entries.push(node_entry(run, node));
        labels.push(node_label(context, catalog, node));
    }
    for refresh in refreshes.iter().filter(|refresh| is_drawn(refresh)) {
        entries.push(refresh_entry(refresh));
        labels.push(refresh_label(context, refresh));
    }
    let Some(timeline) = lay_out(&entries, WIDTH, context.now) else {
        return html! {};
    };
    html! {
        section.card { h2 { "Timeline" }
            (picture(&timeline, &labels, "Timeline of steps, nodes and refreshes; the tables below say the same"))
        }
    }
}

/// One that was skipped or held took no time.
fn is_drawn(refresh: &RefreshRecord) -> bool {
    matches!(refresh.verdict, Verdict::Refresh { .. })
}

fn step_entry(run: &JobRun, step: &StepRun) -> Entry {
    Entry {
        lane: Lane::Step,
        waited_since: None,
        started_at: step.started_at,
        // What a dead machine left open ended with its run.
        ended_at: step.ended_at.or(run.ended_at),
    }
}

fn step_label(step: &StepRun) -> Label {
    let took = step.started_at.zip(step.ended_at);
    let took = took.map_or_else(|| "running".to_owned(), |(from, until)| duration(until - from));
    Label {
        name: step.text.clone(),
        tone: match step.state {
            StepState::Running => "t1",
            state => job_run::step_tone(state),
        },
        title: format!("{}: {}, {took}", step.text, step.state.name()),
        address: None,
    }
}

fn node_entry(run: &JobRun, node: &NodeRunSummary) -> Entry {
    Entry {
        lane: Lane::Node,
        waited_since: None,
        started_at: node.started_at,
        ended_at: match node.status {
            None => run.ended_at,
            // One without an end by dbt's word is drawn as short as it began.
            Some(_) => node.ended_at.or(node.started_at),
        },
    }
}

fn node_label(context: &Context, catalog: &Catalog, node: &NodeRunSummary) -> Label {
    let known = catalog.node(node.unique_id.as_str());
    let name = known.map_or_else(|| node.unique_id.as_str().to_owned(), |known| known.name.clone());
    let took = node.started_at.zip(node.ended_at);
    let took = took.map_or_else(String::new, |(from, until)| {
        format!(", {}", duration(until - from))
    });
    let word = node.status.as_ref().map_or("running", |status| status.name());
    Label {
        title: format!("{}: {word}{took}", node.unique_id),
        name,
        tone: node.status.as_ref().map_or("t1", node_run::tone),
        address: known.map(|known| context.links.node(known.resource_type, &known.unique_id)),
    }
}

fn refresh_entry(refresh: &RefreshRecord) -> Entry {
    Entry {
        lane: Lane::Refresh,
        waited_since: Some(refresh.asked_at),
        started_at: refresh.sent_at.or(refresh.started_at),
        ended_at: refresh.finished_at,
    }
}

fn refresh_label(context: &Context, refresh: &RefreshRecord) -> Label {
    Label {
        name: refresh.name.clone(),
        tone: if refresh.outcome.is_over() {
            refresh::tone(refresh.outcome)
        } else {
            "t2"
        },
        title: format!(
            "{} {}: {}",
            refresh.target.kind.title(),
            refresh.name,
            outcome_words(refresh, context.now)
        ),
        address: Some(refresh::address(context, refresh)),
    }
}
