//! `tailwater job set`: changes a job.

use tailwater_core::id::JobName;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use super::definition::Definition;
use super::show::to_document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job set nightly --cron \"30 4 * * *\" --time-zone Europe/Berlin
  tailwater job set nightly --retries 2 --retry-delay 300
  tailwater job set nightly --cron \"\"

What is not said stays. Steps and jobs to run after are replaced as a whole; an empty pattern takes the schedule away.";

/// Changes a job
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    name: JobName,

    #[command(flatten)]
    definition: Definition,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let mut job = workspace.find_job(&args.name).await?.job;
    args.definition.apply(&mut job)?;
    let entry = workspace.set_job(&job, &Actor::CommandLine).await?;
    printer.answer(&entry, |entry| to_document(entry, None))?;
    Ok(Outcome::Done)
}
