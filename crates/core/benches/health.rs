//! Measures judging a whole catalog: 20,000 models with 40,000 tests and 2,000 sources, and 20,000
//! exposures. Every tenth result is bad, so that the sentences are written too.

use divan::Bencher;
use tailwater_core::graph::Graph;
use tailwater_core::health::{Input, assess};
use tailwater_core::history::NodeStates;
use tailwater_core::project::{FreshnessCriteria, Node, ResourceType};
use tailwater_core::run::{ArtifactMetadata, FreshnessResult, NodeResult, RunResults, SourceFreshness};

const MODELS: usize = 20_000;
const SOURCES: usize = 2_000;
const EXPOSURES: usize = 20_000;

fn main() {
    divan::main();
}

fn node(kind: ResourceType, id: String, reads: Vec<String>) -> Node {
    Node {
        name: id.rsplit('.').next().unwrap_or_default().to_owned(),
        unique_id: id.into(),
        resource_type: kind,
        depends_on: reads.into_iter().map(Into::into).collect(),
        freshness: (kind == ResourceType::Source).then_some(FreshnessCriteria {
            warn_after_seconds: Some(1),
            error_after_seconds: None,
        }),
        ..Node::default()
    }
}

fn nodes() -> Vec<Node> {
    let mut nodes = Vec::new();
    for number in 0..SOURCES {
        nodes.push(node(
            ResourceType::Source,
            format!("source.shop.s{number}"),
            Vec::new(),
        ));
    }
    for number in 0..MODELS {
        let mut reads = vec![format!("source.shop.s{}", number % SOURCES)];
        if number > 100 {
            reads.extend([1, 7, 93].map(|back| format!("model.shop.m{}", number - back)));
        }
        nodes.push(node(ResourceType::Model, format!("model.shop.m{number}"), reads));
        for test in 0..2 {
            let reads = vec![format!("model.shop.m{number}")];
            nodes.push(node(
                ResourceType::Test,
                format!("test.shop.t{number}_{test}"),
                reads,
            ));
        }
    }
    for number in 0..EXPOSURES {
        let reads = (0..5)
            .map(|step| format!("model.shop.m{}", (number * 7 + step * 13) % MODELS))
            .collect();
        nodes.push(node(
            ResourceType::Exposure,
            format!("exposure.shop.e{number}"),
            reads,
        ));
    }
    nodes
}

#[divan::bench(sample_count = 10)]
fn assess_everything(bencher: Bencher<'_, '_>) {
    let nodes = nodes();
    let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
    let metadata = ArtifactMetadata {
        generated_at: Some(now),
        ..ArtifactMetadata::default()
    };
    let mut run = RunResults {
        metadata: metadata.clone(),
        ..RunResults::default()
    };
    let mut freshness = SourceFreshness {
        metadata,
        ..SourceFreshness::default()
    };
    for (number, node) in nodes.iter().enumerate() {
        let is_bad = number % 10 == 0;
        let status = match node.resource_type {
            ResourceType::Model => ["success", "error"][usize::from(is_bad)],
            _ => ["pass", "warn"][usize::from(is_bad)],
        };
        if node.resource_type == ResourceType::Source {
            freshness.results.push(FreshnessResult {
                unique_id: node.unique_id.clone(),
                status: status.into(),
                max_loaded_at: None,
                snapshotted_at: None,
                age_seconds: None,
                criteria: FreshnessCriteria::default(),
                error: None,
            });
        } else {
            run.results.push(NodeResult {
                unique_id: node.unique_id.clone(),
                status: status.into(),
                message: None,
                failures: None,
                started_at: None,
                completed_at: None,
                execution_seconds: 0.0,
                rows_affected: None,
            });
        }
    }
    let mut states = NodeStates::default();
    states.add_run(&run);
    states.add_freshness(&freshness);
    let graph = Graph::from_nodes(&nodes);
    let mut by_position = vec![None; graph.len()];
    for node in &nodes {
        if let Some(position) = graph.position(node.unique_id.as_str()) {
            by_position[position] = Some(node);
        }
    }
    bencher.bench_local(|| {
        assess(&Input {
            graph: &graph,
            nodes: &by_position,
            states: &states,
            now,
        })
    });
}
