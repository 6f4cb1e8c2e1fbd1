//! Environments, artifacts that were handed over, and the runs that they tell of.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstest::rstest;
use tailwater_core::history::NodeStates;
use tailwater_core::id::{EnvironmentName, JobRunId, NodeId, ProjectName};
use tailwater_core::project::FreshnessCriteria;
use tailwater_core::run::{
    ArtifactMetadata, FreshnessResult, NodeResult, RunResults, RunStatus, SourceFreshness,
};
use tailwater_store::{
    ArtifactLanding, ArtifactRecord, ArtifactsLanded, EnvironmentRecord, ProjectLocation, ProjectRecord,
    RunKind, RunLanding, RunRecord, Store,
};

use crate::home::{Engine, at};

fn shop() -> ProjectName {
    "shop".into()
}

fn production() -> EnvironmentName {
    "production".into()
}

fn environment(name: &str, is_production: bool) -> EnvironmentRecord {
    EnvironmentRecord {
        project: shop(),
        name: name.into(),
        is_production,
        location: ProjectLocation::HandedOver,
        added_at: at(1),
    }
}

fn artifact(kind: &str, digest: &str) -> ArtifactRecord {
    ArtifactRecord {
        kind: kind.to_owned(),
        file: format!("shop/production/{kind}-{digest}.json"),
        digest: digest.to_owned(),
        size: 12,
        generated_at: Some(at(5)),
        invocation_id: Some("i1".to_owned()),
        dbt_version: "1.11.16".to_owned(),
        package: Some("shop".to_owned()),
        received_at: at(6),
        by: "command line".to_owned(),
        forced: false,
    }
}

fn results(invocation: &str, minute: i64, results: &[(&str, &str)]) -> Arc<RunResults> {
    let result = |&(id, status): &(&str, &str)| NodeResult {
        unique_id: id.into(),
        status: status.into(),
        message: Some("a\0b".to_owned()),
        failures: None,
        started_at: Some(at(minute)),
        completed_at: Some(at(minute)),
        execution_seconds: 0.5,
        rows_affected: Some(3),
    };
    Arc::new(RunResults {
        metadata: ArtifactMetadata {
            generated_at: Some(at(minute)),
            invocation_id: Some(invocation.to_owned()),
            ..ArtifactMetadata::default()
        },
        command: "build".to_owned(),
        elapsed_seconds: 2.5,
        results: results.iter().map(result).collect(),
    })
}

fn landing(runs: Vec<RunLanding>) -> ArtifactLanding {
    ArtifactLanding {
        project: shop(),
        environment: production(),
        artifacts: Vec::new(),
        seen: BTreeMap::new(),
        runs,
        keep_runs: 3,
    }
}

fn run(invocation: &str, minute: i64, is_success: bool, nodes: &[(&str, &str)]) -> RunLanding {
    let run = results(invocation, minute, nodes);
    RunLanding::of_run(&shop(), &production(), run, is_success, at(99))
}

async fn record(store: &Store, run: RunLanding) -> usize {
    match store.land_artifacts(&landing(vec![run])).await.unwrap() {
        ArtifactsLanded::Landed { new_runs } => new_runs,
        ArtifactsLanded::Overtaken => panic!("nothing else lands"),
    }
}

#[rstest]
#[tokio::test]
async fn one_environment_at_most_is_production(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let home = engine.home();
    let store = home.open().await;
    let handed_over = ProjectRecord {
        name: shop(),
        location: ProjectLocation::HandedOver,
        added_at: at(1),
    };
    store.put_project(&handed_over).await.unwrap();
    assert_eq!(store.projects().await.unwrap(), [handed_over]);
    for name in ["staging", "prod"] {
        store.put_environment(&environment(name, true)).await.unwrap();
    }
    let of = |name: &str, is_production| environment(name, is_production);
    assert_eq!(
        store.environments().await.unwrap(),
        [of("prod", true), of("staging", false)]
    );
    assert!(
        store
            .set_production(&shop(), Some(&"staging".into()))
            .await
            .unwrap()
    );
    assert!(
        !store
            .set_production(&shop(), Some(&"nowhere".into()))
            .await
            .unwrap()
    );
    assert_eq!(
        store.environments().await.unwrap(),
        [of("prod", false), of("staging", true)]
    );
    assert!(store.remove_environment(&shop(), &"prod".into()).await.unwrap());
    assert!(!store.remove_environment(&shop(), &"prod".into()).await.unwrap());
    assert!(store.remove_project(&shop()).await.unwrap());
    assert_eq!(store.environments().await.unwrap(), []);
}

#[rstest]
#[tokio::test]
async fn a_hand_over_that_was_overtaken_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let bring = |digest: &str, seen: Option<&str>| ArtifactLanding {
        artifacts: vec![artifact("manifest", digest)],
        seen: BTreeMap::from([("manifest".to_owned(), seen.map(str::to_owned))]),
        ..landing(vec![run(digest, 5, true, &[("model.shop.a", "success")])])
    };
    let landed = ArtifactsLanded::Landed { new_runs: 1 };
    let before = store.revision().await.unwrap();
    assert_eq!(store.land_artifacts(&bring("one", None)).await.unwrap(), landed);
    assert_ne!(store.revision().await.unwrap(), before);
    // This one decided before the first had landed.
    let late = store.land_artifacts(&bring("two", None)).await.unwrap();
    assert_eq!(late, ArtifactsLanded::Overtaken);
    assert_eq!(
        store.artifacts(&shop(), &production()).await.unwrap(),
        [artifact("manifest", "one")]
    );
    assert_eq!(store.runs(&shop(), &production(), 9).await.unwrap().len(), 1);
    assert_eq!(
        store.land_artifacts(&bring("two", Some("one"))).await.unwrap(),
        landed
    );
    assert_eq!(
        store.artifacts(&shop(), &production()).await.unwrap()[0].digest,
        "two"
    );
    let revision = store.revision().await.unwrap();
    assert_eq!(store.revision().await.unwrap(), revision);
    store.remove_project(&shop()).await.unwrap();
    assert_eq!(store.artifacts(&shop(), &production()).await.unwrap(), []);
    assert!(
        store
            .node_states(&shop(), &production())
            .await
            .unwrap()
            .is_empty()
    );
}

