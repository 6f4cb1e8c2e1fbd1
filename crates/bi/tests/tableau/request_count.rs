//! How often the site is asked: a budget for a site of middle size, and how it grows with the site.
//!
//! Requests are what a sync costs the server, and where it is far away, what it costs in time. They are counted
//! here, so that no change makes them more without saying so.

use std::collections::BTreeMap;

use chrono::{TimeZone, Utc};
use tailwater_bi::{Before, Connector, NoProgress};
use tailwater_core::selection::Selection;
use tailwater_tableau_sim::site_file::{BUILDER_TOKEN, SiteBuilder};
use tailwater_tableau_sim::{Options, Simulator};

use crate::support::{connect_on, settings};

/// Requests of a first and of a second sync, between which nothing moved.
async fn requests(workbooks: usize) -> (usize, usize) {
    let file = SiteBuilder::new("acme").company(workbooks).build();
    let running = Simulator::start(file, Options::default())
        .await
        .expect("the simulator starts");
    let connect = || {
        let (token, secret) = BUILDER_TOKEN;
        connect_on(&running, settings(running.base_url(), "acme", token, secret))
    };
    let selection = Selection::new(["**"]);
    let connector = connect();
    let survey = connector
        .survey(&selection, &NoProgress)
        .await
        .expect("the lists");
    let fetched = survey.finish(None).await.expect("the site is read");
    let inventory = fetched.inventory;
    assert!(fetched.glance.is_some(), "the site is at rest");
    connector.sign_out().await;
    assert_eq!(inventory.assets.len(), workbooks);
    let first = running.requests().len();

    running.clear_requests();
    let before = Before {
        inventory: &inventory,
        stale: &BTreeMap::new(),
        read_at: Utc.with_ymd_and_hms(2026, 3, 1, 0, 0, 0).unwrap(),
    };
    let connector = connect();
    let fetched = connector
        .fetch_changes(&selection, before, &NoProgress)
        .await
        .expect("the site is read");
    connector.sign_out().await;
    assert_eq!(fetched.unmoved, workbooks);
    assert_eq!(fetched.inventory, inventory);
    (first, running.requests().len())
}

#[tokio::test]
async fn requests_stay_within_their_budget_and_grow_no_faster_than_the_site() {
    let (first, second) = requests(200).await;
    assert!(first <= 24, "a first sync: {first}");
    assert!(second <= 12, "a second sync: {second}");
    let (first_of_four, second_of_four) = requests(800).await;
    assert!(first_of_four <= 4 * first, "{first} ─▶ {first_of_four}");
    assert!(second_of_four <= 4 * second, "{second} ─▶ {second_of_four}");
}
