//! `tailwater job pause` and `tailwater job resume`.

use tailwater_core::id::JobName;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use super::show::to_document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const PAUSE_EXAMPLES: &str = "\
Examples:
  tailwater job pause nightly

Neither its schedule nor another job sets it off until `tailwater job resume`. Runs under way go on, and whoever asks \
for a run gets one.";

const RESUME_EXAMPLES: &str = "\
Examples:
  tailwater job resume nightly";

/// Lets a job rest
#[derive(Debug, clap::Args)]
#[command(after_help = PAUSE_EXAMPLES)]
pub struct PauseArgs {
    /// The job
    name: JobName,
}

/// Lets a job go on that was paused
#[derive(Debug, clap::Args)]
#[command(after_help = RESUME_EXAMPLES)]
pub struct ResumeArgs {
    /// The job
    name: JobName,
}

/// Runs `pause`.
pub async fn pause(args: &PauseArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    set(&args.name, true, workspace, printer).await
}

/// Runs `resume`.
pub async fn resume(args: &ResumeArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    set(&args.name, false, workspace, printer).await
}

async fn set(
    name: &JobName,
    is_paused: bool,
    workspace: &Workspace,
    printer: &Printer,
) -> Result<Outcome, Error> {
    let entry = workspace.pause_job(name, is_paused, &Actor::CommandLine).await?;
    printer.answer(&entry, |entry| to_document(entry, None))?;
    Ok(Outcome::Done)
}
