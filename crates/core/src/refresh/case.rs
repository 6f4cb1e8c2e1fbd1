//! The table of cases of the plan, and what holds whatever happens.
//!
//! One small shop: `raw` (source) ─▶ `stg` (view) ─▶ `eph` (ephemeral) ─▶ `fct` (table) ─▶ `v_fct` (view),
//! and `dim` (table); `v_both` is a view of `v_fct` and `dim`. `t_*` are error tests, `w_*` tests that warn,
//! `u_*` unit tests; `t_two` tests `fct` and `dim`. `sales` belongs to another project. Hours of one day stand
//! for instants; it is always six.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;

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

#[rstest]
// ── due or not
#[case::rebuilt("fct", 1, "", "5 build fct=success t_fct=pass", "refresh fct")]
#[case::not_rebuilt("fct", 3, "2 build fct=success", "5 build dim=success", "skip not_rebuilt")]
#[case::never_built("fct", 3, "", "5 build dim=success", "skip not_rebuilt")]
#[case::refreshed_since("fct", 5, "", "4 build fct=success", "skip not_rebuilt")]
#[case::refreshed_at_that_moment("fct", 4, "", "4 build fct=success", "skip not_rebuilt")]
#[case::only_one_of_two_rebuilt("fct dim", 3, "2 build dim=success", "5 build fct=success", "refresh fct")]
#[case::nothing_to_do_changes_nothing(
    "fct",
    3,
    "2 build fct=success",
    "5 build fct=no-op",
    "skip not_rebuilt"
)]
#[case::reused_changes_nothing("fct", 3, "2 build fct=success", "5 build fct=reused", "skip not_rebuilt")]
#[case::compiling_builds_nothing("fct", 3, "", "5 compile fct=success", "skip not_rebuilt")]
#[case::node_of_a_partial_selection(
    "fct dim",
    3,
    "2 build fct=success dim=success",
    "5 run dim=success",
    "refresh dim"
)]
#[case::project_that_builds_in_two_jobs(
    "fct dim",
    3,
    "4 run fct=success",
    "5 run dim=success",
    "refresh dim fct"
)]
#[case::rebuilt_by_the_job_before("fct", 3, "4 run fct=success", "5 run dim=success", "refresh fct")]
#[case::two_projects(
    "fct sales",
    3,
    "4 build sales=success t_sales=pass",
    "5 build fct=success",
    "refresh sales fct"
)]
#[case::a_test_failing_in_the_other_project(
    "fct sales",
    3,
    "4 build sales=success t_sales=fail",
    "5 build fct=success",
    "hold t_sales on sales"
)]
// ── views and ephemeral models
#[case::view_whose_input_was_rebuilt(
    "v_fct",
    3,
    "2 build v_fct=success",
    "5 build fct=success",
    "refresh v_fct"
)]
#[case::view_without_change_whose_input_was_rebuilt(
    "v_fct",
    3,
    "2 build v_fct=success",
    "5 build fct=success v_fct=no-op",
    "refresh v_fct"
)]
#[case::view_whose_input_was_not_rebuilt(
    "v_fct",
    3,
    "2 build fct=success v_fct=success",
    "5 build dim=success v_fct=no-op",
    "skip not_rebuilt"
)]
#[case::view_that_was_itself_rebuilt(
    "v_fct",
    3,
    "2 build fct=success v_fct=success",
    "5 build v_fct=success",
    "refresh v_fct"
)]
#[case::view_of_a_view("v_both", 3, "2 build fct=success", "5 build fct=success", "refresh v_both")]
#[case::table_below_a_table_does_not_count(
    "fct",
    3,
    "2 build fct=success",
    "5 build stg=success",
    "skip not_rebuilt"
)]
#[case::ephemeral_chain_down_to_a_view("eph", 3, "", "5 build stg=success", "refresh eph")]
#[case::ephemeral_chain_down_to_a_source("eph", 3, "", "5 freshness raw=4", "refresh eph")]
// ── sources
#[case::source_alone("raw", 3, "", "5 build fct=success", "skip sources_only")]
#[case::source_with_new_rows("raw", 3, "", "5 freshness raw=4", "refresh raw")]
#[case::source_with_old_rows("raw", 3, "", "5 freshness raw=2", "skip sources_only")]
#[case::source_whose_test_failed("raw", 3, "", "5 freshness raw=4; 5 test t_raw=fail", "hold t_raw on raw")]
// ── builds that did not end well
#[case::failed("fct", 3, "2 build fct=success", "5 build fct=error", "hold fct failed")]
#[case::partly_failed(
    "fct dim",
    3,
    "2 build fct=success",
    "5 build dim=success fct=error",
    "hold fct failed"
)]
#[case::one_batch_failed(
    "fct",
    3,
    "2 build fct=success",
    "5 build fct=partial_success",
    "hold fct in part"
)]
#[case::skipped_upstream(
    "fct",
    3,
    "2 build fct=success",
    "5 build stg=error fct=skipped",
    "hold fct skipped"
)]
#[case::view_below_failed(
    "v_both",
    3,
    "2 build fct=success",
    "5 build fct=error v_fct=skipped dim=success",
    "hold fct failed, v_fct skipped"
)]
#[case::failed_and_tried_again("fct", 3, "", "4 build fct=error; 5 retry fct=success", "refresh fct")]
#[case::failed_in_an_earlier_invocation("fct dim", 3, "4 run fct=error", "5 run dim=success", "refresh dim")]
#[case::failed_elsewhere("fct", 3, "", "5 build fct=success sales=error", "refresh fct")]
// ── tests
#[case::error_test_failed("fct", 3, "", "5 build fct=success t_fct=fail", "hold t_fct on fct")]
#[case::error_test_could_not_run("fct", 3, "", "5 build fct=success t_fct=error", "hold t_fct on fct")]
#[case::error_test_warned("fct", 3, "", "5 build fct=success t_fct=warn", "refresh fct")]
#[case::warn_test_warned("fct", 3, "", "5 build fct=success w_fct=warn", "refresh fct")]
#[case::warn_test_failed("fct", 3, "", "5 build fct=success w_fct=fail", "refresh fct")]
#[case::unit_test_failed(
    "fct",
    3,
    "2 build fct=success",
    "5 build u_fct=fail fct=skipped",
    "hold u_fct on fct, fct skipped"
)]
#[case::test_of_two_nodes(
    "dim",
    3,
    "",
    "5 build fct=success dim=success t_two=fail",
    "hold t_two on dim"
)]
#[case::test_of_two_nodes_both_read(
    "fct dim",
    3,
    "",
    "5 build fct=success dim=success t_two=fail",
    "hold t_two on dim, t_two on fct"
)]
#[case::test_below_a_view(
    "v_fct",
    3,
    "",
    "5 build fct=success t_fct=fail v_fct=skipped",
    "hold t_fct on fct, v_fct skipped"
)]
#[case::test_failed_before_and_not_run_now(
    "fct dim",
    3,
    "2 build fct=success t_fct=fail",
    "5 run dim=success",
    "hold t_fct on fct"
)]
#[case::test_failed_before_and_passes_now(
    "fct",
    3,
    "2 build t_fct=fail",
    "5 build fct=success t_fct=pass",
    "refresh fct"
)]
#[case::test_failed_before_and_skipped_since(
    "fct dim",
    3,
    "2 build t_fct=fail; 4 build fct=error t_fct=skipped",
    "5 run dim=success",
    "hold t_fct on fct"
)]
#[case::test_failed_but_nothing_due("fct", 4, "3 build fct=success", "5 test t_fct=fail", "skip not_rebuilt")]
#[case::test_after_the_run("fct", 3, "4 run fct=success", "5 test t_fct=fail", "hold t_fct on fct")]
#[case::test_elsewhere("fct", 3, "", "5 build fct=success t_dim=fail", "refresh fct")]
#[case::test_further_up_on_what_this_was_built_of(
    "fct",
    3,
    "4 run stg=success fct=success",
    "5 test t_stg=fail",
    "hold t_stg on stg"
)]
#[case::test_further_up_on_what_came_later(
    "fct",
    1,
    "2 run fct=success",
    "5 build stg=success t_stg=fail",
    "refresh fct"
)]
fn after_a_build(
    #[case] upstream: &str,
    #[case] refreshed: i64,
    #[case] before: &str,
    #[case] now: &str,
    #[case] expected: &str,
) {
    let planner = planner(
        &shop(),
        vec![candidate(target("sales", &words(upstream), Some(refreshed)))],
    );
    let mut state = BuildState::of_history(history(before));
    add(&mut state, &mut NodeStates::default(), now);
    assert_eq!(
        show(&planner.plan(&state, at(NOW)).decisions[0].verdict),
        expected
    );
    // That the invocation was recorded before makes no difference.
    let mut recorded = BuildState::of_history(history(&format!("{now}; {before}")));
    add(&mut recorded, &mut NodeStates::default(), now);
    assert_eq!(
        show(&planner.plan(&recorded, at(NOW)).decisions[0].verdict),
        expected
    );
}

