//! Only what moved is read again, and what comes of it is what reading everything would have given.

use chrono::{DateTime, TimeZone, Utc};
use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet};
use tailwater_bi::{Before, Connector, Fetched, Glance, NoProgress};
use tailwater_core::exposure::Stale;
use tailwater_core::id::AssetId;
use tailwater_core::inventory::{Completeness, Inventory};
use tailwater_core::selection::Selection;
use tailwater_tableau_sim::{Running, SiteFile, Switches};

use crate::support::{HEAD, connect, connect_with, fetch_all, settings, start};

/// Workbooks on tables of their own, on custom SQL, and two on one published data source. All changed long ago.
const SITE: &str = r#"
    [[site.datasource]]
    name = "Model"
    connection = "warehouse"
    tables = ["MARTS.MODEL"]
    extract = true
    extract_refreshed_at = "2026-01-02T00:00:00Z"
    updated_at = "2026-01-01T00:00:00Z"
    [[site.workbook]]
    name = "Shared"
    project = "P"
    updated_at = "2026-01-01T00:00:00Z"
    sheets = ["One", { name = "Hidden", hidden = true }]
    dashboards = ["Board"]
    datasources = [{ published = "Model" }]
    [[site.workbook]]
    name = "Shared too"
    project = "P"
    updated_at = "2026-01-01T00:00:00Z"
    datasources = [{ published = "Model" }]
    [[site.workbook]]
    name = "Sql"
    project = "P"
    updated_at = "2026-01-01T00:00:00Z"
    datasources = [{ connection = "warehouse", custom_sql = [{ query = "select 1 from X.Y", tables = ["X.Y"] }] }]
    [[site.workbook]]
    name = "Own"
    project = "P"
    owner = "vera"
    updated_at = "2026-01-01T00:00:00Z"
    datasources = [{ connection = "warehouse", tables = ["M.A"], extract = true, extract_refreshed_at = "2026-01-02T00:00:00Z" }]
"#;

fn read_at() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 0, 0, 0).unwrap()
}

fn replace(running: &Running, from: &str, to: &str) {
    assert!(SITE.contains(from), "{from}");
    let text = format!("{HEAD}\n{}", SITE.replacen(from, to, 1));
    running
        .replace_sites(&SiteFile::from_toml(&text).expect("a site file"))
        .expect("a site");
}

async fn changes(running: &Running, inventory: &Inventory) -> Fetched {
    changes_since(running, inventory, read_at(), &BTreeMap::new()).await
}

async fn changes_since(
    running: &Running,
    inventory: &Inventory,
    read_at: DateTime<Utc>,
    stale: &BTreeMap<AssetId, Stale>,
) -> Fetched {
    running.clear_requests();
    let before = Before {
        inventory,
        stale,
        read_at,
    };
    connect(running)
        .fetch_changes(&Selection::new(["**"]), before, &NoProgress)
        .await
        .expect("the site is read")
}

/// A glance at the whole site.
async fn glance(running: &Running) -> Option<Glance> {
    let (connector, selection) = (connect(running), Selection::new(["**"]));
    let survey = connector.survey(&selection, &NoProgress).await;
    let fetched = survey.expect("the lists").finish(None).await;
    fetched.expect("the site is read").glance
}

/// Whether the site shows itself as at the glance, and what is read of it if not.
async fn look(running: &Running, glance: &Glance, before: &Inventory) -> (bool, Fetched) {
    running.clear_requests();
    let (connector, selection) = (connect(running), Selection::new(["**"]));
    let mut survey = connector
        .survey(&selection, &NoProgress)
        .await
        .expect("the lists");
    let is_same = survey.is_as(glance).await.expect("the dates");
    let before = Before {
        inventory: before,
        stale: &BTreeMap::new(),
        read_at: read_at(),
    };
    (
        is_same,
        survey.finish(Some(before)).await.expect("the site is read"),
    )
}

/// The LUIDs whose lineage was asked for.
fn read_again(running: &Running) -> BTreeSet<String> {
    let requests = running.requests();
    let queries = requests.iter().filter_map(|request| request.graphql.as_ref());
    queries
        .filter(|query| query.text.contains("query Workbooks("))
        .flat_map(|query| query.variables["ids"].as_array().cloned().unwrap_or_default())
        .filter_map(|id| Some(id.as_str()?.to_owned()))
        .collect()
}

