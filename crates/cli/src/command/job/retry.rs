//! `tailwater job retry`: runs once more.

use tailwater_core::id::JobRunId;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use super::log::{queued_document, watch};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job retry 0199…
  tailwater job retry 0199… --from-failed --wait

`--from-failed` runs `dbt retry` on what the run left, from the nodes that failed, then the steps behind it.";

/// Runs a run once more
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The run
    id: JobRunId,

    /// Begin at the nodes that failed
    #[arg(long)]
    from_failed: bool,

    /// Show its log and wait for its end
    #[arg(long)]
    wait: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let queued = workspace
        .rerun_job(&args.id, args.from_failed, &Actor::CommandLine)
        .await?;
    if args.wait {
        return watch(workspace, &queued.id, printer).await;
    }
    printer.answer(&queued, queued_document)?;
    Ok(Outcome::Done)
}