const REBUILT: &str = "5 build fct=success dim=success t_fct=pass";
const BAD: &str = "5 build fct=success t_fct=fail";

#[rstest]
#[case::disabled(REBUILT, |it: &mut Candidate| it.policy.enabled = false, "skip disabled")]
#[case::live(REBUILT, |it: &mut Candidate| it.target.can = Refreshability::Live, "skip live")]
#[case::live_even_when_disabled(REBUILT, |it: &mut Candidate| { it.target.can = Refreshability::Live; it.policy.enabled = false; }, "skip live")]
#[case::extract_of_a_file(REBUILT, |it: &mut Candidate| it.target.can = Refreshability::File, "skip not_refreshable")]
#[case::virtual_connection(REBUILT, |it: &mut Candidate| it.target.can = Refreshability::VirtualConnection, "skip not_refreshable")]
#[case::not_told_whether_there_is_an_extract(REBUILT, |it: &mut Candidate| it.target.can = Refreshability::Unknown, "refresh fct")]
#[case::no_upstream(REBUILT, |it: &mut Candidate| it.target.upstream.clear(), "skip no_upstream")]
#[case::upstream_that_is_not_known(REBUILT, |it: &mut Candidate| it.target.upstream = [id("gone")].into(), "skip no_upstream")]
#[case::never_refreshed(REBUILT, |it: &mut Candidate| it.target.refreshed_at = None, "refresh fct")]
#[case::inside_the_interval(REBUILT, |it: &mut Candidate| it.policy.interval_minutes = 1440, "skip within_interval")]
#[case::exactly_the_interval(REBUILT, |it: &mut Candidate| it.policy.interval_minutes = 180, "refresh fct")]
#[case::no_interval(REBUILT, |it: &mut Candidate| { it.policy.interval_minutes = 0; it.target.refreshed_at = Some(at(NOW - 2)); }, "refresh fct")]
#[case::on_its_way(REBUILT, |it: &mut Candidate| it.is_open = true, "skip under_way")]
#[case::on_its_way_and_bad(BAD, |it: &mut Candidate| it.is_open = true, "hold t_fct on fct")]
#[case::bad_inside_the_interval(BAD, |it: &mut Candidate| it.policy.interval_minutes = 1440, "hold t_fct on fct")]
#[case::gate_off(BAD, |it: &mut Candidate| it.policy.gate_on_tests = false, "refresh fct")]
#[case::gate_off_but_not_built("5 build fct=error", |it: &mut Candidate| it.policy.gate_on_tests = false, "hold fct failed")]
#[case::our_own_refresh_is_newer(REBUILT, |it: &mut Candidate| it.last = refreshed(5, 6), "skip not_rebuilt")]
#[case::built_while_we_refreshed(REBUILT, |it: &mut Candidate| { it.last = refreshed(4, 6); it.policy.interval_minutes = 0; }, "refresh fct")]
#[case::the_tool_tells_of_our_own_refresh(REBUILT, |it: &mut Candidate| { it.last = refreshed(4, 6); it.target.refreshed_at = Some(at(6)); it.policy.interval_minutes = 0; }, "refresh fct")]
#[case::somebody_else_refreshed_since(REBUILT, |it: &mut Candidate| { it.last = refreshed(3, 4); it.target.refreshed_at = Some(at(6)); }, "skip not_rebuilt")]
fn of_one_candidate(#[case] now: &str, #[case] change: fn(&mut Candidate), #[case] expected: &str) {
    let mut candidate = candidate(target("sales", &["fct"], Some(3)));
    change(&mut candidate);
    let planner = planner(&shop(), vec![candidate]);
    let mut state = BuildState::of_history(Arc::default());
    add(&mut state, &mut NodeStates::default(), now);
    assert_eq!(
        show(&planner.plan(&state, at(NOW)).decisions[0].verdict),
        expected
    );
}

