//! GraphQL: its numbers against those of the catalog and of REST, its pages, its limits.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tailwater_core::project::ResourceType;
use tailwater_engine::account::{Actor, NewApiToken, Role};
use tailwater_web::AppOptions;

use crate::scene::{Answer, Scene};

/// Asks by an address, as a link does.
async fn get(scene: &Scene, query: &str) -> Value {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer = scene.get(&format!("/graphql?query={query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Asks as a program does: with a token, in a body.
struct Program<'a> {
    scene: &'a Scene,
    token: String,
}

impl<'a> Program<'a> {
    async fn new(scene: &'a Scene) -> Self {
        let new = NewApiToken {
            name: "bi".to_owned(),
            role: Role::Viewer,
            expires_at: None,
        };
        let made = scene.workspace.create_api_token(new, &Actor::Local).await;
        Self {
            scene,
            token: made.unwrap().0.expose_secret().to_owned(),
        }
    }

    async fn send(&self, body: impl Into<Body>, accept: &str) -> Answer {
        let request = self
            .scene
            .request(Method::POST, "/graphql")
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(CONTENT_TYPE, "application/json");
        let mut request = request.body(body.into()).unwrap();
        request.headers_mut().insert(ACCEPT, accept.parse().unwrap());
        self.scene.send(request).await
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables}).to_string();
        let answer = self.send(body, "application/json").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The code of the error with which a query is answered.
    async fn refused(&self, query: &str) -> String {
        let answer = self.ask(query, Value::Null).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        assert!(code.is_string(), "{answer}");
        code.as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn every_number_is_the_catalogs_and_that_of_rest() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let kinds = [
        ("exposures", ResourceType::Exposure),
        ("models", ResourceType::Model),
        ("seeds", ResourceType::Seed),
        ("snapshots", ResourceType::Snapshot),
        ("sources", ResourceType::Source),
        ("metrics", ResourceType::Metric),
        ("semanticModels", ResourceType::SemanticModel),
        ("savedQueries", ResourceType::SavedQuery),
    ];
    let mut query = "{environment{name applied{resourceCounts healthCounts{resourceType count healthy caution degraded unknown} macros{totalCount} tests{totalCount}".to_owned();
    for (field, _) in kinds {
        write!(
            query,
            " {field}(first:500){{totalCount edges{{node{{uniqueId health{{state}}}}}}}}"
        )
        .unwrap();
    }
    query.push_str("}}}");
    let answer = get(&scene, &query).await;
    let applied = &answer["data"]["environment"]["applied"];
    assert_eq!(answer["data"]["environment"]["name"], "production", "{answer}");
    for (field, kind) in kinds {
        assert_eq!(applied[field]["totalCount"], catalog.count(kind), "{field}");
        for edge in applied[field]["edges"].as_array().unwrap() {
            let id = edge["node"]["uniqueId"].as_str().unwrap();
            assert_eq!(edge["node"]["health"]["state"], catalog.health(id).state.name());
        }
    }
    let tests = catalog.count(ResourceType::Test) + catalog.count(ResourceType::UnitTest);
    assert_eq!(applied["tests"]["totalCount"], tests);
    assert!(applied["macros"]["totalCount"].as_u64().unwrap() > 0);
    let summary: Value = serde_json::from_str(&scene.page("/api/v1/summary").await).unwrap();
    for (ours, theirs) in applied["healthCounts"]
        .as_array()
        .unwrap()
        .iter()
        .zip(summary["kinds"].as_array().unwrap())
    {
        assert_eq!(ours["resourceType"], theirs["resource_type"]);
        for figure in ["count", "healthy", "caution", "degraded", "unknown"] {
            assert_eq!(ours[figure], theirs[figure], "{figure} of {ours}");
        }
    }
}

#[tokio::test]
async fn an_exposure_says_what_rest_says_of_it() {
    let scene = Scene::demo().await;
    let query = "{environment{applied{exposures(first:500){edges{node{uniqueId name label exposureType maturity url ownerName \
                 ownerEmail definitionType integrationId autoBiProvider tags dataAsOf refreshStatus modelsUpstream totalViews \
                 freshnessStatus quality healthIssues{message} health{state} parents{uniqueId resourceType} unmatched{table} fqn filePath packageName meta}}}}}}";
    let answer = get(&scene, query).await;
    let edges = answer["data"]["environment"]["applied"]["exposures"]["edges"].as_array();
    let edges = edges.expect("a page of exposures");
    assert!(!edges.is_empty());
    for edge in edges {
        let ours = &edge["node"];
        let id = ours["uniqueId"].as_str().unwrap();
        let theirs: Value =
            serde_json::from_str(&scene.page(&format!("/api/v1/exposures/{id}")).await).unwrap();
        for (field, word) in [
            ("name", "name"),
            ("label", "label"),
            ("exposureType", "exposure_type"),
            ("definitionType", "definition_type"),
            ("integrationId", "integration"),
            ("maturity", "maturity"),
            ("url", "url"),
            ("ownerName", "owner_name"),
            ("ownerEmail", "owner_email"),
            ("tags", "tags"),
            ("refreshStatus", "refresh"),
            ("dataAsOf", "refreshed_at"),
            ("modelsUpstream", "models_upstream"),
            ("totalViews", "views"),
        ] {
            assert_eq!(ours[field], theirs[word], "{field} of {id}");
        }
        assert_eq!(ours["health"]["state"], theirs["health"]);
        let reasons = theirs["data_health"]["reasons"].as_array().unwrap();
        assert_eq!(ours["healthIssues"].as_array().unwrap().len(), reasons.len());
        for (ours, theirs) in ours["healthIssues"].as_array().unwrap().iter().zip(reasons) {
            assert_eq!(ours["message"], theirs["text"]);
        }
        let parents: Vec<&Value> = ours["parents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parent| &parent["uniqueId"])
            .collect();
        let depends_on: Vec<&Value> = theirs["depends_on"].as_array().unwrap().iter().collect();
        assert_eq!(parents, depends_on, "{id}");
        assert_eq!(
            ours["unmatched"].as_array().unwrap().len(),
            theirs["unlinked"].as_array().unwrap().len()
        );
        let is_auto = theirs["modes"].as_array().unwrap().contains(&json!("auto"));
        assert_eq!(ours["autoBiProvider"] == "tableau", is_auto, "{ours}");
    }
}

#[tokio::test]
async fn pages_follow_one_another_and_filters_narrow() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let program = Program::new(&scene).await;
    let query = "query($after: String) {environment{applied{exposures(first: 4, after: $after){edges{node{uniqueId}} \
                 pageInfo{hasNextPage hasPreviousPage endCursor} totalCount}}}}";
    let mut read = Vec::new();
    let mut after = Value::Null;
    loop {
        let answer = program.ask(query, json!({"after": after})).await;
        let page = &answer["data"]["environment"]["applied"]["exposures"];
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !read.is_empty());
        let edges = page["edges"].as_array().expect("a page of exposures");
        read.extend(
            edges
                .iter()
                .map(|edge| edge["node"]["uniqueId"].as_str().unwrap().to_owned()),
        );
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let all: Vec<String> = catalog
        .exposures()
        .iter()
        .map(|exposure| exposure.unique_id.to_string())
        .collect();
    assert_eq!(read, all);

    let counted = "{environment(id: 42){applied{below: exposures(filter:{select:\"fct_orders+\"}){totalCount} \
                   listed: models(filter:{uniqueIds:[\"model.shop.fct_orders\"]}){edges{node{name tests{uniqueId} columns{name} executionInfo{lastRunStatus}}}} \
                   marts: models(filter:{modelingLayer:\"marts\"}){totalCount} \
                   lineage(filter:{select:\"1+fct_orders\"}){uniqueId parentIds health} \
                   none: exposures(first:0,filter:{health:\"no such state\"}){totalCount edges{cursor}}} \
                   definition{exposures(first:500){edges{node{definitionTypes}}}}}}";
    let answer = get(&scene, counted).await;
    let applied = &answer["data"]["environment"]["applied"];
    let model = "model.shop.fct_orders";
    assert_eq!(
        applied["below"]["totalCount"],
        catalog.exposures_fed(model),
        "{answer}"
    );
    let node = &applied["listed"]["edges"][0]["node"];
    assert_eq!(node["name"], "fct_orders");
    assert_eq!(
        node["tests"].as_array().unwrap().len(),
        catalog.tests(model).count()
    );
    assert_eq!(
        node["columns"].as_array().unwrap().len(),
        catalog.columns(model).len()
    );
    assert_eq!(node["executionInfo"]["lastRunStatus"], "success");
    assert!(applied["marts"]["totalCount"].as_u64().unwrap() > 0);
    let lineage = applied["lineage"].as_array().unwrap();
    let drawn = lineage.iter().find(|node| node["uniqueId"] == model).unwrap();
    assert_eq!(
        drawn["parentIds"].as_array().unwrap().len(),
        catalog.parents(model).count()
    );
    assert_eq!(applied["none"]["totalCount"], 0);
    let declared = answer["data"]["environment"]["definition"]["exposures"]["edges"]
        .as_array()
        .unwrap();
    assert!(!declared.is_empty() && declared.len() < all.len());
    assert!(declared.iter().all(|edge| {
        edge["node"]["definitionTypes"]
            .as_array()
            .unwrap()
            .contains(&json!("manual"))
    }));
}

#[tokio::test]
async fn a_tile_has_two_words() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let id = catalog.exposures()[0].unique_id.as_str();
    let query = format!(
        "{{exposureTile(filter:{{uniqueId:\"{id}\"}}){{uniqueId label freshnessStatus quality healthIssues{{type severity at}}}} \
         environment{{applied{{exposureTile(filter:{{uniqueId:\"exposure.none.none\"}}){{quality}}}}}}}}"
    );
    let answer = get(&scene, &query).await;
    let tile = &answer["data"]["exposureTile"];
    let health = catalog.health(id);
    assert_eq!(
        tile["freshnessStatus"],
        health.freshness_status().name(),
        "{answer}"
    );
    assert_eq!(tile["quality"], health.quality().name());
    assert_eq!(
        answer["data"]["environment"]["applied"]["exposureTile"],
        Value::Null
    );
}

#[tokio::test]
async fn what_asks_too_much_is_refused_with_a_code() {
    let scene = Scene::empty().await.with_project().await;
    let program = Program::new(&scene).await;
    let deep = |depth: usize| format!("{}__typename{}", "{environment".repeat(depth), "}".repeat(depth));
    assert_eq!(program.refused(&deep(13)).await, "TW-GRAPHQL-TOO-DEEP");
    assert_eq!(program.refused(&deep(60)).await, "TW-GRAPHQL-TOO-DEEP");
    let mut doubling = "{...f0}".to_owned();
    for number in 0..20 {
        write!(
            doubling,
            " fragment f{number} on Query {{...f{0} ...f{0}}}",
            number + 1
        )
        .unwrap();
    }
    doubling.push_str(" fragment f20 on Query {__typename}");
    assert_eq!(program.refused(&doubling).await, "TW-GRAPHQL-TOO-COMPLEX");
    let cycle = "{...a} fragment a on Query {...b} fragment b on Query {...a}";
    assert_eq!(program.refused(cycle).await, "TW-GRAPHQL-INVALID");
    let mut many = String::new();
    for number in 0..5_000 {
        write!(many, "a{number}:__typename ").unwrap();
    }
    assert_eq!(
        program.refused(&format!("{{{many}}}")).await,
        "TW-GRAPHQL-TOO-COMPLEX"
    );
    let mut pages = String::new();
    for number in 0..100 {
        write!(
            pages,
            "p{number}:models(first:500){{edges{{node{{parents{{uniqueId name}}}}}}}} "
        )
        .unwrap();
    }
    let pages = format!("{{environment{{applied{{{pages}}}}}}}");
    assert_eq!(program.refused(&pages).await, "TW-GRAPHQL-TOO-COMPLEX");
    for (query, code) in [
        (
            "{environment{applied{models(first:501){totalCount}}}}",
            "TW-GRAPHQL-PAGE",
        ),
        (
            "{environment{applied{models(first:-1){totalCount}}}}",
            "TW-GRAPHQL-PAGE",
        ),
        (
            "{environment{applied{models(after:\"%%\"){totalCount}}}}",
            "TW-GRAPHQL-CURSOR",
        ),
        (
            "{environment{applied{lineage(first:1){uniqueId}}}}",
            "TW-GRAPHQL-PAGE",
        ),
        (
            "{environment{applied{lineage(filter:{types:[\"dashboard\"]}){uniqueId}}}}",
            "TW-WEB-BAD-REQUEST",
        ),
        ("{environment(id:\"none\"){name}}", "TW-WEB-NOT-FOUND"),
        ("{environment{nothing}}", "TW-GRAPHQL-INVALID"),
        ("{environment{", "TW-GRAPHQL-INVALID"),
        ("mutation{drop}", "TW-GRAPHQL-INVALID"),
        ("subscription{drop}", "TW-GRAPHQL-INVALID"),
    ] {
        assert_eq!(program.refused(query).await, code, "{query}");
    }
    let selector = program
        .refused("{environment{applied{models(filter:{select:\"tagg:x\"}){totalCount}}}}")
        .await;
    assert!(selector.starts_with("TW-SELECTOR"), "{selector}");
}

#[tokio::test]
async fn hostile_texts_end_in_an_answer() {
    let scene = Scene::empty().await;
    let program = Program::new(&scene).await;
    let nested = 60_000;
    for query in [
        "{".repeat(nested),
        format!("{{a(b:{})}}", "[".repeat(nested)),
        format!("{{a(b:{}1{})}}", "[".repeat(nested), "]".repeat(nested)),
        format!("{{a(b:{}1{})}}", "{c:".repeat(nested / 3), "}".repeat(nested / 3)),
        format!(
            "query($a:{}Int{}){{__typename}}",
            "[".repeat(nested),
            "]".repeat(nested)
        ),
        "#".repeat(nested),
        format!("{{{}}}", "__typename ".repeat(3_999)),
        format!("{{environment{{{}}}}}", "name ".repeat(3_900)),
        "\u{0}\u{feff}\u{202e}".to_owned(),
    ] {
        let body = json!({ "query": query }).to_string();
        let answer = program.send(body, "application/json").await;
        assert!(
            answer.status == StatusCode::OK || answer.status == StatusCode::BAD_REQUEST,
            "{}: {}",
            answer.status,
            &answer.body[..answer.body.len().min(300)]
        );
    }
}

#[tokio::test]
async fn what_is_no_request_is_a_problem() {
    let scene = Scene::empty().await;
    let program = Program::new(&scene).await;
    for body in [
        "",
        "[]",
        "{}",
        "{\"query\": 1}",
        "{\"query\": \"\"}",
        "{\"query\": \"{__typename}\", \"variables\": []}",
    ] {
        let answer = program.send(body, "application/json").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
        assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json", "{body}");
    }
    let large = json!({"query": "{__typename}", "operationName": "x".repeat(300 << 10)}).to_string();
    let answer = program.send(large, "application/json").await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("TW-GRAPHQL-TOO-LARGE"), "{}", answer.body);
    // Who knows the newer media type learns from the status.
    let body = json!({"query": "{nothing}"}).to_string();
    let answer = program.send(body, "application/graphql-response+json").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.headers[CONTENT_TYPE], "application/graphql-response+json");
}

#[tokio::test]
async fn who_is_signed_in_may_ask_about_the_schema_and_nobody_else() {
    let scene = Scene::empty().await;
    let answer = get(&scene, INTROSPECTION).await;
    assert_eq!(
        answer["data"]["__schema"]["queryType"]["name"], "Query",
        "{answer}"
    );
    assert_eq!(answer["data"]["__schema"]["mutationType"], Value::Null);
    let strange = Scene::with(AppOptions::default()).await;
    let answer = strange.get("/graphql?query=%7B__typename%7D").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json");
    // Another site cannot make a visitor's browser ask.
    let request = scene
        .request(Method::POST, "/graphql")
        .header(CONTENT_TYPE, "application/json");
    let answer = scene
        .send(request.body(Body::from("{\"query\":\"{__typename}\"}")).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

/// What the usual tools ask.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name } \
  types { ...FullType } directives { name description locations args { ...InputValue } } } } \
  fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } \
  type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef } \
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } } \
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue } \
  fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { \
  kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";
