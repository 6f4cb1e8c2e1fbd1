//! Curation against a simulated Tableau site and the demo project's real manifest: what people say survives
//! syncs, renames, absences and partial answers.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

mod acme;
#[path = "../../store/tests/suite/postgres.rs"]
mod postgres;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rstest::rstest;
use tailwater_core::clock::SystemClock;
use tailwater_core::curation::Field;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::exposure::{Exposure, Via};
use tailwater_core::gap::GapReason;
use tailwater_engine::Error;
use tailwater_engine::account::{Actor, AuditQuery, Role, UserId};
use tailwater_engine::bi::NoProgress;
use tailwater_engine::catalog::Catalog;
use tailwater_engine::curation::{CuratedAsset, Edit};
use tailwater_engine::settings::Settings;
use tailwater_engine::sync::{SyncOptions, SyncReport};
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::Running;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::acme::{Engine, SECRET, Workbook, luid};

/// Number, project, name and table of a workbook.
type Book = (u8, &'static str, &'static str, &'static str);

const ORDERS: Book = (1, "Sales", "Orders", "shop.marts.fct_orders");
const CUSTOMERS: Book = (2, "Sales", "Customers", "shop.staging.customers");
const STRAY: Book = (3, "Sales", "Stray", "prod.marts.fct_orders");
const BOARD: Book = (4, "Finance", "Board pack", "shop.marts.fct_payments");
const BOOKS: [Book; 4] = [ORDERS, CUSTOMERS, STRAY, BOARD];

async fn start(books: &[Book]) -> Running {
    let workbook = |(number, project, name, table): &Book| Workbook {
        number: usize::from(*number),
        day: usize::from(*number),
        project,
        name,
        table,
    };
    acme::start(books.iter().map(workbook)).await
}

struct Bench {
    directory: TempDir,
    settings: Settings,
    workspace: Workspace,
}

impl Bench {
    /// A workspace whose file declares the site's project `Sales`, synced once.
    async fn synced(simulator: &Running, engine: Engine) -> Self {
        let directory = TempDir::new().expect("a directory");
        std::fs::write(directory.path().join("secret"), SECRET).expect("a file");
        let demo = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo"));
        let manifest = demo.join("dbt/target/manifest.json");
        let mut settings = Settings {
            projects: vec![acme::project("manifest.json".into())],
            integrations: vec![acme::integration(simulator)],
            ..Settings::default()
        };
        std::fs::copy(manifest, directory.path().join("manifest.json")).expect("the manifest");
        if matches!(engine, Engine::Postgres) {
            settings.store.url = postgres::new_database();
        }
        let workspace = open(&directory, &settings).await;
        let bench = Self {
            directory,
            settings,
            workspace,
        };
        bench.sync().await;
        bench
    }

    /// The same site on another server, as if it had changed meanwhile.
    async fn moved_to(mut self, simulator: &Running) -> Self {
        simulator
            .base_url()
            .clone_into(&mut self.settings.integrations[0].server);
        self.workspace.close().await;
        self.workspace = open(&self.directory, &self.settings).await;
        self
    }

    async fn try_sync(&self) -> Result<SyncReport, Error> {
        let cancel = CancellationToken::new();
        self.workspace
            .sync(&"main".into(), SyncOptions::default(), &NoProgress, &cancel)
            .await
    }

    async fn sync(&self) -> SyncReport {
        self.try_sync().await.expect("a sync")
    }

    async fn catalog(&self) -> Catalog {
        self.workspace.catalog().await.expect("a catalog")
    }

    /// The exposure of the given name.
    async fn exposure(&self, name: &str) -> Exposure {
        self.find(name).await.expect("the exposure")
    }

    async fn find(&self, name: &str) -> Option<Exposure> {
        let catalog = self.catalog().await;
        let mut exposures = catalog.exposures().iter();
        exposures.find(|exposure| exposure.name == name).cloned()
    }

    async fn give(&self, exposure: &str, values: &[(Field, &str)]) {
        let edits: Vec<Edit> = values
            .iter()
            .map(|(field, text)| Edit::Give(*field, field.read(text).expect("a value")))
            .collect();
        self.edit(exposure, &edits).await.expect("it is curated");
    }

    async fn edit(&self, exposure: &str, edits: &[Edit]) -> Result<CuratedAsset, Error> {
        let catalog = self.catalog().await;
        self.workspace
            .curate(&catalog, exposure, edits, &actor("Bo"))
            .await
    }

    async fn link(&self, exposure: &str, node: &str, table: Option<&str>) -> Result<CuratedAsset, Error> {
        let catalog = self.catalog().await;
        self.workspace
            .link(&catalog, exposure, node, table, Some("I know"), &actor("Bo"))
            .await
    }

    async fn unlink(&self, exposure: &str, node: &str) -> Result<CuratedAsset, Error> {
        let catalog = self.catalog().await;
        self.workspace
            .unlink(&catalog, exposure, node, Some("unused"), &actor("Bo"))
            .await
    }

    async fn leave_out(&self, exposure: &str) {
        let catalog = self.catalog().await;
        self.workspace
            .leave_out(&catalog, exposure, Some("a draft"), &actor("Bo"))
            .await
            .expect("it is left out");
    }

    async fn bring_back(&self, subject: &str) -> Result<CuratedAsset, Error> {
        let catalog = self.catalog().await;
        self.workspace.bring_back(&catalog, subject, &actor("Cleo")).await
    }

    async fn bring_in(&self, subject: &str) -> Result<CuratedAsset, Error> {
        self.workspace
            .bring_in(&"main".into(), subject, None, &actor("Bo"))
            .await
    }

    async fn left_out(&self) -> Vec<String> {
        let catalog = self.catalog().await;
        catalog.left_out().iter().map(|one| one.label.clone()).collect()
    }
}

fn actor(name: &str) -> Actor {
    Actor::User {
        id: UserId::new(chrono::DateTime::UNIX_EPOCH),
        name: name.to_owned(),
        role: Role::Operator,
    }
}

async fn open(directory: &TempDir, settings: &Settings) -> Workspace {
    let options = Options {
        root: Utf8PathBuf::from_path_buf(directory.path().to_owned()).expect("a path in UTF-8"),
        settings: settings.clone(),
        key: None,
        clock: Arc::new(SystemClock),
    };
    Workspace::open(options).await.expect("a workspace")
}

fn depends_on(exposure: &Exposure) -> Vec<&str> {
    exposure
        .depends_on
        .iter()
        .map(tailwater_core::id::NodeId::as_str)
        .collect()
}

#[track_caller]
fn code(answer: Result<CuratedAsset, Error>) -> &'static str {
    let error = answer.expect_err("a refusal");
    assert!(error.hint().is_some(), "{error}");
    error.code()
}

