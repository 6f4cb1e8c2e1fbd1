//! The life of an integration: what syncs add, change, remove, keep and record.

use std::collections::BTreeSet;
use std::sync::Arc;

use rstest::rstest;
use secrecy::SecretString;
use tailwater_core::clock::FixedClock;
use tailwater_core::credential::CredentialName;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::gap::GapReason;
use tailwater_core::mapping::MappingRule;
use tailwater_engine::bi::NoProgress;
use tailwater_engine::settings::HttpSettings;
use tailwater_engine::store::SyncOutcome;
use tailwater_engine::sync::SyncOptions;
use tailwater_engine::{Error, integration::NewIntegration};
use tailwater_tableau_sim::MetadataAvailability;
use tokio_util::sync::CancellationToken;

use crate::acme::{self, Engine, SECRET, Workbook};
use crate::stage::{BOOKS, Bench, demo, start};

fn row(name: &str, depends_on: &[&str], is_stale: bool) -> (String, Vec<String>, bool) {
    (
        name.to_owned(),
        depends_on.iter().map(|id| (*id).to_owned()).collect(),
        is_stale,
    )
}

fn labels(titles: &[tailwater_engine::sync::ExposureTitle]) -> Vec<&str> {
    titles.iter().map(|title| title.label.as_str()).collect()
}

#[rstest]
#[tokio::test]
async fn the_first_sync_adds_and_the_second_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::on(&simulator, engine);
    let first = bench.sync().await;
    assert_eq!(first.outcome, SyncOutcome::Changed);
    assert_eq!(labels(&first.added), ["Customers", "Orders", "Stray"]);
    assert_eq!((first.tables.linked, first.tables.unlinked_total()), (2, 1));
    assert_eq!(
        bench.stored().await,
        [
            row("customers", &["model.shop.stg_shop__customers"], false),
            row("orders", &["model.shop.fct_orders"], false),
            row("stray", &[], false),
        ]
    );

    let second = bench.sync().await;
    assert_eq!(second.outcome, SyncOutcome::Unchanged);
    assert!(!second.has_changes() && !second.has_failures());
    let workspace = bench.open().await;
    let syncs = workspace.store().syncs(None, 10).await.expect("history");
    assert_eq!(
        syncs.iter().map(|sync| sync.outcome).collect::<Vec<_>>(),
        [SyncOutcome::Unchanged, SyncOutcome::Changed]
    );
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_leaves_nothing_behind() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    let workspace = bench.open().await;
    let options = SyncOptions {
        is_dry_run: true,
        ..SyncOptions::default()
    };
    let report = workspace
        .sync(&"main".into(), options, &NoProgress, &CancellationToken::new())
        .await
        .expect("a sync");
    assert_eq!(report.added.len(), 3);
    assert!(
        workspace
            .store()
            .load_exposures(None)
            .await
            .expect("exposures")
            .is_empty()
    );
    assert!(
        workspace
            .store()
            .syncs(None, 10)
            .await
            .expect("history")
            .is_empty()
    );
}

#[rstest]
#[tokio::test]
async fn what_is_gone_is_removed_and_a_rename_keeps_the_name(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let mut bench = Bench::on(&simulator, engine);
    bench.sync().await;
    let later = start(&[("Revenue", "shop.marts.fct_orders"), BOOKS[1]]).await;
    bench.point_at(&later);
    let report = bench.sync().await;
    assert_eq!(labels(&report.removed), ["Stray"]);
    assert_eq!(
        report
            .changed
            .iter()
            .map(|change| change.title.label.as_str())
            .collect::<Vec<_>>(),
        ["Customers", "Revenue"]
    );
    let names: Vec<String> = bench.stored().await.into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["customers", "orders"]);
}

