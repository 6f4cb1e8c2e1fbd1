//! The table of cases: what was built before and now, and what is decided then.

use rstest::rstest;

use super::*;

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