#[rstest]
#[tokio::test]
async fn what_people_say_survives_syncs_renames_and_absences(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, engine).await;
    bench
        .give(
            "Orders",
            &[
                (Field::Label, "Order book"),
                (Field::Maturity, "high"),
                (Field::OwnerName, "Bo"),
            ],
        )
        .await;
    bench.link("orders", "fct_payments", None).await.expect("a link");
    bench.unlink("orders", "fct_orders").await.expect("no link");
    let is_as_said = |exposure: &Exposure, tool_says: &str| {
        assert_eq!(
            (exposure.label.as_str(), exposure.maturity.as_deref()),
            ("Order book", Some("high"))
        );
        assert_eq!(depends_on(exposure), ["model.shop.fct_payments"]);
        assert_eq!(exposure.links[0].evidence[0].via, Via::ByHand);
        assert_eq!(exposure.unlinked[0].node.as_str(), "model.shop.fct_orders");
        assert_eq!(exposure.unlinked[0].note.as_deref(), Some("unused"));
        assert_eq!(exposure.curated[&Field::Label].was.to_text(), tool_says);
    };
    is_as_said(&bench.exposure("orders").await, "Orders");

    // Nothing changed for the tool: what was said is no change of the site.
    assert!(!bench.sync().await.has_changes());
    is_as_said(&bench.exposure("orders").await, "Orders");

    let renamed = start(&[(1, "Sales", "Revenue", ORDERS.3), CUSTOMERS]).await;
    let bench = bench.moved_to(&renamed).await;
    bench.sync().await;
    is_as_said(&bench.exposure("orders").await, "Revenue");

    let without = start(&[CUSTOMERS]).await;
    let bench = bench.moved_to(&without).await;
    bench.sync().await;
    assert!(bench.find("orders").await.is_none());
    let bench = bench.moved_to(&simulator).await;
    bench.sync().await;
    is_as_said(&bench.exposure("orders").await, "Orders");

    simulator.set_switches(|switches| {
        switches.backfill_running = true;
        switches.backfill_percent = 0;
    });
    bench.sync().await;
    let stale = bench.exposure("orders").await;
    assert!(stale.stale.is_some());
    is_as_said(&stale, "Orders");

    let clear = [
        Edit::Clear(Field::Label),
        Edit::Clear(Field::Maturity),
        Edit::ClearLinks,
    ];
    bench.edit("Order book", &clear).await.expect("it is taken back");
    let plain = bench.exposure("orders").await;
    assert_eq!(
        (plain.label.as_str(), plain.maturity.as_deref()),
        ("Orders", None)
    );
    assert_eq!(depends_on(&plain), ["model.shop.fct_orders"]);
    assert_eq!(plain.owner.name.as_deref(), Some("Bo"));
    assert!(plain.unlinked.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_is_left_out_goes_at_once_stays_out_and_comes_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, engine).await;
    bench.leave_out("Stray").await;
    assert!(bench.find("stray").await.is_none());
    assert_eq!(bench.left_out().await, ["Stray"]);
    let unmatched = bench.workspace.unmatched(&"main".into()).await.expect("the gaps");
    assert!(unmatched.groups.is_empty(), "{:?}", unmatched.groups);

    // Brought back before a sync: shown at once.
    bench.bring_back("Stray").await.expect("it is back");
    assert!(bench.find("stray").await.is_some());

    bench.leave_out("Stray").await;
    let report = bench.sync().await;
    assert_eq!((report.removed.len(), report.exposures), (1, 2));
    assert!(!bench.sync().await.has_changes());
    assert_eq!(bench.left_out().await, ["Stray"]);
    // A list that was cut off keeps what it leaves out, but not what people left out.
    simulator.set_switches(|switches| {
        switches.backfill_running = true;
        switches.backfill_percent = 0;
    });
    assert!(bench.sync().await.added.is_empty());
    simulator.set_switches(|switches| switches.backfill_running = false);

    let known = &bench.workspace.curations().await.expect("curations")[0];
    assert_eq!(known.label, "Stray");
    bench.bring_back(&luid(3)).await.expect("it is back");
    assert!(bench.left_out().await.is_empty());
    assert_eq!(bench.sync().await.added.len(), 1);
    assert_eq!(bench.exposure("stray").await.name, "stray");
    assert!(bench.workspace.curations().await.expect("curations").is_empty());
}

