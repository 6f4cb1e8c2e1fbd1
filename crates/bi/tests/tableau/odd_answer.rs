//! Answers that no well-behaved server gives, but that were seen: XML only, other prefixes, lists that do
//! not add up, nulls, pages for people.

use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::{Value, json};
use tailwater_bi::{Connector, Error, NoProgress};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::inventory::{Completeness, Inventory};
use tailwater_core::selection::Selection;
use wiremock::matchers::{body_string_contains, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{asset, connect_with, notice_codes, settings};

/// A Tableau whose answers are set one by one. What was set last counts.
struct Odd {
    server: MockServer,
    /// Of two mocks that fit, the one with the lesser number answers.
    next_priority: AtomicU8,
}

const SITE: &str = "/api/3.25/sites/5d0c";

impl Odd {
    /// With sign-in, and lists that are empty.
    async fn new() -> Self {
        let odd = Self {
            server: MockServer::start().await,
            next_priority: AtomicU8::new(250),
        };
        odd.xml(
            "/api/2.4/serverinfo",
            "<serverInfo><restApiVersion>3.25</restApiVersion></serverInfo>",
        )
        .await;
        let credentials = json!({"credentials": {"token": "session-token", "site": {"id": "5d0c"}, "user": {"id": "7a11"}}});
        odd.json("POST", "/api/3.25/auth/signin", &credentials).await;
        odd.list("projects", "project", json!([{"id": "p", "name": "Sales"}]))
            .await;
        for (plural, singular) in [
            ("workbooks", "workbook"),
            ("views", "view"),
            ("datasources", "datasource"),
        ] {
            odd.list(plural, singular, json!([])).await;
        }
        odd.graph(json!({"data": {"page": {"nodes": []}}})).await;
        odd
    }

    async fn respond(&self, verb: &str, at: &str, template: ResponseTemplate) {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(template)
            .with_priority(self.next_priority.fetch_sub(1, Ordering::Relaxed))
            .mount(&self.server)
            .await;
    }

    async fn xml(&self, at: &str, inner: &str) {
        let body = format!(
            "<?xml version='1.0'?><t:tsResponse xmlns:t=\"http://tableau.com/api\">{inner}</t:tsResponse>"
        );
        let template = ResponseTemplate::new(200).set_body_raw(body, "application/xml");
        self.respond("GET", at, template).await;
    }

    async fn json(&self, verb: &str, at: &str, body: &Value) {
        self.respond(verb, at, ResponseTemplate::new(200).set_body_json(body))
            .await;
    }

    async fn list(&self, plural: &str, singular: &str, entries: Value) {
        let total = entries.as_array().map_or(0, Vec::len).to_string();
        let body = json!({"pagination": {"pageNumber": "1", "pageSize": "1000", "totalAvailable": total},
            plural: {singular: entries}});
        self.json("GET", &format!("{SITE}/{plural}"), &body).await;
    }

    /// One page of workbooks, by number.
    async fn workbook_page(&self, number: usize, total: usize, ids: &[&str]) {
        let entries: Vec<Value> = ids
            .iter()
            .map(|id| json!({"id": id, "name": format!("W {id}"), "project": {"id": "p", "name": "Sales"}}))
            .collect();
        let body = json!({"pagination": {"pageNumber": number.to_string(), "pageSize": "1000", "totalAvailable": total.to_string()},
            "workbooks": {"workbook": entries}});
        self.workbook_answer(number, ResponseTemplate::new(200).set_body_json(body))
            .await;
    }

    async fn workbook_answer(&self, number: usize, template: ResponseTemplate) {
        Mock::given(method("GET"))
            .and(path(format!("{SITE}/workbooks")))
            .and(query_param("pageNumber", number.to_string()))
            .respond_with(template)
            .with_priority(1)
            .mount(&self.server)
            .await;
    }

    async fn graph(&self, body: Value) {
        self.json("POST", "/api/metadata/graphql", &body).await;
    }

    async fn fetch(&self) -> Result<Inventory, Error> {
        self.fetch_selected(&["**"]).await
    }

    async fn fetch_selected(&self, patterns: &[&str]) -> Result<Inventory, Error> {
        let connector = connect_with(settings(&self.server.uri(), "acme", "tailwater", "s3cret"));
        connector
            .fetch_inventory(&Selection::new(patterns.iter().copied()), &NoProgress)
            .await
    }

    async fn calls(&self, at: &str) -> usize {
        let requests = self.server.received_requests().await.unwrap();
        requests.iter().filter(|request| request.url.path() == at).count()
    }
}

fn reason(completeness: &Completeness) -> &str {
    match completeness {
        Completeness::Partial { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_only_speaks_xml_is_read() {
    let odd = Odd::new().await;
    odd.xml(
        &format!("{SITE}/projects"),
        r#"<t:pagination pageNumber="1" pageSize="1000" totalAvailable="2"/><t:projects>
            <t:project id="p" name="R&amp;D"/><t:project id="q" name="Old" parentProjectId="p"/></t:projects>"#,
    )
    .await;
    odd.xml(
        &format!("{SITE}/workbooks"),
        r#"<t:pagination pageNumber="1" pageSize="1000" totalAvailable="1"/><t:workbooks>
            <t:workbook id="w" name="Sales &lt;1&gt;" createdAt="2024-02-14T04:42:09Z" webpageUrl="https://bi.acme.example/#/workbooks/17">
              <t:project id="q" name="Old"/><t:owner id="u" name="bob" fullName="Bob"/><t:tags><t:tag label="weekly"/></t:tags>
            </t:workbook></t:workbooks>"#,
    )
    .await;
    odd.xml(
        &format!("{SITE}/views"),
        r#"<t:pagination pageNumber="1" pageSize="1000" totalAvailable="1"/><t:views>
            <t:view id="v" name="Overview" contentUrl="Sales/sheets/Overview" sheetType="dashboard">
            <t:workbook id="w"/><t:usage totalViewCount="42"/></t:view></t:views>"#,
    )
    .await;
    let inventory = odd.fetch().await.unwrap();
    let sales = asset(&inventory, "Sales <1>");
    assert_eq!(sales.collection_path, ["R&D", "Old"]);
    assert_eq!(sales.total_views, Some(42));
    assert_eq!(sales.owner.as_ref().unwrap().name.as_deref(), Some("Bob"));
    assert!(sales.tags.contains("weekly"));
    assert_eq!(sales.lineage, Completeness::Pending);
    assert_eq!(inventory.listing, Completeness::Complete);
}

#[tokio::test]
async fn a_list_shorter_than_told_is_partial() {
    let odd = Odd::new().await;
    odd.workbook_page(1, 3, &["a", "b"]).await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.assets.len(), 2);
    assert!(
        reason(&inventory.listing).contains("2 of 3 workbooks"),
        "{:?}",
        inventory.listing
    );
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-LIST-PARTIAL"));
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_given_up_whatever_total_it_tells() {
    let odd = Odd::new().await;
    let body = json!({"pagination": {"pageNumber": "1", "pageSize": "1000", "totalAvailable": "999999999999"},
        "workbooks": {"workbook": [{"id": "w", "name": "W", "project": {"id": "p", "name": "Sales"}}]}});
    let path = format!("{SITE}/workbooks");
    odd.json("GET", &path, &body).await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.assets.len(), 1);
    assert!(
        reason(&inventory.listing).contains("came twice"),
        "{:?}",
        inventory.listing
    );
    // The list is read a second time, since it does not add up.
    let calls = odd.calls(&path).await;
    assert!(calls <= 20, "{calls}");
}

#[tokio::test]
async fn a_page_that_fails_or_comes_twice_makes_the_list_partial() {
    let many: Vec<String> = (0..1000).map(|number| format!("w{number:04}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let odd = Odd::new().await;
    odd.workbook_page(1, 1002, &many).await;
    odd.workbook_answer(2, ResponseTemplate::new(500)).await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.assets.len(), 1000);
    assert!(reason(&inventory.listing).contains("could not be read"));

    let odd = Odd::new().await;
    odd.workbook_page(1, 1002, &many).await;
    odd.workbook_page(2, 1002, &many[..2]).await;
    let inventory = odd.fetch().await.unwrap();
    assert!(
        reason(&inventory.listing).contains("came twice"),
        "{:?}",
        inventory.listing
    );

    let odd = Odd::new().await;
    odd.workbook_page(1, 1002, &many).await;
    odd.workbook_page(2, 1002, &["x", "y"]).await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.assets.len(), 1002);
    assert_eq!(inventory.listing, Completeness::Complete);
}

#[tokio::test]
async fn a_total_beyond_reason_does_not_ask_for_ever() {
    let odd = Odd::new().await;
    odd.workbook_page(1, usize::MAX / 2, &["a"]).await;
    odd.respond("GET", &format!("{SITE}/workbooks"), ResponseTemplate::new(400))
        .await;
    let inventory = odd.fetch().await.unwrap();
    assert!(!inventory.listing.is_complete());
    assert!(odd.calls(&format!("{SITE}/workbooks")).await < 30);
}

#[tokio::test]
async fn null_entries_make_a_list_partial() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([null, {"id": "a", "name": "A", "project": {"id": "p"}}, {"name": "no id"}]),
    )
    .await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.assets.len(), 1);
    assert!(reason(&inventory.listing).contains("hold no id"));
}