fn names(inventory: &Inventory, luids: &BTreeSet<String>) -> Vec<String> {
    let mut names: Vec<String> = luids
        .iter()
        .map(|luid| inventory.assets[luid.as_str()].name.clone())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_did_not_move_is_the_same_and_its_lineage_is_not_asked_for() {
    let running = start(SITE).await;
    let first = fetch_all(&running).await;
    let fetched = changes(&running, &first).await;
    assert_eq!(fetched.unmoved, 4);
    assert_eq!(fetched.inventory, first);
    let requests = running.requests();
    let queries = requests.iter().filter_map(|request| request.graphql.as_ref());
    let others: Vec<&str> = queries
        .map(|query| query.text.as_str())
        .filter(|text| !text.contains("Dates("))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(running.count("/users"), 0, "owners are known");
}

/// Each change, and the workbooks that it moves; afterwards all is as if everything had been read.
#[rstest]
#[case::republished(
    "name = \"Own\"\n    project = \"P\"\n    owner = \"vera\"\n    updated_at = \"2026-01-01T00:00:00Z\"\n    datasources = [{ connection = \"warehouse\", tables = [\"M.A\"]",
    "name = \"Own\"\n    project = \"P\"\n    owner = \"vera\"\n    updated_at = \"2026-01-05T00:00:00Z\"\n    datasources = [{ connection = \"warehouse\", tables = [\"M.B\"]",
    &["Own"]
)]
#[case::published_source(
    "tables = [\"MARTS.MODEL\"]\n    extract = true\n    extract_refreshed_at = \"2026-01-02T00:00:00Z\"\n    updated_at = \"2026-01-01T00:00:00Z\"",
    "tables = [\"MARTS.OTHER\"]\n    extract = true\n    extract_refreshed_at = \"2026-01-02T00:00:00Z\"\n    updated_at = \"2026-01-05T00:00:00Z\"",
    &["Shared", "Shared too"]
)]
#[case::refreshed(
    "tables = [\"M.A\"], extract = true, extract_refreshed_at = \"2026-01-02T00:00:00Z\"",
    "tables = [\"M.A\"], extract = true, extract_refreshed_at = \"2026-01-09T00:00:00Z\"",
    &[]
)]
#[case::published_refreshed(
    "extract_refreshed_at = \"2026-01-02T00:00:00Z\"",
    "extract_refreshed_at = \"2026-01-09T00:00:00Z\"",
    &[]
)]
#[case::opened("sheets = [\"One\",", "sheets = [{ name = \"One\", usage = 7 },", &[])]
#[case::given_away("owner = \"vera\"", "owner = \"ada@acme.example\"", &[])]
#[case::tagged("name = \"Sql\"", "name = \"Sql\"\n    tags = [\"finance\"]", &[])]
#[case::new_dashboard("dashboards = [\"Board\"]", "dashboards = [\"Board\", \"Next\"]", &["Shared"])]
#[tokio::test]
async fn what_moved_is_read_again(#[case] from: &str, #[case] to: &str, #[case] moved: &[&str]) {
    let running = start(SITE).await;
    let first = fetch_all(&running).await;
    let before = glance(&running).await.expect("a site at rest");
    replace(&running, from, to);
    let (is_same, fetched) = look(&running, &before, &first).await;
    assert!(!is_same, "a glance shows it");
    assert_eq!(names(&first, &read_again(&running)), moved);
    assert_eq!(fetched.inventory, fetch_all(&running).await);
    let fetched = changes(&running, &first).await;
    assert_eq!(names(&first, &read_again(&running)), moved);
    assert_eq!(fetched.unmoved, 4 - moved.len());
    assert_ne!(fetched.inventory, first, "the change was read");
    assert_eq!(fetched.inventory, fetch_all(&running).await);
}

#[tokio::test]
async fn new_workbooks_are_read_and_gone_ones_are_gone() {
    let running = start(SITE).await;
    let first = fetch_all(&running).await;
    replace(&running, "name = \"Own\"", "name = \"Another\"");
    let fetched = changes(&running, &first).await;
    let names: Vec<&str> = fetched
        .inventory
        .assets
        .values()
        .map(|asset| asset.name.as_str())
        .collect();
    assert!(names.contains(&"Another") && !names.contains(&"Own"), "{names:?}");
    assert_eq!(fetched.unmoved, 3);
}

/// Tableau's index may not have known the change yet when the lineage was read.
#[tokio::test]
async fn what_changed_shortly_before_it_was_read_is_read_again() {
    let running = start(SITE).await;
    let first = fetch_all(&running).await;
    let shortly_after = Utc.with_ymd_and_hms(2026, 1, 1, 0, 30, 0).unwrap();
    let fetched = changes_since(&running, &first, shortly_after, &BTreeMap::new()).await;
    assert_eq!((fetched.unmoved, read_again(&running).len()), (0, 4));
    assert_eq!(fetched.inventory, first);
}

