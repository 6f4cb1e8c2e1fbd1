//! The rules of health, cell by cell of dbt's table, and where its words leave a choice the one that
//! `docs/health.md` writes down.

#![expect(clippy::unwrap_used, reason = "a case that is written wrongly may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use serde_json::json;
use tailwater_core::graph::Graph;
use tailwater_core::health::{CheckKind, Health, HealthState, Input, LONGEST_LIST, ReasonKey, assess};
use tailwater_core::history::NodeStates;
use tailwater_core::id::NodeId;
use tailwater_core::project::{FreshnessCriteria, Node, ResourceType, Severity, TestInfo, TestKind};
use tailwater_core::run::{
    ArtifactMetadata, FreshnessResult, NodeResult, RunResults, RunStatus, SourceFreshness,
};

fn now() -> DateTime<Utc> {
    "2026-11-22T06:00:00Z".parse().unwrap()
}

/// A project that is told in a few words: `model.a`, `source.raw`, `test.t`, … are the ids.
#[derive(Default)]
struct Case {
    nodes: BTreeMap<String, Node>,
    states: NodeStates,
}

impl Case {
    fn node(mut self, id: &str, reads: &[&str]) -> Self {
        let (kind, name) = id.split_once('.').unwrap();
        let node = Node {
            unique_id: id.into(),
            resource_type: ResourceType::from_name(kind).unwrap(),
            name: name.to_owned(),
            description: Some("described".to_owned()),
            depends_on: reads.iter().map(|&read| read.into()).collect(),
            ..Node::default()
        };
        self.nodes.insert(id.to_owned(), node);
        self
    }

    /// A model that is healthy by itself: described, built an hour ago, with one passed test.
    fn good(self, id: &str, reads: &[&str]) -> Self {
        let test = format!("test.of_{}", id.split_once('.').unwrap().1);
        self.node(id, reads)
            .test(&test, id)
            .ran(id, "success", TimeDelta::hours(1))
            .ran(&test, "pass", TimeDelta::hours(1))
    }

    fn test(self, id: &str, on: &str) -> Self {
        self.node(id, &[on]).with(id, |node| {
            node.test = Some(TestInfo {
                kind: TestKind::Generic,
                name: None,
                namespace: None,
                attached_node: Some(on.into()),
                column: None,
                severity: Severity::Error,
            });
        })
    }

    /// A source that configures its freshness.
    fn source(self, id: &str) -> Self {
        self.node(id, &[]).with(id, |node| {
            node.source_name = Some("shop".to_owned());
            node.freshness = Some(FreshnessCriteria {
                warn_after_seconds: Some(3_600),
                error_after_seconds: None,
            });
        })
    }

    fn with(mut self, id: &str, change: impl FnOnce(&mut Node)) -> Self {
        change(self.nodes.get_mut(id).unwrap());
        self
    }

    fn ran(mut self, id: &str, status: &str, ago: TimeDelta) -> Self {
        let at = now() - ago;
        self.states.add_run(&RunResults {
            metadata: ArtifactMetadata {
                generated_at: Some(at),
                ..ArtifactMetadata::default()
            },
            command: "build".to_owned(),
            elapsed_seconds: 1.0,
            results: vec![NodeResult {
                unique_id: id.into(),
                status: RunStatus::from(status),
                message: None,
                failures: None,
                started_at: None,
                completed_at: Some(at),
                execution_seconds: 1.0,
                rows_affected: None,
            }],
        });
        self
    }

    fn checked(mut self, id: &str, status: &str, ago: TimeDelta) -> Self {
        let at = Some(now() - ago);
        self.states.add_freshness(&SourceFreshness {
            metadata: ArtifactMetadata {
                generated_at: at,
                ..ArtifactMetadata::default()
            },
            results: vec![FreshnessResult {
                unique_id: id.into(),
                status: RunStatus::from(status),
                max_loaded_at: None,
                snapshotted_at: at,
                age_seconds: None,
                criteria: FreshnessCriteria::default(),
                error: None,
            }],
        });
        self
    }