#[tokio::test]
async fn a_project_that_is_not_listed_stands_at_the_top() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([
            {"id": "a", "name": "A", "project": {"id": "unlisted", "name": "Board"}},
            {"id": "b", "name": "B", "location": {"type": "PersonalSpace", "id": "x"}},
        ]),
    )
    .await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(asset(&inventory, "A").collection_path, ["Board"]);
    assert_eq!(inventory.assets.len(), 1);
    let codes = notice_codes(&inventory);
    assert!(
        codes.contains(&"TW-TABLEAU-PROJECT-HIDDEN") && codes.contains(&"TW-TABLEAU-PERSONAL-SPACE"),
        "{codes:?}"
    );
}

/// A workbook in a listed project, one of which no project is told, one in a personal space.
async fn without_a_project() -> Odd {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([
            {"id": "a", "name": "A", "project": {"id": "p", "name": "Sales"}},
            {"id": "b", "name": "B"},
            {"id": "c", "name": "C", "location": {"type": "PersonalSpace", "id": "x"}},
        ]),
    )
    .await;
    odd
}

#[tokio::test]
async fn workbooks_without_a_project_are_part_of_everything() {
    let odd = without_a_project().await;
    for patterns in [&["**"][..], &["Sales", "(project not visible)"]] {
        let inventory = odd.fetch_selected(patterns).await.unwrap();
        assert_eq!(inventory.assets.len(), 2);
        assert_eq!(asset(&inventory, "B").collection_path, ["(project not visible)"]);
        assert_eq!(inventory.listing, Completeness::Complete);
        assert_eq!(
            notice_codes(&inventory)[..2],
            ["TW-TABLEAU-NO-PROJECT", "TW-TABLEAU-PENDING"]
        );
    }
}

