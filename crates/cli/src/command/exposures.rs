//! `tailwater exposures`: the dashboards and how well each is linked.

use tailwater_core::exposure::Exposure;
use tailwater_engine::Workspace;

use crate::catalog;
use crate::document::{Document, Style, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater exposures
  tailwater exposures --select 'fct_orders+'
  tailwater exposures --select 'tag:finance' --json

SELECTOR is what `dbt ls --select` takes. Exposures that the dbt projects declare themselves are listed too.";

/// Lists the exposures
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only the exposures that this dbt selector chooses
    #[arg(long, short, value_name = "SELECTOR")]
    select: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let (catalog, outcome) = catalog::open(workspace, printer).await?;
    let exposures = catalog.select_exposures(args.select.as_deref())?;
    printer.answer(&exposures, |exposures| {
        to_document(exposures, args.select.is_some())
    })?;
    // The process ends here: taking a large catalog apart first would only keep its reader waiting.
    drop(exposures);
    std::mem::forget(catalog);
    Ok(outcome)
}

fn to_document(exposures: &[&Exposure], is_selected: bool) -> Document {
    let mut document = Document::new();
    if exposures.is_empty() {
        document.line(if is_selected {
            "the selector chooses no exposure"
        } else {
            "there is no exposure yet: `tailwater sync` imports them"
        });
        return document;
    }
    let mut table = Table::new(["LABEL", "NAME", "COLLECTION", "MODE", "NODES", "GAPS"]);
    for exposure in exposures {
        let collection = exposure
            .workbook
            .as_ref()
            .map_or("", |workbook| workbook.project_path.as_str());
        let (nodes, gaps) = (exposure.links.len(), exposure.gaps.len());
        let gaps_style = if gaps > 0 { Style::Warning } else { Style::Faint };
        table.row([
            Cell::clipped(&exposure.label, 28).styled(Style::Strong),
            Cell::clipped(&exposure.name, 32),
            Cell::clipped(collection, 15),
            Cell::new(exposure.mode.name()),
            Cell::number(nodes),
            Cell::number(gaps).styled(gaps_style),
        ]);
    }
    document.table(table);
    let links = exposures.iter().map(|exposure| exposure.links.len()).sum();
    let gaps: usize = exposures.iter().map(|exposure| exposure.gaps.len()).sum();
    document.blank();
    document.line(format!(
        "{}, {}, {}; `tailwater explain NAME` shows the evidence, `tailwater unmatched` the gaps",
        counted(exposures.len(), "exposure"),
        counted(links, "link"),
        counted(gaps, "gap"),
    ));
    let stale = exposures
        .iter()
        .filter(|exposure| exposure.stale.is_some())
        .count();
    if stale > 0 {
        document.line(format!(
            "{} may be out of date: the last sync was answered only in part",
            counted(stale, "exposure")
        ));
    }
    document
}
