//! `tailwater job cancel`: asks for a run's end.

use tailwater_core::id::JobRunId;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use crate::document::Document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job cancel 0199…

A run that waits is over at once; one that runs is over within seconds, on whatever machine it runs.";

/// Asks for a run's end
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The run
    id: JobRunId,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let run = workspace.cancel_job_run(&args.id, &Actor::CommandLine).await?;
    printer.answer(&run, |run| {
        let mut document = Document::new();
        document.line(if run.state.is_over() {
            format!("cancelled the run {}", run.id)
        } else {
            format!("asked for the end of the run {}", run.id)
        });
        document
    })?;
    Ok(Outcome::Done)
}