#[tokio::test]
async fn workbooks_without_a_project_leave_a_selection_in_doubt() {
    let odd = without_a_project().await;
    let inventory = odd.fetch_selected(&["Sales/**"]).await.unwrap();
    assert_eq!(inventory.assets.len(), 1);
    assert!(reason(&inventory.listing).contains("1 workbook left out"));
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-PLACE-UNKNOWN"));
}

#[tokio::test]
async fn projects_that_become_invisible_leave_a_selection_in_doubt() {
    let odd = Odd::new().await;
    let in_project = |id: &str| json!([{"id": "a", "name": "A", "project": {"id": id, "name": "Monthly"}}]);
    // The project itself is not listed, or only the one above it is not.
    odd.list("workbooks", "workbook", in_project("unlisted")).await;
    for (pattern, is_in_doubt) in [
        ("Sales/**", true),
        ("Finance/Monthly", true),
        ("Finance/*", true),
        ("Finance/Weekly", false),
        ("Sales", false),
        ("Monthly", false),
        ("unlisted", false),
    ] {
        let listing = odd.fetch_selected(&[pattern]).await.unwrap().listing;
        assert_eq!(!listing.is_complete(), is_in_doubt, "{pattern}: {listing:?}");
    }
    let projects =
        json!([{"id": "p", "name": "Sales"}, {"id": "q", "name": "Monthly", "parentProjectId": "gone"}]);
    odd.list("projects", "project", projects).await;
    odd.list("workbooks", "workbook", in_project("q")).await;
    for (pattern, is_in_doubt) in [
        ("Finance/**", true),
        ("Finance/Monthly", true),
        ("Finance/Weekly", false),
        // This project is there, so the other is taken to stand elsewhere.
        ("Sales/**", false),
        ("q", false),
    ] {
        let listing = odd.fetch_selected(&[pattern]).await.unwrap().listing;
        assert_eq!(!listing.is_complete(), is_in_doubt, "{pattern}: {listing:?}");
    }
}

