//! A server whose clock is wrong: what it dates is not taken for older than it is.

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::clock::{Clock as _, SystemClock};
use tailwater_tableau_sim::{Options, Running, Simulator, SiteFile};

use crate::acme::SECRET;
use crate::stage::Bench;

/// A site with one workbook on a table, changed at an instant.
fn site(table: &str, updated_at: DateTime<Utc>) -> SiteFile {
    let text = format!(
        r#"
        [[site]]
        content_url = "acme"
        [[site.user]]
        name = "ada@acme.example"
        role = "SiteAdministratorExplorer"
        [[site.token]]
        name = "tailwater"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.connection]]
        key = "shop"
        class = "genericjdbc"
        database = "shop"
        [[site.workbook]]
        name = "Orders"
        project = "Sales"
        updated_at = {updated_at}
        datasources = [{{ name = "Data", connection = "shop", tables = ["{table}"], extract = true, extract_refreshed_at = {updated_at} }}]
        "#,
        updated_at = updated_at.format("%Y-%m-%dT%H:%M:%SZ"),
    );
    SiteFile::from_toml(&text).expect("a site file")
}

/// A workbook is published again a minute before a sync, on another table; Tableau's index, from which the tables are
/// read, takes ten minutes to know. The date of that change is hours old by the right clock, since the server's is
/// behind; it must not pass for one that the index has long known.
#[tokio::test]
async fn a_change_that_the_index_did_not_know_is_read_again_though_the_servers_clock_is_behind() {
    for hours in [-5, 5] {
        let skew = TimeDelta::hours(hours);
        let long_ago: DateTime<Utc> = "2025-01-01T00:00:00Z".parse().expect("an instant");
        let simulator: Running = Simulator::start(site("marts.fct_payments", long_ago), Options::default())
            .await
            .expect("a simulator");
        simulator.set_switches(|switches| {
            switches.clock_skew_seconds = skew.num_seconds();
            switches.index_lag_seconds = 600;
        });
        let bench = Bench::new(&simulator);
        let published_at = SystemClock.now() + skew - TimeDelta::minutes(1);
        simulator
            .replace_sites(&site("marts.fct_orders", published_at))
            .expect("a site");
        bench.sync().await;
        let linked = |stored: Vec<(String, Vec<String>, bool)>| stored[0].1.clone();
        assert_eq!(linked(bench.stored().await), ["model.shop.fct_payments"]);

        simulator.clock().advance(TimeDelta::minutes(11));
        let report = bench.sync().await;
        assert_eq!(report.unmoved, 0, "{hours} hours");
        assert_eq!(linked(bench.stored().await), ["model.shop.fct_orders"]);
    }
}

/// Dates of extracts are brought to our clock, and move no more on the next sync.
#[tokio::test]
async fn extracts_are_dated_by_our_clock() {
    for hours in [-5, 5] {
        let skew = TimeDelta::hours(hours);
        let refreshed_at = SystemClock.now() - TimeDelta::minutes(10);
        let simulator = Simulator::start(site("marts.fct_orders", refreshed_at + skew), Options::default())
            .await
            .expect("a simulator");
        simulator.set_switches(|switches| switches.clock_skew_seconds = skew.num_seconds());
        let bench = Bench::new(&simulator);
        bench.sync().await;
        let dates = async || {
            let workspace = bench.open().await;
            let stored = workspace
                .store()
                .load_inventory(&"main".into())
                .await
                .expect("an inventory");
            workspace.close().await;
            let sources = stored.inventory.data_sources.into_values();
            sources
                .map(|source| source.extract_refreshed_at.expect("a date"))
                .collect::<Vec<_>>()
        };
        let told = dates().await;
        assert_eq!(told.len(), 1);
        assert!(
            (told[0] - refreshed_at).abs() <= TimeDelta::seconds(3),
            "{hours} hours: {told:?} {refreshed_at}"
        );
        assert!(!bench.sync().await.has_changes());
        assert_eq!(dates().await, told);
    }
}