    fn health(&self, id: &str) -> Health {
        let graph = Graph::from_nodes(self.nodes.values());
        let nodes: Vec<Option<&Node>> = graph.ids().iter().map(|id| self.nodes.get(id.as_str())).collect();
        let all = assess(&Input {
            graph: &graph,
            nodes: &nodes,
            states: &self.states,
            now: now(),
        });
        assert_eq!(all.len(), graph.len());
        all[graph.position(id).unwrap()].clone()
    }

    #[track_caller]
    fn expect(&self, id: &str, state: HealthState, keys: &[ReasonKey]) -> Health {
        let health = self.health(id);
        let found: Vec<ReasonKey> = health.reasons.iter().map(|reason| reason.key).collect();
        assert_eq!((health.state, &found[..]), (state, keys), "{:?}", health.reasons);
        assert_eq!(
            health.state,
            HealthState::worst(health.reasons.iter().map(|reason| reason.state))
                .unwrap_or(HealthState::Healthy)
        );
        for reason in &health.reasons {
            assert!(!reason.sentence().is_empty() && !reason.nodes.is_empty());
        }
        health
    }
}

fn sentences(health: &Health) -> Vec<String> {
    health
        .reasons
        .iter()
        .map(tailwater_core::health::Reason::sentence)
        .collect()
}

const DAY: TimeDelta = TimeDelta::days(1);
const HOUR: TimeDelta = TimeDelta::hours(1);

use HealthState::{Caution, Degraded, Healthy, Unknown};
use ReasonKey::{
    BuildFailed, BuildNotKnown, BuildOld, BuildSkipped, NoDescription, NoFreshness, NoTests, NotRun,
    NothingUpstream, SourceErrored, SourceNotChecked, SourceWarned, StatusNotKnown, TestFailed, TestNotRun,
    TestSkipped, TestWarned,
};

#[rstest]
#[case("success", Healthy, &[])]
#[case("no-op", Healthy, &[])]
#[case("error", Degraded, &[BuildFailed])]
#[case("fail", Degraded, &[BuildFailed])]
#[case("partial success", Degraded, &[BuildFailed])]
#[case("runtime error", Degraded, &[BuildFailed])]
#[case("skipped", Caution, &[BuildSkipped])]
#[case("a word of the future", Unknown, &[StatusNotKnown])]
fn a_model_by_its_last_build(#[case] status: &str, #[case] state: HealthState, #[case] keys: &[ReasonKey]) {
    for kind in ["model", "seed", "snapshot"] {
        let id = format!("{kind}.a");
        let case = Case::default()
            .node(&id, &[])
            .test("test.t", &id)
            .ran("test.t", "pass", HOUR)
            .ran(&id, status, HOUR);
        case.expect(&id, state, keys);
    }
}

#[rstest]
#[case("pass", Healthy, &[])]
#[case("warn", Caution, &[TestWarned])]
#[case("fail", Degraded, &[TestFailed])]
#[case("error", Degraded, &[TestFailed])]
#[case("skipped", Caution, &[TestSkipped])]
#[case("no-op", Unknown, &[StatusNotKnown])]
#[case("a word of the future", Unknown, &[StatusNotKnown])]
fn a_model_and_an_exposure_by_the_last_result_of_a_test(
    #[case] status: &str,
    #[case] state: HealthState,
    #[case] keys: &[ReasonKey],
    #[values(Severity::Error, Severity::Warn)] severity: Severity,
) {
    let case = Case::default()
        .good("model.a", &[])
        .test("test.t", "model.a")
        .with("test.t", |node| node.test.as_mut().unwrap().severity = severity)
        .ran("test.t", status, HOUR)
        .node("exposure.e", &["model.a"]);
    case.expect("model.a", state, keys);
    case.expect("exposure.e", state, keys);
    case.expect("test.t", state, keys);
}