#[tokio::test]
async fn links_that_come_and_go_are_named() {
    let simulator = start(&BOOKS[..1]).await;
    let mut bench = Bench::new(&simulator);
    bench.sync().await;
    let later = start(&[("Orders", "shop.marts.fct_payments")]).await;
    bench.point_at(&later);
    let report = bench.sync().await;
    assert_eq!(
        report.changed[0].gained,
        BTreeSet::from(["model.shop.fct_payments".into()])
    );
    assert_eq!(
        report.changed[0].lost,
        BTreeSet::from(["model.shop.fct_orders".into()])
    );
}

#[rstest]
#[tokio::test]
async fn a_backfill_keeps_what_was_known_and_the_next_good_sync_heals(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::on(&simulator, engine);
    bench.sync().await;
    let before = bench.stored().await;
    simulator.set_switches(|switches| {
        switches.backfill_running = true;
        switches.backfill_percent = 0;
    });
    let report = bench.sync().await;
    assert!(report.removed.is_empty());
    assert_eq!(report.kept.len(), 3);
    let during: Vec<_> = bench.stored().await;
    let depends_on = |rows: &[(String, Vec<String>, bool)]| -> Vec<_> {
        rows.iter()
            .map(|(name, nodes, _)| (name.clone(), nodes.clone()))
            .collect()
    };
    assert_eq!(depends_on(&during), depends_on(&before));
    assert!(during.iter().all(|(.., is_stale)| *is_stale));

    simulator.set_switches(|switches| switches.backfill_running = false);
    bench.sync().await;
    assert_eq!(bench.stored().await, before);
}

#[tokio::test]
async fn a_failed_sync_is_recorded_and_changes_nothing() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    let before = bench.stored().await;
    simulator.set_switches(|switches| switches.not_tableau = true);
    let error = bench.try_sync().await.expect_err("no Tableau");
    assert!(error.code().starts_with("TW-"), "{}", error.code());
    assert!(error.hint().is_some());
    assert_eq!(bench.stored().await, before);
    let workspace = bench.open().await;
    let syncs = workspace.store().syncs(None, 1).await.expect("history");
    assert_eq!(syncs[0].outcome, SyncOutcome::Failed);
    assert_eq!(
        syncs[0].error.as_ref().map(|error| error.code.as_str()),
        Some(error.code())
    );
}

#[tokio::test]
async fn a_sync_that_is_stopped_leaves_nothing_and_frees_the_lease() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    let workspace = bench.open().await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    simulator.set_switches(|switches| switches.delay_milliseconds = 60_000);
    let error = workspace
        .sync(&"main".into(), SyncOptions::default(), &NoProgress, &cancel)
        .await
        .expect_err("stopped");
    assert!(matches!(error, Error::Cancelled));
    assert!(
        workspace
            .store()
            .load_exposures(None)
            .await
            .expect("exposures")
            .is_empty()
    );
    simulator.set_switches(|switches| switches.delay_milliseconds = 0);
    assert_eq!(bench.sync().await.added.len(), 3);
}

#[tokio::test]
async fn stopping_in_the_middle_ends_the_session() {
    /// Stops as soon as the site is being read, which is after the sign-in.
    struct StopAtWorkbooks(CancellationToken);
    impl tailwater_engine::bi::Progress for StopAtWorkbooks {
        fn report(&self, step: tailwater_engine::bi::Step) {
            if step.phase == "workbooks" {
                self.0.cancel();
            }
        }
    }
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    let workspace = bench.open().await;
    let cancel = CancellationToken::new();
    let progress = StopAtWorkbooks(cancel.clone());
    let error = workspace
        .sync(&"main".into(), SyncOptions::default(), &progress, &cancel)
        .await
        .expect_err("stopped");
    assert!(matches!(error, Error::Cancelled));
    assert_eq!(
        (simulator.count("/auth/signin"), simulator.count("/auth/signout")),
        (1, 1)
    );
    assert!(
        workspace
            .store()
            .load_exposures(None)
            .await
            .expect("exposures")
            .is_empty()
    );
}

