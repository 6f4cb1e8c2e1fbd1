//! `tailwater leave-out`: takes one workbook out of a selected collection.

use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use crate::catalog;
use crate::curated;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater leave-out 'Scratchpad' --note 'a private experiment'

It is no exposure any more, in lists, lineage and exports, and the next sync does not read it. \
`tailwater curations` lists what is left out; `tailwater bring-in` brings it back under the same name.";

/// Leaves one workbook out
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The exposure: name, label, unique_id, address or LUID
    exposure: String,

    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let (catalog, outcome) = catalog::open(workspace, printer).await?;
    let curated = workspace
        .leave_out(
            &catalog,
            &args.exposure,
            args.note.as_deref(),
            &Actor::CommandLine,
        )
        .await?;
    printer.answer(&curated, |curated| {
        let mut document = Document::new();
        curated::write(&mut document, curated);
        document.blank();
        document.line(Line::new().hanging(2).prose(format!(
            "`tailwater bring-in {}` brings it back",
            tailwater_core::remedy::quoted(curated.asset.as_str())
        )));
        document
    })?;
    Ok(outcome)
}