#[rstest]
#[case(TimeDelta::zero(), Healthy, &[])]
#[case(DAY * 30, Healthy, &[])]
#[case(DAY * 30 + TimeDelta::microseconds(1), Caution, &[BuildOld])]
#[case(DAY * 400, Caution, &[BuildOld])]
#[case(-DAY, Healthy, &[])]
fn a_build_counts_for_thirty_days(
    #[case] ago: TimeDelta,
    #[case] state: HealthState,
    #[case] keys: &[ReasonKey],
) {
    let case = |kind: &str| {
        let id = format!("{kind}.a");
        Case::default()
            .node(&id, &[])
            .test("test.t", &id)
            .ran("test.t", "pass", HOUR)
            .ran(&id, "success", ago)
            .node("exposure.e", &[&id])
    };
    case("model").expect("model.a", state, keys);
    case("snapshot").expect("snapshot.a", state, keys);
    // A seed changes with the code; and the rule of exposures asks only whether it was built.
    case("seed").expect("seed.a", Healthy, &[]);
    case("model").expect("exposure.e", Healthy, &[]);
}

/// Status of the check, its age in days, and what follows for the source, a model and an exposure.
#[rstest]
#[case(Some(("pass", 1)), (Healthy, None), (Healthy, None), (Healthy, None))]
#[case(Some(("pass", 30)), (Healthy, None), (Healthy, None), (Healthy, None))]
#[case(Some(("pass", 31)), (Caution, Some(SourceNotChecked)), (Degraded, Some(SourceNotChecked)), (Unknown, Some(SourceNotChecked)))]
#[case(Some(("warn", 1)), (Caution, Some(SourceWarned)), (Caution, Some(SourceWarned)), (Caution, Some(SourceWarned)))]
#[case(Some(("warn", 31)), (Caution, Some(SourceWarned)), (Degraded, Some(SourceNotChecked)), (Caution, Some(SourceWarned)))]
#[case(Some(("error", 1)), (Degraded, Some(SourceErrored)), (Degraded, Some(SourceErrored)), (Degraded, Some(SourceErrored)))]
#[case(Some(("error", 31)), (Degraded, Some(SourceErrored)), (Degraded, Some(SourceErrored)), (Degraded, Some(SourceErrored)))]
#[case(Some(("runtime error", 1)), (Degraded, Some(SourceErrored)), (Degraded, Some(SourceErrored)), (Degraded, Some(SourceErrored)))]
#[case(Some(("odd", 1)), (Unknown, Some(StatusNotKnown)), (Unknown, Some(StatusNotKnown)), (Unknown, Some(StatusNotKnown)))]
#[case(None, (Unknown, Some(NotRun)), (Degraded, Some(SourceNotChecked)), (Unknown, Some(SourceNotChecked)))]
fn freshness_of_a_configured_source(
    #[case] check: Option<(&str, i32)>,
    #[case] source: (HealthState, Option<ReasonKey>),
    #[case] model: (HealthState, Option<ReasonKey>),
    #[case] exposure: (HealthState, Option<ReasonKey>),
) {
    let mut case = Case::default()
        .source("source.raw")
        .good("model.stg", &["source.raw"])
        .good("model.fct", &["model.stg"])
        .good("snapshot.snap", &["model.fct"])
        .node("exposure.e", &["model.fct"])
        .node("exposure.direct", &["source.raw"]);
    if let Some((status, days)) = check {
        case = case.checked("source.raw", status, DAY * days);
    }
    case.expect("source.raw", source.0, source.1.as_slice());
    for id in ["model.stg", "model.fct", "snapshot.snap"] {
        case.expect(id, model.0, model.1.as_slice());
    }
    case.expect("exposure.e", exposure.0, exposure.1.as_slice());
    // With nothing but an unchecked source behind it, no run has touched anything at all.
    let direct = if check.is_none() { Some(NotRun) } else { exposure.1 };
    case.expect("exposure.direct", exposure.0, direct.as_slice());
}

