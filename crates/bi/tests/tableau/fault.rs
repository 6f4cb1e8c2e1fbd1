//! What a sync makes of a Tableau that misbehaves: nothing partial counts as complete, and what can be
//! mended by asking again is.

use std::fmt::Write as _;
use std::time::Duration;

use tailwater_bi::{Connector, Error, NoProgress};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::inventory::{Completeness, Inventory};
use tailwater_core::selection::Selection;
use tailwater_tableau_sim::{CursorFault, MetadataAvailability, Running, Switches};

use crate::support::{
    TOKEN_SECRET, asset, connect, connect_with, fetch, fetch_all, notice_codes, settings, start, tables,
};

/// Twelve workbooks with three tables each; one that uses a published data source; one custom SQL.
async fn site() -> Running {
    let mut site = String::from(
        r#"
        [[site.datasource]]
        name = "Model"
        connection = "warehouse"
        tables = ["MARTS.MODEL"]
        [[site.workbook]]
        name = "Shared"
        project = "P"
        datasources = [{ published = "Model" }]
        [[site.workbook]]
        name = "Sql"
        project = "P"
        datasources = [{ connection = "warehouse", custom_sql = [{ query = "select 1 from X.Y", tables = ["X.Y"] }] }]
        "#,
    );
    for number in 0..10 {
        writeln!(
            site,
            "[[site.workbook]]\nname = \"W{number}\"\nproject = \"P\"\nsheets = [\"A\", \"B\"]\ndatasources = [{{ connection = \
             \"warehouse\", tables = [\"M.A{number}\", \"M.B{number}\", \"M.C{number}\"] }}]",
        )
        .unwrap();
    }
    start(&site).await
}

async fn with(change: impl FnOnce(&mut Switches)) -> (Running, Result<Inventory, Error>) {
    let running = site().await;
    running.set_switches(change);
    let outcome = fetch(&connect(&running)).await;
    (running, outcome)
}

/// What a healthy site gives, to compare with.
async fn healthy() -> Inventory {
    fetch_all(&site().await).await
}

fn assert_same_lineage(inventory: &Inventory, expected: &Inventory) {
    assert_eq!(inventory.assets.len(), expected.assets.len());
    for (id, asset) in &inventory.assets {
        assert_eq!(asset.lineage, Completeness::Complete, "{}", asset.name);
        assert_eq!(
            tables(inventory, asset),
            tables(expected, &expected.assets[id]),
            "{}",
            asset.name
        );
        assert_eq!(
            asset.parts.len(),
            expected.assets[id].parts.len(),
            "{}",
            asset.name
        );
    }
    assert_eq!(inventory.custom_sql, expected.custom_sql);
    assert_eq!(inventory.listing, Completeness::Complete);
}

fn no_asset_is_complete(inventory: &Inventory) {
    for asset in inventory.assets.values() {
        assert!(!asset.lineage.is_complete(), "{}", asset.name);
    }
}

#[tokio::test]
async fn the_node_limit_shrinks_pages_until_all_is_read() {
    for limit in [100, 60, 40, 25] {
        let (running, outcome) = with(|switches| switches.node_limit = limit).await;
        assert_same_lineage(&outcome.unwrap(), &healthy().await);
        let codes = running
            .requests()
            .into_iter()
            .filter_map(|request| request.graphql);
        assert!(
            codes
                .flat_map(|query| query.codes)
                .any(|code| code == "NODE_LIMIT_EXCEEDED"),
            "{limit}"
        );
    }
}

#[tokio::test]
async fn a_workbook_beyond_the_node_limit_is_read_piece_by_piece() {
    let many: Vec<String> = (0..30).map(|number| format!("\"M.T{number}\"")).collect();
    let running = start(&format!(
        "[[site.workbook]]\nname = \"Large\"\nproject = \"P\"\ndatasources = [{{ connection = \"warehouse\", tables = [{}] }}]",
        many.join(", ")
    ))
    .await;
    running.set_switches(|switches| switches.node_limit = 40);
    let inventory = fetch_all(&running).await;
    let large = asset(&inventory, "Large");
    assert_eq!(large.lineage, Completeness::Complete);
    assert_eq!(tables(&inventory, large).len(), 30);
}