#[rstest]
#[tokio::test]
async fn two_syncs_of_one_integration_do_not_sign_in_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::on(&simulator, engine);
    let workspace = bench.open().await;
    let (one, two) = (CancellationToken::new(), CancellationToken::new());
    let name = "main".into();
    // The first one works with the session for seconds yet when the second one comes.
    simulator.set_switches(|switches| switches.delay_milliseconds = 700);
    let after_the_sign_in = async {
        while simulator.session_count() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        workspace
            .sync(&name, SyncOptions::default(), &NoProgress, &two)
            .await
    };
    let (first, second) = tokio::join!(
        workspace.sync(&name, SyncOptions::default(), &NoProgress, &one),
        after_the_sign_in,
    );
    let busy = [first.err(), second.err()];
    assert!(
        matches!(
            busy,
            [None, Some(Error::Busy { .. })] | [Some(Error::Busy { .. }), None]
        ),
        "{busy:?}"
    );
    assert_eq!(simulator.count("/auth/signin"), 1);
    let history = workspace.store().syncs(None, 10).await.expect("history");
    assert_eq!(history.len(), 1, "waiting for another is no failed sync");
}

#[tokio::test]
async fn an_unknown_project_or_integration_names_those_that_are_known() {
    let simulator = start(&BOOKS).await;
    let mut bench = Bench::new(&simulator);
    let workspace = bench.open().await;
    let error = workspace
        .find_integration(&"mian".into())
        .await
        .expect_err("unknown");
    assert_eq!(error.hint().as_deref(), Some("known are main"));
    bench.integration().projects = vec!["other".into()];
    let error = bench.try_sync().await.expect_err("unknown project");
    assert_eq!(error.code(), "TW-PROJECT-UNKNOWN");
    assert_eq!(simulator.count("/auth/signin"), 0, "nothing was contacted");
}

#[tokio::test]
async fn nothing_selected_is_an_error_that_says_how_to_select() {
    let simulator = start(&BOOKS).await;
    let mut bench = Bench::new(&simulator);
    bench.integration().collections = vec![];
    let error = bench.try_sync().await.expect_err("nothing selected");
    assert_eq!(error.code(), "TW-COLLECTION-NONE-SELECTED");
}

#[tokio::test]
async fn a_selected_collection_that_is_not_there_is_reported() {
    let simulator = start(&BOOKS).await;
    let mut bench = Bench::new(&simulator);
    bench.integration().collections.push("Slaes".to_owned());
    let report = bench.sync().await;
    assert_eq!(report.patterns_without_match, ["Slaes"]);
    assert!(report.has_failures());
    assert_eq!(report.added.len(), 3);
}