#[tokio::test]
async fn empty_entries_among_columns_leave_a_data_source_in_doubt() {
    let column = json!({"table": {"__typename": "DatabaseTable", "id": "t"}});
    for (fields, is_whole) in [
        (json!([{"upstreamColumns": [column]}]), true),
        (json!([{"upstreamColumns": []}]), true),
        (json!([]), true),
        (json!([null, {"upstreamColumns": [column]}]), false),
        (json!(null), false),
        (json!([{"upstreamColumns": null}]), false),
        (json!([{"upstreamColumns": [null]}]), false),
        (json!([{"upstreamColumns": [{"table": null}]}]), false),
        (
            json!([{"upstreamColumns": [{"table": {"__typename": "DatabaseTable", "id": null}}]}]),
            false,
        ),
    ] {
        let odd = Odd::new().await;
        odd.list(
            "workbooks",
            "workbook",
            json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
        )
        .await;
        let answers = [
            (
                "query Workbooks(",
                json!({"luid": "w", "embeddedDatasources": [{"id": "e"}]}),
            ),
            ("query EmbeddedColumns(", json!({"id": "e", "fields": fields})),
            ("query Tables(", json!({"id": "t", "name": "T"})),
        ];
        for (query, node) in answers {
            let body = json!({"data": {"page": {"nodes": [node]}}});
            Mock::given(method("POST"))
                .and(body_string_contains(query))
                .respond_with(ResponseTemplate::new(200).set_body_json(body))
                .with_priority(1)
                .mount(&odd.server)
                .await;
        }
        let inventory = odd.fetch().await.unwrap();
        let lineage = &asset(&inventory, "W").lineage;
        assert_eq!(lineage.is_complete(), is_whole, "{fields}: {lineage:?}");
        assert_eq!(
            inventory.data_sources["e"].lineage.is_complete(),
            is_whole,
            "{fields}"
        );
    }
}

#[tokio::test]
async fn a_null_for_the_data_sources_leaves_a_workbook_in_doubt() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    odd.graph(json!({"data": {"page": {"nodes": [{"luid": "w", "embeddedDatasources": null}]}}}))
        .await;
    let inventory = odd.fetch().await.unwrap();
    assert!(!asset(&inventory, "W").lineage.is_complete());
}

#[tokio::test]
async fn a_busy_metadata_api_is_not_asked_in_smaller_pieces() {
    let odd = failing_metadata(300).await;
    let busy = ResponseTemplate::new(503).insert_header("retry-after", "0");
    odd.respond("POST", "/api/metadata/graphql", busy).await;
    assert_eq!(odd.fetch().await.unwrap_err().code(), "TW-HTTP-THROTTLED");
    // Two queries under way, each with its repeats.
    assert!(odd.calls("/api/metadata/graphql").await <= 8);
}

