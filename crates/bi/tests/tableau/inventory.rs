//! What is read of a site that behaves.

use std::fmt::Write as _;

use tailwater_bi::{Connector, NoProgress};
use tailwater_core::id::CollectionId;
use tailwater_core::inventory::{Completeness, PartKind};
use tailwater_core::selection::Selection;

use crate::support::{
    asset, connect, connect_with, fetch, fetch_all, notice_codes, settings, start, start_file, tables,
};

const ORDERS: &str = r#"
[[site.project]]
path = "Sales"

[[site.workbook]]
name = "Orders"
project = "Sales"
description = "All of them"
tags = ["weekly", "finance"]
created_at = 2024-02-14T04:42:09Z
updated_at = 2025-02-14T04:42:10Z
sheets = [{ name = "Totals", usage = 5 }, { name = "Detail", hidden = true }]
dashboards = [{ name = "Overview", sheets = ["Totals", "Detail"], usage = 42 }]
stories = ["The year"]

  [[site.workbook.datasource]]
  name = "Orders (embedded)"
  connection = "warehouse"
  tables = ["MARTS.ORDERS"]
  extract = true
  extract_refreshed_at = 2025-03-01T04:00:00Z
  extract_incremental_at = 2025-03-02T04:00:00Z
"#;

#[tokio::test]
async fn a_workbook_is_read_whole() {
    let running = start(ORDERS).await;
    let inventory = fetch_all(&running).await;
    let orders = asset(&inventory, "Orders");
    assert_eq!(orders.collection_path, ["Sales"]);
    assert_eq!(orders.description.as_deref(), Some("All of them"));
    assert_eq!(orders.tags.iter().collect::<Vec<_>>(), ["finance", "weekly"]);
    assert_eq!(
        orders.created_at.unwrap().to_rfc3339(),
        "2024-02-14T04:42:09+00:00"
    );
    assert_eq!(
        orders.updated_at.unwrap().to_rfc3339(),
        "2025-02-14T04:42:10+00:00"
    );
    assert_eq!(orders.total_views, Some(47));
    assert_eq!(orders.lineage, Completeness::Complete);
    let owner = orders.owner.as_ref().unwrap();
    assert_eq!(owner.name.as_deref(), Some("Ada Admin"));
    assert_eq!(owner.email.as_deref(), Some("ada@acme.example"));
    let url = orders.url.as_deref().unwrap();
    assert!(url.contains("/#/site/acme/workbooks/"), "{url}");
    assert_eq!(
        tables(&inventory, orders),
        ["TableList [ANALYTICS].[MARTS].[ORDERS]"]
    );
    let source = &inventory.data_sources[orders.data_sources.first().unwrap()];
    assert_eq!(source.name, "Orders (embedded)");
    assert_eq!(source.has_extract, Some(true));
    assert!(!source.is_published && source.luid.is_none());
    let refreshed = source.extract_refreshed_at.unwrap().to_rfc3339();
    assert_eq!(refreshed, "2025-03-02T04:00:00+00:00");
    let table = inventory.tables.values().next().unwrap();
    assert_eq!(table.name.as_deref(), Some("ORDERS"));
    assert_eq!(table.schema.as_deref(), Some("MARTS"));
    assert_eq!(table.database.as_deref(), Some("ANALYTICS"));
    assert_eq!(table.connection_type.as_deref(), Some("snowflake"));
    assert_eq!(table.host.as_deref(), Some("ab12345.snowflakecomputing.com"));
    assert!(table.luid.is_some());
    assert_eq!(inventory.site.api_version.as_deref(), Some("3.25"));
    assert_eq!(inventory.listing, Completeness::Complete);
    assert_eq!(notice_codes(&inventory), [""; 0]);
}

#[tokio::test]
async fn hidden_sheets_stories_and_dashboards_are_parts() {
    let running = start(ORDERS).await;
    let inventory = fetch_all(&running).await;
    let parts = &asset(&inventory, "Orders").parts;
    let part = |name: &str| parts.iter().find(|part| part.name == name).unwrap();
    let overview = part("Overview");
    assert_eq!(overview.kind, PartKind::Dashboard);
    assert_eq!(overview.total_views, Some(42));
    assert_eq!(
        overview.contains,
        [part("Totals").id.clone(), part("Detail").id.clone()]
    );
    let url = overview.url.as_deref().unwrap();
    assert!(url.ends_with("/#/site/acme/views/Orders/Overview"), "{url}");
    let detail = part("Detail");
    assert!(detail.is_hidden && detail.url.is_none());
    assert_eq!(detail.kind, PartKind::Sheet);
    assert_eq!(part("The year").kind, PartKind::Story);
    assert_eq!(parts.len(), 4);
}

