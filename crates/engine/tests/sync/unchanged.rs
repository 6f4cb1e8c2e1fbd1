//! A sync of which nothing would come ends at the lists; one of which something would, never does.

use rstest::rstest;
use tailwater_core::mapping::{MappingRule, RuleText};
use tailwater_engine::bi::NoProgress;
use tailwater_engine::store::{SyncOutcome, SyncRecord};
use tailwater_engine::sync::{SyncOptions, SyncReport};
use tailwater_tableau_sim::{Running, SiteFile};
use tokio_util::sync::CancellationToken;

use crate::acme::{self, Engine, Workbook};
use crate::stage::{BOOKS, Bench, demo, start};

/// So many exposures has none of these sites. Written into the note, it tells whether a sync went by the note.
const MARK: usize = 4_711;

impl Bench {
    /// Changes the note about the last landing so that a sync that goes by it shows.
    async fn mark_note(&self) {
        let workspace = self.open().await;
        let store = workspace.store();
        let name = "main".into();
        let note = store.find_fact(&name, "standing").await.expect("a store");
        let note = note.expect("a note");
        let marked = note.replace("\"exposures\":3", &format!("\"exposures\":{MARK}"));
        assert_ne!(marked, note, "the note counts the exposures");
        store.put_fact(&name, "standing", &marked).await.expect("a store");
        workspace.close().await;
    }

    async fn has_note(&self) -> bool {
        let workspace = self.open().await;
        let note = workspace.store().find_standing(&"main".into()).await;
        workspace.close().await;
        note.expect("a store").is_some()
    }

    async fn sync_with(&self, options: SyncOptions) -> SyncReport {
        let workspace = self.open().await;
        let report = workspace
            .sync(&"main".into(), options, &NoProgress, &CancellationToken::new())
            .await;
        workspace.close().await;
        report.expect("a sync")
    }

    async fn history(&self) -> Vec<SyncRecord> {
        let workspace = self.open().await;
        let syncs = workspace.store().syncs(None, 20).await.expect("history");
        workspace.close().await;
        syncs
    }
}

/// Serves the site with other workbooks from now on.
fn become_site(simulator: &Running, workbooks: &[Workbook<'_>]) {
    let workbooks = workbooks.iter().map(|workbook| Workbook { ..*workbook });
    simulator
        .replace_sites(&acme::site_file(workbooks, "SiteAdministratorExplorer"))
        .expect("a site");
}

fn book<'a>(number: usize, (name, table): (&'a str, &'a str)) -> Workbook<'a> {
    Workbook {
        number,
        day: number + 1,
        project: "Sales",
        name,
        table,
    }
}

#[rstest]
#[tokio::test]
async fn when_nothing_moved_only_the_history_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::on(&simulator, engine);
    let first = bench.sync().await;
    let stored = bench.stored().await;
    let by_all = bench
        .sync_with(SyncOptions {
            is_full: true,
            ..SyncOptions::default()
        })
        .await;
    let by_note = bench.sync().await;
    assert_eq!(by_note.outcome, SyncOutcome::Unchanged);
    assert_eq!(
        (by_note.exposures, &by_note.tables),
        (first.exposures, &first.tables)
    );
    assert_eq!(
        (&by_note.notices, &by_note.patterns_without_match),
        (&by_all.notices, &by_all.patterns_without_match)
    );
    assert_eq!(by_note.unmoved, 3);
    assert_eq!(bench.stored().await, stored);

    bench.mark_note().await;
    simulator.clear_requests();
    assert_eq!(bench.sync().await.exposures, MARK, "the note was used");
    let requests = simulator.requests();
    let queries = requests.iter().filter_map(|request| request.graphql.as_ref());
    assert!(queries.into_iter().all(|query| query.text.contains("Dates(")));
    let history = bench.history().await;
    let [last, before, ..] = &history[..] else {
        panic!("two syncs at least")
    };
    assert_eq!(last.counts.exposures, MARK);
    assert_eq!(last.outcome, SyncOutcome::Unchanged);
    assert_eq!(last.unlinked_by_reason, before.unlinked_by_reason);
    assert_eq!(last.detail.selection, before.detail.selection);
    assert_eq!(last.detail.full_read_at, before.detail.full_read_at);
    assert_eq!(last.detail.unmoved, 3);
    assert!(last.started_at > before.started_at);
    // By the site's clock, which is known as exactly as answers are quick.
    let apart = |record: &SyncRecord| {
        record
            .detail
            .read_at
            .map(|read_at| (read_at - record.started_at).abs())
    };
    assert!(apart(last).is_some_and(|apart| apart < chrono::TimeDelta::minutes(1)));

    // Once more, and for show only.
    assert_eq!(bench.sync().await.exposures, MARK);
    let count = bench.history().await.len();
    let shown = bench
        .sync_with(SyncOptions {
            is_dry_run: true,
            ..SyncOptions::default()
        })
        .await;
    assert!(shown.dry_run && shown.exposures == MARK);
    assert_eq!(bench.history().await.len(), count);
}

