//! `tailwater key rotate`: everything opens before, between and after; stopped anywhere, it is finished later.

use std::process::Stdio;
use std::time::Duration;

use crate::scene::{SECRET, Site};
use crate::{filled, postgres};

fn key_of(site: &Site) -> String {
    std::fs::read_to_string(site.scene.path().join(".tailwater/key")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_changed_and_everything_opens() {
    let site = filled().await;
    let scene = &site.scene;
    let before = key_of(&site);
    let copy = scene.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(scene.path().join(".tailwater/key"), copy.join("old")).unwrap();

    let rotated = scene.tell_json(&["key", "rotate"]);
    assert_eq!(
        (&rotated["sealed_anew"], &rotated["is_resumed"]),
        (&2.into(), &false.into())
    );
    let after = key_of(&site);
    assert_eq!((before.lines().count(), after.lines().count()), (1, 1));
    assert_ne!(before, after);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(scene.path().join(".tailwater/key")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(scene.run(&["store", "check"]).code, Some(0));
    assert_eq!(scene.run(&["sync"]).code, Some(0));
    assert!(scene.tell(&["audit"]).contains("key.rotate"));
    // The old key opens nothing any more.
    std::fs::copy(copy.join("old"), scene.path().join(".tailwater/key")).unwrap();
    let ended = scene.run(&["sync", "--json"]);
    assert_eq!(ended.error()["code"], "TW-KEY-WRONG", "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_killed_is_finished_by_the_next() {
    let site = filled().await;
    let scene = &site.scene;
    for kill in 0..6_u64 {
        let mut victim = scene
            .command(&["key", "rotate"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(kill * 23));
        victim.kill().unwrap();
        victim.wait().unwrap();
        // Whatever stands in the file now opens everything.
        let ended = scene.run(&["store", "check"]);
        assert_eq!(ended.code, Some(0), "kill {kill}: {ended:#?}");
    }
    // As it is left by a process that stopped right after it had put the new key in front.
    let old = key_of(&site);
    let new = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8=";
    std::fs::write(scene.path().join(".tailwater/key"), format!("{new}\n{old}")).unwrap();
    assert_eq!(scene.run(&["store", "check"]).code, Some(0));
    let rotated = scene.tell_json(&["key", "rotate"]);
    assert_eq!(
        (&rotated["sealed_anew"], &rotated["is_resumed"]),
        (&2.into(), &true.into())
    );
    assert_eq!(key_of(&site).trim(), new);
    assert_eq!(scene.run(&["sync"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_environment_is_changed_in_three_steps() {
    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8=";
    const NEW: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8=";
    let site = Site::start().await;
    let server = format!("{}/#/site/shop/home", site.running.base_url());
    let mut scene = site.scene.with_variable("TAILWATER_KEY", OLD);
    scene = scene.with_variable(crate::STORE, &postgres::new_database());
    let add = [
        "integration",
        "add",
        "tableau",
        "--name=main",
        "--token-name=tailwater",
        "--secret-stdin",
        "--server",
        &server,
    ];
    let ended = scene.feed(&add, SECRET.as_bytes());
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let ended = scene.run(&["key", "rotate", "--json"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.error()["code"], "TW-KEY-ENVIRONMENT");
    assert!(ended.error()["hint"].as_str().unwrap().contains("NEW OLD"));

    scene = scene.with_variable("TAILWATER_KEY", &format!("{NEW} {OLD}"));
    assert_eq!(scene.run(&["integration", "test", "main"]).code, Some(0));
    let rotated = scene.tell_json(&["key", "rotate"]);
    assert_eq!(
        (&rotated["sealed_anew"], &rotated["file"]),
        (&1.into(), &serde_json::Value::Null)
    );

    scene = scene.with_variable("TAILWATER_KEY", NEW);
    assert_eq!(scene.run(&["integration", "test", "main"]).code, Some(0));
    assert_eq!(scene.run(&["store", "check"]).code, Some(0));
    scene = scene.with_variable("TAILWATER_KEY", OLD);
    assert_eq!(scene.run(&["store", "check"]).code, Some(1));
    assert!(!scene.path().join(".tailwater/key").exists());
}
