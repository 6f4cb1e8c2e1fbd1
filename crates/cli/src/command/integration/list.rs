//! `tailwater integration list`: the BI sites that are known.

use tailwater_engine::Workspace;
use tailwater_engine::integration::Integration;
use tailwater_engine::settings::DeclaredIn;

use crate::document::{Document, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater integration list
  tailwater integration list --json";

/// Lists the BI sites that are known
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command.
pub async fn run(workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let integrations = workspace.integrations().await?;
    printer.answer(&integrations, |integrations| to_document(integrations))?;
    Ok(Outcome::Done)
}

fn to_document(integrations: &[Integration]) -> Document {
    let mut document = Document::new();
    if integrations.is_empty() {
        document.line("no integration is known");
        document.line("next: `tailwater integration add tableau --help`");
        return document;
    }
    let mut table = Table::new([
        "NAME",
        "KIND",
        "SERVER",
        "SITE",
        "COLLECTIONS",
        "PROJECTS",
        "FROM",
    ]);
    for integration in integrations {
        let all_or = |names: Vec<&str>| {
            if names.is_empty() {
                Cell::new("all")
            } else {
                Cell::lines(names)
            }
        };
        let collections = if integration.collections.is_empty() {
            Cell::new("none").styled(Style::Warning)
        } else {
            Cell::lines(integration.collections.patterns())
        };
        let site = match integration.site.as_str() {
            "" => "(default)",
            site => site,
        };
        table.row([
            Cell::new(integration.name.as_str()).styled(Style::Strong),
            Cell::new(integration.kind.name()),
            Cell::new(&integration.server),
            Cell::new(site),
            collections,
            all_or(integration.projects.iter().map(AsRef::as_ref).collect()),
            Cell::new(declared_in(integration.declared_in)),
        ]);
    }
    document.table(table);
    document
}

/// Where something was declared, in a word.
pub fn declared_in(place: DeclaredIn) -> &'static str {
    match place {
        DeclaredIn::File => "file",
        DeclaredIn::Store => "command",
    }
}
