//! Integrations: the wizard from its first step to the first view after connecting, collections, syncs, gaps and
//! mapping rules, and names that mean harm.

use axum::http::StatusCode;
use tailwater_engine::store::SyncCause;
use tailwater_tableau_sim::{Options, Running, Simulator, SiteFile};

use crate::scene::{Scene, demo};

async fn simulator() -> Running {
    let site = SiteFile::load(demo().join("site.toml").as_std_path()).unwrap();
    Simulator::start(site, Options::default()).await.unwrap()
}

/// The value of a parameter in an address.
fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(found, _)| found == name).unwrap().1.into_owned()
}

/// Asks for a page until it says something; the answer that says it.
async fn until(scene: &Scene, path: &str, words: &str) -> String {
    loop {
        let page = scene.page(path).await;
        if page.contains(words) {
            return page;
        }
        assert!(
            page.contains("data-poll"),
            "it asks no more, and has not said {words}: {page}"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_connected_in_five_steps() {
    let scene = Scene::empty().await.with_project().await;
    let site = simulator().await;
    assert!(
        scene
            .page("/integrations")
            .await
            .contains("No BI tool is connected yet")
    );
    assert!(scene.page("/integrations/new").await.contains("Connect Tableau"));
    assert!(
        scene
            .page("/integrations/new/tableau")
            .await
            .contains("personal access token")
    );

    // A wrong secret is told line by line, with what to do.
    let base = "/integrations/new/tableau";
    let step = format!("{base}?step=connection");
    let browser_address = format!("{}/#/site/shop/home", site.base_url());
    let said = |secret: &'static str| {
        vec![
            ("address", browser_address.clone()),
            ("token_name", "tailwater".to_owned()),
            ("secret", secret.to_owned()),
        ]
    };
    let submit = async |page: &str, action: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        scene.submit(page, action, &fields).await
    };
    let answer = submit(
        &step,
        &format!("{base}/connection"),
        &said("not the right secret"),
    )
    .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let here = answer.location().unwrap().to_owned();
    let draft = parameter(&here, "draft");
    let page = until(&scene, &here, "Something does not work").await;
    assert!(
        page.contains("Not tried") && !page.contains("Choose collections"),
        "{page}"
    );
    assert!(!page.contains("not the right secret"));

    let mut fields = said("demo-secret");
    fields.push(("draft", draft.clone()));
    let answer = submit(&here, &format!("{base}/connection"), &fields).await;
    assert_eq!(answer.location(), Some(here.as_str()));
    let page = until(&scene, &here, "Everything works").await;
    assert!(
        page.contains("Choose collections") && page.contains("site <code><bdi>shop"),
        "{page}"
    );
    assert!(!page.contains("demo-secret"));
    // The draft is come back to from the list.
    assert!(scene.page("/integrations").await.contains(&draft));

    let here = format!("{base}?step=collections&draft={draft}");
    let page = scene.page(&here).await;
    assert!(
        page.contains("Select all") && page.contains("data-count=") && page.contains("Finance"),
        "{page}"
    );
    let nothing = submit(&here, &format!("{base}/collections"), &[("draft", draft.clone())]).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    let all = [("draft", draft.clone()), ("everything", "1".to_owned())];
    let answer = submit(&here, &format!("{base}/collections"), &all).await;
    let here = answer.location().unwrap().to_owned();
    assert!(here.contains("step=review"), "{here}");

    let fields = [("draft", draft.clone()), ("name", String::new())];
    let answer = submit(&here, &format!("{base}/finish"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let sync = answer.location().unwrap().to_owned();
    assert!(sync.starts_with("/integrations/shop/syncs/"), "{sync}");

    // The first view after connecting.
    let page = until(&scene, &sync, "What this sync did").await;
    for words in [
        "dashboards now stand on",
        "of your models",
        "tables were not matched",
        "Apply this rule",
        "no owner e-mail",
        "Next",
        "preset=impact",
    ] {
        assert!(
            page.contains(words),
            "the first view says nothing of {words}: {page}"
        );
    }
    let catalog = scene.app.catalog(None).unwrap();
    let footing = catalog.footing(Some("shop"));
    assert!(
        page.contains(&format!("{} dashboards now stand on", footing.linked)),
        "{page}"
    );
    let gone = scene.get(&format!("{base}?step=review&draft={draft}")).await;
    assert_ne!(gone.status, StatusCode::OK, "the draft is used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_rule_is_previewed_and_closes_its_gap_at_once() {
    let scene = Scene::demo().await;
    let before = scene.page("/integrations/main/unmatched").await;
    assert!(before.contains("dbt has it in another database") && before.contains("would be linked"));
    assert!(
        before.contains("sources:") && before.contains("data-copy-from"),
        "no YAML to copy: {before}"
    );
    let preview = scene
        .page("/integrations/main/unmatched?database=shop_prod&to=shop")
        .await;
    assert!(preview.contains("model.shop."), "{preview}");
    let wrong = scene.page("/integrations/main/unmatched?to=shop").await;
    assert!(wrong.contains("names neither a database nor a schema"), "{wrong}");

    scene.simulator.as_ref().unwrap().clear_requests();
    let rule = [("database", "shop_prod"), ("to", "shop")];
    let answer = scene
        .submit(
            "/integrations/main/unmatched",
            "/integrations/main/mapping",
            &rule,
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let after = scene.page(answer.location().unwrap()).await;
    assert!(
        after.contains("was applied") && after.contains("something else now"),
        "{after}"
    );
    assert!(!after.contains("dbt has it in another database"), "{after}");
    assert_eq!(
        scene.simulator.as_ref().unwrap().requests().len(),
        0,
        "Tableau was not asked"
    );
    let catalog = scene.app.catalog(None).unwrap();
    let logistics = catalog.exposure("exposure.shop.logistics").unwrap();
    assert!(logistics.gaps.is_empty(), "{:?}", logistics.gaps);

    let wrong = [("number", "1"), ("rule", "another")];
    let refused = scene
        .submit(
            "/integrations/main/unmatched",
            "/integrations/main/mapping/remove",
            &wrong,
        )
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let words = catalog.integration("main").unwrap().integration().mapping[0].to_string();
    let right = [("number", "1"), ("rule", words.as_str())];
    let removed = scene
        .submit(
            "/integrations/main/unmatched",
            "/integrations/main/mapping/remove",
            &right,
        )
        .await;
    let back = scene.page(removed.location().unwrap()).await;
    assert!(back.contains("dbt has it in another database"), "{back}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_collections_are_chosen_and_synced_at_once() {
    let scene = Scene::demo().await;
    let page = scene.page("/integrations/main/collections").await;
    let catalog = scene.app.catalog(None).unwrap();
    let inventory = catalog.integration("main").unwrap().inventory();
    let (finance, _) = inventory
        .collections
        .iter()
        .find(|(_, collection)| collection.path == ["Finance"])
        .unwrap();
    assert!(
        page.contains(finance.as_str()) && page.contains("checked"),
        "{page}"
    );
    let fields = [
        ("collection", finance.as_str()),
        ("new_below", "1"),
        ("keep", "smuggled"),
    ];
    let answer = scene
        .submit(
            "/integrations/main/collections",
            "/integrations/main/collections",
            &fields,
        )
        .await;
    let sync = answer.location().unwrap().to_owned();
    let done = until(&scene, &sync, "What this sync did").await;
    assert!(
        done.contains("Removed (") && done.contains("selection changed"),
        "{done}"
    );
    let state = scene
        .workspace
        .integration_state(&"main".into(), 5)
        .await
        .unwrap();
    let patterns = state.integration.collections.patterns().to_vec();
    assert!(
        patterns.iter().all(|pattern| pattern.starts_with("Finance")),
        "{patterns:?}"
    );
    assert_eq!(state.syncs[0].detail.cause, Some(SyncCause::SelectionChanged));
    let history = scene.page("/integrations/main/syncs").await;
    assert!(history.contains("selection changed") && history.contains("what changed"));

    // What it changed in links and gaps has a page, and the API says the same.
    let id = state.syncs[0].id;
    let place = format!("/integrations/main/diff?from={id}~1&to={id}");
    assert!(
        done.contains(&format!("/integrations/main/diff?from={id}~1")),
        "{done}"
    );
    let page = scene.page(&place).await;
    assert!(
        page.contains("Removed (") && page.contains("links: 0 gained"),
        "{page}"
    );
    let answer = scene.get(&format!("/api/v1{place}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.body.contains("\"node\":\"model.shop.fct_orders\""),
        "{}",
        answer.body
    );
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let graph = async |from: &str| {
        let links = "linksLost { node origin { syncId } } gapsClosed { table reason }";
        let query = format!(
            "{{ diff(integrationId: \"main\", from: \"{from}\", to: \"{id}\") {{ isDifferent to {{ syncId }} \
             counts {{ removed linksLost gapsClosed }} removed {{ uniqueId label {links} }} }} }}"
        );
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = scene.get(&format!("/graphql?query={query}")).await;
        serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()
    };
    let answered = graph(&format!("{id}~1")).await;
    let diff = &answered["data"]["diff"];
    assert_eq!(
        (&diff["isDifferent"], &diff["to"]["syncId"]),
        (&true.into(), &told["to"]["sync"])
    );
    for (graph, rest) in [
        ("removed", "removed"),
        ("linksLost", "links_lost"),
        ("gapsClosed", "gaps_closed"),
    ] {
        assert_eq!(diff["counts"][graph], told["counts"][rest], "{answered}");
    }
    let (removed, told) = (
        diff["removed"].as_array().unwrap(),
        told["removed"].as_array().unwrap(),
    );
    assert!(!told.is_empty() && removed.len() == told.len(), "{answered}");
    for (one, other) in removed.iter().zip(told) {
        assert_eq!(
            (&one["uniqueId"], &one["label"]),
            (&other["unique_id"], &other["label"])
        );
        let lost = one["linksLost"]
            .as_array()
            .unwrap()
            .iter()
            .map(|link| &link["node"]);
        let said = other["links_lost"]
            .as_array()
            .unwrap()
            .iter()
            .map(|link| &link["node"]);
        assert!(lost.eq(said), "{one}");
    }
    let unknown = graph("deadbeef").await;
    assert_eq!(
        unknown["errors"][0]["extensions"]["code"], "TW-DIFF-UNKNOWN",
        "{unknown}"
    );
    for (moments, status) in [
        ("from=%3Cb%3E", StatusCode::BAD_REQUEST),
        ("from=deadbeef", StatusCode::NOT_FOUND),
        ("from=~99", StatusCode::NOT_FOUND),
        ("from=&to=", StatusCode::OK),
    ] {
        let page = scene.get(&format!("/integrations/main/diff?{moments}")).await;
        assert_eq!(page.status, status, "{moments}");
        assert!(!page.body.contains("<b>`"), "{moments}");
        let answer = scene
            .get(&format!("/api/v1/integrations/main/diff?{moments}"))
            .await;
        assert_eq!(answer.status, status, "{moments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_an_integration_says_how_it_is() {
    let scene = Scene::demo().await;
    let page = scene.page("/integrations/main").await;
    for words in [
        "Sync now",
        "Change collections",
        "Disconnect",
        "Next sync",
        "Last syncs",
        "class=\"syncs\"",
        "sealed in the store",
        "stand on dbt",
    ] {
        // The secret of a site added without a page has a mark too, so one of two words stands there.
        let has = page.contains(words) || words.starts_with("sealed") && page.contains("set ");
        assert!(has, "nothing of {words}: {page}");
    }
    assert!(!page.contains("demo-secret"));
    let checked = scene
        .submit("/integrations/main", "/integrations/main/check", &[])
        .await;
    assert_eq!(checked.status, StatusCode::SEE_OTHER);
    until(&scene, "/integrations/main", "Everything works").await;

    // A failing site keeps what is shown, and says since when.
    scene
        .simulator
        .as_ref()
        .unwrap()
        .set_switches(|switches| switches.not_tableau = true);
    let started = scene
        .submit("/integrations/main", "/integrations/main/sync", &[])
        .await;
    let sync = started.location().unwrap().to_owned();
    let failed = until(&scene, &sync, "The sync failed").await;
    assert!(
        failed.contains("Nothing was changed") && failed.contains("Try again"),
        "{failed}"
    );
    let page = scene.page("/integrations/main").await;
    assert!(
        page.contains("The last sync failed") && page.contains("showing the sync of"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_make_no_sense_are_refused_in_their_form() {
    let scene = Scene::demo().await;
    for (fields, reason) in [
        (&[("when", "at"), ("at", "25:99")][..], "25:99"),
        (&[("when", "at")], "no time was given"),
        (
            &[("when", "at"), ("at", "05:00"), ("time_zone", "Mars/Olympus")],
            "Mars/Olympus",
        ),
        (&[("when", "sometimes")], "sometimes"),
        (&[], "does not say when"),
    ] {
        let answer = scene
            .submit("/integrations/main", "/integrations/main/schedule", fields)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
        let alert = answer.body.find("role=\"alert\"").expect("a word in the form");
        assert!(answer.body[alert..].contains(reason), "{fields:?}");
    }
    let good = [("when", "at"), ("at", "05:00"), ("time_zone", "Europe/Berlin")];
    let answer = scene
        .submit("/integrations/main", "/integrations/main/schedule", &good)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_is_taken_and_another_server_needs_it_again() {
    let scene = Scene::demo().await;
    let path = "/integrations/main/connection";
    let moved = [
        ("address", "https://elsewhere.example"),
        ("token_name", "tailwater"),
    ];
    let refused = scene.submit(path, path, &moved).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    assert!(refused.body.contains("needs it given again") && refused.body.contains("elsewhere.example"));
    let integration = scene.workspace.find_integration(&"main".into()).await.unwrap();
    let secret = [
        ("address", integration.server.as_str()),
        ("site", "shop"),
        ("token_name", "tailwater"),
        ("secret", "another-secret-4f"),
    ];
    let taken = scene.submit(path, path, &secret).await;
    assert_eq!(taken.location(), Some("/integrations/main"));
    let page = scene.page("/integrations/main").await;
    assert!(
        page.contains("ends in …<bdi>4f") && !page.contains("another-secret"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_app_is_described_in_the_form_and_changed_to() {
    let scene = Scene::demo().await;
    let site = simulator().await;
    let base = "/integrations/new/tableau";
    let step = format!("{base}?step=connection");
    let app = |secret: &'static str| {
        [
            ("address", site.base_url().to_owned()),
            ("site", "shop".to_owned()),
            ("credential", "connected_app".to_owned()),
            ("token_name", String::new()),
            ("client_id", "demo-client".to_owned()),
            ("secret_id", "demo-secret-id".to_owned()),
            ("app_user", "tailwater@shop.example".to_owned()),
            ("secret", secret.to_owned()),
        ]
    };
    let submit = async |page: &str, action: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        scene.submit(page, action, &fields).await
    };
    let answer = submit(&step, &format!("{base}/connection"), &app("demo-app-secret-4b1f")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = until(&scene, answer.location().unwrap(), "Everything works").await;
    assert!(
        page.contains("demo-client") && !page.contains("demo-app-secret"),
        "{page}"
    );

    // What signs in with a token today needs the app's secret to sign in with an app.
    let path = "/integrations/main/connection";
    let refused = submit(path, path, &app("")[1..7]).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    assert!(
        refused.body.contains("value=\"demo-client\""),
        "what was typed is shown again"
    );
    let taken = submit(path, path, &app("demo-app-secret-4b1f")[1..]).await;
    assert_eq!(taken.location(), Some("/integrations/main"), "{}", taken.body);
    let page = scene.page("/integrations/main").await;
    assert!(
        page.contains("Connected app") && page.contains("tailwater@shop.example"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_a_connection_says_what_goes_and_asks_first() {
    let scene = Scene::demo().await;
    let path = "/integrations/main/disconnect";
    let page = scene.page(path).await;
    assert!(
        page.contains("What will disappear") && page.contains("exposures"),
        "{page}"
    );
    let unsure = scene.submit(path, path, &[]).await;
    assert_eq!(unsure.status, StatusCode::BAD_REQUEST);
    let done = scene.submit(path, path, &[("sure", "1")]).await;
    assert_eq!(done.location(), Some("/integrations"));
    assert_eq!(
        scene.get("/integrations/main").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        scene
            .app
            .catalog(None)
            .unwrap()
            .exposures_of(Some("main"))
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let scene = Scene::empty().await;
    for path in [
        "/integrations/none",
        "/integrations/none/collections",
        "/integrations/none/syncs",
        "/integrations/none/diff",
        "/integrations/none/unmatched",
        "/integrations/none/disconnect",
        "/integrations/new/powerbi",
    ] {
        assert_eq!(scene.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let draft = scene
        .get("/integrations/new/tableau?step=review&draft=00000000-0000-4000-8000-000000000000")
        .await;
    assert!(draft.status.is_client_error(), "{}", draft.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_mean_harm_stay_names() {
    let scene = Scene::empty().await.with_project().await;
    let long = "x".repeat(10_000);
    for harm in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "\u{202e}txt.exe",
        long.as_str(),
    ] {
        let fields = [("address", harm), ("token_name", harm), ("secret", harm)];
        let answer = scene
            .submit(
                "/integrations/new/tableau?step=connection",
                "/integrations/new/tableau/connection",
                &fields,
            )
            .await;
        let body = match answer.location() {
            Some(address) => scene.page(address).await,
            None => answer.body,
        };
        assert!(
            !body.contains("<script>alert") && !body.contains("<img src=x"),
            "{body}"
        );
        let path = format!(
            "/integrations/new/tableau?{}",
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair("step", harm)
                .finish()
        );
        assert!(!scene.get(&path).await.body.contains("<script>alert"));
    }
    // A whole site of them.
    let scene = Scene::demo().await;
    for path in [
        "/integrations",
        "/integrations/main",
        "/integrations/main/collections",
        "/integrations/main/unmatched",
        "/integrations/main/disconnect",
    ] {
        let page = scene.page(path).await;
        assert!(
            !page.contains("<b>best</b>") && !page.contains("<script>"),
            "{path}"
        );
    }
}
