//! The Metadata API over the wire.

use crate::support::{Client, send, small};
use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::{SiteBuilder, SiteFile};

async fn client() -> Client {
    Client::start(small(), "tailwater").await
}

/// A site of one workbook: its data source connects to two tables, its sheet uses one.
fn two_tables() -> SiteFile {
    SiteFile::from_toml(
        r#"
        [[site]]
        [[site.user]]
        name = "ada"
        [[site.token]]
        name = "tailwater"
        secret = "tailwater-secret"
        user = "ada"
        [[site.connection]]
        key = "w"
        class = "postgres"
        database = "db"
        [[site.workbook]]
        name = "W"
        sheets = [{ name = "S", fields = ["used.a"] }]
        datasources = [{ name = "D", connection = "w", tables = [
            { schema = "public", name = "used", columns = ["a"] },
            { schema = "public", name = "unused", columns = ["b"] },
        ], calculations = [{ name = "Twice", formula = "[a]*2", uses = ["a"] }] }]
        "#,
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_of_an_importer_is_answered_in_full() {
    let query = r"
      { workbooks(orderBy: {field: NAME, direction: ASC}) {
          name projectName containsUnsupportedCustomSql tags { name }
          sheets { name path } dashboards { name path sheets { name } }
          embeddedDatasources {
            name hasExtracts upstreamTables { ...tbl }
            parentPublishedDatasources { name hasExtracts extractLastRefreshTime upstreamTables { ...tbl } } }
          upstreamTables { ...tbl }
          upstreamVirtualConnectionTables { name isExtracted } } }
      fragment tbl on DatabaseTable { name schema fullName connectionType database { name } }";
    let answer = client().await.query(query);
    insta::assert_json_snapshot!(answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_come_in_the_order_of_the_query() {
    let client = client().await;
    let answer = client
        .ask(&json!({"query": "{ workbooks(filter: {name: \"Orders\"}) { projectName b: name a: name } }"}));
    assert_eq!(
        answer.body,
        r#"{"data":{"workbooks":[{"projectName":"Sales","b":"Orders","a":"Orders"}]}}"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_stands_on_what_its_sheets_use_and_a_data_source_on_all() {
    let client = Client::start(two_tables(), "tailwater").await;
    let data = client.data(
        "{ workbooks { upstreamTables { name } embeddedDatasources { upstreamTables { name } }
           sheets { upstreamTables { name } upstreamFields { name } } } }",
    );
    assert_eq!(data["workbooks"][0]["upstreamTables"], json!([{"name": "used"}]));
    assert_eq!(
        data["workbooks"][0]["sheets"][0]["upstreamTables"],
        json!([{"name": "used"}])
    );
    let connected = &data["workbooks"][0]["embeddedDatasources"][0]["upstreamTables"];
    assert_eq!(connected.as_array().unwrap().len(), 2);

    let data = client.data(
        "{ databaseTables(orderBy: {field: NAME, direction: ASC}) {
             name downstreamSheets { name } downstreamWorkbooks { name } referencedByQueries { name } } }",
    );
    let unused = json!({"name": "unused", "downstreamSheets": [], "downstreamWorkbooks": [{"name": "W"}], "referencedByQueries": []});
    assert_eq!(data["databaseTables"][0], unused);
    assert_eq!(
        data["databaseTables"][1]["downstreamSheets"],
        json!([{"name": "S"}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calculations_reach_columns_through_their_fields() {
    let client = Client::start(two_tables(), "tailwater").await;
    let data = client.data(
        r#"{ calculatedFields(filter: {name: "Twice"}) { formula fields { name } upstreamColumns { name table { name } } } }"#,
    );
    let expected = json!([{
        "formula": "[a]*2", "fields": [{"name": "a"}], "upstreamColumns": [{"name": "a", "table": {"name": "used"}}],
    }]);
    assert_eq!(data["calculatedFields"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_may_be_known_through_columns_alone() {
    let data = client().await.data(
        r#"{ workbooks(filter: {name: "Payroll"}) { upstreamTables { name } embeddedDatasources {
             upstreamTables { name }
             fields { ... on ColumnField { upstreamColumns { table { ... on DatabaseTable { fullName } }
               referencedByFields { name } } } } } } }"#,
    );
    let workbook = &data["workbooks"][0];
    assert_eq!(
        (
            &workbook["upstreamTables"],
            &workbook["embeddedDatasources"][0]["upstreamTables"]
        ),
        (&json!([]), &json!([]))
    );
    let column = &workbook["embeddedDatasources"][0]["fields"][0]["upstreamColumns"][0];
    assert_eq!(column["table"]["fullName"], "[ANALYTICS].[HR].[PAYROLL]");
    assert_eq!(column["referencedByFields"], json!([{"name": "id"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_sql_lists_the_tables_tableau_found() {
    let data = client().await.data(
        "{ customSQLTables(orderBy: {field: NAME, direction: ASC}) {
             name query isUnsupportedCustomSql connectionType database { name } tables { name schema fullName }
             downstreamWorkbooks { name } } }",
    );
    insta::assert_json_snapshot!(data);
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_sheets_have_empty_addresses_and_still_carry_lineage() {
    let data = client().await.data(
        r#"{ sheets(filter: {name: "Detail"}) { luid path upstreamTables { name }
             containedInDashboards { name path } } }"#,
    );
    let sheet = &data["sheets"][0];
    assert_eq!((&sheet["luid"], &sheet["path"]), (&json!(""), &json!("")));
    assert_eq!(sheet["upstreamTables"].as_array().unwrap().len(), 2);
    assert_eq!(sheet["containedInDashboards"][0]["name"], "Overview");
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_and_the_index_may_disagree() {
    let client = client().await;
    let known = client.data("{ workbooks { name } }").to_string();
    assert!(known.contains("\"Gone\"") && !known.contains("\"Fresh\""));
    let listed = client.get("workbooks").body;
    assert!(!listed.contains("\"Gone\"") && listed.contains("\"Fresh\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_may_hold_a_null() {
    let data = client()
        .await
        .data(r#"{ workbooks(filter: {name: "Odd"}) { upstreamTables { fullName schema } } }"#);
    let expected = json!([{"fullName": "[ANALYTICS].[MARTS].[ORDERS_ODD]", "schema": "PUBLIC"}, null]);
    assert_eq!(data["workbooks"][0]["upstreamTables"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another() {
    let client = Client::start(SiteBuilder::new("acme").workbooks(25).build(), "tailwater").await;
    let mut names = Vec::new();
    let mut after = Value::Null;
    loop {
        let answer = client.ask(&json!({
            "query": "query($after: String) { workbooksConnection(first: 10, after: $after, orderBy: {field: NAME, direction: DESC}) \
                      { nodes { name } pageInfo { hasNextPage endCursor } totalCount } }",
            "variables": {"after": after},
        }));
        let page = answer.json()["data"]["workbooksConnection"].clone();
        assert_eq!(page["totalCount"], 25);
        names.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["name"].as_str().unwrap().to_owned()),
        );
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(names.len(), 25);
    assert!(names.windows(2).all(|pair| pair[0] > pair[1]), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_arguments_have_their_rules() {
    let client = client().await;
    let counted = client.data(
        "{ workbooksConnection(first: 0) { nodes { name } pageInfo { hasNextPage endCursor } totalCount } }",
    );
    assert_eq!(
        counted["workbooksConnection"],
        json!({"nodes": [], "pageInfo": {"hasNextPage": true, "endCursor": null}, "totalCount": 9})
    );
    let skipped =
        client.data("{ workbooksConnection(offset: 7) { nodes { name } pageInfo { hasNextPage } } }");
    assert_eq!(
        skipped["workbooksConnection"]["nodes"].as_array().unwrap().len(),
        2
    );
    let beyond = client
        .data("{ workbooksConnection(offset: 70) { nodes { name } pageInfo { hasNextPage endCursor } } }");
    assert_eq!(
        beyond["workbooksConnection"]["pageInfo"],
        json!({"hasNextPage": false, "endCursor": null})
    );

    assert_eq!(
        client.codes("{ workbooksConnection(first: 1001) { nodes { name } } }"),
        ["MAX_PAGE_SIZE_EXCEEDED"]
    );
    for arguments in [
        r#"after: "x", offset: 1"#,
        r#"after: "x""#,
        "first: -1",
        "offset: -1",
    ] {
        let query = format!("{{ workbooksConnection({arguments}) {{ nodes {{ name }} }} }}");
        assert_eq!(client.codes(&query), ["INVALID_ARGUMENT"], "{arguments}");
    }
    // A cursor of another list is foreign.
    let other = client.data("{ sheetsConnection(first: 1) { pageInfo { endCursor } } }");
    let cursor = other["sheetsConnection"]["pageInfo"]["endCursor"]
        .as_str()
        .unwrap();
    let query = format!(r#"{{ workbooksConnection(after: "{cursor}") {{ nodes {{ name }} }} }}"#);
    assert_eq!(client.codes(&query), ["INVALID_ARGUMENT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_connections_page_too() {
    let data = client().await.data(
        r#"{ databases(filter: {name: "ANALYTICS"}) { __typename ... on DatabaseServer { hostName }
             tablesConnection(first: 1, orderBy: {field: NAME, direction: ASC}) {
               nodes { name } totalCount pageInfo { hasNextPage } } } }"#,
    );
    let database = &data["databases"][0];
    assert_eq!(database["__typename"], "DatabaseServer");
    assert_eq!(database["hostName"], "ab12345.eu-west-1.snowflakecomputing.com");
    assert_eq!(database["tablesConnection"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(database["tablesConnection"]["pageInfo"]["hasNextPage"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_works_as_a_whole() {
    let client = client().await;
    let answer = client.ask(&json!({
        "query": "query Other { tags { name } }
                  query This($with: Boolean!, $names: [String], $order: OrderDirection = DESC) {
                    found: workbooks(filter: {nameWithin: $names}, orderBy: {field: NAME, direction: $order}) {
                      __typename name @include(if: $with) luid @skip(if: true) ...more } }
                  fragment more on Taggable { tags { name } }",
        "operationName": "This",
        "variables": {"with": true, "names": ["Orders", "Budget"]},
    }));
    let expected = json!({"data": {"found": [
        {"__typename": "Workbook", "name": "Orders", "tags": []},
        {"__typename": "Workbook", "name": "Budget", "tags": []},
    ]}});
    assert_eq!(answer.json(), expected);
    let introspected = client
        .data(r#"{ __schema { queryType { name } } __type(name: "Workbook") { kind fields { name } } }"#);
    assert_eq!(introspected["__schema"]["queryType"]["name"], "Query");
    assert!(
        introspected["__type"]["fields"]
            .to_string()
            .contains("projectLuid")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_queries_are_refused_with_status_200() {
    let client = client().await;
    let messages = |body: Value| -> Vec<String> {
        let answer = client.ask(&body);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["data"], Value::Null);
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors
            .iter()
            .map(|error| error["message"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        messages(json!({"query": "{ workbooks { name bogus owner { bogus } } nothing }"})),
        [
            "Validation error of type FieldUndefined: Field 'bogus' in type 'Workbook' is undefined @ 'workbooks/bogus'",
            "Validation error of type FieldUndefined: Field 'bogus' in type 'TableauUser' is undefined @ 'workbooks/owner/bogus'",
            "Validation error of type FieldUndefined: Field 'nothing' in type 'Query' is undefined @ 'nothing'",
        ]
    );
    for broken in [
        "{ workbooks { name ",
        "",
        "query",
        "{ workbooks }",
        "{ workbooks(filter: {nope: 1}) { name } }",
        "mutation { x }",
    ] {
        assert!(!messages(json!({"query": broken})).is_empty(), "{broken}");
    }
    let wrong_variable = json!({"query": "query($f: Int) { workbooksConnection(first: $f) { totalCount } }", "variables": {"f": "x"}});
    assert_eq!(messages(wrong_variable).len(), 1);
    // Deep ones that a person could write are answered,
    let depth = 12;
    let (down, up) = ("workbook { sheets { ".repeat(depth), "} }".repeat(depth));
    let deep = format!("{{ workbooks {{ sheets {{ {down} name {up} }} }} }}");
    assert!(client.ask(&json!({"query": deep})).json()["data"].is_object());
    // and those nested without end are refused, not followed.
    let depth = 3_000;
    let deep = format!(
        "{}name{}",
        "{ workbooks { sheets { workbook ".repeat(depth),
        "} } }".repeat(depth)
    );
    assert!(!messages(json!({"query": deep})).is_empty());
    assert_eq!(client.ask(&json!({"nothing": 1})).status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inner_address_is_an_alias_and_no_one_gets_in_without_a_token() {
    let client = client().await;
    let body = r#"{"query": "{ tableauSites { name } }", "variables": null}"#;
    let ask = |path: &str, token: &str| {
        let headers = [("x-tableau-auth", token), ("Content-Type", "application/json")];
        send(client.running.base_url(), "POST", path, &headers, body)
    };
    let alias = ask("/relationship-service-war/graphql", &client.token);
    assert_eq!(
        alias.body,
        r#"{"data":{"tableauSites":[{"name":"Acme Corporation"}]}}"#
    );
    let refused = ask("/api/metadata/graphql", "none");
    assert_eq!(
        (refused.status, refused.json()["error"].as_str()),
        (401, Some("Unauthorized"))
    );
}

/// Objects lead back to each other without end; the node limit ends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_in_circles_stays_within_the_node_limit() {
    let client = Client::start(SiteBuilder::new("acme").workbooks(2_000).build(), "tailwater").await;
    let circle = "upstreamTables { downstreamWorkbooks { ".repeat(6) + "name" + &"} }".repeat(6);
    let answer = client.query(&format!("{{ workbooks {{ {circle} }} }}"));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NODE_LIMIT_EXCEEDED");
    assert!(answer.to_string().len() < 4_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn shortcuts_allow_no_fragment_inside_a_fragment() {
    let client = client().await;
    let nested = "{ workbooks { upstreamTables { ...t } } } fragment t on DatabaseTable { database { ... on DatabaseServer { hostName } } }";
    assert_eq!(client.codes(nested), ["INVALID_ARGUMENT"]);
    let inline = "{ workbooks { upstreamTables { ... on DatabaseTable { database { ...d } } } } } fragment d on DatabaseServer { hostName }";
    assert_eq!(client.codes(inline), ["INVALID_ARGUMENT"]);
    // Fragments around a shortcut, and one inside it, are fine.
    client.data("{ workbooks { ...w } } fragment w on Workbook { upstreamTables { ...t } } fragment t on DatabaseTable { name }");
    client.data("{ workbooks { upstreamTables { database { ... on DatabaseServer { hostName } } } } }");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_do_not_administer_see_less() {
    let client = Client::start(small(), "viewer").await;
    assert_eq!(client.codes("{ fields { name } }"), ["FILTER_REQUIRED"]);
    assert_eq!(
        client.codes("{ columnsConnection { totalCount } }"),
        ["FILTER_REQUIRED"]
    );
    // With a filter it answers, and says that it left out what is hidden.
    assert_eq!(
        client.codes(r#"{ columns(filter: {name: "id"}) { luid } }"#),
        ["PERMISSIONS_MODE_SWITCHED"]
    );

    let tables =
        "luid name schema fullName description isEmbedded database { id name } columns { name luid }";
    let data = client.data(&format!("{{ databaseTables {{ {tables} }} }}"));
    let hidden = data["databaseTables"]
        .as_array()
        .unwrap()
        .iter()
        .find(|table| table["name"].is_null())
        .unwrap()
        .clone();
    assert!(!hidden["luid"].as_str().unwrap().is_empty());
    for name in ["schema", "fullName", "description"] {
        assert_eq!(hidden[name], Value::Null, "{name}");
    }
    assert_eq!(
        (&hidden["database"]["name"], &hidden["columns"][0]["name"]),
        (&Value::Null, &Value::Null)
    );
    let filtered = client.data("{ databaseTables(permissionMode: FILTER_RESULTS) { name } }");
    assert!(
        filtered["databaseTables"]
            .as_array()
            .unwrap()
            .iter()
            .all(|table| !table["name"].is_null())
    );
    // Filtering by a name that is hidden from the user drops the row and says so.
    let answer = client.query(r#"{ databaseTables(filter: {name: "PAYROLL"}) { name } }"#);
    assert_eq!(answer["data"]["databaseTables"], json!([]));
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "PERMISSIONS_MODE_SWITCHED"
    );
    // E-mail addresses are for administrators.
    let users = client.data(r#"{ tableauUsers(filter: {name: "Ada Admin"}) { username email } }"#);
    assert_eq!(
        users["tableauUsers"][0],
        json!({"username": "ada@acme.example", "email": null})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_derived_permissions_all_tables_are_hidden() {
    let mut file = small();
    file.sites[0].derived_permissions = false;
    let client = Client::start(file, "viewer").await;
    let data = client.data("{ databaseTables { name } databases { name } }");
    assert!(!data.to_string().contains("ORDERS") && !data.to_string().contains("ANALYTICS"));
}

/// Asks for every field of every type, one level deep, in both forms of lists.
#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_the_schema_answers() {
    let client = client().await;
    let table = client.get("tables").json()["tables"]["table"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let warning = r#"{"dataQualityWarning": {"type": "WARNING", "isActive": true, "message": "m"}}"#;
    assert_eq!(
        client
            .call("POST", &format!("dataQualityWarnings/table/{table}"), warning)
            .status,
        201
    );

    let schema = client.data(
        "{ __schema { types { name kind fields(includeDeprecated: true) { name type {
             name kind ofType { name kind ofType { name kind ofType { name kind } } } } } possibleTypes { name } } } }",
    );
    let types: Vec<Value> = schema["__schema"]["types"].as_array().unwrap().clone();
    let type_called = |name: &str| types.iter().find(|found| found["name"] == name).unwrap();
    let named = |field: &Value| {
        let mut inner = &field["type"];
        while !inner["ofType"].is_null() {
            inner = &inner["ofType"];
        }
        (
            inner["name"].as_str().unwrap().to_owned(),
            inner["kind"].as_str().unwrap().to_owned(),
        )
    };
    let selection = |type_name: &str| {
        let fields = type_called(type_name)["fields"].as_array().unwrap().iter().map(|field| {
            let name = field["name"].as_str().unwrap();
            let (_, kind) = named(field);
            match kind.as_str() {
                "SCALAR" | "ENUM" => format!("{type_name}_{name}: {name}"),
                _ if name.ends_with("sConnection") => {
                    format!("{type_name}_{name}: {name} {{ totalCount pageInfo {{ endCursor }} nodes {{ __typename }} }}")
                }
                _ => format!("{type_name}_{name}: {name} {{ __typename }}"),
            }
        });
        fields.collect::<Vec<_>>().join(" ")
    };
    let mut seen = std::collections::BTreeSet::new();
    for field in type_called("Query")["fields"].as_array().unwrap() {
        let (name, (inner, _)) = (field["name"].as_str().unwrap(), named(field));
        if name.ends_with("sConnection") {
            client.data(&format!(
                "{{ {name} {{ totalCount nodes {{ __typename }} pageInfo {{ hasNextPage }} }} }}"
            ));
            continue;
        }
        let possible = type_called(&inner)["possibleTypes"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let concrete: Vec<String> = if possible.is_empty() {
            vec![inner]
        } else {
            possible
                .iter()
                .map(|found| found["name"].as_str().unwrap().to_owned())
                .collect()
        };
        for type_name in concrete {
            let data = client.data(&format!(
                "{{ {name} {{ __typename ... on {type_name} {{ {} }} }} }}",
                selection(&type_name)
            ));
            let found = data[name].as_array().unwrap().iter();
            seen.extend(found.map(|object| object["__typename"].as_str().unwrap().to_owned()));
        }
    }
    for type_name in [
        "Workbook",
        "Sheet",
        "Dashboard",
        "EmbeddedDatasource",
        "PublishedDatasource",
        "DatabaseTable",
        "CustomSQLTable",
        "VirtualConnection",
        "VirtualConnectionTable",
        "DatabaseServer",
        "File",
        "Column",
        "ColumnField",
        "DatasourceField",
        "TableauUser",
        "TableauSite",
        "Tag",
        "Parameter",
        "DataQualityWarning",
    ] {
        assert!(seen.contains(type_name), "no {type_name} was asked about");
    }
}
