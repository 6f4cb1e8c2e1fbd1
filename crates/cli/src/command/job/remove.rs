//! `tailwater job remove`: forgets a job.

use serde::Serialize;
use tailwater_core::id::JobName;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use crate::document::Document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job remove nightly

Its secrets and its webhook go with it; its runs stay until they are old.";

/// Forgets a job
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    name: JobName,
}

#[derive(Debug, Serialize)]
struct Removed<'a> {
    removed: &'a JobName,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    workspace.remove_job(&args.name, &Actor::CommandLine).await?;
    printer.answer(&Removed { removed: &args.name }, |answer| {
        let mut document = Document::new();
        document.line(format!("removed the job {}", answer.removed));
        document
    })?;
    Ok(Outcome::Done)
}
