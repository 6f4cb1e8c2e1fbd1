//! `tailwater link`: makes an exposure stand on a node by hand.

use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use crate::catalog;
use crate::curated;
use crate::document::Document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater link 'Weekly sales' fct_orders --note 'reads it through a stored procedure'
  tailwater link weekly_sales source.shop.raw.orders --table LEGACY.DBO.ORDERS

The link is shown as made by hand, with the note. With --table it settles the gap of that table. Where only an \
unlinking by hand kept the exposure from the node, that is taken back.";

/// Links an exposure to a dbt node by hand
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

    /// The table without a link that the node stands for, as `tailwater explain` names it
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let (catalog, outcome) = catalog::open(workspace, printer).await?;
    let (table, note) = (args.table.as_deref(), args.note.as_deref());
    let curated = workspace
        .link(
            &catalog,
            &args.exposure,
            &args.node,
            table,
            note,
            &Actor::CommandLine,
        )
        .await?;
    printer.answer(&curated, |curated| {
        let mut document = Document::new();
        curated::write(&mut document, curated);
        document
    })?;
    Ok(outcome)
}