#[tokio::test]
async fn everything_is_read_when_that_is_asked_for_and_from_time_to_time() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    bench.mark_note().await;
    let full = SyncOptions {
        is_full: true,
        ..SyncOptions::default()
    };
    assert_eq!(bench.sync_with(full).await.exposures, 3);

    bench.mark_note().await;
    let workspace = bench.open().await;
    let store = workspace.store();
    let mut record = store.syncs(None, 1).await.expect("history").remove(0);
    record.detail.full_read_at = record.started_at.checked_sub_signed(chrono::TimeDelta::hours(21));
    record.id = tailwater_engine::store::SyncId::new(record.started_at);
    record.started_at += chrono::TimeDelta::milliseconds(1);
    let standing = store.find_standing(&"main".into()).await.expect("a store");
    let is_landed = store
        .land_unchanged(&record, &standing.expect("a note"))
        .await
        .expect("a store");
    assert!(is_landed);
    workspace.close().await;
    assert_eq!(bench.sync().await.exposures, 3);
}

/// What moves on the site, and whether it is another state of the exposures.
#[rstest]
#[case::renamed(&[book(0, ("Orders again", BOOKS[0].1)), book(1, BOOKS[1]), book(2, BOOKS[2])], 3)]
#[case::another_date(&[Workbook { day: 7, ..book(0, BOOKS[0]) }, book(1, BOOKS[1]), book(2, BOOKS[2])], 3)]
#[case::moved(&[Workbook { project: "Finance", ..book(0, BOOKS[0]) }, book(1, BOOKS[1]), book(2, BOOKS[2])], 2)]
#[case::gone(&[book(0, BOOKS[0]), book(1, BOOKS[1])], 2)]
#[case::new(&[book(0, BOOKS[0]), book(1, BOOKS[1]), book(2, BOOKS[2]), book(3, ("New", "shop.marts.fct_orders"))], 4)]
#[tokio::test]
async fn what_moves_on_the_site_is_seen(#[case] workbooks: &[Workbook<'_>], #[case] exposures: usize) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    bench.mark_note().await;
    become_site(&simulator, workbooks);
    let report = bench.sync().await;
    assert_eq!(
        (report.exposures, report.outcome),
        (exposures, SyncOutcome::Changed)
    );
    assert_eq!(bench.stored().await.len(), exposures);
    assert_eq!(bench.sync().await.outcome, SyncOutcome::Unchanged);
}

/// An extract that was refreshed shows in no list.
#[tokio::test]
async fn a_refresh_of_an_extract_is_seen() {
    let site = |refreshed_at: &str| {
        let text = toml::to_string(&acme::site_file(
            BOOKS.iter().enumerate().map(|(number, one)| book(number, *one)),
            "SiteAdministratorExplorer",
        ))
        .expect("a site file");
        let extract = format!("extract = true\nextract_refreshed_at = \"{refreshed_at}\"");
        let text = text.replacen("extract = false", &extract, 1);
        assert!(text.contains(&extract), "{text}");
        SiteFile::from_toml(&text).expect("a site file")
    };
    let simulator = start(&BOOKS).await;
    simulator
        .replace_sites(&site("2025-02-01T00:00:00Z"))
        .expect("a site");
    let bench = Bench::new(&simulator);
    bench.sync().await;
    bench.mark_note().await;
    assert_eq!(bench.sync().await.exposures, MARK);
    simulator
        .replace_sites(&site("2025-02-02T00:00:00Z"))
        .expect("a site");
    assert_eq!(bench.sync().await.exposures, 3);
    let workspace = bench.open().await;
    let stored = workspace.store().load_inventory(&"main".into()).await;
    let refreshed: Vec<String> = stored
        .expect("a store")
        .inventory
        .data_sources
        .values()
        .filter_map(|source| source.extract_refreshed_at.map(|at| at.to_rfc3339()))
        .collect();
    assert_eq!(refreshed, ["2025-02-02T00:00:00+00:00"]);
}