#[tokio::test]
async fn parameters_that_are_refused_are_left_out() {
    let odd = Odd::new().await;
    let refused = json!({"error": {"code": "400008", "detail": "Invalid parameter"}});
    Mock::given(method("GET"))
        .and(path(format!("{SITE}/views")))
        .and(query_param("includeUsageStatistics", "true"))
        .respond_with(ResponseTemplate::new(400).set_body_json(refused))
        .with_priority(1)
        .mount(&odd.server)
        .await;
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    odd.list(
        "views",
        "view",
        json!([{"id": "v", "name": "V", "workbook": {"id": "w"}}]),
    )
    .await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(asset(&inventory, "W").parts.len(), 1);
    assert_eq!(asset(&inventory, "W").total_views, None);
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-NO-USAGE"));
}

#[tokio::test]
async fn views_that_are_forbidden_do_not_stop_a_sync() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    let refused = json!({"error": {"code": "403004", "summary": "Forbidden"}});
    let template = ResponseTemplate::new(403).set_body_json(refused);
    odd.respond("GET", &format!("{SITE}/views"), template).await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.listing, Completeness::Complete);
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-LIST-PARTIAL"));
}

#[tokio::test]
async fn owners_are_looked_up_once_each_and_only_until_refused() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([
            {"id": "a", "name": "A", "project": {"id": "p"}, "owner": {"id": "u1", "name": "ann"}},
            {"id": "b", "name": "B", "project": {"id": "p"}, "owner": {"id": "u1", "name": "ann"}},
        ]),
    )
    .await;
    let user = json!({"user": {"id": "u1", "name": "ann", "fullName": "Ann", "email": "ann@acme.example"}});
    odd.json("GET", &format!("{SITE}/users/u1"), &user).await;
    let inventory = odd.fetch().await.unwrap();
    for name in ["A", "B"] {
        let owner = asset(&inventory, name).owner.clone().unwrap();
        assert_eq!(owner.name.as_deref(), Some("Ann"));
        assert_eq!(owner.email.as_deref(), Some("ann@acme.example"));
    }
    assert_eq!(odd.calls(&format!("{SITE}/users/u1")).await, 1);

    let refused = ResponseTemplate::new(403).set_body_json(json!({"error": {"code": "403004"}}));
    odd.respond("GET", &format!("{SITE}/users/u1"), refused).await;
    let inventory = odd.fetch().await.unwrap();
    // The login name is all that is told.
    assert_eq!(
        asset(&inventory, "A").owner.as_ref().unwrap().name.as_deref(),
        Some("ann")
    );
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-NO-OWNERS"));
}

#[tokio::test]
async fn warnings_without_data_leave_assets_partial() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    odd.graph(json!({"errors": [{"message": "switched", "extensions": {"severity": "WARNING", "code": "PERMISSIONS_MODE_SWITCHED"}}]}))
        .await;
    let inventory = odd.fetch().await.unwrap();
    assert!(reason(&asset(&inventory, "W").lineage).contains("may not see"));
    assert!(notice_codes(&inventory).contains(&"TW-TABLEAU-LIMITED-VIEW"));
}

#[tokio::test]
async fn lineage_with_nulls_everywhere_is_read() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    odd.graph(json!({"data": {"page": {"nodes": [null, {
        "id": "m", "luid": "w", "sheets": [null, {"id": "s", "luid": "", "path": "", "name": null}],
        "dashboards": null, "owner": null, "upstreamTables": [null, {"id": "t", "name": null}],
        "embeddedDatasources": [null, {"id": "e", "name": null, "upstreamTables": null,
            "parentPublishedDatasources": [null, {"id": "x", "luid": ""}]}],
    }], "pageInfo": null, "totalCount": null}}}))
        .await;
    let inventory = odd.fetch().await.unwrap();
    let asset = asset(&inventory, "W");
    // Where entries are empty, something may be missing.
    assert!(!asset.lineage.is_complete());
    assert_eq!(
        (asset.parts.len(), asset.data_sources.len(), asset.tables.len()),
        (1, 1, 1)
    );
    assert!(asset.parts[0].is_hidden);
}

