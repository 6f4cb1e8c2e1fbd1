//! Signing in as a connected app, by the command line and by the file.

use serde_json::json;

use crate::scene::{Ended, Scene, Site, demo};

const APP_SECRET: &str = "demo-app-secret-4b1f";
const USER: &str = "tailwater@shop.example";

fn add<'a>(server: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "integration",
        "add",
        "tableau",
        "--name=main",
        "--site=shop",
        "--server",
        server,
    ];
    arguments.extend(more);
    arguments
}

const APP: [&str; 3] = [
    "--connected-app=demo-client",
    "--secret-id=demo-secret-id",
    "--user=tailwater@shop.example",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_registered_tested_synced_and_shown_and_the_secret_is_seen_nowhere() {
    let site = Site::start().await;
    let scene = &site.scene;
    let target = demo().join("dbt/target");
    scene.tell(&["project", "add", "shop", target.to_str().unwrap()]);
    let with = [&APP[..], &["--secret-stdin"]].concat();
    let ended = scene.feed(&add(site.running.base_url(), &with), APP_SECRET.as_bytes());
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let listed = scene.tell_json(&["integration", "list"]);
    let app = json!({"client_id": "demo-client", "secret_id": "demo-secret-id", "user": USER});
    assert_eq!(listed[0]["connected_app"], app);
    assert_eq!(listed[0].get("token_name"), None);
    let shown = scene.tell(&["integration", "show", "main"]);
    assert!(
        shown.contains("connected app")
            && shown.contains("demo-client with secret demo-secret-id as tailwater@shop.example"),
        "{shown}"
    );
    let tested = scene.run(&["integration", "test", "main"]);
    assert_eq!(tested.code, Some(0), "{tested:#?}");
    assert!(tested.output.contains("connected app"), "{tested:#?}");
    for arguments in [
        &["collections", "main", "select", "**", "--json"][..],
        &["sync"],
        &["doctor", "--json"],
        &["integration", "show", "main", "--json"],
        &["store", "check"],
        &["key", "rotate"],
        &["store", "check"],
        &["sync", "--full"],
    ] {
        let mut command = scene.command(arguments);
        command.env("TAILWATER_LOG", "trace");
        let ended = Ended::of(command);
        assert!(ended.code < Some(2), "{arguments:?}: {ended:#?}");
        for text in [&ended.output, &ended.complaints] {
            assert!(!text.contains(APP_SECRET), "{arguments:?} shows the secret");
            assert!(!text.contains("eyJ"), "{arguments:?} shows what was signed");
        }
    }
    for entry in std::fs::read_dir(scene.path().join(".tailwater")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let mut windows = bytes.windows(APP_SECRET.len());
            assert!(
                !windows.any(|window| window == APP_SECRET.as_bytes()),
                "{}",
                path.display()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_declares_one_with_its_secret_in_a_variable_or_a_file() {
    let site = Site::start().await;
    let scene = Scene::new().with_variable("APP_SECRET_OF_MAIN", APP_SECRET);
    scene.write("app-secret", &format!("{APP_SECRET}\n"));
    let declare = |sign_in: &str| {
        let text = format!(
            "[[integration]]\nname = \"main\"\nserver = {:?}\nsite = \"shop\"\ncollections = [\"**\"]\n{sign_in}",
            site.running.base_url()
        );
        scene.write("tailwater.toml", &text);
    };
    let app = format!("client_id = \"demo-client\"\nsecret_id = \"demo-secret-id\"\nuser = \"{USER}\"\n");
    for place in [
        "secret_env = \"APP_SECRET_OF_MAIN\"",
        "secret_file = \"app-secret\"",
    ] {
        declare(&format!("[integration.connected_app]\n{app}{place}\n"));
        let tested = scene.run(&["integration", "test", "main"]);
        assert_eq!(tested.code, Some(0), "{place}: {tested:#?}");
    }
    declare("");
    let ended = scene.run(&["integration", "list", "--json"]);
    assert_eq!(ended.error()["code"], "TW-SETTINGS-CREDENTIAL", "{ended:#?}");
    declare(&format!("token_name = \"t\"\n[integration.connected_app]\n{app}"));
    let ended = scene.run(&["integration", "list", "--json"]);
    assert_eq!(ended.error()["code"], "TW-SETTINGS-CREDENTIAL", "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_or_user_is_explained_without_showing_it() {
    let site = Site::start().await;
    let scene = &site.scene;
    let with = [&APP[..], &["--secret-stdin"]].concat();
    let ended = scene.feed(&add(site.running.base_url(), &with), b"wrong-secret");
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let ended = scene.run(&["collections", "main", "--json"]);
    assert_eq!(ended.error()["code"], "TW-TABLEAU-SIGN-IN", "{ended:#?}");
    assert!(
        ended.error()["hint"].as_str().unwrap().contains("secret's id"),
        "{ended:#?}"
    );
    assert!(!ended.complaints.contains("wrong-secret"));
}

#[test]
fn what_belongs_together_is_asked_for_and_what_does_not_is_refused() {
    let scene = Scene::new();
    for (more, words) in [
        (&["--secret-stdin"][..], "--token-name"),
        (&["--connected-app=c", "--secret-stdin"], "--secret-id"),
        (
            &["--connected-app=c", "--secret-id=i", "--secret-stdin"],
            "--user",
        ),
        (&["--token-name=t", "--user=u", "--secret-stdin"], "--user"),
        (
            &["--token-name=t", "--connected-app=c", "--secret-id=i", "--user=u"],
            "--token-name",
        ),
    ] {
        let ended = scene.run(&add("https://tableau.example.com", more));
        assert_eq!(ended.code, Some(2), "{more:?}: {ended:#?}");
        assert!(ended.complaints.contains(words), "{more:?}: {ended:#?}");
    }
}
