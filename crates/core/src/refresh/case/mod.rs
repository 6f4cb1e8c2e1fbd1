//! The cases of the plan: a table of them, and what holds whatever happens. Here is the scene that both play in.
//!
//! One small shop: `raw` (source) ─▶ `stg` (view) ─▶ `eph` (ephemeral) ─▶ `fct` (table) ─▶ `v_fct` (view),
//! and `dim` (table); `v_both` is a view of `v_fct` and `dim`. `t_*` are error tests, `w_*` tests that warn,
//! `u_*` unit tests; `t_two` tests `fct` and `dim`. `sales` belongs to another project. Hours of one day stand
//! for instants; it is always six.

mod property;
mod table;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::graph::Graph;
use crate::history::NodeStates;
use crate::id::NodeId;
use crate::project::{FreshnessCriteria, Node, ResourceType, Severity, TestInfo, TestKind};
use crate::run::{ArtifactMetadata, FreshnessResult, NodeResult, RunResults, SourceFreshness};

const NOW: i64 = 6;

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(hour)
}

fn id(short: &str) -> NodeId {
    let kind = match short {
        "raw" => "source",
        "sales" => return "model.other.sales".into(),
        _ if short.starts_with("t_") || short.starts_with("w_") => "test",
        _ if short.starts_with("u_") => "unit_test",
        _ => "model",
    };
    NodeId::new(format!("{kind}.shop.{short}"))
}

fn short(id: &NodeId) -> &str {
    id.as_str().rsplit('.').next().unwrap_or_default()
}

fn node(name: &str, materialized: &str, reads: &[&str]) -> Node {
    let config = serde_json::json!({ "materialized": materialized });
    Node {
        unique_id: id(name),
        resource_type: if name == "raw" {
            ResourceType::Source
        } else {
            ResourceType::Model
        },
        depends_on: reads.iter().map(|name| id(name)).collect(),
        config: Arc::new(config.as_object().cloned().unwrap_or_default()),
        ..Node::default()
    }
}

fn test(name: &str, on: &[&str]) -> Node {
    let is_unit = name.starts_with("u_");
    Node {
        unique_id: id(name),
        resource_type: if is_unit {
            ResourceType::UnitTest
        } else {
            ResourceType::Test
        },
        depends_on: on.iter().map(|name| id(name)).collect(),
        test: Some(TestInfo {
            kind: if is_unit {
                TestKind::Unit
            } else {
                TestKind::Generic
            },
            name: None,
            namespace: None,
            attached_node: (on.len() == 1).then(|| id(on[0])),
            column: None,
            severity: if name.starts_with("w_") {
                Severity::Warn
            } else {
                Severity::Error
            },
        }),
        ..Node::default()
    }
}

fn shop() -> Vec<Node> {
    vec![
        node("raw", "", &[]),
        node("stg", "view", &["raw"]),
        node("eph", "ephemeral", &["stg"]),
        node("fct", "table", &["eph"]),
        node("dim", "incremental", &["stg"]),
        node("v_fct", "view", &["fct"]),
        node("v_both", "view", &["v_fct", "dim"]),
        node("sales", "table", &[]),
        test("t_raw", &["raw"]),
        test("t_stg", &["stg"]),
        test("t_fct", &["fct"]),
        test("t_dim", &["dim"]),
        test("t_two", &["fct", "dim"]),
        test("w_fct", &["fct"]),
        test("u_fct", &["fct"]),
        test("t_sales", &["sales"]),
    ]
}

fn result(node: &str, status: &str, hour: i64) -> NodeResult {
    NodeResult {
        unique_id: id(node),
        status: status.into(),
        message: None,
        failures: None,
        started_at: None,
        completed_at: Some(at(hour)),
        execution_seconds: 0.0,
        rows_affected: None,
    }
}

/// Reads `5 build fct=success t_fct=pass` and `5 freshness raw=4`, several of them with `;` between.
fn add(state: &mut BuildState, states: &mut NodeStates, text: &str) {
    for line in text.split(';').map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let hour = words.next().unwrap().parse().unwrap();
        let command = words.next().unwrap();
        let pairs = words.map(|pair| pair.split_once('=').unwrap());
        let metadata = ArtifactMetadata {
            generated_at: Some(at(hour)),
            ..ArtifactMetadata::default()
        };
        if command == "freshness" {
            let freshness = SourceFreshness {
                metadata,
                results: pairs
                    .map(|(source, loaded)| FreshnessResult {
                        unique_id: id(source),
                        status: "pass".into(),
                        max_loaded_at: Some(at(loaded.parse().unwrap())),
                        snapshotted_at: None,
                        age_seconds: None,
                        criteria: FreshnessCriteria::default(),
                        error: None,
                    })
                    .collect(),
            };
            state.add_freshness(&freshness);
            states.add_freshness(&freshness);
            continue;
        }
        let run = RunResults {
            metadata,
            command: command.to_owned(),
            elapsed_seconds: 0.0,
            results: pairs
                .map(|(node, status)| result(node, &status.replace('_', " "), hour))
                .collect(),
        };
        state.add_run(&run);
        states.add_run(&run);
    }
}

fn history(text: &str) -> Arc<NodeStates> {
    let mut states = NodeStates::default();
    let mut unused = BuildState::of_history(Arc::default());
    add(&mut unused, &mut states, text);
    Arc::new(states)
}

fn target(name: &str, upstream: &[&str], refreshed: Option<i64>) -> Target {
    Target {
        id: TargetId {
            integration: "main".into(),
            kind: TargetKind::Workbook,
            id: name.to_owned(),
        },
        name: name.to_owned(),
        url: None,
        collection: None,
        exposures: [NodeId::new(format!("exposure.shop.{name}"))].into(),
        upstream: upstream.iter().map(|name| id(name)).collect(),
        can: Refreshability::Yes,
        refreshed_at: refreshed.map(at),
    }
}

fn candidate(target: Target) -> Candidate {
    Candidate {
        target,
        policy: Policy {
            enabled: true,
            interval_minutes: 60,
            ..Policy::default()
        },
        last: LastRefresh::default(),
        is_open: false,
    }
}

fn planner(nodes: &[Node], candidates: Vec<Candidate>) -> Planner {
    let graph = Graph::from_nodes(nodes);
    let mut by_position = vec![None; graph.len()];
    for node in nodes {
        by_position[graph.position(node.unique_id.as_str()).unwrap()] = Some(node);
    }
    Planner::new(candidates, &graph, &by_position)
}

fn show(verdict: &Verdict) -> String {
    let names = |ids: &[NodeId]| ids.iter().map(short).collect::<Vec<_>>().join(" ");
    match verdict {
        Verdict::Refresh { because, .. } => format!("refresh {}", names(because)),
        Verdict::Wait { on } => format!("wait {}", names(on)),
        Verdict::Skip { reason } => {
            let json = serde_json::to_value(reason).unwrap();
            format!("skip {}", json["why"].as_str().unwrap())
        }
        Verdict::Hold { reasons } => {
            let reasons = reasons.iter().map(|reason| match reason {
                Hold::TestFailed { test, node } => format!("{} on {}", short(test), short(node)),
                Hold::BuildFailed { node } => format!("{} failed", short(node)),
                Hold::Skipped { node } => format!("{} skipped", short(node)),
                Hold::PartlyBuilt { node } => format!("{} in part", short(node)),
            });
            format!("hold {}", reasons.collect::<Vec<_>>().join(", "))
        }
    }
    .trim_end()
    .to_owned()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
