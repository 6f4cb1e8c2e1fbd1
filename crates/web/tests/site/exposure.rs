//! Exposures: the list, an exposure's page and tabs, curation by forms, and the tile.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;
use tailwater_core::exposure::Mode;
use tailwater_tableau_sim::SiteFile;
use tailwater_web::AppOptions;

use crate::scene::Scene;

const PAYMENTS: &str = "/exposures/exposure.shop.payments";

#[tokio::test]
async fn the_list_has_every_exposure_and_can_be_narrowed_grouped_and_taken_away() {
    let scene = Scene::demo().await;
    let catalog = scene.workspace.catalog().await.unwrap();
    let page = scene.page("/exposures?size=1000").await;
    for exposure in catalog.exposures() {
        let link = format!("/exposures/{}\"", exposure.unique_id);
        assert!(page.contains(&link), "{link}");
    }
    let manual = scene.page("/exposures?mode=Manual").await;
    let only_manual = |exposure: &&tailwater_core::exposure::Exposure| !exposure.modes.contains(&Mode::Auto);
    let count = catalog.exposures().iter().filter(only_manual).count();
    assert!(manual.contains(&format!("{count} of ")), "{count}");
    let grouped = scene.page("/exposures?by=project").await;
    assert!(grouped.contains("scope=\"rowgroup\"") && grouped.contains("Finance"));

    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&scene.page("/exposures?format=json").await).unwrap();
    assert_eq!(rows.len(), catalog.exposures().len());
    for key in [
        "name",
        "health",
        "type",
        "owner",
        "owner_email",
        "integration",
        "mode",
        "last_refresh",
        "models",
        "views",
    ] {
        assert!(rows[0].get(key).is_some(), "{key}");
    }
    let csv = scene.get("/exposures?format=csv").await;
    assert_eq!(csv.body.lines().count(), catalog.exposures().len() + 1);
}

#[tokio::test]
async fn an_exposure_says_what_it_stands_on_why_and_what_is_missing() {
    let scene = Scene::demo().await;
    let page = scene.page(PAYMENTS).await;
    for part in [
        "Payments",
        "fiona@shop.example",
        "Open in Tableau",
        "Open lineage",
        "<svg",
        "id=\"health\"",
        "Extract refresh",
        "/models/model.shop.fct_orders",
        "schema and name equal",
        "id=\"gaps\"",
        "several dbt nodes answer equally well",
        "What mends it",
        "exposure.shop.payments",
        "&lt;iframe src=",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let workbook = scene.page(&format!("{PAYMENTS}/workbook")).await;
    assert!(workbook.contains("Dashboards and sheets") && workbook.contains("Data sources"));
    assert!(
        scene
            .page(&format!("{PAYMENTS}/refreshes"))
            .await
            .contains("Last refresh of each data source")
    );
    let yaml = scene.page(&format!("{PAYMENTS}/yaml?format=yml")).await;
    assert!(
        yaml.contains("  - name: payments\n") && yaml.contains("ref('fct_orders')"),
        "{yaml}"
    );
    assert!(
        scene
            .page(&format!("{PAYMENTS}/yaml"))
            .await
            .contains("ref('fct_orders')")
    );
}

#[tokio::test]
async fn every_exposure_has_its_pages() {
    let scene = Scene::demo().await;
    let catalog = scene.workspace.catalog().await.unwrap();
    for exposure in catalog.exposures() {
        for tab in ["", "/workbook", "/refreshes", "/yaml"] {
            scene
                .page(&format!("/exposures/{}{tab}", exposure.unique_id))
                .await;
        }
    }
    let answer = scene.get("/exposures/exposure.shop.paymnts").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("exposure.shop.payments"), "{}", answer.body);
}

