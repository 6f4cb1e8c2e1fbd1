//! Where the configuration comes from and what happens when it is wrong.

use rstest::rstest;

use crate::scene::{Scene, steadily};

#[test]
fn init_writes_a_file_that_works_and_keeps_one_that_is_there() {
    let scene = Scene::new();
    let told = scene.tell(&["init"]);
    steadily(|| insta::assert_snapshot!("init", told));
    let written = std::fs::read_to_string(scene.path().join("tailwater.toml")).unwrap();
    assert_eq!(scene.tell_json(&["project", "list"]), serde_json::json!([]));

    scene.write("tailwater.toml", "# mine\n");
    let ended = scene.run(&["init", "--json"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.error()["code"], "TW-CONFIG-EXISTS");
    assert_eq!(
        std::fs::read_to_string(scene.path().join("tailwater.toml")).unwrap(),
        "# mine\n"
    );

    scene.tell(&["init", "--force"]);
    assert_eq!(
        std::fs::read_to_string(scene.path().join("tailwater.toml")).unwrap(),
        written
    );
}

#[test]
fn init_writes_where_config_says() {
    let scene = Scene::new();
    let told = scene.tell_json(&["--config", "other.toml", "init"]);
    assert_eq!(told["path"], "other.toml");
    assert!(scene.path().join("other.toml").exists());
    let ended = scene.run(&["--config", "no/such/directory/t.toml", "init", "--json"]);
    assert_eq!(ended.error()["code"], "TW-CONFIG-WRITE");
}

#[test]
fn the_file_is_found_in_a_directory_above_and_paths_start_at_it() {
    let scene = Scene::new();
    scene.write("tailwater.toml", "[store]\nurl = 'sqlite:state/t.db'\n");
    scene.write("deep/down/below/placeholder", "");
    let mut command = scene.command(&["project", "list", "--json"]);
    command.current_dir(scene.path().join("deep/down/below"));
    assert!(command.output().unwrap().status.success());
    assert!(scene.path().join("state/t.db").exists());
}

#[test]
fn config_and_its_variable_name_the_file_and_config_wins() {
    let scene = Scene::new().with_variable("TAILWATER_CONFIG", "one/tailwater.toml");
    scene.write("one/tailwater.toml", "[store]\nurl = 'sqlite:one.db'\n");
    scene.write("two/tailwater.toml", "[store]\nurl = 'sqlite:two.db'\n");
    scene.tell(&["project", "list"]);
    assert!(scene.path().join("one/one.db").exists());
    scene.tell(&["--config", "two/tailwater.toml", "project", "list"]);
    assert!(scene.path().join("two/two.db").exists());
}

#[test]
fn an_empty_variable_names_no_file() {
    let scene = Scene::new().with_variable("TAILWATER_CONFIG", "");
    scene.tell(&["project", "list"]);
}

#[test]
fn the_environment_wins_over_the_file() {
    let scene = Scene::new().with_variable("TAILWATER_STORE__URL", "sqlite:variable.db");
    scene.write("tailwater.toml", "[store]\nurl = 'sqlite:file.db'\n");
    scene.tell(&["project", "list"]);
    assert!(scene.path().join("variable.db").exists());
    assert!(!scene.path().join("file.db").exists());
}

#[test]
fn the_key_can_come_from_the_environment() {
    let key = "00".repeat(32);
    let scene = Scene::new().with_variable("TAILWATER_KEY", &key);
    scene.run(&["doctor"]);
    assert!(
        !scene.path().join(".tailwater/key").exists(),
        "the key file is not made"
    );
}

#[rstest]
#[case("unknown_key", "[store]\n\nurI = 'postgres://u:hunter2@h/d'\n")]
#[case(
    "unknown_section",
    "[[integrations]]\nname = 'main'\ntoken_secret = 'hunter2'\n"
)]
#[case("syntax", "[store]\nurl = 'postgres://u:hunter2@h/d\n")]
#[case("wrong_type", "store = 'postgres://u:hunter2@h/d'\n")]
#[case(
    "missing_key",
    "[[project]]\nname = 'a'\n\n[[integration]]\nname = 'main'\ntoken_name = 't'\n"
)]
#[case("bad_store", "[store]\nurl = 'mysql://u:hunter2@h/d'\n")]
#[case(
    "two_locations",
    "[[project]]\nname = 'shop'\nmanifest = 'm'\ntarget_dir = 't'\n"
)]
#[case(
    "twice",
    "[[project]]\nname = 'shop'\nmanifest = 'm'\n[[project]]\nname = 'shop'\nmanifest = 'n'\n"
)]
#[case(
    "bad_rule",
    "[[integration]]\nname = 'main'\nserver = 'https://h'\ntoken_name = 't'\n[[integration.map]]\nto = 'x'\n"
)]
fn a_configuration_that_is_wrong_is_explained(#[case] name: &str, #[case] text: &str) {
    let scene = Scene::new();
    scene.write("tailwater.toml", text);
    let ended = scene.run(&["project", "list"]);
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert_eq!(ended.output, "");
    assert!(!ended.complaints.contains("hunter2"), "{}", ended.complaints);
    let shown = scene.steady(&ended.complaints);
    steadily(|| insta::assert_snapshot!(format!("bad_configuration_{name}"), shown));
}

#[test]
fn the_doctor_goes_on_where_others_stop() {
    let scene = Scene::new();
    scene.write("tailwater.toml", "[stor]\n");
    let ended = scene.run(&["doctor"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.output.contains("did you mean `store`?"), "{ended:#?}");
    scene.write("tailwater.toml", "[store]\nurl = 'sqlite:/proc/none/t.db'\n");
    let ended = scene.run(&["doctor", "--json"]);
    assert_eq!(ended.code, Some(1));
    let diagnosis: serde_json::Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(diagnosis["sections"][0]["findings"][0]["state"], "ok");
    assert_eq!(diagnosis["sections"][1]["findings"][0]["state"], "failed");
}