/// The life of an integration made by command: add, select, map, remove; the secret stays sealed.
#[tokio::test]
async fn an_integration_made_by_command_lives_in_the_store() {
    let simulator = start(&BOOKS).await;
    let mut bench = Bench::new(&simulator);
    bench.settings.integrations.clear();
    bench.settings.projects.clear();
    let workspace = bench.open().await;
    let summary = workspace
        .add_project("shop".into(), &demo().join("dbt/target"))
        .await
        .expect("a project");
    assert_eq!(
        (summary.package.as_str(), summary.adapter.as_str()),
        ("shop", "duckdb")
    );
    let new = NewIntegration {
        name: "main".into(),
        server: format!("{}/#/site/acme/home", simulator.base_url()),
        site: None,
        credential: CredentialName::token("tailwater"),
        secret: SecretString::from(SECRET),
        allow_http: false,
        projects: vec!["shop".into()],
        http: HttpSettings::default(),
    };
    let integration = workspace.add_tableau(new).await.expect("an integration");
    assert_eq!(
        (integration.server.as_str(), integration.site.as_str()),
        (simulator.base_url(), "acme")
    );

    let error = workspace
        .select_collections(&"main".into(), &["Salse".to_owned()])
        .await
        .expect_err("misspelt");
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("did you mean `Sales`")),
        "{:?}",
        error.hint()
    );
    let (selection, is_changed) = workspace
        .select_collections(&"main".into(), &["Sales".to_owned()])
        .await
        .expect("selected");
    assert!(is_changed);
    assert_eq!(selection.patterns(), ["Sales"]);
    let cancel = CancellationToken::new();
    workspace
        .sync(&"main".into(), SyncOptions::default(), &NoProgress, &cancel)
        .await
        .expect("a sync");

    let unmatched = workspace.unmatched(&"main".into()).await.expect("gaps");
    assert_eq!(
        unmatched
            .groups
            .iter()
            .map(|group| group.reason)
            .collect::<Vec<_>>(),
        [GapReason::OtherDatabase]
    );
    let proposed = unmatched.proposals[0].rule.clone();
    assert_eq!(
        (proposed.database.as_deref(), proposed.to.as_str()),
        (Some("prod"), "shop")
    );
    let rule = MappingRule::try_from(proposed).expect("a rule");
    workspace.add_mapping(&"main".into(), rule).await.expect("mapped");
    let report = workspace
        .sync(&"main".into(), SyncOptions::default(), &NoProgress, &cancel)
        .await
        .expect("a sync");
    assert_eq!(
        report.changed[0].gained,
        BTreeSet::from(["model.shop.fct_orders".into()])
    );
    assert_eq!(report.tables.unlinked_total(), 0);

    let error = workspace
        .remove_project(&"shop".into())
        .await
        .expect_err("in use");
    assert_eq!(error.code(), "TW-PROJECT-IN-USE");
    workspace.close().await;
    for name in ["tailwater.db", "tailwater.db-wal", "key"] {
        let bytes = std::fs::read(bench.path(".tailwater").join(name)).unwrap_or_default();
        assert!(
            !bytes
                .windows(SECRET.len())
                .any(|window| window == SECRET.as_bytes()),
            "{name} holds the secret"
        );
    }

    let workspace = bench.open().await;
    workspace
        .remove_integration(&"main".into())
        .await
        .expect("removed");
    assert!(
        workspace
            .store()
            .load_exposures(None)
            .await
            .expect("exposures")
            .is_empty()
    );
    workspace.remove_project(&"shop".into()).await.expect("removed");
}

#[tokio::test]
async fn what_the_file_declares_commands_do_not_change() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    let workspace = bench.open().await;
    for error in [
        workspace
            .remove_integration(&"main".into())
            .await
            .expect_err("from file"),
        workspace
            .remove_project(&"shop".into())
            .await
            .expect_err("from file"),
        workspace
            .select_collections(&"main".into(), &["Sales".to_owned()])
            .await
            .expect_err("from file"),
    ] {
        assert_eq!(error.code(), "TW-SETTINGS-READ-ONLY");
    }
}

#[tokio::test]
async fn selectors_reach_imported_exposures() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    let workspace = bench.open().await;
    let catalog = workspace.catalog().await.expect("a catalog");
    let names = |select: &str| -> Vec<String> {
        let chosen = catalog.select_exposures(Some(select)).expect("a selector");
        chosen
            .into_iter()
            .filter(|exposure| exposure.integration.is_some())
            .map(|exposure| exposure.name.clone())
            .collect()
    };
    assert_eq!(names("fct_orders+"), ["orders"]);
    assert_eq!(names("exposure:customers"), ["customers"]);
    assert_eq!(
        names("path:imported_from_tableau"),
        ["customers", "orders", "stray"]
    );
    let lineage = catalog.lineage("+exposure:customers", None).expect("lineage");
    let to_exposure: Vec<&str> = lineage
        .edges
        .iter()
        .filter(|edge| edge.to.as_str() == "exposure.shop.customers")
        .map(|edge| edge.from.as_str())
        .collect();
    assert_eq!(to_exposure, ["model.shop.stg_shop__customers"]);
}