fn refreshed(from: i64, finished: i64) -> LastRefresh {
    LastRefresh {
        succeeded: Some(RefreshEnd {
            id: RefreshId::new("1"),
            outcome: RefreshOutcome::Succeeded,
            data_from: at(from),
            finished_at: at(finished),
            code: None,
            message: None,
        }),
        ..LastRefresh::default()
    }
}

#[rstest]
#[case::not_known_what_runs(None, "5 build fct=success t_fct=pass", "wait")]
#[case::nothing_ended("fct t_fct", "", "wait fct t_fct")]
#[case::built_not_tested("fct t_fct", "5 build fct=success", "wait t_fct")]
#[case::built_and_tested("fct t_fct dim", "5 build fct=success t_fct=pass", "refresh fct")]
#[case::tests_that_warn_are_not_waited_for("fct w_fct", "5 build fct=success", "refresh fct")]
#[case::built_and_bad("fct t_fct dim", "5 build fct=success t_fct=fail", "hold t_fct on fct")]
#[case::something_else_runs("dim t_dim", "5 build dim=success", "skip not_rebuilt")]
#[case::all_skipped("fct t_fct", "5 build fct=skipped t_fct=skipped", "hold fct skipped")]
fn while_it_runs(
    #[case] expected: impl Into<Option<&'static str>>,
    #[case] ended: &str,
    #[case] verdict: &str,
) {
    let planner = planner(&shop(), vec![candidate(target("sales", &["fct"], Some(3)))]);
    let mut state = BuildState::running(Arc::default());
    if let Some(expected) = expected.into() {
        state.expect(words(expected).into_iter().map(id));
    }
    add(&mut state, &mut NodeStates::default(), ended);
    let decision = planner.decide(&target("sales", &[], None).id, &state, at(NOW));
    assert_eq!(show(&decision.unwrap().verdict), verdict);
}