#[tokio::test]
async fn one_session_serves_a_whole_sync_and_ends_with_it() {
    let running = start(ORDERS).await;
    let connector = connect(&running);
    fetch(&connector).await.unwrap();
    connector.fetch_collections().await.unwrap();
    connector.check(&NoProgress).await;
    assert_eq!(running.count("/auth/signin"), 1);
    assert_eq!(running.session_count(), 1);
    connector.sign_out().await;
    assert_eq!(running.session_count(), 0);
    // A connector that is not signed in has nothing to end.
    connector.sign_out().await;
    assert_eq!(running.count("/auth/signout"), 1);
}

#[tokio::test]
async fn requests_do_not_grow_with_the_workbooks() {
    let mut site = String::new();
    for number in 0..40 {
        writeln!(
            site,
            "[[site.workbook]]\nname = \"W{number}\"\nproject = \"P{}\"\ndatasources = [{{ connection = \"warehouse\", \
             tables = [\"MARTS.T{number}\"] }}]",
            number % 7
        )
        .unwrap();
    }
    let running = start(&site).await;
    let inventory = fetch_all(&running).await;
    assert_eq!(inventory.assets.len(), 40);
    assert!(inventory.assets.values().all(|asset| asset.lineage.is_complete()));
    assert!(running.requests().len() <= 10, "{}", running.requests().len());
}

#[tokio::test]
async fn collections_are_a_tree_with_counts() {
    let running = start(
        r#"
        [[site.project]]
        path = "Finance/Monthly"
        [[site.project]]
        path = "Sales/Monthly"
        [[site.project]]
        path = "Board"
        hidden_from = ["SiteAdministratorExplorer"]
        [[site.workbook]]
        name = "Close"
        project = "Finance/Monthly"
        [[site.workbook]]
        name = "Targets"
        project = "Board"
        [[site.workbook]]
        name = "Minutes"
        project = "Board/Minutes"
        [[site.workbook]]
        name = "My sketch"
        personal_space = true
        "#,
    )
    .await;
    let inventory = connect(&running).fetch_collections().await.unwrap();
    let mut told: Vec<String> = inventory
        .collections
        .values()
        .map(|collection| format!("{} {}", collection.path.join("/"), collection.asset_count))
        .collect();
    told.sort();
    // Of `Board`, which is not listed, its child is known all the same.
    assert_eq!(
        told,
        [
            "(project not visible) 1",
            "Finance 0",
            "Finance/Monthly 1",
            "Minutes 1",
            "Sales 0",
            "Sales/Monthly 0"
        ]
    );
    assert_eq!(
        notice_codes(&inventory),
        ["TW-TABLEAU-NO-PROJECT", "TW-TABLEAU-PERSONAL-SPACE"]
    );
    assert!(inventory.assets.is_empty());
}

#[tokio::test]
async fn only_selected_collections_are_imported() {
    let running = start(
        r#"
        [[site.workbook]]
        name = "A"
        project = "Finance/Monthly"
        datasources = [{ connection = "warehouse", tables = ["MARTS.A"] }]
        [[site.workbook]]
        name = "B"
        project = "Sales/Monthly"
        datasources = [{ connection = "warehouse", tables = ["MARTS.B"] }]
        [[site.workbook]]
        name = "C"
        project = "Sales"
        datasources = [{ connection = "warehouse", tables = ["MARTS.C"] }]
        [[site.workbook]]
        name = "D"
        personal_space = true
        datasources = [{ connection = "warehouse", tables = ["MARTS.D"] }]
        "#,
    )
    .await;
    let connector = connect(&running);
    let names = async |selection: Selection| {
        let inventory = connector.fetch_inventory(&selection, &NoProgress).await.unwrap();
        let mut names: Vec<String> = inventory.assets.into_values().map(|asset| asset.name).collect();
        names.sort();
        assert_eq!(inventory.tables.len(), names.len());
        names
    };
    assert_eq!(names(Selection::new(["Finance/**"])).await, ["A"]);
    assert_eq!(names(Selection::new(["Sales"])).await, ["C"]);
    assert_eq!(names(Selection::new(["**"])).await, ["A", "B", "C"]);
    assert_eq!(names(Selection::default()).await, [""; 0]);
    let collections = connector.fetch_collections().await.unwrap().collections;
    let (id, _): (&CollectionId, _) = collections
        .iter()
        .find(|(_, collection)| collection.path == ["Sales", "Monthly"])
        .unwrap();
    assert_eq!(names(Selection::new([id.as_str()])).await, ["B"]);
}

