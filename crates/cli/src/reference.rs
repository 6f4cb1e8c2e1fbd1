//! Checks the generated pages under `docs/`, and writes them when `UPDATE` is set.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory};

use crate::arguments::Arguments;

/// Compares a page with what it should say; writes it instead when the environment has `UPDATE`.
#[track_caller]
pub fn assert_page(page: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/{page} is out of date: `UPDATE=1 cargo test -p tailwater` writes it anew"
    );
}

/// Adds the command and everything below it. The global options stand at the top alone.
fn add(page: &mut String, command: &Command, path: &str) {
    let mut shown = command.clone().term_width(100).bin_name(path);
    if path != "tailwater" {
        let hidden = ["config", "json", "quiet", "verbose", "color", "help", "version"];
        for id in hidden {
            if shown.get_arguments().any(|argument| argument.get_id() == id) {
                shown = shown.mut_arg(id, |argument| argument.hide(true));
            }
        }
    }
    // Clap leaves blanks at the ends of lines.
    let help = shown.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let help = help.join("\n");
    write!(page, "\n## `{path}`\n\n```text\n{}\n```\n", help.trim_end()).unwrap();
    for inner in command.get_subcommands() {
        add(page, inner, &format!("{path} {}", inner.get_name()));
    }
}

#[test]
fn the_page_of_commands_is_up_to_date() {
    let mut page = String::from(
        "# Commands\n\n\
         This page is generated: `UPDATE=1 cargo test -p tailwater` writes it anew. Every command also has the global\n\
         options of the first section. [The guide](../cli.md) shows the commands at work.\n",
    );
    let mut command = Arguments::command();
    command.build();
    add(&mut page, &command, "tailwater");
    assert_page("reference/cli.md", &page);
}

/// Every code in quotes in the Rust files below a directory.
fn collect_codes(directory: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_codes(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            codes.extend(text.split('"').filter(|text| is_code(text)).map(str::to_owned));
        }
    }
}

fn is_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| {
        !part.is_empty()
            && part
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
    };
    parts.len() > 1 && parts[0] == "TW" && parts.iter().all(is_word)
}

#[test]
fn the_page_of_codes_has_every_code_and_no_other() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut in_source = BTreeSet::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        let source = entry.unwrap().path().join("src");
        // The simulator is a tool of tests with a page of its own.
        if source.is_dir() && !source.ends_with("tableau-sim/src") {
            collect_codes(&source, &mut in_source);
        }
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/errors.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let on_page: Vec<String> = rows
        .filter_map(|row| Some(row.split_once('`')?.0.to_owned()))
        .collect();
    let unique: BTreeSet<String> = on_page.iter().cloned().collect();
    assert_eq!(unique.len(), on_page.len(), "a code is explained twice");
    let missing: Vec<_> = in_source.difference(&unique).collect();
    let unknown: Vec<_> = unique.difference(&in_source).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "missing on the page: {missing:?}; not in the source: {unknown:?}"
    );
}