#[test]
fn a_source_without_a_configured_freshness_harms_nothing_downstream() {
    let case = Case::default()
        .node("source.raw", &[])
        .checked("source.raw", "error", HOUR)
        .good("model.a", &["source.raw"])
        .node("exposure.e", &["model.a"]);
    case.expect("source.raw", Caution, &[NoFreshness]);
    let model = case.expect("model.a", Healthy, &[]);
    assert_eq!(model.check(CheckKind::Freshness).unwrap().state, None);
    case.expect("exposure.e", Healthy, &[]);
    let empty = Case::default().source("source.raw").with("source.raw", |node| {
        node.freshness = Some(FreshnessCriteria::default());
    });
    empty.expect("source.raw", Caution, &[NoFreshness]);
}

#[test]
fn descriptions_and_tests_are_asked_for_where_the_table_asks() {
    let blank = |node: &mut Node| node.description = Some(" \n".to_owned());
    let case = Case::default()
        .source("source.raw")
        .checked("source.raw", "pass", HOUR)
        .with("source.raw", blank)
        .node("model.a", &[])
        .with("model.a", blank)
        .ran("model.a", "success", HOUR)
        .node("exposure.e", &["model.a", "source.raw"])
        .with("exposure.e", |node| node.description = None);
    case.expect("source.raw", Caution, &[NoDescription]);
    let health = case.expect("model.a", Caution, &[NoTests, NoDescription]);
    assert_eq!(sentences(&health), ["a has no tests", "a has no description"]);
    let exposure = case.expect("exposure.e", Healthy, &[]);
    assert_eq!(
        (exposure.freshness_status().name(), exposure.quality().name()),
        ("fresh", "passed")
    );
    assert_eq!(exposure.check(CheckKind::Tests).unwrap().state, None);
}

#[test]
fn nothing_is_said_of_what_no_run_has_touched() {
    let case = Case::default()
        .node("model.a", &["source.raw"])
        .with("model.a", |node| node.description = None)
        .test("test.t", "model.a")
        .source("source.raw")
        .checked("source.raw", "error", HOUR)
        .node("model.other", &[])
        .node("exposure.e", &["model.other"])
        .node("exposure.lost", &["model.gone"])
        .node("metric.m", &["model.a"]);
    let health = case.expect("model.a", Unknown, &[NotRun]);
    assert_eq!(sentences(&health), ["no run is known to have touched a"]);
    case.expect("test.t", Unknown, &[NotRun]);
    case.expect("exposure.e", Unknown, &[NotRun]);
    case.expect("exposure.lost", Unknown, &[NothingUpstream]);
    let metric = case.health("metric.m");
    assert_eq!(
        (metric.freshness_status().name(), metric.quality().name()),
        ("unknown", "unknown")
    );
    assert_eq!(
        (metric.state, metric.reasons.len(), metric.checks.len()),
        (Unknown, 0, 0)
    );
}

#[test]
fn a_model_whose_tests_alone_ran_is_unknown_unless_they_say_worse() {
    let case = Case::default()
        .node("model.a", &[])
        .test("test.t", "model.a")
        .ran("test.t", "pass", HOUR);
    case.expect("model.a", Unknown, &[BuildNotKnown]);
    case.ran("test.t", "fail", TimeDelta::minutes(1)).expect(
        "model.a",
        Degraded,
        &[TestFailed, BuildNotKnown],
    );
}

#[test]
fn a_test_that_never_ran_keeps_a_model_from_being_healthy_but_a_unit_test_does_not() {
    let case = Case::default()
        .good("model.a", &[])
        .test("unit_test.u", "model.a");
    case.expect("model.a", Healthy, &[]);
    let case = case.test("test.new", "model.a");
    let health = case.expect("model.a", Unknown, &[TestNotRun]);
    assert_eq!(sentences(&health), ["1 of 2 tests on a has not been run"]);
    let failed = case.ran("unit_test.u", "fail", HOUR);
    failed.expect("model.a", Degraded, &[TestFailed, TestNotRun]);
    let only = Case::default()
        .node("model.a", &[])
        .ran("model.a", "success", HOUR)
        .test("unit_test.u", "model.a");
    only.expect("model.a", Unknown, &[TestNotRun]);
}