#[tokio::test]
async fn a_session_that_dies_again_and_again_is_an_error() {
    let odd = Odd::new().await;
    let dead = json!({"error": {"code": "401002", "summary": "Unauthorized Access", "detail": "Invalid authentication credentials were provided."}});
    let template = ResponseTemplate::new(401).set_body_json(dead);
    odd.respond("GET", &format!("{SITE}/workbooks"), template).await;
    let error = odd.fetch().await.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-SESSION-STOLEN", "{error}");
    assert!(error.to_string().contains("tailwater"));
    assert_eq!(odd.calls("/api/3.25/auth/signin").await, 2);
}

#[tokio::test]
async fn a_bare_401_is_asked_again_with_the_same_session() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    let bare = json!({"timestamp": "now", "status": 401, "error": "Unauthorized", "path": "/relationship-service-war/graphql"});
    Mock::given(method("POST"))
        .and(path("/api/metadata/graphql"))
        .respond_with(ResponseTemplate::new(401).set_body_json(bare))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&odd.server)
        .await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.assets.len(), 1);
    assert_eq!(odd.calls("/api/3.25/auth/signin").await, 1);
}

#[tokio::test]
async fn pages_for_people_are_no_data() {
    let odd = Odd::new().await;
    let page = ResponseTemplate::new(200).set_body_raw("<html><body>Sign in</body></html>", "text/html");
    odd.respond("GET", &format!("{SITE}/workbooks"), page.clone())
        .await;
    assert_eq!(odd.fetch().await.unwrap_err().code(), "TW-TABLEAU-ANSWER");
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    odd.respond("POST", "/api/metadata/graphql", page.clone()).await;
    assert_eq!(odd.fetch().await.unwrap_err().code(), "TW-TABLEAU-METADATA-OFF");
    odd.respond("GET", "/api/2.4/serverinfo", page).await;
    assert_eq!(odd.fetch().await.unwrap_err().code(), "TW-TABLEAU-NOT-TABLEAU");
}

#[tokio::test]
async fn a_very_old_server_is_named_as_such() {
    let odd = Odd::new().await;
    let body = r#"<tsResponse xmlns="http://tableau.com/api"><error code="404003"><summary>Resource Not Found</summary><detail>Unknown resource</detail></error></tsResponse>"#;
    let template = ResponseTemplate::new(404).set_body_raw(body, "application/xml");
    odd.respond("GET", "/api/2.4/serverinfo", template).await;
    assert_eq!(odd.fetch().await.unwrap_err().code(), "TW-TABLEAU-TOO-OLD");
}

#[tokio::test]
async fn cloud_without_its_pod_is_told_so() {
    let odd = Odd::new().await;
    let refused = json!({"error": {"code": "405000", "summary": "Invalid request method", "detail": "POST"}});
    let template = ResponseTemplate::new(405).set_body_json(refused);
    odd.respond("POST", "/api/3.25/auth/signin", template).await;
    let error = odd.fetch().await.unwrap_err();
    assert!(error.hint().unwrap().contains("pod"), "{error}");
}

/// So many workbooks, and a Metadata API that fails.
async fn failing_metadata(workbooks: usize) -> Odd {
    let odd = Odd::new().await;
    let entries: Vec<Value> = (0..workbooks)
        .map(|number| json!({"id": format!("w{number}"), "name": format!("W{number}"), "project": {"id": "p"}}))
        .collect();
    odd.list("workbooks", "workbook", Value::from(entries)).await;
    let down = ResponseTemplate::new(503).set_body_raw("<html>down</html>", "text/html");
    odd.respond("POST", "/api/metadata/graphql", down).await;
    odd
}

#[tokio::test]
async fn a_metadata_api_that_is_down_is_an_error_soon() {
    let odd = failing_metadata(300).await;
    assert_eq!(odd.fetch().await.unwrap_err().code(), "TW-HTTP-SERVER");
    // Pieces of 50 down to 1 and some more, each with its repeats.
    assert!(odd.calls("/api/metadata/graphql").await < 80);
}