#[tokio::test]
async fn what_people_say_is_shown_at_once_and_taken_back() {
    let scene = Scene::demo().await;
    let before = scene.page(PAYMENTS).await;
    let send = async |rest: &str, fields: &[(&str, &str)]| {
        let answer = scene
            .submit(PAYMENTS, &format!("{PAYMENTS}/{rest}"), fields)
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{rest}: {}", answer.body);
        assert_eq!(answer.location(), Some(PAYMENTS));
    };
    send(
        "curate",
        &[
            ("label", "Money in"),
            ("owner_name", "Ann"),
            ("maturity", "high"),
            ("type", "dashboard"),
        ],
    )
    .await;
    let page = scene.page(PAYMENTS).await;
    assert!(
        page.contains("Money in") && page.contains("the BI tool says “<bdi>Payments</bdi>”"),
        "{page}"
    );
    // A type that was sent as it was is not curated.
    assert_eq!(
        scene.workspace.curations().await.unwrap()[0]
            .curation
            .fields
            .len(),
        3
    );
    assert!(scene.page("/exposures").await.contains("Money in"));

    send("unlink", &[("node", "model.shop.fct_orders"), ("note", "unused")]).await;
    send(
        "link",
        &[
            ("node", "model.shop.fct_payments"),
            ("table", "marts.fct_payments"),
        ],
    )
    .await;
    let page = scene.page(PAYMENTS).await;
    assert!(page.contains("id=\"unlinked\"") && page.contains("unused"));
    assert!(page.contains("id=\"settled\"") && !page.contains("id=\"gaps\""));
    send("link", &[("node", "model.shop.fct_orders")]).await;
    send("unlink", &[("node", "model.shop.fct_payments")]).await;
    for field in ["label", "owner_name", "maturity"] {
        send("clear", &[("field", field)]).await;
    }
    assert!(scene.workspace.curations().await.unwrap().is_empty());
    assert_eq!(
        without_tokens(&scene.page(PAYMENTS).await),
        without_tokens(&before)
    );

    let refused = scene
        .submit(PAYMENTS, &format!("{PAYMENTS}/curate"), &[("maturity", "best")])
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("TW-CURATION-WORD"), "{}", refused.body);
}

/// A page without what differs at each request.
fn without_tokens(page: &str) -> String {
    let mut text = String::new();
    for (at, part) in page.split("name=\"csrf\" value=\"").enumerate() {
        let rest = if at == 0 {
            part
        } else {
            part.split_once('"').map_or("", |(_, rest)| rest)
        };
        text.push_str(rest);
    }
    text
}