#[tokio::test]
async fn a_published_data_source_is_read_once_and_shared() {
    let running = start(
        r#"
        [[site.datasource]]
        name = "Orders model"
        project = "Finance"
        connection = "warehouse"
        tables = ["MARTS.ORDERS", "MARTS.CUSTOMERS"]
        extract = true
        extract_refreshed_at = 2025-03-01T04:00:00Z
        [[site.workbook]]
        name = "One"
        project = "Sales"
        datasources = [{ published = "Orders model" }]
        [[site.workbook]]
        name = "Two"
        project = "Sales"
        datasources = [{ published = "Orders model" }]
        "#,
    )
    .await;
    let inventory = fetch_all(&running).await;
    let published: Vec<_> = inventory
        .data_sources
        .iter()
        .filter(|(_, source)| source.is_published)
        .collect();
    let [(id, source)] = published[..] else {
        panic!("{published:?}")
    };
    assert_eq!(source.luid.as_deref(), Some(id.as_str()));
    assert_eq!(source.has_extract, Some(true));
    assert_eq!(source.tables.len(), 2);
    assert!(
        source
            .url
            .as_deref()
            .unwrap()
            .contains("/#/site/acme/datasources/")
    );
    for name in ["One", "Two"] {
        let copy = &inventory.data_sources[asset(&inventory, name).data_sources.first().unwrap()];
        assert_eq!(copy.has_extract, Some(false));
        assert_eq!(copy.parents.first(), Some(id));
    }
}

#[tokio::test]
async fn custom_sql_is_read_with_what_tableau_made_of_it() {
    let running = start(
        r#"
        [[site.workbook]]
        name = "Close"
        project = "Finance"
          [[site.workbook.datasource]]
          name = "Ledger"
          connection = "warehouse"
            [[site.workbook.datasource.custom_sql]]
            query = "select * from FIN.LEDGER"
            tables = ["FIN.LEDGER"]
          [[site.workbook.datasource]]
          name = "Odd"
          connection = "warehouse"
            [[site.workbook.datasource.custom_sql]]
            query = "select * from t where a << 3"
            supported = false
          [[site.workbook.datasource]]
          name = "Plain"
          connection = "warehouse"
          tables = ["FIN.ACCOUNTS"]
        "#,
    )
    .await;
    let inventory = fetch_all(&running).await;
    let source = |name: &str| {
        let mut sources = inventory.data_sources.values();
        sources.find(|source| source.name == name).unwrap()
    };
    let ledger = source("Ledger");
    let sql = &inventory.custom_sql[ledger.custom_sql.first().unwrap()];
    assert_eq!(sql.query.as_deref(), Some("select * from FIN.LEDGER"));
    assert_eq!(sql.connection_type.as_deref(), Some("snowflake"));
    assert_eq!(sql.database.as_deref(), Some("ANALYTICS"));
    assert_eq!((sql.tables.len(), sql.is_unsupported), (1, false));
    assert!(!ledger.has_unread_sql);
    let odd = source("Odd");
    assert!(odd.has_unread_sql);
    let sql = &inventory.custom_sql[odd.custom_sql.first().unwrap()];
    assert!(sql.is_unsupported && sql.tables.is_empty());
    assert!(sql.query.as_deref().unwrap().contains("<<"));
    // Each stands under its own data source, though Tableau only tells the workbook.
    assert_eq!((ledger.custom_sql.len(), odd.custom_sql.len()), (1, 1));
    assert!(source("Plain").custom_sql.is_empty());
    assert_eq!(inventory.custom_sql.len(), 2);
    let told = tables(&inventory, asset(&inventory, "Close"));
    assert!(
        told.contains(&"ToolReadSql [ANALYTICS].[FIN].[LEDGER]".to_owned()),
        "{told:?}"
    );
}