#[test]
fn a_test_belongs_to_the_node_it_is_declared_on_else_to_all_it_reads() {
    let case = Case::default()
        .good("model.a", &[])
        .good("model.b", &[])
        .test("test.relationship", "model.a")
        .with("test.relationship", |node| {
            node.depends_on = vec!["model.a".into(), "model.b".into()];
        })
        .ran("test.relationship", "fail", HOUR);
    case.expect("model.a", Degraded, &[TestFailed]);
    case.expect("model.b", Healthy, &[]);
    let singular = case
        .with("test.relationship", |node| {
            node.test.as_mut().unwrap().attached_node = None;
        })
        .node("exposure.e", &["model.a", "model.b"]);
    singular.expect("model.a", Degraded, &[TestFailed]);
    singular.expect("model.b", Degraded, &[TestFailed]);
    let exposure = singular.expect("exposure.e", Degraded, &[TestFailed]);
    assert_eq!(exposure.reasons[0].nodes, [NodeId::from("test.relationship")]);
}

#[test]
fn a_test_that_is_switched_off_is_not_asked() {
    // Disabled nodes are not in the graph; what an old run said of one stays in the history.
    let case = Case::default()
        .good("model.a", &[])
        .ran("test.switched_off", "fail", HOUR);
    case.expect("model.a", Healthy, &[]);
}

#[test]
fn an_exposure_is_judged_by_the_models_it_reads_and_by_all_sources() {
    let case = Case::default()
        .good("model.stg", &[])
        .ran("model.stg", "error", TimeDelta::minutes(5))
        .good("model.fct", &["model.stg"])
        .ran("model.fct", "skipped", TimeDelta::minutes(4))
        .good("model.dim", &[])
        .node("exposure.e", &["model.fct", "model.dim"]);
    let exposure = case.expect("exposure.e", Caution, &[BuildSkipped]);
    assert_eq!(sentences(&exposure), ["fct was skipped in its last run"]);
    let build = exposure.check(CheckKind::Build).unwrap();
    assert_eq!((build.state, build.place().as_str()), (Some(Caution), "fct"));
    let tests = exposure.check(CheckKind::Tests).unwrap();
    assert_eq!((tests.state, tests.place().as_str()), (Some(Healthy), "2 of 2"));
    let model = case.expect("model.fct", Caution, &[BuildSkipped]);
    assert_eq!(
        sentences(&model),
        ["fct was skipped in its last run, because stg failed"]
    );
    assert_eq!(model.reasons[0].nodes, [NodeId::from("model.stg")]);
}

#[test]
fn a_model_can_be_skipped_because_of_a_test_far_above() {
    let case = Case::default()
        .good("model.a", &[])
        .ran("test.of_a", "fail", TimeDelta::minutes(5))
        .good("model.b", &["model.a"])
        .ran("model.b", "skipped", TimeDelta::minutes(4))
        .good("model.c", &["model.b"])
        .ran("model.c", "skipped", TimeDelta::minutes(4));
    let health = case.expect("model.c", Caution, &[BuildSkipped]);
    assert_eq!(health.reasons[0].nodes, [NodeId::from("test.of_a")]);
}