#[test]
fn a_view_waits_for_what_it_reads() {
    let planner = planner(&shop(), vec![candidate(target("both", &["v_both"], Some(3)))]);
    let mut state = BuildState::running(Arc::default());
    state.expect(words("dim fct").into_iter().map(id));
    let decide = |state: &BuildState| show(&planner.plan(state, at(NOW)).decisions[0].verdict);
    add(&mut state, &mut NodeStates::default(), "5 build dim=success");
    assert_eq!(decide(&state), "wait fct");
    add(&mut state, &mut NodeStates::default(), "5 build fct=success");
    assert_eq!(decide(&state), "refresh v_both");
}

#[test]
fn what_was_never_come_to_holds_once_it_is_over() {
    let candidates = ["fct", "dim", "sales"].map(|name| candidate(target(name, &[name], Some(3))));
    let mut off = candidate(target("fct without gate", &["fct"], Some(3)));
    off.policy.gate_on_tests = false;
    let planner = planner(&shop(), candidates.into_iter().chain([off]).collect());
    let mut state = BuildState::running(Arc::default());
    state.expect(words("fct t_fct dim sales").into_iter().map(id));
    add(
        &mut state,
        &mut NodeStates::default(),
        "5 build fct=success sales=success",
    );
    state.finish();
    let plan = planner.plan(&state, at(NOW));
    let shown = |name: &str| show(&plan.find(&target(name, &[], None).id).unwrap().verdict);
    assert_eq!(shown("fct"), "hold t_fct skipped");
    assert_eq!(shown("fct without gate"), "refresh fct");
    assert_eq!(shown("dim"), "hold dim skipped");
    assert_eq!(shown("sales"), "refresh sales");
}

