//! `tailwater curations`: everything that people said of exposures.

use tailwater_engine::Workspace;
use tailwater_engine::curation::CuratedAsset;

use crate::curated;
use crate::document::{Document, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater curations
  tailwater curations --json

Lists what is left out and brought in, the fields given by hand, and the links made and undone by hand.";

/// Lists what was left out, brought in, overridden, linked and unlinked by hand
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command.
pub async fn run(_: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let curations = workspace.curations().await?;
    printer.answer(&curations, |curations| to_document(curations))?;
    Ok(Outcome::Done)
}

fn to_document(curations: &[CuratedAsset]) -> Document {
    let mut document = Document::new();
    if curations.is_empty() {
        document.line("every exposure is as the BI tool says: nothing is given by hand");
        return document;
    }
    for asset in curations {
        curated::write(&mut document, asset);
    }
    document.blank();
    document.line(format!("{} curated", counted(curations.len(), "exposure")));
    document
}