#[tokio::test]
async fn nulls_where_none_may_be_count_as_cut_off() {
    let (_, outcome) = with(|switches| {
        switches.node_limit = 60;
        switches.node_limit_nulls_out = true;
    })
    .await;
    assert_same_lineage(&outcome.unwrap(), &healthy().await);
}

#[tokio::test]
async fn a_node_limit_that_nothing_fits_leaves_no_asset_complete() {
    let (_, outcome) = with(|switches| switches.node_limit = 1).await;
    let inventory = outcome.unwrap();
    assert_eq!(inventory.assets.len(), 12);
    no_asset_is_complete(&inventory);
    assert!(
        notice_codes(&inventory).contains(&"TW-TABLEAU-CUT-OFF"),
        "{:?}",
        inventory.notices
    );
}

#[tokio::test]
async fn time_limits_shrink_pages() {
    let (_, outcome) = with(|switches| switches.time_limit_page = Some(3)).await;
    assert_same_lineage(&outcome.unwrap(), &healthy().await);
}

#[tokio::test]
async fn pages_that_are_cut_without_a_word_are_noticed() {
    let (_, outcome) = with(|switches| {
        switches.metadata_page_size_max = 4;
        switches.nested_page_cut_is_silent = true;
    })
    .await;
    assert_same_lineage(&outcome.unwrap(), &healthy().await);
}

#[tokio::test]
async fn long_lists_of_ids_that_get_nothing_are_shortened() {
    let (_, outcome) = with(|switches| switches.empty_body_from_ids = Some(5)).await;
    assert_same_lineage(&outcome.unwrap(), &healthy().await);
}

#[tokio::test]
async fn passing_trouble_is_sat_out() {
    let troubles: [fn(&mut Switches); 10] = [
        |switches| switches.rate_exceeded_times = 3,
        |switches| switches.sporadic_unauthorized_times = 1,
        |switches| switches.unexpected_error_times = 2,
        |switches| switches.server_error_times = 1,
        |switches| {
            switches.server_error_times = 2;
            switches.server_error_status = 503;
        },
        |switches| {
            switches.throttled_times = 2;
            switches.throttled_minutes = 0;
        },
        |switches| {
            switches.throttled_times = 1;
            switches.retry_after_seconds = Some(0);
        },
        |switches| switches.cut_answer_times = 1,
        |switches| switches.reset_answer_times = 2,
        |switches| {
            switches.reset_answer_times = 2;
            switches.faults_on = Some("metadata/graphql".to_owned());
        },
    ];
    let expected = healthy().await;
    for (at, trouble) in troubles.into_iter().enumerate() {
        let (running, outcome) = with(trouble).await;
        let inventory = outcome.unwrap_or_else(|error| panic!("trouble {at}: {error}"));
        assert_same_lineage(&inventory, &expected);
        assert_eq!(running.count("/auth/signin"), 1, "trouble {at}");
    }
}

#[tokio::test]
async fn a_running_backfill_leaves_no_asset_complete() {
    let (_, outcome) = with(|switches| switches.backfill_running = true).await;
    let inventory = outcome.unwrap();
    no_asset_is_complete(&inventory);
    // What was told is there all the same, and the list of workbooks is whole.
    assert_eq!(tables(&inventory, asset(&inventory, "W1")).len(), 3);
    assert_eq!(inventory.listing, Completeness::Complete);
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-BACKFILL"));
    let (_, outcome) = with(|switches| {
        switches.backfill_running = true;
        switches.backfill_percent = 30;
    })
    .await;
    let inventory = outcome.unwrap();
    assert_eq!(inventory.assets.len(), 12);
    no_asset_is_complete(&inventory);
}