#[test]
fn who_names_a_target_stands_above_rules_but_not_above_the_gate() {
    let mut off = candidate(target("sales", &["fct"], Some(5)));
    off.policy.enabled = false;
    let planner = planner(&shop(), vec![off]);
    let decide = |waiver, before: &str| {
        let state = BuildState::of_history(history(before));
        let plan = planner.clone().waiving(waiver).plan(&state, at(NOW));
        show(&plan.decisions[0].verdict)
    };
    let named = Waiver {
        is_named: true,
        ..Waiver::default()
    };
    assert_eq!(decide(Waiver::default(), ""), "skip disabled");
    assert_eq!(decide(named, "4 build fct=success"), "refresh");
    assert_eq!(decide(named, "4 build t_fct=fail"), "hold t_fct on fct");
    let anyway = Waiver { gate: true, ..named };
    assert_eq!(decide(anyway, "4 build t_fct=fail"), "refresh");
}

#[test]
fn only_who_insists_stands_above_the_clock() {
    let mut resting = candidate(target("sales", &["fct"], Some(5)));
    resting.policy.interval_minutes = 1440;
    let planner = planner(&shop(), vec![resting]);
    let state = BuildState::of_history(history("4 build fct=success"));
    let decide = |timing| {
        let waiver = Waiver {
            is_named: true,
            timing,
            gate: false,
        };
        show(&planner.clone().waiving(waiver).plan(&state, at(NOW)).decisions[0].verdict)
    };
    assert_eq!(decide(false), "skip within_interval");
    assert_eq!(decide(true), "refresh");
}

#[test]
fn the_policy_goes_with_what_is_asked_and_sets_the_order() {
    let make = |name: &str, priority, hour: Option<u32>| {
        let mut candidate = candidate(target(name, &["fct"], Some(3)));
        candidate.policy.priority = priority;
        candidate.policy.incremental = true;
        candidate.policy.fresh_by = hour.and_then(|hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0));
        candidate
    };
    let planner = planner(
        &shop(),
        vec![
            make("a", 50, None),
            make("b", 50, Some(9)),
            make("c", 90, None),
            make("d", 50, Some(7)),
        ],
    );
    let mut state = BuildState::of_history(Arc::default());
    add(&mut state, &mut NodeStates::default(), REBUILT);
    let plan = planner.plan(&state, at(NOW));
    let order: Vec<_> = plan.refreshes().map(|it| it.name.as_str()).collect();
    assert_eq!(order, ["c", "d", "b", "a"]);
    let Verdict::Refresh {
        incremental,
        deadline,
        not_before,
        ..
    } = &plan.decisions[1].verdict
    else {
        panic!("{plan:?}");
    };
    assert!(incremental);
    assert_eq!((*deadline, *not_before), (Some(at(7)), None));
    assert_eq!(plan.counts().refresh, 4);
}

