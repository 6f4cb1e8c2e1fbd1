//! The REST API over the wire, in both forms.

use crate::support::{Client, NOON, send, small, start};
use serde_json::{Value, json};
use tailwater_tableau_sim::site_file::{SiteBuilder, SiteRole};

async fn client() -> Client {
    Client::start(small(), "tailwater").await
}

/// Takes what changes from run to run out of an answer.
fn stable(text: &str, client: &Client) -> String {
    text.replace(client.running.base_url(), "http://tableau")
}

#[tokio::test(flavor = "multi_thread")]
async fn server_info_is_open_in_any_spelling_and_version() {
    let running = start(small()).await;
    for path in [
        "/api/2.4/serverinfo",
        "/api/2.4/serverInfo",
        "/api/3.99/SERVERINFO",
    ] {
        let xml = send(running.base_url(), "GET", path, &[], "");
        assert!(
            xml.status == 200 && xml.body.contains("<restApiVersion>3.25</restApiVersion>"),
            "{xml:?}"
        );
        assert!(
            xml.head.contains("x-tableau: tableau server")
                && xml.head.contains("application/xml;charset=utf-8")
        );
    }
    let json = send(
        running.base_url(),
        "GET",
        "/api/2.4/serverinfo",
        &[("Accept", "application/json")],
        "",
    );
    assert_eq!(
        json.json(),
        json!({"serverInfo": {"productVersion": {"value": "2025.1.2", "build": "20251.25.0413.1022"}, "restApiVersion": "3.25"}})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_are_too_new_or_too_old_are_refused() {
    let client = client().await;
    let code = |version: &str| {
        let path = format!("/api/{version}/sites/{}/projects", client.site);
        let headers = [
            ("X-Tableau-Auth", client.token.as_str()),
            ("Accept", "application/json"),
        ];
        send(client.running.base_url(), "GET", &path, &headers, "").json()["error"]["code"].clone()
    };
    assert_eq!(
        (code("3.26"), code("2.0"), code("x")),
        (json!("404001"), json!("403037"), json!("404001"))
    );
    assert_eq!(code("3.9"), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_items_have_the_recorded_shapes() {
    let client = client().await;
    let id = client.get("workbooks?filter=tags:eq:weekly").json()["workbooks"]["workbook"][0]["id"].clone();
    let id = id.as_str().unwrap();
    let paths = [
        "projects?filter=name:eq:Finance".to_owned(),
        "workbooks?sort=name:desc&pageSize=1&filter=projectName:in:[Finance,Sales]".to_owned(),
        format!("workbooks/{id}"),
        format!("workbooks/{id}/views?includeUsageStatistics=true"),
        format!("workbooks/{id}/connections"),
        "views?filter=name:eq:Overview&includeUsageStatistics=true".to_owned(),
        "datasources".to_owned(),
        "users?sort=name:asc".to_owned(),
        "tasks/extractRefreshes".to_owned(),
    ];
    let mut shown = String::new();
    for path in paths {
        let json = serde_json::to_string_pretty(&client.get(&path).json()).unwrap();
        let xml = client.get_xml(&path).body.replace("><", ">\n<");
        shown.extend(["# ", &path, "\n", &xml, "\n\n", &json, "\n\n"]);
    }
    insta::assert_snapshot!(stable(&shown, &client));
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_by_slug_and_in_a_personal_space() {
    let client = client().await;
    let orders = client.get("workbooks/Orders?key=contentUrl").json();
    assert_eq!(orders["workbook"]["name"], "Orders");
    let sketch = client.get("workbooks/Mysketch?key=contentUrl").json();
    assert_eq!(
        (
            &sketch["workbook"]["project"],
            &sketch["workbook"]["location"]["type"]
        ),
        (&Value::Null, &json!("PersonalSpace"))
    );
    // Only its owner and administrators see it.
    let mut viewer = client;
    viewer.sign_in("acme", "viewer");
    assert_eq!(viewer.get("workbooks/Mysketch?key=contentUrl").code(), "404006");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_codes() {
    let client = client().await;
    for (path, code) in [
        ("workbooks?pageSize=1001", "403014"),
        ("workbooks?pageSize=x", "400007"),
        ("workbooks?pageNumber=0", "400006"),
        ("workbooks?pageNumber=99", "400006"),
        ("workbooks?filter=projectId:eq:1", "400065"),
        ("datasources?sort=contentUrl:asc", "400065"),
        ("views?includeUsageStatistics=yes", "400008"),
        ("workbooks/nothing", "404006"),
        ("views/nothing", "404011"),
        ("datasources/nothing", "404004"),
        ("users/nothing", "404002"),
        ("jobs/nothing", "404018"),
        ("tasks/extractRefreshes/nothing", "404026"),
        ("tables/nothing", "404032"),
        ("webhooks/nothing", "404034"),
        ("labels/nothing", "404030"),
        ("nothing/at/all", "404003"),
    ] {
        let answer = client.get(path);
        assert_eq!(
            (answer.code().as_str(), answer.status.to_string().as_str()),
            (code, &code[..3]),
            "{path}"
        );
    }
    assert_eq!(client.call("POST", "projects", "{}").code(), "405000");
    assert_eq!(
        client.call("PUT", "workbooks/nothing/tags", "not json").code(),
        "400000"
    );
    let path = format!("/api/3.25/sites/{}/webhooks", client.site);
    let headers = [
        ("X-Tableau-Auth", client.token.as_str()),
        ("Content-Type", "text/csv"),
        ("Accept", "application/json"),
    ];
    assert_eq!(
        send(client.running.base_url(), "POST", &path, &headers, "a,b").code(),
        "406000"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_for_one_site_and_one_session() {
    let mut client = client().await;
    let acme = (client.token.clone(), client.site.clone());
    client.sign_in("", "root");
    let default = std::mem::replace(&mut client.site, acme.1.clone());
    assert_eq!(client.get("projects").code(), "403010");
    client.site = default;
    assert_eq!(client.get("projects").status, 200);
    // Signing in with the other token did not end the first session; doing so with the same one does.
    let root = std::mem::replace(&mut client.token, acme.0.clone());
    client.site = acme.1;
    assert_eq!(client.get("projects").status, 200);
    client.sign_in("acme", "tailwater");
    client.token = acme.0;
    assert_eq!(client.get("projects").code(), "401002");
    client.token = root;
    assert_eq!(client.get("projects").code(), "403010");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_tokens_end_by_the_clock() {
    let mut file = small();
    file.sites[0].tokens[0].expires_at = Some(tailwater_tableau_sim::site_file::Instant(
        "2025-03-05T00:00:00Z".parse().unwrap(),
    ));
    let client = Client::start(file, "tailwater").await;
    client.running.clock().advance(chrono::TimeDelta::minutes(240));
    assert_eq!(client.get("projects").code(), "401002");
    client.running.clock().advance(chrono::TimeDelta::hours(24));
    let body = json!({"credentials": {"personalAccessTokenName": "tailwater", "personalAccessTokenSecret": "tailwater-secret", "site": {"contentUrl": "acme"}}});
    let headers = [("Content-Type", "application/json")];
    let refused = send(
        client.running.base_url(),
        "POST",
        "/api/3.25/auth/signin",
        &headers,
        &body.to_string(),
    );
    assert_eq!((refused.status, refused.code().as_str()), (401, "401001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_can_be_switched_on_server() {
    let mut file = small();
    let root = file.sites[1].users[0].clone();
    file.sites[0].users.push(root);
    let mut client = Client::start(file, "tailwater").await;
    client.sign_in("", "root");
    let headers = [
        ("X-Tableau-Auth", client.token.as_str()),
        ("Content-Type", "application/json"),
    ];
    let switch = |content_url: &str| {
        let body = json!({"site": {"contentUrl": content_url}}).to_string();
        send(
            client.running.base_url(),
            "POST",
            "/api/3.25/auth/switchSite",
            &headers,
            &body,
        )
    };
    assert_eq!(switch("").code(), "403070");
    assert_eq!(switch("nowhere").code(), "401003");
    let switched = switch("acme").json();
    assert_eq!(switched["credentials"]["site"]["contentUrl"], "acme");
    assert_eq!(client.get("projects").code(), "401002");
    let token = switched["credentials"]["token"].as_str().unwrap();
    let headers = [("X-Tableau-Auth", token), ("Accept", "application/json")];
    let session = send(
        client.running.base_url(),
        "GET",
        "/api/3.25/sessions/current",
        &headers,
        "",
    )
    .json();
    assert_eq!(session["session"]["user"]["name"], "root");
}

#[tokio::test(flavor = "multi_thread")]
async fn bridge_hands_over_before_it_completes() {
    let mut file = small();
    file.sites[0].datasources[0].bridge = true;
    let client = Client::start(file, "tailwater").await;
    let id = client.get("datasources").json()["datasources"]["datasource"][0]["id"].clone();
    let started = client.call(
        "POST",
        &format!("datasources/{}/refresh", id.as_str().unwrap()),
        "{}",
    );
    assert_eq!(started.status, 202);
    let job = started.json()["job"]["id"].as_str().unwrap().to_owned();
    let seen = |seconds: i64| {
        client.running.clock().set(
            NOON.parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::TimeDelta::seconds(seconds),
        );
        let job = client.get(&format!("jobs/{job}")).json()["job"].clone();
        (job["finishCode"].clone(), job["completedAt"].is_string())
    };
    assert_eq!(seen(6), (Value::Null, false));
    assert_eq!(seen(20), (json!("0"), false));
    assert_eq!(seen(60), (json!("3"), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_put_read_and_deleted() {
    let client = client().await;
    let table = client.get("tables").json()["tables"]["table"][0]["id"].clone();
    let content = json!({"content": [{"contentType": "table", "id": table}]});
    let put = json!({"contentList": content, "label": {"value": "warning", "message": "m", "active": true, "elevated": true}});
    let label = client.call("PUT", "labels", &put.to_string()).json()["labelList"]["label"][0].clone();
    assert_eq!(
        (&label["category"], &label["elevated"], &label["contentId"]),
        (&json!("warning"), &json!(true), &table)
    );
    let read = client.call(
        "POST",
        "labels?categories=warning",
        &json!({"contentList": content}).to_string(),
    );
    assert_eq!(read.json()["labelList"]["label"].as_array().unwrap().len(), 1);
    let path = format!("labels/{}", label["id"].as_str().unwrap());
    assert_eq!(client.call("DELETE", &path, "").status, 204);
    assert_eq!(client.get(&path).code(), "404030");
    let internal = json!({"contentList": content, "label": {"value": "extract_refresh_failure"}});
    assert_eq!(
        client.call("PUT", "labels", &internal.to_string()).code(),
        "409004"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_workbooks_are_served_in_pages() {
    let file = SiteBuilder::new("acme")
        .workbooks(20_000)
        .user("vera", SiteRole::Viewer)
        .build();
    let client = Client::start(file, "tailwater").await;
    let page = client
        .get("workbooks?pageSize=1000&pageNumber=20&sort=name:asc")
        .json();
    assert_eq!(page["pagination"]["totalAvailable"], "20000");
    assert_eq!(page["workbooks"]["workbook"][999]["name"], "Workbook 20000");
    let data = client.data(
        r"{ workbooksConnection(first: 1000, offset: 19000, orderBy: {field: NAME, direction: ASC}) { totalCount nodes { name
             upstreamTables { name downstreamOwners { name } } } } }",
    );
    assert_eq!(data["workbooksConnection"]["totalCount"], 20_000);
    assert_eq!(
        data["workbooksConnection"]["nodes"][999]["upstreamTables"][0]["name"],
        "TABLE_099"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_pages_follow_the_public_address_and_the_site() {
    let mut file = small();
    file.server.public_url = Some("https://tableau.acme.example/".to_owned());
    let mut client = Client::start(file, "tailwater").await;
    let page =
        |client: &Client| client.get("workbooks").json()["workbooks"]["workbook"][0]["webpageUrl"].clone();
    let acme = page(&client);
    assert!(
        acme.as_str()
            .unwrap()
            .starts_with("https://tableau.acme.example/#/site/acme/workbooks/"),
        "{acme}"
    );
    client.sign_in("", "root");
    // The default site is not named in addresses; it holds nothing here.
    assert_eq!(client.get("workbooks").json()["workbooks"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_wants_a_site_and_its_schedules_have_no_names() {
    let mut file = small();
    file.server.hosting = tailwater_tableau_sim::site_file::Hosting::Cloud;
    let client = Client::start(file, "tailwater").await;
    let body = json!({"credentials": {"personalAccessTokenName": "root", "personalAccessTokenSecret": "root-secret", "site": {"contentUrl": ""}}});
    let headers = [("Content-Type", "application/json")];
    let refused = send(
        client.running.base_url(),
        "POST",
        "/api/3.25/auth/signin",
        &headers,
        &body.to_string(),
    );
    assert_eq!(refused.code(), "401001");
    let task = client.get("tasks/extractRefreshes").json()["tasks"]["task"][0]["extractRefresh"].clone();
    assert_eq!(
        (&task["schedule"]["id"], &task["schedule"]["frequency"]),
        (&Value::Null, &json!("Daily"))
    );
    client.running.clock().advance(chrono::TimeDelta::minutes(120));
    assert_eq!(client.get("projects").code(), "401002");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsorted_lists_may_turn_between_calls() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.unstable_order = true);
    let first = |path: &str| client.get(path).json()["workbooks"]["workbook"][0]["name"].clone();
    let unsorted: std::collections::BTreeSet<String> =
        (0..4).map(|_| first("workbooks").to_string()).collect();
    assert!(unsorted.len() > 1, "{unsorted:?}");
    assert_eq!(first("workbooks?sort=name:asc"), first("workbooks?sort=name:asc"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_or_missing_credentials_are_told_apart_from_wrong_ones() {
    let running = start(small()).await;
    let headers = [("Content-Type", "application/json")];
    let sign_in = |body: &str| {
        send(
            running.base_url(),
            "POST",
            "/api/3.25/auth/signin",
            &headers,
            body,
        )
    };
    let mixed = json!({"credentials": {"personalAccessTokenName": "tailwater", "name": "vera", "site": {"contentUrl": "acme"}}});
    assert_eq!(sign_in(&mixed.to_string()).code(), "400000");
    assert_eq!(sign_in("").code(), "401009");
    assert_eq!(sign_in("{}").code(), "400000");
    let nobody = [("Accept", "application/json")];
    assert_eq!(
        send(
            running.base_url(),
            "GET",
            "/api/3.25/sites/x/projects",
            &nobody,
            ""
        )
        .code(),
        "401000"
    );
}
