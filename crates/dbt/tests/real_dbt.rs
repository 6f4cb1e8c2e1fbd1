//! A few selectors asked of the dbt in `.venv`, on a fresh copy of the demo project.
//!
//! The recorded answers (`oracle.rs`) cover every form. This shows that they are still what dbt says, and
//! that the manifest that this dbt writes today is read. It takes some seconds, most of them dbt's start.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use tailwater_core::id::ProjectName;
use tailwater_core::selector::{self, Universe};
use tailwater_dbt::load_manifest;
use tempfile::TempDir;

/// Pairs of what is selected and what is excluded.
const QUESTIONS: [(&str, &str); 2] = [
    (
        "+exposure:finance_weekly,resource_type:model @stg_web__sessions source:shop+1",
        "stg_shop__o*",
    ),
    (
        "config.meta.team:data,2+tag:core version:latest dim_customers_v1 path:models/*/shop",
        "",
    ),
];

#[derive(Deserialize)]
struct Listed {
    unique_id: String,
}

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize_utf8()
        .unwrap()
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let is_made_by_dbt = ["target", "logs", "dbt_packages", "oracle"].contains(&entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if !is_made_by_dbt {
                copy(entry.path(), &to.join(entry.file_name()));
            }
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Runs dbt in the project and gives what it printed.
fn dbt(project: &Utf8Path, arguments: &[&str]) -> String {
    let program = root().join(".venv/bin/dbt");
    assert!(program.exists(), "there is no `{program}`: run `make setup`");
    let mut command = Command::new(program);
    // The person's own settings for dbt must not change what it says.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("DBT_") || name.starts_with("SHOP_"))
        {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["--quiet"])
        .args(arguments)
        .current_dir(project)
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "0")
        .env("DBT_PROFILES_DIR", project)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "dbt {arguments:?}\n{printed}");
    printed
}

#[test]
fn dbt_selects_the_same_today() {
    let directory = TempDir::new().unwrap();
    let base = Utf8Path::from_path(directory.path()).unwrap();
    let project_directory = base.join("dbt");
    copy(&root().join("demo/dbt"), &project_directory);
    copy(&root().join("demo/dbt-packages"), &base.join("dbt-packages"));
    dbt(&project_directory, &["deps"]);
    for (select, exclude) in QUESTIONS {
        let mut arguments = vec!["ls", "--output", "json", "--output-keys", "unique_id"];
        for (option, words) in [("--select", select), ("--exclude", exclude)] {
            if !words.is_empty() {
                arguments.extend([option, words]);
            }
        }
        let expected: BTreeSet<String> = dbt(&project_directory, &arguments)
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str::<Listed>(line).unwrap().unique_id)
            .collect();
        assert!(!expected.is_empty());

        let project = load_manifest(&project_directory, ProjectName::new("shop")).unwrap();
        let selected = selector::select(
            &selector::parse(select).unwrap(),
            Some(&selector::parse(exclude).unwrap()),
            &Universe::new([&project], []),
        )
        .unwrap();
        let selected: BTreeSet<String> = selected.into_iter().map(|id| id.to_string()).collect();
        assert_eq!(selected, expected, "--select {select} --exclude {exclude}");
    }
}
