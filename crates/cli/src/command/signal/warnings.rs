//! `tailwater signal warnings`: the data quality warnings that Tailwater puts into the BI tool.

use tailwater_engine::Workspace;
use tailwater_engine::signal::{WarningLine, WarningReport};

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater signal warnings main --dry-run
  tailwater signal warnings main

A server or a worker does this by itself for the integrations in `[signals] quality_warnings`. Only warnings that \
Tailwater put are changed or taken back. An integration that is not named there has them taken back.";

/// Brings data quality warnings in the BI tool up to date
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integration
    integration: String,

    /// Only say what would be done, as if the integration were named in the settings
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let catalog = workspace.catalog().await?;
    let name = args.integration.as_str().into();
    let report = workspace.update_warnings(&name, &catalog, args.dry_run).await?;
    printer.answer(&report, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(report: &WarningReport) -> Document {
    let mut document = Document::new();
    let mut table = Table::new(["", "ON", "NAME", "WHAT"]);
    let mut count = 0;
    let (put, back) = if report.is_dry_run {
        ("would put", "would take back")
    } else {
        ("put", "taken back")
    };
    let mut rows = |word: &str, lines: &[WarningLine]| {
        for line in lines {
            count += 1;
            table.row([
                Cell::new(word).styled(Style::Strong),
                Cell::new(&line.content_kind),
                Cell::new(if line.name.is_empty() {
                    &line.content
                } else {
                    &line.name
                }),
                Cell::new(&line.text),
            ]);
        }
    };
    rows(put, &report.put);
    rows(back, &report.taken_back);
    rows("skipped", &report.skipped);
    if count == 0 {
        document.line(Line::new().plain("every warning is as it should be"));
        return document;
    }
    document.table(table);
    document
}