#[tokio::test]
async fn custom_sql_of_a_published_data_source_stands_there_alone() {
    let running = start(
        r#"
        [[site.datasource]]
        name = "Ledger"
        connection = "warehouse"
        custom_sql = [{ query = "select * from FIN.LEDGER", tables = ["FIN.LEDGER"] }]
        [[site.workbook]]
        name = "Close"
        project = "Finance"
        datasources = [{ published = "Ledger" }, { name = "Own", connection = "warehouse", tables = ["FIN.A"] }]
        [[site.workbook]]
        name = "Not chosen"
        project = "Other"
        datasources = [{ connection = "warehouse", custom_sql = [{ query = "select 1" }] }]
        "#,
    )
    .await;
    let selection = Selection::new(["Finance"]);
    let connector = connect(&running);
    let inventory = connector.fetch_inventory(&selection, &NoProgress).await.unwrap();
    let holders: Vec<(&str, bool)> = inventory
        .data_sources
        .values()
        .filter(|source| !source.custom_sql.is_empty())
        .map(|source| (source.name.as_str(), source.is_published))
        .collect();
    assert_eq!(holders, [("Ledger", true)]);
    assert_eq!(inventory.custom_sql.len(), 1);
}

#[tokio::test]
async fn columns_tell_where_the_lists_are_empty() {
    let running = start(
        r#"
        [[site.datasource]]
        name = "Wide"
        connection = "warehouse"
        tables = ["MARTS.WIDE"]
        tables_reported = "columns-only"
        [[site.workbook]]
        name = "Payroll"
        project = "Board"
        datasources = [{ connection = "warehouse", tables = ["HR.PAYROLL"], tables_reported = "columns-only" }]
        [[site.workbook]]
        name = "Wide"
        project = "Board"
        datasources = [{ published = "Wide" }]
        [[site.workbook]]
        name = "Listed"
        project = "Board"
        datasources = [{ connection = "warehouse", tables = ["HR.STAFF"], tables_reported = "lists-only" }]
        "#,
    )
    .await;
    let inventory = fetch_all(&running).await;
    let told = |name: &str| tables(&inventory, asset(&inventory, name));
    assert_eq!(told("Payroll"), ["UpstreamColumn [ANALYTICS].[HR].[PAYROLL]"]);
    assert_eq!(told("Wide"), ["UpstreamColumn [ANALYTICS].[MARTS].[WIDE]"]);
    assert_eq!(told("Listed"), ["TableList [ANALYTICS].[HR].[STAFF]"]);
}

#[tokio::test]
async fn virtual_connections_lead_to_their_tables() {
    let running = start(
        r#"
        [[site.virtual_connection]]
        name = "Warehouse (governed)"
        connection = "warehouse"
        project = "Finance"
        tables = [{ name = "Customers", tables = ["MARTS.CUSTOMERS"], extracted = true }]
        [[site.workbook]]
        name = "Customers"
        project = "Sales"
        datasources = [{ virtual_tables = ["Warehouse (governed)/Customers"] }]
        "#,
    )
    .await;
    let inventory = fetch_all(&running).await;
    let told = tables(&inventory, asset(&inventory, "Customers"));
    assert!(
        told.contains(&"VirtualConnection [ANALYTICS].[MARTS].[CUSTOMERS]".to_owned()),
        "{told:?}"
    );
    assert_eq!(asset(&inventory, "Customers").lineage, Completeness::Complete);
}

#[tokio::test]
async fn hidden_names_are_counted_and_kept() {
    let running = start(
        r#"
        [[site.workbook]]
        name = "Payroll"
        project = "Board"
        null_elements = ["upstreamTables"]
        datasources = [{ connection = "warehouse", tables = ["HR.PAYROLL", { schema = "HR", name = "SALARY", hidden_from = ["Viewer", "SiteAdministratorExplorer"] }] }]
        "#,
    )
    .await;
    let inventory = fetch_all(&running).await;
    let told = tables(&inventory, asset(&inventory, "Payroll"));
    assert_eq!(
        told,
        ["TableList (hidden)", "TableList [ANALYTICS].[HR].[PAYROLL]"]
    );
    for (code, message) in [
        ("TW-TABLEAU-HIDDEN", "1 table "),
        ("TW-TABLEAU-EMPTY-ENTRY", "1 entry "),
    ] {
        let notice = inventory
            .notices
            .iter()
            .find(|notice| notice.code == code)
            .unwrap();
        assert!(notice.message.starts_with(message), "{}", notice.message);
    }

    let viewer = connect_with(settings(running.base_url(), "acme", "viewer", "viewer-secret"));
    let inventory = fetch(&viewer).await.unwrap();
    assert!(
        inventory
            .tables
            .values()
            .all(tailwater_core::inventory::Table::is_hidden)
    );
    assert!(!inventory.tables.is_empty());
}