#[rstest]
#[tokio::test]
async fn a_single_workbook_of_another_collection_is_brought_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, engine).await;
    assert!(bench.find("board_pack").await.is_none());
    assert_eq!(code(bench.bring_in("Bored pack").await), "TW-WORKBOOK-UNKNOWN");
    assert_eq!(code(bench.bring_in("Sales/Orders").await), "TW-WORKBOOK-IMPORTED");
    bench.bring_in("Finance/Board pack").await.expect("it is in");
    let report = bench.sync().await;
    assert_eq!((report.added.len(), report.removed.len()), (1, 0));
    assert_eq!(
        depends_on(&bench.exposure("board_pack").await),
        ["model.shop.fct_payments"]
    );
    assert!(!bench.sync().await.has_changes());

    bench.leave_out("Board pack").await;
    bench.sync().await;
    assert!(bench.find("board_pack").await.is_none());
    let back = bench.bring_back("Board pack").await.expect("it is back");
    assert!(back.curation.is_brought_in());
    bench.sync().await;
    assert!(bench.find("board_pack").await.is_some());

    // It is gone from the site: brought in or not, it goes.
    let without = start(&[ORDERS]).await;
    let bench = bench.moved_to(&without).await;
    bench.sync().await;
    assert!(bench.find("board_pack").await.is_none());
}

#[tokio::test]
async fn a_link_by_hand_settles_its_gap_and_an_unlinking_is_taken_back() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, Engine::Sqlite).await;
    let stray = bench.exposure("stray").await;
    let table = stray.gaps[0].table.clone();
    assert_eq!(
        code(bench.link("stray", "fct_orders", Some("nowhere.t")).await),
        "TW-GAP-UNKNOWN"
    );
    bench
        .link("stray", "fct_orders", Some(&table))
        .await
        .expect("a link");
    let linked = bench.exposure("stray").await;
    assert!(linked.gaps.is_empty());
    assert_eq!(linked.settled[0].gap, stray.gaps[0]);
    assert_eq!(linked.links[0].evidence[0].relation, "shop.marts.fct_orders");
    let unmatched = bench.workspace.unmatched(&"main".into()).await.expect("the gaps");
    assert!(unmatched.groups.is_empty());

    // A link by hand alone is taken back by unlinking, without a trace.
    let after = bench.unlink("stray", "fct_orders").await.expect("no link");
    assert!(after.curation.is_empty());
    assert_eq!(bench.exposure("stray").await, stray);

    // And an unlinking by linking.
    let orders = bench.exposure("orders").await;
    bench.unlink("orders", "fct_orders").await.expect("no link");
    let after = bench.link("orders", "fct_orders", None).await.expect("a link");
    assert!(after.curation.is_empty());
    assert_eq!(bench.exposure("orders").await, orders);
}

