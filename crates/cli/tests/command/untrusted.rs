//! Names that strangers gave to workbooks and tables do not act on the terminal, and are not lost to
//! machines.

use serde_json::Value;
use tailwater_tableau_sim::site_file::{BUILDER_TOKEN, SiteBuilder};

use crate::scene::{Site, demo};

/// Clears the screen, colours, names the window, breaks the line and turns the reading direction.
const NAME: &str = "Sales\u{1b}[2J\u{1b}[31m\u{1b}]0;owned\u{7}\nmain: all is well\u{202e}txt.exe\u{9b}1m";
const SHOWN: &str = "Sales main: all is welltxt.exe";

/// What a terminal acts on, but for the line break that ends our own lines.
fn is_active(character: char) -> bool {
    (character.is_control() && character != '\n') || ('\u{202a}'..='\u{202e}').contains(&character)
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_shown_as_one_harmless_line() {
    let file = SiteBuilder::new("acme")
        .workbook(NAME, NAME, &["MARTS.ORDERS"])
        .change(|site| site.workbooks[0].description = NAME.to_owned())
        .build();
    let site = Site::serving(file).await;
    let scene = &site.scene;
    scene.tell(&[
        "project",
        "add",
        "shop",
        demo().join("dbt/target").to_str().unwrap(),
    ]);
    scene.write("secret", BUILDER_TOKEN.1);
    scene.tell(&[
        "integration",
        "add",
        "tableau",
        "--name=main",
        "--site=acme",
        "--token-name",
        BUILDER_TOKEN.0,
        "--secret-file=secret",
        "--server",
        site.running.base_url(),
    ]);
    let commands: [&[&str]; 6] = [
        &["collections", "main"],
        &["collections", "main", "select", "**"],
        &["exposures"],
        &["explain", NAME],
        &["unmatched"],
        &["explain", "nothing of this name \u{1b}[31m"],
    ];
    for arguments in commands {
        for more in [&[][..], &["--json"]] {
            let mut arguments = arguments.to_vec();
            arguments.extend(more);
            let ended = scene.run(&arguments);
            for text in [&ended.output, &ended.complaints] {
                assert!(!text.contains(is_active), "{arguments:?}: {text:?}");
            }
        }
    }
    let tree = scene.tell(&["collections", "main"]);
    assert!(tree.contains(SHOWN), "{tree}");
    let explained = scene.tell(&["explain", NAME]);
    assert!(explained.starts_with(SHOWN), "{explained}");
    let exposures = scene.tell_json(&["exposures", "--select", "exposure:*"]);
    let imported = |exposure: &&Value| exposure["mode"] == "auto";
    let exposure = exposures.as_array().unwrap().iter().find(imported).unwrap();
    assert_eq!(exposure["label"], NAME, "machines get the name as it is");
}