#[tokio::test]
async fn what_the_index_does_not_know_yet_is_pending_and_what_is_gone_is_left_out() {
    let running = start(
        r#"
        [[site.workbook]]
        name = "Fresh"
        project = "Sales"
        indexed = false
        datasources = [{ connection = "warehouse", tables = ["MARTS.ORDERS"] }]
        [[site.workbook]]
        name = "Gone"
        project = "Sales"
        stale = true
        datasources = [{ connection = "warehouse", tables = ["MARTS.ORDERS"] }]
        "#,
    )
    .await;
    let inventory = fetch_all(&running).await;
    assert_eq!(inventory.assets.len(), 1);
    let fresh = asset(&inventory, "Fresh");
    assert_eq!(fresh.lineage, Completeness::Pending);
    // What REST tells of it is there.
    assert_eq!(fresh.parts.len(), 1);
    assert!(fresh.owner.is_some() && fresh.url.is_some());
    assert_eq!(notice_codes(&inventory), ["TW-TABLEAU-PENDING"]);
}

#[tokio::test]
async fn the_default_site_has_an_empty_name() {
    let running = start_file(
        r#"
        [[site]]
        [[site.user]]
        name = "root"
        role = "ServerAdministrator"
        [[site.token]]
        name = "root"
        secret = "root-secret"
        user = "root"
        [[site.connection]]
        key = "app"
        class = "postgres"
        database = "app"
        [[site.workbook]]
        name = "Users"
        datasources = [{ connection = "app", tables = ["public.users"] }]
        "#,
    )
    .await;
    let connector = connect_with(settings(running.base_url(), "", "root", "root-secret"));
    let inventory = fetch(&connector).await.unwrap();
    let users = asset(&inventory, "Users");
    assert!(users.url.as_deref().unwrap().contains("/#/workbooks/"));
    assert_eq!(tables(&inventory, users), ["TableList [public].[users]"]);
}

#[tokio::test]
async fn lists_of_many_pages_are_read_whole() {
    let mut site = String::new();
    for number in 0..23 {
        writeln!(site, "[[site.workbook]]\nname = \"W{number}\"\nproject = \"P\"").unwrap();
    }
    let running = start(&site).await;
    // Larger pages are refused, as by servers with a lower limit.
    running.set_switches(|switches| switches.page_size_max = 100);
    let inventory = fetch_all(&running).await;
    assert_eq!(inventory.assets.len(), 23);
    assert_eq!(inventory.listing, Completeness::Complete);
    assert!(
        running
            .requests()
            .iter()
            .any(|request| request.query.contains("pageSize=100&"))
    );
}

#[tokio::test]
async fn single_workbooks_are_read_and_left_out_whatever_their_project() {
    let running = start(
        r#"
        [[site.project]]
        path = "Sales"
        [[site.project]]
        path = "Finance"
        [[site.workbook]]
        name = "In Sales"
        project = "Sales"
        owner = "ada@acme.example"
        sheets = ["Sheet 1"]
        [[site.workbook]]
        name = "Unwanted"
        project = "Sales"
        owner = "ada@acme.example"
        sheets = ["Sheet 1"]
        [[site.workbook]]
        name = "In Finance"
        project = "Finance"
        owner = "ada@acme.example"
        sheets = ["Sheet 1"]
        "#,
    )
    .await;
    let connector = connect(&running);
    let titles = connector.fetch_titles().await.expect("titles");
    let title = |name: &str| titles.iter().find(|title| title.name == name).expect("a title");
    assert_eq!(title("In Finance").collection_path, ["Finance"]);
    let selection = Selection::new(["Sales"])
        .with_assets([title("In Finance").id.clone()], [title("Unwanted").id.clone()]);
    let inventory = connector
        .fetch_inventory(&selection, &NoProgress)
        .await
        .expect("an inventory");
    let mut names: Vec<&str> = inventory
        .assets
        .values()
        .map(|asset| asset.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["In Finance", "In Sales"]);
    assert!(inventory.listing.is_complete());
}
