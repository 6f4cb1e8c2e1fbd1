//! `tailwater unlink`: makes an exposure not stand on a node, whatever the BI tool says.

use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use crate::catalog;
use crate::curated;
use crate::document::Document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater unlink 'Weekly sales' stg_orders --note 'an unused data source'

The exposure is shown with what was unlinked, by whom and why. A link that was by hand alone is taken back. \
`tailwater link` brings the link back.";

/// Undoes the link of an exposure to a dbt node by hand
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The exposure: name, label, unique_id, address or LUID
    exposure: String,

    /// The dbt node: name or unique_id
    node: String,

    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let (catalog, outcome) = catalog::open(workspace, printer).await?;
    let note = args.note.as_deref();
    let curated = workspace
        .unlink(&catalog, &args.exposure, &args.node, note, &Actor::CommandLine)
        .await?;
    printer.answer(&curated, |curated| {
        let mut document = Document::new();
        curated::write(&mut document, curated);
        document
    })?;
    Ok(outcome)
}