/// What exposures are made of beside the site.
#[tokio::test]
async fn other_rules_selection_and_manifests_are_seen() {
    let simulator = start(&BOOKS).await;
    let mut bench = Bench::new(&simulator);
    let manifest = bench.path("manifest.json");
    let original = std::fs::read_to_string(demo().join("dbt/target/manifest.json")).expect("a manifest");
    std::fs::write(&manifest, &original).expect("a file");
    bench.settings.projects = vec![acme::project(&manifest)];
    bench.sync().await;
    bench.mark_note().await;

    let rule = RuleText {
        database: Some("prod".to_owned()),
        schema: None,
        to: "shop".to_owned(),
    };
    bench.integration().mapping = vec![MappingRule::try_from(rule).expect("a rule")];
    let report = bench.sync().await;
    assert_eq!((report.exposures, report.tables.unlinked_total()), (3, 0));
    bench.mark_note().await;
    assert_eq!(bench.sync().await.exposures, MARK);

    bench.integration().collections = vec!["**".to_owned()];
    assert_eq!(bench.sync().await.exposures, 3);
    bench.mark_note().await;
    assert_eq!(bench.sync().await.exposures, MARK);

    // Of the same length.
    let renamed = original.replace("fct_orders", "fct_ordorz");
    assert_eq!(renamed.len(), original.len());
    std::fs::write(&manifest, renamed).expect("a file");
    let report = bench.sync().await;
    assert_eq!(report.exposures, 3);
    assert!(report.tables.unlinked_total() > 0, "{report:?}");
    bench.mark_note().await;

    // One that cannot be read is told of before anybody is asked.
    std::fs::write(&manifest, "{").expect("a file");
    simulator.clear_requests();
    bench.try_sync().await.expect_err("no manifest");
    assert_eq!(simulator.requests().len(), 0);
}

/// Names and rules by which what is stored was read anew, without the tool.
#[tokio::test]
async fn what_was_resolved_anew_is_not_taken_for_what_landed() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    bench.mark_note().await;
    let workspace = bench.open().await;
    workspace.reresolve(&"main".into()).await.expect("resolved");
    workspace.close().await;
    assert!(!bench.has_note().await);
    assert_eq!(bench.sync().await.exposures, 3);
    assert!(bench.has_note().await, "the next sync notes again");
}

/// What was not wholly told is looked at again, whatever the lists say.
#[tokio::test]
async fn nothing_is_noted_of_what_was_partial_late_or_just_published() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::new(&simulator);
    simulator.set_switches(|switches| {
        switches.backfill_running = true;
        switches.backfill_percent = 50;
    });
    bench.sync().await;
    assert!(!bench.has_note().await);
    simulator.set_switches(|switches| switches.backfill_running = false);
    bench.sync().await;
    bench.mark_note().await;

    // Trouble with the dates: the note says nothing about what is asked in its place.
    simulator.set_switches(|switches| {
        switches.backfill_running = true;
        switches.backfill_percent = 0;
    });
    let report = bench.sync().await;
    assert_eq!((report.exposures, report.kept.len()), (3, 3));
    assert!(!bench.has_note().await);
    simulator.set_switches(|switches| switches.backfill_running = false);
    assert!(bench.sync().await.kept.is_empty());
    assert!(bench.has_note().await);

    // Of an hour ago, by the site's clock.
    let started_at = bench.history().await[0].started_at;
    let text = toml::to_string(&acme::site_file([book(0, BOOKS[0])], "SiteAdministratorExplorer"));
    let hour_ago = started_at - chrono::TimeDelta::hours(1);
    let text = text
        .expect("a site file")
        .replace("2025-01-01T00:00:00Z", &hour_ago.to_rfc3339());
    assert!(text.contains(&hour_ago.to_rfc3339()), "{text}");
    let file = SiteFile::from_toml(&text).expect("a site file");
    simulator.replace_sites(&file).expect("a site");
    bench.sync().await;
    assert!(!bench.has_note().await);
}