#[test]
fn what_has_no_relation_is_looked_through() {
    let ephemeral = |node: &mut Node| {
        node.config = Arc::new(
            [("materialized".to_owned(), json!("ephemeral"))]
                .into_iter()
                .collect(),
        );
    };
    let case = Case::default()
        .good("model.base", &[])
        .ran("model.base", "error", TimeDelta::minutes(1))
        .node("model.inline", &["model.base"])
        .with("model.inline", ephemeral)
        .node("semantic_model.s", &["model.base"])
        .node("metric.m", &["semantic_model.s"])
        .node("exposure.e", &["model.inline"])
        .node("exposure.of_metric", &["metric.m"]);
    case.expect("exposure.e", Degraded, &[BuildFailed]);
    case.expect("exposure.of_metric", Degraded, &[BuildFailed]);
    case.expect("model.inline", Unknown, &[NotRun]);
    let case = case.test("test.t", "model.inline").ran("test.t", "pass", HOUR);
    let health = case.expect("model.inline", Healthy, &[]);
    assert_eq!(health.check(CheckKind::Build).unwrap().state, None);
    let case = case.ran("test.t", "warn", TimeDelta::minutes(1));
    case.expect("exposure.e", Degraded, &[BuildFailed, TestWarned]);
}

#[test]
fn cycles_share_their_sources_and_end() {
    let case = Case::default()
        .source("source.raw")
        .checked("source.raw", "warn", HOUR)
        .good("model.a", &["source.raw", "model.c"])
        .good("model.b", &["model.a"])
        .good("model.c", &["model.b", "model.c"])
        .node("exposure.e", &["model.c", "exposure.e"]);
    for id in ["model.a", "model.b", "model.c", "exposure.e"] {
        case.expect(id, Caution, &[SourceWarned]);
    }
}

#[test]
fn sentences_name_what_is_to_blame() {
    let mut case = Case::default()
        .source("source.raw")
        .checked("source.raw", "warn", HOUR)
        .good("model.fct_orders", &["source.raw"]);
    for number in 1..14 {
        let id = format!("test.t{number:02}");
        let status = if number == 3 { "warn" } else { "pass" };
        case = case.test(&id, "model.fct_orders").ran(&id, status, HOUR * 2);
    }
    let case = case.node("exposure.e", &["model.fct_orders"]);
    let health = case.expect("exposure.e", Caution, &[TestWarned, SourceWarned]);
    assert_eq!(
        sentences(&health),
        [
            "1 of 14 tests on fct_orders gave a warning",
            "the check of freshness of shop.raw gave a warning"
        ]
    );
    assert_eq!(health.reasons[0].nodes, [NodeId::from("test.t03")]);
    assert_eq!(health.reasons[0].at, Some(now() - HOUR * 2));
    assert_eq!(
        (health.freshness_status().name(), health.quality().name()),
        ("stale", "warned")
    );
    let rows: Vec<_> = health
        .checks
        .iter()
        .map(|check| {
            (
                check.title.as_ref(),
                check.state.unwrap(),
                check.place(),
                check.at.unwrap(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (
                "Freshness of sources",
                Caution,
                "shop.raw".to_owned(),
                now() - HOUR
            ),
            ("Models built", Healthy, "1 of 1".to_owned(), now() - HOUR),
            ("Tests", Caution, "t03".to_owned(), now() - HOUR * 2),
        ]
    );
}

#[test]
fn long_lists_are_counted() {
    let mut case = Case::default();
    let ids: Vec<String> = (0..25).map(|number| format!("model.m{number:02}")).collect();
    for id in &ids {
        case = case.good(id, &[]).ran(id, "error", TimeDelta::minutes(1));
        let test = format!("test.of_{}", &id[6..]);
        case = case.ran(&test, "fail", TimeDelta::minutes(1));
    }
    let reads: Vec<&str> = ids.iter().map(String::as_str).collect();
    let case = case.node("exposure.e", &reads);
    let health = case.expect("exposure.e", Degraded, &[BuildFailed, TestFailed]);
    assert_eq!(
        sentences(&health),
        [
            "m00, m01, m02 and 22 more failed to build",
            "25 of 25 tests on m00, m01, m02 and 22 more failed"
        ]
    );
    for reason in &health.reasons {
        assert_eq!(
            (reason.nodes.len(), reason.more),
            (LONGEST_LIST, 25 - LONGEST_LIST)
        );
    }
}
