//! `tailwater bring-in`: brings back what was left out, or brings in one workbook of another collection.

use tailwater_core::id::IntegrationName;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::curation::CuratedAsset;

use crate::catalog;
use crate::curated;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater bring-in 'Scratchpad'
  tailwater bring-in 'Finance/Board pack' --integration main --note 'the one of Finance that we own'

Without --integration it brings back what was left out. With it, it looks a workbook up on the site, whatever \
collection it stands in: by name, place and name, address or LUID. The next sync imports it.";

/// Brings one workbook in, or back
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The workbook: name, place and name, address or LUID
    workbook: String,

    /// The integration on whose site to look for it
    #[arg(long, value_name = "NAME")]
    integration: Option<IntegrationName>,

    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT", requires = "integration")]
    note: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let (curated, outcome) = if let Some(integration) = &args.integration {
        let note = args.note.as_deref();
        let curated = workspace
            .bring_in(integration, &args.workbook, note, &Actor::CommandLine)
            .await?;
        (curated, Outcome::Done)
    } else {
        let (catalog, outcome) = catalog::open(workspace, printer).await?;
        (
            workspace
                .bring_back(&catalog, &args.workbook, &Actor::CommandLine)
                .await?,
            outcome,
        )
    };
    printer.answer(&curated, to_document)?;
    Ok(outcome)
}

fn to_document(curated: &CuratedAsset) -> Document {
    let mut document = Document::new();
    curated::write(&mut document, curated);
    document.blank();
    document.line(Line::new().hanging(2).prose(format!(
        "`tailwater sync {}` imports it where it is not shown yet",
        curated.integration
    )));
    document
}