#[tokio::test]
async fn a_metadata_api_that_is_off_is_an_error_with_the_way_out() {
    for availability in [
        MetadataAvailability::FeatureDisabled,
        MetadataAvailability::SiteDisabled,
        MetadataAvailability::NotFound,
    ] {
        let (_, outcome) = with(|switches| switches.metadata = availability).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), "TW-TABLEAU-METADATA-OFF", "{error}");
        assert!(
            error
                .hint()
                .unwrap()
                .contains("tsm maintenance metadata-services enable")
        );
    }
}

/// Whoever knew the site before has use for the lists alone.
#[tokio::test]
async fn lists_without_any_lineage_are_read_and_marked() {
    type Trouble = (fn(&mut Switches), &'static str, &'static str);
    let troubles: [Trouble; 4] = [
        (
            |switches| switches.metadata = MetadataAvailability::FeatureDisabled,
            "TW-TABLEAU-METADATA-OFF",
            "tsm maintenance",
        ),
        (
            |switches| switches.metadata = MetadataAvailability::Forbidden,
            "TW-TABLEAU-METADATA-FORBIDDEN",
            "Site Administrator Explorer",
        ),
        (
            |switches| switches.metadata = MetadataAvailability::Unauthenticated,
            "TW-TABLEAU-METADATA-FORBIDDEN",
            "/api/metadata/graphql",
        ),
        (
            |switches| switches.unexpected_error_times = u32::MAX,
            "TW-TABLEAU-METADATA",
            "integration test",
        ),
    ];
    for (trouble, code, remedy) in troubles {
        let running = site().await;
        running.set_switches(trouble);
        let connector = connect(&running);
        let everything = Selection::new(["**"]);
        let survey = connector.survey(&everything, &NoProgress).await.unwrap();
        let fetched = survey.finish(None).await.unwrap();
        assert_eq!(fetched.unread.unwrap().code(), code);
        let inventory = fetched.inventory;
        assert_eq!(
            (inventory.assets.len(), inventory.listing.clone()),
            (12, Completeness::Complete)
        );
        for asset in inventory.assets.values() {
            let Completeness::Partial { reason } = &asset.lineage else {
                panic!("{}: {:?}", asset.name, asset.lineage);
            };
            assert!(reason.contains("could not be read"), "{reason}");
            assert!(
                !asset.parts.is_empty(),
                "the list of views is known: {}",
                asset.name
            );
        }
        // One notice, which names cause and remedy.
        assert_eq!(notice_codes(&inventory), [code]);
        let notice = inventory.notices.first().unwrap();
        assert!(notice.remedy.as_ref().unwrap().contains(remedy), "{notice:?}");
    }
}

/// The session is not what is wrong: it is neither reported as stolen nor opened again for every query.
#[tokio::test]
async fn a_metadata_api_that_refuses_good_sessions_is_told_from_a_stolen_token() {
    let running = site().await;
    running.set_switches(|switches| switches.metadata = MetadataAvailability::Unauthorized);
    let connector = connect(&running);
    for _ in 0..5 {
        let error = fetch(&connector).await.unwrap_err();
        assert_eq!(error.code(), "TW-TABLEAU-METADATA-FORBIDDEN", "{error}");
        assert!(error.to_string().contains("401002"), "{error}");
    }
    assert!(
        running.count("/auth/signin") <= 3,
        "{}",
        running.count("/auth/signin")
    );
    running.set_switches(|switches| switches.metadata = MetadataAvailability::On);
    assert_same_lineage(&fetch(&connector).await.unwrap(), &healthy().await);
    // A session that really ended meanwhile is renewed.
    running.set_switches(|switches| switches.metadata = MetadataAvailability::Unauthorized);
    fetch(&connector).await.unwrap_err();
    running.set_switches(|switches| switches.metadata = MetadataAvailability::On);
    running.end_sessions();
    assert_same_lineage(&fetch(&connector).await.unwrap(), &healthy().await);
}