#[tokio::test]
async fn a_node_that_dbt_loses_is_a_gap_until_the_link_is_taken_back() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, Engine::Sqlite).await;
    bench.link("stray", "fct_payments", None).await.expect("a link");
    let manifest = bench.directory.path().join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("the manifest");
    std::fs::write(
        &manifest,
        text.replace("model.shop.fct_payments", "model.shop.fct_paid"),
    )
    .expect("a manifest");
    let stray = bench.exposure("stray").await;
    assert!(stray.links.is_empty());
    let gone = stray
        .gaps
        .iter()
        .find(|gap| gap.reason == GapReason::HandLinkGone);
    assert_eq!(
        gone.map(|gap| gap.table.as_str()),
        Some("model.shop.fct_payments")
    );

    // While the manifest cannot be read and no earlier one is known, nobody can tell: the link stands.
    std::fs::write(&manifest, "{").expect("no manifest");
    let bench = bench.moved_to(&simulator).await;
    assert_eq!(
        depends_on(&bench.exposure("stray").await),
        ["model.shop.fct_payments"]
    );

    std::fs::write(
        &manifest,
        text.replace("model.shop.fct_payments", "model.shop.fct_paid"),
    )
    .expect("a manifest");
    bench
        .unlink("stray", "model.shop.fct_payments")
        .await
        .expect("the link is taken back");
    let stray = bench.exposure("stray").await;
    assert!(stray.gaps.iter().all(|gap| gap.reason != GapReason::HandLinkGone));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_the_nearest_names() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, Engine::Sqlite).await;
    let clear = [Edit::Clear(Field::Label)];
    let error = bench.edit("Ordrs", &clear).await.expect_err("a refusal");
    assert_eq!(error.code(), "TW-EXPOSURE-UNKNOWN");
    assert!(error.hint().expect("a hint").contains("Orders"));
    assert_eq!(code(bench.edit("orders", &[]).await), "TW-CURATION-NOTHING-ASKED");
    let error = bench
        .link("orders", "fct_order", None)
        .await
        .expect_err("a refusal");
    assert_eq!(error.code(), "TW-NODE-UNKNOWN");
    assert!(error.hint().expect("a hint").contains("fct_orders"));
    assert_eq!(code(bench.unlink("orders", "fct_payments").await), "TW-LINK-NONE");
    assert_eq!(code(bench.bring_back("orders").await), "TW-WORKBOOK-NOT-LEFT-OUT");
    let catalog = bench.catalog().await;
    let test = catalog
        .manifests()
        .next()
        .expect("a manifest")
        .nodes()
        .iter()
        .find(|node| node.unique_id.as_str().starts_with("test."))
        .expect("a test");
    assert_eq!(
        code(bench.link("orders", test.unique_id.as_str(), None).await),
        "TW-NODE-NOT-LINKABLE"
    );
    let manual = catalog
        .exposures()
        .iter()
        .find(|exposure| exposure.integration.is_none())
        .expect("a manual exposure");
    assert_eq!(
        code(bench.edit(manual.unique_id.as_str(), &clear).await),
        "TW-EXPOSURE-MANUAL"
    );
    assert!(bench.workspace.curations().await.expect("curations").is_empty());
}

#[tokio::test]
async fn two_people_who_change_different_things_at_once_both_have_their_way() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, Engine::Sqlite).await;
    let before = bench.workspace.curation_revision().await.expect("a number");
    tokio::join!(
        bench.give("orders", &[(Field::Label, "By Ann")]),
        bench.give("orders", &[(Field::Maturity, "low")]),
    );
    let orders = bench.exposure("orders").await;
    assert_eq!(
        (orders.label.as_str(), orders.maturity.as_deref()),
        ("By Ann", Some("low"))
    );
    assert!(bench.workspace.curation_revision().await.expect("a number") > before);
    let log = bench
        .workspace
        .audit_log(AuditQuery::default())
        .await
        .expect("the log");
    let mut details: Vec<&str> = log.entries.iter().map(|entry| entry.detail.as_str()).collect();
    details.sort_unstable();
    assert_eq!(details, ["label = By Ann", "maturity = low"]);
}

#[tokio::test]
async fn a_viewer_changes_nothing_and_a_name_means_the_latest_version() {
    let simulator = start(&BOOKS).await;
    let bench = Bench::synced(&simulator, Engine::Sqlite).await;
    let catalog = bench.catalog().await;
    let viewer = Actor::User {
        id: UserId::new(chrono::DateTime::UNIX_EPOCH),
        name: "Vera".to_owned(),
        role: Role::Viewer,
    };
    let refused = bench.workspace.leave_out(&catalog, "orders", None, &viewer).await;
    assert!(refused.is_err());
    assert!(bench.find("orders").await.is_some());
    let linked = bench.link("orders", "dim_customers", None).await.expect("a link");
    let nodes: Vec<&str> = linked
        .curation
        .links
        .keys()
        .map(tailwater_core::id::NodeId::as_str)
        .collect();
    assert_eq!(nodes, ["model.shop.dim_customers.v2"]);
}