#[rstest]
#[tokio::test]
async fn two_integrations_that_sync_at_once_share_no_name(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (here, there) = (start(&BOOKS).await, start(&BOOKS).await);
    let mut bench = Bench::on(&here, engine);
    let mut other = bench.settings.integrations[0].clone();
    other.name = "other".into();
    other.server = there.base_url().to_owned();
    bench.settings.integrations.push(other);
    let workspace = bench.open().await;
    let cancel = CancellationToken::new();
    let (main, other) = ("main".into(), "other".into());
    let (first, second) = tokio::join!(
        workspace.sync(&main, SyncOptions::default(), &NoProgress, &cancel),
        workspace.sync(&other, SyncOptions::default(), &NoProgress, &cancel),
    );
    assert_eq!(
        (
            first.expect("a sync").added.len(),
            second.expect("a sync").added.len()
        ),
        (3, 3)
    );
    let exposures = workspace.store().load_exposures(None).await.expect("exposures");
    let names: BTreeSet<String> = exposures.into_iter().map(|row| row.exposure.name).collect();
    assert_eq!(names.len(), 6, "{names:?}");
}

/// Two integrations with one token have one session between them.
#[tokio::test]
async fn two_integrations_on_one_token_do_not_sign_in_at_once() {
    let simulator = start(&BOOKS).await;
    let mut bench = Bench::new(&simulator);
    let mut other = bench.settings.integrations[0].clone();
    other.name = "other".into();
    bench.settings.integrations.push(other);
    let workspace = bench.open().await;
    let cancel = CancellationToken::new();
    let (main, other) = ("main".into(), "other".into());
    let (first, second) = tokio::join!(
        workspace.sync(&main, SyncOptions::default(), &NoProgress, &cancel),
        workspace.sync(&other, SyncOptions::default(), &NoProgress, &cancel),
    );
    let errors = [first.err(), second.err()];
    assert!(
        errors
            .iter()
            .flatten()
            .all(|error| matches!(error, Error::Busy { .. })),
        "{errors:?}"
    );
    assert_eq!(simulator.count("/auth/signin"), 1);
}

#[tokio::test]
async fn a_name_that_the_project_takes_later_is_given_up() {
    let simulator = start(&[("Churn Notebook", "shop.marts.fct_orders")]).await;
    let mut bench = Bench::new(&simulator);
    // A project without exposures of its own first: the name is free.
    let manifest = std::fs::read_to_string(demo().join("dbt/target/manifest.json")).expect("a manifest");
    let free = bench.path("free.json");
    std::fs::write(&free, manifest.replace("churn_notebook", "another_notebook")).expect("a file");
    bench.settings.projects[0].manifest = Some(free);
    bench.sync().await;
    assert_eq!(bench.stored().await[0].0, "churn_notebook");

    bench.settings.projects[0].manifest = Some(demo().join("dbt/target/manifest.json"));
    bench.sync().await;
    let workspace = bench.open().await;
    let catalog = workspace.catalog().await.expect("a catalog");
    let mut named: Vec<(&str, bool)> = catalog
        .exposures()
        .iter()
        .filter(|exposure| exposure.name.starts_with("churn_notebook"))
        .map(|exposure| (exposure.name.as_str(), exposure.integration.is_some()))
        .collect();
    named.sort_unstable();
    assert_eq!(named, [("churn_notebook", false), ("churn_notebook_0000", true)]);
}

