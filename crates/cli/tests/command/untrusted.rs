//! Names that strangers gave to workbooks and tables do not act on the terminal, and are not lost to
//! machines.

use serde_json::Value;
use tailwater_tableau_sim::site_file::{CustomSql, Datasource, SiteBuilder, SiteFile, TableEntry, Workbook};

use crate::scene::{Scene, Site};

/// Clears the screen, colours, names the window, breaks the line and turns the reading direction.
const NAME: &str = "Sales\u{1b}[2J\u{1b}[31m\u{1b}]0;owned\u{7}\nmain: all is well\u{202e}txt.exe\u{9b}1m";
const SHOWN: &str = "Sales main: all is welltxt.exe";

/// What a terminal acts on, but for the line break that ends our own lines.
fn is_active(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Runs a command for people and for machines; whatever comes of it, nothing in it may act on the terminal.
#[track_caller]
fn assert_tame(scene: &Scene, arguments: &[&str]) {
    for more in [&[][..], &["--json"], &["--verbose"]] {
        let mut arguments = arguments.to_vec();
        // Behind `--` stands another program's.
        let end = arguments
            .iter()
            .position(|word| *word == "--")
            .unwrap_or(arguments.len());
        arguments.splice(end..end, more.iter().copied());
        let ended = scene.run(&arguments);
        // A command that is typed wrongly shows nothing of anybody's.
        let is_usage =
            ended.complaints.contains("Usage: tailwater") || ended.complaints.contains("TW-CLI-USAGE");
        assert!(!is_usage, "{arguments:?}: {ended:?}");
        for text in [&ended.output, &ended.complaints] {
            assert!(!text.contains(is_active), "{arguments:?}: {text:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_shown_as_one_harmless_line() {
    let file = SiteBuilder::new("acme")
        .workbook(NAME, NAME, &["MARTS.ORDERS"])
        .change(|site| site.workbooks[0].description = NAME.to_owned())
        .build();
    let site = Site::built(file).await;
    let scene = &site.scene;
    let commands: [&[&str]; 6] = [
        &["collections", "main"],
        &["collections", "main", "select", "**"],
        &["exposures"],
        &["explain", NAME],
        &["unmatched"],
        &["explain", "nothing of this name \u{1b}[31m"],
    ];
    for arguments in commands {
        assert_tame(scene, arguments);
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

/// Commands that show names of strangers, or could: what a reader may type after a sync.
const SHOWING: &[&[&str]] = &[
    &["doctor"],
    &["project", "list"],
    &["environment", "list"],
    &["integration", "list"],
    &["integration", "show", "main"],
    &["integration", "map", "list", "main"],
    &["collections", "main"],
    &["collections", "main", "select", "**", NAME],
    &["sync"],
    &["sync", "--full"],
    &["sync", "--history"],
    &["diff"],
    &["diff", "previous", "latest\u{1b}[31m"],
    &["exposures"],
    &["exposures", "--select", "+exposure:*"],
    &["exposures", "--select", NAME],
    &["explain", NAME],
    &["explain", "model.shop.\u{1b}[31m"],
    &["unmatched"],
    &["lineage", "--select", "+exposure:*"],
    &["lineage", "--select", NAME],
    &["export", "--check", "--dir", "models/exposures"],
    &["curate", NAME, "--label", "\u{1b}[31mred"],
    &["link", NAME, "model.shop.nothing\u{9b}1m"],
    &["unlink", NAME, "model.shop.nothing"],
    &["leave-out", NAME],
    &["curations"],
    &["bring-in", NAME],
    &["refreshes"],
    &["refresh", "--dry-run"],
    &["policy", "list"],
    &["policy", "explain", NAME],
    &["user", "list"],
    &["token", "list"],
    &["audit"],
    &["signal", "list"],
    &["signal", "alarms"],
    &["signal", "warnings", "main", "--dry-run"],
    &["job", "list"],
    &["job", "runs"],
    &["job", "show", NAME],
    &["store", "check"],
    &[
        "sql",
        "--dialect",
        "snowflake",
        "select * from \"\u{1b}[31ma\u{202e}\" where",
    ],
    &["ingest", "nothing\u{1b}[2J"],
    &["run", "--", "nothing\u{1b}[2J"],
];

/// Commands that show no name of a stranger: they write files, serve, or change what people type.
const SILENT: &[&str] = &["init", "key", "serve", "worker", "completions"];

fn hostile_site() -> SiteFile {
    SiteBuilder::new("acme")
        .workbook(NAME, NAME, &["MARTS.ORDERS", "marts.fct_orders"])
        .change(|site| {
            let query = format!("select * from \"{NAME}\".nowhere join {{{{ \u{1b}[31m");
            let datasource = Datasource {
                name: Some(NAME.to_owned()),
                connection: Some("warehouse".to_owned()),
                tables: vec![TableEntry::from("NOWHERE\u{1b}[31m.\u{202e}TABLE")],
                custom_sql: vec![CustomSql {
                    name: NAME.to_owned(),
                    query,
                    supported: false,
                    tables: Vec::new(),
                    columns: None,
                    connection: None,
                }],
                extract: true,
                ..Datasource::default()
            };
            site.users[0].full_name = Some(NAME.to_owned());
            site.connections[0].database = format!("DB{NAME}");
            NAME.clone_into(&mut site.workbooks[0].description);
            site.workbooks[0].tags = vec![NAME.to_owned(), "{{ tag }}".to_owned()];
            site.workbooks.push(Workbook {
                project: Some("Sales".into()),
                datasources: vec![datasource],
                owner: Some("ada@acme.example".to_owned()),
                ..Workbook::named(format!("2 {NAME}"))
            });
        })
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_shows_something_tames_it() {
    let site = Site::built(hostile_site()).await;
    let scene = &site.scene;
    scene.tell(&["collections", "main", "select", "**"]);
    let exposures = scene.tell_json(&["exposures", "--select", "exposure:*"]);
    let automatic = |exposure: &&Value| exposure["mode"] == "auto";
    assert_eq!(exposures.as_array().unwrap().iter().filter(automatic).count(), 2);
    for arguments in SHOWING {
        assert_tame(scene, arguments);
    }
    let exposure = exposures.as_array().unwrap().iter().find(automatic).unwrap();
    let id = exposure["unique_id"].as_str().unwrap();
    for arguments in [
        &["explain", id][..],
        &["unmatched", id],
        &["lineage", "--select", id],
    ] {
        assert_tame(scene, arguments);
    }
}

#[test]
fn no_command_is_forgotten() {
    let help = Scene::new().tell(&["--help"]);
    let (_, commands) = help.split_once("\nCommands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    // Lines that a long description runs on to are indented further.
    let names = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split(' ').next());
    for name in names {
        let is_shown = SHOWING.iter().any(|arguments| arguments[0] == name);
        assert!(
            is_shown || SILENT.contains(&name),
            "say in `SHOWING` how `tailwater {name}` is asked, or in `SILENT` that it shows nothing of strangers"
        );
    }
}
