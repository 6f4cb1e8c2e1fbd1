//! What `signal` answers of channels.

use crate::scene::Scene;

#[test]
fn a_channel_is_tested_and_says_how_it_stands() {
    let scene = Scene::new();
    let channels = "\
        [[channel]]\nname = \"lineage\"\nkind = \"openlineage-file\"\npath = \"lineage.ndjson\"\n\
        [[channel]]\nname = \"mute\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n";
    scene.write("tailwater.toml", channels);
    let listed = scene.tell(&["signal", "list"]);
    assert!(listed.contains("lineage") && listed.contains("never"), "{listed}");
    let listed = scene.tell_json(&["signal", "list"]);
    assert_eq!(listed["channels"][0]["name"], "lineage");
    assert_eq!(listed["channels"][0]["state"], serde_json::Value::Null);

    let tested = scene.tell(&["signal", "test", "lineage"]);
    assert!(tested.contains("the test was taken by lineage"), "{tested}");
    assert!(tested.contains("nothing else was ever sent to it"), "{tested}");
    let written = std::fs::read_to_string(scene.path().join("lineage.ndjson")).unwrap();
    let event: serde_json::Value = serde_json::from_str(written.trim()).unwrap();
    assert_eq!(event["eventType"], "COMPLETE");

    let refused = scene.run(&["--json", "signal", "test", "mute"]);
    assert_eq!(refused.error()["code"], "TW-HTTP-PRIVATE", "{refused:#?}");
}