#[tokio::test]
async fn a_workbook_is_left_out_listed_and_brought_back() {
    let scene = Scene::demo().await;
    let answer = scene
        .submit(
            PAYMENTS,
            &format!("{PAYMENTS}/leave-out"),
            &[("note", "a <b>draft</b>")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(
        !scene
            .page("/exposures?size=1000")
            .await
            .contains(&format!("{PAYMENTS}\""))
    );
    let page = scene.page(PAYMENTS).await;
    assert!(
        page.contains("left it out") && page.contains("a &lt;b&gt;draft&lt;/b&gt;"),
        "{page}"
    );
    let list = scene.page("/exposures/left-out").await;
    assert!(list.contains("Payments") && list.contains("Bring it back"));
    let luid = scene.workspace.curations().await.unwrap()[0].asset.to_string();
    let answer = scene
        .submit(
            "/exposures/left-out",
            "/exposures/left-out",
            &[("workbook", &luid)],
        )
        .await;
    assert_eq!(answer.location(), Some(PAYMENTS));
    assert!(scene.page(PAYMENTS).await.contains("Open in Tableau"));
}

#[tokio::test]
async fn a_tile_needs_its_signature_alone_and_is_framed_by_named_sites() {
    let scene = Scene::with(AppOptions {
        is_local: true,
        frame_ancestors: vec!["https://bi.example.com".to_owned()],
        ..AppOptions::default()
    })
    .await
    .with_project()
    .await
    .with_tableau()
    .await;
    let page = scene.page(PAYMENTS).await;
    let start = page.find("/embed/exposures/").expect("the code for embedding");
    let address: String = page[start..]
        .chars()
        .take_while(|character| !matches!(character, '"' | '&' | '<'))
        .collect();
    let tile = scene.get(&address).await;
    assert_eq!(tile.status, StatusCode::OK, "{address}: {}", tile.body);
    let header_of = |name: header::HeaderName| tile.headers.get(name).and_then(|value| value.to_str().ok());
    let policy = header_of(header::CONTENT_SECURITY_POLICY).unwrap();
    assert!(
        policy.ends_with("frame-ancestors 'self' https://bi.example.com"),
        "{policy}"
    );
    assert!(!policy.contains("script-src"));
    assert_eq!(header_of(header::X_FRAME_OPTIONS), None);
    for part in ["Payments", "Why, in the catalog", PAYMENTS] {
        assert!(tile.body.contains(part), "{part}: {}", tile.body);
    }
    assert!(!tile.body.contains("<script") && !tile.body.contains("<nav"));

    let other = address.replace("payments", "pipeline");
    for wrong in [
        &other,
        "/embed/exposures/exposure.shop.payments",
        "/embed/exposures/exposure.shop.payments?sig=x",
    ] {
        let answer = scene.get(wrong).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong}");
        assert!(!answer.body.contains("Pipeline"), "{wrong}");
    }
}

#[tokio::test]
async fn names_by_anybody_stay_text_end_where_they_end_and_are_cut() {
    let names = [
        "<script>alert(1)</script>".to_owned(),
        "\\\"'><img src=x onerror=alert(1)>".to_owned(),
        "\\u202Eevil\\u202C {{ 1 }} {% x %}".to_owned(),
        format!("long {}", "é".repeat(10_000)),
    ];
    let mut text = String::from(
        r#"
        [[site]]
        content_url = "shop"
        [[site.user]]
        name = "ada@shop.example"
        full_name = "</title><script>alert(2)</script>"
        email = "ada@shop.example"
        role = "SiteAdministratorExplorer"
        [[site.token]]
        name = "tailwater"
        secret = "demo-secret"
        user = "ada@shop.example"
        [[site.project]]
        path = "Sales"
        [[site.connection]]
        key = "warehouse"
        class = "genericjdbc"
        server = "warehouse"
        database = "shop"
        "#,
    );
    for name in &names {
        let _ = write!(
            text,
            r#"
            [[site.workbook]]
            name = "{name}"
            description = "{name} [x](javascript:alert(3))"
            project = "Sales"
            owner = "ada@shop.example"
            sheets = ["{name}"]
            tags = ["<b>tag</b>"]
            [[site.workbook.datasource]]
            name = "{name}"
            connection = "warehouse"
            tables = ["marts.fct_orders", "<i>.<u>"]
            "#
        );
    }
    let site = SiteFile::from_toml(&text).unwrap();
    let scene = Scene::empty().await.with_project().await.with_site(site).await;
    let catalog = scene.workspace.catalog().await.unwrap();
    let imported: Vec<_> = catalog
        .exposures()
        .iter()
        .filter(|exposure| exposure.integration.is_some())
        .collect();
    assert_eq!(imported.len(), names.len());
    let mut addresses = vec![
        "/exposures".to_owned(),
        "/exposures?by=owner".to_owned(),
        "/exposures/left-out".to_owned(),
    ];
    for exposure in imported {
        for tab in ["", "/workbook", "/refreshes", "/yaml"] {
            addresses.push(format!("/exposures/{}{tab}", exposure.unique_id));
        }
    }
    for address in addresses {
        let page = scene.page(&address).await;
        for hostile in [
            "<script>alert",
            "<img",
            "<b>tag",
            "<i>",
            "href=\"javascript",
            "\"'>",
        ] {
            assert!(!page.contains(hostile), "{hostile} in {address}");
        }
        assert!(page.len() < 400_000, "{address} has {} bytes", page.len());
    }
}

#[tokio::test]
async fn programs_say_the_same_by_the_api() {
    let scene = Scene::demo().await;
    // Who asks is a program: it carries the token that forms carry, in its header.
    let token = crate::scene::csrf_token(&scene.page(PAYMENTS).await);
    let send = async |method: Method, path: &str, body: serde_json::Value| {
        let request = scene
            .request(method, path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-csrf-token", &token)
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = scene.send(request).await;
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
        (answer.status, json)
    };
    let curation = "/api/v1/exposures/exposure.shop.payments/curation";
    let (status, said) = send(
        Method::PATCH,
        curation,
        json!({ "label": "Money in", "tags": ["b", "a"] }),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(said["fields"]["tags"]["value"], json!(["a", "b"]));
    let node = json!({ "node": "fct_orders", "note": "unused" });
    let (_, said) = send(
        Method::POST,
        "/api/v1/exposures/exposure.shop.payments/unlink",
        node,
    )
    .await;
    assert_eq!(said["links"]["model.shop.fct_orders"]["is_linked"], json!(false));
    let exposure: serde_json::Value =
        serde_json::from_str(&scene.page("/api/v1/exposures/exposure.shop.payments").await).unwrap();
    assert_eq!(exposure["label"], "Money in");
    assert_eq!(exposure["exposure"]["curated"]["label"]["was"], "Payments");

    let (status, refused) = send(Method::PATCH, curation, json!({ "maturity": "7" })).await;
    assert_eq!(
        (status, &refused["code"]),
        (StatusCode::BAD_REQUEST, &json!("TW-CURATION-WORD"))
    );
    let everything = json!({ "label": null, "tags": null, "links": null });
    send(Method::PATCH, curation, everything).await;
    let all: serde_json::Value = serde_json::from_str(&scene.page("/api/v1/curations").await).unwrap();
    assert_eq!(all, json!([]));

    send(
        Method::POST,
        "/api/v1/exposures/exposure.shop.payments/leave-out",
        json!({}),
    )
    .await;
    let (status, _) = send(
        Method::POST,
        "/api/v1/curations/bring-in",
        json!({ "workbook": "Payments" }),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        scene
            .page("/exposures?size=1000")
            .await
            .contains(&format!("{PAYMENTS}\""))
    );
}
