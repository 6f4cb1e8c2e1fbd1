//! `tailwater lineage`: nodes and edges, for other programs and for a quick look.

use tailwater_engine::Workspace;
use tailwater_engine::lineage::Lineage;

use crate::catalog;
use crate::document::{Document, Style, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater lineage --select '+exposure:weekly_sales' --json
  tailwater lineage --select 'fct_orders+' --exclude 'resource_type:test'

SELECTOR is what `dbt ls --select` takes. An edge leads from what is read to what reads it.";

/// Shows the nodes that a selector chooses and the edges between them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The nodes, as a dbt selector
    #[arg(long, short, value_name = "SELECTOR")]
    select: String,

    /// Without the nodes that this dbt selector chooses
    #[arg(long, value_name = "SELECTOR")]
    exclude: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let (catalog, outcome) = catalog::open(workspace, printer).await?;
    let lineage = catalog.lineage(&args.select, args.exclude.as_deref())?;
    printer.answer(&lineage, to_document)?;
    Ok(outcome)
}

fn to_document(lineage: &Lineage) -> Document {
    let mut document = Document::new();
    if lineage.nodes.is_empty() {
        document.line("the selector chooses no node");
        return document;
    }
    let mut nodes = Table::new(["KIND", "NODE", "RELATION"]).unbroken();
    for node in &lineage.nodes {
        nodes.row([
            Cell::new(node.resource_type.name()),
            Cell::new(node.unique_id.as_str()).styled(Style::Strong),
            Cell::new(node.relation.as_deref().unwrap_or_default()),
        ]);
    }
    document.table(nodes);
    if !lineage.edges.is_empty() {
        document.heading("Edges");
        let mut edges = Table::new(["", "", ""]).indent(2).unbroken();
        for edge in &lineage.edges {
            edges.row([
                Cell::new(edge.from.as_str()),
                Cell::new("->"),
                Cell::new(edge.to.as_str()),
            ]);
        }
        document.table(edges);
    }
    document.blank();
    document.line(format!(
        "{}, {}",
        counted(lineage.nodes.len(), "node"),
        counted(lineage.edges.len(), "edge")
    ));
    document
}