/// What was not wholly known is not taken for known.
#[tokio::test]
async fn what_was_partial_pending_stale_or_hidden_is_read_again() {
    let running = start(SITE).await;
    let mut first = fetch_all(&running).await;
    let id_of = |inventory: &Inventory, name: &str| {
        let found = inventory.assets.iter().find(|(_, asset)| asset.name == name);
        found.expect("a workbook").0.clone()
    };
    let (own, sql, shared) = (
        id_of(&first, "Own"),
        id_of(&first, "Sql"),
        id_of(&first, "Shared"),
    );
    first.assets.get_mut(&own).unwrap().lineage = Completeness::partial("cut off");
    for sql in first.custom_sql.values_mut() {
        sql.query = None;
    }
    let stale = Stale {
        since: read_at(),
        reason: "of a test".to_owned(),
    };
    let stale = BTreeMap::from([(shared.clone(), stale)]);
    let fetched = changes_since(&running, &first, read_at(), &stale).await;
    let expected: BTreeSet<String> = [own, sql, shared]
        .iter()
        .map(|id| id.as_str().to_owned())
        .collect();
    assert_eq!(read_again(&running), expected);
    assert_eq!(fetched.inventory, fetch_all(&running).await);
}

#[tokio::test]
async fn names_that_were_hidden_are_asked_for_again() {
    let running = start(SITE).await;
    let viewer = || connect_with(settings(running.base_url(), "acme", "viewer", "viewer-secret"));
    let selection = Selection::new(["**"]);
    let first = viewer()
        .fetch_inventory(&selection, &NoProgress)
        .await
        .expect("read");
    assert!(
        first
            .tables
            .values()
            .any(tailwater_core::inventory::Table::is_hidden)
    );
    let fetched = changes(&running, &first).await;
    assert!(
        !fetched
            .inventory
            .tables
            .values()
            .any(tailwater_core::inventory::Table::is_hidden)
    );
}

#[tokio::test]
async fn a_glance_tells_that_nothing_moved() {
    let running = start(SITE).await;
    let first = fetch_all(&running).await;
    let before = glance(&running).await.expect("a site at rest");
    assert_eq!(
        before.settled_at,
        Utc.with_ymd_and_hms(2026, 1, 1, 2, 0, 0).unwrap()
    );
    let (is_same, fetched) = look(&running, &before, &first).await;
    assert!(is_same);
    // What was asked for the glance is not asked again, and a glance at what was read before is the same.
    assert_eq!(running.count("/graphql"), 2);
    assert_eq!(fetched.inventory, first);
    assert_eq!(fetched.glance, Some(before));
}

/// What would be read again in any case is not at rest.
#[rstest]
#[case::late("name = \"Own\"", "name = \"Own\"\n    indexed = false")]
#[case::unknown_view(
    "dashboards = [\"Board\"]",
    "dashboards = [\"Board\"]\n    null_elements = [\"dashboards\"]"
)]
#[tokio::test]
async fn no_glance_is_taken_of_what_is_read_again(#[case] from: &str, #[case] to: &str) {
    let running = start(SITE).await;
    replace(&running, from, to);
    assert_eq!(glance(&running).await, None);
}

#[tokio::test]
async fn no_glance_is_taken_of_hidden_names_and_cut_answers() {
    let running = start(SITE).await;
    let viewer = connect_with(settings(running.base_url(), "acme", "viewer", "viewer-secret"));
    let selection = Selection::new(["**"]);
    let survey = viewer.survey(&selection, &NoProgress).await.expect("the lists");
    assert_eq!(survey.finish(None).await.expect("read").glance, None);
    running.set_switches(|switches| switches.backfill_running = true);
    assert_eq!(glance(&running).await, None);
}

/// When the dates cannot be told, everything is read, and says itself what is amiss.
#[rstest]
#[case::limit(|switches: &mut Switches| switches.node_limit = 3)]
#[case::backfill(|switches: &mut Switches| switches.backfill_running = true)]
#[case::permissions(|switches: &mut Switches| switches.permissions_mode_switched = true)]
#[case::unauthorized(|switches: &mut Switches| switches.sporadic_unauthorized_times = 1)]
#[case::stolen(|switches: &mut Switches| switches.session_stolen_times = 1)]
#[tokio::test]
async fn trouble_with_the_dates_loses_nothing(#[case] change: fn(&mut Switches)) {
    let running = start(SITE).await;
    let first = fetch_all(&running).await;
    let before = glance(&running).await.expect("a site at rest");
    running.set_switches(change);
    let (is_same, fetched) = look(&running, &before, &first).await;
    if is_same {
        assert_eq!(fetched.inventory, first);
    }
    running.set_switches(change);
    let fetched = changes(&running, &first).await;
    assert_eq!(fetched.inventory.assets.len(), 4);
    for (id, asset) in &fetched.inventory.assets {
        if asset.lineage.is_complete() {
            assert_eq!(
                asset.data_sources, first.assets[id].data_sources,
                "{}",
                asset.name
            );
        }
    }
    running.set_switches(|switches| *switches = Switches::default());
    assert_eq!(changes(&running, &fetched.inventory).await.inventory, first);
}

#[tokio::test]
async fn another_site_or_version_is_read_as_a_whole() {
    let running = start(SITE).await;
    let mut first = fetch_all(&running).await;
    first.site.product_version = Some("2020.1".to_owned());
    assert_eq!(changes(&running, &first).await.unmoved, 0);
}