#[tokio::test]
async fn a_metadata_api_that_goes_down_leaves_no_asset_complete() {
    let odd = failing_metadata(120).await;
    let nodes: Vec<Value> = (0..120)
        .map(|number| json!({"id": format!("m{number}"), "luid": format!("w{number}")}))
        .collect();
    Mock::given(method("POST"))
        .and(path("/api/metadata/graphql"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": {"page": {"nodes": nodes}}})))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&odd.server)
        .await;
    let inventory = odd.fetch().await.unwrap();
    assert_eq!(inventory.assets.len(), 120);
    assert!(
        inventory
            .assets
            .values()
            .all(|asset| matches!(asset.lineage, Completeness::Partial { .. }))
    );
    assert_eq!(inventory.listing, Completeness::Complete);
}

#[tokio::test]
async fn a_published_data_source_that_is_not_told_of_is_kept_as_such() {
    let odd = Odd::new().await;
    odd.list("workbooks", "workbook", json!([
        {"id": "w", "name": "W", "project": {"id": "p"}}, {"id": "v", "name": "V", "project": {"id": "p"}},
    ]))
    .await;
    odd.list(
        "datasources",
        "datasource",
        json!([{"id": "new", "name": "New", "hasExtracts": "true"}]),
    )
    .await;
    let copy = |id: &str, parent: &str, tables: Value| {
        json!({"id": id, "name": "Copy", "upstreamTables": tables,
            "parentPublishedDatasources": [{"luid": parent, "name": "Named"}]})
    };
    let nodes = json!([
        {"luid": "w", "embeddedDatasources": [copy("e1", "hidden", json!([{"id": "t", "name": "T"}]))]},
        {"luid": "v", "embeddedDatasources": [copy("e2", "new", json!([]))]},
    ]);
    Mock::given(method("POST"))
        .and(body_string_contains("query Workbooks("))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": {"page": {"nodes": nodes}}})))
        .with_priority(1)
        .mount(&odd.server)
        .await;
    let inventory = odd.fetch().await.unwrap();
    let source = |luid: &str| &inventory.data_sources[luid];
    assert_eq!(source("hidden").name, "Named");
    assert!(reason(&source("hidden").lineage).contains("not visible"));
    assert_eq!(
        (source("new").name.as_str(), source("new").has_extract),
        ("New", Some(true))
    );
    assert_eq!(source("new").lineage, Completeness::Pending);
    // The copy repeats its tables, so nothing is missing; where it does not, something may be.
    assert_eq!(asset(&inventory, "W").lineage, Completeness::Complete);
    assert!(!asset(&inventory, "V").lineage.is_complete());
}

#[tokio::test]
async fn a_metadata_api_that_is_forbidden_says_so() {
    let odd = Odd::new().await;
    odd.list(
        "workbooks",
        "workbook",
        json!([{"id": "w", "name": "W", "project": {"id": "p"}}]),
    )
    .await;
    let refused =
        json!({"error": {"code": "403157", "summary": "Forbidden", "detail": "The feature is disabled."}});
    let template = ResponseTemplate::new(403).set_body_json(refused);
    odd.respond("POST", "/api/metadata/graphql", template).await;
    let error = odd.fetch().await.unwrap_err();
    assert_eq!(error.code(), "TW-TABLEAU-METADATA-FORBIDDEN");
    assert!(error.to_string().contains("403157"), "{error}");
    let refused = json!({"timestamp": "now", "status": 403, "error": "Forbidden", "path": "/relationship-service-war/graphql"});
    odd.respond(
        "POST",
        "/api/metadata/graphql",
        ResponseTemplate::new(403).set_body_json(refused),
    )
    .await;
    assert_eq!(
        odd.fetch().await.unwrap_err().code(),
        "TW-TABLEAU-METADATA-FORBIDDEN"
    );
}