#[tokio::test]
async fn fields_that_an_old_server_does_not_know_are_left_out() {
    let unknown = [
        "Workbook.upstreamVirtualConnectionTables",
        "EmbeddedDatasource.extractLastUpdateTime",
        "TableauUser.email",
        "DatabaseTable.fullName",
    ];
    let (_, outcome) = with(|switches| {
        switches.unknown_fields = unknown.map(str::to_owned).to_vec();
    })
    .await;
    let inventory = outcome.unwrap();
    assert!(inventory.assets.values().all(|asset| asset.lineage.is_complete()));
    let told = &inventory.tables[&asset(&inventory, "W1").tables.first().unwrap().table];
    assert!(told.full_name.is_none() && told.name.is_some());
    let notice = inventory.notices.first().unwrap();
    assert_eq!(notice.code, "TW-TABLEAU-OLD-SCHEMA");
    for field in [
        "upstreamVirtualConnectionTables",
        "extractLastUpdateTime",
        "email",
        "fullName",
    ] {
        assert!(notice.message.contains(field), "{}", notice.message);
    }
}

#[tokio::test]
async fn a_stolen_session_is_renewed_once() {
    let running = site().await;
    let connector = connect(&running);
    connector.fetch_collections().await.unwrap();
    // Somebody else signs in with the same token.
    let other = connect(&running);
    other.fetch_collections().await.unwrap();
    let inventory = fetch(&connector).await.unwrap();
    assert_same_lineage(&inventory, &healthy().await);
    assert_eq!(running.count("/auth/signin"), 3);
}

#[tokio::test]
async fn a_session_that_ends_while_many_calls_run_is_renewed_once() {
    let running = site().await;
    let connector = connect(&running);
    fetch(&connector).await.unwrap();
    running.end_sessions();
    let (one, other) = tokio::join!(fetch(&connector), fetch(&connector));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(running.count("/auth/signin"), 2);
}

#[tokio::test]
async fn a_refused_sign_in_is_not_repeated() {
    let running = site().await;
    let connector = connect_with(settings(running.base_url(), "acme", "tailwater", "wrong"));
    let error = fetch(&connector).await.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-SIGN-IN", "{error}");
    assert_eq!(running.count("/auth/signin"), 1);
    assert!(!error.to_string().contains("wrong"));
    let connector = connect_with(settings(running.base_url(), "Acme Corporation", "tailwater", "x"));
    assert_eq!(fetch(&connector).await.unwrap_err().code(), "TW-TABLEAU-SIGN-IN");
}

#[tokio::test]
async fn other_servers_and_old_ones_are_told_apart() {
    let (_, outcome) = with(|switches| switches.not_tableau = true).await;
    assert_eq!(outcome.unwrap_err().code(), "TW-TABLEAU-NOT-TABLEAU");
    let (_, outcome) = with(|switches| switches.rest_version = Some("3.5".to_owned())).await;
    assert_eq!(outcome.unwrap_err().code(), "TW-TABLEAU-TOO-OLD");
    let (_, outcome) = with(|switches| switches.rest_version = Some("3.6".to_owned())).await;
    let inventory = outcome.unwrap();
    assert_eq!(inventory.site.api_version.as_deref(), Some("3.6"));
    assert_eq!(inventory.assets.len(), 12);
    let (_, outcome) = with(|switches| switches.rest_version = Some("4.1".to_owned())).await;
    assert_eq!(outcome.unwrap().site.api_version.as_deref(), Some("3.29"));
}

#[tokio::test]
async fn a_server_that_stays_down_is_an_error() {
    let (_, outcome) = with(|switches| {
        switches.server_error_times = 1000;
        switches.server_error_status = 502;
    })
    .await;
    assert_eq!(outcome.unwrap_err().code(), "TW-HTTP-SERVER");
    let connector = connect_with(settings("http://127.0.0.1:9", "acme", "tailwater", "x"));
    assert_eq!(fetch(&connector).await.unwrap_err().code(), "TW-HTTP-UNREACHABLE");
}