#[test]
fn the_end_of_a_node_decides_what_stands_on_it_also_through_views() {
    let candidates = [("a", "fct"), ("b", "v_both"), ("c", "dim"), ("d", "sales")];
    let candidates = candidates.map(|(name, node)| candidate(target(name, &[node], None)));
    let planner = planner(&shop(), candidates.to_vec());
    let standing = |node: &str| {
        let targets = planner.standing_on(&id(node));
        targets.iter().map(|target| target.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(standing("fct"), ["a", "b"]);
    assert_eq!(standing("t_fct"), ["a", "b"]);
    assert_eq!(standing("t_two"), ["a", "b", "c"]);
    assert_eq!(standing("stg"), [] as [&str; 0]);
    assert_eq!(standing("gone"), [] as [&str; 0]);
}

#[test]
fn views_that_read_one_another_come_to_an_end() {
    let nodes = [
        node("fct", "view", &["dim"]),
        node("dim", "view", &["fct", "sales"]),
        node("sales", "table", &[]),
    ];
    let planner = planner(&nodes, vec![candidate(target("a", &["fct"], Some(3)))]);
    let mut state = BuildState::of_history(Arc::default());
    add(&mut state, &mut NodeStates::default(), "5 build sales=success");
    assert_eq!(
        show(&planner.plan(&state, at(NOW)).decisions[0].verdict),
        "refresh fct"
    );
}

/// A world by numbers: what each node is and reads, what is tested, what happened.
#[derive(Debug, Clone)]
struct World {
    nodes: Vec<Node>,
    candidates: Vec<Candidate>,
    before: Vec<NodeResult>,
    now: Vec<NodeResult>,
}

const NODES: usize = 9;
const TESTS: usize = 6;

prop_compose! {
    fn results(hours: std::ops::Range<i64>)(
        drawn in prop::collection::vec((0..NODES + TESTS, 0_usize..5, hours), 0..18),
    ) -> Vec<NodeResult> {
        let mut by_node = HashMap::new();
        for (which, status, hour) in drawn {
            let (name, status) = if which < NODES {
                (format!("n{which}"), ["success", "success", "error", "skipped", "no-op"][status])
            } else {
                (format!("t_{}", which - NODES), ["pass", "pass", "fail", "skipped", "warn"][status])
            };
            by_node.entry(name.clone()).or_insert_with(|| result(&name, status, hour));
        }
        let mut results: Vec<_> = by_node.into_values().collect();
        results.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
        results
    }
}

prop_compose! {
    fn world()(
        kinds in prop::collection::vec((any::<bool>(), prop::collection::vec(0_usize..NODES, 0..3)), NODES),
        tests in prop::collection::vec((any::<bool>(), prop::collection::vec(0_usize..NODES, 1..3)), TESTS),
        wanted in prop::collection::vec(
            (prop::collection::vec(0_usize..NODES, 0..3), prop::option::of(0_i64..6), any::<bool>(), 0_u32..4, 0_u8..8),
            1..5,
        ),
        before in results(0..4),
        now in results(4..6),
    ) -> World {
        let mut nodes = Vec::new();
        for (number, (is_view, reads)) in kinds.iter().enumerate() {
            let reads: Vec<String> = reads.iter().filter(|&&read| read < number).map(|read| format!("n{read}")).collect();
            let reads: Vec<&str> = reads.iter().map(String::as_str).collect();
            nodes.push(node(&format!("n{number}"), if *is_view { "view" } else { "table" }, &reads));
        }
        for (number, (is_error, on)) in tests.iter().enumerate() {
            let on: Vec<String> = on.iter().map(|node| format!("n{node}")).collect();
            let on: Vec<&str> = on.iter().map(String::as_str).collect();
            let mut made = test(&format!("t_{number}"), &on);
            if let (false, Some(info)) = (is_error, made.test.as_mut()) {
                info.severity = Severity::Warn;
            }
            nodes.push(made);
        }
        let candidates = wanted.iter().enumerate().map(|(number, (reads, refreshed, gate, hours, odd))| {
            let reads: Vec<String> = reads.iter().map(|read| format!("n{read}")).collect();
            let reads: Vec<&str> = reads.iter().map(String::as_str).collect();
            let mut made = candidate(target(&format!("x{number}"), &reads, *refreshed));
            made.policy.gate_on_tests = *gate;
            made.policy.interval_minutes = hours * 60;
            made.policy.enabled = *odd != 0;
            made.is_open = *odd == 1;
            made
        }).collect();
        World { nodes, candidates, before, now }
    }
}

impl World {
    fn history(&self) -> Arc<NodeStates> {
        let mut states = NodeStates::default();
        states.add_run(&run_of(self.before.clone(), 3));
        Arc::new(states)
    }

    /// The nodes that a target reads, also through views, by the definition.
    fn ground(&self, upstream: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
        let mut found: Vec<NodeId> = Vec::new();
        for node in upstream {
            found.push(node.clone());
            let known = self.nodes.iter().find(|known| known.unique_id == node);
            if let Some(view) = known.filter(|known| known.materialized() == Some("view")) {
                found.extend(self.ground(view.depends_on.iter().cloned()));
            }
        }
        found
    }

    fn is_tested_bad(&self, ground: &[NodeId]) -> bool {
        self.now.iter().any(|result| {
            let test = self
                .nodes
                .iter()
                .find(|known| known.unique_id == result.unique_id);
            let is_error = test.is_some_and(|test| {
                test.test
                    .as_ref()
                    .is_some_and(|info| info.severity == Severity::Error)
                    && crate::health::tested_nodes(test)
                        .iter()
                        .any(|node| ground.contains(node))
            });
            is_error && result.status.name() == "fail"
        })
    }
}

fn run_of(results: Vec<NodeResult>, hour: i64) -> RunResults {
    RunResults {
        metadata: ArtifactMetadata {
            generated_at: Some(at(hour)),
            ..ArtifactMetadata::default()
        },
        command: "build".to_owned(),
        elapsed_seconds: 0.0,
        results,
    }
}

proptest! {
    #[test]
    fn whatever_happens(world in world(), swaps in prop::collection::vec(0_usize..15, 15)) {
        let planner = planner(&world.nodes, world.candidates.clone());
        let over = BuildState::over(world.history(), [&run_of(world.now.clone(), 5)]);
        let plan = planner.plan(&over, at(NOW));

        // Every target gets exactly one decision.
        let mut decided: Vec<_> = plan.decisions.iter().map(|it| it.target.clone()).collect();
        decided.sort();
        prop_assert_eq!(decided, world.candidates.iter().map(|it| it.target.id.clone()).collect::<Vec<_>>());

        // The order of events does not matter, nor that some come twice.
        let mut shuffled = world.now.clone();
        for (at, other) in swaps.iter().enumerate() {
            if at < shuffled.len() && *other < shuffled.len() {
                shuffled.swap(at, *other);
            }
        }
        let mut one_by_one = BuildState::running(world.history());
        one_by_one.expect(world.now.iter().map(|result| result.unique_id.clone()));
        for result in shuffled.iter().chain(world.now.first()) {
            one_by_one.add_result("build", result.clone(), at(5));
        }
        // Nothing that is known to run is left: it is decided as at the end, before the end.
        prop_assert_eq!(&planner.plan(&one_by_one, at(NOW)), &plan);
        one_by_one.finish();
        prop_assert_eq!(&planner.plan(&one_by_one, at(NOW)), &plan);

        for decision in &plan.decisions {
            // One target alone is decided as all together.
            prop_assert_eq!(&planner.decide(&decision.target, &over, at(NOW)), &Some(decision.clone()));
            let candidate = planner.find(&decision.target).unwrap();
            let ground = world.ground(candidate.target.upstream.iter().cloned());
            match &decision.verdict {
                // Once over, nothing waits.
                Verdict::Wait { .. } => prop_assert!(false, "{decision:?}"),
                Verdict::Refresh { because, .. } => {
                    prop_assert!(!because.is_empty() && candidate.policy.enabled);
                    // Never on bad data.
                    prop_assert!(!candidate.policy.gate_on_tests || !world.is_tested_bad(&ground), "{decision:?}");
                    // And never what failed in this invocation.
                    let broken = world.now.iter().any(|result| {
                        ground.contains(&result.unique_id) && matches!(result.status.name(), "error" | "skipped")
                    });
                    prop_assert!(!broken, "{decision:?}");
                }
                Verdict::Hold { reasons } => prop_assert!(!reasons.is_empty()),
                Verdict::Skip { reason: Skip::NotRebuilt } => {
                    let as_of = candidate.data_as_of();
                    let written = world.before.iter().chain(&world.now).any(|result| {
                        ground.contains(&result.unique_id)
                            && result.status.name() == "success"
                            && result.completed_at > as_of
                    });
                    prop_assert!(!written, "{decision:?}");
                }
                Verdict::Skip { .. } => {}
            }
        }
    }

    #[test]
    fn what_is_refreshed_while_it_runs_is_not_refused_at_the_end(world in world(), ended in 0_usize..15) {
        let planner = planner(&world.nodes, world.candidates.clone());
        let mut state = BuildState::running(world.history());
        state.expect(world.now.iter().map(|result| result.unique_id.clone()));
        for result in world.now.iter().take(ended) {
            state.add_result("build", result.clone(), at(5));
        }
        let early = planner.plan(&state, at(NOW));
        for result in &world.now {
            state.add_result("build", result.clone(), at(5));
        }
        state.finish();
        let late = planner.plan(&state, at(NOW));
        for decision in early.refreshes() {
            let candidate = planner.find(&decision.target).unwrap();
            let ground = world.ground(candidate.target.upstream.iter().cloned());
            if candidate.policy.gate_on_tests && !world.is_tested_bad(&ground) {
                let verdict = &late.find(&decision.target).unwrap().verdict;
                // A test further up may still find later what this was built of bad.
                let is_further_up = matches!(verdict, Verdict::Hold { reasons }
                    if reasons.iter().all(|reason| matches!(reason, Hold::TestFailed { node, .. } if !ground.contains(node))));
                prop_assert!(matches!(verdict, Verdict::Refresh { .. }) || is_further_up, "{verdict:?}");
            }
        }
    }
}
