//! Invocations of dbt as runs, and their nodes and tests as runs within them.

use chrono::{DateTime, Utc};
use tailwater_bi::outgoing::open_lineage::{
    Assertion, Dataset, Engine, LineageEvent, LineageJob, LineageState,
};
use tailwater_core::health::tested_nodes;
use tailwater_core::project::{Node, Project, ResourceType};
use tailwater_core::run::{NodeResult, RunStatus};
use tailwater_store::{NodeRun, RunRecord};

use super::dataset::{table, tables};
use super::{MOST_TOGETHER, Parent, Told, before, dbt_job, derived, invocation_id};
use crate::signal::settings::SignalSettings;

/// What there is to tell of an invocation that was recorded: its beginning, each node and test that ran, and its end.
/// `project` is the manifest of its environment, without which no tables are known.
pub(super) fn events(
    record: &RunRecord,
    results: &[NodeRun],
    parent: Option<Parent>,
    project: Option<&Project>,
    settings: &SignalSettings,
) -> Vec<Told> {
    let own = record.invocation_id.as_deref().unwrap_or(record.id.as_str());
    let run = invocation_id(&record.project, &record.environment, own);
    let ended_at = record.generated_at;
    let began = before(ended_at, record.elapsed_seconds);
    let began = record.started_at.map_or(began, |first| began.min(first));
    let failed: usize = ["error", "fail", "runtime error"]
        .iter()
        .filter_map(|word| record.counts.get(*word))
        .sum();
    let error = (failed > 0).then(|| match failed {
        1 => "1 node or test failed".to_owned(),
        _ => format!("{failed} nodes and tests failed"),
    });
    let whole = LineageEvent {
        state: if failed > 0 {
            LineageState::Fail
        } else {
            LineageState::Complete
        },
        at: ended_at,
        run,
        job: dbt_job(&settings.lineage_namespace, &record.project, &record.environment),
        parent,
        engine: engine(&record.dbt_version),
        error,
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    let [start, end] = Told::both(began, &whole);
    let mut of_nodes: Vec<_> = results
        .iter()
        .filter_map(|one| one.result.as_ref())
        .filter_map(|result| node_event(result, &whole, project, settings))
        .collect();
    of_nodes.sort_by_key(|(began, _)| *began);
    let of_nodes: Vec<_> = of_nodes
        .into_iter()
        .flat_map(|(at, event)| Told::both(at, &event))
        .flat_map(|told| told.events)
        .collect();
    let mut told = vec![start];
    for (number, events) in of_nodes.chunks(MOST_TOGETHER).enumerate() {
        told.push(Told {
            key: format!("{} nodes {number}", whole.run),
            events: events.to_vec(),
        });
    }
    told.push(end);
    told
}

/// dbt, where its version is known.
pub(super) fn engine(version: &str) -> Option<Engine> {
    (!version.is_empty()).then(|| Engine {
        name: "dbt",
        version: version.to_owned(),
    })
}

/// The end of one node or test, and when it began. `None` for what did not run, and for what is neither built nor
/// tested.
fn node_event(
    result: &NodeResult,
    whole: &LineageEvent,
    project: Option<&Project>,
    settings: &SignalSettings,
) -> Option<(DateTime<Utc>, LineageEvent)> {
    let id = result.unique_id.as_str();
    let node = project.and_then(|project| project.find(id));
    let kind = node.map_or_else(|| kind_of(id), |node| Some(node.resource_type))?;
    let word = match kind {
        ResourceType::Model => "MODEL",
        ResourceType::Seed => "SEED",
        ResourceType::Snapshot => "SNAPSHOT",
        ResourceType::Test => "TEST",
        ResourceType::UnitTest => "UNIT_TEST",
        _ => return None,
    };
    let state = match result.status {
        RunStatus::Success | RunStatus::PartialSuccess | RunStatus::Pass | RunStatus::Warn => {
            LineageState::Complete
        }
        RunStatus::Error | RunStatus::Fail | RunStatus::RuntimeError => LineageState::Fail,
        RunStatus::Skipped | RunStatus::NoOp | RunStatus::Other(_) => return None,
    };
    let ended_at = result.completed_at.unwrap_or(whole.at);
    let began = result
        .started_at
        .unwrap_or_else(|| before(ended_at, result.execution_seconds));
    let is_test = matches!(kind, ResourceType::Test | ResourceType::UnitTest);
    let (inputs, outputs) = match (project, node) {
        (Some(project), Some(node)) if is_test => (looked_at(result, node, project, settings), Vec::new()),
        (Some(project), Some(node)) => {
            let rows = result
                .rows_affected
                .filter(|rows| *rows >= 0 && state == LineageState::Complete);
            let written = table(project, node, settings).map(|table| Dataset { rows, ..table });
            (
                tables(project, &node.depends_on, settings),
                written.into_iter().collect(),
            )
        }
        _ => (Vec::new(), Vec::new()),
    };
    let said = || {
        result
            .message
            .clone()
            .unwrap_or_else(|| result.status.name().to_owned())
    };
    let event = LineageEvent {
        state,
        at: ended_at,
        run: derived(&format!("node\n{}\n{id}", whole.run)),
        job: LineageJob {
            name: format!("{}/{id}", whole.job.name),
            kind: word,
            ..whole.job.clone()
        },
        parent: Some((whole.run.clone(), whole.job.clone())),
        engine: whole.engine.clone(),
        error: (state == LineageState::Fail).then(said),
        inputs,
        outputs,
    };
    Some((began, event))
}

/// The tables that a test reads; of those that it tests, what it found.
fn looked_at(result: &NodeResult, test: &Node, project: &Project, settings: &SignalSettings) -> Vec<Dataset> {
    let info = test.test.as_ref();
    let assertion = Assertion {
        name: info
            .and_then(|info| info.name.clone())
            .unwrap_or_else(|| test.name.clone()),
        is_good: result.status == RunStatus::Pass,
        column: info.and_then(|info| info.column.clone()),
    };
    let tested = tested_nodes(test);
    let others = test.depends_on.iter().filter(|node| !tested.contains(node));
    let mut found = tables(project, tested, settings);
    for table in &mut found {
        table.assertion = Some(assertion.clone());
    }
    let names: Vec<String> = found.iter().map(|table| table.name.clone()).collect();
    let read = tables(project, others, settings);
    found.extend(read.into_iter().filter(|table| !names.contains(&table.name)));
    found
}

/// The kind of a node that the manifest no longer has.
fn kind_of(id: &str) -> Option<ResourceType> {
    Some(match id.split_once('.')?.0 {
        "model" => ResourceType::Model,
        "seed" => ResourceType::Seed,
        "snapshot" => ResourceType::Snapshot,
        "test" => ResourceType::Test,
        "unit_test" => ResourceType::UnitTest,
        _ => return None,
    })
}
