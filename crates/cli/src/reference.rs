//! Checks the generated pages under `docs/`, and writes them when `UPDATE` is set.

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