#[tokio::test]
async fn a_metadata_api_that_always_fails_is_given_up_soon() {
    let (running, outcome) = with(|switches| switches.unexpected_error_times = 1000).await;
    assert_eq!(outcome.unwrap_err().code(), "TW-TABLEAU-METADATA");
    // Two queries with their repeats, then each piece once.
    let sent = running.count("/api/metadata/graphql");
    assert!(sent <= 25, "{sent}");
}

#[tokio::test]
async fn small_pages_are_asked_for_where_large_ones_are_refused() {
    let expected = healthy().await;
    for maximum in [7, 1] {
        let (_, outcome) = with(|switches| switches.page_size_max = maximum).await;
        assert_same_lineage(&outcome.unwrap(), &expected);
    }
}

/// Why the list of workbooks is not whole.
fn reason(inventory: &Inventory) -> &str {
    match &inventory.listing {
        Completeness::Partial { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_that_comes_twice_or_not_at_all_is_no_whole_list() {
    type Case = (fn(&mut Switches), &'static str, usize);
    let cases: [Case; 4] = [
        (|switches| switches.repeated_page = Some(2), "came twice", 9),
        // The pages after it are read all the same.
        (|switches| switches.missing_page = Some(2), "9 of 12 workbooks", 9),
        (|switches| switches.missing_page = Some(4), "9 of 12 workbooks", 9),
        (|switches| switches.total_drift = -3, "changed while", 12),
    ];
    for (fault, why, told) in cases {
        let (_, outcome) = with(|switches| {
            switches.page_size_max = 3;
            switches.faults_on = Some("/workbooks".to_owned());
            fault(switches);
        })
        .await;
        let inventory = outcome.unwrap();
        assert_eq!(inventory.assets.len(), told, "{why}");
        assert!(reason(&inventory).contains(why), "{why}: {}", reason(&inventory));
        assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-LIST-PARTIAL"));
    }
}

#[tokio::test]
async fn a_total_that_grows_under_way_leaves_the_list_in_doubt() {
    let (_, outcome) = with(|switches| {
        switches.page_size_max = 3;
        switches.total_drift = 2;
    })
    .await;
    let inventory = outcome.unwrap();
    assert_eq!(inventory.assets.len(), 12);
    assert!(
        reason(&inventory).contains("changed while"),
        "{}",
        reason(&inventory)
    );
}

/// A site whose custom SQL takes several pages.
async fn sql_site() -> Running {
    let mut site = String::new();
    for number in 0..120 {
        writeln!(
            site,
            "[[site.workbook]]\nname = \"S{number}\"\nproject = \"P\"\ndatasources = [{{ connection = \"warehouse\", custom_sql = \
             [{{ query = \"select {number} from X.Y\", tables = [\"X.Y\"] }}] }}]",
        )
        .unwrap();
    }
    start(&site).await
}

#[tokio::test]
async fn cursors_that_lead_astray_leave_nothing_complete() {
    let running = sql_site().await;
    let expected = fetch_all(&running).await;
    assert_eq!(expected.custom_sql.len(), 120);
    no_asset_is_partial(&expected);
    for fault in [
        CursorFault::PageRepeated,
        CursorFault::PageLeftOut,
        CursorFault::StandsStill,
    ] {
        running.clear_requests();
        running.set_switches(|switches| switches.cursor = fault);
        let inventory = fetch_all(&running).await;
        assert_eq!(inventory.assets.len(), 120);
        assert!(
            inventory
                .assets
                .values()
                .any(|asset| !asset.lineage.is_complete()),
            "{fault:?}"
        );
        assert!(running.count("/api/metadata/graphql") < 60, "{fault:?}");
    }
}

fn no_asset_is_partial(inventory: &Inventory) {
    for asset in inventory.assets.values() {
        assert_eq!(asset.lineage, Completeness::Complete, "{}", asset.name);
    }
}

/// Every query runs out of time: the reading ends after a number of queries that does not grow with the site.
#[tokio::test]
async fn a_metadata_api_without_time_is_given_up() {
    let mut site = String::new();
    for number in 0..300 {
        writeln!(
            site,
            "[[site.workbook]]\nname = \"W{number}\"\nproject = \"P\"\ndatasources = [{{ connection = \"warehouse\", tables = \
             [\"M.T{number}\"] }}]",
        )
        .unwrap();
    }
    let running = start(&site).await;
    running.set_switches(|switches| switches.time_limit_page = Some(0));
    let inventory = fetch_all(&running).await;
    assert_eq!(inventory.assets.len(), 300);
    assert_eq!(inventory.listing, Completeness::Complete);
    no_asset_is_complete(&inventory);
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-CUT-OFF"));
    let sent = running.count("/api/metadata/graphql");
    assert!(sent < 150, "{sent}");
}

#[tokio::test]
async fn a_token_that_keeps_being_stolen_is_reported_as_such() {
    let (running, outcome) = with(|switches| switches.session_lost_times = 1000).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-SESSION-STOLEN", "{error}");
    assert!(error.hint().unwrap().contains("that nothing else uses"));
    assert!(running.count("/auth/signin") <= 5);
    // Once is no theft.
    let (running, outcome) = with(|switches| switches.session_lost_times = 1).await;
    assert_same_lineage(&outcome.unwrap(), &healthy().await);
    assert_eq!(running.count("/auth/signin"), 2);
}

#[tokio::test]
async fn pointers_are_followed_on_the_same_host_for_reading_alone() {
    let (running, outcome) = with(|switches| {
        switches.redirect_to = Some("/moved".to_owned());
        switches.faults_on = Some("/sites/".to_owned());
    })
    .await;
    assert_same_lineage(&outcome.unwrap(), &healthy().await);
    assert!(running.requests().iter().any(|request| request.status == 302));
    // The token goes to no other host.
    let (_, outcome) = with(|switches| {
        switches.redirect_to = Some("http://localhost:9".to_owned());
        switches.faults_on = Some("/sites/".to_owned());
    })
    .await;
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-REDIRECT", "{error}");
    assert!(
        error.to_string().ends_with("redirects to http://localhost:9"),
        "{error}"
    );
}

#[tokio::test]
async fn a_host_that_refuses_connections_cannot_be_reached() {
    let (_, outcome) = with(|switches| switches.connection_refused = true).await;
    assert_eq!(outcome.unwrap_err().code(), "TW-HTTP-UNREACHABLE");
}

#[tokio::test]
async fn answers_without_an_end_are_cut_at_the_cap() {
    let running = site().await;
    running.set_switches(|switches| switches.endless_answer_times = 1);
    let mut settings = settings(running.base_url(), "acme", "tailwater", TOKEN_SECRET);
    settings.limits.max_answer_bytes = 1 << 20;
    let connector = connect_with(settings);
    let error = fetch(&connector).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TOO-LARGE", "{error}");
    // In a query it is asked for in smaller pieces.
    running.set_switches(|switches| {
        switches.endless_answer_times = 1;
        switches.faults_on = Some("metadata/graphql".to_owned());
    });
    assert_same_lineage(&fetch(&connector).await.unwrap(), &healthy().await);
}

#[tokio::test]
async fn answers_that_drip_end_with_the_time_in_all() {
    let running = site().await;
    running.set_switches(|switches| {
        switches.drip_milliseconds = 50;
        switches.faults_on = Some("/workbooks".to_owned());
    });
    let mut settings = settings(running.base_url(), "acme", "tailwater", TOKEN_SECRET);
    settings.limits.total_timeout = Duration::from_secs(1);
    settings.limits.backoff.attempts = 1;
    let error = fetch(&connect_with(settings)).await.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-TIMEOUT", "{error}");
    assert!(error.to_string().contains("Query Workbooks"), "{error}");
}

#[tokio::test]
async fn throttled_for_long_ends_with_the_time_that_stands_in_words() {
    let (_, outcome) = with(|switches| {
        switches.throttled_times = 1000;
        switches.throttled_minutes = 29;
    })
    .await;
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "TW-HTTP-THROTTLED", "{error}");
    assert!(error.to_string().contains("wait 1740 s"), "{error}");
}
