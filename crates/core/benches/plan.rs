//! Measures planning refreshes: as many targets as models, with two tests for each model and every fifth a view;
//! all of it built in the invocation, every twentieth test failed, every other target refreshed before.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use divan::Bencher;
use tailwater_core::graph::Graph;
use tailwater_core::history::NodeStates;
use tailwater_core::project::{Node, ResourceType};
use tailwater_core::refresh::{
    BuildState, Candidate, LastRefresh, Planner, Policy, Refreshability, Target, TargetId, TargetKind,
};
use tailwater_core::run::{ArtifactMetadata, NodeResult, RunResults};

const SIZES: [usize; 3] = [500, 5_000, 20_000];

fn main() {
    divan::main();
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

fn nodes(count: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    for number in 0..count {
        let reads = [1, 7, 93]
            .into_iter()
            .filter_map(|back| number.checked_sub(back))
            .map(|read| format!("model.shop.a_model_with_a_usual_name_{read}").into());
        let kind = if number % 5 == 0 { "view" } else { "table" };
        let config = serde_json::json!({ "materialized": kind });
        nodes.push(Node {
            unique_id: format!("model.shop.a_model_with_a_usual_name_{number}").into(),
            depends_on: reads.collect(),
            config: Arc::new(config.as_object().cloned().unwrap_or_default()),
            ..Node::default()
        });
        for test in 0..2 {
            nodes.push(Node {
                unique_id: format!("test.shop.not_null_{test}_of_a_model_with_a_usual_name_{number}").into(),
                resource_type: ResourceType::Test,
                depends_on: vec![format!("model.shop.a_model_with_a_usual_name_{number}").into()],
                ..Node::default()
            });
        }
    }
    nodes
}

fn candidates(count: usize) -> Vec<Candidate> {
    (0..count)
        .map(|number| Candidate {
            target: Target {
                id: TargetId {
                    integration: "main".into(),
                    kind: TargetKind::Workbook,
                    id: format!("{number:036}"),
                },
                name: format!("Workbook {number}"),
                url: None,
                collection: None,
                exposures: [format!("exposure.shop.workbook_{number}").into()].into(),
                upstream: (0..5)
                    .map(|step| {
                        let read = (number * 7 + step * 13) % count;
                        format!("model.shop.a_model_with_a_usual_name_{read}").into()
                    })
                    .collect(),
                can: Refreshability::Yes,
                refreshed_at: (number % 2 == 0).then(|| now() - TimeDelta::days(2)),
            },
            policy: Policy {
                enabled: true,
                fresh_by: chrono::NaiveTime::from_hms_opt(7, 0, 0),
                timezone: "Europe/Berlin".to_owned(),
                ..Policy::default()
            },
            last: LastRefresh::default(),
            is_open: false,
        })
        .collect()
}

fn build(nodes: &[Node]) -> BuildState {
    let results = nodes.iter().enumerate().map(|(number, node)| NodeResult {
        unique_id: node.unique_id.clone(),
        status: match node.resource_type {
            ResourceType::Model => "success",
            _ if number % 20 == 0 => "fail",
            _ => "pass",
        }
        .into(),
        message: None,
        failures: None,
        started_at: None,
        completed_at: Some(now() - TimeDelta::minutes(5)),
        execution_seconds: 1.0,
        rows_affected: None,
    });
    let run = RunResults {
        metadata: ArtifactMetadata {
            generated_at: Some(now()),
            ..ArtifactMetadata::default()
        },
        command: "build".to_owned(),
        elapsed_seconds: 1.0,
        results: results.collect(),
    };
    let mut states = NodeStates::default();
    states.add_run(&run);
    BuildState::over(Arc::new(states), [&run])
}

fn planner(nodes: &[Node], count: usize) -> Planner {
    let graph = Graph::from_nodes(nodes);
    let mut by_position = vec![None; graph.len()];
    for node in nodes {
        if let Some(position) = graph.position(node.unique_id.as_str()) {
            by_position[position] = Some(node);
        }
    }
    Planner::new(candidates(count), &graph, &by_position)
}

/// One decision for every target.
#[divan::bench(args = SIZES, sample_count = 10)]
fn plan(bencher: Bencher<'_, '_>, count: usize) {
    let nodes = nodes(count);
    let planner = planner(&nodes, count);
    let build = build(&nodes);
    bencher.bench_local(|| planner.plan(&build, now()));
}

/// What the end of one node decides, as while dbt runs.
#[divan::bench(args = SIZES, sample_count = 10)]
fn decide_after_one_node(bencher: Bencher<'_, '_>, count: usize) {
    let nodes = nodes(count);
    let planner = planner(&nodes, count);
    let build = build(&nodes);
    bencher.bench_local(|| {
        let standing = planner.standing_on(&nodes[0].unique_id);
        planner.decide_each(standing, &build, now())
    });
}

/// Indexing targets, nodes and tests.
#[divan::bench(args = SIZES, sample_count = 10)]
fn index(bencher: Bencher<'_, '_>, count: usize) {
    let nodes = nodes(count);
    let graph = Graph::from_nodes(&nodes);
    let mut by_position = vec![None; graph.len()];
    for node in &nodes {
        if let Some(position) = graph.position(node.unique_id.as_str()) {
            by_position[position] = Some(node);
        }
    }
    bencher
        .with_inputs(|| candidates(count))
        .bench_local_values(|candidates| Planner::new(candidates, &graph, &by_position));
}