#[rstest]
#[tokio::test]
async fn runs_are_recorded_once_and_the_newest_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let long = format!("model.shop.{}", "x".repeat(5_000));
    let a = "model.shop.a";
    assert_eq!(
        record(&store, run("i1", 1, true, &[(a, "success"), (&long, "success")])).await,
        1
    );
    assert_eq!(record(&store, run("i1", 1, true, &[(a, "success")])).await, 0);
    for minute in 2..7 {
        let invocation = format!("i{minute}");
        assert_eq!(
            record(&store, run(&invocation, minute, false, &[(a, "error")])).await,
            1
        );
    }
    // Three are kept, and the last that succeeded.
    let kept = store.runs(&shop(), &production(), 50).await.unwrap();
    let kept: Vec<_> = kept
        .iter()
        .filter_map(|run| run.invocation_id.as_deref())
        .collect();
    assert_eq!(kept, ["i6", "i5", "i4", "i1"]);
    assert!(store.has_successful_run(&shop(), &production()).await.unwrap());
    assert!(
        !store
            .has_successful_run(&shop(), &"staging".into())
            .await
            .unwrap()
    );

    let history = store
        .node_runs(&shop(), &production(), &a.into(), 2)
        .await
        .unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].run.generated_at, at(6));
    let newest = history[0].result.as_ref().unwrap();
    assert_eq!(
        (&newest.status, newest.message.as_deref()),
        (&RunStatus::Error, Some("a\0b"))
    );
    let (found, results) = store.find_run(&history[0].run.id).await.unwrap().unwrap();
    assert_eq!((found.counts["error"], results.len()), (1, 1));
    assert!(store.is_run_recorded(&found.id).await.unwrap());

    let states = store.node_states(&shop(), &production()).await.unwrap();
    let state = states.get(&a.into()).unwrap();
    assert_eq!(state.build.as_ref().unwrap().status, RunStatus::Error);
    assert_eq!(state.built_at, Some(at(1)));
    assert!(states.get(&NodeId::new(long)).is_some());
}

#[rstest]
#[tokio::test]
async fn last_results_are_those_of_folding_all_invocations_in_any_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let runs = [
        ("i3", 3, ("model.shop.a", "error")),
        ("i1", 1, ("model.shop.a", "success")),
        ("i2", 2, ("test.shop.t", "fail")),
    ];
    let mut expected = NodeStates::default();
    for (invocation, minute, result) in runs {
        record(&store, run(invocation, minute, false, &[result])).await;
        expected.add_run(&results(invocation, minute, &[result]));
    }
    let freshness = Arc::new(SourceFreshness {
        metadata: ArtifactMetadata {
            generated_at: Some(at(4)),
            ..ArtifactMetadata::default()
        },
        results: vec![FreshnessResult {
            unique_id: "source.shop.raw.a".into(),
            status: RunStatus::Warn,
            max_loaded_at: Some(at(2)),
            snapshotted_at: Some(at(4)),
            age_seconds: Some(120.0),
            criteria: FreshnessCriteria::default(),
            error: None,
        }],
    });
    expected.add_freshness(&freshness);
    let checked = RunLanding::of_freshness(&shop(), &production(), freshness, at(99));
    assert_eq!(checked.record.kind, RunKind::Freshness);
    record(&store, checked).await;
    assert_eq!(store.node_states(&shop(), &production()).await.unwrap(), expected);
    let node = "source.shop.raw.a".into();
    let history = store.node_runs(&shop(), &production(), &node, 9).await.unwrap();
    assert_eq!(history[0].freshness.as_ref().unwrap().status, RunStatus::Warn);
}

#[rstest]
#[tokio::test]
async fn new_runs_are_found_by_the_change_that_recorded_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let home = engine.home();
    let store = home.open().await;
    let nodes = [("model.shop.orders", "success")];
    record(&store, run("one", 1, true, &nodes)).await;
    let seen = store.artifact_revision().await.unwrap();
    assert_eq!(store.runs_since(seen, 10).await.unwrap(), []);

    // An older one that arrives later is news; the same again is none.
    record(&store, run("earlier", 0, true, &nodes)).await;
    record(&store, run("one", 1, true, &nodes)).await;
    let names = |found: Vec<(i64, RunRecord)>| {
        let mut names: Vec<_> = found
            .into_iter()
            .map(|(_, run)| (run.invocation_id.unwrap(), run.job_run))
            .collect();
        names.sort();
        names
    };
    let first = store.runs_since(seen, 1).await.unwrap();
    let next = first[0].0;
    assert_eq!(names(first), [("earlier".to_owned(), None)]);
    let both = landing(vec![
        run("two", 2, true, &nodes),
        run("three", 3, true, &nodes).of_job_run(Some(JobRunId::new("j1"))),
    ]);
    store.land_artifacts(&both).await.unwrap();
    // Those of one change come together.
    let rest = store.runs_since(next, 1).await.unwrap();
    assert_eq!(rest[0].0, store.artifact_revision().await.unwrap());
    assert_eq!(
        names(rest),
        [
            ("three".to_owned(), Some(JobRunId::new("j1"))),
            ("two".to_owned(), None)
        ]
    );
}