/// A workbook that did not move keeps its lineage without being asked for it; everything is read when that is wished, or
/// was not done for a day.
#[tokio::test]
async fn only_what_moved_is_read_again() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    let first = bench.sync().await;
    let lineage_queries = || {
        let requests = simulator.requests();
        let queries = requests.iter().filter_map(|request| request.graphql.as_ref());
        queries
            .filter(|query| query.text.contains("query Workbooks("))
            .count()
    };
    let asked = lineage_queries();
    let before = bench.stored().await;
    let second = bench.sync().await;
    assert_eq!(lineage_queries(), asked, "nothing moved");
    assert_eq!(second.unmoved, 3);
    assert!(!second.has_changes());
    assert_eq!(bench.stored().await, before);
    assert_eq!(second.tables, first.tables);

    let workspace = bench.open().await;
    let history = workspace.store().syncs(None, 10).await.expect("the history");
    let details: Vec<_> = history
        .iter()
        .map(|record| (record.detail.unmoved > 0, record.detail.full_read_at))
        .collect();
    let full_at = Some(history[1].started_at);
    assert_eq!(details, [(true, full_at), (false, full_at)]);
    let options = SyncOptions {
        is_full: true,
        ..SyncOptions::default()
    };
    let full = workspace
        .sync(&"main".into(), options, &NoProgress, &CancellationToken::new())
        .await
        .expect("a sync");
    assert_eq!(full.unmoved, 0);
    assert!(lineage_queries() > asked);
    workspace.close().await;

    let tomorrow = full.started_at + chrono::TimeDelta::hours(20);
    let workspace = bench.open_at(Arc::new(FixedClock(tomorrow))).await;
    let (name, cancel) = ("main".into(), CancellationToken::new());
    let next = workspace
        .sync(&name, SyncOptions::default(), &NoProgress, &cancel)
        .await
        .expect("a sync");
    assert_eq!(next.unmoved, 0, "everything is read once a day");
    workspace.close().await;
}

/// Lists alone are of no use to who knows nothing yet, and of some to who does.
#[tokio::test]
async fn a_first_sync_without_any_lineage_fails_and_a_later_one_is_partial() {
    let simulator = start(&BOOKS).await;
    let off = |availability| simulator.set_switches(move |switches| switches.metadata = availability);
    off(MetadataAvailability::FeatureDisabled);
    let mut bench = Bench::new(&simulator);
    let error = bench.try_sync().await.expect_err("nothing is known yet");
    assert_eq!(error.code(), "TW-TABLEAU-METADATA-OFF", "{error}");
    assert_eq!(bench.stored().await, []);
    off(MetadataAvailability::On);
    bench.sync().await;

    // Not a full read: the dates of extracts are asked first, in vain as well. A workbook is new, another gone.
    off(MetadataAvailability::FeatureDisabled);
    let books = [
        (0, BOOKS[0]),
        (1, BOOKS[1]),
        (7, ("Fresh", "shop.marts.fct_orders")),
    ];
    let other = acme::start(books.into_iter().map(|(number, (name, table))| Workbook {
        number,
        day: 1,
        project: "Sales",
        name,
        table,
    }))
    .await;
    other.set_switches(|switches| switches.metadata = MetadataAvailability::FeatureDisabled);
    bench.point_at(&other);
    let report = bench.sync().await;
    assert_eq!(report.outcome, SyncOutcome::Partial);
    assert!(report.has_failures());
    assert_eq!(
        (labels(&report.added), labels(&report.removed)),
        (vec!["Fresh"], vec!["Stray"])
    );
    assert_eq!(
        report.tables.unlinked.get(&GapReason::LineageIncomplete),
        Some(&3)
    );
    assert_eq!(report.kept.len(), 2);
    for kept in &report.kept {
        assert!(
            kept.stale.reason.contains("FEATURE_DISABLED"),
            "{}",
            kept.stale.reason
        );
    }
    let nodes = ["model.shop.stg_shop__customers", "model.shop.fct_orders"];
    assert_eq!(
        bench.stored().await,
        [
            row("customers", &nodes[..1], true),
            row("fresh", &[], false),
            row("orders", &nodes[1..], true)
        ]
    );
    let workspace = bench.open().await;
    let record = workspace.store().syncs(None, 1).await.expect("history").remove(0);
    assert_eq!((record.outcome, record.detail.unread), (SyncOutcome::Partial, 3));
    assert!(
        record
            .notices
            .iter()
            .any(|notice| notice.code == "TW-TABLEAU-METADATA-OFF")
    );
    workspace.close().await;
    other.set_switches(|switches| switches.metadata = MetadataAvailability::On);
    assert_eq!(bench.sync().await.outcome, SyncOutcome::Changed);
    assert_eq!(
        bench.stored().await,
        [
            row("customers", &nodes[..1], false),
            row("fresh", &nodes[1..], false),
            row("orders", &nodes[1..], false)
        ]
    );
}
